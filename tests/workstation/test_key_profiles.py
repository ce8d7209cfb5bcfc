"""Profiles: what a reader of another viewer knows by heart works here too, or the page says why not."""

from __future__ import annotations

import pytest

from workstation.commands.command import Mode
from workstation.commands.key_names import OFTEN_TAKEN, parts, why_never
from workstation.commands.keyboards import keyboards
from workstation.commands.keymap import Layer, build
from workstation.commands.profiles import BUILT_IN, ORDER, profile, profiles
from workstation.commands.table import COMMANDS
from workstation.session.mouse import DEFAULTS, Mouse, is_command, presses, why_not

BY_ID = {c.id: c for c in COMMANDS}
DIFFERS = ""
"""Not here, or otherwise here: the profile names it in `differs`, with the reason."""
PRESETS = {str(n): f"window.preset{n}" for n in range(1, 10)}

# viewer.md, section 3, column by column: (their key, our command). A Mac's command key is Ctrl, its option key Alt.
OHIF = {
    "Down": "image.next",
    "Up": "image.previous",
    "Home": "image.first",
    "End": "image.last",
    "PgDown": "series.next",
    "PgUp": "series.previous",
    "Right": "viewport.next",
    "Left": "viewport.previous",
    ".": "hanging.next",
    ",": "hanging.previous",
    "I": "image.invert",
    "Z": "tool.zoom",
    "+": "image.zoom_in",
    "-": "image.zoom_out",
    "=": "image.fit",
    "R": "image.rotate_right",
    "L": "image.rotate_left",
    "H": "image.flip_horizontal",
    "V": "image.flip_vertical",
    "C": "cine.toggle",
    "Space": "image.reset",
    "Esc": "report.images",
    "Ctrl+Z": "drawing.undo",
    "Ctrl+Y": "drawing.redo",
    "Backspace": "drawing.remove",
    "1-4": DIFFERS,
    "B": DIFFERS,
    "E": DIFFERS,
    "A": DIFFERS,
    "[": DIFFERS,
    "]": DIFFERS,
    "N": DIFFERS,
    "Enter": DIFFERS,
}
WEASIS = {
    "Down": "image.next",
    "Up": "image.previous",
    "Shift+Down": "image.next10",
    "Shift+Up": "image.previous10",
    "Home": "image.first",
    "End": "image.last",
    "Right": "series.next",
    "Left": "series.previous",
    "PgUp": DIFFERS,
    "PgDn": DIFFERS,
    "Ctrl+Right": DIFFERS,
    "Ctrl+Left": DIFFERS,
    "Ctrl+PgUp": DIFFERS,
    "Ctrl+PgDn": DIFFERS,
    "Ctrl+Down": "case.next",
    "Ctrl+Up": DIFFERS,
    "Ctrl+Home": DIFFERS,
    "Ctrl+End": DIFFERS,
    "Tab": "viewport.next",
    "Shift+Tab": "viewport.previous",
    "W": "tool.window",
    "0": "window.auto",
    "1-8": DIFFERS,
    "Z": "tool.zoom",
    "Ctrl++": "image.zoom_in",
    "Ctrl+-": "image.zoom_out",
    "Ctrl+Enter": DIFFERS,
    "T": "tool.pan",
    "S": "tool.scroll",
    "R": DIFFERS,
    "Alt+L": "image.rotate_left",
    "Alt+R": "image.rotate_right",
    "Alt+F": "image.flip_horizontal",
    "H": "tool.crosshair",
    "D": "tool.length",
    "A": "tool.angle",
    "Y": DIFFERS,
    "M": DIFFERS,
    "G": DIFFERS,
    "Q": DIFFERS,
    "N": DIFFERS,
    "B": "tool.text",
    "K": "key_image.toggle",
    "C": "cine.toggle",
    "Esc": DIFFERS,
    "Space": "image.overlays",
    "I": "image.overlays",
    "F11": "help.fullscreen",
    "Alt+S": DIFFERS,
    "Alt+X": DIFFERS,
    "Alt+C": DIFFERS,
    "Alt+V": "viewport.references",
    "Ctrl+Alt+B": DIFFERS,
    "Del": "drawing.remove",
    "Ctrl+A": DIFFERS,
    "Ctrl+D": DIFFERS,
    "P": DIFFERS,
    "Ctrl+W": "case.close",
    "Ctrl+Space": "mouse.right",
}
HOROS = {
    "Right": "image.next",
    "Left": "image.previous",
    "PgDown": "image.next10",
    "PgUp": "image.previous10",
    "Home": "image.first",
    "End": "image.last",
    "Ctrl+Right": "series.next",
    "Ctrl+Left": "series.previous",
    "Ctrl+Shift+Right": "case.next",
    "Ctrl+Shift+Left": DIFFERS,
    "W": "tool.window",
    "0": "window.auto",
    "~": DIFFERS,
    "1-9": DIFFERS,
    "Z": "tool.zoom",
    "Up": "image.zoom_in",
    "Down": "image.zoom_out",
    "M": "tool.pan",
    "I": DIFFERS,
    "H": "image.flip_horizontal",
    "V": "image.flip_vertical",
    "Y": "tool.crosshair",
    "P": DIFFERS,
    "L": "tool.length",
    "A": "tool.angle",
    "E": "tool.ellipse",
    "C": "tool.polygon",
    "O": DIFFERS,
    "D": "tool.freehand",
    "B": DIFFERS,
    "R": DIFFERS,
    "S": DIFFERS,
    "T": "tool.text",
    "Q": "tool.arrow",
    "Ctrl+K": DIFFERS,
    "Alt+K": DIFFERS,
    "Space": "cine.toggle",
    "Return": DIFFERS,
    "Ctrl+R": "image.reset",
    "Esc": "report.images",
    "Tab": "image.text_level",
    "Ctrl+F": DIFFERS,
    "]": DIFFERS,
    "[": DIFFERS,
    "Del": "drawing.remove",
    "Ctrl+Z": "drawing.undo",
    ",": DIFFERS,
    ".": DIFFERS,
    "/": DIFFERS,
    "\\": DIFFERS,
    "Ctrl+Shift+O": "report.focus",
    "Ctrl+P": DIFFERS,
    "Ctrl+W": "case.close",
}
RIVALS = {"ohif": OHIF, "weasis": WEASIS, "horos": HOROS}
RIVALS_MICE = {
    "ohif": {"Middle": "pan", "Right": "zoom", "Wheel": "images"},
    "weasis": {"Middle": "pan", "Right": "", "Wheel": "images"},
    "horos": {
        "Middle": "pan",
        "Right": "zoom",
        "Wheel": "images",
        "Ctrl+Left": "pan",
        "Alt+Left": "window",
        "Shift+Left": "zoom",
    },
}
# What a case needs, whoever reads it and with which hand.
NEEDED = (
    *("image.next", "image.previous", "image.next10", "image.previous10", "image.first", "image.last"),
    *("series.next", "series.previous", "hanging.next", "hanging.previous", "viewport.next", "viewport.maximise"),
    *("window.preset1", "window.preset2", "window.preset3", "window.auto", "window.default"),
    *("tool.length", "tool.window", "drawing.remove", "drawing.report", "key_image.toggle", "drawing.undo"),
    *("report.focus", "report.dictate", "report.images", "report.next_section", "report.sign_final", "case.next"),
)
LEFT_HAND = set("12345QWERTASDFGZXCVB<§") | {"Tab", "Esc", "Space", *(f"F{n}" for n in range(1, 7))}
RIGHT_HAND = {"Backspace", "Up", "Down", "Left", "Right", "Ins", "Del", "Home", "End", "PgUp", "PgDown", "Return", "Enter"}


