"""Does the text fit itself: unfilled, empty, contradicting, concluded."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from workstation.colleague.facts import Remark
from workstation.colleague.language import Language
from workstation.colleague.reading import LESIONS, Mention, Sentence, Status
from workstation.colleague.rules_numbers import sizes
from workstation.colleague.seen import Seen, asked_words
from workstation.domain.report import SectionCode

# Template fields in square, curly or angle brackets, runs of underscores, dots or stars.
_FIELD = re.compile(
    r"\[[^\]\n]{0,60}\]|\{[^}\n]{0,60}\}|<[A-Za-zÅÄÖåäö][^>\n]{0,60}>|_{2,}|\*{3,}|\.{4,}|#{2,}|\|[^|\n]{1,60}\|[^|\n]{0,60}\|"
)
# A unit without its number: `measuring mm`, `... cm`.
_BARE = re.compile(
    r"(?:\b(?:measuring|measures|of|approximately|about|mäter|på|ca|cirka|till)|\.{3}|…|\?)\s*\b(?:mm|cm|ml)\b|\(\s*\)",
    re.IGNORECASE,
)
# `Normal abdominal film.`, and nothing else.
_NORMAL = re.compile(r"(?:normal|normalt|normala|unremarkable)\b[^.,;:\n]{0,50}\.?", re.IGNORECASE)
_TNM = re.compile(r"\b[a-z]{0,3}T[0-4is]\w?\b.{0,4}\bN[0-3]")
LEAST_TAKEN_UP = 2
"""Words of a finding's sentence in the impression that show it was meant."""


def unfilled(seen: Seen) -> Iterator[Remark]:
    for sentence in seen.all:
        match = (
            _FIELD.search(sentence.text) or _BARE.search(sentence.text) or seen.language.lists["unfilled"].search(sentence.text)
        )
        if match:
            yield seen.remark("unfilled", sentence, match.group(0), f'"{match.group(0)}" is a field that was not filled in')


def untouched(seen: Seen) -> Iterator[Remark]:
    """F72: what a template says of an organ, and nobody looked at: one remark a section, at the first of them."""
    by_section: dict[SectionCode, list[tuple[int, int]]] = {}
    for section, start, end in seen.facts.untouched:
        if seen.report.text(section)[start:end].strip():
            by_section.setdefault(section, []).append((start, end))
    for section, places in by_section.items():
        start, end = min(places)
        words = seen.report.text(section)[start:end]
        more = f", and {len(places) - 1} more" if len(places) > 1 else ""
        why = f'"{words}" is an untouched default of the template{more}'
        yield replace(seen.about("default", section, why), start=start, end=end)


def empty_conclusion(seen: Seen) -> Iterator[Remark]:
    findings, impression = (seen.report.text(c).strip() for c in (SectionCode.FINDINGS, SectionCode.IMPRESSION))
    if findings and not impression:
        yield seen.about("conclusion", SectionCode.IMPRESSION, "The impression is empty")
    elif findings and not re.search(r"[^\W_]", impression):
        yield seen.about("conclusion", SectionCode.IMPRESSION, "The impression says nothing")
    elif impression and seen.language.lists["no_conclusion"].fullmatch(impression.strip(".:!- ")):
        yield seen.about("conclusion", SectionCode.IMPRESSION, "The impression concludes nothing")


def contradictions(seen: Seen) -> Iterator[Remark]:
    """A finding that is there and not there on the same side: a negation was dropped, or a template's line left."""
    for finding in {m.finding.name: m.finding for m in seen.mentions}.values():
        mine = [m for m in seen.mentions if m.finding.name == finding.name and m.status in (Status.PRESENT, Status.ABSENT)]
        present = [m for m in mine if m.status is Status.PRESENT]
        for denied in (m for m in mine if m.status is Status.ABSENT):
            # The impression need not say again on which side the finding is.
            rivals = [m for m in present if m.sides or not denied.sides or m.sentence.section is denied.sentence.section]
            if _label(denied.sentence) and any(
                m.sentence.section is denied.sentence.section and _label(m.sentence) != _label(denied.sentence) for m in present
            ):
                # Denied under one heading, found under another.
                rivals = [m for m in rivals if m.sentence.section is denied.sentence.section]
            against = next((m for m in rivals if _same_kind(m, denied, seen) and _same_place(m, denied, seen)), None)
            if against is not None:
                first = "findings" if against.sentence.section is SectionCode.FINDINGS else "impression"
                yield seen.remark(
                    "contradiction",
                    denied.sentence,
                    denied.words,
                    f'"{denied.words}" is denied here and present in the {first}: "{_short(against)}"',
                )
                break


