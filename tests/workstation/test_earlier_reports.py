"""Earlier reports: kept under whose they are, searched as text, gathered from a real RIS, never late into another case."""

from __future__ import annotations

import base64
import json
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from seat import ACCESSION, PATIENT, STUDY, evidence_for, order_for, signed
from window_seat import HeldJobs, WindowSeat

from workstation.at_rest.vault import Vault
from workstation.cache.admission import same_person
from workstation.core_reports import CoreReports
from workstation.domain.earlier_report import EarlierReport, ReportOrigin
from workstation.domain.patient import Patient, PatientKey
from workstation.domain.report import ReportAction
from workstation.earlier_reports import CHANGED_IN_RIS, ReportGatherer
from workstation.earlier_reports_query import folded, match_expression, terms_of
from workstation.earlier_reports_store import PUT_ASIDE, EarlierReportStore
from workstation.errors import Refused
from workstation.jobs import NETWORK
from workstation.reporting.store import ReportStore
from workstation.ris.embedded import EmbeddedRis
from workstation.ris.fhir import FhirRis
from workstation.ris.patient_reports import reports_in_ris
from workstation.session.earlier import patients_of
from workstation.worklist_store import OrderStore

ME = Patient(PatientKey("19 121212-1212", "1.2.752.129"), "", "19121212")
OTHER = Patient(PatientKey("19 121212-1212", "1.2.208.176"), "", "19121212")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[EarlierReportStore]:
    made = EarlierReportStore(tmp_path / "earlier.db")
    yield made
    made.close()


def a_report(uid: str, text: str = "", day: str = "20260101", patient: Patient = ME, **changes: Any) -> EarlierReport:
    return replace(EarlierReport(uid, ReportOrigin.RIS, patient, text, "CT thorax", day=day), **changes)


def uids(found: Any) -> list[str]:
    return [getattr(one, "report", one).uid for one in found]


# ---- whose they are ------------------------------------------------------------------------


def test_reports_are_of_id_and_issuer_newest_first(store: EarlierReportStore) -> None:
    undated = a_report("issued", day="", issued="2026-03-01T10:00:00+01:00")
    store.put([a_report("old", day="20190101"), a_report("new", day="20260501"), undated, a_report("theirs", patient=OTHER)])
    assert uids(store.kept([ME])) == ["new", "issued", "old"]
    assert uids(store.kept([OTHER])) == ["theirs"]
    assert store.kept([]) == ()


def test_an_id_without_issuer_is_not_shared_by_people_born_on_other_days(store: EarlierReportStore) -> None:
    """F49: "123456" is many people."""
    common = PatientKey("123456")
    store.put([a_report("a", patient=Patient(common, "", "19500101")), a_report("b", patient=Patient(common, "", "19800101"))])
    assert uids(store.kept([Patient(common, "", "19500101")])) == ["a"]


def test_two_patients_are_one_only_when_it_was_told_and_until_it_is_told_otherwise(store: EarlierReportStore) -> None:
    store.put([a_report("mine"), a_report("theirs", patient=OTHER, day="20270101")])
    assert uids(store.kept([ME])) == ["mine"]
    store.tell_same(ME.key, [OTHER.key], "RIS")
    assert uids(store.kept([ME])) == ["theirs", "mine"]
    assert uids(store.kept([OTHER])) == ["theirs", "mine"]
    assert uids(store.search("thorax", [ME])) == ["theirs", "mine"]
    store.tell_same(ME.key, [], "RIS")
    assert uids(store.kept([ME])) == ["mine"]


def test_a_report_is_replaced_by_its_uid_and_found_by_its_new_words_only(store: EarlierReportStore) -> None:
    store.put([a_report("a", "pneumothorax")])
    store.put([a_report("a", "effusion", version=2)])
    assert store.search("pneumothorax") == ()
    assert [one.report.version for one in store.search("effusion")] == [2]


def test_what_a_source_no_longer_has_is_forgotten_and_nothing_else(store: EarlierReportStore) -> None:
    store.put(
        [a_report("gone", "x"), a_report("own", "x", origin=ReportOrigin.SIGNED_HERE), a_report("theirs", "x", patient=OTHER)]
    )
    store.replace_of(ReportOrigin.RIS, [a_report("come", "x")], lambda one: one.patient.key == ME.key)
    assert set(uids(store.search("x"))) == {"own", "theirs", "come"}


