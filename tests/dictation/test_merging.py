"""Two hearings made into one: a known term replaces what it sounds like, and nothing that could harm is touched."""

from __future__ import annotations

from typing import Any

import pytest

from dictation.engines.merging import (
    REPAIRED,
    Vocabulary,
    critical,
    keeps,
    merged,
    repaired,
    spliced,
    without_afterthought,
    without_tail,
)
from dictation.formatter.language import language
from dictation.lexicon import radiology_lexicon
from dictation.what_hurts import what_hurts

ENGLISH = language("en")
EVERYDAY = (
    "mild and a small the of is no right left in at with lesion new mass normal was scan images by basilar pair status acute"
    " without evidence it were seen there to on for thank you are flare plural again"
)
COMMON = frozenset(EVERYDAY.split())
TERMS = {part for term in radiology_lexicon("en").terms for word in term.text.lower().split() for part in word.split("-")}
KNOWN = Vocabulary(TERMS, COMMON.__contains__, ENGLISH, lambda word: bool(what_hurts(word, "en")))
SINGLE = {t.text.lower(): t.text for t in radiology_lexicon("en").terms if t.text.isalpha() and not t.group.plain}


def words(text: str, sure: float = 0.6) -> list[list[Any]]:
    return [[word, sure, index * 0.5, index * 0.5 + 0.4] for index, word in enumerate(text.split())]


def text(heard: list[list[Any]]) -> str:
    return " ".join(str(word[0]) for word in heard)


@pytest.mark.parametrize(
    ("plain", "other", "best"),
    [
        ("a small plural effusion.", "a small pleural effusion", "a small pleural effusion."),
        ("Slight bibacilar atelectasis.", "slight bibasilar atelectasis", "Slight bibasilar atelectasis."),
        ("the pair of Intricular lesion", "the periventricular lesion", "the periventricular lesion"),
        ("Hypo-acolic lesion.", "hypoechoic lesion", "Hypoechoic lesion."),
        ("spleenamegally, and a mass", "splenomegaly and a mass", "splenomegaly, and a mass"),
    ],
)
def test_a_known_term_takes_the_place_of_what_it_sounds_like_with_its_marks(plain: str, other: str, best: str) -> None:
    assert text(merged(words(plain), words(other), KNOWN)) == best


@pytest.mark.parametrize(
    ("plain", "other"),
    [
        # A second hearing that skips, or invents.
        ("no acute subarachnoid hemorrhage", "hemorrhage"),
        ("no mass is seen", "no mass is seen pneumothorax"),
        ("the scan was normal", "pneumothorax pleural effusion"),
        # What must not change.
        ("the left kidney", "the right kidney"),
        ("hypodense lesion", "hyperdense lesion"),
        ("no effusion", "new effusion"),
        ("14 mm nodule", "40 mm nodule"),
        ("Bosniak II cyst", "Bosniak cyst"),
        ("normal effusion", "abnormal effusion"),
        ("without contrast", "with contrast"),
        # What is no term, and what sounds otherwise.
        ("it is seen", "it was seen"),
        ("a small mass", "a small pneumothorax"),
        ("", "pneumothorax"),
        ("a mass", ""),
    ],
)
def test_nothing_else_is_taken(plain: str, other: str) -> None:
    assert text(merged(words(plain), words(other), KNOWN)) == plain


@pytest.mark.parametrize(
    ("plain", "other", "both"),
    [
        # What expected terms made better.
        ("a plural fusion", "a pleural effusion", "a pleural effusion"),
        ("no rec repair, tunnel, mass", "no retroperitoneal mass", "no retroperitoneal mass"),
        ("de-style yardarral stone", "distal ureteral stone", "distal ureteral stone"),
        # What they made a decoder skip.
        ("no acute intracranial hemorrhage", "hemorrhage", "no acute intracranial hemorrhage"),
        ("the left kidney", "the kidney", "the left kidney"),
        ("fusiform infarino aneurysm", "infrarenal aneurysm", "fusiform infarino aneurysm"),
        ("the endometrium measures seven", "measure seven", "the endometrium measures seven"),
        # What nobody said.
        ("laugh less heartily so", "L5-S2 so", "laugh less heartily so"),
        ("a small mass", "a small 9 mm mass", "a small mass"),
        ("the plural fusion is nude", "no pleural effusion is new", "the plural fusion is nude"),
        # What must not change.
        ("a 14 mm plural mass", "a 40 mm pleural mass", "a 14 mm pleural mass"),
        ("the left hylar mass", "the right hilar mass", "the left hylar mass"),
        ("a six mm nodule", "a 6 mm nodule", "a 6 mm nodule"),
        ("", "pneumothorax", ""),
    ],
)
def test_of_two_hearings_the_better_one_is_taken_stretch_by_stretch_and_nothing_is_lost(
    plain: str, other: str, both: str
) -> None:
    assert text(spliced(words(plain), words(other), KNOWN)) == both


