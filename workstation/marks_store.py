"""What readers marked besides what they drew, on disk: key images, looks of layers, and which objects are our own.

In the database of the drawings (`workstation.annotations_store`), with its promise: on the disk when a call returns.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from workstation.database import LocalDatabase, Migration, sqlite_errors, transaction
from workstation.domain.annotation import Source, Verdict
from workstation.domain.key_image import KeyImage

MARKS = Migration(
    2,
    (
        """
        CREATE TABLE key_image (
            study_uid TEXT NOT NULL,
            series_uid TEXT NOT NULL,
            sop_instance_uid TEXT NOT NULL,
            frame INTEGER NOT NULL,
            title TEXT NOT NULL,
            reader TEXT NOT NULL,
            made TEXT NOT NULL,
            PRIMARY KEY (study_uid, sop_instance_uid, frame)
        ) STRICT
        """,
        """
        CREATE TABLE layer_look (
            layer_uid TEXT PRIMARY KEY,
            study_uid TEXT NOT NULL,
            hidden INTEGER NOT NULL,
            opacity REAL,
            verdict TEXT NOT NULL
        ) STRICT
        """,
        "CREATE INDEX layer_look_of_study ON layer_look (study_uid)",
        """
        CREATE TABLE own_object (
            sop_instance_uid TEXT PRIMARY KEY,
            study_uid TEXT NOT NULL,
            series_uid TEXT NOT NULL,
            sop_class_uid TEXT NOT NULL,
            modality TEXT NOT NULL,
            revision INTEGER NOT NULL,
            made TEXT NOT NULL,
            is_empty INTEGER NOT NULL,
            number INTEGER NOT NULL
        ) STRICT
        """,
        "CREATE INDEX own_object_of_study ON own_object (study_uid)",
    ),
)


@dataclass(frozen=True, slots=True)
class LayerLook:
    """How the reader wants one layer. `opacity` None is its own; a rejected one is not shown."""

    layer_uid: str
    study_uid: str
    hidden: bool = False
    opacity: float | None = None
    verdict: Verdict | None = None


@dataclass(frozen=True, slots=True)
class OwnObject:
    """An object that was written here. `revision` counts the savings of its study from 1.

    An empty one only says that what an earlier one held was taken back.
    """

    sop_instance_uid: str
    study_uid: str
    series_uid: str
    sop_class_uid: str
    modality: str
    revision: int
    made: datetime
    is_empty: bool = False


KeyChange = tuple[KeyImage | None, KeyImage | None]
"""(before, after) of one place; None before is a new mark, None after a removed one."""


class MarkStore:
    """Thread-safe. Any method may raise `Unavailable`."""

    def __init__(self, db: LocalDatabase, lock: threading.RLock) -> None:
        self._db = db
        self._lock = lock

    # ---- key images --------------------------------------------------------------------

    def apply(self, changes: Iterable[KeyChange]) -> None:
        """All of them or none."""
        with self._lock, transaction(self._db):
            for before, after in changes:
                if after is not None:
                    self._put_key(after)
                elif before is not None:
                    self._db.execute(
                        "DELETE FROM key_image WHERE study_uid = ? AND sop_instance_uid = ? AND frame = ?", before.place
                    )

    def key_images_of(self, study_uids: Iterable[str]) -> tuple[KeyImage, ...]:
        """The reader's own of these studies, oldest first."""
        rows = self._of("key_image", study_uids, "rowid")
        return tuple(_key_from(row) for row in rows)

    def _put_key(self, key: KeyImage) -> None:
        made = key.source.made.isoformat() if key.source.made is not None else ""
        self._db.execute(
            """
            INSERT INTO key_image (study_uid, series_uid, sop_instance_uid, frame, title, reader, made)
            VALUES (?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (study_uid, sop_instance_uid, frame)
            DO UPDATE SET title = excluded.title, reader = excluded.reader, made = excluded.made
            """,
            [key.study_uid, key.series_uid, key.sop_instance_uid, key.frame_number, key.title, key.source.name, made],
        )

    # ---- layers ------------------------------------------------------------------------

    def put_look(self, look: LayerLook) -> None:
        verdict = look.verdict.value if look.verdict is not None else ""
        with self._lock, transaction(self._db):
            self._db.execute(
                """
                INSERT INTO layer_look (layer_uid, study_uid, hidden, opacity, verdict) VALUES (?, ?, ?, ?, ?)
                ON CONFLICT (layer_uid) DO UPDATE SET
                    hidden = excluded.hidden, opacity = excluded.opacity, verdict = excluded.verdict
                """,
                [look.layer_uid, look.study_uid, int(look.hidden), look.opacity, verdict],
            )

    def looks_of(self, study_uids: Iterable[str]) -> dict[str, LayerLook]:
        """By layer."""
        found = (
            LayerLook(
                row["layer_uid"],
                row["study_uid"],
                bool(row["hidden"]),
                row["opacity"],
                Verdict(row["verdict"]) if row["verdict"] else None,
            )
            for row in self._of("layer_look", study_uids, "rowid")
        )
        return {look.layer_uid: look for look in found}

    # ---- our own objects ---------------------------------------------------------------

    def put_own(self, objects: Iterable[OwnObject]) -> None:
        with self._lock, transaction(self._db):
            for one in objects:
                self._db.execute(
                    """
                    INSERT INTO own_object
                        (sop_instance_uid, study_uid, series_uid, sop_class_uid, modality, revision, made, is_empty, number)
                    VALUES (?, ?, ?, ?, ?, ?, ?, ?, (SELECT coalesce(max(number), 0) + 1 FROM own_object))
                    """,
                    [
                        one.sop_instance_uid,
                        one.study_uid,
                        one.series_uid,
                        one.sop_class_uid,
                        one.modality,
                        one.revision,
                        one.made.isoformat(),
                        int(one.is_empty),
                    ],
                )

    def forget_own(self, objects: Iterable[OwnObject]) -> None:
        """They were not kept after all."""
        with self._lock, transaction(self._db):
            for one in objects:
                self._db.execute("DELETE FROM own_object WHERE sop_instance_uid = ?", [one.sop_instance_uid])

    def own_of(self, study_uids: Iterable[str]) -> tuple[OwnObject, ...]:
        """What was written here about these studies, oldest first."""
        return tuple(
            OwnObject(
                row["sop_instance_uid"],
                row["study_uid"],
                row["series_uid"],
                row["sop_class_uid"],
                row["modality"],
                row["revision"],
                datetime.fromisoformat(row["made"]),
                bool(row["is_empty"]),
            )
            for row in self._of("own_object", study_uids, "number")
        )

    def _of(self, table: str, study_uids: Iterable[str], order: str) -> list[Mapping[str, Any]]:
        uids = list(dict.fromkeys(study_uids))
        marks = ", ".join("?" * len(uids))
        with self._lock, sqlite_errors():
            return list(self._db.query(f"SELECT * FROM {table} WHERE study_uid IN ({marks}) ORDER BY {order}", uids))


def _key_from(row: Mapping[str, Any]) -> KeyImage:
    made = datetime.fromisoformat(row["made"]) if row["made"] else None
    source = Source("reader", row["reader"], made=made)
    return KeyImage(row["study_uid"], row["series_uid"], row["sop_instance_uid"], row["frame"], row["title"], source)
