"""Hang it like this next time, in the real window: learned on one patient, hung on the next, by keys and by mouse."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hanging_seat import HangingSeat, chest, mammograms
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QDropEvent, QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog

from hanging_protocols import library_files
from ui.hanging.like_this import LikeThisDialog, Where
from ui.series_mime import series_mime
from workstation.domain.viewing import Layout
from workstation.session.hangings_habits import WORDS

pytestmark = pytest.mark.qt


@pytest.fixture
def seat(tmp_path: Path, qapp: QApplication) -> HangingSeat:
    return HangingSeat(tmp_path)


@pytest.fixture
def window(seat: HangingSeat, qtbot: Any) -> Iterator[Any]:
    from ui.main_window import MainWindow

    made = MainWindow(seat)  # type: ignore[arg-type]
    qtbot.addWidget(made)
    made.resize(1280, 800)
    made.show()
    qtbot.waitExposed(made)
    yield made
    for widget in QApplication.topLevelWidgets():
        if isinstance(widget, QDialog):
            widget.close()


@pytest.fixture
def press(window: Any) -> Callable[..., None]:
    def press(*keys: str) -> None:
        for key in keys:
            combination = QKeySequence(key)[0]
            target = QApplication.focusWidget() or window.grid
            QTest.keyClick(target, combination.key(), combination.keyboardModifiers())
            QApplication.processEvents()

    return press


def opened(window: Any, seat: HangingSeat, item: Any) -> None:
    seat.session.open(item)
    QApplication.processEvents()
    window.grid.setFocus()


def dialog(window: Any) -> LikeThisDialog:
    found = [one for one in window.findChildren(LikeThisDialog) if one.isVisible()]
    assert len(found) == 1, window.banner.text
    found[0].activateWindow()
    QApplication.processEvents()
    return found[0]


def is_closed(window: Any) -> bool:
    return not any(one.isVisible() for one in window.findChildren(LikeThisDialog))


def shown(seat: HangingSeat) -> list[str]:
    return [cell.state.series_uid if cell.state else "" for cell in seat.session.viewing.cells]


def drop(window: Any, seat: HangingSeat, place: int, study_uid: str, series_uid: str) -> None:
    data = series_mime(study_uid, series_uid)
    left, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    window.grid.widget(place).dropEvent(QDropEvent(QPointF(10, 10), Qt.DropAction.CopyAction, data, left, none))


# ---- the journeys ----------------------------------------------------------------------


def test_a_ct_with_its_prior_is_learned_by_keys_alone_and_the_next_patients_hangs_so(window, seat, press) -> None:
    opened(window, seat, seat.add_study(chest(1), chest(1, "20250101", "2")))
    assert (seat.session.viewing.arrangement.protocol, shown(seat)) == ("ct-chest", ["1.1.3", "2.1.3"])
    press("Ctrl+4", "Tab", "Tab")  # two by two, then the third place
    press("PgDown", "PgDown", "Alt+3")  # another series, coronal
    arranged = shown(seat)
    press("Ctrl+S")
    asked = dialog(window)
    assert asked.becomes is Where.FURTHER
    assert asked.effect.text().startswith("This study will hang so from now on")
    press("Return")
    assert is_closed(window)
    assert [path.name for path in seat.mine.glob("*.toml")] == ["ct_chest.toml"]
    assert "is saved and in force" in window.banner.text
    assert shown(seat) == arranged, "no image moves when it is saved"
    seat.open_protocols()  # the program is started again
    opened(window, seat, seat.add_study(chest(2), chest(2, "20250202", "2")))
    assert shown(seat) == [uid.replace(".1.", ".2.", 1) for uid in arranged]
    planes = [cell.state.plane.value for cell in seat.session.viewing.cells if cell.state]
    assert planes[2] == "coronal"
    press(".")
    assert (seat.session.viewing.arrangement.stage, shown(seat)) == (1, ["1.2.3", "2.2.3"]), "the built-in stages follow"


def test_mammograms_are_learned_by_mouse_as_a_protocol_of_their_own(window, seat, qtbot) -> None:
    opened(window, seat, seat.add_study(mammograms(1)))
    seat.session.viewing.set_layout(Layout(1, 4), seat.session.case.studies)
    views = ["LCC", "RCC", "LMLO", "RMLO"]
    for place, view in enumerate(views):
        drop(window, seat, place, "1.1", f"1.1.{view}")
    assert shown(seat) == [f"1.1.{view}" for view in views]
    window.actions_by_id["hanging.like_this"].trigger()
    asked = dialog(window)
    asked.where[Where.OWN].click()
    assert asked.studies.currentItem().text() == "Mammography"
    asked.name.setText("Left first")
    qtbot.mouseClick(asked.go, Qt.MouseButton.LeftButton)
    opened(window, seat, seat.add_study(mammograms(2)))
    assert seat.session.viewing.arrangement.title == "Left first"
    assert shown(seat) == [f"1.2.{view}" for view in views]


def test_instead_of_the_stage_leaves_as_many_stages_and_the_file_before_it(window, seat, press) -> None:
    item = seat.add_study(chest(1))
    opened(window, seat, item)
    before = seat.session.viewing.arrangement
    press("Ctrl+1", "Ctrl+S", "Alt+2")
    assert dialog(window).becomes is Where.INSTEAD
    press("Return")
    first = seat.mine / "ct_chest.toml"
    kept = first.read_bytes()
    after = seat.session.viewing.arrangement
    assert (after.stage, after.layout) == (0, Layout(1, 1))
    assert after.stage_count == before.stage_count
    press("Ctrl+3", "Ctrl+S", "Alt+2", "Return")
    assert first.read_bytes() != kept
    assert [path.read_bytes() for path in library_files.earlier(first)] == [kept]


def test_the_banners_button_takes_it_back_and_what_hung_before_is_in_force(window, seat, press, qtbot) -> None:
    opened(window, seat, seat.add_study(chest(1)))
    press("Ctrl+4", "Ctrl+S", "Return")
    assert seat.session.viewing.layout == Layout(2, 2)
    qtbot.mouseClick(window.banner.offer, Qt.MouseButton.LeftButton)
    assert list(seat.mine.glob("*.toml")) == []
    assert "Taken back" in window.banner.text
    opened(window, seat, seat.add_study(chest(2)))
    assert seat.session.viewing.layout == Layout(1, 2)
    window.runner.run("hanging.undo")
    assert "Nothing was saved that could be taken back" in window.banner.text


# ---- what is asked ---------------------------------------------------------------------


def test_studies_are_proposed_in_words_and_what_would_win_is_said(window, seat, press) -> None:
    opened(window, seat, seat.add_study(chest(1)))
    press("Ctrl+S", "Alt+3")
    asked = dialog(window)
    assert [asked.studies.item(row).text() for row in range(asked.studies.count())] == [
        "CT chest", "Studies called “CT thorax”", "Every CT",
    ]  # fmt: skip
    press("Return")
    press("Ctrl+4", "Ctrl+S", "Alt+3")
    asked = dialog(window)
    asked.studies.setCurrentRow(2)
    assert "would still hang by “CT chest: " in asked.effect.text(), "the narrower one that was saved before"
    press("Esc")
    assert len(list(seat.mine.glob("*.toml"))) == 1


def test_it_is_saved_once_for_the_studies_that_the_arrows_chose(window, seat, press) -> None:
    opened(window, seat, seat.add_study(chest(1)))
    press("Ctrl+4", "Ctrl+S", "Alt+3")
    asked = dialog(window)
    asked.studies.setFocus()
    press("Down", "Down")
    assert asked.name.text().startswith("Every CT: ")
    press("Return")
    assert is_closed(window)
    assert [path.name for path in seat.mine.glob("*.toml")] == ["every_ct_4_series.toml"]
    opened(window, seat, seat.add_study(mammograms(2)))
    assert seat.session.viewing.arrangement.protocol == "mammography"


def test_only_folders_that_can_be_written_are_offered_and_a_failure_is_said_in_the_dialog(window, seat, press) -> None:
    seat.site.rmdir()
    seat.site.write_text("a file where the share was")
    opened(window, seat, seat.add_study(chest(1)))
    press("Ctrl+S")
    asked = dialog(window)
    assert [asked.level.itemText(row) for row in range(asked.level.count())] == ["Mine", "The site's: Not a directory"]
    assert not asked.level.model().item(1).isEnabled()
    (seat.mine).rmdir()
    seat.mine.write_text("nor here")
    press("Return")
    assert asked.isVisible()
    assert "is not saved" in asked.problem.text()
    seat.mine.unlink()
    press("Return")
    assert is_closed(window)
    assert (seat.mine / "ct_chest.toml").is_file()


def test_the_site_can_be_chosen_where_its_folder_is_writable(window, seat, press) -> None:
    opened(window, seat, seat.add_study(chest(1)))
    press("Ctrl+4", "Ctrl+S")
    asked = dialog(window)
    asked.level.setCurrentIndex(asked.level.findText("The site's"))
    press("Return")
    assert [path.name for path in seat.site.glob("*.toml")] == ["ct_chest.toml"]
    assert seat.hanger.library.get("ct-chest").level.name == "SITE"


def test_without_images_it_says_so(window, press) -> None:
    window.runner.run("hanging.like_this")
    assert "nothing to hang like" in window.banner.text.lower()


def test_what_cannot_be_kept_stands_in_the_dialog(window, seat, press) -> None:
    first = chest(1)
    twin = replace(first.series[1], series_instance_uid="1.1.8", series_number=8)
    opened(window, seat, seat.add_study(replace(first, series=(*first.series, twin))))
    seat.session.hangings.put(0, first, twin)
    press("Ctrl+S")
    assert "only its place among series that are alike tells it from them" in dialog(window).notes.text()


# ---- the quiet offer -------------------------------------------------------------------


def rearranged(window: Any, seat: HangingSeat, press: Callable[..., None], number: int, qtbot: Any) -> None:
    opened(window, seat, seat.add_study(chest(number)))
    rest = window.reading.hanging.rest
    press("Ctrl+4")
    assert rest.isActive()
    rest.setInterval(0)
    rest.start()
    qtbot.waitUntil(lambda: not rest.isActive(), timeout=60_000)
    rest.setInterval(2500)


def test_the_third_case_arranged_the_same_way_brings_a_quiet_line_that_leads_to_the_dialog(window, seat, press, qtbot) -> None:
    for number in (1, 2):
        rearranged(window, seat, press, number, qtbot)
        assert window.banner.text != WORDS
    rearranged(window, seat, press, 3, qtbot)
    assert window.banner.text == WORDS
    assert QApplication.activeModalWidget() is None
    qtbot.mouseClick(window.banner.offer, Qt.MouseButton.LeftButton)
    assert dialog(window).isVisible()


def test_an_offer_that_is_taken_away_by_hand_does_not_come_again(window, seat, press, qtbot) -> None:
    for number in (1, 2, 3):
        rearranged(window, seat, press, number, qtbot)
    window.banner._close.click()
    rearranged(window, seat, press, 4, qtbot)
    assert window.banner.text != WORDS
    window.runner.run("hanging.decline")
    assert window.banner.text == "This arrangement will not be offered again"


def test_reading_is_no_rearranging(window, seat, press, qtbot) -> None:
    for number in (1, 2, 3, 4):
        opened(window, seat, seat.add_study(chest(number)))
        press("2", "+", "Down", "Shift+Down", "Tab", "1")
        assert window.reading.hanging.mark() == ""


# ---- dropped series --------------------------------------------------------------------


def test_a_dropped_series_follows_to_the_next_stage(window, seat, press) -> None:
    opened(window, seat, seat.add_study(chest(1), chest(1, "20250101", "2")))
    asked = [cell.selector for cell in seat.session.viewing.cells]
    drop(window, seat, 0, "1.1", "1.1.4")
    place = None
    while place is None:
        press(".")
        cells = seat.session.viewing.cells
        place = next((i for i, c in enumerate(cells) if (c.selector, c.prior) == (asked[0], 0)), None)
        assert seat.session.viewing.arrangement.stage, "the stages came round without asking for it again"
    assert shown(seat)[place] == "1.1.4"
