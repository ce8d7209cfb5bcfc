"""Does the text fit the case: sex, age, contrast, modality, region."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from workstation.colleague.facts import Remark
from workstation.colleague.reading import READ, Sentence
from workstation.colleague.rules_sides import PAIRED
from workstation.colleague.seen import Seen, asked_words
from workstation.colleague.words import Words
from workstation.domain.report import SectionCode

LEAST_VERTEBRAE = 3
_VERTEBRA = re.compile(r"\b(C|Th|T|L|S)\d{1,2}\b")
_PARTS = {"C": "cervical", "TH": "thoracic", "T": "thoracic", "L": "lumbar", "S": "lumbar"}
THIS_REACH = 14
"""Letters before a modality's name in which `this` makes it the examination's own."""
# `Head without contrast: no bleeding.`: one part of several.
_LABELLED = re.compile(r"[^:.]{1,40}:\s")
MOST_YEARS_OFF = 1.0
CHILD_UNTIL, OLD_FROM = 16.0, 30.0
# PatientSex (0010,0040) and what a body of that sex has not.
_FOREIGN = {"M": ("female", "female_person"), "F": ("male", "male_person")}
SHOWS = {"CR": "DX", "RG": "DX", "DR": "DX", "RF": "DX", "MRI": "MR", "PET": "PT", "NM": "PT"}


def sex(seen: Seen) -> Iterator[Remark]:
    lists = _FOREIGN.get(seen.facts.sex, ())
    for sentence in seen.all:
        if seen.language.has("relatives", sentence.text):
            continue
        for name in lists:
            match = seen.language.lists[name].search(sentence.text)
            if match:
                yield seen.remark(
                    "sex", sentence, match.group(0), f'"{match.group(0)}" does not fit the patient\'s sex ({seen.facts.sex})'
                )
                break


def age(seen: Seen) -> Iterator[Remark]:
    years = seen.facts.age
    if years is None:
        return
    for sentence in seen.all:
        is_now = sentence.section is not SectionCode.HISTORY
        for match in seen.language.lists["age_said"].finditer(sentence.text):
            if not _is_the_patients(seen, sentence, match):
                continue
            said = float(re.sub(r"\D", "", match.group(0))) / _in_a_year(seen, match.group(0))
            if abs(said - years) > MOST_YEARS_OFF + 0.5:
                yield seen.remark("age", sentence, match.group(0), f'"{match.group(0)}" stands here; the patient is {years:.0f}')
        for name, wrong in (("child", years > CHILD_UNTIL + 5), ("old_age", years < OLD_FROM)):
            word = seen.language.lists[name].search(sentence.text) if wrong and is_now else None
            if word and not seen.language.has("relatives", sentence.text):
                yield seen.remark("age", sentence, word.group(0), f'"{word.group(0)}" does not fit an age of {years:.0f}')


def _is_the_patients(seen: Seen, sentence: Sentence, match: re.Match[str]) -> bool:
    """Whether an age is not a fracture's, a prosthesis's or a brother's."""
    following = " ".join(re.findall(r"\w[\w-]*", sentence.text[match.end() :])[:2])
    return not seen.language.has("aged_things", following) and not seen.language.has("relatives", sentence.text)


def _in_a_year(seen: Seen, age: str) -> float:
    return next(
        (count for name, count in (("months", 12.0), ("weeks", 52.0), ("days", 365.0)) if seen.language.has(name, age)), 1.0
    )


def contrast(seen: Seen) -> Iterator[Remark]:
    """What is said of contrast medium against what was given, and against itself."""
    text_given = next((found for found in _all(seen, "contrast_given") if _says_given(seen, found[0].text)), None)
    text_not = _first(seen, "contrast_not_given")
    given = seen.facts.contrast
    if given is False and text_given is not None:
        sentence, word = text_given
        yield seen.remark("contrast", sentence, word, f'"{word}" stands here; the images were taken without contrast medium')
    # An examination with and without it has parts of both kinds, and its order says so.
    is_both = any(seen.language.has(name, seen.facts.procedure) for name in ("contrast_denied", "both_ways"))
    is_both = is_both or any(_LABELLED.match(s.text) and seen.language.has("contrast_denied", s.text) for s in seen.all)
    withheld = next((found for found in _all(seen, "contrast_withheld") if not _is_of_a_part(seen, found[0])), None)
    text_not = withheld or (_first(seen, "contrast_denied") if given and not is_both else None if given else text_not)
    if given is True and text_not is not None and (withheld or not _says_given(seen, text_not[0].text)):
        sentence, word = text_not
        yield seen.remark("contrast", sentence, word, f'"{word}" stands here; contrast medium was given')
    is_native = given is False or (given is None and text_not is not None and text_given is None)
    for s in seen.now if is_native else ():
        match = seen.language.lists["enhancement"].search(s.text)
        denied = match is not None and seen.language.has("negation_before", s.text[: match.start()])
        if match and not denied and not (text_given is not None and given is None):
            yield seen.remark("contrast", s, match.group(0), f'"{match.group(0)}" is said of images without contrast medium')
            return


