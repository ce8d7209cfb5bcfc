"""Sign and next: the next case opens once the signature is on disk, and stays away where anything stands against it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from report_seat import ReportSeat

from workstation.colleague.facts import Remark, Severity
from workstation.commands.table import COMMANDS
from workstation.domain.claim import Claim, ClaimState
from workstation.domain.delivery import DeliveryState
from workstation.domain.report import ReportStatus, SectionCode
from workstation.errors import Refused
from workstation.jobs import DATABASE
from workstation.session.second_look import Remarked
from workstation.session.sign_next import LEFT_ALREADY
from workstation.session.tool import ShownImage

REMARK = Remark("sides", Severity.WARN, SectionCode.FINDINGS, 0, 2, "Left or right?")


@pytest.fixture
def seat(tmp_path):
    made = ReportSeat(tmp_path)
    for number in (1, 2, 3):
        made.add_case(number)
    made.notices = []
    made.session.notice.connect(lambda notice: made.notices.append(notice.text))
    made.session.refresh_worklist()
    made.session.open(made.items[0])
    written(made)
    yield made
    made.reports.close()


def written(seat, text: str = "No nodule.") -> None:
    """The open case was looked at, and its findings stand on disk."""
    session = seat.session
    uid = session.case.study.study_instance_uid
    session.viewing.shown = {ShownImage(uid, f"{uid}.1.0")}
    session.desk.write(SectionCode.FINDINGS, text)


def open_study(seat) -> str:
    return seat.session.case.study.study_instance_uid


def status_of(seat, accession: str) -> ReportStatus:
    return seat.reports.report_of(accession, "").status


def test_it_signs_and_opens_the_next_unread_case(seat):
    seat.session.sign_next.run()
    assert open_study(seat) == "1.2"
    assert status_of(seat, "A1") is ReportStatus.FINAL
    (delivery,) = seat.reports.deliveries()
    assert (delivery.accession_number, delivery.state) == ("A1", DeliveryState.QUEUED)
    assert seat.notices == []


def test_the_next_case_waits_for_the_disk(seat):
    """Until version and outbox row are written the case stays; a second press signs nothing twice."""
    seat.jobs.held.add(DATABASE)
    seat.session.sign_next.run()
    seat.session.sign_next.run()
    assert open_study(seat) == "1.1"
    while seat.jobs.waiting and open_study(seat) == "1.1":
        seat.jobs.release()
    assert open_study(seat) == "1.2"
    seat.jobs.held.clear()
    while seat.jobs.waiting:
        seat.jobs.release()
    assert len(seat.reports.deliveries()) == 1


def test_what_the_colleague_remarks_is_shown_first_and_signed_over_by_the_same_key(seat):
    look = seat.session.second_look = RemarksOnce()
    seat.session.sign_next.run()
    assert open_study(seat) == "1.1"
    assert "One remark on the text" in seat.notices[-1]
    assert look.remarks
    assert status_of(seat, "A1") is ReportStatus.DRAFT
    seat.session.sign_next.run()
    assert (open_study(seat), status_of(seat, "A1")) == ("1.2", ReportStatus.FINAL)


class RemarksOnce:
    """A colleague who remarks on a text once, and is passed over then."""

    notice = ""

    def __init__(self) -> None:
        self.remarks: tuple[Remark, ...] = ()

    def checker(self, *_):
        def check(_) -> None:
            if not self.remarks:
                raise Remarked([REMARK])

        return check

    def show(self, _, remarks) -> None:
        self.remarks = tuple(remarks)

    def told(self) -> str:
        return ""

    def clear(self) -> None:
        self.remarks = ()


def test_it_stays_and_says_why_each_time_it_is_asked(seat):
    session = seat.session

    def stays(why: str) -> None:
        for _ in range(2):
            session.sign_next.run()
            assert why in seat.notices[-1]
        assert open_study(seat) == "1.1"
        assert seat.reports.deliveries() == ()

    session.signer = ""
    stays("Nobody is named as the signer")
    session.signer = "Dr Test"
    session.withdrawn = "The archive took images back"
    stays("took images back")
    session.withdrawn = ""
    session.claiming._show(Claim("order-1", ClaimState.OTHERS, "Dr Other"))
    stays("Dr Other reads this examination")
    session.claiming._show(None)
    session.viewing.shown, shown = set(), session.viewing.shown
    stays("No image of this very study")
    session.viewing.shown = shown
    session.desk.announce("s1", session.desk.target())
    stays("still being written")
    session.desk.abandon("s1")
    session.desk.write(SectionCode.FINDINGS, "")
    stays("both empty")
    session.desk.write(SectionCode.FINDINGS, "No nodule.")
    session.sign_next.run()
    assert open_study(seat) == "1.2"


def test_a_full_disk_keeps_the_case_open(seat, monkeypatch):
    """F13"""

    def full(*_, **__):
        raise Refused("Not signed", "The disk is full")

    monkeypatch.setattr(seat.reports, "sign", full)
    seat.session.sign_next.run()
    assert open_study(seat) == "1.1"
    assert "The disk is full" in seat.notices[-1]


def test_what_is_signed_already_is_left_for_the_next(seat):
    seat.session.sign_next.run()
    seat.session.open(seat.items[0])
    seat.session.sign_next.run()
    assert open_study(seat) == "1.2"
    assert len(seat.reports.deliveries()) == 1


def test_a_case_that_was_opened_by_hand_meanwhile_stays(seat):
    seat.jobs.held.add(DATABASE)
    seat.session.sign_next.run()
    seat.session.open(seat.items[2])
    seat.jobs.held.clear()
    while seat.jobs.waiting:
        seat.jobs.release()
    assert open_study(seat) == "1.3"
    assert status_of(seat, "A1") is ReportStatus.FINAL
    assert LEFT_ALREADY in seat.notices


def test_after_the_last_one_it_says_that_nothing_is_left(seat):
    seat.items = [seat.items[0], *(replace(item, status=item.status.CONFIRMED) for item in seat.items[1:])]
    seat.session.refresh_worklist()
    seat.session.sign_next.run()
    assert open_study(seat) == "1.1"
    assert status_of(seat, "A1") is ReportStatus.FINAL
    assert seat.notices == ["Nothing unread is left on the worklist"]


def test_without_a_case_or_an_order_it_says_so(seat):
    seat.session.open(replace(seat.items[1], order=None))
    with pytest.raises(Refused, match="no order in the RIS"):
        seat.session.sign_next.run()
    seat.session.close_case()
    with pytest.raises(Refused, match="No case is open"):
        seat.session.sign_next.run()


def test_no_voice_alone_signs_and_goes_on():
    command = next(c for c in COMMANDS if c.id == "report.sign_next")
    assert command.confirm_by_key
    assert command.say == ()
    assert command.keys
