"""What a series is for: scout, lung kernel, FLAIR, attenuation-corrected PET, right CC view ...

Pure functions on DICOM attributes. Codes and defined terms come first, then physical parameters,
then words in five languages; each role says which of them it was seen by.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from hanging_protocols import roles_ct, roles_mr, roles_pet, roles_projection, roles_xray
from hanging_protocols.facts import Fact, ImageSet, image_sets
from hanging_protocols.role_words import role_in_text, roles_in_text
from workstation.domain.geometry import cross, length
from workstation.domain.patient import Patient, PatientKey
from workstation.domain.study import Series, Study

__all__ = ["Role", "in_study", "of", "of_image_set"]

Role = Fact

# PS3.6 table A-1: Secondary Capture and its multi-frame kin; X-Ray Radiation Dose SR.
SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
DOSE_SR = "1.2.840.10008.5.1.4.1.1.88.67"
KEY_OBJECT = "1.2.840.10008.5.1.4.1.1.88.59"

# A slice belongs to the plane its normal is nearest to, unless it lies beyond 35 degrees from all.
NEAREST_AXIS = 0.82

# What is not read slice by slice, although it may lie beside what is.
NOT_FOR_READING = frozenset(
    {
        "localizer", "dose_report", "secondary_capture", "mip", "volume_rendering", "perfusion_map", "tensor_map", "colour",
        "field_map", "iodine_map", "z_effective", "electron_density", "material_map",
    }
)  # fmt: skip
SLICE_MODALITIES = frozenset({"CT", "MR", "PT"})

CINE_MODALITIES = frozenset({"US", "XA", "RF", "IVUS", "ES"})

_BY_MODALITY = {
    "CT": roles_ct.of,
    "MR": roles_mr.of,
    "PT": roles_pet.of,
    "NM": roles_pet.of_nuclear,
    "XA": roles_xray.of,
    "RF": roles_xray.of,
    "MG": roles_projection.of_mammogram,
    "CR": roles_projection.of_radiograph,
    "DX": roles_projection.of_radiograph,
    "RG": roles_projection.of_radiograph,
    "IO": roles_projection.of_radiograph,
    "PX": roles_projection.of_radiograph,
}


# `of(series)` asks about a series alone; only `in_study` looks around it.
_NOBODY = Patient(PatientKey(""))


def of(series: Series) -> tuple[Role, ...]:
    """The roles of one series by itself; most certain first, each once, every one with a reason."""
    return of_image_set(ImageSet(Study("", _NOBODY, series=(series,)), series, series.image_count))


def of_image_set(image_set: ImageSet) -> tuple[Role, ...]:
    found: dict[str, Role] = {}
    for role in _roles(image_set):
        found.setdefault(role.value, role)
    if image_set.series.modality in SLICE_MODALITIES and not NOT_FOR_READING & found.keys():
        found["for_reading"] = Role("for_reading", "it is no scout, report, screenshot, projection or map in colours")
    return tuple(found.values())


def in_study(study: Study) -> tuple[tuple[ImageSet, tuple[Role, ...]], ...]:
    """The roles of every image set, with those that only the company it keeps shows."""
    return of_image_sets(study, image_sets(study))


def of_image_sets(study: Study, sets: Iterable[ImageSet]) -> tuple[tuple[ImageSet, tuple[Role, ...]], ...]:
    return tuple((one, (*of_image_set(one), *_by_company(one, study))) for one in sets)


# What a CT or MR is for by the emission images that lie beside it.
_COMPANY = {("CT", "PT"): "ct_of_petct", ("MR", "PT"): "mr_of_petmr", ("CT", "NM"): "ct_of_nm"}


def _by_company(image_set: ImageSet, study: Study) -> Iterator[Role]:
    series = image_set.series
    for (modality, emission), role in _COMPANY.items():
        others = [other for other in study.series if other.modality == emission] if series.modality == modality else []
        name = "PET" if emission == "PT" else "nuclear medicine"
        if others and not series.frame_of_reference_uid:
            yield Role(role, f"a {name} series lies in the same study")
        elif any(other.frame_of_reference_uid == series.frame_of_reference_uid for other in others):
            yield Role(role, f"a {name} series shares its FrameOfReferenceUID")


def _roles(image_set: ImageSet) -> Iterator[Role]:
    yield from _capture(image_set)
    yield from _localizer(image_set)
    yield from _derived(image_set)
    yield from _orientation(image_set)
    of_modality = _BY_MODALITY.get(image_set.series.modality)
    if of_modality:
        yield from of_modality(image_set)
    yield from _kinds_of_picture(image_set)
    if image_set.series.modality in CINE_MODALITIES and any(i.number_of_frames > 1 for i in image_set.series.instances):
        yield Role("cine", "an image has several frames")


def _capture(image_set: ImageSet) -> Iterator[Role]:
    sop_class = image_set.first("SOPClassUID")
    if image_set.series.modality == "KO" or sop_class == KEY_OBJECT:
        yield Role("key_image", "it is a Key Object Selection")
    if sop_class == DOSE_SR:
        yield Role("dose_report", "it is an X-Ray Radiation Dose SR")
    captured = sop_class == SECONDARY_CAPTURE or sop_class.startswith(SECONDARY_CAPTURE + ".")
    if captured:
        yield Role("secondary_capture", "SOPClassUID is Secondary Capture")
    elif "SCREEN SAVE" in image_set.elements("ImageType"):
        yield Role("secondary_capture", "ImageType says SCREEN SAVE")
    # A page of text lies nowhere in the patient; slices of a low-dose scan do.
    report = role_in_text(image_set, "dose_report") if not image_set.elements("ImageOrientationPatient") else None
    if report:
        yield report


# A volume's pixels are grey; where these modalities are in colour, a computer painted them.
GREY_MODALITIES = frozenset({"CT", "MR", "PT", "NM", "CR", "DX", "MG", "XA"})


def _kinds_of_picture(image_set: ImageSet) -> Iterator[Role]:
    """Painted in colour, seen from outside, a page of measurements."""
    first = image_set.instance or next((one for one in image_set.series.instances if one.has_pixels), None)
    photometric = str(first.header.get("photometric") or "") if first else ""
    if image_set.series.modality in GREY_MODALITIES and photometric.startswith(("RGB", "YBR", "PALETTE")):
        yield Role("colour", f"PhotometricInterpretation is {photometric}")
    if "VOLUME_RENDER" in image_set.elements("ImageType"):
        yield Role("volume_rendering", "ImageType says VOLUME_RENDER")
    elif image_set.series.modality in ("CT", "MR", "XA"):
        yield from roles_in_text(image_set, "volume_rendering")
    if image_set.series.modality == "US":
        yield from roles_in_text(image_set, "measurement_page")


def _localizer(image_set: ImageSet) -> Iterator[Role]:
    if image_set.series.modality not in ("CT", "MR", "PT"):
        return
    if "LOCALIZER" in image_set.elements("ImageType"):
        yield Role("localizer", "ImageType says LOCALIZER")
        return
    named = role_in_text(image_set, "localizer")
    if named:
        yield named


def _derived(image_set: ImageSet) -> Iterator[Role]:
    types = image_set.elements("ImageType")
    for kind, role in (("REFORMATTED", "reformat"), ("MPR", "reformat"), ("CSA MPR", "reformat"), ("RESAMPLED", "reformat")):
        if kind in types:
            yield Role(role, f"ImageType says {kind}")
    for kind in ("MIP", "MAX_IP", "MIN_IP", "PROJECTION IMAGE"):
        if kind in types:
            yield Role("mip", f"ImageType says {kind}")
    for role in ("mip", "reformat"):
        named = role_in_text(image_set, role)
        if named:
            yield named


def _orientation(image_set: ImageSet) -> Iterator[Role]:
    """Axial, coronal or sagittal by the slice normal (PS3.3 C.7.6.2.1.1); a tilted plane also as it is called."""
    planes = [*_planes(image_set)]
    yield from planes
    if any(role.value == "oblique" for role in planes):
        yield from roles_in_text(image_set, "axial", "coronal", "sagittal")


def _planes(image_set: ImageSet) -> Iterator[Role]:
    try:
        values = [float(value) for value in image_set.elements("ImageOrientationPatient")]
    except ValueError:
        return
    if len(values) != 6:
        return
    normal = cross((values[0], values[1], values[2]), (values[3], values[4], values[5]))
    size = length(normal)
    if not size > 0.0:
        return
    for share, name in zip(normal, ("sagittal", "coronal", "axial"), strict=True):
        if abs(share) / size >= NEAREST_AXIS:
            yield Role(name, f"ImageOrientationPatient is {name}")
            return
    yield Role("oblique", "ImageOrientationPatient is oblique")
