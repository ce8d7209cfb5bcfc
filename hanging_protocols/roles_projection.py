"""Roles of projection images: view, side, tomosynthesis, synthetic 2D, meant for reading or not.

ViewCodeSequence before ViewPosition before words: descriptions differ between languages and
makers, codes do not.
"""

from __future__ import annotations

from collections.abc import Iterator

from hanging_protocols.anatomy import SERIES_TEXTS, side_of
from hanging_protocols.facts import Fact, ImageSet
from hanging_protocols.role_words import role_in_text, roles_in_text
from hanging_protocols.words import vocabulary

# PS3.6: Breast Tomosynthesis Image Storage.
TOMOSYNTHESIS = "1.2.840.10008.5.1.4.1.1.13.1.3"

_SIDES = {"R": "right", "L": "left", "B": "both_sides"}

# CID 4015 view modifiers that make a view an extra one, not the screening view.
_EXTRA_VIEWS = {
    "399163009|SCT": "magnification", "R-102D6|SRT": "magnification",
    "399055006|SCT": "spot_compression", "R-102D7|SRT": "spot_compression",
    "399209000|SCT": "implant_displaced", "R-102D5|SRT": "implant_displaced",
}  # fmt: skip


# A long bone or a whole spine, made of several exposures.
_JOINED = frozenset({"STITCHED", "STITCH", "COMPOSED", "COMPOSITE"})


def of_mammogram(image_set: ImageSet) -> Iterator[Fact]:
    yield from _views(image_set)
    yield from _side(image_set)
    yield from _intent(image_set)
    yield from _kind(image_set)
    modifiers = image_set.elements("ViewModifierCodeSequence")
    for coded in modifiers:
        extra = _EXTRA_VIEWS.get("|".join(coded.split("|")[:2]))
        if extra:
            yield Fact(extra, "ViewModifierCodeSequence says so")
    if not modifiers:
        yield from roles_in_text(image_set, *dict.fromkeys(_EXTRA_VIEWS.values()))


def of_radiograph(image_set: ImageSet) -> Iterator[Fact]:
    views = [*_views(image_set)]
    yield from views
    yield from (Fact("frontal", view.because) for view in views if view.value in ("pa", "ap"))
    yield from _side(image_set)
    yield from _intent(image_set)
    if _JOINED.intersection(image_set.elements("ImageType")):
        yield Fact("stitched", "ImageType says so")
    else:
        yield from roles_in_text(image_set, "stitched")


def _views(image_set: ImageSet) -> Iterator[Fact]:
    views = vocabulary("view")
    for coded in image_set.elements("ViewCodeSequence"):
        known = views.by_code(coded)
        yield from (Fact(view, f"ViewCodeSequence has code {coded.split('|')[0]}") for view in known)
        if known:
            return
    position = image_set.first("ViewPosition")
    known = views.by_defined_term(position)
    yield from (Fact(view, f"ViewPosition is {position}") for view in known)
    if known:
        return
    for keyword in SERIES_TEXTS:
        found = views.in_text(image_set.first(keyword))
        yield from (Fact(view, f'the word "{word}" in {keyword}') for view, word in found)
        if found:
            return


def _side(image_set: ImageSet) -> Iterator[Fact]:
    side = side_of(image_set)
    if side:
        yield Fact(_SIDES[side.value], side.because)


def _intent(image_set: ImageSet) -> Iterator[Fact]:
    intent = image_set.first("PresentationIntentType")
    if intent == "FOR PROCESSING":
        yield Fact("for_processing", "PresentationIntentType is FOR PROCESSING")


def _kind(image_set: ImageSet) -> Iterator[Fact]:
    """Tomosynthesis, a 2D image computed from it (ImageType value 3, PS3.3 C.8.31), or plain 2D."""
    if image_set.first("SOPClassUID") == TOMOSYNTHESIS:
        yield Fact("tomosynthesis", "SOPClassUID is Breast Tomosynthesis")
        return
    generated = [kind for kind in image_set.elements("ImageType") if kind.startswith("GENERATED_2D")]
    if generated:
        yield Fact("synthetic_2d", f"ImageType says {generated[0]}")
        return
    named = role_in_text(image_set, "synthetic_2d", "tomosynthesis")
    if named:
        yield named
    else:
        yield Fact("mammogram_2d", "nothing says that it is tomosynthesis")
