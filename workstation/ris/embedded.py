"""A RIS of our own on this machine, for the demonstration and the tests: `sekmet-fhir` in a process.

It listens on the loopback address only, keeps its data in one folder, and dies with us: the child
ends when the pipe to it closes, however this process ended.
"""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from workstation.child_environment import child_environment
from workstation.domain.fhir import (
    DICOM_UID,
    REPORT_IDENTIFIER_SYSTEM,
    Resource,
    accession_identifier,
    object_of,
    objects_of,
    reference_to,
)
from workstation.domain.order import Order, Priority
from workstation.domain.patient import Patient
from workstation.errors import Unavailable
from workstation.ris.fhir import FhirRis
from workstation.ris.orders import patient_keys, patient_resource
from workstation.ris.wire import Query, Wire

_STARTING_SECONDS = 60.0
_SNOMED_IMAGING = {"system": "http://snomed.info/sct", "code": "363679005", "display": "Imaging"}


class EmbeddedRis:
    """Start, place orders, stop. `folder` keeps its data between runs; without one it is temporary.
    `options` go into the server's own settings: a sign-in, for one.

    Raises `Unavailable` when the package is not installed or the server does not come up.
    """

    def __init__(self, folder: Path | None = None, options: Mapping[str, Any] | None = None) -> None:
        self._folder = folder
        self._options = options or {}
        self._temporary: tempfile.TemporaryDirectory[str] | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._wire: Wire | None = None
        self.base_url = ""

    @staticmethod
    def is_available() -> str:
        """Empty when the demonstration RIS is installed, else why not."""
        return "" if importlib.util.find_spec("sekmet") else "The demonstration RIS is not installed"

    def start(self) -> str:
        """The base URL, once it answers. Another port each time."""
        if reason := self.is_available():
            raise Unavailable("No demonstration RIS", reason, "Install the extra `demo`, or set the address of a RIS")
        if self._process is None:
            folder = self._folder or self._make_temporary()
            folder.mkdir(parents=True, exist_ok=True)
            port = _free_port()
            self.base_url = f"http://127.0.0.1:{port}/fhir"
            self._process = _spawn(_write_settings(folder, self.base_url, port, self._options))
            self._wire = Wire(self.base_url)
            self._await_answer(self._process)
        return self.base_url

    def stop(self) -> None:
        """End the server and whatever it started."""
        process, self._process = self._process, None
        if self._wire is not None:
            self._wire.close()
            self._wire = None
        if process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            if process.stdin is not None:
                process.stdin.close()
        if self._temporary is not None:
            self._temporary.cleanup()
            self._temporary = None

    def __enter__(self) -> EmbeddedRis:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def place_order(
        self,
        patient: Patient,
        procedure: str,
        study_uid: str,
        accession: str,
        priority: Priority = Priority.ROUTINE,
        due: datetime | None = None,
        procedure_code: str = "",
        reason: str = "",
    ) -> Order:
        """An order as a RIS would place it. The same accession number again gives the order there is.

        `due` carries an offset. The patient is found by identifier, or registered.
        """
        there = self._order(accession)
        if there is not None:
            return there
        subject = {"reference": self._patient_reference(patient)}
        request_url = uuid.uuid4().urn
        request = {
            "resourceType": "ServiceRequest",
            "identifier": [accession_identifier(accession)],
            "status": "active",
            "intent": "order",
            "category": [{"coding": [_SNOMED_IMAGING]}],
            "priority": priority.value,
            "code": {"text": procedure, **({"coding": [{"code": procedure_code}]} if procedure_code else {})},
            "subject": subject,
            **({"reasonCode": [{"text": reason}]} if reason else {}),
            "supportingInfo": [{"type": "ImagingStudy", "identifier": {"system": DICOM_UID, "value": f"urn:oid:{study_uid}"}}],
        }
        task = {
            "resourceType": "Task",
            "status": "requested",
            "intent": "order",
            "priority": priority.value,
            "focus": {"reference": request_url},
            "for": subject,
            **({"restriction": {"period": {"end": due.isoformat()}}} if due else {}),
        }
        entries = [_entry(request, request_url), _entry(task, uuid.uuid4().urn)]
        self._ask("POST", "", {"resourceType": "Bundle", "type": "transaction", "entry": entries})
        placed = self._order(accession)
        if placed is None:
            raise Unavailable("The demonstration RIS did not keep the order")
        return placed

    def amend_report(self, report_uuid: str, conclusion: str) -> None:
        """Change a report as somebody at the RIS would: another conclusion, status "amended"."""
        query = (("identifier", f"{REPORT_IDENTIFIER_SYSTEM}|urn:uuid:{report_uuid}"),)
        current = object_of(next(objects_of(self._ask("GET", "DiagnosticReport", query=query), "entry"))["resource"])
        self._ask("PUT", reference_to(current), {**current, "conclusion": conclusion, "status": "amended"})

    def _order(self, accession: str) -> Order | None:
        ris = FhirRis(self.base_url)
        try:
            return next((order for order in ris.orders() if order.accession_number == accession), None)
        finally:
            ris.close()

    def _patient_reference(self, patient: Patient) -> str:
        found = self._ask("GET", "Patient", query=(("identifier", patient.key.patient_id),))
        for entry in objects_of(found, "entry"):
            resource = object_of(entry.get("resource"))
            if patient.key in patient_keys(resource):
                return reference_to(resource)
        return reference_to(self._ask("POST", "Patient", patient_resource(patient)))

    def _ask(self, method: str, path: str, body: Resource | None = None, query: Query | None = None) -> Resource:
        if self._wire is None:
            raise Unavailable("The demonstration RIS is not running", "", "Start it first")
        content = json.dumps(body).encode() if body is not None else None
        reply = self._wire.request(method, path, query, content, {"Prefer": "return=representation"})
        if reply.status >= 400:
            raise Unavailable("The demonstration RIS refused", f"HTTP status {reply.status}")
        return reply.json()

    def _await_answer(self, process: subprocess.Popen[bytes]) -> None:
        ris = FhirRis(self.base_url)
        deadline = time.monotonic() + _STARTING_SECONDS
        try:
            while reason := ris.is_available():
                if process.poll() is not None or time.monotonic() > deadline:
                    self.stop()
                    raise Unavailable("The demonstration RIS does not start", reason, "Run `sekmet serve` to see why")
                time.sleep(0.05)
        finally:
            ris.close()

    def _make_temporary(self) -> Path:
        self._temporary = tempfile.TemporaryDirectory(prefix="ris-")
        return Path(self._temporary.name)


def _entry(resource: dict[str, Any], full_url: str) -> dict[str, Any]:
    return {"fullUrl": full_url, "resource": resource, "request": {"method": "POST", "url": resource["resourceType"]}}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _write_settings(folder: Path, base_url: str, port: int, options: Mapping[str, Any]) -> Path:
    """Its settings file; JSON is YAML. The simulator would answer orders by itself, so it is off."""
    settings = {
        "base_url": base_url,
        "host": "127.0.0.1",
        "port": port,
        "data_dir": str(folder),
        "simulator": {"enabled": False},
        "log_inbound": False,
        **options,
    }
    path = folder / "settings.yaml"
    path.write_text(json.dumps(settings), encoding="utf-8")
    return path


def _spawn(settings: Path) -> subprocess.Popen[bytes]:
    """The server in a process group of its own. Its output names patients, so it is kept nowhere."""
    script = Path(__file__).with_name("embedded_process.py")
    return subprocess.Popen(
        # -P: our own modules beside the script must not hide the server's.
        [sys.executable, "-P", str(script)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=child_environment(SEKMET_CONFIG=str(settings)),
        cwd=settings.parent,
        start_new_session=True,
    )
