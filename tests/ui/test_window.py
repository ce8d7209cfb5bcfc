"""The window around the images: pages, series, banner, status line, crash, what it remembers."""

from __future__ import annotations

import socket
import sys
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QLabel
from window_seat import NOW, SLICES, WindowSeat

from ui import app, crash, series_strip, theme
from ui.deliveries_dialog import STATE_WORDS
from ui.main_window import MainWindow
from ui.series_model import ROW, SeriesRow, StudyRow
from ui.status_bar import delivery_words
from workstation.domain.delivery import Delivery, DeliveryState
from workstation.domain.viewing import Layout
from workstation.jobs import PICTURES
from workstation.session.case import Notice

pytestmark = pytest.mark.qt
HOSTILE = "<img src>^<script>alert(1)</script>\u202e"


def delivery(state: DeliveryState, minutes: float = 0, number: int = 1) -> Delivery:
    return Delivery(number, f"r{number}", 1, f"A{number}", state, NOW - timedelta(minutes=minutes))


def test_the_title_never_names_the_patient(case):
    assert case.windowTitle() == "Lyskasse"
    assert case.reading.bar.patient.text().startswith("TEST, CASE1")


def test_opening_goes_to_the_images_and_closing_back_to_the_worklist(case, seat):
    assert case.focusWidget() is case.grid
    case.show_worklist()
    assert case.worklist.isVisible()
    case.focus_images()
    assert case.reading.isVisible()
    seat.session.close_case()
    assert case.worklist.isVisible()


def test_without_a_case_there_are_no_images_to_go_to(window):
    for ask in (window.focus_images, window.focus_report, window.focus_series):
        ask()
        assert window.worklist.isVisible()


def test_the_strip_groups_series_by_study_and_says_how_old_the_prior_is(case):
    strip = case.reading.strip
    rows = [strip.model().index(i, 0).data(ROW) for i in range(strip.model().rowCount())]
    assert [type(r) for r in rows] == [StudyRow, SeriesRow, SeriesRow, StudyRow, SeriesRow]
    assert rows[3].interval == "9 months before"
    assert [r.places for r in rows if isinstance(r, SeriesRow)] == [frozenset({0}), frozenset({1}), frozenset({2})]
    assert all(r.thumbnail is not None for r in rows if isinstance(r, SeriesRow))


def test_the_strip_is_used_with_the_keyboard_alone(case, seat):
    case.focus_series()
    strip = case.reading.strip
    assert case.focusWidget() is strip
    seat.session.viewing.activate(2)
    QTest.keyClick(strip, Qt.Key.Key_Down)
    QTest.keyClick(strip, Qt.Key.Key_Return)
    assert seat.session.viewing.state(2).series_uid == "1.1.2"
    assert not seat.session.viewing.cells[2].is_prior


def test_the_strip_follows_loading_a_moment_later(case, seat, qtbot):
    seat.library.loaded["1.1.2"] = (3, 10)
    seat.library.changed.emit("1.1.2")
    qtbot.waitUntil(lambda: case.reading.strip._model.find("1.1.2")[1].loaded == (3, 10))
    qtbot.waitUntil(lambda: "23" in case.status_line._loading.text())
    assert not case.status_line._loading.isHidden()
    del seat.library.loaded["1.1.2"]
    seat.library.changed.emit("1.1.2")
    qtbot.waitUntil(case.status_line._loading.isHidden)


def test_a_late_thumbnail_of_the_last_case_is_dropped(qtbot, tmp_path, qapp):
    from window_seat import hold_pictures

    seat = WindowSeat(tmp_path, hold_pictures())
    seat.add_case(1)
    seat.add_case(2)
    window = MainWindow(seat)
    qtbot.addWidget(window)
    seat.session.open(seat.items[0])
    late = len(seat.jobs.waiting)
    assert late
    seat.session.open(seat.items[1])
    for _ in range(late):
        seat.jobs.release()
    assert window.reading.strip._model.find("1.1.1") is None
    assert window.reading.strip._model.find("1.2.1")[1].thumbnail is None


def test_thumbnails_come_behind_the_pictures_that_are_in_the_making(qtbot, tmp_path, qapp):
    from window_seat import hold_pictures

    seat = WindowSeat(tmp_path, hold_pictures())
    seat.add_case(1)
    window = MainWindow(seat)
    qtbot.addWidget(window)
    made = []
    seat.jobs.run(PICTURES, lambda _: made.append("the first picture"))
    seat.session.open(seat.items[0])
    strip = window.reading.strip
    assert not strip._making
    assert strip._model.find("1.1.1")[1].loaded == (SLICES, SLICES), "how far it is, is told at once"
    seat.jobs.release()
    qtbot.waitUntil(lambda: strip._making == {"1.1.1"}, timeout=60_000)
    while seat.jobs.waiting:
        seat.jobs.release()
    assert strip._model.find("1.1.1")[1].thumbnail is not None
    assert made == ["the first picture"]


