"""A RIS that speaks FHIR R4: orders by search, reports by conditional create and If-Match update.

`POST` with `If-None-Exist` on the report's own identifier makes a repeated create harmless
(R4 http 3.1.0.9); `PUT` with `If-Match` makes an update fail rather than overwrite (3.1.0.5).
Conditional `PUT ?identifier=` is not used: servers differ on whether If-Match counts there.
"""

from __future__ import annotations

import contextlib
import json
import ssl
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import parse_qsl, quote, urlsplit

import httpx2

from workstation.domain.delivery import FHIR_REPORT, Submission
from workstation.domain.fhir import (
    REPORT_IDENTIFIER_SYSTEM,
    Resource,
    accession_in,
    instant_in,
    object_of,
    objects_of,
    reference_in,
    reference_to,
    text_of,
)
from workstation.domain.order import Order
from workstation.domain.report import JointOrder
from workstation.ris.claims import FhirClaims
from workstation.ris.communications import FhirCommunications
from workstation.ris.no_answer import NoAnswer
from workstation.ris.orders import orders_of, patient_keys
from workstation.ris.others import condition, order_ids
from workstation.ris.ris import OTHER_FORM, Answer, AnswerKind, Holding, HoldingKind, OrderCheck, OrderCheckKind
from workstation.ris.wire import DEFAULT_LIMITS, Authorization, Query, Reply, Wire, WireLimits

# What a client error says about this very content; 401, 407, 408 and 429 say nothing about it.
_REFUSALS = frozenset({400, 403, 404, 405, 406, 410, 413, 414, 415, 422})
_CONFLICTS = frozenset({409, 412})
_DEAD_ORDERS = {"revoked": "cancelled", "entered-in-error": "marked as an error", "on-hold": "put on hold"}
# Elements that a signed version decides, also by their absence.
_OURS = frozenset(
    {"basedOn", "category", "code", "conclusion", "effectiveDateTime", "effectivePeriod", "identifier", "imagingStudy"}
    | {"issued", "performer", "presentedForm", "resourceType", "resultsInterpreter", "status", "subject", "text"}
)
_PAGES = 50


