"""A user's words: kept, given out and taken in as CSV that no spreadsheet runs (F86)."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from dictation.dictionary import OwnDictionary
from dictation.learning import Corrections, Rule
from dictation.own_words import exported, take_in
from workstation.errors import Refused


@pytest.fixture
def own(tmp_path: Path) -> Corrections:
    return Corrections(tmp_path / "words-en.json")


def test_words_are_kept_in_order_once_and_expected_before_what_rules_write(own: Corrections, tmp_path: Path) -> None:
    own.add_words(["Lyskasse  sign", "Stovring", "Lyskasse sign"])
    own.accept(Rule("plural", "pleural"))
    assert own.terms == ("Lyskasse sign", "Stovring", "pleural")
    again = Corrections(tmp_path / "words-en.json")
    assert (again.words, again.rules) == (own.words, own.rules)
    again.remove_word("Stovring")
    assert Corrections(tmp_path / "words-en.json").words == ("Lyskasse sign",)


@pytest.mark.parametrize("word", ["", " ", "a", "x" * 61, "..", "two\u202ewords"])
def test_what_is_no_word_is_refused(own: Corrections, word: str) -> None:
    with pytest.raises(Refused):
        own.add_words([word])
    assert own.words == ()


def test_a_file_of_before_words_were_kept_is_still_read(tmp_path: Path) -> None:
    path = tmp_path / "words-en.json"
    path.write_text(json.dumps({"version": 1, "salt": "s", "rules": [["plural", "pleural"]], "noted": {}, "declined": []}))
    assert Corrections(path).terms == ("pleural",)


def test_what_is_given_out_is_taken_in_again(own: Corrections, tmp_path: Path) -> None:
    own.add_words(["Stovring nodule", "'quoted'", "α-fetoprotein"])
    own.accept(Rule("plural", "pleural"))
    other = Corrections(tmp_path / "other.json")
    taken = take_in(other, "\ufeff" + exported(own))
    assert (taken.words, taken.rules, taken.left_out) == (3, 1, ())
    assert (other.words, other.rules) == (own.words, own.rules)


@pytest.mark.parametrize("word", ["=1+1", "+ve sign", "-itis", "@SUM(A1)", "=HYPERLINK(x)"])
def test_no_cell_begins_like_a_formula_and_the_word_comes_back_as_it_was(own: Corrections, tmp_path: Path, word: str) -> None:
    """F86."""
    own.add_words([word])
    cells = [cell for row in csv.reader(io.StringIO(exported(own))) for cell in row]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]
    other = Corrections(tmp_path / "other.json")
    take_in(other, exported(own))
    assert other.words == (word,)


def test_rows_that_may_never_be_learnt_are_named_and_the_others_taken(own: Corrections) -> None:
    text = "kind,heard,written\nrule,left kidney,right kidney\nrule,plural,pleural\nthing,a,b\nword,,\nword,,Stovring\n"
    taken = take_in(own, text)
    assert own.rules == (Rule("plural", "pleural"),)
    assert own.words == ("Stovring",)
    assert len(taken.left_out) == 3
    assert any("left kidney" in line for line in taken.left_out)


@pytest.mark.parametrize("text", ["", "a,b,c\n", 'kind,heard,written\n"open', "x" * (1024 * 1024 + 1)])
def test_a_file_that_is_no_list_of_words_is_refused_and_nothing_taken(own: Corrections, text: str) -> None:
    with pytest.raises(Refused):
        take_in(own, text)
    assert own.words == ()


def test_rules_taken_while_another_thread_applies_them_do_not_disturb_it(own: Corrections) -> None:
    """The pipeline's thread reads what the main thread changes."""
    own.accept(Rule("plural", "pleural"))
    seen = own._rules
    own.accept(Rule("hilum node", "hilar node"))
    assert "hilum node" not in seen


def test_each_language_has_words_of_its_own(tmp_path: Path) -> None:
    own = OwnDictionary(tmp_path / "dictation")
    own.of("en").add_words(["Stovring"])
    assert own.of("en") is own.of("en")
    assert own.of("sv").words == ()
    assert OwnDictionary(tmp_path / "dictation").of("en").words == ("Stovring",)
    with pytest.raises(Refused):
        own.of("../en")
