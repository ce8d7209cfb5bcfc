"""What the left mouse button does, and what was really shown."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from workstation.domain.annotation import AnnotationKind


class Tool(StrEnum):
    """What the left mouse button does."""

    WINDOW = "window"
    ZOOM = "zoom"
    PAN = "pan"
    SCROLL = "scroll"
    CROSSHAIR = "crosshair"
    LENGTH = "length"
    BIDIRECTIONAL = "bidirectional"
    ANGLE = "angle"
    COBB = "cobb"
    ELLIPSE = "ellipse"
    RECTANGLE = "rectangle"
    CIRCLE = "circle"
    SPHERE = "sphere"
    FREEHAND = "freehand"
    POLYGON = "polygon"
    PROBE = "probe"
    ARROW = "arrow"
    TEXT = "text"
    CALIBRATION = "calibration"
    SPINE = "spine"


DRAWS = {Tool(kind.value): kind for kind in AnnotationKind}
"""The tools that draw, and what."""


@dataclass(frozen=True, slots=True)
class ShownImage:
    """What was really painted: the evidence that signing asks for. A cut through a volume has no SOP Instance UID."""

    study_uid: str
    sop_instance_uid: str
