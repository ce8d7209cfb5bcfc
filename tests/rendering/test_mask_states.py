"""Presentation states with masks: written as they are seen, read again the same, and those of others followed rightly."""

from __future__ import annotations

import io
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import angiogram
import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset

from rendering.objects.facts import ObjectFacts
from rendering.objects.looking import Presented, presented
from rendering.objects.read import read_context_file, read_object_bytes
from rendering.objects.saving import Saved, SavedView, ToSave, case_as_objects
from rendering.objects.write_plan import Author
from rendering.subtracting import SubtractingViewport
from workstation.domain.key_image import KeyImage
from workstation.domain.subtraction import NATIVE, Mask, MaskOperation, Subtraction
from workstation.domain.viewing import ViewportState, Window
from workstation.errors import Refused

AUTHOR = Author("Ågot Ødegård", datetime(2026, 11, 23, 1, 2, 3, tzinfo=UTC), "1.2")
SIZE = (128, 96)
LINEAR = angiogram.intensities()
LOGGED = angiogram.logarithmic(LINEAR)


def saved(viewport: SubtractingViewport, state: ViewportState, path: Path, *keys: KeyImage) -> Saved:
    wanted = ToSave(viewport.images.study, views=(SavedView(viewport, state, *SIZE),), keys=keys)
    return case_as_objects(wanted, read_context_file(path, 1 << 30), AUTHOR)


def states(made: Saved) -> list[Dataset]:
    return [pydicom.dcmread(io.BytesIO(one.data)) for one in made.objects if one.modality == "PR"]


def asked(*masks: Mask) -> Subtraction:
    return Subtraction(True, ((angiogram.IMAGE, masks),))


def complaints(data: bytes, path: Path) -> list[str]:
    path.write_bytes(data)
    done = subprocess.run([Path(sys.executable).parent / "dciodvfy", "-new", path], capture_output=True, text=True, check=False)
    return [line for line in (done.stdout + done.stderr).splitlines() if line.startswith("Error")]


@pytest.mark.parametrize(
    ("relationship", "mask"),
    [
        ("LIN", Mask(frames=(1, 2, 3), shift=(0.1, -1.5))),
        ("LOG", Mask(frames=(2,), contrast_frames=2, shift=(1.0, -2.0))),
        ("LOG", Mask(MaskOperation.INTERVAL, offset=2)),
        ("DISP", Mask(frames=(1,))),
    ],
)
def test_a_subtracted_run_comes_back_as_the_very_same_picture(tmp_path: Path, relationship: str, mask: Mask) -> None:
    frames = LINEAR if relationship == "LIN" else LOGGED
    viewport = angiogram.opened(angiogram.run(frames, relationship), frames, tmp_path / "run.dcm")
    state = replace(viewport.default_state(), position=4, subtraction=asked(mask), window=Window(-100.0, 2500.0), inverted=True)
    made = saved(viewport, state, tmp_path / "run.dcm")
    assert made.left_out == ()
    (written,) = made.objects
    assert complaints(written.data, tmp_path / "pr.dcm") == []
    facts = read_object_bytes(written.data)
    for position in (3, 4):  # the state is for the whole run, not for the one image that was shown
        bare = replace(viewport.default_state(), position=position)
        found = presented(viewport.images, bare, facts, *SIZE)
        assert found.words == ()
        expected = viewport.picture(replace(state, position=position), *SIZE)
        assert np.array_equal(viewport.picture(found.state, *SIZE).pixels, expected.pixels)
        assert expected.notes[0].startswith("Subtracted")
        assert np.ptp(expected.pixels) > 30


def test_the_module_is_as_the_standard_has_it(tmp_path: Path) -> None:
    """C.11.13: one item, without a frame range; the state's own table leads linear intensities to logarithmic ones."""
    viewport = angiogram.opened(angiogram.run(LINEAR, "LIN"), LINEAR, tmp_path / "run.dcm")
    state = replace(viewport.default_state(), subtraction=asked(Mask(frames=(1, 2), shift=(0.5, -1.0), ranges=((3, 5),))))
    (ds,) = states(saved(viewport, replace(state, position=3), tmp_path / "run.dcm"))
    (item,) = ds.MaskSubtractionSequence
    assert (item.MaskOperation, item.MaskFrameNumbers, item.ContrastFrameAveraging) == ("AVG_SUB", [1, 2], 1)
    assert (list(item.MaskSubPixelShift), "ApplicableFrameRange" in item, ds.RecommendedViewingMode) == (
        [0.5, 1.0],  # down, and to the right is negative (C.7.6.10.1.2)
        False,
        "SUB",
    )
    assert ds.ReferencedSeriesSequence[0].ReferencedImageSequence[0].ReferencedFrameNumber == [3, 4, 5]
    table = np.frombuffer(ds.ModalityLUTSequence[0].LUTData, "<u2")
    truth = np.log(1.0 + np.arange(4096)) * 65535.0 / np.log(4096.0)
    assert abs(table - truth).max() <= 0.5 + 1e-9


