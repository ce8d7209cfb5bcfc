"""Before the window: the passphrase, long openings, and what cannot be opened; on real keys and a real core."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import keyring
import keyring.backends.fail
import pytest
from PySide6.QtCore import QCoreApplication, QEvent, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit

import main
from ui import app, start
from ui.banner import Banner
from ui.driver import type_letter
from ui.passphrase_dialog import PassphraseDialog, strength
from ui.start import StartWindow, open_stores
from workstation.at_rest import keys
from workstation.at_rest.keys import KEY_FILE_NOTICE, set_passphrase, status, unlock
from workstation.errors import Refused, WorkstationError
from workstation.session.case import Notice
from workstation.settings import Folders, Settings

pytestmark = pytest.mark.qt
PASSPHRASE = "Blå båtar på en björk"


@pytest.fixture(autouse=True)
def _bare_machine(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Neither a passphrase in the environment nor a keyring, whatever this computer has."""
    monkeypatch.delenv(keys.PASSPHRASE_VARIABLE, raising=False)
    before = keyring.get_keyring()
    keyring.set_keyring(keyring.backends.fail.Keyring())
    yield
    keyring.set_keyring(before)


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    made = Folders(tmp_path / "data", tmp_path / "config", tmp_path / "cache")
    made.make()
    return made


@pytest.fixture
def locked(folders: Folders) -> Folders:
    """Stored data that only the passphrase opens."""
    unlock(folders, Settings())
    set_passphrase(folders, PASSPHRASE)
    return folders


@pytest.fixture(scope="module")
def poster(qapp) -> app.MainPoster:
    """Outlives every core: garbage is collected in any thread, and Qt's objects must die on their own."""
    return app.MainPoster()


@pytest.fixture
def core(folders: Folders, poster) -> Iterator:
    from workstation.jobs import Jobs

    made = main.open_core(lambda: Jobs(poster.post), "", folders)
    yield made
    made.close()


def start_window() -> StartWindow | None:
    return next((w for w in QApplication.topLevelWidgets() if isinstance(w, StartWindow) and w.isVisible()), None)


class Reader(QTimer):
    """Does the next thing each time the start window is ready for the keys; notes what it said."""

    def __init__(self, *acts: Callable[[StartWindow], None]) -> None:
        super().__init__()
        self.acts = list(acts)
        self.said: list[tuple[str, str]] = []
        self.setInterval(20)
        self.timeout.connect(self._look)
        self.start()

    def end(self) -> None:
        self.stop()
        self.deleteLater()
        QCoreApplication.sendPostedEvents(self, QEvent.Type.DeferredDelete)

    def _look(self) -> None:
        window = start_window()
        if window is None or not self.acts:
            return
        is_asked = window.passphrase.isVisible() and window.passphrase.isEnabled()
        is_over = window.quit_button.isVisible() and not window.passphrase.isVisible()
        if is_asked or is_over:
            self.said.append((window.words.text(), window.why.text()))
            self.acts.pop(0)(window)


def type_all(widget: QLineEdit, text: str) -> None:
    for letter in text:
        type_letter(widget, letter)


@pytest.fixture
def reads(qapp) -> Iterator[Callable[..., Reader]]:
    """Makes readers, and ends them here: a traceback may keep one until a thread collects it."""
    made: list[Reader] = []

    def make(*acts: Callable[[StartWindow], None]) -> Reader:
        made.append(Reader(*acts))
        return made[-1]

    yield make
    for reader in made:
        reader.end()


def typed(text: str) -> Callable[[StartWindow], None]:
    def act(window: StartWindow) -> None:
        assert window.passphrase.echoMode() is QLineEdit.EchoMode.Password
        type_all(window.passphrase, text)
        QTest.keyClick(window.passphrase, Qt.Key.Key_Return)

    return act


def esc(window: StartWindow) -> None:
    QTest.keyClick(window, Qt.Key.Key_Escape)


def kept(folders: Folders) -> dict[str, bytes]:
    return {str(p): p.read_bytes() for p in folders.data.rglob("*") if p.is_file()}


def test_the_passphrase_opens_the_stored_data_and_a_wrong_one_is_said(locked, core, reads):
    """The reader types it by keys, Nordic letters too; it never shows."""
    reader = reads(typed("not this one at all"), typed(PASSPHRASE))
    open_stores(core, seen=True)
    assert core.vault.is_sealing
    assert [why for _, why in reader.said] == ["", "That is not the passphrase"]
    assert start_window() is None


def test_esc_at_the_passphrase_quits_and_changes_nothing(locked, core, reads):
    before = kept(locked)
    reader = reads(esc)
    with pytest.raises(Refused, match="The stored data cannot be opened"):
        open_stores(core, seen=True)
    assert len(reader.said) == 1
    assert kept(locked) == before


