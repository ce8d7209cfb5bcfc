"""The lexicon is well formed, and the terms that an exam is given are its own, the user's first."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from dictation import biasing
from dictation.lexicon import MODALITIES, MOST_BYTES, RadiologyLexicon, radiology_lexicon, read_lexicon
from dictation.retrieval import like
from workstation.domain.dictation import DictationContext
from workstation.errors import Refused


@pytest.fixture(scope="module")
def english() -> RadiologyLexicon:
    return radiology_lexicon("en")


def test_there_are_enough_terms_and_none_twice(english: RadiologyLexicon) -> None:
    counted = Counter(term.text.lower() for term in english.terms)
    assert len(counted) >= 1500
    assert not [text for text, times in counted.items() if times > 1]


def test_what_is_misheard_for_a_term_is_no_other_term_and_stands_for_one_term_only(english: RadiologyLexicon) -> None:
    terms = {term.text.lower() for term in english.terms}
    heard = Counter(variant.lower() for term in english.terms for variant in dict.fromkeys(term.heard))
    assert sum(heard.values()) >= 1000
    assert not terms & set(heard)
    assert not [variant for variant, times in heard.items() if times > 1]


def test_every_entry_is_plain_text_of_some_words(english: RadiologyLexicon) -> None:
    for term in english.terms:
        for text in (term.text, *term.heard):
            assert text.strip() == text
            assert text.isprintable()
            assert 2 <= len(text) <= 60
            assert len(text.split()) <= 7


def test_every_group_is_of_known_regions_and_modalities_and_every_region_has_terms(english: RadiologyLexicon) -> None:
    regions = set(english.names.values())
    assert {region for term in english.terms for region in term.group.regions} == regions
    assert {modality for term in english.terms for modality in term.group.modalities} <= MODALITIES
    assert all(name == name.lower() for name in english.names)
    assert all(tag == tag.lower() for term in english.terms for tag in term.group.tags)


def _folder(tmp_path: Path, terms: str) -> Path:
    (tmp_path / "regions.toml").write_text('[regions]\nchest = ["thorax"]\n', "utf-8")
    (tmp_path / "own.toml").write_text(terms, "utf-8")
    return tmp_path


def test_terms_are_read_with_their_variants_from_lines_and_between_semicolons(tmp_path: Path) -> None:
    folder = _folder(tmp_path, '[[groups]]\nregions = ["chest"]\nterms = """\none | won | wan\ntwo; three\n"""\n')
    known = read_lexicon(folder)
    assert [(term.text, term.heard, term.rank) for term in known.terms] == [
        ("one", ("won", "wan"), 0),
        ("two", (), 1),
        ("three", (), 2),
    ]
    assert known.names == {"chest": "chest", "thorax": "chest"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[[groups]\n", "cannot be read"),
        ('[[groups]]\nregions = ["moon"]\nterms = "a"\n', "names what there is not"),
        ('[[groups]]\nregions = []\nmodalities = ["XX"]\nterms = "a"\n', "names what there is not"),
        (f'[[groups]]\nregions = []\nterms = "{"a" * 61}"\n', "cannot be used"),
        ('[[groups]]\nregions = []\nterms = "| a"\n', "cannot be used"),
        ("#" * (MOST_BYTES + 1), "too large"),
    ],
)
def test_a_broken_or_too_large_file_is_refused_in_words(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(Refused) as caught:
        read_lexicon(_folder(tmp_path, text))
    assert said in str(caught.value)
    assert caught.value.hint


def test_a_language_without_a_lexicon_has_none() -> None:
    assert radiology_lexicon("xx").terms == ()
    assert radiology_lexicon("../en").terms == ()


# -- which terms an exam gets -------------------------------------------------------------


@pytest.mark.parametrize(
    ("modality", "part", "procedure", "among_first"),
    [
        ("CR", "chest", "", {"pneumothorax", "pleural effusion", "atelectasis"}),
        ("CT", "abdomen", "", {"hypodense", "cholelithiasis", "hydronephrosis"}),
        ("CT", "abdomen", "CT urogram", {"nephrolithiasis", "hydroureter"}),
        ("MR", "", "MRI KNEE LEFT WITHOUT CONTRAST", {"medial meniscus", "anterior cruciate ligament"}),
        ("MR", "pelvis", "MR prostate", {"peripheral zone", "PI-RADS"}),
        ("US", "pelvis", "transvaginal ultrasound", {"endometrium", "myometrium"}),
        ("US", "neck", "thyroid", {"thyroid nodule", "hypoechoic"}),
        ("MG", "breast", "", {"BI-RADS", "spiculated mass"}),
        ("MR", "lspine", "", {"L4-L5", "disc bulge"}),
        ("CT", "head", "", {"intracranial hemorrhage", "subdural hematoma"}),
        ("PT", "whole body", "", {"FDG avid", "SUVmax"}),
        ("US", "leg", "DVT lower extremity veins", {"deep vein thrombosis"}),
        ("CT", "heart", "coronary angiography", {"left anterior descending"}),
    ],
)
def test_an_exam_s_best_terms_come_first(modality: str, part: str, procedure: str, among_first: set[str]) -> None:
    assert among_first <= set(biasing.terms_for(DictationContext(modality, part, procedure))[:16])


def test_the_modality_decides_what_is_left_out() -> None:
    assert "Hounsfield units" in biasing.terms_for(DictationContext("CT", "abdomen"))
    assert "Hounsfield units" not in biasing.terms_for(DictationContext("US", "abdomen"))
    assert "hyperintense" not in biasing.terms_for(DictationContext("CT", "head"))
    assert "endotracheal tube" in biasing.terms_for(DictationContext("CR", "chest", "portable chest"))[:16]


def test_the_user_s_words_come_before_everything_and_what_the_texts_use_before_the_exam_s_own() -> None:
    context = DictationContext(
        "CT",
        "chest",
        terms=("Lyskasse", "Stovring nodule"),
        order="Known sarcoidosis, rule out adrenal adenoma.",
        prior="There was a thymoma, and sarcoidosis with perilymphatic nodules.",
    )
    terms = biasing.terms_for(context)
    assert terms[:3] == ("Lyskasse", "Stovring nodule", "sarcoidosis")
    assert {"adrenal adenoma", "thymoma", "perilymphatic nodules"} == set(terms[3:6])
    assert terms[6] == "pneumothorax"


def test_a_template_names_the_exam_when_nothing_else_does() -> None:
    assert "medial meniscus" in biasing.terms_for(DictationContext("MR", template="Knee, internal derangement"))[:10]


def test_of_free_text_only_terms_of_the_lexicon_are_taken_and_never_a_name() -> None:
    terms = biasing.terms_for(
        DictationContext("CT", "chest", order="Mrs Testperson Alvarez, born 1950, dyspnea, thymoma", prior="Dr Nobody")
    )
    assert "thymoma" in terms
    assert not [term for term in terms if {"alvarez", "testperson", "nobody"} & set(term.lower().split())]


@pytest.mark.parametrize("limit", [1, 10, biasing.MOST_TERMS, 500])
def test_the_budget_is_kept(limit: int) -> None:
    everything = " ".join(term.text for term in radiology_lexicon("en").terms)
    context = DictationContext("CT", "chest", terms=("own",), prior=everything)
    terms = biasing.terms_for(context, limit)
    assert terms[0] == "own"
    assert len(terms) <= limit
    assert sum(1 + len(term) / biasing.LETTERS_PER_TOKEN for term in terms) <= biasing.MOST_TOKENS
    assert len({term.lower() for term in terms}) == len(terms)


def test_every_term_is_found_by_what_it_is_misheard_as(english: RadiologyLexicon) -> None:
    known = biasing.lexicon("en")
    terms = [term for term in english.terms if not term.group.plain]
    pairs = [(heard, term.text) for term in terms[::25] for heard in term.heard if len(heard) > 5 and len(heard.split()) <= 3]
    missed = [pair for pair in pairs if pair[1] not in like(pair[0], known, 12)]
    assert len(pairs) > 30
    assert not missed
