"""The tables of the worklist's index, and a row of it from a `WorklistItem` and back.

A row's `id` is its place: rows lie on the disk in reading order, and every index (of modalities, of sites, of words)
names them in that order as well. So the first rows of any filter are read from the front of a list, and nothing is
sorted. The place changes when what decides on it does; `serial` is the row's own name and stays.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import MISSING, fields
from datetime import UTC, datetime
from enum import IntEnum
from typing import Any

from workstation.database import Migration
from workstation.domain.ai_result import AiFlag, results_in, together
from workstation.domain.order import Order, OrderStatus, Priority, ReadStatus, WorklistItem
from workstation.domain.patient import Patient, PatientKey
from workstation.domain.worklist_query import SortKey
from workstation.worklist import FINISHED
from workstation.worklist_words import id_forms, sort_key, words_of

LATEST = 1 << 40
"""A moment after every other, in seconds since 1970: of what has none."""
NO_ORDER = len(Priority)
STATUSES = tuple(ReadStatus)
PRIORITIES = tuple(reversed(Priority))
AI_LEVELS = (AiFlag.NONE, AiFlag.NEGATIVE, AiFlag.PRESENT, AiFlag.UNCLEAR, AiFlag.POSITIVE)
"""Positive ones are followed by as many levels as findings are told apart: so they are sorted by their number too."""
POSITIVE, MOST_LEVELS = AI_LEVELS.index(AiFlag.POSITIVE), 9
LISTED = 5
"""Beginnings of so many letters and fewer have lists of their own."""


class Owner(IntEnum):
    """Whose a row is, as far as the RIS tells."""

    NOBODY = 0
    ANOTHER = 1
    """Given to another reader, who does not read it yet."""
    US = 2
    ANOTHER_READS = 3
    WE_READ = 4


COLUMNS = (
    "serial", "order_id", "study_uid", "accession", "patient_id", "issuer", "name", "birth_date", "sex", "procedure", "modality",
    "body_part", "site", "priority", "due", "due_at", "status", "images", "study_date", "warning", "order_json", "ai", "ai_said",
    "owner", "owned", "since", "signed_at", "turnaround", "done", "waiting", "name_sort", "words",
    "together",
)  # fmt: skip
_NUMBERS = frozenset(
    {"serial", "priority", "due_at", "status", "images", "ai", "owned", "since", "signed_at", "turnaround", "done", "waiting"}
)

# By what each order sorts; the place comes second.
SORT_COLUMNS = {
    SortKey.PRIORITY: "priority",
    SortKey.DUE: "due_at",
    SortKey.PATIENT: "name_sort",
    SortKey.ID: "patient_id",
    SortKey.PROCEDURE: "procedure",
    SortKey.MODALITY: "modality",
    SortKey.BODY: "body_part",
    SortKey.SITE: "site",
    SortKey.STATUS: "status",
    SortKey.ASSIGNED: "owner",
    SortKey.AI: "ai",
    SortKey.IMAGES: "images",
    SortKey.DATE: "study_date",
    SortKey.SINCE: "since",
    SortKey.TURNAROUND: "turnaround",
}
INDEXES = (
    *(f"CREATE INDEX row_by_{column} ON worklist_row({column})" for column in SORT_COLUMNS.values()),
    *(f"CREATE INDEX open_by_{column} ON worklist_row({column}) WHERE done = 0" for column in SORT_COLUMNS.values()),
    "CREATE INDEX row_waiting ON worklist_row(waiting) WHERE waiting = 1",
    "CREATE INDEX row_owned ON worklist_row(owned) WHERE owned > 0",
    "CREATE INDEX row_signed ON worklist_row(signed_at) WHERE signed_at > 0",
    "CREATE INDEX row_of_order ON worklist_row(order_id)",
    "CREATE INDEX row_of_study ON worklist_row(study_uid)",
    "CREATE INDEX row_of_accession ON worklist_row(accession)",
)

KEPT = ("word", "state", "reported", "untold", "claim")

MIGRATIONS = (
    Migration(
        # What an older one made is made again: the stores have it all.
        3,
        (
            *(f"DROP TABLE IF EXISTS {name}" for name in ("row_terms", "row_words", "worklist_row", *KEPT)),
            "CREATE TABLE worklist_row (id INTEGER PRIMARY KEY, "
            + ", ".join(f"{name} {'INTEGER' if name in _NUMBERS else 'TEXT'} NOT NULL" for name in COLUMNS)
            + ") STRICT",
            *INDEXES,
            # Without the text: `worklist_row.words` has it.
            "CREATE VIRTUAL TABLE row_words USING fts5(words, content='', detail=none, columnsize=0,"
            f" prefix='{' '.join(str(letters + 1) for letters in range(LISTED))}')",
            # How many rows have a word of more letters than that: which way of looking for it is short.
            "CREATE TABLE word (word TEXT PRIMARY KEY, times INTEGER NOT NULL) STRICT, WITHOUT ROWID",
            "CREATE VIRTUAL TABLE row_terms USING fts5vocab(row_words, row)",
            "CREATE TABLE state (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT",
            # What the join asks of each report that there is, kept so that it need not be read again.
            # One that answers several orders has a row for each.
            "CREATE TABLE reported (report_uuid TEXT NOT NULL, accession TEXT NOT NULL, study_uid TEXT NOT NULL,"
            " status TEXT NOT NULL, signed_at TEXT NOT NULL, together TEXT NOT NULL,"
            " PRIMARY KEY (report_uuid, accession)) STRICT, WITHOUT ROWID",
            "CREATE INDEX reported_accession ON reported(accession)",
            "CREATE INDEX reported_study ON reported(study_uid)",
            "CREATE TABLE untold (study_uid TEXT PRIMARY KEY) STRICT",
            "CREATE TABLE claim (order_id TEXT PRIMARY KEY, owner TEXT NOT NULL, owned INTEGER NOT NULL) STRICT",
        ),
    ),
)

Row = Mapping[str, Any]


def row_of(item: WorklistItem, owned: Owner, texts: Iterable[str] = ()) -> dict[str, Any]:
    """The columns but for `serial`. `texts` are further words that find it (body parts and sites as they came)."""
    patient, order = item.patient, item.order
    waits = item.study_instance_uid and item.image_count and item.status in (ReadStatus.UNREAD, ReadStatus.DRAFT)
    said = (patient.name, patient.key.patient_id, item.accession_number, item.procedure, item.modality.replace("/", " "))
    return {
        "order_id": order.order_id if order else "",
        "study_uid": item.study_instance_uid,
        "accession": item.accession_number,
        "patient_id": patient.key.patient_id,
        "issuer": patient.key.issuer,
        "name": patient.name,
        "birth_date": patient.birth_date,
        "sex": patient.sex,
        "procedure": item.procedure,
        "modality": item.modality,
        "body_part": item.body_part,
        "site": item.site,
        "priority": PRIORITIES.index(item.priority) if order else NO_ORDER,
        "due": item.due.isoformat() if item.due else "",
        "due_at": int(item.due.timestamp()) if item.due else LATEST,
        "status": STATUSES.index(item.status),
        "images": item.image_count,
        "study_date": item.study_date,
        "warning": item.warning,
        "order_json": _order_text(order, item) if order else "",
        "ai": ai_level(item),
        "ai_said": "\n".join(item.ai_said),
        "owner": item.owner,
        "owned": int(owned),
        "since": int(item.waiting_since.timestamp()) if item.waiting_since else LATEST,
        "signed_at": int(item.signed_at.timestamp()) if item.signed_at else 0,
        "turnaround": _turnaround(item),
        "done": int(item.status in FINISHED),
        "waiting": int(bool(waits) and owned is not Owner.ANOTHER_READS),
        "name_sort": sort_key(patient.name),
        "words": words_of((*said, *id_forms(patient.key.patient_id), item.body_part, item.site, item.owner, *texts)),
        "together": "\n".join(item.together),
    }


def item_of(row: Row) -> WorklistItem:
    patient = Patient(PatientKey(row["patient_id"], row["issuer"]), row["name"], row["birth_date"], row["sex"])
    owned = row["owned"]
    return WorklistItem(
        accession_number=row["accession"],
        study_instance_uid=row["study_uid"],
        patient=patient,
        procedure=row["procedure"],
        modality=row["modality"],
        priority=Priority.ROUTINE if row["priority"] == NO_ORDER else PRIORITIES[row["priority"]],
        due=datetime.fromisoformat(row["due"]) if row["due"] else None,
        status=STATUSES[row["status"]],
        image_count=row["images"],
        study_date=row["study_date"],
        order=_order_from(json.loads(row["order_json"]), row, patient) if row["order_json"] else None,
        warning=row["warning"],
        read_by=row["owner"] if owned == Owner.ANOTHER_READS else "",
        body_part=row["body_part"],
        site=row["site"],
        ai=AI_LEVELS[min(row["ai"], POSITIVE)],
        ai_count=_findings(row),
        ai_said=tuple(row["ai_said"].split("\n")) if row["ai_said"] else (),
        owner=row["owner"],
        is_mine=owned in (Owner.US, Owner.WE_READ),
        waiting_since=_moment(row["since"]),
        signed_at=_moment(row["signed_at"]),
        together=tuple(row["together"].split("\n")) if row["together"] else (),
    )


def ai_level(item: WorklistItem) -> int:
    level = AI_LEVELS.index(item.ai)
    return level + min(item.ai_count, MOST_LEVELS) if level == POSITIVE else level


def levels_of(flag: AiFlag) -> range:
    """The values of a row's `ai` that are of this flag."""
    level = AI_LEVELS.index(flag)
    return range(level, level + 1 + (MOST_LEVELS if level == POSITIVE else 0))


