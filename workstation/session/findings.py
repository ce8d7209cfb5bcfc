"""What objects of others say of the open case: findings, key images and presentation states, and layers over images.

Read in the background once a case is open. Nothing is shown that is not listed here, with its source,
and nothing whose patient, study or images do not match: `words` say so instead (F49, F75). How the reader
wants a layer (off, fainter, rejected) is kept on disk; what was written here is not taken for somebody else's.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from workstation.domain.annotation import Annotation, AnnotationKind, Verdict
from workstation.domain.dose import DoseReport
from workstation.domain.study import Study
from workstation.domain.viewing import Plane
from workstation.errors import Refused
from workstation.jobs import BESIDE, DATABASE, Cancel, Job, Jobs
from workstation.marks_store import LayerLook
from workstation.ports import ImageLayer, ImageShelf, ObjectFound, PresentationState
from workstation.session.annotating import READER, Annotating
from workstation.session.drawn import AnnotationShelf
from workstation.session.key_images import KeyImages
from workstation.signals import Signal

OPACITY_STEP = 0.1


class Findings:
    """Used on the main thread; objects are read in a job."""

    def __init__(
        self,
        jobs: Jobs,
        shelf: ImageShelf,
        store: AnnotationShelf,
        annotating: Annotating,
        key_images: KeyImages,
        problem: Callable[[Exception], object],
    ) -> None:
        self._jobs = jobs
        self._shelf = shelf
        self._store = store
        self._annotating = annotating
        self._key_images = key_images
        self._problem = problem
        self._layers: dict[str, ImageLayer] = {}
        self._looks: dict[str, LayerLook] = {}
        self._case = 0
        self._job: Job | None = None
        self.own: frozenset[str] = frozenset()
        """SOP Instance UIDs of the objects that were written here."""
        self.hidden: set[str] = set()
        """Layers, by uid, that the reader has turned off."""
        self.presentations: tuple[PresentationState, ...] = ()
        """The presentation states of the open case, own and received, those that were replaced left out."""
        self.doses: tuple[DoseReport, ...] = ()
        """What the dose reports of the open case say, each of the study that it names."""
        self.rejected: dict[str, str] = {}
        """Why images are not to be looked at, as rejection notes say, by SOP Instance UID."""
        self.words: tuple[str, ...] = ()
        """What of the objects is not shown, and why: `name: reason`."""
        self.changed: Signal[None] = Signal()
        self.warned: Signal[str] = Signal()
        """What a reader must know before values are read, once for each object."""

    @property
    def layers(self) -> tuple[ImageLayer, ...]:
        """All of the open case."""
        return tuple(self._layers.values())

    def open_case(self, studies: Sequence[Study]) -> None:
        """Read the objects of these studies. More studies of the same case keep what the reader turned off."""
        self._stop()
        case, uids = self._case, [study.study_instance_uid for study in studies]

        def known(_: Cancel) -> tuple[dict[str, LayerLook], frozenset[str]]:
            marks = self._store.marks
            return marks.looks_of(uids), frozenset(one.sop_instance_uid for one in marks.own_of(uids))

        def work(cancel: Cancel) -> list[ObjectFound]:
            return [found for study in studies for found in self._shelf.objects_of(study, cancel)]

        def done(found: list[ObjectFound]) -> None:
            if case == self._case:
                self._take(found)

        def loaded(of_disk: tuple[dict[str, LayerLook], frozenset[str]]) -> None:
            if case == self._case:
                self._looks = {**of_disk[0], **self._looks}
                self.own = of_disk[1]
                self._job = self._jobs.run(BESIDE, work, done, self._problem)

        # The drawings on disk come first, in the same lane: a verdict that was given must be known.
        self._job = self._jobs.run(DATABASE, known, loaded, self._problem)

    def close_case(self) -> None:
        self._stop()
        self._layers.clear()
        self._looks.clear()
        self.hidden.clear()
        self.words, self.presentations, self.doses = (), (), ()
        self.rejected = {}
        self.own = frozenset()
        self.changed.emit(None)

    def on(self, study_uid: str, series_uid: str) -> tuple[ImageLayer, ...]:
        """The layers that are on and may lie on images of a series; none while drawings are hidden."""
        if not self._layers or not self._annotating.layer_visible:
            return ()
        return tuple(
            one
            for one in self._layers.values()
            if one.study_uid == study_uid and series_uid in one.series_uids and self.is_shown(one)
        )

    def is_shown(self, layer: ImageLayer) -> bool:
        """Neither turned off nor rejected."""
        return layer.uid not in self.hidden and self.verdict(layer) is not Verdict.REJECTED

    def verdict(self, layer: ImageLayer) -> Verdict:
        """What the reader says of a layer; until then what it comes with."""
        look = self._looks.get(layer.uid)
        return look.verdict if look is not None and look.verdict is not None else layer.verdict

    def named(self, uids: Iterable[str]) -> tuple[ImageLayer, ...]:
        return tuple(self._layers[uid] for uid in uids if uid in self._layers)

    def findings(self) -> tuple[Annotation, ...]:
        """What others drew and measured, in the order one reads."""
        return tuple(drawn for drawn in self._annotating.all() if drawn.source.kind != READER)

    def toggle(self, uid: str) -> None:
        """Turn a layer on or off."""
        self.hidden ^= {uid}
        self._remember(uid)

    def fade(self, uid: str, steps: int) -> None:
        """Lay a layer on stronger or weaker, by tenths."""
        layer = self._layers[uid]
        opacity = min(max(round(layer.opacity + steps * OPACITY_STEP, 1), 0.0), 1.0)
        self._layers[uid] = layer.with_opacity(opacity)
        self._remember(uid, opacity=opacity)

    def judge(self, uid: str, verdict: Verdict) -> None:
        """Accept or reject a layer: a rejected one is not shown."""
        self._remember(uid, verdict=verdict)

    def show(self, uid: str) -> None:
        """Turn a layer on and go to the middle one of its images. Raises Refused where that is not here."""
        layer = self._layers[uid]
        held = {
            instance.sop_instance_uid: series.series_instance_uid
            for study in self._annotating.studies
            if study.study_instance_uid == layer.study_uid
            for series in study.series
            for instance in series.instances
        }
        places = [(sop, frame) for sop, frame in layer.places if sop in held]
        if not places:
            raise Refused("The image cannot be shown", "The layer does not say on which of these images it lies")
        sop, frame = places[len(places) // 2]
        where = Annotation("", AnnotationKind.PROBE, layer.study_uid, held[sop], sop, frame, Plane.STACK, ((0.0, 0.0),))
        self._annotating.show_image_of(where)
        self.hidden.discard(uid)
        self._remember(uid)

    # ---- inside ------------------------------------------------------------------------

    def _stop(self) -> None:
        self._case += 1
        if self._job is not None:
            self._job.cancel.set()
            self._job = None

    def _remember(self, uid: str, **values: object) -> None:
        """How the reader wants a layer: at once here, and on disk for the next time."""
        before = self._looks.get(uid) or LayerLook(uid, self._layers[uid].study_uid)
        look = replace(before, hidden=uid in self.hidden, **values)  # type: ignore[arg-type]
        self._looks[uid] = look
        self.changed.emit(None)
        if look != before:
            self._jobs.run(DATABASE, lambda _: self._store.marks.put_look(look), None, self._problem)

    def _take(self, found: Sequence[ObjectFound]) -> None:
        self._layers = {layer.uid: self._as_wanted(layer) for one in found for layer in one.layers}
        self.rejected = dict(pair for one in found for pair in one.rejected)
        self.doses = tuple(one.dose for one in found if one.dose is not None)
        self.presentations = tuple(one.presentation for one in found if one.presentation is not None)
        theirs = [one for one in found if one.uid not in self.own]
        self.words = tuple(dict.fromkeys(f"{one.name}: {words}" for one in theirs for words in one.words))
        received = [drawn for one in theirs for drawn in one.annotations if not self._is_own(drawn)]
        # A report and a presentation state may say the same: the one with its numbers counts.
        received.sort(key=lambda drawn: bool(drawn.measured.values))
        gone = {uid for one in found for uid in one.replaces}
        self._annotating.add_received({drawn.uid: drawn for drawn in map(_with_own_uid, received)}.values(), gone)
        self._key_images.take_received(key for one in theirs for key in one.key_images)
        self.changed.emit(None)
        warnings = list(dict.fromkeys(words for one in found for words in one.warnings))
        if warnings:
            more = f" (and {len(warnings) - 1} more: see the findings)" if len(warnings) > 1 else ""
            self.warned.emit(f"{warnings[0]}{more}")

    def _as_wanted(self, layer: ImageLayer) -> ImageLayer:
        look = self._looks.get(layer.uid)
        if look is None:
            return layer
        if look.hidden:
            self.hidden.add(layer.uid)
        return layer if look.opacity is None else layer.with_opacity(look.opacity)

    def _is_own(self, drawn: Annotation) -> bool:
        """A drawing of this reader that comes back from an archive: what is on disk here is newer."""
        known = self._annotating.find(drawn.uid)
        return known is not None and known.source.kind == READER and known.series_uid == drawn.series_uid


def _with_own_uid(drawn: Annotation) -> Annotation:
    """A tracking UID (TID 1500) names one lesion in many studies: ours names the drawing in this series."""
    name = f"{drawn.study_uid} {drawn.series_uid} {drawn.uid}"
    return replace(drawn, uid=f"2.25.{uuid.uuid5(uuid.NAMESPACE_OID, name).int}")
