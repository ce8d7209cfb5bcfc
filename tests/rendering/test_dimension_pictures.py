"""What is seen and measured of a series with several volumes at the same places: each its own pixels, one memory (F50, B12)."""

from __future__ import annotations

import hashlib
import itertools
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rendering.decoded import DecodedStore
from rendering.header import ModalityTransform, Overlay
from rendering.images import NotYet, SeriesImages
from rendering.viewport import Viewport
from workstation.at_rest.vault import Vault
from workstation.domain.annotation import AnnotationKind
from workstation.domain.doubt import Doubt, Verdict
from workstation.domain.patient import Patient, PatientKey
from workstation.domain.study import Study
from workstation.domain.viewing import Plane, Window
from workstation.errors import Refused

TIMES, PLACES, SIDE = 3, 16, 24
PIXEL = (SIDE, SIDE)


def value(time: int, place: int) -> int:
    """Of the whole frame; place counts upwards from the feet."""
    return 1000 * (time + 1) + 10 * place


def filled(maker: Any, acquisition: Any, leave_out: tuple[int, int] | None = None, **of_time: Any) -> Any:
    """TIMES volumes of PLACES slices. `of_time` gives facts by the number of the time."""
    plan = acquisition(shape=(PLACES, *PIXEL), row_spacing=2.0, column_spacing=2.0)
    for place, time in itertools.product(range(PLACES), range(TIMES)):
        if (time, place) != leave_out:
            facts = {name: fact(time) for name, fact in of_time.items()}
            maker.add(np.full(PIXEL, value(time, place), "i2"), plan.plane(place), temporal_position=time + 1, **facts)
    return maker


@pytest.fixture
def viewport(maker: Any, acquisition: Any) -> Viewport:
    made: Viewport = filled(maker, acquisition).viewport()
    return made


def seen(viewport: Viewport, state: Any) -> float:
    """The value in the middle of what is shown."""
    found = viewport.probe(state, 100, 100, 50.0, 50.0)
    assert found is not None
    assert found.value is not None
    return found.value


# The memory


def test_each_volume_is_its_own_part_of_the_one_memory(viewport: Viewport) -> None:
    images = viewport.images
    volumes = [images.volume(time) for time in range(TIMES)]
    for time, source in enumerate(volumes):
        assert not source.partial
        assert source.geometry == images.verdict.geometry
        assert source.voxels[:, 3, 4].tolist() == [value(time, place) for place in range(PLACES - 1, -1, -1)]
        assert np.shares_memory(source.voxels, images.container(time * PLACES))
        assert images.volume(time).voxels is source.voxels
    assert images.bytes == TIMES * PLACES * SIDE * SIDE * 2


def test_a_number_past_the_last_volume_is_refused(viewport: Viewport) -> None:
    with pytest.raises(Refused, match="not here"):
        viewport.images.volume(TIMES)


def test_volumes_with_slopes_of_their_own_are_still_no_copy(maker: Any, acquisition: Any) -> None:
    images = filled(maker, acquisition, transform=lambda t: ModalityTransform(slope=1.0 + t, intercept=-t)).images()
    sources = [images.volume(time) for time in range(TIMES)]
    assert [(s.slope, s.intercept) for s in sources] == [(1.0, 0.0), (2.0, -1.0), (3.0, -2.0)]
    assert all(s.voxels.dtype == np.int16 for s in sources)


def test_slopes_that_differ_inside_a_volume_give_modality_values_in_every_volume(maker: Any, acquisition: Any) -> None:
    plan = acquisition(shape=(4, *PIXEL))
    for place, time in itertools.product(range(4), range(2)):
        line = ModalityTransform(slope=float(place + 1))
        maker.add(np.full(PIXEL, 10 * (time + 1), "i2"), plan.plane(place), temporal_position=time, transform=line)
    images = maker.images()
    assert images.volume(0).voxels[:, 0, 0].tolist() == [40.0, 30.0, 20.0, 10.0]
    assert images.volume(1).voxels[:, 0, 0].tolist() == [80.0, 60.0, 40.0, 20.0]


def test_the_volume_that_is_asked_for_loads_first_and_then_its_neighbours(maker: Any, acquisition: Any) -> None:
    images = filled(maker, acquisition).images(load=False)
    with pytest.raises(NotYet):
        images.volume(2)
    images.load()
    asked = [
        maker.headers[int(uid.split(".")[-1]) - 1].shared.temporal_position for batch in maker.worker.batches for uid, _ in batch
    ]
    assert [time for time, _ in itertools.groupby(asked)] == [3, 2, 1]


