"""DIMSE against Debian's Orthanc and dcmtk's dcmqrscp: found, fetched byte for byte, stored, proved."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.filereader import read_file_meta_info
from real_archives import RealArchive, dcmqrscp, orthanc, study
from received import DEFLATED, EXPLICIT, IMPLICIT, RLE, encapsulated, rle_frame

from workstation.archives.gateway.dimse import DimseConnection
from workstation.archives.gateway.dimse_contexts import MOST_CONTEXTS, TRANSFER_SYNTAXES, storage_contexts
from workstation.archives.gateway.dimse_text import text
from workstation.archives.gateway.folder import FolderConnection
from workstation.at_rest.sealed import Purpose, head_at, key_of_file, open_sealed
from workstation.domain.archive import (
    Archive,
    ArchiveKind,
    FoundInstance,
    ReceivedFile,
    RetrieveMethod,
    SendState,
    StudyQuery,
)
from workstation.errors import Refused, Unavailable

STUDY = "1.2.826.0.1.3680043.10.1"
SAMI = "1.2.826.0.1.3680043.10.2"


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return study(tmp_path_factory.mktemp("files"), images=5, series=2)


@pytest.fixture(scope="module")
def pacs(tmp_path_factory: pytest.TempPathFactory, files: list[Path]) -> Iterator[RealArchive]:
    folder = tmp_path_factory.mktemp("pacs")
    with orthanc(folder) as running:
        running.store(files)
        sami = study(folder / "sami", uid=SAMI, images=1, name="Čáhppe^Ŋállá", PatientID="P2", StudyDate="20240101")
        running.store(sami)
        yield running


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory, files: list[Path]) -> Iterator[RealArchive]:
    with dcmqrscp(tmp_path_factory.mktemp("other")) as running:
        running.store(files)
        yield running


@pytest.fixture
def into(tmp_path: Path) -> Path:
    folder = tmp_path / "into"
    folder.mkdir()
    return folder


def bodies(paths: list[Path]) -> dict[str, bytes]:
    """Each file's dataset as its bytes, by SOP Instance UID: File Meta is the receiver's own."""
    found = {}
    for path in paths:
        meta = read_file_meta_info(path)
        start = 132 + 12 + meta.FileMetaInformationGroupLength
        found[str(meta.MediaStorageSOPInstanceUID)] = path.read_bytes()[start:]
    return found


def moving(archive: Archive, port: int) -> Archive:
    return replace(archive, retrieve=RetrieveMethod.C_MOVE, listen_port=port)


@pytest.mark.parametrize(
    ("query", "studies"),
    [
        (StudyQuery(patient_name="Ødeg*"), [STUDY]),
        (StudyQuery(patient_name="Čáhppe*"), [SAMI]),
        (StudyQuery(patient_name="Čáhppe*".replace("á", "á")), [SAMI]),
        (StudyQuery(patient_id="P2"), [SAMI]),
        (StudyQuery(date_from="20250101"), [STUDY]),
        (StudyQuery(date_to="20250101"), [SAMI]),
        (StudyQuery(accession_number="A1", date_from="20260102", date_to="20260102"), [STUDY]),
        (StudyQuery(modalities=("MR",)), []),
        (StudyQuery(patient_name="Nobody"), []),
    ],
)
def test_studies_are_found_by_name_in_nordic_letters_by_id_and_date(
    pacs: RealArchive, query: StudyQuery, studies: list[str]
) -> None:
    """Composed or decomposed letters ask for the same (F58)."""
    found = DimseConnection(pacs.archive).find_studies(query)
    assert [item.study_instance_uid for item in found] == studies


def test_names_and_counts_come_as_they_are(pacs: RealArchive) -> None:
    """F58."""
    connection = DimseConnection(replace(pacs.archive, issuer="HF1"))
    names = {item.patient.name for item in connection.find_studies(StudyQuery())}
    assert names == {"Ødegård^Åse", "Čáhppe^Ŋállá"}
    (found,) = connection.find_studies(StudyQuery(study_instance_uid=STUDY))
    assert (found.series_count, found.instance_count, found.modalities) == (2, 10, ("CT",))
    assert found.patient.key.issuer == "HF1"


def test_a_limit_ends_the_search(pacs: RealArchive) -> None:
    assert len(DimseConnection(pacs.archive).find_studies(StudyQuery(limit=1))) == 1


@pytest.mark.parametrize(
    ("charset", "raw", "name"),
    [
        ("ISO_IR 192", "Čáhppe^Ŋállá".encode(), "Čáhppe^Ŋállá"),
        ("ISO_IR 100", "Ødegård^Åse".encode("latin-1"), "Ødegård^Åse"),
        ("ISO_IR 101", "Čáhppe^".encode("iso8859-2"), "Čáhppe^"),
        ("\\ISO 2022 IR 87", b"Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B", "Yamada^Tarou=山田^太郎"),
        ("", "Ødegård^Åse".encode(), "Ødegård^Åse"),
        ("", "Ødegård^Åse".encode("latin-1"), "\ufffddeg\ufffdrd^\ufffdse"),
        ("ISO_IR 192", "Ødegård^Åse".encode("latin-1"), "\ufffddeg\ufffdrd^\ufffdse"),
        ("NO SUCH SET", b"Plain^Name", "Plain^Name"),
        ("", b"Line\nEnd\x1b[31m^X", "LineEnd[31m^X"),
    ],
)
def test_answers_are_read_in_any_character_set_and_damage_is_seen(charset: str, raw: bytes, name: str) -> None:
    """Latin-1 without a tag is flagged, never guessed (F58)."""
    from pydicom.dataelem import RawDataElement
    from pydicom.tag import Tag

    answer = Dataset()
    if charset:
        tag = Tag("SpecificCharacterSet")
        answer[tag] = RawDataElement(tag, "CS", len(charset), charset.encode(), 0, True, True)
    tag = Tag("PatientName")
    answer[tag] = RawDataElement(tag, "PN", len(raw), raw, 0, True, True)
    assert text(answer, "PatientName") == name


@pytest.mark.parametrize("which", ["pacs", "other"])
def test_c_get_brings_every_byte_in_the_order_asked_for(
    which: str, files: list[Path], into: Path, request: pytest.FixtureRequest
) -> None:
    running: RealArchive = request.getfixturevalue(which)
    connection = DimseConnection(running.archive)
    wanted = connection.find_instances(STUDY)[::-1]
    assert {(item.series_instance_uid, item.instance_number) for item in wanted} >= {(f"{STUDY}.1", 1), (f"{STUDY}.2", 5)}
    got: list[ReceivedFile] = []
    connection.retrieve(STUDY, wanted, into, got.append)
    assert bodies([file.path for file in got]) == bodies(files)
    assert {file.path.suffix for file in got} == {".dcm"}
    # Each request's images come in an order of the archive's own; requests are ours.
    assert {file.sop_instance_uid for file in got[:5]} == {item.sop_instance_uid for item in wanted[:5]}


@pytest.mark.parametrize("start", [orthanc, dcmqrscp])
def test_c_move_brings_every_byte(start, files: list[Path], into: Path, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    with start(tmp_path, retrieve=RetrieveMethod.C_MOVE) as running:
        running.store(files)
        connection = DimseConnection(running.archive)
        got: list[ReceivedFile] = []
        connection.retrieve(STUDY, connection.find_instances(STUDY), into, got.append)
        assert bodies([file.path for file in got]) == bodies(files)


@pytest.mark.parametrize("syntax", [IMPLICIT, DEFLATED, RLE])
def test_what_is_stored_compressed_comes_as_it_is_stored(syntax: str, pacs: RealArchive, into: Path, tmp_path: Path) -> None:
    uid = f"1.2.826.0.1.3680043.10.3.{len(syntax)}"
    extra = {}
    if syntax == RLE:
        extra["PixelData"] = encapsulated([rle_frame(np.zeros((32, 32), np.uint16))])
    made = study(tmp_path / "made", uid=uid, images=1, syntax=syntax, PatientID="P3", **extra)
    pacs.store(made)
    connection = DimseConnection(pacs.archive)
    got: list[ReceivedFile] = []
    connection.retrieve(uid, connection.find_instances(uid), into, got.append)
    assert read_file_meta_info(got[0].path).TransferSyntaxUID == syntax
    assert bodies([got[0].path]) == bodies(made)


def test_what_is_received_is_sealed_when_there_is_a_key(pacs: RealArchive, files: list[Path], into: Path) -> None:
    key = bytes(range(32))
    connection = DimseConnection(pacs.archive, "", key)
    got: list[ReceivedFile] = []
    connection.retrieve(STUDY, connection.find_instances(STUDY)[:1], into, got.append)
    head = head_at(got[0].path)
    assert head is not None
    assert head.purpose is Purpose.INCOMING
    assert "Ødeg".encode() not in got[0].path.read_bytes()
    with open_sealed(got[0].path, key_of_file(key, head.file_id)) as file:
        assert dcmread(BytesIO(file.read())).PatientName == "Ødegård^Åse"


def test_lost_images_are_noticed_and_not_called_complete(files: list[Path], into: Path, tmp_path: Path) -> None:
    """The archive's list has images that its disk has not (F37, F38)."""
    with orthanc(tmp_path, MaximumStorageCacheSize=0) as running:
        running.store(files)
        # Listed before: this Orthanc reads the files for an IMAGE-level list.
        wanted = DimseConnection(running.archive).find_instances(STUDY)
        on_disk = [path for path in (running.folder / "db").rglob("*-*") if path.is_file()]
        for path in on_disk:
            if f"{STUDY}.2.3".encode() in path.read_bytes():
                path.unlink()
        connection = DimseConnection(running.archive)
        notes: list[str] = []
        connection.on_note = notes.append
        got: list[ReceivedFile] = []
        try:
            connection.retrieve(STUDY, wanted, into, got.append)
        except (Refused, Unavailable) as error:
            notes.append(str(error))
        assert len(wanted) == 10
        assert len(got) < 10
        assert notes


