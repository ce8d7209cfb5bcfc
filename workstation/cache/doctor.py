"""The files of the cache against the index, byte by byte; and what can be mended of it.

Every file is read whole and compared with the hash that is its name (F16, F17). A file that is
not what it was is never thrown away: it goes to quarantine, its study is marked, and the index is
made again from what is sound. Fetching it again is for those who know the archives.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from workstation.cache.findings import Finding, Tell, Weight
from workstation.cache.index import IndexedFile, StudyIndex
from workstation.cache.quarantine import REASONS, QuarantinedFile, QuarantineKind
from workstation.cache.store import SUFFIX, ObjectStore
from workstation.errors import WorkstationError
from workstation.ports import Progress

EXAMINING = "Reading stored files"
CHUNK = 1 << 20
READERS = 4
NAME = re.compile(r"[0-9a-f]{62}")

SET_ASIDE = "set it aside, mark its study, and fetch it again from an archive that has it"
MARK = "mark its study, and fetch it again from an archive that has it"
TRY_AGAIN = "let them be decoded once more when they are opened next"
MAKE_AGAIN = "make the index again from the files"
MOVE = "move it out of the folder"


@dataclass(frozen=True, slots=True)
class Examination:
    """`damaged` and `missing` are rows of the index; `unknown` are files that it does not know."""

    findings: tuple[Finding, ...]
    damaged: tuple[IndexedFile, ...]
    missing: tuple[IndexedFile, ...]
    unknown: tuple[Path, ...]
    strays: tuple[Path, ...]

    @property
    def needs_index(self) -> bool:
        return bool(self.damaged or self.missing or self.unknown)


class Doctor:
    """Looks, then mends. Nobody may add files meanwhile (`StudyCache.examine` sees to it)."""

    def __init__(self, store: ObjectStore, index: StudyIndex, open_file: Callable[[Path], BinaryIO], tell: Tell) -> None:
        self._store = store
        self._index = index
        self._open = open_file
        self._tell_other = tell
        self._findings: list[Finding] = []

    def examine(self, progress: Progress) -> Examination:
        """Changes nothing. Raises Refused when files are sealed and there is no key."""
        self._store.check_key()
        rows = {row.sha256: row for row in self._index.files()}
        files, strays = self._listed()
        damaged = tuple(self._damaged(rows, files, progress))
        missing = tuple(row for sha256, row in rows.items() if sha256 not in files)
        unknown = tuple(path for sha256, path in files.items() if sha256 not in rows)
        for row in missing:
            self._wrong("object-missing", "A stored image is not on the disk any more", MARK, row)
        if unknown:
            words = f"{len(unknown)} stored files are not in the index"
            self._tell(Finding("object-unknown", Weight.WRONG, words, MAKE_AGAIN))
        if strays:
            self._tell(Finding("stray-file", Weight.WRONG, f"{len(strays)} files in the store are not ours", MOVE))
        if not (damaged or missing or unknown or strays):
            self._tell(Finding("objects", Weight.FINE, f"{len(files)} stored files are what they were"))
        self._quarantine()
        return Examination(tuple(self._findings), damaged, missing, unknown, strays)

    def mend(self, found: Examination) -> None:
        """Set aside what is damaged and mark what is missing; the caller then makes the index again."""
        for row in found.damaged:
            self._store.condemn(self._store.object_path(row.sha256), row.sha256, _record(row).to_json())
        for row in found.missing:
            self._store.record_missing(row.sha256, _record(row).to_json())
        for path in found.strays:
            self._store.put_astray(path)

    def settle(self) -> int:
        """Drop the records of damaged files whose image is here again, whole. How many there were."""
        here: dict[str, frozenset[tuple[str, str]]] = {}
        settled = 0
        for file in self._index.quarantined():
            study = file.study_instance_uid
            if file.kind is not QuarantineKind.DAMAGED or not study:
                continue
            if study not in here:
                here[study] = self._index.held_instances(study)
            if (file.series_instance_uid, file.sop_instance_uid) in here[study]:
                with self._index.changing():
                    self._index.remove_quarantined(file.sha256)
                self._store.drop_quarantined(file.sha256)
                settled += 1
        return settled

    def forgive(self) -> None:
        """Let images that ended the decoder be tried again: by a newer one, or after a fault of the machine's own."""
        for file in self._index.quarantined():
            if file.kind is QuarantineKind.UNDECODABLE:
                with self._index.changing():
                    self._index.remove_quarantined(file.sha256)
                self._store.drop_quarantined(file.sha256)

    # ---- looking -------------------------------------------------------------------------

    def _listed(self) -> tuple[dict[str, Path], tuple[Path, ...]]:
        files: dict[str, Path] = {}
        strays: list[Path] = []
        for path in self._store.everything():
            if path.suffix == SUFFIX and NAME.fullmatch(path.stem) and path.is_file():
                files[self._store.hash_in_name(path)] = path
            else:
                strays.append(path)
        return files, tuple(strays)

    def _damaged(self, rows: dict[str, IndexedFile], files: dict[str, Path], progress: Progress) -> Iterator[IndexedFile]:
        known = [(rows[sha256], path) for sha256, path in files.items() if sha256 in rows]
        with ThreadPoolExecutor(READERS, "examine") as pool:
            hashes = pool.map(lambda pair: self._hash(pair[1]), known)
            for done, ((row, _), present) in enumerate(zip(known, hashes, strict=True), start=1):
                progress(done, len(known), EXAMINING)
                if present != row.sha256:
                    self._wrong("object-damaged", "A stored image is not what it was when it came", SET_ASIDE, row)
                    yield row

    def _hash(self, path: Path) -> str:
        """Of the plain content; empty when it cannot be read."""
        digest = hashlib.sha256()
        try:
            with self._open(path) as file:
                while chunk := file.read(CHUNK):
                    digest.update(chunk)
        except (OSError, WorkstationError):
            return ""
        return digest.hexdigest()

    def _quarantine(self) -> None:
        known = {file.sha256: file for file in self._index.quarantined()}
        records = set()
        for record in self._store.quarantine_records():
            try:
                records.add(QuarantinedFile.from_json(self._store.read_record(record)).sha256)
            except (OSError, ValueError, KeyError, TypeError, WorkstationError):
                words = "The record of a file that was set aside cannot be read"
                self._tell(Finding("quarantine-record", Weight.WRONG, words))
        if records != set(known):
            words = "The index does not know all that was set aside"
            self._tell(Finding("quarantine-unknown", Weight.WRONG, words, MAKE_AGAIN))
        lethal = [file for file in known.values() if file.kind is QuarantineKind.UNDECODABLE]
        if len(known) > len(lethal):
            self._tell(Finding("quarantine", Weight.NOTE, f"{len(known) - len(lethal)} files are set aside"))
        if lethal:
            words = f"{len(lethal)} images are not decoded any more: their pixels ended the decoder"
            self._tell(Finding("undecodable", Weight.WRONG, words, TRY_AGAIN))

    def _wrong(self, code: str, words: str, remedy: str, row: IndexedFile) -> None:
        self._tell(Finding(code, Weight.WRONG, words, remedy, study_instance_uid=row.study_instance_uid, sha256=row.sha256))

    def _tell(self, finding: Finding) -> None:
        self._findings.append(finding)
        self._tell_other(finding)


def undecodable(row: IndexedFile) -> QuarantinedFile:
    """The record of a file whose pixels ended the decoder."""
    return _record(row, QuarantineKind.UNDECODABLE)


def _record(row: IndexedFile, kind: QuarantineKind = QuarantineKind.DAMAGED) -> QuarantinedFile:
    """Under the hash that the file should have: two that are empty now are still two."""
    return QuarantinedFile(
        sha256=row.sha256,
        kind=kind,
        reason=REASONS[kind],
        file=f"{row.sha256}{SUFFIX}",
        received=datetime.now(UTC).isoformat(timespec="microseconds"),
        study_instance_uid=row.study_instance_uid,
        series_instance_uid=row.series_instance_uid,
        sop_instance_uid=row.sop_instance_uid,
    )
