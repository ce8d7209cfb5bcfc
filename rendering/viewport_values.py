"""In which unit a series is shown, and through which window.

A PET series whose facts allow it is shown in SUVbw: its windows, its probes and its default are
then in SUVbw, and the modality value (Bq/ml) is only told beside it. Everything else is shown
in the unit of its modality transform. `told_in` is the same series told in another unit that it
offers; windows that are kept are always in its own, so that greys stay when the unit changes.
"""

from __future__ import annotations

import math
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rendering.all_cores import shared
from rendering.header import LookupTable
from rendering.images import NotYet, SeriesImages
from rendering.pixels import SuvFactor, Voi, auto_window, equivalent_window, grey, padding_values, suv_factors, voi_choices
from rendering.pixels.suv import Reasons, SuvKind
from rendering.viewport_dimensions import window_position
from workstation.domain.doubt import Doubt
from workstation.domain.value_unit import ValueUnit, ValueUnits
from workstation.domain.viewing import VoiFunction, Window
from workstation.errors import Refused

# Factors of one series' instances that differ by more are not one scale: rounding of the
# elements they come from explains less than this; more where whole seconds were reckoned with.
FACTOR_TOLERANCE = 1e-6
ESTIMATED_TOLERANCE = 2e-3

# The first window of a PET whose slices each bring a window of their own: those are the scanner's
# scaling of each slice to its maximum and would show the same uptake in different greys.
PET_WINDOW = Window(3.5, 7.0, VoiFunction.LINEAR_EXACT)

# Values that stay in the cache of one core while they become grey.
CACHED_VALUES = 1 << 17
# A window so narrow for its place that float32 would round by visible levels, or overflow.
MOST_LEVELS = 1e6
_BLACK, _WHITE = np.float32(0.0), np.float32(255.0)

# Of a colour image: it has no window, this one stands for "as it is".
COLOUR_WINDOW = Window(128.0, 256.0)


