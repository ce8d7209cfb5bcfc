"""Does what is called normal fit what was found: clear, removed, and lists whose denial was lost."""

from __future__ import annotations

import re
from collections.abc import Iterator

from workstation.colleague.facts import Remark, Side
from workstation.colleague.language import Removed
from workstation.colleague.reading import Mention, Sentence, Status, sides_in
from workstation.colleague.seen import Seen
from workstation.domain.report import SectionCode

BEFORE_REACH = 30
"""Letters before the word of an operation within which one says that it was not done, or not on the whole organ."""
_FEW = re.compile(r"\s*(?:\w+\s+){0,3}")
_BETWEEN = re.compile(r"[^.;:]{0,40}")


def clear(seen: Seen) -> Iterator[Remark]:
    """`The lungs are clear` beside a nodule."""
    for sentence, heading in seen.headed:
        if seen.language.has("compared", sentence.text):
            continue
        for _, clause in sentence.clauses:
            for normal in seen.language.clear:
                match = normal.words.search(clause)
                if match is None or (seen.language.has("apart", clause[: match.start()]) and not sides_in(clause, seen.language)):
                    continue
                is_denial = seen.language.lists["negation_before"].match(match.group(0)) is not None
                if not is_denial and _is_part(seen, clause[: match.start()]):
                    continue
                rest = clause[match.end() :]
                against = next(
                    (
                        m
                        for m in seen.present()
                        if _is_against(m, normal.against, sentence, sides_in(clause, seen.language) or heading)
                    ),
                    None,
                )
                if against is not None and not seen.language.has("apart", rest):
                    found = match.group(0)
                    why = f'"{found}" stands here, and "{_short(against)}" elsewhere'
                    yield seen.remark("contradiction", sentence, found, why)
                    return


def _is_part(seen: Seen, before: str) -> bool:
    """`Ascending` before `aorta is of normal calibre`."""
    last = re.search(r"(\w{4,})\s*$", before)
    return (
        last is not None and not seen.language.has("filling", last.group(1)) and not seen.language.has("bilateral", last.group(1))
    )


def _is_against(mention: Mention, names: frozenset[str], sentence: Sentence, sides: frozenset[Side]) -> bool:
    if mention.finding.name not in names or mention.sentence == sentence:
        return False
    is_elsewhere = bool(sides and mention.sides and not sides & mention.sides)
    # In one section: what is named first is excepted from what is said of the rest.
    return not is_elsewhere and (
        mention.sentence.section is not sentence.section or mention.finding.critical or not _follows(mention, sentence)
    )


def _follows(mention: Mention, sentence: Sentence) -> bool:
    """Whether the general remark follows what was found, and so may speak of the rest."""
    return mention.sentence.start < sentence.start


def removed_organs(seen: Seen) -> Iterator[Remark]:
    """An organ that was taken out, and is described."""
    for organ in seen.language.removed:
        for sentence, gone in _operations(seen, organ):
            sides = sides_in(sentence.text, seen.language)
            if organ.sided and len(sides) != 1:
                continue
            match = next(_described(seen, organ, sides if organ.sided else frozenset()), None)
            if match is not None:
                where, found = match
                yield seen.remark("contradiction", where, found, f'"{found}" stands here, and "{gone}" elsewhere')
                break


def _operations(seen: Seen, organ: Removed) -> Iterator[tuple[Sentence, str]]:
    for sentence in seen.all:
        if sentence.section is SectionCode.RECOMMENDATION:
            continue
        for match in (*organ.said.finditer(sentence.text), *_taken_out(seen, organ, sentence.text)):
            before = sentence.text[max(0, match.start() - BEFORE_REACH) : match.start()]
            is_asked = sentence.text[match.end() :].lstrip().startswith("?")
            if not seen.language.has("not_removed", before) and not is_asked:
                yield sentence, match.group(0)


def _taken_out(seen: Seen, organ: Removed, text: str) -> Iterator[re.Match[str]]:
    """`The left kidney has been removed`."""
    for match in organ.organ.finditer(text):
        gone = seen.language.lists["taken_out"].search(text, match.end())
        if gone is not None and _FEW.fullmatch(text[match.end() : gone.start()]):
            yield gone


def _described(seen: Seen, organ: Removed, sides: frozenset[Side]) -> Iterator[tuple[Sentence, str]]:
    for sentence in seen.read:
        if organ.said.search(sentence.text) or next(_taken_out(seen, organ, sentence.text), None):
            continue
        for _, clause in sentence.clauses:
            match = organ.then.search(clause) or organ.organ.search(clause)
            if match is None or seen.language.has("negation_before", clause[: match.start()]):
                continue
            here = sides_in(clause, seen.language)
            if sides and not organ.then.search(clause) and here != sides:
                continue
            if not seen.language.has("remains_of", clause) and not seen.language.has("compared", clause):
                yield sentence, match.group(0)


def lost_denial(seen: Seen) -> Iterator[Remark]:
    """`Pneumothorax or pleural effusion is seen`: an `or` that only a denial has."""
    for sentence in seen.now:
        for place, clause in sentence.clauses:
            mine = sorted((m for m in seen.mentions if m.sentence == sentence and m.clause_start == place), key=lambda m: m.start)
            if any(m.status is not Status.PRESENT for m in mine) or seen.language.has("negation_before", clause):
                continue
            stray = seen.language.lists["only_denied"].search(clause)
            if (
                mine
                and stray
                and not any(seen.language.has(name, sentence.text) for name in ("asks_for", "conditional", "uncertain"))
            ):
                found = stray.group(0)
                yield seen.remark("negation", sentence, found, f'"{found}" reads as if its denial were missing')
            joined = _joined(seen, mine, clause, place)
            says = seen.language.lists["affirms"].search(clause)
            if joined and says:
                found = clause.strip()
                yield seen.remark("negation", sentence, found, f'"{found}" reads as if its denial were missing')


def _joined(seen: Seen, mine: list[Mention], clause: str, place: int) -> bool:
    """Whether an `or` stands between two different findings."""
    return any(
        seen.language.has("or", clause[one.end - place : two.start - place]) and one.finding is not two.finding
        for i, one in enumerate(mine)
        for two in mine[i + 1 :]
        if one.end <= two.start and _BETWEEN.fullmatch(clause[one.end - place : two.start - place])
    )


def _short(mention: Mention) -> str:
    text = " ".join(mention.clause.split()).strip(" ,;.")
    return text if len(text) <= 70 else f"{text[:67]}…"
