"""Which series hangs in which cell of every stage, in which plane, window and slab: `arrangements.txt`, reviewed by eye.

A line of it is `stage | label=series:plane/window SLABmm`; a stack has no plane, an own window none.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from hanging_cases import SCANS
from hanging_scanner import made

from hanging_protocols.engine import ProtocolHanger
from workstation.domain.study import Study
from workstation.domain.viewing import Arrangement, Cell, Plane, ViewportState


def expected() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in (Path(__file__).parent / "arrangements.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("== "):
            key = line.split()[1]
            found[key] = [line.rpartition(" ")[2]]
        elif line and not line.startswith("#"):
            found[key].append(line)
    return found


EXPECTED = expected()


def shown(state: ViewportState) -> str:
    window = state.window
    looks = [
        "" if state.plane is Plane.STACK else f":{state.plane.value}",
        f"@{state.position}" if state.position else "",
        f"/{window.explanation or f'{window.center:g} {window.width:g}'}" if window else "",
        f" {state.slab_mode}{state.slab_mm:g}" if state.slab_mm else "",
        f" +{state.fusion.series_uid}" if state.fusion else "",
        f" ({state.solid.preset})" if state.solid.preset else "",
        " inverted" if state.inverted else "",
        " mirrored" if state.flipped_horizontally else "",
    ]
    return state.series_uid + "".join(looks)


def words(cell: Cell) -> str:
    return f"{cell.label}={shown(cell.state) if cell.state else 'empty'}"


def lines(hanger: ProtocolHanger, current: Study, *priors: Study) -> list[str]:
    count = hanger.hang(current, priors).stage_count
    stages: list[Arrangement] = [hanger.hang(current, priors, stage) for stage in range(count)]
    hung = [f"{one.stage_title} | {' ; '.join(map(words, one.cells))}" for one in stages]
    return [stages[0].protocol, *hung]


@pytest.mark.parametrize("key", SCANS)
def test_each_series_hangs_where_a_radiologist_looks_for_it(hanger: ProtocolHanger, key: str) -> None:
    assert lines(hanger, made(SCANS[key])) == EXPECTED[key]


def test_the_table_knows_no_other_examination() -> None:
    assert EXPECTED.keys() == SCANS.keys()


@pytest.mark.parametrize("key", SCANS)
def test_with_a_prior_of_the_same_kind_a_stage_shows_like_beside_like(hanger: ProtocolHanger, key: str) -> None:
    """The same examination of a year ago, sent in the other order, hangs its own series of the same kind."""
    description, body, parts = SCANS[key]
    current, prior = made(SCANS[key]), made((description, body, parts), "p", "20250105")
    prior = type(prior)(**{name: getattr(prior, name) for name in prior.__slots__} | {"series": tuple(reversed(prior.series))})
    count = hanger.hang(current, (prior,)).stage_count
    stages = [hanger.hang(current, (prior,), stage) for stage in range(count)]
    pairs = [stage for stage in stages if any(cell.is_prior and cell.state for cell in stage.cells)]
    assert pairs, "a stage for comparing"
    ours = {c.state.series_uid for c in pairs[0].cells if c.state and not c.is_prior}
    theirs = {c.state.series_uid for c in pairs[0].cells if c.state and c.is_prior}
    assert theirs <= ours, "the same kind of series on both sides"
    assert {c.state.study_uid for c in pairs[0].cells if c.state and c.is_prior} == {"p"}
