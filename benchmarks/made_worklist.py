"""A worklist of a region as large as wished: invented names, one exam after the other over five years, quickly made."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any

from workstation.at_rest.vault import Vault
from workstation.database import DatabaseKey
from workstation.database.encryption import Kind, connect
from workstation.domain.ai_result import AiFlag
from workstation.domain.order import Order, Priority, ReadStatus, WorklistItem
from workstation.domain.patient import Patient, PatientKey
from workstation.worklist import place_of
from workstation.worklist_rows import SHORTEST_COUNTED
from workstation.worklist_schema import COLUMNS, INDEXES, MIGRATIONS, Owner, marks, row_of

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
YEARS = 5
OPEN = 12_000
"""Rows that are not read yet: some days of a region, those to come counted."""

FAMILY = (
    "Östling", "Ångström", "Åkesson", "Ärlig", "Öberg", "Sjöberg", "Lindqvist", "Bergström", "Hägglund", "Wallin",
    "Nyström", "Ekdahl", "Björk", "Holmgren", "Sandell", "Ødegård", "Sæther", "Bjørnstad", "Haugen", "Mæland", "Kjær",
    "Østergaard", "Ærø", "Bæk", "Møller", "Virtanen", "Mäkelä", "Hämäläinen", "Korhonen", "Lahtinen", "Strandberg",
    "Fjällström", "Grönlund", "Rosengren", "Tallberg", "Vikström", "Myrén", "Lundmark", "Söderblom", "Almqvist",
)  # fmt: skip
GIVEN = (
    "Åsa", "Örjan", "Märta", "Östen", "Sölve", "Bjørn", "Søren", "Gunnar", "Linnea", "Astrid", "Torsten", "Ylva",
    "Signe", "Arvid", "Elof", "Päivi", "Jukka", "Aino",
)  # fmt: skip
EXAMS = (
    ("CT", "CT thorax", "Chest"), ("CT", "CT buk och bäcken", "Abdomen and pelvis"), ("CT", "CT hjärna", "Brain"),
    ("MR", "MR hjärna", "Brain"), ("MR", "MR knä vänster", "Knee"), ("MR", "MR prostata", "Prostate"),
    ("DX", "Röntgen lungor", "Chest"), ("DX", "Röntgen hand höger", "Hand"), ("US", "Ultraljud buk", "Abdomen"),
    ("MG", "Mammografi screening", "Breast"), ("CT/PT", "PET-CT helkropp", "Whole body"), ("XA", "Angiografi ben", "Leg"),
)  # fmt: skip
SITES = tuple(
    f"{place} {kind}"
    for place in ("Norrvik", "Söderhamna", "Ljungås", "Björkudden")
    for kind in ("sjukhus", "närsjukhus", "akuten")
)
SHARES = (0.16, 0.14, 0.08, 0.05, 0.04, 0.02, 0.2, 0.1, 0.09, 0.08, 0.02, 0.02)


def made_rows(count: int, seed: int = 6) -> Iterator[tuple[WorklistItem, Owner]]:
    """The first OPEN of them are to be read, the others are read, spread over the years."""
    chance = Random(seed)
    people = [_person(chance, number) for number in range(max(count // 4, 1))]
    kinds = chance.choices(range(len(EXAMS)), SHARES, k=count)
    for number in range(count):
        modality, procedure, part = EXAMS[kinds[number]]
        patient = people[int(chance.random() * len(people))]
        site = SITES[int(chance.random() ** 1.6 * len(SITES))]
        is_open = number < OPEN
        age = chance.random() * (4 if is_open else YEARS * 365)
        taken = NOON - timedelta(days=age)
        priority, due = Priority.ROUTINE, None
        status = ReadStatus.CONFIRMED
        if is_open:
            priority = chance.choices(tuple(Priority), (80, 12, 6, 2))[0]
            due = taken + timedelta(hours=(72, 24, 4, 1)[tuple(Priority).index(priority)], minutes=chance.randrange(600))
            status = chance.choices(
                (ReadStatus.UNREAD, ReadStatus.DRAFT, ReadStatus.SIGNED, ReadStatus.PRELIMINARY, ReadStatus.PROBLEM),
                (90, 3, 3, 3, 1),
            )[0]
        uid, accession = f"1.2.826.0.1.6.{number}", f"26-{number:08d}"
        day = taken.strftime("%Y%m%d")
        order = Order(
            f"o{number}", accession, patient, procedure, reason="Fråga om förändring", priority=priority, due=due,
            study_instance_uid=uid, ris_patient_reference=f"Patient/{patient.key.patient_id}", site=site, exam_end=taken,
        )  # fmt: skip
        ai = AiFlag.NONE if modality not in ("MG", "DX") or number % 3 else (AiFlag.PRESENT, AiFlag.POSITIVE)[number % 2]
        findings = 1 + number % 5 if ai is AiFlag.POSITIVE else 0
        owned = Owner.NOBODY if not is_open or number % 40 else (Owner.ANOTHER, Owner.US, Owner.ANOTHER_READS)[number // 40 % 3]
        owner = "" if owned is Owner.NOBODY else "Dr Anna Sol" if owned is Owner.US else "Dr Bo Regn"
        images = 0 if is_open and number % 11 == 0 else 1 + number % 900
        item = WorklistItem(
            accession, uid, patient, procedure, modality, priority, due, status, images, day, order,
            body_part=part, site=site, ai=ai, ai_count=findings, owner=owner, is_mine=owned is Owner.US, waiting_since=taken,
        )  # fmt: skip
        yield item, owned


def _person(chance: Random, number: int) -> Patient:
    born = f"{chance.randrange(1930, 2024)}{chance.randrange(1, 13):02d}{chance.randrange(1, 29):02d}"
    name = f"{FAMILY[int(chance.random() ** 2 * len(FAMILY))]}^{chance.choice(GIVEN)}"
    return Patient(PatientKey(f"{born}-{number % 10000:04d}", "REGION"), name, born, "FM"[number % 2])


TEMPLATES = 20_000
APART = 1000
"""Places between a row and its next copy: more than there are templates of one day."""
_NAMES = ("id", *COLUMNS)
_CHANGED = {
    "id": "id + :copy * :apart",
    "serial": "serial + :copy * :templates",
    "order_id": "order_id || '.' || :copy",
    "study_uid": "study_uid || '.' || :copy",
    "accession": "'26-' || printf('%08d', serial + :copy * :templates)",
    "patient_id": "substr(patient_id, 1, 9) || printf('%04d', (serial + :copy * 7) % 10000)",
    # The numbers in the words are those of the row.
    "words": "replace(replace(words, printf('%08d', serial), printf('%08d', serial + :copy * :templates)),"
    " substr(patient_id, 10, 4), printf('%04d', (serial + :copy * 7) % 10000))",
}


def make_file(path: Path, count: int, vault: Vault) -> None:
    """An index of `count` rows: those to read one by one, those that are read as copies of TEMPLATES, made by SQL."""
    key = DatabaseKey.of(vault, "worklist")
    path.unlink(missing_ok=True)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    with contextlib.closing(connect(path, Kind.ABSENT, key, 60.0)) as connection:
        for pragma in ("journal_mode = OFF", "synchronous = OFF", "cache_size = -300000"):
            connection.execute(f"PRAGMA {pragma}").fetchall()
        for statement in MIGRATIONS[-1].statements:
            if statement not in INDEXES:
                connection.execute(statement)
        connection.execute("BEGIN")
        _put_rows(connection, count)
        connection.execute("INSERT INTO row_words (rowid, words) SELECT id, words FROM worklist_row ORDER BY id")
        for statement in INDEXES:
            connection.execute(statement)
        sql = "INSERT INTO word (word, times) SELECT term, doc FROM row_terms WHERE length(term) >= ?"
        connection.execute(sql, [SHORTEST_COUNTED])
        connection.execute("INSERT INTO state (name, value) VALUES ('serial', ?)", [str(2 * count)])
        connection.execute(f"PRAGMA user_version = {MIGRATIONS[-1].version}")
        connection.execute("COMMIT")


def _put_rows(connection: Any, count: int) -> None:
    made, taken = made_rows(OPEN + TEMPLATES), dict[int, int]()

    def values(serial: int, item: WorklistItem, owned: Owner) -> list[Any]:
        place = place_of(item)
        taken[place] = taken.get(place, -1) + 1
        row = {"id": place + taken[place], "serial": serial, **row_of(item, owned)}
        return [row[name] for name in _NAMES]

    insert = f"INSERT INTO worklist_row ({', '.join(_NAMES)}) VALUES ({marks(_NAMES)})"
    rows = (values(number, *pair) for number, pair in enumerate(islice(made, min(count, OPEN + TEMPLATES))))
    connection.executemany(insert, rows)
    copied = f"SELECT {', '.join(_CHANGED.get(name, name) for name in _NAMES)} FROM worklist_row WHERE done = 1 AND serial < :end"
    left, copy = count - OPEN - TEMPLATES, 0
    while left > 0:
        copy += 1
        given = {"copy": copy, "apart": APART, "templates": TEMPLATES, "end": OPEN + min(TEMPLATES, left)}
        connection.execute(f"INSERT INTO worklist_row ({', '.join(_NAMES)}) {copied}", given)
        left -= TEMPLATES