class ValueScale:
    """The unit and the default window of one `SeriesImages`. Thread-safe."""

    def __init__(self, images: SeriesImages, unit: ValueUnit | None = None) -> None:
        """`unit` None is the series' own."""
        self._images = images
        self._automatic: dict[int, Window] = {}
        self._unit = unit
        self._told: dict[ValueUnit, ValueScale] = {}

    @cached_property
    def _suvs(self) -> dict[SuvKind, SuvFactor | Reasons]:
        """Of each kind the one factor of the whole series, or why there is none."""
        headers = {id(h): h for h in (self._images.header(p) for p in range(self._images.frame_count))}
        if not headers or all(h.pet is None for h in headers.values()):
            return {}
        all_factors = [suv_factors(h) for h in headers.values()]
        return {kind: _common([factors[kind] for factors in all_factors]) for kind in SuvKind}

    @property
    def suv(self) -> SuvFactor | Reasons:
        """The factor of SUVbw, or why there is none."""
        return self._suvs.get(SuvKind.BODY_WEIGHT, ())

    @cached_property
    def own(self) -> ValueUnit:
        """The unit that windows are kept in: SUVbw, else what SUV there is, else the modality transform's."""
        found = ((kind, factor) for kind, factor in self._suvs.items() if isinstance(factor, SuvFactor))
        return next((ValueUnit(kind.value, factor.factor, factor.basis) for kind, factor in found), ValueUnit("", 1.0))

    @property
    def units(self) -> ValueUnits:
        """What the values can be told in, the own unit first, and why not in others."""
        if not self._suvs and not self._images.mapped_units:
            return ValueUnits((self.own,))
        suvs = [ValueUnit(k.value, f.factor, f.basis) for k, f in self._suvs.items() if isinstance(f, SuvFactor)]
        refused = [(k.value, "; ".join(f)) for k, f in self._suvs.items() if not isinstance(f, SuvFactor)]
        mapped = [unit for unit in self._images.mapped_units if unit.name not in {s.name for s in suvs}]
        bare = ValueUnit(self._images.facts(0).transform.unit, 1.0, "as in the file")
        return ValueUnits((*suvs, *mapped, bare) if suvs else (bare, *mapped), tuple(refused))

    def told_in(self, name: str) -> ValueScale:
        """This series in the unit of that name; in its own where it offers none such."""
        if not name or name == self.own.name:
            return self
        unit = next((one for one in self.units.offered if one.name == name), None)
        return self if unit is None else self._told.setdefault(unit, ValueScale(self._images, unit))

    def told(self, window: Window, name: str) -> Window:
        """A window of this scale as numbers of the unit of that name."""
        return self.told_in(name).of_own(window)

    def of_own(self, window: Window) -> Window:
        """A window in the series' own unit in this one."""
        share = self.factor / self.own.factor
        return window if share == 1.0 else _exactly(window, share)

    @cached_property
    def _has_scanner_windows(self) -> bool:
        windows = {self._images.facts(p).windows[:1] for p in range(self._images.frame_count)}
        return len(windows) > 1

    @property
    def factor(self) -> float:
        """Shown value = modality value * factor."""
        return (self._unit or self.own).factor

    @property
    def is_suv(self) -> bool:
        """Whether the values are told as SUV of some kind."""
        return (self._unit or self.own).name.startswith("SUV")

    def unit(self, position: int) -> str:
        return (self._unit or self.own).name or self._images.facts(position).transform.unit

    @property
    def doubts(self) -> tuple[Doubt, ...]:
        if self._images.series.modality != "PT" or self.own.name:
            return ()
        reasons = () if isinstance(self.suv, SuvFactor) else self.suv
        return (Doubt("no-suv", f"No SUV: {'; '.join(reasons)}"),)

    def in_unit(self, values: NDArray[Any]) -> NDArray[Any]:
        """Modality values (owned by the caller, float) as shown."""
        if self.factor != 1.0:
            values *= np.float32(self.factor)
        return values

    def padding(self, position: int) -> tuple[float, float] | None:
        """The padding range in the shown unit."""
        found = padding_values(self._images.header(position), self._images.frame(position))
        return None if found is None else (found[0] * self.factor, found[1] * self.factor)

    def voi(self, position: int, chosen: Voi | None, number: int = 0) -> Voi:
        """The window to draw with, in the shown unit: the chosen one, or the image's own of that number.

        The slices of a volume share the window of the one in the middle (in SUV: PET_WINDOW, when
        theirs differ): one that changed from slice to slice would show the same tissue in
        different greys. Raises NotYet or Refused when an automatic window is needed and no
        frame is there to take it from.
        """
        if chosen is not None:
            return chosen if isinstance(chosen, LookupTable) else self._exact(chosen)
        if self.own.name and self._has_scanner_windows and not number:
            return PET_WINDOW
        at = window_position(self._images, position)
        own = voi_choices(self._images.header(at), self._images.frame(at))
        wanted = own[number if number < len(own) else 0] if own else None
        if isinstance(wanted, Window):
            return self._scaled(wanted)
        if wanted is not None and self.factor == 1.0:
            return wanted
        return self._scaled(self._automatic_window(at, position))

    def window(self, position: int, chosen: Voi | None, number: int = 0) -> Window:
        """As `voi`, a table as the window that spans it."""
        voi = self.voi(position, chosen, number)
        return equivalent_window(voi) if isinstance(voi, LookupTable) else voi

    def _exact(self, window: Window) -> Window:
        """LINEAR takes half a unit off both ends (PS3.3 C.11.2.1.2.1), which is meant for whole
        numbers and would falsify a window of a few SUV."""
        if self.factor == 1.0 or window.function is not VoiFunction.LINEAR:
            return window
        return replace(window, function=VoiFunction.LINEAR_EXACT)

    def _scaled(self, window: Window) -> Window:
        """A window in modality units as the same greys in the shown unit."""
        return window if self.factor == 1.0 else _exactly(window, self.factor)

    def automatic(self, position: int) -> Window:
        """A window from the image itself, whatever the file asks for. Raises NotYet or Refused."""
        return self._scaled(self._automatic_window(position, position))

    def _automatic_window(self, at: int, position: int) -> Window:
        for candidate in (at, position):
            found = self._automatic.get(candidate)
            if found is not None:
                return found
            try:
                container = self._images.container(candidate)
            except (NotYet, Refused):
                if candidate == position:
                    raise
                continue
            window = auto_window(self._images.header(candidate), self._images.frame(candidate), container)
            self._automatic[candidate] = window
            return window
        raise NotYet("No image is loaded yet")


def _common(factors: list[SuvFactor | Reasons]) -> SuvFactor | Reasons:
    """One factor for all images of a series, or why there is none."""
    first = factors[0]
    for factor in factors:
        if not isinstance(factor, SuvFactor):
            return factor
        tolerance = ESTIMATED_TOLERANCE if factor.is_estimated else FACTOR_TOLERANCE
        if isinstance(first, SuvFactor) and not math.isclose(factor.factor, first.factor, rel_tol=tolerance):
            return ("The images of the series give different SUV factors",)
    return first


