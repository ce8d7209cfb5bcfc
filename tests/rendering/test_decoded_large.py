"""A series larger than the memory that the program may take is read from its first to its last image."""

from __future__ import annotations

import hashlib
import json
import os
import pickle
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import large_series_child
import numpy as np
import pytest

from rendering.decoded import DecodedStore
from rendering.series_frames import SeriesFrames
from workstation.at_rest.vault import Vault
from workstation.domain.patient import Patient, PatientKey
from workstation.domain.study import Study

COUNT, SIDE = 640, 512
FRAME = SIDE * SIDE * 2
MB = 1 << 20


@pytest.mark.parametrize("kind", ["plain", "sealed"])
def test_a_series_of_336_mb_is_read_in_a_process_that_may_take_far_less(
    maker: Any, acquisition: Any, tmp_path: Path, kind: str
) -> None:
    """G18, scaled: sealed, the process may not even reserve the series' size; plain, the map is the system's to give and take."""
    pixels, scan = np.zeros((SIDE, SIDE), "i2"), acquisition()
    for index in range(COUNT):
        maker.add(pixels, scan.plane(index))
    series = maker.series()
    instances = (replace(i, sha256=hashlib.sha256(i.sop_instance_uid.encode()).hexdigest()) for i in series.instances)
    series = replace(series, instances=tuple(instances))
    study = Study("1.2.3", Patient(PatientKey("P1")), series=(series,))
    store = DecodedStore(tmp_path / "store", Vault.plain() if kind == "plain" else Vault.with_key(bytes(32)))
    stored = SeriesFrames(study, series).stored
    assert stored is not None
    with store.writer(stored) as writer:
        for position in range(COUNT):
            pixels[:] = position
            writer.put(position, pixels)
    store.close()
    (tmp_path / "study").write_bytes(pickle.dumps(study))
    room = 128 * MB + (COUNT * FRAME if kind == "plain" else 0)
    program = Path(large_series_child.__file__)
    command = [sys.executable, str(program), str(tmp_path / "store"), str(tmp_path / "study"), kind, str(64 * MB), str(room)]
    # Each thread's own malloc arena reserves 64 MB of address space, which is not what is measured here.
    environment = {**os.environ, "PYTHONPATH": str(program.parents[2]), "MALLOC_ARENA_MAX": "1"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    views = 1 + len(range(0, COUNT - 1, 3)) + 1 + len(range(COUNT - 1, -1, -3))
    assert found["bytes"] == COUNT * FRAME
    assert found["right"] == views
    assert found["peak"] < (24 * MB if kind == "plain" else 64 * MB)
