"""Earlier studies at the window: stepping by one key, the list, what is fetched, and what always stands on a prior."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from window_seat import a_study

from ui.priors.earlier_dialog import DESCRIPTION, REPORT, WHERE, EarlierStudiesDialog
from workstation.domain.archive import FoundStudy, RetrieveProgress
from workstation.domain.earlier_report import EarlierReport, ReportOrigin
from workstation.session.prior_studies import Listed

pytestmark = pytest.mark.qt
SHIFT = Qt.KeyboardModifier.ShiftModifier


class Pacs:
    """Archives that hold `found`; `asked` and `fetched` are what the program wanted of them."""

    is_open = True

    def __init__(self, *found: FoundStudy) -> None:
        self.found = found
        self.asked: list[str] = []
        self.fetched: list[tuple[str, str]] = []

    def listed(self, study, cancelled) -> Listed:
        self.asked.append(study.study_instance_uid)
        return Listed(
            tuple((found, ("nord", "syd")) for found in self.found),
            (("vest", "It belongs to another care provider"),),
            (("ost", "It does not answer"),),
        )

    def fetch(self, study: FoundStudy, archive: str) -> None:
        self.fetched.append((study.study_instance_uid, archive))


@pytest.fixture
def pacs(seat):
    patient = seat.studies["1.1"].patient if "1.1" in seat.studies else None
    return lambda *found: Pacs(*(replace(one, patient=patient or seat.studies["1.1"].patient) for one in found))


@pytest.fixture
def priors(window, seat, qtbot):
    """The first case with three priors: of February 2026, 2025 and 2024."""
    seat.studies["1.1"] = replace(seat.studies["1.1"], series=seat.studies["1.1"].series[:1])
    patient = seat.studies["1.1"].patient
    for uid, date in (("3.1", "20250218"), ("4.1", "20240218")):
        seat.studies[uid] = a_study(uid, patient, date, 1)
        seat.library.greys[uid] = 120
    seat.priors["1.1"] = tuple(seat.studies[uid] for uid in ("2.1", "3.1", "4.1"))
    seat.session.open(seat.items[0])
    qtbot.waitUntil(lambda: window.grid.widget(1).painted is not None)
    window.grid.setFocus()
    return window


def press(window, key: Qt.Key, modifier: Qt.KeyboardModifier) -> None:
    QTest.keyClick(window.grid, key, modifier)


def shown(seat) -> list[str]:
    return [cell.state.study_uid for cell in seat.session.viewing.cells if cell.prior == 1 and cell.state]


def the_list(window) -> EarlierStudiesDialog:
    QTest.keyClick(window.grid, Qt.Key.Key_F5, Qt.KeyboardModifier.ControlModifier)
    QApplication.processEvents()
    return next(w for w in QApplication.topLevelWidgets() if isinstance(w, EarlierStudiesDialog) and w.isVisible())


def texts(dialog: EarlierStudiesDialog, row: int) -> list[str]:
    return [dialog.table.item(row, column).text() for column in range(dialog.table.columnCount())]


def test_shift_n_and_shift_v_step_through_the_priors(priors, seat):
    assert shown(seat) == ["2.1"]
    press(priors, Qt.Key.Key_N, SHIFT)
    assert shown(seat) == ["3.1"]
    press(priors, Qt.Key.Key_N, SHIFT)
    press(priors, Qt.Key.Key_V, SHIFT)
    assert shown(seat) == ["3.1"]
    press(priors, Qt.Key.Key_V, SHIFT)
    press(priors, Qt.Key.Key_V, SHIFT)
    assert "No newer prior here" in priors.banner.text


def test_the_list_says_of_each_study_what_is_needed_to_choose(priors, seat):
    dialog = the_list(priors)
    assert dialog.table.hasFocus()
    assert texts(dialog, 0)[:4] == ["2026-02-18", "9 months before", "CT", "CT chest  (shown)"]
    assert texts(dialog, 2)[:4] == ["2024-02-18", "3 years before", "CT", "CT chest"]
    assert texts(dialog, 2)[WHERE] == "here"
    assert "1006 days before" in dialog.table.item(2, 1).toolTip()
    assert dialog.reasons.text() == "newest first"


def test_return_in_the_list_hangs_the_chosen_one(priors, seat):
    dialog = the_list(priors)
    QTest.keyClick(dialog.table, Qt.Key.Key_Down)
    QTest.keyClick(dialog.table, Qt.Key.Key_Down)
    QTest.keyClick(dialog.table, Qt.Key.Key_Return)
    assert shown(seat) == ["4.1"]
    assert not dialog.isVisible()


def test_space_shows_the_report_of_the_chosen_one_beside(priors, seat):
    report = EarlierReport(
        "own/1", ReportOrigin.SIGNED_HERE, seat.studies["3.1"].patient, "No change <b>", study_instance_uid="3.1"
    )
    seat.session.earlier.reports = (report,)
    dialog = the_list(priors)
    assert [texts(dialog, row)[REPORT] for row in range(3)] == ["", "yes", ""]
    QTest.keyClick(dialog.table, Qt.Key.Key_Down)
    QTest.keyClick(dialog.table, Qt.Key.Key_Space)
    assert dialog.report.isVisible()
    assert "No change <b>" in dialog.report.toPlainText()
    QTest.keyClick(dialog.table, Qt.Key.Key_Down)
    assert dialog.report.toPlainText() == "No report of this study is known here."
    QTest.keyClick(dialog.table, Qt.Key.Key_Space)
    assert not dialog.report.isVisible()


FAR = FoundStudy("nord", "9.1", None, "A9", "20230218", "", "CT thorax", ("CT",), ("CHEST",), instance_count=10)  # type: ignore[arg-type]


def test_what_lies_in_an_archive_is_listed_with_what_was_not_asked_and_why(priors, seat, pacs):
    seat.session.priors.known.plug(pacs(FAR, replace(FAR, study_instance_uid="2.1", instance_count=99)))
    dialog = the_list(priors)
    assert texts(dialog, 3)[WHERE] == "in nord and 1 more"
    assert texts(dialog, 0)[WHERE] == "partly here: 10 of 99"
    assert "vest was not asked: It belongs to another care provider" in dialog.state.text()
    assert "ost did not answer: It does not answer" in dialog.state.text()


def fetched(priors, seat, pacs) -> Pacs:
    archives = pacs(FAR)
    seat.session.priors.known.plug(archives)
    dialog = the_list(priors)
    for _ in range(3):
        QTest.keyClick(dialog.table, Qt.Key.Key_Down)
    assert dialog.hang.text() == "Fetc&h and hang"
    QTest.keyClick(dialog.table, Qt.Key.Key_Return)
    assert archives.fetched == [("9.1", "nord")]
    assert texts(dialog, 3)[WHERE] == "coming from nord: 0 of 10"
    return archives


def come(seat, images: int = 10, proven: bool = True) -> None:
    """So many images of it are seen in the cache, and the archive's list says whether they are all."""
    whole = a_study("9.1", seat.studies["1.1"].patient, "20230218", 1)
    series = replace(whole.series[0], instances=whole.series[0].instances[:images])
    seat.studies["9.1"] = replace(whole, series=(series,))
    before = (prior for prior in seat.priors["1.1"] if prior.study_instance_uid != "9.1")
    seat.priors["1.1"] = (*before, seat.studies["9.1"])
    seat.session.images_came(["9.1"])
    if proven:
        seat.session.priors.known.progressed(RetrieveProgress("nord", "9.1", 10, 10, is_proven=True))


