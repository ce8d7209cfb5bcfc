"""Key images without a screen: kept on disk first, bound to their study, undone in turn, received ones apart."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from window_seat import HeldJobs, WindowSeat

from workstation.annotations_store import AnnotationStore
from workstation.at_rest.vault import Vault
from workstation.domain.annotation import Source, Verdict
from workstation.domain.key_image import OF_INTEREST, TITLES, KeyImage
from workstation.domain.study import Instance, Series
from workstation.domain.viewing import Plane
from workstation.errors import Refused, Unavailable
from workstation.jobs import DATABASE
from workstation.marks_store import LayerLook, OwnObject
from workstation.ports import ObjectFound
from workstation.session.tool import Tool

MADE = datetime(2026, 11, 20, 8, 30, tzinfo=UTC)
OTHERS = Source("received", "Dr Other, Their viewer", "4.1", MADE, "2.25.500")


@pytest.fixture
def seat(tmp_path):
    made = WindowSeat(tmp_path)
    for number in (1, 2):
        made.add_case(number, series=2, prior=number == 1)
    made.session.open(made.items[0])
    return made


@pytest.fixture
def keys(seat):
    return seat.session.key_images


def received(position: int, frame: int = 1, **values) -> KeyImage:
    return replace(KeyImage("1.1", "1.1.1", f"1.1.1.{position}", frame, "For Teaching", OTHERS), **values)


def test_the_image_of_the_active_viewport_is_marked_and_no_longer(seat, keys):
    told = []
    keys.changed.connect(told.append)
    seat.session.viewing.scroll(3)
    keys.toggle()
    assert keys.is_key("1.1", "1.1.1.3", 1)
    assert not keys.is_key("1.1", "1.1.1.2", 1)
    (key,) = keys.list("1.1")
    assert (key.series_uid, key.title, key.source.kind, key.source.name) == ("1.1.1", OF_INTEREST, "reader", "Dr Test")
    assert (keys.count("1.1.1"), keys.count("1.1.2")) == (1, 0)
    keys.toggle()
    assert keys.list("1.1") == ()
    assert told == ["1.1.1", "1.1.1"]


def test_a_key_image_is_of_its_image_and_not_of_a_viewport(seat, keys):
    """F62, F63: it comes back with its study, in whatever place that hangs, and with no other."""
    keys.toggle()
    seat.session.open(seat.items[1])
    assert keys.all() == ()
    assert not keys.is_key("1.2", "1.2.1.0", 1)
    seat.session.open(seat.items[0])
    assert keys.is_key("1.1", "1.1.1.0", 1)


def test_a_mark_is_undone_and_done_again_in_turn_with_drawings(seat, keys):
    annotating = seat.session.annotating
    keys.toggle()
    seat.session.viewing.set_tool(Tool.PROBE)
    annotating.drawing.place(0, (10.0, 10.0))
    seat.session.viewing.scroll(1)
    keys.toggle()
    annotating.undo()
    assert [key.sop_instance_uid for key in keys.list("1.1")] == ["1.1.1.0"]
    assert len(annotating.all()) == 1
    annotating.undo()
    assert annotating.all() == ()
    assert len(keys.list("1.1")) == 1
    annotating.undo()
    assert keys.list("1.1") == ()
    for _ in range(3):
        annotating.redo()
    assert [key.sop_instance_uid for key in keys.list("1.1")] == ["1.1.1.0", "1.1.1.1"]
    assert len(annotating.all()) == 1


def test_nothing_is_given_out_as_marked_before_the_disk_has_it(tmp_path):
    seat = WindowSeat(tmp_path, HeldJobs())
    seat.add_case(1)
    seat.session.open(seat.items[0])
    keys = seat.session.key_images
    seat.jobs.held = {DATABASE}
    keys.toggle()
    assert (keys.list("1.1"), keys.is_unsaved) == ((), True)
    keys.toggle()
    seat.jobs.release()
    assert keys.is_key("1.1", "1.1.1.0", 1)
    seat.jobs.release()
    assert (keys.list("1.1"), keys.is_unsaved) == ((), False)


def test_what_the_disk_refuses_is_told_and_not_marked(seat, keys, monkeypatch):
    notices = []
    seat.session.notice.connect(notices.append)

    def refuse(_):
        raise Unavailable("The disk is full")

    monkeypatch.setattr(seat.annotations.marks, "apply", refuse)
    keys.toggle()
    assert (keys.list("1.1"), keys.is_unsaved) == ((), False)
    assert "The disk is full" in notices[-1].text
    monkeypatch.undo()
    keys.toggle()
    assert keys.is_key("1.1", "1.1.1.0", 1)


def test_a_mark_that_is_written_late_is_not_given_out_for_another_case(tmp_path):
    """F63."""
    seat = WindowSeat(tmp_path, HeldJobs())
    for number in (1, 2):
        seat.add_case(number)
    seat.session.open(seat.items[0])
    seat.jobs.held = {DATABASE}
    seat.session.key_images.toggle()
    seat.session.open(seat.items[1])
    while seat.jobs.waiting:
        seat.jobs.release()
    assert seat.session.key_images.all() == ()
    assert [key.study_uid for key in seat.annotations.marks.key_images_of(["1.1"])] == ["1.1"]


def test_planes_and_3d_are_no_image_to_mark_and_say_so(seat, keys):
    for plane in (Plane.CORONAL, Plane.THREE_D):
        seat.session.viewing.change(plane=plane)
        with pytest.raises(Refused, match="No image to mark") as refused:
            keys.toggle()
        assert "Alt+1" in refused.value.hint


def test_next_goes_round_the_key_images_as_one_reads(seat, keys):
    viewing = seat.session.viewing
    for position in (7, 2, 5):
        viewing.change(position=position)
        keys.toggle()
    keys.take_received([received(3), received(5)])
    viewing.change(position=0)
    seen = []
    for _ in range(5):
        keys.step(1)
        seen.append(viewing.state().position)
    assert seen == [2, 3, 5, 7, 2]
    keys.step(-1)
    assert viewing.state().position == 7


def test_without_key_images_the_next_one_is_refused_in_words(keys):
    with pytest.raises(Refused, match="No key images") as refused:
        keys.step(1)
    assert "Press K" in refused.value.hint


def test_received_key_images_are_never_the_readers_own(seat, keys):
    """F75: shown with their source; K marks beside them, and only one's own can be taken away or renamed."""
    keys.take_received([received(0), received(4, study_uid="1.9")])
    assert not keys.is_key("1.1", "1.1.1.0", 1)
    assert keys.list("1.1") == ()
    (theirs,) = keys.on("1.1", "1.1.1.0", 1)
    assert (theirs.source, theirs.title_words) == (OTHERS, "For Teaching")
    for act in (lambda: keys.remove(theirs), lambda: keys.set_title(theirs, "113005")):
        with pytest.raises(Refused, match="not marked here"):
            act()
    keys.toggle()
    assert [key.source.kind for key in keys.on("1.1", "1.1.1.0", 1)] == ["reader", "received"]
    assert [key.source.kind for key in keys.all()] == ["reader", "received"]
    assert seat.annotations.marks.key_images_of(["1.1"]) == keys.list("1.1")


