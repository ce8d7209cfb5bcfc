"""Importing: what goes in, what is set aside, what is there afterwards."""

from __future__ import annotations

import errno
import json
import stat
import zipfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from workstation.cache import store as store_module
from workstation.cache.cache import StudyCache
from workstation.cache.quarantine import QuarantineKind
from workstation.domain.patient import PatientKey
from workstation.domain.study import Study
from workstation.errors import Refused

Write = Callable[..., Path]
Series = Callable[..., list[Path]]


@pytest.fixture
def cache(tmp_path: Path, reader: Any) -> Iterator[StudyCache]:
    with StudyCache(tmp_path / "cache", reader) as opened:
        yield opened


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    folder = tmp_path / "inbox"
    folder.mkdir()
    return folder


def objects(cache_root: Path) -> list[Path]:
    return sorted((cache_root / "objects").glob("*/*"))


def test_a_new_cache_is_empty_and_says_nothing(cache: StudyCache) -> None:
    assert cache.studies() == ()
    assert cache.notices == ()


def test_a_series_goes_in_and_comes_out_whole_and_in_order(cache: StudyCache, inbox: Path, series: Series) -> None:
    series(inbox, 12, SeriesNumber=4, StudyDescription="CT chest", AccessionNumber="A1")
    result = cache.add([inbox])
    assert (result.studies, result.imported, result.refused, result.duplicates) == (("1.2.3",), 12, (), 0)
    study = cache.study("1.2.3")
    assert study.accession_number == "A1"
    assert [i.instance_number for i in study.series[0].instances] == list(range(1, 13))
    assert study.series[0].instances[0].header == {"rows": 2}
    assert cache.image_counts() == {"1.2.3": 12}
    assert cache.studies()[0].series[0].instances == ()


def test_every_file_ends_as_imported_there_already_or_refused(
    cache: StudyCache, inbox: Path, series: Series, write: Write
) -> None:
    series(inbox / "a", 3)
    write(
        inbox / "b" / "copy.dcm",
        SOPInstanceUID="1.2.3.1.2",
        StudyInstanceUID="1.2.3",
        SeriesInstanceUID="1.2.3.1",
        InstanceNumber=2,
    )
    (inbox / "note.txt").write_text("hello")
    (inbox / "Thumbs.db").touch()
    result = cache.add([inbox, inbox / "a"])
    assert (result.imported, result.duplicates) == (3, 4)
    assert {Path(file).name: reason for file, reason in result.refused} == {
        "note.txt": "Not a DICOM file",
        "Thumbs.db": "Not a DICOM file: it is empty",
    }


def test_files_are_named_by_the_hash_of_their_bytes_and_nobody_else_may_read_them(
    tmp_path: Path, cache: StudyCache, inbox: Path, write: Write
) -> None:
    path = write(inbox / "x.dcm")
    cache.add([path])
    (kept,) = objects(tmp_path / "cache")
    instance = cache.study("1.2.3").series[0].instances[0]
    assert kept == tmp_path / "cache" / "objects" / instance.sha256[:2] / f"{instance.sha256[2:]}.dcm"
    assert Path(instance.path) == kept
    assert kept.read_bytes() == path.read_bytes()
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "cache").stat().st_mode) == 0o700


@pytest.mark.parametrize(
    ("signature", "what"), [(b"MZ\x90", "a Windows program"), (b"\x7fELF", "a Linux program"), (b"II*\x00", "a TIFF image")]
)
def test_a_program_in_the_preamble_is_zeroed_and_recorded(
    tmp_path: Path, cache: StudyCache, inbox: Path, write: Write, signature: bytes, what: str
) -> None:
    """F84: PE, ELF, Mach-O."""
    path = write(inbox / "x.dcm", preamble=signature.ljust(128, b"!"))
    plain = write(inbox / "plain.dcm")
    assert cache.add([path]).imported == 1
    (kept,) = objects(tmp_path / "cache")
    assert kept.read_bytes() == plain.read_bytes()
    assert [alert.event for alert in cache.alerts()] == [f"preamble: {what}"]
    assert cache.add([plain]).duplicates == 1
    assert cache.add([path]).duplicates == 1


