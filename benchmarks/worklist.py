"""G12: the first 200 rows of a worklist of one and of three million, plain and sealed, against a bare SELECT of 200 rows.

The files are made once (minutes, some gigabytes) and kept in the folder for temporary files: `lyskasse-bench-worklist`.
"""

from __future__ import annotations

import sqlite3
import statistics
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from benchmarks.figures import Figure, interleaved, median, seconds
from benchmarks.made_worklist import made_rows, make_file
from workstation.at_rest.vault import Vault
from workstation.domain.worklist_query import EVERYTHING, FIRST_ROWS, WAITING, RowFilter, RowOrder, SortKey
from workstation.worklist_rows import WorklistRows
from workstation.worklist_schema import MIGRATIONS

MILLION = 1_000_000
GOAL_SECONDS = 0.020
TYPED = ("o", "os", "ost", "ostl", "ostli", "ct", "ct thor", "ct thorax ostl", "1950", "26-0001")
RUNS = 15


def measure() -> Iterator[Figure]:
    """Warm: each question was asked once before, as each minute's refresh asks it."""
    plain, sealed = Vault.plain(), Vault.with_key(bytes(32))
    one, three = (_file(count * MILLION, plain) for count in (1, 3))
    with closing(WorklistRows(one)) as small, closing(WorklistRows(three)) as large:
        with closing(sqlite3.connect(f"{three.as_uri()}?mode=ro", uri=True)) as bare:
            times = interleaved((large.page, small.page, lambda: _bare(bare)), RUNS)
        of_three, of_one, floor = map(statistics.median, times)
        yield _within("200 first of 3 M rows", of_three, floor)
        holds = of_three <= 1.5 * of_one
        yield Figure("200 first of 3 M rows, of 1 M", "G12", of_three * 1e3, of_one * 1e3, "ms", "<= 1.5 x 1 M", holds)
        yield _within("typing in 3 M rows, slowest word", _slowest(large, EVERYTHING), floor)
        yield _within("typing in those to read of 3 M, slowest word", _slowest(large, WAITING), floor)
        by_name = RowOrder(SortKey.PATIENT)
        yield _within("3 M rows by name", median(lambda: large.page(EVERYTHING, by_name), RUNS), floor)
        ct = RowFilter(modalities=frozenset({"CT", "MR"}))
        yield _within("CT and MR of 3 M rows", median(lambda: large.page(ct), RUNS), floor)
        yield _within("one row put into 3 M", _put_one(large), floor)
    with closing(WorklistRows(_file(MILLION, sealed), sealed)) as rows:
        yield _within("200 first of 1 M rows, sealed", median(rows.page, RUNS), floor)
        yield _within("typing in 1 M rows, sealed, slowest word", _slowest(rows, EVERYTHING), floor)


def _file(count: int, vault: Vault) -> Path:
    folder = Path(tempfile.gettempdir()) / "lyskasse-bench-worklist"
    folder.mkdir(mode=0o700, exist_ok=True)
    path = folder / f"rows-{count}-{'sealed' if vault.is_sealing else 'plain'}-{MIGRATIONS[-1].version}.db"
    if not path.is_file():
        half = path.with_suffix(".part")
        make_file(half, count, vault)
        half.replace(path)
    return path


def _bare(connection: sqlite3.Connection) -> list[tuple[object, ...]]:
    sql = "SELECT * FROM worklist_row WHERE id > 0 ORDER BY id LIMIT ?"
    return connection.execute(sql, [FIRST_ROWS]).fetchall()


def _slowest(rows: WorklistRows, wanted: RowFilter) -> float:
    return max(median(_asking(rows, wanted.with_text(text)), RUNS) for text in TYPED)


def _asking(rows: WorklistRows, wanted: RowFilter) -> Callable[[], object]:
    return lambda: rows.page(wanted)


def _put_one(rows: WorklistRows) -> float:
    """On disk when it returns; taken away again, uncounted."""
    item, owned = next(made_rows(1))
    if item.order is None:
        raise ValueError("every made row has an order")
    new = replace(item, accession_number="B-1", study_instance_uid="9.9.9", order=replace(item.order, order_id="bench"))

    def put() -> None:
        with rows.changing():
            rows.put([(new, owned)], ())

    def take() -> None:
        with rows.changing():
            rows.put((), rows.held(["bench"]))

    times = []
    for _ in range(RUNS):
        times.append(seconds(put))
        take()
    return statistics.median(times)


def _within(name: str, value: float, floor: float) -> Figure:
    return Figure(name, "G12", value * 1e3, floor * 1e3, "ms", "<= 20 ms", value <= GOAL_SECONDS)