@pytest.mark.parametrize(
    ("heard", "said", "kept"),
    [
        ("yardarral", "ureteral", True),
        ("milled", "mild", True),
        ("metal", "medial", True),
        ("flare", "no", False),
        ("lefd", "left", False),
        ("forteen", "14", False),
        ("milimiter", "mm", False),
        ("hypodens", "hypodense", True),
        ("ipodense", "hypodense", False),
        ("mild", "severe", False),
        ("was", "new", False),
    ],
)
def test_what_was_no_word_may_become_any_but_a_number_a_side_or_a_negation(heard: str, said: str, kept: bool) -> None:
    assert keeps([heard], [said], KNOWN) is kept


def test_known_words_of_which_the_first_hearing_is_sure_stay() -> None:
    plain, other = "the ureteral stent", "the urethral stent"
    assert text(merged(words(plain, 0.95), words(other, 0.99), KNOWN)) == plain
    plain, other = "small effusion", "small infusion"
    assert text(merged(words(plain, 0.95), words(other, 0.99), KNOWN)) == plain


def test_the_words_times_and_confidence_are_those_of_the_hearing_they_come_from() -> None:
    best = merged(words("a plural effusion", 0.5), words("a pleural effusion", 0.8), KNOWN)
    assert [word[1] for word in best] == [0.5, 0.8, 0.5]


@pytest.mark.parametrize(
    ("heard", "written"),
    [
        ("colithiasis", "cholelithiasis"),
        ("Spleenomegaly.", "Splenomegaly."),
        ("bibacilar", "bibasilar"),
        ("peripankreatic", "peripancreatic"),
        ("pneumopertoneum,", "pneumoperitoneum,"),
    ],
)
def test_a_word_that_is_none_is_written_as_the_term_it_nearly_is_and_doubted(heard: str, written: str) -> None:
    ((word, sure, *_),) = repaired(words(heard), KNOWN, SINGLE)
    assert (word, sure) == (written, REPAIRED)


@pytest.mark.parametrize(
    "word",
    [
        *("peritoneum", "haemorrhage", "metastases", "thrombolysis", "macroadenoma", "mediastinum", "ureter", "vertebrae"),
        *("oedema", "Alvarezosis", "zzzzzzzzz", "infarinal", "1400", "lesion."),
    ],
)
def test_a_right_word_is_left_alone_and_so_is_one_that_could_be_several(word: str) -> None:
    assert repaired(words(word), KNOWN, SINGLE) == words(word)


def test_no_word_of_the_lexicon_is_ever_repaired() -> None:
    spoken = sorted(TERMS)
    assert [word[0] for word in repaired(words(" ".join(spoken)), KNOWN, SINGLE)] == spoken


def test_a_few_doubted_everyday_words_behind_the_last_stop_were_not_said() -> None:
    for tail in ("again.", "Thank you."):
        heard = [*words("no mass is seen.", 0.9), *words(tail, 0.05)]
        assert text(without_afterthought(heard, KNOWN)) == "no mass is seen."
    for kept in ("14.", "no.", "Lymphadenopathy.", "left."):
        heard = [*words("no mass is seen.", 0.9), *words(kept, 0.05)]
        assert without_afterthought(heard, KNOWN) == heard
    for kept in (
        [*words("no mass is seen.", 0.9), *words("again.", 0.4)],
        words("no mass again", 0.05),
        words("again.", 0.05),
        [],
    ):
        assert without_afterthought(kept, KNOWN) == kept


def test_what_only_one_hearing_has_at_the_end_and_doubts_goes() -> None:
    heard = [*words("no mass is seen.", 0.9), ["Thank", 0.03, 2.0, 2.1], ["you.", 0.97, 2.1, 2.2]]
    assert text(without_tail(heard, ["no mass is seen"])) == "no mass is seen."
    assert text(without_tail(heard, ["no mass is seen thank you"])) == "no mass is seen. Thank you."
    assert text(without_tail(heard, [])) == "no mass is seen. Thank you."
    sure = [*words("no mass is seen.", 0.9), *words("new cyst.", 0.9)]
    assert text(without_tail(sure, ["no mass is seen"])) == "no mass is seen. new cyst."


@pytest.mark.parametrize(
    ("said", "kept"),
    [("a 14 mm hypodense cyst of the left kidney , no iv", ["14", "hypo", "iv", "left", "mm", "no"]), ("the liver", [])],
)
def test_what_must_not_change_is_numbers_units_sides_negations_and_the_sense_of_a_prefix(said: str, kept: list[str]) -> None:
    assert critical(said.split(), ENGLISH) == kept
    assert all(any(map(str.isdigit, word)) for word in critical(said.split(), None))
