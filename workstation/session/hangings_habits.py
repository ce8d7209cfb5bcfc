"""When the same kind of case was rearranged the same way three times, a quiet line offers to hang it so from now on.

What is kept from one day to the next is a mark of the arrangement (a hash without anything of a patient), how often
it was seen, and whether the offer was declined.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from workstation.session.case import Notice

if TYPE_CHECKING:
    from workstation.session.case import Case

TIMES = 3
MOST_OFFERS = 3
MOST_KEPT = 200
STORED = "hanging.habits"
OFFER = "hanging.like_this"
WORDS = "You have hung three cases like this. Hang it like this next time?"
COUNT, OFFERED, DECLINED = range(3)


class Kept(Protocol):
    """What outlives the program (`settings.Remembered`)."""

    def get(self, name: str, default: object = None) -> object: ...
    def set(self, name: str, value: object) -> None: ...


def _unheard(_: Notice) -> None:
    pass


class Habits:
    """Counts arrangements by their marks. `say`, `mark` and `kept` are plugged in by the window."""

    def __init__(self, case: Callable[[], Case | None]) -> None:
        self._case = case
        self.say: Callable[[Notice], None] = _unheard
        self.mark: Callable[[], str] = str
        """The mark of what is shown; empty when it is as it was hung."""
        self.kept: Kept | None = None
        self.offered = ""
        """The mark that was offered for the open case."""
        self._seen = ("", "")
        self._counted: set[tuple[str, str]] = set()

    def look(self) -> None:
        """The hands rest: note how the case is arranged now, and offer what was done often enough."""
        case = self._case()
        if case is None or self.kept is None:
            return
        mark, study = self.mark(), case.study.study_instance_uid
        self._seen = (study, mark) if mark else ("", "")
        if not mark or mark == self.offered or self._seen in self._counted:
            return
        count, offered, declined = self._entry(mark)
        if count + 1 >= TIMES and not declined and offered < MOST_OFFERS:
            self.offered = mark
            self._keep(mark, (count, offered + 1, declined))
            self.say(Notice(WORDS, of_case=True, command=OFFER))

    def left(self) -> None:
        """The case or the stage is left: what it was arranged as counts once for this study."""
        seen, self._seen, self.offered = self._seen, ("", ""), ""
        if seen[1] and seen not in self._counted:
            self._counted.add(seen)
            count, offered, declined = self._entry(seen[1])
            self._keep(seen[1], (count + 1, offered, declined))

    def decline(self) -> bool:
        """Never offer again what was offered last. False when nothing was."""
        mark = self.offered or self._seen[1]
        if not mark:
            return False
        count, offered, _ = self._entry(mark)
        self._keep(mark, (count, offered, 1))
        return True

    def _stored(self) -> dict[str, list[int]]:
        stored = self.kept.get(STORED, {}) if self.kept is not None else {}
        pairs = stored.items() if isinstance(stored, dict) else ()
        return {mark: entry for mark, entry in pairs if isinstance(entry, list) and len(entry) == DECLINED + 1}

    def _entry(self, mark: str) -> tuple[int, int, int]:
        entry = self._stored().get(mark, [0, 0, 0])
        whole = [value if isinstance(value, int) else 0 for value in entry]
        return whole[COUNT], whole[OFFERED], whole[DECLINED]

    def _keep(self, mark: str, entry: tuple[int, int, int]) -> None:
        """The newest last; the oldest ones are forgotten."""
        stored = self._stored()
        stored.pop(mark, None)
        stored[mark] = list(entry)
        if self.kept is not None:
            self.kept.set(STORED, dict(list(stored.items())[-MOST_KEPT:]))
