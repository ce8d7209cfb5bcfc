"""Numbers and units: what cannot be, and what was measured otherwise."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from workstation.colleague.facts import MeasuredFact, Remark
from workstation.colleague.language import OrganRange
from workstation.colleague.reading import LESIONS, Sentence
from workstation.colleague.scales import number_of
from workstation.colleague.seen import Seen
from workstation.domain.report import SectionCode

_NUMBER = r"\d{1,4}(?:[.,]\d{1,2})?"
_SIZE = re.compile(
    rf"(?<![\d.,-])({_NUMBER})(?:\s*(mm|cm))?((?:\s*(?:x|×|by|gånger|\*)\s*{_NUMBER}(?:\s*(?:mm|cm))?){{0,2}})\s*(mm|cm)\b(?![/²³])",
    re.IGNORECASE,
)
_PART = re.compile(rf"({_NUMBER})\s*(mm|cm)?", re.IGNORECASE)
_HU = re.compile(r"(-?\d{1,5})\s*(?:HU|Hounsfield)\b", re.IGNORECASE)
_SUV = re.compile(r"SUV\w*\s*(?:\w+\s+){0,2}(\d{1,4}(?:[.,]\d+)?)", re.IGNORECASE)
_PERCENT = re.compile(r"(?<![\d.,])(\d{1,4}(?:[.,]\d+)?)\s*(?:%|percent|procent)")
_SEGMENT = re.compile(r"\b(?:liver segment|hepatic segment|segment|leversegment)\s*(\d{1,2}|[IVX]{1,4})[ab]?\b", re.IGNORECASE)
_LEVEL = re.compile(r"\b([CTLSDh]|Th)(\d{1,2})(?:\s*[-/–]\s*([CTLSD]|Th)?(\d{1,2}))?\b")
_MOST_LEVEL = {"C": 8, "T": 12, "TH": 12, "D": 12, "L": 6, "S": 5}
_RIBS = re.compile(r"\b(\d{1,2})(?:st|nd|rd|th|:e)\s*(?:rib|revben)|\b(?:rib|revben)\s*(\d{1,2})\b", re.IGNORECASE)
_SPLIT = re.compile(r"(?<![\d.,/-])\b\d{1,2}\s+\d+\s*(?:mm|cm)\b|\b\d+(?:[.,]\d+){2,}\s*(?:mm|cm)\b")
_TWO = re.compile(rf"(?<![\d.,])({_NUMBER})\s*(?:-|–|/|to|till|mot|→)\s*{_NUMBER}\s*(mm|cm)\b", re.IGNORECASE)
_MONTH_BEHIND = re.compile(
    r"\s*(?:\(|,)?\s*(?:in|on|i|den)\s+(?:\d{1,2}\s+)?(?:jan|feb|mar|apr|may|maj|jun|jul|aug|sep|oct|okt|nov|dec)", re.IGNORECASE
)
_APART = re.compile(r"[,;(]")
LEAST_HU, MOST_HU, MOST_SUV = -1024, 4000, 150
LEAST_LIKE = 0.5
"""Two sizes that are further apart are of two things."""
CLOSE_MM, CLOSE_SHARE = 1.0, 0.05
"""A size in the text is the measured one within rounding to whole millimetres, or this share."""
BEFORE_REACH = 22
"""Letters within which a word puts a size into the past."""
TOTAL_REACH = 24
ORGAN_REACH = 60
"""Letters between a size and what it is the size of."""
NEAR = 120
"""Letters on either side of a size in which such a word is looked for."""
IN_REACH = 3
"""Words behind a size in which one says what it is the size of."""
COUNT_REACH = 40
LONGEST = 500.0
"""Beyond this in mm nothing in a body is, but for what goes along it."""


@dataclass(frozen=True, slots=True)
class Size:
    """One length in the text, in mm."""

    sentence: Sentence
    start: int
    words: str
    millimetres: tuple[float, ...]

    @property
    def half(self) -> float:
        """Half of the last digit that was written, in mm."""
        if not self.words.lower().rstrip().endswith("cm"):
            return 0.5
        return 0.5 if re.search(r"[.,]\d", self.words) else 5.0


def sizes(seen: Seen) -> list[Size]:
    return seen.once(_sizes)


def _sizes(seen: Seen) -> list[Size]:
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
            if max(size.millimetres) > LONGEST and not seen.language.has("long_things", size.sentence.text):
                yield seen.remark("number", size.sentence, size.words, f'"{size.words}" is longer than can be: is it mm or cm?')
            continue
        most = min((organ.most, *_most_within(seen, size, organ)))
        wrong = next((mm for mm in size.millimetres if not organ.least <= mm <= most), None)
        if wrong is not None:
            yield seen.remark(
                "number", size.sentence, size.words, f'"{size.words}" is not possible for {organ.name}: is it mm or cm?'
            )


def _most_within(seen: Seen, size: Size, organ: OrganRange) -> Iterator[float]:
    """What fills a tube is no larger than the tube: `a stone of 7 cm in the ureter`."""
    if not organ.within:
        return
    for tube in (o for o in seen.language.organ_ranges if o.is_tube):
        if tube.words.search(size.sentence.text):
            yield tube.most


def _organ_of(seen: Seen, size: Size) -> OrganRange | None:
    """The organ or finding whose word stands nearest to a size in its sentence; an organ only when that is its own size."""
    near = []
    end = size.start + len(size.words)
    if seen.language.lists["distance"].match(size.sentence.text[end:].lstrip()):
        return None
    label = _label_of(seen, size)
    for organ in seen.language.organ_ranges:
        for match in organ.words.finditer(size.sentence.text, max(0, size.start - NEAR), end + NEAR):
            between = size.sentence.text[match.end() : size.start]
            if organ.is_organ and (match.end() > size.start or not _is_its_own(seen, between) or _is_in_it(seen, size, match)):
                continue
            if label and match.end() <= label:
                continue
            if match.start() >= end and seen.language.has("carries", size.sentence.text[end : match.start()]):
                continue
            gap = size.start - match.end() if match.end() <= size.start else match.start() - size.start - len(size.words)
            if gap > ORGAN_REACH:
                continue
            near.append((max(gap, 0), -len(match.group(0)), organ))
    return min(near, key=lambda entry: entry[:2])[2] if near else None


def _label_of(seen: Seen, size: Size) -> int:
    """Where a size's own part of the sentence begins, if that says what it is: `SSD` of `(890 HU, SSD 11 cm)`; else 0."""
    text = size.sentence.text[: size.start]
    start = max((m.end() for m in _APART.finditer(text)), default=0)
    label = re.search(r"([A-ZÅÄÖ]{2,})\s*[:=]?\s*$", text[start:])
    return start if label is not None and not seen.language.has("measures", label.group(1)) else 0


