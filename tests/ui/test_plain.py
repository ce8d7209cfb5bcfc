"""Text from outside is shown as the characters it is (reliability F85)."""

from __future__ import annotations

import pytest

from ui import plain

pytestmark = pytest.mark.qt


def test_a_right_to_left_override_is_shown_and_not_obeyed():
    assert plain.plain("abc\u202edef") == "abc‹202E›def"
    assert plain.plain("zero\u200bwidth") == "zero‹200B›width"
    assert plain.plain("bell\x07") == "bell‹0007›"


def test_line_breaks_become_spaces():
    assert plain.plain("one\r\ntwo\tthree") == "one  two three"


def test_nordic_and_other_letters_stay():
    assert plain.plain("Åse Ødegård, 김희중, Ñandú") == "Åse Ødegård, 김희중, Ñandú"


def test_tool_tips_hold_markup_as_text():
    assert plain.tooltip("<b>bold</b>", "& more") == "<qt>&lt;b&gt;bold&lt;/b&gt;<br>&amp; more</qt>"


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("ANDERSEN^Åse^Marie^Dr^", "ANDERSEN, Dr Åse Marie"),
        ("DOE^JANE", "DOE, JANE"),
        ("DOE", "DOE"),
        ("^JANE", "JANE"),
        ("Yamada^Tarou=山田^太郎", "Yamada, Tarou"),
        ("", ""),
        ("A^B^C^D^E^F^G", "A, D B C, E"),
    ],
)
def test_person_names_are_read_by_their_parts(name, shown):
    assert plain.person_name(name) == shown


@pytest.mark.parametrize(
    ("earlier", "later", "words"),
    [
        ("20261120", "20261120", "same day"),
        ("20261119", "20261120", "1 day before"),
        ("20261110", "20261120", "10 days before"),
        ("20261020", "20261120", "4 weeks before"),
        ("20260218", "20261120", "9 months before"),
        ("20231120", "20261120", "3 years before"),
        ("20261122", "20261120", "2 days after"),
        ("", "20261120", ""),
        ("2026112", "20261120", ""),
        ("20260231", "20261120", ""),
    ],
)
def test_intervals_are_words_a_reader_uses(earlier, later, words):
    assert plain.interval(earlier, later) == words


@pytest.mark.parametrize(
    ("date", "words"),
    [
        ("20260218", ("Prior", "9 months before", "9 months")),
        ("20261120", ("Other study", "same day", "same day")),
        ("20261122", ("Later study", "2 days after", "2 days")),
        ("", ("Other study", "", "")),
    ],
)
def test_only_an_earlier_study_is_called_a_prior(date, words):
    assert plain.relation(date, "20261120") == words


def test_ages_count_birthdays_and_infants_in_months():
    assert plain.age("19500102", "20260101") == "75 y"
    assert plain.age("19500102", "20260102") == "76 y"
    assert plain.age("20260101", "20261120") == "10 mo"
    assert plain.age("20270101", "20261120") == ""


def test_dates_that_are_none_are_shown_as_they_came():
    assert plain.dicom_date("20261120") == "2026-11-20"
    assert plain.dicom_date("2026.11.20") == "2026-11-20"
    assert plain.dicom_date("sometime") == "sometime"
    assert plain.dicom_time("101500.123") == "10:15"


def test_a_number_below_zero_has_a_minus_and_a_date_keeps_its_hyphens():
    assert plain.number("-42.0 HU") == "\u221242.0 HU"
    assert plain.number("CT -42 HU   PT 1.2 SUVbw") == "CT \u221242 HU   PT 1.2 SUVbw"
    assert plain.number("2026-11-23, T1-2, A -B") == "2026-11-23, T1-2, A -B"
