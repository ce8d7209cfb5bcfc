"""One model, one DiagnosticReport, one hash: from the model and from what a RIS gives back."""

from __future__ import annotations

import base64
import copy
import json
import xml.etree.ElementTree as ET
from dataclasses import replace

import pytest
from calm import calm
from hypothesis import given
from hypothesis import strategies as st
from seat import signed_report

from workstation.domain.report import ReportStatus, SectionCode
from workstation.reporting.content import content_of_report, content_of_resource
from workstation.reporting.layout import plain_text
from workstation.reporting.render import diagnostic_report, payload
from workstation.reporting.signer import SignerIdentity
from workstation.reporting.text import clean

REPORT = signed_report(
    {SectionCode.FINDINGS: "A 6 mm nodule <b>right</b> & æøå.", SectionCode.IMPRESSION: "Follow up.\nIn 3 months. "}
)


def test_the_elements_a_receiver_needs_are_there():
    resource = diagnostic_report(REPORT)
    assert resource["resourceType"] == "DiagnosticReport"
    assert resource["status"] == "final"
    assert resource["identifier"][0] == {
        "use": "official",
        "system": "urn:ietf:rfc:3986",
        "value": "urn:uuid:6b1fe1a8-70b2-4a47-b7a1-1f9d31b4b7a7",
    }
    assert resource["identifier"][1]["type"]["coding"][0]["code"] == "ACSN"
    assert resource["identifier"][1]["value"] == "ACC-1"
    assert resource["basedOn"] == [{"reference": "ServiceRequest/order-1"}]
    assert resource["category"][0]["coding"][0]["code"] == "RAD"
    assert [c["code"] for c in resource["code"]["coding"]] == ["18748-4", "24627-2"]
    assert resource["subject"] == {"reference": "Patient/1"}
    assert resource["effectiveDateTime"] == "2026-11-21"
    assert resource["issued"] == "2026-11-22T20:15:30.123+01:00"
    assert resource["resultsInterpreter"][0]["display"] == "Dr A"
    assert resource["conclusion"] == "Follow up.\nIn 3 months."
    assert resource["imagingStudy"][0]["identifier"]["value"].startswith("urn:oid:1.2.826")
    assert base64.b64decode(resource["presentedForm"][0]["data"]).decode() == plain_text(REPORT)
    assert "extension" not in json.dumps(resource)


def test_the_same_version_is_always_the_same_bytes():
    assert payload(REPORT) == payload(copy.deepcopy(REPORT))


def test_the_narrative_is_well_formed_and_shows_markup_as_text():
    div = ET.fromstring(diagnostic_report(REPORT)["text"]["div"])
    words = "".join(div.itertext())
    assert "A 6 mm nodule <b>right</b> & æøå." in words
    assert not div.findall(".//{http://www.w3.org/1999/xhtml}b")


def test_an_exam_date_that_is_none_is_left_out():
    assert "effectiveDateTime" not in diagnostic_report(replace(REPORT, study_date="20261341"))


def test_an_empty_impression_makes_no_conclusion():
    report = signed_report({SectionCode.FINDINGS: "Normal."})
    assert "conclusion" not in diagnostic_report(report)
    assert content_of_resource(diagnostic_report(report)) == content_of_report(report)


@calm
@given(st.dictionaries(st.sampled_from(SectionCode), st.text(max_size=40).map(clean)), st.sampled_from(list(ReportStatus)))
def test_what_comes_back_has_the_hash_of_what_was_signed(sections, status):
    report = replace(signed_report(sections), status=status)
    back = json.loads(payload(report))
    assert content_of_resource(back).sha256() == content_of_report(report).sha256()


def test_a_server_may_add_its_own_and_write_references_its_way():
    resource = diagnostic_report(REPORT)
    resource |= {"id": "7", "meta": {"versionId": "3"}}
    resource["subject"] = {"reference": "https://ris.example/fhir/Patient/1/_history/4", "display": "x"}
    resource["issued"] = "2026-11-22T19:15:30.123Z"
    resource["presentedForm"].insert(0, {"contentType": "application/pdf", "data": "AAAA"})
    assert content_of_resource(resource).sha256() == content_of_report(REPORT).sha256()


@pytest.mark.parametrize(
    "change",
    [
        {"status": "amended"},
        {"subject": {"reference": "Patient/2"}},
        {"basedOn": [{"reference": "ServiceRequest/other"}]},
        {"conclusion": "Nothing to follow up."},
        {"identifier": []},
        {"resultsInterpreter": [{"display": "Dr B"}]},
        {"issued": "2026-11-22T20:15:30.124+01:00"},
        {"presentedForm": []},
        {"presentedForm": [{"contentType": "text/plain", "data": "not base64"}]},
        {"presentedForm": [{"contentType": "text/plain", "data": base64.b64encode(b"FINDINGS\nother\n").decode()}]},
    ],
)
def test_any_clinical_difference_changes_the_hash(change):
    changed = {**diagnostic_report(REPORT), **change}
    assert content_of_resource(changed).sha256() != content_of_report(REPORT).sha256()


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
elements = st.sampled_from(
    ["identifier", "basedOn", "subject", "status", "issued", "presentedForm", "resultsInterpreter", "conclusion"]
)


@calm
@given(st.dictionaries(elements, json_values))
def test_whatever_a_ris_sends_is_compared_and_never_raises(resource):
    assert content_of_resource(resource).sha256() != content_of_report(REPORT).sha256()


def test_the_signer_is_named_with_the_number_where_one_is_set_and_nobody_else_is():
    report = replace(REPORT, earlier_signers=("Dr B",))
    readers = json.loads(payload(report, SignerIdentity("Dr A", "9144900", "2.16.578.1")))["resultsInterpreter"]
    number = {"system": "urn:oid:2.16.578.1", "value": "9144900"}
    assert readers == [
        {"type": "Practitioner", "identifier": number, "display": "Dr A"},
        {"type": "Practitioner", "display": "Dr B"},
    ]
    for other in (SignerIdentity("Dr A", "9144900"), SignerIdentity("Dr C", "9144900", "2.16.578.1")):
        assert json.loads(payload(report, other)) == json.loads(payload(report))
    assert content_of_resource(json.loads(payload(report, SignerIdentity("Dr A", "1", "urn:x")))) == content_of_report(report)
