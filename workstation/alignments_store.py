"""How series lie in each other's space, on disk: opened again, a case is aligned at once.

Own SQLite file, encrypted like the drawings. What was registered can be found again; what a reader set by
hand or rejected can not. A displacement field is not kept: the rigid alignment below it is.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from workstation.at_rest.vault import Vault
from workstation.database import (
    DamagedDatabase,
    DatabaseKey,
    LocalDatabase,
    Migration,
    open_database,
    put_aside,
    sqlite_errors,
    transaction,
)
from workstation.domain.alignment import Alignment, AlignmentKind
from workstation.domain.annotation import Verdict

MIGRATIONS: tuple[Migration, ...] = (
    Migration(
        1,
        (
            """
            CREATE TABLE alignment (
                fixed TEXT NOT NULL,
                moving TEXT NOT NULL,
                algorithm TEXT NOT NULL,
                number INTEGER NOT NULL,
                body TEXT NOT NULL,
                PRIMARY KEY (fixed, moving)
            ) STRICT
            """,
        ),
    ),
)

PUT_ASIDE = "The alignments on this computer were damaged and put aside; images are aligned anew"


class AlignmentStore:
    """Thread-safe; the file is opened when it is first asked. `notice` says what the user must know about it.

    Any method raises `Refused` for a file by a newer version or of another key, and `Unavailable`.
    """

    def __init__(self, path: Path, vault: Callable[[], Vault] = Vault.plain) -> None:
        self._path = path
        self._vault = vault
        self._lock = threading.RLock()
        self._opened: LocalDatabase | None = None
        self.notice = ""

    @property
    def _db(self) -> LocalDatabase:
        with self._lock:
            if self._opened is None:
                self._opened = self._open()
            return self._opened

    def _open(self) -> LocalDatabase:
        key = DatabaseKey.of(self._vault(), "alignments")
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            return open_database(self._path, MIGRATIONS, journal_mode="DELETE", synchronous="FULL", key=key)
        except DamagedDatabase:
            put_aside(self._path)
            self.notice = PUT_ASIDE
            return open_database(self._path, MIGRATIONS, journal_mode="DELETE", synchronous="FULL", key=key)

    def close(self) -> None:
        with self._lock:
            if self._opened is not None:
                self._opened.close()
                self._opened = None

    def put(self, alignment: Alignment, algorithm: str) -> None:
        """In place of what was kept of the two series. `algorithm` is what found it, with its version."""
        kept = alignment if alignment.kind is not AlignmentKind.DEFORMABLE else _rigid(alignment)
        with self._lock, transaction(self._db):
            self._db.execute(
                "DELETE FROM alignment WHERE (fixed = ? AND moving = ?) OR (fixed = ? AND moving = ?)",
                [kept.fixed, kept.moving, kept.moving, kept.fixed],
            )
            self._db.execute(
                "INSERT INTO alignment VALUES (?, ?, ?, (SELECT coalesce(max(number), 0) + 1 FROM alignment), ?)",
                [kept.fixed, kept.moving, algorithm, json.dumps(_body_of(kept))],
            )

    def of_series(self, series_uids: Iterable[str], algorithm: str) -> tuple[Alignment, ...]:
        """Those between these series, the latest last; of what another algorithm found none."""
        uids = list(dict.fromkeys(series_uids))
        marks = ", ".join("?" * len(uids))
        with self._lock, sqlite_errors():
            rows = list(
                self._db.query(
                    f"SELECT * FROM alignment WHERE fixed IN ({marks}) AND moving IN ({marks}) ORDER BY number", [*uids, *uids]
                )
            )
        found = [(row["algorithm"], _alignment_from(row)) for row in rows]
        return tuple(a for by, a in found if by == algorithm or a.kind is AlignmentKind.BY_HAND)


def _rigid(alignment: Alignment) -> Alignment:
    """Its residual was that of the field."""
    return replace(alignment, kind=AlignmentKind.RIGID, warp="", residual_mm=None, residual_p95_mm=None, words="")


def _body_of(alignment: Alignment) -> dict[str, Any]:
    return {
        "kind": alignment.kind.value,
        "matrix": alignment.matrix,
        "residual": alignment.residual_mm,
        "p95": alignment.residual_p95_mm,
        "words": alignment.words,
        "verdict": alignment.verdict.value,
    }


def _alignment_from(row: Mapping[str, Any]) -> Alignment:
    body = json.loads(row["body"])
    return Alignment(
        row["fixed"],
        row["moving"],
        AlignmentKind(body["kind"]),
        tuple(float(v) for v in body["matrix"]),
        body["residual"],
        body["words"],
        verdict=Verdict(body["verdict"]),
        residual_p95_mm=body["p95"],
    )
