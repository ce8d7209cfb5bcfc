"""VTK looks into numpy's memory and never holds it: what it drops under its own lock may hang the program."""

from __future__ import annotations

import subprocess
import sys
import weakref
from pathlib import Path

import numpy as np
import pytest
from vtkmodules.vtkCommonDataModel import vtkImageData

from rendering.reslice import Cutter
from rendering.vtk_view import vtk_view

ROOT = Path(__file__).resolve().parents[2]
PLANE = np.arange(12, dtype=np.uint16)
RACE = """
import mmap, sys, threading, time
import numpy as np
from rendering.reslice import Cutter, _as_vtk

sys.setswitchinterval(1e-5)
end = time.monotonic() + 3
def cut():
    while time.monotonic() < end:
        voxels = np.frombuffer(mmap.mmap(-1, 1 << 19), np.uint16).reshape(4, 256, 256)
        cutter = Cutter(_as_vtk(voxels, 1), (256, 256, 4), voxels)
        del voxels
        del cutter
threads = [threading.Thread(target=cut) for _ in range(3)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
"""


@pytest.mark.parametrize("shape", [(12,), (4, 3)])
@pytest.mark.parametrize("kind", ["u1", "i2", "u2", "i4", "f4"])
def test_vtk_sees_the_values_and_does_not_hold_them(kind, shape):
    flat = PLANE.astype(kind).reshape(shape)
    scalars = vtk_view(flat)
    assert [scalars.GetTuple(row) for row in (0, 3)] == [tuple(np.atleast_1d(flat[row])) for row in (0, 3)]
    flat[0] = 7
    assert scalars.GetComponent(0, 0) == 7
    image = vtkImageData()
    image.SetDimensions(shape[0], 1, 1)
    image.GetPointData().SetScalars(scalars)
    held = weakref.ref(flat)
    del flat
    assert held() is None


def test_a_cutter_keeps_the_voxels_it_cuts():
    voxels = PLANE.reshape(1, 3, 4).copy()
    held = weakref.ref(voxels)
    cutter = Cutter(vtk_view(voxels.reshape(-1)), (4, 3, 1), voxels)
    del voxels
    assert held() is not None
    del cutter
    assert held() is None


def test_mapped_voxels_that_go_in_one_thread_do_not_hang_another_that_cuts():
    """A process of its own: a hang would hold Python's lock, and no time limit inside could end it."""
    ended = subprocess.run([sys.executable, "-c", RACE], cwd=ROOT, timeout=60, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
