"""What the demonstration and the tour read: our own phantoms, a RIS on loopback with orders for them.

Everything lies in a home of its own, apart from the reader's real studies.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from rendering.phantoms import ROLES, PhantomStudy, write_demonstration
from workstation.domain.archive import Archive, ArchiveKind
from workstation.domain.order import Priority
from workstation.domain.patient import PatientKey
from workstation.domain.study import Study
from workstation.ris.embedded import EmbeddedRis
from workstation.settings import Folders

if TYPE_CHECKING:
    from workstation.archives.directory import ArchiveDirectory

Progress = Callable[[int, int, str], None]
SIGNER = "Dr Demonstration"
ELSEWHERE = "ct-chest-prior"
OTHER_HOSPITAL = "other-hospital"

# What a busy morning looks like: the chest CT cannot wait, screening can.
PRIORITIES = {
    "ct-chest": (Priority.STAT, timedelta(minutes=40)),
    "hand": (Priority.ASAP, timedelta(hours=2)),
    "angio": (Priority.URGENT, timedelta(hours=8)),
    "petct": (Priority.URGENT, timedelta(hours=5)),
    "mr-head": (Priority.URGENT, timedelta(days=1)),
    "us": (Priority.ROUTINE, timedelta(days=2)),
    "mg": (Priority.ROUTINE, timedelta(days=5)),
    "dbt": (Priority.ROUTINE, timedelta(days=5)),
}

REASONS = {
    "ct-chest": "Nodule in the right upper lobe, seen nine months ago. Has it grown? Former smoker, 40 pack-years.",
    "hand": "Fell on the outstretched hand yesterday. Tender over the base of the thumb. Fracture?",
    "petct": "Staging before treatment. Where is there uptake besides the known lesion?",
    "mr-head": "Numbness of the left arm for two weeks, once before last year. White matter lesions?",
    "us": "Breathless on exertion, systolic murmur. Left ventricular function? Valves?",
    "mg": "Screening. No symptoms.",
    "angio": "Bleeding behind the forehead last week, no aneurysm on CT. Malformation?",
}


@dataclass(frozen=True, slots=True)
class Home:
    """One folder with everything: phantoms, the RIS' own data, and our cache and stores."""

    root: Path

    @classmethod
    def below(cls, base: Path) -> Home:
        """The home for the phantoms as they are made now; homes of older recipes are removed, reports and all."""
        home = cls(base / _recipe()[:16])
        for other in base.iterdir() if base.is_dir() else ():
            if other != home.root:
                shutil.rmtree(other, ignore_errors=True)
        return home

    @property
    def phantoms(self) -> Path:
        return self.root / "phantoms"

    @property
    def ris(self) -> Path:
        return self.root / "ris"

    @property
    def folders(self) -> Folders:
        return Folders(self.root / "data", self.root / "config", self.root / "cache")


def phantoms(home: Home, only: Sequence[str] | None, progress: Progress) -> tuple[Path, ...]:
    """The demonstration studies' folders, written once and kept."""
    stamp = home.phantoms / "written.json"
    wanted = sorted(only) if only else ["all"]
    if stamp.is_file():
        written = json.loads(stamp.read_text(encoding="utf-8"))
        if written["roles"] == wanted:
            return tuple(home.phantoms / name for name in written["folders"])
    home.phantoms.mkdir(parents=True, exist_ok=True)
    parts: dict[str, float] = {}
    count = len(only) if only else len(ROLES)

    def told(role: str, part: float) -> None:
        parts[role] = part
        progress(round(sum(parts.values()) * 100), count * 100, role)

    studies: tuple[PhantomStudy, ...] = write_demonstration(home.phantoms, only=only, progress=told)
    names = [str(s.folder.relative_to(home.phantoms)) for s in studies]
    stamp.write_text(json.dumps({"roles": wanted, "folders": names}), encoding="utf-8")
    return tuple(s.folder for s in studies)


def leave_elsewhere(directory: ArchiveDirectory, folders: Sequence[Path]) -> tuple[Path, ...]:
    """The prior of the chest CT lies in another hospital's archive, a folder; the rest is to be imported.

    The archive is set up once; whoever removed it from the demonstration gets it back at its next start.
    """
    elsewhere = [folder for folder in folders if folder.name == ELSEWHERE]
    if not elsewhere:
        return tuple(folders)
    if OTHER_HOSPITAL not in {archive.name for archive in directory.archives}:
        directory.add(Archive(OTHER_HOSPITAL, ArchiveKind.FOLDER, "The other hospital", folder=str(elsewhere[0])))
    return tuple(folder for folder in folders if folder.name != ELSEWHERE)


def place_orders(ris: EmbeddedRis, studies: Sequence[Study], now: datetime | None = None, are_ours: bool = True) -> int:
    """An order in the RIS for each study that has none there yet. Returns how many were placed.

    Only `are_ours` get a reason for the examination: we know nothing of anybody else's.
    """
    from workstation.ris.fhir import FhirRis

    now = now or datetime.now(UTC)
    known = {order.study_instance_uid for order in FhirRis(ris.base_url).orders()}
    placed = 0
    for number, study in enumerate(studies):
        if study.study_instance_uid in known:
            continue
        priority, within = PRIORITIES[_role(study)]
        ris.place_order(
            study.patient,
            study.study_description or "Imaging",
            study.study_instance_uid,
            study.accession_number or f"LYS{number:05d}",
            priority,
            now + within,
            reason=REASONS[_role(study)] if are_ours else "",
        )
        placed += 1
    return placed


def current_studies(studies: Sequence[Study]) -> tuple[Study, ...]:
    """What there is to read: each patient's studies of their last day. Earlier ones are priors."""
    last: dict[PatientKey, str] = {}
    for study in studies:
        last[study.patient.key] = max(last.get(study.patient.key, ""), study.study_date)
    return tuple(s for s in studies if s.study_date == last[s.patient.key])


def _role(study: Study) -> str:
    roles = {"PT": "petct", "CT": "ct-chest", "MR": "mr-head", "US": "us", "DX": "hand", "XA": "angio"}
    return next((role for modality, role in roles.items() if modality in study.modalities), "mg")


def _recipe() -> str:
    """Changes when the phantoms' code changes, so that old ones are not shown for new."""
    import rendering.phantoms

    digest = hashlib.sha256()
    for path in sorted(Path(rendering.phantoms.__file__).parent.glob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()
