"""Segmentations (PS3.3 A.51, C.8.20) to facts: BINARY, FRACTIONAL and LABELMAP. Runs in the worker process only."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rendering.decode import SourceFile, decode_into, open_source
from rendering.header import FrameFacts, ImageHeader
from rendering.objects.colour import rgb_of_cielab
from rendering.objects.facts import Segment, Segmentation, SegmentMask
from rendering.objects.reading import Budget, code_in, reference
from rendering.objects.references import Code, ImageReference
from rendering.parse_elements import Elements
from rendering.parse_file import DEFLATED, ReceivedDataset
from workstation.errors import Refused

MOST_MASK_BYTES = 96 << 20
MOST_LABELS = 4096
LABELMAP = "1.2.840.10008.5.1.4.1.1.66.7"
BACKGROUND = ("125040", "DCM")


def read_segmentation(
    received: ReceivedDataset, header: ImageHeader, budget: Budget
) -> tuple[Segmentation, tuple[ImageReference, ...]]:
    """The segmentation, and the images that its frames name as their sources. Raises Refused."""
    elements = received.elements
    if not header.has_pixels or header.samples != 1:
        raise Refused("The segmentation has no frames")
    kind = "LABELMAP" if header.sop_class_uid == LABELMAP else elements.text("SegmentationType")
    if kind not in ("BINARY", "FRACTIONAL", "LABELMAP"):
        raise Refused("The segmentation is of a kind that is not understood")
    sources = _sources(elements, budget, header.frames)
    masks = tuple(_masks(received, header, kind, sources, elements, budget))
    found = Segmentation(
        kind,
        header.rows,
        header.columns,
        header.frame_of_reference_uid,
        elements.text("SegmentationFractionalType"),
        header.frames,
        header.frame(0).slice_thickness,
        tuple(_segment(item, budget) for item in budget.items(elements, "SegmentSequence")),
        masks,
    )
    numbers = {segment.number for segment in found.segments}
    if any(mask.segment not in numbers for mask in masks):
        budget.say("Frames of the segmentation are of segments that it does not describe")
    if header.frame_of_reference_uid and any(mask.plane is None for mask in masks):
        budget.say("Frames of the segmentation have no position in the patient")
    return found, tuple(dict.fromkeys(one for per_frame in sources for one in per_frame))


def _segment(item: Elements, budget: Budget) -> Segment:
    lab = item.numbers("RecommendedDisplayCIELabValue")
    algorithm = item.item("SegmentationAlgorithmIdentificationSequence")
    name = item.text("SegmentAlgorithmName")
    return Segment(
        item.integer("SegmentNumber") or 0,
        budget.text(item.text("SegmentLabel")),
        budget.text(item.long_text("SegmentDescription")),
        code_in(item, "SegmentedPropertyCategoryCodeSequence") or Code(),
        code_in(item, "SegmentedPropertyTypeCodeSequence") or Code(),
        rgb_of_cielab((int(lab[0]), int(lab[1]), int(lab[2]))) if len(lab) == 3 else None,
        item.text("SegmentAlgorithmType"),
        budget.text(name or (algorithm.text("AlgorithmName") if algorithm else "")),
        budget.text(algorithm.text("AlgorithmVersion")) if algorithm else "",
        budget.text(item.text("TrackingID")),
        item.uid("TrackingUID"),
    )


def _sources(elements: Elements, budget: Budget, frames: int) -> list[tuple[ImageReference, ...]]:
    """The source images of each frame (Derivation Image Macro, C.7.6.16.2.6)."""
    shared = elements.item("SharedFunctionalGroupsSequence")
    of_all = () if shared is None else _derived_from(shared, budget)
    found = [_derived_from(item, budget) or of_all for item in budget.items(elements, "PerFrameFunctionalGroupsSequence")]
    return found if len(found) == frames else [of_all] * frames


def _derived_from(group: Elements, budget: Budget) -> tuple[ImageReference, ...]:
    return tuple(
        found
        for derivation in budget.items(group, "DerivationImageSequence")
        for item in budget.items(derivation, "SourceImageSequence")
        if (found := reference(item)) is not None
    )


def _masks(
    received: ReceivedDataset,
    header: ImageHeader,
    kind: str,
    sources: Sequence[tuple[ImageReference, ...]],
    elements: Elements,
    budget: Budget,
) -> Iterator[SegmentMask]:
    # The buffer is what pixel offsets count in, inflated already where the file was deflated.
    syntax = header.transfer_syntax_uid
    source = SourceFile(header, received.buffer) if syntax == DEFLATED else open_source(received.buffer, header, "")
    container = np.empty(header.frame_shape, header.dtype)
    background = _background(elements, budget) if kind == "LABELMAP" else frozenset()
    whole = float(elements.integer("MaximumFractionalValue", "US") or 255)
    total = 0
    for frame in range(header.frames):
        decode_into(source, frame, container)
        facts = header.frame(frame)
        for number, part in _parts(container, kind, facts, background, whole):
            mask = cropped(number, part, facts, sources[frame])
            if mask is None:
                continue
            total += len(mask.mask)
            if total > MOST_MASK_BYTES:
                raise Refused("The segmentation is larger than is allowed", f"{MOST_MASK_BYTES >> 20} MB packed")
            yield mask


def _parts(
    container: NDArray[Any], kind: str, facts: FrameFacts, background: frozenset[int], whole: float
) -> Iterator[tuple[int, NDArray[Any]]]:
    """(segment number, bool mask or uint8 fraction of 255)."""
    if kind != "LABELMAP":
        number = facts.segment_number or 0
        if kind == "BINARY":
            yield number, container != 0
        else:
            yield number, np.clip(np.rint(container * (255.0 / whole)), 0, 255).astype(np.uint8)
        return
    labels = np.unique(container)
    if len(labels) > MOST_LABELS:
        raise Refused("The label map holds more labels than is allowed", f"{MOST_LABELS}")
    for label in labels.tolist():
        if label not in background:
            yield int(label), container == label


def _background(elements: Elements, budget: Budget) -> frozenset[int]:
    """Labels that are no segment: the padding value, 0 where there is none, and what is described as background."""
    padding = elements.integer("PixelPaddingValue", "US")
    described = (
        item.integer("SegmentNumber") or 0
        for item in budget.items(elements, "SegmentSequence")
        if (code := code_in(item, "SegmentedPropertyTypeCodeSequence")) is not None and (code.value, code.scheme) == BACKGROUND
    )
    return frozenset((0 if padding is None else padding, *described))


def cropped(number: int, part: NDArray[Any], facts: FrameFacts, images: tuple[ImageReference, ...]) -> SegmentMask | None:
    """The part of a frame that is not empty."""
    rows, columns = np.flatnonzero(part.any(axis=1)), np.flatnonzero(part.any(axis=0))
    if not rows.size:
        return None
    top, left, bottom, right = int(rows[0]), int(columns[0]), int(rows[-1]) + 1, int(columns[-1]) + 1
    inside = np.ascontiguousarray(part[top:bottom, left:right])
    is_fraction = inside.dtype != np.bool_
    packed = inside.tobytes() if is_fraction else np.packbits(inside).tobytes()
    return SegmentMask(number, top, left, bottom - top, right - left, zlib.compress(packed, 6), is_fraction, facts.plane, images)
