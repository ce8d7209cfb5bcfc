"""What the order says decides too: its codes before its words, its words before what a scanner filled in."""

from __future__ import annotations

import pytest
from hanging_studies import ct, series, study

from hanging_protocols import schema
from hanging_protocols.engine import ProtocolHanger
from workstation.domain.hanging import HangingContext
from workstation.domain.study import Study

FILE = """
id = "{name}"
title = "{name}"
rules = [
    {{ attribute = "Modality", equals = "CT", weight = 10, required = true }},
    {{ attribute = "{attribute}", {constraint}, weight = 50, required = true }},
]
[selectors.any]
rules = [{{ attribute = "Modality", equals = "CT" }}]
[[stages]]
id = "one"
title = "One"
cells = [{{ at = [0, 0], selector = "any" }}]
"""


def asking(attribute: str, constraint: str) -> ProtocolHanger:
    return ProtocolHanger((schema.parse(FILE.format(name="ours", attribute=attribute, constraint=constraint), "ours.toml"),))


@pytest.mark.parametrize(
    ("attribute", "constraint", "context", "reason"),
    [
        (
            "procedure_code",
            'equals = "RXX0AB"',
            HangingContext(procedure_code="RXX0AB"),
            "code of the ordered procedure is RXX0AB",
        ),
        (
            "procedure_code",
            'startsWith = "RXX"',
            HangingContext(procedure_code="RXX0AB"),
            'code of the ordered procedure begins with "RXX"',
        ),
        ("procedure", 'contains = "skalle"', HangingContext(procedure="DT Skalle"), 'ordered procedure contains "skalle"'),
        (
            "body_site",
            'contains = "hand"',
            HangingContext(body_site="Håndledd og hånd"),
            'body site of the order contains "hand"',
        ),
        ("order_laterality", 'equals = "L"', HangingContext(laterality="L"), "side of the order is L"),
        (
            "reason",
            'contains = "metastas"',
            HangingContext(reason="Metastaser?"),
            'reason for the examination contains "metastas"',
        ),
        ("examination", 'equals = "trauma"', HangingContext(procedure="CT Traume"), "examination is trauma"),
        (
            "ordered_regions",
            'equals = "2"',
            HangingContext(procedure="DT thorax buk"),
            "number of regions that the order names is 2",
        ),
        ("laterality", 'equals = "R"', HangingContext(laterality="R"), "side is R"),
        ("anatomy", 'equals = "knee"', HangingContext(body_site="72696002|SCT|Knee"), "body part is knee"),
        ("anatomy", 'equals = "knee"', HangingContext(procedure="MR", body_site="Kne"), "body part is knee"),
    ],
)
def test_a_rule_may_ask_the_order(attribute: str, constraint: str, context: HangingContext, reason: str) -> None:
    hanger = asking(attribute, constraint)
    current = study("s", ct("1"))
    assert hanger.hang(current, ()).protocol == "plain"
    hung = hanger.hang(current, (), context=context)
    assert hung.protocol == "ours"
    assert any(one.startswith(reason) for one in hung.reasons), hung.reasons


def test_words_of_the_order_never_stand_in_a_reason() -> None:
    """They are free text, and may name a patient."""
    context = HangingContext(procedure="DT Anna Andersson", reason="Anna Andersson ramlat", body_site="Anna")
    for attribute in ("procedure", "reason", "body_site"):
        hanger = asking(attribute, 'contains = "nobody"')
        said = " ".join(reason for one in hanger.choices(study("s", ct("1")), (), context) for reason in one.reasons)
        assert "Anna" not in said
        assert "Andersson" not in said


def body(value: str, **more: str) -> Study:
    return study("s", ct("1", body=value, **more))


@pytest.mark.parametrize(
    ("current", "context", "expected"),
    [
        (body("ABDOMEN"), HangingContext(), "ct-abdomen"),
        (body("ABDOMEN"), HangingContext(procedure="DT hjärna"), "ct-head"),
        (body("ABDOMEN"), HangingContext(body_site="Head"), "ct-head"),
        (body("ABDOMEN"), HangingContext(procedure_code="113305005|SCT|Cerebellum"), "ct-head"),
        (body("", AnatomicRegionSequence="818981001|SCT|Abdomen"), HangingContext(procedure="DT hjärna"), "ct-abdomen"),
        (body("ABDOMEN"), HangingContext(reason="Huvudvärk"), "ct-abdomen"),
        (body("CHEST"), HangingContext(procedure="DT Trauma"), "ct-trauma"),
        (body("HEAD"), HangingContext(procedure="DT hjärna", reason="Trauma"), "ct-head"),
        (body("HEAD"), HangingContext(procedure="Trauma DT hjärna"), "ct-head"),
    ],
)
def test_codes_come_before_the_orders_words_and_those_before_the_scanners_body_part(
    hanger: ProtocolHanger, current: Study, context: HangingContext, expected: str
) -> None:
    assert hanger.hang(current, (), context=context).protocol == expected


def test_a_text_that_agrees_with_the_order_is_believed_for_the_rest_of_it(hanger: ProtocolHanger) -> None:
    both = ct("1", description="CHEST/ABD/PEL 2.5")
    assert hanger.hang(study("s", both, description="CT ABD AND PELVIS"), ()).protocol == "ct-trunk"
    other = ct("1", description="Lung 1.0")
    assert hanger.hang(study("s", other, description="CT ABD AND PELVIS"), ()).protocol == "ct-abdomen"


def test_every_protocol_can_be_chosen_and_says_how_it_stands(hanger: ProtocolHanger) -> None:
    choices = hanger.choices(study("s", ct("1")), (), HangingContext(procedure="DT hjärna"))
    assert choices[0].protocol_id == "ct-head"
    assert [one.points for one in choices] == sorted((one.points for one in choices), reverse=True)
    assert {one.protocol_id for one in choices} == {one.protocol_id for one in hanger.protocols}
    assert all(one.reasons and one.title and one.level == "manufacturer" for one in choices)
    refused = next(one for one in choices if one.protocol_id == "mr-knee")
    assert refused.reasons[0] == "required: Modality is not MR, but CT"


def test_a_named_protocol_hangs_though_it_does_not_fit(hanger: ProtocolHanger) -> None:
    current = study("s", ct("1", 60), series("2", "DX"))
    assert hanger.hang(current, (), protocol_id="ct-spine").protocol == "ct-spine"
    assert hanger.hang(current, (), protocol_id="unheard-of").protocol == "plain"
