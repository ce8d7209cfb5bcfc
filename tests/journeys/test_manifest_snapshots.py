"""Every file of the manifest through `snapshot`: the right picture, rightly described, or refused with the true reason.

The picture is compared with one made here from `pixel_truth`: same window, nearest pixels, no library of
the program. A picture turned, mirrored, inverted, wrapped or shifted by a few pixels fails.
"""

from __future__ import annotations

import csv
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import header_truth
import numpy as np
import pixel_truth
import pytest

from rendering.worker import ImageWorker
from workstation.cache.reading import studies_in
from workstation.errors import Refused
from workstation.presets import load_presets

# pydicom warns of what is wrong in these files when a value is asked for; some are wrong on purpose.
pytestmark = [pytest.mark.qt, pytest.mark.filterwarnings("ignore::UserWarning:pydicom")]

SIZE = 256
# Pictures are compared as means of blocks of this many pixels: interpolation is not what is tested.
BLOCK = 8
STORAGE = "1.2.840.10008.5.1.4.1.1."

# By SOP class, why there is nothing to see; nothing else of the shared data may be refused.
NO_IMAGES = {
    "88.11": "Structured report", "88.22": "Structured report", "88.33": "Structured report", "88.34": "Structured report",
    "88.59": "Key object selection", "11.1": "Presentation state", "481.3": "RT structure set", "481.5": "RT plan",
    "67": "Real world value mapping", "4.2": "MR spectroscopy", "104.1": "Encapsulated PDF", "9.1.1": "Waveform",
}  # fmt: skip

MISSING = "Named in the DICOMDIR, but not on the medium"
DICOMDIRS = ("Not a DICOMDIR", "A DICOMDIR lists files: it is not an image itself", MISSING)

# Drawn over the grey image by the file itself (60xx overlays), or grey and colour mixed.
DECORATED = ("examples_overlay.dcm", "eCT_Supplemental.dcm", "0001_560625.2.dcm")

GROUPS = (
    "01", "02_PETCT_ACRIN042/CT", "02_PETCT_ACRIN042/PT", "02_PETCT_ACRIN042", "03", "04", "05", "06", "07", "08", "09", "10",
    "11", "12", "13", "14", "15", "16", "17", "18", "19", "20", "21", "22",
)  # fmt: skip


@pytest.fixture(scope="module")
def worker() -> Iterator[ImageWorker]:
    with ImageWorker() as running:
        yield running


@pytest.fixture(scope="module")
def screen() -> Any:
    from ui import app

    return app.application([])


@pytest.fixture(scope="module")
def presets() -> Any:
    return load_presets()


def files_of(shared_data: Path, group: str) -> list[Path]:
    """The files whose longest group this is."""
    with (shared_data / "manifest.tsv").open() as manifest:
        paths = [row["path"] for row in csv.DictReader(manifest, delimiter="\t")]
    return [shared_data / p for p in paths if max((g for g in GROUPS if p.startswith(g)), key=len) == group]


@pytest.mark.parametrize("group", GROUPS)
def test_each_file_is_shown_rightly_or_refused_with_a_true_reason(
    shared_data: Path, group: str, worker: ImageWorker, presets: Any, screen: Any, tmp_path: Path
) -> None:
    shown: Counter[str] = Counter()
    files = files_of(shared_data, group)
    assert files
    for path in files:
        outcome = taken(path, worker, presets)
        dataset = pixel_truth.read(path)
        if "DirectoryRecordSequence" in dataset:
            # It stands for the files of its medium, some of which were never there.
            assert outcome in DICOMDIRS if isinstance(outcome, str) else outcome.error is None
            continue
        if isinstance(outcome, str):
            check_refusal(dataset, outcome)
            continue
        check_description(path, dataset, outcome.facts)
        check_picture(path, dataset, outcome, tmp_path)
        shown[path.parts[-2]] += 1
    assert shown or group in ("19",)


