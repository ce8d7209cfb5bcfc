"""Corner text by file: what a site may place, what is refused by file, place and reason, and the safety rule."""

from __future__ import annotations

from pathlib import Path

import pytest

from workstation.corner_texts import CORNERS, FACTS, LEVELS, PATIENT, load_corner_texts
from workstation.errors import Refused


def test_every_level_of_every_modality_names_the_patient_by_default() -> None:
    texts = load_corner_texts()
    for text in texts.by_modality.values():
        assert PATIENT & {fact for corner in CORNERS for fact in getattr(text, corner)}
        assert text.letters


def test_the_built_in_full_text_holds_every_fact_but_the_accession_number() -> None:
    full = load_corner_texts().of("CT", "full")
    assert {fact for corner in CORNERS for fact in getattr(full, corner)} == FACTS - {"accession"}


def test_a_modality_that_is_not_named_has_the_default() -> None:
    texts = load_corner_texts()
    for level in LEVELS:
        assert texts.of("XYZ", level) == texts.of("default", level)


def test_a_site_replaces_one_corner_of_one_modality(tmp_path: Path) -> None:
    own = tmp_path / "corner_text.toml"
    own.write_text('[MG.full]\ntop_left = ["accession", "patient_name"]\nletters = false\n')
    texts = load_corner_texts(own, tmp_path / "absent.toml")
    assert texts.of("MG", "full").top_left == ("accession", "patient_name")
    assert not texts.of("MG", "full").letters
    assert texts.of("MG", "full").bottom_left == texts.of("CT", "full").bottom_left
    assert texts.of("MG", "basic") == texts.of("CT", "basic")


def test_a_new_default_holds_for_every_modality_that_does_not_say_otherwise(tmp_path: Path) -> None:
    own = tmp_path / "corner_text.toml"
    own.write_text('[default.full]\nbottom_right = ["window"]\n')
    texts = load_corner_texts(own)
    assert texts.of("CT", "full").bottom_right == ("window",)
    assert texts.of("US", "full").bottom_right == ("zoom", "inverted", "window", "technique")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[CT", "not TOML"),
        ("CT = 1", "[CT] must be a table"),
        ("[ct.full]", "[ct] must be a table named after a modality"),
        ("[CT.none]", "[CT.none]: the levels are basic and full"),
        ("[CT.full]\nmiddle = []", "[CT.full] middle: the corners are"),
        ('[CT.full]\ntop_left = "patient_name"', "must be a list of facts"),
        ('[CT.full]\ntop_left = ["patient_phone"]', "there is no fact 'patient_phone'"),
        ('[CT.full]\ntop_left = ["image", "image"]', "a fact stands twice"),
        ("[CT.full]\nletters = 1", "must be true or false"),
        ("[CT.basic]\ntop_left = []\nletters = false", "cannot all be taken away at the basic level"),
        ('[default.basic]\ntop_left = ["study_date"]\nletters = false', "[default.basic]"),
    ],
)
def test_a_bad_file_is_refused_by_name_place_and_reason(tmp_path: Path, text: str, reason: str) -> None:
    bad = tmp_path / "bad.toml"
    bad.write_text(text)
    with pytest.raises(Refused) as refused:
        load_corner_texts(bad)
    assert "bad.toml" in refused.value.title
    assert reason in refused.value.detail


@pytest.mark.parametrize("text", ["[CT.basic]\nletters = false", '[CT.basic]\ntop_left = ["study_date"]'])
def test_either_the_patient_or_the_letters_may_go(tmp_path: Path, text: str) -> None:
    own = tmp_path / "own.toml"
    own.write_text(text)
    load_corner_texts(own)


def test_two_files_may_not_take_away_together_what_neither_takes_alone(tmp_path: Path) -> None:
    site, user = tmp_path / "site.toml", tmp_path / "user.toml"
    site.write_text("[CT.basic]\nletters = false")
    user.write_text('[CT.basic]\ntop_left = ["study_date"]')
    with pytest.raises(Refused, match=r"user\.toml"):
        load_corner_texts(site, user)


def test_a_file_that_is_not_text_or_too_large_is_refused(tmp_path: Path) -> None:
    for content, reason in ((b"\xff\xfe", "not UTF-8"), (b"#" * 70_000, "larger than")):
        bad = tmp_path / "bad.toml"
        bad.write_bytes(content)
        with pytest.raises(Refused, match=reason):
            load_corner_texts(bad)
