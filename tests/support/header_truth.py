"""What a header says of one frame, read with pydicom alone: letters, millimetres, badges. Nothing of `rendering` is used."""

from __future__ import annotations

from typing import Any

import numpy as np
from pydicom.dataset import Dataset

PROJECTIONS = ("CR", "DX", "MG", "XA", "RF", "RG", "IO", "PX")
LOSSY_SYNTAXES = tuple(f"1.2.840.10008.1.2.4.{n}" for n in (50, 51, 53, 55, 81))
OPPOSITE = str.maketrans("LRAPHF", "RLPAFH")


def functional(dataset: Dataset, frame: int, sequence: str) -> Dataset | None:
    """The macro of `frame` (0-based): its own, else the shared one."""
    groups = [*dataset.get("PerFrameFunctionalGroupsSequence", [])[frame : frame + 1]]
    groups += dataset.get("SharedFunctionalGroupsSequence", [])
    return next((g[sequence][0] for g in groups if g.get(sequence)), None)


def orientation(dataset: Dataset, frame: int) -> list[float] | None:
    item = functional(dataset, frame, "PlaneOrientationSequence") or dataset
    values = item.get("ImageOrientationPatient")
    return [float(v) for v in values] if values is not None and len(values) == 6 else None


def pixel_spacing(dataset: Dataset, frame: int) -> tuple[list[float] | None, str]:
    """([row, column] mm, keyword) as a reader of the standard would take it for a length."""
    measures = functional(dataset, frame, "PixelMeasuresSequence") or dataset
    for keyword, item in (("PixelSpacing", measures), ("ImagerPixelSpacing", dataset)):
        values = item.get(keyword)
        if values is not None and not isinstance(values, str) and len(values) == 2 and min(float(v) for v in values) > 0:
            return [float(v) for v in values], keyword
    return None, ""


def towards(direction: Any) -> str:
    """All sides a direction points to, strongest first."""
    parts = sorted(zip(np.abs(direction), np.asarray(direction) > 0, range(3), strict=True), reverse=True)
    return "".join(("LPH" if positive else "RAF")[axis] for share, positive, axis in parts if share > 1e-6)


def letters_agree(letters: dict[str, str], dataset: Dataset, frame: int) -> bool:
    """Whether the letters at the edges of an unturned view are those of the header; none is right where it tells none."""
    found = orientation(dataset, frame)
    if found is not None and any(letters.values()):
        sides = {"right": towards(found[:3]), "bottom": towards(found[3:])}
    else:
        values = dataset.get("PatientOrientation")
        if not values or len(values) != 2 or not all(values):
            return not any(letters.values())
        sides = {"right": str(values[0]), "bottom": str(values[1])}
    opposite = {"right": "left", "bottom": "top"}
    return all(
        letters[side] != ""
        and expected.startswith(letters[side])
        and letters[opposite[side]] == letters[side].translate(OPPOSITE)
        for side, expected in sides.items()
    )


def must_have_letters(dataset: Dataset, frame: int) -> bool:
    """A cross-section that says where it lies, or a projection that says how the patient stood."""
    position = (functional(dataset, frame, "PlanePositionSequence") or dataset).get("ImagePositionPatient")
    placed = orientation(dataset, frame) is not None and position is not None and pixel_spacing(dataset, frame)[0] is not None
    return placed or len([side for side in dataset.get("PatientOrientation") or () if side]) == 2


def is_lossy(dataset: Any) -> bool:
    return dataset.get("LossyImageCompression") == "01" or str(dataset.file_meta.TransferSyntaxUID) in LOSSY_SYNTAXES
