"""Numpy's memory shown to VTK without a copy, and without VTK holding on to it.

VTK destroys images under a lock of its own. If that dropped the last hold on mapped memory, Python would let other
threads run while it unmaps; one of them that makes an image then waits for VTK's lock with Python's in its hand: for good.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vtkmodules.util.numpy_support import numpy_to_vtk
from vtkmodules.vtkCommonCore import vtkDataArray

if TYPE_CHECKING:
    from numpy.typing import NDArray


def vtk_view(flat: NDArray[Any]) -> vtkDataArray:
    """A VTK array that looks into `flat`: contiguous, one column or one for each sample.

    Whoever has VTK read it keeps `flat` for as long.
    """
    scalars: vtkDataArray = numpy_to_vtk(flat, deep=0)  # type: ignore[no-untyped-call]
    buffer: Any = scalars.GetBuffer()  # type: ignore[attr-defined]  # VTK's stubs know it of some kinds only
    buffer.__dict__.pop("_numpy_reference", None)
    return scalars
