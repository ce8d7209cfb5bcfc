"""What these doors ask of the core (`workstation.core.Core`)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from workstation.cache.cache import StudyCache
from workstation.errors import WorkstationError
from workstation.ports import Hanger, InstanceReader
from workstation.worklist import Worklist


class CoreServices(Protocol):
    """Each part is made when first asked for; `close` ends what was started."""

    @property
    def cache(self) -> StudyCache: ...
    @property
    def worklist(self) -> Worklist: ...
    @property
    def reader(self) -> InstanceReader: ...
    @property
    def hanger(self) -> Hanger: ...
    @property
    def hanging_problems(self) -> Sequence[WorkstationError]: ...
    def close(self) -> None: ...


OpenCore = Callable[[], CoreServices]
