"""Priors that the order, the report being written and earlier reports name: when it is reckoned, and what stays."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest
from window_seat import HeldJobs, WindowSeat, a_study

from workstation.domain.annotation import Verdict
from workstation.domain.earlier_report import EarlierReport, ReportOrigin
from workstation.domain.lesion import LesionProposal
from workstation.domain.prior import NOT_MENTIONED
from workstation.domain.report import SectionCode
from workstation.domain.viewing import Layout
from workstation.errors import Unavailable
from workstation.jobs import BESIDE
from workstation.session.tool import Tool


@pytest.fixture
def seat(tmp_path):
    made = WindowSeat(tmp_path, HeldJobs())
    made.add_case(1, prior=True)
    patient = made.studies["1.1"].patient
    made.studies["3.1"] = a_study("3.1", patient, "20240312", 1)
    made.priors["1.1"] = (made.studies["2.1"], made.studies["3.1"])
    made.add_case(2)
    return made


def opened(seat, reason: str = "", reports: tuple[EarlierReport, ...] = ()):
    item = seat.items[0]
    seat.items[0] = replace(item, order=replace(item.order, reason=reason))
    seat.session.priors.mentions.kept = lambda patients: reports
    seat.session.open(seat.items[0])
    return seat.session.priors.mentions


def report(seat, text: str, of: str = "2.1", day: str = "20260218") -> EarlierReport:
    return EarlierReport(f"own/{of}", ReportOrigin.SIGNED_HERE, seat.studies["1.1"].patient, text, study_instance_uid=of, day=day)


def test_the_order_s_words_count_from_the_start(seat) -> None:
    mentions = opened(seat, "Nodulus. Jämför med DT 2024-03-12")
    assert mentions.of(seat.session.case).now == {"3.1": "DT 2024-03-12"}


def in_another_thread(ask) -> object:
    answers: list[object] = []
    thread = threading.Thread(target=lambda: answers.append(ask()))
    thread.start()
    thread.join()
    return answers[0]


def test_what_an_earlier_report_names_counts_apart_and_never_the_study_it_is_about(seat) -> None:
    text = "CT 2026-02-18 jämfört med DT 2024-03-12"
    mentions = opened(seat, "", (report(seat, text), report(seat, "CT 18.2.2026", of="1.1")))
    mentions.forget()
    found = in_another_thread(lambda: mentions.of(seat.session.case))
    assert (found.now, found.before) == ({}, {"3.1": "DT 2024-03-12"})


def test_the_reports_of_the_disk_are_never_waited_for_on_the_main_thread(seat) -> None:
    mentions = opened(seat, "DT 2024-03-12")
    mentions.forget()

    def kept(_patients):
        raise AssertionError("asked on the main thread")

    mentions.kept = kept
    assert mentions.of(seat.session.case).now == {"3.1": "DT 2024-03-12"}


def test_a_case_is_read_though_the_earlier_reports_cannot_be(seat) -> None:
    mentions = opened(seat, "DT 2024-03-12")
    mentions.forget()

    def kept(_patients):
        raise Unavailable("The file of earlier reports cannot be read")

    mentions.kept = kept
    assert in_another_thread(lambda: mentions.of(seat.session.case)).now == {"3.1": "DT 2024-03-12"}


def test_what_is_written_counts_and_the_list_is_ranked_anew(seat) -> None:
    mentions = opened(seat)
    changes: list[None] = []
    mentions.changed.connect(changes.append)
    hung = list(seat.session.viewing.cells)
    seat.session.desk.write(SectionCode.COMPARISON, "DT 2024-03-12")
    assert mentions.of(seat.session.case).now == {"3.1": "DT 2024-03-12"}
    assert len(changes) == 1
    assert seat.session.viewing.cells == hung, "nothing that hangs moves for it"
    seat.session.desk.write(SectionCode.COMPARISON, "DT 2024-03-12. Ingen förändring")
    assert len(changes) == 1, "words without another number are not reckoned again"
    seat.session.desk.write(SectionCode.COMPARISON, "")
    assert mentions.of(seat.session.case) == NOT_MENTIONED


def test_a_late_answer_for_a_text_that_was_changed_is_dropped(seat) -> None:
    mentions = opened(seat)
    seat.jobs.held.add(BESIDE)
    seat.session.desk.write(SectionCode.COMPARISON, "DT 2024-03-12")
    seat.session.desk.write(SectionCode.COMPARISON, "DT 2026-02-18")
    seat.jobs.release(1)
    seat.jobs.release(0)
    assert mentions.of(seat.session.case).now == {"2.1": "DT 2026-02-18"}


def test_the_next_case_begins_without_what_was_written_in_the_last(seat) -> None:
    opened(seat)
    seat.session.desk.write(SectionCode.COMPARISON, "DT 2024-03-12")
    seat.session.open(seat.items[1])
    assert seat.session.priors.mentions.of(seat.session.case) == NOT_MENTIONED


def test_where_the_followed_lesions_were_smallest_is_known_to_the_ranking(seat) -> None:
    mentions = opened(seat)
    session, prior = seat.session, seat.studies["2.1"]
    session.viewing.set_layout(Layout(1, 2), session.case.studies)
    session.hangings.put(1, prior, prior.series[0])
    session.viewing.activate(0)
    session.viewing.change(0, position=2)
    session.viewing.set_tool(Tool.LENGTH)
    for point in ((100.0, 100.0), (130.0, 140.0)):
        session.annotating.drawing.place(0, point)
    seat.library.lesion = LesionProposal((107.0, 107.0, 40.0), ((101.0, 99.0, 40.0), (113.0, 115.0, 40.0)), "Check its ends")
    session.lesions.carry()
    session.annotating.judge(session.annotating.selected, Verdict.ACCEPTED)
    assert mentions.of(session.case).smallest == "2.1"
    assert session.hangings.context_of(session.case).smallest_lesions == "2.1"
    session.open(seat.items[1])
    assert mentions.of(session.case).smallest == ""
