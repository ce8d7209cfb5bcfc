from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hanging_protocols.facts import Fact
from hanging_protocols.matching import passing, score, wanted
from hanging_protocols.model import Constraint, Rule


def rule(constraint: Constraint, *values: str, attribute: str = "Modality", **fields: object) -> Rule:
    return Rule(attribute, constraint, values, **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("one", "value", "passes"),
    [
        (rule(Constraint.EQUALS, "CT"), "ct", True),
        (rule(Constraint.EQUALS, "CT"), "CTA", False),
        (rule(Constraint.EQUALS, "399162004|SCT"), "399162004|SCT|cranio-caudal", True),
        (rule(Constraint.EQUALS, "399162004|SCT"), "399162004|99LOCAL|cranio-caudal", False),
        (rule(Constraint.ONE_OF, "CR", "DX"), "DX", True),
        (rule(Constraint.ONE_OF, "CR", "DX"), "CT", False),
        (rule(Constraint.NONE_OF, "CR", "DX"), "CT", True),
        (rule(Constraint.NONE_OF, "CR", "DX"), "DX", False),
        (rule(Constraint.CONTAINS, "bröst"), "Ax BROSTKORG", True),
        (rule(Constraint.CONTAINS, "x"), "abc", False),
        (rule(Constraint.STARTS_WITH, "ax"), "AX T2", True),
        (rule(Constraint.STARTS_WITH, "ax"), "T2 AX", False),
        (rule(Constraint.RANGE, low=1.0, high=2.0), "1.5", True),
        (rule(Constraint.RANGE, low=1.0, high=2.0), "2.5", False),
        (rule(Constraint.RANGE, low=1.0, high=2.0), "thin", False),
        (rule(Constraint.NOT_NULL), "x", True),
        (rule(Constraint.NOT_NULL), " ", False),
    ],
)
def test_each_constraint_passes_and_fails(one: Rule, value: str, passes: bool) -> None:
    assert (passing(one, (Fact(value),)) is not None) is passes
    assert wanted(one)


def test_without_a_value_only_none_of_passes() -> None:
    for constraint in Constraint:
        assert (passing(rule(constraint, "x"), ()) is not None) is (constraint is Constraint.NONE_OF)


def test_weights_of_passed_rules_add_up_with_a_reason_each() -> None:
    rules = (rule(Constraint.EQUALS, "CT", weight=10.0), rule(Constraint.EQUALS, "chest", attribute="anatomy", weight=5.0))
    facts = {"Modality": (Fact("CT"),), "anatomy": (Fact("chest", "BodyPartExamined is CHEST"),)}
    found = score(rules, lambda asked: facts[asked.attribute])
    assert found.points == 15
    assert found.reasons == ("Modality is CT (+10)", "body part is chest: BodyPartExamined is CHEST (+5)")


def test_a_failed_required_rule_says_what_was_there_instead() -> None:
    found = score((rule(Constraint.EQUALS, "CT", required=True),), lambda _: (Fact("MR"),))
    assert found.points == 0
    assert found.failed == ("required: Modality is not CT, but MR",)


def test_free_text_is_never_repeated_in_a_reason() -> None:
    named = rule(Constraint.CONTAINS, "knee", attribute="StudyDescription", required=True)
    found = score((named,), lambda _: (Fact("SVENSSON ANNA private"),))
    passed = score((named,), lambda _: (Fact("SVENSSON ANNA knee"),))
    assert "SVENSSON" not in " ".join((*found.failed, *passed.reasons))
    assert passed.reasons == ('StudyDescription contains "knee" (+1)',)


RULES = st.builds(
    Rule,
    attribute=st.sampled_from(["Modality", "role", "SeriesDescription", "images"]),
    constraint=st.sampled_from(list(Constraint)),
    values=st.lists(st.text(max_size=6), min_size=1, max_size=3).map(tuple),
    low=st.floats(-10, 10),
    high=st.floats(-10, 10),
    weight=st.floats(0, 100),
    required=st.booleans(),
)
FACTS = st.lists(st.builds(Fact, st.text(max_size=8), st.text(max_size=5)), max_size=3).map(tuple)


@given(st.lists(RULES, max_size=6), FACTS)
def test_a_failed_required_rule_always_means_no_points(rules: list[Rule], facts: tuple[Fact, ...]) -> None:
    found = score(rules, lambda _: facts)
    fails = [one for one in rules if one.required and passing(one, facts) is None]
    assert bool(found.failed) is bool(fails)
    assert found.points == (0 if fails else sum(one.weight for one in rules if passing(one, facts) is not None))
    assert all(found.reasons)
    assert all(found.failed)
