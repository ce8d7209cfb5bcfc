"""What an object of a program says of findings, for the worklist: read where the file is parsed, in the worker only.

CAD reports (PS3.3 A.35.5 to A.35.7; PS3.16 TID 4000, 4100, 4120) say it in their summary. Other structured reports
that name an algorithm say it by presence codes or by groups that name a lesion (TID 1500, 1501), segmentations (A.51)
by automatic segments of altered tissue, structure sets (A.19) by automatic gross tumour volumes. All else that a
program made says of no finding: it is told as unclear, never as none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from rendering.parse_elements import Elements, is_uid
from workstation.domain.ai_result import AI_RESULT, MOST_REPLACED, AiFlag, AiResult, Counted

DEEPEST, MOST_ITEMS = 40, 50_000
_STORAGE = "1.2.840.10008.5.1.4.1.1."
CAD = frozenset(f"{_STORAGE}88.{number}" for number in (50, 65, 69))
_REPORTS = frozenset(f"{_STORAGE}88.{number}" for number in (11, 22, 33, 34, 35))
_SEGMENTATIONS = frozenset({f"{_STORAGE}66.4", f"{_STORAGE}66.7"})
_STRUCTURES = f"{_STORAGE}481.3"

# CID 6047, CAD Processing and Findings Summary.
_SUMMARY = "111017|DCM"
_WITH_FINDINGS, _WITHOUT = frozenset({"111242|DCM", "111244|DCM"}), "111241|DCM"
_FINDING, _INTENT, _NOT_SHOWN = "111059|DCM", "111056|DCM", "111152|DCM"
# Of single image findings (CID 6014) those that say of no lesion: nipple and breast composition.
_ORIENTATION = frozenset({"T-04100|SRT", "24142002|SCT", "F-01710|SRT", "129715009|SCT"})

_ALGORITHM, _VERSION, _GROUP = "111001|DCM", "111003|DCM", "125007|DCM"
_CATEGORY, _NAMED = frozenset({"276214006|SCT", "G-C0D8|SRT"}), "121071|DCM"
# Morphologically altered structure.
_ALTERED = frozenset({"49755003|SCT", "M-01000|SRT"})
# Lesion, mass, nodule, neoplasm.
_LESIONS = frozenset(
    {"52988006|SCT", "M-01100|SRT", "4147007|SCT", "M-03000|SRT", "27925004|SCT", "M-03010|SRT", "108369006|SCT", "M-8FFFF|SRT"}
)
# Present, positive, detected, finding present; and their opposites.
_PRESENT = frozenset({"52101004|SCT", "10828004|SCT", "260373001|SCT", "373573001|SCT", "G-A203|SRT", "R-00339|SRT"})
_ABSENT = frozenset({"2667000|SCT", "260385009|SCT", "260415000|SCT", "373572006|SCT", "G-A204|SRT", "R-0038D|SRT"})

_TUMOUR = "GTV"

_Said = tuple[AiFlag, int, Counted, str]
"""What it says, how many, of what, and the program's name."""


def ai_attributes(elements: Elements, sop_class: str, uid: str) -> dict[str, tuple[str, ...]]:
    """What belongs to a series' attributes: empty for an object that names no program."""
    said: _Said | None
    if sop_class in CAD:
        said = _cad(elements)
    elif sop_class in _REPORTS:
        said = _report(elements)
    elif sop_class in _SEGMENTATIONS:
        said = _segmentation(elements)
    elif sop_class == _STRUCTURES:
        said = _structures(elements)
    else:
        return {}
    if said is None:
        return {}
    flag, count, counted, program = said
    maker = " ".join(dict.fromkeys(filter(None, (elements.text("Manufacturer"), elements.text("ManufacturerModelName")))))
    result = AiResult(uid, flag, count, counted, program or maker, _replaced(elements))
    return {AI_RESULT: (result.as_text(),)}


# ---- structured reports ---------------------------------------------------------------------


@dataclass(slots=True)
class _Item:
    """A content item: its concept and coded value as `value|scheme`, and the measurement group that it lies in (0: none)."""

    kind: str
    concept: str
    value: str
    group: int
    elements: Elements


class _TooMuch(Exception):
    """The tree is deeper or larger than is read here."""


def _items(root: Elements) -> Iterator[_Item]:
    """Every content item, in the order of the file. Raises _TooMuch."""
    count = groups = 0
    waiting = [(item, 1, 0) for item in reversed(list(root.items("ContentSequence")))]
    while waiting:
        elements, depth, group = waiting.pop()
        count += 1
        if count > MOST_ITEMS or depth > DEEPEST:
            raise _TooMuch
        kind, concept = elements.text("ValueType"), _code(elements, "ConceptNameCodeSequence")
        if kind == "CONTAINER" and concept == _GROUP:
            groups += 1
            group = groups
        yield _Item(kind, concept, _code(elements, "ConceptCodeSequence") if kind == "CODE" else "", group, elements)
        waiting += [(item, depth + 1, group) for item in reversed(list(elements.items("ContentSequence")))]


def _code(elements: Elements, name: str) -> str:
    item = elements.item(name)
    return f"{item.text('CodeValue')}|{item.text('CodingSchemeDesignator')}" if item is not None else ""


