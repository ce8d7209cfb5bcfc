"""Asking the archives what they hold of the listed patients: seldom, politely, and said once when one is silent."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from workstation.domain.archive import Archive, FoundStudy
from workstation.domain.patient import Patient
from workstation.errors import WorkstationError


class PriorDirectory(Protocol):
    """The archives, as far as prefetching asks them. Who may be asked about whom is the directory's to say."""

    @property
    def archives(self) -> Sequence[Archive]: ...

    def archives_for(self, patient: Patient) -> Sequence[Archive]:
        """Prior sources that the tenant wall lets us ask about this patient."""
        ...

    def studies_of(self, archive: str, patient: Patient, cancelled: Callable[[], bool]) -> Sequence[FoundStudy]:
        """Everything this archive holds of the patient. Raises WorkstationError."""
        ...


@dataclass(slots=True)
class _Silence:
    tries: int
    until: float
    words: str


class Patience:
    """Which archives are left in peace for now. Times in seconds of a clock that only goes forward."""

    def __init__(self, first: float, longest: float, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._first = first
        self._longest = longest
        self._monotonic = monotonic
        self._silent: dict[str, _Silence] = {}

    def failed(self, archive: str, error: WorkstationError) -> bool:
        """True when this is news: the archive answered before, or fails in another way."""
        before = self._silent.get(archive)
        tries = before.tries + 1 if before else 1
        wait = max(min(self._first * 2.0 ** min(tries - 1, 32), self._longest), error.retry_after or 0.0)
        self._silent[archive] = _Silence(tries, self._monotonic() + wait, str(error))
        return before is None or before.words != str(error)

    def answered(self, archive: str) -> None:
        self._silent.pop(archive, None)

    def is_due(self, archive: str) -> bool:
        silence = self._silent.get(archive)
        return silence is None or silence.until <= self._monotonic()

    @property
    def seconds_until_due(self) -> float | None:
        """Until the next silent archive may be tried again; None when all answer."""
        waits = [one.until - self._monotonic() for one in self._silent.values()]
        return max(min(waits), 0.0) if waits else None

    @property
    def problems(self) -> tuple[str, ...]:
        """One line for each archive that is silent now, for as long as it is."""
        return tuple(f"{name}: {one.words}" for name, one in sorted(self._silent.items()))


class Asking:
    """Answers are kept for a while: the worklist is looked at more often than archives like to be asked."""

    def __init__(
        self,
        directory: PriorDirectory,
        patience: Patience,
        keep_seconds: float,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._directory = directory
        self._patience = patience
        self._keep = keep_seconds
        self._monotonic = monotonic
        self._answers: dict[tuple[str, Patient], tuple[float, tuple[FoundStudy, ...]]] = {}
        self.said: Callable[[str, WorkstationError], None] = lambda _archive, _error: None
        """Called once when an archive ceases to answer, not again until it has answered."""

    def found(self, patients: Sequence[Patient], cancelled: Callable[[], bool]) -> tuple[FoundStudy, ...]:
        """What all archives hold of these patients, as far as they answer; what is known stays when they do not."""
        found: list[FoundStudy] = []
        for patient in patients:
            for archive in self._directory.archives_for(patient):
                if cancelled():
                    return tuple(found)
                found += self._of(archive.name, patient, cancelled)
        wanted = set(patients)
        self._answers = {key: answer for key, answer in self._answers.items() if key[1] in wanted}
        return tuple(found)

    def forget(self) -> None:
        """Ask anew next time."""
        self._answers.clear()

    def _of(self, archive: str, patient: Patient, cancelled: Callable[[], bool]) -> tuple[FoundStudy, ...]:
        asked, known = self._answers.get((archive, patient), (float("-inf"), ()))
        if self._monotonic() - asked < self._keep or not self._patience.is_due(archive):
            return known
        try:
            known = tuple(self._directory.studies_of(archive, patient, cancelled))
        except WorkstationError as error:
            if not cancelled() and self._patience.failed(archive, error):
                self.said(archive, error)
            return known
        self._patience.answered(archive)
        self._answers[archive, patient] = (self._monotonic(), known)
        return known
