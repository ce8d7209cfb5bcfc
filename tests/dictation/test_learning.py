"""Rules from corrections: offered after two equal ones, never for what could harm, and forgotten again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dictation.formatter.language import language
from dictation.learning import Applied, Corrections, Rule, learnable
from workstation.errors import Refused, Unavailable

PLEURAL = Rule("plural", "pleural")


@pytest.fixture
def corrections(tmp_path: Path) -> Corrections:
    return Corrections(tmp_path / "corrections.json")


def test_a_rule_is_offered_at_the_second_equal_correction_and_applied_only_when_accepted(corrections: Corrections) -> None:
    assert corrections.note("a plural effusion", "a pleural effusion") is None
    assert corrections.note("small plural thickening", "small pleural thickening") == PLEURAL
    assert corrections.applied("plural effusion") == ("plural effusion", ())
    corrections.accept(PLEURAL)
    assert corrections.applied("Plural effusion, plural-based") == ("Pleural effusion, plural-based", (Applied(0, 7, "Plural"),))
    assert corrections.terms == ("pleural",)


def test_two_different_corrections_offer_nothing(corrections: Corrections) -> None:
    assert corrections.note("a plural effusion", "a pleural effusion") is None
    assert corrections.note("a plural effusion", "a pericardial effusion") is None


@pytest.mark.parametrize(
    ("dictated", "corrected"),
    [
        ("a 14 mm nodule", "a 40 mm nodule"),
        ("fourteen nodules", "forty nodules"),
        ("the left kidney", "the right kidney"),
        ("normal kidney", "abnormal kidney"),
        ("there is effusion", "there is no effusion"),
        ("there is no effusion", "there is effusion"),
        ("without contrast", "with contrast"),
        ("hypodense lesion", "hyperdense lesion"),
        ("hypo-dense lesion", "dense lesion"),
        ("six millimeters", "six centimeters"),
        ("by rads four", "BI-RADS 4"),
        ("ureteral stone", "urethral stone"),
        ("the second rib", "the third rib"),
        ("fifty percent", "fifty"),
        ("more than half %", "more than most"),
        ("it is", "it was"),
        ("the liver", "the liver"),
        ("", "pleural"),
        ("one two three four five six seven", "a b c d e f g"),
    ],
)
def test_numbers_units_sides_negations_and_opposites_are_never_learnt(
    corrections: Corrections, dictated: str, corrected: str
) -> None:
    for _ in range(5):
        assert corrections.note(dictated, corrected) is None
    assert corrections.rules == ()


@pytest.mark.parametrize(
    ("code", "dictated", "corrected"),
    [
        ("sv", "vänster njure", "höger njure"),
        ("sv", "tjugofem förändringar", "tjugosex förändringar"),
        ("nb", "ingen væske", "litt væske"),
        ("da", "femogtyve knuder", "seksogtyve knuder"),
        ("fi", "oikealla nähdään", "vasemmalla nähdään"),
        ("fi", "viiden löydöksen", "kuuden löydöksen"),
        ("xx", "plural", "pleural"),
    ],
)
def test_nor_in_another_language_and_nothing_in_one_without_tables(
    tmp_path: Path, code: str, dictated: str, corrected: str
) -> None:
    learning = Corrections(tmp_path / "corrections.json", code)
    assert [learning.note(dictated, corrected) for _ in range(3)] == [None, None, None]


def test_words_that_a_side_only_stands_beside_are_learnt() -> None:
    assert learnable("left plural effusion", "left pleural effusion", language("en")) == PLEURAL
    assert learnable("coal a lithiasis seen", "cholelithiasis seen", language("en")) == Rule("coal a lithiasis", "cholelithiasis")


def test_a_rule_that_could_harm_is_refused_even_when_it_is_asked_for(corrections: Corrections) -> None:
    with pytest.raises(Refused):
        corrections.accept(Rule("left", "right"))


def test_what_was_learnt_is_there_at_the_next_start_and_forgotten_when_told_so(tmp_path: Path) -> None:
    path = tmp_path / "user" / "corrections.json"
    first = Corrections(path)
    first.note("a plural effusion", "a pleural effusion")
    assert Corrections(path).note("a plural effusion", "a pleural effusion") == PLEURAL
    first.accept(PLEURAL)
    second = Corrections(path)
    assert second.rules == (PLEURAL,)
    second.forget(PLEURAL)
    assert second.applied("plural effusion")[0] == "plural effusion"
    assert Corrections(path).rules == ()


def test_a_declined_rule_is_not_offered_again(tmp_path: Path) -> None:
    path = tmp_path / "corrections.json"
    Corrections(path).decline(PLEURAL)
    assert [Corrections(path).note("plural", "pleural") for _ in range(3)] == [None, None, None]


def test_a_correction_that_is_no_rule_leaves_none_of_its_words_in_the_file(tmp_path: Path) -> None:
    path = tmp_path / "corrections.json"
    Corrections(path).note("seen by Testperson", "seen by Testpersson")
    assert "testpers" not in path.read_text("utf-8").lower()
    assert path.stat().st_mode & 0o077 == 0


def test_a_file_from_elsewhere_brings_no_harmful_rule(tmp_path: Path) -> None:
    path = tmp_path / "corrections.json"
    rules = [["left", "right"], ["plural", "pleural"], ["six", "nine"]]
    path.write_text(json.dumps({"version": 1, "salt": "a", "rules": rules, "noted": {}, "declined": []}), "utf-8")
    assert Corrections(path).rules == (PLEURAL,)


@pytest.mark.parametrize(
    "content", ["", "{", "[]", '{"version": 2}', '{"version": 1, "salt": "", "rules": [1]}', " " * (1024 * 1024 + 1)]
)
def test_a_damaged_file_is_refused_in_words_and_left_alone(tmp_path: Path, content: str) -> None:
    path = tmp_path / "corrections.json"
    path.write_text(content, "utf-8")
    with pytest.raises(Refused) as caught:
        Corrections(path)
    assert "delete it" in caught.value.hint
    assert path.read_text("utf-8") == content


def test_a_disk_that_takes_nothing_is_said_and_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "corrections.json"
    learning = Corrections(path)
    learning.accept(PLEURAL)
    before = path.read_bytes()
    path.with_suffix(".part").mkdir()
    with pytest.raises(Unavailable):
        learning.forget(PLEURAL)
    assert path.read_bytes() == before


def test_the_longest_rule_wins_and_what_was_replaced_is_known(corrections: Corrections) -> None:
    corrections.accept(Rule("coal a", "chole"))
    corrections.accept(Rule("coal a lithiasis", "cholelithiasis"))
    text, applied = corrections.applied("No coal a lithiasis. Coal a lithiasis.")
    assert text == "No cholelithiasis. Cholelithiasis."
    assert [(text[one.start : one.end], one.replaced) for one in applied] == [
        ("cholelithiasis", "coal a lithiasis"),
        ("Cholelithiasis", "Coal a lithiasis"),
    ]
