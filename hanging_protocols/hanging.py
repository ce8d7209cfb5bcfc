"""A stage of a protocol on real studies: which image set in which cell, and why or why not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from hanging_protocols import dates, plane_wishes, selection, states
from hanging_protocols.facts import ImageSet
from hanging_protocols.grids import grid_for
from hanging_protocols.model import CellTemplate, HangingProtocol, Partial, Selector, StageTemplate
from hanging_protocols.study_facts import StudyFacts
from workstation.domain.hanging import NOTHING_KNOWN, HangingContext
from workstation.domain.viewing import Cell, Layout, PresetTable, ViewportState


@dataclass(frozen=True, slots=True)
class Scene:
    """What there is to hang: the study being read, the usable priors (best first), the presets, the order, the screens."""

    current: StudyFacts
    priors: tuple[StudyFacts, ...]
    presets: PresetTable
    context: HangingContext = NOTHING_KNOWN

    def study(self, number: int) -> StudyFacts | None:
        if number == 0:
            return self.current
        return self.priors[number - 1] if number <= len(self.priors) else None


@dataclass(frozen=True, slots=True)
class HungStage:
    """A stage that can be shown (`skipped` empty) or is left out, in words; `stage_id` is empty of plain pages."""

    title: str
    layout: Layout
    cells: tuple[Cell, ...]
    reasons: tuple[str, ...]
    skipped: str = ""
    more_screens: tuple[Layout, ...] = ()
    stage_id: str = ""


def hang_stage(protocol: HangingProtocol, template: StageTemplate, scene: Scene) -> HungStage:
    cells: list[Cell] = []
    reasons: list[str] = []
    for cell_template in template.cells:
        cell, why = _cell(protocol, cell_template, scene, cells)
        cells.append(cell)
        reasons += why
    filled = [cell for cell in cells if cell.state]
    skipped = _too_few(template, len(filled), sum(cell.is_prior for cell in filled))
    layouts = [Layout(rows, columns) for rows, columns in template.grids]
    if template.partial is Partial.ADAPT:
        layouts, cells = _adapted(layouts, cells)
    return HungStage(template.title, layouts[0], tuple(cells), tuple(reasons), skipped, tuple(layouts[1:]), template.stage_id)


def _too_few(template: StageTemplate, filled: int, filled_priors: int) -> str:
    if filled_priors < template.min_prior_cells:
        return f'Stage "{template.title}" is left out: there is no comparable prior for it'
    if filled < template.min_cells:
        return f'Stage "{template.title}" is left out: {filled} of the {template.min_cells} cells it needs can be filled'
    return ""


def _cell(
    protocol: HangingProtocol, template: CellTemplate, scene: Scene, others: Sequence[Cell]
) -> tuple[Cell, tuple[str, ...]]:
    selector = protocol.selectors[template.selector]
    label = template.label or selector.title
    empty = Cell(
        template.row,
        template.column,
        None,
        label,
        template.prior > 0,
        template.link_group,
        selector=template.selector,
        prior=template.prior,
        screen=template.screen,
    )
    facts = scene.study(template.prior)
    if facts is None:
        return _unfilled(
            empty, f"there is no comparable prior {template.prior}" if scene.priors else "there is no comparable prior"
        )
    found = _choices(selector, template, facts, scene)
    if not found:
        count = len(selection.candidates(selector, facts))
        return _unfilled(empty, f"only {count} such series" if count else selection.why_none(selector, facts))
    hung = _hung(protocol, template, found, facts, scene, others)
    if hung.refusal:
        return _unfilled(empty, hung.refusal)
    label = hung.wish.label
    if template.prior:
        dated = dates.prior_label(template.prior, facts.study.study_date, scene.current.study.study_date)
        label = f"{label} - {dated}"
    where = f"{label}: series {_number(hung.wish.image_set)}"
    why = hung.wish.because or "; ".join(hung.chosen.score.reasons) or "the only rule is that it has images"
    return replace(empty, state=hung.state, label=label), (
        f"{where} because {why}",
        *(f"{where}: {doubt}" for doubt in hung.doubts),
    )


@dataclass(frozen=True, slots=True)
class _Hung:
    """One candidate in one cell; `refusal` says why the cell stays empty all the same."""

    chosen: selection.Candidate
    wish: plane_wishes.PlaneWish
    state: ViewportState | None = None
    doubts: tuple[str, ...] = ()
    refusal: str = ""


def _hung(
    protocol: HangingProtocol,
    template: CellTemplate,
    found: Sequence[selection.Candidate],
    facts: StudyFacts,
    scene: Scene,
    others: Sequence[Cell],
) -> _Hung:
    """The first of `found`; of a prior's further series the first one that no other cell shows."""
    over = protocol.selectors[template.fusion] if template.fusion else None
    first: _Hung | None = None
    for chosen in found if template.prior and template.nth > 1 else found[:1]:
        wish = plane_wishes.of(template, protocol.selectors[template.selector].title, chosen, found, facts)
        if wish.refusal:
            return _Hung(chosen, wish, refusal=wish.refusal)
        state, doubts = states.state_of(wish.template, wish.image_set, over, facts, scene.presets, scene.context.screens)
        twin = next((other for other in others if other.state == state), None)
        if twin is None:
            return _Hung(chosen, wish, state, doubts)
        first = first or _Hung(chosen, wish, refusal=_twice(twin, template))
    assert first is not None, "a cell is hung from candidates only"
    return first


def _twice(twin: Cell, template: CellTemplate) -> str:
    on = f" of screen {twin.screen + 1}" if twin.screen != template.screen else ""
    return f"it would show what row {twin.row + 1}, column {twin.column + 1}{on} shows already"


def _choices(selector: Selector, template: CellTemplate, facts: StudyFacts, scene: Scene) -> tuple[selection.Candidate, ...]:
    """What fits the cell, the chosen one first: for a prior the one most like what hangs of the current study."""
    found = selection.candidates(selector, facts)
    ours = selection.candidates(selector, scene.current)[template.nth - 1 : template.nth]
    if template.prior and ours:
        return selection.most_like(ours[0], scene.current, found, facts)
    return found[template.nth - 1 :]


def _unfilled(cell: Cell, why: str) -> tuple[Cell, tuple[str, ...]]:
    return replace(cell, reason=why), (f"{cell.label}: empty, {why}",)


def _number(image_set: ImageSet) -> str:
    number = image_set.series.series_number
    return "without number" if number is None else str(number)


def _adapted(layouts: Sequence[Layout], cells: Sequence[Cell]) -> tuple[list[Layout], list[Cell]]:
    """Each screen's grid drawn together on its own; a screen of which nothing is filled stays as it is."""
    found: list[Layout] = []
    placed: list[Cell] = []
    for screen, layout in enumerate(layouts):
        here = [cell for cell in cells if cell.screen == screen]
        filled = [cell for cell in here if cell.state]
        drawn = _drawn_together(filled) if 0 < len(filled) < len(here) else (layout, here)
        found.append(drawn[0])
        placed += drawn[1]
    return found, placed


def _drawn_together(filled: Sequence[Cell]) -> tuple[Layout, list[Cell]]:
    """The smallest grid that holds what there is, in reading order."""
    layout = grid_for(len(filled))
    placed = [divmod(place, layout.columns) for place in range(len(filled))]
    return layout, [replace(cell, row=row, column=column) for cell, (row, column) in zip(filled, placed, strict=True)]
