"""The editor of hanging protocols and the choice of another one, in the real window."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest
from hanging_seat import HangingSeat, chest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QMessageBox

from hanging_protocols import library, schema
from hanging_protocols.model import CellTemplate, HangingProtocol, Selector, Sort, StageTemplate
from hanging_protocols.write import write as write_protocol
from ui.hanging.chooser import ProtocolChooser
from ui.hanging.editor import ProtocolEditor
from workstation.domain.viewing import Layout, Plane

pytestmark = pytest.mark.qt


@pytest.fixture
def seat(tmp_path: Path, qapp: QApplication) -> HangingSeat:
    made = HangingSeat(tmp_path)
    made.add_study(chest(1), chest(1, "20250101", "2"))
    return made


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
        if isinstance(widget, ProtocolEditor):
            widget.draft.open(None)
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


@pytest.fixture
def case(window: Any, seat: HangingSeat) -> Any:
    seat.session.open(seat.items[0])
    QApplication.processEvents()
    window.grid.setFocus()
    return window


def editor(window: Any, seat: HangingSeat) -> ProtocolEditor:
    window.runner.run("hanging.editor")
    return shown_editor(window)


def shown_editor(window: Any) -> ProtocolEditor:
    found = [one for one in window.findChildren(ProtocolEditor) if one.isVisible()]
    assert len(found) == 1, window.banner.text
    found[0].activateWindow()
    QApplication.processEvents()
    return found[0]


def write(field: Any, text: str) -> None:
    field.setFocus()
    field.selectAll()
    QTest.keyClicks(field, text)
    QApplication.processEvents()


def shown(seat: HangingSeat) -> list[str]:
    return [cell.state.series_uid if cell.state else "" for cell in seat.session.viewing.cells]


# ---- by keys ---------------------------------------------------------------------------


def test_a_built_in_protocol_is_changed_by_keys_alone_and_hangs_so_at_once(case, seat, press) -> None:
    """Ctrl+F2, a word of the title, into the stage's grid, the new place's series; Ctrl+Return."""
    press("Ctrl+F2")
    made = shown_editor(case)
    assert made.title.text() == "CT chest", "the protocol in force stands first"
    QTest.keyClicks(made.list.field, "ct chest")
    press("Down", "Tab")
    made.stages.grid.setFocus()
    write(made.stages.grid, "2x2")
    made.stages.picture.setFocus()
    press("Down")
    assert made.stages.picture.place == (0, 1, 0)
    assert made.stages.why.text() == "Row 2, column 1: nothing is asked for here"
    made.stages.form.selector.setFocus()
    QTest.keyClicks(made.stages.form.selector, "Soft")
    made.stages.form.fields["plane"].widget.setFocus()
    QTest.keyClicks(made.stages.form.fields["plane"].widget, "cor")
    assert made.state.text() == "changed; will replace the one that is built in"
    press("Ctrl+Return")
    file = seat.mine / "ct_chest.toml"
    stage = schema.parse(file.read_text(encoding="utf-8"), file.name).stages[0]
    assert (stage.rows, stage.columns, stage.cells[2].plane) == (2, 2, Plane.CORONAL)
    assert seat.session.viewing.layout == Layout(2, 2), "the open case hangs by it at once"
    assert seat.session.viewing.cells[2].state.plane is Plane.CORONAL
    assert made.state.text() == "mine"


def test_stages_are_added_copied_ordered_and_removed(case, seat, press, qtbot) -> None:
    made = editor(case, seat)
    titles = stage_titles(made)
    made.stages.stages.setFocus()

    def press_until(key: str, number: int, wanted: list[str]) -> None:
        """A button's own letter presses it a moment later, as Qt shows it being pressed."""
        press(key)
        qtbot.waitUntil(lambda: stage_titles(made) == wanted, timeout=60_000)
        assert made.stages.number == number

    first, rest = titles[0], titles[1:]
    copied = f"{first} (copy)"
    press_until("Alt+C", 1, [first, copied, *rest])
    press_until("Alt+D", 2, [first, rest[0], copied, *rest[1:]])
    press_until("Alt+U", 1, [first, copied, *rest])
    press_until("Alt+U", 0, [copied, first, *rest])
    press_until("Alt+A", 1, [copied, "New stage", first, *rest])
    press_until("Alt+R", 1, [copied, first, *rest])
    while made.draft.undo():
        pass
    assert (stage_titles(made), made.draft.is_changed) == (titles, False)


def stage_titles(made: ProtocolEditor) -> list[str]:
    assert made.draft.protocol is not None
    return [stage.title for stage in made.draft.protocol.stages]


