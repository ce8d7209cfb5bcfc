"""Signed versions as objects for archives, and into the own cache. What asks for it needs no DICOM library."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as version_of
from pathlib import Path

from rendering.objects.delivery import keep
from rendering.objects.write_plan import Written
from rendering.objects.write_report_pdf import write_pdf
from rendering.objects.write_report_text import write_text
from rendering.worker import ImageWorker
from workstation.at_rest.vault import Vault
from workstation.cache.cache import StudyCache
from workstation.domain.report_document import DocumentFile, DocumentKind, ReportDocument
from workstation.errors import Refused


class ReportDocumentWriter:
    """Each method blocks: for a job. Raises Refused."""

    def __init__(self, reader: ImageWorker, cache: StudyCache, vault: Vault) -> None:
        self._reader = reader
        self._cache = cache
        self._vault = vault

    def write(self, document: ReportDocument) -> DocumentFile:
        """Patient and study are read from an image of the study."""
        source = next((Path(i.path) for s in document.study.series for i in s.instances if i.has_pixels), None)
        if source is None:
            raise Refused("The report's document was not made", "No image of its study is here", "Fetch it from the archive")
        write = write_pdf if document.name.kind is DocumentKind.PDF else write_text
        return DocumentFile(document.name, write(document, self._reader.object_context(source), _program_version()).data)

    def keep(self, file: DocumentFile, study_instance_uid: str) -> None:
        """Among the study's objects on this machine, as if it had come from the archive."""
        name = file.name
        written = Written(file.data, study_instance_uid, name.series_instance_uid, name.sop_instance_uid, name.sop_class_uid)
        keep([written], self._cache, self._vault)


def _program_version() -> str:
    try:
        return version_of("lyskasse")
    except PackageNotFoundError:
        return "0"
