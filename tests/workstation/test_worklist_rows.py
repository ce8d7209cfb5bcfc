"""Rows of the worklist by filter, order and words: every way through the index gives what looking at each row gives."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from listed_rows import owned

from workstation import worklist_search
from workstation.at_rest.vault import Vault
from workstation.domain.ai_result import AiFlag, AiResult, Counted
from workstation.domain.order import Order, Priority, ReadStatus, WorklistItem
from workstation.domain.patient import Patient, PatientKey
from workstation.domain.worklist_query import EVERYTHING, READING_ORDER, Assigned, RowFilter, RowOrder, SortKey
from workstation.worklist import FINISHED, place_of
from workstation.worklist_rows import WorklistRows
from workstation.worklist_schema import AI_LEVELS
from workstation.worklist_words import id_forms, sought, words_of

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
NAMES = ("Östling^Åsa", "Ostling^Bo", "Sæther^Märta", "Ærø^Søren", "Aarhus^Per", "Ångström^Elof", "Möller^Ida", "O'Neil^Mary-Ann")
EXAMS = (
    ("CT", "CT thorax", "Chest"),
    ("MR", "MR knä", "Knee"),
    ("CT/PT", "PET-CT", "Whole body"),
    ("DX", "Röntgen lungor", "Chest"),
)


def made(number: int) -> WorklistItem:
    modality, procedure, part = EXAMS[number % 4]
    patient = Patient(PatientKey(f"19{40 + number % 50}0102-{number:04d}", "HERE"), NAMES[number % len(NAMES)])
    due = None if number % 5 == 0 else NOON + timedelta(minutes=number * 7 % 600 - 200)
    order = Order(f"o{number}", f"26-{number:05d}", patient, procedure, due=due) if number % 7 else None
    status = tuple(ReadStatus)[number * 3 % len(ReadStatus)]
    return WorklistItem(
        f"26-{number:05d}",
        f"1.2.{number}",
        patient,
        procedure,
        modality,
        tuple(Priority)[number % 4] if order else Priority.ROUTINE,
        due if order else None,
        status,
        number % 3 * 10,
        f"202611{1 + number % 28:02d}",
        order,
        body_part=part,
        site=("Norrvik", "Söderhamna")[number % 2],
        ai=(flag := tuple(AiFlag)[number % 5]),
        ai_count=number % 13 if flag is AiFlag.POSITIVE else 0,
        ai_said=(AiResult(f"1.{number}", flag, number % 13, Counted.FINDINGS).as_text(),) if flag is AiFlag.POSITIVE else (),
        owner="Dr Bo" if number % 6 == 0 else "",
        is_mine=number % 12 == 0,
        signed_at=NOON - timedelta(hours=number % 30) if number % 4 == 0 else None,
    )


ITEMS = tuple(made(number) for number in range(160))


@pytest.fixture(scope="module", params=["plain", "sealed"])
def rows(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WorklistRows]:
    vault = Vault.with_key(bytes(range(32))) if request.param == "sealed" else Vault.plain()
    store = WorklistRows(tmp_path_factory.mktemp(request.param) / "worklist.db", vault, lambda: NOON)
    store.fill(map(owned, ITEMS), is_alone=True)
    yield store
    store.close()


def is_wanted(item: WorklistItem, wanted: RowFilter) -> bool:
    """`RowFilter`, asked of one row."""
    waits = item.is_to_read
    modalities = set(item.modality.split("/"))
    whose = Assigned.ME if item.is_mine else Assigned.OTHERS if item.owner else Assigned.NOBODY
    is_open = item.status not in FINISHED
    midnight = NOON.astimezone().replace(hour=0, minute=0)
    said = (
        item.patient.name,
        item.patient.key.patient_id,
        item.accession_number,
        item.procedure,
        item.modality.replace("/", " "),
    )
    words = words_of((*said, *id_forms(item.patient.key.patient_id), item.body_part, item.site, item.owner))
    return all(
        (
            not wanted.waiting or waits,
            not wanted.unfinished or is_open,
            not wanted.statuses or item.status in wanted.statuses,
            not wanted.priorities or (item.order is not None and item.priority in wanted.priorities),
            not wanted.modalities or bool(modalities & wanted.modalities),
            not wanted.body_parts or item.body_part in wanted.body_parts,
            not wanted.sites or item.site in wanted.sites,
            not wanted.ai or item.ai in wanted.ai,
            wanted.assigned in (Assigned.ANYBODY, whose),
            wanted.due_within is None
            or (is_open and item.due is not None and item.due <= NOON + timedelta(minutes=wanted.due_within)),
            not wanted.signed_today or (item.signed_at is not None and item.signed_at >= midnight),
            all(word.is_in(words) for word in sought(wanted.text)),
        )
    )


def some(values: Any) -> st.SearchStrategy[frozenset[Any]]:
    return st.one_of(st.just(frozenset()), st.frozensets(st.sampled_from(list(values)), min_size=1, max_size=2))


FILTERS = st.builds(
    RowFilter,
    text=st.sampled_from(
        ("", "", "o", "ost", "östling", "ct", "ct thorax", "26-0001", "1940", "420102-0", "sod", "maryann", "zzz", "rontgen s")
    ),
    waiting=st.booleans(),
    unfinished=st.booleans(),
    statuses=some(ReadStatus),
    priorities=some(Priority),
    modalities=some(("CT", "MR", "PT")),
    body_parts=some(("Chest", "Knee")),
    sites=some(("Norrvik", "Söderhamna")),
    assigned=st.sampled_from(Assigned),
    ai=some(flag for flag in AiFlag if flag is not AiFlag.NONE),
    due_within=st.one_of(st.none(), st.integers(-100, 200)),
    signed_today=st.booleans(),
)
ORDERS = st.builds(RowOrder, st.sampled_from(SortKey), st.booleans())


@given(wanted=FILTERS, order=ORDERS, few=st.sampled_from((1, 20, 2000)), size=st.sampled_from((5, 30, 400)))
@settings(max_examples=70, deadline=None, suppress_health_check=list(HealthCheck))
def test_every_filter_in_every_order_page_by_page_is_what_each_row_says(
    rows: WorklistRows, wanted: RowFilter, order: RowOrder, few: int, size: int
) -> None:
    """Whichever way is chosen: `few` makes it think that filters leave many rows, or none."""
    with pytest.MonkeyPatch.context() as patched:
        for name in ("FEW", "RARE", "MANY_TERMS", "MOST_TERMS"):
            patched.setattr(worklist_search, name, few)
        found = paged(rows, wanted, order, size, backwards=False)
        expected = {item.study_instance_uid for item in ITEMS if is_wanted(item, wanted)}
        assert {row.item.study_instance_uid for row in found} == expected
        assert len(found) == len(expected)
        assert [row.mark for row in found] == sorted(
            (row.mark for row in found), key=lambda mark: (mark.value, mark.place), reverse=order.descending
        )
        assert paged(rows, wanted, order, size, backwards=True) == found
        assert rows.count(wanted, 1000) == len(expected)


def paged(rows: WorklistRows, wanted: RowFilter, order: RowOrder, size: int, backwards: bool) -> list[Any]:
    found: list[Any] = []
    while True:
        edge = (found[0] if backwards else found[-1]).mark if found else None
        page = rows.page(wanted, order, edge, size, backwards=backwards)
        found = [*page, *found] if backwards else [*found, *page]
        if len(page) < size:
            return found


def test_in_reading_order_what_is_open_comes_first_and_the_newest_of_what_is_done(rows: WorklistRows) -> None:
    items = [row.item for row in rows.page(count=1000)]
    done = [item.status in FINISHED for item in items]
    assert done == sorted(done)
    assert [place_of(item) for item in items] == sorted(map(place_of, items))
    dates = [item.study_date for item in items if item.status in FINISHED]
    assert dates == sorted(dates, reverse=True)


def test_a_row_comes_back_as_it_was_put(rows: WorklistRows) -> None:
    found = {row.item.study_instance_uid: row.item for row in rows.page(count=1000)}
    for item in ITEMS:
        assert found[item.study_instance_uid] == item


@pytest.mark.parametrize(
    ("typed", "name", "is_found"),
    [
        ("ostling", "Östling^Åsa", True),
        ("oestling", "Östling^Åsa", True),
        ("östling", "Ostling^Bo", True),
        ("ÖSTL ås", "Östling^Åsa", True),
        ("ærø", "Aeroe^Per", True),
        ("aero", "Ærø^Per", True),
        ("aro", "Ærø^Per", True),
        ("aarhus", "Århus^Per", True),
        ("århus", "Aarhus^Per", True),
        ("säter", "Sæter^Per", True),
        ("moller", "Møller^Per", True),
        ("møller", "Möller^Per", True),
        ("thorvald", "Þorvald^Per", True),
        ("bo", "Östling^Åsa", False),
        ("tling", "Östling^Åsa", False),
    ],
)
def test_nordic_letters_are_found_as_they_are_typed(typed: str, name: str, is_found: bool) -> None:
    assert all(word.is_in(words_of([name])) for word in sought(typed)) is is_found


SWEDISH = ("19500102-1234", "195001021234")


@pytest.mark.parametrize(
    ("kept", "typed"),
    [
        *((kept, typed) for kept in SWEDISH for typed in (*SWEDISH, "1950 1234", "500102-1234", "5001021234", "500102", "1234")),
        *((kept, typed) for kept in ("010250-1234", "0102501234") for typed in ("010250-1234", "0102501234", "1234", "0102")),
        *((kept, typed) for kept in ("010250 12345", "01025012345") for typed in ("01025012345", "12345", "010250 12345")),
        *((kept, typed) for kept in ("131052-308T", "131052A308T") for typed in ("131052", "308t", "308")),
        ("195001621234", "500162"),  # a coordination number
        ("26-00017", "00017"),
        ("26-00017", "2600017"),
        *(("SEA1234567", typed) for typed in ("sea1234567", "1234567", "12345", "sea", "sea123")),
    ],
)
def test_a_number_is_found_as_it_is_typed_in_the_north(kept: str, typed: str) -> None:
    """With and without its hyphen, with and without the century, by its last group alone."""
    assert all(word.is_in(words_of([kept, *id_forms(kept)])) for word in sought(typed))


@pytest.mark.parametrize(
    ("kept", "typed"),
    [("195001021234", "234"), ("1234567", "567"), ("PAT-77", "at"), ("SEA1234567", "4567"), ("195013021234", "5013")],
)
def test_a_number_is_not_found_from_its_middle(kept: str, typed: str) -> None:
    assert not all(word.is_in(words_of([kept, *id_forms(kept)])) for word in sought(typed))


def test_results_of_programs_are_sorted_by_what_they_say_and_how_often(rows: WorklistRows) -> None:
    found = [row.item for row in rows.page(EVERYTHING, RowOrder(SortKey.AI, descending=True), count=1000)]
    levels = [AI_LEVELS.index(item.ai) for item in found]
    assert levels == sorted(levels, reverse=True)
    counts = [min(item.ai_count, 9) for item in found if item.ai is AiFlag.POSITIVE]
    assert counts == sorted(counts, reverse=True)
    assert max(item.ai_count for item in found) == 12


def test_turnaround_is_sorted_by_its_length_and_what_has_none_comes_last(tmp_path: Path) -> None:
    store = WorklistRows(tmp_path / "worklist.db")
    signed = {1: 90, 2: 30, 3: -5, 4: None, 5: 61}
    store.fill(
        owned(replace(ITEMS[n], waiting_since=NOON, signed_at=None if m is None else NOON + timedelta(minutes=m)))
        for n, m in signed.items()
    )
    found = [row.item.study_instance_uid for row in store.page(EVERYTHING, RowOrder(SortKey.TURNAROUND))]
    assert found[:3] == ["1.2.2", "1.2.5", "1.2.1"]
    assert set(found[3:]) == {"1.2.3", "1.2.4"}
    store.close()


def test_a_changed_row_keeps_its_own_name_wherever_it_moves(tmp_path: Path) -> None:
    store = WorklistRows(tmp_path / "worklist.db")
    store.fill(map(owned, ITEMS[:9]))
    before = {row.item.study_instance_uid: row.row_id for row in store.page()}
    changed = replace(ITEMS[3], status=ReadStatus.CONFIRMED, procedure="Ändrad")
    with store.changing():
        assert store.put([owned(changed)], store.held([], [changed.study_instance_uid]))
        assert not store.put([owned(changed)], store.held([], [changed.study_instance_uid]))
    (found,) = store.page(EVERYTHING.with_text("andrad"))
    assert (found.row_id, found.item) == (before[changed.study_instance_uid], changed)
    assert not store.page(EVERYTHING.with_text(f"{ITEMS[3].procedure} {ITEMS[3].accession_number}"))
    store.close()


def test_an_order_whose_images_come_keeps_its_row(tmp_path: Path) -> None:
    store = WorklistRows(tmp_path / "worklist.db")
    without = replace(ITEMS[1], study_instance_uid="", image_count=0)
    with store.changing():
        store.put([owned(without)], ())
    (first,) = store.page()
    with store.changing():
        store.put([owned(ITEMS[1])], store.held([without.order.order_id if without.order else ""]))
    (then,) = store.page()
    assert (then.row_id, then.item.image_count) == (first.row_id, ITEMS[1].image_count)
    store.close()


def test_more_rows_of_one_place_than_it_has_room_for_are_all_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workstation.worklist_rows.ties_of", lambda place: 4)
    store = WorklistRows(tmp_path / "worklist.db")
    twins = [replace(ITEMS[5], study_instance_uid=f"9.{n}", order=None, due=None) for n in range(9)]
    store.fill(map(owned, twins[:6]))
    with store.changing():
        store.put(map(owned, twins[6:]), ())
    assert len({row.mark.place for row in store.page()}) == 9
    store.close()


def test_a_file_of_the_other_kind_or_a_damaged_one_is_made_anew(tmp_path: Path) -> None:
    path = tmp_path / "worklist.db"
    for vault in (Vault.plain(), Vault.with_key(bytes(32)), Vault.plain()):
        store = WorklistRows(path, vault)
        assert store.page() == ()
        store.fill(map(owned, ITEMS[:3]))
        store.close()
    path.write_bytes(b"SQLite format 3\x00" + b"?" * 5000)
    store = WorklistRows(path)
    assert store.page() == ()
    store.close()


def test_a_sealed_file_says_nothing_of_whom_it_lists(tmp_path: Path) -> None:
    store = WorklistRows(tmp_path / "worklist.db", Vault.with_key(bytes(32)))
    store.fill(map(owned, ITEMS))
    store.close()
    content = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert not any(word in content for word in (b"stling", b"thorax", b"26-00001", b"19420102"))


def test_values_to_choose_from_are_those_of_open_rows(rows: WorklistRows) -> None:
    assert set(rows.values(SortKey.MODALITY)) == {"CT", "MR", "CT/PT", "DX"}
    assert rows.page(EVERYTHING, READING_ORDER, None, 0) == ()


def test_a_file_of_an_older_version_is_made_anew(tmp_path: Path) -> None:
    """Its rows lack what rows say now: the index takes them from the stores again, for it is not complete."""
    path = tmp_path / "worklist.db"
    with closing(sqlite3.connect(path)) as old:
        old.execute("CREATE TABLE worklist_row (id INTEGER PRIMARY KEY, serial INTEGER NOT NULL)")
        old.execute("CREATE VIRTUAL TABLE row_words USING fts5(words, content='', detail=none, columnsize=0, prefix='1 2 3 5')")
        old.execute("CREATE VIRTUAL TABLE row_terms USING fts5vocab(row_words, row)")
        old.execute("CREATE TABLE state (name TEXT PRIMARY KEY, value TEXT NOT NULL)")
        old.execute("INSERT INTO state VALUES ('complete', 'yes')")
        old.execute("INSERT INTO worklist_row VALUES (1, 1)")
        old.execute("PRAGMA user_version = 1")
        old.commit()
    store = WorklistRows(path)
    assert (store.page(), store.state("complete")) == ((), "")
    store.fill(map(owned, ITEMS[:3]))
    assert len(store.page(EVERYTHING.with_text("knä"))) == 1
    store.close()
