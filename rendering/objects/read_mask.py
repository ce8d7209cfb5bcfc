"""The masks of a presentation state: grey ones (PS3.3 C.11.13) and those of X-ray runs (C.11.19, C.11.21). Worker process only.

The subtraction is in a space logarithmic to the X-ray intensity (PS3.4 N.2.1.2, N.2.5): of a grey state its Modality LUT
leads there, of a state of X-ray runs its Pixel Intensity Relationship LUT.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from rendering.header import LookupTable
from rendering.objects.presentation_facts import PresentedFilter, PresentedMask
from rendering.objects.reading import Budget, referenced_images
from rendering.objects.references import ImageReference
from rendering.parse_elements import Elements
from rendering.parse_masks import read_displays, read_mask, read_shift, to_log_table
from rendering.parse_tables import lookup_table
from workstation.domain.subtraction import Mask, MaskOperation, Shift

REGIONS = "It shifts parts of the mask on their own"
TABLES = "It takes the intensities of its images through different tables"
MALFORMED = "What it says of its mask is malformed"
Display = tuple[int, int, str, float]
# Frames that shifts are told for, one by one; a run has a few hundred.
MOST_FRAMES = 100_000


def read_presented_masks(elements: Elements, budget: Budget) -> tuple[tuple[PresentedMask, ...], str]:
    """(the masks; why they cannot be followed rightly, else empty)."""
    items = tuple(budget.items(elements, "MaskSubtractionSequence"))
    try:
        table = _table(elements, items)
        found = [PresentedMask(_mask(item, table), referenced_images(item, budget)) for item in items]
    except _Unfollowed as reason:
        return (), str(reason)
    shown: list[PresentedMask] = []
    displays = list(_displays(elements, budget))
    if not displays:
        return tuple(found), ""
    for images, ranges in displays:
        for first, last, mode, landmark in ranges:
            if mode != "SUB":
                shown.append(PresentedMask(Mask(MaskOperation.NONE, ranges=((first, last),)), images))
                continue
            for one in found:
                cut = _cut(one.mask, first, last)
                if cut is not None:
                    shown.append(PresentedMask(replace(cut, landmark=landmark), one.images or images))
    return tuple(shown), ""


class _Unfollowed(Exception):
    """Its words are the reason."""


def _mask(item: Elements, table: LookupTable | None) -> Mask:
    mask = read_mask(item)
    if mask is None:
        raise _Unfollowed(MALFORMED)
    shifts = tuple(_shifts(item))
    return replace(mask, to_log=table, frame_shifts=shifts)


def _shifts(item: Elements) -> Iterator[tuple[int, Shift]]:
    for one in item.items("PixelShiftSequence"):
        regions = tuple(one.items("RegionPixelShiftSequence"))
        if len(regions) != 1 or "VerticesOfTheRegion" in regions[0]:
            raise _Unfollowed(REGIONS)
        ends = [int(n) for n in one.numbers("PixelShiftFrameRange")]
        if not ends or len(ends) % 2 or sum(abs(b - a) for a, b in zip(ends[0::2], ends[1::2], strict=True)) > MOST_FRAMES:
            raise _Unfollowed(MALFORMED)
        for first, last in zip(ends[0::2], ends[1::2], strict=True):
            for frame in range(first, last + 1):
                yield frame, read_shift(regions[0])


def _table(elements: Elements, items: tuple[Elements, ...]) -> LookupTable | None:
    """What takes stored values to logarithmic ones."""
    grey = elements.item("ModalityLUTSequence")
    found = {lookup_table(grey, False)} if grey is not None else set()
    for one in (elements, *items):
        sequence = tuple(one.items("PixelIntensityRelationshipLUTSequence"))
        if len(sequence) > 1:
            raise _Unfollowed(TABLES)
        found |= {to_log_table(one, False)} if sequence else set()
    if len(found) > 1 or None in found:
        raise _Unfollowed(TABLES if len(found) > 1 else MALFORMED)
    return next(iter(found), None)


def _displays(elements: Elements, budget: Budget) -> Iterator[tuple[tuple[ImageReference, ...], tuple[Display, ...]]]:
    for item in budget.items(elements, "MultiFramePresentationSequence"):
        ranges = tuple(read_displays(item))
        if ranges:
            yield referenced_images(item, budget), ranges


def read_filters(elements: Elements, budget: Budget) -> Iterator[PresentedFilter]:
    """The edge enhancement of the Multi-frame Presentation Sequence."""
    for item in budget.items(elements, "MultiFramePresentationSequence"):
        images = referenced_images(item, budget)
        for one in budget.items(item, "FrameDisplaySequence"):
            first, last, percent = one.integer("StartTrim"), one.integer("StopTrim"), one.real("DisplayFilterPercentage")
            if first is not None and last is not None and percent:
                yield PresentedFilter(first, last, min(100.0, max(0.0, percent)), images)


def _cut(mask: Mask, first: int, last: int) -> Mask | None:
    """The part of the mask's ranges that lies in one range of frames."""
    own = mask.ranges or ((first, last),)
    cut = tuple((max(a, first), min(b, last)) for a, b in own if max(a, first) <= min(b, last))
    return replace(mask, ranges=cut) if cut else None
