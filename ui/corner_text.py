"""What stands in the four corners of a viewport, as lines with priorities; no painting here.

Corners hold what viewers agree on: who (top left), which study (top right), which image
(bottom left), how it is shown (bottom right). A small viewport drops the least important
lines first; doubts and "prior" go last.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache

from PySide6.QtCore import QCoreApplication

from ui import corner_standing as standing
from ui import image_origin, plain
from ui.corner_facts import CornerFacts
from ui.corner_line import Corners, Line, Tone
from workstation.corner_texts import CORNERS, CornerTexts, load_corner_texts
from workstation.domain.study import Instance, Series
from workstation.domain.viewing import Plane, Sizing, ViewportState, Window, WindowPreset
from workstation.session.image_numbers import numbered_otherwise


def corner_lines(facts: CornerFacts) -> Corners:
    """All lines of one viewport, before any are dropped for want of room.

    The facts are those that the layout names, in its order. What warns stands whatever it names.
    """
    layout = facts.layout or _built_in().of(facts.series.modality, "full")
    chosen = {corner: [line for name in getattr(layout, corner) for line in _FACTS[name](facts)] for corner in CORNERS}
    return Corners(
        _filled([*standing.alarms(facts), *chosen["top_left"], *standing.doubts(facts)]),
        _filled([*standing.prior(facts), *chosen["top_right"]]),
        _filled([*chosen["bottom_left"][:1], *standing.cine(facts), *chosen["bottom_left"][1:], *_solid(facts)]),
        _filled([*standing.size(facts), *chosen["bottom_right"]]) if facts.picture.error is None else (),
    )


@lru_cache(maxsize=1)
def _built_in() -> CornerTexts:
    return load_corner_texts()


def _solid(facts: CornerFacts) -> list[Line]:
    """3D is named even where the plane is not asked for: nothing there may be measured."""
    layout = facts.layout
    asked = layout is None or any("plane" in getattr(layout, corner) for corner in CORNERS)
    return [] if asked or facts.state.plane is not Plane.THREE_D else _plane(facts)


# ---- what a site may place ---------------------------------------------------------------


def _patient_name(facts: CornerFacts) -> list[Line]:
    patient = facts.study.patient
    family = plain.person_name(patient.name.split("^", maxsplit=1)[0])
    return [Line(plain.person_name(patient.name) or _tr("No name"), 2, short=(family,) if family else ())]


def _patient_id(facts: CornerFacts) -> list[Line]:
    return [Line(plain.plain(facts.study.patient.key.patient_id), 5, whole=True)]


def _patient_birth(facts: CornerFacts) -> list[Line]:
    patient = facts.study.patient
    parts = (
        plain.dicom_date(patient.birth_date),
        plain.age(patient.birth_date, facts.study.study_date),
        plain.plain(patient.sex),
    )
    return [Line(" ".join(part for part in parts if part), 6, Tone.MUTED, whole=True)]


def _study_date(facts: CornerFacts) -> list[Line]:
    """Of a prior its badge says it."""
    study = facts.study
    if facts.is_prior:
        return []
    when = " ".join(part for part in (plain.dicom_date(study.study_date), plain.dicom_time(study.study_time)) if part)
    day = plain.dicom_date(study.study_date)
    return [Line(when or _tr("No study date"), 2, short=(day,) if day else (), whole=True)]


def _study_description(facts: CornerFacts) -> list[Line]:
    return [Line(plain.plain(facts.study.study_description), 6)]


def _institution(facts: CornerFacts) -> list[Line]:
    return [Line(plain.plain(facts.study.institution), 9, Tone.MUTED)]


def _accession(facts: CornerFacts) -> list[Line]:
    return [Line(plain.plain(facts.study.accession_number), 7, Tone.MUTED, whole=True)]


def _image(facts: CornerFacts) -> list[Line]:
    """`Image 12/143`: the place in reading order; beside it the number that other viewers know it by, where it differs."""
    picture = facts.picture
    which = plain.core_text(picture.dimension)
    if not picture.count:
        return [Line(which, 1)] if which else []
    position = f"{picture.index + 1}/{picture.count}" + (f" · {which}" if which else "")
    numbered = f"{_tr('Image')} {position}"
    frame = picture.identity.frame_number if picture.identity is not None else 0
    others = numbered_otherwise(facts.series, facts.instance, frame, picture.index + 1)
    other = ", ".join(f"{plain.core_text(what)} {number}" for what, number in others)
    short = (numbered, position) if other else (position,)
    image = Line(f"{numbered} ({other})" if other else numbered, 1, short=short, whole=True)
    return [image, *([Line(plain.core_text(picture.paged), 3)] if picture.paged else [])]


def _slice(facts: CornerFacts) -> list[Line]:
    picture, place = facts.picture, []
    if picture.slice_location_mm is not None:
        place.append(_tr("Slice {0} mm").format(_signed(picture.slice_location_mm)))
    if picture.thickness_mm is not None:
        place.append(_tr("Thick {0} mm").format(_number(picture.thickness_mm)))
    return [Line("   ".join(place), 4, short=tuple(place[:1]), whole=True)]


def _plane(facts: CornerFacts) -> list[Line]:
    picture, state = facts.picture, facts.state
    if state.plane is Plane.THREE_D:
        look = plain.core_text(picture.window.explanation) if picture.window is not None else ""
        named = f"{plain.core_text(PLANE_TITLES[state.plane])}  {look}".strip()
        if state.solid.opacity != 1.0:
            named = f"{named}  {_tr('Opacity {0} %').format(round(100 * state.solid.opacity))}"
        return [Line(_tr("Not for measuring"), 0), Line(named, 0)]
    slab = picture.slab
    if state.plane is Plane.STACK:
        return [Line(f"{plain.core_text(slab.mode_words)} {_number(slab.mm)} mm", 1)] if slab else []
    title = plain.core_text(PLANE_TITLES[state.plane])
    return [Line(f"{title}  {plain.core_text(slab.mode_words)} {_number(slab.mm)} mm" if slab else title, 2)]


def _series(facts: CornerFacts) -> list[Line]:
    series = facts.series
    number = f"{series.series_number}  " if series.series_number is not None else ""
    description = plain.plain(series.series_description)
    named = f"{plain.plain(series.modality)} {number}{description}".strip()
    return [Line(named, 3, short=(description,) if description else ())]


def _view(facts: CornerFacts) -> list[Line]:
    """`L MLO`, `PA`: side and view of a projection image, of the shown instance where it says so."""
    series, instance = facts.series, facts.instance
    if series.modality not in {"MG", "CR", "DX", "RG", "PX"}:
        return []
    side = _attribute(series, instance, "ImageLaterality") or _attribute(series, instance, "Laterality")
    return [Line(plain.plain(f"{side} {_attribute(series, instance, 'ViewPosition')}"), 1)]


def _derived(facts: CornerFacts) -> list[Line]:
    """With DerivationDescription (0008,2111) where the file has one."""
    if not image_origin.is_derived(facts.series, facts.instance):
        return []
    said, words = image_origin.derivation(facts.series, facts.instance), _tr("Derived image")
    return [Line(f"{words}: {said}" if said else words, 5, Tone.MUTED, (words,))]


def _window(facts: CornerFacts) -> list[Line]:
    picture = facts.picture
    if picture.window is None:
        return []
    window = picture.window
    values, bare = window_text(window, picture.unit), f"{_number(window.center)}/{_number(window.width)}"
    named = _window_name(window, facts.presets)
    text = "   ".join(p for p in (named, values) if p)
    # The unit goes last of all: 7 SUVbw and 7 SUVlbm are not the same image.
    return [Line(text, 1, short=(values, f"{bare} {_unit(picture.unit)}".strip(), bare), whole=True)]


def _zoom(facts: CornerFacts) -> list[Line]:
    """Device pixels per image pixel; where there are none (3D), against what fits."""
    state, picture = facts.state, facts.picture
    share = picture.per_pixel if picture.per_pixel is not None else state.zoom if abs(state.zoom - 1) > 0.005 else None
    zoom = _tr("Zoom {0} %").format(round(share * 100)) if share is not None else ""
    fitted = state.sizing is Sizing.ANATOMY and state.framed is not None
    lines = [Line(_tr("Fitted to the anatomy"), 6, Tone.MUTED)] if fitted else []
    return [*lines, Line(" ".join(p for p in (zoom, _turned(state)) if p), 7, Tone.MUTED)]


def _inverted(facts: CornerFacts) -> list[Line]:
    return [Line(_tr("Inverted"), 2)] if facts.state.inverted else []


def _technique(facts: CornerFacts) -> list[Line]:
    return [Line(_technique_text(facts.series), 8, Tone.MUTED)]


def _presets(facts: CornerFacts) -> list[Line]:
    if not (facts.active and facts.presets):
        return []
    return [Line("  ".join(f"{p.key} {plain.core_text(p.name)}" for p in facts.presets), 10, Tone.MUTED)]


_FACTS: dict[str, Callable[[CornerFacts], list[Line]]] = {
    "patient_name": _patient_name,
    "patient_id": _patient_id,
    "patient_birth": _patient_birth,
    "study_date": _study_date,
    "study_description": _study_description,
    "institution": _institution,
    "accession": _accession,
    "image": _image,
    "slice": _slice,
    "plane": _plane,
    "series": _series,
    "view": _view,
    "derived": _derived,
    "window": _window,
    "zoom": _zoom,
    "inverted": _inverted,
    "technique": _technique,
    "presets": _presets,
}

PLANE_TITLES = {
    Plane.STACK: "As acquired",
    Plane.AXIAL: "Axial",
    Plane.CORONAL: "Coronal",
    Plane.SAGITTAL: "Sagittal",
    Plane.OBLIQUE: "Oblique",
    Plane.THREE_D: "3D",
}


def window_text(window: Window, unit: str) -> str:
    """`C 40 W 400 HU`."""
    return f"C {_number(window.center)}  W {_number(window.width)} {_unit(unit)}".strip()


def _unit(unit: str) -> str:
    return "" if unit == "stored" else plain.plain(unit)


def _window_name(window: Window, presets: tuple[WindowPreset, ...]) -> str:
    for preset in presets:
        if math.isclose(preset.window.center, window.center) and math.isclose(preset.window.width, window.width):
            return plain.core_text(preset.name)
    return plain.plain(window.explanation)


def _turned(state: ViewportState) -> str:
    parts = [f"{state.rotation}°"] if state.rotation else []
    parts += [_tr("flipped ↔")] if state.flipped_horizontally else []
    parts += [_tr("flipped ↕")] if state.flipped_vertically else []
    return " ".join(parts)


def _attribute(series: Series, instance: Instance | None, keyword: str) -> str:
    return " ".join(image_origin.attribute(series, instance, keyword))


_TECHNIQUE: dict[str, tuple[tuple[str, str, str], ...]] = {
    "CT": (("KVP", "", " kV"), ("ConvolutionKernel", "", "")),
    "MR": (("RepetitionTime", "TR ", ""), ("EchoTime", "TE ", ""), ("InversionTime", "TI ", "")),
    "PT": (("Units", "", ""), ("AttenuationCorrectionMethod", "AC ", "")),
    "MG": (("KVP", "", " kV"),),
}


def _technique_text(series: Series) -> str:
    parts = []
    for keyword, before, after in _TECHNIQUE.get(series.modality, ()):
        values = series.attributes.get(keyword)
        if values and values[0]:
            parts.append(f"{before}{_shortened(values[0])}{after}")
    return plain.plain("  ".join(parts))


def _shortened(value: str) -> str:
    try:
        return _number(float(value))
    except ValueError:
        return value


def _number(value: float) -> str:
    """Three to four significant figures, no trailing zeros, a real minus sign."""
    places = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2
    text = f"{value:.{places}f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text.replace("-", "−")


def _signed(value: float) -> str:
    return f"{round(value, 1) + 0.0:+.1f}".replace("-", "−")


def _filled(lines: list[Line]) -> tuple[Line, ...]:
    return tuple(line for line in lines if line.text)


def _tr(text: str) -> str:
    return QCoreApplication.translate("viewport", text)
