"""Looks at one frame of a file in every window, and compares it with `grey_truth`: see test_golden_table."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import grey_truth
import numpy as np
import pixel_truth
import pytest
from grey_truth import Shown
from pydicom.dataset import FileDataset

from rendering.images import NotYet, SeriesImages
from rendering.viewport import Viewport
from rendering.worker import ImageWorker
from workstation.domain.study import ParsedInstance
from workstation.domain.viewing import ViewportState, VoiFunction, Window
from workstation.errors import Refused

Array = np.ndarray[Any, Any]

# A displayed level differs by no more from the standard's.
ONE_LEVEL = 1.0 + 1e-3
VALUE = 1e-3
# Lossy colour: two ways of rounding and of spreading subsampled colour meet (see test_pixel_truth).
CHROMA_STEPS = 48
# A folder of more files than this is one long series (or two): see `compare_file`.
FEW = 60
GRID = 12
PROBES = 8

# Decoded by ours alone (see test_pixel_truth).
ONLY_OURS = ("JLSL_08_07_0_1F.dcm",)


@dataclass(frozen=True)
class Looked:
    """One frame, at the places looked at: `values` in the shown unit, both ways."""

    viewport: Viewport
    state: ViewportState
    dataset: Any
    stored: Array
    places: Array
    covered: Array
    drawn: Array
    values: Array
    slack: float
    name: str


def compare_files(paths: Sequence[Path], worker: ImageWorker, scratch: Path, wrong: list[str]) -> int:
    """How many were looked at; `wrong` gets a line of each that differs."""
    looked_at = 0
    for number, (path, found) in enumerate(worker.parse_many(paths)):
        if isinstance(found, Refused) or not found.instance.has_pixels:
            continue
        try:
            compare_file(path, found, worker, scratch, None if len(paths) <= FEW else number)
        except pixel_truth.NoOtherDecoder:
            assert path.name in ONLY_OURS
        except AssertionError as difference:
            wrong.append(f"{path.name}: {str(difference).splitlines()[0]}")
        looked_at += 1
    return looked_at


def compare_file(
    path: Path,
    parsed: ParsedInstance,
    worker: ImageWorker,
    scratch: Path,
    turn: int | None = None,
    told: FileDataset | None = None,
) -> None:
    """`turn` None: every window in every function and polarity. Else, in a long series, one function after the other.

    `told` is what the file means where it says so in a way that `pixel_truth` does not read.
    """
    dataset = told or pixel_truth.read(path)
    frames = pixel_truth.stored(dataset, scratch)
    images = SeriesImages(parsed.study, parsed.series, worker)
    try:
        position = images.frame_count // 2
        load(images, position)
        frame = images.frame(position)
        viewport = Viewport(images)
        state = replace(viewport.default_state(), position=position)
        stored = frames[frame]
        containers = images.container(position) if images.header(position).overlays else stored
        slack = pixel_truth.TOLERANCE.get(str(dataset.file_meta.TransferSyntaxUID), 0.0)
        if images.header(position).is_colour:
            compare_colour(viewport, state, stored, slack > 0.0, path.name)
            return
        places = fixed_places(stored)
        at = tuple(places.T)
        modality = grey_truth.modality(dataset, stored[at], frame)
        compare_probes(viewport, position, places[:PROBES], modality, slack * steepness(dataset, frame), path.name)
        factor = grey_truth.suv_factor(dataset) if viewport.picture(state, 8, 8).unit == "SUVbw" else 1.0
        looked = Looked(
            viewport, state, dataset, stored[at], places, grey_truth.covered(dataset, stored)[at],
            grey_truth.drawn(dataset, containers, frame)[at], modality * factor,
            slack * steepness(dataset, frame) * factor, path.name,
        )  # fmt: skip
        compare_greys(looked, own_window(viewport, state, dataset, frame, factor), turn)
    finally:
        images.close()


def load(images: SeriesImages, position: int) -> None:
    """Only the frame that is looked at."""

    def is_here() -> bool:
        try:
            images.container(position)
        except NotYet:
            return False
        except Refused:
            return True
        return True

    images.prioritise(position)
    images.load(cancelled=is_here)


def steepness(dataset: Any, frame: int) -> float:
    """How much a step of one stored value changes the modality value."""
    if dataset.get("ModalityLUTSequence"):
        return 1.0
    return float(abs(np.diff(grey_truth.modality(dataset, np.array([0.0, 1.0]), frame))[0]))


def fixed_places(stored: Array) -> Array:
    """(row, column): random ones that are the same in every run, the corners, a grid, and both extremes."""
    rows, columns = stored.shape[:2]
    rng = np.random.default_rng(rows * columns)
    random = np.stack((rng.integers(rows, size=GRID), rng.integers(columns, size=GRID)), axis=-1)
    lines = [np.unique(np.linspace(0, size - 1, GRID).astype(int)) for size in (rows, columns)]
    grid = np.stack(np.meshgrid(*lines, indexing="ij"), axis=-1).reshape(-1, 2)
    extremes = [np.unravel_index(pick(stored), stored.shape) for pick in (np.argmin, np.argmax)] if stored.ndim == 2 else []
    return np.concatenate((np.array([*extremes, (0, 0), (rows - 1, columns - 1)], int).reshape(-1, 2), random, grid))


def compare_probes(viewport: Viewport, position: int, places: Array, expected: Array, slack: float, name: str) -> None:
    for (row, column), known in zip(places, expected, strict=False):
        probe = viewport.probe_pixel(position, int(column), int(row))
        if not np.isfinite(known):
            assert probe is None, name
            continue
        assert probe is not None, name
        assert probe.modality_value == pytest.approx(known, abs=VALUE + slack, rel=1e-9), name


def own_window(viewport: Viewport, state: ViewportState, dataset: Any, frame: int, factor: float) -> Shown | None:
    """What the image is first shown in: of the standard where the file says one, else what the program chose."""
    own = grey_truth.own_windows(dataset, frame)
    if own and factor == 1.0:
        return own[0]
    if own:
        # LINEAR takes half a unit off both ends of whole numbers; scaled to SUV that is an exact window.
        window = own[0]
        shift = (0.5, 1.0) if window.function == "LINEAR" else (0.0, 0.0)
        function = "LINEAR_EXACT" if window.function == "LINEAR" else window.function
        return Shown((window.centre - shift[0]) * factor, (window.width - shift[1]) * factor, function)
    if dataset.get("VOILUTSequence"):
        return None
    chosen = viewport.window_of(state)
    return Shown(chosen.center, chosen.width, str(chosen.function))


def compare_greys(looked: Looked, own: Shown | None, turn: int | None) -> None:
    dataset = looked.dataset
    if own is None:
        item = dataset.VOILUTSequence[0]
        levels = grey_truth.through_voi_table(looked.values, item, signed=looked.values.min() < 0.0)
        compare(looked, looked.state, levels, 0.0)
    else:
        compare(looked, looked.state, grey_truth.windowed(looked.values, own), tolerance(looked, own))
        compare(looked, replace(looked.state, rotation=90), grey_truth.windowed(looked.values, own), tolerance(looked, own))
    is_suv = looked.viewport.picture(looked.state, 8, 8).unit == "SUVbw"
    for number, wanted in enumerate(other_windows(looked)):
        if turn is not None and number % 3 != turn % 3:
            continue
        chosen = Window(wanted.centre, wanted.width, VoiFunction(wanted.function))
        # Half a unit is for whole numbers: a LINEAR window of some SUV is meant exactly.
        window = wanted._replace(function="LINEAR_EXACT") if is_suv and wanted.function == "LINEAR" else wanted
        levels = grey_truth.windowed(looked.values, window)
        for inverted in (False, True) if turn is None else (bool((number + turn) % 2),):
            state = replace(looked.state, window=chosen, inverted=inverted)
            compare(looked, state, levels, tolerance(looked, window))


def other_windows(looked: Looked) -> Iterator[Shown]:
    """A narrow and a wide one, in each function."""
    seen = looked.values[np.isfinite(looked.values) & ~looked.covered]
    low, high = (float(v) for v in np.percentile(seen, (20, 80))) if seen.size else (0.0, 1.0)
    span = max(high - low, 2.0 if (looked.values == np.rint(looked.values)).all() else 1e-6)
    for centre, width in ((low + span / 3, span / 2), ((low + high) / 2, 3 * span)):
        for function in ("LINEAR", "LINEAR_EXACT", "SIGMOID"):
            if function != "LINEAR" or width > 1.5:
                yield Shown(centre, width, function)


def tolerance(looked: Looked, window: Shown) -> float:
    """How many levels a decoder's rounding of lossy pixels may make."""
    return looked.slack * 255.0 / max(window.width - (window.function == "LINEAR"), 1e-9)