def test_a_volume_is_cut_through_while_the_others_are_still_waited_for(maker: Any, acquisition: Any) -> None:
    images = filled(maker, acquisition).images(load=False)
    with pytest.raises(NotYet):
        images.volume(1)
    images.load(cancelled=lambda: images.loaded_count >= PLACES)
    assert not images.volume(1).partial
    with pytest.raises(NotYet):
        images.volume(0)


def test_part_of_a_volume_is_every_eighth_slice_of_that_volume(maker: Any, acquisition: Any) -> None:
    images = filled(maker, acquisition).images(load=False)
    with pytest.raises(NotYet):
        images.volume(1)
    for position in (PLACES, PLACES + 8):
        images._finish(images._memory, position, np.full(PIXEL, value(1, PLACES - 1 - (position - PLACES)), "i2"), None)
    part = images.volume(1)
    assert part.partial
    assert part.voxels[:, 0, 0].tolist() == [value(1, 15), value(1, 7)]


def test_a_frame_that_cannot_be_decoded_takes_its_own_volume_only(maker: Any, acquisition: Any) -> None:
    filled(maker, acquisition)
    uid = next(h.sop_instance_uid for h in maker.headers if h.shared.temporal_position == 2)
    maker.worker.pixels[uid, 0] = Refused("broken")
    images = maker.images()
    assert not images.volume(0).partial
    with pytest.raises(Refused):
        images.volume(1)


@pytest.mark.parametrize("vault", [Vault.plain(), Vault.with_key(bytes(32))], ids=["plain", "sealed"])
def test_the_store_keeps_one_file_and_every_volume_is_opened_from_it(
    vault: Vault, maker: Any, acquisition: Any, tmp_path: Path
) -> None:
    filled(maker, acquisition)
    series = maker.series()
    hashed = tuple(replace(i, sha256=hashlib.sha256(i.sop_instance_uid.encode()).hexdigest()) for i in series.instances)
    series = replace(series, instances=hashed)
    study = Study("1.2.3", Patient(PatientKey("P1")), series=(series,))
    store = DecodedStore(tmp_path / "frames", vault)
    first = SeriesImages(study, series, maker.worker, store)
    first.load()
    assert first.stored is not None
    with store.writer(first.stored) as writer:
        for position in range(first.frame_count):
            writer.put(position, first.container(position))
    assert len(store.entries()) == 1
    maker.worker.batches.clear()
    again = SeriesImages(study, series, maker.worker, store)
    again.load()
    for time in range(TIMES):
        assert again.volume(time).voxels[:, 0, 0].tolist() == [value(time, place) for place in range(PLACES - 1, -1, -1)]
    assert maker.worker.batches == []
    assert again.bytes == (0 if vault is not None and not vault.is_sealing else TIMES * PLACES * SIDE * SIDE * 2)
    store.close()


def test_a_localizer_keeps_its_own_size_and_its_overlay_bits(maker: Any, acquisition: Any) -> None:
    """F50: set aside, it is decoded as it is, while the volume beside it is freed of foreign bits."""
    maker.header = replace(maker.header, bits_stored=12, high_bit=11, is_signed=False)
    scout = np.full((30, 40), 0x1FFF, "u2")
    overlay = Overlay(0x6000, 30, 40, 1, 1, "G", embedded_bit=12)
    side = acquisition((1.0, 0.0, 0.0), (0.0, 0.0, -1.0))
    maker.add(scout, side.plane(0), image_type=("ORIGINAL", "PRIMARY", "LOCALIZER"), overlays=(overlay,))
    acquisition().fill(maker, lambda points: np.full(points.shape[:-1], 0x1010), "u2")
    images = maker.images()
    assert images.verdict.verdict is Verdict.VOLUME
    assert (images.volume().voxels == 0x010).all()
    assert (images.container(7) == 0x1FFF).all()
    with pytest.raises(Refused, match="cannot be cut through"):
        images.volume(1)


# The viewport


def test_a_stack_is_scrolled_within_its_volume_and_counted_in_it(viewport: Viewport) -> None:
    state = viewport.at_dimension(viewport.at_index(viewport.default_state(), 5), 1)
    assert (state.position, state.dimension) == (PLACES + 5, 1)
    assert (viewport.slice_index(state), viewport.slice_count(state)) == (5, PLACES)
    assert viewport.scrolled(state, 100).position == 2 * PLACES - 1
    assert viewport.scrolled(state, -100).position == PLACES
    picture = viewport.picture(state, 64, 64)
    assert (picture.index, picture.count, picture.dimension) == (5, PLACES, "time 2 (2/3)")
    assert picture.identity == viewport.images.identity(PLACES + 5)
    assert viewport.dimension_count(state) == TIMES
    assert viewport.dimension_label(state) == "time 2"


