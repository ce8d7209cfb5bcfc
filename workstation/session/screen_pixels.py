"""How large the pixels of the screens are against each other, so that a millimetre is as long on all of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ScreenPixels:
    """Of the screen that a viewport stands on: what `kind` of monitor it is, and the distance of two device pixels.

    `mm` is None where nobody measured and the monitor does not say. Two monitors of one kind (maker, model,
    resolution) have pixels of one size even so; an empty kind is the only screen there is.
    """

    kind: str = ""
    mm: float | None = None


def pitches(screens: Sequence[ScreenPixels]) -> tuple[float, ...] | None:
    """The distance of device pixels on each, as shares of the first one's; None where they cannot be compared."""
    known = [screen.mm for screen in screens if screen.mm is not None]
    if len(known) == len(screens):
        return tuple(mm / known[0] for mm in known)
    return (1.0,) * len(screens) if len({screen.kind for screen in screens}) == 1 else None
