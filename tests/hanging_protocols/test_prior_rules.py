"""What makes a prior relevant is a site's to say: single keys of its own on top, a mistake refused by file, key and reason."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hanging_studies import ct, series, study
from hypothesis import given, settings
from hypothesis import strategies as some
from prior_table import TABLE, Row

from hanging_protocols import prior_rules
from hanging_protocols.engine import ProtocolHanger
from hanging_protocols.words import vocabulary
from workstation.domain.hanging import HangingContext
from workstation.domain.patient import Patient, PatientKey
from workstation.domain.study import Study

NOW = study("now", ct("1", body="CHEST"))
OLD = study("old", ct("2", body="CHEST"), date="20100101")
FILM = study("film", series("3", "DX", body="CHEST"), date="20251201")


def written(folder: Path, text: str, name: str = "priors.toml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_the_built_in_rules_name_body_parts_that_there_are() -> None:
    rules, known = prior_rules.built_in(), vocabulary("anatomy").terms
    assert {name for kin in rules.neighbours for name in kin.names} <= known.keys()
    assert rules.smaller.keys() <= known.keys()


def test_single_keys_are_replaced_by_site_and_reader(tmp_path: Path) -> None:
    site = written(tmp_path, "[points]\nrecent = 30\nsame_side = 9\n", "site.toml")
    own = written(tmp_path, "[points]\nrecent = 20\n[kindred]\nodd = { modalities = ['IO', 'PX'], share = 0.5 }\n")
    rules, problems = prior_rules.load([site, own])
    assert not problems
    assert (rules.points.recent, rules.points.same_side) == (20.0, 9.0)
    assert rules.points.same_part == prior_rules.built_in().points.same_part
    assert any(kin.names == {"IO", "PX"} for kin in rules.kindred)


def test_a_department_that_wants_the_newest_first_gets_it(tmp_path: Path) -> None:
    rules, _ = prior_rules.load([written(tmp_path, "[points]\nrecent = 100\n")])
    assert first(ProtocolHanger((), prior_rules=rules)) == "film"
    assert first(ProtocolHanger(())) == "old"


def first(hanger: ProtocolHanger) -> str:
    return hanger.relevance(NOW, (OLD, FILM))[0].study_instance_uid


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[points]\nsame_part = -1\n", r"\[points\] same_part: must be a number from 0 to 1000"),
        ("[points]\nsame_part = true\n", r"\[points\] same_part: must be a number"),
        ("[points]\nsame_part = nan\n", r"\[points\] same_part: must be a number"),
        ("[points]\nhalf_age_days = 0\n", r"\[points\] half_age_days: must be a number from 1"),
        ("[points]\nsame_prat = 1\n", r"\[points\] same_prat: there is no such key; there are same_part"),
        ("[poins]\nsame_part = 1\n", r"\[poins\]: there is no such table"),
        ("points = 1\n", r"\[points\]: there is no such table"),
        ("[cover]\nwhole_body = 2\n", r"\[cover\] whole_body: must be a number from 0 to 1"),
        ("[kindred]\na = { modalities = ['CT'], share = 1 }\n", r"\[kindred\] a: modalities must be a list of two names or more"),
        ("[kindred]\na = { modalities = ['CT', 'MR'] }\n", r"\[kindred\] a: needs modalities and share"),
        ("[neighbours]\na = { parts = ['a', 'b'], share = 0.5, everywhere = 1 }\n", r"everywhere must be true or false"),
        ("[follow_up]\nwords = ['']\n", r"\[follow_up\] words: must be a list of words"),
        ("[points\n", "it is not TOML"),
    ],
)
def test_a_mistake_is_refused_by_file_key_and_reason_and_the_rest_holds(tmp_path: Path, text: str, why: str) -> None:
    """F74, of rules."""
    told: list[Exception] = []
    site = written(tmp_path, "[points]\nsame_side = 9\n", "site.toml")
    written(tmp_path, text)
    rules = prior_rules.of_site(str(site), tmp_path, told.append)
    assert rules.points.same_side == 9.0, "the file before it holds"
    (problem,) = told
    assert "priors.toml" in str(problem)
    assert re.search(why, str(problem))


# ---- whatever the studies are ------------------------------------------------------------------

PARTS = ("CHEST", "ABDOMEN", "HEAD", "KNEE", "BREAST", "CHESTABDPELVIS", "WHOLEBODY", "TSPINE", "", "NONSENSE")


@some.composite
def studies(draw: some.DrawFn) -> Study:
    uid = str(draw(some.integers(1, 10_000)))
    key = PatientKey(
        draw(some.sampled_from(["P1", "P1", "P1", "P2", ""])), draw(some.sampled_from(["TEST", "TEST", "", "OTHER"]))
    )
    modality = draw(some.sampled_from(["CT", "MR", "DX", "MG", "US", "PT", "SR", "SEG"]))
    date = draw(some.sampled_from(["", "20100101", "20250101", "20260110", "20260111", "20990101", "nonsense"]))
    side = draw(some.sampled_from(["", "L", "R", "B"]))
    made = series(f"{uid}.1", modality, draw(some.integers(0, 3)), body=draw(some.sampled_from(PARTS)), ImageLaterality=side)
    time = draw(some.sampled_from(["", "080000", "180000"]))
    return study(
        uid, made, date=date, patient=Patient(key), study_time=time, description=draw(some.sampled_from(["", "CT", "knä"]))
    )


@settings(max_examples=150, deadline=None)
@given(
    current=studies(), priors=some.lists(studies(), max_size=6, unique_by=lambda one: one.study_instance_uid), seed=some.randoms()
)
def test_nobody_else_s_and_no_later_study_is_ever_usable_and_their_order_plays_no_part(current, priors, seed) -> None:
    hanger = ProtocolHanger(())
    context = HangingContext(
        mentioned={one.study_instance_uid: "named" for one in priors[:2]},
        mentioned_before={one.study_instance_uid: "named" for one in priors[2:4]},
        reason="Kontroll av cancer",
    )
    ranked = hanger.relevance(current, priors, context)
    shuffled = list(priors)
    seed.shuffle(shuffled)
    assert hanger.relevance(current, shuffled, context) == ranked
    assert len(ranked) == len(priors)
    by_uid = {one.study_instance_uid: one for one in priors}
    for one in ranked:
        prior = by_uid[one.study_instance_uid]
        assert one.reasons
        if one.is_usable:
            assert prior.patient.key == current.patient.key
            assert prior.image_count
            assert not (prior.study_date.isdigit() and current.study_date.isdigit() and prior.study_date > current.study_date)
    points = [one.points for one in ranked if one.is_usable]
    assert points == sorted(points, reverse=True)


@pytest.mark.parametrize("row", [TABLE[0], TABLE[9]], ids=lambda row: row.name)
def test_the_one_that_the_reader_chose_hangs_first_unless_it_may_not_at_all(row: Row) -> None:
    from hanging_protocols.priors import relevant

    for prior in row.priors:
        context = HangingContext(reason=row.context.reason, first_prior=prior.study_instance_uid)
        found = relevant(row.current, row.priors, context)
        assert found[0].study is prior
        assert found[0].usable
        assert found[0].reasons[0] == "chosen by the reader"
