"""Registration in the reading flow: how the series of the open case lie in each other's space.

A prior that hangs beside the current study in another frame of reference is registered with it in the
background, in a process of its own. What is found moves images at once and says how good it is; one key
rejects it. Nothing waits for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol, TypeVar

from workstation.domain.alignment import Alignment, AlignmentKind
from workstation.domain.annotation import Verdict
from workstation.domain.dates import as_date
from workstation.domain.geometry import Vec3, add
from workstation.domain.study import Series, Study
from workstation.errors import Refused, WorkstationError
from workstation.jobs import DATABASE, REGISTRATION, Cancel, Job, Jobs
from workstation.ports import ImageShelf, RegistrationTask, SeriesKey
from workstation.session.alignments import Alignments
from workstation.session.comparing import covers
from workstation.session.pairs import Pair, hung_pairs, partner
from workstation.signals import Signal

if TYPE_CHECKING:
    from workstation.session.viewing import Viewing


_T = TypeVar("_T")


class AlignmentShelf(Protocol):
    """What is kept of former times (workstation.alignments_store)."""

    @property
    def notice(self) -> str:
        """What the reader must know about it."""
        ...

    def put(self, alignment: Alignment, algorithm: str) -> None: ...
    def of_series(self, series_uids: Iterable[str], algorithm: str) -> Sequence[Alignment]: ...


class _Forgetful:
    notice = ""

    def put(self, alignment: Alignment, algorithm: str) -> None: ...
    def of_series(self, series_uids: Iterable[str], algorithm: str) -> Sequence[Alignment]:
        return ()


@dataclass(slots=True)
class _Running:
    pair: Pair
    job: Job
    share: float = 0.0
    is_deformable: bool = False


@dataclass(frozen=True, slots=True)
class Told:
    """What stands on a viewport: the words, shorter ones, and whether it is a warning."""

    words: str
    shorter: tuple[str, ...] = ()
    warns: bool = False


class Registering:
    """Used on the main thread. `changed` tells the moving series whose alignment, or its state, is another now."""

    def __init__(self, jobs: Jobs, viewing: Viewing, shelf: ImageShelf) -> None:
        self._jobs = jobs
        self._viewing = viewing
        self._shelf = shelf
        self._known = Alignments()
        self._studies: tuple[Study, ...] = ()
        self._running: dict[Pair, _Running] = {}
        self._failed: dict[Pair, str] = {}
        self._case = 0
        self._is_loaded = False
        self.kept: AlignmentShelf = _Forgetful()
        """On disk; the core plugs it in."""
        self.is_automatic = True
        """Whether priors are registered when they are hung."""
        self.changed: Signal[str] = Signal()
        self.said: Signal[str] = Signal()
        """One line for the reader, an English source string."""
        viewing.arrangement_changed.connect(self._hung)
        viewing.viewport_changed.connect(self._moved)

    # ---- the case --------------------------------------------------------------------

    def open_case(self, studies: Sequence[Study]) -> None:
        """More studies of the same case keep what is known of those before."""
        self._studies = tuple(studies)
        self._known.open_case(studies)
        if len(studies) < 2:
            self._is_loaded = True
            return
        case = self._case
        uids = [series.series_instance_uid for study in studies for series in study.series]
        algorithm = self._shelf.registrar.algorithm

        def done(found: Sequence[Alignment]) -> None:
            if case == self._case:
                self._loaded(found)

        self._jobs.run(DATABASE, lambda _: self.kept.of_series(uids, algorithm), done, lambda _: done(()))

    def close_case(self) -> None:
        self._case += 1
        self._is_loaded = False
        for running in self._running.values():
            running.job.cancel.set()
        self._running.clear()
        self._failed.clear()
        self._known.close_case()
        if self._studies:
            self._shelf.registrar.forget()
        self._studies = ()

    # ---- what is known ---------------------------------------------------------------

    def alignment(self, fixed_series_uid: str, moving_series_uid: str) -> Alignment | None:
        """Takes points of the one to the other: SAME_FRAME, found, or set by hand; None while there is none, or it was rejected.

        Put together and turned round where needed: what was found for two series holds for all of their frames of
        reference.
        """
        return self._known.between(fixed_series_uid, moving_series_uid)

    def mapped(self, fixed_series_uid: str, moving_series_uid: str, point: Vec3) -> Vec3 | None:
        """A point (LPS mm) of one series as one of the other, through the displacement field where there is one."""
        found = self.alignment(fixed_series_uid, moving_series_uid)
        if found is None:
            return None
        more = self._shelf.registrar.displaced(found.warp, point) if found.warp else None
        return found.apply(point) if more is None else add(found.apply(point), more)

    def told(self, index: int) -> Told | None:
        """What is to be said on this viewport about how it lies to the one it is compared with."""
        state = self._viewing.state(index)
        cell = self._viewing.cells[index] if state is not None else None
        if state is not None and state.fusion is not None and covers(state.fusion):
            return self._of_another(state.fusion.study_uid)
        if state is None or cell is None or not cell.is_prior:
            return None
        other = partner(self._viewing, index, self._known)
        if other is None:
            return None
        pair = Pair((other.study_uid, other.series_uid), (state.study_uid, state.series_uid))
        running = self._of_spaces(self._running, pair)
        if running is not None:
            percent = round(100 * running.share)
            words = "Deforming to current" if running.is_deformable else "Aligning to current"
            return Told(f"{words} … {percent} %", (f"{words} …",))
        found = self._known.found(pair.fixed[1], pair.moving[1])
        if found is not None:
            return _told_of(found, index in self._viewing.linking.turned)
        reason = self._of_spaces(self._failed, pair)
        return (
            None
            if reason is None
            else Told(f"Not aligned to current: {reason}", ("Not aligned to current", "Not aligned"), warns=True)
        )

    def _of_another(self, study_uid: str) -> Told:
        """Of images that stand where the viewport's own would: dated, because its corners are about those (F65)."""
        study = next((one for one in self._studies if one.study_instance_uid == study_uid), None)
        day = as_date(study.study_date) if study is not None else None
        whose = f"Images of {day.isoformat()}" if day is not None else "Another study's images"
        return Told(f"{whose} in place of these", (whose,), warns=True)

    # ---- by itself -------------------------------------------------------------------

    def _loaded(self, found: Sequence[Alignment]) -> None:
        self._is_loaded = True
        if self.kept.notice:
            self.said.emit(self.kept.notice)
        for alignment in found:
            self._known.put(alignment)
            self.changed.emit(alignment.moving)
        self._hung(None)

    def _hung(self, _: object) -> None:
        if not self._is_loaded or not self.is_automatic or len(self._studies) < 2:
            return
        for pair in hung_pairs(self._viewing, self._series, self._known):
            nothing_known = self._known.found(pair.fixed[1], pair.moving[1]) is None
            busy = self._of_spaces(self._running, pair) or self._of_spaces(self._failed, pair)
            # What cannot be tried is not worth a word to somebody who did not ask for it.
            if nothing_known and not busy and not self._shelf.registrar.refusal(pair.fixed, pair.moving):
                self._start(pair)

    def _moved(self, _: int) -> None:
        if self._running:
            self._shelf.registrar.reader_moved()

    def _start(self, pair: Pair, rigid: Alignment | None = None) -> None:
        """In the background; what cannot be tried is told at once."""
        registrar = self._shelf.registrar
        reason = registrar.refusal(pair.fixed, pair.moving)
        if reason:
            self._fail(pair, reason, rigid is not None)
            return
        task = registrar.rigid(*pair) if rigid is None else registrar.deformable(*pair, rigid)
        self._failed.pop(pair, None)
        running = _Running(pair, Job(), is_deformable=rigid is not None)
        self._running[pair] = running
        running.job = self._run(running, task)
        self.changed.emit(pair.moving[1])

    def _run(self, running: _Running, task: RegistrationTask) -> Job:
        pair, case = running.pair, self._case

        def is_ours() -> bool:
            return case == self._case and self._running.get(pair) is running

        def tell(share: float) -> None:
            def told() -> None:
                if is_ours():
                    running.share = share
                    self.changed.emit(pair.moving[1])

            self._jobs.on_main(told)

        def work(cancel: Cancel) -> Alignment:
            return task(cancel, tell)

        def done(found: Alignment) -> None:
            if is_ours():
                del self._running[pair]
                self._take(found)

        def failed(error: Exception) -> None:
            if is_ours():
                del self._running[pair]
                # Its title says that there is none; the detail says why.
                reason = error.detail if isinstance(error, WorkstationError) and error.detail else "it failed"
                self._fail(pair, reason, running.is_deformable)

        return self._jobs.run(REGISTRATION, work, done, failed)

    def _take(self, found: Alignment) -> None:
        self._known.put(found)
        self._keep(found)
        self.changed.emit(found.moving)
        self._viewing.linking.align()

    def _fail(self, pair: Pair, reason: str, is_deformable: bool) -> None:
        if is_deformable:
            self.said.emit(f"Not deformed: {reason}. The rigid alignment stays")
        else:
            self._failed[pair] = reason
        self.changed.emit(pair.moving[1])

    def _keep(self, alignment: Alignment) -> None:
        algorithm = self._shelf.registrar.algorithm

        def unkept(_: Exception) -> None:
            self.said.emit("The alignment could not be kept on disk: it holds until the case is closed")

        self._jobs.run(DATABASE, lambda _: self.kept.put(alignment, algorithm), None, unkept)

    # ---- by the reader ---------------------------------------------------------------

    def toggle(self) -> None:
        """Stop what runs; reject what is there; else register anew. Of the active viewport and the one it is compared with."""
        pair = self._active_pair()
        running = self._of_spaces(self._running, pair)
        if running is not None:
            running.job.cancel.set()
            del self._running[running.pair]
            self._fail(pair, "it was stopped", running.is_deformable)
            return
        found = self._known.found(pair.fixed[1], pair.moving[1])
        if found is None or not found.is_used:
            self._known.drop(pair.fixed[1], pair.moving[1])
            self._failed = {failed: why for failed, why in self._failed.items() if not self._same_spaces(failed, pair)}
            self._start(pair)
            reason = self._of_spaces(self._failed, pair)
            if reason:
                raise Refused("Not aligned", reason, "Alt+J makes the places both viewports show one place")
            self.said.emit("Aligning in the background")
            return
        self._take(replace(found, verdict=Verdict.REJECTED))
        self.said.emit("Alignment rejected: the images are compared by table position again")

    def by_hand(self) -> None:
        """The places that the active viewport and its partner show now are one place. A rotation that was found stays.

        With an alignment in use it is only shifted along the way that is scrolled: what lies where within the images
        is better known to it than to the middles of two viewports.
        """
        pair, here, there, normal = self._both_places()
        found = self._known.between(pair.fixed[1], pair.moving[1])
        base = found or Alignment(pair.fixed[1], pair.moving[1], AlignmentKind.BY_HAND)
        off = tuple(b - a for a, b in zip(base.apply(here), there, strict=True))
        if found is not None:
            along = base.turn(normal)
            depth = sum(a * b for a, b in zip(off, along, strict=True))
            off = tuple(depth * part for part in along)
        m = base.matrix
        matrix = (*m[:3], m[3] + off[0], *m[4:7], m[7] + off[1], *m[8:11], m[11] + off[2])
        words = "Set by hand, the rotation found before" if found is not None else "Set by hand, a shift alone"
        made = Alignment(
            pair.fixed[1], pair.moving[1], AlignmentKind.BY_HAND, matrix, words=words, verdict=Verdict.ACCEPTED
        )  # fmt: skip
        self._failed.pop(pair, None)
        self._take(made)
        self.said.emit("Aligned by hand: what both viewports show is one place")

    def deform(self) -> None:
        """Bend the one series to the other, from the rigid alignment on; again: back to the rigid one."""
        pair = self._active_pair()
        if self._of_spaces(self._running, pair) is not None:
            raise Refused("Not deformed", "An alignment is under way", "Wait for it, or press Ctrl+Shift+R to stop it")
        found = self._known.between(pair.fixed[1], pair.moving[1])
        if found is None:
            raise Refused("Not deformed", "The images are not aligned yet", "Press Ctrl+Shift+R first")
        if found.kind is AlignmentKind.DEFORMABLE:
            self._take(replace(found, kind=AlignmentKind.RIGID, warp="", residual_mm=None, residual_p95_mm=None, words=""))
            self.said.emit("Back to the rigid alignment")
            return
        self._start(pair, found)
        self.said.emit("Deforming in the background")

    def pair_of(self, index: int) -> Pair:
        """The series of a viewport, the current one first, and of that it is compared with. Raises Refused."""
        state = self._viewing.state(index)
        other = partner(self._viewing, index, self._known) if state is not None else None
        if state is None or other is None:
            raise Refused(
                "Nothing to align", "No images in another space hang beside the active ones", "Hang a prior beside them"
            )
        keys = (state.study_uid, state.series_uid), (other.study_uid, other.series_uid)
        is_prior = self._viewing.cells[index].is_prior
        return Pair(keys[1], keys[0]) if is_prior else Pair(*keys)

    # ---- inside ----------------------------------------------------------------------

    def _active_pair(self) -> Pair:
        return self.pair_of(self._viewing.active)

    def _both_places(self) -> tuple[Pair, Vec3, Vec3, Vec3]:
        pair = self._active_pair()
        places = [self._viewing.linking.shown_place(self._index_of(key)) for key in pair]
        if places[0] is None or places[1] is None:
            raise Refused("Not aligned by hand", "One of the images does not say where in the patient it lies")
        return pair, places[0][1], places[1][1], places[0][0]

    def _index_of(self, key: SeriesKey) -> int:
        """The viewport of a series: the active one, if it shows it."""
        cells = [(i, c.state) for i, c in enumerate(self._viewing.cells) if c.state is not None]
        shown = [i for i, state in cells if (state.study_uid, state.series_uid) == key]
        return self._viewing.active if self._viewing.active in shown else shown[0]

    def _series(self, key: SeriesKey) -> Series | None:
        study = next((s for s in self._studies if s.study_instance_uid == key[0]), None)
        return next((s for s in study.series if s.series_instance_uid == key[1]), None) if study is not None else None

    def _of_spaces(self, of: dict[Pair, _T], pair: Pair) -> _T | None:
        return next((value for other, value in of.items() if self._same_spaces(other, pair)), None)

    def _same_spaces(self, one: Pair, other: Pair) -> bool:
        """Whether two pairs lead from one space to another: what holds of the one holds of the other."""
        return self._known.share_space(one.fixed[1], other.fixed[1]) and self._known.share_space(one.moving[1], other.moving[1])


def _told_of(found: Alignment, is_turned: bool) -> Told:
    told = _how(found)
    if not is_turned:
        return told
    # That letters and planes are another study's is kept before the second number.
    return Told(f"{told.words}, turned to it", tuple(f"{words}, turned to it" for words in told.shorter), told.warns)


def _how(found: Alignment) -> Told:
    if not found.is_used:
        return Told("Alignment rejected", ("Rejected",), warns=True)
    if found.kind is AlignmentKind.BY_HAND:
        return Told("Aligned to current by hand, residual not measured", ("Aligned by hand",))
    how = "Deformed" if found.kind is AlignmentKind.DEFORMABLE else "Aligned"
    if found.residual_mm is None:
        return Told(f"{how} to current, residual not measured", (how,))
    residual = f"residual {found.residual_mm:.1f} mm"
    worst = f" (95 %: {found.residual_p95_mm:.1f} mm)" if found.residual_p95_mm is not None else ""
    return Told(f"{how} to current, {residual}{worst}", (f"{how} to current, {residual}", f"{how}, {residual}"))
