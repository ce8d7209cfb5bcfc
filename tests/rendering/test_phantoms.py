"""The demonstration studies: the same every time, conformant, and true to what they claim.

Pixels are read here by a route of its own (pydicom's header, imagecodecs, plane equations
written out) and not through the workstation's readers.
"""

from __future__ import annotations

import hashlib
import itertools
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.encaps import generate_frames

from rendering.phantoms import ROLES, PhantomStudy, write_demonstration
from rendering.phantoms.chest_voxels import Chest, Contrast, Nodule
from rendering.phantoms.scan import Planes, Pose

Studies = dict[str, PhantomStudy]


@pytest.fixture(scope="module")
def studies(tmp_path_factory: pytest.TempPathFactory) -> Studies:
    made = write_demonstration(tmp_path_factory.mktemp("demonstration"), size="small")
    return {study.role: study for study in made}


def read(study: PhantomStudy, series: str = "*") -> list[Dataset]:
    return [pydicom.dcmread(path) for path in sorted(study.folder.glob(f"*{series}/*.dcm"))]


def stored(ds: Dataset) -> np.ndarray[Any, Any]:
    if not ds.file_meta.TransferSyntaxUID.is_encapsulated:
        return ds.pixel_array
    frames = [
        imagecodecs.jpegls_decode(f) for f in generate_frames(ds.PixelData, number_of_frames=int(ds.get("NumberOfFrames", 1)))
    ]
    return np.stack(frames) if len(frames) > 1 else np.asarray(frames[0])


def around(images: list[Dataset], point: tuple[float, float, float], reach: int = 1) -> float:
    """Mean rescaled value of the pixels around the one nearest to an LPS point."""
    rows, columns = (np.asarray(images[0].ImageOrientationPatient[i : i + 3], float) for i in (0, 3))
    normal = np.cross(rows, columns)
    distances = [abs(float((np.asarray(point) - np.asarray(ds.ImagePositionPatient, float)) @ normal)) for ds in images]
    ds = images[int(np.argmin(distances))]
    offset = np.asarray(point) - np.asarray(ds.ImagePositionPatient, float)
    c, r = round(float(offset @ rows) / float(ds.PixelSpacing[1])), round(float(offset @ columns) / float(ds.PixelSpacing[0]))
    window = stored(ds)[r - reach : r + reach + 1, c - reach : c + reach + 1].astype(float)
    return float(window.mean()) * float(ds.get("RescaleSlope", 1)) + float(ds.get("RescaleIntercept", 0))


def hashes(folder: Path) -> dict[str, str]:
    return {str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest() for p in sorted(folder.rglob("*.dcm"))}


def files(studies: Studies) -> Iterator[Path]:
    for study in studies.values():
        yield from sorted(study.folder.rglob("*.dcm"))


def test_every_study_of_the_issue_is_made_once_in_its_own_folder(studies: Studies) -> None:
    assert tuple(studies) == ROLES
    assert set(ROLES) == {"ct-chest", "ct-chest-prior", "mr-head", "petct", "mg", "dbt", "us", "hand", "angio"}
    for role, study in studies.items():
        uids = {ds.StudyInstanceUID for ds in read(study)}
        assert uids == {study.study_uid}, role
        assert {ds.AccessionNumber for ds in read(study)} == {study.accession}
        assert {ds.Modality for ds in read(study)} == set(study.modalities)


@pytest.mark.parametrize("role", ROLES)
def test_the_validator_of_dicom3tools_finds_no_error(studies: Studies, role: str) -> None:
    validator = Path(sys.executable).parent / "dciodvfy"
    found = []
    paths = sorted(studies[role].folder.rglob("*.dcm"))
    # Slices of a series differ in numbers only; each call costs a tenth of a second.
    for path in [*paths[::8], paths[-1]]:
        answer = subprocess.run([validator, "-new", path], capture_output=True, text=True, check=False)
        said = answer.stdout + answer.stderr
        assert said.strip(), f"{path.name}: the validator said nothing"
        found += [f"{path.name}: {line}" for line in said.splitlines() if line.startswith("Error")]
    assert not found, "\n".join(found[:10])


