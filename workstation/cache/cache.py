"""StudyCache: the studies on this machine."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path

from workstation.cache.admission import Answer, admission, leading
from workstation.cache.alerts import Alert, AlertLog
from workstation.cache.found import reason_of
from workstation.cache.index import StudyIndex, open_index
from workstation.cache.intake import ImportResult, Intake
from workstation.cache.order import newest_first, priors_first
from workstation.cache.quarantine import REASONS, STUDY_DOUBTS, QuarantinedFile, QuarantineKind
from workstation.cache.reading import StudiesRead, read_studies, studies_in
from workstation.cache.store import ObjectStore, fingerprint_of, writing
from workstation.domain.doubt import Doubt
from workstation.domain.study import ParsedInstance, Study
from workstation.errors import LethalFile, Refused
from workstation.ports import InstanceReader, Progress

__all__ = ["ImportResult", "StudiesRead", "StudyCache", "read_studies", "studies_in"]

MADE_AGAIN = "The study index was missing; it was made again from the images"
REBUILDING = "Making the study index again"


def _silent(_done: int, _total: int, _what: str) -> None:
    pass


def _never() -> bool:
    return False


class StudyCache:
    """Files and their index below `root`. Thread-safe; one import runs at a time.

    A missing or damaged index is made again from the files when the cache is opened; `notices`
    then says so. Raises `WorkstationError` when the folder or the index cannot be used.
    """

    def __init__(self, root: Path, reader: InstanceReader, progress: Progress = _silent) -> None:
        with writing():
            root.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._reader = reader
        self._adding = threading.Lock()
        self._alerts = AlertLog(root / "security.jsonl")
        self._store = ObjectStore(root)
        try:
            self._index, notice = open_index(root / "index.db", self._store)
        except BaseException:
            self._store.close()
            raise
        self.notices = tuple(filter(None, (notice, self._make_complete(progress, silent=bool(notice)))))
        self._store.tidy(self._index.has)

    def close(self) -> None:
        with self._adding:
            self._index.close()
            self._store.close()

    def __enter__(self) -> StudyCache:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def add(self, paths: Iterable[Path], progress: Progress = _silent, cancelled: Callable[[], bool] = _never) -> ImportResult:
        """Take in files, folders, DICOMDIRs and zip archives. Blocks; instances that come late extend their study.

        Does not raise for a bad file; a full disk ends the import with `ImportResult.stopped`.
        """
        with self._adding, self._store.unpacking_folder() as folder:
            return Intake(self._store, self._index, self._reader, self._alerts).run(paths, folder, progress, cancelled)

    def studies(self) -> tuple[Study, ...]:
        """All studies, newest first, with their series but without instances."""
        return newest_first(self._index.studies())

    def study(self, study_instance_uid: str) -> Study:
        """One study whole. Raises Refused when it is not here."""
        study = self._index.study(study_instance_uid)
        if study is None:
            raise Refused("The study is not on this machine", hint="Import it, or wait until it has come")
        return study

    def image_counts(self) -> dict[str, int]:
        """Frames with pixels by Study Instance UID."""
        return self._index.image_counts()

    def priors_of(self, study: Study) -> tuple[Study, ...]:
        """The same patient's other studies, without instances: earlier ones newest first, then undated, then later.

        The same patient means the same PatientID of the same issuer; without a PatientID
        nobody can be told to be the same.
        """
        key = study.patient.key
        if not key.patient_id:
            return ()
        return priors_first(study, (other for other in self._index.studies() if other.patient.key == key))

    def doubts_of(self, study_instance_uid: str) -> tuple[Doubt, ...]:
        """What a reader of this study must know about files of it that were set aside."""
        kinds = {file.kind for file in self._index.quarantined(study_instance_uid)}
        return tuple(doubt for kind, doubt in STUDY_DOUBTS.items() if kind in kinds)

    def quarantined(self) -> tuple[QuarantinedFile, ...]:
        """Every file that was set aside, oldest first."""
        return self._index.quarantined()

    def alerts(self) -> tuple[Alert, ...]:
        """The security log: programs in preambles, names that lead out, images of other patients."""
        return self._alerts.alerts()

    def rebuild(self, progress: Progress = _silent) -> None:
        """Make the index again from the files alone. Nothing changes for others until it is whole."""
        paths = list(self._store.objects())
        with self._adding, self._index.changing():
            self._index.clear()
            for record in self._store.quarantine_records():
                self._index.insert_quarantined(QuarantinedFile.from_json(record.read_text(encoding="utf-8")))
            outcomes = self._reader.parse_many(paths) if paths else iter(())
            for done, (path, outcome) in enumerate(outcomes, start=1):
                self._readmit(self._index, path, outcome)
                progress(done, len(paths), REBUILDING)
            self._index.mark_complete()

    def _make_complete(self, progress: Progress, silent: bool) -> str:
        if self._index.is_complete:
            return ""
        has_files = any(True for _ in self._store.objects()) or any(True for _ in self._store.quarantine_records())
        self.rebuild(progress)
        return MADE_AGAIN if has_files and not silent else ""

    def _readmit(self, index: StudyIndex, path: Path, outcome: ParsedInstance | Refused) -> None:
        named = path.parent.name + path.stem
        if isinstance(outcome, Refused) or outcome.instance.sha256 != named:
            sha256 = fingerprint_of(path).sha256
            kind = QuarantineKind.LETHAL if isinstance(outcome, LethalFile) else QuarantineKind.UNREADABLE
            if sha256 != named or not isinstance(outcome, Refused):
                self._condemn(path, sha256, QuarantineKind.DAMAGED, REASONS[QuarantineKind.DAMAGED])
            else:
                self._condemn(path, sha256, kind, reason_of(outcome))
            return
        answer = admission(outcome, named, index)
        if answer is Answer.ADMITTED:
            index.insert(outcome, outcome.instance, leading(outcome, named))
        elif isinstance(answer, QuarantineKind):
            self._condemn(path, named, answer, REASONS[answer])

    def _condemn(self, path: Path, sha256: str, kind: QuarantineKind, reason: str) -> None:
        received = datetime.now(UTC).isoformat(timespec="microseconds")
        file = QuarantinedFile(sha256, kind, reason, path.name, received)
        self._store.condemn(path, sha256, file.to_json())
        self._index.insert_quarantined(file)
