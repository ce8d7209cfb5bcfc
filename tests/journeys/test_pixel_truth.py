"""Pixel truth: every value that `snapshot --pixel` would give equals what the file says by an independent route.

The program's route is the whole one: worker process, series, viewport, probe. The other one is
`pixel_truth` (numpy on the dataset; decoders of dcmtk and SimpleITK). Whole frames are compared,
and a sample of single pixels as probes, which are exact to the last digit.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pixel_truth
import pytest

from rendering.images import SeriesImages
from rendering.pixels import colour
from rendering.viewport import Viewport
from rendering.worker import ImageWorker
from workstation.domain.study import ParsedInstance
from workstation.errors import Refused

# pydicom warns of what is wrong in these files when a value is asked for; some are wrong on purpose.
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:pydicom")

# The promise: a probed value differs by no more from the independent one.
PROMISE = 1e-3
# Whole frames are float32 where a slope is not whole: relative rounding of a million.
FLOAT32 = 2e-7
# RGB of lossy JPEG: two ways of rounding, and of spreading subsampled colour over pixels, meet.
COLOUR_STEPS = 3
CHROMA_STEPS = 48
PROBES = 12

FOLDERS = (
    "01_CT_chest_NLST101287", "02_PETCT_ACRIN042", "03_MR_sella_MISTERMR", "04_MR_T1_studyforrest02_2013",
    "05_MR_fMRI_studyforrest02_2014", "06_CT_pair_A002304_19001231", "06_CT_pair_A002304_19010112",
    "06_CT_pair_A062055_19001127", "06_CT_pair_A062055_19001228", "07_MR_T1sag_position_HFP", "07_MR_T1sag_position_HFS",
    "08_eMR_NEMA_brain_MF20", "09_eMR_Siemens_XA30", "10_eCT_perfusion", "11_US", "12_XA", "13_NM", "14_CR", "15_DX",
    "15_DX_overlay_HTJ2K", "16_MG_4view_CBIS_P00173", "16c_MG_NEMA_MG1", "17_RT_breast", "17_RT_dose", "17_RT_phantom",
    "18_SEG_SR_highdicom", "18_SEG_liver_dcmqi", "18_SEG_small", "18_SR_TID1500_QIN_HEADNECK", "18_SR_dwv_annotations",
    "18_SR_text", "19_DOC", "19_ECG", "20_transfer_syntaxes", "21_TG18_luminance_1k", "21_TG18_multi_1k", "22_DICOMDIR_media",
)  # fmt: skip

# JPEG-LS of 7 bits: dcmtk and GDCM call it invalid. Ours was looked at: one wrong bit would smear it.
ONLY_OURS = ("JLSL_08_07_0_1F.dcm",)

# Of these the SUV factor is known: BQML, F-18, 588.8 MBq at injection, 91 kg (README of the data).
SUV_FACTOR = 91_000.0 / (588_802_304.0 * 2.0 ** (-9527.0 / 6588.0))


@pytest.fixture(scope="module")
def worker() -> Iterator[ImageWorker]:
    with ImageWorker() as running:
        yield running


def rows_of(shared_data: Path, folder: str) -> list[dict[str, str]]:
    with (shared_data / "manifest.tsv").open() as manifest:
        return [row for row in csv.DictReader(manifest, delimiter="\t") if row["path"].startswith(f"{folder}/")]


def test_the_folders_listed_here_are_all_there_are(shared_data: Path) -> None:
    with (shared_data / "manifest.tsv").open() as manifest:
        assert {row["path"].split("/")[0] for row in csv.DictReader(manifest, delimiter="\t")} == set(FOLDERS)


@pytest.mark.parametrize("folder", FOLDERS)
def test_pixels_equal_those_of_an_independent_reading(
    shared_data: Path, folder: str, worker: ImageWorker, tmp_path: Path
) -> None:
    files = [shared_data / row["path"] for row in rows_of(shared_data, folder)]
    compared = 0
    for path, found in worker.parse_many(files):
        if isinstance(found, Refused) or not found.instance.has_pixels:
            continue
        try:
            compare_file(path, found, worker, tmp_path)
        except pixel_truth.NoOtherDecoder:
            assert path.name in ONLY_OURS
        compared += 1
    assert compared == sum("PixelData" in pixel_truth.read(path) for path in files)


def compare_file(path: Path, parsed: ParsedInstance, worker: ImageWorker, scratch: Path) -> None:
    images = SeriesImages(parsed.study, parsed.series, worker)
    try:
        images.load()
        dataset = pixel_truth.read(path)
        truth = pixel_truth.stored(dataset, scratch)
        assert len(truth) == images.frame_count, path.name
        viewport = Viewport(images)
        for position in range(images.frame_count):
            frame = images.frame(position)
            if images.header(position).is_colour:
                compare_colour(path, viewport, position, truth[frame], dataset)
            else:
                compare_grey(path, viewport, position, truth[frame], dataset)
    finally:
        images.close()


def compare_grey(path: Path, viewport: Viewport, position: int, truth: Any, dataset: Any) -> None:
    images = viewport.images
    expected = pixel_truth.modality(dataset, truth, images.frame(position))
    step = np.diff(pixel_truth.modality(dataset, np.array([0.0, 1.0]), images.frame(position)))[0]
    slack = pixel_truth.TOLERANCE.get(str(dataset.file_meta.TransferSyntaxUID), 0.0) * abs(step)
    found = images.values(position).values.astype(np.float64)
    away = np.abs(found - expected) - FLOAT32 * np.abs(expected)
    assert away.max() <= PROMISE + slack, f"{path.name} frame {position}: off by {away.max()}"
    for column, row in sample(found):
        probe = viewport.probe_pixel(position, column, row)
        assert probe is not None
        assert probe.modality_value is not None
        assert probe.value is not None
        assert abs(probe.modality_value - expected[row, column]) <= PROMISE + slack, path.name
        factor = SUV_FACTOR if probe.unit == "SUVbw" else 1.0
        assert abs(probe.value - expected[row, column] * factor) <= PROMISE + slack, path.name


def sample(values: Any) -> list[tuple[int, int]]:
    """(column, row) of random pixels, of the corners and of both extremes."""
    rows, columns = values.shape[:2]
    rng = np.random.default_rng(rows * columns)
    found = [(int(rng.integers(columns)), int(rng.integers(rows))) for _ in range(PROBES)]
    extremes = [np.unravel_index(pick(values), values.shape) for pick in (np.argmin, np.argmax)]
    return [*found, (0, 0), (columns - 1, rows - 1), *((int(c), int(r)) for r, c in extremes)]


def compare_colour(path: Path, viewport: Viewport, position: int, truth: Any, dataset: Any) -> None:
    images = viewport.images
    header = images.header(position)
    found = colour(images.container(position), header).astype(int)
    top = 255 if header.photometric == "PALETTE COLOR" else (1 << header.bits_stored) - 1
    expected = np.rint(truth * 255.0 / top).astype(int)
    away = np.abs(found - expected)
    is_lossy = header.transfer_syntax_uid in pixel_truth.TOLERANCE
    if is_lossy:
        assert away.max() <= CHROMA_STEPS, f"{path.name} frame {position}: off by {away.max()}"
        assert np.percentile(away, 99) <= COLOUR_STEPS, path.name
        assert away.mean() <= 1.0, path.name
    else:
        assert away.max() <= (1 if header.photometric.startswith("YBR_FULL") else 0), f"{path.name}: off by {away.max()}"
    for column, row in sample(found[..., 0]):
        probe = viewport.probe_pixel(position, column, row)
        assert probe is not None
        assert probe.colour == tuple(found[row, column])
