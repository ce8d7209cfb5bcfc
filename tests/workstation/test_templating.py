"""Templates in a session without a window: onto the disk, into one report only, found again after a restart."""

from __future__ import annotations

from dataclasses import replace

import pytest
from report_seat import ReportSeat

from workstation.domain.report import SectionCode as S
from workstation.errors import Refused
from workstation.session.templating import Templating
from workstation.templates.model import Kind


@pytest.fixture
def seat(tmp_path):
    made = ReportSeat(tmp_path)
    made.add_case(1, prior=True, reason="Hosta")
    made.add_case(2)
    made.session.open(made.items[0])
    yield made
    made.reports.close()


def sure(seat, wanted: S = S.FINDINGS) -> list[str]:
    """The untouched defaults of the report as the disk holds it."""
    report = seat.reports.report(seat.session.desk.report.report_uuid)
    found = seat.session.templating.untouched_now()(report)
    return [report.text(section)[start:end] for section, start, end in found if section is wanted]


def test_a_template_goes_to_the_disk_behind_what_is_written(seat):
    seat.session.desk.write(S.FINDINGS, "Sedd på jouren.")
    seat.session.templating.insert("ct-head")
    assert seat.text(S.FINDINGS).startswith("Sedd på jouren.\nNo intracranial haemorrhage.\n")
    assert seat.text(S.IMPRESSION) == "[impression]"
    assert sure(seat)[0] == "No intracranial haemorrhage."
    assert len(sure(seat)) == 7


def test_typed_text_makes_a_default_the_readers_own(seat):
    """F72"""
    seat.session.templating.insert("ct-head")
    seat.session.desk.write(S.FINDINGS, seat.text().replace("No mass effect", "Slight mass effect"))
    assert len(sure(seat)) == 6
    assert seat.session.templating.accept_all()
    assert sure(seat) == []


def test_two_reports_never_mix(seat):
    seat.session.templating.insert("ct-head")
    first = seat.session.desk.report.report_uuid
    seat.session.open(seat.items[1])
    assert sure(seat) == []
    assert seat.text(S.FINDINGS) == ""
    assert len(seat.session.templating.untouched_now()(seat.reports.report(first))) == 8


def test_after_a_restart_the_defaults_are_found_again_by_comparison(seat):
    seat.session.templating.insert("ct-head")
    session = seat.session
    session.templating = Templating(session.desk, lambda: session.case, session.report_problem)
    session.open(seat.items[0])
    assert len(sure(seat)) == 7


def test_the_language_is_that_of_the_report(seat):
    templating = seat.session.templating
    seat.session.desk.report = replace(seat.session.desk.report, language="sv")
    assert {p.template.language for p in templating.proposals(Kind.REPORT)} == {"sv"}
    english = templating.templates.find("ct-head", "en")
    with pytest.raises(Refused, match="another language"):
        templating.insert_template(english)
    seat.reports.language = "sv"
    seat.session.open(seat.items[1])
    assert seat.session.desk.report.language == "sv"


def test_nothing_is_put_into_a_report_of_another_study(seat):
    report = seat.session.desk.report
    seat.session.desk.report = replace(report, study_instance_uid="1.2.3")
    with pytest.raises(Refused, match="another study"):
        seat.session.templating.insert("ct-head")
    seat.session.desk.report = None
    with pytest.raises(Refused):
        seat.session.templating.insert("ct-head")


def test_a_bad_file_of_the_site_is_said_once_and_the_others_serve(seat, tmp_path):
    folder = tmp_path / "templates" / "site" / "en"
    folder.mkdir(parents=True)
    (folder / "bad.toml").write_text("id = 1", encoding="utf-8")
    said = []
    seat.session.notice.connect(lambda notice: said.append(notice.text))
    seat.session.templating.folder = tmp_path / "templates"
    seat.session.templating.read_again()
    assert seat.session.templating.proposals(Kind.REPORT)
    assert seat.session.templating.best() is not None
    assert len([text for text in said if "bad.toml" in text]) == 1
