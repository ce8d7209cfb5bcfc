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


class Size(StrEnum):
    """What fills a place: the whole image, the body in it; or one scale for all that ask for it, or true size."""

    FIT = "fit"
    SAME_SCALE = "same scale"
    TRUE_SIZE = "true size"
    ANATOMY = "anatomy"
    PIXELS = "pixels"


class Sort(StrEnum):
    """What the images of a stack are paged through by; AS_READ is the reader's usual order."""

    AS_READ = ""
    POSITION = "position"
    TIME = "time"
    NUMBER = "number"


class Anchor(StrEnum):
    """The side of its place that the chest wall of a breast touches."""

    NONE = ""
    LEFT = "left"
    RIGHT = "right"


class Flip(StrEnum):
    NONE = ""
    HORIZONTAL = "horizontal"
    VERTICAL = "vertical"
    BOTH = "both"


@dataclass(frozen=True, slots=True)
class CellTemplate:
    """One place of a stage. `prior` 0 is the study being read, 1 the most relevant prior, and on.

    `nth` 1 takes the selector's best image set, 2 the second best. `patient_orientation` is the
    wished PatientOrientation (0020,0020) of a projection image, row then column direction; the
    image is mirrored to fit, never rotated. `window` is a preset's name, empty for the image's own;
    `center_width` is a window in figures, in the unit of the modality, and used where `window` is empty.
    `screen` counts from 0. `fusion` is the selector of what is laid over, of the same study, with
    `fusion_window` (a preset's name), `colour_map` and `opacity` (0 to 1). `look` is a 3D look by name,
    for Plane.THREE_D. `rotation` is in degrees clockwise (0, 90, 180, 270), `flip` is applied on top of
    `patient_orientation`.
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
    screen: int = 0
    sizing: Size = Size.FIT
    anchor: Anchor = Anchor.NONE
    sort: Sort = Sort.AS_READ
    descending: bool = False
    fusion: str = ""
    fusion_window: str = ""
    colour_map: str = "hot"
    opacity: float = 0.5
    look: str = ""
    rotation: int = 0
    flip: Flip = Flip.NONE
    center_width: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class StageTemplate:
    """One step of a protocol; left out when fewer than `min_cells` (or prior cells) can be filled.

    `only_new` leaves it out too when the stages before it show all that it would. `rows` and `columns` are
    the first screen's grid, `screens` those of the screens after it.
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
    screens: tuple[tuple[int, int], ...] = ()

    @property
    def grids(self) -> tuple[tuple[int, int], ...]:
        """(rows, columns) of every screen, the first one first."""
        return ((self.rows, self.columns), *self.screens)


@dataclass(frozen=True, slots=True)
class HangingProtocol:
    """One protocol. `source` is the file it was read from, by name only.

    `description` and `creator` are for people; `group` is the group of users that a GROUP protocol is for
    (HangingProtocolUserGroupName (0072,0010)); `created` is a date or date and time as DICOM writes it (DT).
    """

    protocol_id: str
    title: str
    rules: tuple[Rule, ...]
    selectors: dict[str, Selector]
    stages: tuple[StageTemplate, ...]
    level: Level = Level.MANUFACTURER
    source: str = ""
    description: str = ""
    creator: str = ""
    created: str = ""
    group: str = ""

    @property
    def priors(self) -> int:
        """How many earlier studies it can show (Number of Priors Referenced (0072,0014))."""
        return max((cell.prior for stage in self.stages for cell in stage.cells), default=0)

    @property
    def required_count(self) -> int:
        return sum(rule.required for rule in self.rules)
