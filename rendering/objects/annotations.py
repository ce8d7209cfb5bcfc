"""What objects drew and measured, as annotations on the images that are here (F49, F75).

Nothing is put on an image that the object does not name. What cannot be told as one of our kinds
is said in words, never drawn as something else.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from rendering.annotation_shapes import SPANNED, with_span
from rendering.objects import concepts
from rendering.objects.concepts import unit_text, value_name
from rendering.objects.facts import Finding, ObjectFacts, Region
from rendering.objects.matching import Held, Match, match
from rendering.objects.presentation_facts import DisplayedArea, Graphic, GraphicText
from rendering.objects.references import Code, ImageReference
from rendering.objects.shapes import Shape, Tracker, aligned_box, curve, is_closed, points_of, tracker
from workstation.domain.annotation import POINTS_NEEDED, Annotation, AnnotationKind, Measured, MeasuredValue, Source, Verdict
from workstation.domain.doubt import SpacingSource
from workstation.domain.geometry import Vec3, dot, sub
from workstation.domain.study import Study
from workstation.domain.viewing import Plane

K = AnnotationKind
Point = tuple[float, float]
Drawing = tuple[AnnotationKind, tuple[Point, ...]]

# A point in the patient lies in a frame when it is this near to its plane, in mm.
IN_PLANE_MM = 0.05
# Frames of one image that a drawing without a frame number is put on.
MOST_FRAMES = 64
MACHINE_LABELS = ("Cornerstone", "cornerstone")


@dataclass(frozen=True, slots=True)
class Applied:
    """`words` says what of the object is not shown, and why."""

    annotations: tuple[Annotation, ...]
    words: tuple[str, ...] = ()


def annotations_of(facts: ObjectFacts, study: Study) -> Applied:
    """Raises Refused when nothing of the object may be shown on the study."""
    maker = _Maker(facts, match(facts, study), study.study_instance_uid)
    if facts.presentation is not None:
        maker.presentation()
    if facts.report is not None:
        for finding in facts.report.findings:
            maker.finding(finding)
    return Applied(tuple(maker.made), tuple(dict.fromkeys((*facts.unread, *maker.found.words, *maker.words))))


def source_of(facts: ObjectFacts, finding: Finding | None = None) -> Source:
    """Who made it: a program where the object names an algorithm, else whoever sent it."""
    algorithm = finding.algorithm_name if finding is not None else ""
    if facts.segmentation is not None:
        algorithm = next((s.algorithm_name for s in facts.segmentation.segments if s.algorithm_name), "")
    product = facts.name or facts.manufacturer
    names = (algorithm, product) if algorithm else (facts.creator, product)
    version = (finding.algorithm_version if finding is not None else "") or facts.version
    made = _moment(facts.made)
    name = ", ".join(dict.fromkeys(name for name in names if name))
    return Source("program" if algorithm else "received", name, version, made, facts.sop_instance_uid)


def _moment(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text) if text else None
    except ValueError:
        return None


class _Maker:
    def __init__(self, facts: ObjectFacts, found: Match, study_uid: str) -> None:
        self.facts = facts
        self.found = found
        self.made: list[Annotation] = []
        self.words: list[str] = []
        self._study_uid = study_uid
        self._uids: set[str] = set()

    # Reports

    def finding(self, finding: Finding) -> None:
        text, source = _finding_text(finding), source_of(self.facts, finding)
        verdict = Verdict.OPEN if source.kind == "program" else Verdict.ACCEPTED
        known = next((v.value for v in finding.values if _is(v.name, concepts.KNOWN_LENGTH)), None)
        base = Annotation("", K.TEXT, self._study_uid, "", "", 0, Plane.STACK, (), (), text, Measured(), source, verdict, known)
        ours = tracker(finding.tracking_id)
        if not finding.regions:
            if not finding.segments:
                self._say("A finding of the report names no place in an image: it is only in its text")
            return
        measured = _measured(finding, range(len(finding.values)))
        if ours is not None and self._own(ours, finding, replace(base, measured=measured)):
            return
        if _is_bidirectional(finding):
            pairs = tuple(point for region in finding.regions for point in region.points)
            self._place(replace(base, kind=K.BIDIRECTIONAL, measured=measured), finding.regions[0].image, pairs, finding)
            return
        for index, region in enumerate(finding.regions):
            own = range(len(finding.values)) if region.value < 0 else [region.value]
            one = replace(base, measured=_measured(finding, own) if region.value >= 0 or index == 0 else Measured())
            self._region(one, region, finding)

    def _own(self, said: Tracker, finding: Finding, base: Annotation) -> bool:
        regions = finding.regions
        if any(region.patient_points for region in regions):
            points = points_of(said, [Shape(r.kind, r.patient_points) for r in regions])
            if points is None:
                return False
            placed: tuple[Vec3, ...] = tuple((p[0], p[1], p[2]) for p in points)
            self._place_in_patient(replace(base, kind=said.kind, plane=said.plane), placed, regions[0], finding)
            return True
        points = points_of(said, [Shape(r.kind, r.points) for r in regions])
        if points is None:
            return False
        self._place(replace(base, kind=said.kind), regions[0].image, _flat(said.kind, points), finding)
        return True

    def _region(self, base: Annotation, region: Region, finding: Finding) -> None:
        if region.patient_points:
            self._foreign_in_patient(base, region, finding)
            return
        is_angle = any("ngle" in v.name.text or v.unit.value == "deg" for v in finding.values)
        found = _as_ours(region.kind, region.points, is_angle, region.value < 0, bool(base.text))
        if found is None:
            self._say("A region of the report is of a form that cannot be drawn")
        else:
            self._place(replace(base, kind=found[0]), region.image, found[1], finding)

    def _foreign_in_patient(self, base: Annotation, region: Region, finding: Finding) -> None:
        points = region.patient_points
        kind = {"POINT": K.PROBE, "POLYGON": K.POLYGON, "ELLIPSE": K.POLYGON}.get(region.kind)
        if region.kind == "POLYLINE":
            kind = K.LENGTH if len(points) == 2 else K.POLYGON if is_closed(points) else None
        if kind is K.PROBE and base.text:
            kind = K.TEXT
        if kind is None:
            self._say("A region of the report is of a form that cannot be drawn")
            return
        if region.kind == "ELLIPSE" and len(points) == 4:
            points = tuple((p[0], p[1], p[2]) for p in curve(points))
        elif kind is K.POLYGON and is_closed(points):
            points = points[:-1]
        self._place_in_patient(replace(base, kind=kind), points, region, finding)

    # Presentation states

    def presentation(self) -> None:
        state = self.facts.presentation
        assert state is not None
        source = source_of(self.facts)
        base = Annotation("", K.TEXT, self._study_uid, "", "", 0, Plane.STACK, source=source)
        said = {one.tracking_uid: one.text for one in state.texts if one.tracking_uid and tracker(one.tracking_id)}
        by_uid: dict[str, list[Graphic]] = {}
        for graphic in state.graphics:
            if graphic.tracking_uid and tracker(graphic.tracking_id) is not None:
                by_uid.setdefault(graphic.tracking_uid, []).append(graphic)
            else:
                self._graphic(base, graphic)
        for uid, graphics in by_uid.items():
            self._own_graphics(replace(base, uid=uid, text=said.get(uid, "")), graphics)
        for text in state.texts:
            if not (text.tracking_uid and text.tracking_uid in by_uid):
                self._text(base, text)

    def _own_graphics(self, base: Annotation, graphics: Sequence[Graphic]) -> None:
        said = tracker(graphics[0].tracking_id)
        assert said is not None
        shapes = [Shape(g.kind, self._pixels(g.points, g.units, g.images) or ()) for g in graphics]
        points = points_of(said, shapes)
        if points is None:
            self._say("A drawing of the presentation state does not fit its own kind")
            return
        self._on_images(replace(base, kind=said.kind), graphics[0].images, _flat(said.kind, points))

    def _graphic(self, base: Annotation, graphic: Graphic) -> None:
        points = self._pixels(graphic.points, graphic.units, graphic.images)
        if points is None:
            return
        found = _as_ours(graphic.kind, points, False, False, False)
        if found is None:
            self._say("An open line of more than two points cannot be drawn")
        else:
            self._on_images(replace(base, kind=found[0], uid=graphic.tracking_uid), graphic.images, found[1])

    def _text(self, base: Annotation, text: GraphicText) -> None:
        place, units = text.anchor, text.anchor_units
        if place is None and text.box is not None:
            place, units = (text.box[0], text.box[1]), text.box_units
        points = None if place is None else self._pixels((place,), units, text.images)
        if points is None:
            self._say("A text of the presentation state has no place")
            return
        self._on_images(replace(base, text=text.text), text.images, points)

    def _pixels(self, points: Sequence[Point], units: str, images: Sequence[ImageReference]) -> tuple[Point, ...] | None:
        if units != "DISPLAY":
            return tuple(points)
        area = self._area(images)
        state = self.facts.presentation
        if area is None or state is None:
            self._say("A drawing is placed on a displayed area that the presentation state does not tell")
            return None
        return tuple(on_displayed_area(area, state.rotation, point) for point in points)

    def _area(self, images: Sequence[ImageReference]) -> DisplayedArea | None:
        state = self.facts.presentation
        named = {one.sop_instance_uid for one in images}
        areas = () if state is None else state.areas
        return next((a for a in areas if not a.images or named & {one.sop_instance_uid for one in a.images}), None)

    def _on_images(self, base: Annotation, images: Sequence[ImageReference], points: tuple[Point, ...]) -> None:
        """On each image that the drawing names; one that names none is for all of the state's images."""
        wanted = images or self.facts.images
        several = len(wanted) > 1
        for reference in wanted:
            held = self.found.held(reference)
            if held is None:
                continue
            frames = reference.frames or tuple(range(1, held.header.frames + 1))
            if len(frames) > MOST_FRAMES:
                self._say(f"A drawing for all frames is shown on the first {MOST_FRAMES}")
            for frame in frames[:MOST_FRAMES]:
                one = base if not several and len(frames) == 1 else replace(base, uid="")
                self._add(self._framed(one, held, frame, points))

    # Places

    def _place(self, base: Annotation, image: ImageReference | None, points: tuple[Point, ...], finding: Finding) -> None:
        held = self.found.held(image)
        if held is None or image is None:
            self._say("A finding is on an image that is not here")
            return
        if held.header.frames > 1 and len(image.frames) != 1:
            self._say("A finding does not say on which frame of its image it is")
            return
        frame = image.frames[0] if image.frames else 1
        self._add(self._framed(replace(base, uid=finding.tracking_uid), held, frame, points))

    def _framed(self, base: Annotation, held: Held, frame: int, points: tuple[Point, ...]) -> Annotation | None:
        if not 1 <= frame <= held.header.frames:
            self._say("A drawing is on a frame that its image does not have")
            return None
        facts = held.header.frame(frame - 1)
        pitch = (1.0, 1.0) if facts.spacing is None else (facts.spacing[1], facts.spacing[0])
        spanned = with_span(base.kind, points, pitch)
        placed = () if facts.plane is None else tuple(facts.plane.to_patient(u, v) for u, v in spanned)
        return replace(
            base,
            series_uid=held.series_uid,
            sop_instance_uid=held.instance.sop_instance_uid,
            frame_number=frame,
            plane=Plane.STACK,
            points=points,
            patient_points=placed,
        )

    def _place_in_patient(self, base: Annotation, points: tuple[Vec3, ...], region: Region, finding: Finding) -> None:
        """On the frame that all points lie in, else as a drawing of a cut through its series."""
        alike = [
            held
            for held in self.found.images.values()
            if held.header.frame_of_reference_uid == region.frame_of_reference_uid != ""
        ]
        if not alike:
            self._say("A finding is in another frame of reference than the images that are here")
            return
        one = replace(base, uid=finding.tracking_uid, patient_points=points)
        if base.plane is Plane.STACK:
            for held in alike:
                for frame in range(held.header.frames):
                    flat = _in_frame(held, frame, points)
                    if flat is not None:
                        self._add(self._framed(one, held, frame + 1, flat))
                        return
        plane = base.plane if base.plane is not Plane.STACK else Plane.OBLIQUE
        self._add(replace(one, series_uid=alike[0].series_uid, plane=plane))

    def _add(self, annotation: Annotation | None) -> None:
        if annotation is None:
            return
        count = len(annotation.points or annotation.patient_points)
        fewest, most = POINTS_NEEDED[annotation.kind]
        count -= annotation.kind in SPANNED and not annotation.points
        if not fewest <= count <= most:
            self._say("A drawing has more or fewer points than its kind can have")
            return
        uid = annotation.uid
        if not uid or uid in self._uids:
            # Stable: reading the object again gives the same drawing.
            name = f"{self.facts.sop_instance_uid} {len(self.made)}"
            uid = f"2.25.{uuid.uuid5(uuid.NAMESPACE_OID, name).int}"
        self._uids.add(uid)
        self.made.append(replace(annotation, uid=uid))

    def _say(self, words: str) -> None:
        self.words.append(words)


