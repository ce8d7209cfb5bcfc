"""Which series hangs in which cell of every stage, in which plane, window and slab: `arrangements.txt`, reviewed by eye."""

from __future__ import annotations

from pathlib import Path

import pytest
from hanging_cases import SCANS
from hanging_lines import lines, table
from hanging_scanner import made

from hanging_protocols.engine import ProtocolHanger

EXPECTED = table(Path(__file__).parent / "arrangements.txt")


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
