"""VOI LUT and windows (PS3.3 C.11.2.1.2-3), and the grey levels a screen gets.

Output is uint8, 0..255, rounded to nearest. Padding is background (0) whatever the polarity.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from rendering.header import ImageHeader, LookupTable
from rendering.pixels.modality import modality_values, padding_mask
from workstation.domain.viewing import VoiFunction, Window

Voi: TypeAlias = Window | LookupTable
"""What maps modality values to grey: a window or a table from the image."""

# A window of no use in the file is replaced by these percentiles of the image: outliers (metal,
# a burned-in character) may not decide what the rest looks like.
AUTO_PERCENTILES = (0.5, 99.5)
AUTO_SAMPLES = 1 << 16


def grey(values: NDArray[Any], voi: Voi, inverse: bool = False, padding: tuple[float, float] | None = None) -> NDArray[np.uint8]:
    """Modality values to grey levels of the same shape. `padding` is a range in modality units."""
    if values.dtype.kind in "iu" and values.dtype.itemsize <= 2:
        table = _grey_table(voi, values.dtype.str, inverse, padding)
        # Every pattern is in the table: "clip" only spares a check of each.
        levels: NDArray[np.uint8] = np.take(table, values.view(f"u{values.dtype.itemsize}"), mode="clip")
        return levels
    return _grey(values, voi, inverse, padding)


@lru_cache(maxsize=64)
def _grey_table(voi: Voi, dtype: str, inverse: bool, padding: tuple[float, float] | None) -> NDArray[np.uint8]:
    """The grey level of every value of an 8 or 16 bit type, by its bit pattern."""
    patterns = np.arange(1 << (8 * np.dtype(dtype).itemsize), dtype=f"u{np.dtype(dtype).itemsize}")
    table = _grey(patterns.view(dtype).astype(np.int32), voi, inverse, padding)
    table.setflags(write=False)
    return table


def _grey(values: NDArray[Any], voi: Voi, inverse: bool, padding: tuple[float, float] | None) -> NDArray[np.uint8]:
    share = _table_share(values, voi) if isinstance(voi, LookupTable) else _window_share(values, voi)
    if inverse:
        np.subtract(1.0, share, out=share)
    share *= 255.0
    np.rint(share, out=share)
    # A float image may hold NaN where nothing was measured: background, like padding.
    if values.dtype.kind == "f":
        share[~np.isfinite(values)] = 0.0
    if padding is not None:
        share[(values >= padding[0]) & (values <= padding[1])] = 0.0
    return share.astype(np.uint8)


def _window_share(values: NDArray[Any], window: Window) -> NDArray[Any]:
    """The VOI function with output 0..1 (PS3.3 C.11.2.1.2.1, C.11.2.1.3.1-2)."""
    x: Any = values.astype(np.float32 if values.dtype.kind == "f" and values.dtype.itemsize <= 4 else np.float64)
    share: NDArray[Any]
    if window.function is VoiFunction.SIGMOID:
        x -= x.dtype.type(window.center)
        x *= x.dtype.type(-4.0 / window.width)
        share = 1.0 / (1.0 + np.exp(np.clip(x, -80.0, 80.0)))
        return share
    if window.function is VoiFunction.LINEAR_EXACT:
        low, span = window.center - window.width / 2.0, window.width
    else:
        low, span = window.center - 0.5 - (window.width - 1.0) / 2.0, window.width - 1.0
    x -= x.dtype.type(low)
    # LINEAR of width 1 is a threshold: at or below the edge black, above it white.
    share = (x > 0.0).astype(x.dtype) if span <= 0.0 else np.clip(x / x.dtype.type(span), 0.0, 1.0)
    return share


def _table_share(values: NDArray[Any], table: LookupTable) -> NDArray[Any]:
    entries = np.frombuffer(table.data, "<u2").astype(np.float64) / ((1 << table.bits) - 1)
    index = np.clip(np.rint(np.nan_to_num(values.astype(np.float64))) - table.first, 0, table.count - 1).astype(np.intp)
    share: NDArray[Any] = np.minimum(entries[index], 1.0)
    return share


def is_inverse(header: ImageHeader) -> bool:
    """Whether low values are white: MONOCHROME1, or PresentationLUTShape INVERSE.

    The two say the same thing and do not cancel (PS3.3 C.8.11.3.1.2).
    """
    return header.photometric == "MONOCHROME1" or header.presentation_inverse


def voi_choices(header: ImageHeader, frame: int = 0) -> tuple[Voi, ...]:
    """Every window and every VOI LUT of the frame, windows first, as the file orders them."""
    facts = header.frame(frame)
    return (*facts.windows, *facts.voi_tables)


def first_voi(header: ImageHeader, frame: int, container: NDArray[Any]) -> Voi:
    """What the image is first shown with: its first window, its first VOI LUT, or an automatic window."""
    choices = voi_choices(header, frame)
    return choices[0] if choices else auto_window(header, frame, container)


def first_window(header: ImageHeader, frame: int, container: NDArray[Any]) -> Window:
    """`first_voi` as a window, a table by the window that spans it."""
    voi = first_voi(header, frame, container)
    return voi if isinstance(voi, Window) else equivalent_window(voi)


def equivalent_window(table: LookupTable) -> Window:
    """The window over the inputs between which a table's output changes."""
    entries = np.frombuffer(table.data, "<u2")
    changes = np.flatnonzero(np.diff(entries.astype(np.int32)))
    low, high = (int(changes[0]), int(changes[-1]) + 1) if changes.size else (0, max(1, table.count - 1))
    return Window(table.first + (low + high + 1) / 2, high - low + 1.0, VoiFunction.LINEAR, table.explanation)


def auto_window(header: ImageHeader, frame: int, container: NDArray[Any]) -> Window:
    """A window from the image itself, padding left out; the whole range for up to 8 bits."""
    transform = header.frame(frame).transform
    if transform.is_identity and not header.float_bits and header.bits_stored <= 8:
        levels = 1 << header.bits_stored
        return Window((-levels // 2 if header.is_signed else 0) + levels / 2, float(levels))
    values = modality_values(container, header, frame).values
    mask = padding_mask(container, header)
    kept = values[~mask] if mask is not None else values.ravel()
    kept = kept[:: max(1, kept.size // AUTO_SAMPLES)]
    if kept.dtype.kind == "f":
        kept = kept[np.isfinite(kept)]
    if not kept.size:
        return Window(0.5, 1.0, VoiFunction.LINEAR_EXACT)
    low, high = (float(v) for v in np.percentile(kept, AUTO_PERCENTILES))
    if high <= low:
        low, high = float(kept.min()), float(kept.max())
    if kept.dtype.kind == "f":
        return Window((low + high) / 2, (high - low) or 1.0, VoiFunction.LINEAR_EXACT)
    low, high = float(np.floor(low)), float(np.ceil(high))
    return Window((low + high + 1) / 2, high - low + 1.0)
