"""Registration: known movements are found again, wrong ones are refused in words, in a process that can be ended."""

from __future__ import annotations

import os
import signal
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import SimpleITK
from moved_body import Scanner, off, scanned

from rendering.phantoms.scan import Pose
from rendering.registration import child, trial
from rendering.registration.child import Courtesy, RegistrationProcess, Stopped
from rendering.registration.deformable import match_deformable
from rendering.registration.displacement import Displacement, Displacements
from rendering.registration.matching import match_rigid
from rendering.registration.reduce import Reduced, reduced
from rendering.reslice import VolumeSource
from workstation.domain.geometry import VolumeGeometry
from workstation.errors import Unavailable

FIXED = scanned(Scanner())
# Coarser than what is read: a seed then takes a second. The full size is a benchmark.
PITCH = 5.0


@pytest.fixture(scope="module", autouse=True)
def _as_in_its_process():
    SimpleITK.ProcessObject.SetGlobalDefaultNumberOfThreads(2)


def _unheard(_share: float) -> None:
    pass


def _moved(seed: int, modality: str = "CT") -> tuple[Reduced, Pose]:
    """Up to 15 degrees about each axis and 40 mm along each, on another grid with another coverage, with more noise."""
    rng = np.random.default_rng(seed)
    pose = Pose.turned(tuple(rng.uniform(-15, 15, 3)), tuple(rng.uniform(-40, 40, 3)))
    origin = (-176 + rng.uniform(-8, 8), -122 + rng.uniform(-8, 8), -170 + rng.uniform(-20, 30))
    scanner = Scanner((60 - int(rng.integers(0, 12)), 56, 80), (4.4, 4.4, 5.5), origin)
    return scanned(scanner, pose, 25.0, seed, modality), pose


@pytest.mark.parametrize("seed", range(20))
def test_a_prior_moved_by_a_known_transform_is_found_again_in_every_seed(seed: int):
    """To within 1 mm and 1 degree; every second one with the greys of another modality."""
    modality = "MR" if seed % 2 else "CT"
    moving, pose = _moved(seed, modality)
    found = match_rigid(FIXED, moving, _unheard, PITCH)
    mm, degrees = off(found.matrix, pose)
    assert mm < 1.0
    assert degrees < 1.0
    assert found.refusal == ""


def test_a_patient_who_lies_on_the_other_side_is_found_by_a_half_turn():
    pose = Pose.turned((4.0, -3.0, 176.0), (10.0, 25.0, 30.0))
    found = match_rigid(FIXED, scanned(Scanner((60, 60, 88)), pose, 25.0, 3), _unheard, PITCH)
    mm, degrees = off(found.matrix, pose)
    assert (mm < 1.0, degrees < 1.0, found.refusal) == (True, True, "")


def test_equal_volumes_give_equal_results():
    """Samples are chosen by a fixed seed; what is left is the rounding of sums that two threads share."""
    moving, _ = _moved(3)
    once, again = (match_rigid(FIXED, moving, _unheard, PITCH) for _ in range(2))
    assert np.abs(once.matrix - again.matrix).max() < 1e-6
    assert once.residual.found == again.residual.found


def test_the_residual_of_a_perfect_alignment_is_a_small_part_of_a_cube():
    moving, _ = _moved(0)
    found = match_rigid(FIXED, moving, _unheard, PITCH).residual
    assert found.found >= 10
    assert found.median_mm < 0.4 * PITCH


def test_what_shows_nothing_of_the_same_body_is_refused_in_words():
    """A false alignment is worse than none: readers would compare what does not belong together."""
    rng = np.random.default_rng(1)
    blobs = SimpleITK.SmoothingRecursiveGaussian(SimpleITK.GetImageFromArray(rng.normal(0, 1, (50, 60, 60)).astype("f4")), 3.0)
    values = SimpleITK.GetArrayFromImage(blobs)
    other = Reduced((values / values.std() * 300).astype(np.float32), np.hstack([np.eye(3) * 4.0, np.zeros((3, 1))]), "CT")
    found = match_rigid(FIXED, other, _unheard, PITCH)
    assert "places were found again" in found.refusal or "the same anatomy" in found.refusal or "differ" in found.refusal


def test_two_scans_of_neighbouring_regions_share_too_little():
    upper = scanned(Scanner((16, 60, 88), origin=(-174.0, -118.0, 100.0)))
    lower = scanned(Scanner((16, 60, 88), origin=(-174.0, -118.0, -187.0)), noise=25.0, seed=2)
    found = match_rigid(upper, lower, _unheard, PITCH)
    assert found.refusal