def _is_in_it(seen: Seen, size: Size, organ: re.Match[str]) -> bool:
    """`In the left kidney 12 mm cyst`: the size of something in an organ."""
    before, after = size.sentence.text[: organ.start()], size.sentence.text[size.start + len(size.words) :]
    behind = " ".join(re.split(r"[.,;:]", after)[0].split()[:IN_REACH])
    behind = seen.language.lists["negation_before"].split(behind)[0]
    words = [*seen.language.findings]
    first = re.match(r"\s*([^\W\d]+)", after)
    if first and not seen.language.has("measures", first.group(1)) and first.group(1).lower() not in seen.language.function_words:
        return True
    is_in = re.search(
        r"\b(?:in|of|from|i|av|från|within|inom|to|till|near|intill)\s+(?:the\s+)?(?:\w+\s+){0,2}$", before, re.IGNORECASE
    )
    return is_in is not None or seen.language.has("lesion", behind) or any(f.words.search(behind) for f in words)


def _is_its_own(seen: Seen, between: str) -> bool:
    return all(seen.language.lists["measures"].fullmatch(word) for word in re.findall(r"[^\W\d]+", between))


def limits(seen: Seen) -> Iterator[Remark]:
    """Values, levels, segments and scores that do not exist."""
    for sentence in seen.read:
        yield from _values(seen, sentence)
        yield from _levels(seen, sentence)
        for match in seen.language.lists["impossible"].finditer(sentence.text):
            yield seen.remark("laterality", sentence, match.group(0), f'"{match.group(0)}" does not exist')
        for match in _SPLIT.finditer(sentence.text):
            before = re.findall(r"[^\W\d]+[.]?", sentence.text[: match.start()])
            if before and seen.language.lists["numbered"].fullmatch(before[-1].rstrip(".")):
                continue
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
        number = number_of(match.group(1))
        near = seen.language.regions_in(f"{match.group(0)} {sentence.text} {seen.facts.procedure}")
        is_liver = "abdomen" in near and "chest" not in near
        if number > (8 if is_liver else 17) or number < 1:
            yield seen.remark("number", sentence, match.group(0), f'"{match.group(0)}" does not exist')
    for match in _RIBS.finditer(sentence.text):
        if not 1 <= int(match.group(1) or match.group(2)) <= 12:
            yield seen.remark("number", sentence, match.group(0), f'"{match.group(0)}" does not exist')


