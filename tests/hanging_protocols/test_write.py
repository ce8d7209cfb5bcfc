"""What is written is read back as it was, for our own protocols and for any other."""

from __future__ import annotations

import random
import string
from dataclasses import fields
from typing import Any

import pytest

from hanging_protocols import library, schema
from hanging_protocols.facts import KNOWN_ATTRIBUTES
from hanging_protocols.model import (
    Anchor,
    CellTemplate,
    Constraint,
    Flip,
    HangingProtocol,
    Level,
    Order,
    Partial,
    Rule,
    Scope,
    Selector,
    Size,
    Sort,
    StageTemplate,
)
from hanging_protocols.write import CELL_KEYS, write
from workstation.domain.viewing import Plane

# What makes a text difficult in TOML: quotes, backslashes, line ends, controls, comments, letters of the north and beyond.
DIFFICULT = ('"', "\\", "\n", "\t", "\x00", "\x7f", "#", "'", "å", "ø", "𝛼", "=", "]", "\u2028", "'''", '"""', " ")


def again(protocol: HangingProtocol, comment: str = "") -> HangingProtocol:
    return schema.parse(write(protocol, comment), protocol.source, protocol.level)


@pytest.mark.parametrize("protocol", library.load(), ids=lambda p: p.protocol_id)
def test_every_built_in_protocol_is_read_back_as_it_was(protocol: HangingProtocol) -> None:
    assert again(protocol) == protocol


@pytest.mark.parametrize("seed", range(150))
def test_any_protocol_is_read_back_as_it_was(seed: int) -> None:
    protocol = a_protocol(random.Random(seed))
    assert again(protocol, "Two lines\nof comment = [") == protocol


def test_random_protocols_use_every_field_so_that_none_can_be_forgotten() -> None:
    made = [a_protocol(random.Random(seed)) for seed in range(150)]
    for kind, found in (
        (HangingProtocol, made),
        (StageTemplate, [s for p in made for s in p.stages]),
        (CellTemplate, [c for p in made for s in p.stages for c in s.cells]),
        (Rule, [r for p in made for s in p.selectors.values() for r in s.rules]),
    ):
        assert [f.name for f in fields(kind) if len({repr(getattr(one, f.name)) for one in found}) < 2] == []
    written = {name for _, name in CELL_KEYS} | {"row", "column", "selector"}
    assert written == {f.name for f in fields(CellTemplate)}


def test_what_is_written_looks_like_the_built_in_files() -> None:
    chest = next(p for p in library.load() if p.protocol_id == "ct-chest")
    text = write(chest, "Chest CT as I read it.")
    assert text.startswith('# Chest CT as I read it.\nid = "ct-chest"\n')
    assert '    { attribute = "Modality", equals = "CT", weight = 10, required = true },\n' in text
    assert '    { at = [0, 0], selector = "lung", window = "Lung", link = "scroll" },\n' in text
    assert "anchor" not in text
    assert "\n\n\n" not in text


# ---- random protocols ------------------------------------------------------------------


def a_protocol(chance: random.Random) -> HangingProtocol:
    selectors = [a_selector(chance) for _ in range(chance.randint(1, 4))]
    by_name = {one.name: one for one in selectors}
    names = list(by_name)
    stages = tuple(a_stage(chance, f"stage-{number}", names) for number in range(chance.randint(1, 3)))
    return HangingProtocol(
        protocol_id=an_id(chance),
        title=a_text(chance),
        rules=(Rule("Modality", Constraint.EQUALS, ("CT",), weight=1.0), *some(chance, a_rule, 0, 3)),
        selectors=by_name,
        stages=stages,
        level=chance.choice(list(Level)),
        source=f"{an_id(chance)}.toml",
        description=chance.choice(("", a_text(chance))),
        creator=chance.choice(("", a_text(chance))),
        created=chance.choice(("", "20261123")),
        group=chance.choice(("", a_text(chance))),
    )


def a_selector(chance: random.Random) -> Selector:
    name = a_text(chance) or "x"
    return Selector(name, chance.choice((name, a_text(chance))), some(chance, a_rule, 1, 5), chance.choice(list(Order)))


