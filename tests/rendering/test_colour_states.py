"""Presentation states in colour, with tables and with palettes: what can be followed rightly is, the rest says why."""

from __future__ import annotations

import io
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pydicom
import pytest
from object_images import Phantom, save
from object_seat import AUTHOR, K, Seat, seat_of
from PIL import Image, ImageCms
from pydicom.dataset import Dataset

from rendering.header import LookupTable, Shutter
from rendering.images import SeriesImages
from rendering.objects.looking import presented
from rendering.objects.read_presentation import REFUSED
from rendering.objects.received import found_in
from rendering.objects.saving import INVERTED, SavedView, ToSave, case_as_objects
from rendering.objects.srgb_profile import srgb_profile
from rendering.objects.states import state_of
from rendering.objects.write_plan import Shown
from rendering.objects.write_presentation import COLOUR_STATE, write_gsps
from rendering.viewport import Viewport
from rendering.worker import ImageWorker
from workstation.domain.presenting import Followed
from workstation.domain.study import Instance, Series
from workstation.domain.viewing import ViewportState, Window
from workstation.errors import Refused

TOOLS = Path(sys.executable).parent
STEM = "1.2.840.10008.5.1.4.1.1."
SIZE = (96, 128)


@pytest.fixture(scope="module")
def worker() -> Iterator[ImageWorker]:
    with ImageWorker() as worker:
        yield worker


@pytest.fixture(scope="module")
def seat(worker: ImageWorker, tmp_path_factory: pytest.TempPathFactory) -> Seat:
    return seat_of(Phantom(tmp_path_factory.mktemp("images"), slices=1, spacing=(0.5, 0.5)), worker)


@pytest.fixture(scope="module")
def grey(seat: Seat) -> Iterator[Viewport]:
    yield from opened(seat)


@pytest.fixture(scope="module")
def coloured(worker: ImageWorker, tmp_path_factory: pytest.TempPathFactory) -> Seat:
    """One colour image: red on the left, blue on the right."""
    phantom = Phantom(tmp_path_factory.mktemp("colour"), slices=1, spacing=(0.5, 0.5))
    (path,) = phantom.write()
    ds = pydicom.dcmread(path)
    ds.SamplesPerPixel, ds.PhotometricInterpretation, ds.PlanarConfiguration = 3, "RGB", 0
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 8, 8, 7, 0
    for keyword in ("RescaleSlope", "RescaleIntercept", "RescaleType", "WindowCenter", "WindowWidth"):
        del ds[keyword]
    pixels = np.zeros((64, 48, 3), np.uint8)
    pixels[:, :24] = (200, 10, 20)
    pixels[:, 24:] = (10, 20, 180)
    ds.PixelData = pixels.tobytes()
    save(ds, path)
    return replace(seat_of_files(phantom, worker), phantom=phantom)


def seat_of_files(phantom: Phantom, worker: ImageWorker) -> Seat:
    class Written(Phantom):
        def write(self, **changes: object) -> list[Path]:
            return sorted(self.folder.iterdir())

    return seat_of(Written(phantom.folder), worker)


def opened(seat: Seat) -> Iterator[Viewport]:
    images = SeriesImages(seat.study, seat.study.series[0], seat.worker)
    images.load()
    yield Viewport(images)
    images.close()


def changed(seat: Seat, folder: Path, change) -> Path:
    """A grey state of ours as somebody else would have written it."""
    (written,) = write_gsps(seat.context, AUTHOR, [Shown(seat.headers[0], window=Window(50.0, 400.0))])
    ds = pydicom.dcmread(io.BytesIO(written.data))
    change(ds)
    ds.file_meta.MediaStorageSOPClassUID = ds.SOPClassUID
    ds.save_as(folder / "state.dcm")
    return folder / "state.dcm"


def complaints(path: Path) -> list[str]:
    done = subprocess.run([TOOLS / "dciodvfy", "-new", path], capture_output=True, text=True, check=False)
    return [line for line in (done.stdout + done.stderr).splitlines() if line.startswith("Error")]


def shown_by(seat: Seat, viewport: Viewport, path: Path) -> tuple[ViewportState, tuple[str, ...]]:
    found = presented(viewport.images, viewport.default_state(), seat.worker.read_object(path), *SIZE)
    return found.state, found.words


