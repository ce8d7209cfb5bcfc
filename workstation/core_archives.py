"""The core's dealings with archives: connections, retrievals, prefetch and sending, put together and ended.

Each part is made when it is first asked for; a program without archives makes none of them.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from workstation.at_rest.vault import Purpose, Vault
from workstation.cache.cache import StudyCache
from workstation.core_priors import CorePriors
from workstation.database import DatabaseKey
from workstation.errors import WorkstationError
from workstation.jobs import ARCHIVES, Cancel, Jobs
from workstation.made_once import made_once
from workstation.session.session import Session
from workstation.settings import Folders, Remembered
from workstation.signals import Signal
from workstation.worklist_index import WorklistIndex

if TYPE_CHECKING:
    from workstation.archives.directory import ArchiveDirectory
    from workstation.archives.prefetch import Prefetcher
    from workstation.archives.prefetch_state import PrefetchState
    from workstation.archives.retrieve import Retrievals, StudyChange
    from workstation.archives.sending import Sender, SenderRunner
    from workstation.cache.quota import Quota

MOST_PREPARED = 5000
"""So many rows of the worklist the prefetch looks at, the most urgent first."""
GOODBYE_SECONDS = 2.0
"""What an archive may take to end politely when the program closes."""


class Around(Protocol):
    """What of the core is used here; a part is asked for only when it is needed."""

    folders: Folders

    @property
    def vault(self) -> Vault: ...
    @property
    def jobs(self) -> Jobs: ...
    @property
    def cache(self) -> StudyCache: ...
    @property
    def quota(self) -> Quota: ...
    @property
    def worklist(self) -> WorklistIndex: ...
    @property
    def session(self) -> Session: ...
    @property
    def remembered(self) -> Remembered: ...
    def note_problem(self, problem: WorkstationError) -> None: ...
    def tell(self, problem: WorkstationError) -> None: ...


def _nothing(_: object) -> None:
    pass


class CoreArchives:
    """All that talks to archives. `cut`, `stop` and `close` end it, in this order."""

    def __init__(self, around: Around) -> None:
        self._around = around
        self._sending: SenderRunner | None = None
        self._is_fetching = False
        self.prefetch_changed: Signal[PrefetchState] = Signal()
        self.sending_changed: Signal[None] = Signal()
        """An object on its way to an archive was queued or moved a step."""
        self.is_metered: Callable[[], bool] = lambda: False
        """Whether the connection is paid by the byte, as far as somebody can say."""

    @made_once
    def directory(self) -> ArchiveDirectory:
        """The archives that are set up, each talked to by processes of its own."""
        from workstation.archives.directory import ArchiveDirectory
        from workstation.archives.remote import RemoteConnection
        from workstation.archives.secrets import Secrets, system_ring

        around = self._around
        incoming = around.vault.purpose_key(Purpose.INCOMING)
        return ArchiveDirectory(
            around.folders.config,
            Secrets(around.folders.config, around.vault, system_ring()),
            lambda archive, secret: RemoteConnection(archive, secret, incoming),
            self._alert,
        )

    @property
    def is_open(self) -> bool:
        """Whether archives are talked to: asking makes no directory."""
        return "directory" in self.__dict__

    def _alert(self, event: str) -> None:
        self._around.cache.alert(event)

    # ---- what comes --------------------------------------------------------------------

    @made_once
    def retrievals(self) -> Retrievals:
        """What comes from archives, and how far it has come."""
        from workstation.archives.retrieve import Retrievals
        from workstation.archives.retrieve_ledger import RetrieveLedger

        key = DatabaseKey.of(self._around.vault, "retrievals")
        ledger = RetrieveLedger(self._retrievals_file, key)
        return Retrievals(self.directory, self._around.cache, ledger, self._around.jobs)

    @property
    def _retrievals_file(self) -> Path:
        return self._around.folders.data / "retrievals.db"

    def issuer_of(self, study_instance_uid: str) -> str:
        """By the archive that gave the study; "" where no archive ever gave one."""
        is_known = "retrievals" in self.__dict__ or self._retrievals_file.is_file()
        return self.retrievals.issuer_of(study_instance_uid) if is_known else ""

    def archives_of(self, study_instance_uid: str) -> tuple[str, ...]:
        """The archives that gave a study, the latest first."""
        is_known = "retrievals" in self.__dict__ or self._retrievals_file.is_file()
        return tuple(one.archive for one in self.retrievals.progress_of(study_instance_uid)) if is_known else ()

    def held_elsewhere(self) -> frozenset[str]:
        """The studies that an archive is proven to hold as well."""
        from workstation.archives.prefetch_sources import proven_elsewhere

        return proven_elsewhere(self._around.cache, self.retrievals)

    def forget(self, study_instance_uid: str) -> None:
        """It left the cache: it is no longer proven to be here."""
        self.retrievals.forget(study_instance_uid)

    def start(self) -> None:
        """Take up what was left unfinished, prefetch, and hear of late and withdrawn images. Idle without archives."""
        if not self.directory.archives or self._is_fetching:
            return
        self._is_fetching = True
        CorePriors(self).attend(self._around.session)
        session, manners = self._around.session, self.prefetcher.manners
        self.retrievals.changed.connect(self._study_changed)
        session.viewing.viewport_changed.connect(lambda _: manners.reader_moved())
        session.viewing.arrangement_changed.connect(lambda _: manners.reader_moved())
        session.case_changed.connect(lambda _: manners.reader_moved())
        session.case_changed.connect(lambda _: self.look_for_late_images())
        session.worklist_changed.connect(lambda _: self.prefetcher.wake())
        self.retrievals.resume()
        self.prefetcher.start()
        if self._sending_file.is_file():
            self.start_sending()

    def look_for_late_images(self) -> None:
        """Ask the archives again for the lists of the open case's studies, in the background (F59, F60)."""
        case = self._around.session.case
        if case is None or not self._is_fetching:
            return
        uids = [study.study_instance_uid for study in case.studies]

        def work(cancel: Cancel) -> None:
            for uid in uids:
                self.retrievals.check_again(uid, cancel)

        # An archive that is away is told by the prefetch; the reader has the images that are here.
        self._around.jobs.run(ARCHIVES, work, _nothing, _nothing, slot="late images")

    def _study_changed(self, change: StudyChange) -> None:
        if change.gone:
            self._around.session.images_withdrawn(change.study_instance_uid, change.gone_words)

    # ---- what is fetched ahead ----------------------------------------------------------

    @made_once
    def prefetcher(self) -> Prefetcher:
        """Brings what the worklist will need; `start` it once the window is there. `prefetch_changed` tells of it."""
        from workstation.archives.prefetch import Prefetcher, Surroundings
        from workstation.archives.prefetch_policy import load_policy
        from workstation.archives.prefetch_sources import BackgroundFetches, DirectorySources, held_studies

        around = self._around
        policy, problem = load_policy(around.folders.config)
        if problem is not None:
            around.note_problem(problem)
        surroundings = Surroundings(
            lambda: around.worklist.unfinished(MOST_PREPARED),
            lambda: held_studies(around.cache, self.held_elsewhere()),
            lambda: around.quota.why_full(policy.disk_share),
            self._metered,
        )
        fetches = BackgroundFetches(self.retrievals, self.directory)
        sources = DirectorySources(self.directory)
        prefetcher = Prefetcher(policy, sources, fetches, surroundings, around.remembered, self._prefetch_moved)
        self.retrievals.reading_first = prefetcher.manners.stepping_aside
        return prefetcher

    def _metered(self) -> bool:
        return self.is_metered()

    def _prefetch_moved(self, state: PrefetchState) -> None:
        self._around.jobs.on_main(lambda: self.prefetch_changed.emit(state))

    @property
    def wanted(self) -> frozenset[str]:
        """The studies that the prefetch's plan names; none before it was made."""
        return self.prefetcher.wanted if "prefetcher" in self.__dict__ else frozenset()

    # ---- what goes ---------------------------------------------------------------------

    @property
    def _sending_file(self) -> Path:
        return self._around.folders.data / "sending.db"

    @made_once
    def sender(self) -> Sender:
        """Objects of ours on their way to archives."""
        from workstation.archives.sending import Sender
        from workstation.archives.sending_ledger import SendingLedger

        around = self._around
        ledger = SendingLedger(self._sending_file, DatabaseKey.of(around.vault, "sending"))
        return Sender(self.directory, ledger, around.vault, around.folders.data)

    @property
    def may_be_sending(self) -> bool:
        """Whether anything was ever queued for an archive; opens nothing."""
        return "sender" in self.__dict__ or self._sending_file.is_file()

    @property
    def unsent(self) -> frozenset[str]:
        """The studies of which something still waits for an archive."""
        return self.sender.unsent_studies() if self.may_be_sending else frozenset()

    def start_sending(self) -> None:
        """Send what waits for archives, in a thread of its own; wakes it when it runs already."""
        from workstation.archives.sending import SenderRunner

        if self._sending is None:
            self._sending = SenderRunner(self.sender, lambda _: self._object_moved(), self._around.tell)
            self._sending.start()
        self._sending.wake()
        self._object_moved()

    def _object_moved(self) -> None:
        self._around.jobs.on_main(lambda: self.sending_changed.emit(None))

    # ---- the end -----------------------------------------------------------------------

    def cut(self) -> threading.Timer | None:
        """What asks an archive is told to stop; a moment later all that still waits for an answer is cut off."""
        made = self.__dict__
        if "directory" not in made:
            return None
        for name in ("retrievals", "sender"):
            if name in made:
                made[name].cut()
        timer = threading.Timer(GOODBYE_SECONDS, self.directory.close)
        timer.daemon = True
        timer.start()
        return timer

    def stop(self) -> None:
        """End the threads that send and prefetch."""
        if self._sending is not None:
            self._sending.stop()
        if "prefetcher" in self.__dict__:
            self.prefetcher.close()

    def close(self) -> None:
        """Close what was opened; nothing asks it any more."""
        for name in ("sender", "retrievals", "directory"):
            part = self.__dict__.get(name)
            if part is not None:
                part.close()