def test_it_is_sealed_index_and_all(tmp_path: Path) -> None:
    vault = Vault.with_key(bytes(32))
    path = tmp_path / "earlier.db"
    store = EarlierReportStore(path, lambda: vault)
    store.put([a_report("a", "Plantedwordhere")])
    assert uids(store.search("plantedwordhere")) == ["a"]
    store.close()
    for part in tmp_path.iterdir():
        assert b"plantedword" not in part.read_bytes().lower()
        assert not part.read_bytes().startswith(b"SQLite")


def test_it_is_put_aside_and_made_anew_when_damaged(tmp_path: Path) -> None:
    path = tmp_path / "earlier.db"
    store = EarlierReportStore(path)
    store.put([a_report(f"{n}", "words " * 200) for n in range(50)])
    store.close()
    whole = path.read_bytes()
    path.write_bytes(whole[:4096] + b"\x55" * (len(whole) - 4096))
    told: list[str] = []
    again = EarlierReportStore(path, told=told.append)
    assert again.kept([ME]) == ()
    assert told == [PUT_ASIDE]
    again.put([a_report("a", "new words")])
    assert uids(again.search("words")) == ["a"]
    again.close()
    assert (tmp_path / "earlier.db.damaged-1").is_file()


# ---- the search ----------------------------------------------------------------------------

TEXTS = {
    "nordic": "Ingen lungødem. Čáhppes jiekŋa og åndedrett.",
    "swedish": "Inget lungödem. T2-signal i vänster öga.",
    "english": "No pneumothorax AND no effusion NEAR the hilum. procedure:x OR body:y",
}


@pytest.fixture
def filled(store: EarlierReportStore) -> EarlierReportStore:
    store.put([a_report(uid, text, day=f"2026010{n}") for n, (uid, text) in enumerate(TEXTS.items(), start=1)])
    return store


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("lungodem", ["swedish", "nordic"]),
        ("LUNGØDEM", ["swedish", "nordic"]),
        ("čáhppes", ["nordic"]),
        ("cahppes jiekna", ["nordic"]),
        ("lung*", ["swedish", "nordic"]),
        ("pneumo", []),
        ("pneumo*", ["english"]),
        ('"no effusion"', ["english"]),
        ('"effusion no"', []),
        ("T2-signal", ["swedish"]),
        ("thorax", ["english", "swedish", "nordic"]),
        ("effusion lungodem", []),
    ],
)
def test_words_phrases_and_beginnings_are_found_newest_first(filled: EarlierReportStore, query: str, found: list[str]) -> None:
    assert uids(filled.search(query)) == found


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("AND", ["english"]),
        ("NEAR", ["english"]),
        ("procedure:x", ["english"]),
        ("title : thorax", []),
        ("effusion OR lungodem", []),
        ("NOT effusion", []),
        ("x'; DROP TABLE earlier_report; --", []),
        ('a"b', []),
        ('"', None),
        ("", None),
        ("***", None),
        ("{}^()+-", None),
        ("\x00\x01", None),
        ("a" * 201, None),
        (" ".join(f"w{n}" for n in range(21)), None),
        ('"unclosed no', []),
        ("😀 effusion", ["english"]),
    ],
)
def test_the_query_is_text_whatever_stands_in_it(filled: EarlierReportStore, query: str, found: list[str] | None) -> None:
    """F86: SQL and FTS syntax is only text; what asks for nothing is refused in words."""
    if found is None:
        with pytest.raises(Refused) as refused:
            filled.search(query)
        assert refused.value.hint
        assert "fts" not in str(refused.value).lower()
    else:
        assert uids(filled.search(query)) == found
    assert len(filled.kept([ME])) == 3


def test_a_snippet_marks_the_letters_as_they_were_written(filled: EarlierReportStore) -> None:
    (found,) = filled.search("cahppes")
    assert found.snippet is not None
    assert (found.snippet.before, found.snippet.hit) == ("Ingen lungødem. ", "Čáhppes")
    assert [found.report.text[a:b] for a, b in found.hits] == ["Čáhppes"]


