"""Codes of structured reports that reading and writing know by value (PS3.16 Annex B, D and CID tables).

A concept may have been coded in SNOMED CT (SCT) or, before 2019, in SRT.
"""

from __future__ import annotations

from rendering.objects.references import Code

KIND_OF_GROUP = {("125007", "DCM")}
TRACKING_ID = {("112039", "DCM")}
TRACKING_UID = {("112040", "DCM")}
FINDING = {("121071", "DCM")}
FINDING_CATEGORY = {("276214006", "SCT"), ("G-C0D8", "SRT")}
FINDING_SITE = {("363698007", "SCT"), ("G-C0E3", "SRT")}
LATERALITY = {("272741003", "SCT"), ("G-C171", "SRT")}
METHOD = {("370129005", "SCT"), ("G-C036", "SRT")}
DERIVATION = {("121401", "DCM")}
REFERENCED_SEGMENT = {("121191", "DCM"), ("121214", "DCM")}
ALGORITHM_NAME = {("111001", "DCM")}
ALGORITHM_VERSION = {("111003", "DCM")}
PERSON_OBSERVER = {("121008", "DCM")}
DEVICE_OBSERVER = {("121013", "DCM"), ("121015", "DCM")}
PROCEDURE_REPORTED = {("121058", "DCM")}
DESCRIPTION = {("113012", "DCM")}

COMMENT = Code("121106", "DCM", "Comment")
# What the standard has no concept for.
OWN_SCHEME = "99LYSKASSE"
SPACING_SOURCE = Code("spacing-source", OWN_SCHEME, "Spacing source")
KNOWN_LENGTH = Code("known-length", OWN_SCHEME, "Length given by the reader")
REFUSED = Code("refused", OWN_SCHEME, "Not measured because")
VALUES_NOTE = Code("values-note", OWN_SCHEME, "About the values")

REJECTIONS = {
    "113001": "Rejected for quality reasons",
    "113037": "Rejected for patient safety reasons",
    "113038": "Incorrect modality worklist entry",
    "113039": "Data retention policy expired",
}
"""Titles by which an archive is told that images are not to be shown (IHE RAD IOCM, PS3.16 CID 7011)."""

MARKS_AMONG_LISTS = frozenset({"128195", "128201", "128202", "128203"})
"""For Diagnosis, For Physician and Physicist Review, For Tumor Board."""


def lists_only(title: Code) -> bool:
    """Whether a key object selection of this title (CID 7010) only lists what there is: manifests, whole studies,
    inputs and results of radiotherapy. Its images are not marked by anybody."""
    if title.scheme != "DCM" or not title.value.isdigit() or title.value in MARKS_AMONG_LISTS:
        return False
    value = int(title.value)
    return value == 113022 or 113030 <= value <= 113036 or 128180 <= value <= 128223 or 130370 <= value <= 130373


TRACKER = "Lyskasse:"
"""A tracking identifier that begins so says the kind of our drawing, and `@` the plane it lies in."""


def is_any(code: Code | None, among: set[tuple[str, str]]) -> bool:
    return code is not None and (code.value, code.scheme) in among


VALUE_NAMES: dict[str, Code] = {
    "Length": Code("410668003", "SCT", "Length"),
    "Long axis": Code("103339001", "SCT", "Long Axis"),
    "Short axis": Code("103340004", "SCT", "Short Axis"),
    "Angle": Code("1483009", "SCT", "Angle"),
    "Area": Code("42798000", "SCT", "Area"),
    "Diameter": Code("81827009", "SCT", "Diameter"),
    "Mean": Code("373098007", "SCT", "Mean"),
    "SD": Code("386136009", "SCT", "Standard Deviation"),
    "Min": Code("255605001", "SCT", "Minimum"),
    "Max": Code("56851009", "SCT", "Maximum"),
}
"""What our measurements are called in a report; other names get a code of our own scheme."""

UNITS: dict[str, Code] = {
    "mm": Code("mm", "UCUM", "millimeter"),
    "cm": Code("cm", "UCUM", "centimeter"),
    "mm²": Code("mm2", "UCUM", "square millimeter"),
    "cm²": Code("cm2", "UCUM", "square centimeter"),
    "mm³": Code("mm3", "UCUM", "cubic millimeter"),
    "cm³": Code("cm3", "UCUM", "cubic centimeter"),
    "ml": Code("ml", "UCUM", "milliliter"),
    "°": Code("deg", "UCUM", "degree"),
    "HU": Code("[hnsf'U]", "UCUM", "Hounsfield unit"),
    "SUVbw": Code("g/ml{SUVbw}", "UCUM", "Standardized Uptake Value body weight"),
    "SUVlbm (James)": Code("g/ml{SUVlbm(James128)}", "UCUM", "Standardized Uptake Value lean body mass (James 128 multiplier)"),
    "SUVlbm (Janma)": Code("g/ml{SUVlbm(Janma)}", "UCUM", "Standardized Uptake Value lean body mass (Janma)"),
    "SUVbsa": Code("cm2/ml{SUVbsa}", "UCUM", "Standardized Uptake Value body surface area"),
    "SUVibw": Code("g/ml{SUVibw}", "UCUM", "Standardized Uptake Value ideal body weight"),
    "BQML": Code("Bq/ml", "UCUM", "Becquerels/milliliter"),
    "px": Code("{pixels}", "UCUM", "pixels"),
    "px²": Code("{pixels2}", "UCUM", "square pixels"),
    "%": Code("%", "UCUM", "percent"),
    "": Code("1", "UCUM", "no units"),
}
_UNIT_TEXTS = {code.value: text for text, code in UNITS.items()} | {"{SUVbw}g/ml": "SUVbw"}
_POWERS = {"²": "2", "³": "3"}
# A CodeValue (SH) is this long at most.
LONGEST_CODE = 16


def unit_text(unit: Code) -> str:
    """A unit as it is shown; one that is not known keeps its own words."""
    if unit.value == "1" and unit.meaning in ("px", "px²"):
        return unit.meaning
    if unit.scheme.startswith("UCUM") and unit.value in _UNIT_TEXTS:
        return _UNIT_TEXTS[unit.value]
    return unit.meaning if "{" in unit.value or not unit.value else unit.value


def unit_code(text: str) -> Code:
    """The UCUM code of a unit of ours.

    What is not a plain unit becomes an annotated one, as `mm{at_detector}`: nobody who looks for
    `mm` will take it for a length in the patient.
    """
    if text in UNITS:
        return UNITS[text]
    base, _, rest = text.partition(" ")
    known = UNITS[base].value if rest and base in UNITS else ""
    words = "_".join((rest if known else text).strip("()").split())
    ascii_only = "".join(_POWERS.get(c, c) for c in words if (c.isascii() and c not in "{}") or c in _POWERS)
    room = LONGEST_CODE - len(known) - 2
    return Code(f"{known}{{{ascii_only[:room]}}}", "UCUM", text)


def value_code(name: str) -> Code:
    if name in VALUE_NAMES:
        return VALUE_NAMES[name]
    slug = "".join(c if c.isascii() and c.isalnum() else "-" for c in name.lower())[:LONGEST_CODE]
    return Code(slug or "value", OWN_SCHEME, name)


_NAMES = {(code.value, code.scheme): name for name, code in VALUE_NAMES.items()}


def value_name(code: Code) -> str:
    """The name of a value as it is shown."""
    return _NAMES.get((code.value, code.scheme), code.text)
