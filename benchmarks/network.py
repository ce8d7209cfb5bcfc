"""G5: a series from Orthanc over a thin and distant link, against a bare socket that reads the same answer.

The link is a shaping proxy in a process of its own: 20 ms each way, which is a round trip of 40 ms.
A CT of 150 slices in JPEG-LS goes through it; it is fetched by the archive process, sealed as it comes.
"""

from __future__ import annotations

import base64
import socket
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

from benchmarks.figures import Figure
from benchmarks.series import write_ct
from workstation.archives.remote import RemoteConnection
from workstation.domain.archive import Archive, FoundInstance, StudyQuery

SLICES = 150
LATENCY = 20.0
"""Milliseconds each way."""
MEGABITS = (30, 100, 300)
_SUPPORT = Path(__file__).resolve().parent.parent / "tests" / "support"


def measure() -> Iterator[Figure]:
    """Bare socket and program in turn through the same link, Orthanc on loopback behind it."""
    sys.path.insert(0, str(_SUPPORT))
    archives: Any = import_module("real_archives")
    proxies: Any = import_module("shaping_proxy")
    with tempfile.TemporaryDirectory(prefix="lyskasse-bench-") as name, archives.orthanc(Path(name), web=True) as pacs:
        paths = write_ct(Path(name) / "files", SLICES, codec="JPEG-LS")
        pacs.store(paths)
        size = sum(path.stat().st_size for path in paths)
        for megabits in MEGABITS:
            shape = proxies.Shape(kilobits=megabits * 1000, latency=LATENCY)
            with proxies.proxy_process(pacs.http_port, shape) as proxy:
                archive = replace(pacs.web, url=pacs.web.url.replace(str(pacs.http_port), str(proxy.port)))
                yield from _figures(archive, archives, proxy.port, megabits, size)


def _figures(archive: Archive, archives: Any, port: int, megabits: int, size: int) -> Iterator[Figure]:
    wire = size * 8 / megabits / 1e6
    connection = RemoteConnection(archive, archives.PASSWORD, bytes(32))
    try:
        study = connection.find_studies(StudyQuery())[0].study_instance_uid
        images = connection.find_instances(study)
        _fetched(connection, study, images[:1])  # starts the archive process, which is there when a reader reads
        floor = _bare(port, study, images[0].series_instance_uid, f"{archives.USER}:{archives.PASSWORD}")
        arrived, full = _fetched(connection, study, images)
    finally:
        connection.close()
    if len(arrived) != len(images):
        raise RuntimeError(f"{len(arrived)} of {len(images)} images came")
    link = f"at {megabits} Mbit/s, 2 x {LATENCY:.0f} ms"
    yield Figure(f"full load {link}, to a bare socket", "G5", full, floor, "s", "(for comparison)", True)
    yield Figure(f"full load {link}, to wire time", "G5", full, wire, "s", "<= 1.10 x", full <= 1.10 * wire)
    first, most = arrived[0], max(0.05 * wire, 0.5)
    yield Figure(f"first image {link}, to wire time", "G5", first, wire, "s", "<= 0.05 x or 500 ms", first <= most)


def _fetched(connection: RemoteConnection, study: str, images: Sequence[FoundInstance]) -> tuple[list[float], float]:
    """Seconds until each image was there, and until all was done."""
    arrived: list[float] = []
    with tempfile.TemporaryDirectory(prefix="lyskasse-bench-") as into:
        start = time.perf_counter()
        connection.retrieve(study, images, Path(into), lambda _: arrived.append(time.perf_counter() - start))
        return arrived, time.perf_counter() - start


def _bare(port: int, study: str, series: str, credentials: str) -> float:
    """Seconds to read the whole series from one socket, nothing done with it."""
    secret = base64.b64encode(credentials.encode()).decode()
    accept = 'multipart/related; type="application/dicom"; transfer-syntax=*'
    target = f"/dicom-web/studies/{study}/series/{series}"
    lines = [
        f"GET {target} HTTP/1.1",
        "Host: localhost",
        f"Authorization: Basic {secret}",
        f"Accept: {accept}",
        "Connection: close",
    ]
    start = time.perf_counter()
    with socket.create_connection(("127.0.0.1", port)) as link:
        link.sendall("\r\n".join([*lines, "", ""]).encode())
        while link.recv(1 << 18):
            pass
    return time.perf_counter() - start
