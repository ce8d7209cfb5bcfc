"""What all objects of ours have in common: whose they are, who made them, when, and the file around them.

Only our own datasets are made here; nothing received is read. Text is UTF-8 (ISO_IR 192), so that
every name keeps its letters. UIDs are made of random UUIDs (PS3.5 B.2).
"""

from __future__ import annotations

import io
import re
from uuid import uuid4

import pydicom
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import UID, ExplicitVRLittleEndian

from rendering.header import ImageHeader, LookupTable
from rendering.objects.concepts import LONGEST_CODE
from rendering.objects.facts import ObjectContext
from rendering.objects.plain_text import one_line
from rendering.objects.references import Code
from rendering.objects.write_plan import FIRST, Author, Joining, Written
from workstation.errors import Refused

PRODUCT = "Lyskasse"
# A UUID of this program's own, for ImplementationClassUID (0002,0012).
IMPLEMENTATION = "2.25.274066021984437893417046914364871530211"
NUMBERS = {"PR": 9001, "KO": 9002, "SR": 9003, "SEG": 9004, "CT": 9005, "MR": 9006, "DOC": 9007}
"""Series numbers of our objects, away from those of scanners."""

_DATE = re.compile(r"\d{8}")
_TIME = re.compile(r"\d{2}(\d{2}(\d{2}(\.\d{1,6})?)?)?")


def new_uid() -> UID:
    return UID(f"2.25.{uuid4().int}")


def begin(
    context: ObjectContext, author: Author, modality: str, sop_class: str, description: str, joining: Joining = FIRST
) -> Dataset:
    """Patient, General Study, Series, Equipment and SOP Common Modules (PS3.3 C.7.1.1, C.7.2.1, C.7.3.1, C.7.5.1, C.12.1)."""
    if not context.study_uid:
        raise Refused("The object cannot be written", "The images name no study")
    made = author.made
    date, clock = made.strftime("%Y%m%d"), made.strftime("%H%M%S.%f")
    ds = Dataset()
    ds.SpecificCharacterSet = "ISO_IR 192"
    ds.SOPClassUID, ds.SOPInstanceUID = UID(sop_class), new_uid()
    ds.InstanceCreationDate, ds.InstanceCreationTime = date, clock
    ds.TimezoneOffsetFromUTC = made.strftime("%z")[:5]
    _copy_context(ds, context)
    began = joining.began or made
    ds.SeriesInstanceUID = UID(joining.series_uid) if joining.series_uid else new_uid()
    ds.SeriesNumber = NUMBERS[modality]
    ds.SeriesDate, ds.SeriesTime = began.strftime("%Y%m%d"), began.strftime("%H%M%S.%f")
    ds.Modality, ds.SeriesDescription = modality, one_line(description, 64)
    ds.Manufacturer, ds.ManufacturerModelName = PRODUCT, PRODUCT
    ds.SoftwareVersions = one_line(author.version, 64)
    ds.InstanceNumber = joining.number
    return ds


def _copy_context(ds: Dataset, context: ObjectContext) -> None:
    ds.PatientName = _name(context.patient_name)
    ds.PatientID = one_line(context.patient_id, 64)
    if context.patient_issuer:
        ds.IssuerOfPatientID = one_line(context.patient_issuer, 64)
    ds.PatientBirthDate = _matching(_DATE, context.patient_birth_date)
    ds.PatientSex = context.patient_sex
    ds.StudyInstanceUID = UID(context.study_uid)
    ds.StudyDate = _matching(_DATE, context.study_date)
    ds.StudyTime = _matching(_TIME, context.study_time)
    ds.StudyID = one_line(context.study_id, 16)
    ds.AccessionNumber = one_line(context.accession_number, 16)
    ds.ReferringPhysicianName = _name(context.referring_physician)
    if context.study_description:
        ds.StudyDescription = one_line(context.study_description, 64)


def _name(name: str) -> str:
    """Up to three component groups of 64 characters each (PS3.5 6.2)."""
    return "=".join(one_line(group, 64) for group in name.split("=")[:3])


def _matching(pattern: re.Pattern[str], text: str) -> str:
    return text if pattern.fullmatch(text) else ""


def content(ds: Dataset, author: Author) -> None:
    """When the content was made."""
    ds.ContentDate, ds.ContentTime = author.made.strftime("%Y%m%d"), author.made.strftime("%H%M%S.%f")


def code_item(code: Code) -> Dataset:
    item = Dataset()
    setattr(item, "CodeValue" if len(code.value) <= LONGEST_CODE else "LongCodeValue", code.value)
    item.CodingSchemeDesignator = code.scheme
    item.CodeMeaning = one_line(code.meaning or code.value, 64)
    return item


def image_item(header: ImageHeader, frames: tuple[int, ...] = ()) -> Dataset:
    """The Image SOP Instance Reference Macro; `frames` only where the image has several."""
    item = Dataset()
    item.ReferencedSOPClassUID = UID(header.sop_class_uid)
    item.ReferencedSOPInstanceUID = UID(header.sop_instance_uid)
    if frames and header.frames > 1:
        item.ReferencedFrameNumber = list(frames)
    return item


def by_series(headers: tuple[ImageHeader, ...]) -> dict[str, list[ImageHeader]]:
    found: dict[str, list[ImageHeader]] = {}
    for header in dict.fromkeys(headers):
        found.setdefault(header.series_uid, []).append(header)
    return found


def checked(headers: tuple[ImageHeader, ...], context: ObjectContext) -> None:
    """Raises Refused for images of another study or patient than the object will say (F49)."""
    if not headers:
        raise Refused("The object cannot be written", "It would be about no image")
    for header in headers:
        if header.study_uid != context.study_uid or header.patient_id != context.patient_id:
            raise Refused("The object cannot be written", "Its images are of more than one study or patient")


def finish(ds: Dataset, left_out: tuple[str, ...] = ()) -> Written:
    """The Part 10 file (PS3.10 7), Explicit VR Little Endian."""
    return Written(
        part10(ds),
        str(ds.StudyInstanceUID),
        str(ds.SeriesInstanceUID),
        str(ds.SOPInstanceUID),
        str(ds.SOPClassUID),
        left_out,
        str(ds.Modality),
    )


def part10(ds: Dataset) -> bytes:
    """The bytes of the file. Raises Refused for what cannot be encoded."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = ds.SOPClassUID, ds.SOPInstanceUID
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.ImplementationClassUID, meta.ImplementationVersionName = UID(IMPLEMENTATION), PRODUCT.upper()
    ds.file_meta = meta
    out = io.BytesIO()
    try:
        pydicom.dcmwrite(out, ds, enforce_file_format=True)
    except (ValueError, TypeError, AttributeError, KeyError) as error:
        raise Refused("The object cannot be written", type(error).__name__) from error
    return out.getvalue()


def table_item(table: LookupTable) -> Dataset:
    """LUTDescriptor and LUTData (PS3.3 C.11.1.1)."""
    item = Dataset()
    count = table.count if table.count < 1 << 16 else 0
    item.add_new("LUTDescriptor", "SS" if table.first < 0 else "US", [count, table.first, table.bits])
    item.add_new("LUTData", "OW", table.data)
    if table.explanation:
        item.LUTExplanation = one_line(table.explanation, 64)
    return item
