"""The drawings of the open case as the disk has them, and the acts that changed them.

What is given out as kept is on disk: every act goes to the database lane first. What the disk
refused stays in `waiting` and is tried again with the next act, in order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from workstation.domain.annotation import Annotation
from workstation.domain.study import Study
from workstation.jobs import DATABASE, Cancel, Jobs
from workstation.marks_store import MarkStore
from workstation.signals import Signal

Change = tuple[Annotation | None, Annotation | None]
"""(before, after); None before is a new drawing, None after a removed one."""


class AnnotationShelf(Protocol):
    """Where drawings are kept (workstation.annotations_store.AnnotationStore)."""

    def apply(self, changes: Iterable[Change]) -> None: ...
    def of_studies(self, study_uids: Iterable[str]) -> tuple[Annotation, ...]: ...
    @property
    def marks(self) -> MarkStore: ...


@dataclass(frozen=True, slots=True)
class OtherAct:
    """What somebody did to something else than drawings, in the same order of undoing."""

    undo: Callable[[], object]
    redo: Callable[[], object]


class Drawn:
    """Of the main thread, but for the jobs it starts. Drawings of other studies than the open ones are never given out."""

    def __init__(self, jobs: Jobs, store: AnnotationShelf) -> None:
        self._jobs = jobs
        self._store = store
        self.changed: Signal[str] = Signal()
        """The series whose drawings changed."""
        self.problem: Signal[Exception] = Signal()
        self.studies: tuple[Study, ...] = ()
        self.kept: dict[str, Annotation] = {}
        self.waiting: dict[str, Annotation | None] = {}
        """What is not on disk yet; None is a drawing that is to go."""
        self._done: list[tuple[Change, ...] | OtherAct] = []
        self._undone: list[tuple[Change, ...] | OtherAct] = []
        self._case = 0
        # Of the database lane alone: what the disk refused.
        self._refused: list[Change] = []

    def load(self, studies: Sequence[Study]) -> None:
        """Bring what was drawn on these studies."""
        self.studies = tuple(studies)
        case, uids = self._case, [study.study_instance_uid for study in studies]

        def came(found: tuple[Annotation, ...]) -> None:
            if case == self._case:
                for drawn in found:
                    self.kept.setdefault(drawn.uid, drawn)
                self._tell(drawn.series_uid for drawn in found)

        self._jobs.run(DATABASE, lambda _: self._store.of_studies(uids), came, self.problem.emit)

    def clear(self) -> None:
        """Another case comes: nothing of this one is given out any more. What waits is tried once more."""
        if self.waiting:
            self.write([])
        self._case += 1
        self.studies = ()
        self.kept.clear()
        self.waiting.clear()
        self._done.clear()
        self._undone.clear()

    def find(self, uid: str) -> Annotation | None:
        """The drawing as it was last changed, on disk or not."""
        return self.waiting[uid] if uid in self.waiting else self.kept.get(uid)

    def act(self, changes: Sequence[Change]) -> None:
        """What somebody did: written, and one step of undo."""
        self._done.append(tuple(changes))
        self._undone.clear()
        self.write(changes)

    def act_on(self, change: Change) -> None:
        """What goes on with the last act, which `last` gave: written, and undone together with it."""
        first = self.last()[0][0]
        self._done[-1] = ((first, change[1]),)
        self.write([change])

    def last(self) -> tuple[Change, ...]:
        """The act that `undo` takes back; empty when there is none, or none of a drawing."""
        step = self._done[-1] if self._done else ()
        return () if isinstance(step, OtherAct) else step

    @property
    def steps(self) -> int:
        """How many acts `undo` could take back."""
        return len(self._done)

    def note(self, act: OtherAct) -> None:
        """Something else was done: undone in its turn."""
        self._done.append(act)
        self._undone.clear()

    def undo(self) -> None:
        if self._done:
            step = self._done.pop()
            self._undone.append(step)
            if isinstance(step, OtherAct):
                step.undo()
            else:
                self.write([(after, before) for before, after in reversed(step)])

    def redo(self) -> None:
        if self._undone:
            step = self._undone.pop()
            self._done.append(step)
            if isinstance(step, OtherAct):
                step.redo()
            else:
                self.write(step)

    def write(self, changes: Sequence[Change]) -> None:
        """To disk first; only then is it given out as kept. Nothing to change: what was refused is tried again."""
        case, fresh = self._case, list(changes)
        for before, after in fresh:
            one = after or before
            if one is not None:
                self.waiting[one.uid] = after

        def work(_: Cancel) -> list[Change]:
            self._refused.extend(fresh)
            self._store.apply(self._refused)
            written, self._refused = self._refused, []
            return written

        def done(written: list[Change]) -> None:
            if case == self._case:
                self._keep(written)

        self._jobs.run(DATABASE, work, done, self.problem.emit)
        self._tell(a.series_uid for change in fresh for a in change if a is not None)

    def _keep(self, written: Sequence[Change]) -> None:
        own = {study.study_instance_uid for study in self.studies}
        for before, after in written:
            one = after or before
            if one is None or one.study_uid not in own:
                continue
            if after is not None:
                self.kept[one.uid] = after
            else:
                self.kept.pop(one.uid, None)
            if one.uid in self.waiting and self.waiting[one.uid] is after:
                del self.waiting[one.uid]
        self._tell(a.series_uid for change in written for a in change if a is not None)

    def _tell(self, series_uids: Iterable[str]) -> None:
        for uid in dict.fromkeys(series_uids):
            self.changed.emit(uid)
