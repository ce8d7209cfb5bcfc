"""Key images of the open case: the reader's own, on disk and undoable, and those that objects of others name.

A mark belongs to a study, an image and a frame, never to a viewport (F62); marks of other studies than the
open ones are never given out (F63). Own and received are never mixed: each says whose it is (F75).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from workstation.domain.annotation import Annotation, AnnotationKind, Source
from workstation.domain.key_image import OF_INTEREST, TITLES, KeyImage
from workstation.domain.study import Study
from workstation.domain.viewing import Plane
from workstation.errors import Refused
from workstation.jobs import DATABASE, Cancel, Jobs
from workstation.session.annotating import READER, Annotating
from workstation.session.drawn import AnnotationShelf, OtherAct
from workstation.session.finding import reading_order
from workstation.session.viewing import Viewing
from workstation.signals import Signal

if TYPE_CHECKING:
    from workstation.marks_store import KeyChange

Place = tuple[str, str, int]


class KeyImages:
    """Of the main thread, but for the jobs it starts. What is given out as the reader's own is on disk."""

    def __init__(
        self,
        jobs: Jobs,
        store: AnnotationShelf,
        viewing: Viewing,
        annotating: Annotating,
        problem: Callable[[Exception], object],
    ) -> None:
        self._jobs = jobs
        self._store = store
        self._viewing = viewing
        self._annotating = annotating
        self._problem = problem
        self._studies: tuple[Study, ...] = ()
        self._kept: dict[Place, KeyImage] = {}
        self._waiting: dict[Place, KeyImage | None] = {}
        self._received: tuple[KeyImage, ...] = ()
        self._case = 0
        self._here: Place | None = None
        self.title = OF_INTEREST
        """What images are marked for from now on: a code value of `TITLES`."""
        self.changed: Signal[str] = Signal()
        """The series whose key images changed."""

    # ---- the case ----------------------------------------------------------------------

    def open_case(self, studies: Sequence[Study]) -> None:
        """Bring what was marked on these studies. More studies of the same case lose nothing."""
        self._studies = tuple(studies)
        case, uids = self._case, [study.study_instance_uid for study in studies]

        def came(found: tuple[KeyImage, ...]) -> None:
            if case == self._case:
                for key in found:
                    self._kept.setdefault(key.place, key)
                self._tell(found)

        self._jobs.run(DATABASE, lambda _: self._store.marks.key_images_of(uids), came, self._problem)

    def close_case(self) -> None:
        self._case += 1
        self._studies, self._received, self._here = (), (), None
        self._kept.clear()
        self._waiting.clear()
        self.title = OF_INTEREST

    def take_received(self, received: Iterable[KeyImage]) -> None:
        """What objects of others name, in place of what was taken before."""
        before = self._received
        own = {study.study_instance_uid for study in self._studies}
        self._received = tuple(key for key in received if key.study_uid in own)
        self._tell((*before, *self._received))

    # ---- what there is -----------------------------------------------------------------

    def is_key(self, study_uid: str, sop_instance_uid: str, frame_number: int) -> bool:
        """Whether the reader marked it."""
        return (study_uid, sop_instance_uid, frame_number) in self._kept

    def on(self, study_uid: str, sop_instance_uid: str, frame_number: int) -> tuple[KeyImage, ...]:
        """The reader's mark on a frame, then those of others."""
        own = self._kept.get((study_uid, sop_instance_uid, frame_number))
        others = (key for key in self._received if key.is_on(study_uid, sop_instance_uid, frame_number))
        return (*([own] if own is not None else ()), *others)

    def list(self, study_uid: str) -> tuple[KeyImage, ...]:
        """The reader's own of one study, as one reads."""
        return self._ordered(key for key in self._kept.values() if key.study_uid == study_uid)

    def all(self) -> tuple[KeyImage, ...]:
        """The reader's own of the open case, then those of others, each as one reads."""
        return (*self._ordered(self._kept.values()), *self._ordered(self._received))

    def count(self, series_uid: str) -> int:
        """How many images of a series somebody marked: the reader or others."""
        places = {key.place for key in (*self._kept.values(), *self._received) if key.series_uid == series_uid}
        return len(places)

    @property
    def is_unsaved(self) -> bool:
        return bool(self._waiting)

    # ---- acts: each is one step of undo ------------------------------------------------

    def toggle(self) -> None:
        """Mark the image of the active viewport, or take the reader's mark away. Raises Refused for what is no image."""
        here = self._active_image()
        before = self._now(here.place)
        if before is not None:
            self._act(before, None)
        else:
            self._act(None, replace(here, title=self.title))

    def remove(self, key: KeyImage) -> None:
        self._act(_own(key), None)

    def set_title(self, key: KeyImage, title: str) -> None:
        """What an image is marked for. The next ones are marked for the same."""
        if title not in TITLES:
            raise ValueError("not a title of CID 7010 that a reader may choose")
        self.title = title
        if _own(key).title != title:
            self._act(key, replace(key, title=title))

    # ---- going there -------------------------------------------------------------------

    def step(self, steps: int) -> None:
        """Go to the next or an earlier key image of the case, own and others'. Raises Refused where there is none."""
        keys = list({key.place: key for key in self._ordered((*self._received, *self._kept.values()))}.values())
        if not keys:
            raise Refused("No key images", "No image of this case is marked", "Press K on an image to mark it")
        places = [key.place for key in keys]
        here = self._shown_place(places)
        at = places.index(here) + steps if here is not None else (0 if steps > 0 else -1)
        self.show(keys[at % len(keys)])

    def show(self, key: KeyImage) -> None:
        """Show a key image where its series hangs, or in the active viewport. Raises Refused where it is not here."""
        where = Annotation(
            "",
            AnnotationKind.PROBE,
            key.study_uid,
            key.series_uid,
            key.sop_instance_uid,
            max(key.frame_number, 1),
            Plane.STACK,
            ((0.0, 0.0),),
        )
        if not self._annotating.show_image_of(where):
            raise Refused("The image cannot be shown", "It is not here any more")
        self._here = key.place

    # ---- inside ------------------------------------------------------------------------

    def _active_image(self) -> KeyImage:
        state = self._viewing.state()
        viewer = self._viewing.viewer(self._viewing.active)
        found = viewer.image_of(state) if viewer is not None and state is not None else None
        if state is None or found is None:
            raise Refused(
                "No image to mark",
                "Key images are images as they were acquired: a cut between them, a slab or a 3D view is none",
                "Show the series as acquired first (Alt+1)",
            )
        source = Source(READER, self._annotating.reader, made=datetime.now(UTC))
        return KeyImage(state.study_uid, state.series_uid, *found, source=source)

    def _shown_place(self, places: Sequence[Place]) -> Place | None:
        """The key image that is on screen, else the one that was gone to last."""
        state = self._viewing.state()
        viewer = self._viewing.viewer(self._viewing.active)
        found = viewer.image_of(state) if viewer is not None and state is not None else None
        if state is not None and found is not None:
            for frame in (found[1], 0):
                if (state.study_uid, found[0], frame) in places:
                    return state.study_uid, found[0], frame
        return self._here if self._here in places else None

    def _now(self, place: Place) -> KeyImage | None:
        """As it was last changed, on disk or not."""
        return self._waiting[place] if place in self._waiting else self._kept.get(place)

    def _act(self, before: KeyImage | None, after: KeyImage | None) -> None:
        self._annotating.note(OtherAct(lambda: self._write(after, before), lambda: self._write(before, after)))
        self._write(before, after)

    def _write(self, before: KeyImage | None, after: KeyImage | None) -> None:
        """To disk first; only then is it given out. What the disk refuses stays as it was, and that is said."""
        change: KeyChange = (before, after)
        one = after or before
        if one is None:
            return
        case, place = self._case, one.place
        self._waiting[place] = after

        def work(_: Cancel) -> None:
            self._store.marks.apply([change])

        def settled() -> bool:
            if case != self._case:
                return False
            if place in self._waiting and self._waiting[place] is after:
                del self._waiting[place]
            return True

        def done(_: None) -> None:
            if settled():
                if after is not None:
                    self._kept[place] = after
                else:
                    self._kept.pop(place, None)
                self._tell((one,))

        def failed(error: Exception) -> None:
            settled()
            self._problem(error)

        self._jobs.run(DATABASE, work, done, failed)

    def _ordered(self, keys: Iterable[KeyImage]) -> tuple[KeyImage, ...]:
        return tuple(sorted(keys, key=lambda key: reading_order(self._studies, key)))

    def _tell(self, keys: Iterable[KeyImage]) -> None:
        for uid in dict.fromkeys(key.series_uid for key in keys):
            self.changed.emit(uid)


def _own(key: KeyImage) -> KeyImage:
    if key.source.kind != READER:
        raise Refused(
            "This was not marked here", "It is a key image of somebody else", "Press K on the image to mark it yourself"
        )
    return key
