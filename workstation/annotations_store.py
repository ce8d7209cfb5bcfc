"""What readers drew, on disk: one row a drawing, bound to study, series and SOP Instance UID.

Own SQLite file, encrypted like the reports. A drawing cannot be fetched again from anywhere, so
each change is one transaction that is on the disk when the call returns (`synchronous=EXTRA`).
A damaged file is put aside, never deleted, and said.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from workstation.at_rest.vault import Vault
from workstation.database import DamagedDatabase, DatabaseKey, Migration, open_database, put_aside, sqlite_errors, transaction
from workstation.domain.annotation import Annotation, AnnotationKind, LabelPlace, Measured, MeasuredValue, Source, Verdict
from workstation.domain.doubt import SpacingSource
from workstation.domain.slab import Slab
from workstation.domain.subtraction import Mask, MaskOperation
from workstation.domain.viewing import Fusion, Plane
from workstation.errors import Conflict
from workstation.marks_store import MARKS, MarkStore

MIGRATIONS: tuple[Migration, ...] = (
    Migration(
        1,
        (
            """
            CREATE TABLE annotation (
                uid TEXT PRIMARY KEY,
                study_uid TEXT NOT NULL,
                series_uid TEXT NOT NULL,
                sop_instance_uid TEXT NOT NULL,
                number INTEGER NOT NULL,
                body TEXT NOT NULL
            ) STRICT
            """,
            "CREATE INDEX annotation_of_study ON annotation (study_uid)",
        ),
    ),
    MARKS,
)

PUT_ASIDE = "The drawings on this computer were damaged and put aside; what was drawn before is in that file only"
Change = tuple[Annotation | None, Annotation | None]
"""(before, after); None before is a new drawing, None after a removed one."""


class AnnotationStore:
    """Thread-safe. `notice` says what the user must know about the file, empty when all is well.

    Opening raises `Refused` for a file by a newer version or of another key; any method may raise `Unavailable`.
    """

    def __init__(self, path: Path, vault: Vault | None = None) -> None:
        key = DatabaseKey.of(vault or Vault.plain(), "annotations")
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._lock = threading.RLock()
        self.notice = ""
        try:
            self._db = open_database(path, MIGRATIONS, journal_mode="DELETE", synchronous="EXTRA", key=key)
        except DamagedDatabase:
            put_aside(path)
            self.notice = PUT_ASIDE
            self._db = open_database(path, MIGRATIONS, journal_mode="DELETE", synchronous="EXTRA", key=key)
        self.marks = MarkStore(self._db, self._lock)

    def close(self) -> None:
        with self._lock:
            self._db.close()

    def apply(self, changes: Iterable[Change]) -> None:
        """All of them or none. What is put replaces the drawing of the same uid and keeps its place in the order."""
        with self._lock, transaction(self._db):
            for before, after in changes:
                if after is not None:
                    self._put(after)
                elif before is not None:
                    self._db.execute("DELETE FROM annotation WHERE uid = ?", [before.uid])

    def of_studies(self, study_uids: Iterable[str]) -> tuple[Annotation, ...]:
        """The drawings of these studies in the order they were made."""
        uids = list(dict.fromkeys(study_uids))
        marks = ", ".join("?" * len(uids))
        with self._lock, sqlite_errors():
            rows = list(self._db.query(f"SELECT * FROM annotation WHERE study_uid IN ({marks}) ORDER BY number", uids))
        return tuple(_annotation_from(row) for row in rows)

    def _put(self, drawn: Annotation) -> None:
        put = self._db.execute(
            """
            INSERT INTO annotation (uid, study_uid, series_uid, sop_instance_uid, number, body)
            VALUES (?, ?, ?, ?, (SELECT coalesce(max(number), 0) + 1 FROM annotation), ?)
            ON CONFLICT (uid) DO UPDATE SET body = excluded.body
            WHERE study_uid = excluded.study_uid AND series_uid = excluded.series_uid
            """,
            [drawn.uid, drawn.study_uid, drawn.series_uid, drawn.sop_instance_uid, json.dumps(_body_of(drawn))],
        )
        if not put.rowcount:
            raise Conflict("A drawing was not kept", "A drawing of another study has the same identifier")


def _body_of(drawn: Annotation) -> dict[str, Any]:
    measured, source = drawn.measured, drawn.source
    return {
        "kind": drawn.kind.value,
        "frame": drawn.frame_number,
        "plane": drawn.plane.value,
        "points": drawn.points,
        "patient_points": drawn.patient_points,
        "text": drawn.text,
        "values": [(v.name, v.value, v.unit, v.of) for v in measured.values],
        "spacing": measured.spacing_source.value if measured.spacing_source else None,
        "refused": measured.refused,
        "histogram": measured.histogram,
        "notes": measured.notes,
        "source": [source.kind, source.name, source.version, source.made.isoformat() if source.made else "", source.object_uid],
        "verdict": drawn.verdict.value,
        "known_mm": drawn.known_mm,
        "label": [drawn.label_at.point, drawn.label_at.patient] if drawn.label_at else None,
        "lesion": [drawn.lesion, drawn.lesion_name],
        "fusion": _fusion_body(drawn.fusion),
        "dimension": drawn.dimension,
        "slab": [drawn.slab.mode, drawn.slab.mm, drawn.slab.step, drawn.slab.samples] if drawn.slab else None,
        "subtracted": _mask_body(drawn.subtracted),
    }


def _mask_body(mask: Mask | None) -> list[Any] | None:
    """The mask of the image that it was drawn on; a table to logarithmic values is the image's own."""
    if mask is None:
        return None
    shifts = [[frame, *shift] for frame, shift in mask.frame_shifts]
    return [mask.operation.value, mask.frames, mask.contrast_frames, mask.shift, mask.offset, mask.landmark, shifts]


