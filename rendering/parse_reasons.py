"""Why an object has nothing to show: by SOP class and by transfer syntax, in true words."""

from __future__ import annotations

from rendering.transfer_syntaxes import TRANSFER_SYNTAXES

_STORAGE = "1.2.840.10008.5.1.4.1.1."

# SOP class UID stems below the storage root (PS3.4 B.5), the longest that fits counts.
_BY_SOP_CLASS = {
    "88.59": "Key object selection: no pixel data to display",
    "88": "Structured report: no pixel data to display",
    "11": "Presentation state: no pixel data of its own",
    "104.1": "Encapsulated PDF: not an image",
    "104.2": "Encapsulated CDA document: not an image",
    "104.3": "Encapsulated STL model: not an image",
    "104.4": "Encapsulated OBJ model: not an image",
    "104.5": "Encapsulated MTL material: not an image",
    "9": "Waveform: no pixel data to display",
    "4.2": "MR spectroscopy: no pixel data to display",
    "481.3": "RT structure set: no pixel data of its own",
    "481.4": "RT treatment record: no pixel data to display",
    "481.5": "RT plan: no pixel data to display",
    "481.6": "RT treatment record: no pixel data to display",
    "481.7": "RT treatment record: no pixel data to display",
    "481.8": "RT plan: no pixel data to display",
    "481.9": "RT treatment record: no pixel data to display",
    "67": "Real world value mapping: no pixel data to display",
    "66": "Raw data: no pixel data to display",
    "66.1": "Spatial registration: no pixel data to display",
    "66.2": "Spatial fiducials: no pixel data to display",
    "66.3": "Deformable spatial registration: no pixel data to display",
    "66.5": "Surface segmentation: no pixel data to display",
    "66.6": "Tractography results: no pixel data to display",
    "68": "Surface scan: no pixel data to display",
    "78": "Ophthalmic measurements: no pixel data to display",
}

_COMPUTED = {
    "66.4": "A segmentation: labels, no image of the patient",
    "66.7": "A segmentation: labels, no image of the patient",
    "481.2": "Planned dose, no image of the patient",
    "30": "Computed values, no image of the patient",
}
"""What has pixels of its own, and yet shows nobody: whoever sees it alone is told."""

_WHOLE_SLIDE = _STORAGE + "77.1.6"


def no_pixels_reason(sop_class: str) -> str:
    """Why an object without pixel data has none."""
    stem = sop_class.removeprefix(_STORAGE)
    while stem and stem != sop_class:
        if stem in _BY_SOP_CLASS:
            return _BY_SOP_CLASS[stem]
        stem = stem.rpartition(".")[0]
    return "The object has no pixel data"


def unshown_reason(sop_class: str, transfer_syntax: str) -> str:
    """Why pixel data that are there are not shown; empty when they can be."""
    if sop_class == _WHOLE_SLIDE:
        return "Whole slide microscopy image: not for this workstation"
    syntax = TRANSFER_SYNTAXES.get(transfer_syntax)
    return syntax.refusal if syntax is not None else ""


def computed_words(sop_class_uid: str) -> tuple[str, ...]:
    """What to say beside pixels that are no image of the patient; nothing for images."""
    said = _COMPUTED.get(sop_class_uid.removeprefix(_STORAGE))
    return () if said is None else (said,)
