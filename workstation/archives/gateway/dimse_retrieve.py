"""C-GET and C-MOVE in the Study Root information model (PS3.4 C.4.2, C.4.3).

What the archive says of its sub-operations is passed on as a note and never believed: only the
files that came count.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import groupby
from typing import Any

from pydicom.dataset import Dataset
from pynetdicom import evt

from workstation.archives.gateway.dimse_association import NATIVE, associated, failure
from workstation.archives.gateway.dimse_contexts import COMMON_STORAGE, MOST_CONTEXTS, storage_contexts
from workstation.archives.gateway.dimse_link import DimseLink, watched
from workstation.archives.gateway.dimse_receive import Intake
from workstation.archives.gateway.storage_scp import listening
from workstation.domain.archive import Archive, FoundInstance, RetrieveMethod

STUDY_ROOT_GET = "1.2.840.10008.5.1.4.1.2.2.3"
STUDY_ROOT_MOVE = "1.2.840.10008.5.1.4.1.2.2.2"
CHUNK = 64
"""Instances of one request: its order is ours, and a list of UIDs fits anywhere (some stop at 16 KB)."""
FIRST_CHUNK = 8
"""The first images are on screen while the rest is still asked for."""
_PENDING, _CANCELLED = 0xFF00, 0xFE00
_DOES_NOT_FIT = (0xA900, 0xC000)

Request = Callable[[Dataset], Iterator[tuple[Any, Any]]]


def retrieve(
    archive: Archive,
    study_instance_uid: str,
    wanted: Sequence[FoundInstance],
    intake: Intake,
    link: DimseLink,
    cancelled: Callable[[], bool],
    on_note: Callable[[str], None],
) -> None:
    """Everything in `wanted`, in that order; all of the study when it is empty."""
    way = _by_move if archive.retrieve is RetrieveMethod.C_MOVE else _by_get
    with way(archive, wanted, intake, link, cancelled, on_note) as request:
        for identifier in _identifiers(study_instance_uid, wanted):
            if cancelled():
                return
            _follow(request(identifier), on_note, cancelled)
            if link.problem is not None:
                raise link.problem


def _identifiers(study_instance_uid: str, wanted: Sequence[FoundInstance]) -> Iterator[Dataset]:
    if not wanted:
        yield _identifier("STUDY", StudyInstanceUID=study_instance_uid)
    size = FIRST_CHUNK
    for series, group in groupby(wanted, lambda instance: instance.series_instance_uid):
        uids = [instance.sop_instance_uid for instance in group]
        while uids:
            chunk, uids = uids[:size], uids[size:]
            size = CHUNK
            yield _identifier("IMAGE", StudyInstanceUID=study_instance_uid, SeriesInstanceUID=series, SOPInstanceUID=chunk)


def _identifier(level: str, **uids: str | list[str]) -> Dataset:
    asked = Dataset()
    asked.QueryRetrieveLevel = level
    for keyword, value in uids.items():
        setattr(asked, keyword, value)
    return asked


def _follow(responses: Iterator[tuple[Any, Any]], on_note: Callable[[str], None], cancelled: Callable[[], bool]) -> None:
    """Until the archive says that it is done. Warnings and counts (B000) are notes."""
    for status, _ in responses:
        code = getattr(status, "Status", None)
        if code in (_PENDING, 0xFF01):
            continue
        if code is None or code >> 12 in (0xA, 0xC) or code in (0x0110, 0x0122, 0x0124, 0x0211, 0x0212):
            if cancelled():
                return
            if _count(status, "Completed"):
                # Some of it came; which is for the caller to see.
                on_note(f"The archive ended with status {code or 0:04X}")
                continue
            raise failure("the retrieve", status)
        if code not in (0, _CANCELLED) or _count(status, "Failed"):
            on_note(
                f"The archive ended with status {code:04X}, by its count {_count(status, 'Failed')} failed"
                f" and {_count(status, 'Warning')} with a warning"
            )


def _count(status: Any, kind: str) -> int:
    return int(getattr(status, f"NumberOf{kind}Suboperations", 0) or 0)


@contextmanager
def _by_get(
    archive: Archive,
    wanted: Sequence[FoundInstance],
    intake: Intake,
    link: DimseLink,
    cancelled: Callable[[], bool],
    on_note: Callable[[str], None],
) -> Iterator[Request]:
    classes = [instance.sop_class_uid for instance in wanted]
    storage = storage_contexts(classes if all(classes) and classes else (*classes, *COMMON_STORAGE), MOST_CONTEXTS - 1)
    handlers = [(evt.EVT_CONN_OPEN, lambda event: intake.attach(event.assoc)), (evt.EVT_C_STORE, intake.store)]
    contexts = [(STUDY_ROOT_GET, NATIVE), *storage]
    stored = [uid for uid, _ in storage]
    with associated(archive, contexts, link, stored_here=stored, handlers=handlers) as association:
        # A message may be an object that takes minutes: the link's clock, not the message's, tells a dead archive.
        association.dimse_timeout = None
        with watched(link, association, cancelled, lambda: _cancel(association, STUDY_ROOT_GET)):
            yield lambda identifier: association.send_c_get(identifier, STUDY_ROOT_GET)


@contextmanager
def _by_move(
    archive: Archive,
    wanted: Sequence[FoundInstance],
    intake: Intake,
    link: DimseLink,
    cancelled: Callable[[], bool],
    on_note: Callable[[str], None],
) -> Iterator[Request]:
    with (
        listening(archive, link, [(evt.EVT_C_STORE, intake.store)], intake.attach, on_note=on_note),
        associated(archive, [(STUDY_ROOT_MOVE, NATIVE)], link) as association,
    ):
        association.dimse_timeout = None
        with watched(link, association, cancelled, lambda: _cancel(association, STUDY_ROOT_MOVE)):
            yield lambda identifier: association.send_c_move(identifier, archive.calling_ae, STUDY_ROOT_MOVE)


def _cancel(association: Any, model: str) -> None:
    if association.is_established:
        association.send_c_cancel(1, query_model=model)
