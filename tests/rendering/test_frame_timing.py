"""How fast frames are played: which element decides, what uneven times become, what is no film."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from rendering.frame_timing import timing_of
from rendering.header import FrameFacts
from rendering.series_frames import SeriesFrames
from rendering.worker import ImageWorker
from workstation.domain.geometry import FramePlane
from workstation.errors import Refused


def series(facts: list[FrameFacts] | int = 4, **header: Any) -> Any:
    own = [FrameFacts()] * facts if isinstance(facts, int) else facts
    told = {
        "frame_times": (),
        "frame_time": None,
        "display_rate": None,
        "cine_rate": None,
        "plays_back_and_forth": False,
    } | header
    return SimpleNamespace(
        frame_count=len(own), header=lambda _: SimpleNamespace(**told), frame=lambda position: position, facts=lambda p: own[p]
    )


@pytest.mark.parametrize(
    ("header", "rate", "words"),
    [
        ({"frame_time": 40.0, "display_rate": 10.0, "cine_rate": 5.0}, 25.0, "frame time"),
        ({"display_rate": 10.0, "cine_rate": 5.0}, 10.0, "recommended rate"),
        ({"cine_rate": 5.0}, 5.0, "cine rate"),
        ({"frame_time": 0.0, "cine_rate": 30.0}, 30.0, "cine rate"),
        ({"frame_time": -3.0}, None, ""),
        ({"frame_time": float("inf")}, None, ""),
        ({}, None, ""),
    ],
)
def test_the_frames_own_time_goes_before_rates_and_nonsense_is_passed_over(header, rate, words):
    timing = timing_of(series(**header))
    assert (timing.rate and round(timing.rate, 6), timing.words, timing.seconds) == (rate, words, ())


def test_a_vector_gives_each_frame_its_time_and_the_last_the_usual_one():
    timing = timing_of(series(frame_times=(0.0, 100.0, 300.0, 100.0), frame_time=40.0))
    assert timing.seconds == pytest.approx((0.1, 0.3, 0.1, 0.1))
    assert timing.rate == pytest.approx(4 / 0.6)
    assert timing.words == "frame times"


def test_a_vector_of_equal_steps_is_a_plain_rate():
    timing = timing_of(series(frame_times=(0.0, 50.0, 50.0, 50.0)))
    assert (timing.seconds, timing.rate) == ((), pytest.approx(20.0))


def test_a_vector_without_any_sound_step_is_no_vector():
    assert timing_of(series(frame_times=(0.0, 0.0, -1.0, 0.0), frame_time=40.0)).rate == pytest.approx(25.0)


def plane(z: float) -> FramePlane:
    return FramePlane((0.0, 0.0, z), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), 1.0, 1.0)


def test_trigger_delays_of_frames_at_one_place_are_their_times():
    """NominalCardiacTriggerDelayTime (0020,9153) of two slices of a heart: the way to the next slice is the usual step."""
    delays = (0.0, 30.0, 90.0, 120.0)
    facts = [FrameFacts(plane=plane(z), trigger_time=t) for z in (0.0, 8.0) for t in delays]
    timing = timing_of(series(facts))
    assert timing.seconds == pytest.approx((0.03, 0.06, 0.03, 0.03, 0.03, 0.06, 0.03, 0.03))
    assert timing.words == "trigger times"


@pytest.mark.parametrize("moment", ["20261123101500.{:06d}", "101500.{:06d}"])
def test_moments_of_acquisition_are_times_whether_with_a_date_or_not(moment):
    facts = [FrameFacts(plane=plane(0.0), acquisition_time=moment.format(at)) for at in (0, 100_000, 150_000, 250_000)]
    timing = timing_of(series(facts))
    assert timing.seconds == pytest.approx((0.1, 0.05, 0.1, 0.1))
    assert timing.words == "acquisition times"


def test_moments_of_slices_at_different_places_are_no_film():
    facts = [FrameFacts(plane=plane(z), acquisition_time=f"10150{z}") for z in range(4)]
    assert timing_of(series(facts)).rate is None


def test_nobody_waits_minutes_for_the_next_phase():
    facts = [FrameFacts(plane=plane(0.0), acquisition_time=f"10{minute:02d}00") for minute in range(4)]
    assert timing_of(series(facts)).rate is None


def test_the_file_may_ask_to_be_swept():
    assert timing_of(series(plays_back_and_forth=True)).sweeps
    assert timing_of(series(0)).rate is None


def test_real_films_say_their_rate(shared_data):
    found = {}
    with ImageWorker() as worker:
        for folder in ("11_US", "12_XA"):
            for path, parsed in worker.parse_many(sorted((shared_data / folder).iterdir())):
                if not isinstance(parsed, Refused) and parsed.series.image_count > 1:
                    timing = timing_of(SeriesFrames(parsed.study, parsed.series))
                    found[path.name] = (timing.rate and round(timing.rate, 1), timing.words, len(timing.seconds))
    assert found == {
        "OB_palette_2f.dcm": (None, "", 0),
        "SonoSite_cardiac_30f_JPEG.dcm": (30.0, "frame time", 0),
        "echo_colour_doppler_20f_JLS.dcm": (18.4, "frame time", 0),
        "echo_palette_10f_RLE.dcm": (13.2, "frame time", 0),
        "coronary_cine_96f_JPEG.dcm": (30.3, "frame time", 0),
    }