def test_one_seed_gives_the_same_bytes_and_another_gives_other_studies(studies: Studies, tmp_path: Path) -> None:
    roles = ("ct-chest-prior", "mg", "dbt", "us", "hand", "angio")
    again = write_demonstration(tmp_path / "again", size="small", only=roles)
    for study in again:
        assert hashes(study.folder) == hashes(studies[study.role].folder), study.role
        assert study.truth == studies[study.role].truth
    (other,) = write_demonstration(tmp_path / "other", seed=8, size="small", only=["hand"])
    assert other.study_uid != studies["hand"].study_uid
    assert set(hashes(other.folder).values()).isdisjoint(hashes(studies["hand"].folder).values())


def test_dates_hang_on_today_and_the_prior_lies_nine_months_back(studies: Studies, tmp_path: Path) -> None:
    (later,) = write_demonstration(tmp_path, size="small", only=["hand"], today=date(2027, 1, 5))
    assert read(later)[0].StudyDate == "20270105"
    assert later.study_uid != studies["hand"].study_uid
    current, prior = studies["ct-chest"], studies["ct-chest-prior"]
    assert (current.study_date, prior.study_date) == ("20261122", "20260220")
    assert current.patient_id == prior.patient_id == "DEMO-0001"


def test_identifiers_are_invented_nordic_and_in_utf_8(studies: Studies) -> None:
    letters = set()
    for path in files(studies):
        ds = pydicom.dcmread(path, stop_before_pixels=True)
        assert ds.SpecificCharacterSet == "ISO_IR 192"
        assert re.fullmatch(r"DEMO-\d{4}", ds.PatientID)
        assert ds.IssuerOfPatientID == "LYSKASSE-DEMO"
        letters |= set(str(ds.PatientName))
    assert set("åäöøæ") <= {letter.lower() for letter in letters}


def test_every_object_has_a_uid_of_its_own_under_the_uuid_root(studies: Studies) -> None:
    uids = [str(pydicom.dcmread(path, stop_before_pixels=True).SOPInstanceUID) for path in files(studies)]
    assert len(set(uids)) == len(uids)
    assert all(re.fullmatch(r"2\.25\.[1-9]\d{0,38}", uid) for uid in uids)


def test_only_the_roles_asked_for_are_made_and_an_unknown_one_is_refused(tmp_path: Path) -> None:
    heard: list[tuple[str, float]] = []
    (made,) = write_demonstration(tmp_path, size="small", only=["us"], progress=lambda role, part: heard.append((role, part)))
    assert [p.name for p in tmp_path.iterdir()] == ["us"]
    assert made.role == "us"
    assert heard[-1] == ("us", 1.0)
    assert all(a[1] <= b[1] for a, b in itertools.pairwise(heard))
    with pytest.raises(ValueError, match="no such demonstration study: x-ray"):
        write_demonstration(tmp_path, only=["x-ray"])


@pytest.mark.parametrize("role", ["ct-chest", "ct-chest-prior"])
def test_the_chest_holds_known_hounsfield_units_at_known_places(studies: Studies, role: str) -> None:
    truth, images = studies[role].truth, read(studies[role])
    assert {(float(ds.RescaleSlope), float(ds.RescaleIntercept)) for ds in images} == {(1.0, -1024.0)}
    for name, (point, expected) in truth["known_hu"].items():
        assert around(images, point) == pytest.approx(expected, abs=22), name
    assert around(images, truth["nodule_centre"], reach=0) > (-60 if role == "ct-chest" else -450)


def test_the_chest_lies_the_right_way_round(studies: Studies) -> None:
    images = read(studies["ct-chest"])
    assert all([float(v) for v in ds.ImageOrientationPatient] == [1, 0, 0, 0, 1, 0] for ds in images)
    heights = [float(ds.ImagePositionPatient[2]) for ds in images]
    assert np.allclose(np.diff(heights), 4.0)
    # The apex of the heart is on the patient's left (x > 0) and the lung on the right at the same place.
    assert around(images, (62.0, -50.0, -104.0)) > 40
    assert around(images, (-62.0, -50.0, -88.0)) < -700
    # The liver is on the right; the sternum is in front and the spine behind.
    assert around(images, (-90.0, 0.0, -150.0)) > 60
    assert around(images, (0.0, 47.0, -35.0)) > 60
    assert around(images, (0.0, -160.0, -35.0)) < -900


