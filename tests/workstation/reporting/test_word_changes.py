"""What was added to a text and what was taken away."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workstation.domain.report import ReportSection, SectionCode
from workstation.reporting.word_changes import ChangeKind, Piece, section_changes, text_after, text_before, word_changes

SAME, ADDED, REMOVED = ChangeKind.SAME, ChangeKind.ADDED, ChangeKind.REMOVED
TEXTS = st.text(st.sampled_from(list("ab12 .,-\nåä\u0301ß")), max_size=60)


def pieces(*parts: tuple[ChangeKind, str]) -> tuple[Piece, ...]:
    return tuple(Piece(kind, text) for kind, text in parts)


def test_an_added_word_stands_alone() -> None:
    assert word_changes("No fracture.", "No acute fracture.") == pieces((SAME, "No"), (ADDED, " acute"), (SAME, " fracture."))


def test_a_dropped_negation_stands_alone() -> None:
    assert word_changes("no pneumothorax", "pneumothorax") == pieces((REMOVED, "no "), (SAME, "pneumothorax"))


@pytest.mark.parametrize(
    ("before", "after"), [("12 mm", "17 mm"), ("1.5 cm", "1.6 cm"), ("L4-L5 disc", "L5-S1 disc"), ("1,5 mg", "1,55 mg")]
)
def test_a_number_or_level_is_exchanged_whole(before: str, after: str) -> None:
    old, rest = before.split(" ", 1)
    new = after.split(" ", 1)[0]
    assert word_changes(before, after) == pieces((REMOVED, old), (ADDED, new), (SAME, f" {rest}"))


def test_a_sentence_that_was_written_anew_reads_as_two_sentences() -> None:
    assert word_changes("Normal heart size.", "Enlarged cardiac silhouette.") == pieces(
        (REMOVED, "Normal heart size"), (ADDED, "Enlarged cardiac silhouette"), (SAME, ".")
    )


def test_sections_keep_the_order_of_a_report_and_empty_ones_are_left_out() -> None:
    before = (ReportSection(SectionCode.IMPRESSION, "Normal"), ReportSection(SectionCode.FINDINGS, "Clear lungs"))
    after = (ReportSection(SectionCode.IMPRESSION, "Normal"), ReportSection(SectionCode.FINDINGS, "Clear left lung"))
    changes = section_changes(before, after)
    assert [(c.code, c.is_changed) for c in changes] == [(SectionCode.FINDINGS, True), (SectionCode.IMPRESSION, False)]


@given(TEXTS, TEXTS)
def test_the_pieces_make_both_texts_again(before: str, after: str) -> None:
    found = word_changes(before, after)
    assert (text_before(found), text_after(found)) == (before, after)
    assert all(piece.text for piece in found)
    assert all(a.kind is not b.kind for a, b in pairwise(found))
