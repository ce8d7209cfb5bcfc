"""A series that lies in the decoded store opens without being decoded, and never with a byte that is not proved."""

from __future__ import annotations

import hashlib
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rendering import frame_memory
from rendering.decoded import DecodedStore
from rendering.decoded_file import PAGE
from rendering.header import ModalityTransform
from rendering.images import NotYet, SeriesImages
from rendering.judged_series import JudgedSeriesCache
from rendering.viewport import Viewport
from workstation.at_rest.vault import Vault
from workstation.domain.doubt import Verdict
from workstation.domain.patient import Patient, PatientKey
from workstation.domain.study import Series, Study
from workstation.domain.viewing import Plane
from workstation.errors import Refused

VAULTS = {"plain": Vault.plain(), "sealed": Vault.with_key(bytes(32))}
BOTH = pytest.mark.parametrize("kind", list(VAULTS))
FRAME = 9 * 11 * 2


def by_slice(points: Any) -> Any:
    return points[..., 2]


def hashed(series: Series) -> Series:
    """As after an import: each file with its checksum."""
    found = (replace(i, sha256=hashlib.sha256(i.sop_instance_uid.encode()).hexdigest()) for i in series.instances)
    return replace(series, instances=tuple(found))


def opened(maker: Any, store: DecodedStore | None, most_bytes: int = 0, **changes: Any) -> SeriesImages:
    series = replace(hashed(maker.series()), **changes)
    study = Study("1.2.3", Patient(PatientKey("P1")), series=(series,))
    return SeriesImages(study, series, maker.worker, store, most_bytes)


def keep(images: SeriesImages, store: DecodedStore) -> None:
    """What the queue does with a series that was loaded."""
    assert images.stored is not None
    with store.writer(images.stored) as writer:
        for position in range(images.frame_count):
            try:
                writer.put(position, images.container(position))
            except Refused:
                continue


@pytest.fixture
def stored(maker: Any, tmp_path: Path) -> Any:
    """Fills the store from `maker` by way of a series that was decoded; its worker has then nothing to say."""

    def fill(kind: str) -> DecodedStore:
        store = DecodedStore(tmp_path, VAULTS[kind])
        images = opened(maker, store)
        images.load()
        keep(images, store)
        images.close()
        maker.worker.batches.clear()
        stores.append(store)
        return store

    stores: list[DecodedStore] = []
    yield fill
    for store in stores:
        store.close()


def damage(folder: Path, position: int, kind: str, frame_bytes: int = FRAME) -> None:
    (path,) = folder.rglob("*.frames")
    stride = frame_bytes + (16 if kind == "sealed" else 0)
    with path.open("r+b") as file:
        file.seek(PAGE + position * stride + 20)
        byte = os.pread(file.fileno(), 1, PAGE + position * stride + 20)[0]
        file.write(bytes([byte ^ 1]))


@BOTH
def test_a_stored_series_needs_no_worker_and_its_first_picture_no_load(
    maker: Any, acquisition: Any, stored: Any, kind: str
) -> None:
    store = stored(acquisition(shape=(33, 9, 11)).fill(maker, by_slice) and kind)
    images = opened(maker, store)
    assert not images.complete
    picture = Viewport(images).picture(Viewport(images).default_state(), 40, 40)
    assert picture.error is None
    assert not picture.partial
    assert [int(images.values(p).values[0, 0]) for p in (0, 16, 32)] == [396, 348, 300]
    images.load()
    assert images.complete
    assert images.is_kept
    assert maker.worker.batches == []
    assert images.volume().voxels[:, 4, 4].tolist() == list(range(396, 299, -3))


@BOTH
def test_the_volume_is_the_one_copy_of_the_voxels(maker: Any, acquisition: Any, stored: Any, kind: str) -> None:
    acquisition().fill(maker, by_slice, transform=ModalityTransform(2.0, -1024.0, "HU"))
    images = opened(maker, stored(kind))
    images.load()
    source = images.volume()
    assert np.shares_memory(source.voxels, images.container(3))
    assert not source.partial
    assert images.bytes == (0 if kind == "plain" else 7 * FRAME)


