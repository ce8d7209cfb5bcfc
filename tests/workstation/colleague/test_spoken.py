"""What was dictated and nobody looked at is said before a report is signed, in every language."""

from __future__ import annotations

import pytest

from workstation.colleague.facts import CaseFacts, Severity
from workstation.domain.report import Report, ReportSection, ReportStatus
from workstation.domain.report import SectionCode as S
from workstation.session.second_look import Remarked, SecondLook

FINDINGS = "Ingen tumor i høyre nyre, 4 mm sten."


def report_of(findings: str, impression: str = "") -> Report:
    sections = (ReportSection(S.FINDINGS, findings), ReportSection(S.IMPRESSION, impression))
    return Report("u1", "A1", "1.2", "P1", "", "o1", "Patient/1", "CT", ReportStatus.DRAFT, 0, sections)


def look(findings: str, *words: str, look: SecondLook | None = None, impression: str = ""):
    unseen = tuple((S.FINDINGS, findings.index(w), findings.index(w) + len(w)) for w in words)
    facts = CaseFacts(language="nb", unseen_words=unseen)
    return [r for r in (look or SecondLook()).look(report_of(findings, impression), facts) if r.rule == "spoken"]


def test_one_remark_a_section_at_the_first_word_that_was_not_looked_at():
    """Norwegian has no word lists for the other rules: this one counts all the same."""
    (remark,) = look(FINDINGS, "4 mm", "høyre", "Ingen")
    assert FINDINGS[remark.start : remark.end] == "Ingen"
    assert remark.words == '"Ingen" was dictated and not looked at, and 2 more'


def test_all_looked_at_says_nothing():
    assert look(FINDINGS) == []


@pytest.mark.parametrize(("wish", "severity"), [("block", Severity.BLOCK), ("off", None)])
def test_the_sites_policy_decides(tmp_path, wish, severity):
    (tmp_path / "policy.toml").write_text(f'[severity]\nspoken = "{wish}"\n')
    found = look(FINDINGS, "høyre", look=SecondLook(tmp_path))
    assert [r.severity for r in found] == ([severity] if severity else [])


def test_signing_is_warned_once_and_the_second_signature_passes():
    second = SecondLook()
    report = report_of(FINDINGS, FINDINGS)
    unseen = lambda _: ((S.FINDINGS, 14, 19),)  # noqa: E731
    with pytest.raises(Remarked) as refused:
        second.checker(CaseFacts(language="nb"), unseen=unseen)(report)
    second.show("u1", refused.value.remarks)
    second.checker(CaseFacts(language="nb"), unseen=unseen)(report)
    with pytest.raises(Remarked):  # another word is another remark
        second.checker(CaseFacts(language="nb"), unseen=lambda _: ((S.FINDINGS, 0, 5),))(report)