def conclusion(seen: Seen) -> Iterator[Remark]:
    """An impression of nothing over findings of something, or a serious finding that it leaves out."""
    impression = seen.report.text(SectionCode.IMPRESSION)
    if not impression.strip():
        return
    concluded = {m.finding.name for m in seen.mentions if m.sentence.section is SectionCode.IMPRESSION}
    found = [m for m in seen.present(SectionCode.FINDINGS) if m.finding.abnormal]
    says_normal = seen.language.lists["normal"].search(impression) or _NORMAL.fullmatch(impression.strip())
    left_out = [m for m in found if m.finding.name not in concluded]
    if says_normal and _is_of_a_part(seen, says_normal, impression):
        says_normal = None
    if says_normal and left_out and not any(True for m in seen.present(SectionCode.IMPRESSION) if m.finding.abnormal):
        yield seen.remark(
            "conclusion",
            left_out[0].sentence,
            left_out[0].words,
            f'The findings say "{_short(left_out[0])}", the impression "{says_normal.group(0)}"',
        )
        return
    lesion = _lesion(seen) if says_normal else None
    if lesion is not None and says_normal:
        sentence, words = lesion
        yield seen.remark("conclusion", sentence, words, f'The findings say "{words}", the impression "{says_normal.group(0)}"')
        return
    for mention in (m for m in left_out if _is_left_out(seen, m) or _is_passed_over(seen, m)):
        yield seen.remark(
            "conclusion", mention.sentence, mention.words, f'"{mention.words}" is in the findings and not in the impression'
        )
        return


def _is_passed_over(seen: Seen, mention: Mention) -> bool:
    """A serious finding of which the impression has no word: neither it, nor its size, nor where it is."""
    if not mention.finding.serious or seen.language.has("beside", mention.sentence.text):
        return False
    concluded_on = [m.finding for m in seen.mentions if m.sentence.section is SectionCode.IMPRESSION]
    if any(f.critical or f.serious or (mention.finding.name in LESIONS and f.name in LESIONS) for f in concluded_on):
        return False
    return not _is_taken_up(seen, mention)


def _is_left_out(seen: Seen, mention: Mention) -> bool:
    """A critical finding that the impression leaves out; a shift goes with what shifts."""
    if not mention.finding.critical or _is_taken_up(seen, mention):
        return False
    concluded_on = [m.finding for m in seen.present(SectionCode.IMPRESSION)]
    return mention.finding.sided or not any(f.critical or f.serious for f in concluded_on)


def _is_taken_up(seen: Seen, mention: Mention) -> bool:
    """Whether the impression has the size, or words, of a finding's clause."""
    impression = seen.report.text(SectionCode.IMPRESSION)
    concluded = {word[:STEM] for word in _all_words(impression)}
    said = {word[:STEM] for word in _all_words(mention.sentence.text) if not _is_filling(word, seen.language)}
    numbers = set(re.findall(r"\d+", mention.sentence.text)) & set(re.findall(r"\d+", impression))
    return bool(numbers) or len(said & concluded) >= LEAST_TAKEN_UP or _TNM.search(impression) is not None


def _is_of_a_part(seen: Seen, says_normal: re.Match[str], impression: str) -> bool:
    """`Left: normal.` and `otherwise normal` say nothing of the whole."""
    before = impression[: says_normal.start()]
    line = before[max(before.rfind("."), before.rfind("\n"), before.rfind(";")) + 1 :]
    return _LABEL.search(f"{line} ") is not None or seen.language.has("apart", line)


def _lesion(seen: Seen) -> tuple[Sentence, str] | None:
    """Something with a size that is called neither normal nor harmless, in the findings alone."""
    if any(size.sentence.section is SectionCode.IMPRESSION for size in sizes(seen)):
        return None
    measured = {size.sentence for size in sizes(seen)}
    among = [
        s for s in seen.now if s in measured and s.section is SectionCode.FINDINGS and not seen.language.has("harmless", s.text)
    ]
    return _affirmed(seen, "lesion", among)


