from __future__ import annotations

import pytest
from pydicom.sr.codedict import codes

from hanging_protocols.words import LANGUAGES, Term, Vocabulary, tokens, vocabulary

# (language, what a RIS writes, body part)
DESCRIPTIONS = [
    ("en", "CT CHEST PULMONARY ANGIO", "chest"), ("en", "XR C-Spine 2 views", "cervical_spine"),
    ("en", "MRI L SPINE", "lumbar_spine"),
    ("sv", "DT thorax", "chest"), ("sv", "Lungröntgen", "chest"), ("sv", "MR hjärna", "brain"),
    ("sv", "DT buk", "abdomen"),
    ("sv", "MR ländrygg", "lumbar_spine"), ("sv", "Bröstryggsröntgen", "thoracic_spine"),
    ("sv", "Handled höger", "wrist"),
    ("sv", "Hand sin", "hand"), ("sv", "MR knä", "knee"), ("sv", "Höftled vänster", "hip"),
    ("sv", "Mammografi", "breast"),
    ("sv", "Fotled", "ankle"), ("sv", "Axelled", "shoulder"), ("sv", "DT skalle", "head"),
    ("nb", "CT bekken", "pelvis"), ("nb", "Røntgen av lungene", "chest"), ("nb", "MR hjerne", "brain"),
    ("nb", "CT mage", "abdomen"),
    ("nb", "MR korsrygg", "lumbar_spine"), ("nb", "Kne høyre", "knee"), ("nb", "Håndledd", "wrist"),
    ("nb", "Hofte", "hip"),
    ("nb", "MR nakke", "cervical_spine"), ("nb", "CT hode", "head"), ("nb", "Skulder venstre", "shoulder"),
    ("nb", "Bryst", "breast"),
    ("da", "CT af hovedet", "head"), ("da", "Røntgen af lungerne", "chest"), ("da", "MR af knæ", "knee"),
    ("da", "Håndled", "wrist"),
    ("da", "CT bækken", "pelvis"), ("da", "Lænderyg", "lumbar_spine"), ("da", "Fod", "foot"), ("da", "Hofteled", "hip"),
    ("fi", "Keuhkojen röntgen", "chest"), ("fi", "Pään TT", "head"), ("fi", "Aivojen MK", "brain"),
    ("fi", "Vatsan TT", "abdomen"),
    ("fi", "Lannerangan MK", "lumbar_spine"), ("fi", "Polven röntgen", "knee"), ("fi", "Ranteen röntgen", "wrist"),
    ("fi", "Olkapään MK", "shoulder"), ("fi", "Lonkan röntgen", "hip"), ("fi", "Rintojen MK", "breast"),
    ("fi", "Rintarangan MK", "thoracic_spine"),
]  # fmt: skip


@pytest.mark.parametrize(("language", "text", "part"), DESCRIPTIONS)
def test_a_body_part_is_known_in_five_languages(language: str, text: str, part: str) -> None:
    assert [name for name, _ in vocabulary("anatomy").in_text(text)] == [part]


def test_every_language_is_tried_above_and_named_in_the_file() -> None:
    assert {language for language, _, _ in DESCRIPTIONS} == set(LANGUAGES)


@pytest.mark.parametrize(
    ("text", "side"),
    [
        ("left knee", "L"),
        ("Höger handled", "R"),
        ("høyre kne", "R"),
        ("højre knæ", "R"),
        ("vasen polvi", "L"),
        ("venstre hofte", "L"),
    ],
)
def test_a_side_is_known_in_five_languages(text: str, side: str) -> None:
    assert [name for name, _ in vocabulary("laterality").in_text(text)] == [side]


def test_several_body_parts_come_in_the_order_of_the_text() -> None:
    assert [name for name, _ in vocabulary("anatomy").in_text("CHEST/ABD/PEL 2.5")] == ["chest", "abdomen", "pelvis"]


def test_accents_and_their_spellings_do_not_matter() -> None:
    for text in ("hjärna", "HJARNA", "hjaerne", "hjerne", "hjärna"):
        assert vocabulary("anatomy").in_text(text)[0][0] == "brain"


def test_the_longest_word_wins_and_a_word_without_star_stands_alone() -> None:
    words = Vocabulary([Term("breast", words=("bröst*",)), Term("spine", words=("bröstrygg*",)), Term("arm", words=("arm",))])
    assert words.in_text("bröstryggen") == (("spine", "bröstrygg"),)
    assert words.in_text("arméns bröst") == (("breast", "bröst"),)


def test_nothing_is_found_in_text_without_body_parts() -> None:
    for text in ("", "^^^", "Hanke_Stadler^0024_transrep", "0,OPA,TO,AQUL4,FC51,276.6,2,120,40,na,na", "\x00\uffff"):
        assert vocabulary("anatomy").in_text(text) == ()


def test_a_code_is_known_by_value_and_scheme_and_its_older_schemes() -> None:
    anatomy = vocabulary("anatomy")
    assert (
        anatomy.by_code("12738006|SCT|Brain")
        == anatomy.by_code("T-A0100|SRT|")
        == anatomy.by_code("T-A0100|SNM3|x")
        == ("brain",)
    )
    assert anatomy.by_code("12738006|99LOCAL|Brain") == ()
    assert set(anatomy.by_code("416775004|SCT|")) == {"chest", "abdomen", "pelvis"}


def test_a_part_belongs_to_its_region() -> None:
    assert vocabulary("anatomy").with_parents("brain") == ("brain", "head")
    assert vocabulary("anatomy").with_parents("unheard of") == ("unheard of",)


@pytest.mark.parametrize("kind", ["anatomy", "laterality", "view", "series"])
def test_no_term_is_part_of_something_unknown_and_none_is_empty(kind: str) -> None:
    terms = vocabulary(kind).terms
    for term in terms.values():
        assert term.words
        assert all(tokens(word) for word in term.words), term.name
        assert not term.part_of or term.part_of in terms


def test_every_snomed_code_is_one_that_dicom_uses() -> None:
    known = {getattr(codes.SCT, name).value for name in codes.SCT.dir()}
    used = {code for kind in ("anatomy", "laterality", "view") for term in vocabulary(kind).terms.values() for code in term.codes}
    unknown = {code for code in used if code.endswith("|SCT") and code.split("|")[0] not in known}
    assert not unknown