def a_rule(chance: random.Random) -> Rule:
    constraint = chance.choice(list(Constraint))
    low, high = 0.0, 0.0
    values: tuple[str, ...] = ()
    if constraint is Constraint.RANGE:
        low, high = chance.choice(((float("-inf"), 3.5), (0.1, float("inf")), (-1e300, 1e-7), (2.0, 3.0)))
    elif constraint is Constraint.EQUALS:
        values = (a_text(chance),)
    elif constraint is not Constraint.NOT_NULL:
        values = some(chance, a_text, 1, 4)
    weight = chance.choice((1.0, 0.0, 1000.0, chance.uniform(0.0, 1000.0)))
    scope = chance.choice(list(Scope))
    return Rule(chance.choice(sorted(KNOWN_ATTRIBUTES)), constraint, values, low, high, weight, chance.random() < 0.5, scope)


def a_stage(chance: random.Random, stage_id: str, selectors: list[str]) -> StageTemplate:
    grids = [(chance.randint(1, 4), chance.randint(1, 4)) for _ in range(chance.randint(1, 4))]
    places = [(s, r, c) for s, (rows, columns) in enumerate(grids) for r in range(rows) for c in range(columns)]
    chosen = chance.sample(places, chance.randint(1, min(len(places), 8)))
    return StageTemplate(
        stage_id=stage_id,
        title=a_text(chance),
        rows=grids[0][0],
        columns=grids[0][1],
        cells=tuple(a_cell(chance, *place, selectors) for place in chosen),
        min_cells=chance.randint(1, len(chosen)),
        min_prior_cells=chance.randint(0, len(chosen)),
        only_new=chance.random() < 0.5,
        partial=chance.choice(list(Partial)),
        screens=tuple(grids[1:]),
    )


def a_cell(chance: random.Random, screen: int, row: int, column: int, selectors: list[str]) -> CellTemplate:
    plane = chance.choice([plane for plane in Plane if plane is not Plane.OBLIQUE])
    fusion = chance.choice(("", *selectors)) if plane is not Plane.THREE_D else ""
    window = chance.choice(("", a_text(chance)))
    laid_over: dict[str, Any] = {"fusion_window": a_text(chance), "colour_map": "rainbow", "opacity": chance.random()}
    return CellTemplate(
        row=row,
        column=column,
        selector=chance.choice(selectors),
        prior=chance.randint(0, 9),
        nth=chance.randint(1, 9),
        plane=plane,
        window=window,
        link_group=chance.choice(("", a_text(chance))),
        label=chance.choice(("", a_text(chance))),
        inverted=chance.random() < 0.5,
        slab_mm=chance.choice((0.0, chance.uniform(0.0, 500.0))),
        slab_mode=chance.choice(("MEAN", "MIP", "MIN")),
        patient_orientation=chance.choice((("", ""), ("P", "F"), ("A", "R"))),
        screen=screen,
        sizing=chance.choice(list(Size)),
        anchor=chance.choice(list(Anchor)),
        sort=chance.choice(list(Sort)),
        descending=chance.random() < 0.5,
        fusion=fusion,
        look=a_text(chance) if plane is Plane.THREE_D else "",
        rotation=chance.choice((0, 90, 180, 270)),
        flip=chance.choice(list(Flip)),
        center_width=None if window else chance.choice((None, (chance.uniform(-1e4, 1e4), chance.uniform(1.0, 1e4)))),
        **(laid_over if fusion else {}),
    )


def some(chance: random.Random, make: Any, least: int, most: int) -> tuple[Any, ...]:
    return tuple(make(chance) for _ in range(chance.randint(least, most)))


def an_id(chance: random.Random) -> str:
    return "".join(chance.choices(string.ascii_lowercase + string.digits + "-", k=chance.randint(1, 12)))


def a_text(chance: random.Random) -> str:
    return "".join(chance.choices((*string.ascii_letters, *DIFFICULT), k=chance.randint(1, 20)))
