"""Series of several volumes at the same places: split by what their files say, never stacked into one crooked volume.

F50 (missing, duplicate, localizer), F51 (gantry tilt), F52 (axis orientations), B12 (multiphase).
"""

from __future__ import annotations

import itertools
from dataclasses import replace
from math import cos, radians, sin
from typing import Any

import numpy as np
import pytest

from rendering.dimension_ranks import ranks_of
from rendering.dimension_rules import KINDS, MOST_INDICES, RANKED, RULES, seconds
from rendering.header import FrameFacts, ImageHeader, ModalityTransform, ScanFacts
from rendering.volume import SeriesVerdict, judge
from workstation.domain.doubt import Verdict

PIXELS = np.zeros((9, 11), "i2")
PLACES = 4


def split(maker: Any, acquisition: Any, changes: list[dict[str, Any]], places: int = PLACES) -> SeriesVerdict:
    """The verdict on `places` slices, each once with each of the changes; the file's order says nothing."""
    scan = acquisition(shape=(places, 9, 11))
    wanted = [(place, change) for place in range(places) for change in changes]
    for place, change in wanted[::2] + wanted[1::2]:
        maker.add(PIXELS, scan.plane(place), **change)
    return judge(maker.series())


def labels(verdict: SeriesVerdict) -> list[str]:
    return [one.label for one in verdict.dimensions]


def scan(**facts: Any) -> dict[str, Any]:
    return {"scan": ScanFacts(**facts)}


