"""Doubtful words and the terms that they sound like, weighed by the sound; nothing that could harm is ever put in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from dictation import biasing
from dictation.engines.merging import Vocabulary
from dictation.engines.weighing import WEIGHED, Weigher, weighed
from dictation.formatter.language import language
from dictation.lexicon import radiology_lexicon
from dictation.nearness import Forms, nearness, sounds
from dictation.what_hurts import what_hurts

SAID_BY_ALL = "no or is the a of and in with for small tunnel apathy renal flare left mass by eight leg seen was"
EVERYDAY = frozenset(SAID_BY_ALL.split())
TERMS = {part for term in radiology_lexicon("en").terms for word in term.text.lower().split() for part in word.split("-")}
KNOWN = Vocabulary(TERMS, EVERYDAY.__contains__, language("en"), lambda word: bool(what_hurts(word, "en")))
LEXICON = biasing.lexicon("en")


@pytest.fixture(scope="module")
def weigher() -> Weigher:
    return Weigher(LEXICON.known, KNOWN, ("retroperitoneal",))


def words(text: str, sure: float = 0.4) -> list[list[Any]]:
    return [[word, sure, index * 0.5, index * 0.5 + 0.4] for index, word in enumerate(text.split())]


def text(heard: Sequence[Sequence[Any]]) -> str:
    return " ".join(str(word[0]) for word in heard)


def likes(*phrases: str) -> Callable[[Sequence[str], str], list[float]]:
    """A model that believes sentences by how many of these phrases are in them."""
    return lambda texts, _expected: [10.0 * sum(phrase in sentence for phrase in phrases) for sentence in texts]


@pytest.mark.parametrize(
    ("heard", "meant"),
    [
        ("recropier tunnel", "retroperitoneal"),
        ("lumpid and apathy", "lymphadenopathy"),
        ("calling yacar sonoma", "cholangiocarcinoma"),
        ("condrical stenosis", "chondrocalcinosis"),
        ("by bezel or", "bibasilar"),
        ("tie reds", "TI-RADS"),
        ("scaphalinate", "scapholunate"),
        ("by reds", "BI-RADS"),
    ],
)
def test_of_all_terms_the_one_meant_sounds_nearest(heard: str, meant: str) -> None:
    forms = Forms(dict(LEXICON.known))
    assert forms.near([sounds(heard)])[0][0][0] == meant


def test_nearness_is_one_for_the_same_sound_and_little_for_another() -> None:
    same, near, far = nearness(
        [sounds("flegmon"), sounds("fusion"), sounds("kidney")], [sounds("phlegmon"), sounds("effusion"), sounds("atelectasis")]
    )
    assert same == 1.0
    assert 0.5 < near < 1.0
    assert far < 0.3
    assert nearness([], []).size == 0
    assert Forms({}).near(["a"]) == [[]]


def test_what_the_sound_bears_out_is_put_in_with_its_marks_and_doubted(weigher: Weigher) -> None:
    heard = words("No recropier tunnel, or pelvic lumpid and apathy.")
    written = weighed(heard, weigher.candidates(heard), likes("retroperitoneal", "lymphadenopathy"))
    assert text(written) == "No retroperitoneal, or pelvic lymphadenopathy."
    assert [word[1] <= WEIGHED for word in written] == [True] * len(written)
    assert written[1][2:] == [0.5, 1.4]


def test_what_the_sound_does_not_bear_out_stays(weigher: Weigher) -> None:
    heard = words("No recropier tunnel, or pelvic lumpid and apathy.")
    assert text(weighed(heard, weigher.candidates(heard), likes("No recropier tunnel, or pelvic lumpid and apathy."))) == text(
        heard
    )


def test_a_plural_stays_one(weigher: Weigher) -> None:
    heard = [["bilateral", 0.9, 0.0, 0.4], ["parse", 0.2, 0.5, 0.6], ["defects", 0.7, 0.6, 0.9]]
    assert "pars defects" in {one.term for one in weigher.candidates(heard)}


@pytest.mark.parametrize(
    "said",
    [
        "the left mass",
        "a 14 mm mass",
        "no mass is seen",
        "small pleural effusion",
        "eight leg",
        "hypodense lesion",
    ],
)
def test_numbers_sides_negations_and_terms_that_were_heard_are_never_candidates(weigher: Weigher, said: str) -> None:
    heard = words(said)
    kept = {
        index
        for index, word in enumerate(said.split())
        if what_hurts(word, "en") or word in {"hypodense", "pleural", "effusion", "lesion", "eight"}
    }
    for one in weigher.candidates(heard):
        lost = [said.split()[index] for index in range(one.first, one.last) if index in kept]
        assert all(word in one.term.lower() for word in lost), one


def test_what_is_certain_is_not_weighed_and_a_stop_is_not_crossed(weigher: Weigher) -> None:
    assert weigher.candidates(words("the small flare", 0.95)) == []
    assert all(one.last <= 2 or one.first >= 2 for one in weigher.candidates(words("the flare. recropier tunnel")))
    assert weigher.candidates([]) == []
