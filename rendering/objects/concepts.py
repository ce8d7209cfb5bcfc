"""Codes of structured reports that reading and writing know by value (PS3.16 Annex B, D and CID tables).

A concept may have been coded in SNOMED CT (SCT) or, before 2019, in SRT.
"""

from __future__ import annotations

from rendering.objects.facts import Code

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
# Of our own scheme: what the standard has no concept for.
SPACING_SOURCE = Code("spacing-source", "99LYSKASSE", "Spacing source")
KNOWN_LENGTH = Code("known-length", "99LYSKASSE", "Length given by the reader")
REFUSED = Code("refused", "99LYSKASSE", "Not measured because")

REJECTIONS = {
    "113001": "Rejected for quality reasons",
    "113037": "Rejected for patient safety reasons",
    "113038": "Incorrect modality worklist entry",
    "113039": "Data retention policy expired",
}
"""Titles by which an archive is told that images are not to be shown (IHE RAD IOCM, PS3.16 CID 7011)."""

TRACKER = "Lyskasse:"
"""A tracking identifier that begins so says the kind of our drawing, and `@` the plane it lies in."""


def is_any(code: Code | None, among: set[tuple[str, str]]) -> bool:
    return code is not None and (code.value, code.scheme) in among