def _exactly(window: Window, factor: float) -> Window:
    """The same greys of values that are `factor` times as large."""
    if window.function is VoiFunction.LINEAR:
        return Window((window.center - 0.5) * factor, (window.width - 1.0) * factor, VoiFunction.LINEAR_EXACT, window.explanation)
    return Window(window.center * factor, window.width * factor, window.function, window.explanation)


def screen_levels(voi: Voi, inverse: bool) -> tuple[float, float] | None:
    """A linear window as (gain, offset): grey level = value * gain + offset, held between 0 and 255. None for all others."""
    if isinstance(voi, LookupTable) or voi.function is VoiFunction.SIGMOID:
        return None
    exact = voi.function is VoiFunction.LINEAR_EXACT
    span = voi.width if exact else voi.width - 1.0
    if span <= 0.0:
        return None
    low = voi.center - voi.width / 2.0 if exact else voi.center - 0.5 - span / 2.0
    gain = 255.0 / span
    if not max(1.0, abs(low)) * gain <= MOST_LEVELS:
        return None
    return (-gain, 255.0 + low * gain) if inverse else (gain, -low * gain)


def screen_grey(
    values: NDArray[np.float32],
    voi: Voi,
    inverse: bool,
    padding: tuple[float, float] | None,
    whole: NDArray[np.bool_] | None = None,
) -> NDArray[np.uint8]:
    """`rendering.pixels.grey` for float32 values on the screen's grid, NaN as background.

    `whole` says of each CACHED_VALUES of them, where that is known, whether none is NaN.

    Linear windows take a way of a few passes over a part of the pixels at a time, which
    stays in the processor's cache, on all cores: a drag of the mouse repeats it.
    """
    line = screen_levels(voi, inverse)
    if line is None:
        return grey(values, voi, inverse, padding)
    # Half a level for the rounding to nearest that the cast below completes.
    factor, offset = np.float32(line[0]), np.float32(line[1] + 0.5)
    picture = np.empty(values.shape, np.uint8)
    flat, grey_levels = values.reshape(-1), picture.reshape(-1)

    def part(pixels: slice) -> None:
        own, levels = flat[pixels], grey_levels[pixels]
        parts = None if whole is None else whole[pixels.start // CACHED_VALUES : -(-pixels.stop // CACHED_VALUES)]
        _map_line(own, factor, offset, parts is not None and bool(parts.all()), levels)

    shared(flat.size, 1, part)
    if padding is not None:
        picture[(values >= padding[0]) & (values <= padding[1])] = 0
    return picture


class Seen:
    """Values under a view's pixels that are kept, as a window may be dragged over them."""

    def __init__(self, values: NDArray[np.float32]) -> None:
        self.values = values
        self._was_shown = False
        self._whole: NDArray[np.bool_] | None = None

    def grey(self, voi: Voi, inverse: bool, padding: tuple[float, float] | None = None) -> NDArray[np.uint8]:
        """As `screen_grey`; from the second time on it is known in which parts there is background among them."""
        if self._was_shown and self._whole is None:
            starts = np.arange(0, self.values.size, CACHED_VALUES)
            self._whole = np.logical_and.reduceat(np.isfinite(self.values).reshape(-1), starts) if starts.size else None
        self._was_shown = True
        return screen_grey(self.values, voi, inverse, padding, self._whole)


def _map_line(
    values: NDArray[np.float32], factor: np.float32, offset: np.float32, is_whole: bool, picture: NDArray[np.uint8]
) -> None:
    scratch = np.empty(min(CACHED_VALUES, values.size), np.float32)
    known = np.empty(scratch.size, bool)
    # Values near the end of float32 overflow to infinity, which is as white or black as they are.
    with np.errstate(over="ignore", invalid="ignore"):
        for start in range(0, values.size, CACHED_VALUES):
            part = values[start : start + CACHED_VALUES]
            levels = np.multiply(part, factor, out=scratch[: part.size])
            levels += offset
            np.clip(levels, _BLACK, _WHITE, out=levels)
            # What is no number is background, as in `grey`. fmax and fmin would take twice as long as this and clip.
            if not is_whole and not np.isfinite(part, out=known[: part.size]).all():
                levels[~known[: part.size]] = 0.0
            np.copyto(picture[start : start + CACHED_VALUES], levels, casting="unsafe")
