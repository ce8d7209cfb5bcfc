"""The signed text, and the sections that come back out of it."""

from __future__ import annotations

import pytest
from calm import calm
from hypothesis import given
from hypothesis import strategies as st
from seat import signed_report

from workstation.domain.report import SECTION_TITLES, SectionCode
from workstation.reporting.layout import plain_text, sections_of
from workstation.reporting.text import clean, clean_line


def test_a_report_reads_as_labels_and_then_sections_in_their_order():
    text = plain_text(signed_report({SectionCode.IMPRESSION: "Normal.", SectionCode.FINDINGS: "Lungs clear.\n\nNo nodule."}))
    assert text == (
        "Radiology report\nProcedure: CT thorax\nAccession number: ACC-1\nStatus: final\nVersion: 2\nSigned by: Dr A\n"
        "Signed at: 2026-11-22T20:15:30.123+01:00\n\nFINDINGS\nLungs clear.\n\nNo nodule.\n\nIMPRESSION\nNormal.\n"
    )


lines = st.one_of(st.sampled_from(["FINDINGS", " IMPRESSION", "  FINDINGS", "IMPRESSION ", "", " "]), st.text(max_size=12))
bodies = st.lists(lines, max_size=6).map("\n".join).map(clean)


@calm
@given(st.dictionaries(st.sampled_from(SectionCode), bodies))
def test_every_section_comes_back_exactly_whatever_was_dictated(sections):
    report = signed_report(sections)
    filled = {s.code: s.text for s in report.sections if s.text.strip()}
    assert {s.code: s.text for s in sections_of(plain_text(report))} == filled


@calm
@given(st.text())
def test_text_from_elsewhere_never_breaks_the_reading(text):
    sections_of(text)


def test_every_section_has_a_heading_of_its_own():
    assert len({title.upper() for title in SECTION_TITLES.values()}) == len(SectionCode)


@pytest.mark.parametrize(
    ("given_text", "accepted"),
    [
        ("a\r\nb\rc", "a\nb\nc"),
        ("A\u030angstro\u0308m", "Ångström"),
        ("bell\x07, null\x00, tab\t", "bell, null, tab\t"),
        ("half \ud83d pair", "half  pair"),
        ("čáhppe ŋállá 漢 😀", "čáhppe ŋállá 漢 😀"),
    ],
)
def test_accepted_text_is_what_fhir_can_carry(given_text, accepted):
    assert clean(given_text) == accepted


@calm
@given(st.text())
def test_cleaning_twice_changes_nothing_more(text):
    assert clean(clean(text)) == clean(text)


def test_a_value_after_a_label_stays_on_its_line():
    assert clean_line(" a\nb \t c ") == "a b c"
