"""Rules for what is said about the text itself: a heading, spelling, a capital."""

from __future__ import annotations

from dictation.formatter.place import Piece, Place, Rule
from dictation.formatter.tokens import match, phrase


def spelled(place: Place) -> Piece | None:
    """ "spell m i r i z z i" or "spell that mike india" -> letters; at least two, or it was no spelling."""
    editing = place.language.editing
    used = match(place.tokens, place.at, editing.spell)
    count, letters = used, ""
    while used and place.at + count < len(place.tokens):
        letter, said = _letter(place, count)
        if not letter:
            break
        letters += letter
        count += said
    return Piece(place.language.casing.get(letters, letters), count) if len(letters) > 1 else None


def _letter(place: Place, ahead: int) -> tuple[str, int]:
    """The letter or digit that is said there, and in how many words; nothing where there is none."""
    low = place.low(ahead)
    known = place.language.editing.letters
    pair = f"{low} {place.low(ahead + 1)}"
    if pair in known:
        return known[pair], 2
    letter = known.get(low, low)
    if len(letter) == 1:
        return letter, 1
    value = place.language.values.get(low, 10)
    return (str(value), 1) if value < 10 else ("", 0)


def capital(place: Place) -> Piece | None:
    """ "cap impression" -> "Impression", "all caps flair" -> "FLAIR"; "a fibrous cap" and "the cap of ..." stay."""
    editing = place.language.editing
    if place.low(-1) in editing.capital_not_after:
        return None
    whole = match(place.tokens, place.at, editing.capitals)
    used = whole or match(place.tokens, place.at, editing.capital)
    if not used or not place.joined(used + 1) or place.low(used) in place.language.dangling:
        return None
    text = place.tokens[place.at + used].text
    return Piece(text.upper() if whole else text[:1].upper() + text[1:], used + 1, named=True)


def heading(place: Place) -> Piece | None:
    """ "heading findings" -> "Findings:" on a line of its own."""
    editing = place.language.editing
    used = match(place.tokens, place.at, editing.heading)
    count = match(place.tokens, place.at + used, editing.headings) if used else 0
    if not count or not place.joined(used + count):
        return None
    name = editing.headings[phrase(place.tokens, place.at + used, count)]
    starts_line = bool(place.before) and place.before[-1].text.endswith("\n")
    return Piece(f"{name}:\n" if starts_line else f"\n\n{name}:\n", used + count, "both", named=True)


EDITING_RULES: tuple[Rule, ...] = (heading, spelled, capital)
