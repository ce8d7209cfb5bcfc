"""A worklist of a region as large as wished: invented names, one exam after the other over five years, quickly made."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from random import Random

from workstation.domain.order import AiFlag, Order, Priority, ReadStatus, WorklistItem
from workstation.domain.patient import Patient, PatientKey
from workstation.worklist_schema import Owner

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
        owned = Owner.NOBODY if not is_open or number % 40 else (Owner.ANOTHER, Owner.US, Owner.ANOTHER_READS)[number // 40 % 3]
        owner = "" if owned is Owner.NOBODY else "Dr Anna Sol" if owned is Owner.US else "Dr Bo Regn"
        images = 0 if is_open and number % 11 == 0 else 1 + number % 900
        item = WorklistItem(
            accession, uid, patient, procedure, modality, priority, due, status, images, day, order,
            body_part=part, site=site, ai=ai, owner=owner, is_mine=owned is Owner.US, waiting_since=taken,
        )  # fmt: skip
        yield item, owned


def _person(chance: Random, number: int) -> Patient:
    born = f"{chance.randrange(1930, 2024)}{chance.randrange(1, 13):02d}{chance.randrange(1, 29):02d}"
    name = f"{FAMILY[int(chance.random() ** 2 * len(FAMILY))]}^{chance.choice(GIVEN)}"
    return Patient(PatientKey(f"{born}-{number % 10000:04d}", "REGION"), name, born, "FM"[number % 2])
