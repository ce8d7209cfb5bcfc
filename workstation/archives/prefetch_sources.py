"""Archives, retrievals and cache as prefetching uses them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from workstation.archives.directory import ArchiveDirectory
from workstation.archives.prefetch_plan import Held
from workstation.archives.retrieve import FetchPriority, Retrievals
from workstation.cache.cache import StudyCache
from workstation.domain.archive import Archive, FoundStudy, RetrieveProgress, StudyQuery
from workstation.domain.patient import Patient
from workstation.errors import Unavailable


class DirectorySources:
    """Implements `prefetch_asking.PriorDirectory`: one archive at a time, so that a silent one is left in peace.

    Patients are those of the first archive's care provider.
    """

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
            error = Unavailable("The archive did not answer", why, f"`archive test {name}` says what is wrong")
            error.retry_after = dict(findings.pauses).get(name)
            raise error
        return tuple(at.study for at in findings.studies)


class BackgroundFetches:
    """Implements `prefetch.StudyFetcher`: the slower of the policy's and the archive's own cap holds."""

    def __init__(self, retrievals: Retrievals, directory: ArchiveDirectory) -> None:
        self._retrievals = retrievals
        self._directory = directory

    def fetch(
        self,
        study: FoundStudy,
        archive: str,
        progress: Callable[[RetrieveProgress], None],
        cancelled: Callable[[], bool],
        kilobits: int,
    ) -> RetrieveProgress:
        caps = [cap for cap in (kilobits, self._directory.archive(archive).kilobits) if cap]
        return self._retrievals.fetch(study, archive, FetchPriority.BACKGROUND, cancelled, progress, min(caps, default=0))


def held_studies(cache: StudyCache, proven: frozenset[str]) -> Mapping[str, Held]:
    """How much of each study is here."""
    sizes = cache.sizes()
    return {
        study.study_instance_uid: Held(study, sizes[study.study_instance_uid][0], study.study_instance_uid in proven)
        for study in cache.studies()
        if study.study_instance_uid in sizes
    }


def proven_elsewhere(cache: StudyCache, retrievals: Retrievals) -> frozenset[str]:
    """Studies of which an archive listed every instance that is here.

    One instance more than was listed came from somewhere else, and may be nowhere else. An archive
    that is not set up any more cannot give it back, and a folder may be a disc that was taken out.
    """
    sizes = cache.sizes()
    found = (
        (row.study_instance_uid, row.is_proven, row.expected)
        for row in retrievals.all_progress()
        if retrievals.can_give_again(row.archive)
    )
    return frozenset(uid for uid, is_proven, expected in found if is_proven and uid in sizes and sizes[uid][0] == expected)
