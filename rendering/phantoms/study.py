"""Who the demonstration patients are, when they came, and what a finished study tells its user.

Every name, number and date is invented. Dates hang on `today`, so that a demonstration
never looks stale, and every UID is a function of seed, size and date (PS3.5 B.2, UUID-derived).
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Literal

Size = Literal["full", "small"]
TODAY = date(2026, 11, 22)
ISSUER = "LYSKASSE-DEMO"
_ROOT = uuid.UUID("6f1b1c5e-9a57-4a0e-8f0c-3d5c2f0c7a11")


@dataclass(frozen=True)
class Subject:
    """An invented patient; `name` in DICOM form, height in metres, weight in kilograms."""

    patient_id: str
    name: str
    birth_date: date
    sex: str
    height: float
    weight: float


@dataclass(frozen=True)
class Examination:
    """One study to be made: whose, when, what it is called."""

    role: str
    subject: Subject
    accession: str
    description: str
    day: date
    time: str
    body_part: str

    def age(self) -> str:
        """Patient's age as DICOM writes it (PS3.5 6.2, AS)."""
        born = self.subject.birth_date
        years = self.day.year - born.year - ((self.day.month, self.day.day) < (born.month, born.day))
        return f"{years:03d}Y"


@dataclass(frozen=True)
class PhantomStudy:
    """A study on disk and what is known about it.

    `truth` holds plain numbers, strings, tuples and dicts; points are LPS millimetres in the
    scanner's frame of reference, pixel places are (column, row), 0-based.
    """

    study_uid: str
    folder: Path
    role: str
    accession: str
    truth: Mapping[str, Any]
    patient_id: str = ""
    patient_name: str = ""
    issuer: str = ISSUER
    description: str = ""
    study_date: str = ""
    modalities: tuple[str, ...] = ()


@dataclass(frozen=True)
class Making:
    """What every study is made with. `folder` is the study's own folder."""

    examination: Examination
    folder: Path
    seed: int
    size: Size
    today: date
    modalities: list[str] = field(default_factory=list)

    @property
    def small(self) -> bool:
        """Whether a reduced matrix is asked for."""
        return self.size == "small"

    def uid(self, *names: str) -> str:
        """A UID of our own: the same for the same seed, size, day and names."""
        text = "/".join((str(self.seed), self.size, self.today.isoformat(), *names))
        return f"2.25.{uuid.uuid5(_ROOT, text).int}"

    @property
    def study_uid(self) -> str:
        """StudyInstanceUID."""
        return self.uid("study", self.examination.role)

    def finished(self, truth: Mapping[str, Any]) -> PhantomStudy:
        """The study as it is handed out."""
        e = self.examination
        return PhantomStudy(
            self.study_uid,
            self.folder,
            e.role,
            e.accession,
            truth,
            e.subject.patient_id,
            e.subject.name,
            ISSUER,
            e.description,
            e.day.strftime("%Y%m%d"),
            tuple(dict.fromkeys(self.modalities)),
        )


def examinations(today: date) -> tuple[Examination, ...]:
    """All demonstration studies, in the order in which they are made."""
    year = f"{today:%y}"
    aake = Subject("DEMO-0001", "Grönlyng^Åke^Sæbjörn", date(1958, 3, 14), "M", 1.79, 82.0)
    signe = Subject("DEMO-0002", "Fjällmyr^Signe", date(1971, 9, 2), "F", 1.68, 64.0)
    kaare = Subject("DEMO-0003", "Sørvåg^Kåre", date(1963, 6, 27), "M", 1.82, 76.0)
    aasa = Subject("DEMO-0004", "Lindbæk^Åsa^Mærta", date(1969, 1, 19), "F", 1.66, 67.0)
    oeystein = Subject("DEMO-0005", "Kråkhöj^Øystein", date(1980, 11, 5), "M", 1.85, 88.0)
    elna = Subject("DEMO-0006", "Träskhed^Elna", date(1994, 4, 30), "F", 1.71, 61.0)
    runa = Subject("DEMO-0007", "Tjälmark^Runa", date(1961, 8, 8), "F", 1.64, 61.0)
    return (
        Examination("ct-chest", aake, f"LYS-{year}-1001", "CT chest with contrast", today, "082410", "CHEST"),
        Examination(
            "ct-chest-prior", aake, f"LYS-{year}-0147", "CT chest with contrast", today - timedelta(days=275), "101532", "CHEST"
        ),
        Examination("mr-head", signe, f"LYS-{year}-1002", "MR head", today, "090215", "HEAD"),
        Examination("petct", kaare, f"LYS-{year}-1003", "PET/CT trunk FDG", today, "093040", "WHOLEBODY"),
        Examination("mg", aasa, f"LYS-{year}-1004", "Mammography, both breasts", today, "101105", "BREAST"),
        Examination("dbt", aasa, f"LYS-{year}-1005", "Tomosynthesis, left breast", today, "102020", "BREAST"),
        Examination("us", oeystein, f"LYS-{year}-1006", "Echocardiography", today, "110330", "HEART"),
        Examination("hand", elna, f"LYS-{year}-1007", "Radiograph of left hand", today, "113555", "HAND"),
        Examination("angio", runa, f"LYS-{year}-1008", "Cerebral angiography", today, "121015", "HEAD"),
    )