class FhirRis:
    """One FHIR R4 base URL. Every call is bounded in time and size. Thread-safe.

    `headers` may carry authorization. `transport` replaces the network in tests.
    """

    def __init__(
        self,
        base_url: str,
        limits: WireLimits = DEFAULT_LIMITS,
        headers: Mapping[str, str] | None = None,
        tls: ssl.SSLContext | None = None,
        transport: httpx2.BaseTransport | None = None,
        authorization: Authorization | None = None,
    ) -> None:
        self.base_url = base_url.rstrip("/")
        self._wire = Wire(base_url, limits, headers, tls, transport, authorization)
        self.claims = FhirClaims(self._wire)
        self.communications = FhirCommunications(self._wire)

    def close(self) -> None:
        self._wire.close()

    def abort(self) -> None:
        self._wire.abort()

    @property
    def clock_skew(self) -> float:
        """Seconds by which this computer's clock is ahead of the RIS's; 0 before it answered."""
        return self._wire.clock_skew

    def is_available(self) -> str:
        """Empty when the RIS answers, else why not."""
        try:
            answer = _ok(self._wire.request("GET", "metadata"))
        except NoAnswer as error:
            return str(error)
        return "" if _is(answer, "CapabilityStatement") else "The address of the RIS leads to no FHIR server"

    def orders(self) -> tuple[Order, ...]:
        wanted: Query = (
            ("status", "active"),
            ("_include", "ServiceRequest:subject"),
            ("_revinclude", "Task:focus"),
            ("_count", "200"),
        )
        found = self._search("ServiceRequest", wanted, hurried=False)
        self.claims.saw(found)
        return orders_of(found)

    def search(self, resource_type: str, query: Query) -> list[Resource]:
        """All pages of a search, as the RIS has them. Raises `NoAnswer`."""
        return self._search(resource_type, query, hurried=False)

    def check_order(self, submission: Submission) -> OrderCheck:
        if submission.kind != FHIR_REPORT:
            return OrderCheck(OrderCheckKind.DOUBT, OTHER_FORM)
        try:
            wanted = ",".join(order_ids(submission))
            found = self._search("ServiceRequest", (("_id", wanted), ("_include", "ServiceRequest:subject")))
        except NoAnswer as error:
            return OrderCheck(OrderCheckKind.UNKNOWN, str(error), _retry_after(error))
        doubt = _doubt(found, submission) or next(
            filter(None, (_doubt_of(found, submission, one) for one in submission.joint)), ""
        )
        return OrderCheck(OrderCheckKind.DOUBT, doubt) if doubt else OrderCheck(OrderCheckKind.STANDS)

    def deliver(self, submission: Submission, replaces: Holding | None) -> Answer:
        try:
            if replaces is not None:
                return _answer(self._update(submission, replaces), submission)
            reply = self._create(submission)
            return _taken(reply, submission) or _answer(reply, submission)
        except NoAnswer as error:
            return Answer(AnswerKind.UNKNOWN, str(error), retry_after=_retry_after(error))

    def read_back(self, report_uuid: str) -> Holding:
        try:
            return self._holding(report_uuid)
        except NoAnswer as error:
            return Holding(HoldingKind.UNKNOWN, str(error), retry_after=_retry_after(error))

    def reports_of(self, order_id: str) -> tuple[Holding, ...]:
        found = self._search("DiagnosticReport", (("based-on", f"ServiceRequest/{order_id}"),), hurried=False)
        ours = (r for r in found if _is(r, "DiagnosticReport") and _is_of(r, order_id))
        return tuple(self._at(text_of(r, "id")) for r in ours)

    def held_under(self, order: JointOrder) -> tuple[Resource, ...]:
        found = self._search("DiagnosticReport", (("based-on", f"ServiceRequest/{order.order_id}"),))
        return tuple(r for r in found if _is(r, "DiagnosticReport") and _is_of(r, order.order_id))

    def holding_at(self, ris_report_id: str) -> Holding:
        try:
            return self._at(ris_report_id)
        except NoAnswer as error:
            return Holding(HoldingKind.UNKNOWN, str(error), retry_after=_retry_after(error))

    def _create(self, submission: Submission) -> Reply:
        headers = {"If-None-Exist": condition(submission), "Prefer": "return=representation"}
        return self._wire.request("POST", "DiagnosticReport", content=submission.payload, headers=headers, hurried=True)

    def _update(self, submission: Submission, replaces: Holding) -> Reply:
        """The signed elements as they are, in the RIS's resource: what the RIS added beside them stays."""
        signed = json.loads(submission.payload)
        added = {name: value for name, value in replaces.resource.items() if name not in _OURS}
        more = [i for i in objects_of(replaces.resource, "identifier") if i not in signed["identifier"]]
        resource = {**added, **signed, "identifier": [*signed["identifier"], *more], "id": replaces.ris_report_id}
        headers = {"If-Match": replaces.etag, "Prefer": "return=representation"}
        path = f"DiagnosticReport/{quote(replaces.ris_report_id, safe='')}"
        body = json.dumps(resource, ensure_ascii=False).encode()
        return self._wire.request("PUT", path, content=body, headers=headers, hurried=True)

    def _holding(self, report_uuid: str) -> Holding:
        matches = self._search("DiagnosticReport", (("identifier", _token(report_uuid)),))
        found = [r for r in matches if _is(r, "DiagnosticReport")]
        if not all(_carries(r, report_uuid) for r in found):
            raise NoAnswer("The RIS did not search by identifier", "It answered with other reports", "Call support")
        if len(found) != 1:
            return Holding(HoldingKind.SEVERAL if found else HoldingKind.NONE)
        holding = self._at(text_of(found[0], "id"))
        if not _carries(holding.resource, report_uuid):
            raise NoAnswer("The RIS answered with another report", "", "Call support")
        return holding

    def _at(self, ris_id: str) -> Holding:
        """A search result has no ETag of its own; content and version must come from one answer. Raises `NoAnswer`."""
        reply = self._wire.request("GET", f"DiagnosticReport/{quote(ris_id, safe='')}", hurried=True)
        if reply.status in (404, 410):
            return Holding(HoldingKind.NONE)
        resource = _ok(reply)
        if text_of(resource, "id") != ris_id:
            raise NoAnswer("The RIS answered with another report", "", "Call support")
        return Holding(HoldingKind.ONE, "", ris_id, _etag(reply, resource), resource)

    def _search(self, resource_type: str, query: Query, *, hurried: bool = True) -> list[Resource]:
        """All pages of a search. Raises `NoAnswer`."""
        found: list[Resource] = []
        for _ in range(_PAGES):
            page = _ok(self._wire.request("GET", resource_type, query, hurried=hurried))
            if text_of(page, "resourceType") != "Bundle" or text_of(page, "type") != "searchset":
                raise NoAnswer("The RIS did not answer the search", "It sent something else", "Call support")
            found += [r for entry in objects_of(page, "entry") if isinstance(r := entry.get("resource"), Mapping)]
            following = next((text_of(link, "url") for link in objects_of(page, "link") if link.get("relation") == "next"), "")
            if not following:
                return found
            # Only the query of the next link is used: the server may know itself by another name.
            query = tuple(parse_qsl(urlsplit(following).query, keep_blank_values=True))
        raise NoAnswer("The RIS did not answer the search", "Its result has no end", "Call support")


