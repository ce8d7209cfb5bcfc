"""Offering objects (C-STORE as SCU, PS3.4 B) and asking for proof of them (storage commitment, PS3.4 J).

Objects are sent as they are: nothing is transcoded. An archive that does not take an object's
transfer syntax is named as such, and the object is refused.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

from pydicom.dataset import Dataset
from pydicom.errors import InvalidDicomError
from pydicom.filereader import _read_file_meta_info, read_preamble
from pydicom.uid import UID, generate_uid
from pynetdicom import evt
from pynetdicom.dimse_primitives import C_STORE
from pynetdicom.presentation import build_context

from workstation.archives.gateway.dimse_association import NATIVE, associated, patience
from workstation.archives.gateway.dimse_contexts import MOST_CONTEXTS
from workstation.archives.gateway.dimse_link import DimseLink
from workstation.archives.gateway.storage_scp import listening
from workstation.at_rest.sealed import head_at, key_of_file, open_sealed
from workstation.domain.archive import Archive, FoundInstance, SendResult, SendState
from workstation.errors import Refused, WorkstationError

COMMITMENT = "1.2.840.10008.1.20.1"
_COMMITMENT_INSTANCE = "1.2.840.10008.1.20.1.1"
_ANSWER_SECONDS = 10.0
"""How long the archive may take to commit. It may promise later too; then a search is the proof."""
_WARNINGS = (0xB000, 0xB006, 0xB007)

# PS3.4 table B.2-1.
_MEANINGS = {
    0x0117: "its instance UID is not valid",
    0x0122: "the archive does not take its SOP class",
    0x0124: "the archive does not authorise us to store",
    0xA700: "the archive is out of room",
    0xA900: "the archive says that it does not fit its SOP class",
    0xC000: "the archive cannot understand it",
}


@dataclass(frozen=True, slots=True)
class _Offer:
    path: Path
    sop_class: str
    sop_instance: str
    transfer_syntax: str


def send(archive: Archive, files: Sequence[Path], key: bytes, cancelled: Callable[[], bool]) -> tuple[SendResult, ...]:
    """A result for each file, in order. What may have arrived although no answer came is UNKNOWN."""
    offers = [_offer(path, key) for path in files]
    contexts = list(dict.fromkeys((offer.sop_class, offer.transfer_syntax) for offer in offers))
    if len(contexts) > MOST_CONTEXTS:
        raise Refused("Too many kinds of objects for one association", f"{len(contexts)} of {MOST_CONTEXTS}", "Send fewer")
    results: list[SendResult] = []
    is_broken = False
    with associated(archive, [(sop_class, [syntax]) for sop_class, syntax in contexts]) as association:
        for offer in offers:
            if cancelled() or is_broken:
                results.append(SendResult(offer.sop_instance, SendState.UNKNOWN, "It was not sent"))
            else:
                results.append(_stored(association, offer, key))
                is_broken = results[-1].state is SendState.UNKNOWN
    return tuple(results)


def _stored(association: Any, offer: _Offer, key: bytes) -> SendResult:
    accepted = {(str(c.abstract_syntax), str(c.transfer_syntax[0])): c.context_id for c in association.accepted_contexts}
    context = accepted.get((offer.sop_class, offer.transfer_syntax))
    if context is None:
        kind, syntax = UID(offer.sop_class).name, UID(offer.transfer_syntax).name
        return SendResult(offer.sop_instance, SendState.REFUSED, f"The archive does not take {kind} as {syntax}")
    request = C_STORE()
    request.MessageID = 1
    request.AffectedSOPClassUID = offer.sop_class
    request.AffectedSOPInstanceUID = offer.sop_instance
    request.Priority = 2
    with _opened(offer.path, key) as file:
        _skip_to_dataset(file)
        request.DataSet = BytesIO(file.read())
    answer = _answer(association, request, context)
    if answer is None or answer.Status is None:
        return SendResult(offer.sop_instance, SendState.UNKNOWN, "The archive did not answer")
    if answer.Status == 0 or answer.Status in _WARNINGS:
        return SendResult(offer.sop_instance, SendState.STORED, "with a warning" if answer.Status else "")
    meaning = _MEANINGS.get(answer.Status) or _MEANINGS.get(answer.Status & 0xFF00) or "the archive refused it"
    return SendResult(offer.sop_instance, SendState.REFUSED, f"{meaning} (status {answer.Status:04X})".capitalize())


def _answer(association: Any, request: C_STORE, context: int) -> Any:
    """As pynetdicom's own send_c_store, which would encode the dataset anew."""
    association.dimse.send_msg(request, context)
    return association.dimse.get_msg(block=True)[1]


