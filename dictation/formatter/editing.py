"""Rules for what is said about the text itself: a heading, spelling, a capital."""

from __future__ import annotations

from dictation.formatter.rules import Piece, Place, Rule
from dictation.formatter.tokens import match, phrase


def spelled(place: Place) -> Piece | None:
    """ "spell m i r i z z i" -> "mirizzi"; at least two letters, or it was no spelling."""
    editing = place.language.editing
    used = match(place.tokens, place.at, editing.spell)
    count, letters = used, ""
    while used and place.at + count < len(place.tokens):
        low = place.low(count)
        letter = editing.letters.get(low, low)
        value = place.language.values.get(low, 10)
        if len(letter) != 1 and value > 9:
            break
        letters += letter if len(letter) == 1 else str(value)
        count += 1
    return Piece(place.language.casing.get(letters, letters), count) if len(letters) > 1 else None


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