def test_images_that_are_not_there_are_not_received(pacs: RealArchive, into: Path) -> None:
    """Success with 0 instances is an empty answer, nothing more (F38)."""
    got: list[ReceivedFile] = []
    gone = FoundInstance(f"{STUDY}.1", f"{STUDY}.1.99", "1.2.840.10008.5.1.4.1.1.2")
    with contextlib.suppress(Refused):
        DimseConnection(pacs.archive).retrieve(STUDY, [gone], into, got.append)
    assert got == []


def test_objects_are_stored_and_proved_by_the_list(pacs: RealArchive, tmp_path: Path) -> None:
    made = study(tmp_path / "made", uid=f"{STUDY}.77", images=2, PatientID="P4")
    connection = DimseConnection(pacs.archive)
    assert [result.state for result in connection.send(made)] == [SendState.STORED] * 2
    objects = [*connection.find_instances(f"{STUDY}.77"), FoundInstance(f"{STUDY}.77.1", f"{STUDY}.77.1.9")]
    states = [result.state for result in connection.prove(objects, f"{STUDY}.77")]
    assert states == [SendState.PROVEN, SendState.PROVEN, SendState.UNKNOWN]


def test_storage_commitment_comes_on_an_association_of_the_archives_own(files: list[Path], tmp_path: Path) -> None:
    with orthanc(tmp_path, retrieve=RetrieveMethod.C_MOVE) as running:
        running.store(files)
        connection = DimseConnection(running.archive)
        objects = connection.find_instances(STUDY)[:2]
        results = connection.prove(objects, STUDY)
        assert [result.state for result in results] == [SendState.PROVEN] * 2
        assert "commits" in results[0].reason