def test_three_wrong_ones_end_it_in_words(locked, core, reads):
    before = kept(locked)
    reader = reads(*[typed("not this one at all")] * 3, esc)
    with pytest.raises(Refused):
        open_stores(core, seen=True)
    assert "The stored data cannot be opened" in reader.said[-1][1]
    assert kept(locked) == before


def test_nobody_is_asked_where_nobody_can_answer(locked, core):
    with pytest.raises(Refused, match="No passphrase was given"):
        open_stores(core, seen=False)


def test_a_quick_start_shows_no_window_of_its_own(core, reads):
    shown = []
    reader = reads(shown.append)
    open_stores(core, seen=True)
    assert (shown, reader.said) == ([], [])
    assert core.cache.studies() == ()


def test_a_long_rebuild_is_shown_with_words_and_a_count(core, monkeypatch):
    monkeypatch.setattr(start, "SHOWN_AFTER_MS", 0)
    told: list[tuple[str, int]] = []
    look = QTimer()

    def see() -> None:
        window = start_window()
        if window is not None and window.bar.maximum() == 402:
            told.append((window.words.text(), window.bar.value()))

    look.timeout.connect(see)
    look.start(10)

    class Slow:
        def __get__(self, seat, _):
            import time

            seat.opening(137, 402, "Making the index again")
            until = time.monotonic() + 20
            while not told and time.monotonic() < until:
                time.sleep(0.01)

    monkeypatch.setattr(type(core), "cache", Slow())
    open_stores(core, seen=True)
    look.stop()
    assert told[0] == ("Making the index again   137 of 402", 137)


def test_a_start_that_fails_is_said_before_it_ends(folders, core, reads):
    (folders.data / "key.json").write_text("{broken", encoding="utf-8")
    reader = reads(esc)
    with pytest.raises(WorkstationError):
        open_stores(core, seen=True)
    words, why = reader.said[0]
    assert words == "Lyskasse cannot start"
    assert why


# ---- setting it ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "words", "is_enough"),
    [
        ("", "At least 10 characters, 10 more; several words are best", False),
        ("kort", "At least 10 characters, 6 more; several words are best", False),
        ("aaaaaaaaaaaaaaaaaaaaaaaa", "Weak: the same few characters again and again", False),
        ("tolv tecken!", "Fair: a longer one of several words would be stronger", True),
        (PASSPHRASE, "Strong", True),
    ],
)
def test_the_strength_of_a_passphrase_is_said_in_words(text, words, is_enough):
    assert strength(text) == (words, is_enough)


def dialog_on(seat, folders: Folders, qtbot) -> PassphraseDialog:
    seat.folders, seat.notices = folders, [KEY_FILE_NOTICE, "Another"]
    made = PassphraseDialog(seat)
    qtbot.addWidget(made)
    made.show()
    return made


def test_a_passphrase_typed_twice_replaces_the_key_file_and_its_notice(seat, folders, qtbot):
    unlock(folders, Settings())
    dialog = dialog_on(seat, folders, qtbot)
    assert not dialog.current.isVisible()
    type_all(dialog.first, PASSPHRASE)
    assert not dialog.set_button.isEnabled()
    type_all(dialog.second, PASSPHRASE[:-1] + "!")
    assert not dialog.set_button.isEnabled()
    assert dialog.strength.text() == "The two are not the same yet"
    dialog.second.setText(PASSPHRASE)
    QTest.keyClick(dialog.second, Qt.Key.Key_Return)
    assert status(folders, True).ways == ("passphrase",)
    assert seat.notices == ["Another"]
    assert unlock(folders, Settings(), lambda _: PASSPHRASE)[0].is_sealing


def test_a_change_asks_for_the_current_one_and_a_wrong_one_changes_nothing(seat, locked, qtbot):
    dialog = dialog_on(seat, locked, qtbot)
    assert dialog.current.isVisible()
    before = kept(locked)
    dialog.first.setText("Another one of several words")
    dialog.second.setText("Another one of several words")
    dialog.current.setText("not this one at all")
    dialog.set_button.click()
    assert "not the right one" in dialog.problem.text()
    assert kept(locked) == before
    dialog.current.setText(PASSPHRASE)
    dialog.set_button.click()
    assert unlock(locked, Settings(), lambda _: "Another one of several words")[0].is_sealing


def test_the_notice_of_the_key_file_offers_the_command(window, seat):
    seat.session.standing = [KEY_FILE_NOTICE]
    seat.session.notice.emit(Notice("", error=False))
    seat.session.start()
    banner: Banner = window.banner
    assert "its key lies in a file" in banner.text
    assert banner.offer.isVisible()
    assert banner.offer.text() == "Set a passphrase…"
