"""The archive directory as prefetching asks it: one archive at a time, so that a silent one is left in peace."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from workstation.archives.directory import ArchiveDirectory
from workstation.domain.archive import Archive, FoundStudy, StudyQuery
from workstation.domain.patient import Patient
from workstation.errors import Unavailable


class DirectorySources:
    """Implements `prefetch_asking.PriorDirectory`. Patients are those of the first archive's care provider."""

    def __init__(self, directory: ArchiveDirectory) -> None:
        self._directory = directory

    @property
    def archives(self) -> Sequence[Archive]:
        return self._directory.archives

    def archives_for(self, patient: Patient) -> Sequence[Archive]:
        home = self.archives[0].tenant if self.archives else ""
        return self._directory.sources_for(patient.key, home)[0]

    def studies_of(self, archive: str, patient: Patient, cancelled: Callable[[], bool]) -> Sequence[FoundStudy]:
        key = patient.key
        query = StudyQuery(patient_id=key.patient_id, issuer=key.issuer)
        findings = self._directory.find_studies(query, archives=(archive,), cancelled=cancelled)
        for name, why in findings.failures:
            raise Unavailable("The archive did not answer", why, f"`archive test {name}` says what is wrong")
        return tuple(at.study for at in findings.studies)