# What each rule of the table says of two volumes: the changes, the labels, the numbers, the unit.
EXAMPLES: dict[str, tuple[list[dict[str, Any]], list[str], list[float | None], str]] = {
    "segments": ([{"segment_number": 1}, {"segment_number": 2}], ["segment 1", "segment 2"], [1, 2], ""),
    "stacks": ([{"stack_id": "A"}, {"stack_id": "B"}], ["stack A", "stack B"], [None, None], ""),
    "b-values": ([{"b_value": 1000.0}, {"b_value": 50.0}], ["b 50", "b 1000"], [50, 1000], "s/mm²"),
    "diffusion directions": (
        [{"b_value": 800.0, "b_direction": (0.0, 1.0, 0.0)}, {"b_value": 800.0, "b_direction": (1.0, 0.0, 0.0)}, {"b_value": 0}],
        ["b 0", "b 800 · direction 1", "b 800 · direction 2"],
        [0, 800, 800],
        "s/mm²",
    ),
    "echo times": ([{"echo_time": 80.0}, {"echo_time": 12.5}], ["TE 12.5 ms", "TE 80 ms"], [12.5, 80], "ms"),
    "echoes": ([scan(echo_number=2), scan(echo_number=1)], ["echo 1", "echo 2"], [1, 2], ""),
    "inversion times": ([scan(inversion_time=100.0), scan(inversion_time=900.0)], ["TI 100 ms", "TI 900 ms"], [100, 900], "ms"),
    "flip angles": ([scan(flip_angle=5.0), scan(flip_angle=15.0)], ["flip 5°", "flip 15°"], [5, 15], "°"),
    "energies": ([scan(energy_kev=140.0), scan(energy_kev=40.0)], ["40 keV", "140 keV"], [40, 140], "keV"),
    "tube voltages": ([scan(kvp=80.0), scan(kvp=140.0)], ["80 kV", "140 kV"], [80, 140], "kV"),
    "energy windows": ([scan(energy_window=1), scan(energy_window=2)], ["energy window 1", "energy window 2"], [1, 2], ""),
    "detectors": ([scan(detector=1), scan(detector=2)], ["detector 1", "detector 2"], [1, 2], ""),
    "contrast phases": (
        [scan(contrast_phase="VENOUS"), scan(contrast_phase="PRE_CONTRAST"), scan(contrast_phase="ARTERIAL")],
        ["pre contrast", "arterial", "venous"],
        [None, None, None],
        "",
    ),
    "cardiac phases": ([scan(cardiac_percent=70.0), scan(cardiac_percent=30.0)], ["phase 30 %", "phase 70 %"], [30, 70], "%"),
    "respiratory phases": (
        [scan(respiratory_percent=0.0), scan(respiratory_percent=50.0)], ["breath 0 %", "breath 50 %"], [0, 50], "%"
    ),
    "time slots": ([scan(time_slot=1), scan(time_slot=2)], ["phase 1", "phase 2"], [1, 2], ""),
    "R-R intervals": ([scan(interval=1), scan(interval=2)], ["R-R interval 1", "R-R interval 2"], [1, 2], ""),
    "phases": ([scan(phase=1), scan(phase=2)], ["phase 1", "phase 2"], [1, 2], ""),
    "times": ([scan(reference_time=12.4), scan(reference_time=2.5)], ["2.5 s", "12.4 s"], [2.5, 12.4], "s"),
    "time points": (
        [{"temporal_position": 2, "acquisition_time": "101112.4"}, {"temporal_position": 1, "acquisition_time": "101100"}],
        ["0.0 s", "12.4 s"],
        [0.0, 12.4],
        "s",
    ),
    "trigger times": ([{"trigger_time": 40.0}, {"trigger_time": 0.0}], ["0 ms", "40 ms"], [0, 40], "ms"),
    "kinds of image": (
        [{"image_type": ("ORIGINAL", "PRIMARY", "M")}, {"image_type": ("ORIGINAL", "PRIMARY", "P")}],
        ["magnitude", "phase"],
        [None, None],
        "",
    ),
    "acquisitions": (
        [{"acquisition_number": 4}, {"acquisition_number": 9}], ["acquisition 4", "acquisition 9"], [4, 9], ""
    ),
    "acquisition times": (
        [{"acquisition_time": "20261122235950.5"}, {"acquisition_time": "20261123000020"}], ["0.0 s", "29.5 s"], [0.0, 29.5], "s"
    ),
    "content times": ([scan(content_time="120400"), scan(content_time="120000")], ["0.0 s", "4:00 min"], [0.0, 240.0], "s"),
}  # fmt: skip
# DimensionIndexValues: one dimension counts the places and explains nothing, another one the volumes.
EXAMPLES |= {
    f"values of dimension {i + 1}": (
        [{"dimension_indices": (1,) * i + (value,)} for value in (3, 1)], ["index 1", "index 3"], [1, 3], ""
    )
    for i in range(MOST_INDICES)
}  # fmt: skip


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_each_rule_of_the_table_splits_a_series_into_volumes_with_words_and_units(
    rule: Any, maker: Any, acquisition: Any
) -> None:
    changes, words, values, unit = EXAMPLES[rule.name]
    verdict = split(maker, acquisition, changes)
    assert verdict.verdict is Verdict.VOLUME, verdict.reasons
    assert (verdict.reasons, verdict.doubts) == ((), ())
    assert labels(verdict) == words
    assert [one.value for one in verdict.dimensions] == pytest.approx(values) if None not in values else values
    assert {one.unit for one in verdict.dimensions} == {unit}
    assert {one.kind for one in verdict.dimensions} == {rule.name}
    assert len({one.key for one in verdict.dimensions}) == len(words)


def test_the_volumes_follow_each_other_in_the_order_each_from_head_to_feet_on_one_grid(maker: Any, acquisition: Any) -> None:
    verdict = split(maker, acquisition, [{"b_value": 1000.0}, {"b_value": 0.0}, {"b_value": 500.0}])
    assert [(one.start, one.count) for one in verdict.dimensions] == [(0, 4), (4, 4), (8, 4)]
    frames = [maker.headers[ref.instance].shared for ref in verdict.order]
    assert [f.b_value for f in frames] == [0.0] * 4 + [500.0] * 4 + [1000.0] * 4
    assert [f.plane.position[2] for f in frames] == [309.0, 306.0, 303.0, 300.0] * 3
    assert verdict.geometry is not None
    assert verdict.geometry.shape == (4, 9, 11)
    assert {one.geometry for one in verdict.dimensions} == {verdict.geometry}


def test_keys_stay_when_more_of_the_series_arrives(make_series: Any, acquisition: Any) -> None:
    some, all_of_it = make_series(), make_series()
    few = split(some, acquisition, [{"b_value": 50.0}, {"b_value": 1000.0}])
    many = split(all_of_it, acquisition, [{"b_value": b} for b in (0.0, 50.0, 400.0, 1000.0)])
    assert {one.key for one in few.dimensions} < {one.key for one in many.dimensions}


