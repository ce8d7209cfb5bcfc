"""Arrangements in words, a line for each stage: `stage | label=series:plane/window SLABmm`.

A stack has no plane, an own window none; `+series` is laid over, `@n` the first frame that is shown.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from hanging_protocols.engine import ProtocolHanger
from workstation.domain.study import Study
from workstation.domain.viewing import Cell, Plane, ViewportState

Naming = Callable[[str], str]


def table(path: Path) -> dict[str, list[str]]:
    """What a file of expectations says of each `== name (words) -> protocol`: the protocol, then its stages."""
    found: dict[str, list[str]] = {}
    key = ""
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("== "):
            key, _, protocol = line.removeprefix("== ").partition(" -> ")
            key = key.partition(" (")[0]
            found[key] = [protocol]
        elif line and not line.startswith("#"):
            found[key].append(line)
    return found


def lines(hanger: ProtocolHanger, current: Study, naming: Naming = str) -> list[str]:
    """The protocol, then every stage that the stage keys reach."""
    count = hanger.hang(current, ()).stage_count
    stages = [hanger.hang(current, (), stage) for stage in range(count)]
    hung = [f"{one.stage_title} | {' ; '.join(words(cell, naming) for cell in one.cells)}" for one in stages]
    return [stages[0].protocol, *hung]


def words(cell: Cell, naming: Naming) -> str:
    return f"{cell.label}={shown(cell.state, naming) if cell.state else 'empty'}"


def shown(state: ViewportState, naming: Naming) -> str:
    window = state.window
    looks = [
        "" if state.plane is Plane.STACK else f":{state.plane.value}",
        f"@{state.position}" if state.position else "",
        f"/{window.explanation or f'{window.center:g} {window.width:g}'}" if window else "",
        f" {state.slab_mode}{state.slab_mm:g}" if state.slab_mm else "",
        f" +{naming(state.fusion.series_uid)}" if state.fusion else "",
        f" ({state.solid.preset})" if state.solid.preset else "",
        " inverted" if state.inverted else "",
        " mirrored" if state.flipped_horizontally else "",
    ]
    return naming(state.series_uid) + "".join(looks)
