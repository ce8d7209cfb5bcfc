"""Archives: what a site says of one, what it is asked, and what it answers.

An archive is a PACS that speaks DICOMweb (PS3.18) or DIMSE (PS3.4 annexes B, C, J; PS3.7), or a
folder. Everything an archive answers is text from outside.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from workstation.domain.patient import Patient


class ArchiveKind(StrEnum):
    DIMSE = "dimse"
    DICOMWEB = "dicomweb"
    FOLDER = "folder"


class RetrieveMethod(StrEnum):
    """How a DIMSE archive gives its images: C-GET needs no way in to this machine, C-MOVE does."""

    C_GET = "c-get"
    C_MOVE = "c-move"


@dataclass(frozen=True, slots=True)
class Tls:
    """PEM files. With no `ca_file` the system's trust store is used. There is no way to trust everybody."""

    ca_file: str = ""
    certificate_file: str = ""
    key_file: str = ""


@dataclass(frozen=True, slots=True)
class Archive:
    """One archive as the site or the user set it up. Secrets lie in the OS keyring, never here.

    `name` is our short handle (letters, digits, dash), `title` what a reader sees. `issuer` is the
    assigning authority (0010,0021) of patient IDs that come without one; `tenant` is the care
    provider: patients are never searched for across tenants unless `shared_tenants` names the other.
    `is_local` archives are asked first. `kilobits` caps the bandwidth of background fetching (0: no cap).
    """

    name: str
    kind: ArchiveKind
    title: str = ""
    host: str = ""
    port: int = 0
    called_ae: str = ""
    calling_ae: str = "LYSKASSE"
    retrieve: RetrieveMethod = RetrieveMethod.C_GET
    listen_port: int = 0
    """Where C-MOVE sends to (the storage SCP runs only while a C-MOVE is under way); 0 with C-GET."""
    url: str = ""
    user: str = ""
    folder: str = ""
    tls: Tls | None = None
    issuer: str = ""
    tenant: str = ""
    shared_tenants: tuple[str, ...] = ()
    is_local: bool = False
    is_prior_source: bool = True
    can_store: bool = False
    worklist: bool = False
    """Whether its Modality Worklist (PS3.4 annex K) gives orders that no RIS told of. DIMSE only."""
    kilobits: int = 0
    connections: int = 2
    timeout_seconds: float = 30.0


@dataclass(frozen=True, slots=True)
class StudyQuery:
    """STUDY-level matching keys (PS3.4 C.6.1.1.2, PS3.18 10.6). Empty means universal matching.

    `patient_name` may hold `*` and `?`; dates are `YYYYMMDD`, empty at an open end.
    """

    patient_id: str = ""
    issuer: str = ""
    patient_name: str = ""
    birth_date: str = ""
    accession_number: str = ""
    study_instance_uid: str = ""
    modalities: tuple[str, ...] = ()
    date_from: str = ""
    date_to: str = ""
    description: str = ""
    limit: int = 200


@dataclass(frozen=True, slots=True)
class FoundStudy:
    """A STUDY-level answer. Counts are None when the archive does not say; they are never proof."""

    archive: str
    study_instance_uid: str
    patient: Patient
    accession_number: str = ""
    study_date: str = ""
    study_time: str = ""
    description: str = ""
    modalities: tuple[str, ...] = ()
    body_parts: tuple[str, ...] = ()
    series_count: int | None = None
    instance_count: int | None = None
    institution: str = ""


@dataclass(frozen=True, slots=True)
class FoundSeries:
    series_instance_uid: str
    modality: str = ""
    series_number: int | None = None
    description: str = ""
    body_part: str = ""
    instance_count: int | None = None


@dataclass(frozen=True, slots=True)
class FoundInstance:
    """A row of the IMAGE-level list: what must be here before a study is called complete."""

    series_instance_uid: str
    sop_instance_uid: str
    sop_class_uid: str = ""
    instance_number: int | None = None
    transfer_syntax_uid: str = ""


