"""What these doors ask of the core (`workstation.core.Core`)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

from workstation.cache.cache import StudyCache
from workstation.errors import WorkstationError
from workstation.ports import Hanger, InstanceReader
from workstation.worklist import Worklist

if TYPE_CHECKING:
    from workstation.archives.directory import ArchiveDirectory
    from workstation.archives.retrieve import Retrievals
    from workstation.archives.sending import Sender


class CoreServices(Protocol):
    """Each part is made when first asked for; `close` ends what was started."""

    @property
    def cache(self) -> StudyCache: ...
    @property
    def worklist(self) -> Worklist: ...
    @property
    def reader(self) -> InstanceReader: ...
    @property
    def archives(self) -> ArchiveDirectory: ...
    @property
    def retrievals(self) -> Retrievals: ...
    @property
    def sender(self) -> Sender: ...
    @property
    def hanger(self) -> Hanger: ...
    @property
    def hanging_problems(self) -> Sequence[WorkstationError]: ...
    def close(self) -> None: ...


OpenCore = Callable[[], CoreServices]