def measured_otherwise(seen: Seen) -> Iterator[Remark]:
    """A size that looks like a measurement on the images but for a slip: digits swapped, cm for mm."""
    known = [m for m in seen.facts.measured if m.unit == "mm"]
    written = [(mm, size) for size in sizes(seen) for mm in size.millimetres]
    # A measurement that stands in the text as it is cannot be the one that was slipped over.
    missing = [m for m in known if not any(_fits(mm, m.value, size) for mm, size in written)]
    loose = [
        s
        for s in sizes(seen)
        if not _is_of_before(seen, s) and not any(_fits(mm, m.value, s) for mm in s.millimetres for m in known)
    ]
    for size in loose if missing else ():
        for said in size.millimetres:
            # Where all that was measured is missing, the nearest size in the text is meant to be it.
            near = [m for m in missing if len(missing) == len(known) and LEAST_LIKE <= said / m.value <= 1 / LEAST_LIKE]
            slip = next((m for m in missing if _is_slip(said, m)), None) or next(iter(near), None)
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
    found += [mm for s in seen.read if s.section is SectionCode.FINDINGS for mm in _first_of_two(s.text)]
    exact = {mm for size in told for mm in size.millimetres} & set(found)
    # `4 mm` is not the 3 mm that the impression has too.
    left = [mm for mm in found if mm not in exact] if told and set(found) - exact else found
    for size in told:
        near = [mm for mm in size.millimetres if mm not in exact]
        wrong = next((mm for mm in near if found and not any(_fits(mm, other, size) for other in left)), None)
        if wrong is not None and seen.language.has("differs", size.sentence.text) and _is_difference(seen, wrong):
            continue
        if wrong is not None and not (seen.language.has("total", _around(size)) and wrong <= sum(found)):
            yield seen.remark(
                "number", size.sentence, size.words, f'"{size.words}" stands in the impression and not in the findings'
            )


def _first_of_two(text: str) -> Iterator[float]:
    """15 of `from 15 to 8 mm`, which has no unit of its own."""
    for number, unit in _TWO.findall(text):
        yield float(number.replace(",", ".")) * (10.0 if unit.lower() == "cm" else 1.0)


def _is_difference(seen: Seen, millimetres: float) -> bool:
    """Whether two sizes of one sentence of the findings lie so far apart."""
    found = [s for s in sizes(seen) if s.sentence.section is SectionCode.FINDINGS]
    pairs = (
        (a, b) for one in found for two in found if one.sentence == two.sentence for a in one.millimetres for b in two.millimetres
    )
    return any(_is(millimetres, abs(a - b)) for a, b in pairs)


def _around(size: Size) -> str:
    text = size.sentence.text
    return text[max(0, size.start - TOTAL_REACH) : size.start + len(size.words) + TOTAL_REACH]


def counts(seen: Seen) -> Iterator[Remark]:
    """`Two metastases` in the findings, `four metastases` in the impression."""
    said: dict[SectionCode, dict[str, tuple[Sentence, str]]] = {SectionCode.FINDINGS: {}, SectionCode.IMPRESSION: {}}
    for sentence in seen.read:
        for match in seen.language.lists["counted"].finditer(sentence.text):
            after = sentence.text[match.end() : match.end() + COUNT_REACH]
            after = re.split(r"[.,;:]", after)[0]
            name = _counted(seen, after)
            if name:
                said[sentence.section].setdefault(name, (sentence, match.group(0)))
    for name, (sentence, words) in said[SectionCode.IMPRESSION].items():
        other = said[SectionCode.FINDINGS].get(name)
        # `one` of several is how a list goes, not how many there are.
        if other is not None and other[1].lower() != words.lower() and not seen.language.has("one", other[1]):
            yield seen.remark("number", sentence, words, f'"{words}" stands here, "{other[1]}" in the findings')


def _counted(seen: Seen, text: str) -> str:
    """What is counted; lesions are one thing, whatever they are called."""
    finding = next((f.name for f in seen.language.findings if f.words.search(text)), "")
    is_lesion = finding in LESIONS or (not finding and seen.language.has("lesion", text))
    return "lesion" if is_lesion else finding


def _is_of_before(seen: Seen, size: Size) -> bool:
    """Whether a size is said to be that of an earlier examination."""
    text = size.sentence.text
    near = text[max(0, size.start - BEFORE_REACH) : size.start]
    after = text[size.start + len(size.words) : size.start + len(size.words) + BEFORE_REACH]
    is_dated = re.match(r"\s*(?:\(|,)?\s*(?:in|den|on|,)?\s*\d{4}", after) or _MONTH_BEHIND.match(after)
    return seen.language.has("prior_size", near) or is_dated is not None


def _is(said: float, measured: float) -> bool:
    return abs(said - measured) <= max(CLOSE_MM, CLOSE_SHARE * measured)


def _fits(said: float, measured: float, size: Size) -> bool:
    """`About 2 cm` is what 17 mm are: as exact as it was written."""
    return _is(said, measured) or abs(said - measured) <= size.half


def _is_slip(said: float, fact: MeasuredFact) -> bool:
    true = fact.value
    whole, _, tenths = f"{true:.1f}".partition(".")
    swapped = {whole[::-1], f"{whole[::-1]}.{tenths}", str(round(true))[::-1]} if len(set(whole)) > 1 else set()
    # One wrong digit of two, the tens: `27` for `17`.
    off = round(abs(said - round(true)), 1)
    tens = off >= 10 and off % 10 < CLOSE_MM and true >= 10 and said < 100
    return tens or _is(said, true * 10) or _is(said * 10, true) or any(said == float(other) for other in swapped)