@BOTH
def test_no_cut_is_whole_before_every_frame_of_it_is_proved(maker: Any, acquisition: Any, stored: Any, kind: str) -> None:
    """I6: a map is there at once, what lies in it is not."""
    acquisition(shape=(33, 9, 11)).fill(maker, by_slice)
    images = opened(maker, stored(kind))
    with pytest.raises(NotYet):
        images.volume()
    for position in range(0, 33, 8):
        images.container(position)
    assert images.volume().partial
    images.load()
    assert not images.volume().partial


@BOTH
def test_a_flipped_bit_is_decoded_again_and_never_seen(
    maker: Any, acquisition: Any, stored: Any, kind: str, tmp_path: Path
) -> None:
    """F16."""
    acquisition().fill(maker, by_slice)
    store = stored(kind)
    damage(tmp_path, 4, kind)
    images = opened(maker, store)
    asked: list[bool] = []
    images.on_demand = lambda: asked.append(images.needs_load)
    assert int(images.values(2).values[0, 0]) == 312
    with pytest.raises(NotYet):
        images.values(4)
    assert asked == [True]
    assert store.entries() == ()
    images.load()
    assert images.complete
    assert images.volume().voxels[:, 0, 0].tolist() == [318, 315, 312, 309, 306, 303, 300]
    asked_for = {uid for batch in maker.worker.batches for uid, _ in batch}
    assert images.identity(4).sop_instance_uid in asked_for
    assert images.identity(2).sop_instance_uid not in asked_for
    assert not images.is_kept


@BOTH
def test_a_flipped_bit_whose_file_is_bad_too_is_an_error_tile(
    maker: Any, acquisition: Any, stored: Any, kind: str, tmp_path: Path
) -> None:
    """F16."""
    acquisition().fill(maker, by_slice)
    store = stored(kind)
    damage(tmp_path, 0, kind)
    maker.worker.pixels["1.2.3.4.7", 0] = Refused("The file has changed since it was read")
    images = opened(maker, store)
    images.load()
    picture = Viewport(images).picture(Viewport(images).default_state(), 40, 40)
    assert "has changed" in str(picture.error)
    assert not picture.pixels.any()
    with pytest.raises(Refused):
        images.volume()


@BOTH
def test_what_could_not_be_decoded_is_tried_again_and_the_rest_comes_from_the_store(
    maker: Any, acquisition: Any, stored: Any, kind: str
) -> None:
    acquisition().fill(maker, by_slice)
    maker.worker.pixels["1.2.3.4.3", 0] = Refused("The pixel data are cut off")
    images = opened(maker, stored(kind))
    images.load()
    assert maker.worker.batches == [[("1.2.3.4.3", 0)]]
    assert images.complete
    with pytest.raises(Refused, match="cut off"):
        images.values(4)
    assert int(images.values(3).values[0, 0]) == 309


def test_any_change_of_the_series_is_another_entry(maker: Any, acquisition: Any) -> None:
    acquisition().fill(maker, by_slice)
    whole = opened(maker, None).stored
    series = hashed(maker.series())
    other_bytes = (replace(series.instances[0], sha256="0" * 64), *series.instances[1:])
    one_less = series.instances[:-1]
    found = {whole, *(opened(maker, None, instances=instances).stored for instances in (other_bytes, one_less))}
    maker.headers = [replace(h, bits_stored=12, high_bit=12) for h in maker.headers]
    found.add(opened(maker, None).stored)
    assert None not in found
    assert len({s.key for s in found if s is not None}) == 4