def test_two_attributes_at_once_are_flattened_in_order_with_both_in_the_label(maker: Any, acquisition: Any) -> None:
    changes = [{"echo_time": te, "temporal_position": t} for te in (10.0, 20.0) for t in (1, 2)]
    verdict = split(maker, acquisition, changes)
    assert labels(verdict) == ["TE 10 ms · time 1", "TE 10 ms · time 2", "TE 20 ms · time 1", "TE 20 ms · time 2"]


def test_what_goes_with_the_time_is_said_beside_it(maker: Any, acquisition: Any) -> None:
    changes = [
        {"temporal_position": t, "acquisition_time": f"10000{t}", "b_value": b, "b_direction": None}
        for t, b in ((1, 0.0), (2, 800.0), (3, 800.0))
    ]
    assert labels(split(maker, acquisition, changes)) == ["b 0 · 0.0 s", "b 800 · 1.0 s", "b 800 · 2.0 s"]


def test_phases_of_an_uneven_heart_are_told_by_their_rank_at_each_place(maker: Any, acquisition: Any) -> None:
    """B12: TriggerTime differs from place to place when the heart does not beat evenly."""
    plan = acquisition(shape=(5, 9, 11))
    for place, phase in itertools.product(range(5), range(6)):
        maker.add(PIXELS, plan.plane(place), trigger_time=phase * 40.0 + place * 3.0)
    verdict = judge(maker.series())
    assert verdict.verdict is Verdict.VOLUME
    assert labels(verdict) == ["6 ms", "46 ms", "86 ms", "126 ms", "166 ms", "206 ms"]
    for index, one in enumerate(verdict.dimensions):
        times = [maker.headers[ref.instance].shared.trigger_time for ref in verdict.order[one.start : one.end]]
        assert sorted(times) == [index * 40.0 + place * 3.0 for place in range(5)]


def test_magnitude_and_phase_of_an_uneven_heart_are_both_told(maker: Any, acquisition: Any) -> None:
    maker.header = replace(maker.header, modality="MR")
    plan = acquisition(shape=(3, 9, 11))
    for place, kind, phase in itertools.product(range(3), "MP", range(4)):
        maker.add(PIXELS, plan.plane(place), trigger_time=phase * 40.0 + place, image_type=("ORIGINAL", "PRIMARY", kind))
    verdict = judge(maker.series())
    assert labels(verdict)[:5] == [
        "magnitude · 1 ms",
        "magnitude · 41 ms",
        "magnitude · 81 ms",
        "magnitude · 121 ms",
        "phase · 1 ms",
    ]


def uneven(maker: Any, acquisition: Any, missing: set[tuple[int, int]], beat: float = 3.0) -> SeriesVerdict:
    """Five places of six phases 40 ms apart, each place later by `beat` ms; (place, phase) of `missing` are not there."""
    plan = acquisition(shape=(5, 9, 11))
    for place, phase in itertools.product(range(5), range(6)):
        if (place, phase) not in missing:
            maker.add(PIXELS, plan.plane(place), trigger_time=phase * 40.0 + place * beat)
    return judge(maker.series())


