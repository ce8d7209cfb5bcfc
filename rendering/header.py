"""ImageHeader: all that is needed to decode, place and show every frame of one instance.

It is made once by the limited worker (`rendering.parse`), travels as JSON in
`workstation.domain.study.Instance.header`, and is never filled from the dataset again. Lengths
are millimetres, positions and directions LPS (PS3.3 C.7.6.2), frame numbers here 0-based.
Text fields come from outside: plain text, never markup.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rendering.header_json import decode, encode
from workstation.domain import presenting
from workstation.domain.doubt import SpacingSource
from workstation.domain.geometry import FramePlane, Vec3
from workstation.domain.subtraction import MaskFacts
from workstation.domain.viewing import Window

# Of the domain: a viewport's state may carry them.
LookupTable = presenting.LookupTable
Shutter = presenting.Shutter


@dataclass(frozen=True, slots=True)
class ModalityTransform:
    """Stored value to modality value: `table` when there is one, else value * slope + intercept.

    `unit` is what the result may be called: `HU`, `BQML`, `Gy`, a RescaleType, a real world unit,
    or `stored` when nothing in the dataset gives the number a meaning.
    """

    slope: float = 1.0
    intercept: float = 0.0
    unit: str = "stored"
    table: LookupTable | None = None

    @property
    def is_identity(self) -> bool:
        return self.table is None and self.slope == 1.0 and self.intercept == 0.0


@dataclass(frozen=True, slots=True)
class ScanFacts:
    """What else tells frames at one place apart. None or empty where the dataset says nothing.

    Times in seconds: `reference_time` from the start of a PET series (FrameReferenceTime) or, enhanced,
    TemporalPositionTimeOffset; `duration` of the frame. InversionTime in ms, angles in degrees, KVP in kV,
    `energy_kev` of a monoenergetic image, `cardiac_percent` and `respiratory_percent` of a cycle. `detector`,
    `energy_window`, `phase`, `interval` (R-R) and `time_slot` are the 1-based vectors of NM (PS3.3 C.8.4.8).
    `content_time` stands only where there is no AcquisitionTime, `echo_number` where there is no EchoTime.
    """

    inversion_time: float | None = None
    flip_angle: float | None = None
    kvp: float | None = None
    energy_kev: float | None = None
    cardiac_percent: float | None = None
    respiratory_percent: float | None = None
    contrast_phase: str = ""
    content_time: str = ""
    reference_time: float | None = None
    duration: float | None = None
    energy_window: int | None = None
    detector: int | None = None
    phase: int | None = None
    interval: int | None = None
    time_slot: int | None = None
    echo_number: int | None = None


@dataclass(frozen=True, slots=True)
class FrameFacts:
    """What can differ from frame to frame, functional groups already merged (PS3.3 C.7.6.16).

    `spacing` is (row, column) mm by `spacing_source`; `plane` is None unless position,
    orientation and PixelSpacing are all there and sound. The others are None or empty where the
    dataset says nothing; they are for telling stacks of one series apart.
    """

    plane: FramePlane | None = None
    spacing: tuple[float, float] | None = None
    spacing_source: SpacingSource = SpacingSource.NONE
    slice_thickness: float | None = None
    spacing_between_slices: float | None = None
    transform: ModalityTransform = ModalityTransform()
    windows: tuple[Window, ...] = ()
    voi_tables: tuple[LookupTable, ...] = ()
    image_type: tuple[str, ...] = ()
    stack_id: str = ""
    in_stack_position: int | None = None
    dimension_indices: tuple[int, ...] = ()
    temporal_position: int | None = None
    trigger_time: float | None = None
    acquisition_number: int | None = None
    acquisition_time: str = ""
    echo_time: float | None = None
    b_value: float | None = None
    b_direction: Vec3 | None = None
    segment_number: int | None = None
    scan: ScanFacts = ScanFacts()


@dataclass(frozen=True, slots=True)
class Overlay:
    """A 60xx overlay plane (PS3.3 C.9.2). `row` and `column` are the 1-based OverlayOrigin.

    `data` is the zlib-compressed OverlayData, little-endian bits; for an overlay that lies in
    unused bits of the pixel data it is empty and `embedded_bit` says which bit.
    `kind` is `G` (graphics) or `R` (region of interest). It covers `frames` image frames from
    `first_frame` (0-based) on.
    """

    group: int
    rows: int
    columns: int
    row: int
    column: int
    kind: str
    data: bytes = b""
    embedded_bit: int | None = None
    first_frame: int = 0
    frames: int = 1
    label: str = ""
    description: str = ""


@dataclass(frozen=True, slots=True)
class Palette:
    """Palette colour tables, segments already expanded (PS3.3 C.7.9).

    `supplemental` means that only stored values from `red.first` on are colours and the ones
    below are grey levels (PS3.3 C.8.13.3.1.2 / C.7.6.19).
    """

    red: LookupTable
    green: LookupTable
    blue: LookupTable
    supplemental: bool = False


@dataclass(frozen=True, slots=True)
class ColourProfile:
    """The way from an image's colours to sRGB (ICC.1): `curves` are 3 x 256 little-endian uint16 of light, for 8-bit levels.

    `matrix` (row-major) takes that light to the linear light of sRGB.
    """

    matrix: tuple[float, ...]
    curves: bytes


@dataclass(frozen=True, slots=True)
class UltrasoundRegion:
    """One US region (PS3.3 C.8.5.5): 0-based, bounds inclusive.

    `row_spacing` and `column_spacing` are mm per pixel, None where the region has no lengths in
    both directions. `x_unit`, `y_unit` are what one pixel along a row or a column stands for
    (`mm`, `s`, `cm/s` ...), `x_delta`, `y_delta` how much of it, signed; "" and None when unknown.
    """

    left: int
    top: int
    right: int
    bottom: int
    spatial_format: int = 0
    data_type: int = 0
    row_spacing: float | None = None
    column_spacing: float | None = None
    x_unit: str = ""
    y_unit: str = ""
    x_delta: float | None = None
    y_delta: float | None = None

    def holds(self, column: float, row: float) -> bool:
        return self.left <= column <= self.right and self.top <= row <= self.bottom


@dataclass(frozen=True, slots=True)
class PetFacts:
    """The elements SUV depends on (PS3.3 C.8.9.1, C.8.9.2). Times are DICOM DA/TM/DT strings.

    Dose in Bq, half-life in s, weight in kg, size in m, sex `M` or `F`; times of a frame in ms. None or empty
    where absent or unreadable. `ge_scan_start` is GE's own note of when the scan began, a DT.
    """

    units: str = ""
    suv_type: str = ""
    corrected_image: tuple[str, ...] = ()
    decay_correction: str = ""
    half_life: float | None = None
    total_dose: float | None = None
    start_time: str = ""
    start_datetime: str = ""
    series_date: str = ""
    series_time: str = ""
    acquisition_date: str = ""
    acquisition_time: str = ""
    weight: float | None = None
    philips_suv_factor: float | None = None
    philips_activity_factor: float | None = None
    size: float | None = None
    sex: str = ""
    frame_reference_time: float | None = None
    frame_duration: float | None = None
    ge_scan_start: str = ""


@dataclass(frozen=True, slots=True)
class ImageHeader:
    """One instance's image description. `no_pixels` is the true reason when nothing can be shown.

    `per_frame` is empty when all frames share `shared`. Pixel data lie at `pixel_offset` for
    `pixel_length` bytes (of the inflated dataset when the transfer syntax is deflated); for
    encapsulated data the length covers all items. `samples` 3 is always delivered interleaved
    RGB by the decoder, whatever `photometric` and `planar` say about the file.
    """

    study_uid: str
    series_uid: str
    sop_instance_uid: str
    sop_class_uid: str
    transfer_syntax_uid: str
    modality: str
    no_pixels: str = ""
    patient_id: str = ""
    patient_issuer: str = ""
    frame_of_reference_uid: str = ""
    rows: int = 0
    columns: int = 0
    frames: int = 0
    samples: int = 1
    photometric: str = ""
    planar: int = 0
    bits_allocated: int = 0
    bits_stored: int = 0
    high_bit: int = 0
    is_signed: bool = False
    float_bits: int = 0
    pixel_offset: int = 0
    pixel_length: int = 0
    encapsulated: bool = False
    extended_offsets: tuple[int, ...] = ()
    extended_lengths: tuple[int, ...] = ()
    shared: FrameFacts = FrameFacts()
    per_frame: tuple[FrameFacts, ...] = ()
    presentation_inverse: bool = False
    padding: tuple[int, int] | None = None
    palette: Palette | None = None
    colour_profile: ColourProfile | None = None
    overlays: tuple[Overlay, ...] = ()
    shutter: Shutter | None = None
    pixel_aspect_ratio: tuple[float, float] | None = None
    ultrasound_regions: tuple[UltrasoundRegion, ...] = ()
    pet: PetFacts | None = None
    lossy: bool = False
    lossy_ratio: tuple[float, ...] = ()
    image_type: tuple[str, ...] = ()
    laterality: str = ""
    view_position: str = ""
    patient_orientation: tuple[str, ...] = ()
    patient_position: str = ""
    gantry_tilt: float | None = None
    magnification: float | None = None
    burned_in: str = ""
    frame_time: float | None = None
    cine_rate: float | None = None
    display_rate: float | None = None
    plays_back_and_forth: bool = False
    frame_times: tuple[float, ...] = ()
    expected_images: int | None = None
    warnings: tuple[str, ...] = ()
    subtraction: MaskFacts | None = None
    # (keyword, values) of workstation.domain.study.INSTANCE_ATTRIBUTES, for hanging protocols.
    attributes: tuple[tuple[str, tuple[str, ...]], ...] = ()

    def frame(self, index: int) -> FrameFacts:
        """The facts of frame `index` (0-based)."""
        return self.per_frame[index] if self.per_frame else self.shared

    @property
    def has_pixels(self) -> bool:
        return not self.no_pixels

    @property
    def is_colour(self) -> bool:
        """Whether a frame is shown in colour (three samples, or a palette that is not supplemental)."""
        return self.samples == 3 or self.photometric == "PALETTE COLOR"

    @property
    def dtype(self) -> str:
        """numpy dtype of the decoded frames, native byte order: the container, not yet masked."""
        if self.float_bits:
            return f"f{self.float_bits // 8}"
        size = 1 if self.bits_allocated <= 8 else 2 if self.bits_allocated <= 16 else 4
        return f"{'i' if self.is_signed and self.samples == 1 else 'u'}{size}"

    @property
    def frame_shape(self) -> tuple[int, ...]:
        """(rows, columns) or (rows, columns, 3) of a decoded frame."""
        return (self.rows, self.columns) if self.samples == 1 else (self.rows, self.columns, self.samples)

    def to_json(self) -> dict[str, Any]:
        """JSON-able data; fields at their default are left out."""
        data: dict[str, Any] = encode(self)
        return data

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> ImageHeader:
        """The inverse of `to_json`. Raises KeyError, TypeError or ValueError for other data."""
        header: ImageHeader = decode(cls, data)
        return header
