"""Real archives on loopback: Debian's Orthanc and dcmtk's dcmqrscp, each on ports of its own, killed at the end.

with orthanc(tmp_path) as pacs:
    pacs.store(study(tmp_path / "files"))
    RemoteConnection(pacs.archive).find_studies(StudyQuery())
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import signal
import socket
import ssl
import subprocess
import time
import urllib.request
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from pydicom.uid import UID
from received import CT, EXPLICIT, dataset
from received import save as _save

from workstation.domain.archive import Archive, ArchiveKind, RetrieveMethod, Tls

ORTHANC = "/usr/sbin/Orthanc"
DCMQRSCP = "/usr/bin/dcmqrscp"
STORESCU = "/usr/bin/storescu"
DICOMWEB_PLUGIN = "/usr/share/orthanc/plugins/libOrthancDicomWeb.so"
USER, PASSWORD = "lyskasse", "open-sesame"
CALLING_AE = "LYSKASSE"


@dataclass(frozen=True)
class ServerTls:
    """PEM files of an archive that speaks TLS. With `client_ca` it asks for a client's certificate."""

    certificate: Path
    key: Path
    client_ca: Path | None = None
    client: Tls = field(default_factory=Tls)
    """What goes into the archive's own `Archive.tls`."""


@dataclass
class RealArchive:
    """A running archive. `archive` speaks DIMSE to it; `web` DICOMweb, where it can (None otherwise)."""

    archive: Archive
    process: subprocess.Popen[bytes]
    folder: Path
    web: Archive | None = None
    http_port: int = 0

    def store(self, files: Iterable[Path], options: Sequence[str] = ()) -> None:
        """Puts Part 10 files into it, quickly and not by our own code. `options` are storescu's (dcmqrscp only)."""
        if self.http_port:
            for path in files:
                self.rest("/instances", path.read_bytes())
            return
        target = ["127.0.0.1", str(self.archive.port)]
        names = ["-aec", self.archive.called_ae, "-aet", CALLING_AE]
        subprocess.run([STORESCU, "-R", *options, *names, *target, *map(str, files)], check=True, capture_output=True)

    def rest(self, path: str, body: bytes | None = None, method: str = "") -> Any:
        """Orthanc's own REST interface: what it holds, by its own account."""
        scheme = "https" if self.web is not None and self.web.url.startswith("https") else "http"
        request = urllib.request.Request(f"{scheme}://127.0.0.1:{self.http_port}{path}", data=body, method=method or None)
        request.add_header("Authorization", "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode())
        with urllib.request.urlopen(request, timeout=30, context=_unchecked() if scheme == "https" else None) as answer:
            data = answer.read()
        return json.loads(data) if data else None

    def kill(self) -> None:
        """No goodbye, children and all."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


def _unchecked() -> ssl.SSLContext:
    return ssl._create_unverified_context()  # the test's own archive on loopback


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


@contextmanager
def orthanc(
    folder: Path,
    *,
    retrieve: RetrieveMethod = RetrieveMethod.C_GET,
    tls: ServerTls | None = None,
    web: bool = False,
    aet: str = "TESTPACS",
    peers: Mapping[str, tuple[str, int]] | None = None,
    **config: Any,
) -> Iterator[RealArchive]:
    """`web` adds DICOMweb; `config` is put over the Orthanc configuration as it is.

    `peers` are AE titles it may C-MOVE to (ours is among them unless given).
    """
    home = folder / f"orthanc-{aet}"
    home.mkdir(parents=True, exist_ok=True)
    port, http_port, listen_port = free_port(), free_port(), free_port()
    known = {CALLING_AE: ("127.0.0.1", listen_port)} | dict(peers or {})
    settings: dict[str, Any] = {
        "Name": aet,
        "DicomAet": aet,
        "DicomPort": port,
        "DicomServerEnabled": True,
        "HttpPort": http_port,
        "StorageDirectory": str(home / "db"),
        "IndexDirectory": str(home / "db"),
        "RemoteAccessAllowed": False,
        "AuthenticationEnabled": True,
        "RegisteredUsers": {USER: PASSWORD},
        "DefaultEncoding": "Utf8",
        "DicomCheckCalledAet": True,
        "DicomModalities": {
            name.lower(): {
                "AET": name, "Host": host, "Port": number, "AllowEcho": True, "AllowFind": True, "AllowGet": True,
                "AllowMove": True, "AllowStore": True, "AllowStorageCommitment": True, "UseDicomTls": False,
            }
            for name, (host, number) in known.items()
        },
        "DicomAlwaysAllowEcho": True,
        "DicomAlwaysAllowStore": True,
        "DicomAlwaysAllowFind": False,
        "DicomAlwaysAllowGet": False,
        "StableAge": 1,
        "Plugins": [DICOMWEB_PLUGIN] if web else [],
        "DicomWeb": {"Enable": web, "Root": "/dicom-web/"},
    }  # fmt: skip
    if tls is not None:
        settings |= _orthanc_tls(home, tls, web)
    path = home / "orthanc.json"
    path.write_text(json.dumps(settings | config))
    process = _started([ORTHANC, str(path)], home)
    archive = Archive(
        name=aet.lower(),
        kind=ArchiveKind.DIMSE,
        title=aet,
        host="localhost" if tls else "127.0.0.1",
        port=port,
        called_ae=aet,
        calling_ae=CALLING_AE,
        retrieve=retrieve,
        listen_port=listen_port if retrieve is RetrieveMethod.C_MOVE else 0,
        tls=tls.client if tls else None,
        can_store=True,
        timeout_seconds=10.0,
    )
    scheme, host = ("https", "localhost") if tls else ("http", "127.0.0.1")
    url = f"{scheme}://{host}:{http_port}/dicom-web"
    over_web = replace(archive, name=f"{archive.name}-web", kind=ArchiveKind.DICOMWEB, url=url, user=USER)
    running = RealArchive(archive, process, home, over_web if web else None, http_port)
    try:
        _await_port(process, port, home)
        _await_port(process, http_port, home)
        yield running
    finally:
        running.kill()


def _orthanc_tls(home: Path, tls: ServerTls, web: bool) -> dict[str, Any]:
    both = home / "server.pem"
    both.write_bytes(tls.certificate.read_bytes() + tls.key.read_bytes())
    # Orthanc wants a list of trusted certificates even where it asks nobody for one.
    trusted = tls.client_ca or tls.certificate
    settings: dict[str, Any] = {
        "DicomTlsEnabled": True,
        "DicomTlsCertificate": str(tls.certificate),
        "DicomTlsPrivateKey": str(tls.key),
        "DicomTlsTrustedCertificates": str(trusted),
        "DicomTlsRemoteCertificateRequired": tls.client_ca is not None,
    }
    if web:
        settings |= {"SslEnabled": True, "SslCertificate": str(both)}
        if tls.client_ca is not None:
            settings |= {"SslVerifyPeers": True, "SslTrustedClientCertificates": str(tls.client_ca)}
    return settings


@contextmanager
def dcmqrscp(
    folder: Path, *, retrieve: RetrieveMethod = RetrieveMethod.C_GET, aet: str = "OTHERPACS", options: Sequence[str] = ()
) -> Iterator[RealArchive]:
    """The other hospital."""
    home = folder / f"dcmqrscp-{aet}"
    (home / "db").mkdir(parents=True, exist_ok=True)
    port, listen_port = free_port(), free_port()
    config = home / "dcmqrscp.cfg"
    config.write_text(
        f"NetworkTCPPort = {port}\nMaxPDUSize = 131072\nMaxAssociations = 16\n"
        f"HostTable BEGIN\nus = ({CALLING_AE}, 127.0.0.1, {listen_port})\nHostTable END\n"
        "VendorTable BEGIN\nVendorTable END\n"
        f"AETable BEGIN\n{aet} {home / 'db'} RW (500, 1024mb) ANY\nAETable END\n"
    )
    process = _started([DCMQRSCP, "-c", str(config), *options, str(port)], home)
    archive = Archive(
        name=aet.lower(),
        kind=ArchiveKind.DIMSE,
        title=aet,
        host="127.0.0.1",
        port=port,
        called_ae=aet,
        calling_ae=CALLING_AE,
        retrieve=retrieve,
        listen_port=listen_port if retrieve is RetrieveMethod.C_MOVE else 0,
        can_store=True,
        timeout_seconds=10.0,
    )
    running = RealArchive(archive, process, home)
    try:
        _await_port(process, port, home)
        yield running
    finally:
        running.kill()


def _started(command: Sequence[str], home: Path) -> subprocess.Popen[bytes]:
    with (home / "log.txt").open("wb") as log:
        return subprocess.Popen(
            command, cwd=home, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
        )


def _await_port(process: subprocess.Popen[bytes], port: int, home: Path) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        if process.poll() is not None:
            break
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.02)
    raise AssertionError("The archive did not start:\n" + (home / "log.txt").read_text(errors="replace")[-2000:])


def study(
    folder: Path,
    *,
    images: int = 4,
    series: int = 1,
    size: int = 32,
    uid: str = "1.2.826.0.1.3680043.10.1",
    name: str = "Ødegård^Åse",
    character_set: str | Sequence[str] = "ISO_IR 192",
    syntax: str = EXPLICIT,
    sop_class: str = CT,
    **elements: Any,
) -> list[Path]:
    """A small CT of `series` series with `images` images each of `size`² pixels, written as Part 10 files."""
    folder.mkdir(parents=True, exist_ok=True)
    made = []
    ramp = np.arange(size * size, dtype=np.uint16).reshape(size, size)
    for number in range(1, series + 1):
        for image in range(1, images + 1):
            described = {
                "SpecificCharacterSet": character_set, "StudyInstanceUID": uid, "SeriesInstanceUID": f"{uid}.{number}",
                "SOPInstanceUID": f"{uid}.{number}.{image}", "PatientName": name, "PatientID": "19 120345", "Modality": "CT",
                "PatientBirthDate": "19500101", "PatientSex": "F", "StudyDate": "20260102", "StudyTime": "101500",
                "AccessionNumber": "A1", "StudyID": "1", "StudyDescription": "CT thorax", "SeriesNumber": number,
                "InstanceNumber": image, "SeriesDescription": f"Series {number}", "BodyPartExamined": "CHEST",
                "InstitutionName": "Nordsykehuset", "ReferringPhysicianName": "",
            } | elements  # fmt: skip
            item = dataset(ramp + image, syntax, sop_class, **described)
            item.file_meta.MediaStorageSOPInstanceUID = UID(described["SOPInstanceUID"])
            path = folder / f"{number}-{image}.dcm"
            _save(item, path)
            made.append(path)
    return made