class _Busy(NoAnswer):
    """A server that says when to come back."""

    def __init__(self, detail: str, retry_after: float | None) -> None:
        super().__init__("The RIS is not ready", detail, "Reports stay in the outbox and go when it is")
        self.retry_after = retry_after


def _retry_after(error: NoAnswer) -> float | None:
    return error.retry_after if isinstance(error, _Busy) else None


def _ok(reply: Reply) -> Resource:
    if reply.status != 200:
        raise _Busy(f"It answered with HTTP status {reply.status}", _seconds(reply.headers.get("retry-after", "")))
    return reply.json()


def _answer(reply: Reply, submission: Submission) -> Answer:
    if reply.status in _CONFLICTS:
        return Answer(AnswerKind.CONFLICT, _outcome(reply))
    if reply.status in _REFUSALS and _speaks_fhir(reply):
        return Answer(AnswerKind.REFUSED, _outcome(reply))
    if reply.status not in (200, 201):
        return Answer(AnswerKind.UNKNOWN, _outcome(reply), retry_after=_seconds(reply.headers.get("retry-after", "")))
    resource = reply.json()
    ris_id = text_of(resource, "id")
    if not _is(resource, "DiagnosticReport") or not _carries(resource, submission.report_uuid) or not ris_id:
        return Answer(AnswerKind.UNKNOWN, "The RIS answered, but not about this report")
    return Answer(AnswerKind.ACKNOWLEDGED, "", ris_id)


def _taken(reply: Reply, submission: Submission) -> Answer | None:
    """A conditional create that met a final report of the same order."""
    if reply.status == 412:
        return Answer(AnswerKind.TAKEN, "The RIS holds other reports for this order")
    if reply.status != 200:
        return None
    there = reply.json()
    is_other = (
        _is(there, "DiagnosticReport")
        and any(_is_of(there, order_id) for order_id in order_ids(submission))
        and not _carries(there, submission.report_uuid)
    )
    return Answer(AnswerKind.TAKEN, "The RIS holds a final report for this order that somebody else wrote") if is_other else None


def _is_of(report: Resource, order_id: str) -> bool:
    return any(reference_in(order) == f"ServiceRequest/{order_id}" for order in objects_of(report, "basedOn"))


def _speaks_fhir(reply: Reply) -> bool:
    """A proxy's or portal's error page is no refusal by the RIS."""
    return not reply.body or reply.media_type in ("application/fhir+json", "application/json")


