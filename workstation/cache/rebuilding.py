"""The index made again from the files alone; a file that is not what it was is set aside."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from workstation.cache.admission import Answer, admission, leading
from workstation.cache.filling import Filling
from workstation.cache.found import reason_of
from workstation.cache.index import StudyIndex
from workstation.cache.quarantine import REASONS, QuarantinedFile, QuarantineKind
from workstation.cache.store import ObjectStore, fingerprint_of, hash_on_disk
from workstation.domain.study import ParsedInstance
from workstation.errors import LethalFile, Refused
from workstation.ports import InstanceReader, Progress

REBUILDING = "Making the study index again"


def rebuild_index(store: ObjectStore, index: StudyIndex, reader: InstanceReader, progress: Progress) -> int:
    """One transaction: nothing changes for others until it is whole. The number of files set aside now."""
    paths = list(store.objects())
    store.check_key()
    aside = 0
    with index.changing():
        index.clear()
        for record in store.quarantine_records():
            _set_aside_before(store, index, record)
        filling = Filling(index)
        outcomes = reader.parse_many(paths) if paths else iter(())
        for done, (path, outcome) in enumerate(outcomes, start=1):
            aside += not _readmit(store, index, filling, path, outcome)
            progress(done, len(paths), REBUILDING)
        filling.finish()
        index.mark_complete()
    return aside


def _set_aside_before(store: ObjectStore, index: StudyIndex, record: Path) -> None:
    """A record that cannot be read is put out of the way: it must not keep the rest from being indexed."""
    try:
        index.insert_quarantined(QuarantinedFile.from_json(store.read_record(record)))
    except (Refused, OSError, ValueError, KeyError, TypeError):
        store.put_astray(record)


def _readmit(store: ObjectStore, index: StudyIndex, filling: Filling, path: Path, outcome: ParsedInstance | Refused) -> bool:
    sha256 = store.hash_in_name(path)
    kind = _flaw(store, path, sha256, outcome)
    if kind is None and isinstance(outcome, ParsedInstance):
        answer = admission(outcome, sha256, filling)
        if answer is Answer.ADMITTED:
            filling.insert(outcome, outcome.instance, leading(outcome, sha256))
        elif isinstance(answer, QuarantineKind):
            kind = answer
    if kind is None:
        return True
    _condemn(store, index, path, kind, outcome)
    return False


def _flaw(store: ObjectStore, path: Path, sha256: str, outcome: ParsedInstance | Refused) -> QuarantineKind | None:
    if isinstance(outcome, ParsedInstance):
        return None if outcome.instance.sha256 == sha256 else QuarantineKind.DAMAGED
    try:
        is_changed = fingerprint_of(path, store.vault).source_sha256 != sha256
    except Refused:
        is_changed = True
    if is_changed:
        return QuarantineKind.DAMAGED
    return QuarantineKind.LETHAL if isinstance(outcome, LethalFile) else QuarantineKind.UNREADABLE


def _condemn(store: ObjectStore, index: StudyIndex, path: Path, kind: QuarantineKind, outcome: ParsedInstance | Refused) -> None:
    file = QuarantinedFile(
        sha256=hash_on_disk(path) if kind is QuarantineKind.DAMAGED else store.hash_in_name(path),
        kind=kind,
        reason=reason_of(outcome) if isinstance(outcome, Refused) and kind not in REASONS else REASONS[kind],
        file=path.name,
        received=datetime.now(UTC).isoformat(timespec="microseconds"),
        study_instance_uid=outcome.study.study_instance_uid if isinstance(outcome, ParsedInstance) else "",
        series_instance_uid=outcome.series.series_instance_uid if isinstance(outcome, ParsedInstance) else "",
        sop_instance_uid=outcome.instance.sop_instance_uid if isinstance(outcome, ParsedInstance) else "",
    )
    store.condemn(path, file.sha256, file.to_json())
    index.insert_quarantined(file)
