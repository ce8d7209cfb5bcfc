"""The command table is walked: each command of the image menus, by its key, changes what it says and nothing else.

A new command must stand in WALK here, or be pressed by a test of its own. What needs a volume of real voxels or a
dialog's inside is proven there; what it changes from the outside is proven here.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from given_state import three_states
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog

from workstation.commands.command import Command, Mode
from workstation.commands.table import COMMANDS
from workstation.domain.annotation import AnnotationKind, Source, Verdict
from workstation.domain.viewing import PresetTable, Window, WindowPreset

pytestmark = pytest.mark.qt

TESTS = Path(__file__).resolve().parents[1]
NO_PROOF = {Path(__file__).name, "test_commands.py", "test_keys.py"}
MENUS = {"Image", "Window", "Tools", "Drawings", "Hanging", "Layout"}
WALKED = [c for c in COMMANDS if c.menu in MENUS and c.modes != frozenset({Mode.POINTING})]
WITHOUT_KEYS = {
    "cine.faster",
    "cine.slower",
    "image.anatomy",
    "image.calibrate_screen",
    "fusion.hotter",
    "fusion.cooler",
    "alignment.turn",
    "prior.hang_fetched",
    "subtraction.mask_add",
    "subtraction.mask_next",
    "subtraction.mask_previous",
    "subtraction.interval",
    "subtraction.unmoved",
    "subtraction.landmarks",
    "subtraction.as_filed",
    "subtraction.undo",
} | {f"layout.{rows}x{columns}" for rows in range(1, 5) for columns in range(1, 5)}
"""May be without a key: the palette (Ctrl+K) and the menus (Alt, arrows) reach them."""


@dataclass(frozen=True)
class Step:
    """`given` is done and `first` pressed before; `changes` is every fact that the command's own key then changes."""

    changes: frozenset[str]
    first: tuple[str, ...] = ()
    given: Callable[[Any], None] = lambda seat: None


def step(*changes: str, first: tuple[str, ...] = (), given: Callable[[Any], None] = lambda seat: None) -> Step:
    return Step(frozenset(changes), first, given)


def a_finding(seat: Any) -> None:
    """Of a program, on the shown image, chosen."""
    state, annotating = seat.session.viewing.state(), seat.session.annotating
    own = seat.library.viewport(state.study_uid, state.series_uid).annotation_at(
        state, 200, 200, [(60.0, 90.0), (90.0, 130.0)], AnnotationKind.LENGTH
    )
    annotating.add_received([replace(own, source=Source("program", "Invented detector", "1"), verdict=Verdict.OPEN)])
    annotating.select(own.uid)


def shown_by_a_state(seat: Any) -> None:
    """The active viewport follows a presentation state."""
    seat.library.objects["1.1"] = three_states()
    seat.session.findings.open_case(seat.session.case.studies)
    seat.session.presenting.show("2.25.600")


def another_stage(seat: Any) -> None:
    """The protocol's other stage; the seat's hanger has two."""
    seat.session.hang_stage(1)


