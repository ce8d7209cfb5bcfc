"""A prior beside the current images: as many millimetres on a pixel, the same anatomy in the middle, the same plane.

What is compared is where balls of known place are seen in the painted pictures, not what the program says of itself.
"""

from __future__ import annotations

from dataclasses import replace

import pytest
from fiducials import seen
from prior_pair import CORONAL, GREY, Pair, Scanned

from workstation.domain.viewing import Plane, Window

NOW = Scanned("1.1", "20260110")
FINER = Scanned("1.2", "20250110", spacing=0.7, gap=3.0, half=52.0, shift=(9.0, -6.0, 30.0), off=(5.0, 8.0, 4.0))
COARSER = Scanned("1.3", "20240110", spacing=1.4, gap=3.0, half=52.0, shift=(-12.0, 4.0, -20.0), off=(-3.0, 6.0, 0.0))
SHARED = replace(FINER, shift=(0.0, 0.0, 0.0), frame="1.1.9")
PIXELS = 1.5
"""So far apart at most is a ball seen, in pixels of a view of 300: a pixel of the coarser image is some 4."""


def apart(pair: Pair, size: tuple[int, int] = (300, 300)) -> float:
    """How far apart the same ball is seen in both, at most."""
    one, other = (seen(pair.picture(index, size).pixels) for index in (0, 1))
    return max(abs(a - b) for ball in one for a, b in zip(one[ball], other[ball], strict=True))


def test_without_it_the_same_ball_is_seen_elsewhere_and_larger() -> None:
    pair = Pair(NOW, [SHARED])
    pair.hang()
    bare = replace(pair.state(1), framed=None)
    pair.viewing.put(1, bare)
    assert apart(pair) > 20.0


@pytest.mark.parametrize("plane", [Plane.STACK, Plane.AXIAL])
def test_in_one_frame_of_reference_the_same_place_is_seen_at_the_same_size(plane: Plane) -> None:
    pair = Pair(NOW, [SHARED])
    pair.hang(plane)
    assert apart(pair) < PIXELS
    assert pair.picture(0).mm_per_pixel == pytest.approx(pair.picture(1).mm_per_pixel, rel=1e-6)


@pytest.mark.parametrize("size", [(300, 300), (300, 420), (500, 260)])
@pytest.mark.parametrize(("zoom", "pan"), [(1.0, (0.0, 0.0)), (1.4, (0.05, -0.03)), (0.8, (-0.1, 0.1))])
def test_so_it_stays_when_the_window_is_resized_and_both_are_zoomed(size, zoom, pan) -> None:
    pair = Pair(NOW, [SHARED])
    pair.hang()
    for index in (0, 1):
        pair.viewing.put(index, replace(pair.state(index), zoom=zoom, pan=pan))
    assert apart(pair, size) < PIXELS * zoom * 1.7


def test_before_an_alignment_it_is_as_large_and_at_the_same_share_of_the_way_and_with_it_at_the_same_place() -> None:
    pair = Pair(NOW, [FINER])
    pair.hang()
    assert pair.picture(0).mm_per_pixel == pytest.approx(pair.picture(1).mm_per_pixel, rel=1e-6)
    pair.known.put(FINER.aligned_to(NOW))
    pair.views.follow(FINER.series_uid)
    there = pair.middle_of(FINER, Plane.STACK)["position"]
    pair.viewing.put(1, replace(pair.state(1), position=there))  # the linked scrolling does so: see test_linking
    assert apart(pair) < PIXELS


def test_with_an_alignment_at_hand_it_opens_at_the_same_anatomy() -> None:
    pair = Pair(NOW, [FINER])
    pair.known.put(FINER.aligned_to(NOW))
    pair.hang()
    assert apart(pair) < PIXELS


def test_the_same_share_of_the_way_counts_from_the_same_end_of_the_body() -> None:
    upside_down = replace(NOW, uid="1.4", backwards=True, slices=21)
    pair = Pair(NOW, [upside_down])
    pair.hang(position=0)
    assert pair.state(1).position in (0, 20)
    tops = [pair.viewports[s.study_uid, s.series_uid].to_patient(s, 2, 2, 1, 1)[2] for s in (pair.state(0), pair.state(1))]
    middle = [sum(tops) / 2, 210.0]
    assert (tops[0] - middle[1]) * (tops[1] - middle[1]) > 0.0


