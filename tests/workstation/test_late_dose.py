"""A dose report that comes after the report was begun: offered, put in when asked, and never into signed text."""

from __future__ import annotations

import pytest
from report_seat import ReportSeat

from workstation.colleague.colleague import look
from workstation.colleague.facts import CaseFacts, ReportText
from workstation.colleague.language import load_languages
from workstation.domain.dose import DoseEvent, DoseReport
from workstation.domain.report import ReportAction, SectionCode
from workstation.errors import Refused
from workstation.ports import ObjectFound
from workstation.session.late_dose import COMMAND
from workstation.session.tool import ShownImage

S = SectionCode.FINDINGS
WAITING, SAID = "Radiation dose: [radiation dose].", "CTDIvol 8.2 mGy, DLP 310 mGy·cm"


@pytest.fixture
def seat(tmp_path):
    made = ReportSeat(tmp_path)
    made.add_case(1)
    made.add_case(2)
    made.said = []
    made.session.notice.connect(made.said.append)
    made.session.open(made.items[0])
    yield made
    made.reports.close()


def come(seat, dlp: float = 310.0, study: str = "1.1") -> None:
    """The archive gives it while the case is open."""
    event = DoseEvent("1", "THORAX", 8.2, dlp, "body")
    seat.library.objects["1.1"] = (ObjectFound("Dose report", dose=DoseReport(study, (event,), dlp), uid="2.25.5"),)
    case = seat.session.case
    seat.session.findings.open_case(case.studies)


def offers(seat) -> list[str]:
    return [notice.text for notice in seat.said if notice.command == COMMAND]


def test_it_is_offered_once_and_put_in_when_it_is_asked_for(seat):
    seat.session.desk.write(S, f"{WAITING} Lungs clear.")
    assert offers(seat) == []
    come(seat)
    assert offers(seat) == [f"The dose report is here: {SAID}. Put it into the report?"]
    assert seat.text() == f"{WAITING} Lungs clear."  # nothing by itself
    come(seat)
    assert len(offers(seat)) == 1
    seat.session.late_dose.fill()
    assert seat.text() == f"Radiation dose: {SAID}. Lungs clear."
    with pytest.raises(Refused, match="No field"):
        seat.session.late_dose.fill()


def test_a_text_that_does_not_wait_for_it_hears_nothing(seat):
    seat.session.desk.write(S, "Lungs clear.")
    come(seat)
    assert offers(seat) == []
    come(seat, study="9.9")
    with pytest.raises(Refused, match="not known"):
        seat.session.late_dose.fill()


def test_a_second_dose_report_offers_to_mend_what_the_first_one_said(seat):
    come(seat)
    templating = seat.session.templating
    templating.insert_template(templating.by_short_name(".dose"))
    assert SAID in seat.text()
    come(seat, 620.0)
    assert "DLP 620" in offers(seat)[-1]
    assert SAID in seat.text()
    seat.session.late_dose.fill()
    assert "DLP 620" in seat.text()
    assert "DLP 310" not in seat.text()


def test_signed_text_is_not_changed_and_the_reader_is_told(seat):
    seat.session.desk.write(S, WAITING)
    seat.session.viewing.note_shown(ShownImage("1.1", "1.1.1.0"))
    seat.session.sign(ReportAction.SIGN_FINAL)
    assert seat.session.desk.report.version == 1
    come(seat)
    assert offers(seat) == []
    assert [n.command for n in seat.said if "came after the signature" in n.text] == ["report.addendum"]
    with pytest.raises(Refused, match="No report is open for writing"):
        seat.session.late_dose.fill()
    assert seat.text() == WAITING


@pytest.mark.parametrize("text", [WAITING, "Stråldos: [stråldos]. Inga infiltrat eller pleuravätska."])
def test_the_field_that_waits_is_remarked_on_before_the_signature(text):
    """F72: it says that it is empty, and the colleague reads it as that."""
    read = ReportText({S: text, SectionCode.IMPRESSION: "x"})
    assert "unfilled" in [remark.rule for remark in look(read, CaseFacts(), load_languages())]
