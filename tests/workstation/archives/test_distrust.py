"""What must not be believed: an archive's process that names files, an archive that is not set up any more, weak TLS."""

from __future__ import annotations

import ssl
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from certificates import CertificateAuthority

from workstation.archives.gateway.storage_scp import _server_context
from workstation.archives.prefetch_sources import proven_elsewhere
from workstation.archives.remote import _file_in
from workstation.archives.retrieve import Retrievals
from workstation.domain.archive import Archive, ArchiveKind, RetrieveProgress, Tls
from workstation.errors import Unavailable


def test_a_file_that_the_archives_process_names_elsewhere_is_not_touched(tmp_path: Path) -> None:
    """Who gets a received file removes it."""
    inside = tmp_path / "1.dcm"
    assert _file_in(tmp_path, {"path": str(inside), "size": 1}).path == inside
    link = tmp_path / "2.dcm"
    link.symlink_to(tmp_path.parent / "other")
    for named in (tmp_path.parent / "report.db", tmp_path / ".." / "report.db", tmp_path / "deeper" / "1.dcm", link):
        with pytest.raises(Unavailable, match="no sense"):
            _file_in(tmp_path, {"path": str(named), "size": 1})
    with pytest.raises(Unavailable, match="no sense"):
        _file_in(tmp_path, {"size": "much"})


@pytest.mark.parametrize(
    ("archives", "may_go"),
    [
        ([Archive("pacs", ArchiveKind.DICOMWEB)], {"1.2.3"}),
        ([Archive("pacs", ArchiveKind.FOLDER, folder="/media/disc")], set()),
        ([Archive("another", ArchiveKind.DICOMWEB)], set()),
        ([], set()),
    ],
    ids=["an archive", "a disc", "renamed", "removed"],
)
def test_only_what_can_be_fetched_again_may_be_removed_for_room(archives: list[Archive], may_go: set[str]) -> None:
    """I7: the copy here would be the only one left within reach."""
    retrievals = Retrievals(SimpleNamespace(archives=archives), None, None)  # type: ignore[arg-type]
    proven = RetrieveProgress("pacs", "1.2.3", 5, 5, is_proven=True)
    retrievals.all_progress = lambda: (proven, replace(proven, study_instance_uid="1.2.4", is_proven=False))  # type: ignore[method-assign]
    cache: Any = SimpleNamespace(sizes=lambda: {"1.2.3": (5, 100), "1.2.4": (5, 100)})
    assert proven_elsewhere(cache, retrievals) == may_go


def test_who_sends_to_us_by_tls_must_do_it_as_well_as_we_do(tmp_path: Path) -> None:
    authority = CertificateAuthority(tmp_path)
    ours = authority.server("localhost")
    context = _server_context(Tls(str(authority.ca_file), str(ours.certificate_file), str(ours.key_file)))
    assert context is not None
    assert context.minimum_version is ssl.TLSVersion.TLSv1_2
    assert context.verify_mode is ssl.CERT_REQUIRED
    old = [c["name"] for c in context.get_ciphers() if c["protocol"] != "TLSv1.3"]
    assert old
    assert all(name.startswith("ECDHE-") and ("GCM" in name or "CHACHA20" in name) for name in old)