def _fusion_body(fusion: Fusion | None) -> list[Any] | None:
    """Which series and how it lies; how it is painted is no part of a drawing."""
    if fusion is None:
        return None
    return [fusion.study_uid, fusion.series_uid, fusion.transform, fusion.warp, fusion.dimension, fusion.words]


def _annotation_from(row: Mapping[str, Any]) -> Annotation:
    body = json.loads(row["body"])
    kind, name, version, made, object_uid = body["source"]
    start = body["histogram"]
    lesion, lesion_name = body.get("lesion", ("", ""))
    measured = Measured(
        tuple(MeasuredValue(*value) for value in body["values"]),
        SpacingSource(body["spacing"]) if body["spacing"] else None,
        body["refused"],
        (start[0], start[1], tuple(start[2])) if start else None,
        tuple(body["notes"]),
    )
    return Annotation(
        uid=row["uid"],
        kind=AnnotationKind(body["kind"]),
        study_uid=row["study_uid"],
        series_uid=row["series_uid"],
        sop_instance_uid=row["sop_instance_uid"],
        frame_number=body["frame"],
        plane=Plane(body["plane"]),
        points=tuple((p[0], p[1]) for p in body["points"]),
        patient_points=tuple((p[0], p[1], p[2]) for p in body["patient_points"]),
        text=body["text"],
        measured=measured,
        source=Source(kind, name, version, datetime.fromisoformat(made) if made else None, object_uid),
        verdict=Verdict(body["verdict"]),
        known_mm=body["known_mm"],
        label_at=_label_from(body.get("label")),
        lesion=lesion,
        lesion_name=lesion_name,
        fusion=_fusion_from(body.get("fusion")),
        dimension=body.get("dimension", ""),
        slab=_slab_from(body.get("slab")),
        subtracted=_mask_from(body.get("subtracted")),
    )


def _mask_from(stored: list[Any] | None) -> Mask | None:
    if not stored:
        return None
    kind, frames, contrast, (down, right), offset, landmark, shifts = stored
    by_frame = tuple((int(frame), (float(y), float(x))) for frame, y, x in shifts)
    return Mask(MaskOperation(kind), tuple(frames), contrast, (down, right), offset, (), landmark, by_frame)


def _slab_from(stored: list[Any] | None) -> Slab | None:
    if not stored:
        return None
    mode, mm, (x, y, z), samples = stored
    return Slab(mode, mm, (x, y, z), samples)


def _fusion_from(stored: list[Any] | None) -> Fusion | None:
    if not stored:
        return None
    study, series, transform, warp, dimension, words = stored
    moved = None if transform is None else tuple(float(part) for part in transform)
    return Fusion(study, series, transform=moved, warp=warp, dimension=dimension, words=words)


def _label_from(stored: list[Any] | None) -> LabelPlace | None:
    """Drawings of before labels could be moved say nothing of it."""
    if not stored:
        return None
    point, patient = stored
    return LabelPlace((point[0], point[1]) if point else None, (patient[0], patient[1], patient[2]) if patient else None)