def test_a_second_file_with_the_same_uid_is_set_aside_and_the_study_says_so(cache: StudyCache, inbox: Path, write: Write) -> None:
    """F47."""
    first, second = write(inbox / "1.dcm"), write(inbox / "2.dcm", PixelData=b"\4\3\2\1")
    cache.add([first])
    result = cache.add([second])
    assert result.imported == 0
    assert result.quarantined == 1
    assert "the first one is kept" in result.refused[0][1]
    (instance,) = cache.study("1.2.3").series[0].instances
    assert Path(instance.path).read_bytes() == first.read_bytes()
    assert [file.kind for file in cache.quarantined()] == [QuarantineKind.OTHER_BYTES]
    assert [doubt.code for doubt in cache.doubts_of("1.2.3")] == ["second-version"]
    assert cache.add([second]).quarantined == 1
    assert len(cache.quarantined()) == 1


def test_the_same_uid_in_two_studies_or_series_is_two_images(cache: StudyCache, inbox: Path, write: Write) -> None:
    """F48."""
    write(inbox / "1.dcm")
    write(inbox / "2.dcm", SeriesInstanceUID="1.2.3.2")
    write(inbox / "3.dcm", StudyInstanceUID="1.2.4")
    assert cache.add([inbox]).imported == 3
    assert [len(cache.study(uid).series) for uid in ("1.2.3", "1.2.4")] == [2, 1]
    assert cache.quarantined() == ()


@pytest.mark.parametrize(
    "other", [{"PatientID": "P2"}, {"PatientID": None}, {"PatientID": "P1", "IssuerOfPatientID": "ELSEWHERE"}]
)
def test_an_image_of_another_patient_is_never_shown_in_the_study(
    cache: StudyCache, inbox: Path, series: Series, write: Write, other: dict[str, object]
) -> None:
    series(inbox / "a", 2, IssuerOfPatientID="HERE")
    stranger = write(inbox / "b.dcm", SOPInstanceUID="1.2.3.1.9", **other)
    result = cache.add([inbox])
    assert result.imported == 2
    assert result.refused == ((str(stranger), "RED ALERT, set aside: the patient of this file is not the patient of its study"),)
    assert cache.study("1.2.3").image_count == 2
    assert cache.study("1.2.3").patient.key == PatientKey("P1", "HERE")
    assert cache.quarantined()[0].is_red_alert
    assert [doubt.code for doubt in cache.doubts_of("1.2.3")] == ["other-patient"]
    assert [alert.event for alert in cache.alerts()] == ["an image of another patient inside a study"]


def test_an_object_that_leaves_the_issuer_out_still_belongs_to_its_study(cache: StudyCache, inbox: Path, write: Write) -> None:
    write(inbox / "1.dcm")
    write(inbox / "2.dcm", SOPInstanceUID="1.2.3.1.2", IssuerOfPatientID="HERE")
    assert cache.add([inbox]).imported == 2
    assert cache.study("1.2.3").patient.key == PatientKey("P1", "HERE")


def test_a_file_that_killed_its_reader_is_kept_apart_with_the_reason(
    tmp_path: Path, cache: StudyCache, inbox: Path, write: Write
) -> None:
    """F06: quarantine."""
    path = write(inbox / "1.dcm", StudyDescription="kills its reader", preamble=b"MZ".ljust(128, b"\0"))
    result = cache.add([path])
    assert result.refused == ((str(path), "The file killed its reader: It needed too much memory"),)
    (file,) = cache.quarantined()
    assert file.kind is QuarantineKind.LETHAL
    kept = tmp_path / "cache" / "quarantine" / file.sha256[:2] / f"{file.sha256[2:]}.dcm"
    assert kept.read_bytes() == bytes(128) + path.read_bytes()[128:]
    assert objects(tmp_path / "cache") == []


