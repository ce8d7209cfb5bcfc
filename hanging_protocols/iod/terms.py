"""Enumerated Values and Defined Terms of PS3.3 C.23 beside the words of our protocols.

What has no word on the other side is left out here: it is told on import, and kept in our private block on export.
"""

from __future__ import annotations

from collections.abc import Mapping

from hanging_protocols.model import Anchor, Level, Partial, Sort
from workstation.domain.viewing import Plane

LEVELS: Mapping[Level, str] = {
    Level.MANUFACTURER: "MANUFACTURER",
    Level.SITE: "SITE",
    Level.GROUP: "USER_GROUP",
    Level.USER: "SINGLE_USER",
}
PARTIAL: Mapping[Partial, str] = {Partial.KEEP: "MAINTAIN_LAYOUT", Partial.ADAPT: "ADAPT_LAYOUT"}

MATCH, NO_MATCH = "MATCH", "NO_MATCH"
"""ImageSetSelectorUsageFlag: what becomes of an image that lacks the element. It says nothing of its value."""
RELATIVE_TIME, ABSTRACT_PRIOR = "RELATIVE_TIME", "ABSTRACT_PRIOR"
TIME_UNITS = ("SECONDS", "MINUTES", "HOURS", "DAYS", "WEEKS", "MONTHS", "YEARS")
OLDEST_PRIOR = -1

STACK, PROCESSED, TILED, CINE, SINGLE = "STACK", "PROCESSED", "TILED", "CINE", "SINGLE"
MPR, SLAB, THREE_D = "MPR", "SLAB", "3D_RENDERING"
MIP, VOLUME, SURFACE = "MIP", "VOLUME", "SURFACE"

# ReformattingOperationInitialViewDirection, also the values of an IMAGE_PLANE filter (C.23.3.1.1).
DIRECTIONS: Mapping[Plane, str] = {Plane.AXIAL: "TRANSVERSE", Plane.CORONAL: "CORONAL", Plane.SAGITTAL: "SAGITTAL"}

# VOIType beside the presets of resources/window_presets.toml.
VOI_TYPES: Mapping[str, str] = {
    "Lung": "LUNG",
    "Mediastinum": "MEDIASTINUM",
    "Liver": "LIVER",
    "Soft tissue": "SOFT_TISSUE",
    "Bone": "BONE",
    "Brain": "BRAIN",
}
# Taken for the nearest preset, and told.
NEAR_VOI_TYPES: Mapping[str, str] = {"ABDO_PELVIS": "Soft tissue", "POST_FOSSA": "Brain"}

SORT_CATEGORIES: Mapping[Sort, str] = {Sort.POSITION: "ALONG_AXIS", Sort.TIME: "BY_ACQ_TIME"}
INSTANCE_NUMBER = "00200013"
# Elements by which images are put in an order that we have a word for.
SORT_ATTRIBUTES: Mapping[str, Sort] = {
    INSTANCE_NUMBER: Sort.NUMBER,
    "00201041": Sort.POSITION,  # SliceLocation
    "00200032": Sort.POSITION,  # ImagePositionPatient
    "00080032": Sort.TIME,  # AcquisitionTime
    "0008002A": Sort.TIME,  # AcquisitionDateTime
    "00080033": Sort.TIME,  # ContentTime
    "00181060": Sort.TIME,  # TriggerTime
}
INCREASING, DECREASING = "INCREASING", "DECREASING"

ANCHORS: Mapping[Anchor, str] = {Anchor.LEFT: "LEFT", Anchor.RIGHT: "RIGHT"}

# Well-known palettes (PS3.6 Annex B) beside resources/colour_maps.toml.
PSEUDO_COLOURS: Mapping[str, str] = {"hot": "HOT_IRON"}

# What lies over what when COLOR blends two kinds of images of one set.
LAID_OVER = frozenset({"PT", "NM"})

MEMBER_OF, NOT_MEMBER_OF = "MEMBER_OF", "NOT_MEMBER_OF"
RANGE_INCL, AT_LEAST, AT_MOST = "RANGE_INCL", "GREATER_OR_EQUAL", "LESS_OR_EQUAL"
PRESENT, NOT_PRESENT = "PRESENT", "NOT_PRESENT"
IMAGE_PLANE = "IMAGE_PLANE"
