"""STOW-RS (PS3.18 10.5) and whether it was of use: one object a request, so that each has an answer of its own."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from workstation.archives.gateway.dicom_json import Attributes, NotDicomJson, is_uid, parsed
from workstation.archives.gateway.dicomweb_part10 import HEAD, file_meta
from workstation.archives.gateway.dicomweb_query import ACCEPT_JSON, JSON_TYPES, Query, datasets
from workstation.archives.gateway.dicomweb_wire import Answer, Cancelled, Line
from workstation.archives.gateway.dicomweb_words import HttpRefusal, refusal
from workstation.archives.gateway.http_limits import HttpLimits
from workstation.domain.archive import FoundInstance, SendResult, SendState
from workstation.errors import WorkstationError

_PIECE = 256 * 1024
_FAILED, _STORED, _OTHER_FAILURES = "00081198", "00081199", "0008119A"
_INSTANCE, _WHY, _WARNING = "00081155", "00081197", "00081196"
_SLOWEST_UPLOAD = 4096.0
"""Bytes per second that an archive must take."""

_REASONS = {
    0x0110: "It failed while storing it",
    0x0111: "It has it already",
    0x0112: "It does not know this kind of object",
    0x0117: "It finds the object invalid",
    0x0122: "It does not store this kind of object",
    0x0124: "It does not let us store",
    0x0131: "It is overloaded",
}
"""FailureReason (0008,1197): PS3.18 I.2.2, PS3.7 annex C."""
_RANGES = (
    (0xA700, 0xA7FF, "It has no room"),
    (0xA900, 0xA9FF, "The object does not fit its kind"),
    (0xC000, 0xCFFF, "It does not understand the object"),
)


class Store:
    """Sends over one line."""

    def __init__(self, line: Line, limits: HttpLimits) -> None:
        self._line = line
        self._limits = limits

    def send(self, files: Sequence[Path], cancelled: Callable[[], bool]) -> tuple[SendResult, ...]:
        """A result for each file that was offered, in order; the rest was not when cancelled.

        Without an answer it is not known what became of an object, nor are the ones after it offered.
        """
        results: list[SendResult] = []
        for path in files:
            if cancelled():
                break
            result = self._sent(path)
            results.append(result)
            if result.state is SendState.UNKNOWN:
                break
        return tuple(results)

    def prove(self, objects: Sequence[FoundInstance], study: str) -> tuple[SendResult, ...]:
        """In the archive's list and with metadata of its own: then it is there to be read."""
        listed = {instance.sop_instance_uid for instance in self._listed(study)}
        return tuple(self._proven(instance, study, listed) for instance in objects)

    def _listed(self, study: str) -> tuple[FoundInstance, ...]:
        try:
            return Query("", self._line, self._limits).instances(study)
        except HttpRefusal as error:
            if error.status == 404:
                return ()
            raise

    def _proven(self, instance: FoundInstance, study: str, listed: set[str]) -> SendResult:
        uid = instance.sop_instance_uid
        if uid not in listed:
            return SendResult(uid, SendState.UNKNOWN, "The archive does not list it")
        target = f"studies/{study}/series/{instance.series_instance_uid}/instances/{uid}/metadata"
        try:
            with self._line.ask("GET", target, ACCEPT_JSON) as answer:
                rows = datasets(answer, self._limits)
        except HttpRefusal:
            return SendResult(uid, SendState.UNKNOWN, "The archive lists it and does not give it")
        is_same = len(rows) == 1 and rows[0].uid("00080018") == uid
        if is_same and instance.sop_class_uid in ("", rows[0].uid("00080016")):
            return SendResult(uid, SendState.PROVEN)
        return SendResult(uid, SendState.UNKNOWN, "The archive gives another object for it")

    def _sent(self, path: Path) -> SendResult:
        try:
            with path.open("rb") as file:
                meta = file_meta(file.read(HEAD))
            size = path.stat().st_size
        except OSError:
            return SendResult("", SendState.REFUSED, "The file cannot be read")
        if meta is None or not is_uid(meta.sop_instance_uid):
            return SendResult("", SendState.REFUSED, "The file is no DICOM object")
        uid = meta.sop_instance_uid
        boundary = secrets.token_hex(16)
        head = f"--{boundary}\r\nContent-Type: application/dicom\r\n\r\n".encode()
        tail = f"\r\n--{boundary}--\r\n".encode()
        headers = ACCEPT_JSON | {
            "Content-Type": f'multipart/related; type="application/dicom"; boundary={boundary}',
            "Content-Length": str(len(head) + size + len(tail)),
        }
        seconds = self._limits.answer + size / _SLOWEST_UPLOAD
        try:
            with self._line.ask("POST", "studies", headers, _pieces(head, path, tail), seconds) as answer:
                return self._result(uid, answer)
        except Cancelled:
            return SendResult(uid, SendState.UNKNOWN, "It was cancelled in the middle")
        except WorkstationError as error:
            return SendResult(uid, SendState.UNKNOWN, str(error))

    def _result(self, uid: str, answer: Answer) -> SendResult:
        """PS3.18 10.5.3: 200 all, 202 some with warnings, 409 none; each object is named with its own fate."""
        if answer.status not in (200, 202, 409):
            state = SendState.UNKNOWN if answer.status >= 500 else SendState.REFUSED
            return SendResult(uid, state, str(refusal(answer)))
        if answer.media_type not in JSON_TYPES:
            return SendResult(uid, SendState.UNKNOWN, "What answered is not a DICOMweb archive")
        try:
            rows = parsed(answer.body(self._limits.json_body))
        except NotDicomJson:
            return SendResult(uid, SendState.UNKNOWN, "The archive's answer cannot be read")
        for row in rows:
            for item in (*row.items(_FAILED), *row.items(_OTHER_FAILURES)):
                if item.text(_INSTANCE) in (uid, ""):
                    return SendResult(uid, SendState.REFUSED, reason_of(item))
            for item in row.items(_STORED):
                if item.text(_INSTANCE) == uid:
                    warning = item.number(_WARNING)
                    return SendResult(uid, SendState.STORED, "" if not warning else f"It changed it (warning {warning:04X})")
        return SendResult(uid, SendState.UNKNOWN, "The archive's answer does not name it")


def reason_of(item: Attributes) -> str:
    code = item.number(_WHY)
    if code is None:
        return "The archive does not say why"
    words = _REASONS.get(code) or next((text for low, high, text in _RANGES if low <= code <= high), "The archive refused it")
    return f"{words} (reason {code:04X})"


def _pieces(head: bytes, path: Path, tail: bytes) -> Iterator[bytes]:
    yield head
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            yield piece
    yield tail
