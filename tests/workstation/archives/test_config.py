"""archives.toml: what is taken, what is refused by key and reason, and that nobody else's lines are touched."""

from __future__ import annotations

import stat
from dataclasses import replace
from pathlib import Path

import pytest

from workstation.archives.archive_rules import breaches, flaw_of_ae_title
from workstation.archives.config import FILE_NAME, archive_toml, drop_archive, load_archives, parse_archives, put_archive
from workstation.archives.secrets import Secrets
from workstation.at_rest.vault import Vault
from workstation.domain.archive import Archive, ArchiveKind, RetrieveMethod, Tls
from workstation.errors import Refused, Unavailable

HOME = Archive("home", ArchiveKind.DIMSE, host="pacs.example", port=104, called_ae="PACS")
WEB = Archive(
    "web", ArchiveKind.DICOMWEB, title="Sjukehuset på Øya", url="https://pacs.example/dicom-web", user="anna",
    tls=Tls(ca_file="/etc/ca.pem"), issuer="NIN", tenant="nord", shared_tenants=("sør",), kilobits=5000, timeout_seconds=12.5,
)  # fmt: skip
DISC = Archive("disc", ArchiveKind.FOLDER, folder="/media/disc", is_prior_source=False)


@pytest.mark.parametrize("archive", [HOME, WEB, DISC, replace(HOME, retrieve=RetrieveMethod.C_MOVE, listen_port=11112)])
def test_an_archive_written_is_the_archive_read(archive: Archive) -> None:
    assert parse_archives(archive_toml(archive)).archives == (archive,)


def test_archives_come_in_the_order_of_the_file_and_the_file_is_private(tmp_path: Path) -> None:
    for archive in (WEB, HOME, DISC):
        put_archive(tmp_path, archive)
    assert load_archives(tmp_path).archives == (WEB, HOME, DISC)
    assert stat.S_IMODE((tmp_path / FILE_NAME).stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == [FILE_NAME]


@pytest.mark.parametrize(
    ("archive", "key"),
    [
        (replace(HOME, called_ae=""), "called_ae"),
        (replace(HOME, called_ae="SEVENTEEN_LETTERS"), "called_ae"),
        (replace(HOME, called_ae="A\\B"), "called_ae"),
        (replace(HOME, calling_ae="A\nB"), "calling_ae"),
        (replace(HOME, called_ae="ØST"), "called_ae"),
        (replace(HOME, port=0), "port"),
        (replace(HOME, port=70000), "port"),
        (replace(HOME, host=""), "host"),
        (replace(HOME, host="a host"), "host"),
        (replace(HOME, retrieve=RetrieveMethod.C_MOVE), "listen_port"),
        (replace(HOME, listen_port=104), "listen_port"),
        (replace(HOME, user="anna"), "user"),
        (replace(HOME, url="https://a"), "url"),
        (replace(HOME, name="a/b"), "name"),
        (replace(HOME, connections=0), "connections"),
        (replace(HOME, timeout_seconds=0.0), "timeout_seconds"),
        (replace(HOME, kilobits=-1), "kilobits"),
        (replace(HOME, issuer="A\x1b[2J"), "issuer"),
        (replace(HOME, shared_tenants=("b",)), "shared_tenants"),
        (replace(HOME, tls=Tls(key_file="/k.pem")), "tls.key_file"),
        (replace(HOME, tls=Tls(ca_file="ca.pem")), "tls.ca_file"),
        (replace(WEB, url="http://pacs.example/dicom-web"), "url"),
        (replace(WEB, url="https://anna:secret@pacs.example/"), "url"),
        (replace(WEB, url="https://pacs.example/?token=1"), "url"),
        (replace(WEB, url="ftp://pacs.example/"), "url"),
        (replace(WEB, url="https://pacs.example:99999/"), "url"),
        (replace(DISC, folder="disc"), "folder"),
        (replace(DISC, can_store=True), "can_store"),
    ],
)
def test_a_description_that_cannot_work_is_refused_by_its_key(archive: Archive, key: str, tmp_path: Path) -> None:
    assert key in [breach[0] for breach in breaches(archive)]
    with pytest.raises(Refused, match=key):
        put_archive(tmp_path, archive)
    assert not (tmp_path / FILE_NAME).exists()


def test_plain_http_is_for_this_machine_alone() -> None:
    assert not breaches(replace(WEB, url="http://127.0.0.1:8042/dicom-web", tls=None))
    assert not breaches(replace(WEB, url="http://[::1]:8042/dicom-web", tls=None))
    assert breaches(replace(WEB, url="http://10.0.0.1:8042/dicom-web", tls=None))


def test_an_ae_title_of_sixteen_characters_is_the_longest() -> None:
    assert flaw_of_ae_title("A" * 16) == ""
    assert flaw_of_ae_title("A" * 17)
    assert flaw_of_ae_title(" A")


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ('name = "b"\nkind = "dimsee"', "kind: must be one of"),
        ('name = "b"\nkind = "folder"\nfolder = "/x"\ncolour = "red"', "colour: no such key"),
        ('name = "b"\nkind = "folder"\nfolder = "/x"\nkilobits = "5"', "kilobits: must be a whole number"),
        ('name = "b"\nkind = "folder"\nfolder = "/x"\nis_local = 1', "is_local: must be true or false"),
        ('name = "b"\nkind = "folder"\nfolder = "/x"\nshared_tenants = "x"', "shared_tenants: must be a list"),
        ('name = "b"\nkind = "folder"\nfolder = "/x"\npassword = "x"', "password: no such key"),
        ('kind = "folder"\nfolder = "/x"', "name: is missing"),
        ('name = "HOME"\nkind = "folder"\nfolder = "/x"', "an earlier archive has the same name"),
        ('name = "b"\nkind = "dimse"\n[archive.tls]\ninsecure = true', "tls.insecure: no such key"),
    ],
)  # fmt: skip
def test_a_bad_entry_is_refused_by_file_key_and_reason_and_the_others_work(entry: str, words: str) -> None:
    config = parse_archives(f"{archive_toml(HOME)}\n[[archive]]\n{entry}\n\n{archive_toml(DISC)}")
    assert config.archives == (HOME, DISC)
    (problem,) = config.problems
    assert FILE_NAME in problem.title
    assert words in problem.detail


