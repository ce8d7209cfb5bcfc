"""Series fill progressively, what is looked at comes first, and no frame passes for another's."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from rendering.header import LookupTable, ModalityTransform
from rendering.images import NotYet, SeriesImages
from rendering.images_order import next_frames
from rendering.viewport import Viewport
from workstation.domain.doubt import Verdict
from workstation.domain.patient import Patient, PatientKey
from workstation.domain.study import Study
from workstation.errors import Refused


def by_slice(points: Any) -> Any:
    return points[..., 2]


def test_frames_come_in_reading_order_whatever_the_file_order(maker: Any, acquisition: Any) -> None:
    images = acquisition().fill(maker, by_slice).images()
    assert images.complete
    assert images.loaded_count == images.frame_count == 7
    assert [int(images.values(p).values[0, 0]) for p in range(7)] == [318, 315, 312, 309, 306, 303, 300]


def test_the_frame_looked_at_is_decoded_alone_and_first(maker: Any, acquisition: Any) -> None:
    images = acquisition(shape=(40, 4, 4)).fill(maker, by_slice).images(load=False)
    images.load(first=20)
    assert maker.worker.batches[0] == [("1.2.3.4.20", 0)]
    assert images.complete


def test_a_wish_during_the_load_interrupts_the_batch(maker: Any, acquisition: Any) -> None:
    images = acquisition(shape=(60, 4, 4)).fill(maker, by_slice).images(load=False)
    seen: list[str] = []

    def before(uid: str) -> None:
        seen.append(uid)
        if len(seen) == 5:
            images.prioritise(50)

    maker.worker.before_frame = before
    images.load()
    assert images.identity(50).sop_instance_uid == seen[5]
    assert images.complete
    assert len(seen) == len(set(seen)) == 60


def test_neighbours_in_the_scroll_direction_come_next_and_a_volume_is_then_filled_coarsely() -> None:
    order = list(next_frames([(0, 100, True)], 50, -1, lambda _p: True))
    assert order[:6] == [50, 49, 51, 48, 52, 47]
    assert order[17:22] == [0, 8, 16, 24, 32]
    assert sorted(order) == list(range(100))


def test_a_stack_is_filled_outwards() -> None:
    order = list(next_frames([(0, 100, False)], 50, 1, lambda _p: True))
    assert order[17:26] == [45, 44, 43, 42, 41, 40, 39, 38, 63]
    assert sorted(order) == list(range(100))


def test_before_anybody_scrolled_a_first_cut_needs_no_other_frame() -> None:
    """G4: every eighth slice of a thousand and the one that is looked at, then what lies ahead of it."""
    order = list(next_frames([(0, 1000, True)], 3, 1, lambda _p: True, is_scrolled=False))
    assert order[:126] == [3, *range(0, 1000, 8)]
    assert order[126:129] == [4, 5, 6]
    assert sorted(order) == list(range(1000))


def test_the_volume_that_is_looked_at_comes_before_its_neighbours_the_nearest_first() -> None:
    spans = [(0, 20, True), (20, 40, True), (40, 60, True), (60, 63, False)]
    order = list(next_frames(spans, 45, -1, lambda _p: True))
    assert sorted(order) == list(range(63))
    assert [sorted(order[a:b]) for a, b in ((0, 20), (20, 40), (40, 43), (43, 63))] == [
        list(range(40, 60)),
        list(range(20, 40)),
        [60, 61, 62],
        list(range(20)),
    ]
    assert order[0] == 45


def test_a_frame_that_is_not_there_yet_says_so(maker: Any, acquisition: Any) -> None:
    images = acquisition().fill(maker, by_slice).images(load=False)
    with pytest.raises(NotYet):
        images.values(3)
    with pytest.raises(NotYet):
        images.volume()


def test_progress_is_told_and_loading_can_be_cancelled(maker: Any, acquisition: Any) -> None:
    images = acquisition().fill(maker, by_slice).images(load=False)
    told: list[tuple[int, int]] = []
    images.load(cancelled=lambda: len(told) >= 3, on_progress=lambda done, total: told.append((done, total)))
    assert told == [(1, 7), (2, 7), (3, 7)]
    assert not images.complete
    images.load()
    assert images.complete


def test_a_refused_frame_is_an_error_at_its_place_and_ends_cutting(maker: Any, acquisition: Any) -> None:
    acquisition().fill(maker, by_slice)
    maker.worker.pixels["1.2.3.4.3", 0] = Refused("The pixel data are cut off")
    images = maker.images()
    assert images.complete
    assert images.verdict.verdict is Verdict.VOLUME
    with pytest.raises(Refused, match="cut off"):
        images.values(4)
    assert images.values(3).values.shape == (9, 11)
    with pytest.raises(Refused, match="could not be decoded"):
        images.volume()
    assert [d.text for d in images.doubts] == ["1 image could not be decoded"]


@pytest.mark.parametrize("key", [PatientKey("P2"), PatientKey("P1", "Other hospital")])
def test_no_frame_is_shown_under_another_patient(maker: Any, acquisition: Any, key: PatientKey) -> None:
    series = acquisition().fill(maker, by_slice).series()
    images = SeriesImages(Study("1.2.3", Patient(key), series=(series,)), series, maker.worker)
    images.load()
    assert maker.worker.batches == []
    with pytest.raises(Refused, match="another patient or study"):
        images.values(0)


def test_no_frame_is_shown_under_another_study_or_instance(maker: Any, acquisition: Any) -> None:
    series = acquisition().fill(maker, by_slice).series()
    other_study = SeriesImages(Study("1.2.99", Patient(PatientKey("P1"))), series, maker.worker)
    with pytest.raises(Refused):
        other_study.values(0)
    swapped = replace(series, instances=(replace(series.instances[0], sop_instance_uid="1.2.3.4.99"), *series.instances[1:]))
    images = SeriesImages(Study("1.2.3", Patient(PatientKey("P1"))), swapped, maker.worker)
    images.load()
    with pytest.raises(Refused):
        images.values(6)
    assert images.values(5).values.any()


def test_the_volume_is_the_decoded_memory_itself(maker: Any, acquisition: Any) -> None:
    images = acquisition().fill(maker, by_slice, transform=ModalityTransform(2.0, -1024.0, "HU")).images()
    source = images.volume()
    assert np.shares_memory(source.voxels, images.container(3))
    assert (source.slope, source.intercept, source.partial) == (2.0, -1024.0, False)
    assert images.bytes == 7 * 9 * 11 * 2


def test_slices_of_different_slope_become_one_volume_of_values(maker: Any, acquisition: Any) -> None:
    scan = acquisition()
    for index in range(7):
        slope = 0.5 + index
        maker.add(np.full((9, 11), 10, "i2"), scan.plane(index), transform=ModalityTransform(slope, 0.0, "BQML"))
    images = maker.images()
    assert images.volume().voxels[:, 0, 0].tolist() == [65.0, 55.0, 45.0, 35.0, 25.0, 15.0, 5.0]
    assert images.values(0).stored[0, 0] == 10
    assert images.values(0).unit == "BQML"


def test_a_modality_table_is_applied_before_the_volume_is_cut(maker: Any, acquisition: Any) -> None:
    table = LookupTable(0, 16, np.array([5, 50, 500], "<u2").tobytes())
    for index in range(7):
        maker.add(np.full((9, 11), index % 3, "i2"), acquisition().plane(index), transform=ModalityTransform(table=table))
    assert maker.images().volume().voxels[:, 0, 0].tolist() == [5.0, 500.0, 50.0, 5.0, 500.0, 50.0, 5.0]


@pytest.mark.parametrize(("signed", "junk", "value"), [(False, 0xF000, 7), (True, 0x0800, -2048)])
def test_bits_that_are_not_part_of_the_value_are_taken_out_of_the_volume(
    maker: Any, acquisition: Any, signed: bool, junk: int, value: int
) -> None:
    maker.header = replace(maker.header, bits_stored=12, high_bit=11, is_signed=signed)
    stored = np.full((9, 11), junk | (0 if signed else 7), "u2").astype("i2" if signed else "u2")
    for index in range(7):
        maker.add(stored, acquisition().plane(index))
    images = maker.images()
    assert (images.volume().voxels == value).all()
    assert (images.values(2).values == value).all()


def test_a_volume_can_be_cut_coarsely_while_it_loads(maker: Any, acquisition: Any) -> None:
    images = acquisition(shape=(33, 4, 4)).fill(maker, by_slice).images(load=False)
    loaded: list[int] = []

    def stop() -> bool:
        return len(loaded) >= 22

    images.load(cancelled=stop, on_progress=lambda done, _total: loaded.append(done))
    source = images.volume()
    assert source.partial
    assert source.geometry.shape[0] == source.voxels.shape[0] < 33
    for k in range(source.voxels.shape[0]):
        assert source.geometry.to_patient(0, 0, k)[2] == pytest.approx(source.voxels[k, 0, 0])
    images.load()
    assert not images.volume().partial


def test_frames_of_different_size_lie_in_blocks_of_their_own(maker: Any) -> None:
    maker.header = replace(maker.header, modality="MG")
    maker.add(np.ones((4, 6), "i2"))
    maker.add(np.full((8, 3), 2, "i2"))
    maker.add(np.full((4, 6), 3, "i2"))
    images = maker.images()
    assert [images.values(p).values.shape for p in range(3)] == [(4, 6), (8, 3), (4, 6)]
    assert [int(images.values(p).values[0, 0]) for p in range(3)] == [1, 2, 3]


def test_closing_ends_a_load_that_is_under_way(maker: Any, acquisition: Any) -> None:
    images = acquisition(shape=(40, 4, 4)).fill(maker, by_slice).images(load=False)
    begun, go_on = threading.Event(), threading.Event()

    def before(_uid: str) -> None:
        begun.set()
        go_on.wait(5.0)

    maker.worker.before_frame = before
    loading = threading.Thread(target=images.load)
    loading.start()
    assert begun.wait(5.0)
    closing = threading.Thread(target=images.close)
    closing.start()
    go_on.set()
    loading.join(5.0)
    closing.join(5.0)
    assert not loading.is_alive()
    assert not closing.is_alive()
    for position in (0, 30):
        with pytest.raises(NotYet):
            images.values(position)


def test_a_series_without_images_has_nothing_to_load(maker: Any) -> None:
    maker.add(np.zeros((4, 4), "i2"), no_pixels="Structured report: no pixel data to display")
    images = maker.images()
    assert images.complete
    assert images.frame_count == 0


def test_a_series_larger_than_the_memory_is_refused_before_a_frame_is_decoded(maker: Any, acquisition: Any) -> None:
    acquisition().fill(maker, by_slice)
    maker.headers = [replace(h, rows=20_000, columns=20_000, frames=5_000) for h in maker.headers[:1]]
    maker.numbers = maker.numbers[:1]
    images = maker.images()
    assert images.complete
    assert images.bytes == 0
    assert maker.worker.batches == []
    with pytest.raises(Refused, match="larger than the memory"):
        images.values(0)
    picture = Viewport(images).picture(Viewport(images).default_state(), 40, 40)
    assert "larger than the memory" in str(picture.error)
