"""Protocol files that are broken or malicious (F74, F88): refused in words or used, never an error, and the case hangs.

Protocols are data: nothing in them is run. Whatever a file holds, `parse` gives a protocol or Refused, and with
whatever protocols there are, every image of a study is within reach of the stage keys.
"""

from __future__ import annotations

import os
import random
import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from hanging_studies import CORONAL, ct, four_views, image, mr, series, study

from hanging_protocols import hanging, library, schema
from hanging_protocols.engine import ProtocolHanger
from hanging_protocols.model import HangingProtocol
from workstation.domain.hanging import HangingContext, ScreenFacts
from workstation.domain.study import Study
from workstation.errors import Refused
from workstation.presets import load_presets

FOLDER = files("resources") / "hanging_protocols"
NAMES = sorted(one.name for one in FOLDER.iterdir() if one.name.endswith(".toml"))
TEXTS = {name: (FOLDER / name).read_text(encoding="utf-8") for name in NAMES}
SCREENS = HangingContext(screens=(ScreenFacts(100, 100), ScreenFacts(100, 100, 0.2)))

SPOILT = "The hanging protocols failed"

HOSTILE: tuple[Any, ...] = (
    "", "x" * 5000, "\u0000", "../../etc/passwd", "__import__('os')", "{{7*7}}", -1, 0, 10**30, 1e308, float("inf"), float("nan"),
    10**400, True, [], [[]], [[1, 2, 3]], {}, {"a": {"b": {"c": 1}}}, ["x"] * 100, [0] * 100, "nobody", "3d", "oblique",
)  # fmt: skip


def studies() -> list[Study]:
    parts = [ct("soft", 60, body="CHEST", frame="F"), ct("cor", 40, ImageOrientationPatient=CORONAL), ct("few", 3)]
    views = series("views", "DX", images=[image("a", 1), image("b", 2)])
    pet = series("pet", "PT", 60, frame="F")
    return [study("s", *parts, views, pet, mr("mr", "T1"), series("sr", "SR", 0)), four_views("m"), study("empty")]


STUDIES = studies()


def wanted(one: Study) -> set[str]:
    return {s.series_instance_uid for s in one.series if s.image_count}


def reached(hanger: ProtocolHanger, one: Study, protocol_id: str = "", spoilt_rules: bool = False) -> set[str]:
    count = hanger.hang(one, (), 0, protocol_id, SCREENS).stage_count
    stages = [hanger.hang(one, (), stage, protocol_id, SCREENS) for stage in range(count)]
    assert (SPOILT in " ".join(stages[0].reasons)) is spoilt_rules
    return {cell.state.series_uid for stage in stages for cell in stage.cells if cell.state}


def parsed(text: str) -> HangingProtocol | None:
    """The protocol, or None where it is refused: by the file's name, a reason and what to do, and by nothing else."""
    protocol, refused = None, None
    try:
        protocol = schema.parse(text, "hostile.toml")
    except Refused as error:
        refused = error
    assert refused is None or ("hostile.toml" in refused.title and refused.detail and refused.hint)
    return protocol


def hangs(protocol: HangingProtocol) -> None:
    hanger = ProtocolHanger((protocol,), load_presets())
    for one in STUDIES:
        assert reached(hanger, one) == wanted(one)
        assert reached(hanger, one, protocol.protocol_id) == wanted(one)


# ---- texts ---------------------------------------------------------------------------------------


def spoilt(text: str, chance: random.Random) -> str:
    """One of many ways in which a text file goes bad."""
    at, length = chance.randrange(len(text)), chance.randint(1, 60)
    lines = text.splitlines(keepends=True)
    line = chance.randrange(len(lines))
    ways = (
        lambda: text[:at],
        lambda: text[at:],
        lambda: text[:at] + text[at + length :],
        lambda: text[:at] + chance.choice("\x00\x7f\"'[]{}=,#\\\n\u202e€9") + text[at + 1 :],
        lambda: "".join([*lines[:line], *lines[line + 1 :]]),
        lambda: "".join([*lines[:line], lines[line], *lines[line:]]),
        lambda: "".join(chance.sample(lines, len(lines))),
        lambda: text + text,
        lambda: text[:at] + "[" * 2000 + text[at:],
        lambda: text[:at] + "9" * 5000 + text[at:],
    )
    return chance.choice(ways)()


def test_a_text_that_was_spoilt_is_refused_in_words_or_used() -> None:
    chance = random.Random(74)
    used = 0
    for _ in range(400):
        protocol = parsed(spoilt(TEXTS[chance.choice(NAMES)], chance))
        if protocol is not None:
            used += 1
            if used % 5 == 0:
                hangs(protocol)
    assert 20 < used < 200, "some changes are harmless, most are not"