def _outcome(reply: Reply) -> str:
    """HTTP status and what the RIS says about it, as one short line. For the reader's eyes, never for a log."""
    said: list[str] = []
    if _speaks_fhir(reply) and reply.body:
        with contextlib.suppress(NoAnswer):
            said = [text_of(issue, "diagnostics") or text_of(issue, "code") for issue in objects_of(reply.json(), "issue")]
    words = " ".join("; ".join(said).split())[:300]
    return f"HTTP status {reply.status}" + (f": {words}" if words else "")


def _doubt(found: list[Resource], submission: Submission) -> str:
    """Why this report must not be sent for this order, or ""."""
    order = next((r for r in found if reference_to(r) == f"ServiceRequest/{submission.order_id}"), None)
    if order is None:
        return "The RIS no longer knows the order"
    if dead := _DEAD_ORDERS.get(text_of(order, "status")):
        return f"The order was {dead} in the RIS"
    if accession_in(order) != submission.accession_number:
        return "The order's accession number has changed in the RIS"
    if reference_in(order.get("subject")) != submission.ris_patient_reference:
        return "The order belongs to another patient in the RIS now"
    patient = next((r for r in found if reference_to(r) == submission.ris_patient_reference), None)
    if patient is None:
        return ""
    is_merged = any(text_of(link, "type") == "replaced-by" for link in objects_of(patient, "link"))
    if is_merged and not _was_verified(patient, submission):
        return "The patient was merged into another in the RIS"
    is_known = {submission.patient, submission.survivor} & set(patient_keys(patient))
    return "" if is_known else "The patient's identifier has changed in the RIS"


def _doubt_of(found: list[Resource], submission: Submission, one: JointOrder) -> str:
    """The same of an order that is read together with it; its patient is the same (see `_doubt`)."""
    order = next((r for r in found if reference_to(r) == f"ServiceRequest/{one.order_id}"), None)
    if order is None:
        return f"The RIS no longer knows the order {one.accession_number}, which is read together"
    if dead := _DEAD_ORDERS.get(text_of(order, "status")):
        return f"The order {one.accession_number}, which is read together, was {dead} in the RIS"
    if accession_in(order) != one.accession_number:
        return f"The accession number of the order {one.accession_number}, which is read together, has changed in the RIS"
    is_same = reference_in(order.get("subject")) == submission.ris_patient_reference
    return (
        "" if is_same else f"The order {one.accession_number}, which is read together, belongs to another patient in the RIS now"
    )


def _was_verified(patient: Resource, submission: Submission) -> bool:
    """Whether a reader has looked since the patient was last changed."""
    changed = instant_in(text_of(object_of(patient.get("meta")), "lastUpdated"))
    return submission.verified is not None and changed is not None and changed < submission.verified


def _token(report_uuid: str) -> str:
    return f"{REPORT_IDENTIFIER_SYSTEM}|urn:uuid:{report_uuid}"


def _carries(resource: Resource, report_uuid: str) -> bool:
    return any(
        text_of(i, "system") == REPORT_IDENTIFIER_SYSTEM and text_of(i, "value") == f"urn:uuid:{report_uuid}"
        for i in objects_of(resource, "identifier")
    )


def _is(resource: Resource, resource_type: str) -> bool:
    return text_of(resource, "resourceType") == resource_type


def _etag(reply: Reply, resource: Resource) -> str:
    meta = resource.get("meta")
    version = text_of(meta, "versionId") if isinstance(meta, Mapping) else ""
    return reply.headers.get("etag") or (f'W/"{version}"' if version else "")


def _seconds(retry_after: str) -> float | None:
    """Retry-After (RFC 9110 10.2.3): seconds or a date, at most an hour."""
    if retry_after.isdigit():
        return min(float(retry_after), 3600.0)
    try:
        wait = (parsedate_to_datetime(retry_after) - datetime.now(UTC)).total_seconds()
    except (ValueError, TypeError):
        return None
    return min(max(wait, 0.0), 3600.0)
