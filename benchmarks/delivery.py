"""G20: 500 signed reports leave for a real RIS, the network well and then with ten faults in a hundred requests.

The floor is the four bare requests of one report (order, write, find, read) on one connection each,
one after the other. The faults are made by a proxy in a process of its own.
"""

from __future__ import annotations

import sys
import tempfile
import threading
import time
import uuid
from collections import Counter
from collections.abc import Iterator, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import httpx2

from benchmarks.figures import Figure
from workstation.domain.delivery import DeliveryState
from workstation.domain.order import Order
from workstation.reporting.store import ReportStore
from workstation.ris.embedded import EmbeddedRis
from workstation.ris.fhir import FhirRis
from workstation.ris.outbox import Outbox, OutboxRunner

REPORTS = 500
AT_ONCE = 100
GOAL = 20.0
"""Reports a second."""
FAULTS = 10.0
"""Of a hundred requests."""
LONGEST = 300.0
_SUPPORT = Path(__file__).resolve().parent.parent / "tests" / "support"


def measure() -> Iterator[Figure]:
    """500 orders for the one, 500 others for the other."""
    sys.path.insert(0, str(_SUPPORT))
    seat: Any = import_module("seat")
    proxies: Any = import_module("fault_proxy")
    with tempfile.TemporaryDirectory(prefix="lyskasse-bench-") as name, EmbeddedRis(Path(name) / "ris") as ris:
        orders = _placed(ris, seat, 2 * REPORTS + AT_ONCE)
        floor = REPORTS / _bare(ris.base_url, orders[2 * REPORTS :])
        direct = FhirRis(ris.base_url)
        rate = REPORTS / _drained(seat, Path(name) / "well.db", ris.base_url, orders[:REPORTS], direct)
        yield _figure("reports delivered", rate, floor)
        with proxies.troubled_process(ris.base_url.removesuffix("/fhir"), FAULTS, 20) as url:
            rate = REPORTS / _drained(seat, Path(name) / "ill.db", f"{url}/fhir", orders[REPORTS : 2 * REPORTS], direct)
        yield _figure("reports delivered, a fault in 10 requests", rate, floor)


def _figure(name: str, rate: float, floor: float) -> Figure:
    return Figure(name, "G20", rate, floor, "1/s", f">= {GOAL:.0f} a second", rate >= GOAL)


def _placed(ris: EmbeddedRis, seat: Any, count: int) -> Sequence[Order]:
    """Orders of one patient, many in a transaction."""
    pattern = seat.order_for("ACC-0", "1.2.826.0.0", number="0")
    placed = ris.place_order(pattern.patient, pattern.procedure, pattern.study_instance_uid, pattern.accession_number)
    with httpx2.Client(base_url=ris.base_url, timeout=120, trust_env=False) as client:
        model = client.get(f"/ServiceRequest/{placed.order_id}").json()
        for name in ("id", "meta", "text"):
            model.pop(name, None)
        accession = next(i for i in model["identifier"] if i.get("value") == "ACC-0")
        for start in range(1, count, AT_ONCE):
            entries = []
            for number in range(start, min(count, start + AT_ONCE)):
                study = {"identifier": {**model["supportingInfo"][0]["identifier"], "value": f"urn:oid:1.2.826.0.{number}"}}
                resource = {
                    **model,
                    "identifier": [{**accession, "value": f"ACC-{number}"}],
                    "supportingInfo": [{**model["supportingInfo"][0], **study}],
                }
                request = {"method": "POST", "url": "ServiceRequest"}
                entries.append({"fullUrl": uuid.uuid4().urn, "resource": resource, "request": request})
            client.post("/", json={"resourceType": "Bundle", "type": "transaction", "entry": entries}).raise_for_status()
    fhir = FhirRis(ris.base_url)
    try:
        return fhir.orders()
    finally:
        fhir.close()


def _bare(base_url: str, orders: Sequence[Order]) -> float:
    """Seconds for REPORTS times the four requests of a report, reckoned from as many as there are orders."""
    start = time.perf_counter()
    for order in orders:
        identifier = uuid.uuid4().urn
        body = {
            "resourceType": "DiagnosticReport",
            "identifier": [{"system": "urn:lyskasse:bench", "value": identifier}],
            "status": "final",
            "code": {"text": "Bench"},
            "subject": {"reference": order.ris_patient_reference},
        }
        search = {"identifier": f"urn:lyskasse:bench|{identifier}"}
        _asked(base_url, "GET", "/ServiceRequest", params={"_id": order.order_id, "_include": "ServiceRequest:subject"})
        made = _asked(base_url, "POST", "/DiagnosticReport", json=body)
        _asked(base_url, "GET", "/DiagnosticReport", params=search)
        _asked(base_url, "GET", f"/DiagnosticReport/{made['id']}")
    return (time.perf_counter() - start) * REPORTS / len(orders)


_CLIENT = httpx2.Client(timeout=60, trust_env=False, limits=httpx2.Limits(max_keepalive_connections=0))


def _asked(base_url: str, method: str, path: str, **what: Any) -> dict[str, Any]:
    found: dict[str, Any] = _CLIENT.request(method, base_url + path, **what).raise_for_status().json()
    return found


def _drained(seat: Any, path: Path, base_url: str, orders: Sequence[Order], direct: FhirRis) -> float:
    """Seconds from the start of the outbox until every report is confirmed. Raises when one is not there exactly once."""
    store, ris = ReportStore(path), FhirRis(base_url)
    signed = [seat.signed(store, order, f"Report {order.accession_number}.") for order in orders]
    done = threading.Event()
    runner = OutboxRunner(Outbox(store, ris), lambda _: None if store.ledger.heads() else done.set())
    start = time.perf_counter()
    runner.start()
    done.wait(LONGEST)
    took = time.perf_counter() - start
    runner.stop()
    states = Counter(delivery.state for delivery in store.deliveries())
    versions = Counter(direct.read_back(d.report_uuid).resource.get("meta", {}).get("versionId") for d in signed)
    ris.close()
    store.close()
    if states != {DeliveryState.CONFIRMED: REPORTS} or versions != {"1": REPORTS}:
        raise RuntimeError(f"not each exactly once: {dict(states)}, times written {dict(versions)}")
    return took
