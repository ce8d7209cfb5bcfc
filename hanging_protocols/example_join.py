"""Where a learned stage goes: into the protocol in force as a further stage, in place of one, or into one of its own."""

from __future__ import annotations

from dataclasses import replace

from hanging_protocols.example import Learned
from hanging_protocols.example_studies import Proposal
from hanging_protocols.model import HangingProtocol, Level, StageTemplate


def stage_in_force(protocol: HangingProtocol, stage_id: str) -> int | None:
    """Which stage of the protocol is shown, by the id that the arrangement has; None for pages of other series."""
    ids = [stage.stage_id for stage in protocol.stages]
    return ids.index(stage_id) if stage_id in ids else None


def as_new_stage(protocol: HangingProtocol, learned: Learned, title: str, before: int | None) -> HangingProtocol:
    """`protocol` with the learned stage before stage `before`, or at the end."""
    stage = _named(protocol.stages, learned.stage, title)
    place = len(protocol.stages) if before is None else before
    stages = (*protocol.stages[:place], stage, *protocol.stages[place:])
    return without_unused(replace(protocol, stages=stages, selectors={**protocol.selectors, **learned.selectors}))


def instead_of(protocol: HangingProtocol, learned: Learned, title: str, number: int) -> HangingProtocol:
    """`protocol` with the learned stage in the place of stage `number`."""
    others = (*protocol.stages[:number], *protocol.stages[number + 1 :])
    stage = _named(others, replace(learned.stage, stage_id=protocol.stages[number].stage_id), title)
    stages = (*protocol.stages[:number], stage, *protocol.stages[number + 1 :])
    return without_unused(replace(protocol, stages=stages, selectors={**protocol.selectors, **learned.selectors}))


def of_its_own(learned: Learned, proposal: Proposal, protocol_id: str, title: str) -> HangingProtocol:
    """A protocol of one stage for the proposed studies."""
    return HangingProtocol(protocol_id, title, proposal.rules, dict(learned.selectors), (learned.stage,), Level.USER)


def without_unused(protocol: HangingProtocol) -> HangingProtocol:
    """Selectors that no cell names are left out."""
    cells = [cell for stage in protocol.stages for cell in stage.cells]
    used = {cell.selector for cell in cells} | {cell.fusion for cell in cells}
    kept = {name: selector for name, selector in protocol.selectors.items() if name in used}
    return replace(protocol, selectors=kept)


def _named(others: tuple[StageTemplate, ...], stage: StageTemplate, title: str) -> StageTemplate:
    taken = {one.stage_id for one in others}
    names = (stage.stage_id, *(f"{stage.stage_id}-{number}" for number in range(2, 1000)))
    return replace(stage, stage_id=next(name for name in names if name not in taken), title=title or stage.title)