def centre_of_nodule(study: PhantomStudy) -> np.ndarray[Any, Any]:
    """Centroid of what is denser than lung near the known place."""
    points, weights = [], []
    known = np.asarray(study.truth["nodule_centre"])
    for ds in read(study):
        origin, spacing = np.asarray(ds.ImagePositionPatient, float), float(ds.PixelSpacing[0])
        if abs(origin[2] - known[2]) > 9:
            continue
        rows, columns = np.mgrid[0 : ds.Rows, 0 : ds.Columns]
        x, y = origin[0] + columns * spacing, origin[1] + rows * spacing
        near = (x - known[0]) ** 2 + (y - known[1]) ** 2 + (origin[2] - known[2]) ** 2 < 8**2
        points.append(np.stack([x[near], y[near], np.full(near.sum(), origin[2])], axis=1))
        weights.append(np.clip(stored(ds)[near].astype(float) - 1024 + 800, 0, None))
    return np.asarray(np.average(np.vstack(points), axis=0, weights=np.concatenate(weights)))


def test_the_prior_is_the_current_study_moved_by_the_known_transform(studies: Studies) -> None:
    current, prior = studies["ct-chest"], studies["ct-chest-prior"]
    matrix = np.asarray(prior.truth["anatomy_to_scanner"])
    assert np.allclose(matrix[:3, :3] @ matrix[:3, :3].T, np.eye(3))
    degrees = np.degrees(np.arccos((np.trace(matrix[:3, :3]) - 1) / 2))
    assert 2 < degrees < 4
    moved = matrix @ np.array([*current.truth["nodule_centre"], 1.0])
    assert np.allclose(moved[:3], prior.truth["nodule_centre"])
    assert np.linalg.norm(centre_of_nodule(current) - current.truth["nodule_centre"]) < 1.2
    assert np.linalg.norm(centre_of_nodule(prior) - prior.truth["nodule_centre"]) < 1.2


@pytest.mark.parametrize("diameter", [8.0, 5.0])
def test_the_nodule_has_the_known_diameter_and_density_at_full_resolution(diameter: float) -> None:
    centre = (-74.0, -6.0, 46.0)
    planes = Planes(32, 32, 24, (0.72, 0.72), 0.72, (centre[0] - 15.5 * 0.72, centre[1] - 15.5 * 0.72, centre[2] - 11.5 * 0.72))
    chest = Chest(planes, Pose(), 7, (Nodule(centre, diameter),), Contrast(), leaves=60)
    block = np.stack([chest.clean_slice(i) for i in range(planes.count)])
    k, r, c = np.indices(block.shape)
    away = 0.72 * np.sqrt((k - 11.5) ** 2 + (r - 15.5) ** 2 + (c - 15.5) ** 2)
    assert block[away < diameter / 2 - 1].mean() == pytest.approx(30, abs=0.5)
    lung = float(np.median(block[(away > 5.5) & (away < 7)]))
    volume = float(((block - lung) / (30 - lung))[away < 5.5].sum()) * 0.72**3
    assert (6 * volume / np.pi) ** (1 / 3) == pytest.approx(diameter, abs=0.25)


def test_lesions_shine_on_flair_where_they_are_said_to_lie(studies: Studies) -> None:
    truth, images = studies["mr-head"].truth, read(studies["mr-head"], "flair")
    for lesion in truth["lesions"]:
        if lesion["diameter_mm"] >= 7:
            assert around(images, lesion["centre"], reach=0) > 1.35 * truth["signal"]["flair"]["white"]
    assert around(images, truth["landmarks"]["left lateral ventricle"], reach=0) < 200


def test_the_head_looks_forward_and_its_axial_slices_are_tilted(studies: Studies) -> None:
    truth, t2, t1 = studies["mr-head"].truth, read(studies["mr-head"], "t2"), read(studies["mr-head"], "t1")
    for eye, sign in (("left eye", 1), ("right eye", -1)):
        point = truth["landmarks"][eye]
        assert point[0] * sign > 20
        assert around(t2, point, reach=0) > 800
    down = np.asarray(t2[0].ImageOrientationPatient[3:], float)
    assert np.degrees(np.arctan2(-down[2], down[1])) == pytest.approx(10.0, abs=1e-4)
    assert [float(v) for v in t1[0].ImageOrientationPatient] == [0, 1, 0, 0, 0, -1]
    assert {ds.FrameOfReferenceUID for ds in t1} == {ds.FrameOfReferenceUID for ds in t2}


