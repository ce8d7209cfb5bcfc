"""A FHIR R4 server in memory, and a network to it that goes wrong on demand.

It keeps to the standard where the outbox leans on it: conditional create (R4 http 3.1.0.9),
If-Match (3.1.0.5), search by identifier. `history` is every content that was ever stored,
`written` those that came over the network.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from enum import Enum
from urllib.parse import parse_qsl

import httpx2

from workstation.domain.order import Order
from workstation.ris.orders import patient_resource

BASE = "http://ris.test/fhir"


class Fault(Enum):
    NONE = "the request and the answer arrive"
    LOST = "the request is lost"
    ANSWER_LOST = "the request arrives, the answer is lost"
    LATE = "the client gives up; the request arrives later"
    DOUBLED = "the request arrives twice"
    ERROR = "a 503 instead of doing it"
    ERROR_AFTER = "a 503 after doing it"
    BUSY = "a 429"
    PORTAL = "a log-in page with status 200, nothing done"
    EMPTY = "a 200 without a body, nothing done"
    CRASH_BEFORE = "the workstation dies before the request leaves"
    CRASH_AFTER = "the workstation dies before the answer comes"


class Crash(BaseException):
    """The process is gone: nothing after this line runs."""


class FakeFhir:
    """`reports` by id, `orders` and `patients` as resources; all may be changed by a test."""

    def __init__(self) -> None:
        self.reports: dict[str, dict] = {}
        self.orders: dict[str, dict] = {}
        self.patients: dict[str, dict] = {}
        self.history: list[dict] = []
        self.written: list[dict] = []
        self.stores = True

    def place(self, order: Order) -> Order:
        reference = order.ris_patient_reference
        self.patients[reference.split("/")[1]] = {**patient_resource(order.patient), "id": reference.split("/")[1]}
        self.orders[order.order_id] = {
            "resourceType": "ServiceRequest",
            "id": order.order_id,
            "status": "active",
            "identifier": [{"type": {"coding": [{"code": "ACSN"}]}, "value": order.accession_number}],
            "subject": {"reference": reference},
        }
        return order

    def with_identifier(self, report_uuid: str) -> list[dict]:
        return [r for r in self.reports.values() if any(i["value"] == f"urn:uuid:{report_uuid}" for i in r["identifier"])]

    def amend(self, report_uuid: str, **changes: object) -> dict:
        """Somebody at the RIS changes the report."""
        (current,) = self.with_identifier(report_uuid)
        return self._store({**current, **changes})

    def _store(self, resource: dict) -> dict:
        version = 1 + sum(1 for old in self.history if old["id"] == resource["id"])
        kept = {**resource, "meta": {"versionId": str(version)}}
        self.reports[resource["id"]] = kept
        self.history.append(kept)
        return kept

    def _write(self, resource: dict) -> dict:
        self.written.append(resource)
        return self._store(resource)

    def answer(self, request: httpx2.Request) -> httpx2.Response:
        path = request.url.path.removeprefix("/fhir/").split("/")
        query = dict(parse_qsl(request.url.query.decode()))
        if path[0] == "ServiceRequest":
            return self._orders(query)
        if request.method == "POST":
            return self._create(json.loads(request.content), request.headers.get("if-none-exist", ""))
        if request.method == "PUT":
            return self._update(path[1], json.loads(request.content), request.headers.get("if-match"))
        if len(path) == 2:
            return self._resource(200, self.reports[path[1]]) if path[1] in self.reports else outcome(404)
        return bundle(self._matching(query))

    def _orders(self, query: dict[str, str]) -> httpx2.Response:
        found = [o for o in self.orders.values() if query.get("_id", o["id"]) == o["id"]]
        wanted = {o["subject"]["reference"] for o in found}
        return bundle([*found, *(p for p in self.patients.values() if f"Patient/{p['id']}" in wanted)])

    def _create(self, resource: dict, condition: str) -> httpx2.Response:
        there = self._matching(dict(parse_qsl(condition)))
        if len(there) > 1:
            return outcome(412)
        if there:
            return self._resource(200, there[0])
        created = {**resource, "id": f"dr-{len(self.history) + 1}"}
        return self._resource(201, self._write(created) if self.stores else {**created, "meta": {"versionId": "1"}})

    def _matching(self, query: dict[str, str]) -> list[dict]:
        if "identifier" in query:
            return self.with_identifier(query["identifier"].rpartition("|urn:uuid:")[2])
        if "based-on" not in query:
            return []
        order, states = query["based-on"], query.get("status", "").split(",")
        of_order = (r for r in self.reports.values() if any(o["reference"].endswith(order) for o in r.get("basedOn", ())))
        return [r for r in of_order if states == [""] or r["status"] in states]

    def _update(self, report_id: str, resource: dict, if_match: str | None) -> httpx2.Response:
        if report_id not in self.reports:
            return outcome(404)
        if if_match is not None and if_match != f'W/"{self.reports[report_id]["meta"]["versionId"]}"':
            return outcome(412)
        return self._resource(200, self._write(resource) if self.stores else resource)

    def _resource(self, status: int, resource: dict) -> httpx2.Response:
        etag = f'W/"{resource.get("meta", {}).get("versionId", "")}"'
        return fhir(status, resource, {"ETag": etag})


def fhir(status: int, resource: dict, headers: dict[str, str] | None = None) -> httpx2.Response:
    return raw(status, json.dumps(resource).encode(), {"Content-Type": "application/fhir+json", **(headers or {})})


def raw(status: int, body: bytes = b"", headers: dict[str, str] | None = None) -> httpx2.Response:
    """An answer that is read from the wire, as real ones are."""
    return httpx2.Response(status, stream=httpx2.ByteStream(body), headers=headers)


def bundle(resources: Iterable[dict]) -> httpx2.Response:
    return fhir(200, {"resourceType": "Bundle", "type": "searchset", "entry": [{"resource": r} for r in resources]})


def outcome(status: int, diagnostics: str = "") -> httpx2.Response:
    issue = {"severity": "error", "code": "processing", "diagnostics": diagnostics}
    return fhir(status, {"resourceType": "OperationOutcome", "issue": [issue]})


class FaultyNetwork(httpx2.BaseTransport):
    """Each request meets the next of `faults`; when they are used up, everything arrives."""

    def __init__(self, server: FakeFhir, faults: Iterable[Fault] = ()) -> None:
        self.server = server
        self.faults: Iterator[Fault] = iter(faults)
        self.late: list[httpx2.Request] = []
        self.requests: list[httpx2.Request] = []
        self.instead: Callable[[httpx2.Request], httpx2.Response | None] = lambda _: None

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        request.read()
        self.requests.append(request)
        scripted = self.instead(request)
        return scripted if scripted is not None else self._with(next(self.faults, Fault.NONE), request)

    def deliver_late(self) -> None:
        """What was under way arrives now, its sender long gone."""
        for request in self.late:
            self.server.answer(request)
        self.late = []

    def writes(self) -> list[httpx2.Request]:
        return [request for request in self.requests if request.method != "GET"]

    def _with(self, fault: Fault, request: httpx2.Request) -> httpx2.Response:
        if fault is Fault.CRASH_BEFORE:
            raise Crash
        if fault is Fault.LATE:
            self.late.append(request)
        if fault in (Fault.LOST, Fault.LATE):
            raise httpx2.ReadTimeout("nothing came", request=request)
        if fault in _INSTEAD:
            return _INSTEAD[fault]()
        if fault is Fault.DOUBLED:
            self.server.answer(request)
        answer = self.server.answer(request)
        if fault is Fault.CRASH_AFTER:
            raise Crash
        if fault is Fault.ANSWER_LOST:
            raise httpx2.RemoteProtocolError("cut", request=request)
        return outcome(503) if fault is Fault.ERROR_AFTER else answer


_INSTEAD: dict[Fault, Callable[[], httpx2.Response]] = {
    Fault.ERROR: lambda: outcome(503),
    Fault.BUSY: lambda: raw(429, headers={"Retry-After": "7"}),
    Fault.PORTAL: lambda: raw(200, b"<html>Log in", {"Content-Type": "text/html"}),
    Fault.EMPTY: lambda: raw(200),
}
