"""What is to be seen where: windows, viewport states, layouts, hanging protocols."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from workstation.domain.geometry import Vec3
from workstation.domain.presenting import Followed, LookupTable
from workstation.domain.subtraction import Subtraction


class Plane(StrEnum):
    """How a viewport cuts its series. STACK is frame by frame as acquired, THREE_D the whole from outside."""

    STACK = "stack"
    AXIAL = "axial"
    CORONAL = "coronal"
    SAGITTAL = "sagittal"
    OBLIQUE = "oblique"
    THREE_D = "3d"


class VoiFunction(StrEnum):
    """VOILUTFunction (0028,1056), PS3.3 C.11.2.1.2-3."""

    LINEAR = "LINEAR"
    LINEAR_EXACT = "LINEAR_EXACT"
    SIGMOID = "SIGMOID"


class Sizing(StrEnum):
    """What zoom 1.0 is: FIT fills the viewport, PIXELS is one image pixel on one device pixel, TRUE_SIZE 1 mm as 1 mm.

    SAME_SCALE: all viewports of the stage that have it show as many millimetres on a device pixel
    (`workstation.session.anchoring` says how many); FIT where that cannot be said. ANATOMY fits the body in the image
    (`workstation.session.anatomy`), and the whole image where that is not known.
    """

    FIT = "fit"
    PIXELS = "pixels"
    TRUE_SIZE = "true size"
    SAME_SCALE = "same scale"
    ANATOMY = "anatomy"


class Paging(StrEnum):
    """What the images of a stack are paged through by; AS_READ is the reading order."""

    AS_READ = ""
    POSITION = "position"
    TIME = "time"
    NUMBER = "number"


class Interpolation(StrEnum):
    """How an image that is shown larger than its pixels is filled in."""

    NEAREST = "nearest"
    LINEAR = "linear"
    CUBIC = "cubic"


@dataclass(frozen=True, slots=True)
class Window:
    """WindowCenter and WindowWidth in the unit of the modality transform's output (HU, SUV ...)."""

    center: float
    width: float
    function: VoiFunction = VoiFunction.LINEAR
    explanation: str = ""


class FusionMode(StrEnum):
    """How a second series is laid over the first."""

    OVERLAY = "overlay"
    DIFFERENCE = "difference"


@dataclass(frozen=True, slots=True)
class Fusion:
    """A second series laid over the one a viewport shows.

    `transform` takes LPS mm of the shown series to LPS mm of the laid-over one (row-major 3 x 4); None:
    both share one frame of reference. `warp` names a displacement field that is added after it. `window`
    None is the laid-over series' own. `opacity` is 0 to 1. `dimension` as in `ViewportState`. `words` say how
    the two were brought together (an `Alignment`'s); "" where they share one frame of reference. `palette`, where there is
    one, are the colours of 256 levels (768 bytes of RGB) in place of the map's: laid over evenly, dark or bright, as a
    presentation state says (PS3.4 N.2.4.3).
    """

    study_uid: str
    series_uid: str
    mode: FusionMode = FusionMode.OVERLAY
    colour_map: str = "hot"
    opacity: float = 0.5
    window: Window | None = None
    transform: tuple[float, ...] | None = None
    warp: str = ""
    dimension: int = 0
    words: str = ""
    palette: bytes = b""


CropBox = tuple[tuple[float, float], tuple[float, float], tuple[float, float]]
"""What is left of a volume, as shares (from, to) along its columns, rows and slices."""
WHOLE_BOX: CropBox = ((0.0, 1.0), (0.0, 1.0), (0.0, 1.0))


@dataclass(frozen=True, slots=True)
class SolidLook:
    """What a 3D view shows of its volume: a preset by name ("" is the first that fits) and what is cut away.

    `crop` is the box that is left. `opacity` is how dense a millimetre is, against the preset's. `removed` names
    what is hidden ("bone", "table").
    """

    preset: str = ""
    crop: CropBox = WHOLE_BOX
    opacity: float = 1.0
    removed: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Held:
    """A place of one image that stands still in an anchored viewport at zoom 1: on its anchored side, at a height of its own.

    `image` is its SOP Instance UID: of another image nothing is held. `place` is (column, row), 0-based pixel indices
    with fractions: the chest wall's edge and the row that is aligned. `height` is a share of the viewport's height.
    """

    image: str
    place: tuple[float, float]
    height: float = 0.5


@dataclass(frozen=True, slots=True)
class Framed:
    """What zoom 1.0 fits into the viewport in place of the whole image: as much as of the images it is compared with.

    So both show as many millimetres on a device pixel, however the window is resized. `mm` is (width, height) of the
    image, unturned; `middle` (LPS mm) lies in the viewport's middle at pan 0, the image's own middle where it is None.
    `place` is that middle as (column, row) of every image instead, for images that lie nowhere in the patient. Without a
    known spacing, and in an anchored viewport, it plays no part. Where it `is_anatomy` it holds without a spacing, too (in
    pixels, their shape kept), and only while Sizing.ANATOMY asks for it.
    """

    mm: tuple[float, float]
    middle: Vec3 | None = None
    place: tuple[float, float] | None = None
    is_anatomy: bool = False


