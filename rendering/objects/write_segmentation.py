"""Segmentations of ours (PS3.3 A.51): areas drawn by a reader as binary segments, through highdicom.

A pixel is inside when its centre is. Only areas on frames with a place in the patient can be written.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from highdicom.seg import SegmentAlgorithmTypeValues, SegmentationTypeValues, SegmentDescription
from highdicom.seg import Segmentation as WrittenSegmentation
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sr.coding import Code as DicomCode
from pydicom.uid import UID, ExplicitVRLittleEndian

from rendering.annotation_shapes import AREAS, inside, with_span
from rendering.header import ImageHeader
from rendering.objects.facts import ObjectContext
from rendering.objects.plain_text import one_line
from rendering.objects.references import Code
from rendering.objects.write_plan import Author, Written
from rendering.objects.writing import NUMBERS, PRODUCT, begin, checked, finish, new_uid
from workstation.domain.annotation import Annotation
from workstation.domain.viewing import Plane
from workstation.errors import Refused

CATEGORY = Code("309825002", "SCT", "Spatial and relational concept")
REGION = Code("111030", "DCM", "Image Region")
NO_SERIAL = "none"


def write_seg(
    context: ObjectContext, author: Author, annotations: Sequence[Annotation], images: Sequence[ImageHeader], label: str = "AREAS"
) -> Written:
    """A segment for each area. `images` are the single-frame images of one series that they lie on. Raises Refused."""
    checked(tuple(images), context)
    areas = [one for one in annotations if one.kind in AREAS and one.plane is Plane.STACK]
    used = [header for header in images if any(one.sop_instance_uid == header.sop_instance_uid for one in areas)]
    if not used:
        raise Refused("The segmentation cannot be written", "There is no area on these images")
    if len({(header.series_uid, header.rows, header.columns) for header in used}) > 1:
        raise Refused("The segmentation cannot be written", "Its areas are on images of more than one kind")
    sources = [_source(header, context, author) for header in used]
    pixels = np.zeros((len(used), used[0].rows, used[0].columns, len(areas)), np.bool_)
    for number, area in enumerate(areas):
        for index, header in enumerate(used):
            if header.sop_instance_uid == area.sop_instance_uid:
                pixels[index, :, :, number] = _inside(area, header)
    segments = [_segment(number + 1, area) for number, area in enumerate(areas) if pixels[..., number].any()]
    if len(segments) < len(areas):
        raise Refused("The segmentation cannot be written", "An area holds no pixel")
    try:
        ds = WrittenSegmentation(
            sources, pixels.astype(np.uint8), SegmentationTypeValues.BINARY, segments,
            series_instance_uid=new_uid(), series_number=NUMBERS["SEG"], sop_instance_uid=new_uid(), instance_number=1,
            manufacturer=PRODUCT, manufacturer_model_name=PRODUCT, software_versions=one_line(author.version, 64),
            device_serial_number=NO_SERIAL, content_description="Areas drawn by a reader",
            content_creator_name=author.person_name, transfer_syntax_uid=ExplicitVRLittleEndian, content_label=label,
        )  # fmt: skip
    except (ValueError, TypeError, AttributeError, KeyError) as error:
        raise Refused("The segmentation cannot be written", type(error).__name__) from error
    return finish(_as_ours(ds, context, author))


def _inside(area: Annotation, header: ImageHeader) -> NDArray[np.bool_]:
    spacing = header.frame(0).spacing
    spanned = with_span(area.kind, area.points, (1.0, 1.0) if spacing is None else (spacing[1], spacing[0]))
    return inside(area.kind, spanned, np.arange(header.columns, dtype=float), np.arange(header.rows, dtype=float))


def _segment(number: int, area: Annotation) -> SegmentDescription:
    return SegmentDescription(
        number,
        one_line(area.text, 64) or f"{area.kind.value.capitalize()} {number}",
        DicomCode(CATEGORY.value, CATEGORY.scheme, CATEGORY.meaning),
        DicomCode(REGION.value, REGION.scheme, REGION.meaning),
        SegmentAlgorithmTypeValues.MANUAL,
        tracking_uid=area.uid,
        tracking_id=f"{area.kind.value} {number}",
    )


def _source(header: ImageHeader, context: ObjectContext, author: Author) -> Dataset:
    """What highdicom asks of a source image, from what is known of it: nothing received is read."""
    facts = header.frame(0)
    plane = facts.plane
    if header.frames != 1 or plane is None or not header.frame_of_reference_uid:
        raise Refused("The segmentation cannot be written", "Its images have no place in the patient, or many frames")
    ds = begin(context, author, "SEG", header.sop_class_uid, "")
    ds.SOPInstanceUID, ds.SeriesInstanceUID = UID(header.sop_instance_uid), UID(header.series_uid)
    ds.Modality = header.modality
    ds.FrameOfReferenceUID = UID(header.frame_of_reference_uid)
    ds.PositionReferenceIndicator = context.position_reference
    ds.Rows, ds.Columns, ds.SamplesPerPixel, ds.PhotometricInterpretation = header.rows, header.columns, 1, "MONOCHROME2"
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 16, 16, 15, 0
    ds.ImagePositionPatient = list(plane.position)
    ds.ImageOrientationPatient = [*plane.row_direction, *plane.column_direction]
    ds.PixelSpacing = [plane.row_spacing, plane.column_spacing]
    ds.SliceThickness = facts.slice_thickness or None
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    return ds


def _as_ours(ds: Dataset, context: ObjectContext, author: Author) -> Dataset:
    """Character set, zone and modules of the patient and study as in all our objects."""
    ours = begin(context, author, "SEG", str(ds.SOPClassUID), "Areas")
    for keyword in ("SOPInstanceUID", "SeriesInstanceUID", "SoftwareVersions", "SeriesNumber"):
        delattr(ours, keyword)
    made = Dataset()
    made.update({element.tag: element for element in ds})
    made.update({element.tag: element for element in ours})
    return made