# A length, drawn by keys; it is chosen and the window tool is back.
DRAWN = ("D", "Return", "Return", "Shift+Right", "Return", "Esc", "Esc", "J")
BOX = ("Shift+E", "Return", "Return", "Shift+Right", "Shift+Down", "Return", "Esc", "Esc", "J")
PROBED = ("P", "Return", "Return", "Esc", "Esc")
CUT = ("plane", "focus", "window")
WALK: dict[str, Step] = {
    # The series
    "image.next": step("position"),
    "image.previous": step("position", first=("Down",)),
    "image.next10": step("position"),
    "image.previous10": step("position", first=("Shift+Down",)),
    "image.first": step("position", first=("Down", "Down")),
    "image.last": step("position"),
    "series.next": step("series_uid"),
    "series.previous": step("series_uid", first=("PgDown",)),
    "series.list": step("focus_widget"),
    # The window
    "window.default": step("window", first=("1",)),
    "window.auto": step("window"),
    "window.region": step("picks_region"),
    "window.own_next": step("own_window"),
    "window.own_previous": step("own_window"),
    **{f"window.preset{digit}": step("window") for digit in range(1, 10)},
    # How the image lies
    "image.invert": step("inverted"),
    "image.flip_horizontal": step("flipped_horizontally"),
    "image.flip_vertical": step("flipped_vertically"),
    "image.rotate_right": step("rotation"),
    "image.rotate_left": step("rotation"),
    "image.zoom_in": step("zoom"),
    "image.zoom_out": step("zoom"),
    "image.one_to_one": step("sizing"),
    "image.true_size": step("sizing", "pixel_mm"),
    "image.magnifier": step("magnifier"),
    "image.sharpen": step("sharpening"),
    "image.smooth": step("sharpening"),
    "image.filter_off": step("sharpening", first=("U",)),
    "image.interpolation": step("interpolation"),
    "image.fit": step("zoom", first=("+",)),
    "image.reset": step("zoom", "inverted", "rotation", "window", first=("+", "I", "R", "1")),
    "image.overlays": step("overlays"),
    "image.text_level": step("text_level"),
    "cine.toggle": step("cine"),
    "cine.sweep": step("cine_sweeps"),
    # Tools; that each one draws is proven in test_tools_by_key
    "tool.window": step("tool", first=("Z",)),
    **{
        c.id: step("tool", first=("W",) if c.id == "tool.window" else ())
        for c in COMMANDS
        if c.id.startswith("tool.") and c.id != "tool.window"
    },
    # Drawings
    "drawing.undo": step("drawings", "selected", first=DRAWN),
    "drawing.redo": step("drawings", first=(*DRAWN, "Ctrl+Z")),
    "drawing.remove": step("drawings", "selected", first=DRAWN),
    "drawing.next": step("selected", first=(*DRAWN, *PROBED)),
    "drawing.previous": step("selected", first=(*DRAWN, *PROBED)),
    "drawing.list": step("dialogs", "focus_widget"),
    "drawing.findings": step("dialogs", "focus_widget"),
    "drawing.text": step("focus_widget", first=DRAWN),
    "drawing.report": step("report", first=DRAWN),
    "drawing.histogram": step("focus_widget", first=BOX),
    "drawing.layer": step("layer_visible"),
    "drawing.label": step("label_hand", first=DRAWN),
    "drawing.spine_start": step("tool", "spine_level"),
    "drawing.copy_to_prior": step("drawings", first=DRAWN),
    "drawing.accept": step("drawings", given=a_finding),
    "drawing.reject": step("drawings", given=a_finding),
    # Key images and presentation states
    "key_image.toggle": step("key_images"),
    "key_image.next": step("position", first=("K", "Down")),
    "key_image.list": step("dialogs", "focus_widget"),
    "presentation.list": step("dialogs", "focus_widget"),
    "presentation.leave": step("rotation", "zoom", "window", "followed", given=shown_by_a_state),
    # Without a lesion there are words; with one, see test_lesions_over_time
    "lesion.carry": step("banner"),
    "lesion.next": step("banner"),
    "lesion.table": step("dialogs", "focus_widget"),
    # Planes and hanging
    "plane.axial": step(*CUT),
    "plane.coronal": step(*CUT),
    "plane.sagittal": step(*CUT),
    "plane.stack": step("plane", "focus", first=("Alt+2",)),
    "plane.3d": step("plane"),
    "hanging.three_planes": step(*CUT, "layout"),
    "prior.list": step("dialogs", "focus_widget"),
    "hanging.next": step("stage"),
    "hanging.previous": step("stage", given=another_stage),
    # The layout
    "viewport.next": step("active", "series_uid"),
    "viewport.previous": step("active", "series_uid", "study_uid", "window"),  # a prior has the window of the current
    "viewport.maximise": step("maximised"),
    "viewport.link": step("linked_by"),
    "viewport.link_index": step("linked_by"),
    "viewport.link_zoom": step("linked_by"),
    "viewport.link_window": step("linked_by"),
    "viewport.references": step("references"),
    "viewport.cursor": step("cursor_3d"),
    "layout.1x1": step("layout"),
    "layout.1x2": step("layout"),
    "layout.1x3": step("layout", first=("Ctrl+1",)),
    "layout.2x2": step("layout"),
    "layout.2x3": step("layout"),
    "layout.3x4": step("layout"),
}


def facts(window: Any, seat: Any) -> dict[str, Any]:
    """What the commands of these menus may change, by name."""
    viewing, annotating = seat.session.viewing, seat.session.annotating
    state, report = viewing.state(), seat.session.desk.report
    found: dict[str, Any] = {name: getattr(state, name) for name in type(state).__slots__}
    dialogs = [w for w in QApplication.topLevelWidgets() if isinstance(w, QDialog) and w.isVisible()]
    focus = QApplication.focusWidget()
    return found | {
        "active": viewing.active,
        "layout": viewing.layout,
        "stage": viewing.arrangement.stage if viewing.arrangement else None,
        "maximised": viewing.maximised,
        "tool": viewing.tool,
        "overlays": viewing.overlays,
        "linked_by": viewing.linking.by,
        "references": viewing.linking.references,
        "cursor_3d": viewing.linking.cursor,
        "picks_region": viewing.looking.picks_region,
        "text_level": viewing.looking.text_level,
        "magnifier": viewing.magnifier.is_on,
        "cine": viewing.cine.is_running,
        "cine_sweeps": viewing.cine.sweeps,
        "drawings": annotating.all(),
        "selected": annotating.selected,
        "key_images": seat.session.key_images.all(),
        "layer_visible": annotating.layer_visible,
        "spine_level": annotating.spine_level,
        "label_hand": annotating.labels.uid,
        "dialogs": tuple(sorted(type(d).__name__ for d in dialogs)),
        "focus_widget": focus.objectName() or type(focus).__name__ if focus is not None else "",
        "report": tuple(s.text for s in report.sections) if report else (),
        "banner": window.banner.text,
    }