def test_kinds_of_series_and_rules_are_written_with_choices_of_the_open_study(case, seat, press) -> None:
    made = editor(case, seat)
    press("Alt+3")
    series = made.series
    series.names.setCurrentRow([series.names.item(n).text() for n in range(series.names.count())].index("Lung"))
    assert series.finds.text().startswith("Finds 3 Sharp 1 mm; then ")
    series.rules.add.click()
    row = series.rules.rows[-1]
    row.attribute.setCurrentIndex(row.attribute.findData("ConvolutionKernel"))
    row.attribute.activated.emit(row.attribute.currentIndex())
    assert {row.value.itemText(n) for n in range(row.value.count())} == {"Br40d", "Br64d"}
    row.value.setCurrentText("Br40d")
    row.required.setChecked(True)
    assert series.finds.text().startswith("Finds 4 Soft 1 mm")
    row.value.setCurrentText("Br99")
    assert series.finds.text().startswith("Finds nothing: ")
    press("Alt+2")
    rules = made.rules
    write(rules.rows[0].weight, "many")
    assert "rule 1: the weight is a number from 0 to 1000" in made.problem.text()
    assert not made.save_button.isEnabled()
    write(rules.rows[0].weight, "12,5")
    assert made.problem.text() == ""
    assert made.draft.protocol.rules[0].weight == 12.5


def names_of(kind: Any) -> set[str]:
    return {one.name for one in fields(kind)}


def test_every_field_of_a_protocol_can_be_set_in_the_editor_and_taken_back(case, seat, press) -> None:
    """A field that the model gets and no form has would be seen here first."""
    made = editor(case, seat)
    made.try_out.click()
    form, before = made.stages.form, made.draft.protocol
    assert set(form.fields) == names_of(CellTemplate) - {"row", "column", "screen", "center_width"}, "the picture and the window"
    assert names_of(StageTemplate) == {
        *("stage_id", "title", "rows", "columns", "screens", "cells"), *("min_cells", "min_prior_cells", "only_new", "partial")
    }  # fmt: skip
    assert names_of(HangingProtocol) == {
        *made.about.lines, *("title", "description", "rules", "selectors", "stages"), *("level", "source")
    }  # fmt: skip
    assert names_of(Selector) == {"name", "title", "rules", "order"}

    def choose(name: str, value: Any) -> None:
        combo = form.fields[name].widget
        assert combo.isEnabled(), name
        combo.setCurrentIndex(combo.findData(value))

    assert not form.fields["colour_map"].widget.isEnabled(), "nothing lies over it"
    choose("fusion", "soft")
    choose("colour_map", "even")
    form.fusion_windows.setCurrentText("Bone")
    write(form.fields["opacity"].widget, "35")
    choose("patient_orientation", "A F")
    choose("sort", "number")
    form.fields["descending"].widget.setChecked(True)
    write(made.stages.stage_id, "first-look")
    press("Alt+3")
    made.series.names.setCurrentRow(0)
    named = made.series.selector.name
    write(made.series.name, "ours")
    press("Tab")
    press("Alt+5")
    for name, text in (("creator", "Anybody"), ("created", "20261123"), ("group", "Chest")):
        write(made.about.lines[name], text)
    made.about.description.setPlainText("For all")
    stage = made.draft.protocol.stages[0]
    cell = stage.cells[0]
    assert (cell.colour_map, cell.fusion_window, cell.opacity, cell.patient_orientation) == ("even", "Bone", 0.35, ("A", "F"))
    assert (stage.stage_id, cell.sort, cell.descending) == ("first-look", Sort.NUMBER, True)
    assert "ours" in made.draft.protocol.selectors
    assert named not in {name for one in made.draft.protocol.stages for c in one.cells for name in (c.selector, c.fusion)}
    assert [getattr(made.draft.protocol, n) for n in ("creator", "created", "group", "description")] == [
        *("Anybody", "20261123"), *("Chest", "For all")
    ]  # fmt: skip
    assert made.whats_wrong() == ""
    assert seat.session.viewing.cells[0].state.backwards, "seen on the images at once"
    write(made.about.lines["protocol_id"], "Not An Id")
    assert made.problem.text() == "id: must be of small letters, digits and hyphens"
    made.stages.setFocus()
    write(form.fields["opacity"].widget, "350")
    assert made.problem.text() == "Opacity, %: from 0 to 100 %"
    while made.draft.undo():
        pass
    assert made.draft.protocol == before


def test_a_tie_stands_beside_the_protocol_and_its_reason_in_words(case, seat) -> None:
    seat.mine.mkdir(exist_ok=True)
    twin = replace(next(one for one in library.load() if one.protocol_id == "ct-chest"), protocol_id="ct-ours", title="Ours")
    (seat.mine / "ours.toml").write_text(write_protocol(twin), encoding="utf-8")
    seat.open_protocols()
    seat.session.hangings.use("")
    stage = case.reading.bar._stage
    assert stage.text().startswith("Ours (as well: CT chest)")
    assert "it is of a higher level (user against manufacturer)" in stage.toolTip()
    seat.session.hangings.use("ct-chest")
    assert stage.text().startswith("CT chest  ") or stage.text().startswith("CT chest ·"), stage.text()


