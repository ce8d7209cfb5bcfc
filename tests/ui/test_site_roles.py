"""What a site says its monitors are for: rules of a file, under what the reader chose."""

from __future__ import annotations

from dataclasses import replace
from importlib.resources import files

import pytest
from PySide6.QtCore import QRect

from ui.screens.dialog import ScreensDialog
from ui.screens.monitors import Monitor
from ui.screens.roles import Role
from ui.screens.site_roles import ScreensFileRefused, parse, proposed, role_of

pytestmark = pytest.mark.qt
D, S, U = Role.DIAGNOSTIC, Role.SIDE, Role.UNUSED


def monitor(**facts) -> Monitor:
    rect = QRect(0, 0, 1920, 1200)
    return replace(Monitor(facts.get("name", "DP-1"), "DP-1", rect, rect, 1920, 1200, model="EIZO RX250", serial="4711"), **facts)


def rules(lines: str, role: str = "side"):
    return parse(f'[[monitor]]\n{lines}\nrole = "{role}"\n')


@pytest.mark.parametrize(
    ("lines", "fits", "fits_not"),
    [
        ('serial = "4711"', {}, {"serial": "47110"}),
        ('model = "eizo rx"', {}, {"model": "Barco"}),
        ('plug = "dp"', {"name": "DP-3"}, {"name": "HDMI-1"}),
        ("portrait = true", {"height": 2560}, {}),
        ("portrait = false", {}, {"height": 2560}),
        ("built_in = true", {"name": "eDP-1"}, {}),
        ("least_megapixels = 2.3", {}, {"width": 1600}),
        ("most_megapixels = 2.4", {}, {"width": 2560}),
        ("least_inches = 20", {"inches": 21.3}, {"inches": 0.0}),
        ("most_inches = 17.5", {"inches": 15.6}, {"inches": 0.0}),
        ('serial = "4711"\nportrait = true', {"height": 2560}, {}),
    ],
)
def test_a_rule_fits_what_all_its_lines_fit(lines, fits, fits_not):
    assert role_of(monitor(**fits), rules(lines)) is S
    assert role_of(monitor(**fits_not), rules(lines)) is None


def test_the_first_rule_that_fits_counts_and_the_rest_is_as_it_looks():
    found = parse('[[monitor]]\nserial = "4711"\nrole = "not used"\n[[monitor]]\nmodel = "rx"\nrole = "side"\n')
    one, other, third = monitor(), monitor(key="2", serial="1"), monitor(key="3", serial="", model="")
    roles = proposed([one, other, replace(third, height=2560)], found)
    assert list(roles.values()) == [U, S, D]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[[monitor]\n", "it is not TOML"),
        ("[screen]\n", "screen: there is no such key; there is only [[monitor]]"),
        ("[monitor]\n", "monitor: rules stand under [[monitor]], with two brackets"),
        ('[[monitor]]\nserial = "1"\n', "[[monitor]] 1 role: must be one of diagnostic, side, not used"),
        ('[[monitor]]\nrole = "side"\n', "[[monitor]] 1: a rule says which monitors it is for"),
        ('[[monitor]]\nserial = 4711\nrole = "side"\n', "[[monitor]] 1 serial: must be text in quotes"),
        ('[[monitor]]\nportrait = "yes"\nrole = "side"\n', "[[monitor]] 1 portrait: must be true or false"),
        ('[[monitor]]\nleast_inches = -1\nrole = "side"\n', "[[monitor]] 1 least_inches: must be a number above 0"),
        ('[[monitor]]\ncolour = "grey"\nrole = "side"\n', "[[monitor]] 1 colour: there is no such key; there are role, serial"),
    ],
)
def test_a_mistake_is_told_by_file_rule_key_and_reason(text, why):
    with pytest.raises(ScreensFileRefused) as refused:
        parse(text)
    assert refused.value.title == "screens.toml is not used"
    assert why in refused.value.detail


def test_the_examples_of_the_file_are_rules():
    text = files("resources").joinpath("screens.toml").read_text(encoding="utf-8")
    assert parse(text) == ()
    assert [rule.role for rule in parse(text.replace("#: ", ""))] == [D, D, S, U]


@pytest.fixture
def begun(seat, qtbot):
    """The window after a site has written its file."""
    from ui.main_window import MainWindow

    def begun(text: str) -> MainWindow:
        seat.folders.config.mkdir(parents=True, exist_ok=True)
        (seat.folders.config / "screens.toml").write_text(text, encoding="utf-8")
        window = MainWindow(seat)
        qtbot.addWidget(window)
        window.show()
        window.screens.begin()
        return window

    return begun


def test_the_sites_word_holds_until_the_reader_chooses(begun, qtbot):
    window = begun('[[monitor]]\nleast_megapixels = 0.1\nrole = "side"\n')
    (only,) = window.screens.present
    assert window.screens.roles() == {only.key: S}
    assert window.reading.badge.text() == "Not a diagnostic screen"
    dialog = ScreensDialog(window.screens, window)
    qtbot.addWidget(dialog)
    assert "The site says: Side: worklist and report" in dialog._words(only)
    window.screens.choose({only.key: D})
    assert not window.reading.badge.text()


def test_a_bad_file_of_the_site_is_told_and_screens_are_what_they_look_to_be_for(begun):
    window = begun('[[monitor]]\nportrait = 1\nrole = "side"\n')
    assert "screens.toml is not used" in window.banner.text
    assert "[[monitor]] 1 portrait: must be true or false" in window.banner.text
    assert list(window.screens.roles().values()) == [D]
