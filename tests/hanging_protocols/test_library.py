from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import pytest

from hanging_protocols import library, schema
from hanging_protocols.facts import KNOWN_ATTRIBUTES
from hanging_protocols.model import Constraint, Level
from hanging_protocols.toml_lines import line_of
from workstation.errors import Refused
from workstation.presets import load_presets

GOOD = """
id = "ours"
title = "Ours"
rules = [
    { attribute = "Modality", equals = "CT", weight = 99, required = true },
]

[selectors.any]
rules = [{ attribute = "Modality", notNull = true }]

[[stages]]
id = "one"
title = "One"
cells = [
    { at = [0, 0], selector = "any" },
]
"""


def changed(old: str, new: str) -> str:
    assert old in GOOD
    return GOOD.replace(old, new)


def test_the_built_in_protocols_are_all_good() -> None:
    found = library.read()
    assert found.refused == ()
    assert {p.protocol_id for p in found.protocols} >= {
        "ct-chest", "ct-head", "ct-abdomen", "ct", "mr-brain", "mr-spine", "mr", "radiograph-chest",
        "radiograph-extremity", "radiograph", "mammography", "tomosynthesis", "pet-ct", "ultrasound", "angiography", "nuclear",
    }  # fmt: skip


def test_every_window_that_a_protocol_names_is_a_preset_of_each_modality_it_hangs() -> None:
    presets = load_presets()
    for protocol in library.load():
        for stage in protocol.stages:
            for cell in stage.cells:
                rules = [r for r in protocol.selectors[cell.selector].rules if r.attribute == "Modality"]
                for modality in rules[0].values if cell.window else ():
                    assert cell.window in {p.name for p in presets.for_modality(modality)}, (protocol.protocol_id, stage.stage_id)


def test_every_selector_of_a_protocol_is_used_by_a_cell() -> None:
    for protocol in library.load():
        used = {cell.selector for stage in protocol.stages for cell in stage.cells}
        assert used == set(protocol.selectors), protocol.protocol_id


def test_a_good_file_is_read_with_its_defaults() -> None:
    protocol = schema.parse(GOOD, "ours.toml", Level.SITE)
    assert (protocol.protocol_id, protocol.level, protocol.source, protocol.required_count) == (
        "ours",
        Level.SITE,
        "ours.toml",
        1,
    )
    assert (protocol.stages[0].rows, protocol.stages[0].columns, protocol.stages[0].min_cells) == (1, 1, 1)


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("id = = 1", 1, "not TOML"),
        (changed('id = "ours"', 'id = "Ours!"'), 2, "id: must be of small letters"),
        (changed('title = "Ours"\n', ""), 1, "title: is missing"),
        (changed('title = "Ours"', "title = 7"), 3, "title: must be a text"),
        (changed("weight = 99", "wieght = 99"), 5, "rules[0].wieght: is not a known key here (did you mean weight?)"),
        (changed("weight = 99", "weight = -1"), 5, "weight: must be from 0 to 1000"),
        (changed("weight = 99", "weight = nan"), 5, "weight: must be a number"),
        (changed("weight = 99", "weight = 0"), 4, "one rule at least needs a weight"),
        (changed('"Modality", equals', '"Modalty", equals'), 5, "did you mean Modality?"),
        (changed('equals = "CT"', 'equals = "CT", contains = "x"'), 5, "needs exactly one of"),
        (changed('equals = "CT"', 'matches = "C.*"'), 5, "needs exactly one of"),
        (changed('equals = "CT"', "range = [1]"), 5, "must be a list of 2 numbers"),
        (changed('equals = "CT"', "oneOf = []"), 5, "at least one"),
        (changed("notNull = true", "notNull = false"), 9, "can only be true"),
        (changed("required = true", 'required = "yes"'), 5, "must be true or false"),
        (changed("required = true", 'on = "yesterday"'), 5, "'yesterday' is not one of current, prior"),
        (changed("at = [0, 0]", "at = [0, 1]"), 15, "must lie in the 1x1 grid"),
        (changed("at = [0, 0]", "at = [0.5, 0]"), 15, "must lie in the 1x1 grid"),
        (changed('selector = "any" },', 'selector = "none" },'), 15, "'none' is not one of any"),
        (changed('selector = "any" },', 'selector = "any", plane = "axal" },'), 15, "'axal' is not one of stack, axial"),
        (changed('selector = "any" },', 'selector = "any", plane = "oblique" },'), 15, "needs directions"),
        (changed('selector = "any" },', 'selector = "any", slab_mode = "MAX" },'), 15, "'MAX' is not one of MEAN, MIP, MIN"),
        (changed('selector = "any" },', 'selector = "any", prior = -1 },'), 15, "prior: must be a whole number from 0 to 9"),
        (
            changed('selector = "any" },', 'selector = "any", patient_orientation = ["X", "F"] },'),
            15,
            "must be two of L, R, A, P, H, F",
        ),
        (changed('selector = "any" },', 'selector = "any" },\n    { at = [0, 0], selector = "any" },'), 16, "at the same place"),
        (changed('title = "One"', 'title = "One"\nrows = 5'), 14, "rows: must be a whole number from 1 to 4"),
        (changed('title = "One"', 'title = "One"\nmin_cells = 2'), 14, "min_cells: must be a whole number from 1 to 1"),
        (changed('title = "One"', 'title = "One"\npartial = "hide"'), 14, "'hide' is not one of keep, adapt"),
        (changed("[[stages]]", "[[satges]]"), 1, "stages: is missing"),
        (changed("[selectors.any]\nrules", "[selectors]\nany"), 9, "selectors.any: must be a table"),
        ('stages = "x"\n' + GOOD.replace("[[stages]]", "[s]"), 1, "stages: must be a list"),
    ],
)
def test_a_mistake_is_refused_by_file_line_and_key(text: str, line: int, reason: str) -> None:
    with pytest.raises(Refused) as refused:
        schema.parse(text, "ours.toml")
    assert "ours.toml" in refused.value.title
    assert reason in refused.value.detail
    assert f"line {line}" in refused.value.detail


