"""Communications of critical results to a RIS that speaks FHIR R4: created once, read back, and only then confirmed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, runtime_checkable
from urllib.parse import quote

from workstation.domain.communication import IDENTIFIER_SYSTEM, Waiting, sha256_of
from workstation.domain.fhir import Resource, objects_of, text_of
from workstation.errors import WorkstationError
from workstation.ris.no_answer import NoAnswer
from workstation.ris.wire import Wire

# What a client error says about this very content; others say nothing about it.
_REFUSALS = frozenset({400, 404, 405, 410, 422})


class Refusal(WorkstationError):
    """The RIS will not take it, now or later."""


class CommunicationRows(Protocol):
    """What waits, as workstation.reporting.communications keeps it. Every method is on disk when it returns."""

    def waiting(self) -> tuple[Waiting, ...]: ...
    def sending(self, critical_uuid: str) -> None: ...
    def confirmed(self, critical_uuid: str, ris_sha256: str) -> None: ...
    def rejected(self, critical_uuid: str, why: str) -> None: ...


class CommunicationSource(Protocol):
    """A RIS that keeps communications."""

    def send(self, critical_uuid: str, payload: bytes) -> None:
        """Raises `Refusal`, or `NoAnswer` when nobody knows what the RIS did."""
        ...

    def read_back(self, critical_uuid: str) -> Resource | None:
        """What the RIS holds. Raises `NoAnswer`."""
        ...


@runtime_checkable
class HasCommunications(Protocol):
    @property
    def communications(self) -> CommunicationSource: ...


class FhirCommunications:
    """`POST` with `If-None-Exist` on the record's own identifier: repeated, it makes no second one (R4 http 3.1.0.9)."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    def send(self, critical_uuid: str, payload: bytes) -> None:
        criteria = f"identifier={quote(_token(critical_uuid), safe=':')}"
        reply = self._wire.request("POST", "Communication", content=payload, headers={"If-None-Exist": criteria})
        if reply.status in _REFUSALS:
            raise Refusal("The RIS refuses the communication", f"HTTP status {reply.status}", "Call the RIS desk")
        if reply.status not in (200, 201):
            raise NoAnswer("The RIS is not ready", f"HTTP status {reply.status}", "It is tried again")

    def read_back(self, critical_uuid: str) -> Resource | None:
        reply = self._wire.request("GET", "Communication", (("identifier", _token(critical_uuid)),))
        if reply.status != 200:
            raise NoAnswer("The RIS is not ready", f"HTTP status {reply.status}", "It is tried again")
        found = [entry.get("resource") for entry in objects_of(reply.json(), "entry")]
        own = [r for r in found if isinstance(r, dict) and _carries(r, critical_uuid)]
        return own[0] if own else None


class Courier:
    """Brings what waits, one after the other. `refused` is told of what the RIS will not take."""

    def __init__(
        self, log: CommunicationRows, source: CommunicationSource, refused: Callable[[WorkstationError], object] = lambda _: None
    ) -> None:
        self._log = log
        self._source = source
        self._refused = refused

    def run(self) -> int:
        """Try each once; how many still wait. Blocks, within the wire's bounds: call it from a worker thread."""
        for waiting in self._log.waiting():
            try:
                self._bring(waiting)
            except NoAnswer:
                break  # the RIS is silent: the others wait too
        return len(self._log.waiting())

    def _bring(self, waiting: Waiting) -> None:
        if waiting.was_sent and self._is_held(waiting):
            return
        self._log.sending(waiting.critical_uuid)
        try:
            self._source.send(waiting.critical_uuid, waiting.payload)
        except Refusal as error:
            self._log.rejected(waiting.critical_uuid, str(error))
            self._refused(error)
            return
        self._is_held(waiting)

    def _is_held(self, waiting: Waiting) -> bool:
        held = self._source.read_back(waiting.critical_uuid)
        if held is None:
            return False
        found = sha256_of(held)
        if found == waiting.local_sha256:
            self._log.confirmed(waiting.critical_uuid, found)
        else:
            error = Refusal("The RIS holds another communication of a critical result", "", "Call the RIS desk")
            self._log.rejected(waiting.critical_uuid, str(error))
            self._refused(error)
        return True


def _token(critical_uuid: str) -> str:
    return f"{IDENTIFIER_SYSTEM}|urn:uuid:{critical_uuid}"


def _carries(resource: Resource, critical_uuid: str) -> bool:
    return any(text_of(i, "value") == f"urn:uuid:{critical_uuid}" for i in objects_of(resource, "identifier"))