def test_what_was_fetched_hangs_when_it_has_come_while_the_hands_rested(priors, seat, pacs):
    fetched(priors, seat, pacs)
    come(seat)
    assert shown(seat) == ["9.1"]
    assert "9.1" in [prior.study_instance_uid for prior in seat.session.case.priors]


def test_what_was_fetched_waits_for_its_last_images_though_the_archives_list_is_proven_before(priors, seat, pacs):
    """The cache has all ten when the list is proven; the open case has looked at four of them until then."""
    fetched(priors, seat, pacs)
    come(seat, images=4)
    assert shown(seat) == ["2.1"], "half of a prior is not what was asked for"
    come(seat, proven=False)
    assert shown(seat) == ["9.1"]
    assert sum(len(series.instances) for prior in seat.session.case.priors[-1:] for series in prior.series) == 10


def test_what_was_fetched_is_offered_where_the_reader_went_on(priors, seat, pacs):
    fetched(priors, seat, pacs)
    seat.session.viewing.scroll(1)
    assert seat.session.viewing.state(0).position == 1
    hung = [cell.state for cell in seat.session.viewing.cells]
    come(seat)
    assert [cell.state for cell in seat.session.viewing.cells] == hung, "nothing jumps by itself"
    assert priors.banner.text == "The earlier study that was asked for has come"
    QTest.mouseClick(priors.banner.offer, Qt.MouseButton.LeftButton)
    assert shown(seat) == ["9.1"]