def test_an_object_whose_syntax_is_not_taken_is_refused_by_name(other: RealArchive, tmp_path: Path) -> None:
    made = study(tmp_path / "made", images=1, syntax=EXPLICIT, sop_class="1.2.826.0.1.3680043.10.99")
    plain = study(tmp_path / "plain", images=1)
    refused, stored = DimseConnection(other.archive).send([*made, *plain])
    assert refused.state is SendState.REFUSED
    assert "Explicit VR Little Endian" in refused.reason
    assert stored.state is SendState.STORED


def test_no_row_of_the_list_is_lost_between_requests(pacs: RealArchive) -> None:
    """Requests close behind each other on one association: pynetdicom's thread took answers from under us."""
    connection = DimseConnection(pacs.archive)
    assert [len(connection.find_instances(STUDY)) for _ in range(12)] == [10] * 12


def test_contexts_are_split_as_far_as_there_is_room() -> None:
    one = storage_contexts(["1.2.3"], MOST_CONTEXTS - 1)
    assert [syntaxes for _, syntaxes in one] == [[syntax] for syntax in TRANSFER_SYNTAXES]
    for count in (2, 5, 24, 60, 127, 200):
        many = storage_contexts([f"1.2.{number}" for number in range(count)], MOST_CONTEXTS - 1)
        assert len(many) <= MOST_CONTEXTS - 1
        assert len({uid for uid, _ in many}) == min(count, MOST_CONTEXTS - 1)


def test_a_folder_is_an_archive_too(files: list[Path], into: Path, tmp_path: Path) -> None:
    (files[0].parent / "readme.txt").write_text("no image")
    archive = Archive("disc", ArchiveKind.FOLDER, folder=str(files[0].parent))
    connection = FolderConnection(archive)
    assert all(step.succeeded for step in connection.test())
    (found,) = connection.find_studies(StudyQuery(patient_name="ødeg*"))
    assert (found.series_count, found.instance_count) == (2, 10)
    wanted = connection.find_instances(STUDY, f"{STUDY}.2")
    got: list[ReceivedFile] = []
    connection.retrieve(STUDY, wanted, into, got.append)
    assert bodies([file.path for file in got]) == bodies(files[5:])
    with pytest.raises(Unavailable):
        FolderConnection(replace(archive, folder=str(tmp_path / "gone"))).find_studies(StudyQuery())