# ---- on the images ---------------------------------------------------------------------


def test_a_draft_is_seen_on_the_images_as_it_is_written_and_leaves_them_when_it_is_given_up(
    case, seat, press, monkeypatch
) -> None:
    seat.session.viewing.change(0, zoom=2.5, position=7)
    before = list(seat.session.viewing.cells)
    made = editor(case, seat)
    made.try_out.click()
    write(made.stages.grid, "1x1")
    assert seat.session.viewing.layout == Layout(1, 1)
    write(made.stages.grid, "9x9")
    assert seat.session.viewing.layout == Layout(1, 1), "what means nothing hangs nothing"
    made.stages.stages.setCurrentRow(1)
    assert seat.session.viewing.arrangement.stage_title == made.draft.protocol.stages[1].title
    monkeypatch.setattr(QMessageBox, "exec", lambda _: QMessageBox.StandardButton.Discard)
    press("Esc")
    assert not [one for one in case.findChildren(ProtocolEditor) if one.isVisible()]
    assert seat.session.viewing.cells == before
    assert not list(seat.mine.glob("*.toml"))


def test_why_a_place_is_empty_is_said_in_words(case, seat) -> None:
    made = editor(case, seat)
    made.stages.picture.choose((0, 0, 1))
    made.stages.form.fields["prior"].widget.setCurrentIndex(3)
    assert made.stages.why.text() == "Row 1, column 2: empty, there is no comparable prior 3"
    made.stages.form.fields["prior"].widget.setCurrentIndex(0)
    assert made.stages.why.text() == "Row 1, column 2: empty, it would show what row 1, column 1 shows already"


def test_changes_are_asked_for_before_they_are_lost(case, seat, press, monkeypatch) -> None:
    made = editor(case, seat)
    write(made.title, "Mine")
    asked: list[str] = []
    monkeypatch.setattr(QMessageBox, "exec", lambda box: asked.append(box.text()) or QMessageBox.StandardButton.Cancel)
    made.list.list.setCurrentRow(made.list.list.currentRow() + 1)
    assert made.draft.protocol.title == "Mine"
    press("Esc")
    assert made.isVisible()
    assert asked == ["“Mine” is changed and not saved."] * 2
    monkeypatch.setattr(QMessageBox, "exec", lambda _: QMessageBox.StandardButton.Save)
    made.close()
    assert seat.hanger.library.get("ct-chest").title == "Mine"


# ---- mistakes --------------------------------------------------------------------------


MISTAKES = (
    ('id = "ct-chest"', 'id = "CT chest"', "line 1, id: must be of small letters, digits and hyphens"),
    ("rows = 1", "rows = 7", "rows: must be a whole number from 1 to 4"),
    ('selector = "lung"', 'selector = "lunge"', "'lunge' is not one of"),
    ("rules = [", "rules = [[", "it is not TOML"),
    ('attribute = "Modality"', 'attribute = "Modalty"', "did you mean Modality?"),
)


def test_a_mistake_in_the_file_is_named_by_line_and_key_while_it_is_typed(case, seat, press) -> None:
    made = editor(case, seat)
    press("Alt+4")
    made.file.text.setFocus()
    good = made.file.text.toPlainText()
    for old, new, said in MISTAKES:
        made.file.text.setPlainText(good.replace(old, new, 1))
        assert said in made.problem.text()
        assert not made.save_button.isEnabled()
        press("Ctrl+Return")
        assert not list(seat.mine.glob("*.toml"))
    made.file.text.setPlainText(good.replace("CT chest", "Ours", 1))
    assert made.problem.text() == ""
    assert made.title.text() == "Ours"


def test_refused_files_stand_in_the_list_with_their_key_and_the_reason_can_be_copied(case, seat) -> None:
    seat.mine.mkdir()
    (seat.mine / "bad.toml").write_text('id = "bad"\ntitle = "Bad"\nrules = [{ attribute = "Modality", eqals = "CT" }]\n')
    (seat.site / "binary.toml").write_bytes(b"\xff\xfe")
    seat.open_protocols()
    made = editor(case, seat)
    assert [made.list.list.item(row).text() for row in (0, 1)] == ["⚠ binary.toml", "⚠ bad.toml"]
    made.list.list.setCurrentRow(1)
    assert "line 3, rules[0]: needs exactly one of" in made.problem.text()
    assert not made.stages.isEnabled()
    made.reason_button.click()
    assert QGuiApplication.clipboard().text().startswith(f"{seat.mine / 'bad.toml'}\nThe hanging protocol bad.toml is not used")
    made.list.list.setCurrentRow(0)
    assert "it is not UTF-8 text" in made.problem.text()


