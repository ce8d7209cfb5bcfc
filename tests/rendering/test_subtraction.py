"""X-ray runs less their masks, value by value against the standard's formulas (PS3.3 C.7.6.10, C.8.19.7; PS3.4 N.2.5).

The truth is reckoned here from the stored values alone, in double precision, with none of our code.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import angiogram
import numpy as np
import pytest
from made_series import FakeWorker
from pydicom.dataset import Dataset

from rendering.images import SeriesImages
from rendering.parse import parse_bytes
from rendering.subtracting import SubtractingViewport
from workstation.domain.annotation import AnnotationKind
from workstation.domain.subtraction import NATIVE, Mask, MaskOperation, Subtraction
from workstation.domain.viewing import ViewportState, Window
from workstation.errors import Refused

LINEAR = angiogram.intensities()
LOGGED = angiogram.logarithmic(LINEAR)
SIZE = (angiogram.COLUMNS, angiogram.ROWS)
Opened = tuple[SubtractingViewport, ViewportState]


@pytest.fixture
def opened(tmp_path: Path) -> Callable[..., Opened]:
    def make(ds: Dataset, frames: Any = LOGGED) -> Opened:
        viewport = angiogram.opened(ds, frames, tmp_path / "run.dcm")
        return viewport, viewport.default_state()

    return make


def values(viewport: SubtractingViewport, state: ViewportState) -> np.ndarray[Any, Any]:
    """What the probe says, NaN where it knows no value; between the pixels that are looked at nothing is asked."""
    made = np.full((angiogram.ROWS, angiogram.COLUMNS), np.inf)
    for row in (0, 1, 13, 21, 24, 35, angiogram.ROWS - 1):
        for column in (0, 1, 2, 17, 22, 40, angiogram.COLUMNS - 2, angiogram.COLUMNS - 1):
            probe = viewport.probe(state, *SIZE, column + 0.5, row + 0.5)
            made[row, column] = np.nan if probe is None or probe.value is None else probe.value
    return made


def same(found: np.ndarray[Any, Any], truth: Any, within: float = 0.0) -> None:
    asked = ~np.isinf(found)
    np.testing.assert_allclose(found[asked], np.asarray(truth, float)[asked], rtol=0, atol=within)


def moved(mask: np.ndarray[Any, Any], down: float, right: float) -> np.ndarray[Any, Any]:
    """The mask moved down and right, each pixel by the formula of linear interpolation, NaN beyond the edge."""
    rows, columns = mask.shape
    out = np.full(mask.shape, np.nan)
    for row in range(rows):
        for column in range(columns):
            y, x = row - down, column - right
            r, c = int(np.floor(y)), int(np.floor(x))
            fy, fx = y - r, x - c
            near = [(r + i, c + j, wy * wx) for i, wy in ((0, 1 - fy), (1, fy)) for j, wx in ((0, 1 - fx), (1, fx)) if wy * wx]
            if all(0 <= i < rows and 0 <= j < columns for i, j, _ in near):
                out[row, column] = sum(mask[i, j] * weight for i, j, weight in near)
    return out


def at(state: ViewportState, frame: int) -> ViewportState:
    return replace(state, position=frame - 1)


def test_the_mean_of_the_masks_is_taken_from_the_mean_of_the_contrast_frames_exactly(opened: Callable[..., Opened]) -> None:
    module = angiogram.masked(MaskFrameNumbers=[1, 3], ContrastFrameAveraging=2, ApplicableFrameRange=[4, 5])
    viewport, state = opened(angiogram.run(LOGGED, "LOG", **module))
    truth = (LOGGED[3].astype(float) + LOGGED[4]) / 2 - (LOGGED[0].astype(float) + LOGGED[2]) / 2
    same(values(viewport, at(state, 4)), truth)
    said = viewport.picture(at(state, 4), *SIZE)
    assert said.notes[0] == "Subtracted, mask 1, 3, mean of images 4-5"
    outside = viewport.picture(at(state, 6), *SIZE)
    assert outside.notes == ("Not subtracted: no mask is for this image",)
    same(values(viewport, at(state, 6)), LOGGED[5])


def test_linear_intensities_are_subtracted_as_logarithms(opened: Callable[..., Opened]) -> None:
    """What iodine takes away is then the same behind bone and beside it: 65535 d / ln 4096 for a line integral d."""
    viewport, state = opened(angiogram.run(LINEAR, "LIN", **angiogram.masked(MaskFrameNumbers=1)), LINEAR)
    scale = 65535.0 / np.log(4096.0)
    logs = np.rint(np.log(1.0 + LINEAR.astype(float)) * scale)
    state = at(replace(state, subtraction=Subtraction(True, ((angiogram.IMAGE, (Mask(shift=(1.0, -2.0)),)),))), 6)
    found = values(viewport, state)
    same(found, logs[5] - moved(logs[0], 1.0, -2.0))
    assert abs(found[[[21], [24]], [2, 17, 22, 40]] - -0.5 * scale).max() < 30.0  # rounding of the stored intensities
    assert abs(found[[[13], [35]], [2, 17, 22, 40]]).max() < 30.0


@pytest.mark.parametrize("shift", [(0.5, -1.0), (-0.25, 2.75), (0.0, 0.1), (2.0, 0.0)])
def test_a_mask_is_shifted_by_fractions_of_a_pixel(opened: Callable[..., Opened], shift: tuple[float, float]) -> None:
    """Positive: towards the lower row, and towards the column at the left hand side (C.7.6.10.1.2)."""
    module = angiogram.masked(MaskFrameNumbers=2, MaskSubPixelShift=list(shift))
    viewport, state = opened(angiogram.run(LOGGED, "LOG", **module))
    down, left = (float(np.float32(part)) for part in shift)  # FL
    found = values(viewport, at(state, 5))
    same(found, LOGGED[4] - moved(LOGGED[1].astype(float), down, -left), 2e-3)
    assert f"shift {down:.1f}/{0.0 - left:.1f}" in viewport.picture(at(state, 5), *SIZE).notes[0]


def test_time_intervals_go_back_by_the_offset_and_reversed_ones_run_away(opened: Callable[..., Opened]) -> None:
    viewport, state = opened(angiogram.run(LOGGED, "LOG", **angiogram.masked("TID", TIDOffset=2)))
    same(values(viewport, at(state, 5)), LOGGED[4].astype(float) - LOGGED[2])
    assert viewport.picture(at(state, 2), *SIZE).notes == ("Not subtracted: its mask is outside the run",)
    reversed_ = angiogram.masked("REV_TID", TIDOffset=1, ApplicableFrameRange=[4, 5])
    viewport, state = opened(angiogram.run(LOGGED, "LOG", **reversed_))
    # The mask of the first is one before it, that of the second three (1 + 2) before it.
    same(values(viewport, at(state, 4)), LOGGED[3].astype(float) - LOGGED[2])
    same(values(viewport, at(state, 5)), LOGGED[4].astype(float) - LOGGED[1])


def test_a_part_of_the_mask_can_stay_visible(opened: Callable[..., Opened]) -> None:
    """0 % is subtracted, 100 % the image as it is (C.8.19.7)."""
    viewport, state = opened(angiogram.run(LOGGED, "LOG"))
    for share in (0.0, 20.0, 100.0):
        asked = Subtraction(True, ((angiogram.IMAGE, (Mask(frames=(1,), landmark=share),)),))
        found = values(viewport, at(replace(state, subtraction=asked), 5))
        same(found, LOGGED[4] - (1 - share / 100) * LOGGED[0].astype(float), 1e-3)


def test_an_image_is_subtracted_as_its_file_recommends_until_the_reader_says_otherwise(opened: Callable[..., Opened]) -> None:
    module = angiogram.masked(MaskFrameNumbers=1)
    viewport, state = opened(angiogram.run(LOGGED, "LOG", **module))
    assert viewport.picture(at(state, 5), *SIZE).notes[0] == "Subtracted, mask 1"
    off = at(replace(state, subtraction=NATIVE), 5)
    assert viewport.picture(off, *SIZE).notes == ()
    same(values(viewport, off), LOGGED[4])
    viewport, state = opened(angiogram.run(LOGGED, "LOG", **{**module, "RecommendedViewingMode": "NAT"}))
    assert viewport.picture(at(state, 5), *SIZE).notes == ()
    assert viewport.picture(at(replace(state, subtraction=Subtraction()), 5), *SIZE).notes[0] == "Subtracted, mask 1"


def test_ranges_of_the_run_have_modes_and_landmarks_of_their_own(opened: Callable[..., Opened]) -> None:
    def shown(first: int, last: int, mode: str, share: float) -> Dataset:
        made = Dataset()
        made.StartTrim, made.StopTrim, made.SkipFrameRangeFlag = first, last, "DISPLAY"
        made.RecommendedViewingMode, made.MaskVisibilityPercentage = mode, share
        return made

    ranges = {"FrameDisplaySequence": [shown(1, 2, "NAT", 0.0), shown(3, 6, "SUB", 25.0)]}
    viewport, state = opened(angiogram.run(LOGGED, "LOG", **angiogram.masked(MaskFrameNumbers=1), **ranges))
    assert viewport.picture(at(state, 2), *SIZE).notes == ()
    same(values(viewport, at(state, 5)), LOGGED[4] - 0.75 * LOGGED[0], 1e-3)


def test_an_enhanced_run_shifts_the_mask_of_each_frame_and_brings_its_own_table(opened: Callable[..., Opened]) -> None:
    """Frame Pixel Shift and Pixel Intensity Relationship LUT macros (C.7.6.16.2.13-14)."""
    table = np.rint(np.sqrt(np.arange(4096.0)) * 100.0).astype("u2")
    lut = Dataset()
    lut.LUTFunction, lut.LUTDescriptor = "TO_LOG", [4096, 0, 16]
    lut.add_new("LUTData", "OW", table.tobytes())
    shared = Dataset()
    shared.PixelIntensityRelationshipLUTSequence = [lut]
    frames = []
    for number in range(angiogram.FRAMES):
        item, shift = Dataset(), Dataset()
        shift.SubtractionItemID, shift.MaskSubPixelShift = 7, [float(number), 0.0]
        item.FramePixelShiftSequence = [shift]
        frames.append(item)
    module = angiogram.masked(MaskFrameNumbers=1, SubtractionItemID=7, MaskSubPixelShift=[9.0, 9.0])
    groups = {"SharedFunctionalGroupsSequence": [shared], "PerFrameFunctionalGroupsSequence": frames}
    properties = Dataset()
    properties.PixelIntensityRelationship = "LIN"
    shared.FramePixelDataPropertiesSequence = [properties]  # there, not in the image itself (C.8.19.6.4)
    gone = {"PixelIntensityRelationship": None, "SOPClassUID": angiogram.ENHANCED_XA}
    made = angiogram.run(LINEAR, "LIN", **gone, **module, **groups)
    viewport, state = opened(made, LINEAR)
    logs = table[LINEAR].astype(float)
    for number in (3, 6):
        same(values(viewport, at(state, number)), logs[number - 1] - moved(logs[0], number - 1.0, 0.0))


def test_the_modality_table_of_logarithmic_pixels_is_for_measuring_intensities_not_for_looking(
    opened: Callable[..., Opened],
) -> None:
    """PS3.3 C.8.7.1, PS3.4 N.2.5: a table back to linear intensities plays no part in what is shown, nor when subtracted."""
    lut = Dataset()
    lut.LUTDescriptor, lut.ModalityLUTType = [4096, 0, 16], "US"
    lut.add_new("LUTData", "OW", (np.arange(4096) ** 2 // 256).astype("u2").tobytes())
    module = angiogram.masked(MaskFrameNumbers=1)
    viewport, state = opened(angiogram.run(LOGGED, "LOG", ModalityLUTSequence=[lut], **module))
    same(values(viewport, at(state, 5)), LOGGED[4].astype(float) - LOGGED[0])
    same(values(viewport, at(replace(state, subtraction=NATIVE), 5)), LOGGED[4])


def test_grey_levels_of_unknown_meaning_are_subtracted_and_said_to_be(opened: Callable[..., Opened]) -> None:
    viewport, state = opened(angiogram.run(LOGGED, "DISP", **angiogram.masked(MaskFrameNumbers=1)))
    same(values(viewport, at(state, 5)), LOGGED[4].astype(float) - LOGGED[0])
    doubts = [doubt.text for doubt in viewport.picture(at(state, 5), *SIZE).doubts]
    assert "Grey levels are subtracted: how they follow the X-ray intensity is not known" in doubts
    logged, state = opened(angiogram.run(LOGGED, "LOG", **angiogram.masked(MaskFrameNumbers=1)))
    assert not any("Grey levels" in doubt.text for doubt in logged.picture(at(state, 5), *SIZE).doubts)


def test_a_run_that_cannot_be_subtracted_rightly_says_why(opened: Callable[..., Opened]) -> None:
    module = angiogram.masked(MaskFrameNumbers=1)
    signed = angiogram.run(LINEAR, "LIN", PixelRepresentation=1, **module)
    viewport, state = opened(signed, LINEAR.astype("i2"))
    assert viewport.picture(state, *SIZE).notes == ("Not subtracted: its intensities are signed",)
    two = [Dataset() for _ in range(angiogram.FRAMES)]
    for number, group in enumerate(two):
        properties = Dataset()
        properties.PixelIntensityRelationship = "LOG" if number else "LIN"
        group.FramePixelDataPropertiesSequence = [properties]
    mixed = angiogram.run(LOGGED, "LOG", PixelIntensityRelationship=None, PerFrameFunctionalGroupsSequence=two, **module)
    viewport, state = opened(mixed)
    assert viewport.picture(state, *SIZE).notes == ("Not subtracted: the intensities of its images are not on one scale",)
    broken = angiogram.run(LOGGED, "LOG", **angiogram.masked("AVG_SUB"))
    viewport, state = opened(broken)
    assert viewport.picture(state, *SIZE).notes == ("Not subtracted: what it says of its masks is malformed",)


def test_one_window_holds_for_the_whole_run_around_what_did_not_change(opened: Callable[..., Opened]) -> None:
    """In cine nothing flickers; the file's window for the images as they are is not for differences."""
    viewport, state = opened(angiogram.run(LOGGED, "LOG", **angiogram.masked(MaskFrameNumbers=1)))
    found = {viewport.window_of(at(state, frame)) for frame in range(1, angiogram.FRAMES + 1)}
    assert len(found) == 1
    window = found.pop()
    assert abs(window.center) < 0.1 * window.width
    assert viewport.window_of(replace(state, subtraction=NATIVE)) == Window(2048.0, 4096.0)
    around = angiogram.run(LOGGED, "LOG", WindowCenter="-20", WindowWidth="300", **angiogram.masked(MaskFrameNumbers=1))
    viewport, state = opened(around)
    assert viewport.window_of(state) == Window(-20.0, 300.0)