def _offer(path: Path, key: bytes) -> _Offer:
    """Raises Refused for what is not a Part 10 file."""
    try:
        with _opened(path, key) as file:
            meta = _skip_to_dataset(file)
            return _Offer(
                path, str(meta.MediaStorageSOPClassUID), str(meta.MediaStorageSOPInstanceUID), str(meta.TransferSyntaxUID)
            )
    except (OSError, AttributeError, InvalidDicomError) as error:
        raise Refused("An object cannot be sent", "Its file is missing or not a DICOM file", "Make it again") from error


def _opened(path: Path, key: bytes) -> BinaryIO:
    head = head_at(path)
    return path.open("rb") if head is None else open_sealed(path, key_of_file(key, head.file_id))


def _skip_to_dataset(file: BinaryIO) -> Dataset:
    if read_preamble(file, force=False) is None:
        raise InvalidDicomError
    return _read_file_meta_info(file)


def committed(archive: Archive, objects: Sequence[FoundInstance]) -> tuple[SendResult, ...] | None:
    """What the archive promises to keep (PS3.4 J.3); None where it cannot or does not say in time."""
    if not objects or not archive.can_store or not all(item.sop_class_uid for item in objects):
        return None
    answers: dict[str, SendResult] = {}
    came = threading.Event()
    transaction = generate_uid()

    def reported(event: Any) -> tuple[int, None]:
        report = event.event_information
        if str(report.get("TransactionUID", "")) != transaction:
            return 0x0110, None
        for item in report.get("ReferencedSOPSequence", []):
            uid = str(item.ReferencedSOPInstanceUID)
            answers[uid] = SendResult(uid, SendState.PROVEN, "The archive commits to keep it")
        for item in report.get("FailedSOPSequence", []):
            uid = str(item.ReferencedSOPInstanceUID)
            answers[uid] = SendResult(
                uid, SendState.REFUSED, f"The archive does not hold it (reason {item.get('FailureReason', 0):04X})"
            )
        came.set()
        return 0x0000, None

    handlers = [(evt.EVT_N_EVENT_REPORT, reported)]
    try:
        _commit(archive, objects, transaction, handlers, came)
    except WorkstationError:
        return None
    if not came.is_set():
        return None
    missing = SendState.UNKNOWN, "The archive's commitment leaves it out"
    return tuple(answers.get(item.sop_instance_uid, SendResult(item.sop_instance_uid, *missing)) for item in objects)


def _commit(
    archive: Archive, objects: Sequence[FoundInstance], transaction: str, handlers: list[Any], came: threading.Event
) -> None:
    link = DimseLink(patience(archive))
    if not archive.listen_port:
        with associated(archive, [(COMMITMENT, NATIVE)], link, handlers=handlers) as association:
            if _requested(association, objects, transaction):
                came.wait(_ANSWER_SECONDS / 4)
        return
    # The archive reports on an association of its own, in which we are the SCU (PS3.4 J.2).
    context = build_context(COMMITMENT, NATIVE)
    context.scu_role, context.scp_role = True, True
    with listening(archive, DimseLink(patience(archive)), handlers, contexts=[context]):
        with associated(archive, [(COMMITMENT, NATIVE)], link, handlers=handlers) as association:
            accepted = _requested(association, objects, transaction)
        if accepted:
            came.wait(_ANSWER_SECONDS)


def _requested(association: Any, objects: Sequence[FoundInstance], transaction: str) -> bool:
    asked = Dataset()
    asked.TransactionUID = transaction
    asked.ReferencedSOPSequence = [_reference(item) for item in objects]
    status, _ = association.send_n_action(asked, 1, COMMITMENT, _COMMITMENT_INSTANCE)
    return getattr(status, "Status", None) == 0


def _reference(item: FoundInstance) -> Dataset:
    made = Dataset()
    made.ReferencedSOPClassUID = item.sop_class_uid
    made.ReferencedSOPInstanceUID = item.sop_instance_uid
    return made


def proven(objects: Sequence[FoundInstance], held: Sequence[FoundInstance]) -> tuple[SendResult, ...]:
    """By an IMAGE-level list. What is not in it may still be on its way in: unknown, not refused."""
    here = {item.sop_instance_uid for item in held}
    return tuple(
        SendResult(item.sop_instance_uid, SendState.PROVEN, "The archive lists it")
        if item.sop_instance_uid in here
        else SendResult(item.sop_instance_uid, SendState.UNKNOWN, "The archive does not list it")
        for item in objects
    )