def test_a_prior_that_was_acquired_in_another_plane_is_cut_in_that_of_the_current_images() -> None:
    current = replace(NOW, directions=CORONAL, balls_in=Plane.CORONAL)
    pair = Pair(current, [replace(SHARED, balls_in=Plane.CORONAL)])
    pair.hang()
    assert pair.state(1).plane is Plane.CORONAL
    assert pair.views.told(1) == ""
    assert apart(pair) < PIXELS


def test_a_reformatted_plane_is_shown_of_the_prior_too_with_its_slab() -> None:
    pair = Pair(replace(NOW, balls_in=Plane.CORONAL), [replace(SHARED, balls_in=Plane.CORONAL)])
    pair.hang(Plane.CORONAL, slab_mm=5.0, slab_mode="MIP")
    assert (pair.state(1).plane, pair.state(1).slab_mm, pair.state(1).slab_mode) == (Plane.CORONAL, 5.0, "MIP")
    assert apart(pair) < PIXELS


def test_a_prior_that_cannot_be_cut_says_so() -> None:
    current = replace(NOW, directions=CORONAL, balls_in=Plane.CORONAL)
    few = replace(SHARED, slices=2, gap=30.0)
    pair = Pair(current, [few])
    pair.hang()
    assert pair.state(1).plane is Plane.STACK
    assert pair.views.told(1) == "Not the same plane: these images cannot be cut"


def test_the_window_of_a_ct_is_the_prior_s_and_greys_of_mr_are_their_own() -> None:
    for modality, expected in (("CT", Window(450.0, 800.0)), ("MR", GREY)):
        pair = Pair(replace(NOW, modality=modality), [replace(SHARED, modality=modality)])
        pair.hang(window=Window(450.0, 800.0))
        assert pair.state(1).window == expected


def test_the_next_prior_is_seen_as_the_reader_had_the_one_before() -> None:
    pair = Pair(NOW, [FINER, COARSER])
    pair.known.put(FINER.aligned_to(NOW))
    pair.known.put(COARSER.aligned_to(NOW))
    pair.hang()
    before = replace(pair.state(1), zoom=1.3, pan=(0.06, 0.02), window=Window(450.0, 900.0), rotation=90, inverted=True)
    pair.viewing.put(1, before)
    was = pair.picture(1)
    balls = seen(255 - was.pixels, 900.0)
    pair.step_to(COARSER)
    after = pair.state(1)
    assert (after.zoom, after.pan, after.window) == (1.3, (0.06, 0.02), Window(450.0, 900.0))
    assert (after.rotation, after.inverted) == (90, True)
    assert pair.picture(1).mm_per_pixel == pytest.approx(was.mm_per_pixel, rel=1e-6)
    now = seen(255 - pair.picture(1).pixels, 900.0)
    assert max(abs(a - b) for ball in balls for a, b in zip(balls[ball], now[ball], strict=True)) < 2 * PIXELS


def test_a_reader_s_plane_goes_over_to_the_next_prior() -> None:
    pair = Pair(NOW, [SHARED, replace(COARSER, shift=(0.0, 0.0, 0.0), frame="1.1.9")])
    pair.hang()
    viewport = pair.viewports[SHARED.uid, SHARED.series_uid]
    pair.viewing.put(1, replace(viewport.default_state(Plane.SAGITTAL), window=GREY, slab_mm=4.0))
    pair.step_to(COARSER)
    assert (pair.state(1).plane, pair.state(1).slab_mm) == (Plane.SAGITTAL, 4.0)


def test_a_reset_comes_back_to_the_same_size_and_place() -> None:
    pair = Pair(NOW, [SHARED])
    pair.hang()
    pair.viewing.activate(1)
    pair.viewing.change(1, zoom=3.0, pan=(0.2, 0.1))
    pair.viewing.reset()
    assert apart(pair) < PIXELS