def test_looking_at_a_protocol_changes_nothing_of_any(case, seat) -> None:
    """Every built-in protocol through every form and back."""
    made = editor(case, seat)
    for protocol in library.load():
        made.stages.begin()
        made.draft.open(protocol)
        for number in range(len(protocol.stages)):
            made.stages.stages.setCurrentRow(number)
            for place in made.stages.picture.places():
                made.stages.picture.choose(place)
                made.stages.form._read()
        for row in range(made.series.names.count()):
            made.series.names.setCurrentRow(row)
            for rule in made.series.rules.rows:
                rule._read()
        assert made.draft.protocol == protocol, protocol.protocol_id
        assert (made.whats_wrong(), made.draft.is_changed) == ("", False), protocol.protocol_id


# ---- files -----------------------------------------------------------------------------


def test_a_copy_is_my_own_protocol_and_a_removed_file_comes_back(case, seat, press) -> None:
    made = editor(case, seat)
    made.copy_button.click()
    assert made.title.text() == "CT chest (copy)"
    press("Ctrl+Return")
    assert [path.name for path in seat.mine.glob("*.toml")] == ["ct_chest_copy.toml"]
    made.remove_button.click()
    assert list(seat.mine.glob("*.toml")) == []
    case.runner.run("hanging.undo")
    assert [path.name for path in seat.mine.glob("*.toml")] == ["ct_chest_copy.toml"]


def test_a_protocol_goes_out_to_a_file_and_comes_in_again(case, seat, tmp_path, press, monkeypatch) -> None:
    from PySide6.QtWidgets import QFileDialog

    file = tmp_path / "given away.toml"
    made = editor(case, seat)
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(file), ""))
    made.files.ask_export()
    protocol = schema.parse(file.read_text(encoding="utf-8"), "ct_chest.toml")
    assert protocol == next(one for one in library.load() if one.protocol_id == "ct-chest")
    file.write_text(file.read_text(encoding="utf-8").replace('"ct-chest"', '"from-a-friend"'), encoding="utf-8")
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(file), ""))
    made.files.ask_import()
    assert seat.hanger.library.get("from-a-friend") is None, "nothing is in force before it is saved"
    press("Ctrl+Return")
    assert seat.hanger.library.get("from-a-friend") is not None
    file.write_text("id = 1", encoding="utf-8")
    with pytest.raises(Exception, match="id: must be a text"):
        made.files.take_in(file)


def test_without_a_case_protocols_are_edited_all_the_same(window, seat) -> None:
    made = editor(window, seat)
    made.list.field.setText("mammography")
    assert made.title.text() == "Mammography"
    assert "no case is open" in made.stages.why.text()
    assert made.why.text() == "No case is open that it could fit."
    assert not made.try_out.isEnabled()


# ---- choosing another ------------------------------------------------------------------


def chooser(window: Any) -> ProtocolChooser:
    found = [one for one in window.findChildren(ProtocolChooser) if one.isVisible()]
    assert len(found) == 1, window.banner.text
    return found[0]


def test_another_protocol_is_hung_by_its_name(case, seat, press) -> None:
    press("Ctrl+F3")
    asked = chooser(case)
    assert asked.names()[0] == "ct-chest"
    assert asked.why.text().startswith("Fits (")
    QTest.keyClicks(asked.field, "mammog")
    assert asked.names()[0] == "mammography"
    assert asked.why.text().startswith("Does not fit: required: Modality is not MG, but CT")
    asked.field.clear()
    QTest.keyClicks(asked.field, "ct")
    row = asked.names().index("ct")
    asked.list.setCurrentRow(row)
    QTest.keyClick(asked.field, Qt.Key.Key_Return)
    assert seat.session.viewing.arrangement.protocol == "ct"
    seat.session.open(seat.add_study(chest(2)))
    assert seat.session.viewing.arrangement.protocol == "ct-chest", "for the one case only"


def test_a_protocol_is_remembered_for_the_kind_of_study_only_when_asked(case, seat, press) -> None:
    press("Ctrl+F3")
    asked = chooser(case)
    asked.list.setCurrentRow(asked.names().index("ct"))
    QTest.keyClick(asked.field, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert case.banner.text == "Every CT chest hangs by “CT” from now on"
    seat.open_protocols()
    seat.session.open(seat.add_study(chest(2)))
    assert seat.session.viewing.arrangement.protocol == "ct"
    press("Ctrl+F3")
    asked = chooser(case)
    assert asked.names()[0] == "", "the one that fits best"
    QTest.keyClick(asked.field, Qt.Key.Key_Return)
    assert seat.session.viewing.arrangement.protocol == "ct-chest"
    seat.session.open(seat.add_study(chest(3)))
    assert seat.session.viewing.arrangement.protocol == "ct-chest"
