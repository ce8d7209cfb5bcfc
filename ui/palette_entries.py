"""What can be found in the palette: every command of the table, and what `PROVIDERS` add from the open case.

A provider is a function of the runner that yields entries; it is asked each time the palette opens. Nothing that names a
patient may be an entry: names are searched on the worklist.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from PySide6.QtCore import QCoreApplication

from ui.plain import core_text, plain
from ui.runner import Runner
from workstation.commands.availability import why_not
from workstation.commands.finding import Findable, words_of
from workstation.commands.table import preset_for
from workstation.domain.viewing import Plane


@dataclass(frozen=True)
class Entry(Findable):
    """`id` is a command's, or `provider:name`. `why` says why it cannot be done now; empty when it can."""

    keys: str = ""
    why: str = ""
    run: Callable[[], object] | None = field(default=None, compare=False)
    """None runs the command of this id."""

    @property
    def command_id(self) -> str:
        return self.id


Provider = Callable[[Runner], Iterable[Entry]]


def entries(runner: Runner) -> list[Entry]:
    """All of them, commands first, in the interface's language."""
    found = commands_as_entries(runner)
    for provider in PROVIDERS:
        found += provider(runner)
    return found


def commands_as_entries(runner: Runner) -> list[Entry]:
    """The table."""
    words = words_of(runner.commands.values(), runner.language)
    context = runner.context()
    return [
        Entry(
            c.id,
            core_text(c.title),
            core_text(c.menu),
            (*words.get(c.id, ()), c.title),
            runner.keys_text(c.id),
            core_text(why_not(c, context)),
        )
        for c in runner.commands.values()
    ]


def protocols(runner: Runner) -> Iterator[Entry]:
    """Hanging protocols for the open case, best first; one that does not fit says so."""
    hangings = runner.context().session.hangings
    for choice in hangings.choices():
        why = "" if choice.points > 0 else core_text(next(iter(choice.reasons), "")) or _tr("It does not fit these images")
        title = _tr("Hang as {0}").format(plain(choice.title))
        run = _later(hangings.use, choice.protocol_id)
        yield Entry(f"protocol:{choice.protocol_id}", title, _tr("Hanging protocol"), ("hang protocol",), "", plain(why), run)


def windows(runner: Runner) -> Iterator[Entry]:
    """The windows on the digits, by their names."""
    for digit in "123456789":
        preset = preset_for(runner.context(), digit)
        if preset is not None:
            title = _tr("Window {0}").format(plain(preset.name))
            keys, run = runner.keys_text(f"window.preset{digit}"), _later(runner.run, f"window.preset{digit}")
            yield Entry(f"window:{digit}", title, _tr("Window"), (preset.name, "preset"), keys, "", run)


def looks(runner: Runner) -> Iterator[Entry]:
    """Looks of the active 3D view, by their names."""
    viewing = runner.context().session.viewing
    state = viewing.state()
    if state is not None and state.plane is Plane.THREE_D and viewing.solid.state() is not None:
        for name in viewing.solid.looks():
            title = _tr("3D look {0}").format(core_text(name))
            yield Entry(f"look:{name}", title, _tr("3D"), (name,), "", "", _later(viewing.solid.set_look, name))


def saved_lists(runner: Runner) -> Iterator[Entry]:
    """Lists of the worklist, by their names."""
    lists = runner.context().session.lists
    for one in lists.lists if lists is not None else ():
        name = plain(one.name) if one.is_own else core_text(one.name)
        run = _later(lambda key: _look_at(runner, key), one.key)
        yield Entry(f"list:{one.key}", _tr("List {0}").format(name), _tr("Worklist"), (one.name, "worklist"), "", "", run)


def _look_at(runner: Runner, key: str) -> None:
    lists = runner.context().session.lists
    assert lists is not None
    lists.choose(key)
    runner.run("case.worklist")


PROVIDERS: list[Provider] = [protocols, windows, looks, saved_lists]
"""Others add theirs here."""


def _later(call: Callable[[str], object], name: str) -> Callable[[], object]:
    return lambda: call(name)


def _tr(text: str) -> str:
    return QCoreApplication.translate("palette", text)
