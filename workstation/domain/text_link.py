"""Words of a report that are tied to an image: to a measurement, or to what was looked at when they were said.

A link knows the words by their place in a section's text, counted in characters; that place moves with every
change of the text (`workstation.reporting.link_places`).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from workstation.domain.geometry import Vec3
from workstation.domain.report import SectionCode
from workstation.domain.viewing import Plane


class LinkKind(StrEnum):
    MEASURED = "measured"
    """The words tell what `annotation_uid` measures."""
    SPOKEN = "spoken"
    """A dictated segment, and the image that was looked at when it began."""
    TYPED = "typed"
    """A sentence, and the image that was looked at when its first letter was typed."""


@dataclass(frozen=True, slots=True)
class ImagePlace:
    """One image and perhaps a point on it. Identity as in `FrameIdentity`; `sop_instance_uid` empty for a cut between frames.

    `point` is (column, row) of the frame, 0.0 at the centre of the first pixel; `patient_point` in LPS mm. A cut goes
    through `patient_point` or, where none was pointed at, through `focus`. `oblique` as in `ViewportState`. `dimension`
    is the `Dimension.key` of the volume. `is_pointed` says that somebody pointed at the point.
    """

    study_uid: str
    series_uid: str
    sop_instance_uid: str = ""
    frame_number: int = 0
    plane: Plane = Plane.STACK
    point: tuple[float, float] | None = None
    patient_point: Vec3 | None = None
    oblique: tuple[Vec3, Vec3] | None = None
    dimension: str = ""
    is_pointed: bool = False


@dataclass(frozen=True, slots=True)
class TextLink:
    """`text[start:end]` of a section; equal places: the words are not in the text (any more, or yet).

    `words` are those that were written. `part` says which of a measurement's words they are (`size`, `before`,
    `change`, `doubling`, ...), `fingerprint` of which state of the measurement. `is_seen` is False while the words
    were changed by a change of the measurement and the reader has not looked at them. `label` is what the place is
    called (`series 3, image 45`), in the report's language.
    """

    link_id: str
    report_uuid: str
    section: SectionCode
    kind: LinkKind
    place: ImagePlace
    start: int = 0
    end: int = 0
    words: str = ""
    annotation_uid: str = ""
    part: str = ""
    fingerprint: str = ""
    is_seen: bool = True
    segment_id: str = ""
    label: str = ""

    @property
    def is_in_text(self) -> bool:
        return self.start < self.end