def test_what_may_change_under_its_name_or_is_a_strangers_is_not_stored(maker: Any, acquisition: Any) -> None:
    acquisition().fill(maker, by_slice)
    assert maker.images(load=False).stored is None
    series = hashed(maker.series())
    swapped = (replace(series.instances[0], sop_instance_uid="1.2.3.4.99"), *series.instances[1:])
    assert opened(maker, None, instances=swapped).stored is None
    assert opened(maker, None).stored is not None


@BOTH
def test_slices_of_different_slope_are_stored_as_decoded_and_cut_as_values(
    maker: Any, acquisition: Any, stored: Any, kind: str
) -> None:
    for index in range(7):
        transform = ModalityTransform(0.5 + index, 0.0, "BQML")
        maker.add(np.full((9, 11), 10, "i2"), acquisition().plane(index), transform=transform)
    images = opened(maker, stored(kind))
    images.load()
    assert maker.worker.batches == []
    assert images.volume().voxels[:, 0, 0].tolist() == [65.0, 55.0, 45.0, 35.0, 25.0, 15.0, 5.0]
    assert images.values(0).stored[0, 0] == 10


@BOTH
def test_frames_of_different_size_come_back_from_the_store(maker: Any, stored: Any, kind: str) -> None:
    maker.header = replace(maker.header, modality="MG")
    maker.add(np.ones((4, 6), "i2"))
    maker.add(np.full((8, 3), 2, "i2"))
    maker.add(np.full((4, 6), 3, "i2"))
    images = opened(maker, stored(kind))
    assert images.verdict.verdict is Verdict.STACK
    assert [images.values(p).values.tolist()[0][0] for p in range(3)] == [1, 2, 3]
    assert maker.worker.batches == []


def test_an_entry_that_comes_while_the_series_loads_is_used(maker: Any, acquisition: Any, tmp_path: Path) -> None:
    for kind, vault in VAULTS.items():
        store = DecodedStore(tmp_path / kind, vault)
        if not maker.headers:
            acquisition().fill(maker, by_slice)
        images = opened(maker, store)
        first = opened(maker, store)
        first.load()
        keep(first, store)
        maker.worker.batches.clear()
        images.load()
        assert maker.worker.batches == []
        assert images.volume().voxels[:, 0, 0].tolist() == [318, 315, 312, 309, 306, 303, 300]
        store.close()


# Series larger than one may take


def scrolled(images: SeriesImages, positions: Any) -> None:
    for position in positions:
        images.container(position)
        if images.needs_load:
            images.load()


@BOTH
def test_a_large_series_is_held_in_part_and_fetched_hardly_more_than_it_is_viewed(
    maker: Any, acquisition: Any, stored: Any, kind: str
) -> None:
    """G19."""
    acquisition(shape=(300, 9, 11)).fill(maker, by_slice)
    images = opened(maker, stored(kind), most_bytes=100 * FRAME)
    assert images.is_large
    assert images.complete
    assert images.bytes == (0 if kind == "plain" else 50 * FRAME)
    viewed = [*range(300), *range(299, -1, -1), *range(0, 300, 3)]
    scrolled(images, viewed)
    assert maker.worker.batches == []
    assert images.fetched_bytes <= 1.2 * len(viewed) * FRAME
    held = sum(images._memory.view(p) is not None for p in range(300))
    assert held == (300 if kind == "plain" else 50)


@BOTH
def test_a_frame_of_a_large_series_stays_as_it_is_while_somebody_looks_at_it(
    maker: Any, acquisition: Any, stored: Any, kind: str
) -> None:
    acquisition(shape=(300, 9, 11)).fill(maker, by_slice)
    images = opened(maker, stored(kind), most_bytes=100 * FRAME)
    looked_at = images.container(3)
    before = looked_at.copy()
    scrolled(images, range(4, 300))
    assert (looked_at == before).all()
    assert (images.container(3) == before).all()


