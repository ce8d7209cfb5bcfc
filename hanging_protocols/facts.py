"""What is known of a study and of each thing in it that a cell can show.

An image set is a series, or one image of a series whose images are views of their own (four
mammograms, or PA and lateral, are often sent as one series). Every fact carries, in words, where
it was read, so that each decision above can be explained.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import accumulate

from workstation.domain.study import SERIES_ATTRIBUTES, Instance, Series, Study

# Modalities whose every image is a view to be hung on its own (PS3.3 C.7.3.1.1.1 defined terms).
PROJECTION_MODALITIES = frozenset({"CR", "DX", "IO", "MG", "PX", "RG"})

# Pixels that are marks on other images rather than images: hung last, and only by the plain layout.
MARK_MODALITIES = frozenset({"SEG", "RTDOSE", "PR", "RWV"})

STUDY_KEYWORDS = frozenset(
    {"StudyDescription", "StudyDate", "InstitutionName", "ProcedureCodeSequence", "ModalitiesInStudy", "PatientSex"}
)
SERIES_KEYWORDS = frozenset(
    {
        "Modality",
        "SeriesNumber",
        "SeriesDescription",
        "BodyPartExamined",
        "TransferSyntaxUID",
        "Rows",
        "Columns",
        "PhotometricInterpretation",
    }
) | frozenset(SERIES_ATTRIBUTES)

# What the order says, by the fields of workstation.domain.hanging.HangingContext.
ORDER_FACTS: Mapping[str, str] = {
    "procedure": "procedure",
    "procedure_code": "procedure_code",
    "body_site": "body_site",
    "order_laterality": "laterality",
    "reason": "reason",
}
OWN_FACTS = frozenset({"role", "anatomy", "laterality", "images", "series", "examination", "ordered_regions"})
KNOWN_ATTRIBUTES = STUDY_KEYWORDS | SERIES_KEYWORDS | OWN_FACTS | ORDER_FACTS.keys()


@dataclass(frozen=True, slots=True)
class Fact:
    """One value, and in words how it is known (empty when the element itself says it)."""

    value: str
    because: str = ""


@dataclass(frozen=True, slots=True)
class ImageSet:
    """What one cell can show: `images` frames of `series` from `position` (0-based, reading order) on.

    `instance` is set when the series was split into views; its own elements then come first.
    """

    study: Study
    series: Series
    images: int
    position: int = 0
    instance: Instance | None = None

    def elements(self, keyword: str) -> tuple[str, ...]:
        """The values of a DICOM element, empty ones left out."""
        own = _own_elements(self.instance, keyword) if self.instance else ()
        return own or series_elements(self.series, keyword)

    def first(self, keyword: str) -> str:
        return next(iter(self.elements(keyword)), "")

    def number(self, keyword: str) -> float | None:
        """The first value as a number, or None when absent or not one."""
        try:
            return float(self.first(keyword))
        except ValueError:
            return None


def series_elements(series: Series, keyword: str) -> tuple[str, ...]:
    named = _SERIES_FIELDS.get(keyword)
    own = named(series) if named is not None else ""
    if own:
        return (own,)
    kept = series.attributes.get(keyword)
    if kept:
        found = kept if all(value and not value.isspace() for value in kept) else tuple(one for one in kept if one.strip())
        if found:
            return tuple(found)
    return tuple(dict.fromkeys(_instance_values(series, keyword))) if keyword in _INSTANCE_FIELDS else ()


_SERIES_FIELDS: Mapping[str, Callable[[Series], str]] = {
    "Modality": lambda series: series.modality,
    "SeriesDescription": lambda series: series.series_description,
    "SeriesNumber": lambda series: "" if series.series_number is None else str(series.series_number),
    "BodyPartExamined": lambda series: series.body_part_examined,
}


def study_elements(study: Study, keyword: str) -> tuple[str, ...]:
    fields: Mapping[str, tuple[str, ...]] = {
        "StudyDescription": (study.study_description,),
        "StudyDate": (study.study_date,),
        "InstitutionName": (study.institution,),
        "PatientSex": (study.patient.sex,),
        "ProcedureCodeSequence": study.procedure_codes,
        "ModalitiesInStudy": study.modalities,
    }
    return tuple(value for value in fields.get(keyword, ()) if value.strip())


def image_sets(study: Study) -> tuple[ImageSet, ...]:
    """Everything in the study that has pixels, in series order; marks on other images last."""
    series = sorted((s for s in study.series if any(one.has_pixels for one in s.instances)), key=_series_order)
    return tuple(found for one in series for found in _split(study, one) if found.images)


def reading_order(series: Series) -> tuple[Instance, ...]:
    """Images as a reader pages through them: by InstanceNumber, those without one last."""
    shown = (instance for instance in series.instances if instance.has_pixels)
    return tuple(sorted(shown, key=_instance_order))


# Planar nuclear images: each frame is a view (anterior, posterior), ImageType value 3 (PS3.3 C.8.4.9.1).
PLANAR_KINDS = frozenset({"WHOLE BODY", "STATIC"})
MOST_PLANAR = 8


def _split(study: Study, series: Series) -> list[ImageSet]:
    if series.modality == "NM" and PLANAR_KINDS.intersection(series.attributes.get("ImageType", ())):
        count = series.image_count
        if 1 < count <= MOST_PLANAR:
            return [ImageSet(study, series, 1, position) for position in range(count)]
    images = reading_order(series) if series.modality in PROJECTION_MODALITIES else ()
    if len(images) < 2:
        return [ImageSet(study, series, series.image_count)]
    counts = [image.number_of_frames for image in images]
    starts = [0, *accumulate(counts)]
    return [ImageSet(study, series, count, start, image) for count, start, image in zip(counts, starts, images, strict=False)]


def _series_order(series: Series) -> tuple[bool, bool, int, str]:
    number = series.series_number
    return (series.modality in MARK_MODALITIES, number is None, number or 0, series.series_instance_uid)


def _instance_order(instance: Instance) -> tuple[bool, int, str]:
    number = instance.instance_number
    return (number is None, number or 0, instance.sop_instance_uid)


def _own_elements(instance: Instance, keyword: str) -> tuple[str, ...]:
    """What the reader of files noted of this image (workstation.domain.study.INSTANCE_ATTRIBUTES)."""
    if keyword in _INSTANCE_FIELDS:
        return (_INSTANCE_FIELDS[keyword](instance),)
    pairs = instance.header.get("attributes", ())
    return tuple(str(value) for name, values in pairs if name == keyword for value in values if str(value).strip())


_INSTANCE_FIELDS: Mapping[str, Callable[[Instance], str]] = {
    "SOPClassUID": lambda instance: instance.sop_class_uid,
    "TransferSyntaxUID": lambda instance: instance.transfer_syntax_uid,
    "Rows": lambda instance: str(instance.rows),
    "Columns": lambda instance: str(instance.columns),
    "PhotometricInterpretation": lambda instance: str(instance.header.get("photometric") or ""),
}


def _instance_values(series: Series, keyword: str) -> tuple[str, ...]:
    read = _INSTANCE_FIELDS.get(keyword)
    return tuple(read(instance) for instance in series.instances) if read else ()