# Colour


def test_the_look_of_a_colour_image_comes_back_as_the_same_picture(coloured: Seat, tmp_path: Path) -> None:
    for viewport in opened(coloured):
        state = replace(viewport.default_state(), rotation=90, zoom=1.5, pan=(0.1, 0.05))
        state = replace(state, followed=Followed("", Shutter((5, 40, 5, 60))))
        drawn = coloured.drawing(1, K.LENGTH, [(10.0, 20.0), (30.0, 20.0)], "lesion")
        wanted = ToSave(coloured.study, (drawn,), views=(SavedView(viewport, state, *SIZE),))
        saved = case_as_objects(wanted, coloured.context, AUTHOR)
        assert saved.left_out == ()
        (written,) = [one for one in saved.objects if one.modality == "PR"]
        assert written.sop_class_uid == COLOUR_STATE
        path = tmp_path / "state.dcm"
        path.write_bytes(written.data)
        assert complaints(path) == []
        found, words = shown_by(coloured, viewport, path)
        assert words == ()
        expected = viewport.picture(state, *SIZE).pixels
        assert expected.ndim == 3
        assert np.array_equal(viewport.picture(found, *SIZE).pixels, expected)
        assert {tuple(pixel) for pixel in expected.reshape(-1, 3)} >= {(200, 10, 20), (10, 20, 180), (0, 0, 0)}
        ds = pydicom.dcmread(path)
        assert len(ds.GraphicAnnotationSequence) == 1
        assert "SoftcopyVOILUTSequence" not in ds
        assert "PresentationLUTShape" not in ds


def test_an_inverted_colour_image_is_saved_as_it_is_and_that_is_told(coloured: Seat) -> None:
    for viewport in opened(coloured):
        view = SavedView(viewport, replace(viewport.default_state(), inverted=True), *SIZE)
        assert case_as_objects(ToSave(coloured.study, views=(view,)), coloured.context, AUTHOR).left_out == (INVERTED,)


def test_our_profile_is_srgb_for_an_independent_program() -> None:
    """Every colour goes through both to the same, to one level of rounding (LittleCMS)."""
    profile = ImageCms.ImageCmsProfile(io.BytesIO(srgb_profile()))
    assert "sRGB" in ImageCms.getProfileDescription(profile)
    levels = np.linspace(0, 255, 18).round().astype(np.uint8)
    colours = np.stack(np.meshgrid(levels, levels, levels), axis=-1).reshape(18, -1, 3)
    theirs = ImageCms.profileToProfile(Image.fromarray(colours), profile, ImageCms.createProfile("sRGB"), renderingIntent=1)
    assert np.abs(np.asarray(theirs).astype(int) - colours.astype(int)).max() <= 1


def test_colours_of_another_profile_are_said_to_be_shown_as_srgb(seat: Seat, grey: Viewport, tmp_path: Path) -> None:
    def other(ds: Dataset) -> None:
        ds.ICCProfile = srgb_profile().replace(b"sRGB", b"P3??")

    _, words = shown_by(seat, grey, changed(seat, tmp_path, other))
    assert words == ("The state's own colour profile is not followed: colours are shown as sRGB",)

    def declared(ds: Dataset) -> None:
        other(ds)
        ds.ColorSpace = "SRGB"

    assert shown_by(seat, grey, changed(seat, tmp_path, declared))[1] == ()


# Tables


def test_a_voi_lut_is_followed_entry_by_entry(seat: Seat, grey: Viewport, tmp_path: Path) -> None:
    """Not as the window that spans it: a steep step in the middle of the table stands where it is."""

    def table(ds: Dataset) -> None:
        item = ds.SoftcopyVOILUTSequence[0]
        del item.WindowCenter, item.WindowWidth, item.VOILUTFunction
        lut = Dataset()
        entries = np.where(np.arange(200) < 95, 3, 200).astype(np.uint8)
        lut.add_new("LUTDescriptor", "SS", [200, -100, 8])
        lut.add_new("LUTData", "OW", entries.astype("<u2").tobytes())
        item.VOILUTSequence = [lut]

    state, words = shown_by(seat, grey, changed(seat, tmp_path, table))
    assert words == ()
    assert state.window is None
    pixels = grey.picture(state, 48, 64).pixels
    # The phantom is -24 HU with a square of 76 HU: entries 76 and 176 of the table.
    assert (int(pixels[5, 5]), int(pixels[30, 20])) == (3, 200)