def on_displayed_area(area: DisplayedArea, rotation: int, point: Point) -> Point:
    """A point of 0 to 1 of the displayed area as (column, row). Its corners are named after rotation and flip (C.10.4)."""
    (left, top), (right, bottom) = area.top_left, area.bottom_right
    x, y = (point[1], point[0]) if rotation % 180 else point
    return _between(left, right, x), _between(top, bottom, y)


def _between(first: int, last: int, share: float) -> float:
    """From the outer edge of 1-based pixel `first` to that of `last`, as a 0-based pixel centre coordinate."""
    low, high = (first - 1.5, last - 0.5) if first <= last else (first - 0.5, last - 1.5)
    return low + share * (high - low)


def _is(code: Code, other: Code) -> bool:
    return (code.value, code.scheme) == (other.value, other.scheme)


def _flat(kind: AnnotationKind, points: Sequence[tuple[float, ...]]) -> tuple[Point, ...]:
    """On a frame a spanned kind has its two own points."""
    own = points[:2] if kind in SPANNED else points
    return tuple((p[0], p[1]) for p in own)


def _finding_text(finding: Finding) -> str:
    """What stands beside it: a comment or short label, else the finding and its site, else a name that people gave."""
    said = finding.note(concepts.COMMENT.value) or finding.note("125309")
    if said and not (said.startswith("{") and said.endswith("}")):
        return said
    if tracker(finding.tracking_id) is not None:
        return ""
    parts = [finding.finding.text if finding.finding else "", *(site.text for site in finding.sites)]
    parts.append(finding.laterality.text if finding.laterality else "")
    named = ", ".join(part for part in parts if part)
    return named or ("" if finding.tracking_id.startswith(MACHINE_LABELS) else finding.tracking_id)