def compare(looked: Looked, state: ViewportState, levels: Array, slack: float) -> None:
    expected = grey_truth.presented(looked.dataset, levels, state.inverted)
    expected = np.where(np.isfinite(looked.values), expected, 0.0)
    expected[looked.covered] = 0.0
    expected[looked.drawn] = 255.0
    found = shown_at(looked.viewport, state, looked.places)
    if found.ndim == 2:
        palette = supplemental(looked.dataset, looked.stored)
        expected = np.repeat(expected[:, np.newaxis], 3, axis=1)
        expected[palette[0]] = palette[1][palette[0]]
    away = np.abs(found.astype(float) - expected[: len(found)])
    assert away.max() <= ONE_LEVEL + slack, f"{looked.name} {state.window}: off by {away.max()} levels"


def supplemental(dataset: Any, stored: Array) -> tuple[Array, Array]:
    """(which stored values are colours, their RGB) of a supplemental palette (C.7.6.19)."""
    first = int(dataset.RedPaletteColorLookupTableDescriptor[1])
    return stored >= first, pixel_truth.through_palette(np.maximum(stored, first), dataset)


def shown_at(viewport: Viewport, state: ViewportState, places: Array) -> Array:
    """The levels of the frame's pixels: of one picture where pixels are square, else each in a picture of its own."""
    header = viewport.images.header(state.position)
    pitch = viewport.images.facts(state.position).spacing or header.pixel_aspect_ratio or (1.0, 1.0)
    if math.isclose(*pitch, rel_tol=1e-9):
        if state.rotation == 90:
            pixels = viewport.picture(state, header.rows, header.columns).pixels
            # A quarter turn clockwise: the first row is the last column.
            return pixels[places[:, 1], header.rows - 1 - places[:, 0]]
        return viewport.picture(state, header.columns, header.rows).pixels[places[:, 0], places[:, 1]]
    return np.stack([single_pixel(viewport, state, int(column), int(row)) for row, column in places[:PROBES]])


