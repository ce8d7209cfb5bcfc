"""Where a breast, its chest wall and its nipple are found, and that nothing is said where they are not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pydicom
import pytest
from made_breasts import COLUMNS, ROWS, made_breast, with_film_border, with_implant, with_marker
from made_series import SeriesMaker
from pydicom.encaps import generate_frames
from pydicom.uid import JPEGLSLossless

from rendering.breast import find_breast
from rendering.breast_known import breast_in, look_ahead
from rendering.images import SeriesImages
from rendering.small_images import largest_part
from rendering.viewport import Viewport
from rendering.viewport_sheet import Sheets

# Twice the block that a pixel of the small image stands for.
NEAR = 12.0
HARD: dict[str, Callable[[Any], Any]] = {
    "plain": lambda image: image,
    "marker": with_marker,
    "film": with_film_border,
    "film and marker": lambda image: with_film_border(with_marker(image)),
    "implant": with_implant,
}


@pytest.mark.parametrize("hard", HARD)
@pytest.mark.parametrize("oblique", [False, True])
@pytest.mark.parametrize("is_right", [False, True])
@pytest.mark.parametrize("bright", [True, False])
def test_the_nipple_and_the_chest_wall_are_found(hard: str, oblique: bool, is_right: bool, bright: bool) -> None:
    image = HARD[hard](made_breast(oblique=oblique, nipple_row=700 if oblique else 640))
    image = image[:, ::-1] if is_right else image
    found = find_breast(image if bright else 4095 - image, bright=bright)
    assert found is not None
    assert found.nipple is not None
    assert found.wall == ("right" if is_right else "left")
    assert found.edge == (COLUMNS - 0.5 if is_right else -0.5)
    tip = 420.0 + 22.0
    assert found.nipple[0] == pytest.approx(COLUMNS - 1 - tip if is_right else tip, abs=2 * NEAR)
    assert found.nipple[1] == pytest.approx(700 if oblique else 640, abs=NEAR)


@pytest.mark.parametrize("gap", [0, 24, 61, 100])
@pytest.mark.parametrize("is_right", [False, True])
def test_a_strip_of_air_at_the_chest_wall_is_measured_to_the_pixel(gap: int, is_right: bool) -> None:
    image = made_breast(gap=gap)
    found = find_breast(image[:, ::-1] if is_right else image)
    assert found is not None
    assert found.edge == (COLUMNS - 0.5 - gap if is_right else gap - 0.5)


def test_a_strip_with_anything_in_it_stays_in_sight() -> None:
    image = made_breast(gap=100)
    image[300:420, 20:50] = 4000
    found = find_breast(image)
    assert found is not None
    assert found.edge == -0.5


def test_a_breast_without_a_nipple_in_profile_has_none_but_a_middle() -> None:
    found = find_breast(made_breast(bump=0))
    assert found is not None
    assert found.nipple is None
    assert found.middle == pytest.approx(640, abs=3 * NEAR)


def test_what_orientation_says_of_the_chest_wall_is_held_against_the_image() -> None:
    image = made_breast()
    agreed, denied = find_breast(image, "left"), find_breast(image, "right")
    assert agreed is not None
    assert denied is not None
    assert (agreed.wall, agreed.contradicts) == ("left", False)
    assert (denied.wall, denied.contradicts) == ("left", True)


@pytest.mark.parametrize(
    "image",
    [
        np.zeros((600, 400), "u2"),
        np.full((600, 400), 4095, "u2"),
        np.random.default_rng(1).integers(0, 4000, (600, 400)).astype("u2"),
        np.zeros((3, 3), "u2"),
        np.pad(np.full((200, 150), 3000, "u2"), ((200, 200), (125, 125))),
    ],
    ids=["black", "white", "noise", "tiny", "a disc of no breast"],
)
def test_of_what_is_no_breast_nothing_is_said(image: Any) -> None:
    assert find_breast(image) is None


def test_what_is_padding_is_air_whatever_its_value() -> None:
    image = made_breast(gap=0)
    image[image < 300] = 4095
    found = find_breast(image, padding=(4095.0, 4095.0))
    assert found is not None
    assert found.nipple is not None
    assert found.nipple[1] == pytest.approx(640, abs=NEAR)


def test_all_that_is_not_air_is_in_the_box_and_the_breast_alone_in_the_outline() -> None:
    found = find_breast(with_marker(made_breast()))
    assert found is not None
    left, top, right, bottom = found.box
    assert (left, top < 60, right > 769, bottom > 1030) == (-0.5, True, True, True)
    assert found.outline[2] < 500
    assert found.outline[1] > 150
    assert found.has_tissue((100.0, 600.0, 200.0, 700.0))
    assert not found.has_tissue((600.0, 600.0, 800.0, 700.0))
    assert not found.has_tissue((0.0, 0.0, 300.0, 100.0))
    assert max(band[3] for band in found.bands) <= ROWS - 0.5


def test_the_largest_part_is_the_connected_one() -> None:
    mask = np.zeros((40, 40), bool)
    mask[5:10, 5:10] = True
    mask[20:30, 3:30] = True
    mask[25:36, 28:31] = True
    mask[22:28, 10:20] = False
    part = largest_part(mask)
    assert part.sum() == mask.sum() - 25
    assert not part[5:10, 5:10].any()
    assert not largest_part(np.zeros((4, 4), bool)).any()


# Read off the films by eye: (column, row) of the nipple's tip.
SHARED = {
    "16_MG_4view_CBIS_P00173/RCC.dcm": ("right", (1540, 2310)),
    "16_MG_4view_CBIS_P00173/LCC.dcm": ("left", (1580, 2090)),
    "16_MG_4view_CBIS_P00173/RMLO.dcm": ("right", (1500, 2760)),
    "16_MG_4view_CBIS_P00173/LMLO.dcm": ("left", (1480, 3030)),
    "16c_MG_NEMA_MG1/MG1_J2KI.dcm": ("left", (2030, 3330)),
}


@pytest.mark.parametrize("name", SHARED)
def test_on_films_the_nipple_is_found_where_one_sees_it(shared_data: Path, name: str) -> None:
    side, (column, row) = SHARED[name]
    found = find_breast(_first_frame(shared_data / name))
    assert found is not None
    assert found.nipple is not None
    assert found.wall == side
    assert found.nipple[0] == pytest.approx(column, abs=110)
    assert found.nipple[1] == pytest.approx(row, abs=110)


def _first_frame(path: Path) -> Any:
    dataset = pydicom.dcmread(path)
    coded = next(generate_frames(dataset.PixelData, number_of_frames=1))
    is_jpeg_ls = dataset.file_meta.TransferSyntaxUID == JPEGLSLossless
    return imagecodecs.jpegls_decode(coded) if is_jpeg_ls else imagecodecs.jpeg2k_decode(coded)


def test_what_was_found_once_in_a_files_bytes_is_not_looked_for_again() -> None:
    """It is found when an image is decoded ahead, so that the reader does not wait for it."""
    series = SeriesMaker()
    series.header = replace(series.header, modality="MG")
    series.add(made_breast().astype("i2"))
    images = series.images()
    instance = replace(images.series.instances[0], sha256="of a file of this test")
    studied = replace(images.study, series=(replace(images.series, instances=(instance,)),))
    fresh = SeriesImages(studied, studied.series[0], series.worker)  # type: ignore[arg-type]
    look_ahead(fresh, 0, images.container(0), {})

    def never() -> Any:
        raise AssertionError("its pixels were asked for")

    found = breast_in(fresh, 0, never)
    assert found is not None
    assert found.wall == "left"
    assert Viewport(fresh).sheet(Viewport(fresh).default_state()) is not None
    assert not Sheets(fresh).sheet(0).waiting
    assert Sheets(series.images(load=False)).sheet(0).waiting


@pytest.mark.parametrize("seed", range(60))
def test_whatever_an_image_holds_finding_ends_with_an_answer(seed: int) -> None:
    rng = np.random.default_rng(seed)
    shape = tuple(int(n) for n in rng.integers(1, 420, 2))
    kind = ["u1", "i2", "u2", "i4", "f4"][seed % 5]
    image = (rng.random(shape) * 255).astype(kind)
    for _ in range(seed % 4):
        rows, columns = (sorted(int(n) for n in rng.integers(0, size + 1, 2)) for size in shape)
        image[rows[0] : rows[1], columns[0] : columns[1]] = rng.integers(0, 255)
    if seed % 3 == 0:
        image[:, : shape[1] // 2] = image.max()
    if kind == "f4" and seed % 2:
        image[::3] = np.nan
    found = find_breast(image, ["", "left", "right"][seed % 3], seed % 2 == 0, (0.0, 3.0) if seed % 7 == 0 else None)
    assert found is None or found.wall in ("left", "right")
    if found is not None:
        left, top, right, bottom = found.box
        assert -0.5 <= left < right <= shape[1] - 0.5
        assert -0.5 <= top < bottom <= shape[0] - 0.5