def test_the_window_stays_while_the_mask_is_moved(opened: Callable[..., Opened]) -> None:
    """Nothing jumps under a hand that drags it; of another mask it is another one."""
    viewport, state = opened(angiogram.run(LOGGED, "LOG", **angiogram.masked(MaskFrameNumbers=1)))

    def window(**mask: Any) -> Window:
        asked = Subtraction(True, ((angiogram.IMAGE, (Mask(**mask),)),))
        return viewport.window_of(at(replace(state, subtraction=asked), 5))

    still = window()
    assert [window(shift=shift) for shift in ((0.5, 0.0), (8.0, -11.5), (30.0, 40.0))] == [still] * 3
    assert window(frame_shifts=((4, (9.0, 9.0)),)) == still
    assert window(frames=(6,)) != still
    assert window(landmark=50.0) != still


def test_the_picture_is_the_difference_through_its_window(opened: Callable[..., Opened]) -> None:
    viewport, state = opened(angiogram.run(LOGGED, "LOG", **angiogram.masked(MaskFrameNumbers=1, MaskSubPixelShift=[1.0, 2.0])))
    picture = viewport.picture(replace(at(state, 6), window=Window(0.0, 800.0)), *SIZE)
    truth = LOGGED[5] - moved(LOGGED[0].astype(float), 1.0, -2.0)
    share = np.clip((truth - (0.0 - 0.5 - 799.0 / 2)) / 799.0, 0.0, 1.0)
    expected = np.where(np.isnan(share), 0.0, np.rint(share * 255.0)).astype(int)
    assert abs(picture.pixels.astype(int) - expected).max() <= 1
    assert picture.unit == "subtracted"
    assert picture.identity is not None
    assert picture.identity.frame_number == 6


