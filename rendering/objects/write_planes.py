"""Planes of ours as a new series of CT or MR images (PS3.3 A.3, A.4): derived, with what they were made from.

Modality, SOP Class, patient, study and Frame of Reference are the source's; series, equipment, identities and
descriptions are ours. Nothing else of the source's dataset is copied, private elements least of all. Pixels are signed
16 bits, Explicit VR Little Endian.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pydicom.dataset import Dataset
from pydicom.uid import UID

from rendering.objects.facts import ObjectContext
from rendering.objects.plain_text import one_line
from rendering.objects.references import Code
from rendering.objects.write_plan import Author, Written
from rendering.objects.writing import PRODUCT, begin, checked, code_item, content, finish, image_item, new_uid
from rendering.plane_export import HIGHEST, PADDING, ExportedFrame, ExportedPlanes
from workstation.domain.viewing import VoiFunction, Window
from workstation.errors import Refused

CT_IMAGE, MR_IMAGE = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.4"
ENHANCED = {"1.2.840.10008.5.1.4.1.1.2.1": CT_IMAGE, "1.2.840.10008.5.1.4.1.1.4.1": MR_IMAGE}
SOURCE_IMAGE = Code("121322", "DCM", "Source image for image processing operation")
REFORMATTED = Code("113072", "DCM", "Multiplanar reformatting")
PROJECTED = {
    "MIP": Code("113078", "DCM", "Maximum intensity projection"),
    "MIN": Code("113079", "DCM", "Minimum intensity projection"),
    "MEAN": Code("113049", "DCM", "Pixel by pixel mean"),
}
# The third value of Image Type (C.7.6.1.1.2): of MR the standard's own terms (C.8.3.1.1.1), of CT those that are in use.
IMAGE_TYPES = {
    ("CT", "MEAN"): "MPR",
    ("CT", "MIP"): "MIP",
    ("CT", "MIN"): "MINIP",
    ("MR", "MEAN"): "MPR",
    ("MR", "MIP"): "PROJECTION IMAGE",
    ("MR", "MIN"): "PROJECTION IMAGE",
}
# Of a MR series, with what stands where the source does not say: RM (research) and NONE are the standard's own terms.
MR_TYPE_1 = {"ScanningSequence": "RM", "SequenceVariant": "NONE"}
MR_COPIED = ("ScanOptions", "MRAcquisitionType", "EchoTime", "RepetitionTime", "InversionTime", "FlipAngle")
NUMBERS_ONLY = frozenset({"EchoTime", "RepetitionTime", "InversionTime", "FlipAngle", "KVP"})


def write_planes(
    context: ObjectContext,
    author: Author,
    planes: ExportedPlanes,
    attributes: Mapping[str, Sequence[str]],
    window: Window | None = None,
    description: str = "",
) -> tuple[Written, ...]:
    """One file for each plane. `attributes` are the source series' (`Series.attributes`), `window` is in modality units.

    Raises Refused for a modality whose images cannot be derived here, and for images of more than one patient or study.
    """
    headers = tuple(planes.source_headers.values())
    checked(headers, context)
    sop_class = ENHANCED.get(planes.header.sop_class_uid, planes.header.sop_class_uid)
    if sop_class not in (CT_IMAGE, MR_IMAGE):
        raise Refused(
            "These planes cannot be made a series",
            f"Derived images are written of CT and MR, not of {planes.header.modality or 'this modality'}",
        )
    words = one_line(description, 64) or _description(planes)
    modality = "CT" if sop_class == CT_IMAGE else "MR"
    series_uid, made = new_uid(), []
    for number, frame in enumerate(planes.frames):
        ds = begin(context, author, modality, sop_class, words)
        ds.SeriesInstanceUID, ds.SOPInstanceUID, ds.InstanceNumber = series_uid, new_uid(), number + 1
        _general(ds, planes, frame, author)
        _plane(ds, planes, frame, context)
        _pixels(ds, planes, frame, window)
        (_ct if modality == "CT" else _mr)(ds, attributes)
        made.append(finish(ds))
    return tuple(made)


def _description(planes: ExportedPlanes) -> str:
    kind = "Oblique" if planes.is_oblique else "Reformatted"
    return one_line(f"{kind} {planes.slab.words}" if planes.slab else kind, 64)


def _general(ds: Dataset, planes: ExportedPlanes, frame: ExportedFrame, author: Author) -> None:
    """General Image (C.7.6.1), with the derivation."""
    slab, header = planes.slab, planes.header
    ds.ImageType = ["DERIVED", "SECONDARY", IMAGE_TYPES[ds.Modality, slab.mode if slab is not None else "MEAN"]]
    content(ds, author)
    ds.AcquisitionNumber = None
    how = f"; {slab.words}" if slab is not None else ""
    words = f"Plane resampled from the volume, linear between voxels{how}. {PRODUCT} {author.version}"
    ds.DerivationDescription = one_line(words, 1024)
    ds.DerivationCodeSequence = [code_item(REFORMATTED), *([code_item(PROJECTED[slab.mode])] if slab else [])]
    items = []
    for uid in frame.sources:
        item = image_item(planes.source_headers[uid])
        item.PurposeOfReferenceCodeSequence = [code_item(SOURCE_IMAGE)]
        items.append(item)
    ds.SourceImageSequence = items
    if header.burned_in:
        ds.BurnedInAnnotation = "YES" if header.burned_in == "YES" else "NO"
    if any(source.lossy for source in planes.source_headers.values()):
        ds.LossyImageCompression = "01"
        if header.lossy_ratio:
            ds.LossyImageCompressionRatio = [f"{ratio:.6g}" for ratio in header.lossy_ratio]
    else:
        ds.LossyImageCompression = "00"


def _plane(ds: Dataset, planes: ExportedPlanes, frame: ExportedFrame, context: ObjectContext) -> None:
    """Image Plane and Frame of Reference (C.7.6.2, C.7.4.1)."""
    if not planes.header.frame_of_reference_uid:
        raise Refused("These planes cannot be made a series", "The source names no frame of reference to lie in")
    ds.FrameOfReferenceUID = UID(planes.header.frame_of_reference_uid)
    ds.PositionReferenceIndicator = one_line(context.position_reference, 64)
    ds.ImageOrientationPatient = [_decimal(part) for part in (*planes.right, *planes.down)]
    ds.ImagePositionPatient = [_decimal(part) for part in frame.position]
    ds.PixelSpacing = [_decimal(planes.pixel_mm)] * 2
    ds.SliceThickness = _decimal(planes.thickness_mm)
    if planes.step_mm is not None:
        ds.SpacingBetweenSlices = _decimal(planes.step_mm)
    ds.PatientPosition = planes.header.patient_position


def _pixels(ds: Dataset, planes: ExportedPlanes, frame: ExportedFrame, window: Window | None) -> None:
    """Image Pixel (C.7.6.3), the way to values, and the window that they were looked at with."""
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
    ds.Rows, ds.Columns = frame.stored.shape
    ds.BitsAllocated = ds.BitsStored = 16
    ds.HighBit, ds.PixelRepresentation = 15, 1
    if planes.has_padding:
        ds.add_new(0x00280120, "SS", PADDING)
    if ds.Modality == "CT" or (planes.slope, planes.intercept) != (1.0, 0.0):
        ds.RescaleIntercept, ds.RescaleSlope = _decimal(planes.intercept), _decimal(planes.slope)
        ds.RescaleType = planes.unit if planes.unit == "HU" else "US"
    if window is not None:
        ds.WindowCenter, ds.WindowWidth = _decimal(window.center), _decimal(window.width)
        if window.function is not VoiFunction.LINEAR:
            ds.VOILUTFunction = window.function.value
    held = frame.stored[frame.stored != PADDING]
    ds.add_new(0x00280106, "SS", int(held.min()) if held.size else 0)
    ds.add_new(0x00280107, "SS", int(held.max()) if held.size else HIGHEST)
    ds.PixelData = frame.stored.astype("<i2").tobytes()


def _ct(ds: Dataset, attributes: Mapping[str, Sequence[str]]) -> None:
    """CT Image (C.8.2.1): what is not known of the acquisition is said to be unknown."""
    ds.KVP = _number(attributes, "KVP")
    kernel = [one_line(text, 16) for text in attributes.get("ConvolutionKernel", ())]
    if kernel:
        ds.ConvolutionKernel = kernel
    _common(ds, attributes)


def _mr(ds: Dataset, attributes: Mapping[str, Sequence[str]]) -> None:
    """MR Image (C.8.3.1)."""
    for keyword, unknown in MR_TYPE_1.items():
        setattr(ds, keyword, list(attributes.get(keyword, ())) or unknown)
    for keyword in MR_COPIED:
        found = _number(attributes, keyword) if keyword in NUMBERS_ONLY else list(attributes.get(keyword, ()))
        if found or keyword not in ("InversionTime", "FlipAngle"):
            setattr(ds, keyword, found or None)
    ds.EchoTrainLength = None
    _common(ds, attributes)


def _common(ds: Dataset, attributes: Mapping[str, Sequence[str]]) -> None:
    body = attributes.get("BodyPartExamined", ())
    if body and body[0]:
        ds.BodyPartExamined = one_line(body[0], 16)
    # Type 2C: known to be of one side, or not known to be of none.
    side = attributes.get("Laterality", ())
    if side or not (body and body[0]):
        ds.Laterality = side[0] if side and side[0] in ("L", "R") else ""
    contrast = attributes.get("ContrastBolusAgent", ())
    if contrast and contrast[0]:
        ds.ContrastBolusAgent = one_line(contrast[0], 64)


def _number(attributes: Mapping[str, Sequence[str]], keyword: str) -> str | None:
    values = attributes.get(keyword, ())
    try:
        return _decimal(float(values[0])) if values else None
    except ValueError:
        return None


def _decimal(value: float) -> str:
    """DS: 16 characters at most (PS3.5 6.2), with as many digits as go into them."""
    for digits in range(15, 0, -1):
        text = f"{value:.{digits}g}"
        if len(text) <= 16:
            return text
    return f"{value:.6e}"