def test_pictures_without_end_hold_thumbnails_up_for_a_moment_only(qtbot, tmp_path, qapp, monkeypatch):
    from window_seat import hold_pictures

    monkeypatch.setattr(series_strip, "IMAGES_FIRST_SECONDS", 0.0)
    seat = WindowSeat(tmp_path, hold_pictures())
    seat.add_case(1)
    window = MainWindow(seat)
    qtbot.addWidget(window)
    seat.jobs.run(PICTURES, lambda _: None)
    seat.session.open(seat.items[0])
    assert window.reading.strip._making == {"1.1.1"}


def test_markup_from_outside_is_never_markup_on_screen(qtbot, tmp_path, qapp, monkeypatch):
    """F85: literal text, and nothing is fetched because of it."""
    asked = []
    monkeypatch.setattr(socket.socket, "connect", lambda *args: asked.append(args))
    seat = WindowSeat(tmp_path)
    seat.add_case(1, name=HOSTILE, procedure="<img src='http://127.0.0.1:1/x'>")
    window = MainWindow(seat)
    qtbot.addWidget(window)
    window.resize(1280, 800)
    window.show()
    seat.session.open(seat.items[0])
    seat.session.notice.emit(Notice(HOSTILE, error=True))
    window.grab()
    assert "<script>alert(1)</script>" in window.reading.bar.patient.text()
    assert "‹202E›" in window.reading.bar.patient.text()
    assert "<img src>" in window.banner.text
    assert "<img src='http://127.0.0.1:1/x'>" in window.reading.bar.patient.text()
    for label in window.findChildren(QLabel):
        if "<" in label.text():
            assert label.textFormat() is Qt.TextFormat.PlainText, label.objectName()
    assert asked == []


def test_errors_wait_until_dismissed_and_notes_do_not_push_them_away(window, seat):
    seat.session.notice.emit(Notice("First problem", error=True))
    seat.session.notice.emit(Notice("Second problem", error=True))
    seat.session.notice.emit(Notice("A mere note"))
    assert window.banner.text == "Second problem"
    window.banner.dismiss()
    assert window.banner.text == "First problem"
    window.banner.dismiss()
    assert window.banner.text == "A mere note"
    window.banner.dismiss()
    assert window.banner.text == ""


def test_a_commands_refusal_is_told_in_the_banner(window, seat):
    window.runner.run("report.sign_final")
    assert "No case is open" in window.banner.text


# ---- reports on their way ------------------------------------------------------------


@pytest.mark.parametrize(
    ("deliveries", "words", "colour"),
    [
        ((), "No reports waiting", theme.MUTED),
        ((delivery(DeliveryState.CONFIRMED),), "All reports confirmed", theme.GREEN),
        ((delivery(DeliveryState.SENDING),), "1 report not confirmed", theme.TEXT),
        ((delivery(DeliveryState.QUEUED, 14),), "1 report not confirmed, oldest 14 min", theme.AMBER),
        (
            (delivery(DeliveryState.ACKNOWLEDGED, 1), delivery(DeliveryState.QUEUED, 80, 2)),
            "2 reports not confirmed, oldest 1 h 20 min",
            theme.AMBER,
        ),
        ((delivery(DeliveryState.REJECTED, 5),), "Needs attention: 1 report not confirmed, oldest 5 min", theme.RED),
        # F34: the RIS said yes, and does not show it.
        ((delivery(DeliveryState.ACKNOWLEDGED, 3),), "Needs attention: 1 report not confirmed, oldest 3 min", theme.RED),
    ],
)
def test_the_badge_tells_count_and_age_of_what_is_not_confirmed(deliveries, words, colour):
    assert delivery_words(deliveries, NOW) == (words, colour)


def test_the_badge_follows_the_store(window, seat):
    seat.reports.sent = (delivery(DeliveryState.QUEUED),)
    seat.delivery_changed.emit(seat.reports.sent[0])
    assert "1 report not confirmed" in window.status_line.deliveries.text()


def test_every_delivery_state_has_words_and_open_ones_come_first(window, seat, qtbot):
    assert set(STATE_WORDS) == set(DeliveryState)
    from ui.deliveries_dialog import DeliveriesDialog

    done = replace(delivery(DeliveryState.CONFIRMED, 1, 1), last_error="<b>x</b>")
    seat.reports.sent = (done, delivery(DeliveryState.QUEUED, 90, 2))
    dialog = DeliveriesDialog(seat)
    qtbot.addWidget(dialog)
    assert [dialog.table.item(r, 0).text() for r in range(2)] == ["A2", "A1"]
    assert dialog.table.item(1, 5).text() == "<b>x</b>"


def test_a_ris_that_does_not_answer_is_told_in_the_status_line(window, seat):
    seat.ris_url = "http://127.0.0.1:9/fhir"
    seat.ris_changed.emit("The RIS did not answer")
    assert window.status_line._ris.text() == "RIS: not reached"
    seat.ris_changed.emit("")
    assert window.status_line._ris.text() == "RIS: connected"


# ---- what it remembers ---------------------------------------------------------------


def test_widths_and_place_are_remembered(case, seat, qtbot):
    case.reading.splitter.setSizes([150, 700, 430])
    case.reading._remember(0, 0)
    sizes = case.reading.splitter.sizes()
    case.close()
    assert isinstance(seat.remembered.get("window.geometry"), str)
    assert seat.remembered.get("reading.splitter") == sizes


