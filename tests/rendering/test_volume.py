"""Which series are volumes, why the others are not, and the order in which stacks are read."""

from __future__ import annotations

from dataclasses import replace
from math import cos, radians, sin
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rendering.header import FrameFacts, ImageHeader, ModalityTransform
from rendering.volume import SeriesVerdict, judge
from workstation.domain.doubt import Verdict
from workstation.domain.study import Series

PIXELS = np.zeros((9, 11), "i2")


def flat(points: Any) -> Any:
    return np.zeros(points.shape[:-1])


def codes(verdict: SeriesVerdict) -> set[str]:
    return {doubt.code for doubt in verdict.doubts}


def read_numbers(maker: Any) -> list[int]:
    return [maker.numbers[ref.instance] for ref in judge(maker.series()).order]


def test_even_slices_of_one_kind_are_a_volume(maker: Any, acquisition: Any) -> None:
    verdict = judge(acquisition().fill(maker, flat).series())
    assert verdict.verdict is Verdict.VOLUME
    assert verdict.reasons == ()
    assert verdict.doubts == ()
    assert verdict.geometry is not None
    assert verdict.geometry.shape == (7, 9, 11)
    assert verdict.geometry.spacing == pytest.approx((1.5, 2.0, 3.0))


def test_the_affine_leads_to_the_positions_of_the_file(maker: Any, acquisition: Any) -> None:
    scan = acquisition()
    verdict = judge(scan.fill(maker, flat).series())
    assert verdict.geometry is not None
    for index, ref in enumerate(verdict.order):
        assert verdict.geometry.to_patient(3, 2, index) == pytest.approx(scan.plane(ref.instance).to_patient(3, 2))


def test_file_order_and_instance_numbers_decide_nothing_where_positions_do(maker: Any, acquisition: Any) -> None:
    scan = acquisition()
    for index in (4, 1, 6, 0, 3, 5, 2):
        maker.add(PIXELS, scan.plane(index), number=99 - index if index % 2 else index)
    verdict = judge(maker.series())
    assert verdict.verdict is Verdict.VOLUME
    heights = [maker.headers[r.instance].shared.plane.position[2] for r in verdict.order]
    assert heights == [318.0, 315.0, 312.0, 309.0, 306.0, 303.0, 300.0]


@pytest.mark.parametrize(
    ("row", "column", "axis", "rising"),
    [
        ((1, 0, 0), (0, 1, 0), 2, False),
        ((1, 0, 0), (0, -1, 0), 2, False),
        ((1, 0, 0), (0, 0, -1), 1, True),
        ((-1, 0, 0), (0, 0, -1), 1, True),
        ((0, 1, 0), (0, 0, -1), 0, True),
        ((0, -1, 0), (0, 0, -1), 0, True),
    ],
)
def test_slices_are_read_from_head_to_feet_front_to_back_and_right_to_left(
    maker: Any, acquisition: Any, row: Any, column: Any, axis: int, rising: bool
) -> None:
    verdict = judge(acquisition(row, column).fill(maker, flat).series())
    along = [maker.headers[r.instance].shared.plane.position[axis] for r in verdict.order]
    assert along == sorted(along, reverse=not rising)


def test_missing_slices_are_counted_and_placed(maker: Any, acquisition: Any) -> None:
    scan = acquisition(gap=1.0, origin=(0.0, 0.0, 40.0))
    for index in range(20):
        if index not in (6, 7, 8):
            maker.add(PIXELS, scan.plane(index))
    verdict = judge(maker.series())
    assert verdict.verdict is Verdict.STACK
    assert verdict.reasons == ("3 slices are missing between 45.0 mm and 49.0 mm.",)
    assert codes(verdict) == {"missing-slices"}
    assert len(verdict.order) == 17


