"""Every change of the report store in files beside it: what a copy lacks to be the store (reliability F19).

`<store>.changes-<n>` holds the transactions after number n, one record each, sealed and on disk before
the call that made them returns. Statements are kept, not pages: a page gone bad does not get in here.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workstation.at_rest.records import SEALED, KeyOf, RecordWriter, read_records
from workstation.errors import Refused

CHANGES = "changes"
Statement = tuple[str, Sequence[object]]


@dataclass(frozen=True, slots=True)
class Changes:
    """Transactions by their number; `is_whole` False when a file ends in a record that does not open, or there is none."""

    by_number: dict[int, list[Statement]]
    times: dict[int, str]
    is_whole: bool


class ChangeLog:
    """One growing file. Raises OSError."""

    def __init__(self, path: Path, key_of: KeyOf, clock: Callable[[], str]) -> None:
        self._writer = RecordWriter(path, key_of, append=True)
        self._clock = clock

    def append(self, number: int, statements: Sequence[Statement]) -> None:
        """On disk when it returns."""
        words = {"at": self._clock(), "do": [[sql, [_written(value) for value in values]] for sql, values in statements]}
        self._writer.append(number, json.dumps(words, ensure_ascii=False).encode(), sync=True)

    def close(self) -> None:
        self._writer.close()


def files_of(store: Path, kind: str) -> list[tuple[int, Path]]:
    """(number, path) of the files `<store>.<kind>-<number>`, lowest first."""
    found = [(path.name.rpartition("-")[2], path) for path in store.parent.glob(f"{store.name}.{kind}-*")]
    return sorted((int(number), path) for number, path in found if number.isdecimal())


def read_changes(store: Path, key_of: KeyOf) -> Changes:
    """What all the files hold. One that cannot be opened counts as torn."""
    by_number: dict[int, list[Statement]] = {}
    times: dict[int, str] = {}
    files = files_of(store, CHANGES)
    is_whole = bool(files)
    for _, path in files:
        try:
            records = read_records(path, key_of)
        except (OSError, Refused):
            is_whole = False
            continue
        is_whole &= records.is_whole
        for number, content in records.entries:
            words = json.loads(content)
            by_number[number] = [(sql, [_value(value) for value in values]) for sql, values in words["do"]]
            times[number] = words["at"]
    return Changes(by_number, times, is_whole)


def last_number(path: Path, start: int, key_of: KeyOf) -> int:
    """The number of the file's last transaction (`start` for none); -1 for a torn or foreign file."""
    try:
        records = read_records(path, key_of)
    except (OSError, Refused):
        return -1
    return max((number for number, _ in records.entries), default=start) if records.is_whole else -1


def is_sealed_log(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(SEALED)) == SEALED


def _written(value: object) -> Any:
    return {"base64": base64.b64encode(value).decode()} if isinstance(value, bytes) else value


def _value(written: Any) -> object:
    return base64.b64decode(written["base64"]) if isinstance(written, dict) else written
