"""Numbers and units: what cannot be, and what was measured otherwise."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from workstation.colleague.facts import MeasuredFact, Remark
from workstation.colleague.language import OrganRange
from workstation.colleague.reading import Sentence
from workstation.colleague.seen import Seen
from workstation.domain.report import SectionCode

_NUMBER = r"\d{1,4}(?:[.,]\d{1,2})?"
_SIZE = re.compile(
    rf"(?<![\d.,-])({_NUMBER})(?:\s*(mm|cm))?((?:\s*(?:x|×|by|gånger|\*)\s*{_NUMBER}(?:\s*(?:mm|cm))?){{0,2}})\s*(mm|cm)\b",
    re.IGNORECASE,
)
_PART = re.compile(rf"({_NUMBER})\s*(mm|cm)?", re.IGNORECASE)
_HU = re.compile(r"(-?\d{1,5})\s*(?:HU|Hounsfield)\b", re.IGNORECASE)
_SUV = re.compile(r"SUV\w*\s*(?:\w+\s+){0,2}(\d{1,4}(?:[.,]\d+)?)", re.IGNORECASE)
_PERCENT = re.compile(r"(?<![\d.,])(\d{1,4}(?:[.,]\d+)?)\s*(?:%|percent|procent)")
_SEGMENT = re.compile(r"\b(?:liver segment|hepatic segment|segment|leversegment)\s*(\d{1,2}|[IVX]{1,4})[ab]?\b", re.IGNORECASE)
_LEVEL = re.compile(r"\b([CTLSDh]|Th)(\d{1,2})(?:\s*[-/–]\s*([CTLSD]|Th)?(\d{1,2}))?\b")
_MOST_LEVEL = {"C": 8, "T": 12, "TH": 12, "D": 12, "L": 6, "S": 5}
_SCORES = (
    (re.compile(r"\bBI-?RADS\s*(?:category\s*|kategori\s*|grupp\s*)?(\d{1,2})", re.IGNORECASE), 0, 6, "BI-RADS"),
    (re.compile(r"\bPI-?RADS\s*(?:category\s*|kategori\s*|score\s*)?(\d{1,2})", re.IGNORECASE), 1, 5, "PI-RADS"),
    (re.compile(r"\bLI-?RADS\s*(?:category\s*|kategori\s*)?(?:LR-)?(\d{1,2})", re.IGNORECASE), 1, 5, "LI-RADS"),
    (re.compile(r"\bTI-?RADS\s*(?:category\s*|kategori\s*|TR)?(\d{1,2})", re.IGNORECASE), 1, 5, "TI-RADS"),
    (re.compile(r"\bLung-?RADS\s*(?:category\s*|kategori\s*)?(\d{1,2})", re.IGNORECASE), 0, 4, "Lung-RADS"),
    (re.compile(r"\bBosniak\s*(?:class\s*|category\s*|kategori\s*|typ\s*)?(\d{1,2})", re.IGNORECASE), 1, 4, "Bosniak"),
    (re.compile(r"\bDeauville\s*(?:score\s*|grad\s*)?(\d{1,2})", re.IGNORECASE), 1, 5, "Deauville"),
    (re.compile(r"\bFazekas\s*(?:grade\s*|grad\s*)?(\d{1,2})", re.IGNORECASE), 0, 3, "Fazekas"),
    (re.compile(r"\bKellgren[- ]Lawrence\s*(?:grade\s*|grad\s*)?(\d{1,2})", re.IGNORECASE), 0, 4, "Kellgren-Lawrence"),
)
_RIBS = re.compile(r"\b(\d{1,2})(?:st|nd|rd|th|:e)\s*(?:rib|revben)|\b(?:rib|revben)\s*(\d{1,2})\b", re.IGNORECASE)
_SPLIT = re.compile(r"\b\d+\s+\d+\s*(?:mm|cm)\b|\b\d+(?:[.,]\d+){2,}\s*(?:mm|cm)\b")
LEAST_HU, MOST_HU, MOST_SUV = -1024, 4000, 150
CLOSE_MM, CLOSE_SHARE = 1.0, 0.05
"""A size in the text is the measured one within rounding to whole millimetres, or this share."""
BEFORE_REACH = 22
"""Letters within which a word puts a size into the past."""
COUNT_REACH = 40
ROMAN = {"I": 1, "II": 2, "III": 3, "IV": 4, "V": 5, "VI": 6, "VII": 7, "VIII": 8, "IX": 9, "X": 10, "XI": 11, "XII": 12}


@dataclass(frozen=True, slots=True)
class Size:
    """One length in the text, in mm."""

    sentence: Sentence
    start: int
    words: str
    millimetres: tuple[float, ...]


def sizes(seen: Seen) -> list[Size]:
    found = []
    for sentence in seen.read:
        for match in _SIZE.finditer(sentence.text):
            last = match.group(4).lower()
            parts = [(float(n.replace(",", ".")), (u or last).lower()) for n, u in _PART.findall(match.group(0))]
            found.append(Size(sentence, match.start(), match.group(0), tuple(n * (10.0 if u == "cm" else 1.0) for n, u in parts)))
    return found


def possible(seen: Seen) -> Iterator[Remark]:
    """Sizes that no such organ or finding has."""
    for size in sizes(seen):
        organ = _organ_of(seen, size)
        if organ is None:
            continue
        wrong = next((mm for mm in size.millimetres if not organ.least <= mm <= organ.most), None)
        if wrong is not None:
            yield seen.remark(
                "number", size.sentence, size.words, f'"{size.words}" is not possible for {organ.name}: is it mm or cm?'
            )


def _organ_of(seen: Seen, size: Size) -> OrganRange | None:
    """The organ or finding whose word stands nearest to a size in its sentence; an organ only when that is its own size."""
    near = []
    for organ in seen.language.organ_ranges:
        for match in organ.words.finditer(size.sentence.text):
            between = size.sentence.text[match.end() : size.start]
            if organ.is_organ and (match.end() > size.start or not _is_its_own(seen, between)):
                continue
            gap = size.start - match.end() if match.end() <= size.start else match.start() - size.start - len(size.words)
            near.append((max(gap, 0), -len(match.group(0)), organ))
    return min(near, key=lambda entry: entry[:2])[2] if near else None


def _is_its_own(seen: Seen, between: str) -> bool:
    return all(seen.language.lists["measures"].fullmatch(word) for word in re.findall(r"[^\W\d]+", between))


def limits(seen: Seen) -> Iterator[Remark]:
    """Values, levels, segments and scores that do not exist."""
    for sentence in seen.read:
        yield from _values(seen, sentence)
        yield from _levels(seen, sentence)
        for words, least, most, name in _SCORES:
            for match in words.finditer(sentence.text):
                if not least <= int(match.group(1)) <= most:
                    yield seen.remark("number", sentence, match.group(0), f"{name} goes from {least} to {most}")
        for match in seen.language.lists["impossible"].finditer(sentence.text):
            yield seen.remark("laterality", sentence, match.group(0), f'"{match.group(0)}" does not exist')
        for match in _SPLIT.finditer(sentence.text):
            yield seen.remark("number", sentence, match.group(0), f'"{match.group(0)}" is no clear number')


def _values(seen: Seen, sentence: Sentence) -> Iterator[Remark]:
    for match in _HU.finditer(sentence.text):
        if not LEAST_HU <= int(match.group(1)) <= MOST_HU:
            yield seen.remark("number", sentence, match.group(0), f'"{match.group(0)}" is beyond what CT measures')
    for match in _SUV.finditer(sentence.text):
        if float(match.group(1).replace(",", ".")) > MOST_SUV:
            yield seen.remark("number", sentence, match.group(0), f'"{match.group(0)}" is beyond any uptake')
    for match in _PERCENT.finditer(sentence.text):
        if float(match.group(1).replace(",", ".")) > 100 and not seen.language.has("compared", sentence.text):
            yield seen.remark("number", sentence, match.group(0), f'"{match.group(0)}" is more than the whole')


def _levels(seen: Seen, sentence: Sentence) -> Iterator[Remark]:
    for match in _LEVEL.finditer(sentence.text):
        first, second = match.group(1).upper(), (match.group(3) or match.group(1)).upper()
        for letter, number in ((first, match.group(2)), (second, match.group(4))):
            if number and not 1 <= int(number) <= _MOST_LEVEL.get(letter, 99):
                yield seen.remark("number", sentence, match.group(0), f'"{match.group(0)}" is no vertebral level')
                break
        else:
            if match.group(4) and first == second and abs(int(match.group(4)) - int(match.group(2))) > _MOST_LEVEL.get(first, 99):
                yield seen.remark("number", sentence, match.group(0), f'"{match.group(0)}" is no disc')
    for match in _SEGMENT.finditer(sentence.text):
        said = match.group(1).upper()
        number = int(said) if said.isdigit() else ROMAN.get(said, 0)
        abdomen, chest = seen.language.regions["abdomen"], seen.language.regions["chest"]
        near = f"{match.group(0)} {sentence.text} {seen.facts.procedure}"
        is_liver = abdomen.search(near) is not None and chest.search(near) is None
        if number > (8 if is_liver else 17) or number < 1:
            yield seen.remark("number", sentence, match.group(0), f'"{match.group(0)}" does not exist')
    for match in _RIBS.finditer(sentence.text):
        if not 1 <= int(match.group(1) or match.group(2)) <= 12:
            yield seen.remark("number", sentence, match.group(0), f'"{match.group(0)}" does not exist')


def measured_otherwise(seen: Seen) -> Iterator[Remark]:
    """A size that looks like a measurement on the images but for a slip: digits swapped, cm for mm."""
    known = [m for m in seen.facts.measured if m.unit.startswith("mm") and not m.unit.startswith("mm²")]
    written = [mm for size in sizes(seen) for mm in size.millimetres]
    # A measurement that stands in the text as it is cannot be the one that was slipped over.
    missing = [m for m in known if not any(_is(mm, m.value) for mm in written)]
    for size in sizes(seen) if missing else ():
        if _is_of_before(seen, size):
            continue
        for said in size.millimetres:
            slip = None if any(_is(said, m.value) for m in known) else next((m for m in missing if _is_slip(said, m)), None)
            if slip is not None:
                told = f"{slip.value:.1f} {slip.unit}"
                yield seen.remark(
                    "measurement", size.sentence, size.words, f'"{size.words}" stands here; {told} was measured on the images'
                )
                break


def between_sections(seen: Seen) -> Iterator[Remark]:
    """A size in the impression that the findings do not have."""
    told = [s for s in sizes(seen) if s.sentence.section is SectionCode.IMPRESSION and not _is_of_before(seen, s)]
    found = [mm for s in sizes(seen) if s.sentence.section is SectionCode.FINDINGS for mm in s.millimetres]
    for size in told:
        wrong = next((mm for mm in size.millimetres if found and not any(_is(mm, other) for other in found)), None)
        if wrong is not None:
            yield seen.remark(
                "number", size.sentence, size.words, f'"{size.words}" stands in the impression and not in the findings'
            )


def counts(seen: Seen) -> Iterator[Remark]:
    """`Two metastases` in the findings, `four metastases` in the impression."""
    said: dict[SectionCode, dict[str, tuple[Sentence, str]]] = {SectionCode.FINDINGS: {}, SectionCode.IMPRESSION: {}}
    for sentence in seen.read:
        for match in seen.language.lists["counted"].finditer(sentence.text):
            after = sentence.text[match.end() : match.end() + COUNT_REACH]
            after = re.split(r"[.,;:]", after)[0]
            finding = next((f for f in seen.language.findings if f.words.search(after)), None)
            if finding is not None:
                said[sentence.section].setdefault(finding.name, (sentence, match.group(0)))
    for name, (sentence, words) in said[SectionCode.IMPRESSION].items():
        other = said[SectionCode.FINDINGS].get(name)
        # `one` of several is how a list goes, not how many there are.
        if other is not None and other[1].lower() != words.lower() and not seen.language.has("one", other[1]):
            yield seen.remark("number", sentence, words, f'"{words}" stands here, "{other[1]}" in the findings')


def _is_of_before(seen: Seen, size: Size) -> bool:
    """Whether a size is said to be that of an earlier examination."""
    text = size.sentence.text
    near = text[max(0, size.start - BEFORE_REACH) : size.start]
    after = text[size.start + len(size.words) : size.start + len(size.words) + BEFORE_REACH]
    return seen.language.has("prior_size", near) or re.match(r"\s*(?:\(|,)?\s*(?:in|den|on|,)?\s*\d{4}", after) is not None


def _is(said: float, measured: float) -> bool:
    return abs(said - measured) <= max(CLOSE_MM, CLOSE_SHARE * measured)


def _is_slip(said: float, fact: MeasuredFact) -> bool:
    true = fact.value
    whole, _, tenths = f"{true:.1f}".partition(".")
    swapped = {whole[::-1], f"{whole[::-1]}.{tenths}", str(round(true))[::-1]} if len(set(whole)) > 1 else set()
    # One wrong digit of two, the tens: `27` for `17`.
    tens = abs(said - true) >= 10 and abs(said - true) % 10 < CLOSE_MM and true >= 10 and said < 100
    return tens or _is(said, true * 10) or _is(said * 10, true) or any(said == float(other) for other in swapped)
