"""Claims by the RIS's own FHIR R4 Task: `Task.focus` is the order, `Task.owner` the reader.

A claim is `in-progress` with an owner that names this seat (a logical reference, R4 references 2.3.0.2), a release
is `requested` without one, and the end is `completed`. Every write carries If-Match (R4 http 3.1.0.5): of two who
claim at once, the RIS's ETag lets one through. A claim that is not renewed lapses, so that a machine that died
holds nothing for ever; that is judged by the RIS's clock alone.
"""

from __future__ import annotations

import json
import logging
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, Protocol, runtime_checkable
from urllib.parse import quote

from workstation.domain.claim import Claim, ClaimSource, ClaimState
from workstation.domain.fhir import REPORT_IDENTIFIER_SYSTEM, Resource, instant_in, object_of, objects_of, reference_in, text_of
from workstation.ris.no_answer import NoAnswer
from workstation.ris.wire import Reply, Wire

logger = logging.getLogger(__name__)

LEASE = timedelta(minutes=30)
"""So long is a claim another reader's without being renewed."""
_OVER = frozenset({"completed", "cancelled", "failed", "rejected", "entered-in-error"})
_WORKED_ON = frozenset({"received", "accepted", "in-progress", "on-hold"})
_TAKEN_OVER = "taken over: "


@runtime_checkable
class HasClaims(Protocol):
    """A RIS that keeps claims."""

    @property
    def claims(self) -> ClaimSource: ...


def seat_of(folder: Path) -> str:
    """This installation's own name (`urn:uuid:...`), made once. Two seats of one reader are two."""
    path = folder / "seat"
    try:
        return f"urn:uuid:{uuid.UUID(path.read_text(encoding='ascii').strip())}"
    except (OSError, ValueError):
        made = uuid.uuid4()
    try:
        path.write_text(f"{made}\n", encoding="ascii")
    except OSError as error:
        logger.warning("the name of this seat is not kept: %s", error.strerror)
    return made.urn