def taken(path: Path, worker: ImageWorker, presets: Any) -> Any:
    """The snapshot of the middle image, or the reason why there is none."""
    from ui import snapshot

    with studies_in([path], worker) as read:
        if read.refused:
            return " ".join(dict.fromkeys(reason for _, reason in read.refused))
        try:
            study, series = snapshot.choose_series(read.studies, "")
        except Refused:
            return str(read.studies[0].series[0].instances[0].header["no_pixels"])
        middle = series.image_count // 2 + 1
        return snapshot.take(study, series, worker, snapshot.Wish(frame=middle, width=SIZE, height=SIZE), presets)


def check_refusal(dataset: Any, reason: str) -> None:
    assert "PixelData" not in dataset
    kind = str(dataset.SOPClassUID).removeprefix(STORAGE)
    assert reason.startswith(NO_IMAGES[kind]), reason


def check_description(path: Path, dataset: Any, facts: dict[str, Any]) -> None:
    frame = facts["frame_number"] - 1
    assert facts["error"] is None, path.name
    assert facts["count"] == pixel_truth.frame_count(dataset), path.name
    if "SOPInstanceUID" in dataset:
        assert facts["sop_instance_uid"] == dataset.SOPInstanceUID
    assert header_truth.letters_agree(facts["letters"], dataset, frame), f"{path.name}: {facts['letters']}"
    if header_truth.must_have_letters(dataset, frame):
        assert any(facts["letters"].values()), path.name
    badges = " ".join(facts["badges"])
    assert ("Lossy" in badges) == header_truth.is_lossy(dataset), path.name
    assert ("StudyInstanceUID" not in dataset) == ("names no study" in badges), path.name
    check_spacing(path, dataset, facts, frame, badges)


def check_spacing(path: Path, dataset: Any, facts: dict[str, Any], frame: int, badges: str) -> None:
    spacing, keyword = header_truth.pixel_spacing(dataset, frame)
    if dataset.get("SequenceOfUltrasoundRegions"):
        assert "UltrasoundRegion" in facts["spacing_source"] or facts["mm_per_pixel"] is None
        return
    if spacing is None and "NominalScannedPixelSpacing" not in dataset:
        assert facts["mm_per_pixel"] is None, path.name
        assert "lengths in pixels" in badges, path.name
        return
    if spacing is None:
        assert "on the scanned film" in badges
        return
    rows, columns = int(dataset.Rows), int(dataset.Columns)
    fit = max(columns * spacing[1], rows * spacing[0]) / SIZE
    assert facts["mm_per_pixel"] == pytest.approx(fit, rel=1e-6), path.name
    assert facts["spacing_mm"][1:] == pytest.approx(spacing, rel=1e-6), path.name
    if keyword == "ImagerPixelSpacing" or (
        dataset.Modality in header_truth.PROJECTIONS and "PixelSpacingCalibrationType" not in dataset
    ):
        assert any(word in badges for word in ("at the detector", "calibrated", "ERMF")), path.name
    else:
        assert "Lengths" not in badges, path.name


def check_picture(path: Path, dataset: Any, found: Any, scratch: Path) -> None:
    facts = found.facts
    bare = as_array(found.bare).astype(float)
    try:
        truth = pixel_truth.stored(dataset, scratch)[facts["frame_number"] - 1]
    except pixel_truth.NoOtherDecoder:
        return
    if truth.ndim == 2:
        bare = bare.mean(axis=2)
        expected = grey_of(truth, dataset, facts)
    else:
        bits = 8 if str(dataset.PhotometricInterpretation) == "PALETTE COLOR" else int(dataset.BitsStored)
        expected = truth * 255.0 / ((1 << bits) - 1)
    drawn = on_view(expected, pixel_pitch(dataset, facts))
    away = np.abs(blocks(bare) - blocks(drawn))
    if path.name in DECORATED:
        assert np.median(away) <= 2.0, f"{path.name}: {np.median(away)}"
        return
    assert away.mean() <= 3.0, f"{path.name}: {away.mean()}"
    if blocks(drawn).std() > 2.0:
        alike = np.corrcoef(blocks(bare).ravel(), blocks(drawn).ravel())[0, 1]
        assert alike >= 0.97, f"{path.name}: {alike}"
    lit, expected_lit = (blocks(bare) > 16).mean(), (blocks(drawn) > 16).mean()
    assert abs(lit - expected_lit) <= 0.1, f"{path.name}: {lit} of the picture is lit, {expected_lit} should be"


