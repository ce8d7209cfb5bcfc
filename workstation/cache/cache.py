"""StudyCache: the studies on this machine."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from workstation.at_rest.vault import Vault
from workstation.cache.admission import same_person
from workstation.cache.alerts import Alert, AlertLog
from workstation.cache.index import open_index
from workstation.cache.intake import Admit, ImportResult, Intake
from workstation.cache.order import newest_first, priors_first
from workstation.cache.quarantine import STUDY_DOUBTS, QuarantinedFile, QuarantineKind
from workstation.cache.reading import StudiesRead, read_studies, studies_in
from workstation.cache.rebuilding import rebuild_index
from workstation.cache.store import ObjectStore, writing
from workstation.database import DatabaseKey
from workstation.database.change_feed import ChangeFeed
from workstation.domain.doubt import Doubt
from workstation.domain.patient import Patient
from workstation.domain.study import Study
from workstation.errors import Refused, WorkstationError
from workstation.ports import InstanceReader, Progress

if TYPE_CHECKING:
    from workstation.cache.doctor import Doctor
    from workstation.cache.findings import Finding, Tell
    from workstation.cache.rereading import Rereading

__all__ = ["ImportResult", "StudiesRead", "StudyCache", "read_studies", "studies_in"]

MADE_AGAIN = "The study index was made again from the images"
SEALING = "Encrypting stored files"
PLAIN = Vault.plain()
SET_ASIDE = "Stored files that were damaged and set aside: {}"


def _silent(_done: int, _total: int, _what: str) -> None:
    pass


def _never() -> bool:
    return False


def _unheard(_: Finding) -> None:
    pass


class StudyCache:
    """Files and their index below `root`. Thread-safe; one import runs at a time.

    A missing or damaged index is made again from the files when the cache is opened; `notices`
    then says so. `vault` seals all that is written here; plain files from before are read as they
    are. Raises `WorkstationError` when the folder or the index cannot be used.
    """

    def __init__(self, root: Path, reader: InstanceReader, vault: Vault = PLAIN, progress: Progress = _silent) -> None:
        with writing():
            root.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._reader = reader
        self.added: list[Callable[[ImportResult], None]] = []
        """Called in the adding thread once a batch of files is in the index; must be quick and not raise."""
        self.issuer_of: Callable[[str], str] = lambda _study_uid: ""
        """The assigning authority of the archive that gave a study, for patient IDs that come without one."""
        self.make_room: Callable[[int], bool] = lambda _bytes: False
        """Called in the adding thread when the disk is full; True when the same may be tried again."""
        self._lethal: set[str] | None = None
        self._knowing = threading.RLock()
        self._adding = threading.RLock()  # room is made from within an import
        self._alerts = AlertLog(root / "security.jsonl", vault)
        self._store = ObjectStore(root, vault)
        with contextlib.ExitStack() as opened:
            opened.callback(self._store.close)
            self._index, notice = open_index(root / "index.db", self._store, DatabaseKey.of(vault, "index"))
            opened.callback(self._index.close)
            self.notices = ((notice,) if notice else ()) + self._complete(progress)
            self._store.tidy(self._index.has)
            opened.pop_all()

    def close(self) -> None:
        with self._adding:
            self._index.close()
            self._store.close()

    def __enter__(self) -> StudyCache:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def add(
        self,
        paths: Iterable[Path],
        progress: Progress = _silent,
        cancelled: Callable[[], bool] = _never,
        admit: Admit | None = None,
    ) -> ImportResult:
        """Take in files, folders, DICOMDIRs and zip archives. Blocks; instances that come late extend their study.

        `admit` may refuse what the caller did not ask for. Does not raise for a bad file; a full
        disk ends the import with `ImportResult.stopped`.
        """
        with self._adding, self._store.unpacking_folder() as folder:
            intake = Intake(self._store, self._index, self._reader, self._alerts, admit, self.make_room)
            result = intake.run(paths, folder, progress, cancelled)
        for told in self.added:
            told(result)
        return result

    def remove(self, study_instance_uid: str) -> int:
        """Take one whole study off this machine: out of the index first, then its files. The number of files.

        Who may be removed is not asked here: `workstation.cache.quota`.
        """
        with self._adding:
            hashes = self._index.hashes_of(study_instance_uid)
            with self._store.removing(hashes, self._index.has), self._index.changing():
                self._index.remove_study(study_instance_uid)
        return len(hashes)

    def alone(self) -> AbstractContextManager[object]:
        """Nothing is added or removed by another thread while the block runs."""
        return self._adding

    def sizes(self) -> dict[str, tuple[int, int]]:
        """(instances, bytes) of each study's files, by Study Instance UID."""
        return self._index.sizes()

    def last_written(self, study_instance_uid: str) -> float:
        """When the newest of its files came, in seconds since 1970; 0 when none is here."""
        paths = (self._store.object_path(sha256) for sha256 in self._index.hashes_of(study_instance_uid))
        return max((path.stat().st_mtime for path in paths if path.is_file()), default=0.0)

    def receiving_folder(self) -> AbstractContextManager[Path]:
        """A folder that only this program holds, for files on their way in; emptied when left, or after a kill."""
        return self._store.unpacking_folder()

    def held_instances(self, study_instance_uid: str) -> frozenset[tuple[str, str]]:
        """(Series, SOP Instance UID) of every instance of a study that is in the index."""
        return self._index.held_instances(study_instance_uid)

    def alert(self, event: str) -> None:
        """A line of the security log. `event` is ours and names nobody."""
        self._alerts.record(event)

    def studies(self) -> tuple[Study, ...]:
        """All studies, newest first, with their series but without instances."""
        return newest_first(self._index.studies())

    def study(self, study_instance_uid: str) -> Study:
        """One study whole. Raises Refused when it is not here."""
        study = self._index.study(study_instance_uid)
        if study is None:
            raise Refused("The study is not on this machine", hint="Import it, or wait until it has come")
        return study

    def image_counts(self, of: Sequence[str] | None = None) -> dict[str, int]:
        """Frames with pixels by Study Instance UID."""
        return self._index.image_counts(of)

    @property
    def changes(self) -> ChangeFeed:
        """Which studies changed since somebody looked."""
        return self._index.changes

    def listed(self, study_uids: Iterable[str]) -> tuple[Study, ...]:
        """As `studies`, of those that are named and here, in no order."""
        return self._index.studies(list(study_uids))

    def named(self, accession_numbers: Iterable[str] = (), patient_ids: Iterable[str] = ()) -> frozenset[str]:
        """The studies (UIDs) with one of these accession numbers or Patient IDs."""
        return self._index.named(accession_numbers, patient_ids)

    def priors_of(self, study: Study) -> tuple[Study, ...]:
        """The same patient's other studies, without instances: earlier ones newest first, then undated, then later.

        Who is the same patient: `workstation.cache.admission.same_person`. An issuer that only the
        archive knows (`issuer_of`) is used for this question and never becomes part of a study.
        """
        patient = self._with_issuer(study)
        same_id = self._index.studies(list(self._index.named(patient_ids=[patient.key.patient_id])))
        return priors_first(study, (other for other in same_id if same_person(self._with_issuer(other), patient)))

    def _with_issuer(self, study: Study) -> Patient:
        key = study.patient.key
        if key.issuer:
            return study.patient
        return replace(study.patient, key=replace(key, issuer=self.issuer_of(study.study_instance_uid)))

    def doubts_of(self, study_instance_uid: str) -> tuple[Doubt, ...]:
        """What a reader of this study must know about files of it that were set aside."""
        kinds = {file.kind for file in self._index.quarantined(study_instance_uid)}
        return tuple(doubt for kind, doubt in STUDY_DOUBTS.items() if kind in kinds)

    def is_lethal(self, sha256: str) -> bool:
        """Whether the pixels of the file with this hash ended a decoder before. Any thread."""
        with self._knowing:
            if self._lethal is None:
                kept = self._index.quarantined()
                self._lethal = {file.sha256 for file in kept if file.kind is QuarantineKind.UNDECODABLE}
            return sha256 in self._lethal

    def note_lethal(self, sha256: str) -> None:
        """The pixels of this file ended the decoder: they are not given to one again, after a restart neither."""
        with self._knowing:
            if self.is_lethal(sha256) or self._lethal is None:
                return
            self._lethal.add(sha256)
        # A disk that cannot take the record must not keep the other images from being shown.
        with contextlib.suppress(WorkstationError):
            if (row := self._index.file(sha256)) is not None:
                from workstation.cache.doctor import undecodable

                record = undecodable(row)
                self._store.record_missing(sha256, record.to_json())
                with self._index.changing():
                    self._index.insert_quarantined(record)

    def quarantined(self) -> tuple[QuarantinedFile, ...]:
        """Every file that was set aside, oldest first."""
        return self._index.quarantined()

    def alerts(self) -> tuple[Alert, ...]:
        """The security log: programs in preambles, names that lead out, images of other patients."""
        return self._alerts.alerts()

    def rebuild(self, progress: Progress = _silent) -> int:
        """Make the index again from the files alone. The number of files that had to be set aside."""
        with self._adding:
            return rebuild_index(self._store, self._index, self._reader, progress)

    def read_again(self) -> tuple[int, int]:
        """(files read again, files in all) of what an earlier version of this program read otherwise."""
        return self._rereading().counts()

    def read_on(self, cancelled: Callable[[], bool] = _never) -> bool:
        """Read the next portion of them; whether more is left."""
        return self._rereading().step(self.alone, cancelled)

    def _rereading(self) -> Rereading:
        from workstation.cache.rereading import Rereading  # not before the worklist is shown

        return Rereading(self._store, self._index, self._reader)

    def examine(self, tell: Tell, repair: bool = False, progress: Progress = _silent) -> tuple[str, ...]:
        """Compare every stored file with its hash and with the index; `tell` is given each finding.

        With `repair` what is wrong is set aside and marked, and the index made again. The studies
        (UIDs) that then lack images, to be fetched again; `settle` afterwards.
        """
        with self._adding:
            doctor = self._doctor(tell)
            found = doctor.examine(progress)
            if repair:
                doctor.mend(found)
                doctor.forgive()
                with self._knowing:
                    self._lethal = None
                if found.needs_index or any(f.code == "quarantine-unknown" for f in found.findings):
                    rebuild_index(self._store, self._index, self._reader, progress)
        return tuple(dict.fromkeys(row.study_instance_uid for row in (*found.damaged, *found.missing)))

    def settle(self) -> int:
        """Forget damage that was made good: images that are here again. How many."""
        with self._adding:
            return self._doctor(_unheard).settle()

    def _doctor(self, tell: Tell) -> Doctor:
        from workstation.cache.doctor import Doctor  # rarely asked for

        return Doctor(self._store, self._index, self._store.vault.open, tell)

    def seal_existing(self, progress: Progress = _silent) -> int:
        """Seal what lies here in plain since before encryption was on. The number of files sealed now."""
        with self._adding:
            return self._store.seal_existing(lambda done, total: progress(done, total, SEALING))

    def _complete(self, progress: Progress) -> tuple[str, ...]:
        """Make up for an index that is new while the files are not; what to tell the user about it."""
        if self._index.is_complete:
            return ()
        aside = self.rebuild(progress)
        found = bool(self._index.studies() or self._index.quarantined())
        return ((MADE_AGAIN,) if found else ()) + ((SET_ASIDE.format(aside),) if aside else ())