# ---- values --------------------------------------------------------------------------------------


def paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path] if path else []
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in inside:
        found += paths(one, (*path, key))
    return found


def toml(value: Any) -> str:
    """Inline TOML of plain data; what it cannot say (a text with a zero byte) is left to the parser."""
    if isinstance(value, dict):
        return "{" + ", ".join(f'"{key}" = {toml(one)}' for key, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    if isinstance(value, bool):
        return str(value).lower()
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"' if isinstance(value, str) else repr(value)


def test_any_value_in_any_place_is_refused_by_its_key_or_used() -> None:
    chance = random.Random(88)
    used = refused = 0
    for _ in range(400):
        data = tomllib.loads(TEXTS[chance.choice(NAMES)])
        *way, last = chance.choice(paths(data))
        inside = data
        for key in way:
            inside = inside[key]
        if chance.random() < 0.15 and isinstance(inside, dict):
            inside["unheard_of"] = chance.choice(HOSTILE)
        else:
            inside[last] = chance.choice(HOSTILE)
        protocol = parsed("\n".join(f'"{key}" = {toml(value)}' for key, value in data.items()))
        if protocol is None:
            refused += 1
        else:
            used += 1
            if used % 3 == 0:
                hangs(protocol)
    assert refused > 200
    assert used > 15


def test_what_the_mutations_begin_with_is_good() -> None:
    for name, text in TEXTS.items():
        data = tomllib.loads(text)
        again = parsed("\n".join(f'"{key}" = {toml(value)}' for key, value in data.items()))
        assert again is not None
        assert again.stages == schema.parse(text, name).stages


# ---- files and folders ---------------------------------------------------------------------------


def test_a_folder_of_hostile_files_costs_only_those_files(tmp_path: Path) -> None:
    """F88: pipes, loops, devices, giants, binaries; the good file beside them is used, and each bad one is named."""
    good = TEXTS["ct.toml"].replace('id = "ct"', 'id = "ours"')
    (tmp_path / "m_good.toml").write_text(good)
    (tmp_path / "a_bomb.toml").write_text("a = " + "{a = " * 5000)
    (tmp_path / "b_binary.toml").write_bytes(os.urandom(4096))
    (tmp_path / "c_giant.toml").write_text("#" * 1_000_000)
    (tmp_path / "d_loop.toml").symlink_to(tmp_path / "d_loop.toml")
    (tmp_path / "e_dangling.toml").symlink_to(tmp_path / "nowhere")
    os.mkfifo(tmp_path / "f_pipe.toml")
    (tmp_path / "g_linked_pipe.toml").symlink_to(tmp_path / "f_pipe.toml")
    (tmp_path / "h_zero.toml").symlink_to("/dev/zero")
    (tmp_path / "z_twin.toml").write_text(good)
    (tmp_path / "i_half.toml").write_text(good[: len(good) // 2])
    found = library.read([tmp_path])
    refused = [name for name, _ in found.refused]
    assert refused == sorted(one.name for one in tmp_path.iterdir() if one.name != "m_good.toml")
    assert all(name in error.title and error.detail for name, error in found.refused)
    assert {one.protocol_id for one in found.protocols} == {one.protocol_id for one in library.load()} | {"ours"}


@pytest.mark.parametrize("one", STUDIES, ids=lambda one: one.study_instance_uid)
def test_without_a_single_good_protocol_every_series_is_laid_out(one: Study) -> None:
    """F74: none is there, none matches."""
    never = schema.parse(TEXTS["ct.toml"].replace('equals = "CT", weight = 10', 'equals = "ZZ", weight = 10', 1), "never.toml")
    for hanger in (ProtocolHanger(()), ProtocolHanger((never,))):
        arrangement = hanger.hang(one, ())
        assert arrangement.protocol == "plain"
        assert arrangement.reasons[0] == "No hanging protocol fits, so every series is laid out in order"
        assert reached(hanger, one) == wanted(one)


def test_a_mistake_in_our_own_rules_keeps_nobody_from_the_images(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """F74: an error inside the engine gives the plain layout with the reason, and nothing of the patient in the log."""

    def broken(*_: object) -> object:
        raise KeyError("DOE^JANE")

    monkeypatch.setattr(hanging, "_cell", broken)
    hanger = ProtocolHanger(library.load())
    arrangement = hanger.hang(STUDIES[0], ())
    assert arrangement.protocol == "plain"
    assert arrangement.reasons[0] == f"{SPOILT} (KeyError), so every series is laid out in order"
    assert reached(hanger, STUDIES[0], spoilt_rules=True) == wanted(STUDIES[0])
    assert "KeyError in" in caplog.text
    assert "DOE" not in caplog.text
