"""G11: images received over the network (C-GET) into sealed files, against a bare pynetdicom that keeps nothing.

Orthanc on loopback. The process that fetches starts when a search has found something; what is left of
its start when the reader has looked at the list counts.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

from pydicom.dataset import Dataset
from pynetdicom import AE, build_role, evt
from pynetdicom.sop_class import CTImageStorage, StudyRootQueryRetrieveInformationModelGet  # type: ignore[attr-defined]

from benchmarks.figures import Figure
from benchmarks.series import ROOT, write_ct
from workstation.archives.remote import RemoteConnection
from workstation.domain.archive import Archive, StudyQuery

SLICES = 100
RUNS = 3
GOAL = "<= 1.25 x (0.8 of its rate)"
MOST = 1.25
LOOKING = 1.0
"""Seconds that a reader looks at what a search found before one of it is fetched."""
_SUPPORT = Path(__file__).resolve().parent.parent / "tests" / "support"


def measure() -> Iterator[Figure]:
    """A CT of 100 slices of 512 x 512, uncompressed; the ways in turn, medians given."""
    sys.path.insert(0, str(_SUPPORT))
    archives: Any = import_module("real_archives")
    with tempfile.TemporaryDirectory(prefix="lyskasse-bench-") as name, archives.orthanc(Path(name)) as pacs:
        pacs.store(write_ct(Path(name) / "files", SLICES))
        bare, first, again = [], [], []
        for _ in range(RUNS):
            bare.append(_bare(pacs.archive))
            fetched = _fetched(pacs.archive)
            first.append(fetched[0])
            again.append(fetched[1])
        floor = statistics.median(bare)
        for words, times in ((f"first fetch, {LOOKING:.0f} s after a search", first), ("next fetch", again)):
            value = statistics.median(times)
            yield Figure(f"{SLICES} images by C-GET, {words}", "G11", value, floor, "s", GOAL, value <= MOST * floor)


def _fetched(archive: Archive) -> tuple[float, float]:
    """Seconds of the first fetch behind a search, whose processes did not run before it, and of the next one."""
    connection = RemoteConnection(archive, incoming_key=bytes(32))
    try:
        study = connection.find_studies(StudyQuery())[0].study_instance_uid
        time.sleep(LOOKING)
        return _fetch(connection, study), _fetch(connection, study)
    finally:
        connection.close()


def _fetch(connection: RemoteConnection, study: str) -> float:
    with tempfile.TemporaryDirectory(prefix="lyskasse-bench-") as into:
        got: list[object] = []
        start = time.perf_counter()
        connection.retrieve(study, connection.find_instances(study), Path(into), got.append)
        taken = time.perf_counter() - start
    if len(got) != SLICES:
        raise RuntimeError(f"{len(got)} of {SLICES} images came")
    return taken


def _bare(archive: Archive) -> float:
    """Seconds of an association, a C-GET of the whole study, and its release."""
    entity = AE(ae_title=archive.calling_ae)
    entity.add_requested_context(StudyRootQueryRetrieveInformationModelGet)
    entity.add_requested_context(CTImageStorage)
    wanted = Dataset()
    wanted.QueryRetrieveLevel, wanted.StudyInstanceUID = "STUDY", f"{ROOT}.1"
    count = 0

    def take(_: object) -> int:
        nonlocal count
        count += 1
        return 0

    start = time.perf_counter()
    association = entity.associate(
        archive.host,
        archive.port,
        ext_neg=[build_role(CTImageStorage, scp_role=True)],
        ae_title=archive.called_ae,
        evt_handlers=[(evt.EVT_C_STORE, take)],
    )
    list(association.send_c_get(wanted, StudyRootQueryRetrieveInformationModelGet))
    association.release()
    taken = time.perf_counter() - start
    if count != SLICES:
        raise RuntimeError(f"{count} of {SLICES} images came")
    return taken
