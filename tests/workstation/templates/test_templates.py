"""Templates: what they write, for whom, which of it nobody touched, and what a file may hold (F72, F88)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from workstation.colleague.colleague import look
from workstation.colleague.facts import CaseFacts, ReportText
from workstation.colleague.language import load_languages
from workstation.domain.report import SectionCode as S
from workstation.errors import Refused
from workstation.templates.body import BRACKETED, fill
from workstation.templates.choosing import Exam, best, proposals
from workstation.templates.library import load
from workstation.templates.merge import MergeFacts, merge_words, merged
from workstation.templates.model import Field, FieldKind, Kind
from workstation.templates.passages import Passages, recognised
from workstation.templates.toml_form import read, write

ALL = load().all
REPORTS = [t for t in ALL if t.kind is Kind.REPORT]
EXAMS = {
    "ct-head", "ct-chest", "ct-abdomen-pelvis", "ct-pulmonary-angiography", "mr-brain", "mr-lumbar-spine", "mr-knee",
    "radiograph-chest", "radiograph-skeleton", "us-abdomen", "mammography", "pet-ct",
}  # fmt: skip
FACTS = MergeFacts(
    modality="CT", age_days=26000, sex="M", procedure="CT chest", reason="Hosta\nsedan [tre] månader", slices_mm=(1.25, 5.0),
    kilovolts=(120.0,), agents=("Omnipaque 350", "Omnipaque 350"), priors=(("CT chest", date(2025, 3, 4)), ("DT thorax", None)),
)  # fmt: skip


def a_file(body: str = "Liver {liver}.", fields: str = 'liver = { default = "normal" }', head: str = "") -> str:
    return f'id = "one"\ntitle = "One"\n{head}\n[section]\nfindings = "{body}"\n[field]\n{fields}\n'


# ---- the starter set --------------------------------------------------------------------


@pytest.mark.parametrize("language", ["en", "sv"])
def test_twelve_exams_and_twenty_phrases_stand_in_each_language_given_to_the_public_domain(language):
    mine = [t for t in ALL if t.language == language]
    assert {t.template_id for t in mine if t.kind is Kind.REPORT} == EXAMS
    assert sum(t.kind is Kind.MACRO for t in mine) >= 20
    assert {t.licence for t in mine} == {"CC0-1.0"}
    assert len({t.short for t in mine if t.short}) == sum(bool(t.short) for t in mine)


def all_said(template):
    """The template as somebody would sign it who found nothing: first choices taken, numbers in the middle."""
    words = merge_words(template.language)
    texts = {}
    for code, filled in fill(template, merged(FACTS, words), words.fields).items():
        text = filled.text
        for passage in reversed(filled.passages):
            if not passage.is_default:
                field = passage.field
                middle = f"{((field.least or 0) + min(field.most or 9, 2 * (field.least or 0) + 5)) / 2:g}"
                value = field.choices[0] if field.choices else middle if field.kind is FieldKind.NUMBER else "wrist"
                text = text[: passage.start] + value + text[passage.end :]
        texts[code] = text
    return texts


@pytest.mark.parametrize("template", REPORTS, ids=lambda t: f"{t.language}-{t.template_id}")
def test_a_filled_starter_template_holds_no_bracket_and_the_colleague_finds_it_sound(template):
    texts = all_said(template)
    assert not any(BRACKETED.search(text) for text in texts.values())
    facts = CaseFacts(language=template.language, modalities=frozenset(template.binding.modalities))
    remarks = [r for r in look(ReportText(texts), facts, load_languages()) if r.rule not in ("laterality", "comparison")]
    assert remarks == []


# ---- filling ---------------------------------------------------------------------------


def test_merge_fields_say_what_is_known_in_the_words_of_the_language():
    assert merged(FACTS, merge_words("sv")) == {
        "patient.age": "71 år",
        "patient.sex": "man",
        "procedure": "CT chest",
        "order.reason": "Hosta sedan (tre) månader",
        "technique": "1,25 mm snitt, 120 kV",
        "contrast": "Omnipaque 350",
        "comparison": "CT chest 2025-03-04, DT thorax",
    }
    assert merged(MergeFacts(), merge_words("en")) == {}, "nothing is guessed"
    ages = [merged(MergeFacts(age_days=d), merge_words("en"))["patient.age"] for d in (1, 40, 200, 700, 4000)]
    assert ages == ["1 day", "40 days", "6 months", "22 months", "10 years"]


def test_what_is_not_known_becomes_a_field_for_the_reader():
    words = merge_words("en")
    template = next(t for t in ALL if (t.template_id, t.language) == ("ct-pulmonary-angiography", "en"))
    filled = fill(template, {}, words.fields)[S.PROCEDURE]
    assert filled.text.startswith("CT pulmonary angiography. Contrast: [contrast agent and dose]. [technique].")
    assert [p.field.name for p in filled.passages][:3] == ["contrast", "technique", "quality"]
    assert all(filled.text[p.start : p.end] == (p.field.default or p.field.bracketed) for p in filled.passages)


def test_a_number_is_followed_by_its_unit_and_bounded():
    field = Field("size", "size", FieldKind.NUMBER, unit="mm", least=1, most=60)
    assert (field.problem("12"), field.problem("4,5")) == ("", "")
    assert field.problem("600") == "size: 600 lies outside 1 to 60 mm"
    assert "not a number" in field.problem("twelve")


# ---- choosing --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "modalities", "chosen"),
    [
        ("CT chest", ("CT",), "ct-chest"),
        ("CT chest pulmonary angiography", ("CT",), "ct-pulmonary-angiography"),
        ("FDG PET/CT whole body", ("PT", "CT"), "pet-ct"),
        ("MR knee left", ("MR",), "mr-knee"),
        ("Chest X-ray PA", ("DX",), "radiograph-chest"),
        ("Mammography screening", ("MG",), "mammography"),
    ],
)
def test_the_template_that_fits_best_is_proposed_with_reasons(words, modalities, chosen):
    found = best((t for t in REPORTS if t.language == "en"), Exam(words, modalities=modalities))
    assert found is not None
    assert found.template.template_id == chosen
    assert any("is in the procedure" in reason for reason in found.reasons)


def test_nothing_is_proposed_for_an_exam_that_none_is_for_and_what_does_not_fit_stands_last():
    english = [t for t in REPORTS if t.language == "en"]
    assert best(english, Exam("Defaecography", modalities=("RF",))) is None
    assert best(english, Exam("", modalities=("CT",))) is None, "the modality alone is no reason"
    listed = proposals(english, Exam("MR hjärna", modalities=("MR",)))
    assert listed[0].template.template_id == "mr-brain"
    assert [p.against for p in listed][-1] == ("it is for PT/CT",) or "it is for" in listed[-1].against[0]


def test_sex_and_age_shut_out():
    prostate = next(t for t in ALL if t.short == ".prostate")
    old = next(t for t in ALL if (t.short, t.language) == (".degen", "en"))
    assert proposals([prostate], Exam(sex="F"))[0].against == ("it is for men",)
    assert proposals([old], Exam(age=12))[0].against == ("it is for ages from 40 to …",)
    assert proposals([old], Exam(age=70))[0].fits


# ---- what nobody touched (F72) ---------------------------------------------------------


def placed(text: str = "Liver normal size. Spleen normal size. [size] mm"):
    known = {"size": Field("size", "size", FieldKind.NUMBER, unit="mm", least=1, most=9)}
    template = read(
        'id = "x"\n[section]\nfindings = "{a} {b} {size}"\n[field]\na = { default = "Liver normal size." }\n'
        'b = { default = "Spleen normal size." }\nsize = { kind = "number", unit = "mm", least = 1, most = 9 }',
        "x", "en",
    )[0]  # fmt: skip
    filled = fill(template, {}, {})[S.FINDINGS]
    assert filled.text == text
    assert known["size"] == filled.passages[2].field
    return Passages(text).put(filled, 0)


def changed(passages: Passages, start: int, removed: int, inserted: str) -> Passages:
    text = passages.text[:start] + inserted + passages.text[start + removed :]
    return passages.changed(text, start, removed, inserted)


def words(passages: Passages) -> list[str]:
    return [passages.text[p.start : p.end] for p in passages.steps]


def test_defaults_are_followed_through_changes_and_leave_when_they_are_touched():
    seen = changed(placed(), 0, 0, "Ödem? ")
    assert words(seen) == ["Liver normal size.", "Spleen normal size.", "[size]"]
    touched = changed(seen, 6, 5, "Lever")
    assert words(touched) == ["Spleen normal size.", "[size]"]
    accepted = touched.accept(touched.defaults[0])
    assert accepted.defaults == ()
    assert words(accepted) == ["Spleen normal size.", "[size]"], "one may go back to it"
    gone = changed(touched, 0, len(touched.text), "")
    assert words(gone) == []


def test_a_number_is_watched_while_it_is_written():
    seen = placed()
    place = seen.text.index("[size]")
    for at, removed, sign in ((place, 6, "1"), (place + 1, 0, "2")):
        seen = changed(seen, at, removed, sign)
    assert [why for _, why in seen.impossible] == ["size: 12 lies outside 1 to 9 mm"]
    assert not changed(seen, place + 1, 1, "").impossible


def test_after_a_restart_defaults_are_found_by_comparison_and_not_in_a_text_of_ones_own():
    template = next(t for t in REPORTS if (t.template_id, t.language) == ("ct-head", "en"))
    text = fill(template, {}, {})[S.FINDINGS].text
    found = recognised({S.FINDINGS: f"Seen at night.\n{text}"}, ALL)
    assert [p.field.name for p in found[S.FINDINGS].defaults] == [
        "haemorrhage", "ischaemia", "mass", "csf", "vessels", "bone", "sinuses",
    ]  # fmt: skip
    assert not recognised({S.FINDINGS: "No intracranial haemorrhage. Small cyst."}, ALL)[S.FINDINGS].defaults


# ---- files (F88: data only) --------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "named"),
    [
        ("id = ", "not TOML"),
        (a_file(head='run = "rm -rf"'), "run"),
        (a_file(fields='liver = { default = "a", code = "import os" }'), "code"),
        (a_file(body="Liver {spleen}."), "spleen"),
        (a_file(body="Liver {liver} {liver}."), "field.liver"),
        (a_file(body="Liver {liver}. }"), "single '}'"),
        (a_file(body="Liver {liver} [see]."), "[see]"),
        (a_file(fields='liver = { default = "[x]" }'), "square brackets"),
        (a_file(fields='liver = { kind = "number", least = 5, most = 1 }'), "least"),
        (a_file(fields='liver = { kind = "number", default = "lots" }'), "not a number"),
        (a_file(fields='liver = { kind = "choice" }'), "choices"),
        (a_file(fields='liver = { choices = ["a", "a"] }'), "twice"),
        (a_file(fields="liver = { choices = [1] }"), "choices"),
        (a_file(fields="liver = { kind = \"number\", least = nan }"), "must be a number"),
        (a_file(head='kind = "script"'), "kind"),
        (a_file(head='language = "sv"'), "language"),
        (a_file(head="short = 'a b'"), "short"),
        (a_file(body="x" * 20_001 + "{liver}"), "longer"),
        ('id = "../x"\n[section]\nfindings = "x"', "id"),
        ('id = "x"\n[section]\nfinding = "x"', "section.finding"),
        ('id = "x"', "no text"),
        ('[macro."."]\ntext = "x"', "macro"),
    ],
)  # fmt: skip
def test_a_bad_file_is_refused_by_its_name_the_key_and_the_reason(content, named):
    """F88"""
    with pytest.raises(Refused) as refused:
        read(content, "bad.toml", "en")
    assert "bad.toml" in str(refused.value)
    assert named in str(refused.value)


def test_what_is_written_is_read_again_the_same():
    for template in ALL:
        if template.kind is not Kind.MACRO:
            assert read(write(template), "x.toml", template.language) == (replace(template, origin=""),)


def test_the_readers_own_stands_above_the_sites_and_a_bad_file_stops_no_other(tmp_path):
    for layer, title in (("site", "Of the site"), ("own", "Mine")):
        (tmp_path / layer / "sv").mkdir(parents=True)
        (tmp_path / layer / "sv" / "knä.toml").write_text(a_file().replace("One", title), encoding="utf-8")
    (tmp_path / "site" / "sv" / "bad.toml").write_text("id = 3", encoding="utf-8")
    (tmp_path / "site" / "sv" / "huge.toml").write_text("#" * 70_000, encoding="utf-8")
    known = load(tmp_path)
    found = known.find("one", "sv")
    assert found is not None
    assert (found.title, found.origin) == ("Mine", "own")
    assert len(known.all) == len(ALL) + 1
    assert ["bad.toml" in str(p) or "huge.toml" in str(p) for p in known.problems] == [True, True]


def test_of_two_with_one_short_name_the_readers_own_keeps_it(tmp_path):
    (tmp_path / "own" / "en").mkdir(parents=True)
    (tmp_path / "own" / "en" / "a.toml").write_text(a_file(head='short = ".ctpa"'), encoding="utf-8")
    known = load(tmp_path)
    found = known.short(".ctpa", "en")
    assert found is not None
    assert found.template_id == "one"
    assert known.problems == ()
    assert known.find("ct-pulmonary-angiography", "en") is not None
