"""A dialog is closed before its answer comes: the answer is dropped, nothing that is deleted is touched."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QObject, Qt
from PySide6.QtWidgets import QApplication
from shiboken6 import isValid

from ui.key_images_dialog import KeyImagesDialog
from ui.models_dialog import ModelsDialog
from ui.report.earlier_search import SearchDialog
from ui.while_there import while_there
from workstation.domain.archive import TestStep as Step
from workstation.jobs import ARCHIVES, MODELS, PICTURES

pytestmark = pytest.mark.qt


def closed(dialog) -> None:
    """By Esc, and deleted: Qt does that when it next has time."""
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.show()
    dialog.reject()
    QApplication.processEvents()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    assert not isValid(dialog)


def released(seat) -> None:
    """What was held runs now; an error in it would be raised here."""
    assert seat.jobs.waiting
    while seat.jobs.waiting:
        seat.jobs.release()
    QApplication.processEvents()


def test_an_answer_is_told_while_its_window_lives_and_not_after(qapp):
    who, heard = QObject(), list[int]()
    tell: Callable[[int], None] = while_there(who, heard.append)
    tell(1)
    who.deleteLater()
    tell(2)
    QCoreApplication.sendPostedEvents(who, QEvent.Type.DeferredDelete)
    tell(3)
    assert heard == [1, 2]


def test_pictures_of_key_images_that_come_late(case, seat):
    seat.session.key_images.toggle()
    seat.jobs.held.add(PICTURES)
    closed(KeyImagesDialog(seat, case))
    released(seat)


def test_a_test_of_an_archive_that_takes_long(case, seat):
    from ui.archives.setup_dialog import ArchivesDialog
    from workstation.domain.archive import Archive, ArchiveKind

    archive = Archive("a", ArchiveKind.FOLDER, "A", folder="/media/disc")
    answers = iter([lambda: (Step("Folder", True),)])
    seat.archives = SimpleNamespace(archives=(archive,), test=lambda _: next(answers)(), problems=(), has_secret=lambda _: False)
    seat.jobs.held.add(ARCHIVES)
    dialog = ArchivesDialog(seat, case)
    dialog.list.setCurrentRow(0)
    dialog.test.click()
    closed(dialog)
    released(seat)


def test_a_dialog_that_python_still_holds_keeps_no_case_from_opening(case, seat):
    """F63: its window is gone, the object that listened to the session is not."""
    dialog = SearchDialog(seat.session, case)
    closed(dialog)
    seat.session.open(seat.items[1])
    assert seat.session.case.item == seat.items[1]
    assert seat.session.desk.report.accession_number == seat.items[1].accession_number


def test_a_speech_model_that_is_being_read_is_given_up_by_escape_too(case, seat, tmp_path):
    seat.jobs.held.add(MODELS)
    dialog, asked = ModelsDialog(seat.jobs, tmp_path / "models", case), list[bool]()
    dialog._run(lambda _tell, cancelled: asked.append(cancelled()), lambda _: None)
    closed(dialog)
    released(seat)
    assert asked == [True]
