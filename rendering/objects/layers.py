"""Segmentations and structure sets as layers that may be laid over images: what, whose, where and in which colour.

A layer is never part of an image: it is listed by name with its source, hidden and shown as
one, and drawn only on the images that its object names (F49, F75). `rendering.objects.layer_paint`
draws it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from rendering.objects.annotations import source_of
from rendering.objects.facts import Contour, ObjectFacts, Segment, SegmentMask, Structure
from rendering.objects.matching import match
from workstation.domain.annotation import Source, Verdict
from workstation.domain.study import Study
from workstation.errors import Refused

FILL = 0.3
"""How much of the colour a filled layer takes, unless told otherwise; its outline takes all."""

# For what names no colour of its own: told apart by people who see red and green alike (Okabe and Ito).
COLOURS = ((230, 159, 0), (86, 180, 233), (0, 158, 115), (240, 228, 66), (0, 114, 178), (213, 94, 0), (204, 121, 167))


@dataclass(frozen=True, slots=True)
class Layer:
    """`uid` is stable: the object's UID and the number in it. `images` are the SOP Instance UIDs it may be drawn on.

    `masks` of a segment (with `rows`, `columns` of its frames), or `contours` in LPS mm of a structure.
    """

    uid: str
    name: str
    colour: tuple[int, int, int]
    source: Source
    study_uid: str
    images: frozenset[str]
    series_uids: frozenset[str]
    frame_of_reference_uid: str = ""
    opacity: float = FILL
    meaning: str = ""
    verdict: Verdict = Verdict.ACCEPTED
    rows: int = 0
    columns: int = 0
    masks: tuple[SegmentMask, ...] = ()
    thickness: float | None = None
    contours: tuple[Contour, ...] = ()

    @property
    def is_filled(self) -> bool:
        """Whether it is an area; else outlines."""
        return not self.contours

    @property
    def places(self) -> tuple[tuple[str, int], ...]:
        """(SOP Instance UID, frame number) of the images that it says that it has something on, in its order."""
        named = [
            (image.sop_instance_uid, frame) for mask in self.masks for image in mask.images for frame in image.frames or (1,)
        ]
        named += [(contour.image_uid, 1) for contour in self.contours if contour.image_uid]
        return tuple(dict.fromkeys(place for place in named if place[0] in self.images))

    def with_opacity(self, opacity: float) -> Layer:
        return replace(self, opacity=opacity)


@dataclass(frozen=True, slots=True)
class Layers:
    """`words` says what of the object is not drawn, and why."""

    layers: tuple[Layer, ...]
    words: tuple[str, ...] = ()


def layers_of(facts: ObjectFacts, study: Study) -> Layers:
    """Raises Refused when nothing of the object may be shown on the study, or when it holds nothing to lay over."""
    found = match(facts, study)
    source = source_of(facts)
    verdict = Verdict.OPEN if source.kind == "program" else Verdict.ACCEPTED
    images = frozenset(found.images)
    series = frozenset(held.series_uid for held in found.images.values())
    base = Layer("", "", COLOURS[0], source, study.study_instance_uid, images, series, verdict=verdict)
    if facts.segmentation is not None:
        made = _of_segments(facts, base)
    elif facts.structure_set is not None:
        made = tuple(_of_structure(facts, base, one) for one in facts.structure_set.structures if one.contours)
    else:
        raise Refused("The object holds nothing to lay over images")
    return Layers(made, tuple(dict.fromkeys((*facts.unread, *found.words))))


def _of_segments(facts: ObjectFacts, base: Layer) -> tuple[Layer, ...]:
    found = facts.segmentation
    assert found is not None
    by_number: dict[int, list[SegmentMask]] = {}
    for mask in found.masks:
        by_number.setdefault(mask.segment, []).append(mask)
    described = {segment.number: segment for segment in found.segments}
    return tuple(
        replace(
            base,
            uid=f"{facts.sop_instance_uid}#{number}",
            name=_segment_name(described.get(number), number),
            colour=_colour(described.get(number), number),
            meaning=described[number].property_type.text if number in described else "",
            frame_of_reference_uid=found.frame_of_reference_uid,
            rows=found.rows,
            columns=found.columns,
            masks=tuple(masks),
            thickness=found.slice_thickness,
        )
        for number, masks in sorted(by_number.items())
    )


def _segment_name(segment: Segment | None, number: int) -> str:
    if segment is None:
        return f"Segment {number}"
    return segment.label or segment.property_type.text or f"Segment {number}"


def _colour(segment: Segment | None, number: int) -> tuple[int, int, int]:
    own = None if segment is None else segment.colour
    return own or COLOURS[number % len(COLOURS)]


def _of_structure(facts: ObjectFacts, base: Layer, structure: Structure) -> Layer:
    return replace(
        base,
        uid=f"{facts.sop_instance_uid}#{structure.number}",
        name=structure.name or f"Structure {structure.number}",
        colour=structure.colour or COLOURS[structure.number % len(COLOURS)],
        meaning=structure.interpreted,
        frame_of_reference_uid=structure.frame_of_reference_uid or facts.frame_of_reference_uid,
        contours=structure.contours,
    )
