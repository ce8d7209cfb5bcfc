"""A stage of a protocol on real studies: which image set in which cell, and why or why not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from hanging_protocols import dates, selection
from hanging_protocols.facts import ImageSet
from hanging_protocols.grids import grid_for
from hanging_protocols.model import CellTemplate, HangingProtocol, Partial, Selector, StageTemplate
from hanging_protocols.planes import why_not_volume
from hanging_protocols.study_facts import StudyFacts
from hanging_protocols.suv import has_suv
from workstation.domain.viewing import Cell, Layout, Plane, PresetTable, ViewportState, Window

_OPPOSITE = {"L": "R", "R": "L", "A": "P", "P": "A", "H": "F", "F": "H"}


@dataclass(frozen=True, slots=True)
class Scene:
    """What there is to hang: the study being read, the usable priors (best first), the presets."""

    current: StudyFacts
    priors: tuple[StudyFacts, ...]
    presets: PresetTable

    def study(self, number: int) -> StudyFacts | None:
        if number == 0:
            return self.current
        return self.priors[number - 1] if number <= len(self.priors) else None


@dataclass(frozen=True, slots=True)
class HungStage:
    """A stage that can be shown (`skipped` empty) or is left out, with the reasons in words."""

    title: str
    layout: Layout
    cells: tuple[Cell, ...]
    reasons: tuple[str, ...]
    skipped: str = ""


def hang_stage(protocol: HangingProtocol, template: StageTemplate, scene: Scene) -> HungStage:
    cells: list[Cell] = []
    reasons: list[str] = []
    for cell_template in template.cells:
        cell, why = _cell(protocol, cell_template, scene, cells)
        cells.append(cell)
        reasons += why
    filled = [cell for cell in cells if cell.state]
    skipped = _too_few(template, len(filled), sum(cell.is_prior for cell in filled))
    layout = Layout(template.rows, template.columns)
    if template.partial is Partial.ADAPT and 0 < len(filled) < len(cells):
        layout, cells = _drawn_together(filled)
    return HungStage(template.title, layout, tuple(cells), tuple(reasons), skipped)


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
    chosen = found[0]
    state, doubts = _state(template, chosen.image_set, facts, scene.presets)
    twin = next((other for other in others if other.state == state), None)
    if twin:
        return _unfilled(empty, f"it would show what row {twin.row + 1}, column {twin.column + 1} shows already")
    if template.prior:
        dated = dates.prior_label(template.prior, facts.study.study_date, scene.current.study.study_date)
        label = f"{label} - {dated}"
    where = f"{label}: series {_number(chosen.image_set)}"
    why = "; ".join(chosen.score.reasons) or "the only rule is that it has images"
    return replace(empty, state=state, label=label), (f"{where} because {why}", *(f"{where}: {doubt}" for doubt in doubts))


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


def _state(
    template: CellTemplate, image_set: ImageSet, facts: StudyFacts, presets: PresetTable
) -> tuple[ViewportState, tuple[str, ...]]:
    doubts: list[str] = []
    plane = template.plane
    if plane is not Plane.STACK:
        why = why_not_volume(image_set, frozenset(role.value for role in facts.roles(image_set)))
        if why:
            plane = Plane.STACK
            doubts.append(f"shown as it was acquired: {why}")
    window, doubt = _window(template.window, image_set, presets)
    doubts += [doubt] if doubt else []
    across, down, doubt = _mirrors(template.patient_orientation, image_set)
    doubts += [doubt] if doubt else []
    state = ViewportState(
        study_uid=image_set.study.study_instance_uid,
        series_uid=image_set.series.series_instance_uid,
        plane=plane,
        position=image_set.position,
        window=window,
        inverted=template.inverted,
        flipped_horizontally=across,
        flipped_vertically=down,
        slab_mm=template.slab_mm if plane is not Plane.STACK else 0.0,
        slab_mode=template.slab_mode,
    )
    return state, tuple(doubts)


def _window(name: str, image_set: ImageSet, presets: PresetTable) -> tuple[Window | None, str]:
    """The preset of that name for the series' modality; None is the image's own window."""
    modality = image_set.series.modality
    if not name:
        return None, ""
    if modality == "PT" and not has_suv(image_set):
        return None, "its own window, because it cannot be brought to SUV"
    for preset in presets.for_modality(modality):
        if preset.name.casefold() == name.casefold():
            return preset.window, ""
    return None, f'its own window, because {modality} has no preset "{name}"'


def _mirrors(wished: tuple[str, str], image_set: ImageSet) -> tuple[bool, bool, str]:
    """Whether to mirror across and down so that rows and columns point to the wished sides."""
    actual = image_set.elements("PatientOrientation")
    if wished == ("", ""):
        return False, False, ""
    if len(actual) != 2:
        return False, False, "not turned to the usual side, because PatientOrientation is not known"
    sides = tuple(value[:1].upper() for value in actual)
    if any(side not in (want, _OPPOSITE[want]) for side, want in zip(sides, wished, strict=True)):
        return False, False, "not turned to the usual side, because it was taken in another direction"
    return sides[0] != wished[0], sides[1] != wished[1], ""


def _drawn_together(filled: Sequence[Cell]) -> tuple[Layout, list[Cell]]:
    """The smallest grid that holds what there is, in reading order."""
    layout = grid_for(len(filled))
    placed = [divmod(place, layout.columns) for place in range(len(filled))]
    return layout, [replace(cell, row=row, column=column) for cell, (row, column) in zip(filled, placed, strict=True)]