def keymap_of(name: str):
    return build(COMMANDS, profile=profile(name).keys)


def test_there_are_the_four_profiles_of_the_issue_and_both_hands():
    assert tuple(profiles()) == ORDER == (BUILT_IN, "ohif", "weasis", "horos", "one_hand_left", "one_hand_right")
    assert all(p.title and p.words for p in profiles().values())


@pytest.mark.parametrize(("name", "key"), [(name, key) for name, table in RIVALS.items() for key in table])
def test_a_key_of_a_rival_does_the_same_here_or_is_named_with_the_reason(name, key):
    wanted = RIVALS[name][key]
    if wanted is DIFFERS:
        assert any(key in d.key.split() and d.what and d.why for d in profile(name).differs)
    else:
        assert keymap_of(name).command_for(key, Mode.IMAGES) == wanted


@pytest.mark.parametrize("name", RIVALS)
def test_nothing_is_named_as_different_that_is_in_no_list_of_the_rivals_keys(name):
    named = {key for d in profile(name).differs for key in d.key.split() if "button" not in d.key}
    assert named <= RIVALS[name].keys()


@pytest.mark.parametrize(("name", "press"), [(name, press) for name, table in RIVALS_MICE.items() for press in table])
def test_the_mouse_of_a_rival_does_the_same(name, press):
    mouse = Mouse()
    mouse.use(profile(name).mouse)
    assert mouse.does[press] == RIVALS_MICE[name][press]