X_RAY = "1.2.840.10008.5.1.4.1.1.11.5"


@pytest.mark.parametrize("relationship", ["LIN", "LOG"])
def test_a_whole_session_comes_back_from_an_x_ray_state(tmp_path: Path, relationship: str) -> None:
    """Two masks, shifts of their own, landmarks and a filter: no grey state holds them (A.33.6)."""
    frames = LINEAR if relationship == "LIN" else LOGGED
    viewport = angiogram.opened(angiogram.run(frames, relationship), frames, tmp_path / "run.dcm")
    early = Mask(frames=(1,), ranges=((2, 3),), landmark=20.0)
    late = Mask(frames=(1, 2), ranges=((5, 6),), shift=(1.0, -2.0), frame_shifts=((6, (0.5, 0.25)),), contrast_frames=1)
    state = replace(viewport.default_state(), position=5, subtraction=asked(early, late), window=Window(-100.0, 2500.0))
    state = replace(state, sharpening=2, rotation=90)
    made = saved(viewport, state, tmp_path / "run.dcm")
    assert made.left_out == ()
    (written,) = made.objects
    assert written.sop_class_uid == X_RAY
    facts = read_object_bytes(written.data)
    for position in (1, 2, 4, 5):
        found = presented(viewport.images, replace(viewport.default_state(), position=position), facts, *SIZE)
        assert found.words == ("The state's edge enhancement is by this program's own filter",)
        expected = viewport.picture(replace(state, position=position), *SIZE)
        picture = viewport.picture(found.state, *SIZE)
        assert np.array_equal(picture.pixels, expected.pixels)
        assert picture.notes == expected.notes
        assert np.ptp(expected.pixels) > 30
    with pytest.raises(Refused):  # a frame that is not subtracted is not of this state
        presented(viewport.images, replace(viewport.default_state(), position=3), facts, *SIZE)
    # Saved again while it is followed, it says the same.
    following = presented(viewport.images, replace(viewport.default_state(), position=5), facts, *SIZE).state
    (again,) = saved(viewport, following, tmp_path / "run.dcm").objects
    one, other = (pydicom.dcmread(io.BytesIO(data)) for data in (written.data, again.data))
    for keyword in ("MaskSubtractionSequence", "MultiFramePresentationSequence", "SoftcopyVOILUTSequence"):
        assert one[keyword] == other[keyword]


def test_the_modules_of_an_x_ray_state_are_as_the_standard_has_them(tmp_path: Path) -> None:
    """C.11.19, C.8.19.7; the rest of it is that of a grey state, which dciodvfy knows."""
    viewport = angiogram.opened(angiogram.run(LOGGED, "LOG"), LOGGED, tmp_path / "run.dcm")
    masks = (Mask(frames=(2,), ranges=((3, 3), (5, 6)), frame_shifts=((5, (1.0, -2.0)), (6, (1.0, -2.0))), landmark=10.0),)
    (written,) = saved(
        viewport, replace(viewport.default_state(), position=4, subtraction=asked(*masks)), tmp_path / "run.dcm"
    ).objects
    ds = pydicom.dcmread(io.BytesIO(written.data))
    (item,) = ds.MaskSubtractionSequence
    said = (item.MaskOperation, list(item.ApplicableFrameRange), item.MaskFrameNumbers, item.ContrastFrameAveraging)
    assert said == ("AVG_SUB", [3, 3, 5, 6], 2, 1)
    assert "MaskSubPixelShift" not in item  # it is of ranges here, in a sequence
    (shift,) = item.PixelShiftSequence
    assert list(shift.PixelShiftFrameRange) == [5, 6]
    assert list(shift.RegionPixelShiftSequence[0].MaskSubPixelShift) == [1.0, 2.0]
    shown_ = ds.MultiFramePresentationSequence[0].FrameDisplaySequence
    told = [(one.StartTrim, one.StopTrim, one.RecommendedViewingMode, one.get("MaskVisibilityPercentage")) for one in shown_]
    assert told == [(1, 2, "NAT", None), (3, 3, "SUB", 10.0), (4, 4, "NAT", None), (5, 6, "SUB", 10.0)]
    assert {(one.RecommendedDisplayFrameRateInFloat, one.SkipFrameRangeFlag) for one in shown_} == {(4.0, "DISPLAY")}
    assert not {"ModalityLUTSequence", "RescaleSlope", "RecommendedViewingMode"} & {element.keyword for element in ds}
    del ds.MaskSubtractionSequence, ds.MultiFramePresentationSequence
    ds.SOPClassUID = ds.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.11.1"
    grey = io.BytesIO()
    ds.save_as(grey)
    assert complaints(grey.getvalue(), tmp_path / "pr.dcm") == []