@pytest.mark.parametrize(
    ("elements", "reason"),
    [
        ({"StudyInstanceUID": "../../../etc"}, "Its Study Instance UID is not a valid UID"),
        ({"SeriesInstanceUID": "1." + "2" * 64}, "Its Series Instance UID is not a valid UID"),
        ({"StudyInstanceUID": ""}, "Has no Study Instance UID"),
    ],
)
def test_a_uid_that_is_none_is_refused(
    cache: StudyCache, inbox: Path, write: Write, elements: dict[str, str], reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pydicom.config.settings.writing_validation_mode", 0)
    monkeypatch.setattr("pydicom.config.settings.reading_validation_mode", 0)
    path = write(inbox / "1.dcm", **elements)
    assert cache.add([path]).refused == ((str(path), reason),)


def test_images_that_come_late_extend_their_study(cache: StudyCache, inbox: Path, series: Series) -> None:
    paths = series(inbox, 5)
    cache.add(paths[3:])
    assert cache.study("1.2.3").image_count == 2
    cache.add(paths[:3])
    assert [i.instance_number for i in cache.study("1.2.3").series[0].instances] == [1, 2, 3, 4, 5]


def test_objects_without_pixels_are_kept_and_do_not_speak_for_the_study(cache: StudyCache, inbox: Path, write: Write) -> None:
    write(inbox / "1.dcm", Modality="SR", Rows=None, SeriesInstanceUID="1.2.3.9", StudyDescription="AI result", InstanceNumber=0)
    write(inbox / "2.dcm", SOPInstanceUID="1.2.3.1.2", StudyDescription="CT chest", InstanceNumber=7)
    assert cache.add([inbox]).imported == 2
    study = cache.study("1.2.3")
    assert study.study_description == "CT chest"
    assert study.modalities == ("CT", "SR")
    assert cache.image_counts() == {"1.2.3": 1}


def test_a_zip_archive_goes_in_and_leaves_nothing_behind(tmp_path: Path, cache: StudyCache, inbox: Path, series: Series) -> None:
    paths = series(inbox, 8)
    with zipfile.ZipFile(tmp_path / "study.zip", "w") as archive:
        for path in paths:
            archive.write(path, f"deep/er/{path.name}")
    assert cache.add([tmp_path / "study.zip"]).imported == 8
    left = [path for path in (tmp_path / "cache" / "incoming").rglob("*") if path.is_file()]
    assert [path.name for path in left] == ["held"]


def test_a_medium_goes_in_by_its_dicomdir_or_its_folder(cache: StudyCache, medium: Path) -> None:
    result = cache.add([medium / "DICOMDIR"])
    assert (result.imported, result.directories, result.refused) == (2, 1, ())
    result = cache.add([medium])
    assert (result.duplicates, result.directories, result.refused) == (2, 1, ())


def test_progress_counts_up_to_the_total(cache: StudyCache, inbox: Path, series: Series) -> None:
    series(inbox, 4)
    seen: list[tuple[int, int, str]] = []
    cache.add([inbox], progress=lambda *step: seen.append(step))
    assert seen == [(n, 4, "Reading files") for n in (1, 2, 3, 4)]


def test_a_cancelled_import_keeps_what_it_had(cache: StudyCache, inbox: Path, series: Series) -> None:
    series(inbox, 9)
    count = iter(range(100))
    result = cache.add([inbox], cancelled=lambda: next(count) == 3)
    assert result.imported == 4
    assert cache.study("1.2.3").image_count == 4
    assert cache.add([inbox]).imported == 5


def test_a_full_disk_ends_the_import_and_leaves_no_half_file(
    tmp_path: Path, cache: StudyCache, inbox: Path, series: Series, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = series(inbox, 6)
    cache.add(paths[:1])

    def full(source: object, copy: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(store_module, "_copied", full)
        result = cache.add(paths[1:])
    assert result.stopped is not None
    assert result.stopped.title == "The disk is full"
    assert cache.study("1.2.3").image_count == 1
    assert not list((tmp_path / "cache" / "incoming").rglob("*.part"))
    assert cache.add(paths).imported == 5


def test_a_batch_that_cannot_be_made_known_is_taken_back(
    tmp_path: Path, cache: StudyCache, inbox: Path, series: Series, monkeypatch: pytest.MonkeyPatch
) -> None:
    series(inbox, 3)
    with monkeypatch.context() as patched:
        patched.setattr(store_module, "sync_folder", _broken_disk)
        result = cache.add([inbox])
    assert result.imported == 0
    assert len(result.refused) == 3
    assert result.stopped is not None
    assert objects(tmp_path / "cache") == []
    assert cache.studies() == ()
    assert cache.add([inbox]).imported == 3


def test_a_batch_that_fails_takes_no_other_batch_with_it(
    tmp_path: Path, cache: StudyCache, inbox: Path, series: Series, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next batch is being read while one is committed: each ends as imported or refused."""
    monkeypatch.setattr("workstation.cache.intake.BATCH_FILES", 4)
    series(inbox, 6)
    once = iter([True])

    def broken_once(folder: Path) -> None:
        if next(once, False):
            _broken_disk(folder)

    monkeypatch.setattr(store_module, "sync_folder", broken_once)
    result = cache.add([inbox])
    assert (result.imported, len(result.refused)) == (2, 4)
    assert result.stopped is not None
    assert len(objects(tmp_path / "cache")) == 2
    assert not list((tmp_path / "cache" / "incoming").rglob("*.part"))
    assert cache.add([inbox]).imported == 4


def _broken_disk(_: Path) -> None:
    raise OSError(errno.EIO, "Input/output error")


@pytest.mark.parametrize("times", [1, 2])
def test_a_file_that_changes_while_it_is_read_is_read_again_and_then_refused(
    tmp_path: Path, cache: StudyCache, inbox: Path, write: Write, monkeypatch: pytest.MonkeyPatch, times: int
) -> None:
    """F17: half of what one program writes and half of what it wrote before must not become one image."""
    path = write(inbox / "1.dcm")
    copied, left = store_module._copied, iter(range(times))

    def changed_meanwhile(source: Any, copy: Any) -> object:
        result = copied(source, copy)
        if next(left, None) is not None:
            path.write_bytes(path.read_bytes() + b"\0\0")
        return result

    monkeypatch.setattr(store_module, "_copied", changed_meanwhile)
    result = cache.add([path])
    assert result.imported == (times == 1)
    assert result.refused == (() if times == 1 else ((str(path), "The file changed while it was read"),))
    assert [kept.read_bytes() == path.read_bytes() for kept in objects(tmp_path / "cache")] == [True] * result.imported
    assert not list((tmp_path / "cache" / "incoming").rglob("*.part"))


def test_a_file_that_differs_from_what_was_parsed_is_refused(
    cache: StudyCache, inbox: Path, write: Write, reader: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Large files are parsed where they lie and copied after it."""
    monkeypatch.setattr("workstation.cache.sources.LARGE", 1)
    path = write(inbox / "1.dcm")
    answer = reader._answer

    def changed_after_reading(asked: Path) -> object:
        result = answer(asked)
        asked.write_bytes(asked.read_bytes() + b"\0\0")
        return result

    reader._answer = changed_after_reading
    assert cache.add([path]).refused == ((str(path), "The file changed while it was read"),)


def test_what_is_parsed_is_our_own_copy_and_what_cannot_be_dicom_is_not_copied(
    tmp_path: Path, cache: StudyCache, inbox: Path, write: Write, reader: Any
) -> None:
    write(inbox / "1.dcm", preamble=b"MZ".ljust(128, b"!"))
    (inbox / "film.mpg").write_bytes(bytes(1000) + b"\xb3")
    asked: list[tuple[Path, str]] = []
    parse = reader.parse_kept

    def listening(files: Any) -> Any:
        return parse(asked.append((path, sha256)) or (path, sha256) for path, sha256 in files)

    reader.parse_kept = listening
    cache.add([inbox])
    (instance,) = cache.study("1.2.3").series[0].instances
    (copy, known), film = asked
    assert copy.is_relative_to(tmp_path / "cache" / "incoming")
    assert known == instance.sha256
    assert film == (inbox / "film.mpg", "")


def test_an_import_that_is_cancelled_or_stops_leaves_no_copies(
    tmp_path: Path, cache: StudyCache, inbox: Path, series: Series
) -> None:
    series(inbox, 30)
    assert cache.add([inbox], cancelled=lambda: True).imported == 1
    assert not list((tmp_path / "cache" / "incoming").rglob("*.part"))


def test_priors_are_the_same_patient_s_other_studies_newest_first(cache: StudyCache, inbox: Path, write: Write) -> None:
    dates = {"1": "20200101", "2": "20220101", "3": "20240101", "4": "", "5": "20250101"}
    for uid, date in dates.items():
        write(inbox / uid, StudyInstanceUID=f"1.{uid}", SOPInstanceUID=f"1.{uid}.1", StudyDate=date, IssuerOfPatientID="HERE")
    write(inbox / "6", StudyInstanceUID="1.6", SOPInstanceUID="1.6.1", StudyDate="20210101", IssuerOfPatientID="ELSEWHERE")
    write(inbox / "7", StudyInstanceUID="1.7", SOPInstanceUID="1.7.1", StudyDate="20210101", PatientID="P7")
    cache.add([inbox])
    priors = cache.priors_of(cache.study("1.3"))
    assert [study.study_instance_uid for study in priors] == ["1.2", "1.1", "1.4", "1.5"]


def test_an_id_that_two_people_share_makes_no_priors(cache: StudyCache, inbox: Path, write: Write) -> None:
    for uid, born in (("1", "19500101"), ("2", "19600101"), ("3", ""), ("4", "19500101")):
        write(inbox / uid, StudyInstanceUID=f"1.{uid}", SOPInstanceUID=f"1.{uid}.1", PatientBirthDate=born, PatientID="123456")
    cache.add([inbox])
    priors = cache.priors_of(cache.study("1.1"))
    assert [study.study_instance_uid for study in priors] == ["1.3", "1.4"]


def test_nobody_without_a_patient_id_has_priors(cache: StudyCache, inbox: Path, write: Write) -> None:
    for uid in ("1", "2"):
        write(inbox / uid, StudyInstanceUID=f"1.{uid}", SOPInstanceUID=f"1.{uid}.1", PatientID=None)
    cache.add([inbox])
    assert cache.priors_of(cache.study("1.1")) == ()


def test_a_study_that_is_not_here_is_refused(cache: StudyCache) -> None:
    with pytest.raises(Refused, match="not on this machine"):
        cache.study("1.2.3")


def test_names_that_lead_out_are_in_the_security_log(cache: StudyCache, medium: Path, reader: Any) -> None:
    reader.media_files = lambda _: [("..", "..", "secret")]
    result = cache.add([medium / "DICOMDIR"])
    assert result.imported == 0
    assert [alert.event for alert in cache.alerts()] == ["a name that leads out of its folder"]


def test_neither_logs_nor_the_security_log_hold_names(
    tmp_path: Path, cache: StudyCache, inbox: Path, write: Write, caplog: pytest.LogCaptureFixture
) -> None:
    write(inbox / "Doe^Jane.dcm", preamble=b"MZ".ljust(128, b"\0"))
    write(inbox / "2.dcm", PatientID="P2", SOPInstanceUID="1.2.3.1.2")
    cache.add([inbox])
    lines = (tmp_path / "cache" / "security.jsonl").read_text().splitlines()
    assert {frozenset(json.loads(line)) for line in lines} == {frozenset({"time", "event", "sha256"})}
    assert "Doe" not in "".join(lines)
    assert caplog.text == ""


def test_priors_are_found_without_reading_the_studies_of_other_patients(
    cache: StudyCache, inbox: Path, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A case opens as fast from a disk of ten thousand studies as from one of a few."""
    for uid, patient in (("1", "ANN"), ("2", "ANN"), ("3", "BEN")):
        write(inbox / uid, StudyInstanceUID=f"1.{uid}", SOPInstanceUID=f"1.{uid}.1", PatientID=patient, IssuerOfPatientID="HERE")
    cache.add([inbox])
    read, asked = cache._index.studies, list[object]()

    def studies(of: Sequence[str] | None = None) -> tuple[Study, ...]:
        asked.append(None if of is None else sorted(of))
        return read(of)

    monkeypatch.setattr(cache._index, "studies", studies)
    (prior,) = cache.priors_of(cache.study("1.1"))
    assert prior.study_instance_uid == "1.2"
    assert asked == [["1.1", "1.2"]]