def test_a_long_text_is_cut_to_words_around_the_first_hit(store: EarlierReportStore) -> None:
    store.put([a_report("long", "før " * 200 + "lesjon " + "etter " * 200)])
    (found,) = store.search("lesjon")
    assert found.snippet is not None
    assert found.snippet.before.startswith("…før ")
    assert found.snippet.after.endswith(" etter…")
    assert len(found.snippet.before) < 70


def test_only_this_patients_reports_are_found_unless_all_are_asked_for(filled: EarlierReportStore) -> None:
    filled.put([a_report("theirs", "lungödem", patient=OTHER)])
    assert uids(filled.search("lungodem", [ME])) == ["swedish", "nordic"]
    assert "theirs" in uids(filled.search("lungodem"))


def test_folding_keeps_every_place() -> None:
    text = "Æøå ŋŧđ Žž ﬁ e\u0301 ½ 😀 ẞ İ"
    assert len(folded(text)) == len(text)
    assert folded("ŋŧđøÅÄÖčšž") == "ntdoAAOcsz"
    assert match_expression('"a b" c* d') == '"a b" AND "c"* AND "d"'
    assert [term.words for term in terms_of("CT-thorax")] == [("CT", "thorax")]


# ---- where they come from ------------------------------------------------------------------


@pytest.fixture(scope="module")
def ris() -> Iterator[EmbeddedRis]:
    with EmbeddedRis() as ris:
        yield ris


class Gathering:
    """A gatherer on a real report store and a real RIS; `objects` are what studies hold."""

    def __init__(self, folder: Path, ris_url: str) -> None:
        self.url = ris_url
        self.reports = ReportStore(folder / "reports.db")
        self.store = EarlierReportStore(folder / "earlier.db")
        self.ris: Any = FhirRis(ris_url)
        self.objects: tuple[EarlierReport, ...] = ()
        self.gatherer = ReportGatherer(self.store, lambda: self.reports, lambda: self, lambda: self.ris, self._study)

    def _study(self, uid: str) -> Any:
        raise Refused("The study is not on this machine")

    def reports_of(self, study: Any, cancelled: Any) -> tuple[EarlierReport, ...]:
        return self.objects

    def close(self) -> None:
        self.reports.close()
        self.store.close()
        self.ris.close()

    def post(self, resource: dict[str, Any], method: str = "POST") -> dict[str, Any]:
        place = f"{self.url}/{resource['resourceType']}" + (f"/{resource['id']}" if method == "PUT" else "")
        body = json.dumps(resource).encode()
        request = urllib.request.Request(place, data=body, method=method, headers={"Content-Type": "application/fhir+json"})
        with urllib.request.urlopen(request, timeout=60) as answer:
            made: dict[str, Any] = json.loads(answer.read())
        return made

    def patient(self, key: PatientKey) -> dict[str, Any]:
        identifier = {"value": key.patient_id, "assigner": {"display": key.issuer}}
        return self.post({"resourceType": "Patient", "identifier": [identifier], "birthDate": "1912-12-12"})

    def report(
        self, patient: dict[str, Any], text: str = "", kind: str = "text/plain; charset=utf-8", **more: Any
    ) -> dict[str, Any]:
        form = {"presentedForm": [{"contentType": kind, "data": base64.b64encode(text.encode()).decode()}]} if text else {}
        about = {
            "resourceType": "DiagnosticReport",
            "status": "final",
            "category": [{"coding": [{"code": "RAD"}]}],
            "code": {"text": "MR hode"},
            "subject": {"reference": f"Patient/{patient['id']}"},
            "effectiveDateTime": "2024-03-01",
            "resultsInterpreter": [{"display": "Dr Nils Ánde"}],
        }
        return self.post({**about, **form, **more})


@pytest.fixture
def gathering(tmp_path: Path, ris: EmbeddedRis) -> Iterator[Gathering]:
    made = Gathering(tmp_path, ris.base_url)
    yield made
    made.close()


def a_patient(number: str, issuer: str = "HOSPITAL") -> Patient:
    return Patient(PatientKey(number, issuer), "", "19121212")