@pytest.mark.parametrize(("shift", "expected"), [(0.02, Verdict.VOLUME), (0.05, Verdict.STACK)])
def test_gaps_may_differ_by_one_percent(maker: Any, acquisition: Any, shift: float, expected: Verdict) -> None:
    scan = acquisition(gap=3.0)
    for index in range(7):
        maker.add(PIXELS, scan.plane(index + (shift / 3.0 if index == 3 else 0.0)))
    verdict = judge(maker.series())
    assert verdict.verdict is expected
    assert codes(verdict) == (set() if expected is Verdict.VOLUME else {"uneven-spacing"})


def test_gaps_that_drift_slowly_are_uneven(maker: Any, acquisition: Any) -> None:
    scan = acquisition(gap=1.0)
    place = 0.0
    for index in range(300):
        maker.add(PIXELS, scan.plane(place))
        place += 0.997 if index < 150 else 1.003
    verdict = judge(maker.series())
    assert verdict.verdict is Verdict.STACK
    assert "drifts" in verdict.reasons[0]


def test_slices_that_are_shifted_sideways_at_random_are_no_volume(maker: Any, acquisition: Any) -> None:
    scan = acquisition()
    for index in range(7):
        plane = scan.plane(index)
        x, y, z = plane.position
        maker.add(PIXELS, replace(plane, position=(x + (1.0 if index == 3 else 0.0), y, z)))
    verdict = judge(maker.series())
    assert verdict.verdict is Verdict.STACK
    assert codes(verdict) == {"uneven-shift"}


def test_a_tilted_gantry_is_a_volume_with_a_sheared_affine_and_a_badge(maker: Any, acquisition: Any) -> None:
    tilt = radians(12.0)
    column = (0.0, cos(tilt), -sin(tilt))
    scan = acquisition(column_direction=column, step=(0.0, 0.0, 3.0))
    verdict = judge(scan.fill(maker, flat).series())
    assert verdict.verdict is Verdict.VOLUME
    assert verdict.tilt_degrees == pytest.approx(12.0)
    assert [d.text for d in verdict.doubts] == ["Gantry tilt 12.0°"]
    assert verdict.geometry is not None
    assert verdict.geometry.axis(2) == pytest.approx((0.0, 0.0, -3.0))


def test_a_walk_is_not_a_stack(maker: Any, acquisition: Any) -> None:
    verdict = judge(acquisition(step=(0.0, 9.0, 3.0)).fill(maker, flat).series())
    assert verdict.verdict is Verdict.STACK
    assert codes(verdict) == {"sheared"}


def test_two_slices_are_too_few(maker: Any, acquisition: Any) -> None:
    verdict = judge(acquisition(shape=(2, 9, 11)).fill(maker, flat).series())
    assert (verdict.verdict, verdict.reasons) == (Verdict.STACK, ("2 images are too few to cut through.",))
    assert verdict.doubts == ()


def test_a_localizer_of_three_directions_is_a_stack_read_direction_by_direction(maker: Any, acquisition: Any) -> None:
    maker.header = replace(maker.header, image_type=("ORIGINAL", "PRIMARY", "LOCALIZER"))
    directions = [((1.0, 0, 0), (0, 1.0, 0)), ((1.0, 0, 0), (0, 0, -1.0)), ((0, 1.0, 0), (0, 0, -1.0))]
    for index in (0, 1, 2):
        for row, column in directions:
            maker.add(PIXELS, acquisition(row, column).plane(index))
    verdict = judge(maker.series())
    assert (verdict.verdict, verdict.reasons) == (Verdict.STACK, ("The images lie in 3 different directions: a localizer.",))
    assert read_numbers(maker) == [7, 4, 1, 2, 5, 8, 9, 6, 3]


def test_other_echo_times_at_other_places_are_no_volume_either(maker: Any, acquisition: Any) -> None:
    scan = acquisition()
    for index in range(7):
        maker.add(PIXELS, scan.plane(index), echo_time=10.0 if index < 3 else 90.0)
    assert judge(maker.series()).reasons == ("The images are of 2 different echo times.",)