def as_array(image: Any) -> Any:
    """(rows, columns, 3) of a QImage in RGB888."""
    raw = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    return raw[:, : image.width() * 3].reshape(image.height(), image.width(), 3)


def grey_of(stored: Any, dataset: Any, facts: dict[str, Any]) -> Any:
    """The linear window of PS3.3 C.11.2.1.2 in the unit shown; MONOCHROME1 is dark where values are high."""
    values = pixel_truth.modality(dataset, stored.astype(float), facts["frame_number"] - 1)
    if facts["unit"] == "SUVbw":
        values = values * 91_000.0 / (588_802_304.0 * 2.0 ** (-9527.0 / 6588.0))
    center, width = facts["window"]
    if width > 1.0 and (values == np.rint(values)).all():
        center, width = center - 0.5, width - 1.0
    share = np.clip((values - (center - width / 2.0)) / width, 0.0, 1.0)
    dark = str(dataset.PhotometricInterpretation) == "MONOCHROME1" or dataset.get("PresentationLUTShape") == "INVERSE"
    padding = dataset.get("PixelPaddingValue")
    if dark:
        share = 1.0 - share
    if padding is not None:
        limit = dataset.get("PixelPaddingRangeLimit", padding)
        if not isinstance(padding, bytes):
            share[(stored >= min(padding, limit)) & (stored <= max(padding, limit))] = 0.0
    return share * 255.0


def pixel_pitch(dataset: Any, facts: dict[str, Any]) -> tuple[float, float]:
    """(row, column) size of a pixel on the view."""
    spacing, _ = header_truth.pixel_spacing(dataset, facts["frame_number"] - 1)
    if spacing is not None:
        return spacing[0], spacing[1]
    aspect = dataset.get("PixelAspectRatio")
    return (float(aspect[0]), float(aspect[1])) if aspect else (1.0, 1.0)


def on_view(image: Any, pitch: tuple[float, float]) -> Any:
    """The image fitted into the view, middle on middle: linear between pixels, means of samples where they shrink."""
    rows, columns = image.shape[:2]
    scale = max(columns * pitch[1], rows * pitch[0]) / SIZE
    samples = 1 if max(rows, columns) <= SIZE else 2 if max(rows, columns) <= 2 * SIZE else 4
    fine = (np.arange(SIZE * samples) + 0.5) / samples - SIZE / 2
    y, x = fine * scale / pitch[0] + rows / 2, fine * scale / pitch[1] + columns / 2
    inside = ((y >= 0) & (y < rows))[:, None] & ((x >= 0) & (x < columns))[None]
    picked = _between(_between(image.astype(float), y - 0.5).swapaxes(0, 1), x - 0.5).swapaxes(0, 1)
    picked[~inside] = 0.0
    return picked.reshape(SIZE, samples, SIZE, samples, *image.shape[2:]).mean(axis=(1, 3))


def _between(image: Any, places: Any) -> Any:
    """Rows of `image` at fractional `places`, linear, the outermost ones repeated."""
    places = np.clip(places, 0, len(image) - 1)
    low = np.minimum(places.astype(int), max(0, len(image) - 2))
    share = (places - low).reshape(-1, *[1] * (image.ndim - 1))
    return image[low] * (1.0 - share) + image[np.minimum(low + 1, len(image) - 1)] * share


def blocks(picture: Any) -> Any:
    side = SIZE // BLOCK
    return picture.reshape(side, BLOCK, side, BLOCK, *picture.shape[2:]).mean(axis=(1, 3))
