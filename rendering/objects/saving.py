"""What a reader made of one study as objects for archives: a report of the measurements, presentation states, key images.

Saved again they join the series of the earlier ones, count on, and say what they replace. Whatever an object
cannot hold is told in words: nothing is left out in silence.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from rendering.header import ImageHeader
from rendering.objects.facts import ObjectContext
from rendering.objects.looking import look_of, shown_of
from rendering.objects.references import Code
from rendering.objects.saving_over import over_of
from rendering.objects.write_blend import BLENDING_STATE
from rendering.objects.write_key_objects import KEY_OBJECT_SELECTION, write_kos, write_withdrawal
from rendering.objects.write_levels import PSEUDO_COLOUR_STATE, are_colours
from rendering.objects.write_mask import mask_of
from rendering.objects.write_plan import Author, Earlier, Joining, Look, Shown, Written
from rendering.objects.write_presentation import COLOUR_STATE, GRAYSCALE_STATE, write_gsps
from rendering.objects.write_report import COMPREHENSIVE_3D, write_sr
from rendering.objects.write_run import XRAY_STATE, run_of
from rendering.objects.writing import new_uid
from rendering.pixels import voi_choices
from rendering.viewport import Viewport
from workstation.domain.annotation import Annotation
from workstation.domain.key_image import TITLES, KeyImage
from workstation.domain.study import Study
from workstation.domain.subtraction import Subtraction
from workstation.domain.viewing import Plane, ViewportState
from workstation.errors import WorkstationError
from workstation.marks_store import OwnObject

PRESENTATION_STATES = (GRAYSCALE_STATE, COLOUR_STATE, PSEUDO_COLOUR_STATE, XRAY_STATE, BLENDING_STATE)
Place = tuple[str, int]
"""SOP Instance UID and frame number."""

INVERTED = "The inversion of a colour image: a presentation state has none"
CUTS = "How planes and 3D views look: a presentation state is of images as acquired"
FILTER = "The filter of a view: a presentation state has none"
LEVELS = "What greys become by the state that is followed, under what lies over them"
BITMAP = "A shutter that is a bitmap"
TWICE = "A second view of the same image that looks otherwise"


@dataclass(frozen=True, slots=True)
class SavedView:
    """How a viewport of `width` by `height` pixels shows its series."""

    viewport: Viewport
    state: ViewportState
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class ToSave:
    """`views` with the active one first; `earlier` is what was written here before about this study."""

    study: Study
    drawings: tuple[Annotation, ...] = ()
    keys: tuple[KeyImage, ...] = ()
    views: tuple[SavedView, ...] = ()
    earlier: tuple[OwnObject, ...] = ()


@dataclass(frozen=True, slots=True)
class Saved:
    """`left_out` says in words what was not saved and why."""

    objects: tuple[Written, ...]
    left_out: tuple[str, ...] = ()
    revision: int = 1


def case_as_objects(wanted: ToSave, context: ObjectContext, author: Author) -> Saved:
    """Raises Refused."""
    return _Saving(wanted, context, author).saved()


class _Saving:
    def __init__(self, wanted: ToSave, context: ObjectContext, author: Author) -> None:
        self._wanted = wanted
        self._context = context
        self._author = author
        self._left_out: list[str] = []
        self._headers = [
            ImageHeader.from_json(instance.header)
            for series in wanted.study.series
            for instance in series.instances
            if instance.has_pixels
        ]
        self._by_uid = {header.sop_instance_uid: header for header in self._headers}
        self._revision = max((one.revision for one in wanted.earlier), default=0) + 1

    def saved(self) -> Saved:
        written = [*self._report(), *self._states(), *self._key_images()]
        said = [*self._left_out, *(words for one in written for words in one.left_out)]
        return Saved(tuple(written), tuple(dict.fromkeys(said)), self._revision)

    # The report

    def _report(self) -> list[Written]:
        drawings, joining = self._wanted.drawings, self._joining(COMPREHENSIVE_3D)
        reports = [one for one in self._wanted.earlier if one.sop_class_uid == COMPREHENSIVE_3D]
        if not drawings and (not reports or reports[-1].is_empty):
            return []
        on_frames = {drawn.sop_instance_uid for drawn in drawings if drawn.plane is Plane.STACK}
        cut = {drawn.series_uid for drawn in drawings if drawn.plane is not Plane.STACK}
        needed = [one for one in self._headers if one.sop_instance_uid in on_frames or one.series_uid in cut]
        return [write_sr(self._context, self._author, drawings, needed or self._headers[:1], joining=joining)]

    # Presentation states

    def _states(self) -> list[Written]:
        groups = _Looks(self._left_out)
        for view in self._wanted.views:
            self._add_view(groups, view)
        for place in self._frame_places():
            if place[0] in self._by_uid:
                self._add_as_is(groups, place)
        joining = self._joining(*PRESENTATION_STATES)
        if not groups.groups and joining.replaces:
            self._add_as_is(groups, (self._headers[0].sop_instance_uid, 1))
        written: list[Written] = []
        for look, shown in groups.groups.items():
            places = {
                (one.header.sop_instance_uid, frame) for one in shown for frame in one.frames or range(1, one.header.frames + 1)
            }
            drawn = [a for a in self._wanted.drawings if (a.sop_instance_uid, a.frame_number) in places]
            following = replace(joining, number=joining.number + len(written))
            written += write_gsps(self._context, self._author, shown, drawn, look, joining=following)
        return written

    def _frame_places(self) -> list[Place]:
        """The images with drawings, then the key images."""
        drawn = [(a.sop_instance_uid, a.frame_number) for a in self._wanted.drawings if a.plane is Plane.STACK]
        return list(dict.fromkeys([*drawn, *((key.sop_instance_uid, key.frame_number) for key in self._wanted.keys)]))

    def _add_view(self, groups: _Looks, view: SavedView) -> None:
        """The image that a viewport shows, and those of its series that were drawn on or marked."""
        state, images = view.state, view.viewport.images
        if state.study_uid != self._wanted.study.study_instance_uid or not images.frame_count:
            return
        if state.plane is not Plane.STACK:
            self._left_out.append(CUTS)
            return
        shown = min(max(state.position, 0), images.frame_count - 1)
        wanted, covered = set(self._frame_places()), set[Place]()
        for position in (shown, *range(images.frame_count)):
            identity = images.identity(position)
            place = identity.sop_instance_uid, identity.frame_number
            if (position == shown or place in wanted) and place not in covered:
                covered |= self._add_frame(groups, view, replace(state, position=position), place)

    def _add_frame(self, groups: _Looks, view: SavedView, state: ViewportState, place: Place) -> set[Place]:
        """The places that are done with: the frame, and of a subtracted run all that have its mask."""
        images, header = view.viewport.images, view.viewport.images.header(state.position)
        if header.is_colour and state.inverted:
            self._left_out.append(INVERTED)
            state = replace(state, inverted=False)
        shutter = state.followed.shutter if state.followed is not None else header.shutter
        if shutter is not None and shutter.overlay_group:
            self._left_out.append(BITMAP)
            shutter = replace(shutter, overlay_group=0) if shutter.rectangle or shutter.circle or shutter.polygon else None
        try:
            voi = view.viewport.voi_of(state)
        except WorkstationError:
            voi = None  # nothing of it is loaded that a window could be taken from
        shown = shown_of(images, state, voi, view.width, view.height, view.viewport.factor)
        look = look_of(state, shutter)
        frames: tuple[int, ...] = (place[1],)
        if mask_of(header, place[1], state.subtraction) is not None:
            look, frames = _subtracted(look, header, state.subtraction, state.sharpening)
        if len(frames) > 1:
            shown = replace(shown, frames=frames if len(frames) < header.frames else ())
        if state.fusion is not None:
            over, said = over_of(view.viewport, state)
            look = replace(look, over=over)
            self._left_out += said
        if state.sharpening and look.run is None:
            self._left_out.append(FILTER)
        levels = state.followed.levels if state.followed is not None and not header.is_colour else b""
        if levels and (look.over is not None or (look.run is not None and are_colours(levels))):
            self._left_out.append(LEVELS)
        else:
            look = replace(look, levels=levels)
        return groups.add(look, [(place[0], frame) for frame in frames], shown)

    def _add_as_is(self, groups: _Looks, place: Place) -> None:
        """An image that hangs nowhere, as its file has it shown."""
        header = self._by_uid[place[0]]
        if place not in groups.places:
            choices = () if header.is_colour else voi_choices(header, place[1] - 1)
            frames: tuple[int, ...] = (place[1],) if header.frames > 1 else ()
            shutter = header.shutter if header.shutter is not None and not header.shutter.overlay_group else None
            look, places = Look(shutter=shutter), [place]
            if mask_of(header, place[1], None) is not None:
                look, frames = _subtracted(look, header, None)
                choices, places = (), [(place[0], frame) for frame in frames]
            groups.add(look, places, Shown(header, frames, choices[0] if choices else None))

    # Key images

    def _key_images(self) -> list[Written]:
        joining = self._joining(KEY_OBJECT_SELECTION)
        by_title: dict[str, dict[str, list[int]]] = {}
        for key in self._wanted.keys:
            if key.sop_instance_uid in self._by_uid:
                by_title.setdefault(key.title, {}).setdefault(key.sop_instance_uid, []).append(key.frame_number)
        written: list[Written] = []
        for title, images in by_title.items():
            chosen = [(self._by_uid[uid], tuple(sorted(frames))) for uid, frames in images.items()]
            following = replace(joining, number=joining.number + len(written))
            code = Code(title, "DCM", TITLES[title])
            written.append(write_kos(self._context, self._author, chosen, code, joining=following))
        notes = {one.sop_instance_uid for one in self._wanted.earlier if one.is_empty}
        gone = [one for one in joining.replaces if one.sop_instance_uid not in notes]
        if gone:
            following = replace(joining, number=joining.number + len(written))
            written.append(write_withdrawal(self._context, self._author, gone, following))
        return written

    # Earlier savings

    def _joining(self, *sop_class_uids: str) -> Joining:
        """Into the series of the objects of these classes that were written here before, in place of the last of them."""
        before = [one for one in self._wanted.earlier if one.sop_class_uid in sop_class_uids]
        if not before:
            return Joining(str(new_uid()))
        last = max(one.revision for one in before)
        replaces = tuple(
            Earlier(one.series_uid, one.sop_class_uid, one.sop_instance_uid, one.made) for one in before if one.revision == last
        )
        revision = len({one.revision for one in before}) + 1
        return Joining(before[-1].series_uid, len(before) + 1, revision, before[0].made, replaces)


def _subtracted(look: Look, header: ImageHeader, asked: Subtraction | None, sharpening: int = 0) -> tuple[Look, tuple[int, ...]]:
    """The look with how a run is subtracted, and the frames (1-based) that are: one mask for all of them, else each its own."""
    run = run_of(header, asked, sharpening)
    held = replace(look, run=run) if run.needs_own_state else replace(look, mask=run.frames[0][1])
    return held, tuple(frame for frame, _ in run.frames)


@dataclass(slots=True)
class _Looks:
    """The images of each look. An image is in one of them only."""

    left_out: list[str]
    groups: dict[Look, list[Shown]] = field(default_factory=dict)
    places: dict[Place, tuple[Look, Shown]] = field(default_factory=dict)

    def add(self, look: Look, places: Sequence[Place], shown: Shown) -> set[Place]:
        """Gives back the places."""
        before = [self.places[place] for place in places if place in self.places]
        if before:
            self.left_out += [TWICE] if any(one != (look, shown) for one in before) else []
            return set(places)
        self.places.update(dict.fromkeys(places, (look, shown)))
        self.groups.setdefault(look, []).append(shown)
        return set(places)


def own_objects(saved: Saved, author: Author) -> Sequence[OwnObject]:
    """What is to be remembered of objects that were written here."""
    return [
        OwnObject(
            one.sop_instance_uid,
            one.study_uid,
            one.series_uid,
            one.sop_class_uid,
            one.modality,
            saved.revision,
            author.made,
            one.is_empty,
        )
        for one in saved.objects
    ]