@BOTH
def test_a_cut_through_a_large_series_loads_it_whole(maker: Any, acquisition: Any, stored: Any, kind: str) -> None:
    acquisition(shape=(300, 9, 11)).fill(maker, by_slice)
    images = opened(maker, stored(kind), most_bytes=100 * FRAME)
    viewport = Viewport(images)
    assert viewport.picture(viewport.default_state(Plane.CORONAL), 30, 30).partial
    assert images.needs_load
    images.load()
    assert not images.is_large
    assert not viewport.picture(viewport.default_state(Plane.CORONAL), 30, 30).partial
    assert images.volume().voxels[:, 3, 3].tolist() == [1197 - 3 * p for p in range(300)]


def test_a_cut_through_a_series_that_does_not_fit_is_refused_and_the_stack_goes_on(
    maker: Any, acquisition: Any, stored: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F07."""
    acquisition(shape=(300, 9, 11)).fill(maker, by_slice)
    images = opened(maker, stored("sealed"), most_bytes=100 * FRAME)
    monkeypatch.setattr(frame_memory, "_most_bytes", lambda: 200 * FRAME)
    viewport = Viewport(images)
    picture = viewport.picture(viewport.default_state(Plane.SAGITTAL), 30, 30)
    assert "larger than the memory" in str(picture.error)
    assert viewport.picture(viewport.default_state(), 30, 30).error is None
    assert images.is_large


def test_a_large_series_that_is_not_stored_yet_is_decoded_where_it_is_looked_at(
    maker: Any, acquisition: Any, tmp_path: Path
) -> None:
    acquisition(shape=(300, 9, 11)).fill(maker, by_slice)
    store = DecodedStore(tmp_path, VAULTS["sealed"])
    images = opened(maker, store, most_bytes=100 * FRAME)
    assert not images.complete
    with pytest.raises(NotYet):
        images.values(150)
    assert images.needs_load
    images.load()
    assert int(images.values(150).values[0, 0]) == 1197 - 450
    decoded = {uid for batch in maker.worker.batches for uid, _ in batch}
    assert 1 < len(decoded) < 30
    everything = opened(maker, None)
    everything.load()
    keep(everything, store)
    maker.worker.batches.clear()
    with pytest.raises(NotYet):
        images.values(10)
    images.load()
    assert int(images.values(10).values[0, 0]) == 1197 - 30
    assert images.complete
    assert maker.worker.batches == []
    store.close()


def test_a_place_that_cannot_be_loaded_is_asked_for_once(maker: Any, acquisition: Any, tmp_path: Path) -> None:
    acquisition(shape=(300, 9, 11)).fill(maker, by_slice)
    images = opened(maker, store := DecodedStore(tmp_path, VAULTS["plain"]), most_bytes=100 * FRAME)
    asked: list[int] = []
    images.on_demand = lambda: asked.append(1)
    for _ in range(5):
        with pytest.raises(NotYet):
            images.values(150)
    assert asked == [1]
    store.close()


def test_a_series_is_judged_once_until_it_changes(maker: Any, acquisition: Any) -> None:
    acquisition().fill(maker, by_slice)
    series = hashed(maker.series())
    study = Study("1.2.3", Patient(PatientKey("P1")), series=(series,))
    kept = JudgedSeriesCache(most_frames=10)
    first = kept.get(study, series)
    assert kept.get(replace(study, study_description="Chest"), replace(series)) is first
    assert kept.get(study, replace(series, instances=series.instances[:-1])) is not first
    assert kept.get(study, series) is not first
    stranger = replace(study, patient=Patient(PatientKey("P2")))
    assert len(kept.get(stranger, series).strangers) == 7
    again = kept.get(study, series)
    kept.get(replace(study, study_instance_uid="1.2.4"), series)
    assert kept.get(study, series) is again
    for number in range(5, 7):
        maker.headers = [replace(h, series_uid=f"1.2.3.{number}") for h in maker.headers]
        other = replace(hashed(maker.series()), series_instance_uid=f"1.2.3.{number}")
        kept.get(study, other)
    assert kept.get(study, series) is not again, "the oldest made room"