class FhirClaims:
    """Over one RIS's wire. `seat` names this installation. Thread-safe as the wire is."""

    def __init__(self, wire: Wire, seat: str = "") -> None:
        self._wire = wire
        self.seat = seat or uuid.uuid4().urn
        self._seen: Mapping[str, Claim] = {}
        self.was_told = False
        self._given: set[str] = set()
        """Orders that were given to this seat's reader before they were read here."""

    @property
    def seen(self) -> Mapping[str, Claim]:
        return self._seen

    def saw(self, resources: Iterable[Resource]) -> None:
        """The Tasks among what a search for orders gave."""
        now = datetime.now(UTC) - timedelta(seconds=self._wire.clock_skew)
        tasks = (r for r in resources if text_of(r, "resourceType") == "Task")
        self._seen = {claim.order_id: claim for task in tasks if (claim := self._read(task, "", now)).order_id}
        self._given |= {order_id for order_id, claim in self._seen.items() if claim.is_given_to_us}
        self.was_told = True

    def look(self, order_id: str) -> Claim:
        try:
            return self._look(order_id)
        except NoAnswer as error:
            return _untold(order_id, error)

    def take(self, claim: Claim, reader: str, reason: str = "") -> Claim:
        now = datetime.now(UTC).isoformat(timespec="seconds")
        owner = self._owner(reader)
        period = {"start": object_of(claim.task.get("executionPeriod")).get("start") or now}
        if claim.state is not ClaimState.OURS:
            period = {"start": now}
        changes: dict[str, Any] = {"status": "in-progress", "owner": owner, "executionPeriod": period, "lastModified": now}
        if reason:
            said = {"authorString": reader or "Another reader", "time": now, "text": f"{_TAKEN_OVER}{reason}"}
            changes["note"] = [*objects_of(claim.task, "note"), said]
        return self._write(claim, changes)

    def give(self, claim: Claim, reader: str) -> Claim:
        owner = self._owner(reader) if reader else None
        given = self._write(claim, {"status": "requested", "lastModified": _now(), "owner": owner, "executionPeriod": None})
        if given.is_given_to_us:
            self._given.add(claim.order_id)
        elif not reader:
            self._given.discard(claim.order_id)
        return given

    def release(self, claim: Claim) -> Claim:
        # Who was to read it and has looked into it is still to read it.
        owner = claim.task.get("owner") if claim.order_id in self._given else None
        return self._write(claim, {"status": "requested", "lastModified": _now(), "owner": owner, "executionPeriod": None})

    def _owner(self, reader: str) -> dict[str, Any]:
        return {
            "type": "Practitioner",
            "identifier": {"system": REPORT_IDENTIFIER_SYSTEM, "value": self.seat},
            **({"display": reader} if reader else {}),
        }

    def complete(self, claim: Claim, ris_report_id: str) -> Claim:
        now = _now()
        period = {**object_of(claim.task.get("executionPeriod")), "end": now}
        output = {"type": {"text": "DiagnosticReport"}, "valueReference": {"reference": f"DiagnosticReport/{ris_report_id}"}}
        changes = {"status": "completed", "lastModified": now, "executionPeriod": period, "output": [output]}
        return self._write(claim, changes)

    # ---- inside -----------------------------------------------------------------------

    def _look(self, order_id: str) -> Claim:
        focus = f"ServiceRequest/{order_id}"
        reply = self._wire.request("GET", "Task", (("focus", focus),), hurried=True)
        if reply.status != 200:
            raise NoAnswer("The RIS does not tell who reads", f"It answered with HTTP status {reply.status}")
        found = [object_of(entry.get("resource")) for entry in objects_of(reply.json(), "entry")]
        tasks = [t for t in found if text_of(t, "resourceType") == "Task" and reference_in(t.get("focus")) == focus]
        if not tasks:
            return Claim(order_id, ClaimState.UNTOLD, reason="The RIS keeps no task for this order")
        task = next((t for t in tasks if text_of(t, "status") not in _OVER), tasks[0])
        # The search result has no ETag of its own.
        whole = self._wire.request("GET", f"Task/{quote(text_of(task, 'id'), safe='')}", hurried=True)
        if whole.status != 200:
            raise NoAnswer("The RIS does not tell who reads", f"It answered with HTTP status {whole.status}")
        return self._of(whole, order_id)

    def _write(self, claim: Claim, changes: Mapping[str, Any]) -> Claim:
        """Under the ETag that was seen. A refusal by ETag is answered by what stands there now."""
        task = {name: value for name, value in {**claim.task, **changes}.items() if value is not None}
        path = f"Task/{quote(text_of(task, 'id'), safe='')}"
        headers = {"If-Match": claim.etag, "Prefer": "return=representation"}
        try:
            content = json.dumps(task, ensure_ascii=False).encode()
            reply = self._wire.request("PUT", path, content=content, headers=headers, hurried=True)
            if reply.status in (200, 201):
                return self._of(reply, claim.order_id)
            if reply.status in (204, 409, 412):
                return self._look(claim.order_id)
            return Claim(claim.order_id, ClaimState.UNTOLD, reason=f"The RIS answered with HTTP status {reply.status}")
        except NoAnswer:
            # It may have been done: what stands there tells.
            return self.look(claim.order_id)

    def _of(self, reply: Reply, order_id: str) -> Claim:
        task = reply.json()
        if text_of(task, "resourceType") != "Task" or reference_in(task.get("focus")) != f"ServiceRequest/{order_id}":
            raise NoAnswer("The RIS does not tell who reads", "It answered with something else")
        version = text_of(object_of(task.get("meta")), "versionId")
        etag = reply.headers.get("etag") or (f'W/"{version}"' if version else "")
        return self._read(task, etag, _server_time(reply))

    def _read(self, task: Resource, etag: str, now: datetime | None) -> Claim:
        owner = object_of(task.get("owner"))
        name = " ".join(text_of(owner, "display").split())[:120]
        seat = text_of(object_of(owner.get("identifier")), "value")
        focus = reference_in(task.get("focus"))
        claim = Claim(
            order_id=focus.removeprefix("ServiceRequest/") if focus.startswith("ServiceRequest/") else "",
            state=_state(task, owner, seat, self.seat),
            owner=name,
            since=instant_in(text_of(object_of(task.get("executionPeriod")), "start")),
            reason=_reason(task),
            etag=etag,
            task=task,
        )
        claim = replace(claim, is_given_to_us=claim.state is ClaimState.FREE and bool(owner) and seat == self.seat)
        changed = instant_in(text_of(object_of(task.get("meta")), "lastUpdated"))
        # Only readers' programs renew: what the RIS gave to somebody stays his.
        renews = seat.startswith("urn:uuid:") and changed is not None and now is not None
        lapsed = claim.state is ClaimState.OTHERS and renews and changed is not None and now is not None and now - changed > LEASE
        return replace(claim, state=ClaimState.FREE, has_lapsed=True) if lapsed else claim


def _state(task: Resource, owner: Resource, seat: str, own_seat: str) -> ClaimState:
    status = text_of(task, "status")
    if status in _OVER:
        return ClaimState.DONE
    # A department that took the order in is nobody who reads it.
    is_reader = bool(owner) and text_of(owner, "type") != "Organization" and not reference_in(owner).startswith("Organization/")
    if status not in _WORKED_ON or not is_reader:
        return ClaimState.FREE
    return ClaimState.OURS if seat == own_seat else ClaimState.OTHERS


def _reason(task: Resource) -> str:
    said = [text_of(note, "text") for note in objects_of(task, "note")]
    taken = next((text for text in reversed(said) if text.startswith(_TAKEN_OVER)), "")
    return " ".join(taken.removeprefix(_TAKEN_OVER).split())[:200]


def _untold(order_id: str, error: NoAnswer) -> Claim:
    return Claim(order_id, ClaimState.UNTOLD, reason=error.detail or error.title)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _server_time(reply: Reply) -> datetime | None:
    """`Date` (RFC 9110 6.6.1): our own clock may be wrong by a day."""
    try:
        return parsedate_to_datetime(reply.headers.get("date", ""))
    except (ValueError, TypeError):
        return None