@dataclass(frozen=True, slots=True)
class ViewportState:
    """What one viewport shows; `rendering.viewport.Viewport` draws it.

    `position` is the shown frame (STACK: 0-based index in reading order; planes: unused, the
    cut goes through `focus`). `focus` is an LPS point. `oblique` is (row direction, column
    direction) for OBLIQUE and THREE_D (None: from the front). `zoom` is 1.0 when the image fits
    the viewport; `pan` is in viewport widths and heights, so that a resize keeps the place. `window` None means the image's
    own first window, or the one that `own_window` counts to (windows first, then VOI LUTs, as the
    file orders them). `slab_mm` 0 is a single thin cut. `sizing` says what zoom 1.0 is; for true size
    `pixel_mm` is the length of one device pixel on the screen, for the same scale what it shows of the image.
    `anchor` ("left", "right") is the side of the viewport at which the image's edge (a breast's chest wall) lies
    flush, `held` says more exactly which place of it. `sharpening` steps: above 0 sharpens,
    below 0 smooths; no measured value follows it. `dimension` counts the volumes of a series that has
    several at one place (phases, b-values, times). `fusion` is what is laid over it, `solid` how it looks in 3D.
    `value_unit` names the unit its values are told in where it offers several (`SUVlbm (James)`); "" is its first.
    `followed` is the presentation state that a stack is shown by, `framed` what is fitted in place of the whole image.
    `subtraction` is how X-ray runs are subtracted; None: as the file recommends.
    `paging` is what its images are paged through by, `backwards` the other way round; `position` is a place in the reading
    order all the same.
    """

    study_uid: str
    series_uid: str
    plane: Plane = Plane.STACK
    position: int = 0
    focus: Vec3 | None = None
    oblique: tuple[Vec3, Vec3] | None = None
    window: Window | None = None
    inverted: bool = False
    zoom: float = 1.0
    pan: tuple[float, float] = (0.0, 0.0)
    rotation: int = 0
    flipped_horizontally: bool = False
    flipped_vertically: bool = False
    slab_mm: float = 0.0
    slab_mode: str = "MEAN"
    own_window: int = 0
    sizing: Sizing = Sizing.FIT
    pixel_mm: float = 0.0
    sharpening: int = 0
    interpolation: Interpolation = Interpolation.LINEAR
    dimension: int = 0
    fusion: Fusion | None = None
    solid: SolidLook = SolidLook()
    value_unit: str = ""
    followed: Followed | None = None
    anchor: str = ""
    held: Held | None = None
    framed: Framed | None = None
    paging: Paging = Paging.AS_READ
    backwards: bool = False
    subtraction: Subtraction | None = None

    @property
    def middle(self) -> tuple[float, float]:
        """The place, in shares of the viewport's width and height, that a zoom leaves where it is while `pan` is 0."""
        height = self.held.height if self.anchor and self.held is not None else 0.5
        return {"left": 0.0, "right": 1.0}.get(self.anchor, 0.5), height

    @property
    def whole(self) -> ViewportState:
        """The same image fitted into the viewport, its middle in the middle: for what only asks where the image lies."""
        return replace(self, zoom=1.0, pan=(0.0, 0.0), sizing=Sizing.FIT, anchor="", held=None, framed=None)

    @property
    def voi(self) -> Window | LookupTable | None:
        """The window or VOI LUT that was chosen; None: the image's own."""
        return self.followed.voi if self.window is None and self.followed is not None else self.window


@dataclass(frozen=True, slots=True)
class Layout:
    """A grid of viewports."""

    rows: int
    columns: int

    def __post_init__(self) -> None:
        if not (1 <= self.rows <= 4 and 1 <= self.columns <= 4):
            raise ValueError("layouts go from 1x1 to 4x4")

    @property
    def count(self) -> int:
        return self.rows * self.columns


@dataclass(frozen=True, slots=True)
class Cell:
    """One place of an arrangement: what hangs there, or why nothing does (`reason`).

    `selector` is the protocol's name for what it looks for, `prior` the study it looks in (0 is the one being read);
    `screen` counts the screens that images hang on, from 0.
    """

    row: int
    column: int
    state: ViewportState | None
    label: str = ""
    is_prior: bool = False
    link_group: str = ""
    reason: str = ""
    selector: str = ""
    prior: int = 0
    screen: int = 0


@dataclass(frozen=True, slots=True)
class Arrangement:
    """The result of hanging: one stage of one protocol on real series, with reasons in words.

    `layout` is the first screen's; `more_screens` are those of the screens after it. `stage_id` is the protocol's name for
    the stage: its title is for people and may change or be there twice. "" is a page that no stage of a protocol is.
    `tied_with` is the title of a protocol that fits as well as this one; the reasons say what decided.
    """

    protocol: str
    title: str
    stage: int
    stage_count: int
    stage_title: str
    layout: Layout
    cells: tuple[Cell, ...]
    reasons: tuple[str, ...]
    score: float = 0.0
    more_screens: tuple[Layout, ...] = ()
    stage_id: str = ""
    tied_with: str = ""


@dataclass(frozen=True, slots=True)
class WindowPreset:
    """A named window on a digit key, by modality (resources/window_presets.toml)."""

    key: str
    name: str
    window: Window


@dataclass(frozen=True, slots=True)
class PresetTable:
    by_modality: Mapping[str, tuple[WindowPreset, ...]] = field(default_factory=dict)

    def for_modality(self, modality: str) -> tuple[WindowPreset, ...]:
        return self.by_modality.get(modality, ())