def test_what_the_ris_has_is_read_and_other_forms_are_named(gathering: Gathering) -> None:
    me = a_patient("R-1")
    there = gathering.patient(me.key)
    gathering.report(there, "Ingen <b>blødning</b>.\r\nČáppa vuoigŋamat.", conclusion="Intet patologisk.")
    gathering.report(there, "%PDF-1.4", "application/pdf", effectiveDateTime="2023-05-01")
    gathering.report(there, conclusion="Lett stuvning.", effectiveDateTime="2022-05-01")
    gathering.report(there, "Hb 14", category=[{"coding": [{"code": "LAB"}]}])
    gathering.report(there, "Slettet", status="entered-in-error")
    assert gathering.gatherer.ask_ris((me,), lambda: False) == ""
    text, paper, short = gathering.store.kept([me])
    assert text.text == "Ingen <b>blødning</b>.\nČáppa vuoigŋamat.\n\nIntet patologisk."
    assert (text.day, text.signer, text.procedure, text.form) == ("20240301", "Dr Nils Ánde", "MR hode", "")
    assert (paper.text, paper.form, paper.day) == ("", "PDF", "20230501")
    assert short.text == "Lett stuvning."


def test_the_same_number_of_another_hospital_is_another_patient(gathering: Gathering) -> None:
    """F49."""
    me, other = a_patient("R-2"), a_patient("R-2", "OTHER")
    gathering.report(gathering.patient(me.key), "Mine")
    gathering.report(gathering.patient(other.key), "Theirs")
    gathering.gatherer.ask_ris((me,), lambda: False)
    assert [one.text for one in gathering.store.kept([me])] == ["Mine"]
    assert gathering.store.kept([other]) == ()


def test_a_merge_counts_when_the_ris_tells_of_it_and_an_answer_takes_back_what_is_gone(gathering: Gathering) -> None:
    me, before = a_patient("R-3"), a_patient("R-3-OLD")
    old, new = gathering.patient(before.key), gathering.patient(me.key)
    gathering.report(old, "Before the merge")
    gathering.gatherer.ask_ris((me,), lambda: False)
    assert gathering.store.kept([me]) == ()
    link = {"other": {"reference": f"Patient/{old['id']}"}, "type": "replaces"}
    gathering.post({**new, "link": [link]}, "PUT")
    gathering.gatherer.ask_ris((me,), lambda: False)
    (kept,) = gathering.store.kept([me])
    assert (kept.text, kept.patient.key) == ("Before the merge", before.key)
    gathering.post({**new, "link": []}, "PUT")
    gathering.gatherer.ask_ris((me,), lambda: False)
    assert gathering.store.kept([me]) == ()


def test_a_merge_that_an_interface_told_of_counts_until_it_is_taken_back(gathering: Gathering) -> None:
    """ADT^A40 comes by MLLP, into the store of orders."""
    me, before = a_patient("R-6"), a_patient("R-6-OLD")
    gathering.store.put([a_report("own", patient=before)])
    told = {me.key: (before.key,)}
    gathering.gatherer._same_as = lambda key: told.get(key, ())
    assert uids(gathering.gatherer.kept((me,))) == ["own"]
    assert uids(gathering.gatherer.search("thorax", (me,))) == ["own"]
    told.clear()
    assert gathering.gatherer.kept((me,)) == ()


def test_the_core_follows_merges_to_all_who_are_one(tmp_path: Path) -> None:
    """F61: ADT^A40 and its taking back (A37), as the store of orders keeps them."""
    first, second, third = (PatientKey(number, "HOSPITAL") for number in ("1", "2", "3"))
    orders = OrderStore(tmp_path / "orders.db")
    around: Any = SimpleNamespace(orders=orders)
    reporting = CoreReports(around)
    orders.merge(first, second)
    orders.merge(second, third)
    assert set(reporting._merged_with(third)) == {first, second}
    assert set(reporting._merged_with(first)) == {second, third}
    orders.unmerge(first)
    assert set(reporting._merged_with(third)) == {second}
    assert reporting._merged_with(first) == ()
    orders.close()


