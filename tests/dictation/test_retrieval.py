"""Misheard terms found again by sound, and doubt where two hearings differ."""

from __future__ import annotations

import pytest

from dictation import biasing
from dictation.engines.alignment import known_tables
from dictation.engines.doubt import UNSURE, unsure, without_invented
from dictation.engines.whisper_engine import stays_close
from dictation.retrieval import Lexicon, like, sound

ENGLISH = known_tables("en")


@pytest.mark.parametrize(
    ("heard", "meant"),
    [
        ("no pelvic limb phadonopathy", "lymphadenopathy"),
        ("a small plural effusion", "pleural effusion"),
        ("mild hydro nefrosis", "hydronephrosis"),
        ("the super spinatus tendon", "supraspinatus"),
        ("by basilar opacity", "bibasilar"),
        ("new spleenamegally", "splenomegaly"),
    ],
)
def test_a_misheard_term_is_found_by_its_sound(heard: str, meant: str) -> None:
    assert meant in like(heard, biasing.lexicon("en"), 12)


def test_ordinary_words_call_up_no_term_unlike_them() -> None:
    assert like("it was the best of", Lexicon.of(["pneumothorax", "meniscus"]), 12) == ()
    assert like("", biasing.lexicon("en"), 12) == ()


def test_the_user_s_own_terms_are_found_too() -> None:
    lexicon = biasing.lexicon("xx").with_terms(["Lyskasse"])
    assert like("the lis casse", lexicon, 5) == ("Lyskasse",)


def test_sound_forgets_spelling() -> None:
    assert sound("phlegmon") == sound("flegmon")
    assert sound("Haemorrhage") == sound("hemorage")


def _confidences(ours: str, theirs: str) -> list[float]:
    return [word[1] for word in unsure([[word, 0.9, 0.0, 0.1] for word in ours.split()], theirs, ENGLISH)]


@pytest.mark.parametrize(
    ("ours", "theirs", "doubted"),
    [
        ("a 14 mm nodule", "a 40 mm nodule", [1]),
        ("the left kidney", "the right kidney", [1]),
        ("a hypodense lesion", "a hyperdense lesion", [1]),
        ("there is effusion", "there is no effusion", [2]),
        ("the ureteral stone", "the urethral stone", [1]),
        ("a six mm nodule.", "a 6 mm nodule", []),
        ("an 8 millimeter nodule", "an 8mm nodule", []),
        ("a 4-millimeter stone", "a four millimeter stone", []),
        ("a mild-right effusion", "a mild left effusion", [1]),
        ("pleural effusion", "plural fusion", []),
    ],
)
def test_a_dangerous_disagreement_lowers_the_confidence_there_and_only_there(ours: str, theirs: str, doubted: list[int]) -> None:
    assert [index for index, value in enumerate(_confidences(ours, theirs)) if value <= UNSURE] == doubted


def test_a_text_that_lost_or_gained_much_is_not_taken() -> None:
    plain = "fusiform infrarenal abdominal aortic aneurysm measuring five centimeters"
    assert stays_close(plain, plain.replace("infrarenal", "infra renal"))
    assert not stays_close(plain, "aneurysm")
    assert not stays_close(plain, "")
    assert not stays_close("no effusion", "no effusion pneumothorax pneumothorax pneumothorax pneumothorax")


def test_what_only_the_expecting_decoding_says_after_the_end_needs_to_be_certain() -> None:
    words = [["no", 0.9, 0.0, 0.1], ["effusion.", 0.9, 0.1, 0.2], ["Again.", 0.3, 0.2, 0.3]]
    assert [word[0] for word in without_invented(words, "No effusion.", ENGLISH)] == ["no", "effusion."]
    words[2][1] = 0.9
    assert len(without_invented(words, "No effusion.", ENGLISH)) == 3
    assert len(without_invented([["new", 0.3, 0.0, 0.1], ["mass", 0.9, 0.1, 0.2]], "mass", ENGLISH)) == 2