@dataclass(frozen=True, slots=True)
class ReceivedFile:
    """A whole file that the archive process wrote. `size` in bytes as received. Not yet parsed or trusted."""

    path: Path
    size: int
    sop_instance_uid: str = ""
    """As the protocol said, not as the file says; empty when the protocol does not say."""


class SendState(StrEnum):
    """What became of an object that was offered. STORED is the archive's word; PROVEN is a read-back."""

    STORED = "stored"
    PROVEN = "proven"
    REFUSED = "refused"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class SendResult:
    sop_instance_uid: str
    state: SendState
    reason: str = ""


@dataclass(frozen=True, slots=True)
class TestStep:
    """One line of a connection test: what was tried, whether it went well, and in words why not."""

    __test__ = False  # not a test case, whatever pytest thinks of its name

    name: str
    succeeded: bool
    words: str = ""


def _never() -> bool:
    return False


Cancelled = Callable[[], bool]


class ArchiveConnection(Protocol):
    """One archive, talked to. Methods block and are called in jobs. They raise `WorkstationError`
    (`Unavailable` when it is not there now, `Refused` when it says no) without patient data in it.

    Implemented for the parent by `workstation.archives.remote.RemoteConnection`, which has a process
    of its own do the talking, and inside that process once for each `ArchiveKind`.
    """

    def test(self) -> tuple[TestStep, ...]:
        """Never raises for an archive that does not answer: that is a step that failed."""
        ...

    def find_studies(self, query: StudyQuery, cancelled: Cancelled = _never) -> tuple[FoundStudy, ...]: ...

    def find_series(self, study_instance_uid: str) -> tuple[FoundSeries, ...]: ...

    def find_instances(self, study_instance_uid: str, series_instance_uid: str = "") -> tuple[FoundInstance, ...]:
        """The IMAGE-level list, of the whole study or of one series."""
        ...

    def retrieve(
        self,
        study_instance_uid: str,
        wanted: Sequence[FoundInstance],
        into: Path,
        on_file: Callable[[ReceivedFile], None],
        on_bytes: Callable[[int], None] = lambda _: None,
        cancelled: Cancelled = _never,
        kilobits: int = 0,
    ) -> None:
        """Fetch `wanted` in that order as far as the protocol lets us; each file is whole when `on_file` has it.

        Returns when the archive says it is done. What it says is no proof: the caller compares
        with `wanted`. Raises when the link breaks; what `on_file` had stays good.
        """
        ...

    def send(self, files: Sequence[Path], cancelled: Cancelled = _never) -> tuple[SendResult, ...]:
        """Offer Part 10 files (C-STORE, PS3.4 B; STOW-RS, PS3.18 10.5), in order."""
        ...

    def prove(self, objects: Sequence[FoundInstance], study_instance_uid: str) -> tuple[SendResult, ...]:
        """Whether the archive holds these now: storage commitment (PS3.4 J) or an IMAGE-level query."""
        ...

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class RetrieveProgress:
    """`received` of `expected` images are here and were checked; `expected` is None until the list has come.

    `is_proven` only when every row of the IMAGE-level list is in the cache.
    """

    archive: str
    study_instance_uid: str
    received: int
    expected: int | None
    bytes: int = 0
    is_proven: bool = False
    problem: str = ""
    missing: tuple[FoundInstance, ...] = field(default=())
    retry_after: float | None = None
    """Seconds for which the archive asked to be left in peace; None when it did not."""


__all__ = [
    "Archive",
    "ArchiveConnection",
    "ArchiveKind",
    "FoundInstance",
    "FoundSeries",
    "FoundStudy",
    "ReceivedFile",
    "RetrieveMethod",
    "RetrieveProgress",
    "SendResult",
    "SendState",
    "StudyQuery",
    "TestStep",
    "Tls",
]