def test_a_key_image_that_hangs_nowhere_keeps_the_subtraction_of_its_file(tmp_path: Path) -> None:
    module = angiogram.masked(MaskFrameNumbers=1)
    viewport = angiogram.opened(angiogram.run(LOGGED, "LOG", **module), LOGGED, tmp_path / "run.dcm")
    key = KeyImage(angiogram.STUDY, angiogram.SERIES, angiogram.IMAGE, 5, "113000")
    wanted = ToSave(viewport.images.study, keys=(key,))
    (ds,) = states(case_as_objects(wanted, read_context_file(tmp_path / "run.dcm", 1 << 30), AUTHOR))
    assert ds.MaskSubtractionSequence[0].MaskFrameNumbers == 1
    assert "SoftcopyVOILUTSequence" not in ds  # the file's window is for the images as they are


# States of others


def of_others(sop_class: str = "1.2.840.10008.5.1.4.1.1.11.5", **elements: Any) -> ObjectFacts:
    ds = Dataset()
    ds.SOPClassUID, ds.SOPInstanceUID = sop_class, "2.25.7100"
    ds.StudyInstanceUID, ds.SeriesInstanceUID = angiogram.STUDY, "2.25.7101"
    ds.PatientID, ds.IssuerOfPatientID, ds.PatientName, ds.Modality = "XA-0001", "TESTHOSPITAL", "Årnes^Test", "PR"
    ds.ContentLabel, ds.PresentationLUTShape = "OTHERS", "IDENTITY"
    image = Dataset()
    image.ReferencedSOPClassUID, image.ReferencedSOPInstanceUID = angiogram.XA, angiogram.IMAGE
    series = Dataset()
    series.SeriesInstanceUID, series.ReferencedImageSequence = angiogram.SERIES, [image]
    ds.ReferencedSeriesSequence = [series]
    for keyword, value in elements.items():
        setattr(ds, keyword, value)
    out = io.BytesIO()
    ds.file_meta = pydicom.dataset.FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.1"
    ds.file_meta.MediaStorageSOPClassUID, ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPClassUID, ds.SOPInstanceUID
    pydicom.dcmwrite(out, ds, enforce_file_format=True)
    return read_object_bytes(out.getvalue())


def item(**elements: Any) -> Dataset:
    made = Dataset()
    for keyword, value in elements.items():
        setattr(made, keyword, value)
    return made


def to_log(table: np.ndarray[Any, Any]) -> Dataset:
    made = item(LUTFunction="TO_LOG", LUTDescriptor=[4096, 0, 16])
    made.add_new("LUTData", "OW", table.astype("u2").tobytes())
    return made


def shifted_by(first: int, last: int, *regions: Dataset) -> Dataset:
    return item(PixelShiftFrameRange=[first, last], RegionPixelShiftSequence=list(regions))


def shown(viewport: SubtractingViewport, facts: ObjectFacts, frame: int) -> Presented:
    return presented(viewport.images, replace(viewport.default_state(), position=frame - 1), facts, *SIZE)


def value(viewport: SubtractingViewport, state: ViewportState, column: int, row: int) -> float:
    probe = viewport.probe(state, angiogram.COLUMNS, angiogram.ROWS, column + 0.5, row + 0.5)
    assert probe is not None
    assert probe.value is not None
    return probe.value


def test_an_x_ray_state_is_followed_frame_by_frame(tmp_path: Path) -> None:
    """C.11.19, C.11.21: its own table, shifts of single frames, ranges shown as they are, and landmarks."""
    viewport = angiogram.opened(angiogram.run(LINEAR, "LIN"), LINEAR, tmp_path / "run.dcm")
    table = np.rint(np.sqrt(np.arange(4096.0)) * 1000.0)
    shifts = [shifted_by(1, 4, item(MaskSubPixelShift=[0.0, 0.0])), shifted_by(5, 6, item(MaskSubPixelShift=[1.0, 2.0]))]
    mask = item(MaskOperation="AVG_SUB", MaskFrameNumbers=[1, 2], PixelShiftSequence=shifts)
    mask.PixelIntensityRelationshipLUTSequence = [to_log(table)]
    displays = [
        item(StartTrim=1, StopTrim=3, RecommendedViewingMode="NAT", SkipFrameRangeFlag="DISPLAY"),
        item(StartTrim=4, StopTrim=6, RecommendedViewingMode="SUB", MaskVisibilityPercentage=25.0, DisplayFilterPercentage=30.0),
    ]
    facts = of_others(MaskSubtractionSequence=[mask], MultiFramePresentationSequence=[item(FrameDisplaySequence=displays)])
    logs = table[LINEAR]
    mean = (logs[0] + logs[1]) / 2
    found = shown(viewport, facts, 5)
    assert value(viewport, found.state, 30, 22) == pytest.approx(logs[4][22, 30] - 0.75 * mean[21, 32], abs=0.01)
    assert value(viewport, shown(viewport, facts, 4).state, 30, 22) == pytest.approx(
        logs[3][22, 30] - 0.75 * mean[22, 30], abs=0.01
    )
    assert value(viewport, shown(viewport, facts, 2).state, 30, 22) == LINEAR[1][22, 30]
    assert found.words == ("The state's edge enhancement is by this program's own filter",)
    assert (found.state.sharpening, shown(viewport, facts, 2).state.sharpening) == (1, 0)
    assert viewport.picture(found.state, *SIZE).notes[0] == "Subtracted, mask 1-2, shift 1.0/-2.0, landmarks 25 %"