def test_what_is_drawn_on_a_subtracted_image_is_measured_there_and_says_so(opened: Callable[..., Opened]) -> None:
    viewport, state = opened(angiogram.run(LOGGED, "LOG", **angiogram.masked(MaskFrameNumbers=1)))
    here = at(state, 5)
    drawn = viewport.annotation_at(here, *SIZE, [(10.0, 21.0), (30.0, 25.0)], AnnotationKind.RECTANGLE)
    assert drawn is not None
    measured = viewport.measure(drawn)
    by_name = {value.name: value for value in measured.values}
    inside = (LOGGED[4].astype(float) - LOGGED[0])[21:25, 10:30]
    assert by_name["Mean"].value == pytest.approx(inside.mean(), abs=1e-3)
    assert (by_name["Mean"].of, by_name["Mean"].unit) == ("subtracted", "")
    assert by_name["Area"].of == ""
    assert measured.notes[-1] == "Values of the image subtracted, mask 1"
    # Looked at as it is meanwhile, it still says what it was measured on; a new drawing is of the image as it is.
    plain = viewport.annotation_at(
        replace(here, subtraction=NATIVE), *SIZE, [(10.0, 21.0), (30.0, 25.0)], AnnotationKind.RECTANGLE
    )
    assert plain is not None
    mean = next(value for value in viewport.measure(plain).values if value.name == "Mean")
    assert mean.value == pytest.approx(LOGGED[4][21:25, 10:30].mean(), abs=1e-3)


