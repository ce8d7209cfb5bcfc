"""What the core needs from rooms above it. `main.py` plugs the rooms in."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Protocol

from workstation.domain.alignment import Alignment
from workstation.domain.anatomy import Anatomy
from workstation.domain.annotation import Annotation, AnnotationKind, Measured, Source, Verdict
from workstation.domain.archive import FoundStudy
from workstation.domain.breast import Sheet
from workstation.domain.curve import Curve
from workstation.domain.dimension import Dimension
from workstation.domain.dose import DoseReport
from workstation.domain.doubt import SpacingSource
from workstation.domain.earlier_report import EarlierReport
from workstation.domain.frame_timing import FrameTiming
from workstation.domain.geometry import Vec3
from workstation.domain.hanging import NOTHING_KNOWN, HangingContext, ProtocolChoice, ReceivedProtocol
from workstation.domain.key_image import KeyImage
from workstation.domain.lesion import LesionProposal
from workstation.domain.prior import PriorRelevance
from workstation.domain.study import ParsedInstance, Study
from workstation.domain.subtraction import Maskable
from workstation.domain.value_unit import ValueUnit, ValueUnits
from workstation.domain.viewing import Arrangement, Plane, ViewportState, Window
from workstation.errors import Refused, WorkstationError


class InstanceReader(Protocol):
    """Reads received files in a limited worker process (rendering.worker.ImageWorker)."""

    def parse_many(self, paths: Iterable[Path]) -> Iterator[tuple[Path, ParsedInstance | Refused]]:
        """Each file in order: what it is, or why it is refused. Never raises for a bad file.

        A file that kills or hangs the worker is a `Refused` with that reason.
        """
        ...

    def parse_kept(self, files: Iterable[tuple[Path, str]]) -> Iterator[tuple[Path, ParsedInstance | Refused]]:
        """As `parse_many`, of (file, SHA-256): files that nobody else writes, their hash known to who wrote them.

        Of these no more is read than says what they are; "" has the hash taken of all bytes.
        """
        ...

    def media_files(self, dicomdir: Path) -> Sequence[tuple[str, ...]]:
        """The ReferencedFileID components (0004,1500) of a DICOMDIR, unchecked text from outside."""
        ...


class Hanger(Protocol):
    """Chooses and applies a hanging protocol (hanging_protocols.engine)."""

    def hang(
        self,
        current: Study,
        priors: Sequence[Study],
        stage: int = 0,
        protocol_id: str = "",
        context: HangingContext = NOTHING_KNOWN,
    ) -> Arrangement:
        """One stage of the protocol that fits best, or of a named one."""
        ...

    def choices(
        self,
        current: Study,
        priors: Sequence[Study],
        context: HangingContext = NOTHING_KNOWN,
    ) -> tuple[ProtocolChoice, ...]:
        """Every protocol, the one that fits best first."""
        ...

    def relevance(
        self,
        current: Study,
        candidates: Sequence[Study | FoundStudy],
        context: HangingContext = NOTHING_KNOWN,
    ) -> tuple[PriorRelevance, ...]:
        """How much speaks for each as a prior, here or as an archive lists it, the most relevant first."""
        ...

    def counterpart(self, current: Study, shown: ViewportState, other: Study) -> tuple[ViewportState | None, str]:
        """The images of another study that are most like what is shown of the current one, as acquired, and why; or why none."""
        ...


class ProtocolExchange(Protocol):
    """Hanging protocols as DICOM objects (hanging_protocols.iod.exchange). Each method blocks: for a job. Raises Refused."""

    def titles(self) -> tuple[tuple[str, str], ...]:
        """(id, title) of every protocol in force, by title."""
        ...

    def export(self, protocol_id: str) -> bytes:
        """A Part 10 file: Hanging Protocol Storage."""
        ...

    def look(self, path: Path) -> ReceivedProtocol:
        """What such a file would become here. Nothing is kept."""
        ...

    def take_over(self, received: ReceivedProtocol) -> str:
        """Save it as the reader's own; the name of its file. Raises Unavailable when the disk will not take it."""
        ...


Progress = Callable[[int, int, str], None]
"""done, total (0 when unknown), what is being worked on: a phrase without patient data."""