@pytest.mark.parametrize("phase", [0, 3, 5])
def test_a_phase_of_an_uneven_heart_that_lacks_a_slice_is_refused_alone(maker: Any, acquisition: Any, phase: int) -> None:
    """F50: the images after the missing one are not taken for the phase before."""
    verdict = uneven(maker, acquisition, {(2, phase)})
    assert verdict.verdict is Verdict.VOLUME
    assert [i for i, one in enumerate(verdict.dimensions) if one.geometry is None] == [phase]
    for index, one in enumerate(verdict.dimensions):
        times = [maker.headers[ref.instance].shared.trigger_time for ref in verdict.order[one.start : one.end]]
        assert {int((time + 10.0) // 40.0) for time in times} == {index}


def test_phases_that_could_be_one_or_the_other_are_not_guessed(maker: Any, acquisition: Any) -> None:
    assert uneven(maker, acquisition, {(2, 3)}, beat=15.0).verdict is Verdict.STACK
    assert uneven(type(maker)(), acquisition, {(place, place) for place in range(3)}).verdict is Verdict.STACK


@pytest.mark.parametrize(("value", "rank"), [(42.0, 2), (75.0, None), (125.0, None)])
def test_an_image_of_an_incomplete_place_has_the_rank_that_is_clearly_nearest_or_none(value: float, rank: int | None) -> None:
    delays, where = [0.0, 40.0, 80.0, 30.0, 70.0, 110.0, value], [1, 1, 1, 2, 2, 2, 3]
    found = ranks_of(delays, where, [()] * 7, 3, is_time=False)
    assert found == (None if rank is None else [1, 2, 3, 1, 2, 3, rank])


def test_volumes_made_one_after_the_other_are_told_by_their_times(maker: Any, acquisition: Any) -> None:
    plan = acquisition(shape=(4, 9, 11))
    for time, place in itertools.product(range(3), range(4)):
        maker.add(PIXELS, plan.plane(place), acquisition_time=f"1000{10 * time + place:02d}.0")
    assert labels(judge(maker.series())) == ["0.0 s", "10.0 s", "20.0 s"]


def test_times_that_run_into_each_other_explain_nothing(maker: Any, acquisition: Any) -> None:
    """Slices repeated each at its own time were not acquired as volumes: they are not guessed into some."""
    plan = acquisition(shape=(4, 9, 11))
    for place, time in itertools.product(range(4), range(3)):
        maker.add(PIXELS, plan.plane(place), acquisition_time=f"1000{10 * place + time:02d}.0")
    verdict = judge(maker.series())
    assert verdict.verdict is Verdict.STACK
    assert "nothing tells them apart" in verdict.reasons[0]


def test_numbers_of_images_explain_nothing(maker: Any, acquisition: Any) -> None:
    """F50: the same place twice, told apart by the InstanceNumber alone."""
    verdict = split(maker, acquisition, [{}, {}])
    assert verdict.verdict is Verdict.STACK
    assert [doubt.code for doubt in verdict.doubts] == ["duplicate-position"]
    assert len(verdict.dimensions) == 1


def test_two_places_looked_at_again_and_again_stay_a_stack_phase_by_phase_at_each(maker: Any, acquisition: Any) -> None:
    for time in (80.0, 0.0, 40.0):
        for place in range(2):
            maker.add(PIXELS, acquisition().plane(place), trigger_time=time)
    verdict = judge(maker.series())
    assert (verdict.verdict, len(verdict.dimensions)) == (Verdict.STACK, 1)
    assert verdict.reasons == ("The series holds 3 different trigger times at the same places.",)
    assert [maker.numbers[ref.instance] for ref in verdict.order] == [4, 6, 2, 3, 5, 1]


def test_a_time_point_without_one_of_its_slices_is_refused_alone(maker: Any, acquisition: Any) -> None:
    """F50: the others are volumes; the reason is on the image."""
    plan = acquisition(shape=(5, 9, 11))
    for time, place in itertools.product((1, 2, 3), range(5)):
        if (time, place) != (2, 3):
            maker.add(PIXELS, plan.plane(place), temporal_position=time)
    verdict = judge(maker.series())
    assert verdict.verdict is Verdict.VOLUME
    assert [one.geometry is not None for one in verdict.dimensions] == [True, False, True]
    assert verdict.dimensions[1].reason == "1 of its 5 slices is missing."
    assert [(one.start, one.count) for one in verdict.dimensions] == [(0, 5), (5, 4), (9, 5)]
    assert [(d.code, d.text) for d in verdict.doubts] == [("dimension-incomplete", "time 2: 1 of its 5 slices is missing")]


def test_a_volume_that_lies_elsewhere_is_refused_alone(maker: Any, acquisition: Any) -> None:
    for time, shift in ((1, 0.0), (2, 0.0), (3, 0.9)):
        moved = acquisition(shape=(4, 9, 11), origin=(-10.0 + shift, 20.0, 300.0))
        for place in range(4):
            maker.add(PIXELS, moved.plane(place), temporal_position=time)
    verdict = judge(maker.series())
    assert [one.reason for one in verdict.dimensions] == ["", "", "These images lie on another grid than the others."]


def test_gaps_in_every_volume_make_a_stack_that_is_still_read_volume_by_volume(maker: Any, acquisition: Any) -> None:
    plan = acquisition(shape=(9, 9, 11))
    for time, place in itertools.product((1, 2), (0, 1, 2, 4, 5, 6)):
        maker.add(PIXELS, plan.plane(place), temporal_position=time)
    verdict = judge(maker.series())
    assert (verdict.verdict, verdict.geometry) == (Verdict.STACK, None)
    assert verdict.reasons == ("1 slice is missing between 306.0 mm and 312.0 mm.",)
    assert [(one.label, one.start, one.count) for one in verdict.dimensions] == [("time 1", 0, 6), ("time 2", 6, 6)]


def test_volumes_may_differ_in_slope_and_unit_from_each_other(maker: Any, acquisition: Any) -> None:
    kinds = [("M", "stored"), ("P", "rad")]
    changes = [
        {"image_type": ("ORIGINAL", "PRIMARY", kind), "transform": ModalityTransform(slope=2.0, unit=unit)}
        for kind, unit in kinds
    ]
    assert split(maker, acquisition, changes).verdict is Verdict.VOLUME


def test_functional_groups_tell_the_volumes_of_one_object_apart(maker: Any, acquisition: Any) -> None:
    plan = acquisition(shape=(3, 9, 11))
    facts = [
        FrameFacts(plane=plan.plane(place), spacing=(2.0, 1.5), temporal_position=time, scan=ScanFacts(reference_time=2.5 * time))
        for place in range(3)
        for time in (2, 1)
    ]
    maker.add_frames([PIXELS] * 6, facts)
    verdict = judge(maker.series())
    assert labels(verdict) == ["2.5 s", "5.0 s"]
    assert [ref.frame for ref in verdict.order] == [5, 3, 1, 4, 2, 0]


@pytest.mark.parametrize("permutation", list(itertools.permutations(range(3))))
@pytest.mark.parametrize("signs", list(itertools.product((1.0, -1.0), repeat=2)))
def test_all_axis_orientations_are_split_with_an_affine_that_leads_to_each_file(
    maker: Any, acquisition: Any, permutation: tuple[int, int, int], signs: tuple[float, float]
) -> None:
    """F52: 24 proper orientations; with slices listed either way round all 48."""
    axes = [tuple(float(i == axis) for i in range(3)) for axis in permutation]
    row, column = (tuple(sign * part for part in axis) for sign, axis in zip(signs, axes, strict=False))
    for backwards in (False, True):
        one = type(maker)()
        plan = acquisition(row, column, shape=(4, 9, 11))
        for time, place in itertools.product((1, 2), range(4)):
            one.add(PIXELS, plan.plane(3 - place if backwards else place), temporal_position=time)
        verdict = judge(one.series())
        assert verdict.verdict is Verdict.VOLUME
        assert verdict.geometry is not None
        for position, ref in enumerate(verdict.order):
            expected = one.headers[ref.instance].shared.plane.to_patient(3, 2)
            assert verdict.geometry.to_patient(3, 2, position % 4) == pytest.approx(expected)


def test_a_tilted_gantry_is_sheared_right_in_every_volume(maker: Any, acquisition: Any) -> None:
    """F51."""
    tilt = radians(15.0)
    plan = acquisition(column_direction=(0.0, cos(tilt), -sin(tilt)), step=(0.0, 0.0, 3.0), shape=(6, 9, 11))
    for number, place in itertools.product((1, 2), range(6)):
        maker.add(PIXELS, plan.plane(place), acquisition_number=number)
    verdict = judge(maker.series())
    assert verdict.tilt_degrees == pytest.approx(15.0)
    assert [doubt.code for doubt in verdict.doubts] == ["gantry-tilt"]
    for position, ref in enumerate(verdict.order):
        expected = maker.headers[ref.instance].shared.plane.position
        assert verdict.geometry is not None
        assert verdict.geometry.to_patient(0, 0, position % 6) == pytest.approx(expected)


LOCALIZER = ("ORIGINAL", "PRIMARY", "LOCALIZER")


def with_localizer(maker: Any, acquisition: Any, kind: tuple[str, ...] = LOCALIZER) -> SeriesVerdict:
    maker.header = replace(maker.header, image_type=("ORIGINAL", "PRIMARY", "AXIAL"))
    maker.add(np.zeros((30, 20), "i2"), acquisition((1.0, 0.0, 0.0), (0.0, 0.0, -1.0)).plane(0), image_type=kind)
    acquisition().fill(maker, lambda points: np.zeros(points.shape[:-1]))
    return judge(maker.series())


def test_a_localizer_in_the_series_is_set_aside_and_stays_reachable(maker: Any, acquisition: Any) -> None:
    """F50: another kind by ImageType, so that it forbids nothing."""
    verdict = with_localizer(maker, acquisition)
    assert verdict.verdict is Verdict.VOLUME
    assert verdict.geometry is not None
    assert verdict.geometry.shape == (7, 9, 11)
    assert [(one.label, one.start, one.count, one.is_aside) for one in verdict.dimensions] == [
        ("slices", 0, 7, False),
        ("localizer", 7, 1, True),
    ]
    assert verdict.order[-1].instance == 0
    assert [d.text for d in verdict.doubts] == ["1 image of a localizer is set aside: not part of the volume"]


def test_an_image_of_another_direction_that_is_no_localizer_still_forbids_the_volume(maker: Any, acquisition: Any) -> None:
    verdict = with_localizer(maker, acquisition, ("ORIGINAL", "PRIMARY", "AXIAL"))
    assert verdict.verdict is Verdict.STACK
    assert "2 different directions." in verdict.reasons[1]


def test_beside_slices_that_are_no_volume_a_localizer_is_read_as_it_was(maker: Any, acquisition: Any) -> None:
    maker.header = replace(maker.header, image_type=("ORIGINAL", "PRIMARY", "AXIAL"))
    for place in (0, 1, 2, 5, 9):
        maker.add(PIXELS, acquisition().plane(place))
    maker.add(PIXELS, acquisition((1.0, 0.0, 0.0), (0.0, 0.0, -1.0)).plane(0), image_type=LOCALIZER)
    verdict = judge(maker.series())
    assert verdict.reasons == ("The images lie in 2 different directions: a localizer.",)
    assert len(verdict.dimensions) == 1


def test_times_of_day_and_dates_are_seconds() -> None:
    assert seconds("101112.5") == pytest.approx(10 * 3600 + 11 * 60 + 12.5)
    assert seconds("10:11:12") == 36672.0
    assert seconds("20270101000001.25") - seconds("20261231235959") == pytest.approx(2.25)  # type: ignore[operator]
    assert seconds("20261122101112+0100") == seconds("20261122101112")
    assert [seconds(text) for text in ("", "10", "x01112", "101112345")] == [None] * 4


def test_the_table_names_each_rule_once_and_all_of_them_have_an_example() -> None:
    assert len({rule.name for rule in RULES}) == len(RULES)
    assert set(EXAMPLES) == {rule.name for rule in RULES}
    assert {rule.name for rule in RANKED} == {"cardiac phases", "time points"}
    assert KINDS["IN_PHASE"] == "in phase"


@pytest.mark.parametrize(
    ("folder", "words"),
    [
        ("05_MR_fMRI_studyforrest02_2014", {"func_task-oneback_run-1": ["0.0 s", "2.0 s", "4.0 s", "6.0 s"]}),
        (
            "09_eMR_Siemens_XA30",
            {
                "func-bold_task-fa_run-1": ["0.0 s", "1.0 s"],
                "gre_field_mapping": ["TE 10 ms", "TE 12.46 ms"],
                "DWI_dir80_PA": ["b 0", "b 2500"],
                "anat-T1w_acq-tfl": [""],
            },
        ),
    ],
)
def test_real_series_are_split_by_what_their_scanners_wrote(folder: str, words: dict[str, list[str]], shared_data: Any) -> None:
    from rendering.worker import ImageWorker
    from workstation.cache.reading import studies_in

    worker = ImageWorker()
    try:
        with studies_in([shared_data / folder], worker) as found:
            series = [one for study in found.studies for one in study.series]
            verdicts = {one.series_description: judge(one) for one in series}
    finally:
        worker.close()
    assert {name: labels(verdict) for name, verdict in verdicts.items()} == words
    assert {verdict.verdict for verdict in verdicts.values()} == {Verdict.VOLUME}


def test_an_older_header_without_the_new_facts_is_read_as_it_was() -> None:
    old = ImageHeader("1", "2", "3", "4", "5", "MR", shared=FrameFacts(echo_time=3.0)).to_json()
    assert "scan" not in old["shared"]
    assert ImageHeader.from_json(old).shared.scan == ScanFacts()
