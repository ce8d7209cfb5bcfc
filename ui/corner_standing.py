"""Lines that stand in the corners whatever a site places there: alarms, doubts, prior, cine, sizes."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

from ui import image_origin, plain, side_badges
from ui.corner_facts import CornerFacts
from ui.corner_line import Line, Tone
from workstation.domain.viewing import Plane, Sizing


def alarms(facts: CornerFacts) -> list[Line]:
    lines = []
    if facts.not_the_reports:
        lines.append(Line(_tr("Not the report's study"), 0, Tone.ALARM))
    if facts.rejected:
        lines.append(Line(plain.core_text(facts.rejected), 0, Tone.ALARM))
    key = facts.study.patient.key
    if facts.current_key is not None and key != facts.current_key:
        same = key.patient_id == facts.current_key.patient_id
        lines.append(Line(_tr("Other patient issuer") if same else _tr("Other patient"), 0, Tone.ALARM))
    return lines


def doubts(facts: CornerFacts) -> list[Line]:
    if facts.picture.error is not None:
        return []
    texts = [plain.number(plain.core_text(d.text)) for d in facts.picture.doubts]
    texts += [plain.plain(text) for text in image_origin.badges(facts.series, facts.instance)]
    texts += [plain.core_text(note) for note in facts.picture.notes]
    texts += side_badges.badges(facts)
    if facts.picture.processed:
        texts.append(_processed(facts.picture.processed))
    lines = [Line(text, 0, Tone.DOUBT) for text in texts]
    if facts.picture.partial and facts.state.plane is not Plane.STACK:
        done, total = facts.loaded
        words = _tr("Partial: {0} of {1} images loaded").format(done, total)
        lines.append(Line(words, 0, Tone.DOUBT, (_tr("Partial {0}/{1}").format(done, total),)))
    return lines


def _processed(words: str) -> str:
    """`Sharpened 2`, the first word translated."""
    what, _, step = words.partition(" ")
    return f"{plain.core_text(what)} {step}"


def prior(facts: CornerFacts) -> list[Line]:
    """F65: a prior never stands without its date, side and distance in time, whatever a site places in the corners."""
    if not facts.is_prior:
        return _newer(facts)
    label, interval, amount = plain.relation(facts.study.study_date, facts.current_date)
    day = plain.dicom_date(facts.study.study_date) or _tr("date unknown")
    number = f"{facts.which[0]}/{facts.which[1]}" if facts.which is not None else ""
    what = " ".join(part for part in (label.upper(), number, _side(facts)) if part)
    # Never the date alone: it would fit beside the letter of a small view, and the distance in time would be lost.
    short = f"{day} {plain.short_interval(facts.study.study_date, facts.current_date)}".strip()
    lines = [
        Line(f"{day}  {interval}".strip(), 0, Tone.PRIOR, (f"{day}  {amount}".strip(), short)),
        Line(what, 0, Tone.PRIOR, (label.upper(),)),
    ]
    if facts.prior_note:
        lines.append(Line(plain.core_text(facts.prior_note), 0, Tone.DOUBT, (_tr("Not the same view"),)))
    return lines


def _newer(facts: CornerFacts) -> list[Line]:
    """An old study that is read as if it were the latest."""
    if not facts.newer_date:
        return []
    day = plain.dicom_date(facts.newer_date)
    return [Line(_tr("A newer study exists: {0}").format(day), 0, Tone.DOUBT, (_tr("Newer: {0}").format(day), day))]


def _side(facts: CornerFacts) -> str:
    """`L`, `R` or `B` of the image, else of the series, where it says so."""
    for keyword in ("ImageLaterality", "FrameLaterality", "Laterality"):
        for value in image_origin.attribute(facts.series, facts.instance, keyword):
            if value in ("L", "R", "B"):
                return str(value)
    return ""


def cine(facts: CornerFacts) -> list[Line]:
    """The speed that is asked for and the one that is reached, what was dropped, and whose times they are."""
    told = facts.cine
    if told is None:
        return []
    name = _tr("Sweep") if told.sweeps else _tr("Cine")
    rate = f"{name} {_rate(told.rate)}/s"
    if told.varies:
        rate = _tr("{0} on average").format(rate)
    if told.waits:
        return [Line(f"{rate}, {_tr('waits for images')}", 0, Tone.DOUBT, (rate,))]
    reached = _tr("{0} reached").format(f"{told.reached:.1f}") if told.reached is not None else ""
    lines = [Line(", ".join(p for p in (rate, reached) if p), 0, short=(rate,), whole=True)]
    if told.dropped:
        words = _tr("1 image dropped") if told.dropped == 1 else _tr("{0} images dropped").format(told.dropped)
        lines.append(Line(words, 0, Tone.DOUBT))
    if told.words:
        lines.append(Line(_tr("By the file's {0}").format(plain.core_text(told.words)), 5, Tone.MUTED))
    return lines


def _rate(rate: float) -> str:
    return f"{rate:.1f}".removesuffix(".0")


def size(facts: CornerFacts) -> list[Line]:
    """Whether sizes on screen mean something, and whether pixels are shown as they are."""
    state, picture = facts.state, facts.picture
    lines = []
    if state.zoom == 1.0 and picture.per_pixel is not None:
        if state.sizing is Sizing.PIXELS:
            lines.append(Line(_tr("Pixel for pixel (1:1)"), 2, short=("1:1",)))
        elif state.sizing is Sizing.TRUE_SIZE and picture.mm_per_pixel is not None and facts.pixel_source:
            lines.append(Line(_tr("True size ({0})").format(facts.pixel_source), 2, short=(_tr("True size"),)))
        elif state.sizing is Sizing.SAME_SCALE and picture.mm_per_pixel is not None:
            lines.append(Line(_tr("Same scale"), 2))
    is_sized = state.sizing is Sizing.TRUE_SIZE and state.zoom == 1.0 and picture.mm_per_pixel is not None
    if is_sized and not facts.pixel_source:
        words = _tr("Not true size: how large this screen's pixels are is not known")
        lines.append(Line(words, 0, Tone.DOUBT, (_tr("Not true size"),)))
    if state.sizing is Sizing.SAME_SCALE and picture.mm_per_pixel is None and picture.per_pixel is not None:
        lines.append(Line(_tr("Not to the same scale: pixel size unknown"), 0, Tone.DOUBT, (_tr("Not the same scale"),)))
    if picture.is_nearest:
        lines.append(Line(_tr("Pixels not filled in"), 2))
    return lines


def _tr(text: str) -> str:
    return QCoreApplication.translate("viewport", text)
