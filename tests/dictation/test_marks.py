"""The marks of one hearing for the words of the other, and words that nobody said."""

from __future__ import annotations

from typing import Any

import pytest

from dictation.engines.alignment import known_tables
from dictation.engines.doubt import without_invented
from dictation.engines.marks import punctuated

ENGLISH = known_tables("en")


def _words(text: str, confidence: float = 0.9) -> list[list[Any]]:
    return [[word, confidence, 0.0, 0.1] for word in text.split()]


def _text(words: list[list[Any]]) -> str:
    return " ".join(word[0] for word in words)


@pytest.mark.parametrize(
    ("biased", "plain", "marked"),
    [
        ("the lungs are clear", "The lungs are clear.", "the lungs are clear."),
        ("no pleural effusion", "No plural fusion.", "no pleural effusion."),
        ("clear lungs no mass", "Clear lungs. No mass.", "clear lungs. no mass."),
        ("pleural effusion no mass", "Plural fusion. No mass.", "pleural effusion. no mass."),
        ("5.2 cm previously 4.8 cm", "5.2cm, previously 4.8 centimeters.", "5.2 cm, previously 4.8 cm."),
        # The list that it was shown left its commas.
        ("T2, FLAIR hyperintense, foci", "T2 flair hyper intense foci.", "T2 FLAIR hyperintense foci."),
        ("a cyst. There is another", "A cyst there is another.", "a cyst there is another."),
        # A comma needs the same word in front of it, a stop does not.
        ("a pleural effusion on the left", "a plural, fusion on the left", "a pleural effusion on the left"),
        # Nothing comes between two numbers: they may be one.
        ("L4 L5 and T2 3 mm", "L4, L5 and T2. 3 mm", "L4 L5 and T2 3 mm"),
        # Somebody was thinking.
        ("there is a nodule", "There is a nodule...", "there is a nodule"),
        ("no effusion", "", "no effusion"),
    ],
)
def test_marks_come_from_the_plain_hearing(biased: str, plain: str, marked: str) -> None:
    assert _text(punctuated(_words(biased), plain, ENGLISH)) == marked


def test_without_tables_of_a_language_marks_are_taken_all_the_same() -> None:
    assert _text(punctuated(_words("ingen vätska ingen luft"), "Ingen vätska. Ingen luft.", None)) == "ingen vätska. ingen luft."


def test_words_that_only_the_expected_terms_brought_in_are_left_out() -> None:
    words = [*_words("on the prior examination"), *_words("reaction. reaction,", 0.0001)]
    assert _text(without_invented(words, "on the prior examination.", ENGLISH)) == "on the prior examination"


def test_a_rare_term_in_the_place_of_a_misheard_one_stays_however_unsure() -> None:
    words = [*_words("14 mm"), *_words("TI-RADS", 0.0005), *_words("4")]
    assert _text(without_invented(words, "14 mm tie rads 4", ENGLISH)) == "14 mm TI-RADS 4"


def test_a_word_that_only_one_hearing_has_stays_when_it_is_sure_of_it() -> None:
    assert _text(without_invented(_words("no small effusion", 0.4), "no effusion", ENGLISH)) == "no small effusion"
