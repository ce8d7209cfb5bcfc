"""The golden table: every image shown in the greys of the standard's formulas, value and level, in every window.

The program's route is the whole one: worker process, series, viewport, probe, picture. The other
one is `pixel_truth` and `grey_truth`: numpy and other people's decoders. One frame of each
object is looked at, at fixed places, through its own window, through two others in every VOI
LUT function, inverted, and turned (where another way through the program draws).
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest
from golden import compare_files

from rendering.phantoms import write_demonstration
from rendering.worker import ImageWorker

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:pydicom")


@pytest.fixture(scope="module")
def worker() -> Iterator[ImageWorker]:
    with ImageWorker() as running:
        yield running


def folders(shared_data: Path) -> dict[str, list[Path]]:
    found: dict[str, list[Path]] = {}
    with (shared_data / "manifest.tsv").open() as manifest:
        for row in csv.DictReader(manifest, delimiter="\t"):
            found.setdefault(row["path"].split("/")[0], []).append(shared_data / row["path"])
    return found


def test_every_file_of_the_shared_data_is_shown_in_the_standards_greys(
    shared_data: Path, worker: ImageWorker, tmp_path: Path
) -> None:
    """F55, F57."""
    looked_at, wrong = 0, []
    for paths in folders(shared_data).values():
        looked_at += compare_files(paths, worker, tmp_path, wrong)
    assert not wrong, "\n".join(wrong)
    assert looked_at > 1200


def test_every_phantom_is_shown_in_the_standards_greys(worker: ImageWorker, tmp_path: Path) -> None:
    """F55, F57."""
    studies = write_demonstration(tmp_path / "made", size="small")
    for study in studies:
        series = [sorted(folder.glob("*.dcm")) for folder in sorted(study.folder.iterdir()) if folder.is_dir()]
        paths = [path for files in series for path in {files[0], files[len(files) // 2], files[-1]}]
        wrong: list[str] = []
        assert compare_files(paths, worker, tmp_path, wrong) > 0
        assert not wrong, "\n".join(wrong)