def _is_of_a_part(seen: Seen, sentence: Sentence) -> bool:
    """Whether contrast medium is spoken of for one part of the examination only."""
    return _LABELLED.match(sentence.text) is not None or seen.language.has("both_ways", sentence.text)


def _says_given(seen: Seen, text: str) -> bool:
    """Whether contrast medium in the blood is spoken of and not denied."""
    for name in ("other_contrast", "contrast_withheld", "contrast_denied", "contrast_not_given"):
        text = seen.language.lists[name].sub(" , ", text)
    return seen.language.has("contrast_given", text)


def modality(seen: Seen) -> Iterator[Remark]:
    """Words of a modality that was not used, unless the sentence points at another examination or asks for one."""
    used = {SHOWS.get(m, m) for m in seen.facts.modalities}
    if not used or not used & seen.language.modalities.keys():
        return
    for sentence in seen.read:
        own = any(words[m].search(sentence.text) for m in used for words in _own(seen) if m in words)
        asks = seen.language.has("asks_for", sentence.text)
        for name in seen.language.modalities.keys() - used:
            match = _foreign(seen, name, sentence)
            if own and (match is None or not _is_sign_alone(seen, name, sentence)):
                continue
            # What another examination might show is no sign of it.
            if asks and (match is None or seen.language.modalities[name].search(sentence.text)):
                continue
            if match is not None:
                what = "/".join(sorted(used))
                yield seen.remark(
                    "modality", sentence, match.group(0), f'"{match.group(0)}" stands here; the examination is {what}'
                )
                break


def _own(seen: Seen) -> tuple[Mapping[str, Words], ...]:
    return seen.language.modalities, seen.language.signs


def _is_sign_alone(seen: Seen, name: str, sentence: Sentence) -> bool:
    """A sign of a modality that the sentence does not name: `high signal on T2` among echoes."""
    words = seen.language.signs.get(name)
    is_named = seen.language.modalities[name].search(sentence.text) is not None
    return words is not None and not is_named and words.search(sentence.text) is not None


_DATED = re.compile(r"\s*(?:\(|,)?\s*\d{4}")


def _foreign(seen: Seen, name: str, sentence: Sentence) -> re.Match[str] | None:
    """A sign of that modality; or its name, unless something is only said to be like it was there."""
    named = seen.language.modalities[name].search(sentence.text)
    is_compared = seen.language.has("compared", sentence.text)
    sign = seen.language.signs[name].search(sentence.text) if name in seen.language.signs else None
    if is_compared:
        return sign if named is None else None
    before = sentence.text[: named.start()] if named is not None else ""
    if named is not None and _DATED.match(sentence.text[named.end() :]):
        return None
    if seen.language.has("referring", before) and not seen.language.lists["this"].search(before[-THIS_REACH:]):
        return None
    if sign is None and sentence.section is SectionCode.IMPRESSION and not _is_performed(seen, sentence):
        # `DT pankreas och konferens.`: what is to come.
        return None
    return sign or named


def _is_performed(seen: Seen, sentence: Sentence) -> bool:
    return any(seen.language.has(name, sentence.text) for name in ("this", "shows", "normal", "negation_before"))


def region(seen: Seen) -> Iterator[Remark]:
    """A text that is about another part of the body: pasted, or dictated for another patient."""
    asked = seen.asked
    if not asked or "PT" in seen.facts.modalities:  # which go from head to thigh, whatever they are called
        return
    text = "\n".join(seen.report.text(code) for code in READ)
    counts = {name: len({m.group(0).lower() for m in words.finditer(text)}) for name, words in seen.language.regions.items()}
    beside = {other for name in asked for other in _BESIDE.get(name, ())}
    others = {name: count for name, count in counts.items() if name not in asked | beside and count}
    yield from _vertebrae(seen)
    yield from _pasted(seen, asked)
    yield from _astray(seen, asked)
    if not others or any(counts[name] for name in asked):
        return
    most = max(others, key=lambda name: others[name])
    if others[most] >= 2:
        sentence = next(s for s in seen.read if seen.language.regions[most].search(s.text))
        word = seen.language.regions[most].search(sentence.text)
        found = word.group(0) if word else ""
        yield seen.remark(
            "region", sentence, found, f"The text is about the {most}; the examination is of the {'/'.join(sorted(asked))}"
        )


