"""Saved lists: built in, of the site, the reader's own; every key of a file is checked, and mistakes are told."""

from __future__ import annotations

from pathlib import Path

import pytest

from workstation.domain.ai_result import AiFlag
from workstation.domain.order import Priority, ReadStatus
from workstation.domain.worklist_query import EVERYTHING, READING_ORDER, Assigned, RowFilter, RowOrder, SortKey
from workstation.errors import Refused
from workstation.worklist_lists import SavedList, as_kept, in_order, load_lists, own_lists


def site(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "worklists.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_built_in_lists_say_what_they_are_called_for() -> None:
    lists = {one.key: one for one in load_lists()}
    assert list(lists) == ["to_read", "urgent", "due_soon", "mine", "ai", "problems", "signed_today", "all"]
    assert lists["to_read"].wanted == RowFilter(waiting=True)
    assert lists["urgent"].wanted.priorities == {Priority.STAT, Priority.ASAP, Priority.URGENT}
    assert lists["mine"].wanted == RowFilter(unfinished=True, assigned=Assigned.ME)
    assert lists["ai"].wanted.ai == {AiFlag.POSITIVE, AiFlag.PRESENT}
    assert lists["problems"].wanted == RowFilter(statuses=frozenset({ReadStatus.PROBLEM}))
    assert lists["signed_today"].wanted == RowFilter(signed_today=True)
    assert (lists["all"].wanted, lists["all"].order) == (EVERYTHING, READING_ORDER)
    assert lists["due_soon"].order == RowOrder(SortKey.DUE)


def test_a_site_changes_one_key_adds_a_list_and_hides_another(tmp_path: Path) -> None:
    path = site(
        tmp_path,
        '[to_read]\nmodalities = ["CT"]\n[neuro]\nname = "Neuro"\nwaiting = true\nbody_parts = ["Brain"]\nsort = "since"\n'
        "descending = true\n[ai]\nhidden = true\n",
    )
    lists = {one.key: one for one in load_lists(path)}
    assert lists["to_read"].wanted == RowFilter(waiting=True, modalities=frozenset({"CT"}))
    assert lists["to_read"].name == "To read"
    assert lists["neuro"].order == RowOrder(SortKey.SINCE, True)
    assert "ai" not in lists


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[a]\nstatus = ['unread']", "[a] status: no such key"),
        ("[a]\nstatuses = ['unraed']", "'unraed' is none of unread"),
        ("[a]\nwaiting = 'yes'", "[a] waiting must be true or false"),
        ("[a]\nassigned = 'you'", "must be one of me, nobody, others"),
        ("[a]\ndue_within = '60'", "must be a number of minutes"),
        ("[a]\nsort = 'name'", "[a] sort must be one of reading"),
        ("[a]\nmodalities = 'CT'", "must be a list of texts"),
        ("a = 1", "a must be a table"),
        ("[a", "it is not TOML"),
        ("[a]\nname = '" + "x" * 41 + "'", "a text of 40 letters at most"),
    ],
)
def test_a_mistake_is_refused_by_file_list_key_and_reason(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(Refused) as refused:
        load_lists(site(tmp_path, text))
    assert refused.value.title == "worklists.toml is not used"
    assert said in refused.value.detail


def test_own_lists_are_kept_and_come_back_as_they_were() -> None:
    made = SavedList(
        "own:x",
        "X",
        RowFilter(
            text="olsen ct", waiting=True, priorities=frozenset({Priority.STAT}), sites=frozenset({"Söder"}), due_within=-5
        ),
        RowOrder(SortKey.PATIENT, True),
        is_own=True,
    )
    assert own_lists(as_kept([made])) == (made,)
    assert own_lists([{"key": "own:bad", "name": "x", "statuses": ["no"]}, 7, {"key": 3}]) == ()
    assert own_lists("nonsense") == ()
    assert [one.key for one in in_order(load_lists(), [made])][-2:] == ["own:x", "all"]