def _findings(row: Row) -> int:
    counted = int(row["ai"]) - POSITIVE
    if counted < MOST_LEVELS or not row["ai_said"]:
        return max(counted, 0)
    return together(results_in(row["ai_said"].split("\n")))[1]


def _turnaround(item: WorklistItem) -> int:
    """Seconds from the end of the examination to the signature; LATEST where one is unknown or before the other."""
    if item.signed_at is None or item.waiting_since is None or item.signed_at < item.waiting_since:
        return LATEST
    return int((item.signed_at - item.waiting_since).total_seconds())


def rows_named(cursor: Any) -> list[dict[str, Any]]:
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, values, strict=True)) for values in cursor]


def marks(values: Sequence[object]) -> str:
    return ", ".join("?" * len(values))


def _moment(seconds: int) -> datetime | None:
    return datetime.fromtimestamp(seconds, UTC) if 0 < seconds < LATEST else None


# ---- the order of a row --------------------------------------------------------------

_TIMES = frozenset(field.name for field in fields(Order) if "datetime" in str(field.type))
_DEFAULTS = {field.name: "" if field.default is MISSING else field.default for field in fields(Order)}
# Most orders say what their row says: kept once.
_SHARED = {"order_id": "order_id", "accession_number": "accession", "procedure": "procedure", "study_instance_uid": "study_uid"}


