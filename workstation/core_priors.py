"""What the archives know of the earlier studies of a patient, for the session: asked within their walls, and fetched."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from workstation.archives.walls import key_at
from workstation.cache.admission import same_person
from workstation.domain.archive import FoundStudy
from workstation.domain.patient import Patient, PatientKey
from workstation.domain.study import Study
from workstation.session.prior_studies import Listed
from workstation.session.session import Session

if TYPE_CHECKING:
    from workstation.archives.directory import Findings
    from workstation.core_archives import CoreArchives

KEPT_SECONDS = 120.0
"""For so long a patient is not asked for again: readers go back and forth between cases."""
MOST_KEPT = 50


class CorePriors:
    """Implements `workstation.session.prior_studies.PriorArchives`. `listed` may be called from any thread."""

    def __init__(self, archiving: CoreArchives, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._archiving = archiving
        self._monotonic = monotonic
        self._kept: dict[tuple[PatientKey, str], tuple[float, Findings]] = {}

    def attend(self, session: Session) -> None:
        """Archives are talked to from now on."""
        session.priors.known.plug(self)
        self._archiving.retrievals.progressed.connect(session.priors.known.progressed)

    @property
    def is_open(self) -> bool:
        return self._archiving.is_open and bool(self._archiving.directory.archives)

    def listed(self, study: Study, cancelled: Callable[[], bool]) -> Listed:
        """Of the care provider whose archive gave the study, and of whom it shares patients with; of nobody else."""
        uid = study.study_instance_uid
        key = study.patient.key
        asked = replace(key, issuer=key.issuer or self._archiving.issuer_of(uid))
        tenant = self._archiving.retrievals.tenant_of(uid)
        home = self._archiving.directory.home_tenant if tenant is None else tenant
        findings = self._asked(asked, home, cancelled)
        person = replace(study.patient, key=asked)
        studies = [(self._own(at.study, person, key), at.archives) for at in findings.studies]
        return Listed(
            tuple((found, archives) for found, archives in studies if found is not None),
            findings.not_asked,
            findings.failures,
        )

    def fetch(self, study: FoundStudy, archive: str) -> None:
        self._archiving.retrievals.fetch_soon(study, archive)

    def _asked(self, key: PatientKey, tenant: str, cancelled: Callable[[], bool]) -> Findings:
        now = self._monotonic()
        kept = self._kept.get((key, tenant))
        if kept is not None and now - kept[0] < KEPT_SECONDS and kept[1].is_whole:
            return kept[1]
        findings = self._archiving.directory.find_patient_studies(key, tenant, cancelled=cancelled)
        if not cancelled():
            self._kept[key, tenant] = (now, findings)
            while len(self._kept) > MOST_KEPT:
                del self._kept[next(iter(self._kept))]
        return findings

    def _own(self, found: FoundStudy, person: Patient, key: PatientKey) -> FoundStudy | None:
        """With the key that the open study has, if it is the same person's; else None."""
        archive = self._archiving.directory.archive(found.archive)
        theirs = replace(found.patient, key=key_at(archive, found.patient.key))
        return replace(found, patient=replace(found.patient, key=key)) if same_person(theirs, person) else None
