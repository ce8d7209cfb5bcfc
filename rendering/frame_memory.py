"""Large arrays of zeros straight from the system: given back when the last view goes, in large pages where there are."""

from __future__ import annotations

import math
import mmap
import os
import sys
from functools import cache
from typing import TYPE_CHECKING, Any

from workstation.errors import Refused

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rendering.frame_stock import FrameStock

# Of processors with pages of 4 kB; where they are larger it only rounds a little.
LARGE_PAGE = 2 << 20
# From here on the last large page, half of it empty on average, is worth it.
WORTH_LARGE_PAGES = 8 << 20
# Of closed series so much is kept for the next ones: four mammograms and their prior.
MOST_STOCK = 128 << 20


def check_room(size: int) -> None:
    """Raises Refused when `size` bytes are more than any machine like this should give to one series.

    A small compressed file may unpack to more than there is, and memory that is only promised
    ends the program when it is written to.
    """
    if size > _most_bytes():
        raise Refused("These images are larger than the memory of this machine", f"{size / 1e9:.1f} GB")


def _most_bytes() -> int:
    """Three quarters of the memory; 4 GB where the system does not say."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 4 * 3
    except (AttributeError, ValueError, OSError):
        return 4 << 30


def half_of_memory() -> int:
    """Half of the machine's memory in bytes; 2 GB where the system does not say."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2
    except (AttributeError, ValueError, OSError):
        return 2 << 30


def zeros(shape: tuple[int, ...], dtype: str, is_for_frames: bool = False) -> NDArray[Any]:
    """An array of zeros whose memory is only taken when it is written to. Raises Refused when there is none.

    The C library would clear memory that was used before by hand, all of it, before the first
    image could be shown. What is `is_for_frames` comes from memory of earlier frames where it can, and is kept for later ones.
    """
    import numpy as np  # it takes as long as Qt, and the worklist is shown without it

    kind = np.dtype(dtype)
    count = math.prod(shape)
    size = max(1, count * kind.itemsize)
    try:
        memory = _stock().room(size) if is_for_frames and size >= WORTH_LARGE_PAGES else _anonymous(size)
        return np.frombuffer(memory, kind, count).reshape(shape)
    except (OSError, ValueError, OverflowError, MemoryError) as error:
        raise Refused("There is no memory for these images", f"{count * kind.itemsize / 1e6:.0f} MB were asked for") from error


@cache
def _stock() -> FrameStock:
    from rendering.frame_stock import FrameStock  # behind the worklist, as numpy

    return FrameStock(min(MOST_STOCK, half_of_memory() // 32), _anonymous)


def _anonymous(size: int) -> mmap.mmap:
    if sys.platform == "win32":
        return mmap.mmap(-1, size)
    if sys.platform == "linux" and size >= WORTH_LARGE_PAGES:
        # Whole large pages are laid on their borders; anything else takes small ones for a part, each a step into the system.
        size = -(-size // LARGE_PAGE) * LARGE_PAGE
    block = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    if sys.platform == "linux":
        try:
            block.madvise(mmap.MADV_HUGEPAGE)
        except OSError:  # a kernel without large pages: small ones do
            return block
    return block
