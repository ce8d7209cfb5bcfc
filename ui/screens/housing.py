"""Which monitor shows which of the session's screens: each has a home, and a home that is gone is shared."""

from __future__ import annotations

from collections.abc import Sequence


class Housing:
    """Monitors by their keys. Pure bookkeeping: what hangs where is the session's."""

    def __init__(self) -> None:
        self._homes: list[str] = []
        self._present: tuple[str, ...] = ()

    def move_in(self, keys: Sequence[str], stays: bool) -> None:
        """These monitors show images now, from left to right. With `stays` a case is open: what is at home stays there."""
        self._present = tuple(keys)
        if not stays:
            self._homes = list(keys)
            return
        new = [key for key in keys if key not in self._homes]
        for screen, home in enumerate(self._homes):
            if home not in keys and new:
                self._homes[screen] = new.pop(0)
        self._homes += new

    def shared(self, count: int) -> dict[str, tuple[int, ...]]:
        """The screens that each monitor shows, its own first, of a session that has `count`."""
        alive = {screen: home for screen, home in enumerate(self._homes) if home in self._present}
        shown: dict[str, list[int]] = {home: [screen] for screen, home in alive.items()}
        for screen in range(count):
            if screen not in alive and alive:
                nearest = min(alive, key=lambda other: (abs(other - screen), other))
                shown[alive[nearest]].append(screen)
        return {key: tuple(screens) for key, screens in shown.items()}