def test_the_number_of_a_volume_is_held_within_the_ends(viewport: Viewport) -> None:
    state = viewport.default_state()
    assert viewport.dimension_index(viewport.at_dimension(state, 99)) == TIMES - 1
    assert viewport.dimension_index(viewport.at_dimension(state, -1)) == 0


@pytest.mark.parametrize("plane", [Plane.AXIAL, Plane.CORONAL, Plane.SAGITTAL])
def test_a_cut_shows_the_values_of_its_volume_whatever_was_drawn_before(viewport: Viewport, plane: Plane) -> None:
    state = replace(viewport.default_state(plane), window=Window(2000.0, 4000.0))
    greys = []
    for time in (0, 1, 2, 1, 0):
        there = viewport.at_dimension(state, time)
        # The second picture comes from what was kept of the first.
        greys += [int(viewport.picture(there, 64, 64).pixels[32, 32]) for _ in range(2)]
        assert seen(viewport, there) // 1000 == time + 1
    assert greys == [greys[0]] * 2 + [greys[2]] * 2 + [greys[4]] * 2 + [greys[2]] * 2 + [greys[0]] * 2
    assert greys[0] < greys[2] < greys[4]


def test_a_cut_along_a_slice_is_the_image_of_its_volume(viewport: Viewport) -> None:
    state = viewport.at_dimension(viewport.default_state(Plane.AXIAL), 2)
    state = viewport.at_index(state, 4)
    assert viewport.picture(state, 64, 64).identity == viewport.images.identity(2 * PLACES + 4)


def test_a_point_is_looked_for_in_the_volume_that_is_shown(viewport: Viewport) -> None:
    state = viewport.at_dimension(viewport.default_state(), 1)
    place = viewport.images.facts(2 * PLACES + 9).plane
    assert place is not None
    assert viewport.at_point(state, place.position).position == PLACES + 9


def test_an_incomplete_volume_says_why_it_is_not_cut_and_is_read_as_a_stack(maker: Any, acquisition: Any) -> None:
    viewport = filled(maker, acquisition, leave_out=(1, 3)).viewport()
    state = viewport.at_dimension(viewport.default_state(Plane.CORONAL), 1)
    error = viewport.picture(state, 64, 64).error
    assert error is not None
    assert "1 of its 16 slices is missing" in error.detail
    assert viewport.picture(viewport.at_dimension(state, 2), 64, 64).error is None
    stack = viewport.at_dimension(viewport.default_state(), 1)
    assert viewport.slice_count(stack) == PLACES - 1
    assert viewport.picture(stack, 64, 64).error is None


def test_the_same_place_is_found_where_a_slice_is_missing(maker: Any, acquisition: Any) -> None:
    viewport = filled(maker, acquisition, leave_out=(1, 12)).viewport()
    low = viewport.at_index(viewport.default_state(), PLACES - 1)
    there = viewport.at_dimension(low, 1)
    assert viewport.images.facts(there.position).plane == viewport.images.facts(low.position).plane


def test_times_share_one_window_and_b_values_have_their_own(maker: Any, acquisition: Any, make_series: Any) -> None:
    own = {"windows": lambda t: (Window(100.0 * (t + 1), 50.0),)}
    times = filled(maker, acquisition, **own).viewport()
    centers = {times.window_of(times.at_dimension(times.default_state(), t)).center for t in range(TIMES)}
    assert centers == {200.0}
    weights = filled(make_series(), acquisition, b_value=lambda t: 500.0 * t, **own).viewport()
    state = weights.default_state(Plane.CORONAL)
    assert [weights.window_of(weights.at_dimension(state, t)).center for t in range(TIMES)] == [100.0, 200.0, 300.0]


# Drawings


def drawn(viewport: Viewport, state: Any, kind: AnnotationKind = AnnotationKind.ELLIPSE) -> Any:
    points = [(30.0, 30.0), (70.0, 70.0)] if kind is AnnotationKind.ELLIPSE else [(50.0, 50.0)]
    found = viewport.annotation_at(state, 100, 100, points, kind)
    assert found is not None
    return replace(found, measured=viewport.measure(found))


def mean(measured: Any) -> float:
    return next(v.value for v in measured.values if v.name == "Mean")


