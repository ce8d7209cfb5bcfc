"""Which files are meant, and that none can lie about where it is."""

from __future__ import annotations

import io
import os
import struct
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest

from workstation.at_rest.vault import Vault
from workstation.cache.archives import ArchiveLimits
from workstation.cache.found import Found, RefusedFile, SourceFile
from workstation.cache.names import shown
from workstation.cache.sources import EMPTY, LINK_INSIDE, LINK_OUTSIDE, SPECIAL, Sources
from workstation.errors import Refused


class NamedFiles:
    """A DICOMDIR reader that says what a test wants it to."""

    def __init__(self, *file_ids: tuple[str, ...]) -> None:
        self.file_ids = file_ids

    def media_files(self, dicomdir: Path) -> Sequence[tuple[str, ...]]:
        if not self.file_ids:
            raise Refused("The DICOMDIR cannot be read")
        return self.file_ids


def found_in(*paths: Path, media: NamedFiles | None = None, unpack_into: Path | None = None) -> list[Found]:
    return list(Sources(paths, media or NamedFiles(), unpack_into or paths[0].parent, Vault.plain()))


def reasons(found: list[Found]) -> dict[str, str]:
    return {Path(item.shown).name: item.reason for item in found if isinstance(item, RefusedFile)}


def test_folders_are_walked_in_a_fixed_order_and_every_file_is_accounted_for(tmp_path: Path) -> None:
    for name in ("b/2", "b/1", "a/3", ".hidden", "Thumbs.db", "c.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    found = found_in(tmp_path)
    names = [str(item.path.relative_to(tmp_path)) for item in found if isinstance(item, SourceFile)]
    assert names == [".hidden", "Thumbs.db", "a/3", "b/1", "b/2", "c.txt"]
    assert Sources([tmp_path], NamedFiles(), tmp_path, Vault.plain()).total == 6


def test_empty_files_and_pipes_are_refused_without_being_opened(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    os.mkfifo(tmp_path / "pipe")
    assert reasons(found_in(tmp_path)) == {"empty": EMPTY, "pipe": SPECIAL}


def test_links_in_a_folder_are_never_followed(tmp_path: Path) -> None:
    outside, folder = tmp_path / "outside", tmp_path / "folder"
    outside.mkdir()
    folder.mkdir()
    (outside / "secret").write_bytes(b"secret")
    (folder / "real").write_bytes(b"real")
    (folder / "again").symlink_to(folder / "real")
    (folder / "file").symlink_to(outside / "secret")
    (folder / "away").symlink_to(outside, target_is_directory=True)
    (folder / "loop").symlink_to(folder, target_is_directory=True)
    found = found_in(folder)
    assert [item.path for item in found if isinstance(item, SourceFile)] == [folder / "real"]
    assert reasons(found) == {"again": LINK_INSIDE, "file": LINK_OUTSIDE, "away": LINK_OUTSIDE, "loop": LINK_INSIDE}


def test_a_link_that_the_user_names_is_what_it_points_to(tmp_path: Path) -> None:
    (tmp_path / "real").write_bytes(b"real")
    (tmp_path / "named").symlink_to(tmp_path / "real")
    assert found_in(tmp_path / "named") == [SourceFile(tmp_path / "named", str(tmp_path / "named"), to_copy_first=False)]


def test_what_is_not_there_is_refused_by_name(tmp_path: Path) -> None:
    assert found_in(tmp_path / "nothing") == [RefusedFile(str(tmp_path / "nothing"), "There is no such file or folder")]


def test_names_that_could_act_on_a_terminal_are_shown_harmless() -> None:
    assert shown("a\x1b[2Jb\u202egpj.exe\n\udcff") == "a\ufffd[2Jb\ufffdgpj.exe\ufffd\ufffd"
    assert shown("Åse Östergård") == "Åse Östergård"


# ---- DICOMDIR --------------------------------------------------------------------------------


@pytest.fixture
def disc(tmp_path: Path) -> Path:
    disc = tmp_path / "disc"
    (disc / "DICOM").mkdir(parents=True)
    (disc / "dicom" if (disc / "dicom").exists() else disc / "DICOM").joinpath("img1;1").write_bytes(b"image")
    (disc / "DICOMDIR").write_bytes(b"directory")
    (tmp_path / "secret").write_bytes(b"secret")
    return disc


def test_a_dicomdir_finds_its_files_whatever_the_case_and_version_suffix(disc: Path) -> None:
    found = found_in(disc / "DICOMDIR", media=NamedFiles(("dicom", "IMG1")))
    assert [item.path for item in found if isinstance(item, SourceFile)] == [disc / "DICOM" / "img1;1"]


@pytest.mark.parametrize(
    "file_id",
    [
        ("..", "secret"),
        ("DICOM", "..", "..", "secret"),
        ("../secret",),
        ("..\\secret",),
        ("/etc/passwd",),
        ("", "etc", "passwd"),
        ("C:", "secret"),
        (".. ", "secret"),
        ("DICOM", "img1\x00"),
        ("a",) * 9,
        (),
    ],
)
def test_a_dicomdir_cannot_name_a_file_outside_its_folder(disc: Path, file_id: tuple[str, ...]) -> None:
    (found,) = found_in(disc / "DICOMDIR", media=NamedFiles(file_id))
    assert isinstance(found, RefusedFile)
    assert found.is_attack
    assert found.reason == "The DICOMDIR names a file outside its own folder"


def test_a_link_on_the_medium_cannot_lead_out_of_it(disc: Path) -> None:
    (disc / "LINK").symlink_to(disc.parent, target_is_directory=True)
    (found,) = found_in(disc / "DICOMDIR", media=NamedFiles(("LINK", "secret")))
    assert isinstance(found, RefusedFile)
    assert found.is_attack


def test_a_file_that_is_missing_on_the_medium_is_named(disc: Path) -> None:
    (found,) = found_in(disc / "DICOMDIR", media=NamedFiles(("DICOM", "IMG2")))
    assert found == RefusedFile(f"{disc}/DICOMDIR > DICOM/IMG2", "Named in the DICOMDIR, but not on the medium")


def test_a_folder_with_a_dicomdir_gives_all_its_files_once_and_what_is_missing(disc: Path) -> None:
    (disc / "extra").write_bytes(b"not in the DICOMDIR")
    sources = Sources([disc], NamedFiles(("DICOM", "IMG1"), ("DICOM", "IMG2")), disc, Vault.plain())
    found = list(sources)
    assert [item.path.name for item in found if isinstance(item, SourceFile)] == ["img1;1", "extra"]
    assert list(reasons(found).values()) == ["Named in the DICOMDIR, but not on the medium"]
    assert sources.directories == 1


def test_a_damaged_dicomdir_does_not_hide_the_files_beside_it(disc: Path) -> None:
    found = found_in(disc)
    assert reasons(found) == {"DICOMDIR": "The DICOMDIR cannot be read"}
    assert [item.path.name for item in found if isinstance(item, SourceFile)] == ["img1;1"]


# ---- zip -------------------------------------------------------------------------------------


def zipped(path: Path, files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def test_an_archive_is_unpacked_under_names_of_our_own(tmp_path: Path) -> None:
    names = {"a/b/one.dcm": b"1", "../../escaped.dcm": b"2", "/etc/absolute.dcm": b"3", "C:\\windows.dcm": b"4", "DICOMDIR": b"5"}
    archive, folder = zipped(tmp_path / "study.zip", names), tmp_path / "deep" / "unpacked"
    folder.mkdir(parents=True)
    everything = found_in(archive, unpack_into=folder)
    assert reasons(everything) == {"DICOMDIR": "A DICOMDIR; every file of the archive is read without it"}
    found = [item for item in everything if isinstance(item, SourceFile)]
    assert [item.path.read_bytes() for item in found] == [b"1", b"2", b"3", b"4"]
    assert {item.path.parent for item in found} == {folder}
    assert {p.name for p in tmp_path.iterdir()} == {"study.zip", "deep"}
    assert found[0].shown == f"{archive}/a/b/one.dcm"
    assert all(item.temporary for item in found)


def test_an_archive_is_known_by_its_content_and_a_dicom_file_with_a_zip_preamble_is_not_one(tmp_path: Path) -> None:
    zipped(tmp_path / "study", {"one": b"1"})
    (tmp_path / "trick.zip").write_bytes(b"PK\x03\x04".ljust(128, b"\0") + b"DICM")
    found = [item for item in found_in(tmp_path) if isinstance(item, SourceFile)]
    assert [Path(item.shown).name for item in found] == ["one", "trick.zip"]


def test_archives_that_cannot_be_trusted_are_refused_with_the_reason(tmp_path: Path) -> None:
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as nested:
        nested.writestr("x", b"x")
    good = zipped(tmp_path / "1-mixed.zip", {"inner.zip": inner.getvalue(), "empty": b"", "fine": b"fine"})
    encrypted = zipped(tmp_path / "2-encrypted.zip", {"one.dcm": b"1" * 50}, zipfile.ZIP_STORED)
    data = bytearray(encrypted.read_bytes())
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = data.index(signature) + offset
        data[at : at + 2] = struct.pack("<H", 1)
    encrypted.write_bytes(data)
    flipped = zipped(tmp_path / "3-flipped.zip", {"one.dcm": b"abcdefgh" * 100}, zipfile.ZIP_STORED)
    flipped.write_bytes(flipped.read_bytes().replace(b"abcdefgh", b"abcdefgX", 1))
    cut = zipped(tmp_path / "4-cut.zip", {"one.dcm": os.urandom(500)})
    cut.write_bytes(cut.read_bytes()[:300])
    unpacked = tmp_path / "unpacked"
    unpacked.mkdir()
    found = found_in(good, encrypted, flipped, cut, unpack_into=unpacked)
    assert reasons(found) == {
        "inner.zip": "An archive inside an archive is not opened",
        "empty": "Not a DICOM file: it is empty",
        "one.dcm": "The archive is damaged at this file",
        "4-cut.zip": "The archive is damaged and cannot be opened",
    }
    assert any("password" in item.reason for item in found if isinstance(item, RefusedFile))
    assert [path.read_bytes() for path in unpacked.iterdir()] == [b"fine"]


@pytest.mark.parametrize(
    ("limits", "reason"),
    [
        (ArchiveLimits(ratio=100, ratio_free=1 << 20), "The archive unpacks to more than 100 times its size"),
        (ArchiveLimits(entry_bytes=1 << 20), "The archive unpacks to more than is allowed"),
        (ArchiveLimits(total_bytes=5 << 20), "The archive unpacks to more than is allowed"),
        (ArchiveLimits(entries=1), "The archive holds more than 1 files"),
    ],
)
def test_a_zip_bomb_is_stopped_while_it_unpacks(tmp_path: Path, limits: ArchiveLimits, reason: str) -> None:
    bomb = zipped(tmp_path / "bomb.zip", {"one": bytes(4 << 20), "two": bytes(4 << 20)})
    unpacked = tmp_path / "unpacked"
    unpacked.mkdir()
    found = list(Sources([bomb], NamedFiles(), unpacked, Vault.plain(), limits))
    assert reasons(found)["bomb.zip"] == reason
    assert sum(path.stat().st_size for path in unpacked.iterdir()) <= 4 << 20


def test_a_link_in_an_archive_is_refused(tmp_path: Path) -> None:
    archive = tmp_path / "links.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        info = zipfile.ZipInfo("link")
        info.external_attr = 0o120777 << 16
        packed.writestr(info, "/etc/passwd")
    assert reasons(found_in(archive)) == {"link": "A link, not a file"}


def test_a_medium_as_pydicom_writes_it_is_read_through_its_dicomdir(medium: Path, reader: NamedFiles) -> None:
    found = found_in(medium / "DICOMDIR", media=reader)
    assert len(found) == 2
    assert all(isinstance(item, SourceFile) and item.path.is_relative_to(medium) for item in found)
