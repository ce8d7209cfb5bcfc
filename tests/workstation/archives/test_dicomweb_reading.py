"""What DICOMweb's texts become: DICOM JSON, query strings, the start of a file, reasons for refusal."""

from __future__ import annotations

import json

import pytest

from workstation.archives.gateway.dicom_json import Attributes, NotDicomJson, parsed
from workstation.archives.gateway.dicomweb_part10 import FileMeta, file_meta
from workstation.archives.gateway.dicomweb_query import spelt, study_parameters, widened
from workstation.archives.gateway.dicomweb_store import reason_of
from workstation.domain.archive import StudyQuery
from workstation.errors import Refused


def row(**elements) -> Attributes:
    (only,) = parsed(json.dumps([{f"{tag[1:]}": element for tag, element in elements.items()}]).encode())
    return only


def test_a_name_is_its_first_component_group_and_values_keep_their_places():
    found = row(
        t00100010={"vr": "PN", "Value": [{"Alphabetic": "Åse^Ødegård ", "Ideographic": "x"}]},
        t00080061={"vr": "CS", "Value": ["CT", None, "SR"]},
        t00080005={"Value": ["ISO_IR 192"]},
    )
    assert found.text("00100010") == "Åse^Ødegård"
    assert found.texts("00080061") == ("CT", "", "SR")
    assert found.text("00080005") == "ISO_IR 192"


def test_a_name_with_ideographs_alone_is_a_name():
    assert row(t00100010={"vr": "PN", "Value": [{"Ideographic": "山田^太郎"}]}).text("00100010") == "山田^太郎"


@pytest.mark.parametrize(
    ("value", "number"),
    [(3, 3), ("12 ", 12), (4.0, 4), ("", None), ("1e9", None), (None, None), ({}, None), (True, None), ("9" * 13, None)],
)
def test_a_number_is_a_whole_number_or_nothing(value, number):
    assert row(t00200013={"vr": "IS", "Value": [value]}).number("00200013") == number


@pytest.mark.parametrize("uid", ["1..2", "1.2.", "../1", "1.2/3", "x", "", "1" * 65, "1.2\n"])
def test_what_is_no_uid_is_none(uid):
    assert row(t0020000D={"vr": "UI", "Value": [uid]}).uid("0020000D") == ""


@pytest.mark.parametrize("element", [None, [], "text", 7, {"Value": "text"}, {"Value": {}}, {"BulkDataURI": "http://x/"}, {}])
def test_an_element_of_another_shape_is_empty(element):
    assert row(t00080020=element).texts("00080020") == ()
    assert row(t00080020=element).items("00080020") == ()


@pytest.mark.parametrize("body", [b"{", b"7", b'"x"', b"[[]]", b"[1]", b"null", b"[" * 5000, b"\xff\xfe"])
def test_what_is_no_dicom_json_is_refused(body):
    with pytest.raises(NotDicomJson):
        parsed(body)


def test_nothing_is_no_rows():
    assert parsed(b"") == parsed(b"[]") == ()


def test_a_query_goes_out_raw_where_ascii_may_be_raw():
    """Orthanc's plugin up to 1.7 does not decode percent signs."""
    assert spelt("*Ola^Nor?mann-Øst&x=1 %") == "*Ola^Nor?mann-%C3%98st%26x%3D1%20%25"
    assert spelt("A\u030a") == spelt("Å")


def test_nothing_from_a_query_can_become_another_parameter():
    assert not set("&=#% +\r\n") & set(spelt("&=# +\r\n").replace("%", ""))


def test_a_wider_question_has_stars_for_what_may_not_be_read():
    assert widened("PatientName", "Øde gård^?x*") == "*de*g*rd^*x*"
    assert widened("PatientName", "Hansen*") == "Hansen*"
    assert widened("PatientID", "12 34") == ""


@pytest.mark.parametrize(
    ("first", "last", "spelling"),
    [
        ("20200101", "20201231", "20200101-20201231"),
        ("", "20201231", "-20201231"),
        ("20200101", "", "20200101-"),
        ("20200101", "20200101", "20200101"),
    ],
)
def test_dates_are_ranges(first, last, spelling):
    """PS3.4 C.2.2.2.5."""
    assert ("StudyDate", spelling) in study_parameters(StudyQuery(date_from=first, date_to=last))


def test_empty_keys_are_not_asked_for_and_other_dates_are_refused():
    assert study_parameters(StudyQuery()) == ()
    with pytest.raises(Refused, match="date"):
        study_parameters(StudyQuery(date_from="1.1.2020"))


def element(number: int, vr: bytes, value: bytes) -> bytes:
    length = b"\0\0" + len(value).to_bytes(4, "little") if vr == b"OB" else len(value).to_bytes(2, "little")
    return b"\x02\x00" + number.to_bytes(2, "little") + vr + length + value


def test_the_file_meta_information_tells_the_uids():
    meta = (
        element(1, b"OB", b"\0\1")
        + element(2, b"UI", b"1.2\0")
        + element(3, b"UI", b"1.2.3.4\0")
        + element(0x10, b"UI", b"1.2.840\0")
    )
    assert file_meta(bytes(128) + b"DICM" + meta + b"\x08\x00\x05\x00CS") == FileMeta("1.2", "1.2.3.4", "1.2.840")


@pytest.mark.parametrize("cut", range(132, 180))
def test_a_file_that_ends_in_its_head_tells_what_it_had(cut):
    meta = element(1, b"OB", b"\0\1") + element(3, b"UI", b"1.2.3.4\0")
    found = file_meta((bytes(128) + b"DICM" + meta)[:cut])
    assert found is not None
    assert found.sop_instance_uid in ("", "1.2.3.4")


def test_another_file_has_no_file_meta_information():
    assert file_meta(b"") is None
    assert file_meta(bytes(200)) is None


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (0xA700, "no room"),
        (0xA9FF, "does not fit"),
        (0xC001, "does not understand"),
        (0x0122, "does not store this kind"),
        (0x9999, "refused"),
    ],
)
def test_reasons_of_failure_are_words_and_their_number(code, said):
    """PS3.18 I.2.2."""
    words = reason_of(row(t00081197={"vr": "US", "Value": [code]}))
    assert said in words
    assert f"{code:04X}" in words
    assert "does not say why" in reason_of(row(t00081150={"Value": ["1.2"]}))
