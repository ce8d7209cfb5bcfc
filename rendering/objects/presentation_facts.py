"""What a presentation state says (PS3.3 A.33), read once by the limited worker: a part of `rendering.objects.facts`.

Points of an image are (column, row) with 0.0 at the CENTRE of the first pixel; the files count from that pixel's corner.
"""

from __future__ import annotations

from dataclasses import dataclass

from rendering.header import LookupTable, ModalityTransform, Palette, Shutter
from rendering.objects.references import ImageReference, Point
from workstation.domain.geometry import Vec3
from workstation.domain.subtraction import Mask
from workstation.domain.viewing import Window


@dataclass(frozen=True, slots=True)
class Graphic:
    """A graphic object (PS3.3 C.10.5). `units` is PIXEL (points as above) or DISPLAY (0 to 1 of the displayed area)."""

    kind: str
    units: str
    points: tuple[Point, ...]
    filled: bool = False
    layer: str = ""
    tracking_id: str = ""
    tracking_uid: str = ""
    images: tuple[ImageReference, ...] = ()


@dataclass(frozen=True, slots=True)
class GraphicText:
    """A text object (PS3.3 C.10.5). `box` is (left, top, right, bottom)."""

    text: str
    anchor: Point | None = None
    anchor_units: str = ""
    box: tuple[float, float, float, float] | None = None
    box_units: str = ""
    layer: str = ""
    tracking_id: str = ""
    tracking_uid: str = ""
    images: tuple[ImageReference, ...] = ()


@dataclass(frozen=True, slots=True)
class GraphicLayer:
    name: str
    order: int = 0
    colour: tuple[int, int, int] | None = None
    description: str = ""


@dataclass(frozen=True, slots=True)
class PresentedWindow:
    """A Softcopy VOI LUT item (PS3.3 C.11.8). `images` empty: for all that the state is for."""

    windows: tuple[Window, ...] = ()
    tables: tuple[LookupTable, ...] = ()
    images: tuple[ImageReference, ...] = ()


@dataclass(frozen=True, slots=True)
class DisplayedArea:
    """A Displayed Area item (PS3.3 C.10.4), 1-based (column, row) of the image, top left AFTER rotation and flip.

    `mode` is SCALE TO FIT, TRUE SIZE (`pixel_spacing` row, column in mm) or MAGNIFY (`magnification`). `exact` is what
    whole pixels cannot hold, of a state of ours: zoom and pan as a viewport's state has them.
    """

    top_left: tuple[int, int]
    bottom_right: tuple[int, int]
    mode: str = "SCALE TO FIT"
    pixel_spacing: tuple[float, float] | None = None
    aspect: tuple[float, float] | None = None
    magnification: float | None = None
    images: tuple[ImageReference, ...] = ()
    exact: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class PresentedMask:
    """An item of a state's Mask Subtraction Sequence, and the images it is for (none: all of the state)."""

    mask: Mask
    images: tuple[ImageReference, ...] = ()


@dataclass(frozen=True, slots=True)
class PresentedFilter:
    """The edge enhancement of a range of frames, in percent of what the program that shows them can do (C.11.21)."""

    first: int
    last: int
    percent: float
    images: tuple[ImageReference, ...] = ()


@dataclass(frozen=True, slots=True)
class Blend:
    """A second series that a state lays over its images (C.11.14, C.11.33): `opacity` of it, the rest of what lies under.

    `palette` are its colours, greys without one. `modality` None: its stored values. `under` are the images it lies over.
    """

    study_uid: str
    series_uid: str
    opacity: float
    under: tuple[ImageReference, ...] = ()
    images: tuple[ImageReference, ...] = ()
    palette: Palette | None = None
    modality: ModalityTransform | None = None
    windows: tuple[PresentedWindow, ...] = ()


@dataclass(frozen=True, slots=True)
class PlanarView:
    """A plane through a volume (C.11.26): its top left corner (LPS mm), unit vectors to the right and down, extents in mm.

    `slab_mm` 0 is a thin cut, `mode` what a slab is made of (MEAN, MIP, MIN).
    """

    corner: Vec3
    right: Vec3
    down: Vec3
    width: float
    height: float
    slab_mm: float = 0.0
    mode: str = "MEAN"


@dataclass(frozen=True, slots=True)
class Presentation:
    """How images are to be shown. `rotation` is clockwise and comes before the horizontal flip (C.10.6).

    `palette` is that of a pseudo-colour state. `refused` says why the whole cannot be followed rightly.
    `overlay_groups` are those of the images' overlays that it activates.
    """

    rotation: int = 0
    flipped: bool = False
    inverse: bool = False
    lut: LookupTable | None = None
    modality: ModalityTransform | None = None
    shutter: Shutter | None = None
    shutter_level: int | None = None
    windows: tuple[PresentedWindow, ...] = ()
    areas: tuple[DisplayedArea, ...] = ()
    graphics: tuple[Graphic, ...] = ()
    texts: tuple[GraphicText, ...] = ()
    layers: tuple[GraphicLayer, ...] = ()
    palette: Palette | None = None
    refused: str = ""
    overlay_groups: tuple[int, ...] = ()
    masks: tuple[PresentedMask, ...] = ()
    filters: tuple[PresentedFilter, ...] = ()
    blend: Blend | None = None
    plane: PlanarView | None = None
