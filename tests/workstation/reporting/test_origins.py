"""Which characters came by voice, through any editing: against a list of marked characters, and by known texts."""

from __future__ import annotations

import random

import pytest

from workstation.domain.dictation import DictatedSegment
from workstation.reporting.journal import Change, Spot, apply, change_between, dictated_change
from workstation.reporting.origins import AROUND, Traced

NODULE = DictatedSegment("s1", "No nodule, 4 mm cyst.")
LEFT = DictatedSegment("s2", "Left kidney normal.")


def said(traced: Traced, segment: DictatedSegment, spot: Spot | None = None) -> str:
    change = dictated_change(traced.text, segment, spot)
    traced.dictate(change, segment.segment_id, segment.text)
    return traced.text


def at(segment: DictatedSegment, words: str) -> tuple[str, int, int]:
    start = segment.text.index(words)
    return segment.segment_id, start, start + len(words)


def where(traced: Traced, segment: DictatedSegment, words: str) -> str | None:
    found = traced.place_of(*at(segment, words))
    return None if found is None else f"{found[0]}:{traced.text[found[0] : found[1]]}"


def test_two_segments_behind_each_other_are_told_apart():
    traced = Traced()
    said(traced, NODULE)
    assert said(traced, LEFT) == "No nodule, 4 mm cyst. Left kidney normal."
    assert where(traced, NODULE, "4 mm") == "11:4 mm"
    assert where(traced, LEFT, "Left") == "22:Left"


def test_editing_elsewhere_moves_a_place_and_loses_none():
    traced = Traced("Typed.")
    said(traced, NODULE)
    traced.become("Well typed before. No nodule, 4 mm cyst. And after.")
    assert where(traced, NODULE, "No") == "19:No"
    assert where(traced, NODULE, "4 mm") == "30:4 mm"
    traced.become("Well typed before. No large nodule, 4 mm cyst. And after.")
    assert where(traced, NODULE, "4 mm") == "36:4 mm"
    traced.become("Typed. No large nodule, 4 mm cyst. Then.")
    assert where(traced, NODULE, "4 mm") == "24:4 mm"


@pytest.mark.parametrize(
    "text",
    [
        "No nodule, 14 mm cyst.",
        "No nodule, 40 mm cyst.",
        "No nodule, 5 mm cyst.",
        "No nodule, 4 cm cyst.",
        "No nodule, 4  mm cyst.",
        "No nodule, cyst.",
    ],
)
def test_words_that_were_typed_over_are_no_longer_spoken(text):
    traced = Traced()
    said(traced, NODULE)
    traced.become(text)
    assert where(traced, NODULE, "4 mm") is None
    assert where(traced, NODULE, "No") == "0:No"


def test_undo_and_redo_bring_the_places_back():
    traced = Traced("Before.")
    after = said(traced, NODULE)
    traced.become("Before.")
    assert traced.runs() == ()
    traced.become(after)
    assert where(traced, NODULE, "No") == "8:No"


def test_a_word_that_is_typed_again_letter_by_letter_is_typed():
    traced = Traced()
    said(traced, NODULE)
    for text in ("N nodule, 4 mm cyst.", " nodule, 4 mm cyst.", "N nodule, 4 mm cyst.", "No nodule, 4 mm cyst."):
        traced.become(text)
    assert where(traced, NODULE, "No") is None
    assert where(traced, NODULE, "4 mm") == "11:4 mm"


def test_a_sentence_that_is_moved_stays_spoken():
    traced = Traced("A. ")
    said(traced, NODULE)
    traced.become("A. ")
    traced.become("No nodule, 4 mm cyst.A. ")
    assert where(traced, NODULE, "4 mm") == "11:4 mm"


def test_taking_back_a_segment_takes_the_space_before_it_too():
    traced = Traced("Typed.")
    said(traced, NODULE)
    traced.become("Typed. No large nodule, 4 mm cyst.")
    places = traced.of_segment("s1")
    left = "".join(c for i, c in enumerate(traced.text) if not any(a <= i < b for a, b in places))
    assert left == "Typed.large "


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("The lung. End.", "The left lung. End."),
        ("Typed. The lung. End.", "Typed. The left lung. End."),
        ("The lung. End. Typed.", "The left lung. End. Typed."),
        ("The clear lung. End.", "The clear left lung. End."),
        ("Something else.", "Something else. left"),
        ("", "left"),
    ],
)
def test_a_spot_moves_with_what_was_typed_meanwhile_and_never_writes_over_it(now, expected):
    spot = Spot("The lung. End.", 4, 4, "left")
    assert apply(now, dictated_change(now, DictatedSegment("s", "left"), spot)) == expected


def test_a_spot_over_a_selection_takes_only_what_was_selected():
    spot = Spot("The [side] lung.", 4, 10, "left")
    segment = DictatedSegment("s", "Left")
    assert apply(spot.text, dictated_change(spot.text, segment, spot)) == "The left lung."
    typed = "The [my side] lung."
    assert apply(typed, dictated_change(typed, segment, spot)) == "The [my side] lung. Left"


@pytest.mark.parametrize("seed", range(40))
def test_any_editing_leaves_exactly_the_untouched_letters_spoken(seed):
    """Against the simplest model there is: every character carries its mark. Typed letters are never spoken ones."""
    rng = random.Random(seed)
    traced, marked = Traced(), []
    number = 0
    for _ in range(60):
        text = "".join(letter for letter, _ in marked)
        assert traced.text == text
        if rng.random() < 0.3:
            number += 1
            segment = DictatedSegment(f"s{number}", "".join(rng.choices("ABCDE 0123.", k=rng.randint(1, 12))).strip() or "A")
            start = rng.randint(0, len(text))
            end = min(len(text), start + rng.choice((0, 0, 2)))
            change = dictated_change(text, segment, Spot(text, start, end, segment.text))
            lead = 1 if change.inserted[:1] == " " else 0
            origin = [
                (f"s{number}", i - lead if 0 <= i - lead < len(segment.text) else AROUND) for i in range(len(change.inserted))
            ]
            traced.dictate(change, segment.segment_id, segment.text)
            marked[change.start : change.start + change.removed] = zip(change.inserted, origin, strict=True)
            continue
        start = rng.randint(0, len(text))
        removed = rng.choice((0, 0, 1, 3)) if start < len(text) else 0
        typed = "".join(rng.choices("uvwxyz", k=rng.randint(0, 3)))  # letters that no segment has
        change = change_between(text, apply(text, Change(start, min(removed, len(text) - start), typed)))
        if change is None:
            continue
        origin = traced._cut.get(change.inserted, (None,) * len(change.inserted))
        traced.change(change)
        marked[change.start : change.start + change.removed] = zip(change.inserted, origin, strict=True)
    for run in traced.runs():
        segment_letters = [origin for _, origin in marked[run.start : run.end]]
        assert segment_letters == [(run.segment_id, run.first + i) for i in range(run.end - run.start)]
    spoken = sum(run.end - run.start for run in traced.runs())
    assert spoken == sum(1 for _, origin in marked if origin is not None and origin[1] != AROUND)