def test_two_images_at_one_place_that_nothing_tells_apart_are_a_doubt(maker: Any, acquisition: Any) -> None:
    acquisition().fill(maker, flat)
    maker.add(PIXELS, acquisition().plane(3))
    verdict = judge(maker.series())
    assert verdict.verdict is Verdict.STACK
    assert codes(verdict) == {"duplicate-position"}


def test_the_same_image_twice_is_a_doubt(maker: Any, acquisition: Any) -> None:
    acquisition().fill(maker, flat)
    maker.add(PIXELS, acquisition().plane(3), uid="1.2.3.4.4")
    assert codes(judge(maker.series())) == {"duplicate"}


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"frame_of_reference_uid": "1.9"}, "frames of reference"),
        ({"rows": 10}, "sizes"),
        ({"bits_stored": 12}, "stored"),
        ({"transform": ModalityTransform(unit="US")}, "unit"),
    ],
)
def test_one_slice_of_another_kind_makes_a_stack(maker: Any, acquisition: Any, changes: dict[str, Any], word: str) -> None:
    scan = acquisition()
    for index in range(7):
        maker.add(PIXELS, scan.plane(index), **(changes if index == 6 else {}))
    verdict = judge(maker.series())
    assert verdict.verdict is Verdict.STACK
    assert len(verdict.reasons) == 1
    assert word in verdict.reasons[0]


def test_one_slice_of_another_spacing_makes_a_stack(maker: Any, acquisition: Any) -> None:
    for index in range(7):
        maker.add(PIXELS, acquisition(row_spacing=2.0 if index else 2.01).plane(index))
    assert judge(maker.series()).reasons == ("The images have different pixel spacings.",)


def test_one_slice_turned_by_a_degree_makes_a_stack(maker: Any, acquisition: Any) -> None:
    for index in range(7):
        turn = radians(1.0) if index == 3 else 0.0
        maker.add(PIXELS, acquisition((cos(turn), sin(turn), 0.0), (-sin(turn), cos(turn), 0.0)).plane(index))
    assert judge(maker.series()).reasons == ("The images lie in 2 different directions.",)


@pytest.mark.parametrize("modality", ["CR", "DX", "MG", "XA"])
def test_projections_are_stacks_in_the_order_of_their_numbers(maker: Any, modality: str) -> None:
    maker.header = replace(maker.header, modality=modality)
    for number in (3, 1, 2):
        maker.add(PIXELS, number=number)
    verdict = judge(maker.series())
    assert (verdict.verdict, verdict.reasons) == (
        Verdict.STACK,
        (f"{modality} images are not slices: there is nothing to cut through.",),
    )
    assert read_numbers(maker) == [1, 2, 3]


def test_frames_without_position_are_a_stack_in_frame_order(maker: Any) -> None:
    maker.header = replace(maker.header, modality="US")
    maker.add_frames([PIXELS] * 4, [FrameFacts()] * 4)
    verdict = judge(maker.series())
    assert verdict.reasons == ("The images do not say where in the patient they lie.",)
    assert [r.frame for r in verdict.order] == [0, 1, 2, 3]


def test_some_without_position_are_a_doubt(maker: Any, acquisition: Any) -> None:
    acquisition().fill(maker, flat)
    maker.add(PIXELS)
    verdict = judge(maker.series())
    assert verdict.reasons == ("1 of 8 images do not say where in the patient they lie.",)
    assert codes(verdict) == {"some-without-position"}


def test_an_enhanced_object_is_a_volume_by_its_frames_planes(maker: Any, acquisition: Any) -> None:
    scan = acquisition()
    order = (3, 0, 6, 1, 5, 2, 4)
    maker.add_frames([PIXELS] * 7, [FrameFacts(plane=scan.plane(i), spacing=(2.0, 1.5)) for i in order])
    verdict = judge(maker.series())
    assert verdict.verdict is Verdict.VOLUME
    assert [order[r.frame] for r in verdict.order] == [6, 5, 4, 3, 2, 1, 0]


