"""What of a study is here and what is still coming, for the rows of the worklist. No question to a database per row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from ui import theme
from ui.plain import core_text, plain
from workstation.domain.archive import RetrieveProgress
from workstation.domain.order import WorklistItem
from workstation.domain.patient import PatientKey
from workstation.jobs import DATABASE, Cancel

if TYPE_CHECKING:
    from ui.seat import Seat


@dataclass(frozen=True, slots=True)
class Arrival:
    """One study that is not proven to be here whole. `patient` is as the archive answered."""

    progress: RetrieveProgress
    patient: PatientKey

    @property
    def is_begun(self) -> bool:
        return self.progress.expected is not None


class Arrivals(QObject):
    """Follows the retrievals once `follow` was called. `changed` carries a Study Instance UID, or "" for any."""

    changed = Signal(str)

    def __init__(self, core: Seat) -> None:
        super().__init__()
        self._core = core
        self._is_following = False
        self._coming: dict[str, Arrival] = {}
        self.can_fetch = False
        """Whether there is an archive to ask."""

    def follow(self) -> None:
        """Once archives are set up; may be called again."""
        self.can_fetch = bool(self._core.archives.archives)
        if self.can_fetch and not self._is_following:
            self._is_following = True
            self._core.retrievals.progressed.connect(self._moved)
            self._ask()
        self.changed.emit("")

    def of_study(self, study_instance_uid: str) -> Arrival | None:
        """How far it has come; None when nothing of it is known to be missing."""
        return self._coming.get(study_instance_uid) if study_instance_uid else None

    def priors_coming(self, item: WorklistItem) -> int:
        """Other studies of the patient of which images are on their way."""
        key = item.patient.key.patient_id
        return sum(
            arrival.patient.patient_id == key and uid != item.study_instance_uid and not arrival.progress.problem
            for uid, arrival in self._coming.items()
        )

    def _ask(self) -> None:
        retrievals = self._core.retrievals

        def work(_: Cancel) -> dict[str, Arrival]:
            found: dict[str, Arrival] = {}
            for row in retrievals.unfinished():
                for progress in retrievals.progress_of(row.study_instance_uid)[:1]:
                    if not progress.is_proven:
                        found[row.study_instance_uid] = Arrival(progress, row.patient)
            return found

        self._core.jobs.run(DATABASE, work, self._found, self._core.session.report_problem, slot="arrivals")

    def _found(self, coming: dict[str, Arrival]) -> None:
        self._coming = coming
        self.changed.emit("")

    def _moved(self, progress: RetrieveProgress) -> None:
        uid = progress.study_instance_uid
        known = self._coming.get(uid)
        if progress.is_proven:
            if self._coming.pop(uid, None) is not None:
                self.changed.emit("")
        elif known is None:
            self._ask()  # of whom it is, the archive's answer says
        else:
            self._coming[uid] = Arrival(progress, known.patient)
            self.changed.emit(uid)


def images_words(item: WorklistItem, arrivals: Arrivals) -> str:
    """`402`, `137 of 402` while some are missing, `none`, or `Fetch…` where an archive can be asked."""
    arrival = arrivals.of_study(item.study_instance_uid)
    if arrival is not None and arrival.is_begun:
        return core_text("{0} of {1}").format(arrival.progress.received, arrival.progress.expected)
    if item.image_count:
        return str(item.image_count)
    if arrival is not None and not arrival.progress.problem:
        return core_text("coming")
    return core_text("Fetch…") if may_fetch(item, arrivals) else core_text("none")


def may_fetch(item: WorklistItem, arrivals: Arrivals) -> bool:
    """Whether Return on the row asks the archives: an order that nothing is here for."""
    return arrivals.can_fetch and not item.image_count and not item.warning


def images_colour(item: WorklistItem, arrivals: Arrivals) -> str:
    arrival = arrivals.of_study(item.study_instance_uid)
    if arrival is not None:
        return theme.RED if arrival.progress.problem else theme.AMBER
    if item.image_count:
        return ""
    return theme.ACCENT if may_fetch(item, arrivals) else theme.MUTED


def images_tip(item: WorklistItem, arrivals: Arrivals) -> Sequence[str]:
    """What the number means, and what can be done."""
    arrival = arrivals.of_study(item.study_instance_uid)
    lines = []
    if arrival is not None and arrival.is_begun:
        missing = (arrival.progress.expected or 0) - arrival.progress.received
        lines.append(core_text("{0} images of this study are not here yet").format(missing))
    if arrival is not None and arrival.progress.problem:
        lines.append(plain(core_text(arrival.progress.problem)))
    if may_fetch(item, arrivals) and arrival is None:
        lines.append(core_text("Return looks for it in the archives"))
    return lines


def priors_words(item: WorklistItem, arrivals: Arrivals) -> str:
    """Said beside the status while priors are on their way; empty otherwise."""
    count = arrivals.priors_coming(item)
    if not count:
        return ""
    return core_text("prior coming") if count == 1 else core_text("{0} priors coming").format(count)
