"""Orders as FHIR gives them, and identities that must not be confused."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from calm import calm
from fake_fhir import BASE, FakeFhir, FaultyNetwork, bundle, fhir
from hypothesis import given
from hypothesis import strategies as st
from seat import PATIENT

from workstation.domain.order import Priority
from workstation.domain.patient import Patient, PatientKey
from workstation.errors import Unavailable
from workstation.ris.fhir import FhirRis
from workstation.ris.orders import orders_of, patient_of, patient_resource

PERSON = {**patient_resource(PATIENT), "id": "p1"}
REQUEST = {
    "resourceType": "ServiceRequest",
    "id": "o1",
    "status": "active",
    "priority": "stat",
    "identifier": [{"value": "PLACER"}, {"type": {"coding": [{"code": "ACSN"}]}, "value": "ACC-1"}],
    "category": [{"coding": [{"system": "http://snomed.info/sct", "code": "363679005"}]}],
    "code": {"coding": [{"code": "24627-2", "display": "CT Chest"}]},
    "reasonCode": [{"text": "Cough"}, {"coding": [{"display": "Smoker"}]}],
    "subject": {"reference": "http://ris.test/fhir/Patient/p1"},
    "supportingInfo": [{"identifier": {"system": "urn:dicom:uid", "value": "urn:oid:1.2.3"}}],
}
TASK = {
    "resourceType": "Task",
    "id": "t1",
    "focus": {"reference": "ServiceRequest/o1"},
    "restriction": {"period": {"end": "2026-11-23T10:00:00+01:00"}},
}


def test_an_order_is_read_from_request_patient_and_task():
    (order,) = orders_of([REQUEST, PERSON, TASK])
    assert (order.order_id, order.accession_number, order.study_instance_uid) == ("o1", "ACC-1", "1.2.3")
    assert order.patient == PATIENT
    assert order.ris_patient_reference == "Patient/p1"
    assert (order.procedure, order.procedure_code, order.reason) == ("CT Chest", "24627-2", "Cough; Smoker")
    assert order.priority is Priority.STAT
    assert order.due == datetime(2026, 11, 23, 10, tzinfo=timezone(timedelta(hours=1)))


def test_without_a_task_the_order_is_due_when_its_period_ends():
    (order,) = orders_of([{**REQUEST, "occurrencePeriod": {"end": "2026-11-24T08:00:00Z"}}, PERSON])
    assert order.due.isoformat() == "2026-11-24T08:00:00+00:00"


@pytest.mark.parametrize("end", ["2026-11-23", "2026-11-23T10:00:00", "soon", "", None, 7])
def test_a_time_without_zone_is_no_due_time(end):
    (order,) = orders_of([REQUEST, PERSON, {**TASK, "restriction": {"period": {"end": end}}}])
    assert order.due is None


def test_an_order_whose_patient_is_unknown_is_left_out():
    assert orders_of([REQUEST]) == ()
    assert orders_of([REQUEST, {**PERSON, "identifier": []}]) == ()


def test_laboratory_orders_are_left_out():
    laboratory = [{"coding": [{"system": "http://snomed.info/sct", "code": "108252007"}]}]
    assert orders_of([{**REQUEST, "category": laboratory}, PERSON]) == ()


def test_the_medical_record_number_is_the_patient_id():
    identifiers = [{"system": "urn:oid:1.2.9", "value": "NI"}, {"type": {"coding": [{"code": "MR"}]}, "value": "MRN"}]
    assert patient_of({"identifier": identifiers}).key == PatientKey("MRN")
    assert patient_of({"identifier": identifiers[:1]}).key == PatientKey("NI", "1.2.9")


words = st.text(alphabet="abcæøåÄčŋ-' ", min_size=1, max_size=8).map(str.strip).filter(bool).map(lambda w: " ".join(w.split()))
given_middle = st.one_of(st.just(""), words, st.tuples(words.map(lambda w: w.replace(" ", "-")), words).map("^".join))


@calm
@given(words, given_middle, st.sampled_from(["", "19121212"]), st.sampled_from("MFO"), words, st.sampled_from(["", "HOSP"]))
def test_a_patient_survives_the_way_to_the_ris_and_back(family, rest, birth_date, sex, patient_id, issuer):
    patient = Patient(PatientKey(patient_id, issuer), f"{family}^{rest}".rstrip("^"), birth_date, sex)
    assert patient_of(patient_resource(patient)) == patient


def test_a_birth_date_that_is_none_is_left_out():
    assert "birthDate" not in patient_resource(Patient(PatientKey("1"), birth_date="19129999"))
    assert patient_of({"birthDate": "1912"}).birth_date == ""


keys = st.sampled_from([*REQUEST, "coding", "value"])
json_values = st.recursive(
    st.none() | st.booleans() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=4),
    max_leaves=8,
)


@calm
@given(st.lists(st.dictionaries(st.sampled_from(list(REQUEST)), json_values), max_size=3))
def test_odd_resources_give_orders_or_nothing_but_never_an_error(resources):
    requests = [{**REQUEST, **resource, "resourceType": "ServiceRequest"} for resource in resources]
    orders_of([*requests, PERSON])


def ris_with(answer) -> FhirRis:
    network = FaultyNetwork(FakeFhir())
    network.instead = answer
    return FhirRis(BASE, transport=network)


def test_orders_on_several_pages_are_all_read():
    def pages(request):
        if "page=2" in str(request.url):
            return bundle([{**REQUEST, "id": "o2"}, PERSON])
        first = {"link": [{"relation": "next", "url": "http://other.test/fhir/ServiceRequest?page=2"}]}
        entries = [{"resource": REQUEST}, {"resource": PERSON}]
        return fhir(200, {"resourceType": "Bundle", "type": "searchset", "entry": entries, **first})

    asked = []
    ris = ris_with(lambda request: asked.append(request.url.host) or pages(request))
    assert [order.order_id for order in ris.orders()] == ["o1", "o2"]
    assert asked == ["ris.test", "ris.test"]
    ris.close()


def test_pages_without_end_are_given_up():
    endless = {
        "resourceType": "Bundle",
        "type": "searchset",
        "link": [{"relation": "next", "url": "http://ris.test/fhir/ServiceRequest?page=1"}],
    }
    ris = ris_with(lambda _: fhir(200, endless))
    with pytest.raises(Unavailable, match="no end"):
        ris.orders()
    ris.close()


def test_a_server_that_does_not_search_is_no_answer():
    ris = ris_with(lambda _: fhir(200, {"resourceType": "Patient"}))
    with pytest.raises(Unavailable):
        ris.orders()
    ris.close()


def test_a_ris_says_whether_it_is_there():
    ris = ris_with(lambda _: fhir(200, {"resourceType": "CapabilityStatement"}))
    assert ris.is_available() == ""
    ris.close()
    ris = ris_with(lambda _: fhir(200, {"resourceType": "Patient"}))
    assert "no FHIR server" in ris.is_available()
    ris.close()


def test_a_search_that_answers_with_other_reports_proves_nothing():
    other = {"resourceType": "DiagnosticReport", "id": "1", "identifier": [{"value": "urn:uuid:other"}]}
    ris = ris_with(lambda _: bundle([other]))
    assert ris.read_back("mine").kind.value == "unknown"
    ris.close()