def single_pixel(viewport: Viewport, state: ViewportState, column: int, row: int) -> Any:
    centred = replace(state, zoom=4.0 * max(viewport.images.header(state.position).frame_shape[:2]))
    found = viewport.frame_to_view(centred, 1, 1, float(column), float(row))
    assert found is not None
    moved = replace(centred, pan=(0.5 - found[0], 0.5 - found[1]))
    picture = viewport.picture(moved, 1, 1)
    assert picture.error is None
    return picture.pixels[0, 0]


def compare_colour(viewport: Viewport, state: ViewportState, truth: Array, is_lossy: bool, name: str) -> None:
    header = viewport.images.header(state.position)
    top = 255 if header.photometric == "PALETTE COLOR" else (1 << header.bits_stored) - 1
    places = fixed_places(truth)
    expected = np.rint(truth[tuple(places.T)] * 255.0 / top)
    found = shown_at(viewport, state, places).astype(float)
    away = np.abs(found - expected[: len(found)])
    assert away.max() <= (CHROMA_STEPS if is_lossy else 1.0), f"{name}: off by {away.max()}"
    assert away.mean() <= 1.5, name
    if header.samples == 3:
        turned = shown_at(viewport, replace(state, inverted=True), places).astype(float)
        assert np.abs(turned - (255.0 - found)).max() <= 1.0, name