def suspicious(seen: Seen) -> Iterator[Remark]:
    """A suspicion of malignancy that the impression does not take up."""
    impression = seen.report.text(SectionCode.IMPRESSION)
    if not impression.strip():
        return
    concluded = [s for s in seen.read if s.section is SectionCode.IMPRESSION]
    taken_up = _affirmed(seen, "suspicious", concluded) is not None or any(
        (m.finding.name in LESIONS or m.finding.critical)
        and m.status is not Status.ABSENT
        and m.sentence.section is SectionCode.IMPRESSION
        for m in seen.mentions
    )
    found = None if taken_up else _affirmed(seen, "suspicious", [s for s in seen.now if s.section is SectionCode.FINDINGS])
    if found is not None:
        sentence, words = found
        yield seen.remark("conclusion", sentence, words, f'"{words}" is in the findings and not taken up in the impression')


def _affirmed(seen: Seen, name: str, among: Iterable[Sentence]) -> tuple[Sentence, str] | None:
    """The first place of a list's words that is not denied in its clause."""
    for sentence in among:
        for _, clause in sentence.clauses:
            for match in seen.language.lists[name].finditer(clause):
                if not seen.language.has("negation_before", clause[: match.start()]):
                    return sentence, match.group(0)
    return None


def _same_kind(one: Mention, other: Mention, seen: Seen) -> bool:
    """A denial of one kind (`no subarachnoid haemorrhage`) says nothing of another (`subdural haematoma`)."""
    if not one.finding.kinds or seen.language.has("generic", other.words):
        return True
    return one.words[:STEM].lower() == other.words[:STEM].lower()


def _same_place(one: Mention, other: Mention, seen: Seen) -> bool:
    """Whether `other`, which is denied, may be the very thing that `one` says is there.

    A denial of something else (`no other fracture`) or of another place is none; a general one (`no pleural
    effusion`), or one of several places of which this is one, is.
    """
    language = seen.language
    before = other.clause[: other.start - other.clause_start]
    if one.sides and other.sides and not one.sides & other.sides:
        return False
    own_words = f"{before[-PLACE_REACH:]} {other.words}"
    if language.has("deep", own_words) and language.has("superficial", one.clause):
        return False
    labels = _label(one.sentence), _label(other.sentence)
    is_named = bool({w[:STEM] for w in _all_words(labels[1])} & {w[:STEM] for w in _all_words(one.sentence.text)})
    if labels[1] and labels[0] != labels[1] and one.sentence.section is other.sentence.section and not is_named:
        return False
    if language.has("other", before) or language.has("other", other.words):
        return False
    there = _all_words(one.clause) | _prefix(one.words, language)
    triggers = list(language.lists["negation_before"].finditer(before))
    topic = before[: triggers[0].start()] if triggers else ""
    # `no skeletal metastases`: what stands right before the finding narrows it.
    own = _place_words(_OR.split(before[triggers[-1].end() :])[-1] if triggers else "", seen)
    own |= _narrower(_prefix(other.words, language), seen)
    behind = other.clause[other.end - other.clause_start :]
    said = before[triggers[-1].end() :] if triggers else ""
    if _is_narrowed(said, behind) or (_levels(behind) and not _levels(behind) & _levels(one.clause)):
        return False
    if language.has("other", " ".join(behind.split()[:OTHER_REACH])):
        return False
    if _is_elsewhere(f"{topic} {said} {behind}", one.sentence.text, seen):
        return False
    places = [_place_words(part, seen) for part in _OR.split(behind)]
    # Of `Axillae and supraclavicular fossae: no ...` one is enough.
    topics = [words for part in _OR.split(topic) if (words := _place_words(part, seen))]
    is_topic = (
        any(_within(words, there) for words in topics) if _label(other.sentence) else _within(frozenset().union(*topics), there)
    )
    return (is_topic or not topics) and _within(own, there) and any(_within(place, there) for place in places)


def _is_elsewhere(denied: str, there: str, seen: Seen) -> bool:
    """`LM without stenosis` beside one of the LAD: places that are only letters."""
    ordered = set(_LETTERS.findall(asked_words(seen.facts)))
    named = {word for word in _LETTERS.findall(denied) if not any(f.words.fullmatch(word) for f in seen.language.findings)}
    named -= ordered
    return bool(named) and not named & set(_LETTERS.findall(there))


