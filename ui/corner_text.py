"""What stands in the four corners of a viewport, as lines with priorities; no painting here.

Corners hold what viewers agree on: who (top left), which study (top right), which image
(bottom left), how it is shown (bottom right). A small viewport drops the least important
lines first; doubts and "prior" go last.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from enum import Enum

from PySide6.QtCore import QCoreApplication

from rendering.picture import Picture
from ui import plain
from workstation.domain.study import Instance, Series, Study
from workstation.domain.viewing import Plane, ViewportState, Window, WindowPreset


class Tone(Enum):
    """How a line is coloured; the filled ones are badges."""

    TEXT = "text"
    MUTED = "muted"
    DOUBT = "doubt"
    PRIOR = "prior"
    ALARM = "alarm"


@dataclass(frozen=True, slots=True)
class Line:
    """`priority` 0 is kept longest. `short` are other wordings, longest first, for when `text` does not fit.

    A `whole` line is left out rather than cut: half a number or a date is a wrong one.
    """

    text: str
    priority: int
    tone: Tone = Tone.TEXT
    short: tuple[str, ...] = ()
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Corners:
    """Lines from the top edge down (top corners) and from the bottom edge up (bottom corners)."""

    top_left: tuple[Line, ...] = ()
    top_right: tuple[Line, ...] = ()
    bottom_left: tuple[Line, ...] = ()
    bottom_right: tuple[Line, ...] = ()


@dataclass(frozen=True, slots=True)
class CornerFacts:
    """What the corners are about. `current_date` is the StudyDate of the study being read."""

    study: Study
    series: Series
    state: ViewportState
    picture: Picture
    is_prior: bool = False
    current_date: str = ""
    not_the_reports: bool = False
    active: bool = False
    presets: tuple[WindowPreset, ...] = field(default=())
    loaded: tuple[int, int] = (0, 0)


def corner_lines(facts: CornerFacts) -> Corners:
    """All lines of one viewport, before any are dropped for want of room."""
    return Corners(_who(facts), _which_study(facts), _which_image(facts), _how(facts))


def _who(facts: CornerFacts) -> tuple[Line, ...]:
    patient, study = facts.study.patient, facts.study
    name = plain.person_name(patient.name) or _tr("No name")
    born = " ".join(
        part
        for part in (
            plain.dicom_date(patient.birth_date),
            plain.age(patient.birth_date, study.study_date),
            plain.plain(patient.sex),
        )
        if part
    )
    family = plain.person_name(patient.name.split("^", maxsplit=1)[0])
    lines = [
        Line(name, 2, short=(family,) if family else ()),
        Line(plain.plain(patient.key.patient_id), 5, whole=True),
        Line(born, 6, Tone.MUTED, whole=True),
    ]
    if facts.not_the_reports:
        lines.insert(0, Line(_tr("Not the report's study"), 0, Tone.ALARM))
    if facts.picture.error is None:
        lines.extend(Line(plain.core_text(d.text), 0, Tone.DOUBT) for d in facts.picture.doubts)
        if facts.picture.partial and facts.state.plane is not Plane.STACK:
            done, total = facts.loaded
            words = _tr("Partial: {0} of {1} images loaded").format(done, total)
            lines.append(Line(words, 0, Tone.DOUBT, (_tr("Partial {0}/{1}").format(done, total),)))
    return _filled(lines)


def _which_study(facts: CornerFacts) -> tuple[Line, ...]:
    study = facts.study
    when = " ".join(part for part in (plain.dicom_date(study.study_date), plain.dicom_time(study.study_time)) if part)
    lines = []
    if facts.is_prior:
        label, interval, amount = plain.relation(study.study_date, facts.current_date)
        label = label.upper()
        lines.append(Line(f"{label}  {interval}".strip(), 0, Tone.PRIOR, (f"{label}  {amount}".strip(), label)))
    day = plain.dicom_date(study.study_date)
    lines.append(Line(when or _tr("No study date"), 2, short=(day,) if day else (), whole=True))
    lines.append(Line(plain.plain(study.study_description), 6))
    lines.append(Line(plain.plain(study.institution), 9, Tone.MUTED))
    return _filled(lines)


def _which_image(facts: CornerFacts) -> tuple[Line, ...]:
    """From the bottom edge up: image count first, series last."""
    series, picture, state = facts.series, facts.picture, facts.state
    lines = []
    if picture.count:
        position = f"{picture.index + 1}/{picture.count}"
        lines.append(Line(f"{_tr('Image')} {position}", 1, short=(position,), whole=True))
    place = []
    if picture.slice_location_mm is not None:
        place.append(_tr("Slice {0} mm").format(_signed(picture.slice_location_mm)))
    if picture.thickness_mm is not None:
        place.append(_tr("Thick {0} mm").format(_number(picture.thickness_mm)))
    lines.append(Line("   ".join(place), 4, short=tuple(place[:1]), whole=True))
    if state.plane is Plane.THREE_D:
        look = plain.core_text(picture.window.explanation) if picture.window is not None else ""
        lines.append(Line(_tr("Not for measuring"), 0))
        lines.append(Line(f"{plain.core_text(PLANE_TITLES[state.plane])}  {look}".strip(), 0))
    elif state.plane is not Plane.STACK:
        slab = f"  {_number(state.slab_mm)} mm {state.slab_mode}" if state.slab_mm else ""
        lines.append(Line(plain.core_text(PLANE_TITLES[state.plane]) + slab, 2))
    number = f"{series.series_number}  " if series.series_number is not None else ""
    description = plain.plain(series.series_description)
    lines.append(
        Line(f"{plain.plain(series.modality)} {number}{description}".strip(), 3, short=(description,) if description else ())
    )
    lines.append(Line(_view_name(series, picture), 1))
    return _filled(lines)


def _how(facts: CornerFacts) -> tuple[Line, ...]:
    """From the bottom edge up: window first."""
    picture, state = facts.picture, facts.state
    lines = []
    if picture.window is not None and picture.error is None:
        window = picture.window
        values, bare = window_text(window, picture.unit), f"{_number(window.center)}/{_number(window.width)}"
        named = _window_name(window, facts.presets)
        text = "   ".join(p for p in (named, values) if p)
        lines.append(Line(text, 1, short=(values, window_text(window, ""), bare), whole=True))
    zoom = _tr("Zoom {0} %").format(round(state.zoom * 100)) if abs(state.zoom - 1) > 0.005 else ""
    lines.append(Line(" ".join(p for p in (zoom, _turned(state)) if p), 7, Tone.MUTED))
    if state.inverted:
        lines.append(Line(_tr("Inverted"), 2))
    lines.append(Line(_technique(facts.series), 8, Tone.MUTED))
    if facts.active and facts.presets:
        digits = "  ".join(f"{p.key} {plain.core_text(p.name)}" for p in facts.presets)
        lines.append(Line(digits, 10, Tone.MUTED))
    return _filled(lines)


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
    named = "" if unit == "stored" else plain.plain(unit)
    return f"C {_number(window.center)}  W {_number(window.width)} {named}".strip()


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


def _view_name(series: Series, picture: Picture) -> str:
    """`L MLO`, `PA`: side and view of a projection image, of the shown instance where it says so."""
    if series.modality not in {"MG", "CR", "DX", "RG", "PX"}:
        return ""
    uid = picture.identity.sop_instance_uid if picture.identity else ""
    instance = next((i for i in series.instances if i.sop_instance_uid == uid), None)
    side = _attribute(series, instance, "ImageLaterality") or _attribute(series, instance, "Laterality")
    return plain.plain(f"{side} {_attribute(series, instance, 'ViewPosition')}")


def _attribute(series: Series, instance: Instance | None, keyword: str) -> str:
    own = instance.header.get("attributes") if instance is not None else None
    values = own.get(keyword) if isinstance(own, dict) else None
    return " ".join(str(v) for v in (values or series.attributes.get(keyword) or ()))


_TECHNIQUE: dict[str, tuple[tuple[str, str, str], ...]] = {
    "CT": (("KVP", "", " kV"), ("ConvolutionKernel", "", "")),
    "MR": (("RepetitionTime", "TR ", ""), ("EchoTime", "TE ", ""), ("InversionTime", "TI ", "")),
    "PT": (("Units", "", ""), ("AttenuationCorrectionMethod", "AC ", "")),
    "MG": (("KVP", "", " kV"),),
}


def _technique(series: Series) -> str:
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
    return f"{value:+.1f}".replace("-", "−")


def _filled(lines: list[Line]) -> tuple[Line, ...]:
    return tuple(line for line in lines if line.text)


def _tr(text: str) -> str:
    return QCoreApplication.translate("viewport", text)
