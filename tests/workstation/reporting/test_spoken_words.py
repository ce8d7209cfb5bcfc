"""What came by voice, on disk: at its place, with its confidences, and what of it was looked at."""

from __future__ import annotations

import sqlite3

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from seat import item_for, order_for

from workstation.domain.dictation import DictatedSegment, Word
from workstation.domain.report import SectionCode
from workstation.reporting.drafting import replayed
from workstation.reporting.journal import Spot, apply, change_between
from workstation.reporting.store import ReportStore

FINDINGS = SectionCode.FINDINGS
LEFT = DictatedSegment("s1", "left", "left", (Word("left", 0.4, 0.1, 0.5),), "some", hearings=("lift",))


@pytest.fixture
def uuid(store):
    return store.open_draft(item_for(order_for())).report_uuid


def test_words_are_journalled_at_their_spot_and_come_back_with_all_that_was_heard(store, uuid):
    store.write_section(uuid, FINDINGS, "The lung is clear.")
    report = store.append_segment(uuid, FINDINGS, LEFT, Spot("The lung is clear.", 4, 4, "left"))
    assert report.text(FINDINGS) == "The left lung is clear."
    spoken = store.spoken.report(uuid)
    assert spoken.segments == {"s1": LEFT}
    assert spoken.sections[FINDINGS].place_of("s1", 0, 4) == (4, 8)
    assert replayed(store.journal(uuid))[FINDINGS] == report.text(FINDINGS)
    assert apply("The lung is clear.", store.spoken.change_of(uuid, "s1")) == report.text(FINDINGS)


def test_the_same_segment_again_changes_nothing_wherever_it_is_put(store, uuid):
    store.write_section(uuid, FINDINGS, "The lung.")
    store.append_segment(uuid, FINDINGS, LEFT, Spot("The lung.", 4, 4, "left"))
    again = store.append_segment(uuid, FINDINGS, LEFT, Spot("The left lung.", 0, 14, "left"))
    assert again.text(FINDINGS) == "The left lung."


def test_what_was_typed_over_the_selection_before_the_words_came_to_disk_is_kept(store, uuid):
    store.write_section(uuid, FINDINGS, "In the right lung.")
    store.write_section(uuid, FINDINGS, "In the upper right lung.")
    report = store.append_segment(uuid, FINDINGS, LEFT, Spot("In the right lung.", 7, 12, "left"))
    assert report.text(FINDINGS) == "In the upper left lung.", "typed before the selection: only the selected word goes"
    store.write_section(uuid, FINDINGS, "Something else.")
    other = DictatedSegment("s2", "Left.")
    assert (
        store.append_segment(uuid, FINDINGS, other, Spot("In the right lung.", 7, 12, "left")).text(FINDINGS)
        == "Something else. Left."
    )


def test_places_and_what_was_looked_at_survive_a_restart_and_editing(store, uuid, tmp_path):
    store.append_segment(uuid, FINDINGS, LEFT)
    store.spoken.look_at(uuid, [("s1", 0, 4)])
    store.spoken.look_at(uuid, [("s1", 0, 4)])
    store.write_section(uuid, FINDINGS, "Typed. left")
    store.close()
    again = ReportStore(tmp_path / "reports.sqlite3")
    spoken = again.spoken.report(uuid)
    assert spoken.sections[FINDINGS].place_of("s1", 0, 4) == (7, 11)
    assert spoken.seen == {("s1", 0, 4)}
    again.close()


@pytest.mark.parametrize("statement", ["DELETE FROM spoken_seen", "UPDATE spoken_seen SET past = 99"])
def test_what_was_looked_at_stays_so(store, uuid, tmp_path, statement):
    store.append_segment(uuid, FINDINGS, LEFT)
    store.spoken.look_at(uuid, [("s1", 0, 4)])
    store.close()
    with sqlite3.connect(tmp_path / "reports.sqlite3") as raw, pytest.raises(sqlite3.IntegrityError, match="append only"):
        raw.execute(statement)
    raw.close()


texts = st.text(alphabet="ab \n𝛼é.", max_size=30)


@settings(max_examples=300, deadline=None)
@given(texts, texts)
def test_the_smallest_change_is_right_and_the_smallest(old, new):
    change = change_between(old, new)
    if change is None:
        assert old == new
        return
    assert apply(old, change) == new
    assert old[change.start : change.start + 1] != change.inserted[:1] or not change.inserted or not change.removed
    gone = old[change.start : change.start + change.removed]
    assert not (gone and change.inserted and gone[-1] == change.inserted[-1])
