"""`python main.py template …`: list, import, export, check."""

from __future__ import annotations

import argparse
import json
from types import SimpleNamespace

import pytest

from workstation.doors import templating
from workstation.errors import Refused
from workstation.templates.library import load

MRRT = """<!DOCTYPE html><html><head><meta charset="utf-8"><title>MR Knie</title></head><body>
<section data-section-name="Befund"><p onclick="x()">Meniskus <select name="m"><option>intakt</option></select>.</p></section>
</body></html>"""


@pytest.fixture
def call(tmp_path, capsys):
    parser = argparse.ArgumentParser()
    templating.register(parser.add_subparsers())
    core = SimpleNamespace(folders=SimpleNamespace(config=tmp_path / "config"), close=lambda: None)

    def run(*words: str) -> tuple[int, str]:
        args = parser.parse_args(["template", *words])
        status = args.run(args, lambda: core)
        out = capsys.readouterr()
        return status, out.out + out.err

    return run


def test_the_list_names_every_template_and_a_bad_file(call, tmp_path):
    status, said = call("list", "--json", "--language", "sv")
    assert status == 0
    assert len(json.loads(said)) == len(load().of("sv"))
    folder = tmp_path / "config" / "templates" / "own" / "sv"
    folder.mkdir(parents=True)
    (folder / "bad.toml").write_text("id = 1", encoding="utf-8")
    status, said = call("list")
    assert status == 1
    assert "bad.toml" in said


def test_a_file_of_others_is_imported_once_used_and_said_what_was_left_out(call, tmp_path):
    (tmp_path / "MR Knie.html").write_text(MRRT, encoding="utf-8")
    status, said = call("import", str(tmp_path / "MR Knie.html"), "--language", "de")
    assert status == 0
    assert "event handlers were left out" in said
    found = load(tmp_path / "config" / "templates").find("mr-knie", "de")
    assert found is not None
    assert found.sections[0][1] == "Meniskus {m}."
    with pytest.raises(Refused, match="there already"):
        call("import", str(tmp_path / "MR Knie.html"), "--language", "de")
    assert call("import", str(tmp_path / "MR Knie.html"), "--language", "de", "--replace")[0] == 0


def test_what_is_exported_can_be_checked_and_imported(call, tmp_path):
    out = tmp_path / "out"
    assert call("export", "ct-chest", "--language", "sv", "--out", str(out))[0] == 0
    written = out / "sv" / "ct-chest.html"
    assert call("check", str(written))[0] == 0
    assert call("import", str(written))[0] == 0
    found = load(tmp_path / "config" / "templates").find("ct-chest", "sv")
    assert found is not None
    assert found.origin == "own"


def test_check_says_what_is_wrong_by_key(call, tmp_path):
    (tmp_path / "bad.toml").write_text('id = "a"\ntitle = "A"\nscript = "x"', encoding="utf-8")
    status, said = call("check", str(tmp_path / "bad.toml"), str(tmp_path / "none.toml"))
    assert status == 1
    assert "script" in said
    assert "none.toml: not usable" in said


def test_an_id_that_is_none_and_no_file_are_refused(call):
    for words in (("export", "nothing-such"), ("import",), ("list", "--language", "../x")):
        with pytest.raises(Refused):
            call(*words)
