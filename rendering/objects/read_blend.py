"""Presentation states that lay one series over another (PS3.3 C.11.14, C.11.33, C.11.34). Worker process only.

Followed is what a fusion can do: two series, one over the other, by windows, palettes and one opacity. Of an advanced state
the second series may lie over the first, or the first over the second: what is seen is the same (PS3.4 N.2.6).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from rendering.header import ModalityTransform, Palette
from rendering.objects.presentation_facts import Blend, Presentation, PresentedWindow
from rendering.objects.read_looks import read_modality, read_window
from rendering.objects.reading import Budget, referenced_images, series_references
from rendering.objects.references import ImageReference
from rendering.parse_elements import Elements
from rendering.parse_tables import palette

BLENDING, ADVANCED = ".11.4", ".11.8"
MALFORMED = "What it says of the two series is malformed"
SERIES = "It blends more than two series"
STEPS = "It blends in several steps"
THRESHOLDS = "It leaves values beyond a threshold out"
TIMES = "It blends a series of several times"
EQUAL, FOREGROUND = "EQUAL", "FOREGROUND"


@dataclass(frozen=True, slots=True)
class _Input:
    """One of the series that are blended, and how it is seen."""

    study_uid: str
    series_uid: str
    images: tuple[ImageReference, ...]
    modality: ModalityTransform | None
    windows: tuple[PresentedWindow, ...]
    palette: Palette | None = None
    is_grid: bool = False


class _Unfollowed(Exception):
    """Its words are the reason."""


def is_blend(sop_class_uid: str) -> bool:
    return sop_class_uid.endswith((BLENDING, ADVANCED))


def blended_images(elements: Elements, budget: Budget) -> Iterator[ImageReference]:
    """All that a state of these kinds names, whether it can be followed or not."""
    for name in ("BlendingSequence", "AdvancedBlendingSequence"):
        for item in budget.items(elements, name):
            study, series = item.uid("StudyInstanceUID"), item.uid("SeriesInstanceUID")
            named = (*series_references(item, budget, study), *referenced_images(item, budget))
            yield from named or ((_whole(study, series),) if series else ())


def _whole(study_uid: str, series_uid: str) -> ImageReference:
    """A series without its images: all of it (`rendering.objects.matching.of_whole_series`)."""
    return ImageReference("", "", series_uid, study_uid)


def with_blend(presentation: Presentation, elements: Elements, budget: Budget, sop_class_uid: str) -> Presentation:
    """The presentation of a state of these two kinds, or with the reason why it cannot be followed."""
    read = _advanced if sop_class_uid.endswith(ADVANCED) else _plain
    try:
        under, over, opacity = read(elements, budget)
    except _Unfollowed as reason:
        return replace(presentation, refused=str(reason))
    if not 0.0 <= opacity <= 1.0 or (not under.images and not under.series_uid):
        return replace(presentation, refused=MALFORMED)
    blend = Blend(over.study_uid, over.series_uid, opacity, under.images, over.images, over.palette, over.modality, over.windows)
    if not under.images:
        blend = replace(blend, under=(_whole(under.study_uid, under.series_uid),))
    return replace(presentation, blend=blend, palette=under.palette, modality=under.modality, windows=under.windows)


def _plain(elements: Elements, budget: Budget) -> tuple[_Input, _Input, float]:
    """C.11.14: an underlying and a superimposed series; the palette is of the latter."""
    found = {item.text("BlendingPosition"): item for item in budget.items(elements, "BlendingSequence")}
    opacity = elements.real("RelativeOpacity")
    if set(found) != {"UNDERLYING", "SUPERIMPOSED"} or opacity is None:
        raise _Unfollowed(MALFORMED)
    over = replace(_input(found["SUPERIMPOSED"], budget), palette=palette(elements, False, False))
    return replace(_input(found["UNDERLYING"], budget), palette=None), over, opacity


def _advanced(elements: Elements, budget: Budget) -> tuple[_Input, _Input, float]:
    """C.11.33, C.11.34: inputs by number, and one operation on two of them."""
    inputs = {}
    for item in budget.items(elements, "AdvancedBlendingSequence"):
        if tuple(item.items("ThresholdSequence")):
            raise _Unfollowed(THRESHOLDS)
        if item.text("TimeSeriesBlending") in ("TRUE", "Y", "YES"):
            raise _Unfollowed(TIMES)
        inputs[item.integer("BlendingInputNumber")] = _input(item, budget)
    steps = list(budget.items(elements, "BlendingDisplaySequence"))
    if len(steps) > 1:
        raise _Unfollowed(STEPS)
    named = [one.integer("BlendingInputNumber") for step in steps for one in step.items("BlendingDisplayInputSequence")]
    if len(named) > 2 or len(inputs) > 2:
        raise _Unfollowed(SERIES)
    mode, opacity = (steps[0].text("BlendingMode"), steps[0].real("RelativeOpacity")) if steps else ("", None)
    if len(named) != 2 or not set(named) <= set(inputs) or mode not in (EQUAL, FOREGROUND):
        raise _Unfollowed(MALFORMED)
    if mode == FOREGROUND and opacity is None:
        raise _Unfollowed(MALFORMED)
    share = 0.5 if mode == EQUAL or opacity is None else opacity
    first, second = inputs[named[0]], inputs[named[1]]
    # What lies under is what gives the grid of the picture.
    return (first, second, 1.0 - share) if first.is_grid and not second.is_grid else (second, first, share)


def _input(item: Elements, budget: Budget) -> _Input:
    study = item.uid("StudyInstanceUID")
    images = tuple(series_references(item, budget, study)) or referenced_images(item, budget)
    series = _one([one.series_uid for one in images], item.uid("SeriesInstanceUID"))
    coloured = next(iter(item.items("PaletteColorLookupTableSequence")), item)
    return _Input(
        study,
        series,
        images,
        read_modality(item),
        tuple(read_window(one, budget) for one in budget.items(item, "SoftcopyVOILUTSequence")),
        palette(coloured, False, False),
        item.text("GeometryForDisplay") in ("TRUE", "Y", "YES"),
    )


def _one(named: Sequence[str], said: str) -> str:
    found = {uid for uid in named if uid} | ({said} if said else set())
    if len(found) > 1:
        raise _Unfollowed(SERIES)
    if not found:
        raise _Unfollowed(MALFORMED)
    return found.pop()
