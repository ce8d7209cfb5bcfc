"""What a command is. Menus, keys, the palette, spoken commands and help all read the same record."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from workstation.domain.viewing import PresetTable
from workstation.session.session import Session


class Mode(StrEnum):
    """What has focus. A bare letter acts in IMAGES and types in EDITOR.

    POINTING is IMAGES while arrow keys move a cursor or a drawing; keys of its own go before those of IMAGES.
    """

    IMAGES = "images"
    POINTING = "pointing"
    EDITOR = "editor"
    WORKLIST = "worklist"


EVERYWHERE = frozenset(Mode)
IMAGES = frozenset({Mode.IMAGES})


class Shell(Protocol):
    """What only the window can do. The core asks; the window (or a test) answers."""

    def show_palette(self) -> None: ...
    def show_keys(self) -> None: ...
    def show_about(self) -> None: ...
    def show_worklist(self) -> None: ...
    def show_archives(self) -> None: ...
    def set_up_archives(self) -> None: ...
    def toggle_prefetch(self) -> None: ...
    def send_to_archive(self) -> None: ...
    def show_sendings(self) -> None: ...
    def set_passphrase(self) -> None: ...
    def focus_images(self) -> None: ...
    def focus_series(self) -> None: ...
    def focus_report(self) -> None: ...
    def choose_files_to_import(self) -> None: ...
    def toggle_fullscreen(self) -> None: ...
    def toggle_dictation(self) -> None: ...
    def step_section(self, steps: int) -> None: ...
    def show_deliveries(self) -> None: ...
    def show_drawings(self) -> None: ...
    def show_findings(self) -> None: ...
    def show_dialog(self, name: str) -> None:
        """A dialog by its name in `ui.dialogs`."""
        ...

    def save_drawings(self) -> None: ...
    def show_histogram(self) -> None: ...
    def show_true_size(self) -> None: ...
    def calibrate_screen(self) -> None: ...
    def quit(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Context:
    """What a command acts on."""

    session: Session
    shell: Shell
    presets: PresetTable


@dataclass(frozen=True, slots=True)
class Command:
    """One thing to ask for. `keys` are in Qt's portable key text (`Ctrl+Return`, `Shift+R`).

    `say` are spoken phrases: the noun first, two words or more. `menu` is the menu it lies in;
    empty keeps it out of menus. `confirm_by_key` marks what voice alone may never do.
    """

    id: str
    title: str
    run: Callable[[Context], None]
    keys: tuple[str, ...] = ()
    say: tuple[str, ...] = ()
    menu: str = ""
    modes: frozenset[Mode] = EVERYWHERE
    confirm_by_key: bool = False
