"""What stored values mean: modality transform and unit, VOI windows and tables (PS3.3 C.11)."""

from __future__ import annotations

from rendering.header import LookupTable, ModalityTransform
from rendering.parse_elements import Elements
from rendering.parse_tables import lookup_table
from workstation.domain.viewing import VoiFunction, Window

STORED = "stored"
UNSPECIFIED = "unspecified"
CT_CLASSES = ("1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.2.1", "1.2.840.10008.5.1.4.1.1.2.2")
# RescaleType should be "HU"; archives hold it spelt out, and misspelt.
_HOUNSFIELD = ("HOUNSFIELD", "HOUNDSFIELD")
X_RAY_RUNS = "1.2.840.10008.5.1.4.1.1.12."
"""Stem of X-ray angiographic and radiofluoroscopic images, enhanced ones too."""
RT_DOSE = "1.2.840.10008.5.1.4.1.1.481.2"
PARAMETRIC_MAP = "1.2.840.10008.5.1.4.1.1.30"
PET_CLASSES = ("1.2.840.10008.5.1.4.1.1.128", "1.2.840.10008.5.1.4.1.1.128.1", "1.2.840.10008.5.1.4.1.1.130")


def read_transform(
    values: Elements, whole: Elements, sop_class: str, image_type: tuple[str, ...], signed: bool
) -> ModalityTransform:
    """The modality transform in `values` (the dataset, or a PixelValueTransformation item).

    That of an X-ray run whose pixels are not linear leads back to linear intensities: it is for measuring those and
    no part of what is shown (PS3.3 C.8.7.1, PS3.4 N.2.5).
    """
    if sop_class.startswith(X_RAY_RUNS) and whole.text("PixelIntensityRelationship") in ("LOG", "DISP"):
        return ModalityTransform()
    item = values.item("ModalityLUTSequence")
    table = lookup_table(item, signed) if item is not None else None
    if item is not None and table is not None:
        return ModalityTransform(unit=_named(item.text("ModalityLUTType")), table=table)
    if sop_class == RT_DOSE:
        scaling = whole.real("DoseGridScaling")
        return (
            ModalityTransform(scaling, 0.0, {"GY": "Gy"}.get(whole.text("DoseUnits"), "relative"))
            if scaling
            else ModalityTransform()
        )
    slope, intercept = values.real("RescaleSlope"), values.real("RescaleIntercept")
    # A slope of zero would make every pixel the same value.
    if slope is None or intercept is None or slope == 0.0:
        return ModalityTransform()
    identity = slope == 1.0 and intercept == 0.0
    return ModalityTransform(slope, intercept, _unit(values, whole, sop_class, image_type, identity))


def _unit(values: Elements, whole: Elements, sop_class: str, image_type: tuple[str, ...], identity: bool) -> str:
    """HU only where PS3.3 C.8.2.1.1.2 and C.8.15.3.10 let it be: elsewhere what RescaleType says."""
    kind = values.text("RescaleType")
    if sop_class in PET_CLASSES:
        return whole.text("Units") or _named(kind)
    if kind.upper().startswith(_HOUNSFIELD):
        return "HU"
    if kind:
        return (STORED if identity else UNSPECIFIED) if kind == "US" else kind
    if (
        sop_class in CT_CLASSES
        and not (len(image_type) > 2 and image_type[2] == "LOCALIZER")
        and whole.text("MultienergyCTAcquisition") != "YES"
    ):
        return "HU"
    return STORED if identity else UNSPECIFIED


def _named(kind: str) -> str:
    return UNSPECIFIED if kind in ("", "US") else kind


def real_world(item: Elements, base: ModalityTransform) -> ModalityTransform:
    """A linear Real World Value Mapping item in place of `base` (PS3.3 C.7.6.16.2.11)."""
    slope, intercept = item.real("RealWorldValueSlope"), item.real("RealWorldValueIntercept")
    unit = next((code.split("|")[0] for code in item.codes("MeasurementUnitsCodeSequence")), "")
    if slope is None or intercept is None or slope == 0.0:
        return base
    return ModalityTransform(slope, intercept, unit or UNSPECIFIED)


def read_windows(values: Elements, warnings: list[str]) -> tuple[Window, ...]:
    """All WindowCenter and WindowWidth pairs with their explanations; unusable ones left out."""
    centers, widths = values.floats("WindowCenter"), values.floats("WindowWidth")
    if not centers and not widths:
        return ()
    explanations = values.texts("WindowCenterWidthExplanation")
    function = _function(values.text("VOILUTFunction"), warnings)
    found = []
    for index, (center, width) in enumerate(zip(centers, widths, strict=False)):
        if width <= 0.0:
            warnings.append("WindowWidth is zero or negative: not used")
            continue
        # LINEAR is only defined from 1 on (C.11.2.1.2.1); floating point images have narrower ones.
        kind = VoiFunction.LINEAR_EXACT if function is VoiFunction.LINEAR and width < 1.0 else function
        found.append(Window(center, width, kind, explanations[index] if index < len(explanations) else ""))
    if len(centers) != len(widths):
        warnings.append("WindowCenter and WindowWidth differ in number")
    return tuple(dict.fromkeys(found))


def _function(name: str, warnings: list[str]) -> VoiFunction:
    if not name:
        return VoiFunction.LINEAR
    try:
        return VoiFunction(name)
    except ValueError:
        warnings.append("VOILUTFunction is not a known one: taken as LINEAR")
        return VoiFunction.LINEAR


def read_voi_tables(values: Elements, signed: bool) -> tuple[LookupTable, ...]:
    """The items of VOILUTSequence; `signed` is whether the modality values can be negative."""
    tables = (lookup_table(item, signed, item.text("LUTExplanation")) for item in values.items("VOILUTSequence"))
    return tuple(table for table in tables if table is not None)
