"""MRRT in and out: the same template again, the quirks of the collections that are about, and files that mean harm (F88).

The quirks are those found in real collections; the files here are made up.
"""

from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest

from workstation.domain.report import SectionCode as S
from workstation.errors import Refused
from workstation.templates import mrrt_read
from workstation.templates.library import load
from workstation.templates.model import FieldKind
from workstation.templates.mrrt_read import MAX_BYTES, read_mrrt
from workstation.templates.mrrt_write import write_mrrt
from workstation.templates.toml_form import read, write

ALL = load().all


def imported(body: str, head: str = "", encoding: str = "utf-8"):
    return read_mrrt(
        f"<!DOCTYPE html><html><head>{head}</head><body>{body}</body></html>".encode(encoding), "their own.html", "de"
    )


def field_of(body: str):
    return imported(f'<section data-section-name="Findings">{body}</section>').template.fields[0]


# ---- there and back --------------------------------------------------------------------


@pytest.mark.parametrize("template", ALL, ids=lambda t: f"{t.language}-{t.template_id}")
def test_what_we_write_we_read_again_the_same(template):
    found = read_mrrt(write_mrrt(template).encode("utf-8"), "x.html")
    assert found.template == replace(template, origin="")
    assert found.warnings == ()


def test_what_we_write_has_what_mrrt_asks_for():
    template = next(t for t in ALL if (t.template_id, t.language) == ("us-abdomen", "sv"))
    html = write_mrrt(template)
    assert html.count('<script type="text/xml">') == 1
    assert html.lower().count("<script") == 1
    attributes = ET.fromstring(html[html.index("<template_attributes>") : html.index("</script>")])
    assert attributes.find("coded_content/entry[@ORIGTXT='section-findings']/term/code").get("value") == "59776-5"
    assert next(t.get("type") for t in attributes.findall("term")) == "modality"
    for meta in ("dcterms.title", "dcterms.identifier", "dcterms.type", "dcterms.language", "dcterms.license"):
        assert f'<meta name="{meta}"' in html
    assert 'data-field-type="NUMBER" min="1" max="40" data-field-units="mm"' in html


def test_signs_that_mean_something_in_html_or_here_come_through():
    template = read(
        'id = "x"\ntitle = "A < B & \\"C\\""\n[section]\nfindings = """\nRV/LV < 1 & {{ok}} "så"\n{f}"""\n[field]\n'
        'f = { label = "α < β", choices = ["a & b", "<b>x</b>", "Čáhppe"] }', "x", "sv",
    )[0]  # fmt: skip
    assert read_mrrt(write_mrrt(template).encode(), "x.html").template == template
    assert read(write(template), "x", "sv") == (template,)


# ---- quirks of real collections ----------------------------------------------------------


def test_headings_name_the_sections_in_several_languages():
    body = "".join(
        f'<section data-section-name="{name}"><header class="level1">{name}</header><p>Text von {name}</p></section>'
        for name in ("Klinische Angaben", "Technik", "Voraufnahmen zum Vergleich", "Befund", "Beurteilung", "Empfehlung")
    )
    found = imported(body).template
    assert [code for code, _ in found.sections] == [
        S.HISTORY,
        S.PROCEDURE,
        S.COMPARISON,
        S.FINDINGS,
        S.IMPRESSION,
        S.RECOMMENDATION,
    ]
    assert dict(found.sections)[S.FINDINGS] == "Text von Befund", "its own heading is not written"


def test_nested_sections_belong_to_the_one_around_them_and_their_headings_are_lines():
    found = imported(
        '<section data-section-name="Befund"><section data-section-name="Leber"><header class="level2">Leber</header>'
        '<p>Normal groß.</p></section></section>'
    ).template  # fmt: skip
    assert found.sections == ((S.FINDINGS, "Leber:\n\nNormal groß."),)


def test_types_are_taken_from_the_element_where_none_is_said_and_read_in_any_case():
    assert (
        field_of('<select id="a" title="Seite"><option>links</option><option selected>rechts</option></select>').default
        == "rechts"
    )
    assert (
        field_of('<select multiple><option value="1">a</option><option value="2">b</option></select>').kind is FieldKind.CHOICES
    )
    size = field_of('<input id="g" data-field-type="number" data-field-units="mm" min="1" max="60.5" title="Größe">')
    assert (size.kind, size.unit, size.least, size.most, size.label) == (FieldKind.NUMBER, "mm", 1.0, 60.5, "Größe")
    assert field_of('<input type="date" name="Datum">').kind is FieldKind.DATE
    assert field_of("<textarea name='t'>Normal.\n Text</textarea>").default == "Normal. Text"


def test_labels_and_buttons_of_one_name_make_one_list():
    box = field_of(
        '<label for="r1">Kontrast</label><input type="radio" id="r1" name="k" value="ja">'
        '<input type="radio" id="r2" name="k" value="nein" checked>'
    )
    assert (box.label, box.kind, box.choices, box.default) == ("Kontrast", FieldKind.CHOICE, ("ja", "nein"), "nein")


