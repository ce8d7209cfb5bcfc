"""Which way through the index answers a question: SQL for the rows of a filter in an order, from a mark on.

Every way reads a list that lies in the wished order already and stops when it has enough rows: the rows themselves,
an index of one column, or the list of a word. Only where a filter leaves few rows they are gathered and sorted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from workstation.domain.worklist_query import EVERYTHING, Assigned, Mark, RowFilter, RowOrder, SortKey
from workstation.worklist import DONE
from workstation.worklist_schema import LISTED, PRIORITIES, SORT_COLUMNS, STATUSES, Owner, levels_of, marks
from workstation.worklist_words import Sought, sought

FEW = 2000
"""So many rows are gathered and sorted in no time; a filter that leaves more is met often enough on the way."""
RARE = 5000
MANY_TERMS = 2000
MOST_TERMS = 64

Ask = Callable[[str, Sequence[Any]], Sequence[Sequence[Any]]]


@dataclass(frozen=True, slots=True)
class Condition:
    """Part of a WHERE. `index`: the one that finds its rows in reading order, by one value at a time of `values`."""

    sql: str
    values: tuple[Any, ...] = ()
    index: str = ""
    column: str = ""


@dataclass(frozen=True, slots=True)
class Way:
    """`source` is what FROM and the first WHERE say; several sources are merged."""

    sources: tuple[tuple[str, str, tuple[Any, ...]], ...]
    """(FROM, WHERE, values)."""
    rest: tuple[Condition, ...]


class Search:
    """Questions to one index through `ask` (SQL, values): rows of values."""

    def __init__(self, ask: Ask, now: datetime) -> None:
        self._ask = ask
        self._now = now

    # ---- rows --------------------------------------------------------------------------

    def rows(
        self, wanted: RowFilter, order: RowOrder, after: Mark | None, count: int, backwards: bool, inclusive: bool
    ) -> list[Sequence[Any]]:
        """Whole rows in the order, nearest to the mark first: with `backwards` against the order."""
        wanted, down = self._as_stored(wanted), order.descending != backwards
        if order.key is SortKey.READING:
            return self._in_place(wanted, after.place if after else None, count, down, inclusive)
        column = SORT_COLUMNS[order.key]
        few = self._few(wanted)
        if after is None:
            return self._sorted(wanted, column, few, "", (), count, down)
        sign, own = "<" if down else ">", "=" if inclusive else ""
        same = f"{column} = ? AND id {sign}{own} ?"
        found = self._sorted(wanted, column, few, same, (after.value, after.place), count, down)
        if len(found) < count:
            found += self._sorted(wanted, column, few, f"{column} {sign} ?", (after.value,), count - len(found), down)
        return found

    def count(self, wanted: RowFilter, most: int) -> int:
        if wanted == EVERYTHING:
            return int(self._ask("SELECT count(*) FROM (SELECT 1 FROM worklist_row LIMIT ?)", [most])[0][0])
        total, way = 0, self._way(self._as_stored(wanted))
        for source, where, values in way.sources:
            sql = f"SELECT count(*) FROM (SELECT 1 FROM {source} WHERE {_all(where, *(c.sql for c in way.rest))} LIMIT ?)"
            total += self._ask(sql, [*values, *_values(way.rest), most - total])[0][0]
            if total >= most:
                break
        return total

    def _in_place(self, wanted: RowFilter, after: int | None, count: int, down: bool, inclusive: bool) -> list[Sequence[Any]]:
        """In reading order."""
        way = self._way(wanted)
        parts, given = [], list[Any]()
        for source, where, values in way.sources:
            place = "w.rowid" if " w " in source else "r.id"
            bound = f"{place} {'<' if down else '>'}{'=' if inclusive else ''} ?" if after is not None else ""
            sql = f"SELECT r.* FROM {source} WHERE {_all(where, bound, *(c.sql for c in way.rest))}"
            parts.append(f"SELECT * FROM ({sql} ORDER BY {place} {'DESC' if down else 'ASC'} LIMIT {int(count)})")
            given += [*values, *([after] if bound else []), *_values(way.rest)]
        sql = " UNION ALL ".join(parts)
        return list(
            self._ask(f"{sql} ORDER BY id {'DESC' if down else 'ASC'} LIMIT {int(count)}" if len(parts) > 1 else sql, given)
        )

    def _sorted(
        self, wanted: RowFilter, column: str, few: Way | None, bound: str, given: Sequence[Any], count: int, down: bool
    ) -> list[Sequence[Any]]:
        """By a column: few rows are gathered and sorted, of many the column's own index is read."""
        ends = f"ORDER BY {column} {'DESC' if down else 'ASC'}, id {'DESC' if down else 'ASC'} LIMIT {int(count)}"
        if few is not None:
            parts = [f"SELECT r.* FROM {f} WHERE {_all(w, *(c.sql for c in few.rest))}" for f, w, _ in few.sources]
            values = [value for _, _, own in few.sources for value in (*own, *_values(few.rest))]
            return list(self._ask(f"SELECT * FROM ({' UNION ALL '.join(parts)}) WHERE {_all(bound)} {ends}", [*values, *given]))
        is_open = wanted.waiting or wanted.unfinished
        index = f"open_by_{column}" if is_open else f"row_by_{column}"
        conditions = [*_conditions(wanted, self._now), *map(_held, sought(wanted.text))]
        where = _all("r.done = 0" if is_open else "", bound, *(c.sql for c in conditions))
        sql = f"SELECT r.* FROM worklist_row r INDEXED BY {index} WHERE {where} {ends}"
        return list(self._ask(sql, [*given, *_values(conditions)]))

    # ---- ways --------------------------------------------------------------------------

    def _way(self, wanted: RowFilter) -> Way:
        """In reading order: by the condition that the fewest rows meet."""
        conditions = _conditions(wanted, self._now)
        words = sought(wanted.text)
        is_open = wanted.waiting or wanted.unfinished
        led = [c for c in conditions if c.index]
        counted = [(self._size(c, is_open), c) for c in led] if len(led) > 1 or (led and words) else [(0, c) for c in led]
        best = min(counted, key=lambda pair: pair[0], default=None)
        if words and (best is None or best[0] >= FEW):
            return self._by_words(words, conditions, is_open)
        held = tuple(map(_held, words))
        bound = f"r.id < {DONE}" if is_open else ""
        if best is None:
            return Way((("worklist_row r", _all(bound), ()),), (*conditions, *held))
        chosen = best[1]
        rest = (*(c for c in conditions if c is not chosen), *held)
        source = f"worklist_row r INDEXED BY {chosen.index}"
        if not chosen.column:
            return Way(((source, _all(chosen.sql, bound), chosen.values),), rest)
        return Way(tuple((source, _all(f"r.{chosen.column} = ?", bound), (value,)) for value in chosen.values), rest)

    def _few(self, wanted: RowFilter) -> Way | None:
        """The way to all rows of the filter, where that are few."""
        words = sought(wanted.text)
        is_open = wanted.waiting or wanted.unfinished
        led = [c for c in _conditions(wanted, self._now) if c.index]
        if any(self._size(c, is_open) < FEW for c in led):
            return self._way(wanted)
        if words:
            way = self._by_words(words, _conditions(wanted, self._now), is_open)
            ((source, where, values),) = way.sources
            sql = f"SELECT count(*) FROM (SELECT 1 FROM row_words w WHERE {where} LIMIT {FEW})"
            if " w " in source and self._ask(sql, values)[0][0] < FEW:
                return way
        return None

    def _by_words(self, words: tuple[Sought, ...], conditions: Sequence[Condition], is_open: bool) -> Way:
        match = [self._match(word) for word in words]
        held = tuple(_held(word) for word, (_, is_whole) in zip(words, match, strict=True) if not is_whole)
        bound = f"w.rowid < {DONE}" if is_open else ""
        sql = _all("row_words MATCH ?", bound)
        given = " AND ".join(f"({text})" for text, _ in match)
        return Way((("row_words w CROSS JOIN worklist_row r ON r.id = w.rowid", sql, (given,)),), (*conditions, *held))

    def _match(self, word: Sought) -> tuple[str, bool]:
        """FTS5's words for it, and whether these mean all of it."""
        texts, is_whole = [], True
        for parts in word.alternatives:
            each = [self._beginning(part) for part in parts]
            texts.append(" AND ".join(f"({text})" for text, _ in each))
            is_whole = is_whole and all(whole for _, whole in each)
        return " OR ".join(f"({text})" for text in texts), is_whole

    def _beginning(self, part: str) -> tuple[str, bool]:
        """Those of LISTED letters and fewer have a list. Longer: rare words are gathered, common ones named one by one;
        where they are many as well, the list of a shorter beginning is read and the rows are looked at."""
        if len(part) <= LISTED:
            return f'"{part}" *', True
        sql = "SELECT word, times FROM word WHERE word >= ? AND word < ? LIMIT ?"
        terms = self._ask(sql, [part, part + "\U0010ffff", MANY_TERMS])
        if len(terms) < MANY_TERMS and sum(times for _, times in terms) <= RARE:
            return f'"{part}" *', True
        if len(terms) <= MOST_TERMS and len(terms) < MANY_TERMS:
            return " OR ".join(f'"{term}"' for term, _ in terms), True
        return f'"{part[:LISTED]}" *', False

    def _size(self, condition: Condition, is_open: bool) -> int:
        """How many rows meet it, up to FEW: read from its index alone."""
        total = 0
        bound = f"r.id < {DONE}" if is_open else ""
        singly = [(f"r.{condition.column} = ?", [value]) for value in condition.values] if condition.column else []
        for where, values in singly or [(condition.sql, list(condition.values))]:
            source = f"worklist_row r INDEXED BY {condition.index} WHERE {_all(where, bound)}"
            total += self._ask(f"SELECT count(*) FROM (SELECT 1 FROM {source} LIMIT {FEW - total})", values)[0][0]
            if total >= FEW:
                return FEW
        return total

    def _as_stored(self, wanted: RowFilter) -> RowFilter:
        """A row of CT and PET says `CT/PT`: it is found by either."""
        if not wanted.modalities:
            return wanted
        known = self.values(SortKey.MODALITY, False, 500)
        return replace(
            wanted, modalities=frozenset(m for m in known if wanted.modalities & set(m.split("/"))) | wanted.modalities
        )

    def values(self, key: SortKey, unfinished: bool, most: int) -> list[str]:
        """The different values of a column, one step through its index for each."""
        column = SORT_COLUMNS[key]
        index, done = (f"open_by_{column}", "done = 0 AND ") if unfinished else (f"row_by_{column}", "")
        sql = f"SELECT min({column}) FROM worklist_row INDEXED BY {index} WHERE {done}{column} > ?"
        found: list[str] = []
        while len(found) < most:
            value = self._ask(sql, [found[-1] if found else ""])[0][0]
            if value is None:
                break
            found.append(value)
        return found