def test_what_does_not_come_is_said_and_nothing_waits_for_it(priors, seat, pacs):
    fetched(priors, seat, pacs)
    seat.session.priors.known.progressed(RetrieveProgress("nord", "9.1", 3, 10, problem="The link broke"))
    assert "An earlier study did not come: The link broke" in priors.banner.text
    assert texts(the_list(priors), 3)[WHERE] == "not fetched: The link broke"
    come(seat)
    assert shown(seat) == ["2.1"], "it was not asked for any more"


def test_what_was_asked_for_in_one_case_hangs_in_no_other(priors, seat, pacs):
    fetched(priors, seat, pacs)
    seat.session.open(seat.items[1])
    seat.session.priors.known.progressed(RetrieveProgress("nord", "9.1", 10, 10, is_proven=True))
    assert shown(seat) == []
    priors.runner.run("prior.hang_fetched")
    assert "Nothing was fetched" in priors.banner.text


def test_the_list_closes_with_the_case_and_shows_markup_as_it_is(priors, seat):
    """F85."""
    seat.studies["3.1"] = replace(seat.studies["3.1"], study_description="<b>CT</b>\u202e")
    seat.priors["1.1"] = tuple(seat.studies[uid] for uid in ("2.1", "3.1", "4.1"))
    seat.session.open(seat.items[0])
    dialog = the_list(priors)
    assert texts(dialog, 1)[DESCRIPTION] == "<b>CT</b>‹202E›"
    seat.session.close_case()
    assert not dialog.isVisible()


def test_an_old_study_that_is_read_says_that_a_newer_one_exists(window, seat, qtbot):
    """F65 the other way round: nobody reads an old study as if it were the latest."""
    newer = a_study("5.1", seat.studies["1.1"].patient, "20270101", 1)
    seat.studies["5.1"] = newer
    seat.priors["1.1"] = (newer,)
    seat.session.open(seat.items[0])
    qtbot.waitUntil(lambda: window.grid.widget(0).painted is not None)
    assert seat.session.priors.known.newer_date == "20270101"
    seat.session.open(seat.items[1])
    assert seat.session.priors.known.newer_date == ""


def test_what_was_taken_later_on_the_same_day_makes_no_study_an_old_one(window, seat, qtbot):
    case = seat.studies["1.1"]
    later = replace(a_study("5.1", case.patient, case.study_date, 1), study_time="235959")
    seat.studies["5.1"] = later
    seat.priors["1.1"] = (later,)
    seat.session.open(seat.items[0])
    qtbot.waitUntil(lambda: window.grid.widget(0).painted is not None)
    assert seat.session.priors.known.newer_date == ""
