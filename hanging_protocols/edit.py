"""Changes to a protocol, one at a time, and what is wrong with it in words. Pure: every change gives another protocol."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from hanging_protocols import schema, toml_lines
from hanging_protocols.hanging import HungStage, Scene, hang_stage
from hanging_protocols.model import CellTemplate, HangingProtocol, Partial, Rule, Selector, StageTemplate
from hanging_protocols.selection import candidates
from hanging_protocols.write import write
from workstation.errors import Refused

Place = tuple[int, int, int]
"""Screen, row, column, from 0."""


def whats_wrong(protocol: HangingProtocol) -> str:
    """The first mistake by its key, in words; empty when there is none."""
    try:
        schema.parse(write(protocol), protocol.source or "this protocol", protocol.level)
    except Refused as refused:
        return without_line(refused.detail)
    return ""


def without_line(reason: str) -> str:
    """A reason as it is shown where no lines are seen."""
    head, comma, rest = reason.partition(", ")
    return rest if comma and head.startswith("line ") and head[5:].isdigit() else reason


def line_in(text: str, refused: Refused) -> int:
    """The line that a refusal names, from 1; 1 where it names none."""
    head = refused.detail.partition(",")[0].removeprefix("line ")
    return int(head) if head.isdigit() else toml_lines.line_of(text, ())


# ---- stages --------------------------------------------------------------------------


def with_stage(protocol: HangingProtocol, number: int, stage: StageTemplate) -> HangingProtocol:
    return replace(protocol, stages=(*protocol.stages[:number], stage, *protocol.stages[number + 1 :]))


def add_stage(protocol: HangingProtocol, after: int) -> HangingProtocol:
    """An empty place of one series, by the selector that comes first."""
    cell = CellTemplate(0, 0, next(iter(protocol.selectors)))
    stage = StageTemplate(_unused("stage", [one.stage_id for one in protocol.stages]), "New stage", 1, 1, (cell,))
    return _inserted(protocol, after + 1, stage)


def copy_stage(protocol: HangingProtocol, number: int) -> HangingProtocol:
    stage = protocol.stages[number]
    stage_id = _unused(stage.stage_id, [one.stage_id for one in protocol.stages])
    return _inserted(protocol, number + 1, replace(stage, stage_id=stage_id, title=f"{stage.title} (copy)"))


def remove_stage(protocol: HangingProtocol, number: int) -> HangingProtocol:
    """The last stage stays: a protocol without any is none."""
    if len(protocol.stages) < 2:
        return protocol
    return replace(protocol, stages=(*protocol.stages[:number], *protocol.stages[number + 1 :]))


def move_stage(protocol: HangingProtocol, number: int, steps: int) -> HangingProtocol:
    there = min(max(number + steps, 0), len(protocol.stages) - 1)
    others = [*protocol.stages[:number], *protocol.stages[number + 1 :]]
    return replace(protocol, stages=(*others[:there], protocol.stages[number], *others[there:]))


def with_grids(stage: StageTemplate, grids: tuple[tuple[int, int], ...]) -> StageTemplate:
    """Other grids. What has no place any more goes to the first free ones in reading order, as far as there are any."""
    places = [(s, r, c) for s, (rows, columns) in enumerate(grids) for r in range(rows) for c in range(columns)]
    kept = {place: cell for cell in stage.cells if (place := (cell.screen, cell.row, cell.column)) in places}
    free = [place for place in places if place not in kept]
    homeless = [cell for cell in stage.cells if (cell.screen, cell.row, cell.column) not in places]
    moved = {p: replace(c, screen=p[0], row=p[1], column=p[2]) for p, c in zip(free, homeless, strict=False)}
    cells = tuple(cell for _, cell in sorted({**kept, **moved}.items()))
    return _counted(replace(stage, rows=grids[0][0], columns=grids[0][1], screens=tuple(grids[1:]), cells=cells))


def cell_at(stage: StageTemplate, place: Place) -> CellTemplate | None:
    return next((cell for cell in stage.cells if (cell.screen, cell.row, cell.column) == place), None)


def with_cell(stage: StageTemplate, place: Place, cell: CellTemplate | None) -> StageTemplate:
    """`cell` in a place, or nothing there; the last cell stays."""
    others = [one for one in stage.cells if (one.screen, one.row, one.column) != place]
    if cell is not None:
        others.append(replace(cell, screen=place[0], row=place[1], column=place[2]))
    cells = tuple(sorted(others, key=lambda one: (one.screen, one.row, one.column)))
    return _counted(replace(stage, cells=cells)) if cells else stage


def _counted(stage: StageTemplate) -> StageTemplate:
    """What must be filled cannot be more than there is."""
    count = len(stage.cells)
    return replace(stage, min_cells=min(stage.min_cells, count), min_prior_cells=min(stage.min_prior_cells, count))


def _inserted(protocol: HangingProtocol, place: int, stage: StageTemplate) -> HangingProtocol:
    return replace(protocol, stages=(*protocol.stages[:place], stage, *protocol.stages[place:]))


# ---- selectors -----------------------------------------------------------------------


def with_selector(protocol: HangingProtocol, selector: Selector) -> HangingProtocol:
    """In place of the one of its name, or as a further one."""
    return replace(protocol, selectors={**protocol.selectors, selector.name: selector})


def rename_selector(protocol: HangingProtocol, name: str, wish: str) -> HangingProtocol:
    """Another name, in every place that asks for it; as it was where another selector has that name."""
    if wish in protocol.selectors or name not in protocol.selectors:
        return protocol
    selectors = {wish if key == name else key: replace(one, name=key) for key, one in protocol.selectors.items()}
    selectors[wish] = replace(selectors[wish], name=wish)

    def named(cell: CellTemplate) -> CellTemplate:
        return replace(
            cell,
            selector=wish if cell.selector == name else cell.selector,
            fusion=wish if cell.fusion == name else cell.fusion,
        )

    stages = tuple(replace(stage, cells=tuple(map(named, stage.cells))) for stage in protocol.stages)
    return replace(protocol, selectors=selectors, stages=stages)


def copy_selector(protocol: HangingProtocol, name: str) -> tuple[HangingProtocol, str]:
    """A copy under a name of its own, and that name."""
    copied = _unused(name, protocol.selectors)
    selector = protocol.selectors[name]
    return with_selector(protocol, replace(selector, name=copied, title=f"{selector.title} (copy)")), copied


def users_of(protocol: HangingProtocol, name: str) -> tuple[str, ...]:
    """Titles of the stages in which a cell asks for this selector."""
    return tuple(s.title for s in protocol.stages if any(name in (cell.selector, cell.fusion) for cell in s.cells))


def remove_selector(protocol: HangingProtocol, name: str) -> HangingProtocol:
    """Only one that no cell names."""
    if users_of(protocol, name) or name not in protocol.selectors:
        return protocol
    return replace(protocol, selectors={key: one for key, one in protocol.selectors.items() if key != name})


def with_rules(selector: Selector, rules: Iterable[Rule]) -> Selector:
    return replace(selector, rules=tuple(rules))


def _unused(wish: str, taken: Iterable[str]) -> str:
    known = set(taken)
    names = (wish, *(f"{wish}-{number}" for number in range(2, 1000)))
    return next(name for name in names if name not in known)


# ---- what it would hang --------------------------------------------------------------


def hung_in_full(protocol: HangingProtocol, stage: StageTemplate, scene: Scene) -> HungStage:
    """Every place of the stage with what hangs there or why nothing does, left out or not."""
    wanted = {cell.selector for one in protocol.stages for cell in one.cells if cell.prior} & set(protocol.selectors)
    selectors = [protocol.selectors[name] for name in sorted(wanted)]
    serving = tuple(one for one in scene.priors if any(candidates(selector, one) for selector in selectors))
    return hang_stage(protocol, replace(stage, partial=Partial.KEEP), replace(scene, priors=serving))