def test_a_ris_that_is_away_takes_nothing_from_what_is_kept(gathering: Gathering) -> None:
    me = a_patient("R-4")
    gathering.report(gathering.patient(me.key), "Kept for the night")
    gathering.gatherer.ask_ris((me,), lambda: False)
    away = FhirRis("http://127.0.0.1:9/fhir")
    there, gathering.ris = gathering.ris, away
    assert "RIS" in gathering.gatherer.ask_ris((me,), lambda: False)
    assert [one.text for one in gathering.store.kept([me])] == ["Kept for the night"]
    away.close()
    gathering.ris = there


def test_a_driver_that_cannot_be_searched_is_no_trouble(gathering: Gathering) -> None:
    there, gathering.ris = gathering.ris, object()
    assert gathering.gatherer.ask_ris((ME,), lambda: False) == ""
    gathering.ris = there


def test_a_server_that_answers_with_others_reports_gives_none(gathering: Gathering) -> None:
    """F49: whatever the server puts into its answer, the subject must be the one that was asked for."""
    mine = {"resourceType": "Patient", "id": "1", "identifier": [{"value": "A", "assigner": {"display": "H"}}]}
    theirs = {
        "resourceType": "DiagnosticReport",
        "id": "9",
        "status": "final",
        "subject": {"reference": "Patient/2"},
        "conclusion": "x",
    }

    class Careless:
        def search(self, resource_type: str, query: object) -> list[Any]:
            return [mine] if resource_type == "Patient" else [theirs]

    answer = reports_in_ris(Careless(), [Patient(PatientKey("A", "H"))], same_person, lambda: False)
    assert answer.reports == ()


def test_our_own_report_stands_once_and_a_change_in_the_ris_stands_beside_it(gathering: Gathering, ris: EmbeddedRis) -> None:
    me = replace(PATIENT, key=PatientKey("R-5", "HOSPITAL"))
    order = ris.place_order(me, "CT thorax", "2.25.5005", "ACC-R5")
    delivery = signed(gathering.reports, order, "En knute.")
    submission = gathering.reports.ledger.submission(delivery.delivery_id)
    gathering.ris.deliver(submission, None)
    gathering.gatherer.take_signed()
    gathering.gatherer.ask_ris((me,), lambda: False)
    (own,) = gathering.store.kept([me])
    assert (own.origin, own.text, own.signer) == (ReportOrigin.SIGNED_HERE, "FINDINGS\nEn knute.", "Dr Signe Läkare")
    ris.amend_report(delivery.report_uuid, "To knuter, ikke en.")
    gathering.gatherer.ask_ris((me,), lambda: False)
    found = {one.origin: one for one in gathering.store.kept([me])}
    assert "To knuter" in found[ReportOrigin.RIS].text
    assert (found[ReportOrigin.RIS].status, found[ReportOrigin.RIS].form) == ("amended", CHANGED_IN_RIS)


def test_what_is_signed_here_is_taken_in_once_and_a_withdrawn_signature_taken_out(gathering: Gathering) -> None:
    order = order_for()
    delivery = signed(gathering.reports, order, "Første.")
    gathering.gatherer.take_signed()
    assert [one.text for one in gathering.store.kept([PATIENT])] == ["FINDINGS\nFørste."]
    gathering.reports.life.withdraw(delivery.report_uuid, "Dr Signe Läkare")
    gathering.gatherer.take_signed()
    assert gathering.store.kept([PATIENT]) == ()
    gathering.reports.sign(delivery.report_uuid, ReportAction.SIGN_FINAL, "Dr A", evidence_for(order))
    gathering.gatherer.take_signed()
    (kept,) = gathering.store.kept([PATIENT])
    assert (kept.version, kept.accession_number, kept.study_instance_uid) == (2, ACCESSION, STUDY)


def test_objects_of_a_study_are_taken_in_and_forgotten_with_it(gathering: Gathering) -> None:
    study: Any = type("S", (), {"study_instance_uid": "1.2"})()
    theirs = a_report("object/1", "Fra arkivet", study_instance_uid="1.2", origin=ReportOrigin.OBJECT)
    gathering.objects = (theirs,)
    gathering.gatherer.read_objects([study], lambda: False)
    assert uids(gathering.store.kept([ME])) == ["object/1"]
    gathering.objects = ()
    gathering.gatherer.read_objects([study], lambda: False)
    assert gathering.store.kept([ME]) == ()


