"""A stage made from what is on screen: for each place a selector that finds the like of what hangs there.

Pure and deterministic. Every place is hung again by what was made of it; what would not hang as it does now is
said in words, never passed over in silence.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from hanging_protocols import example_cells, example_rules
from hanging_protocols.example_words import selector_title, slug_of, stage_title
from hanging_protocols.facts import ImageSet
from hanging_protocols.hanging import Scene, hang_stage
from hanging_protocols.model import CellTemplate, Constraint, HangingProtocol, Partial, Rule, Selector, StageTemplate
from hanging_protocols.selection import candidates
from hanging_protocols.study_facts import StudyFacts
from workstation.domain.viewing import Cell, Fusion, FusionMode, Layout, Plane, ViewportState

ONE_CELL = "cell"
CUT_PLANES = frozenset({Plane.AXIAL, Plane.CORONAL, Plane.SAGITTAL})
_ALWAYS = Rule("Modality", Constraint.NOT_NULL)


@dataclass(frozen=True, slots=True)
class OnScreen:
    """What hangs now: the cells of all screens, a layout for each screen, and whether viewports scroll together."""

    cells: tuple[Cell, ...]
    layouts: tuple[Layout, ...]
    linked: bool = False


@dataclass(frozen=True, slots=True)
class Learned:
    """A stage with the selectors it needs. `notes` say in words what could not be kept."""

    stage: StageTemplate
    selectors: dict[str, Selector]
    notes: tuple[str, ...] = ()


def learn(scene: Scene, shown: OnScreen, origin: HangingProtocol | None = None, stage_id_in_force: str = "") -> Learned:
    """The stage that hangs `scene` as it is shown. `origin` is the protocol in force, whose own selectors come first.

    A stage without cells means that nothing on screen can be asked for by a protocol; the notes say why.
    """
    return _Lesson(scene, shown, origin, stage_id_in_force).learned()


@dataclass(frozen=True, slots=True)
class _Placed:
    """A selector that was made for a place, and the roles of what hangs there."""

    selector: Selector
    roles: frozenset[str]
    screen: int
    row: int
    column: int

    def likeness(self, roles: frozenset[str]) -> float:
        return len(self.roles & roles) / len(self.roles | roles) if self.roles | roles else 1.0

    def distance(self, cell: Cell) -> tuple[int, int]:
        return abs(self.screen - cell.screen), abs(self.row - cell.row) + abs(self.column - cell.column)


class _Lesson:
    """One look at the screen: the selectors made so far, and what is to be said."""

    def __init__(self, scene: Scene, shown: OnScreen, origin: HangingProtocol | None, in_force: str) -> None:
        self.scene, self.shown, self.origin = scene, shown, origin
        stages = origin.stages if origin is not None else ()
        self.stage = next((one for one in stages if one.stage_id == in_force), None)
        self.selectors: dict[str, Selector] = {}
        self.places: list[_Placed] = []
        self.notes: list[str] = []

    def learned(self) -> Learned:
        current = self.scene.current.study.study_instance_uid
        filled = [(cell, cell.state) for cell in self.shown.cells if cell.state is not None]
        # A prior is shown beside something: what the current study shows is known by then.
        filled.sort(key=lambda pair: (pair[1].study_uid != current, pair[0].screen, pair[0].row, pair[0].column))
        made = [one for cell, state in filled if (one := self._cell(cell, state)) is not None]
        made.sort(key=lambda one: (one.screen, one.row, one.column))
        cells = self._renumbered(_linked(made, self.shown.linked))
        first = self.shown.layouts[0] if self.shown.layouts else Layout(1, 1)
        used = {cell.selector for cell in cells} | {cell.fusion for cell in cells}
        stage = StageTemplate(
            stage_id="as-hung",
            title=stage_title(cells, self.selectors),
            rows=first.rows,
            columns=first.columns,
            cells=tuple(cells),
            min_cells=max(1, (len(cells) + 1) // 2),
            min_prior_cells=1 if any(cell.prior for cell in cells) else 0,
            partial=self.stage.partial if self.stage is not None else Partial.KEEP,
            screens=tuple((layout.rows, layout.columns) for layout in self.shown.layouts[1:]),
        )
        kept = {name: selector for name, selector in self.selectors.items() if name in used}
        self._check(stage, kept)
        return Learned(stage, kept, tuple(dict.fromkeys(self.notes)))

    # ---- one place -------------------------------------------------------------------

    def _cell(self, cell: Cell, state: ViewportState) -> CellTemplate | None:
        prior = self._prior_of(state.study_uid)
        facts = self.scene.study(prior) if prior is not None else None
        target = _image_set(facts, state.series_uid, state.position) if facts is not None else None
        if prior is None or facts is None or target is None:
            why = "this study is not one that a protocol takes as a prior" if facts is None else "the series has no images"
            self._note(cell, f"left out: {why}")
            return None
        base = self._base(cell, state)
        name, nth = self._selector(cell, facts, target, prior)
        template = CellTemplate(cell.row, cell.column, name, prior, nth, screen=cell.screen, label=base.label if base else "")
        if base is not None:
            template = replace(
                template, sort=base.sort, descending=base.descending, sizing=base.sizing, link_group=base.link_group
            )
        template, doubts = example_cells.dressed(template, base, cell, state, target, self.scene.presets)
        for doubt in doubts:
            self._note(cell, doubt)
        return replace(template, **self._laid_over(cell, state.fusion, facts))

    def _base(self, cell: Cell, state: ViewportState) -> CellTemplate | None:
        """The place of the stage in force that this one was hung by, if its series was not changed."""
        if self.origin is None or self.stage is None:
            return None
        hung = hang_stage(self.origin, replace(self.stage, partial=Partial.KEEP), self.scene)
        alike = [
            template
            for template, there in zip(self.stage.cells, hung.cells, strict=True)
            if there.state is not None
            and there.state.series_uid == state.series_uid
            and (template.selector, template.prior) == (cell.selector, cell.prior)
        ]
        same_place = (one for one in alike if (one.screen, one.row, one.column) == (cell.screen, cell.row, cell.column))
        return next(same_place, next((one for one in alike if one.plane is state.plane), None))

    def _prior_of(self, study_uid: str) -> int | None:
        if study_uid == self.scene.current.study.study_instance_uid:
            return 0
        numbers = (n for n, one in enumerate(self.scene.priors, start=1) if one.study.study_instance_uid == study_uid)
        return next(numbers, None)

    def _laid_over(self, cell: Cell, fusion: Fusion | None, facts: StudyFacts) -> dict[str, Any]:
        if fusion is None:
            return {}
        over = _image_set(facts, fusion.series_uid, 0) if fusion.study_uid == facts.study.study_instance_uid else None
        if fusion.mode is not FusionMode.OVERLAY or over is None:
            self._note(cell, "what is laid over it is left out: a protocol can lay over only another series of the same study")
            return {}
        name, nth = self._selector(cell, facts, over, 0)
        if nth != 1:
            self._note(cell, "what is laid over it is left out: nothing but its place tells that series from others")
            return {}
        window = example_cells.preset_name(fusion.window, over.series.modality, self.scene.presets)
        return {"fusion": name, "fusion_window": window, "colour_map": fusion.colour_map, "opacity": fusion.opacity}

    # ---- selectors -------------------------------------------------------------------

    def _selector(self, cell: Cell, facts: StudyFacts, target: ImageSet, prior: int) -> tuple[str, int]:
        """The name of a selector that gives the target, and which of its choices it is."""
        for selector in self._at_hand(cell, facts, target, prior):
            if self._gives(selector, target, prior):
                return self._kept(selector, cell, facts, target), 1
        title = selector_title(facts, target)
        selector, doubt = example_rules.selector_for(facts, target, self._unused(slug_of(title)), title)
        if not doubt:
            return self._kept(selector, cell, facts, target), 1
        self._note(cell, f"{doubt}; on another scanner it may be another one")
        return self._kept(selector, cell, facts, target), max(example_rules.place_of(selector, facts, target), 1)

    def _kept(self, selector: Selector, cell: Cell, facts: StudyFacts, target: ImageSet) -> str:
        self.selectors[selector.name] = selector
        self.places.append(_Placed(selector, _roles(facts, target), cell.screen, cell.row, cell.column))
        return selector.name

    def _at_hand(self, cell: Cell, facts: StudyFacts, target: ImageSet, prior: int) -> Iterable[Selector]:
        """What may fit already: what it was hung by, then what other places were made of.

        A prior is compared with what is most like it; between equals with its neighbour.
        """
        own = self.origin.selectors.get(cell.selector) if self.origin is not None else None
        roles = _roles(facts, target)
        near = sorted(self.places, key=lambda one: (-one.likeness(roles), one.distance(cell))) if prior else self.places
        return [*([own] if own is not None else []), *(one.selector for one in near)]

    def _gives(self, selector: Selector, target: ImageSet, prior: int) -> bool:
        found = hung_alone(selector, self.scene, prior)
        return found is not None and (found.series_uid, found.position) == (target.series.series_instance_uid, target.position)

    def _unused(self, wish: str) -> str:
        taken = set(self.selectors) | set(self.origin.selectors if self.origin is not None else ())
        names = (wish, *(f"{wish}-{number}" for number in range(2, 1000)))
        return next(name for name in names if name not in taken)

    # ---- all of them -----------------------------------------------------------------

    def _renumbered(self, cells: Sequence[CellTemplate]) -> list[CellTemplate]:
        """Priors are counted as the engine counts them: only those in which the stage finds something."""
        wanted = [self.selectors[name] for name in sorted({cell.selector for cell in cells if cell.prior})]
        serving = [n for n, one in enumerate(self.scene.priors, start=1) if any(candidates(s, one) for s in wanted)]
        return [replace(cell, prior=serving.index(cell.prior) + 1) if cell.prior in serving else cell for cell in cells]

    def _check(self, stage: StageTemplate, selectors: dict[str, Selector]) -> None:
        """Hang what was made, and say where it differs from what is on screen."""
        if not stage.cells:
            return
        self._tell_planes_of_priors(stage)
        protocol = HangingProtocol("check", "", (_ALWAYS,), selectors, (stage,))
        wanted = [selectors[cell.selector] for cell in stage.cells if cell.prior]
        serving = tuple(one for one in self.scene.priors if any(candidates(s, one) for s in wanted))
        hung = hang_stage(protocol, replace(stage, partial=Partial.KEEP), replace(self.scene, priors=serving))
        shown = {(cell.screen, cell.row, cell.column): cell for cell in self.shown.cells}
        for there in hung.cells:
            cell = shown[there.screen, there.row, there.column]
            if there.state is None or cell.state is None:
                self._note(cell, f"it would be empty: {there.reason}")
            elif there.state.series_uid != cell.state.series_uid:
                self._note(cell, "another series would hang here: this one cannot be told from its neighbours")
            elif there.state.plane is not cell.state.plane and cell.state.plane is not Plane.OBLIQUE:
                self._note(cell, "its plane cannot be asked for by a protocol: it would hang as acquired")

    def _tell_planes_of_priors(self, stage: StageTemplate) -> None:
        """A prior opens as the current images of its kind are cut, whatever a protocol says."""
        shown = {(cell.screen, cell.row, cell.column): cell for cell in self.shown.cells}
        for prior in stage.cells:
            beside = {one.plane for one in stage.cells if not one.prior and one.selector == prior.selector} & CUT_PLANES
            if prior.prior and prior.plane in CUT_PLANES and beside and prior.plane not in beside:
                cell = shown[prior.screen, prior.row, prior.column]
                self._note(cell, "its plane will be that of the current images of its kind, as with every prior")

    def _note(self, cell: Cell, words: str) -> None:
        on = f", screen {cell.screen + 1}" if len(self.shown.layouts) > 1 else ""
        self.notes.append(f"Row {cell.row + 1}, column {cell.column + 1}{on}: {words}")


def _roles(facts: StudyFacts, image_set: ImageSet) -> frozenset[str]:
    return frozenset(role.value for role in facts.roles(image_set))


def hung_alone(selector: Selector, scene: Scene, prior: int, nth: int = 1) -> ViewportState | None:
    """What a selector hangs by itself."""
    cell = CellTemplate(0, 0, selector.name, prior, nth)
    stage = StageTemplate(ONE_CELL, "", 1, 1, (cell,))
    protocol = HangingProtocol(ONE_CELL, "", (_ALWAYS,), {selector.name: selector}, (stage,))
    return hang_stage(protocol, stage, scene).cells[0].state


def _image_set(facts: StudyFacts, series_uid: str, position: int) -> ImageSet | None:
    found = [one for one in facts.image_sets if one.series.series_instance_uid == series_uid]
    here = (one for one in found if one.position <= position < one.position + one.images)
    return next(here, found[0] if found else None)


def _linked(cells: list[CellTemplate], linked: bool) -> list[CellTemplate]:
    """Current and prior scroll together where viewports are linked and nobody named groups."""
    planes = {cell.plane for cell in cells if cell.prior} & {cell.plane for cell in cells if not cell.prior}
    if not linked or any(cell.link_group for cell in cells) or not planes:
        return cells
    return [replace(cell, link_group="scroll") if cell.plane in planes else cell for cell in cells]
