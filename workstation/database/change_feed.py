"""What of a database changed since somebody looked: a log that triggers write, in the transaction of the change itself.

Each line names keys of a changed row, before and after; the same keys stand there once, at their latest number.
The log has an `epoch`: another one is another file, of which nothing before is known.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from workstation.database.faults import sqlite_errors
from workstation.database.opening import LocalDatabase, transaction


@dataclass(frozen=True, slots=True)
class Since:
    """`mark` is to be kept and given back; `is_whole` False: everything may have changed."""

    mark: str
    changed: tuple[Mapping[str, str], ...] = ()
    is_whole: bool = True


class ChangeFeed:
    """The log of one database, under its owner's lock."""

    def __init__(self, database: LocalDatabase, lock: threading.RLock, keys: Sequence[str]) -> None:
        self._db = database
        self._lock = lock
        self._keys = tuple(keys)

    def since(self, mark: str) -> Since:
        with self._lock, sqlite_errors():
            epoch = str(self._db.execute("SELECT epoch FROM change_epoch").fetchone()[0])
            last = int(
                self._db.execute("SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'change_log'").fetchone()[0]
            )
            before, _, number = mark.partition(" ")
            if before != epoch or int(number) > last:
                return Since(f"{epoch} {last}", is_whole=False)
            rows = self._db.execute(f"SELECT {', '.join(self._keys)} FROM change_log WHERE seq > ? ORDER BY seq", [int(number)])
            return Since(f"{epoch} {last}", tuple(dict(zip(self._keys, row, strict=True)) for row in rows))

    def forget(self, mark: str) -> None:
        """Everything up to there is known to whoever asks."""
        with self._lock, transaction(self._db):
            self._db.execute("DELETE FROM change_log WHERE seq <= ?", [int(mark.partition(" ")[2])])


def change_log(keys: Sequence[str]) -> tuple[str, ...]:
    """SQL that makes the log."""
    return (
        f"CREATE TABLE change_log (seq INTEGER PRIMARY KEY AUTOINCREMENT, {', '.join(f'{k} TEXT NOT NULL' for k in keys)},"
        f" UNIQUE ({', '.join(keys)})) STRICT",
        "CREATE TABLE change_epoch (epoch TEXT NOT NULL) STRICT",
        "INSERT INTO change_epoch (epoch) VALUES (hex(randomblob(16)))",
    )


def logged(table: str, columns: Mapping[str, str], keys: Sequence[str], unique: str = "") -> Iterable[str]:
    """SQL of the triggers that log changes of a table: `columns` by key, the other keys are empty.

    `unique`: the column by which INSERT OR REPLACE takes a row away, which fires no trigger of its own.
    """

    names = ", ".join(keys)

    # Deleted and put again: how a trigger's own INSERT treats conflicts, the outer statement says.
    def log(row: str) -> str:
        values = {key: f"{row}.{columns[key]}" if key in columns else "''" for key in keys}
        same = " AND ".join(f"{key} = {value}" for key, value in values.items())
        return f"DELETE FROM change_log WHERE {same}; INSERT INTO change_log ({names}) VALUES ({', '.join(values.values())});"

    yield f"CREATE TRIGGER {table}_came AFTER INSERT ON {table} BEGIN {log('new')} END"
    yield f"CREATE TRIGGER {table}_went AFTER DELETE ON {table} BEGIN {log('old')} END"
    yield f"CREATE TRIGGER {table}_changed AFTER UPDATE ON {table} BEGIN {log('old')} {log('new')} END"
    if unique:
        there = ", ".join(columns.get(key, "''") for key in keys)
        select = f"SELECT {there} FROM {table} WHERE {unique} = new.{unique}"
        yield (
            f"CREATE TRIGGER {table}_replaced BEFORE INSERT ON {table} BEGIN"
            f" DELETE FROM change_log WHERE ({names}) IN ({select}); INSERT INTO change_log ({names}) {select}; END"
        )


def parts(values: Iterable[Any], size: int = 400) -> Iterable[list[Any]]:
    """For SQL's IN: within its limit of parameters."""
    whole = list(values)
    return (whole[at : at + size] for at in range(0, len(whole), size))