def test_a_mask_holds_for_its_own_frames_within_those_that_are_shown_subtracted(tmp_path: Path) -> None:
    viewport = angiogram.opened(angiogram.run(LOGGED, "LOG"), LOGGED, tmp_path / "run.dcm")
    mask = item(MaskOperation="AVG_SUB", MaskFrameNumbers=1, ApplicableFrameRange=[3, 5])
    display = item(StartTrim=4, StopTrim=6, RecommendedViewingMode="SUB", MaskVisibilityPercentage=0.0)
    displays = item(FrameDisplaySequence=[display])
    facts = of_others(MaskSubtractionSequence=[mask], MultiFramePresentationSequence=[displays])
    states = [shown(viewport, facts, frame).state for frame in (3, 4, 5, 6)]
    notes = [viewport.picture(state, *SIZE).notes[0].startswith("Subtracted") for state in states]
    assert notes == [False, True, True, False]


def test_a_state_without_a_mask_shows_the_run_as_it_is(tmp_path: Path) -> None:
    """PS3.4 N.2.1: what a state does not say is not there, whatever the image recommends."""
    module = angiogram.masked(MaskFrameNumbers=1)
    viewport = angiogram.opened(angiogram.run(LOGGED, "LOG", **module), LOGGED, tmp_path / "run.dcm")
    found = shown(viewport, of_others("1.2.840.10008.5.1.4.1.1.11.1"), 5)
    assert found.state.subtraction == NATIVE
    assert value(viewport, found.state, 30, 22) == LOGGED[4][22, 30]


def test_linear_intensities_without_a_table_are_subtracted_as_the_state_says_and_said(tmp_path: Path) -> None:
    viewport = angiogram.opened(angiogram.run(LINEAR, "LIN"), LINEAR, tmp_path / "run.dcm")
    mask = item(MaskOperation="AVG_SUB", MaskFrameNumbers=1)
    found = shown(viewport, of_others("1.2.840.10008.5.1.4.1.1.11.1", MaskSubtractionSequence=[mask]), 5)
    assert value(viewport, found.state, 30, 22) == float(LINEAR[4][22, 30]) - float(LINEAR[0][22, 30])
    assert found.words == ("The state has linear intensities subtracted as they are",)


@pytest.mark.parametrize(
    ("elements", "reason"),
    [
        (
            {
                "PixelShiftSequence": [
                    shifted_by(
                        1,
                        6,
                        item(MaskSubPixelShift=[0.0, 1.0]),
                        item(VerticesOfTheRegion=[1, 1, 9, 9], MaskSubPixelShift=[1.0, 1.0]),
                    )
                ]
            },
            "It shifts parts of the mask on their own",
        ),
        (
            {"PixelIntensityRelationshipLUTSequence": [to_log(np.arange(4096)), to_log(np.arange(4096) // 2)]},
            "It takes the intensities of its images through different tables",
        ),
        ({"MaskFrameNumbers": None}, "What it says of its mask is malformed"),
        ({"MaskOperation": "SOMETHING"}, "What it says of its mask is malformed"),
    ],
)
def test_what_cannot_be_followed_rightly_is_refused_with_its_reason(
    tmp_path: Path, elements: dict[str, Any], reason: str
) -> None:
    viewport = angiogram.opened(angiogram.run(LOGGED, "LOG"), LOGGED, tmp_path / "run.dcm")
    mask = item(**{"MaskOperation": "AVG_SUB", "MaskFrameNumbers": 1, **elements})
    facts = of_others(MaskSubtractionSequence=[mask])
    assert facts.presentation is not None
    assert facts.presentation.refused == reason
    with pytest.raises(Refused, match="cannot be followed"):
        shown(viewport, facts, 5)