def test_a_voi_lut_that_is_followed_is_saved_as_one(seat: Seat, grey: Viewport) -> None:
    table = LookupTable(-100, 8, np.arange(0, 200, dtype="<u2").tobytes())
    state = replace(grey.default_state(), followed=Followed("2.25.1", None, table))
    (written,) = case_as_objects(ToSave(seat.study, views=(SavedView(grey, state, *SIZE),)), seat.context, AUTHOR).objects
    item = pydicom.dcmread(io.BytesIO(written.data)).SoftcopyVOILUTSequence[0].VOILUTSequence[0]
    assert (list(item.LUTDescriptor), item.LUTData) == ([200, -100, 8], table.data)


def test_a_presentation_lut_is_followed(seat: Seat, grey: Viewport, tmp_path: Path) -> None:
    def gamma(ds: Dataset) -> None:
        del ds.PresentationLUTShape
        lut = Dataset()
        entries = np.rint(255.0 * (np.arange(256) / 255.0) ** 2)
        lut.add_new("LUTDescriptor", "US", [256, 0, 8])
        lut.add_new("LUTData", "OW", entries.astype("<u2").tobytes())
        ds.PresentationLUTSequence = [lut]

    state, words = shown_by(seat, grey, changed(seat, tmp_path, gamma))
    assert words == ()
    plain = grey.picture(replace(state, followed=None), *SIZE).pixels.astype(float)
    expected = np.rint(255.0 * (plain / 255.0) ** 2)
    assert np.array_equal(grey.picture(state, *SIZE).pixels, expected.astype(np.uint8))
    assert len(np.unique(expected)) > 1


def test_a_pseudo_colour_state_colours_a_grey_image_by_its_palette(seat: Seat, grey: Viewport, tmp_path: Path) -> None:
    red = np.arange(256) * 257
    green, blue = 65535 - red, np.roll(red, 7)

    def palette(ds: Dataset) -> None:
        ds.SOPClassUID = f"{STEM}11.3"
        del ds.PresentationLUTShape
        for name, entries in (("Red", red), ("Green", green), ("Blue", blue)):
            ds.add_new(f"{name}PaletteColorLookupTableDescriptor", "US", [256, 0, 16])
            ds.add_new(f"{name}PaletteColorLookupTableData", "OW", entries.astype("<u2").tobytes())
        ds.ICCProfile = srgb_profile()

    path = changed(seat, tmp_path, palette)
    assert complaints(path) == []
    state, words = shown_by(seat, grey, path)
    assert words == ()
    plain = grey.picture(replace(state, followed=None), *SIZE).pixels
    pixels = grey.picture(state, *SIZE).pixels
    assert np.array_equal(pixels, np.stack([plain, 255 - plain, np.roll(np.arange(256), 7)[plain]], axis=-1))


@pytest.mark.parametrize("inverted", [False, True])
@pytest.mark.parametrize("coloured", [False, True])
def test_what_greys_become_is_written_and_seen_again(
    seat: Seat, grey: Viewport, tmp_path: Path, coloured: bool, inverted: bool
) -> None:
    """A presentation LUT in a grey state, a palette in one of pseudo-colours; inverted, the table runs the other way."""
    ramp = np.rint(255.0 * (np.arange(256) / 255.0) ** 2).astype(np.uint8)
    levels = (np.stack([ramp, ramp[::-1], np.arange(256, dtype=np.uint8)], axis=1) if coloured else ramp).tobytes()
    state = replace(
        grey.default_state(), inverted=inverted, window=Window(30.0, 300.0), followed=Followed("2.25.1", None, None, levels)
    )
    saved = case_as_objects(ToSave(seat.study, views=(SavedView(grey, state, *SIZE),)), seat.context, AUTHOR)
    assert saved.left_out == ()
    (written,) = saved.objects
    assert written.sop_class_uid == f"{STEM}11.{3 if coloured else 1}"
    path = tmp_path / "state.dcm"
    path.write_bytes(written.data)
    assert complaints(path) == []
    found, words = shown_by(seat, grey, path)
    assert words == ()
    expected = grey.picture(state, *SIZE).pixels
    assert np.array_equal(grey.picture(found, *SIZE).pixels, expected)
    assert len(np.unique(expected)) > 1
    if not coloured:  # an independent program draws it as we do: a level of rounding goes up a table that doubles it
        picture = tmp_path / "out.pgm"
        subprocess.run(["/usr/bin/dcmp2pgm", "-p", path, seat.files[0], picture], check=True, capture_output=True)
        data = picture.read_bytes()
        width, height = (int(part) for part in data.split(maxsplit=3)[1:3])
        theirs = np.frombuffer(data[-width * height :], np.uint8).reshape(height, width).astype(int)
        assert np.abs(theirs - grey.picture(state, width, height).pixels.astype(int)).max() <= 2
        assert np.ptp(theirs) > 50