@pytest.mark.parametrize("name", ORDER)
def test_a_profile_names_only_commands_keys_and_buttons_that_are(name):
    one = profile(name)
    assert one.keys.keys() <= BY_ID.keys()
    for keys in one.keys.values():
        assert keys
        assert not [key for key in keys if why_never(key) and key != "Esc"]
    assert set(one.mouse) <= set(presses())
    assert not [press for press, action in one.mouse.items() if why_not(press, action)]
    assert not [a for a in one.mouse.values() if is_command(a) and a not in BY_ID]
    assert set(one.keyboards) <= keyboards().keys()


@pytest.mark.parametrize("name", ORDER)
def test_no_two_commands_of_a_profile_want_one_key(name):
    one = profile(name)
    keymap = keymap_of(name)
    assert [note for note in keymap.notes if note.loser in one.keys] == []
    for command_id, keys in one.keys.items():
        assert keymap.keys_of[command_id] == keys


@pytest.mark.parametrize("name", ORDER)
def test_whoever_loses_a_key_to_a_profile_gets_the_next_free_one_or_is_named_as_without(name):
    keymap, table = keymap_of(name), build(COMMANDS)
    told = {note.loser: note for note in keymap.notes}
    for command in COMMANDS:
        keys = keymap.keys_of[command.id]
        if command.id in profile(name).keys or keys == table.keys_of[command.id]:
            continue
        note = told[command.id]
        assert note.by is Layer.PROFILE
        assert note.winner in profile(name).keys
        assert note.instead == (keys[0] if keys else "")
        assert not keys or note.instead not in table.by_mode[Mode.IMAGES] or note.instead in table.keys_of[command.id]


@pytest.mark.parametrize("name", [name for name in ORDER if name != "one_hand_left"])
def test_no_profile_leaves_a_command_without_a_key_that_has_one_in_the_table(name):
    """With the left hand alone there are not keys enough."""
    keymap = keymap_of(name)
    assert [c.id for c in COMMANDS if c.keys and not keymap.keys_of[c.id]] == []


@pytest.mark.parametrize("name", ORDER)
def test_what_finds_everything_else_keeps_its_keys(name):
    """A command without a key is reached by the palette and the menus: those are on the same keys in every profile."""
    keymap = keymap_of(name)
    for mode in Mode:
        assert keymap.command_for("Ctrl+K", mode) == "help.palette"
        assert keymap.command_for("F1", mode) == "help.keys"
        assert keymap.command_for("Ctrl+F1", mode) == "keys.edit"
        assert keymap.command_for("Esc", mode) == "report.images"
        assert keymap.command_for("Ctrl+N", mode) == "case.next"


@pytest.mark.parametrize("name", ORDER)
def test_moving_a_drawing_by_keys_is_the_same_in_every_profile(name):
    keymap = keymap_of(name)
    for command in COMMANDS:
        if command.id.startswith("point."):
            assert keymap.keys_of[command.id] == command.keys
            assert all(keymap.command_for(key, Mode.POINTING) == command.id for key in command.keys)