def test_a_volume_is_reduced_to_block_means_that_lie_where_their_voxels_lay():
    voxels = np.arange(6 * 8 * 10, dtype=np.int16).reshape(6, 8, 10)
    affine = ((0.5, 0.0, 0.1, 3.0), (0.0, 0.5, 0.0, -4.0), (0.0, 0.0, 1.0, 7.0))
    geometry = VolumeGeometry((6, 8, 10), affine)
    source = VolumeSource(voxels, geometry, 2.0, -1000.0, False)
    # Small volumes are not reduced below what fills the cubes; here whole voxels stay.
    whole = reduced(source, "CT")
    assert np.array_equal(whole.values, voxels * 2.0 - 1000.0)
    large = VolumeSource(np.tile(voxels, (40, 40, 40)), VolumeGeometry((240, 320, 400), affine), 1.0, 0.0, False)
    small = reduced(large, "CT")
    steps = np.round(np.linalg.norm(small.affine[:, :3], axis=0) / np.linalg.norm(np.array(affine)[:, :3], axis=0)).astype(int)
    column, row, slice_ = (n - 1 for n in steps)
    block = large.voxels[: slice_ + 1, : row + 1, : column + 1]
    assert small.values[0, 0, 0] == pytest.approx(block.mean())
    assert tuple(small.affine[:, 3]) == pytest.approx(large.geometry.to_patient(column / 2, row / 2, slice_ / 2))


def test_at_the_pitch_that_is_read_another_modality_is_found_through_the_process():
    """What the benchmark runs at 512 x 512 x 150, of fewer voxels; the cubes are as fine."""
    found = trial.run(trial.moved_pair(5, "MR", size=96, slices=60))
    assert found.refusal == ""
    assert found.off_mm < 1.0
    assert found.off_degrees < 1.0


# ---- deformable -----------------------------------------------------------------------


MIDDLE = Scanner((48, 40, 50), (4.0, 4.0, 5.0), (-100.0, -80.0, -160.0))


def _breathed(scanner: Scanner, depth: float) -> Reduced:
    """The same body, everything around z = -60 pushed up by up to `depth` mm, smoothly."""
    volume = scanned(scanner, noise=0.0)
    image = SimpleITK.GetImageFromArray(volume.values)
    image.SetSpacing(scanner.step)
    image.SetOrigin(scanner.origin)
    z = scanner.origin[2] + np.arange(scanner.shape[0]) * scanner.step[2]
    field = np.zeros((*scanner.shape, 3))
    field[..., 2] = (depth * np.exp(-(((z + 60) / 60.0) ** 2)))[:, None, None]
    bent = SimpleITK.GetImageFromArray(field, isVector=True)
    bent.CopyInformation(image)
    warped = SimpleITK.Resample(image, image, SimpleITK.DisplacementFieldTransform(bent), SimpleITK.sitkLinear, -1000.0)
    noise = np.random.default_rng(5).normal(0, 15, volume.values.shape)
    return replace(volume, values=(SimpleITK.GetArrayFromImage(warped) + noise).astype(np.float32))


def test_what_a_breath_moves_is_followed_and_never_folds():
    bent = match_deformable(scanned(MIDDLE), _breathed(MIDDLE, 12.0), np.eye(3, 4), _unheard)
    assert bent.refusal == ""
    assert bent.least_jacobian > 0.0
    field = Displacement(bent.field, bent.origin, bent.pitch)
    # Moving(q) = fixed(q + depth(q)): a fixed point p is found at p less the depth there.
    there = field.at(np.array([(-55.0, -8.0, -65.0), (30.0, 62.0, -60.0), (0.0, 0.0, 60.0)]))
    assert there[0][2] == pytest.approx(-12.0, abs=4.0)
    assert there[1][2] == pytest.approx(-12.0, abs=4.0)
    assert abs(there[2][2]) < 3.0


def test_a_deformation_that_only_follows_noise_is_refused():
    still = scanned(MIDDLE, noise=40.0, seed=9)
    bent = match_deformable(scanned(MIDDLE), still, np.eye(3, 4), _unheard)
    moves = np.linalg.norm(bent.field, axis=-1)
    assert bent.refusal.startswith("it fits no better") or np.median(moves) < 1.0