def test_attributes_that_stand_in_a_comment_are_read_and_coded_content_may_be_missing():
    head = (
        '<title>CT</title><meta name="dcterms.language" content="de-DE"><script type="text/xml"><!-- <template_attributes>'
        '<term type="modality"><code meaning="Computed Tomography" value="CT" scheme="DCM"/></term>'
        '<term type="body part"><code meaning="THORAX" value="51185008" scheme="SCT"></term></template_attributes> --></script>'
    )
    found = imported("<p>Lunge frei</p>", head)
    assert found.template.binding.modalities == ("CT",)
    assert found.template.binding.body_parts == ("THORAX",)
    assert found.template.language == "de"
    assert found.warnings == ()


def test_without_a_block_of_attributes_it_is_said_that_nobody_knows_what_it_is_for():
    found = imported("<p>Lunge frei</p>", '<meta name="rrt:title" content="Thorax">')
    assert found.warnings == ("there is no block of template attributes; what it is for is not known",)
    assert found.template.title == "Thorax"


@pytest.mark.parametrize(
    ("encoding", "said"), [("cp1252", "iso-8859-1"), ("utf-8", "utf-8"), ("cp1252", "utf-8"), ("utf-16", "")]
)
def test_nordic_letters_survive_the_encodings_that_files_are_in(encoding, said):
    found = imported("<p>Ödem, åäö ÆØÅ</p>", f'<meta charset="{said}">' if said else "", encoding)
    assert dict(found.template.sections)[S.FINDINGS] == "Ödem, åäö ÆØÅ"


def test_what_is_only_for_the_form_is_not_written_and_tags_that_nobody_closed_do_no_harm():
    found = imported('<section data-section-name="Befund"><p>A<mark>bitte wählen</mark><b>B<p>C</section>').template
    assert dict(found.sections)[S.FINDINGS] == "AB\nC"


def test_tables_become_lines_and_the_modality_may_stand_in_the_subject_only():
    """A list of which nothing is chosen has no default, though a browser would show its first entry (F72)."""
    row = '<tr><td><label for="{0}">{0}</label></td><td><select id="{0}"><option>a</option><option>b</option></select></td></tr>'
    found = imported(
        f'<section data-section-name="Befunde"><table>{row.format("Perikard")}{row.format("Pleura")}</table></section>',
        '<meta name="dcterms.subject" content="US; ER;">',
    ).template
    lines = [line for line in dict(found.sections)[S.FINDINGS].split("\n") if line]
    assert lines == ["Perikard {perikard}", "Pleura {pleura}"]
    assert [f.default for f in found.fields] == ["", ""]
    assert found.binding.modalities == ("US",)


def test_merge_fields_of_others_are_known_by_name_or_said_to_be_unknown():
    found = imported(
        '<p><input type="text" name="patientAge" data-field-type="MERGE"> <input name="shoeSize" data-field-type="MERGE"></p>'
    )
    assert "{patient.age}" in dict(found.template.sections)[S.FINDINGS]
    assert any("shoeSize" in warning for warning in found.warnings)


# ---- harm (F88) --------------------------------------------------------------------------


def test_no_script_no_handler_no_frame_no_address_comes_through():
    """F88"""
    found = imported(
        '<script>alert(1)</script><style>p{}</style><iframe src="http://x.invalid/">in it</iframe><img src="http://x.invalid/p.png">'
        '<p onclick="steal()">Clear<a href="javascript:run()"> lungs</a></p><object data="x">o</object>',
        '<link rel="stylesheet" href="http://x.invalid/s.css"><base href="http://x.invalid/">',
    )
    kept = write(found.template)
    assert dict(found.template.sections)[S.FINDINGS] == "Clear lungs"
    assert not any(word in kept for word in ("alert", "steal", "javascript", "x.invalid", "in it"))
    assert {"event handlers were left out", "<script> was left out", "<iframe> was left out"} <= set(found.warnings)


def test_entities_are_not_expanded_and_nothing_is_fetched(monkeypatch):
    """F88: no XML parser, no network, is so much as loaded."""
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;"><!ENTITY f SYSTEM "file:///etc/passwd">]>'
    found = read_mrrt(f"{bomb}<html><body><p>&b; &f; &auml;</p></body></html>".encode(), "x.html")
    assert "aaaa" not in write(found.template)
    assert "root" not in write(found.template)
    assert "ä" in write(found.template)
    for module in ("urllib", "xml", "socket", "http"):
        assert not hasattr(mrrt_read, module)


@pytest.mark.parametrize(
    ("content", "named"),
    [
        (b"x" * (MAX_BYTES + 1), "larger"),
        (b"<div>" * 5000, "too deeply"),
        (b"<br>" * 100_000, "too much"),
        (b"<input name='a'>" * 500, "fields"),
        (b"", "no text"),
        (b"\x00\x01\x02\xff\xfe" * 100, "no text"),
        (b"<html><body><p>" + b"word " * 5000 + b"</p></body></html>", "longer than"),
    ],
)
def test_too_much_of_anything_is_refused_in_words(content, named):
    """F88"""
    with pytest.raises(Refused, match=named):
        read_mrrt(content, "their own.html")


def test_hidden_signs_marks_of_ours_and_brackets_do_not_become_fields():
    found = imported("<p>A\ue0000\ue001B \u202eC [size] {x} {{patient.age}}</p>").template
    assert dict(found.sections)[S.FINDINGS] == "A0B C (size) {{x}} {{{{patient.age}}}}"
    assert found.fields == ()


def test_ids_never_name_a_place_on_the_disk():
    found = imported("<p>x</p>", '<meta name="lyskasse.id" content="../../etc/passwd">').template
    assert found.template_id == "etc-passwd"