def test_a_received_mark_without_a_frame_is_on_every_frame(keys):
    keys.take_received([received(0, 0)])
    assert [len(keys.on("1.1", "1.1.1.0", frame)) for frame in (1, 2, 9)] == [1, 1, 1]


def test_another_title_stays_for_the_next_and_is_undone(seat, keys):
    keys.toggle()
    (key,) = keys.list("1.1")
    keys.set_title(key, "113005")
    seat.session.viewing.scroll(1)
    keys.toggle()
    assert [one.title_words for one in keys.list("1.1")] == ["For Conference", "For Conference"]
    seat.session.annotating.undo()
    seat.session.annotating.undo()
    assert [one.title_words for one in keys.list("1.1")] == ["Of Interest"]
    with pytest.raises(ValueError, match="CID 7010"):
        keys.set_title(key, "113001")


def test_titles_are_those_of_cid_7010_without_rejections():
    assert TITLES["113000"] == "Of Interest"
    assert not {"113001", "113037", "113038", "113039"} & set(TITLES)


@pytest.mark.parametrize("vault", [Vault.plain(), Vault.with_key(bytes(32))], ids=["plain", "sealed"])
def test_marks_come_back_from_disk_identical(tmp_path, vault):
    path = tmp_path / "annotations.db"
    key = KeyImage("1.1", "1.1.1", "1.1.1.4", 3, "113004", Source("reader", "Ågot Ødegård", made=MADE))
    look = LayerLook("2.25.1#2", "1.1", True, 0.4, Verdict.REJECTED)
    own = OwnObject("2.25.7", "1.1", "2.25.8", "1.2.3", "KO", 2, MADE, True)
    store = AnnotationStore(path, vault)
    store.marks.apply([(None, key)])
    store.marks.put_look(replace(look, opacity=None))
    store.marks.put_look(look)
    store.marks.put_own([own])
    store.close()
    again = AnnotationStore(path, vault)
    assert again.marks.key_images_of(["1.1", "1.2"]) == (key,)
    assert again.marks.looks_of(["1.1"]) == {look.layer_uid: look}
    assert again.marks.own_of(["1.1"]) == (own,)
    assert again.marks.key_images_of(["1.2"]) == again.marks.own_of(["1.2"]) == ()
    again.close()


def test_key_images_of_objects_written_here_are_not_received(seat, keys):
    """What was saved here comes back from an archive as nobody else's."""
    seat.annotations.marks.put_own([OwnObject("2.25.500", "1.1", "2.25.8", "1.2.3", "KO", 1, MADE)])
    mine = ObjectFound("Key images", key_images=(received(1),), uid="2.25.500")
    theirs = ObjectFound("Key images", key_images=(received(2),), uid="2.25.501")
    seat.library.objects["1.1"] = (mine, theirs)
    seat.session.open(seat.items[0])
    assert [key.sop_instance_uid for key in keys.all()] == ["1.1.1.2"]


def test_a_selection_that_comes_while_the_case_is_open_is_read_at_once(seat, keys):
    """It changes nothing that hangs, so nobody is asked."""
    seat.library.objects["1.1"] = (ObjectFound("Key images", key_images=(received(2),), uid="2.25.501"),)
    study = seat.studies["1.1"]
    selection = Instance("2.25.501", "1.2.840.10008.5.1.4.1.1.88.59", "1.2.840.10008.1.2.1", 1, 0, 0, 0, "", "", 0)
    notices = []
    seat.session.notice.connect(notices.append)
    seat.session.images_came(["1.1"])
    assert keys.all() == ()
    seat.studies["1.1"] = replace(study, series=(*study.series, Series("2.25.500", "KO", instances=(selection,))))
    seat.session.images_came(["1.1"])
    assert [key.sop_instance_uid for key in keys.all()] == ["1.1.1.2"]
    assert notices == []
