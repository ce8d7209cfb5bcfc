"""FrameFacts of every frame: from the dataset, or from functional groups (PS3.3 C.7.6.16)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeVar

from rendering.header import FrameFacts, ModalityTransform, UltrasoundRegion
from rendering.parse_elements import Elements
from rendering.parse_scan import diffusion, nuclear_scans, scan_of, scan_of_groups
from rendering.parse_spacing import (
    Spacing,
    frame_plane,
    read_directions,
    read_pair,
    read_position,
    read_spacing,
    shifted,
)
from rendering.parse_values import PARAMETRIC_MAP, RT_DOSE, read_transform, read_voi_tables, read_windows, real_world
from workstation.domain.doubt import SpacingSource
from workstation.domain.geometry import FramePlane, Vec3

T = TypeVar("T")
Warnings = list[str]

_FRAME_TYPES = (
    "MRImageFrameTypeSequence",
    "CTImageFrameTypeSequence",
    "PETFrameTypeSequence",
    "XAXRFFrameCharacteristicsSequence",
    "XRay3DFrameTypeSequence",
    "ParametricMapFrameTypeSequence",
)

NUCLEAR_SLICES = frozenset({"RECON TOMO", "RECON GATED TOMO"})


@dataclass(frozen=True, slots=True)
class FrameContext:
    """What frames of one image have in common while they are read."""

    modality: str
    sop_class: str
    image_type: tuple[str, ...]
    is_signed: bool
    frames: int
    regions: tuple[UltrasoundRegion, ...] = ()


def read_frames(elements: Elements, context: FrameContext, warnings: Warnings) -> tuple[FrameFacts, tuple[FrameFacts, ...]]:
    """(facts of the first frame, facts of each frame or () when all are alike)."""
    groups = tuple(elements.items("PerFrameFunctionalGroupsSequence"))
    if groups and len(groups) == context.frames:
        return _compact(_Groups(elements, context, warnings).facts(groups))
    facts = _plain_facts(elements, context, warnings)
    if groups or elements.item("SharedFunctionalGroupsSequence") is not None:
        warnings.append("The functional groups are not for this number of frames: not used")
        return replace(facts, plane=None, spacing=None, spacing_source=SpacingSource.NONE), ()
    return _compact(_along_axis(elements, facts, context))


def _compact(facts: tuple[FrameFacts, ...]) -> tuple[FrameFacts, tuple[FrameFacts, ...]]:
    return facts[0], () if all(f == facts[0] for f in facts) else facts


def _plain_facts(elements: Elements, context: FrameContext, warnings: Warnings) -> FrameFacts:
    spacing = read_spacing(elements, context.modality, context.regions)
    warnings.extend(spacing.warnings)
    plane = frame_plane(read_position(elements), read_directions(elements, warnings), spacing)
    if "MOSAIC" in context.image_type and plane is not None:
        warnings.append("Mosaic: one image holds many slices, its position is of none of them")
        plane = None
    return FrameFacts(
        plane,
        spacing.mm,
        spacing.source,
        _positive(elements.real("SliceThickness")),
        elements.real("SpacingBetweenSlices"),
        read_transform(elements, elements, context.sop_class, context.image_type, context.is_signed),
        read_windows(elements, warnings),
        read_voi_tables(elements, context.is_signed or (elements.real("RescaleIntercept") or 0.0) < 0.0),
        context.image_type,
        elements.text("StackID"),
        elements.integer("InStackPositionNumber"),
        (),
        elements.integer("TemporalPositionIdentifier"),
        elements.real("TriggerTime"),
        elements.integer("AcquisitionNumber"),
        elements.text("AcquisitionTime"),
        elements.real("EchoTime"),
        *diffusion(elements),
        scan=scan_of(elements, context.image_type),
    )


def _positive(value: float | None) -> float | None:
    return value if value is not None and value > 0.0 else None


def _vector(values: tuple[float, ...]) -> Vec3 | None:
    return (values[0], values[1], values[2]) if len(values) == 3 else None


def _along_axis(elements: Elements, first: FrameFacts, context: FrameContext) -> tuple[FrameFacts, ...]:
    """Frames of an image without functional groups; RT Dose and NM say where each one lies."""
    if context.frames == 1:
        return (first,)
    planes: tuple[FramePlane | None, ...] = (None,) * context.frames
    if context.sop_class == RT_DOSE and first.plane is not None:
        planes = _dose_planes(elements, first.plane, context.frames)
    elif context.modality == "NM":
        planes = _nuclear_planes(elements, first, context.frames)
    scans = nuclear_scans(elements, first.scan, context.frames)
    return tuple(replace(first, plane=plane, scan=scan) for plane, scan in zip(planes, scans, strict=True))


def _dose_planes(elements: Elements, plane: FramePlane, frames: int) -> tuple[FramePlane | None, ...]:
    """GridFrameOffsetVector (PS3.3 C.8.8.3.2): from the first plane, or, not starting at 0, absolute z."""
    offsets = elements.floats("GridFrameOffsetVector")
    if len(offsets) != frames:
        return (None,) * frames
    if offsets[0] == 0.0:
        return tuple(shifted(plane, offset) for offset in offsets)
    axial = abs(plane.row_direction[0]) == 1.0 and abs(plane.column_direction[1]) == 1.0
    x, y, _ = plane.position
    return tuple(replace(plane, position=(x, y, offset)) if axial else None for offset in offsets)


def _nuclear_planes(elements: Elements, first: FrameFacts, frames: int) -> tuple[FramePlane | None, ...]:
    """NM RECON TOMO, gated or not: the first slice in DetectorInformationSequence, then SliceVector (C.8.4.15)."""
    detector = elements.item("DetectorInformationSequence")
    slices = elements.numbers("SliceVector")
    step = first.spacing_between_slices
    if detector is None or len(slices) != frames or step is None or not NUCLEAR_SLICES & set(first.image_type):
        return (None,) * frames
    spacing = Spacing(first.spacing, first.spacing_source)
    plane = frame_plane(read_position(detector), read_directions(detector, []), spacing)
    return tuple(shifted(plane, step * (float(number) - 1.0)) if plane is not None else None for number in slices)


class _Groups:
    """Reads functional groups; what is shared between frames is read once."""

    def __init__(self, elements: Elements, context: FrameContext, warnings: Warnings) -> None:
        self._elements = elements
        self._context = context
        self._warnings = warnings
        self._shared = elements.item("SharedFunctionalGroupsSequence")
        self._kept: dict[str, object] = {}
        self._base = read_transform(elements, elements, context.sop_class, context.image_type, context.is_signed)

    def facts(self, groups: tuple[Elements, ...]) -> tuple[FrameFacts, ...]:
        return tuple(self._frame(group) for group in groups)

    def _macro(self, group: Elements, name: str, read: Callable[[Elements | None], T]) -> T:
        """`read` of the frame's own macro, else of the shared one, which is read once."""
        own = group.item(name)
        if own is not None:
            return read(own)
        if name not in self._kept:
            self._kept[name] = read(self._shared.item(name) if self._shared is not None else None)
        kept: T = self._kept[name]  # type: ignore[assignment]  # kept by this very `read`
        return kept

    def _frame(self, group: Elements) -> FrameFacts:
        spacing, thickness, between = self._macro(group, "PixelMeasuresSequence", self._measures)
        position = self._macro(group, "PlanePositionSequence", lambda item: read_position(item) if item else None)
        directions = self._macro(
            group, "PlaneOrientationSequence", lambda item: read_directions(item, self._warnings) if item else None
        )
        transform = self._macro(group, "PixelValueTransformationSequence", self._transform)
        if self._context.sop_class == PARAMETRIC_MAP:
            transform = self._macro(
                group, "RealWorldValueMappingSequence", lambda item: real_world(item, transform) if item else transform
            )
        voi = self._macro(group, "FrameVOILUTSequence", lambda item: item) or self._elements
        b_value, b_direction = self._macro(group, "MRDiffusionSequence", _diffusion)
        content = self._macro(group, "FrameContentSequence", _content)
        frame_type = self._frame_type(group)
        return FrameFacts(
            frame_plane(position, directions, spacing),
            spacing.mm,
            spacing.source,
            thickness,
            between,
            transform,
            read_windows(voi, self._warnings),
            read_voi_tables(voi, self._context.is_signed or transform.intercept < 0.0),
            frame_type,
            content.stack_id,
            content.in_stack_position,
            content.dimension_indices,
            content.temporal_position,
            self._macro(
                group, "CardiacSynchronizationSequence", lambda i: i.real("NominalCardiacTriggerDelayTime") if i else None
            ),
            content.acquisition_number,
            content.acquisition_time,
            self._macro(group, "MREchoSequence", lambda i: i.real("EffectiveEchoTime") if i else None),
            b_value,
            b_direction,
            self._macro(group, "SegmentIdentificationSequence", lambda i: i.integer("ReferencedSegmentNumber") if i else None),
            scan_of_groups(lambda name, read: self._macro(group, name, read), frame_type, content.time_offset),
        )

    def _measures(self, item: Elements | None) -> tuple[Spacing, float | None, float | None]:
        if item is None:
            return Spacing(), None, None
        mm = read_pair(item, "PixelSpacing", self._warnings)
        source = SpacingSource.PIXEL_SPACING if mm else SpacingSource.NONE
        return Spacing(mm, source), _positive(item.real("SliceThickness")), item.real("SpacingBetweenSlices")

    def _transform(self, item: Elements | None) -> ModalityTransform:
        if item is None:
            return self._base
        context = self._context
        return read_transform(item, self._elements, context.sop_class, context.image_type, context.is_signed)

    def _frame_type(self, group: Elements) -> tuple[str, ...]:
        for name in _FRAME_TYPES:
            found = self._macro(group, name, lambda item: item.texts("FrameType") if item else ())
            if found:
                return found
        return self._context.image_type


@dataclass(frozen=True, slots=True)
class _Content:
    """The Frame Content Macro (PS3.3 C.7.6.16.2.2)."""

    stack_id: str = ""
    in_stack_position: int | None = None
    dimension_indices: tuple[int, ...] = ()
    temporal_position: int | None = None
    acquisition_number: int | None = None
    acquisition_time: str = ""
    time_offset: float | None = None


def _content(item: Elements | None) -> _Content:
    if item is None:
        return _Content()
    return _Content(
        item.text("StackID"),
        item.integer("InStackPositionNumber"),
        tuple(int(v) for v in item.numbers("DimensionIndexValues")),
        item.integer("TemporalPositionIndex"),
        item.integer("FrameAcquisitionNumber"),
        item.text("FrameAcquisitionDateTime"),
        item.real("TemporalPositionTimeOffset"),
    )


def _diffusion(item: Elements | None) -> tuple[float | None, Vec3 | None]:
    if item is None:
        return None, None
    gradient = item.item("DiffusionGradientDirectionSequence")
    direction = _vector(gradient.floats("DiffusionGradientOrientation")) if gradient is not None else None
    return item.real("DiffusionBValue"), direction
