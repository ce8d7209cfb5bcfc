from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from workstation.domain.viewing import VoiFunction
from workstation.errors import Refused
from workstation.presets import load_presets

# key, name, width, center: by value, so that no list order or name order can move a window.
EXPECTED = {
    "CT": [
        ("1", "Soft tissue", 400, 40),
        ("2", "Lung", 1500, -600),
        ("3", "Bone", 2000, 350),
        ("4", "Brain", 80, 40),
        ("5", "Mediastinum", 350, 50),
        ("6", "Liver", 150, 90),
        ("7", "Stroke", 40, 40),
        ("8", "Subdural", 200, 75),
        ("9", "Angiography", 600, 300),
    ],
    "PT": [
        ("1", "SUV 5", 5, 2.5),
        ("2", "SUV 7", 7, 3.5),
        ("3", "SUV 10", 10, 5),
        ("4", "SUV 15", 15, 7.5),
        ("5", "SUV 20", 20, 10),
        ("6", "SUV 2.5", 2.5, 1.25),
    ],
    "MR": [
        ("1", "Signal 250", 250, 125),
        ("2", "Signal 500", 500, 250),
        ("3", "Signal 1000", 1000, 500),
        ("4", "Signal 2000", 2000, 1000),
        ("5", "Signal 4000", 4000, 2000),
        ("6", "ADC", 2400, 1200),
    ],
    "CR": [
        ("1", "10 bits", 1024, 512),
        ("2", "12 bits", 4096, 2048),
        ("3", "14 bits", 16384, 8192),
        ("4", "10 bits, high contrast", 512, 512),
        ("5", "12 bits, high contrast", 2048, 2048),
    ],
    "DX": [
        ("1", "10 bits", 1024, 512),
        ("2", "12 bits", 4096, 2048),
        ("3", "14 bits", 16384, 8192),
        ("4", "12 bits, high contrast", 2048, 2048),
        ("5", "14 bits, high contrast", 8192, 8192),
    ],
    "MG": [
        ("1", "12 bits", 4096, 2048),
        ("2", "14 bits", 16384, 8192),
        ("3", "12 bits, high contrast", 2048, 2048),
        ("4", "14 bits, high contrast", 8192, 8192),
    ],
    "NM": [
        ("1", "Counts 64", 64, 32),
        ("2", "Counts 255", 255, 127.5),
        ("3", "Counts 1000", 1000, 500),
        ("4", "Counts 4000", 4000, 2000),
    ],
    "XA": [("1", "8 bits", 256, 128), ("2", "10 bits", 1024, 512), ("3", "12 bits", 4096, 2048)],
}


@pytest.mark.parametrize("modality", EXPECTED)
def test_each_digit_gives_the_window_that_it_is_known_for(modality: str) -> None:
    found = [(p.key, p.name, p.window.width, p.window.center) for p in load_presets().for_modality(modality)]
    assert found == EXPECTED[modality]


def test_no_modality_has_presets_that_are_not_tested_here() -> None:
    assert set(load_presets().by_modality) == set(EXPECTED)


# What must be told apart in each window, in HU of anatomy (not of any viewer's table): darker first.
TISSUES = {
    "Soft tissue": (-100, 0, 40, 60, 120),
    "Lung": (-950, -850, -700, -100, 40),
    "Bone": (-100, 50, 300, 700, 1200),
    "Brain": (5, 25, 37, 60, 75),
    "Mediastinum": (-100, 0, 45, 150, 200),
    "Liver": (20, 60, 90, 120, 150),
    "Stroke": (22, 28, 34, 40, 50),
    "Subdural": (0, 25, 40, 75, 150),
    "Angiography": (50, 150, 300, 450, 580),
}


@pytest.mark.parametrize("name", TISSUES)
def test_each_ct_window_tells_apart_what_it_is_named_for(name: str) -> None:
    """Rivals ship lung at 150/-600 and bone and brain swapped: their tissues would be one black or one white."""
    window = next(p.window for p in load_presets().for_modality("CT") if p.name == name)
    low, high = window.center - window.width / 2, window.center + window.width / 2
    shares = [min(max((hu - low) / (high - low), 0.0), 1.0) for hu in TISSUES[name]]
    steps = [after - before for before, after in pairwise(shares)]
    assert min(steps) > 0.02
    assert 0.0 <= shares[0] < 0.5 < shares[-1] <= 1.0


def test_suv_windows_begin_at_zero_and_are_exact() -> None:
    for preset in load_presets().for_modality("PT"):
        assert preset.window.center - preset.window.width / 2 == 0
        assert preset.window.function is VoiFunction.LINEAR_EXACT


def test_a_modality_without_presets_has_none() -> None:
    assert load_presets().for_modality("US") == ()


def test_a_site_replaces_one_digit_and_leaves_the_others(tmp_path: Path) -> None:
    own = tmp_path / "windows.toml"
    own.write_text(
        '[CT]\n3 = { name = "Bone, ours", center = 500, width = 3000 }\n[OT]\n1 = { name = "All", center = 128, width = 256 }\n'
    )
    table = load_presets(own, tmp_path / "absent.toml")
    bone, brain = table.for_modality("CT")[2:4]
    assert (bone.name, bone.window.width) == ("Bone, ours", 3000)
    assert (brain.key, brain.name) == ("4", "Brain")
    assert len(table.for_modality("OT")) == 1


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[CT", "not TOML"),
        ("CT = 1", "[CT] must be a table"),
        ("[ct]", "[ct] must be a table named after a modality"),
        ('[CT]\n0 = { name = "x", center = 1, width = 1 }', "[CT] 0: presets lie on the digits 1 to 9"),
        ('[CT]\n10 = { name = "x", center = 1, width = 1 }', "[CT] 10"),
        ('[CT]\n1 = { name = "x", center = 1 }', "[CT] 1: needs name, center and width"),
        ('[CT]\n1 = { name = "x", center = 1, width = 1, run = "rm" }', "[CT] 1: needs name, center and width"),
        ('[CT]\n1 = { name = "", center = 1, width = 1 }', "name must be"),
        ('[CT]\n1 = { name = "x", center = "a", width = 1 }', "center must be a number"),
        ('[CT]\n1 = { name = "x", center = 1, width = 0 }', "width must be above 0"),
        ('[CT]\n1 = { name = "x", center = 1, width = nan }', "width must be a number"),
        ('[CT]\n1 = { name = "x", center = 1, width = 0.5 }', "a width below 1"),
        ('[CT]\n1 = { name = "x", center = 1, width = 5, function = "CUBIC" }', "function must be one of"),
    ],
)
def test_a_bad_file_is_refused_by_name_and_place(tmp_path: Path, text: str, reason: str) -> None:
    bad = tmp_path / "bad.toml"
    bad.write_text(text)
    with pytest.raises(Refused) as refused:
        load_presets(bad)
    assert "bad.toml" in refused.value.title
    assert reason in refused.value.detail


def test_a_file_that_is_not_text_or_too_large_is_refused(tmp_path: Path) -> None:
    for content, reason in ((b"\xff\xfe", "not UTF-8"), (b"#" * 70_000, "larger than")):
        bad = tmp_path / "bad.toml"
        bad.write_bytes(content)
        with pytest.raises(Refused, match=reason):
            load_presets(bad)