@pytest.mark.parametrize("name", ORDER)
def test_a_key_that_desktops_keep_is_never_the_only_way(name):
    """KDE Plasma and Xfce switch desktops with Ctrl+F1 and so on. In the table there is a second key, elsewhere the menus."""
    keymap = keymap_of(name)
    for command in COMMANDS:
        keys = keymap.keys_of[command.id]
        assert not [n.instead for n in keymap.notes if n.loser == command.id and n.instead in OFTEN_TAKEN]
        is_sure = not keys or any(key not in OFTEN_TAKEN for key in keys)
        assert is_sure or (command.menu and name != BUILT_IN), (command.id, keys)
    assert all(
        keymap.command_for(f"Ctrl+Shift+F{n}", Mode.EDITOR) == keymap.command_for(f"Ctrl+F{n}", Mode.EDITOR) for n in range(1, 11)
    )


def reachable(command_id: str, keys: tuple[str, ...], bases: set[str]) -> bool:
    """With one hand: its keys, and one or two held beside them."""
    hands = [key for key in keys if parts(key).base in bases or ("Num" in parts(key).modifiers and bases is RIGHT_HAND)]
    return any("Alt" not in parts(key).modifiers or bases is LEFT_HAND for key in hands)


@pytest.mark.parametrize("command_id", NEEDED)
def test_a_whole_case_is_read_with_the_left_hand(command_id):
    keys = keymap_of("one_hand_left").keys_of[command_id]
    assert reachable(command_id, keys, LEFT_HAND), keys


@pytest.mark.parametrize("command_id", NEEDED)
def test_a_whole_case_is_read_with_the_right_hand(command_id):
    keys = keymap_of("one_hand_right").keys_of[command_id]
    digits = tuple(f"Num+{key}" for key in keys if key in PRESETS)  # digits of the number block are digits
    signs = tuple(f"Num+{key}" for key in keys if key in ("+", "-"))
    assert reachable(command_id, (*keys, *digits, *signs), RIGHT_HAND), keys


@pytest.mark.parametrize("name", ["one_hand_left", "one_hand_right"])
def test_with_one_hand_the_report_is_signed_and_left_while_the_editor_has_the_keys(name):
    """What must work in the editor types nothing there."""
    keymap = keymap_of(name)
    bases = LEFT_HAND if name == "one_hand_left" else RIGHT_HAND
    for command_id in ("report.dictate", "report.next_section", "report.images", "report.sign_final", "case.next"):
        keys = tuple(key for key in keymap.keys_of[command_id] if keymap.command_for(key, Mode.EDITOR) == command_id)
        assert reachable(command_id, keys, bases), (command_id, keys)


@pytest.mark.parametrize("name", ["one_hand_left", "one_hand_right"])
def test_the_side_buttons_of_the_other_hands_mouse_do_something_useful(name):
    mouse = Mouse()
    mouse.use(profile(name).mouse)
    used = {mouse.action(button, held) for button in ("Back", "Forward") for held in ("", "Ctrl", "Shift")}
    assert used == {
        *("hanging.next", "hanging.previous", "series.next", "series.previous", "viewport.next", "viewport.previous"),
    }


def test_signing_needs_two_keys_in_every_profile():
    for name in ORDER:
        keymap = keymap_of(name)
        for command_id in ("report.sign_final", "report.sign_preliminary"):
            assert all(parts(key).modifiers & {"Ctrl", "Alt"} for key in keymap.keys_of[command_id])


@pytest.mark.parametrize("name", ORDER)
def test_profiles_are_typed_on_the_keyboards_that_they_are_for(name):
    """One key of each command at least; a sign that another keyboard has elsewhere may be a second one."""
    one, keymap = profile(name), keymap_of(name)
    for keyboard in (keyboards()[k] for k in one.keyboards or keyboards()):
        for command_id, keys in keymap.keys_of.items():
            assert not keys or any(not keyboard.why_not(key) for key in keys), (keyboard.id, command_id)


def test_the_built_in_mouse_is_what_every_viewer_agrees_on():
    assert {press: DEFAULTS[press] for press in ("Middle", "Right", "Wheel")} == RIVALS_MICE["ohif"]
