"""What these doors ask of the core (`workstation.core.Core`)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

from workstation.at_rest.vault import Vault
from workstation.cache.cache import StudyCache
from workstation.errors import WorkstationError
from workstation.ports import Hanger, ImageShelf, InstanceReader, ProtocolExchange
from workstation.reporting.store import ReportStore
from workstation.settings import Folders, Settings
from workstation.worklist_index import WorklistIndex

if TYPE_CHECKING:
    from workstation.archives.directory import ArchiveDirectory
    from workstation.archives.prefetch import Prefetcher
    from workstation.archives.retrieve import Retrievals
    from workstation.archives.sending import Sender
    from workstation.cache.quota import Quota


class CoreServices(Protocol):
    """Each part is made when first asked for; `close` ends what was started."""

    @property
    def cache(self) -> StudyCache: ...
    @property
    def worklist(self) -> WorklistIndex: ...
    @property
    def reader(self) -> InstanceReader: ...
    @property
    def archives(self) -> ArchiveDirectory: ...
    @property
    def retrievals(self) -> Retrievals: ...
    @property
    def sender(self) -> Sender: ...
    @property
    def prefetcher(self) -> Prefetcher: ...
    @property
    def quota(self) -> Quota: ...
    @property
    def library(self) -> ImageShelf: ...
    @property
    def vault(self) -> Vault: ...
    @property
    def folders(self) -> Folders: ...
    @property
    def settings(self) -> Settings: ...
    @property
    def settings_problem(self) -> WorkstationError | None: ...
    @property
    def hanger(self) -> Hanger: ...
    @property
    def make_exchange(self) -> Callable[[], ProtocolExchange] | None: ...
    @property
    def reports(self) -> ReportStore: ...
    @property
    def hanging_problems(self) -> Sequence[WorkstationError]: ...
    def close(self) -> None: ...


OpenCore = Callable[[], CoreServices]