def _vertebrae(seen: Seen) -> Iterator[Remark]:
    """Vertebrae of another part of the spine than the one that was ordered, and none of that."""
    words = asked_words(seen.facts)
    parts = {name for name, said in seen.language.spine_parts.items() if said.search(words)}
    if not parts or "whole" in parts:
        return
    found = [(s, m) for s in seen.now for m in _VERTEBRA.finditer(s.text)]
    of = {m.group(0): _PARTS.get(m.group(1).upper(), "") for _, m in found}
    if len(of) >= LEAST_VERTEBRAE and not parts & set(of.values()):
        sentence, match = found[0]
        why = f'"{match.group(0)}" stands here; the examination is of the {"/".join(sorted(parts))} spine'
        yield seen.remark("region", sentence, match.group(0), why)


def _astray(seen: Seen, asked: frozenset[str]) -> Iterator[Remark]:
    """Organs in a report of the head, spread over sentences that speak of nothing else."""
    known = seen.language.regions
    for name in (other for other, apart in _APART.items() if other in known and asked <= apart and other not in asked):
        words = known[name]
        own = [known[a] for a in asked]
        places = [s for s in seen.now if words.search(s.text) and not any(mine.search(s.text) for mine in own)]
        found = {m.group(0).lower() for s in places for m in words.finditer(s.text)}
        if len(places) > 1 and len(found) > 2:
            why = f"This sentence is about the {name}; the examination is of the {'/'.join(sorted(asked))}"
            yield seen.remark("region", places[0], places[0].text, why)
            return


def _pasted(seen: Seen, asked: frozenset[str]) -> Iterator[Remark]:
    """One sentence full of another part of the body: a joint's in another joint's report, organs in one of the spine."""
    is_joint = bool(asked & set(PAIRED))
    for sentence in seen.now:
        if any(seen.language.regions[name].search(sentence.text) for name in asked):
            continue
        for name, words in seen.language.regions.items():
            found = {m.group(0).lower() for m in words.finditer(sentence.text)} if name not in asked else set()
            is_far = (
                (is_joint or name in PAIRED) and not asked & _NEAR.get(name, set()) and not _NEAR_REGIONS.get(name, set()) & asked
            )
            most = 2 if is_far else 3
            if len(found) >= most and (is_joint or is_far or asked <= _APART.get(name, set())):
                yield seen.remark(
                    "region",
                    sentence,
                    sentence.text,
                    f"This sentence is about the {name}; the examination is of the {'/'.join(sorted(asked))}",
                )
                return


# Joints that lie so near to another region that its words are theirs.
_NEAR = {
    "neck": {"shoulder"},
    "chest": {"shoulder", "breast"},
    "pelvis": {"hip"},
    "spine": {"hip", "shoulder"},
    "abdomen": {"hip"},
}
# Regions that a joint's words are said of too.
_NEAR_REGIONS = {
    "shoulder": {"chest", "neck", "spine"},
    "hip": {"pelvis", "abdomen", "spine"},
    "breast": {"chest"},
    "wrist": set[str](),
}
# Regions that the same order reads too.
_BESIDE = {"abdomen": ("pelvis",), "pelvis": ("abdomen", "hip"), "hip": ("pelvis",), "neck": ("chest", "head")}
# Regions that are never seen on one examination of the other, but for trunks.
_APART = {"abdomen": {"head", "neck", "spine"}, "head": {"abdomen", "pelvis", "chest"}, "pelvis": {"head", "neck"}}


def _all(seen: Seen, name: str) -> Iterator[tuple[Sentence, str]]:
    """The first place of a list's words in each sentence that speaks of this examination."""
    for sentence in seen.all:
        if sentence.section in (SectionCode.HISTORY, SectionCode.COMPARISON, SectionCode.RECOMMENDATION):
            continue
        match = seen.language.lists[name].search(sentence.text)
        if match and not seen.language.has("compared", sentence.text) and not seen.language.has("asks_for", sentence.text):
            yield sentence, match.group(0)


def _first(seen: Seen, name: str) -> tuple[Sentence, str] | None:
    return next(_all(seen, name), None)
