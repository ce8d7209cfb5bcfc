"""Stages on the screens there are: a stage that wants more is told in parts, so that nothing is out of reach.

Protocols count their screens from 0; a reader at home has one where the department has three. A part holds as
many of the stage's screens as there are, in order, and is a stage of its own.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from hanging_protocols.hanging import HungStage
from workstation.domain.viewing import Layout


def fitted(stages: Iterable[HungStage], screens: int) -> tuple[HungStage, ...]:
    """`stages` on so many screens (0: not known, which is taken for one); a part without images is left out."""
    return tuple(part for stage in stages for part in _parts(stage, max(screens, 1)))


def _parts(stage: HungStage, screens: int) -> list[HungStage]:
    layouts = (stage.layout, *stage.more_screens)
    if len(layouts) <= screens:
        return [stage]
    starts = range(0, len(layouts), screens)
    parts = [_part(stage, layouts[start : start + screens], start) for start in starts]
    filled = [part for part in parts if any(cell.state for cell in part.cells)] or parts[:1]
    if len(filled) == 1:
        return filled
    return [replace(part, title=f"{part.title} {number}/{len(filled)}") for number, part in enumerate(filled, start=1)]


def _part(stage: HungStage, layouts: tuple[Layout, ...], start: int) -> HungStage:
    here = range(start, start + len(layouts))
    cells = tuple(replace(cell, screen=cell.screen - start) for cell in stage.cells if cell.screen in here)
    return replace(stage, layout=layouts[0], cells=cells, more_screens=layouts[1:])