# What cannot be followed


@pytest.mark.parametrize("stem", REFUSED)
def test_a_state_that_would_make_a_wrong_picture_is_listed_with_its_reason(
    seat: Seat, grey: Viewport, tmp_path: Path, stem: str
) -> None:
    def other_kind(ds: Dataset) -> None:
        ds.SOPClassUID = STEM + stem

    facts = seat.worker.read_object(changed(seat, tmp_path, other_kind))
    assert state_of(facts, seat.study).refused == REFUSED[stem]
    with pytest.raises(Refused, match="cannot be followed") as refused:
        presented(grey.images, grey.default_state(), facts, *SIZE)
    assert refused.value.detail == REFUSED[stem]


def test_a_blending_state_is_said_in_the_list_of_what_is_not_shown(seat: Seat, tmp_path: Path) -> None:
    def blending(ds: Dataset) -> None:
        ds.SOPClassUID = f"{STEM}11.4"
        item = Dataset()
        item.StudyInstanceUID, item.ReferencedSeriesSequence = ds.StudyInstanceUID, ds.ReferencedSeriesSequence
        ds.BlendingSequence = [item]
        del ds.ReferencedSeriesSequence

    path = changed(seat, tmp_path, blending)
    instance = Instance("2.25.4711", f"{STEM}11.4", "1.2.840.10008.1.2.1", 1, 0, 0, 0, str(path), "", 0)
    study = replace(seat.study, series=(*seat.study.series, Series("2.25.4710", "PR", instances=(instance,))))
    (found,) = found_in(study, seat.worker.read_object, lambda: False)
    assert found.words == ("It cannot be followed. What it says of the two series is malformed",)
    assert found.presentation is not None


def test_a_subtracted_mask_is_not_left_out_in_silence(seat: Seat, grey: Viewport, tmp_path: Path) -> None:
    def mask(ds: Dataset) -> None:
        item = Dataset()
        item.MaskOperation = "AVG_SUB"
        ds.MaskSubtractionSequence = [item]

    with pytest.raises(Refused) as refused:
        shown_by(seat, grey, changed(seat, tmp_path, mask))
    assert refused.value.detail == "What it says of its mask is malformed"

    def of_no_run(ds: Dataset) -> None:
        mask(ds)
        ds.MaskSubtractionSequence[0].MaskFrameNumbers = 1

    _, words = shown_by(seat, grey, changed(seat, tmp_path, of_no_run))
    assert words == ("The image is no X-ray run: nothing is subtracted from it",)


def test_a_palette_is_not_laid_over_colours(coloured: Seat, tmp_path: Path) -> None:
    def palette(ds: Dataset) -> None:
        ds.SOPClassUID = f"{STEM}11.3"
        for name in ("Red", "Green", "Blue"):
            ds.add_new(f"{name}PaletteColorLookupTableDescriptor", "US", [256, 0, 16])
            ds.add_new(f"{name}PaletteColorLookupTableData", "OW", bytes(512))

    path = changed(coloured, tmp_path, palette)
    for viewport in opened(coloured):
        state, words = shown_by(coloured, viewport, path)
        assert words == ("The colours of the state are for grey images: not used",)
        assert np.array_equal(viewport.picture(state, *SIZE).pixels, viewport.picture(viewport.default_state(), *SIZE).pixels)
