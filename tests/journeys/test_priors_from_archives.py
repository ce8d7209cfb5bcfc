"""Earlier studies that lie in real archives: listed and ranked beside those that are here, fetched by one step, hung."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from real_archives import RealArchive, dcmqrscp, orthanc, study

import main
from workstation.archives.config import put_archive
from workstation.archives.prefetch import PAUSED
from workstation.domain.archive import Archive
from workstation.domain.prior import KnownStudy, Whereabouts
from workstation.errors import Refused
from workstation.jobs import Jobs, MainQueue
from workstation.settings import Folders

ROOT = "1.2.826.0.1.3680043.10.9"
NOW, FAR, KNEE, SOMEBODY, HERE, WALLED = (f"{ROOT}.{n}" for n in range(1, 7))
OTHER_PROVIDER = "It belongs to another care provider"


class Room:
    """The real core on these archives, with the study that is read and one prior here. Nothing is fetched ahead."""

    def __init__(self, home: Path, *archives: Archive) -> None:
        folders = Folders(home / "data", home / "config", home / "cache")
        folders.make()
        (folders.config / "settings.toml").write_text("at_rest = false\n", encoding="utf-8")
        for archive in archives:
            put_archive(folders.config, archive)
        self.queue = MainQueue()
        self.core = main.open_core(lambda: Jobs(self.queue.post), "", folders)
        self.core.remembered.set(PAUSED, True)
        self.said: list[str] = []
        self.session = self.core.session
        self.session.notice.connect(lambda notice: self.said.append(notice.text))
        here = study(home / "here", uid=HERE, StudyDate="20200101", images=3)
        self.core.cache.add([*study(home / "now", uid=NOW, images=4), *here])
        self.core.start_archives()
        self.session.refresh_worklist()
        self.until(lambda: len(self.session.items) == 2)
        self.session.open(next(item for item in self.session.items if item.study_instance_uid == NOW))
        self.until(lambda: self.session.case is not None and not self.known.is_asking and len(self.known.studies()) > 1)

    @property
    def known(self):
        return self.session.priors.known

    def until(self, is_so: Callable[[], object], seconds: float = 60.0) -> None:
        end = time.monotonic() + seconds
        while not is_so():
            assert time.monotonic() < end, (self.said, self.known.studies(), self.known.failures)
            self.queue.pump(0.02)

    def row(self, uid: str) -> KnownStudy:
        return next(one for one in self.known.studies() if one.study_instance_uid == uid)

    def hung(self) -> set[str]:
        return {cell.state.study_uid for cell in self.session.viewing.cells if cell.is_prior and cell.state}


@pytest.fixture(scope="module")
def archives(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RealArchive, RealArchive]]:
    folder = tmp_path_factory.mktemp("archives")
    with orthanc(folder) as north, dcmqrscp(folder) as west:
        north.store(
            [
                *study(folder / "far", uid=FAR, StudyDate="20250601", images=5, AccessionNumber="FAR-1"),
                *study(
                    folder / "knee",
                    uid=KNEE,
                    StudyDate="20251201",
                    Modality="MR",
                    BodyPartExamined="KNEE",
                    StudyDescription="MR knä",
                ),
                *study(folder / "somebody", uid=SOMEBODY, StudyDate="20250701", PatientBirthDate="19710101"),
            ]
        )
        west.store(study(folder / "walled", uid=WALLED, StudyDate="20250801"))
        yield (
            replace(north, archive=replace(north.archive, tenant="north")),
            replace(west, archive=replace(west.archive, tenant="west")),
        )


@pytest.fixture
def room(tmp_path: Path, archives: tuple[RealArchive, RealArchive]) -> Iterator[Room]:
    made = Room(tmp_path, *(archive.archive for archive in archives))
    yield made
    made.core.close()


def test_what_an_archive_lists_is_ranked_beside_what_is_here_and_the_walls_hold(room: Room) -> None:
    """The same ID with another birth date is somebody else; the other provider's archive hears of nobody."""
    assert [one.study_instance_uid for one in room.known.studies()] == [FAR, HERE, KNEE]
    far, here, knee = room.known.studies()
    assert (far.where, far.archives, far.expected) == (Whereabouts.ARCHIVE, ("testpacs",), 5)
    assert (here.where, here.received) == (Whereabouts.HERE, 3)
    assert far.relevance.points > here.relevance.points
    assert "same body part: chest" in far.relevance.reasons[0]
    assert knee.relevance.refusal == "it shows another body part"
    assert room.hung() == {HERE}
    uids = {one.study_instance_uid for one in room.known.studies()}
    assert SOMEBODY not in uids
    assert WALLED not in uids
    assert room.known.not_asked == (("otherpacs", OTHER_PROVIDER),)


def test_one_step_fetches_what_is_not_here_and_hangs_it_when_all_of_it_has_come(room: Room) -> None:
    room.known.hang(FAR)
    assert room.row(FAR).where is Whereabouts.COMING
    room.until(lambda: FAR in room.hung())
    assert room.row(FAR).where is Whereabouts.HERE
    assert room.row(FAR).received == 5
    assert room.session.priors.steps.number_of(FAR) == (1, 2)
    room.session.priors.steps.older()
    assert room.hung() == {HERE}


def test_it_is_offered_where_the_reader_went_on_meanwhile(room: Room) -> None:
    room.known.hang(FAR)
    room.session.viewing.scroll(1)
    room.until(lambda: "The earlier study that was asked for has come" in room.said)
    assert room.hung() == {HERE}, "nothing jumps by itself"
    room.known.hang_fetched()
    assert room.hung() == {FAR}


def test_an_archive_that_is_away_is_named_and_what_is_here_is_listed(
    tmp_path: Path, archives: tuple[RealArchive, RealArchive]
) -> None:
    room = Room(tmp_path, replace(archives[0].archive, port=1), replace(archives[1].archive, tenant="north"))
    try:
        room.until(lambda: room.known.failures)
        assert [name for name, _ in room.known.failures] == ["testpacs"]
        room.until(lambda: {one.study_instance_uid for one in room.known.studies()} == {HERE, WALLED})
        with pytest.raises(Refused, match="No study is chosen"):
            room.known.hang(FAR)
    finally:
        room.core.close()