def _conditions(wanted: RowFilter, now: datetime) -> list[Condition]:
    """All but the words. Those with an index come first."""
    return [*_led(wanted, now), *_unled(wanted)]


def _led(wanted: RowFilter, now: datetime) -> Iterator[Condition]:
    if wanted.waiting:
        yield Condition("r.waiting = 1", (), "row_waiting")
    sets: tuple[tuple[str, list[Any]], ...] = (
        ("status", [STATUSES.index(s) for s in wanted.statuses]),
        ("priority", [PRIORITIES.index(p) for p in wanted.priorities]),
        ("modality", sorted(wanted.modalities)),
        ("body_part", sorted(wanted.body_parts)),
        ("site", sorted(wanted.sites)),
        ("ai", [level for flag in wanted.ai for level in levels_of(flag)]),
    )
    for column, values in sets:
        if values:
            yield Condition(f"r.{column} IN ({marks(values)})", tuple(sorted(values)), f"row_by_{column}", column)
    owners = _OWNERS.get(wanted.assigned)
    if owners:
        yield Condition(f"r.owned > 0 AND r.owned IN ({marks(owners)})", owners, "row_owned")
    if wanted.due_within is not None:
        latest = int((now + timedelta(minutes=wanted.due_within)).timestamp())
        yield Condition("r.done = 0 AND r.due_at <= ?", (latest,), "open_by_due_at")
    if wanted.signed_today:
        midnight = now.astimezone().replace(hour=0, minute=0, second=0, microsecond=0)
        yield Condition("r.signed_at > 0 AND r.signed_at >= ?", (int(midnight.timestamp()),), "row_signed")


def _unled(wanted: RowFilter) -> Iterator[Condition]:
    if wanted.unfinished or wanted.waiting:
        yield Condition("r.done = 0")
    if wanted.assigned is Assigned.NOBODY:
        yield Condition("r.owned = 0")


_OWNERS = {
    Assigned.ME: (int(Owner.US), int(Owner.WE_READ)),
    Assigned.OTHERS: (int(Owner.ANOTHER), int(Owner.ANOTHER_READS)),
}


def _held(word: Sought) -> Condition:
    """Asked of a row at hand."""
    several = [_all(*("instr(r.words, ?) > 0" for _ in parts)) for parts in word.alternatives]
    return Condition(
        f"({' OR '.join(f'({one})' for one in several)})", tuple(f" {p}" for parts in word.alternatives for p in parts)
    )


def _values(conditions: Sequence[Condition]) -> list[Any]:
    return [value for condition in conditions for value in condition.values]


def _all(*parts: str) -> str:
    return " AND ".join(part for part in parts if part) or "1"
