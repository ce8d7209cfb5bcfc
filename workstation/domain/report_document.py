"""A signed version as an object for archives: what it is made of, and what comes out."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from enum import StrEnum
from uuid import NAMESPACE_URL, uuid5

from workstation.domain.order import Order
from workstation.domain.report import JointOrder, Report
from workstation.domain.study import Study


class DocumentKind(StrEnum):
    """Basic Text SR (PS3.3 A.35.1) and Encapsulated PDF (A.45.1)."""

    TEXT = "sr"
    PDF = "pdf"


SOP_CLASS: dict[DocumentKind, str] = {
    DocumentKind.TEXT: "1.2.840.10008.5.1.4.1.1.88.11",
    DocumentKind.PDF: "1.2.840.10008.5.1.4.1.1.104.1",
}


@dataclass(frozen=True, slots=True)
class DocumentName:
    """The UIDs of one document. A version has the same ones whenever they are asked for: it is never sent as two."""

    kind: DocumentKind
    sop_instance_uid: str
    series_instance_uid: str

    @property
    def sop_class_uid(self) -> str:
        return SOP_CLASS[self.kind]


def document_name(report_uuid: str, version: int, kind: DocumentKind) -> DocumentName:
    """UIDs made of UUIDs (PS3.5 B.2), those of the report's own. All versions of a kind share a series."""
    return DocumentName(kind, _uid(f"{report_uuid}/{kind}/{version}"), _uid(f"{report_uuid}/{kind}"))


def _uid(name: str) -> str:
    return f"2.25.{uuid5(NAMESPACE_URL, f'urn:lyskasse:report-document:{name}').int}"


@dataclass(frozen=True, slots=True)
class AlsoAnswered:
    """Another order that the report answers: `study` where it is of images of its own, `order` where it is known still."""

    joint: JointOrder
    order: Order | None = None
    study: Study | None = None


@dataclass(frozen=True, slots=True)
class ReportDocument:
    """What a document is made of. `study` is that of the report, whole; `replaces` are those of the versions before.

    `order` is None where none is known any more. `pdf` is the printed version, of a document that carries one.
    """

    name: DocumentName
    report: Report
    study: Study
    order: Order | None = None
    replaces: tuple[DocumentName, ...] = ()
    pdf: bytes = field(default=b"", repr=False)
    others: tuple[AlsoAnswered, ...] = ()


@dataclass(frozen=True, slots=True)
class DocumentFile:
    """A document as a Part 10 file."""

    name: DocumentName
    data: bytes = field(repr=False)

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.data).hexdigest()
