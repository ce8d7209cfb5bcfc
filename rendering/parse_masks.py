"""What an X-ray run says of its subtraction: masks, shifts, intensity (PS3.3 C.7.6.10, C.7.6.16.2.13-14, C.8.7.1, C.8.19.7)."""

from __future__ import annotations

from collections.abc import Iterator

from rendering.parse_elements import Elements
from rendering.parse_tables import lookup_table
from rendering.parse_values import X_RAY_RUNS
from workstation.domain.presenting import LookupTable
from workstation.domain.subtraction import Mask, MaskFacts, MaskOperation, Shift

MODALITIES = ("XA", "RF")
TO_LOG = "TO_LOG"
SHIFT_DIGITS = 5
# More than any run has; an item beyond them is not from a scanner.
MOST_ITEMS = 1000


def read_masks(elements: Elements, sop_class: str, modality: str, frames: int, samples: int, signed: bool) -> MaskFacts | None:
    """None of what is no run of X-ray images."""
    is_run = sop_class.startswith(X_RAY_RUNS) or modality in MODALITIES or "MaskSubtractionSequence" in elements
    if not is_run or frames < 2 or samples != 1 or "RedPaletteColorLookupTableDescriptor" in elements:
        return None
    refused = ""
    groups = tuple(elements.items("PerFrameFunctionalGroupsSequence"))
    said = _relationships((elements, *_shared(elements), *groups))
    relationship = next(iter(said), "")
    tables = {table for item in (elements, *_shared(elements), *groups) if (table := to_log_table(item, signed)) is not None}
    if len(tables) > 1 or len(said) > 1:
        refused = "the intensities of its images are not on one scale"
    if signed and relationship == "LIN" and not tables:
        refused = "its intensities are signed"
    shifts = _shifts(groups)
    masks = tuple(mask for item in _items(elements) if (mask := read_mask(item, shifts)) is not None)
    if len(masks) != sum(1 for _ in _items(elements)):
        refused = refused or "what it says of its masks is malformed"
    table = next(iter(tables), None)
    mode = elements.text("RecommendedViewingMode")
    return MaskFacts(mode, relationship, masks, table, tuple(read_displays(elements)), refused)


def _items(elements: Elements) -> Iterator[Elements]:
    for number, item in enumerate(elements.items("MaskSubtractionSequence")):
        if number < MOST_ITEMS:
            yield item


def read_mask(item: Elements, shifts: dict[int, list[tuple[int, Shift]]] | None = None) -> Mask | None:
    """One item of the Mask Subtraction Sequence; `shifts` by SubtractionItemID. None for what nobody could follow."""
    kind = item.text("MaskOperation")
    if kind not in set(MaskOperation):
        return None
    frames = tuple(int(n) for n in item.numbers("MaskFrameNumbers"))
    if kind == MaskOperation.AVERAGE and not frames:
        return None
    ends = [int(n) for n in item.numbers("ApplicableFrameRange")]
    if len(ends) % 2 or (kind == MaskOperation.REVERSED and not ends):
        return None
    own = shifts.get(item.integer("SubtractionItemID") or 0, []) if shifts else []
    offset = item.integer("TIDOffset", "SS")
    return Mask(
        MaskOperation(kind),
        frames or (1,),
        max(1, item.integer("ContrastFrameAveraging") or 1),
        read_shift(item),
        1 if offset is None else offset,
        tuple((min(pair), max(pair)) for pair in zip(ends[0::2], ends[1::2], strict=True)),
        frame_shifts=tuple(own),
    )


def read_shift(item: Elements) -> Shift:
    """Mask Sub-pixel Shift as (down, right) in pixels: the file counts (down, left), C.7.6.10.1.2."""
    values = item.floats("MaskSubPixelShift")
    # 32 bits: 0.1 comes as 0.10000000149.
    return (round(values[0], SHIFT_DIGITS), 0.0 - round(values[1], SHIFT_DIGITS)) if len(values) == 2 else (0.0, 0.0)


def written_shift(shift: Shift) -> list[float]:
    """The inverse of `read_shift`."""
    return [shift[0], 0.0 - shift[1]]


def to_log_table(item: Elements, signed: bool) -> LookupTable | None:
    """The Pixel Intensity Relationship LUT into a logarithmic space, where there is one."""
    for one in item.items("PixelIntensityRelationshipLUTSequence"):
        if one.text("LUTFunction") == TO_LOG:
            return lookup_table(one, signed, one.text("LUTExplanation"))
    return None


def _shared(elements: Elements) -> tuple[Elements, ...]:
    found = elements.item("SharedFunctionalGroupsSequence")
    return () if found is None else (found,)


def _relationships(groups: tuple[Elements, ...]) -> set[str]:
    """PixelIntensityRelationship: of the image, or of its frames (C.8.19.6.4)."""
    properties = (item for group in groups for item in group.items("FramePixelDataPropertiesSequence"))
    return {found for item in (*groups[:1], *properties) if (found := item.text("PixelIntensityRelationship"))}


def _shifts(groups: tuple[Elements, ...]) -> dict[int, list[tuple[int, Shift]]]:
    """Frame Pixel Shift macro (C.7.6.16.2.14): the shifts of each frame by SubtractionItemID."""
    found: dict[int, list[tuple[int, Shift]]] = {}
    for number, group in enumerate(groups, 1):
        for item in group.items("FramePixelShiftSequence"):
            found.setdefault(item.integer("SubtractionItemID") or 0, []).append((number, read_shift(item)))
    return found


def read_displays(elements: Elements) -> Iterator[tuple[int, int, str, float]]:
    """(first frame, last frame, viewing mode, share of the mask that stays visible in percent) of each range."""
    for item in elements.items("FrameDisplaySequence"):
        first, last = item.integer("StartTrim"), item.integer("StopTrim")
        if first is not None and last is not None:
            yield first, last, item.text("RecommendedViewingMode"), item.real("MaskVisibilityPercentage") or 0.0
