"""G12: the first 200 rows of a worklist of one and of three million, plain and sealed, against a bare SELECT of 200 rows.

The files are made once (minutes, some gigabytes) and kept in the folder for temporary files: `lyskasse-bench-worklist`.
"""

from __future__ import annotations

import sqlite3
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from benchmarks.figures import Figure, interleaved, median, seconds
from benchmarks.made_worklist import made_rows, make_file
from workstation.at_rest.vault import Vault
from workstation.domain.order import WorklistItem
from workstation.domain.worklist_query import EVERYTHING, FIRST_ROWS, WAITING, RowFilter, RowOrder, SortKey
from workstation.worklist_rows import WorklistRows
from workstation.worklist_schema import MIGRATIONS, Owner

MILLION = 1_000_000
GOAL_SECONDS = 0.020
UNNOTICED_SECONDS = 0.100
"""Further rows are asked for long before they are seen: nobody waits for an answer that takes so long."""
TYPED = ("o", "os", "ost", "ostl", "ostli", "ct", "ct thor", "ct thorax ostl", "1950", "5001", "1234", "26-0001")
RUNS = 15
COLD_RUNS = 5
BURST = 500


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
        yield _within("one row put into 3 M", _put(large, 1), floor)
        yield from _burst(large, floor)
    for millions in (1, 3):
        path = _file(millions * MILLION, sealed)
        with closing(WorklistRows(path, sealed)) as rows:
            yield _within(f"200 first of {millions} M rows, sealed", median(rows.page, RUNS), floor)
            yield _within(f"typing in {millions} M rows, sealed, slowest word", _slowest(rows, EVERYTHING), floor)
        yield _within(f"typing in {millions} M rows, sealed, slowest word, nothing cached", _slowest_anew(path, sealed), floor)


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


def _slowest_anew(path: Path, vault: Vault) -> float:
    """Each word is asked of a file that was just opened: every page that it needs is unsealed."""
    times = []
    for text in TYPED:
        taken = []
        for _ in range(COLD_RUNS):
            with closing(WorklistRows(path, vault)) as rows:
                taken.append(seconds(_asking(rows, EVERYTHING.with_text(text))))
        times.append(statistics.median(taken))
    return max(times)


def _asking(rows: WorklistRows, wanted: RowFilter) -> Callable[[], object]:
    return lambda: rows.page(wanted)


def _put(rows: WorklistRows, count: int, runs: int = RUNS) -> float:
    """So many at once, on disk when it returns; taken away again, uncounted."""
    times = []
    for _ in range(runs):
        times.append(seconds(lambda: _put_new(rows, count)))
        _take_away(rows, count)
    return statistics.median(times)


def _put_new(rows: WorklistRows, count: int) -> None:
    with rows.changing():
        rows.put(map(_as_new, range(count), made_rows(count)), ())


def _take_away(rows: WorklistRows, count: int) -> None:
    with rows.changing():
        rows.put((), rows.held([f"bench{number}" for number in range(count)]))


def _as_new(number: int, made: tuple[WorklistItem, Owner]) -> tuple[WorklistItem, Owner]:
    item, owned = made
    if item.order is None:
        raise ValueError("every made row has an order")
    order = replace(item.order, order_id=f"bench{number}")
    return replace(item, accession_number=f"B-{number}", study_instance_uid=f"9.9.{number}", order=order), owned


def _burst(rows: WorklistRows, floor: float) -> Iterator[Figure]:
    """BURST orders come at once: what one of them costs, and how long who scrolls waits for 200 rows meanwhile.

    600 an hour are one in six seconds: beside these a reader who pages waits as in "one row put".
    """
    whole = _put(rows, BURST, 3)
    yield _within(f"of {BURST} rows put into 3 M at once, each", whole / BURST, floor)
    waits: list[float] = []
    writer = threading.Thread(target=_put_new, args=(rows, BURST))
    writer.start()
    while writer.is_alive():
        waits.append(seconds(rows.page))
        time.sleep(0.02)
    writer.join()
    _take_away(rows, BURST)
    waits.sort()
    worst = waits[min(int(len(waits) * 0.95), len(waits) - 1)]
    name = f"200 first of 3 M while {BURST} are put, p95"
    yield Figure(name, "G12", worst * 1e3, floor * 1e3, "ms", "<= 100 ms", worst <= UNNOTICED_SECONDS)


def _within(name: str, value: float, floor: float) -> Figure:
    return Figure(name, "G12", value * 1e3, floor * 1e3, "ms", "<= 20 ms", value <= GOAL_SECONDS)
