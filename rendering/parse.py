"""A received file to a ParsedInstance. Runs only inside the limited worker process."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from rendering.file_bytes import FileBytes, read_file, sha256_of
from rendering.header import ImageHeader, Palette
from rendering.parse_ai import ai_attributes
from rendering.parse_attributes import instance_attributes, series_attributes
from rendering.parse_elements import Elements
from rendering.parse_extras import (
    read_frame_times,
    read_overlays,
    read_padding,
    read_pet,
    read_pixel_aspect_ratio,
    read_shutter,
)
from rendering.parse_file import ReceivedDataset, read_received
from rendering.parse_frames import FrameContext, read_frames
from rendering.parse_masks import read_masks
from rendering.parse_pixels import PixelModule, read_pixel_module
from rendering.parse_profile import read_profile
from rendering.parse_reasons import computed_words, no_pixels_reason, unshown_reason
from rendering.parse_series import WITHOUT, build_study, checked_uids, missing_uids
from rendering.parse_spacing import read_regions
from rendering.parse_tables import palette
from rendering.transfer_syntaxes import TRANSFER_SYNTAXES
from workstation.domain.study import Instance, ParsedInstance
from workstation.errors import Refused

DICOMDIR_CLASS = "1.2.840.10008.1.3.10"
HANGING_PROTOCOL = "1.2.840.10008.5.1.4.38.1"

# Syntaxes that cannot but lose something, whatever LossyImageCompression (0028,2110) says.
LOSSY = frozenset(uid for uid, syntax in TRANSFER_SYNTAXES.items() if syntax.is_lossy)


def parse_file(path: Path, most: int, key: bytes = b"", sha256: str = "") -> ParsedInstance:
    """`key` opens a sealed file. Raises Refused.

    With `sha256` (hexadecimal) the caller hashed the bytes himself when he wrote this file, which is his
    alone: no more of it is then read than says what it is.
    """
    return parse_bytes(read_file(path, most, key, whole=not sha256), str(path), sha256)


def parse_bytes(data: FileBytes, path: str, sha256: str = "") -> ParsedInstance:
    """What the bytes of one file are. Raises Refused for what is not a DICOM instance."""
    received = read_received(data)
    elements = received.elements
    if elements.uid("MediaStorageSOPClassUID") == DICOMDIR_CLASS or "DirectoryRecordSequence" in elements:
        raise Refused("A DICOMDIR lists files: it is not an image itself")
    if elements.uid("SOPClassUID") == HANGING_PROTOCOL:
        raise Refused(
            "A hanging protocol: it is of no patient, and was not applied",
            hint="Look at it with Hanging protocols as DICOM, and take it over there",
        )
    sha256 = sha256 or sha256_of(data)
    uids, missing = checked_uids(elements, sha256), missing_uids(elements)
    header = build_header(received, uids)
    header = replace(header, warnings=(*(WITHOUT[name] for name in missing), *header.warnings))
    instance = Instance(
        uids[2],
        uids[3],
        received.transfer_syntax,
        elements.integer("InstanceNumber"),
        header.frames if header.has_pixels else 0,
        header.rows,
        header.columns,
        path,
        sha256,
        len(data),
        header.to_json(),
    )
    attributes = {**series_attributes(elements), **ai_attributes(elements, uids[3], uids[2])}
    return ParsedInstance(build_study(elements, uids, attributes, instance), missing)


def build_header(received: ReceivedDataset, uids: Sequence[str]) -> ImageHeader:
    """Raises Refused when there are pixel data and they cannot be what the header says."""
    elements = received.elements
    header = ImageHeader(
        study_uid=uids[0],
        series_uid=uids[1],
        sop_instance_uid=uids[2],
        sop_class_uid=uids[3],
        transfer_syntax_uid=received.transfer_syntax,
        modality=elements.text("Modality"),
        patient_id=elements.text("PatientID"),
        patient_issuer=elements.text("IssuerOfPatientID"),
        frame_of_reference_uid=elements.uid("FrameOfReferenceUID"),
    )
    reason = unshown_reason(uids[3], received.transfer_syntax)
    if received.pixels is None or reason:
        return replace(header, no_pixels=reason or no_pixels_reason(uids[3]))
    return _with_image(header, elements, read_pixel_module(received))


def _with_image(header: ImageHeader, elements: Elements, pixels: PixelModule) -> ImageHeader:
    warnings = [*computed_words(header.sop_class_uid), *pixels.warnings]
    image_type = elements.texts("ImageType")
    regions = read_regions(elements)
    context = FrameContext(header.modality, header.sop_class_uid, image_type, pixels.is_signed, pixels.frames, regions)
    shared, per_frame = read_frames(elements, context, warnings)
    frame_time, frame_times = read_frame_times(elements, pixels.frames)
    colours = _palette(elements, pixels)
    return replace(
        header,
        **{name: getattr(pixels, name) for name in pixels.__slots__ if name != "warnings"},
        shared=shared,
        per_frame=per_frame,
        presentation_inverse=elements.text("PresentationLUTShape") == "INVERSE",
        padding=read_padding(elements, pixels.is_signed),
        palette=colours,
        colour_profile=read_profile(elements, pixels.samples == 3 or pixels.photometric == "PALETTE COLOR", warnings),
        overlays=read_overlays(elements, pixels.high_bit, pixels.bits_stored, pixels.bits_allocated, warnings),
        shutter=read_shutter(elements),
        pixel_aspect_ratio=read_pixel_aspect_ratio(elements),
        ultrasound_regions=regions,
        pet=read_pet(elements) if header.modality == "PT" else None,
        lossy=elements.text("LossyImageCompression") == "01" or header.transfer_syntax_uid in LOSSY,
        lossy_ratio=elements.floats("LossyImageCompressionRatio"),
        image_type=image_type,
        laterality=elements.text("ImageLaterality") or elements.text("Laterality"),
        view_position=elements.text("ViewPosition"),
        patient_orientation=elements.texts("PatientOrientation"),
        patient_position=elements.text("PatientPosition"),
        gantry_tilt=elements.real("GantryDetectorTilt"),
        magnification=elements.real("EstimatedRadiographicMagnificationFactor"),
        burned_in=elements.text("BurnedInAnnotation"),
        frame_time=frame_time,
        cine_rate=elements.real("CineRate"),
        display_rate=elements.real("RecommendedDisplayFrameRate"),
        plays_back_and_forth=elements.integer("PreferredPlaybackSequencing", "US") == 1,
        frame_times=frame_times,
        expected_images=elements.integer("ImagesInAcquisition"),
        warnings=tuple(dict.fromkeys(warnings)),
        subtraction=read_masks(elements, header.sop_class_uid, header.modality, pixels.frames, pixels.samples, pixels.is_signed),
        attributes=instance_attributes(elements),
    )


def _palette(elements: Elements, pixels: PixelModule) -> Palette | None:
    if pixels.photometric == "PALETTE COLOR":
        found = palette(elements, pixels.is_signed, supplemental=False)
        if found is None:
            raise Refused("The palette of the image is missing or malformed")
        return found
    if pixels.photometric == "MONOCHROME2" and "RedPaletteColorLookupTableDescriptor" in elements:
        return palette(elements, pixels.is_signed, supplemental=True)
    return None


def media_files(path: Path, most: int, key: bytes = b"") -> tuple[tuple[str, ...], ...]:
    """ReferencedFileID (0004,1500) of every record of a DICOMDIR, unchecked. Raises Refused."""
    elements = read_received(read_file(path, most, key)).elements
    if "DirectoryRecordSequence" not in elements:
        raise Refused("Not a DICOMDIR")
    files = (record.texts("ReferencedFileID") for record in elements.items("DirectoryRecordSequence"))
    return tuple(dict.fromkeys(parts for parts in files if parts))
