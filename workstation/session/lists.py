"""The lists of the worklist at this seat: which there are, which one is looked at, how many rows each has."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol

from workstation.domain.worklist_query import RowFilter, RowOrder, RowSource, SortKey
from workstation.errors import Refused, WorkstationError
from workstation.jobs import WORKLIST, Cancel, Jobs
from workstation.session.listing import Listing
from workstation.signals import Signal
from workstation.worklist_lists import ALL, LONGEST_NAME, SavedList, as_kept, in_order, load_lists, own_lists

OWN, CHOSEN, SORTED = "worklist.lists", "worklist.list", "worklist.sorted"
MOST_OWN = 30


class Memory(Protocol):
    """`workstation.settings.Remembered`."""

    def get(self, name: str, default: object = None) -> object: ...
    def set(self, name: str, value: object) -> None: ...


class Kept(Protocol):
    @property
    def rows(self) -> RowSource: ...


class Lists:
    """`listing.wanted` and `listing.order` say what is looked at; `changed` follows when that or the lists are others."""

    def __init__(
        self, jobs: Jobs, listing: Listing, worklist: Kept, memory: Memory, site: Path, problem: Callable[[Exception], object]
    ) -> None:
        self._jobs = jobs
        self._listing = listing
        self._worklist = worklist
        self._memory = memory
        self._problem = problem
        self.trouble: WorkstationError | None = None
        """Why the site's file is not used."""
        try:
            self._given = load_lists(site)
        except WorkstationError as error:
            self.trouble, self._given = error, load_lists()
        self._own = own_lists(memory.get(OWN))
        self.lists = in_order(self._given, self._own)
        self.counts: Mapping[str, int] = {}
        """Rows by the list's key; MOST_COUNTED for that many and more."""
        self.changed: Signal[None] = Signal()
        self.counted: Signal[None] = Signal()
        self.removed: list[SavedList] = []
        """Those of the reader's own that were removed or written over since the start, the newest last."""
        self.chosen = self._find(str(memory.get(CHOSEN, ALL))) or self.lists[-1]
        self._look(self.chosen.wanted, self._order_of(self.chosen))

    @property
    def wanted(self) -> RowFilter:
        return self._listing.wanted

    @property
    def order(self) -> RowOrder:
        return self._listing.order

    @property
    def is_altered(self) -> bool:
        """Whether something else is looked at than the chosen list says; typed words do not count."""
        return self.wanted.with_text("") != self.chosen.wanted.with_text("")

    def choose(self, key: str) -> None:
        """Look at a list from now on. Raises Refused."""
        found = self._find(key)
        if found is None:
            raise Refused("No such list", "It was removed", "Choose another one")
        self.chosen = found
        self._memory.set(CHOSEN, key)
        self._look(found.wanted, self._order_of(found))
        self.changed.emit(None)

    def step(self, steps: int) -> None:
        """The next list or the one before."""
        keys = [one.key for one in self.lists]
        self.choose(keys[(keys.index(self.chosen.key) + steps) % len(keys)])

    def narrow(self, wanted: RowFilter) -> None:
        """Other rows of the same list."""
        if wanted != self.wanted:
            self._look(wanted, self.order)
            self.changed.emit(None)

    def sort(self, order: RowOrder) -> None:
        """Also the next time that this list is looked at."""
        if order != self.order:
            kept = self._memory.get(SORTED)
            orders = kept if isinstance(kept, dict) else {}
            self._memory.set(SORTED, {**orders, self.chosen.key: [order.key.value, order.descending]})
            self._look(self.wanted, order)
            self.changed.emit(None)

    def save(self, name: str) -> None:
        """What is looked at, as a list of the reader's own; one of the same name is replaced. Raises Refused."""
        name = " ".join(name.split())
        if not name or len(name) > LONGEST_NAME:
            raise Refused("Not saved", f"A list needs a name of {LONGEST_NAME} letters at most", "Type one")
        if any(one.name.casefold() == name.casefold() for one in self._given):
            raise Refused("Not saved", "A list of that name is there already", "Choose another name")
        made = SavedList(f"own:{name.casefold()}", name, self.wanted, self.order, is_own=True)
        own = [one for one in self._own if one.key != made.key]
        if len(own) >= MOST_OWN:
            raise Refused("Not saved", f"There are {MOST_OWN} lists of your own already", "Remove one that you need no more")
        self.removed += [one for one in self._own if one.key == made.key and one != made]
        self._keep((*own, made))
        self.choose(made.key)

    def remove(self, key: str) -> SavedList:
        """Take a list of the reader's own away; `bring_back` brings it back. Raises Refused."""
        found = self._find(key)
        if found is None or not found.is_own:
            raise Refused("Not removed", "Only lists of your own can be removed", "The site's stand in worklists.toml")
        self.removed.append(found)
        self._keep(tuple(one for one in self._own if one.key != key))
        if self.chosen.key == key:
            self.choose(ALL if self._find(ALL) else self.lists[0].key)
        else:
            self.changed.emit(None)
        return found

    def bring_back(self) -> SavedList:
        """The list that was removed or written over last, as it was, and look at it; asked twice, both change places."""
        if not self.removed:
            raise Refused("Nothing to bring back", "No list of your own was removed since the program was started")
        back = self.removed.pop()
        self.removed += [one for one in self._own if one.key == back.key]
        self._keep((*(one for one in self._own if one.key != back.key), back))
        self.choose(back.key)
        return back

    def count(self) -> None:
        """Count the rows of every list, in the background; `counted` follows."""
        lists, rows = self.lists, self._worklist

        def counted(found: dict[str, int]) -> None:
            if found != self.counts:
                self.counts = found
                self.counted.emit(None)

        def work(_: Cancel) -> dict[str, int]:
            return {one.key: rows.rows.count(one.wanted) for one in lists}

        self._jobs.run(WORKLIST, work, counted, self._problem, slot="worklist counts")

    def values(self, key: SortKey, done: Callable[[tuple[str, ...]], object]) -> None:
        """The modalities, sites or body parts that there are to choose from."""
        rows = self._worklist
        self._jobs.run(WORKLIST, lambda _: tuple(rows.rows.values(key)), done, self._problem, slot=f"worklist {key}")

    def _look(self, wanted: RowFilter, order: RowOrder) -> None:
        self._listing.wanted, self._listing.order = wanted, order

    def _order_of(self, one: SavedList) -> RowOrder:
        kept = self._memory.get(SORTED)
        found = kept.get(one.key) if isinstance(kept, dict) else None
        if isinstance(found, list) and len(found) == 2 and found[0] in set(SortKey):
            return RowOrder(SortKey(found[0]), bool(found[1]))
        return one.order

    def _find(self, key: str) -> SavedList | None:
        return next((one for one in self.lists if one.key == key), None)

    def _keep(self, own: tuple[SavedList, ...]) -> None:
        self._own = own
        self._memory.set(OWN, as_kept(own))
        self.lists = in_order(self._given, own)
