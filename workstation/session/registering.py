"""Registration in the reading flow: how the series of the open case lie in each other's space."""

from __future__ import annotations

from collections.abc import Sequence

from workstation.domain.alignment import Alignment
from workstation.domain.study import Study
from workstation.session.alignments import Alignments
from workstation.signals import Signal


class Registering:
    """Used on the main thread. `changed` tells the moving series whose alignment is another now."""

    def __init__(self) -> None:
        self._known = Alignments()
        self.changed: Signal[str] = Signal()

    def open_case(self, studies: Sequence[Study]) -> None:
        self._known.open_case(studies)

    def close_case(self) -> None:
        self._known.close_case()

    def alignment(self, fixed_series_uid: str, moving_series_uid: str) -> Alignment | None:
        """Takes points of the one to the other: SAME_FRAME, found, or set by hand; None while there is none, or it was rejected.

        Put together and turned round where needed: what was found for two series holds for all of their frames of
        reference.
        """
        return self._known.between(fixed_series_uid, moving_series_uid)