def test_tomosynthesis_and_segmentations_are_stacks(maker: Any, acquisition: Any) -> None:
    for stem, word in (("13.1.3", "tomosynthesis"), ("66.4", "segmentation")):
        one = type(maker)()
        one.header = replace(one.header, sop_class_uid=f"1.2.840.10008.5.1.4.1.1.{stem}")
        verdict = judge(acquisition().fill(one, flat).series())
        assert verdict.verdict is Verdict.STACK
        assert word in verdict.reasons[0]
        assert verdict.doubts == ()


def test_slopes_may_differ_from_slice_to_slice(maker: Any, acquisition: Any) -> None:
    for index in range(7):
        maker.add(PIXELS, acquisition().plane(index), transform=ModalityTransform(slope=1.0 + index, unit="BQML"))
    assert judge(maker.series()).verdict is Verdict.VOLUME


def test_fewer_slices_than_the_acquisition_had_are_a_badge(maker: Any, acquisition: Any) -> None:
    maker.header = replace(maker.header, image_type=("ORIGINAL", "PRIMARY", "AXIAL"), expected_images=9)
    verdict = judge(acquisition().fill(maker, flat).series())
    assert verdict.verdict is Verdict.VOLUME
    assert [d.text for d in verdict.doubts] == ["7 of the 9 images of this acquisition are here"]


def test_an_image_of_another_patient_refuses_the_series(maker: Any, acquisition: Any) -> None:
    acquisition().fill(maker, flat)
    maker.add(PIXELS, acquisition().plane(7), patient_id="P2")
    verdict = judge(maker.series())
    assert (verdict.verdict, verdict.reasons) == (Verdict.REFUSED, ("Images of 2 patients lie in this series.",))
    assert verdict.order == ()


def test_the_same_id_of_another_issuer_is_another_patient(maker: Any, acquisition: Any) -> None:
    acquisition().fill(maker, flat)
    maker.add(PIXELS, acquisition().plane(7), patient_issuer="Other hospital")
    assert judge(maker.series()).verdict is Verdict.REFUSED


def test_a_series_without_images_is_refused_with_the_reasons_of_its_objects(maker: Any) -> None:
    maker.add(PIXELS, no_pixels="Structured report: no pixel data to display")
    verdict = judge(maker.series())
    assert (verdict.verdict, verdict.reasons) == (Verdict.REFUSED, ("Structured report: no pixel data to display",))


def test_an_object_that_cannot_be_shown_is_a_badge_on_the_others(maker: Any, acquisition: Any) -> None:
    acquisition().fill(maker, flat)
    maker.add(PIXELS, no_pixels="MPEG-4 video: not shown by this version")
    verdict = judge(maker.series())
    assert verdict.verdict is Verdict.VOLUME
    assert codes(verdict) == {"objects-not-shown"}


def test_an_empty_series_is_refused() -> None:
    assert judge(Series("1.2", "CT")).verdict is Verdict.REFUSED


def test_headers_come_back_from_the_cache_as_they_went_in(maker: Any, acquisition: Any) -> None:
    acquisition().fill(maker, flat)
    assert [ImageHeader.from_json(i.header) for i in maker.series().instances] == maker.headers


@settings(max_examples=25, deadline=None)
@given(order=st.permutations(range(12)))
def test_the_order_of_the_files_never_changes_the_order_of_reading(make_series: Any, acquisition: Any, order: list[int]) -> None:
    scan, maker = acquisition(shape=(6, 9, 11)), make_series()
    for place in order:
        maker.add(PIXELS, scan.plane(place % 6), number=1, uid=f"1.2.{place}", temporal_position=place // 6 + 1)
    read = [maker.headers[ref.instance].sop_instance_uid for ref in judge(maker.series()).order]
    assert read == [f"1.2.{place}" for place in (5, 4, 3, 2, 1, 0, 11, 10, 9, 8, 7, 6)]
