"""Every name that a built-in protocol uses is the name of something: roles, body parts, examinations, looks, colours, windows."""

from __future__ import annotations

import tomllib
from importlib.resources import files
from typing import Any

import pytest

from hanging_protocols import library
from hanging_protocols.facts import ORDER_FACTS, OWN_FACTS
from hanging_protocols.model import CellTemplate, HangingProtocol, Rule
from hanging_protocols.words import vocabulary
from workstation.presets import load_presets

PROTOCOLS = library.load()

# Roles that attributes give and no words.
BY_ATTRIBUTES = {
    "3d", "b0", "b1000", "ct_of_nm", "ct_of_petct", "for_processing", "for_reading", "gated", "high_b", "high_kev",
    "implant_displaced", "kev_70", "left", "low_kev", "magnification", "mammogram_2d", "mr_of_petmr", "plane_a", "plane_b",
    "recon_tomo", "right", "secondary_capture", "spot_compression", "t2_star", "thick", "thin", "tomo", "very_high_b",
    "whole_body", "colour", "dsa", "left_decubitus", "right_decubitus",
}  # fmt: skip
ROLES = BY_ATTRIBUTES | vocabulary("series").terms.keys() | vocabulary("view").terms.keys()


def rules(protocol: HangingProtocol) -> list[Rule]:
    return [*protocol.rules, *(rule for selector in protocol.selectors.values() for rule in selector.rules)]


def cells(protocol: HangingProtocol) -> list[CellTemplate]:
    return [cell for stage in protocol.stages for cell in stage.cells]


def resource(name: str) -> dict[str, Any]:
    return tomllib.loads((files("resources") / name).read_text(encoding="utf-8"))


@pytest.mark.parametrize("protocol", PROTOCOLS, ids=lambda protocol: protocol.protocol_id)
def test_every_role_part_and_examination_that_is_asked_for_is_known(protocol: HangingProtocol) -> None:
    known = {"role": ROLES, "anatomy": set(vocabulary("anatomy").terms), "examination": set(vocabulary("examination").terms)}
    for rule in rules(protocol):
        assert set(rule.values) <= known.get(rule.attribute, set(rule.values)), rule.attribute


def test_every_look_and_colour_map_is_one_of_ours() -> None:
    looks = {preset["name"] for preset in resource("volume_presets.toml")["preset"]}
    colours = {one["name"] for one in resource("colour_maps.toml")["map"]}
    for protocol in PROTOCOLS:
        for cell in cells(protocol):
            assert not cell.look or cell.look in looks
            assert cell.colour_map in colours


def test_every_window_of_what_is_laid_over_is_a_preset_of_it() -> None:
    presets = load_presets()
    for protocol in PROTOCOLS:
        for cell in cells(protocol):
            rule = (
                next((r for r in protocol.selectors[cell.fusion].rules if r.attribute == "Modality"), None)
                if cell.fusion
                else None
            )
            for modality in rule.values if rule and cell.fusion_window else ():
                assert cell.fusion_window in {preset.name for preset in presets.for_modality(modality)}


@pytest.mark.parametrize("protocol", PROTOCOLS, ids=lambda protocol: protocol.protocol_id)
def test_a_protocol_can_compare_and_says_what_it_is(protocol: HangingProtocol) -> None:
    assert protocol.priors >= 1, "there is a stage for the prior"
    assert protocol.description or protocol.protocol_id in ("mammography", "tomosynthesis")
    assert len({stage.title for stage in protocol.stages}) == len(protocol.stages), "a reader tells stages by their titles"


def test_the_manual_names_every_role_key_and_examination() -> None:
    text = (files("resources") / "hanging_protocols" / "README.md").read_text(encoding="utf-8")
    keys = {name for name in CellTemplate.__dataclass_fields__ if name not in ("row", "column", "link_group")}
    names = ROLES | keys | OWN_FACTS | ORDER_FACTS.keys() | vocabulary("examination").terms.keys() | {"at", "link"}
    assert sorted(name for name in names if f"`{name}`" not in text and f"`{name} =" not in text) == []