def test_a_drawing_waits_and_a_picture_is_partial_until_the_mask_is_there(tmp_path: Path) -> None:
    path = angiogram.write(angiogram.run(LOGGED, "LOG", **angiogram.masked(MaskFrameNumbers=6)), tmp_path / "run.dcm")
    parsed = parse_bytes(path.read_bytes(), str(path))
    worker = FakeWorker()
    worker.pixels = {(angiogram.IMAGE, number): frame for number, frame in enumerate(LOGGED)}
    images = SeriesImages(parsed.study, parsed.series, worker)  # type: ignore[arg-type]
    viewport = SubtractingViewport(images)
    assert viewport.picture(viewport.default_state(), *SIZE).partial
    assert not viewport.is_ready(viewport.default_state())
    images.load()
    assert viewport.is_ready(viewport.default_state())
    assert not viewport.picture(viewport.default_state(), *SIZE).partial


def test_a_mask_frame_that_cannot_be_decoded_is_an_error_tile(tmp_path: Path) -> None:
    """F54: nothing is subtracted from half of a run in silence."""
    path = angiogram.write(angiogram.run(LOGGED, "LOG", **angiogram.masked(MaskFrameNumbers=1)), tmp_path / "run.dcm")
    parsed = parse_bytes(path.read_bytes(), str(path))
    worker = FakeWorker()
    worker.pixels = {(angiogram.IMAGE, number): frame for number, frame in enumerate(LOGGED)}
    worker.pixels[angiogram.IMAGE, 0] = Refused("This image is damaged")
    images = SeriesImages(parsed.study, parsed.series, worker)  # type: ignore[arg-type]
    images.load()
    viewport = SubtractingViewport(images)
    picture = viewport.picture(at(viewport.default_state(), 5), *SIZE)
    assert picture.error is not None
    assert not picture.pixels.any()


def test_a_difference_that_has_the_number_of_the_padding_is_a_value(opened: Callable[..., Opened]) -> None:
    """Padding is of stored values: a difference of 0 is none of it."""
    viewport, state = opened(angiogram.run(LOGGED, "LOG", PixelPaddingValue=0, **angiogram.masked(MaskFrameNumbers=1)))
    drawn = viewport.annotation_at(state, *SIZE, [(10.0, 5.0), (30.0, 15.0)], AnnotationKind.RECTANGLE)
    assert drawn is not None
    measured = viewport.measure(drawn)
    assert next(value.value for value in measured.values if value.name == "Mean") == 0.0
    assert not any("padding" in note for note in measured.notes)


def test_what_masks_are_in_words(opened: Callable[..., Opened]) -> None:
    viewport, state = opened(angiogram.run(LOGGED, "LOG"))
    mask = Mask(MaskOperation.AVERAGE, (3, 4, 5), shift=(0.5, -1.0), landmark=20.0)
    state = replace(state, subtraction=Subtraction(True, ((angiogram.IMAGE, (mask,)),)))
    assert viewport.picture(state, *SIZE).notes[0] == "Subtracted, mask 3-5, shift 0.5/-1.0, landmarks 20 %"
