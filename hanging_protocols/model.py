"""What a hanging protocol says, as plain data: rules, selectors, stages.

The shape follows the DICOM Hanging Protocol IOD (PS3.3 A.44, C.23) where it has a word for the
thing: levels, image sets (our selectors), partial data handling, patient orientation; rules with
weights are what the IOD lacks. Protocols are data only: nothing in them is ever run.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum

from workstation.domain.viewing import Plane


class Level(IntEnum):
    """HangingProtocolLevel (0072,0006): a higher level replaces the same id of a lower one."""

    MANUFACTURER = 0
    SITE = 1
    GROUP = 2
    USER = 3


class Constraint(StrEnum):
    EQUALS = "equals"
    CONTAINS = "contains"
    STARTS_WITH = "startsWith"
    ONE_OF = "oneOf"
    NONE_OF = "noneOf"
    RANGE = "range"
    NOT_NULL = "notNull"


class Scope(StrEnum):
    """Which study a protocol's rule asks: the one being read, or the most relevant prior."""

    CURRENT = "current"
    PRIOR = "prior"


class Partial(StrEnum):
    """PartialDataDisplayHandling (0072,0208): keep empty places, or draw the grid together."""

    KEEP = "keep"
    ADAPT = "adapt"


class Order(StrEnum):
    """What decides between image sets that a selector's rules score alike."""

    MOST_IMAGES = "most images"
    THINNEST = "thinnest"
    THICKEST = "thickest"
    SERIES_NUMBER = "series number"


@dataclass(frozen=True, slots=True)
class Rule:
    """One question. `attribute` is a DICOM keyword or a fact of ours (`role`, `anatomy` ...).

    `low` and `high` are the closed bounds of RANGE; `values` serves every other constraint.
    """

    attribute: str
    constraint: Constraint
    values: tuple[str, ...] = ()
    low: float = 0.0
    high: float = 0.0
    weight: float = 1.0
    required: bool = False
    scope: Scope = Scope.CURRENT


@dataclass(frozen=True, slots=True)
class Selector:
    """Which image set goes into a cell: the best-scoring one that fails no required rule."""

    name: str
    title: str
    rules: tuple[Rule, ...]
    order: Order = Order.MOST_IMAGES


@dataclass(frozen=True, slots=True)
class CellTemplate:
    """One place of a stage. `prior` 0 is the study being read, 1 the most relevant prior, and on.

    `nth` 1 takes the selector's best image set, 2 the second best. `patient_orientation` is the
    wished PatientOrientation (0020,0020) of a projection image, row then column direction; the
    image is mirrored to fit, never rotated. `window` is a preset's name, empty for the image's own.
    """

    row: int
    column: int
    selector: str
    prior: int = 0
    nth: int = 1
    plane: Plane = Plane.STACK
    window: str = ""
    link_group: str = ""
    label: str = ""
    inverted: bool = False
    slab_mm: float = 0.0
    slab_mode: str = "MEAN"
    patient_orientation: tuple[str, str] = ("", "")


@dataclass(frozen=True, slots=True)
class StageTemplate:
    """One step of a protocol; left out when fewer than `min_cells` (or prior cells) can be filled.

    `only_new` leaves it out too when the stages before it show all that it would.
    """

    stage_id: str
    title: str
    rows: int
    columns: int
    cells: tuple[CellTemplate, ...]
    min_cells: int = 1
    min_prior_cells: int = 0
    only_new: bool = False
    partial: Partial = Partial.KEEP


@dataclass(frozen=True, slots=True)
class HangingProtocol:
    """One protocol. `source` is the file it was read from, by name only."""

    protocol_id: str
    title: str
    rules: tuple[Rule, ...]
    selectors: dict[str, Selector]
    stages: tuple[StageTemplate, ...]
    level: Level = Level.MANUFACTURER
    source: str = ""

    @property
    def required_count(self) -> int:
        return sum(rule.required for rule in self.rules)