def suv_factor(ds: Dataset) -> float:
    """SUVbw per Bq/ml by the formula of the QIBA FDG profile, written out."""
    drug = ds.RadiopharmaceuticalInformationSequence[0]

    def seconds(text: str) -> float:
        return int(text[0:2]) * 3600 + int(text[2:4]) * 60 + float(text[4:])

    waited = seconds(str(ds.SeriesTime)) - seconds(str(drug.RadiopharmaceuticalStartTime))
    left = float(drug.RadionuclideTotalDose) * 0.5 ** (waited / float(drug.RadionuclideHalfLife))
    return float(ds.PatientWeight) * 1000 / left


def test_uptake_values_are_the_known_ones(studies: Studies) -> None:
    truth, images = studies["petct"].truth, read(studies["petct"], "petac")
    factor = suv_factor(images[0])
    assert factor == pytest.approx(truth["suv_factor"], rel=1e-6)
    assert {(ds.Units, ds.DecayCorrection) for ds in images} == {("BQML", "START")}
    point, expected = truth["liver"]
    assert around(images, point) * factor == pytest.approx(expected, abs=0.12)
    assert around(images, truth["lesion_centre"], reach=0) * factor == pytest.approx(truth["suv_max"], rel=1e-3)
    for name in ("bladder", "brain"):
        point, expected = truth[name]
        assert around(images, point, reach=0) * factor == pytest.approx(expected, rel=0.1), name


def test_the_lesion_is_the_hottest_place_of_the_chest_and_every_slice_has_its_own_slope(studies: Studies) -> None:
    truth, images = studies["petct"].truth, read(studies["petct"], "petac")
    assert len({float(ds.RescaleSlope) for ds in images}) > len(images) * 0.9
    chest = [ds for ds in images if -60 < float(ds.ImagePositionPatient[2]) < 120]
    largest = max(float(stored(ds).max()) * float(ds.RescaleSlope) for ds in chest) * suv_factor(images[0])
    assert largest == pytest.approx(truth["suv_max"], rel=1e-3)


def test_the_low_dose_ct_shares_the_frame_of_reference_and_shows_the_lesion(studies: Studies) -> None:
    truth = studies["petct"].truth
    ct, pet = read(studies["petct"], "lowdosect"), read(studies["petct"], "petac")
    assert {ds.FrameOfReferenceUID for ds in ct} == {ds.FrameOfReferenceUID for ds in pet}
    assert around(ct, truth["lesion_centre"], reach=0) == pytest.approx(38, abs=60)
    assert around(ct, truth["bladder"][0]) == pytest.approx(6, abs=30)


def test_microcalcifications_are_where_they_are_said_to_be_in_both_left_views(studies: Studies) -> None:
    truth = studies["mg"].truth
    assert set(truth["microcalcifications"]) == {"LCC", "LMLO"}
    views = {f"{ds.ImageLaterality}{ds.ViewPosition}": ds for ds in read(studies["mg"])}
    for name, places in truth["microcalcifications"].items():
        picture = stored(views[name]).astype(float)
        gains = []
        for column, row in places:
            c, r = round(column), round(row)
            gains.append(picture[r, c] - np.median(picture[r - 9 : r + 10, c - 9 : c + 10]))
        assert np.mean(gains) > 250, name
        assert min(gains) > -80, name


def test_mammograms_say_their_side_view_and_orientation(studies: Studies) -> None:
    codes = {"CC": "399162004", "MLO": "399368009"}
    orientations = {"RCC": ["P", "L"], "LCC": ["A", "R"], "RMLO": ["P", "FL"], "LMLO": ["A", "FR"]}
    seen = {}
    for ds in read(studies["mg"]):
        name = f"{ds.ImageLaterality}{ds.ViewPosition}"
        seen[name] = list(ds.PatientOrientation)
        assert ds.ViewCodeSequence[0].CodeValue == codes[ds.ViewPosition]
        assert float(ds.EstimatedRadiographicMagnificationFactor) == pytest.approx(1.06)
        assert "PixelSpacing" not in ds
        # The chest wall is where P points to: the breast is at that edge and air at the other.
        left, right = stored(ds)[:, :8].mean(), stored(ds)[:, -8:].mean()
        assert (left > right) == (ds.PatientOrientation[0] == "A")
    assert seen == orientations