def _measured(finding: Finding, which: Sequence[int]) -> Measured:
    values = [finding.values[index] for index in which if not _is(finding.values[index].name, concepts.KNOWN_LENGTH)]
    said = finding.note(concepts.SPACING_SOURCE.value)
    source = next((one for one in SpacingSource if one.value == said), None)
    made = []
    for value in values:
        name = value_name(value.name)
        name = f"{name} ({value.derivation.text})" if value.derivation is not None else name
        made.append(MeasuredValue(name, value.value, unit_text(value.unit)))
    refused = "" if made else finding.note(concepts.REFUSED.value)
    notes = tuple(text for name, text in finding.notes if _is(name, concepts.VALUES_NOTE))
    return Measured(tuple(made), source, refused, notes=notes)


def _is_bidirectional(finding: Finding) -> bool:
    names = [value_name(value.name).lower() for value in finding.values]
    lines = [r for r in finding.regions if r.kind == "POLYLINE" and len(r.points) == 2]
    images = {r.image for r in lines}
    return len(lines) == len(finding.regions) == 2 and len(images) == 1 and {"long axis", "short axis"} <= set(names)


def _as_ours(kind: str, points: tuple[Point, ...], is_angle: bool, is_area: bool, has_text: bool) -> Drawing | None:
    """Somebody else's graphic as one of our kinds, None when it is none."""
    if kind in ("POINT", "MULTIPOINT") and len(points) == 1:
        return (K.TEXT if has_text else K.PROBE), points
    if kind == "CIRCLE" and len(points) == 2:
        return K.CIRCLE, points
    if kind == "ELLIPSE" and len(points) == 4:
        box = aligned_box(points)
        return (K.ELLIPSE, box) if box else (K.POLYGON, tuple((p[0], p[1]) for p in curve(points)))
    return _line_as_ours(points, is_angle, is_area) if kind in ("POLYLINE", "INTERPOLATED") else None


def _line_as_ours(points: tuple[Point, ...], is_angle: bool, is_area: bool) -> Drawing | None:
    if len(points) == 2:
        return K.LENGTH, points
    if len(points) == 3 and is_angle:
        return K.ANGLE, points
    if is_closed(points):
        box = aligned_box(points)
        return (K.RECTANGLE, box) if box else (K.POLYGON, points[:-1])
    # The concept of a region says that the line goes around it.
    return (K.POLYGON, points) if is_area and len(points) >= 3 else None


def _in_frame(held: Held, frame: int, points: Sequence[Vec3]) -> tuple[Point, ...] | None:
    plane = held.header.frame(frame).plane
    if plane is None or any(abs(dot(sub(point, plane.position), plane.normal)) > IN_PLANE_MM for point in points):
        return None
    return tuple(plane.to_pixel(point)[:2] for point in points)
