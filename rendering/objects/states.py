"""A presentation state that images of an open study can be shown by (implements workstation.ports.PresentationState)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from rendering.objects.annotations import source_of
from rendering.objects.blending import fusion_of
from rendering.objects.facts import ObjectFacts
from rendering.objects.looking import followed, names
from rendering.objects.matching import match
from rendering.objects.planar import planar
from rendering.viewport import Viewport
from workstation.domain.annotation import Source
from workstation.domain.study import Study
from workstation.domain.viewing import ViewportState
from workstation.errors import Refused
from workstation.ports import SeriesViewer


@dataclass(frozen=True, slots=True)
class State:
    """`places` are the (SOP Instance UID, frame number) that it names and that are here."""

    facts: ObjectFacts
    source: Source
    places: tuple[tuple[str, int], ...]

    @property
    def uid(self) -> str:
        return self.facts.sop_instance_uid

    @property
    def study_uid(self) -> str:
        return self.facts.study_uid

    @property
    def name(self) -> str:
        return self.facts.description or self.facts.label

    @property
    def refused(self) -> str:
        return self.facts.presentation.refused if self.facts.presentation is not None else ""

    @property
    def over(self) -> tuple[str, str] | None:
        blend = self.facts.presentation.blend if self.facts.presentation is not None else None
        return (blend.study_uid, blend.series_uid) if blend is not None else None

    @property
    def is_plane(self) -> bool:
        return self.facts.presentation is not None and self.facts.presentation.plane is not None

    def is_for(self, sop_instance_uid: str, frame_number: int) -> bool:
        return names(self.facts.images, sop_instance_uid, frame_number)

    def shown(
        self, viewer: SeriesViewer, state: ViewportState, width: int, height: int, screen_mm: float | None
    ) -> tuple[ViewportState, tuple[str, ...]]:
        """How `state` is seen by it, and what of it is not followed. Raises Refused."""
        if not isinstance(viewer, Viewport) or state.study_uid != self.study_uid:
            raise Refused("The presentation state is not for this image")
        if self.is_plane:
            cut = planar(viewer, state, self.facts)
            return cut.state, cut.words
        found = followed(viewer.images, state, self.facts, width, height, viewer.factor, screen_mm, partial(fusion_of, viewer))
        return found.state, found.words


def state_of(facts: ObjectFacts, study: Study) -> State:
    """Raises Refused when nothing of the state may be shown on the study."""
    held = match(facts, study).images
    places = []
    for one in facts.images:
        if one.sop_instance_uid in held:
            frames = one.frames or range(1, held[one.sop_instance_uid].header.frames + 1)
            places += [(one.sop_instance_uid, frame) for frame in frames]
    return State(facts, source_of(facts), tuple(dict.fromkeys(places)))