def test_a_file_that_is_not_toml_is_refused_whole_and_never_written_over(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_text("[[archive]\nname = ", encoding="utf-8")
    config = load_archives(tmp_path)
    assert config.archives == ()
    assert "line 1" in str(config.problems[0])
    with pytest.raises(Refused):
        put_archive(tmp_path, HOME)
    assert (tmp_path / FILE_NAME).read_text(encoding="utf-8") == "[[archive]\nname = "


def test_writing_one_archive_leaves_comments_and_bad_entries_as_they_are(tmp_path: Path) -> None:
    before = '# ours\n[[archive]]\nname = "bad"\nkind = "nonsense"\n\n# the other hospital\n' + archive_toml(HOME)
    (tmp_path / FILE_NAME).write_text(before, encoding="utf-8")
    put_archive(tmp_path, DISC)
    put_archive(tmp_path, replace(HOME, port=11112), replacing="home")
    text = (tmp_path / FILE_NAME).read_text(encoding="utf-8")
    assert text.startswith(before.replace("port = 104", "port = 11112"))
    drop_archive(tmp_path, "home")
    text = (tmp_path / FILE_NAME).read_text(encoding="utf-8")
    assert 'kind = "nonsense"' in text
    assert "# the other hospital" in text
    assert load_archives(tmp_path).archives == (DISC,)
    with pytest.raises(Refused, match="no archive of this name"):
        drop_archive(tmp_path, "home")


# ---- passwords ---------------------------------------------------------------------------


class MemoryRing:
    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, name: str) -> str | None:
        return self.kept.get((service, name))

    def set_password(self, service: str, name: str, secret: str) -> None:
        self.kept[service, name] = secret

    def delete_password(self, service: str, name: str) -> None:
        del self.kept[service, name]


class LockedRing(MemoryRing):
    def get_password(self, service: str, name: str) -> str | None:
        raise RuntimeError("the secret is hunter2")


def test_a_password_lies_in_the_keyring_and_in_no_file(tmp_path: Path) -> None:
    ring = MemoryRing()
    secrets = Secrets(tmp_path, Vault.with_key(bytes(32)), ring, {})
    secrets.set("home", "hunter2")
    assert secrets.get("home") == "hunter2"
    assert ring.kept == {("lyskasse", "home"): "hunter2"}
    assert list(tmp_path.iterdir()) == []
    secrets.forget("home")
    secrets.forget("home")
    assert secrets.get("home") == ""


def test_without_a_keyring_a_password_is_sealed(tmp_path: Path) -> None:
    secrets = Secrets(tmp_path, Vault.with_key(bytes(32)), None, {})
    secrets.set("home", "hunter2")
    secrets.set("web", "swordfish")
    assert Secrets(tmp_path, Vault.with_key(bytes(32)), None, {}).get("home") == "hunter2"
    files = [path for path in tmp_path.iterdir() if path.is_file()]
    assert files
    assert all(b"hunter2" not in path.read_bytes() for path in files)
    secrets.forget("home")
    assert (secrets.get("home"), secrets.get("web")) == ("", "swordfish")
    with pytest.raises(Refused):
        Secrets(tmp_path, Vault.with_key(b"x" * 32), None, {}).get("web")


def test_with_neither_a_password_is_not_kept_and_the_environment_gives_it(tmp_path: Path) -> None:
    secrets = Secrets(tmp_path, Vault.plain(), None, {"LYSKASSE_SECRET_OTHER_HOSPITAL": "hunter2"})
    with pytest.raises(Refused, match="LYSKASSE_SECRET_HOME"):
        secrets.set("home", "x")
    assert secrets.get("other-hospital") == "hunter2"
    assert list(tmp_path.iterdir()) == []


def test_a_locked_keyring_says_so_without_its_words(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="keyring") as caught:
        Secrets(tmp_path, Vault.plain(), LockedRing(), {}).get("home")
    assert "hunter2" not in str(caught.value)
