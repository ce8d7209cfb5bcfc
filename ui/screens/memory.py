"""What is remembered for each set of monitors: roles, and where windows stood."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ui.screens.monitors import Monitor, loose_set_name, set_name
from ui.screens.roles import Role, Roles, read
from workstation.settings import Remembered

KEY = "screens.sets"
MOST_SETS = 12
WINDOW_STATES = (0, 2, 4)
"""Normal, maximised, full screen, as Qt counts them."""


class Memory:
    """The set used last stands last; older ones are forgotten. What a spoiled file says is passed over."""

    def __init__(self, remembered: Remembered) -> None:
        self._remembered = remembered

    def roles(self, present: Sequence[Monitor]) -> dict[str, Role] | None:
        """What the reader chose for these monitors; None where nobody chose."""
        found = read(self._of(present).get("roles"), present)
        return found if found is not None else self._elsewhere(present)

    def choose(self, present: Sequence[Monitor], chosen: Roles | None) -> None:
        """None goes back to what monitors look to be for."""
        self.note(present, "roles", {key: str(role) for key, role in chosen.items()} if chosen is not None else None)

    def known(self, present: Sequence[Monitor]) -> dict[str, Role] | None:
        """For a set that nobody chose roles for: those that each of its monitors had last. None where one had none."""
        return read({m.key: self.role_of(m, present) for m in present}, present)

    def role_of(self, monitor: Monitor, present: Sequence[Monitor]) -> Role | None:
        """What the reader chose for this monitor in this set, else in the set used last; None where nobody did."""
        own = self.roles(present)
        if own is not None:
            return own[monitor.key]
        for entry in reversed(list(self._sets().values())):
            stored = entry.get("roles")
            role = stored.get(monitor.key) if isinstance(stored, dict) else None
            if role in set(Role):
                return Role(str(role))
        return None

    def frames(self, present: Sequence[Monitor]) -> dict[str, tuple[int, int, int, int]]:
        """Windows of images that have a frame: left, top, width, height, by monitor."""
        stored = self._of(present).get("frames")
        items = stored.items() if isinstance(stored, dict) else ()
        good = {k: f for k, f in items if isinstance(f, list) and len(f) == 4 and all(isinstance(n, int) for n in f)}
        return {key: (frame[0], frame[1], frame[2], frame[3]) for key, frame in good.items()}

    def place(self, present: Sequence[Monitor]) -> tuple[tuple[int, int, int, int], int] | None:
        """Where the main window stood: left, top, width, height, and its state as Qt counts it."""
        stored = self._of(present).get("main")
        if not isinstance(stored, list) or len(stored) != 5 or not all(isinstance(n, int) for n in stored):
            return None
        left, top, width, height, how = stored
        return ((left, top, width, height), how) if how in WINDOW_STATES else None

    def main_at(self, present: Sequence[Monitor]) -> str:
        """The monitor that the reader brought worklist and report to; empty for the one of their role."""
        stored = self._of(present).get("main at")
        return stored if isinstance(stored, str) and stored in {m.key for m in present} else ""

    def bring_main(self, present: Sequence[Monitor], key: str) -> None:
        """Empty takes it back."""
        self.note(present, "main at", key)

    def note(self, present: Sequence[Monitor], name: str, value: Any) -> None:
        sets, own = self._sets(), set_name(present)
        entry = dict(sets.pop(own, {})) | {name: value, "kinds": loose_set_name(present)}
        kept = list(sets.items())[-(MOST_SETS - 1) :]
        self._remembered.set(KEY, dict([*kept, (own, {k: v for k, v in entry.items() if v})]))

    def _elsewhere(self, present: Sequence[Monitor]) -> dict[str, Role] | None:
        """Chosen for the same monitors at other plugs or places: their roles, not their places."""
        kinds = loose_set_name(present)
        for entry in reversed(list(self._sets().values())):
            stored = entry.get("roles")
            if kinds and entry.get("kinds") == kinds and isinstance(stored, dict):
                by_kind = {_kind(key): role for key, role in stored.items() if isinstance(key, str)}
                return read({m.key: by_kind.get(m.kind) for m in present}, present)
        return None

    def _of(self, present: Sequence[Monitor]) -> dict[str, Any]:
        return self._sets().get(set_name(present), {})

    def _sets(self) -> dict[str, dict[str, Any]]:
        stored = self._remembered.get(KEY)
        items = stored.items() if isinstance(stored, dict) else ()
        return {name: entry for name, entry in items if isinstance(entry, dict)}


def _kind(key: str) -> str:
    """The key of a monitor without its plug: maker, model, serial number, resolution."""
    maker, model, serial, _, size = (*key.split("|"), "", "", "", "")[:5]
    return f"{maker}|{model}|{serial}|{size}"