def test_the_way_back_through_a_field_leads_to_where_one_came_from():
    z, y, x = np.meshgrid(*(np.linspace(-1, 1, 20),) * 3, indexing="ij")
    field = np.stack([4 * np.exp(-(z**2)), -3 * np.exp(-(x**2)), 5 * np.exp(-(y**2))], -1).astype(np.float32)
    shelf = Displacements()
    matrix = tuple(Pose.turned((5, 0, 10), (3, 4, 5)).matrix()[:3].ravel())
    shelf.keep("bent", Displacement(field, np.array([-50.0, -50.0, -50.0]), 5.0), matrix)
    there, back = shelf.find("bent"), shelf.find("inverse of bent")
    assert there is not None
    assert back is not None
    points = np.random.default_rng(2).uniform(-35, 35, (50, 3))
    rigid = np.array(matrix).reshape(3, 4)
    moved = points @ rigid[:, :3].T + rigid[:, 3] + there.at(points)
    inverse = np.linalg.inv(np.vstack([rigid, (0, 0, 0, 1)]))[:3]
    returned = moved @ inverse[:, :3].T + inverse[:, 3] + back.at(moved)
    assert np.abs(returned - points).max() < 0.05
    shelf.forget()
    assert shelf.find("bent") is None


# ---- the process ----------------------------------------------------------------------

# The middle of the chest alone: a second's work.
SMALL = scanned(Scanner((24, 24, 30), (5.0, 5.0, 5.0), (-72.0, -58.0, -60.0)))
ASK = {"do": "rigid"}


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_it_runs_in_another_process_and_tells_how_far_it_is():
    process, shares = RegistrationProcess(), []
    assert process.pid != os.getpid()
    answer, field = process.ask(ASK, SMALL, SMALL, lambda: False, shares.append)
    assert shares == sorted(shares)
    assert shares[0] < 0.5 < shares[-1]
    assert np.array(answer["matrix"]).reshape(3, 4) == pytest.approx(np.eye(3, 4), abs=0.05)
    assert field is None
    assert not _is_running(process.pid)


def test_cancelling_kills_it_at_once():
    process, begun = RegistrationProcess(), threading.Event()
    with pytest.raises(Stopped):
        process.ask(ASK, FIXED, FIXED, begun.is_set, lambda _: begun.set())
    assert not _is_running(process.pid)


def test_it_stands_still_while_the_reader_scrolls_and_goes_on_after():
    courtesy, states, pauses = Courtesy(), [], iter(range(6))

    def cancelled() -> bool:
        # Asked some twenty times a second: the reader scrolls for a while, then not.
        if next(pauses, None) is not None:
            courtesy.moved()
        states.append(_state(process.pid))
        return False

    process = RegistrationProcess(courtesy)
    answer, _ = process.ask(ASK, SMALL, SMALL, cancelled, _unheard)
    assert "T" in states
    assert answer["refusal"] == ""
    assert not _is_running(process.pid)


def _state(pid: int) -> str:
    """The letter of Linux for what a process is doing; T is stopped."""
    return Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0]


def test_one_that_dies_is_told_and_leaves_nothing_behind():
    process = RegistrationProcess()

    def shot(_share: float) -> None:
        os.kill(process.pid, signal.SIGKILL)

    with pytest.raises(Unavailable, match="ended by itself"):
        process.ask(ASK, FIXED, FIXED, lambda: False, shot)
    assert not _is_running(process.pid)


def test_one_that_takes_too_long_is_ended(monkeypatch):
    monkeypatch.setattr(child, "SECONDS", 0.5)
    process = RegistrationProcess()
    with pytest.raises(Unavailable, match="takes too long"):
        process.ask(ASK, FIXED, FIXED, lambda: False, _unheard)
    assert not _is_running(process.pid)


def test_it_may_write_no_file_and_yields_to_everything_else():
    """What the process sets on itself: RLIMIT_FSIZE 0 and a low priority, read from outside."""
    process, seen = RegistrationProcess(), []

    def look(_share: float) -> None:
        limits = Path(f"/proc/{process.pid}/limits").read_text(encoding="ascii").splitlines()
        seen.append(next(line.split()[3] for line in limits if line.startswith("Max file size")))
        seen.append(os.getpriority(os.PRIO_PROCESS, process.pid) - os.getpriority(os.PRIO_PROCESS, 0))

    process.ask(ASK, SMALL, SMALL, lambda: False, look)
    assert seen[0] == "0"
    assert seen[1] >= 10


def test_what_it_cannot_make_sense_of_is_an_answer_in_words():
    empty = Reduced(np.zeros((4, 4, 4), np.float32), np.eye(3, 4), "CT")
    answer, _ = RegistrationProcess().ask(ASK, empty, empty, lambda: False, _unheard)
    assert answer["refusal"] == "too little of the same anatomy is shown"


def test_a_library_that_fails_is_an_answer_in_words_without_its_own():
    """SimpleITK's texts name files and lines of its own source."""
    flat = Reduced(np.zeros((30, 30, 30), np.float32), np.full((3, 4), np.nan), "MR")
    with pytest.raises(Unavailable, match=r"^the registration failed \([A-Za-z]+\)$"):
        RegistrationProcess().ask(ASK, flat, flat, lambda: False, _unheard)
