"""Words tied to images: where they lie after any change of the text, on disk, after a restart."""

from __future__ import annotations

import random
import sqlite3

import pytest

from workstation.domain.dictation import DictatedSegment
from workstation.domain.order import Order, Priority, ReadStatus, WorklistItem
from workstation.domain.patient import Patient, PatientKey
from workstation.domain.report import SectionCode
from workstation.domain.text_link import ImagePlace, LinkKind, TextLink
from workstation.domain.viewing import Plane
from workstation.errors import Conflict
from workstation.reporting.link_places import followed, is_grown
from workstation.reporting.store import ReportStore

F = SectionCode.FINDINGS
PLACE = ImagePlace("1.1", "1.1.1", "1.1.1.4", 1, Plane.STACK, (10.5, 20.5), (1.0, 2.0, 3.0), None, "", True)
CUT = ImagePlace("1.1", "1.1.1", plane=Plane.OBLIQUE, patient_point=(1.0, 2.0, 3.0), oblique=((1.0, 0.0, 0.0), (0.0, 0.8, 0.6)))


def lies(before: str, words: str, text: str, nth: int = 0) -> str:
    """What lies at the words' place once `before` became `text`; of several the `nth`."""
    start = -1
    for _ in range(nth + 1):
        start = before.index(words, start + 1)
    found = followed((start, start + len(words)), words, before, text)
    return text[found[0] : found[1]]


@pytest.mark.parametrize(
    ("before", "text", "there"),
    [
        ("A nodule of 12 mm here.", "In the lung a nodule of 12 mm here.", "12 mm"),
        ("A nodule of 12 mm here.", "A nodule of 12 mm.", "12 mm"),
        ("A nodule of 12 mm here.", "A nodule of 14 mm here.", "14 mm"),
        ("A nodule of 12 mm here.", "A nodule of 1.2 cm here.", "1.2 cm"),
        ("A nodule of 12 mm here.", "A nodule here.", ""),
        ("A nodule of 12 mm here.", "", ""),
        ("12 mm", "12 mm and more", "12 mm"),
        ("12 mm", "A 12 mm", "12 mm"),
        ("A 12 mm b 12 mm c", "X 12 mm b 12 mm Y", "12 mm"),
        ("Ä 𝛼 12 mm.", "Ä 𝛼𝛼 ö 12 mm.", "12 mm"),
        ("A nodule of 12 mm here.", "Everything is another text now.", ""),
        ("A 12 mm B", "Quite other 12 mm words around", "12 mm"),
    ],
)
def test_words_are_followed_through_a_change(before, text, there):
    assert lies(before, "12 mm", text) == there


def test_words_between_two_places_that_were_changed_in_one_go_stay_what_they_are():
    before = "Size 12 x 9 mm, before 10 x 8 mm, +20 %, doubling 300 days."
    text = "Size 14 x 9 mm, before 10 x 8 mm, +40 %, doubling 200 days."
    assert [lies(before, words, text) for words in ("12 x 9 mm", "10 x 8 mm", "+20 %", "300 days")] == [
        "14 x 9 mm", "10 x 8 mm", "+40 %", "200 days",
    ]  # fmt: skip


def test_words_that_were_cut_out_are_found_again_where_they_are_put_back():
    gone = followed((10, 15), "12 mm", "Nodule of 12 mm.", "Nodule of .")
    assert gone == (10, 10)
    assert followed(gone, "12 mm", "Nodule of .", "Nodule of 12 mm.") == (10, 15)
    assert followed(gone, "12 mm", "Nodule of .", "Nodule of 13 mm.") == (10, 10)


@pytest.mark.parametrize(
    ("text", "span", "grown"),
    [
        ("140 mm", (0, 2), True),
        ("14.5 mm", (0, 2), True),
        ("14, and", (0, 2), False),
        ("114 mm", (1, 3), True),
        ("(14)", (1, 3), False),
    ],
)
def test_letters_that_stand_too_close_make_another_number(text, span, grown):
    assert is_grown(text, span) is grown


def test_random_edits_elsewhere_never_move_words_off_their_place():
    made = random.Random(8)
    for _ in range(300):
        text, words = "Före 12 mm (serie 3). Efter.", "12 mm"
        span = (5, 10)
        for _ in range(12):
            before, after = text[: span[0]], text[span[1] :]
            piece = "".join(made.choice("abc 19,.mm\n") for _ in range(made.randrange(5)))
            if made.random() < 0.5:
                cut = made.randrange(len(before) + 1)
                before = before[:cut] + piece + " " + before[min(len(before), cut + made.randrange(3)) :] + " "
            else:
                cut = made.randrange(len(after) + 1)
                after = " " + after[:cut] + piece + after[min(len(after), cut + made.randrange(3)) :]
            new = before + words + after
            span = followed(span, words, text, new)
            text = new
            assert text[span[0] : span[1]] == words