class SolidViewer(Protocol):
    """What the session asks of one series in 3D (rendering.viewport_solid_paint.SolidPainter)."""

    def looks(self) -> tuple[str, ...]: ...
    def look_name(self, state: ViewportState) -> str: ...
    def with_look(self, state: ViewportState, name: str) -> ViewportState: ...
    def is_projection(self, state: ViewportState) -> bool:
        """Whether the look shows one value of each line of sight."""
        ...

    def needs_hidden(self, state: ViewportState) -> frozenset[str]: ...
    def may_hide(self) -> None:
        """Raises Refused where bone and table cannot be told."""
        ...

    def is_found(self, state: ViewportState, name: str) -> bool: ...
    def find(self, state: ViewportState, name: str, progress: Callable[[float], object], cancelled: Callable[[], bool]) -> None:
        """Look for "bone" or "table": for a job. Raises Refused, NotYet or InterruptedError."""
        ...

    def make_loop(
        self,
        state: ViewportState,
        size: tuple[int, int],
        step_degrees: float,
        progress: Callable[[float], object],
        cancelled: Callable[[], bool],
    ) -> int:
        """Draw the view once round, for a job; the bytes it takes. Raises Refused, NotYet or InterruptedError."""
        ...

    def drop_loop(self) -> None: ...


class SeriesViewer(Protocol):
    """What the session asks of one series' pixels (rendering.viewport.Viewport)."""

    @property
    def solid(self) -> SolidViewer: ...

    def default_state(self, plane: Plane = Plane.STACK) -> ViewportState: ...
    def scrolled(self, state: ViewportState, steps: int) -> ViewportState: ...
    def slice_count(self, state: ViewportState) -> int: ...
    def slice_index(self, state: ViewportState) -> int: ...
    def image_of(self, state: ViewportState) -> tuple[str, int] | None:
        """(SOP Instance UID, frame number) of the one acquired image that the state shows; None between two and in 3D."""
        ...

    def window_of(self, state: ViewportState) -> Window: ...
    def can_show(self, plane: Plane) -> bool: ...
    def at_point(self, state: ViewportState, point: Vec3) -> ViewportState: ...
    def to_patient(self, state: ViewportState, width: int, height: int, x: float, y: float) -> Vec3 | None: ...
    def to_view(self, state: ViewportState, width: int, height: int, point: Vec3) -> Vec3 | None: ...
    def to_frame(self, state: ViewportState, width: int, height: int, x: float, y: float) -> tuple[float, float] | None: ...
    def annotation_at(
        self, state: ViewportState, width: int, height: int, points: Sequence[tuple[float, float]], kind: AnnotationKind
    ) -> Annotation | None: ...
    def on_view(
        self, annotation: Annotation, state: ViewportState, width: int, height: int
    ) -> Sequence[tuple[float, float]] | None: ...
    def measure(self, annotation: Annotation, calibrations: Sequence[Annotation] = (), unit: str = "") -> Measured: ...
    def value_units(self) -> ValueUnits:
        """What the values can be told in, by `ViewportState.value_unit`."""
        ...

    def fused_window(self, state: ViewportState) -> Window | None:
        """Of what is laid over, in its own unit. Raises NotYet or Refused."""
        ...

    def mip_state(self) -> ViewportState: ...
    def hottest(self, state: ViewportState, width: int, height: int, within: Annotation | None = None) -> Vec3 | None:
        """Where the highest value that is seen lies, or that of a ball. Raises NotYet or Refused."""
        ...

    def ball_at(self, state: ViewportState, width: int, height: int, point: Vec3, radius: float) -> Annotation | None: ...
    def at_index(self, state: ViewportState, index: int) -> ViewportState: ...
    def position_of(self, sop_instance_uid: str, frame_number: int) -> int | None:
        """The place of a frame (from 1 within its image) in the whole reading order, from 0; None where it is not in it."""
        ...

    def dimensions(self) -> Sequence[Dimension]:
        """The volumes at the same places (phases, b-values, times); one of an ordinary series."""
        ...

    def dimension_index(self, state: ViewportState) -> int: ...
    def at_dimension(self, state: ViewportState, dimension: int) -> ViewportState:
        """The same place in another of them, held within the ends."""
        ...

    def curve(self, annotation: Annotation) -> Curve:
        """What a drawing measures in each of them. Raises Refused."""
        ...

    def is_ready(self, state: ViewportState) -> bool:
        """Whether `state` can be shown without waiting."""
        ...

    def extent_mm(self, state: ViewportState) -> tuple[float, float] | None:
        """Width and height of the whole image or cut, unturned; None where millimetres are not known, and in 3D."""
        ...

    def anatomy(self, state: ViewportState) -> Anatomy:
        """Where the body lies in what is shown, as far as that is known. Raises Refused where nothing can be shown."""
        ...

    def look_for_anatomy(self, state: ViewportState) -> bool:
        """Blocks: for a job. Finds the body in the series; False while pixels are missing."""
        ...

    def timing(self, state: ViewportState) -> FrameTiming:
        """How long the file asks each image of the whole reading order to stand when they are played."""
        ...

    def maskable(self, state: ViewportState) -> Maskable | None:
        """The X-ray image that is shown as one of a run that can be subtracted; None of all others."""
        ...

    def spacing_source(self, state: ViewportState) -> SpacingSource: ...
    def stack_step_mm(self, state: ViewportState) -> float:
        """How far apart the planes of a stack are that can be shown as a slab (tomosynthesis); 0 where they cannot."""
        ...

    def sheet(self, state: ViewportState) -> Sheet | None:
        """The image of a stack view as something that is placed; None of cuts and 3D."""
        ...

    def own_windows(self, state: ViewportState) -> tuple[str, ...]:
        """The windows, then the VOI LUTs that the file brings, by their explanations."""
        ...

    def auto_window(self, state: ViewportState) -> Window:
        """From the values of the image, padding left out. Raises NotYet while there are none."""
        ...