def _is_narrowed(said: str, behind: str) -> bool:
    """`no type I or III endoleak`, `no polyp ≥ 10 mm`: a denial of a kind or a size."""
    return _KIND.search(said) is not None or _AT_LEAST.match(behind) is not None


def _levels(text: str) -> frozenset[str]:
    """Vertebrae, those between the two of a range too."""
    found = set[str]()
    for letter, first, last in _VERTEBRAE.findall(text):
        found |= {f"{letter}{number}" for number in range(int(first), int(last or first) + 1)}
    return frozenset(found)


def _label(sentence: Sentence) -> str:
    """`Head` of `Head: no fracture.`, in small letters."""
    label = _LABEL.match(sentence.text)
    return label.group(1).lower() if label else ""


_LETTERS = re.compile(r"\b[A-ZÅÄÖ]{2,}\d?\b")
_LABEL = re.compile(r"([^:.,;]{1,40}):\s")
_KIND = re.compile(r"\b(?:[IVX]{1,4}|\d)[abAB]?\b")
_AT_LEAST = re.compile(r"\s*(?:\w+\s+){0,2}(?:[≥>]|\d)")
_VERTEBRAE = re.compile(r"\b(C|Th|T|L|S)(\d{1,2})(?:\s*[-–]\s*(?:C|Th|T|L|S)?(\d{1,2}))?\b")
_OR = re.compile(r"\b(?:or|eller|and|och|samt)\b|,", re.IGNORECASE)


def _prefix(words: str, language: Language) -> frozenset[str]:
    """`skelett` of `skelettmetastaser`."""
    head = language.heads.search(words)
    return frozenset({words[: head.start()].lower()}) if head is not None and head.start() >= MOST_ENDING else frozenset()


def _narrower(prefixes: frozenset[str], seen: Seen) -> frozenset[str]:
    """`Lung` of `lungemboli` says nothing more where the lungs were examined."""
    asked = _all_words(f"{seen.facts.procedure} {' '.join(seen.facts.body_parts)}") | _general(seen)
    return frozenset(prefix for prefix in prefixes if not any(word.startswith(prefix) for word in asked))


MOST_ENDING = 3
OTHER_REACH = 3
"""Words behind a denied finding in which one makes it a denial of something else: `no free gas elsewhere`."""
PLACE_REACH = 20
"""Letters before a finding in which a word says which kind of it."""


def _within(words: frozenset[str], there: frozenset[str]) -> bool:
    """Whether each word stands there too, whatever its ending."""
    return all(any(word[:STEM] == other[:STEM] for other in there) for word in words)


STEM = 5
ASKED_STEM = 4
"""`Aorta` is ordered, `aortic` reported."""


def _place_words(text: str, seen: Seen) -> frozenset[str]:
    """Words that are neither findings, sides, numbers, filling nor the examined region: they say where."""
    language, text = seen.language, text.lower()
    general = _general(seen)
    for finding in language.findings:
        text = finding.words.sub(" ", text)
    # The order's own words say where nothing else was looked at.
    asked = {word[:ASKED_STEM] for word in _all_words(f"{seen.facts.procedure} {' '.join(seen.facts.body_parts)}")}
    found = re.findall(r"[^\W\d]{4,}", text)
    return frozenset(w for w in found if not _is_filling(w, language) and w[:ASKED_STEM] not in asked and w not in general)


def _general(seen: Seen) -> frozenset[str]:
    """Names of the whole region that was examined: `lungs` of a chest."""
    asked = f"{seen.facts.procedure} {' '.join(seen.facts.body_parts)}"
    names = [name for name, words in seen.language.regions.items() if words.search(asked)]
    return frozenset().union(*(seen.language.whole.get(name, frozenset()) for name in names)) if len(names) == 1 else frozenset()


def _all_words(text: str) -> frozenset[str]:
    return frozenset(re.findall(r"[^\W\d]{4,}", text.lower()))


def _is_filling(word: str, language: Language) -> bool:
    sides = any(side.fullmatch(word) for side in language.sides.values())
    return sides or language.has("filling", word) or word in language.function_words or language.has("negation_before", word)


def _short(mention: Mention) -> str:
    text = " ".join(mention.clause.split()).strip(" ,;.")
    return text if len(text) <= 70 else f"{text[:67]}…"
