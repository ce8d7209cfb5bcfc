"""Is it on the right side: of the order, of the images, of the findings."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from workstation.colleague.facts import Remark, Side
from workstation.colleague.language import Language
from workstation.colleague.reading import LESIONS, Mention, Sentence, Status, sides_in
from workstation.colleague.rules_numbers import Size, sizes
from workstation.colleague.seen import Seen, asked_words
from workstation.domain.report import SectionCode

OTHER = {Side.LEFT: Side.RIGHT, Side.RIGHT: Side.LEFT}
PAIRED = ("shoulder", "elbow", "wrist", "hip", "knee", "ankle", "breast")
"""Regions of which one side is examined at a time; both is said."""

_PART = re.compile(r"[,;]")
_SIZED = re.compile(r"\d\s*(?:mm|cm)\b")
_HEADING = re.compile(r"[^:.,;]{1,40}:\s")
_TOKEN = re.compile(r"[^\W_]+")
# The brain is pushed to the other side.
_SHIFT = re.compile(r"shift|skjut|förskjut", re.IGNORECASE)
STEM = 5
_SPELLINGS = (("ae", "e"), ("oe", "e"), ("ph", "f"), ("th", "t"), ("ch", "k"), ("ck", "k"), ("c", "k"), ("y", "i"), ("z", "s"))
LEAST_SHARED = 2
"""Words that two sentences have in common when they speak of the same thing."""


def laterality(seen: Seen) -> Iterator[Remark]:
    """The side of the order and the images against the side of the text."""
    sides = _asked_sides(seen)
    regions = [region for region in PAIRED if region in seen.asked]
    if len(sides) != 1:
        return
    side = next(iter(sides))
    said = any(seen.language.sides[side].search(s.text) for s in seen.read)
    # The other hip is on an image of the pelvis too, the other kidney beside the one that is punctured.
    is_joint = bool(regions) and not (regions == ["hip"] and "pelvis" in seen.asked)
    if said and not is_joint:
        return
    wrong = seen.language.sides[OTHER[side]]
    for sentence in seen.read:
        match = wrong.search(sentence.text)
        aside = any(seen.language.has(name, sentence.text) for name in ("bilateral", "not_examined"))
        label = _HEADING.match(sentence.text)
        # `Left hip: moderate arthrosis.` beside the right one that was ordered.
        aside = aside or (said and label is not None and wrong.search(label.group(0)) is not None)
        if match is None or aside or seen.language.sides[side].search(sentence.text):
            continue
        # The other side may be mentioned in passing, when nothing is found there and this side is spoken of.
        if not said or sentence.section is SectionCode.IMPRESSION or _finds_something(seen, sentence):
            yield seen.remark(
                "laterality",
                sentence,
                match.group(0),
                f'"{match.group(0)}" stands here, but the examination is of the {side.value} side',
            )


def _finds_something(seen: Seen, sentence: Sentence) -> bool:
    return any(m.sentence == sentence and m.status is not Status.ABSENT for m in seen.mentions)


def laterality_between(seen: Seen) -> Iterator[Remark]:
    """A finding on one side in the findings, on the other in the impression."""
    said = {sentence: sides_in(sentence.text, seen.language) for sentence in seen.read}
    for told in seen.mentions:
        if told.sentence.section is not SectionCode.IMPRESSION or told.status is Status.ABSENT or len(told.sides) != 1:
            continue
        if not told.finding.sided:
            continue
        names = LESIONS if told.finding.name in LESIONS else {told.finding.name}
        found = (m for m in seen.mentions if m.sentence.section is SectionCode.FINDINGS and m.finding.name in names)
        same = [m for m in found if m.status is not Status.ABSENT]
        there = [m.sides for m in same if m.sides] if same else _shown(seen, told)
        is_here = any(sides & told.sides for sides in (*there, *(said[m.sentence] for m in same)))
        if there and not is_here:
            side = next(iter(told.sides)).value
            yield seen.remark(
                "laterality",
                told.sentence,
                told.words,
                f'"{told.words}" is on the {side} here, and on the other side in the findings',
            )


def _shown(seen: Seen, told: Mention) -> list[frozenset[Side]]:
    """The sides on which the findings describe a finding that they do not name."""
    words = seen.language.shown.get(told.finding.name)
    if words is None:
        return []
    clauses = [(s, clause) for s in seen.now if s.section is SectionCode.FINDINGS for _, clause in s.clauses]
    found = ((s, clause) for s, clause in clauses if words.search(clause) and not seen.language.has("negation_before", clause))
    # `Normal flow on the right` shows no torsion.
    shown = ((s, clause) for s, clause in found if _SIZED.search(clause) or not seen.language.has("calm", clause))
    return [sides for s, clause in shown if (sides := sides_in(clause, seen.language) or sides_in(s.text, seen.language))]


def size_on_the_other_side(seen: Seen) -> Iterator[Remark]:
    """The one size of the findings is on the other side in the impression, whatever it is the size of."""
    found = [(size.millimetres, _side_of(seen, size)) for size in sizes(seen) if size.sentence.section is SectionCode.FINDINGS]
    for told in sizes(seen):
        if told.sentence.section is not SectionCode.IMPRESSION:
            continue
        sides = _side_of(seen, told)
        if len(sides) != 1:
            continue
        same = [there for millimetres, there in found if millimetres == told.millimetres]
        if len(same) == 1 and len(same[0]) == 1 and same[0] != sides:
            side = next(iter(sides)).value
            words = f'"{told.words}" is on the {side} here, and on the other side in the findings'
            yield seen.remark("laterality", told.sentence, told.words, words)


def _side_of(seen: Seen, size: Size) -> frozenset[Side]:
    """The side that was said last before a size, else in the same part of the sentence behind it."""
    text = size.sentence.text
    start, end = size.start, size.start + len(size.words)
    part = f"{_PART.split(text[:start])[-1]}{size.words}{_PART.split(text[end:])[0]}"
    unsided = (f for f in seen.language.findings if not f.sided)
    if seen.language.has("bilateral", text) or any(f.words.search(part) for f in unsided) or _SHIFT.search(part):
        return frozenset()
    before = [(m.end(), side) for side in Side for m in seen.language.sides[side].finditer(text[:start])]
    return frozenset({max(before)[1]}) if before else sides_in(_PART.split(text[end:])[0], seen.language)


@dataclass(frozen=True, slots=True)
class Told:
    """A part of a sentence that speaks of one side, of both, or of none; its words without those that say nothing."""

    sentence: Sentence
    text: str
    sides: frozenset[Side]
    words: frozenset[str]


def words_on_the_other_side(seen: Seen) -> Iterator[Remark]:
    """What the impression says of one side, the findings say in the same words of the other, whatever it is."""
    parts = seen.once(_parts)
    findings = [part for part in parts if part.sentence.section is SectionCode.FINDINGS]
    for told in parts:
        if told.sentence.section is SectionCode.FINDINGS or len(told.sides) != 1 or not told.words:
            continue
        if seen.language.has("negation_before", told.text) or seen.language.has("negation_after", told.text):
            continue
        near = [(len(part.words & told.words), part) for part in findings if part.words & told.words]
        near = [(shared, part) for shared, part in near if not _is_denied(seen, part, told.words)]
        most = max((shared for shared, _ in near), default=0)
        if most < min(LEAST_SHARED, len(told.words)) and not any(_is_place(seen, part.text, told) for _, part in near):
            continue
        best = [part for shared, part in near if shared == most]
        elsewhere = [part for shared, part in near if part.sides & told.sides and shared * 2 >= most]
        if elsewhere or any(not part.sides or len(part.sides) > 1 for part in best):
            continue
        side = next(iter(told.sides))
        match = seen.language.sides[side].search(told.text)
        found = match.group(0) if match else told.text
        why = f'"{" ".join(told.text.split())}": the findings say this of the other side'
        yield seen.remark("laterality", told.sentence, found, why)


def only_on_the_other_side(seen: Seen) -> Iterator[Remark]:
    """All that was found is on one side, all that is concluded on the other."""
    parts = [part for part in seen.once(_parts) if part.sides and not _is_calm(seen, part)]
    found = {part.sides for part in parts if part.sentence.section is SectionCode.FINDINGS}
    told = [part for part in parts if part.sentence.section is SectionCode.IMPRESSION]
    one_sided = len(found) == 1 and len({part.sides for part in told}) == 1
    if one_sided and all(len(part.sides) == 1 and not part.sides & next(iter(found)) for part in told):
        match = seen.language.sides[next(iter(told[0].sides))].search(told[0].sentence.text)
        here = (p for p in seen.once(_parts) if p.sentence.section is SectionCode.FINDINGS and p.sides & told[0].sides)
        if any(part.words & told[0].words for part in here if not _is_calm(seen, part, denials=False)):
            # It is spoken of on this side too, in words that sounded calm.
            return
        if match is not None and len(next(iter(found))) == 1:
            why = f'"{match.group(0)}" stands here; what the findings describe is on the other side'
            yield seen.remark("laterality", told[0].sentence, match.group(0), why)


def _is_calm(seen: Seen, part: Told, denials: bool = True) -> bool:
    """Whether nothing was found there: normal, no size, no lesion. `denials`: also where only something is denied."""
    lesion = seen.language.lists["lesion"].search(part.text)
    is_lesion = lesion is not None and not seen.language.has("negation_before", part.text[: lesion.start()])
    text = part.text if denials else seen.language.lists["negation_before"].sub(" ", part.text)
    return not _SIZED.search(part.text) and not is_lesion and seen.language.has("calm", text)


def _is_place(seen: Seen, text: str, told: Told) -> bool:
    """Whether the one word that both share is a part of the body that was not itself ordered."""
    asked = {stem for word in _TOKEN.findall(asked_words(seen.facts)) for stem in _stems(word, seen.language)}
    whole = frozenset().union(*seen.language.whole.values())
    among = told.words - asked
    shared = [w for w in _TOKEN.findall(text) if _stems(w, seen.language) & among and w.lower() not in whole]
    return any(words.fullmatch(word) for word in shared for words in seen.language.regions.values())


def _is_denied(seen: Seen, part: Told, words: frozenset[str]) -> bool:
    """Whether a denial stands before the first of the words that the two have in common."""
    denial = seen.language.lists["negation_before"].search(part.text)
    first = next((m.start() for m in _TOKEN.finditer(part.text) if _stems(m.group(0), seen.language) & words), 0)
    return denial is not None and denial.start() < first


def _parts(seen: Seen) -> list[Told]:
    """Sentences, cut where another side begins."""
    return list(_cut(seen))


def _cut(seen: Seen) -> Iterator[Told]:
    for sentence, heading in seen.headed:
        text, own = "", frozenset[Side]()
        for piece in (part for _, clause in sentence.clauses for part in _PART.split(clause)):
            sides = frozenset(Side) if seen.language.has("bilateral", piece) else sides_in(piece, seen.language)
            if sides and own and sides != own:
                yield _told(seen, sentence, text, own)
                text, own = "", frozenset()
            text, own = f"{text} {piece}" if text else piece, own | sides
        yield _told(seen, sentence, text, own or heading)


def _told(seen: Seen, sentence: Sentence, text: str, sides: frozenset[Side]) -> Told:
    language = seen.language
    words = set[str]()
    said = text
    for finding in (f for f in language.findings if not f.sided):
        # The brain is pushed to the other side.
        said = finding.words.sub(" ", said)
    for match in _TOKEN.finditer(said):
        word = match.group(0)
        is_short = len(word) < 4 and not (word.isupper() and len(word) > 1)
        is_side = any(pattern.fullmatch(word) for pattern in language.sides.values())
        is_empty = word.lower() in language.function_words or language.has("filling", word) or language.has("measures", word)
        if not (is_short or is_side or is_empty or word.isdigit()):
            words |= _stems(word, language)
    return Told(sentence, text, sides, frozenset(words))


def _stems(word: str, language: Language) -> frozenset[str]:
    """Of a word, and of what it is put together from: `karot` and `steno` of `carotisstenos`."""
    head = language.heads.search(word)
    parts = (word[: head.start()], word[head.start() :]) if head is not None and head.start() > 2 else (word,)
    return frozenset(folded(part)[:STEM] for part in parts)


def folded(word: str) -> str:
    """One spelling of several: `carotis` and `karotis`, `oedema` and `edema`, `thyreoidea` and `tyreoidea`."""
    word = word.lower()
    for written, spoken in _SPELLINGS:
        word = word.replace(written, spoken)
    return word


def _asked_sides(seen: Seen) -> frozenset[Side]:
    words = seen.facts.procedure
    if seen.language.has("bilateral", words):
        return frozenset()
    end = re.split(r"[\s,/(]+", words.strip(" )."))[-1]
    last = {Side.LEFT: "order_left", Side.RIGHT: "order_right"}
    said = sides_in(words, seen.language) or {s for s, name in last.items() if seen.language.lists[name].fullmatch(end)}
    return frozenset(said) or seen.facts.sides