class DecodePriority(IntEnum):
    """What of the waiting series is decoded first."""

    OPEN = 0
    ARRIVAL = 1
    PREFETCH = 2


class DecodedEntry(Protocol):
    """One series on disk, decoded. `used` is when it was last opened, in seconds since 1970."""

    @property
    def key(self) -> str: ...
    @property
    def bytes(self) -> int: ...
    @property
    def used(self) -> float: ...
    @property
    def study_uid(self) -> str: ...
    @property
    def series_uid(self) -> str: ...


class DecodedImages(Protocol):
    """The decoded series on disk (rendering.decoded.DecodedStore); all of it can be made again."""

    def entries(self) -> Sequence[DecodedEntry]:
        """Every entry, the one used longest ago first."""
        ...

    @property
    def bytes(self) -> int: ...
    def remove(self, key: str) -> None:
        """Whoever has it open keeps reading."""
        ...


class LethalImages(Protocol):
    """Files whose pixels ended a decoder, by the hash of their bytes (`workstation.cache.cache.StudyCache`). Any thread."""

    def is_lethal(self, sha256: str) -> bool: ...
    def note_lethal(self, sha256: str) -> None: ...


class ImageLayer(Protocol):
    """A segment or structure that may be laid over images (rendering.objects.layers.Layer). `opacity` is 0 to 1."""

    @property
    def uid(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def source(self) -> Source: ...
    @property
    def study_uid(self) -> str: ...
    @property
    def series_uids(self) -> frozenset[str]: ...
    @property
    def images(self) -> frozenset[str]:
        """SOP Instance UIDs of the images that it may lie on."""
        ...

    @property
    def places(self) -> tuple[tuple[str, int], ...]:
        """(SOP Instance UID, frame number) of the images that it says that it has something on, in its order."""
        ...

    @property
    def opacity(self) -> float: ...
    @property
    def is_filled(self) -> bool: ...
    @property
    def verdict(self) -> Verdict: ...
    def with_opacity(self, opacity: float) -> ImageLayer: ...


class PresentationState(Protocol):
    """How somebody wanted images to be seen (rendering.objects.states.State). `name` is text from outside."""

    @property
    def uid(self) -> str:
        """SOP Instance UID."""
        ...

    @property
    def study_uid(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def source(self) -> Source: ...
    @property
    def refused(self) -> str:
        """Why it cannot be followed rightly; empty when it can."""
        ...

    @property
    def places(self) -> tuple[tuple[str, int], ...]:
        """(SOP Instance UID, frame number) of the images that it is for and that are here."""
        ...

    @property
    def over(self) -> tuple[str, str] | None:
        """(study UID, series UID) of a second series that it lays over its images."""
        ...

    @property
    def is_plane(self) -> bool:
        """Whether it shows a plane through a volume, not its images as acquired."""
        ...

    def is_for(self, sop_instance_uid: str, frame_number: int) -> bool: ...
    def shown(
        self, viewer: SeriesViewer, state: ViewportState, width: int, height: int, screen_mm: float | None
    ) -> tuple[ViewportState, tuple[str, ...]]:
        """How a stack view of this size is seen by it, and what of it is not followed. Raises Refused."""
        ...


@dataclass(frozen=True, slots=True)
class ObjectFound:
    """What one object about images says. `words` is what of it is not shown, and why; text from outside in part.

    `uid` is its SOP Instance UID, `replaces` those of the objects that do not count any more.
    """

    name: str
    annotations: tuple[Annotation, ...] = ()
    layers: tuple[ImageLayer, ...] = ()
    words: tuple[str, ...] = ()
    units: tuple[tuple[str, ValueUnit], ...] = ()
    """(series UID, unit) that its values may be told in."""
    warnings: tuple[str, ...] = ()
    """Of the words those that a reader must know before values are read."""
    key_images: tuple[KeyImage, ...] = ()
    presentation: PresentationState | None = None
    uid: str = ""
    replaces: tuple[str, ...] = ()
    dose: DoseReport | None = None
    rejected: tuple[tuple[str, str], ...] = ()
    """(SOP Instance UID, why) of images that somebody says are not to be looked at (IHE IOCM)."""


SeriesKey = tuple[str, str]
"""Study and series UID."""

RegistrationTask = Callable[[Callable[[], bool], Callable[[float], object]], Alignment]
"""Given whether nobody waits any more, and whom to tell how far it is (0 to 1). For a job; raises Refused."""


class Registrar(Protocol):
    """Finds how one open series lies in another's space (rendering.registration.registrar.SeriesRegistrar)."""

    @property
    def algorithm(self) -> str:
        """Another one may align equal images otherwise."""
        ...

    def refusal(self, fixed: SeriesKey, moving: SeriesKey) -> str:
        """Why these two cannot be tried, as the end of a sentence; empty when they can be."""
        ...

    def rigid(self, fixed: SeriesKey, moving: SeriesKey) -> RegistrationTask: ...
    def deformable(self, fixed: SeriesKey, moving: SeriesKey, rigid: Alignment) -> RegistrationTask: ...
    def displaced(self, warp: str, point: Vec3) -> Vec3 | None:
        """What a displacement field adds (mm); None when there is none of that name."""
        ...

    def reader_moved(self) -> None:
        """Step aside for a moment. Any thread."""
        ...

    def forget(self) -> None: ...


class ImageShelf(Protocol):
    """Keeps the opened series and loads them (rendering.library.ImageLibrary)."""

    def prepare(self) -> None:
        """Do what the first case would have to wait for. Called in a job, once the worklist is shown."""
        ...

    def when_frames_come(self, tell: Callable[[str], object]) -> None:
        """`tell` hears, on the main thread, of which series frames came."""
        ...

    def viewer(self, study_uid: str, series_uid: str) -> SeriesViewer | None: ...
    def open_case(self, studies: Sequence[Study], first: Sequence[tuple[str, str]]) -> None:
        """Make these studies' series available; load `first` (study UID, series UID) before the rest."""
        ...

    def close_case(self) -> None: ...

    @property
    def registrar(self) -> Registrar: ...
    def propose_lesion(self, drawn: Annotation, shown: ViewportState, other: ViewportState, expected: Vec3) -> LesionProposal:
        """Look for a measured lesion near `expected` (LPS mm) in the series of `other`. Takes time: for a job."""
        ...

    def objects_of(self, study: Study, cancelled: Callable[[], bool]) -> Iterable[ObjectFound]:
        """What the objects of a study say of its images. Reads files: for a job."""
        ...

    def reports_of(self, study: Study, cancelled: Callable[[], bool]) -> Iterable[EarlierReport]:
        """The reports in words among the objects of a study. Reads files: for a job."""
        ...

    def decode_later(self, studies: Sequence[Study], priority: DecodePriority = DecodePriority.ARRIVAL) -> None:
        """Decode these studies in the background, so that they open at once. Any thread."""
        ...

    def decode_listed(self, study_uids: Sequence[str], study_of: Callable[[str], Study]) -> None:
        """Decode what is here of these studies and is not decoded, after all else. In place of those listed before."""
        ...

    @property
    def decoded(self) -> DecodedImages | None:
        """What is kept decoded on disk; None where nothing is."""
        ...

    def when_failed(self, tell: Callable[[WorkstationError], object]) -> None:
        """`tell` is called on the main thread with why decoded images are not kept any more."""
        ...

    def keep_from(self, lethal: LethalImages) -> None:
        """Nothing that `lethal` names is decoded, and it is told of what ends a decoder from now on."""
        ...

    def when_full(self, make_room: Callable[[int], bool]) -> None:
        """`make_room` is called in a job when the disk takes no more decoded images; True: try again."""
        ...

    def close(self) -> None:
        """After the last case, when no job runs any more."""
        ...