def _cad(root: Elements) -> _Said:
    summary, program, findings = "", "", 0
    try:
        for item in _items(root):
            if item.concept == _SUMMARY:
                summary = summary or item.value
            elif item.concept == _ALGORITHM and item.kind == "TEXT":
                program = program or item.elements.long_text("TextValue")
            elif item.concept == _FINDING and item.kind == "CODE" and item.value not in _ORIENTATION:
                findings += _INTENT_HIDES not in _intents(item.elements)
    except _TooMuch:
        return AiFlag.PRESENT, 0, Counted.NOTHING, program
    counted = Counted.FINDINGS if findings else Counted.NOTHING
    if summary in _WITH_FINDINGS or (not summary and findings):
        return AiFlag.POSITIVE, findings, counted, program
    if summary == _WITHOUT and not findings:
        return AiFlag.NEGATIVE, 0, Counted.NOTHING, program
    return AiFlag.UNCLEAR, findings, counted, program


_INTENT_HIDES = (_INTENT, _NOT_SHOWN)


def _intents(finding: Elements) -> set[tuple[str, str]]:
    below = finding.items("ContentSequence")
    return {(_code(item, "ConceptNameCodeSequence"), _code(item, "ConceptCodeSequence")) for item in below}


def _report(root: Elements) -> _Said | None:
    """None for a report that names no algorithm: a person's, or a machine's own measurements."""
    program = version = ""
    present = absent = 0
    groups: set[int] = set()
    lesions: set[int] = set()
    denied: set[int] = set()
    is_whole = True
    try:
        for item in _items(root):
            if item.concept == _ALGORITHM and item.kind == "TEXT":
                program = program or item.elements.long_text("TextValue")
            elif item.concept == _VERSION and item.kind == "TEXT":
                version = version or item.elements.long_text("TextValue")
            groups |= {item.group} - {0}
            if item.value in _PRESENT or item.value in _ABSENT:
                is_there = item.value in _PRESENT
                present, absent = present + is_there, absent + (not is_there)
                (lesions if is_there else denied).add(item.group)
            elif _names_a_lesion(item):
                lesions.add(item.group)
    except _TooMuch:
        is_whole = False
    if not program:
        return None
    named = f"{program} {version}".strip()
    if not is_whole:
        return AiFlag.PRESENT, 0, Counted.NOTHING, named
    findings = len((lesions - denied) - {0}) or present
    if findings:
        return AiFlag.POSITIVE, findings, Counted.FINDINGS, named
    if absent and not lesions - denied:
        return AiFlag.NEGATIVE, 0, Counted.NOTHING, named
    return AiFlag.UNCLEAR, len(groups), Counted.MEASUREMENTS if groups else Counted.NOTHING, named


def _names_a_lesion(item: _Item) -> bool:
    if not item.group:
        return False
    return (item.concept in _CATEGORY and item.value in _ALTERED) or (item.concept == _NAMED and item.value in _LESIONS)


# ---- segmentations and structure sets ---------------------------------------------------------


def _segmentation(root: Elements) -> _Said | None:
    automatic, altered, program = 0, set[int](), ""
    for segment in root.items("SegmentSequence"):
        if segment.text("SegmentAlgorithmType") != "AUTOMATIC":
            continue
        automatic += 1
        identified = segment.item("SegmentationAlgorithmIdentificationSequence")
        known = identified.text("AlgorithmName") if identified is not None else ""
        version = identified.text("AlgorithmVersion") if identified is not None else ""
        program = program or f"{segment.text('SegmentAlgorithmName') or known} {version}".strip()
        kinds = {_code(segment, "SegmentedPropertyCategoryCodeSequence"), _code(segment, "SegmentedPropertyTypeCodeSequence")}
        if kinds & (_ALTERED | _LESIONS):
            altered.add(segment.integer("SegmentNumber", "US") or 0)
    if not automatic:
        return None
    drawn = _drawn(root) if altered else None
    found = altered if drawn is None else altered & drawn
    if found:
        return AiFlag.POSITIVE, len(found), Counted.FINDINGS, program
    return AiFlag.UNCLEAR, automatic, Counted.SEGMENTS, program


def _drawn(root: Elements) -> set[int] | None:
    """The segments that a frame is of; None where frames do not say it (label maps)."""
    found: set[int] = set()
    for number, frame in enumerate(root.items("PerFrameFunctionalGroupsSequence")):
        of = frame.item("SegmentIdentificationSequence")
        if of is not None:
            found.add(of.integer("ReferencedSegmentNumber", "US") or 0)
        if number > MOST_ITEMS:
            return None
    return found or None


def _structures(root: Elements) -> _Said | None:
    automatic = {
        region.integer("ROINumber") for region in root.items("StructureSetROISequence")
        if region.text("ROIGenerationAlgorithm") == "AUTOMATIC"
    }  # fmt: skip
    if not automatic:
        return None
    said: Mapping[int | None, str] = {
        item.integer("ReferencedROINumber"): item.text("RTROIInterpretedType") for item in root.items("RTROIObservationsSequence")
    }
    drawn = {
        item.integer("ReferencedROINumber") for item in root.items("ROIContourSequence")
        if next(item.items("ContourSequence"), None) is not None
    }  # fmt: skip
    tumours = [number for number in automatic & drawn if said.get(number) == _TUMOUR]
    if tumours:
        return AiFlag.POSITIVE, len(tumours), Counted.FINDINGS, ""
    return AiFlag.UNCLEAR, len(automatic), Counted.CONTOURS, ""


def _replaced(root: Elements) -> tuple[str, ...]:
    found = [
        instance.uid("ReferencedSOPInstanceUID")
        for study in root.items("PredecessorDocumentsSequence")
        for series in study.items("ReferencedSeriesSequence")
        for instance in series.items("ReferencedSOPSequence")
    ]
    return tuple(uid for uid in found if is_uid(uid))[:MOST_REPLACED]
