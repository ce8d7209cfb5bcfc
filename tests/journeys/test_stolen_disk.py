"""A workstation is killed while a report is written; whoever takes its disk reads no name from it (F89)."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from plaintext_scan import plaintext_below

from dictation.recording import pending_audio
from workstation.at_rest.vault import Vault
from workstation.domain.report import SectionCode
from workstation.reporting.store import ReportStore
from workstation.worklist_store import OrderStore

REPOSITORY = Path(__file__).resolve().parents[2]
VAULT = Vault.with_key(bytes(range(32)))
NAMES = ("Mørkenskov", "Ingeborg", "19120304-9988", "spikulerad", "ögonlinsen", "spoken-sound")

READER = """
import sys
from dataclasses import replace
from pathlib import Path
from seat import item_for, order_for
from dictation.recording import Recorder
from workstation.at_rest.vault import Vault
from workstation.domain.dictation import DictatedSegment
from workstation.domain.patient import Patient, PatientKey
from workstation.domain.report import SectionCode
from workstation.reporting.store import ReportStore
from workstation.worklist_store import OrderStore
folder = Path(sys.argv[1])
vault = Vault.with_key(bytes(range(32))) if sys.argv[2] == "sealed" else Vault.plain()
patient = Patient(PatientKey("19120304-9988", ""), "Mørkenskov^Ingeborg", "19120304", "F")
order = replace(order_for(), patient=patient)
orders = OrderStore(folder / "orders.db", vault)
orders.replace([order])
store = ReportStore(folder / "reports.db", vault=vault)
uuid = store.open_draft(item_for(order)).report_uuid
store.write_section(uuid, SectionCode.FINDINGS, "Mørkenskov: spikulerad förändring")
recording = Recorder(folder / "dictation", vault).open("s1")
for _ in range(20):
    recording.append(b"spoken-sound" * 100)
store.append_segment(uuid, SectionCode.FINDINGS, DictatedSegment("s0", "i ögonlinsen", "i ögonlinsen"))
# In the middle of a transaction: the rollback journal is on the disk too.
with store._database.writing():
    store._database.execute("UPDATE report SET unsigned_changes = unsigned_changes + 1")
    store._database._connection.execute("PRAGMA cache_spill = 1")
    print("ready", flush=True)
    sys.stdin.readline()
"""


def killed_reader(folder: Path, how: str) -> None:
    paths = os.pathsep.join((str(REPOSITORY), str(REPOSITORY / "tests" / "support")))
    with subprocess.Popen(
        [sys.executable, "-c", READER, str(folder), how],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": paths},
    ) as reader:
        assert reader.stdout is not None
        assert reader.stdout.readline() == "ready\n"
        reader.send_signal(signal.SIGKILL)


def test_the_disk_of_a_killed_workstation_names_nobody(tmp_path: Path) -> None:
    """F89, F01: reports, orders, journals, copies, the log of changes and dictated sound."""
    killed_reader(tmp_path, "sealed")
    assert plaintext_below(tmp_path, NAMES) == []
    with closing(ReportStore(tmp_path / "reports.db", vault=VAULT)) as store:
        (draft,) = store.drafts()
        assert draft.text(SectionCode.FINDINGS) == "Mørkenskov: spikulerad förändring i ögonlinsen"
    with closing(OrderStore(tmp_path / "orders.db", VAULT)) as orders:
        assert [known.order.patient.name for known in orders.orders()] == ["Mørkenskov^Ingeborg"]
    (sound,) = pending_audio(tmp_path / "dictation", VAULT)
    assert sound.pcm() == b"spoken-sound" * 2000
    assert plaintext_below(tmp_path, NAMES) == []


def test_the_same_disk_without_encryption_would_be_found_out(tmp_path: Path) -> None:
    """The scan can fail: each of the names is found in what was written in plain."""
    killed_reader(tmp_path, "plain")
    assert {hit.needle for hit in plaintext_below(tmp_path, NAMES)} == set(NAMES)


@pytest.mark.parametrize("file", ["reports.db", "orders.db", "dictation/s1.sound"])
def test_what_is_sealed_is_for_its_user_alone(tmp_path: Path, file: str) -> None:
    killed_reader(tmp_path, "sealed")
    assert (tmp_path / file).stat().st_mode & 0o777 == 0o600
