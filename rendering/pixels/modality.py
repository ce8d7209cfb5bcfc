"""Containers to stored values to modality values (PS3.3 C.7.6.3, C.11.1), and pixel padding."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rendering.header import ImageHeader, LookupTable, ModalityTransform

INT16 = (-(1 << 15), (1 << 15) - 1)
INT32 = (-(1 << 31), (1 << 31) - 1)


@dataclass(frozen=True, slots=True)
class FrameValues:
    """`values` in `unit` (int16, int32 or float32), and the `stored` values they come from."""

    values: NDArray[Any]
    unit: str
    stored: NDArray[Any]


def stored_values(container: NDArray[Any], header: ImageHeader) -> NDArray[Any]:
    """The BitsStored bits up to HighBit, sign-extended when PixelRepresentation is 1 (PS3.5 8.1.1).

    Returns `container` itself when every bit counts.
    """
    width = container.dtype.itemsize * 8
    low = header.high_bit - header.bits_stored + 1
    if header.float_bits or (header.bits_stored == width and low == 0):
        return container
    if container.dtype.kind == "i":
        extended: NDArray[Any] = (container << (width - 1 - header.high_bit)) >> (width - header.bits_stored)
        return extended
    shifted = container >> low if low else container
    masked: NDArray[Any] = shifted & container.dtype.type((1 << header.bits_stored) - 1)
    return masked


def clear_foreign_bits(container: NDArray[Any], header: ImageHeader) -> None:
    """Makes `container` its own `stored_values`, in place."""
    width = container.dtype.itemsize * 8
    low = header.high_bit - header.bits_stored + 1
    if header.float_bits or (header.bits_stored == width and low == 0):
        return
    if container.dtype.kind == "i":
        np.left_shift(container, width - 1 - header.high_bit, out=container)
        np.right_shift(container, width - header.bits_stored, out=container)
        return
    if low:
        np.right_shift(container, low, out=container)
    np.bitwise_and(container, container.dtype.type((1 << header.bits_stored) - 1), out=container)


def modality_values(container: NDArray[Any], header: ImageHeader, frame: int = 0) -> FrameValues:
    """A decoded frame (or any part of one) in modality units.

    Integers stay integers when slope and intercept are; else float32. For a single value to
    the last digit use `modality_value`.
    """
    stored = stored_values(container, header)
    transform = header.frame(frame).transform
    if transform.is_identity:
        return FrameValues(stored, transform.unit, stored)
    if transform.table is not None:
        return FrameValues(_through_table(stored, transform.table), transform.unit, stored)
    kind = _integer_kind(header, transform)
    if kind is None:
        values = stored.astype(np.float32) * np.float32(transform.slope) + np.float32(transform.intercept)
        return FrameValues(values, transform.unit, stored)
    values = stored.astype(kind)
    if transform.slope != 1.0:
        values *= kind(transform.slope)
    values += kind(transform.intercept)
    return FrameValues(values, transform.unit, stored)


def modality_value(stored: float, header: ImageHeader, frame: int = 0) -> float:
    """One stored value in modality units, in double precision: what a probe says."""
    transform = header.frame(frame).transform
    if transform.table is not None:
        return float(_through_table(np.array([stored]), transform.table)[0])
    return stored * transform.slope + transform.intercept


def stored_range(header: ImageHeader) -> tuple[int, int]:
    """The lowest and highest stored value the header allows; integer pixels only."""
    if header.is_signed:
        return -(1 << (header.bits_stored - 1)), (1 << (header.bits_stored - 1)) - 1
    return 0, (1 << header.bits_stored) - 1


def padding_mask(container: NDArray[Any], header: ImageHeader) -> NDArray[np.bool_] | None:
    """True where a pixel is padding (PS3.3 C.7.5.1.1.2); None when there is none."""
    if header.padding is None or header.float_bits:
        return None
    low, high = header.padding
    stored = stored_values(container, header)
    mask: NDArray[np.bool_] = stored == low if low == high else (stored >= low) & (stored <= high)
    return mask if mask.any() else None


def padding_values(header: ImageHeader, frame: int = 0) -> tuple[float, float] | None:
    """The padding range in modality units, low before high; None when there is none."""
    if header.padding is None or header.float_bits:
        return None
    ends = [modality_value(value, header, frame) for value in header.padding]
    return min(ends), max(ends)


def _through_table(stored: NDArray[Any], table: LookupTable) -> NDArray[Any]:
    entries = np.frombuffer(table.data, "<u2")
    index = np.clip(stored.astype(np.int64) - table.first, 0, table.count - 1)
    signed_safe = np.int16 if int(entries.max()) <= INT16[1] else np.int32
    return entries.astype(signed_safe)[index]


def integer_line(header: ImageHeader, frame: int = 0) -> tuple[int, int] | None:
    """(slope, intercept) where whole numbers turn stored values into modality values; None where something else does."""
    transform = header.frame(frame).transform
    if transform.is_identity and not header.float_bits:
        return 1, 0
    if transform.table is not None or _integer_kind(header, transform) is None:
        return None
    return int(transform.slope), int(transform.intercept)


def _integer_kind(header: ImageHeader, transform: ModalityTransform) -> type[np.int16] | type[np.int32] | None:
    """The smallest integer type that holds every possible result, None when a float is needed."""
    if header.float_bits or not (transform.slope.is_integer() and transform.intercept.is_integer()):
        return None
    ends = [end * transform.slope + transform.intercept for end in stored_range(header)]
    # The steps between (slope * value, intercept) must fit as well as the result.
    steps = [*ends, transform.intercept, *(end * transform.slope for end in stored_range(header)), *stored_range(header)]
    for kind, (low, high) in ((np.int16, INT16), (np.int32, INT32)):
        if low <= min(steps) and max(steps) <= high:
            return kind
    return None
