"""Which priors are named by the order, by the report as it stands and by earlier reports of the patient.

Reckoned when a case opens, in the thread that opens it, and anew in the background when another date or number was
written into the report. Nothing that hangs moves for it: it counts when something is hung next.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace

from workstation.domain.earlier_report import EarlierReport
from workstation.domain.mention import Dated, mentioned_in
from workstation.domain.prior import NOT_MENTIONED, Mentions
from workstation.domain.study import Study
from workstation.errors import WorkstationError
from workstation.jobs import BESIDE, Cancel, Jobs
from workstation.session.case import Case
from workstation.session.earlier import Patients, patients_of
from workstation.signals import Signal

# The newest ones; a case that opens waits for their reading, some milliseconds each.
MOST_REPORTS = 20
_NUMBERS = re.compile(r"\d[\d./-]*")


class PriorMentions:
    """`of` may be called from any thread; the rest belongs to the main one. `changed` says that others are named now."""

    def __init__(self, jobs: Jobs) -> None:
        self._jobs = jobs
        self._lock = threading.Lock()
        self._known: tuple[frozenset[str], Mentions] = (frozenset(), NOT_MENTIONED)
        self._draft = ""
        self.smallest = ""
        """The study in which the lesions that are followed were smallest."""
        self.kept: Callable[[Patients], Sequence[EarlierReport]] = lambda _: ()
        """The earlier reports that are on this machine; any thread. The core plugs it in."""
        self.changed: Signal[None] = Signal()

    def of(self, case: Case) -> Mentions:
        """Of a case that opens, or is open. On the main thread, where nothing is known yet, by the order alone."""
        found, smallest = self._of(case), self.smallest
        is_open = any(study.study_instance_uid == smallest for study in case.priors)
        return replace(found, smallest=smallest) if is_open else found

    def measured(self, smallest: str) -> None:
        """The lesions that are followed are smallest in this study now."""
        if smallest != self.smallest:
            self.smallest = smallest
            self.changed.emit(None)

    def _of(self, case: Case) -> Mentions:
        with self._lock:
            known = self._known
        if known[0] == _key(case):
            return known[1]
        if threading.current_thread() is threading.main_thread():
            return self._reckon(case, "", ())
        found = self._reckon(case, "", self._earlier(case))
        with self._lock:
            self._known = _key(case), found
        return found

    def written(self, case: Case | None, draft: str) -> None:
        """The report stands like this now."""
        if case is None:
            return
        numbers = " ".join((case.study.study_instance_uid, *_NUMBERS.findall(draft)))
        if numbers == self._draft:
            return
        self._draft = numbers

        def done(found: Mentions) -> None:
            if self._draft == numbers:
                self._take(case, found)

        def work(_: Cancel) -> Mentions:
            return self._reckon(case, draft, self._earlier(case))

        self._jobs.run(BESIDE, work, done, lambda _: None, slot="mentioned priors")

    def forget(self) -> None:
        """Another case is open, or none."""
        self._draft = self.smallest = ""
        with self._lock:
            self._known = (frozenset(), NOT_MENTIONED)

    def _earlier(self, case: Case) -> Sequence[EarlierReport]:
        try:
            return self.kept(patients_of(case))
        except WorkstationError:  # who shows them says why; no case waits for them
            return ()

    def _take(self, case: Case, found: Mentions) -> None:
        with self._lock:
            before, self._known = self._known[1], (_key(case), found)
        if found != before:
            self.changed.emit(None)

    def _reckon(self, case: Case, draft: str, reports: Sequence[EarlierReport]) -> Mentions:
        priors, today = tuple(map(_dated, case.priors)), case.study.study_date
        if not priors:
            return NOT_MENTIONED
        before: dict[str, str] = {}
        for report in reports[:MOST_REPORTS]:
            if report.study_instance_uid != case.study.study_instance_uid:
                own = report.study_instance_uid
                others = [one for one in priors if one.uid != own]
                for uid, words in mentioned_in(report.text, others, report.day or today).items():
                    before.setdefault(uid, words)
        now = mentioned_in(f"{case.reason}\n{draft}", priors, today)
        return Mentions(now, before)


def _key(case: Case) -> frozenset[str]:
    """Of the studies: what came since may be named too."""
    return frozenset(study.study_instance_uid for study in case.studies)


def _dated(study: Study) -> Dated:
    return Dated(study.study_instance_uid, study.study_date, frozenset(study.modalities), study.accession_number)
