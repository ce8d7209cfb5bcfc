"""The keys and mouse buttons in force: read at the start, changed while the program runs, kept in `keys.toml`, undone.

One for each window. Whoever shows keys asks `Runner`; whoever changes them calls `choose`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ui.key_words import keyboard_in_use
from ui.runner import Runner
from workstation.commands import hand, key_file
from workstation.commands.key_file import KeyChoices
from workstation.commands.keyboards import Keyboard
from workstation.commands.keymap import KeyMap, build, modes_of
from workstation.commands.profiles import BUILT_IN, Profile, profile
from workstation.commands.table import COMMANDS
from workstation.domain.hand_button import HandButton
from workstation.errors import WorkstationError
from workstation.session.mouse import RIGHT, Mouse
from workstation.signals import Signal

if TYPE_CHECKING:
    from ui.seat import Seat

OLD_RIGHT = "mouse.right"
"""Where the choice for the right button was kept before it lay in keys.toml."""


class KeyDesk:
    """`choices` are the reader's, `site` the site's (keys.site.toml beside it), both in `folder`."""

    def __init__(self, core: Seat) -> None:
        self.folder: Path = core.folders.config
        self._session = core.session
        self._language = core.settings.language
        self._dictation_key = core.settings.dictation_key
        self._runner: Runner | None = None
        self._before: list[KeyChoices] = []
        self.changed: Signal[KeyChoices] = Signal()
        self.site = self._read(core, key_file.SITE)
        self.choices = self._read(core, key_file.FILE)
        old = core.remembered.get(OLD_RIGHT)
        if isinstance(old, str) and RIGHT not in self.choices.mouse:
            self.choices = replace(self.choices, mouse={**self.choices.mouse, RIGHT: old})
        self.keymap = self.built(self.choices)
        self._use_mouse()
        self._session.viewing.mouse.changed.connect(self._right_chosen)

    @property
    def profile(self) -> Profile:
        return self.profile_of(self.choices)

    @property
    def keyboard(self) -> Keyboard:
        return keyboard_in_use(self.choices.keyboard or self.site.keyboard)

    @property
    def can_undo(self) -> bool:
        return bool(self._before)

    def profile_of(self, choices: KeyChoices) -> Profile:
        return profile(choices.profile or self.site.profile or BUILT_IN)

    def serve(self, runner: Runner) -> None:
        """From now on this runner follows, and mouse buttons that are commands run through it."""
        self._runner = runner
        runner.keyboard, runner.language = self.keyboard, self._language
        runner.use_keys(self.keymap)
        self._session.viewing.mouse.wanted.connect(runner.run)

    def built(self, choices: KeyChoices) -> KeyMap:
        """The keys that would be in force."""
        return build(COMMANDS, choices.keys, self.site.keys, self.profile_of(choices).keys)

    def without_own(self) -> KeyMap:
        """The keys of the profile and the site alone."""
        return self.built(replace(self.choices, keys={}))

    def mouse_of(self, choices: KeyChoices) -> Mapping[str, str]:
        """What buttons would do."""
        mouse = Mouse()
        mouse.use(self.profile_of(choices).mouse, self.site.mouse, choices.mouse)
        return mouse.does

    def keyboard_found(self) -> Keyboard:
        """The keyboard that would be taken if the reader chose none."""
        return keyboard_in_use(self.site.keyboard)

    def clashes(self, command_id: str, key: str) -> tuple[str, ...]:
        """The other commands that a key runs where this command would."""
        by_id = {c.id: c for c in COMMANDS}
        found = []
        for mode in modes_of(by_id[command_id], key):
            other = self.keymap.by_mode[mode].get(key)
            if other is not None and other != command_id and mode in by_id[other].modes:
                found.append(other)
        return tuple(dict.fromkeys(found))

    def choose(self, choices: KeyChoices) -> None:
        """In force at once and kept on the disk. Raises Unavailable when the disk does not take it: nothing is changed then."""
        if choices == self.choices:
            return
        key_file.save(self.folder / key_file.FILE, choices)
        self._before.append(self.choices)
        self._take(choices)

    def undo(self) -> None:
        """Back to what was before the last change. Raises Unavailable as `choose`."""
        if self._before:
            key_file.save(self.folder / key_file.FILE, self._before[-1])
            self._take(self._before.pop())

    # ---- single changes ----------------------------------------------------------------

    def set_keys(self, command_id: str, keys: Iterable[str]) -> None:
        """The command has these keys and no others; other commands that had one of them lose it."""
        wanted = tuple(dict.fromkeys(keys))
        own = {i: k for i, k in self.choices.keys.items() if i != command_id}
        cleared = {i: tuple(k for k in held if k not in wanted) for i, held in own.items()}
        self.choose(replace(self.choices, keys={**cleared, command_id: wanted}))

    def swap(self, command_id: str, key: str, other_id: str) -> None:
        """The command gets the key; the other one gets what the command had first, if anything."""
        had, others = self.keymap.keys_of[command_id], self.keymap.keys_of[other_id]
        theirs = tuple(had[0] if k == key else k for k in others) if had else tuple(k for k in others if k != key)
        own = {i: k for i, k in self.choices.keys.items() if i not in (command_id, other_id)}
        self.choose(replace(self.choices, keys={**own, command_id: (key, *had[1:]), other_id: theirs}))

    def reset(self, command_id: str) -> None:
        """As the profile has it."""
        self.choose(replace(self.choices, keys={i: k for i, k in self.choices.keys.items() if i != command_id}))

    def reset_all(self) -> None:
        """Keys and buttons as the profile has them; the profile and the keyboard stay."""
        self.choose(replace(self.choices, keys={}, mouse={}, hand={}))

    def set_keyboard(self, name: str) -> None:
        """Empty for the one that this computer says."""
        self.choose(replace(self.choices, keyboard=name))

    def set_press(self, press: str, action: str) -> None:
        self.choose(replace(self.choices, mouse={**self.choices.mouse, press: action}))

    def reset_press(self, press: str) -> None:
        self.choose(replace(self.choices, mouse={p: a for p, a in self.choices.mouse.items() if p != press}))

    def reset_mouse(self) -> None:
        """Buttons as the profile has them."""
        self.choose(replace(self.choices, mouse={}))

    @property
    def hand(self) -> Mapping[HandButton, str]:
        """What each button of a hand microphone does now."""
        record = {HandButton.RECORD.value: hand.OF_THE_KEY.get(self._dictation_key, hand.BOTH)}
        return hand.in_force(record, self.site.hand, self.choices.hand)

    def set_hand(self, button: HandButton, action: str) -> None:
        self.choose(replace(self.choices, hand={**self.choices.hand, button.value: action}))

    def reset_hand(self) -> None:
        """Buttons of a hand microphone as they are built in."""
        self.choose(replace(self.choices, hand={}))

    # ---- inside ------------------------------------------------------------------------

    def _take(self, choices: KeyChoices) -> None:
        self.choices = choices
        self.keymap = self.built(choices)
        self._use_mouse()
        if self._runner is not None:
            self._runner.keyboard = self.keyboard
            self._runner.use_keys(self.keymap)
        self.changed.emit(choices)

    def _use_mouse(self) -> None:
        self._session.viewing.mouse.use(self.profile.mouse, self.site.mouse, self.choices.mouse)

    def _right_chosen(self, name: str) -> None:
        try:
            self.set_press(RIGHT, name)
        except WorkstationError as error:
            self._session.report_problem(error)

    def _read(self, core: Seat, name: str) -> KeyChoices:
        try:
            return key_file.load(self.folder / name)
        except WorkstationError as error:
            core.settings_problem = core.settings_problem or error
            return KeyChoices()
