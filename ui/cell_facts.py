"""From the session's state and a picture to what the overlay paints for one viewport."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from PySide6.QtCore import QCoreApplication

from rendering.picture import Letters, Picture
from ui import free_side, plain
from ui.annotation_layer import AnnotationLayer
from ui.colour_bar import colour_bar, fused_lines
from ui.corner_facts import CornerFacts
from ui.corner_line import Line, Tone
from ui.corner_text import corner_lines
from ui.furniture import furniture
from ui.key_image_words import mark_lines
from ui.overlay import DrawnLine, OverlayFacts
from ui.reference_lines import View
from ui.scale_bar import scale_bar
from workstation.corner_texts import CornerText
from workstation.domain.key_image import KeyImage
from workstation.domain.patient import PatientKey
from workstation.domain.study import Series, Study
from workstation.domain.subtraction import SUBTRACTED
from workstation.domain.viewing import ViewportState, WindowPreset
from workstation.session.cine import CineFacts
from workstation.session.registering import Told


@dataclass(frozen=True, slots=True)
class CellFacts:
    """One viewport: what hangs there and how it is seen. `ratio` is device per logical pixel; `moving`: more images follow."""

    study: Study
    series: Series
    view: View
    picture: Picture
    ratio: float = 1.0
    is_prior: bool = False
    current_date: str = ""
    not_the_reports: bool = False
    active: bool = False
    presets: tuple[WindowPreset, ...] = ()
    loaded: tuple[int, int] = (0, 0)
    layer: AnnotationLayer | None = None
    moving: bool = False
    references: tuple[DrawnLine, ...] = ()
    cross: tuple[float, float] | None = None
    value: tuple[float, float, str] | None = None
    current_key: PatientKey | None = None
    layout: CornerText | None = None
    cine: CineFacts | None = None
    pixel_source: str = ""
    laid_over: tuple[tuple[str, ...], ...] = ()
    aligned: Told | None = None
    keys: tuple[KeyImage, ...] = ()
    which: tuple[int, int] | None = None
    prior_note: str = ""
    newer_date: str = ""
    rejected: str = ""


def overlay_facts(facts: CellFacts) -> OverlayFacts:
    """What `ui.overlay.paint` takes, in logical pixels."""
    picture = facts.picture
    corners = corner_lines(
        CornerFacts(
            facts.study,
            facts.series,
            facts.view.state,
            picture,
            facts.is_prior,
            facts.current_date,
            facts.not_the_reports,
            facts.active,
            () if picture.unit == SUBTRACTED else facts.presets,
            facts.loaded,
            facts.current_key,
            facts.layout,
            facts.cine,
            facts.pixel_source,
            facts.which,
            facts.prior_note,
            facts.newer_date,
            facts.rejected,
        )
    )
    if picture.error is not None:
        return OverlayFacts(corners, loaded=facts.loaded, is_prior=facts.is_prior, active=facts.active)
    if facts.keys:
        first, rest = corners.bottom_left[:1], corners.bottom_left[1:]
        corners = replace(corners, bottom_left=(*first, *mark_lines(facts.keys), *rest))
    if facts.aligned is not None:
        # Beside what says that it is a prior.
        count = sum(line.tone is Tone.PRIOR for line in corners.top_right)
        first, rest = corners.top_right[:count], corners.top_right[count:]
        corners = replace(corners, top_right=(*first, aligned_line(facts.aligned), *rest))
    per_pixel = picture.mm_per_pixel * facts.ratio if picture.mm_per_pixel is not None else None
    if facts.layer is not None and facts.layer.hides(facts.view):
        hidden = Line(QCoreApplication.translate("viewport", "Drawings are hidden"), 0, Tone.DOUBT)
        corners = replace(corners, bottom_left=(*corners.bottom_left, hidden))
    if facts.laid_over:
        over = tuple(Line(words, 0, Tone.DOUBT, tuple(short)) for words, *short in facts.laid_over)
        corners = replace(corners, bottom_left=(*corners.bottom_left, *over))
    corners = replace(corners, top_right=(*corners.top_right, *fused_lines(picture.fused)))
    anchor = facts.view.state.anchor
    corners = free_side.lines(corners, anchor)
    scale = free_side.ruler(scale_bar(per_pixel, picture.spacing_source, facts.view.height / facts.ratio), anchor)
    if facts.layer is not None:
        size = facts.view.width / facts.ratio, facts.view.height / facts.ratio
        facts.layer.furniture = furniture(scale, colour_bar(picture.fused), *size)
    drawings = facts.layer.shapes(facts.view, picture, facts.ratio, corners, facts.moving) if facts.layer is not None else ()
    if facts.layer is not None and facts.layer.crowded:
        crowded = replace(corners, bottom_left=(*corners.bottom_left, _crowded(facts.layer.crowded)))
        corners = free_side.lines(crowded, anchor)
        drawings = facts.layer.shapes(facts.view, picture, facts.ratio, corners, facts.moving)
    cursor = facts.layer.cursor if facts.layer is not None and facts.active else None
    return OverlayFacts(
        corners,
        free_side.letters(picture.letters, anchor) if facts.layout is None or facts.layout.letters else Letters(),
        scale,
        tuple(scaled(line, 1 / facts.ratio) for line in facts.references),
        _scaled_point(facts.cross, 1 / facts.ratio) if facts.cross else None,
        (facts.value[0] / facts.ratio, facts.value[1] / facts.ratio, facts.value[2]) if facts.value else None,
        facts.loaded,
        facts.is_prior,
        facts.active,
        drawings,
        _scaled_point(cursor, 1 / facts.ratio) if cursor is not None else None,
        facts.not_the_reports,
        colour_bar(picture.fused),
        anchor,
    )


def aligned_line(told: Told) -> Line:
    """How the prior lies to the current study; what warns is a badge."""
    shorter = tuple(plain.core_text(words) for words in told.shorter)
    return Line(plain.core_text(told.words), 0, Tone.DOUBT if told.warns else Tone.TEXT, shorter)


def _crowded(count: int) -> Line:
    """Words that found no room are never left out silently."""
    words = QCoreApplication.translate("viewport", "{0} values have no room: J shows each").format(count)
    return Line(words, 0, Tone.DOUBT, (QCoreApplication.translate("viewport", "{0} hidden").format(count),))


def scaled(line: DrawnLine, factor: float) -> DrawnLine:
    start, end = _scaled_point(line.start, factor), _scaled_point(line.end, factor)
    return replace(line, start=start, end=end, knobs=tuple(_scaled_point(knob, factor) for knob in line.knobs))


def _scaled_point(point: tuple[float, float], factor: float) -> tuple[float, float]:
    return point[0] * factor, point[1] * factor


def series_of(studies: Iterable[Study], state: ViewportState) -> tuple[Study, Series] | None:
    """The study and series that a state names, or None when neither is open."""
    for study in studies:
        if study.study_instance_uid == state.study_uid:
            for series in study.series:
                if series.series_instance_uid == state.series_uid:
                    return study, series
    return None