@pytest.mark.parametrize("spoilt", ["", "no base64!", 7, None])
def test_a_spoilt_memory_does_not_stop_the_window(qtbot, tmp_path, qapp, spoilt):
    seat = WindowSeat(tmp_path)
    seat.remembered.set("window.geometry", spoilt)
    seat.remembered.set("reading.splitter", ["x", 2])
    seat.remembered.set("worklist.sort", [1, 2, 3])
    seat.add_case(1)
    window = MainWindow(seat)
    qtbot.addWidget(window)
    window.show_remembered()
    seat.session.open(seat.items[0])
    assert window.reading.isVisible()


def test_the_layout_grid_is_chosen_by_sweeping(case, seat):
    picker = case.reading.bar._layout
    picker.open_grid()
    grid = picker._grid
    QTest.mouseMove(grid, grid.place(1, 2).center())
    QTest.mouseClick(grid, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, grid.place(1, 2).center())
    assert seat.session.viewing.layout == Layout(2, 3)
    assert picker.text() == "2 × 3"
    picker.open_grid()
    QTest.keyClick(grid, Qt.Key.Key_Down)
    QTest.keyClick(grid, Qt.Key.Key_Return)
    assert seat.session.viewing.layout == Layout(3, 3)


@pytest.mark.parametrize(("width", "height"), [(1920, 1200), (1366, 768), (1024, 700)])
def test_every_size_of_window_is_painted_whole(case, seat, width, height):
    case.resize(width, height)
    image = case.grab().toImage()
    assert (image.width(), image.height()) == (width, height)
    assert case.minimumSizeHint().width() <= 1024
    for button in case.reading.bar.findChildren(type(case.reading.bar._link)):
        if button.isVisible():
            assert button.geometry().right() <= case.reading.bar.width()


def test_every_button_has_a_name_for_screen_readers(case):
    from PySide6.QtWidgets import QAbstractButton

    nameless = [
        b.objectName() or type(b).__name__
        for b in case.findChildren(QAbstractButton)
        if b.isVisible() and not (b.text() or b.accessibleName())
    ]
    assert nameless == []


# ---- starting and falling ------------------------------------------------------------


def test_calls_from_threads_arrive_on_the_main_thread_in_order(qtbot):
    import threading

    poster, seen = app.MainPoster(), []

    def post() -> None:
        for number in range(100):
            poster.post(lambda n=number: seen.append((n, threading.current_thread() is threading.main_thread())))

    thread = threading.Thread(target=post)
    thread.start()
    thread.join()
    qtbot.waitUntil(lambda: len(seen) == 100)
    assert seen == [(n, True) for n in range(100)]


def test_a_crash_file_holds_the_stack_and_no_values(tmp_path):
    def reader(patient_name):
        secret = patient_name + " has cancer"
        raise ValueError(secret)

    told = []
    hook = crash.install(tmp_path / "crashes", lambda kind, file: told.append((kind, file)))
    try:
        try:
            reader("BERG^KARI")
        except ValueError as error:
            hook(ValueError, error, error.__traceback__)
            hook(ValueError, error, error.__traceback__)
    finally:
        sys.excepthook = sys.__excepthook__
    ((kind, file),) = told
    text = file.read_text(encoding="utf-8")
    assert kind == "ValueError"
    assert "in reader" in text
    assert "ValueError" in text
    assert "BERG" not in text
    assert "cancer" not in text
    assert str(tmp_path) not in text


def test_a_crash_is_told_in_the_banner_and_the_window_lives_on(window, tmp_path):
    window.tell_crash("KeyError", tmp_path / "crash-1.txt")
    assert "KeyError" in window.banner.text
    assert "report is saved" in window.banner.text
    window.grab()


def test_a_missing_language_leaves_the_source_texts(qapp):
    assert app.install_translation(qapp, "tlh") is False


def test_a_translation_reaches_the_texts_of_the_core(qapp, qtbot, monkeypatch):
    from PySide6.QtCore import QCoreApplication

    monkeypatch.setattr(QCoreApplication, "translate", lambda context, text, *_: f"[{context}] {text}")
    from ui.plain import core_text

    assert core_text("Next image") == "[core] Next image"


def test_every_visible_text_of_the_window_survives_a_longer_language(case):
    """Labels may be shortened by themselves but never push the window wider than the smallest screen."""
    assert case.minimumSizeHint().width() <= 1024
    assert case.minimumSizeHint().height() <= 700


def test_the_window_paints_no_unset_pixels(case):
    image = case.grab().toImage()
    raw = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), -1, 4)
    assert (raw[..., 3] == 255).all()


def test_focus_is_followed_when_it_moves_to_a_dialog_and_back(case, seat):
    case.show_about()
    QApplication.processEvents()
    for dialog in case.findChildren(QDialog):
        dialog.close()
    case.focus_images()
    QTest.keyClick(case.grid, Qt.Key.Key_I)
    assert seat.session.viewing.state().inverted
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