@pytest.mark.parametrize("plane", [Plane.STACK, Plane.AXIAL, Plane.CORONAL])
def test_a_drawing_measures_and_is_seen_in_its_volume_only(viewport: Viewport, plane: Plane) -> None:
    state = viewport.at_dimension(viewport.default_state(plane), 1)
    area = drawn(viewport, state)
    assert 2000.0 <= mean(area.measured) < 2200.0
    assert viewport.on_view(area, state, 100, 100) is not None
    assert viewport.outline_on_view(area, state, 100, 100)
    for other in (0, 2):
        assert viewport.on_view(area, viewport.at_dimension(state, other), 100, 100) is None
        assert viewport.outline_on_view(area, viewport.at_dimension(state, other), 100, 100) is None


def test_a_drawing_of_a_frame_is_on_cuts_through_its_volume_only(viewport: Viewport) -> None:
    stack = viewport.at_dimension(viewport.default_state(), 2)
    area = drawn(viewport, stack)
    cut = viewport.at_point(viewport.default_state(Plane.AXIAL), viewport.images.facts(stack.position).plane.position)  # type: ignore[union-attr]
    assert viewport.on_view(area, viewport.at_dimension(cut, 2), 100, 100) is not None
    assert viewport.on_view(area, viewport.at_dimension(cut, 0), 100, 100) is None


def test_a_drawing_whose_volume_is_not_here_is_not_measured_in_another(viewport: Viewport) -> None:
    area = drawn(viewport, viewport.at_dimension(viewport.default_state(Plane.CORONAL), 1))
    lost = replace(area, dimension="time points=77")
    assert "not here" in viewport.measure(lost).refused
    assert viewport.on_view(lost, viewport.default_state(Plane.CORONAL), 100, 100) is None


def test_a_label_of_the_spine_is_on_every_volume(viewport: Viewport) -> None:
    state = viewport.default_state(Plane.SAGITTAL)
    label = drawn(viewport, state, AnnotationKind.SPINE)
    assert viewport.on_view(label, viewport.at_dimension(state, 2), 100, 100) is not None


# The curve


@pytest.mark.parametrize("plane", [Plane.STACK, Plane.AXIAL, Plane.CORONAL])
def test_the_curve_is_the_mean_at_the_same_place_in_each_volume(viewport: Viewport, plane: Plane) -> None:
    area = drawn(viewport, viewport.at_dimension(viewport.default_state(plane), 1))
    curve = viewport.curve(area)
    assert (curve.kind, curve.unit) == ("time points", "HU")
    assert [point.mean for point in curve.points] == pytest.approx([mean(area.measured) + 1000.0 * t for t in (-1, 0, 1)])
    assert [point.label for point in curve.points] == ["time 1", "time 2", "time 3"]


def test_a_probe_has_a_curve_and_a_line_has_none(viewport: Viewport) -> None:
    state = viewport.default_state()
    probe = drawn(viewport, state, AnnotationKind.PROBE)
    assert [point.mean for point in viewport.curve(probe).points] == [1150.0, 2150.0, 3150.0]
    line = viewport.annotation_at(state, 100, 100, [(10.0, 10.0), (60.0, 60.0)], AnnotationKind.LENGTH)
    assert line is not None
    with pytest.raises(Refused, match="No curve"):
        viewport.curve(line)


def test_a_volume_that_is_missing_there_leaves_a_gap_with_its_reason(maker: Any, acquisition: Any) -> None:
    viewport = filled(maker, acquisition, leave_out=(1, 3)).viewport()
    area = drawn(viewport, viewport.default_state(Plane.CORONAL))
    points = viewport.curve(area).points
    assert [point.mean is None for point in points] == [False, True, False]
    assert "1 of its 16 slices is missing" in points[1].refused


def test_where_measuring_is_off_there_is_no_curve(maker: Any, acquisition: Any) -> None:
    viewport = filled(maker, acquisition).viewport()
    area = drawn(viewport, viewport.default_state())
    viewport._measuring._doubts = lambda _position: (Doubt("test", "It must not be measured", True),)
    with pytest.raises(Refused, match="must not be measured"):
        viewport.curve(area)


def test_an_ordinary_series_has_one_volume_and_no_curve(maker: Any, acquisition: Any) -> None:
    viewport = acquisition().fill(maker, lambda points: np.zeros(points.shape[:-1])).viewport()
    state = viewport.default_state()
    assert viewport.dimension_count(state) == 1
    assert viewport.dimension_label(state) == ""
    assert viewport.picture(state, 32, 32).dimension == ""
    assert viewport.at_dimension(state, 3) == state
    with pytest.raises(Refused, match="one volume only"):
        viewport.curve(drawn(viewport, state))