@pytest.fixture
def seat(seat):
    """With a window on every digit."""
    windows = [WindowPreset(str(digit), f"Preset {digit}", Window(10.0 * digit, 100.0)) for digit in range(1, 10)]
    seat.presets = PresetTable({"CT": tuple(windows)})
    return seat


@pytest.fixture
def press(case):
    def press(key: str) -> None:
        combination = QKeySequence(key)[0]
        target = QApplication.focusWidget() or case
        QTest.keyClick(target, combination.key(), combination.keyboardModifiers())
        QApplication.processEvents()

    case.grid.setFocus()
    yield press
    for widget in QApplication.topLevelWidgets():
        if isinstance(widget, QDialog):
            widget.close()


@pytest.mark.parametrize("command", [c for c in WALKED if c.id in WALK], ids=lambda c: c.id)
def test_a_command_changes_what_it_says_and_nothing_else(command: Command, press, case, seat):
    walk = WALK[command.id]
    walk.given(seat)
    for key in walk.first:
        press(key)
    before = facts(case, seat)
    press(command.keys[0])
    after = facts(case, seat)
    assert {name for name in after if before[name] != after[name]} == walk.changes


def test_every_other_key_of_a_command_does_the_same(press, case, seat):
    """The first key is walked above; `=` for `+`, Ctrl+0 for `~`."""
    for command in WALKED:
        for key in command.keys[1:]:
            assert case.runner.keymap.command_for(key, Mode.IMAGES) == command.id


def test_every_command_of_the_image_menus_is_pressed_by_some_test():
    """A command that nothing presses is not known to work by keys alone."""
    missing = [c.id for c in WALKED if c.id not in WALK and not _is_pressed(c) and (c.keys or c.id not in WITHOUT_KEYS)]
    assert not missing, f"add these to WALK in {Path(__file__).name}, or press their keys in a test of their own: {missing}"


def test_the_walk_knows_no_command_that_is_gone():
    assert WALK.keys() | WITHOUT_KEYS <= {c.id for c in COMMANDS}


def _is_pressed(command: Command) -> bool:
    """Whether another test gives one of its keys to a function (`press("Alt+R")`, `Key_R, ALT`), or names the command."""
    keys = "|".join(re.escape(key) for key in command.keys)
    given = re.compile(rf'[("\s](?:press|key|keys|hit|typed?)\([^)\n]*"(?:{keys})"|"{re.escape(command.id)}"')
    texts = [path.read_text(encoding="utf-8") for path in TESTS.rglob("test_*.py") if path.name not in NO_PROOF]
    return any(given.search(text) for text in texts) or any(_is_clicked(key, text) for key in command.keys for text in texts)


def _is_clicked(key: str, text: str) -> bool:
    """Whether a line names Qt's key and every modifier of it, and no other."""
    *modifiers, last = key.split("+") if not key.endswith("+") else (key,)
    lines = [line.lower() for line in text.splitlines() if re.search(rf"press\(.*\bKey_{re.escape(last)}\b", line)]
    return any(all((name in line) is (name.title() in modifiers) for name in ("ctrl", "shift", "alt")) for line in lines)


@pytest.mark.parametrize("key", ["Ctrl+P", "Shift+H", "Ctrl+M", "Shift+B", "Ctrl+A", "Ctrl+Del"])
def test_what_needs_a_drawing_says_so_where_there_is_none(key: str, press, case, seat):
    press(key)
    assert case.banner.text


def test_the_palette_reaches_a_command_that_has_no_key(press, case, seat):
    seat.session.viewing.cine.toggle()
    rate = seat.session.viewing.cine.rate
    press("Ctrl+K")
    QTest.keyClicks(QApplication.focusWidget(), "cine faster")
    QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Return)
    assert seat.session.viewing.cine.rate > rate
