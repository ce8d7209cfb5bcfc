"""WorklistRows: the rows of the worklist in a file of their own, which can be made again from the stores at any time.

One connection writes, another reads: a list is paged while rows are put. See `worklist_schema` for what lies where.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

from workstation.at_rest.vault import Vault
from workstation.database import DamagedDatabase, DatabaseKey, LocalDatabase, open_database, put_aside, sqlite_errors, transaction
from workstation.database.change_feed import parts
from workstation.database.encryption import Kind, kind_of
from workstation.database.write_ahead import keep_log_short
from workstation.domain.order import WorklistItem
from workstation.domain.worklist_query import (
    EVERYTHING,
    FIRST_ROWS,
    MOST_COUNTED,
    READING_ORDER,
    ListedRow,
    Mark,
    RowFilter,
    RowOrder,
    SortKey,
)
from workstation.errors import Refused
from workstation.worklist import place_of, ties_of
from workstation.worklist_schema import (
    COLUMNS,
    INDEXES,
    LISTED,
    MIGRATIONS,
    SORT_COLUMNS,
    Owner,
    Row,
    item_of,
    marks,
    row_of,
    rows_named,
)
from workstation.worklist_search import Search

CACHE_KIB = 64 * 1024
AT_ONCE = 5000
SHORTEST_COUNTED = LISTED + 1
_ALL = ("id", *COLUMNS)
_INSERT = f"INSERT INTO worklist_row ({', '.join(_ALL)}) VALUES ({marks(_ALL)})"
_WORDS_IN = "INSERT INTO row_words (rowid, words) VALUES (?, ?)"
_WORDS_OUT = "INSERT INTO row_words (row_words, rowid, words) VALUES ('delete', ?, ?)"
_COUNTED = "INSERT INTO word (word, times) VALUES (?, ?) ON CONFLICT (word) DO UPDATE SET times = times + excluded.times"
_DROP = tuple(f"DROP INDEX {sql.split()[2]}" for sql in INDEXES)


def utc_now() -> datetime:
    return datetime.now(UTC)


class WorklistRows:
    """Thread-safe. Implements `RowSource`. Raises `WorkstationError`; a damaged file is put aside and made anew when opened."""

    def __init__(self, path: Path, vault: Vault | None = None, now: Callable[[], datetime] = utc_now) -> None:
        self._vault = vault or Vault.plain()
        self._key = DatabaseKey.of(self._vault, "worklist")
        self._path = path
        self._now = now
        self._lock, self._reading = threading.RLock(), threading.RLock()
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            self._open()
        except DamagedDatabase:
            put_aside(path)
            self._open()

    def _open(self) -> None:
        wanted = Kind.SEALED if self._key.seals else Kind.PLAIN
        # Made again sooner than changed over, or asked for a key that is not at hand.
        with contextlib.suppress(DamagedDatabase):
            try:
                is_other = kind_of(self._path, self._key) not in (Kind.ABSENT, wanted)
            except Refused:
                is_other = True
            if is_other:
                _remove(self._path)
        self._db, self._reader = self._connected(), self._connected()
        self._reader.execute("PRAGMA query_only = ON")

    def _connected(self) -> LocalDatabase:
        # FULL: the stores forget what changed once it is here.
        made = open_database(self._path, MIGRATIONS, "WAL", "FULL", self._key, is_checked=False)
        made.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
        return made

    def close(self) -> None:
        with self._lock, self._reading:
            self._reader.close()
            self._db.close()

    def beside(self) -> WorklistRows:
        """An empty one, to be filled and then taken over."""
        path = self._path.with_name(self._path.name + ".making")
        _remove(path)
        return WorklistRows(path, self._vault, self._now)

    def take_over(self, made: WorklistRows) -> None:
        """Its rows in place of ours."""
        with self._lock, self._reading:
            made.close()
            self.close()
            _remove(self._path)
            made._path.replace(self._path)
            _remove(made._path)
            self._open()

    # ---- asking ------------------------------------------------------------------------

    def page(
        self,
        wanted: RowFilter = EVERYTHING,
        order: RowOrder = READING_ORDER,
        after: Mark | None = None,
        count: int = FIRST_ROWS,
        backwards: bool = False,
        inclusive: bool = False,
    ) -> tuple[ListedRow, ...]:
        column = SORT_COLUMNS.get(order.key, "id")
        with self._reading, sqlite_errors():
            found = self._search().rows(wanted, order, after, count, backwards, inclusive)
        rows = [dict(zip(_ALL, values, strict=True)) for values in (reversed(found) if backwards else found)]
        return tuple(ListedRow(row["serial"], item_of(row), Mark(row[column], row["id"])) for row in rows)

    def count(self, wanted: RowFilter, most: int = MOST_COUNTED) -> int:
        with self._reading, sqlite_errors():
            return self._search().count(wanted, most)

    def values(self, key: SortKey, unfinished: bool = True, most: int = 60) -> Sequence[str]:
        with self._reading, sqlite_errors():
            return self._search().values(key, unfinished, most)

    def of_study(self, study_instance_uid: str) -> tuple[ListedRow, ...]:
        """The rows of one study, as they lie in reading order."""
        return self._of("study_uid", study_instance_uid)

    def of_order(self, order_id: str) -> tuple[ListedRow, ...]:
        return self._of("order_id", order_id)

    def mark_of(self, study_instance_uid: str, order: RowOrder) -> Mark | None:
        """Where the first row of a study stands in an order."""
        column = SORT_COLUMNS.get(order.key, "id")
        with self._reading, sqlite_errors():
            sql = f"SELECT {column}, id FROM worklist_row WHERE study_uid = ? ORDER BY id LIMIT 1"
            row = self._reader.execute(sql, [study_instance_uid]).fetchone() if study_instance_uid else None
        return Mark(row[0], row[1]) if row else None

    def _of(self, column: str, value: str) -> tuple[ListedRow, ...]:
        if not value:
            return ()
        with self._reading, sqlite_errors():
            cursor = self._reader.execute(f"SELECT * FROM worklist_row WHERE {column} = ? ORDER BY id", [value])
            return tuple(ListedRow(row["serial"], item_of(row), Mark(row["id"], row["id"])) for row in rows_named(cursor))

    def _search(self) -> Search:
        return Search(lambda sql, values: self._reader.execute(sql, values).fetchall(), self._now())

    # ---- changing: inside `changing` -----------------------------------------------------

    @contextlib.contextmanager
    def changing(self) -> Iterator[None]:
        """One transaction for the methods below."""
        with self._lock:
            keep_log_short(self._db)
            with transaction(self._db):
                yield

    def held(
        self, order_ids: Iterable[str] = (), study_uids: Iterable[str] = (), accession_numbers: Iterable[str] = ()
    ) -> list[Row]:
        """The rows of these orders, studies and accession numbers."""
        found: dict[int, Row] = {}
        asked = (("order_id", order_ids), ("study_uid", study_uids), ("accession", accession_numbers))
        for column, values in asked:
            for part in parts(value for value in values if value):
                sql = f"SELECT * FROM worklist_row WHERE {column} IN ({marks(part)})"
                found |= {row["id"]: row for row in rows_named(self._db.execute(sql, part))}
        return list(found.values())

    def put(self, items: Iterable[tuple[WorklistItem, Owner]], instead_of: Sequence[Row]) -> bool:
        """`items` in place of those rows; whether any is another now. A row keeps its serial by order."""
        old: dict[tuple[str, str], Row] = {(row["order_id"], row["study_uid"]): row for row in instead_of}
        by_order: dict[str, Row] = {row["order_id"]: row for row in instead_of if row["order_id"] and row["images"] == 0}
        changed = False
        for item, owned in sorted(items, key=_by_number):
            row, place = row_of(item, owned), place_of(item)
            there: Row | None = old.pop((row["order_id"], row["study_uid"]), None)
            if there is None and (kept := by_order.get(row["order_id"])) is not None:
                there = old.pop((kept["order_id"], kept["study_uid"]), None)
            changed |= self._put(row, place, there)
        for left in old.values():
            self._delete(left)
        return changed or bool(old)

    def _put(self, row: dict[str, Any], place: int, there: Row | None) -> bool:
        if there is None:
            self._insert({"id": self._free(place), "serial": self._next_serial(), **row})
            return True
        if all(there[name] == value for name, value in row.items()):
            return False
        stays = place <= there["id"] < place + ties_of(place)
        self._delete(there)
        self._insert({"id": there["id"] if stays else self._free(place), "serial": there["serial"], **row})
        return True

    def _free(self, place: int) -> int:
        """The next of the numbers that a place has; the first gap where its end is reached."""
        beyond = place + ties_of(place)
        last = self._one("SELECT max(id) FROM worklist_row WHERE id >= ? AND id < ?", place, beyond)
        if last is None or last + 1 < beyond:
            return place if last is None else int(last) + 1
        is_next = "SELECT 1 FROM worklist_row b WHERE b.id = a.id + 1"
        return int(self._one(f"SELECT min(a.id) + 1 FROM worklist_row a WHERE a.id >= ? AND NOT EXISTS ({is_next})", place))

    def _next_serial(self) -> int:
        number = int(self.state("serial") or 0) + 1
        self.set_state("serial", str(number))
        return number

    def _insert(self, row: Row) -> None:
        self._db.execute(_INSERT, [row[name] for name in _ALL])
        self._db.execute(_WORDS_IN, [row["id"], row["words"]])
        self._count_words(row["words"], 1)

    def _delete(self, row: Row) -> None:
        self._db.execute(_WORDS_OUT, [row["id"], row["words"]])
        self._db.execute("DELETE FROM worklist_row WHERE id = ?", [row["id"]])
        self._count_words(row["words"], -1)

    def _count_words(self, words: str, times: int) -> None:
        self._db.conn.executemany(_COUNTED, [(word, times) for word in words.split() if len(word) >= SHORTEST_COUNTED])

    def state(self, name: str) -> str:
        return str(self._one("SELECT value FROM state WHERE name = ?", name) or "")

    def set_state(self, name: str, value: str) -> None:
        self._db.execute("INSERT OR REPLACE INTO state (name, value) VALUES (?, ?)", [name, value])

    def rows(self, sql: str, *values: object) -> list[dict[str, Any]]:
        """Rows of the smaller tables, for who keeps the index (`workstation.worklist_index`)."""
        with self._lock, sqlite_errors():
            return rows_named(self._db.execute(sql, list(values)))

    def reported(self, accession_numbers: Iterable[str], study_uids: Iterable[str]) -> list[dict[str, Any]]:
        """What is kept of the reports of these."""
        asked = (("accession", accession_numbers), ("study_uid", study_uids))
        return [
            row
            for column, values in asked
            for part in parts(values)
            for row in self.rows(f"SELECT * FROM reported WHERE {column} IN ({marks(part)})", *part)
        ]

    def run(self, sql: str, *values: object) -> None:
        self._db.execute(sql, list(values))

    def _one(self, sql: str, *values: object) -> Any:
        row = self._db.execute(sql, list(values)).fetchone()
        return row[0] if row else None

    # ---- many at once --------------------------------------------------------------------

    def clear(self) -> None:
        """Inside `changing`."""
        for table in ("worklist_row", "word", "state", "reported", "untold", "claim"):
            self._db.execute(f"DELETE FROM {table}")
        self._db.execute("INSERT INTO row_words (row_words) VALUES ('delete-all')")

    def fill(self, items: Iterable[tuple[WorklistItem, Owner]], is_alone: bool = False) -> int:
        """Put rows that are not there yet, in any order; how many. `is_alone`: nobody asks meanwhile, the indexes come last."""
        with self._lock, sqlite_errors():
            if is_alone:
                self._apart(_DROP)
            number, taken = int(self.state("serial") or 0), dict[int, int]()
            before = number
            coming = iter(items)
            while part := list(islice(coming, AT_ONCE)):
                rows, late = list[Row](), list[tuple[int, Row]]()
                for item, owned in sorted(part, key=_by_number):
                    number += 1
                    place = place_of(item)
                    row: Row = {"serial": number, **row_of(item, owned)}
                    taken[place] = taken[place] + 1 if place in taken else self._free(place)
                    if taken[place] < place + ties_of(place):
                        rows.append({"id": taken[place], **row})
                    else:
                        late.append((place, row))
                with self.changing():
                    self._db.conn.executemany(_INSERT, [[row[name] for name in _ALL] for row in rows])
                    self._db.conn.executemany(_WORDS_IN, [(row["id"], row["words"]) for row in rows])
                    for place, left in late:
                        self._insert({"id": self._free(place), **left})
                    self.set_state("serial", str(number))
            if is_alone:
                self._apart(INDEXES)
            self._recount()
        return number - before

    def _apart(self, statements: Iterable[str]) -> None:
        for sql in statements:
            with self.changing():
                self._db.execute(sql)

    def _recount(self) -> None:
        with self.changing():
            self._db.execute("DELETE FROM word")
            sql = "INSERT INTO word (word, times) SELECT term, doc FROM row_terms WHERE length(term) >= ?"
            self._db.execute(sql, [SHORTEST_COUNTED])
            self._db.execute("INSERT INTO row_words (row_words) VALUES ('optimize')")


def _by_number(pair: tuple[WorklistItem, Owner]) -> tuple[str, str]:
    """Of one place, those that come together stand in this order."""
    return pair[0].accession_number, pair[0].study_instance_uid


def _remove(path: Path) -> None:
    for ending in ("", "-wal", "-shm", "-journal", ".sound"):
        path.with_name(path.name + ending).unlink(missing_ok=True)