def _order_text(order: Order, item: WorklistItem) -> str:
    kept: dict[str, Any] = {}
    row = {"order_id": order.order_id, "accession": item.accession_number, "procedure": item.procedure}
    row["study_uid"] = item.study_instance_uid
    for name, default in _DEFAULTS.items():
        value = getattr(order, name)
        if name in _SHARED:
            if value != row[_SHARED[name]]:
                kept[name] = value
        elif name == "patient":
            if value != item.patient:
                kept[name] = [value.key.patient_id, value.key.issuer, value.name, value.birth_date, value.sex]
        elif value != default:
            kept[name] = value.isoformat() if name in _TIMES else value
    return json.dumps(kept, ensure_ascii=False, separators=(",", ":"))


def _order_from(kept: dict[str, Any], row: Row, patient: Patient) -> Order:
    known = {name: row[column] for name, column in _SHARED.items()} | kept
    if "patient" in kept:
        patient_id, issuer, name, birth_date, sex = kept["patient"]
        patient = Patient(PatientKey(patient_id, issuer), name, birth_date, sex)
    known["patient"] = patient
    for name in _TIMES & kept.keys():
        known[name] = datetime.fromisoformat(kept[name])
    if "priority" in kept:
        known["priority"] = Priority(kept["priority"])
    if "status" in kept:
        known["status"] = OrderStatus(kept["status"])
    return Order(**known)