# ---- on disk ---------------------------------------------------------------------------


def item() -> WorklistItem:
    patient = Patient(PatientKey("ID-1"), "TEST^ONE", "19500101", "F")
    order = Order("o1", "A1", patient, "CT chest", study_instance_uid="1.1")
    return WorklistItem("A1", "1.1", patient, "CT chest", "CT", Priority.ROUTINE, None, ReadStatus.UNREAD, 1, "20261120", order)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "reports.db"


@pytest.fixture
def store(path):
    made = ReportStore(path)
    yield made
    made.close()


def link(uuid: str, words: str, start: int, **facts) -> TextLink:
    made = {"link_id": "l1", "kind": LinkKind.MEASURED, "place": PLACE, "annotation_uid": "2.25.1", "part": "size", **facts}
    return TextLink(report_uuid=uuid, section=F, start=start, end=start + len(words), words=words, **made)


def there(store, uuid: str) -> list[str]:
    report = store.report(uuid)
    return [report.text(one.section)[one.start : one.end] for one in store.links.of_report(uuid)]


def test_a_link_goes_to_the_disk_with_its_text_and_follows_it_after_a_restart(store, path):
    uuid = store.open_draft(item()).report_uuid
    store.write_section(uuid, F, "Nodule of 12 mm.", links=[link(uuid, "12 mm", 10)])
    store.write_section(uuid, F, "In the left lung a nodule of 12 mm.")
    store.append_segment(uuid, F, DictatedSegment("s1", "No effusion."))
    store.close()
    again = ReportStore(path)
    assert there(again, uuid) == ["12 mm"]
    (found,) = again.links.of_report(uuid)
    assert (found.place, found.annotation_uid, found.part) == (PLACE, "2.25.1", "size")
    again.close()


def test_a_new_state_of_a_link_takes_the_place_of_the_old_one(store):
    uuid = store.open_draft(item()).report_uuid
    store.write_section(uuid, F, "12 mm", links=[link(uuid, "12 mm", 0)])
    store.write_section(uuid, F, "14 mm", links=[link(uuid, "14 mm", 0, is_seen=False)])
    (found,) = store.links.of_report(uuid)
    assert (found.words, found.is_seen) == ("14 mm", False)
    store.links.mark_seen(uuid, ["l1"])
    assert store.links.of_report(uuid)[0].is_seen
    assert there(store, uuid) == ["14 mm"]


def test_a_text_that_the_disk_refuses_leaves_no_link_behind(store):
    uuid = store.open_draft(item()).report_uuid
    with pytest.raises(Conflict, match="Not saved"):
        store.write_section(uuid, F, "12 mm", links=[link(uuid, "12 mm", -1)])
    assert store.report(uuid).text(F) == ""
    assert store.links.of_report(uuid) == ()


def test_a_dictated_segment_remembers_the_image_of_its_beginning_whenever_its_words_come(store):
    """Issue 7: the place is on disk before a word is."""
    uuid = store.open_draft(item()).report_uuid
    spoken = TextLink("l2", uuid, F, LinkKind.SPOKEN, CUT, segment_id="s2")
    store.links.begin_segment(spoken)
    assert not store.links.of_report(uuid)[0].is_in_text
    store.write_section(uuid, F, "Typed meanwhile.")
    store.append_segment(uuid, F, DictatedSegment("s2", "A spoken phrase."))
    store.links.begin_segment(TextLink("l3", uuid, F, LinkKind.SPOKEN, PLACE, segment_id="s2"))
    store.write_section(uuid, F, "Before. Typed meanwhile. A spoken phrase.")
    (found,) = store.links.of_report(uuid)
    assert found.place == CUT, "recognised again: the image of then stays"
    assert there(store, uuid) == ["A spoken phrase."]


def test_links_are_append_only(store):
    uuid = store.open_draft(item()).report_uuid
    store.write_section(uuid, F, "12 mm", links=[link(uuid, "12 mm", 0)])
    for sql in ("UPDATE text_link SET words = 'x'", "DELETE FROM text_link"):
        with pytest.raises(sqlite3.IntegrityError, match="append only"):
            store._database._connection.execute(sql)
