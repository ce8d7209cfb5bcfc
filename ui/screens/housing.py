"""Which monitor shows which of the session's screens: each has a home, and a home that is gone is shared."""

from __future__ import annotations

from collections.abc import Sequence


class Housing:
    """Monitors by their keys. Pure bookkeeping: what hangs where is the session's.

    What shows where follows from the homes and from the monitors that are there now, never from the order in which
    they went and came: when all are back (they were asleep), all is where it was.
    """

    def __init__(self) -> None:
        self._homes: list[str] = []
        self._present: tuple[str, ...] = ()

    def move_in(self, keys: Sequence[str], stays: bool) -> None:
        """These monitors show images now, from left to right. With `stays` a case is open: what is at home stays there."""
        self._present = tuple(keys)
        if not stays:
            self._homes = list(keys)
        new, missing = self._strangers()
        self._homes += new[len(missing) :]

    def shared(self, count: int) -> dict[str, tuple[int, ...]]:
        """The screens that each monitor shows, its own first, of a session that has `count`."""
        alive = {screen: home for screen, home in enumerate(self._homes) if home in self._present}
        new, missing = self._strangers()
        alive = dict(sorted((alive | dict(zip(missing, new, strict=False))).items()))
        shown: dict[str, list[int]] = {home: [screen] for screen, home in alive.items()}
        for screen in range(count):
            if screen not in alive and alive:
                nearest = min(alive, key=lambda other: (abs(other - screen), other))
                shown[alive[nearest]].append(screen)
        return {key: tuple(screens) for key, screens in shown.items()}

    def _strangers(self) -> tuple[list[str], list[int]]:
        """Monitors that are no screen's home, and the screens that they stand in for while their home is gone."""
        new = [key for key in self._present if key not in self._homes]
        return new, [screen for screen, home in enumerate(self._homes) if home not in self._present]