def test_a_file_that_is_too_large_too_deep_or_too_long_is_refused() -> None:
    rules = "\n".join('    { attribute = "Modality", equals = "CT" },' for _ in range(65))
    for text in ("#" * 300_000, "a = " + "[" * 100_000, GOOD.replace("rules = [\n", "rules = [\n" + rules)):
        with pytest.raises(Refused):
            schema.parse(text, "ours.toml")


def test_a_bad_file_leaves_all_others_in_use(tmp_path: Path) -> None:
    (tmp_path / "a_good.toml").write_text(GOOD)
    (tmp_path / "b_bad.toml").write_text(GOOD.replace('"ours"', '"worse"').replace("equals", "evals"))
    (tmp_path / "c_binary.toml").write_bytes(b"\x00\xff\xfe")
    (tmp_path / "d_same_id.toml").write_text(GOOD)
    (tmp_path / "e_folder.toml").mkdir()
    (tmp_path / "readme.txt").write_text("not a protocol")
    found = library.read([tmp_path])
    assert [name for name, _ in found.refused] == ["b_bad.toml", "c_binary.toml", "d_same_id.toml", "e_folder.toml"]
    assert all(name in error.title and error.detail and error.hint for name, error in found.refused)
    assert {p.protocol_id for p in found.protocols} == {p.protocol_id for p in library.load()} | {"ours"}


def test_a_higher_level_replaces_the_same_id_whatever_the_order_of_folders(tmp_path: Path) -> None:
    layers = []
    for level in (Level.USER, Level.SITE, Level.GROUP):
        folder = tmp_path / level.name
        folder.mkdir()
        (folder / "ct.toml").write_text(GOOD.replace('"ours"', '"ct"').replace("Ours", level.name))
        layers.append((level, folder))
    (ct,) = [p for p in library.load(layers) if p.protocol_id == "ct"]
    assert (ct.title, ct.level) == ("USER", Level.USER)
    (ct,) = [p for p in library.load(layers[1:]) if p.protocol_id == "ct"]
    assert (ct.title, ct.level) == ("GROUP", Level.GROUP)


def test_a_folder_that_is_absent_is_empty(tmp_path: Path) -> None:
    assert library.read([tmp_path / "nowhere"]) == library.read()


def test_built_in_files_are_named_after_their_id() -> None:
    for protocol in library.load():
        assert protocol.source == protocol.protocol_id.replace("-", "_") + ".toml"
        assert (files("resources") / "hanging_protocols" / protocol.source).is_file()


def test_every_attribute_and_constraint_is_told_to_who_writes_a_protocol() -> None:
    text = (files("resources") / "hanging_protocols" / "README.md").read_text(encoding="utf-8")
    assert [name for name in (*Constraint, *Level.__members__) if name not in text and name.lower() not in text] == []
    assert [name for name in ("role", "anatomy", "laterality", "images", "series") if f"`{name}`" not in text] == []
    assert "role" in KNOWN_ATTRIBUTES


def test_a_place_that_is_not_in_the_text_is_shown_by_its_parent() -> None:
    assert line_of(GOOD, ("stages", 0, "cells", 0, "plane")) == 15
    assert line_of(GOOD, ("nothing",)) == 1