def test_a_grain_is_sharpest_in_its_own_plane_of_the_tomosynthesis(studies: Studies) -> None:
    (ds,) = read(studies["dbt"])
    frames = stored(ds).astype(float)
    assert frames.shape[0] == studies["dbt"].truth["frames"] == int(ds.NumberOfFrames)
    stronger = 0
    for column, row, frame in studies["dbt"].truth["microcalcifications"]:
        c, r = round(column), round(row)
        stronger += frames[frame, r, c] > frames[frame + 6, r, c]
    assert stronger >= 14
    positions = [np.asarray(f.PlanePositionSequence[0].ImagePositionPatient, float) for f in ds.PerFrameFunctionalGroupsSequence]
    assert np.allclose(np.linalg.norm(np.diff(positions, axis=0), axis=1), 1.0, atol=1e-6)


def test_the_left_ventricle_empties_and_the_region_is_calibrated(studies: Studies) -> None:
    (ds,) = read(studies["us"])
    truth, frames = studies["us"].truth, stored(ds)
    assert frames.shape == (30, ds.Rows, ds.Columns, 3)
    column, row = (round(v) for v in truth["left_ventricle"])
    reach = round(45 / truth["mm_per_pixel"])
    window = frames[:, row - reach : row + reach, max(column - reach, 0) : column + reach].max(axis=3)
    dark = (window < 24).sum(axis=(1, 2))
    assert dark[truth["ejection"]["end systole"]] < 0.9 * dark[truth["ejection"]["end diastole"]]
    region = ds.SequenceOfUltrasoundRegions[0]
    assert region.PhysicalUnitsXDirection == region.PhysicalUnitsYDirection == 3
    assert region.PhysicalDeltaX * 10 == pytest.approx(truth["mm_per_pixel"])
    assert (region.RegionLocationMaxY1 - region.RegionLocationMinY0) * region.PhysicalDeltaY == pytest.approx(16.0, abs=0.2)
    assert float(ds.FrameTime) == truth["frame_time_ms"]


def test_the_hand_is_stored_inverted_and_its_fracture_is_lucent(studies: Studies) -> None:
    (ds,) = read(studies["hand"])
    truth, picture = studies["hand"].truth, stored(ds).astype(float)
    assert (ds.PhotometricInterpretation, ds.PresentationLUTShape) == ("MONOCHROME1", "INVERSE")

    def at(place: tuple[float, float]) -> float:
        return float(picture[round(place[1]), round(place[0])])

    assert at(truth["air"]) > at(truth["soft_tissue"]) > at(truth["shaft"])
    column, row = (round(v) for v in truth["fracture"])
    gap = picture[row - 1 : row + 2, column].max()
    assert gap > np.median(picture[row - 12 : row - 5, column]) + 60
    assert ds.PatientOrientation == ["L", "H"]


def shifted(image: np.ndarray[Any, Any], down: float, right: float) -> np.ndarray[Any, Any]:
    """By a part of a pixel, between its neighbours; edges come round from the other side."""
    made = image
    for axis, by in ((0, down), (1, right)):
        beside = np.roll(made, 1 if by > 0 else -1, axis)
        made = made * (1 - abs(by)) + beside * abs(by)
    return made


def test_the_angiogram_fills_after_its_mask_and_its_head_moves_as_told(studies: Studies) -> None:
    """Beer and Lambert: without contrast the logarithms differ by noise alone; bone is gone again once moved back as told."""
    study = studies["angio"]
    (ds,) = read(study)
    truth = study.truth
    logs = np.log(stored(ds).astype(float))
    item = ds.MaskSubtractionSequence[0]
    assert (tuple(item.MaskFrameNumbers), item.MaskOperation, ds.RecommendedViewingMode) == (truth["mask"], "AVG_SUB", "SUB")
    mask = logs[[number - 1 for number in truth["mask"]]].mean(axis=0)
    column, row = (round(part) for part in truth["carotid"])
    inside = np.s_[row - 1 : row + 2, column - 1 : column + 2]
    head = np.s_[20:100, 30:98]
    for frame in range(1, truth["first_contrast"]):
        assert abs((logs[frame - 1] - mask)[inside].mean()) < 0.05
        assert np.std((logs[frame - 1] - mask)[head]) < 0.04
    full = truth["first_contrast"] + 3
    assert (logs[full - 1] - mask)[inside].mean() < -0.2  # iodine is dark
    last = logs[truth["frames"] - 1]
    down, right = truth["motion"]
    moved = shifted(mask, down, right)
    edge = np.s_[30:70, 16:26]  # the vault's side, where nothing fills
    assert np.std((last - moved)[edge]) < 0.6 * np.std((last - mask)[edge])