# ---- beside the report ---------------------------------------------------------------------


class Source:
    """Answers when asked, by the patient's ID."""

    def __init__(self) -> None:
        self.by_id: dict[str, tuple[EarlierReport, ...]] = {}
        self.ris_words = ""
        self.asked: list[str] = []

    def take_signed(self) -> None:
        self.asked.append("signed")

    def read_objects(self, studies: Any, cancelled: Any) -> None:
        self.asked.append("objects")

    def ask_ris(self, patients: Any, cancelled: Any) -> str:
        self.asked.append("ris")
        return self.ris_words

    def kept(self, patients: tuple[Patient, ...]) -> tuple[EarlierReport, ...]:
        return self.by_id.get(patients[0].key.patient_id, ())

    def search(self, query: str, patients: Any) -> Any:
        return ()


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[tuple[WindowSeat, Source]]:
    seat = WindowSeat(tmp_path, HeldJobs(NETWORK))
    for number in (1, 2):
        seat.add_case(number, prior=number == 1)
    source = Source()
    for number in (1, 2):
        patient = seat.items[number - 1].patient
        source.by_id[patient.key.patient_id] = (a_report(f"r{number}", f"Text {number}", patient=patient),)
    seat.session.earlier.plug(source)
    yield seat, source
    seat.annotations.close()


def test_everybody_is_asked_when_a_case_opens(desk: tuple[WindowSeat, Source]) -> None:
    seat, source = desk
    seat.session.open(seat.items[0])
    earlier = seat.session.earlier
    assert source.asked == ["signed", "objects"]
    assert earlier.is_asking
    assert uids(earlier.reports) == ["r1"]
    assert earlier.latest_text() == "Text 1"
    seat.jobs.release()
    assert source.asked[-1] == "ris"
    assert not earlier.is_asking


def test_a_late_answer_never_comes_into_another_patients_case(desk: tuple[WindowSeat, Source]) -> None:
    """F49: A's reports arrive when B is open."""
    seat, source = desk
    earlier = seat.session.earlier
    seen: list[tuple[str, ...]] = []
    earlier.changed.connect(lambda _: seen.append(tuple(uids(earlier.reports))))
    seat.session.open(seat.items[0])
    seat.session.open(seat.items[1])
    assert uids(earlier.reports) == ["r2"]
    source.by_id["ID-1"] = (a_report("late", "Too late"),)
    seat.jobs.release(0)
    assert uids(earlier.reports) == ["r2"]
    assert ("late",) not in seen
    seat.session.close_case()
    assert (earlier.reports, earlier.latest_text()) == ((), "")
    seat.jobs.release(0)
    assert earlier.reports == ()


def test_the_ris_that_is_not_heard_is_said_beside_what_is_kept(desk: tuple[WindowSeat, Source]) -> None:
    seat, source = desk
    source.ris_words = "The RIS was not heard of earlier reports: it cannot be reached"
    seat.session.open(seat.items[0])
    seat.jobs.release()
    assert seat.session.earlier.trouble == source.ris_words
    assert uids(seat.session.earlier.reports) == ["r1"]


def test_the_open_studys_own_report_is_not_the_latest_before_it(desk: tuple[WindowSeat, Source]) -> None:
    seat, source = desk
    item = seat.items[0]
    this = a_report("this", "This one", day="20261120", study_instance_uid=item.study_instance_uid)
    source.by_id["ID-1"] = (this, a_report("before", "The one before"))
    seat.session.open(item)
    assert seat.session.earlier.is_of_open_study(this)
    assert seat.session.earlier.latest_text() == "The one before"


def test_a_case_is_of_its_images_and_its_orders_patient(desk: tuple[WindowSeat, Source]) -> None:
    seat, _ = desk
    order = seat.items[0].order
    assert order is not None
    written = replace(order, patient=replace(order.patient, key=PatientKey("ID-1", "HOSPITAL")))
    seat.session.open(replace(seat.items[0], order=written))
    assert [one.key for one in patients_of(seat.session.case)] == [PatientKey("ID-1"), PatientKey("ID-1", "HOSPITAL")]
