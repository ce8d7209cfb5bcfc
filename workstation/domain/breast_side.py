"""Which breast a mammogram is of, and how it lies in its image: what a file says of that, and where it contradicts itself.

The wrong side is the worst fault there is: nothing here chooses between two sayings. PatientOrientation (0020,0020)
has the direction of the rows, then of the columns (PS3.3 C.7.6.1.1.1); an oblique view's column direction has two
letters, and the second one is another for each breast.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

# Left, posterior, head count up along the patient's axes (LPS).
_AXES = ("LR", "PA", "HF")
# A direction that leans to a side by less than this (its cosine) does not name it.
LEAST_SHARE = 0.25
OPPOSITE = {"L": "R", "R": "L", "A": "P", "P": "A", "H": "F", "F": "H"}
# CID 4014 (mammographic views): the cranio-caudal ones look along the body, the others across it.
_ALONG = frozenset({"399162004", "R-10242", "399192008", "R-1024A", "399101009", "R-1024B", "399196006", "R-10244"})
_OBLIQUE = frozenset({"399368009", "R-10226"})
_ACROSS = frozenset({"399260004", "R-10224", "399352003", "R-10228", "399099002", "R-10230"}) | _OBLIQUE
_ALONG_TERMS = frozenset({"CC", "XCCL", "XCCM", "XCC", "FB"})
_ACROSS_TERMS = frozenset({"MLO", "ML", "LM", "LMO"})
# `RCC`, `L MLO`, `L-ML`: a side and a view in one.
_SIDE_AND_VIEW = re.compile(r"(?<![A-Z])([LR])[ _-]?(?:CC|MLO|LMO|ML|LM|XCC[LM]?)(?![A-Z])")
# Sides as words: English, Swedish, Norwegian, Danish, Finnish.
_WORDS = {
    "L": re.compile(r"\b(?:left|vänster|venstre|vasen|vasem\w*|sin|sinister)\b", re.IGNORECASE),
    "R": re.compile(r"\b(?:right|höger|högra|høyre|højre|oikea\w*|oikean|dx|dexter)\b", re.IGNORECASE),
}

ELEMENTS = (
    "ImageLaterality", "FrameLaterality", "Laterality", "ViewCodeSequence", "ViewPosition", "PatientOrientation",
    "ImageOrientationPatient", "SeriesDescription",
)  # fmt: skip
"""What `conflicts` looks at."""

ORIENTATION_AND_VIEW = "PatientOrientation does not fit the view: not mirrored"
OTHER_BREAST = "PatientOrientation is that of the other breast"
SIDES_DISAGREE = "Left or right? ImageLaterality and Laterality disagree"
TEXT_DISAGREES = "Left or right? ImageLaterality and the description disagree"


def said_in(text: str) -> str:
    """The one side that a text names, "" when it names none or both."""
    found = set(_SIDE_AND_VIEW.findall(text.upper())) | {side for side, words in _WORDS.items() if words.search(text)}
    return found.pop() if len(found) == 1 else ""


def is_along_the_body(codes: Sequence[str], position: str) -> bool | None:
    """Whether the view is a cranio-caudal one: by ViewCodeSequence (`value|scheme|...`), then ViewPosition; None: unknown."""
    values = {code.split("|")[0] for code in codes}
    if values & (_ALONG | _ACROSS):
        return bool(values & _ALONG)
    position = position.strip().upper()
    return position in _ALONG_TERMS if position in _ALONG_TERMS | _ACROSS_TERMS else None


def is_oblique(codes: Sequence[str], position: str) -> bool:
    values = {code.split("|")[0] for code in codes}
    return bool(values & _OBLIQUE) if values & (_ALONG | _ACROSS) else position.strip().upper() == "MLO"


def orientation_of(elements: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """Where rows and columns run: PatientOrientation, else (tomosynthesis) ImageOrientationPatient in its letters."""
    said = tuple(value.strip().upper() for value in elements.get("PatientOrientation", ()))
    if len(said) == 2 and all(said):
        return said
    try:
        cosines = [float(value) for value in elements.get("ImageOrientationPatient", ())]
    except ValueError:
        return ()
    return (_letters(cosines[:3]), _letters(cosines[3:])) if len(cosines) == 6 else ()


def _letters(direction: Sequence[float]) -> str:
    """The sides of the patient that a direction (LPS) points to, the main one first; head and foot before equal ones."""
    sides = [
        (round(abs(part), 2), place, pair[part < 0.0]) for place, (part, pair) in enumerate(zip(direction, _AXES, strict=True))
    ]
    return "".join(letter for share, _, letter in sorted(sides, reverse=True) if share >= LEAST_SHARE)


def conflicts(elements: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """What contradicts what in one mammogram, in words (English source strings). Without a contradiction nothing."""

    def first(keyword: str) -> str:
        return next((value.strip().upper() for value in elements.get(keyword, ()) if value.strip()), "")

    image, series = first("ImageLaterality") or first("FrameLaterality"), first("Laterality")
    codes, position = tuple(elements.get("ViewCodeSequence", ())), first("ViewPosition")
    found = []
    if image in ("L", "R") and series in ("L", "R") and image != series:
        found.append(SIDES_DISAGREE)
    side = image or series
    told = {said_in(text) for text in elements.get("SeriesDescription", ())} - {""}
    if side in ("L", "R") and told and side not in told:
        found.append(TEXT_DISAGREES)
    found += _orientation(orientation_of(elements), is_along_the_body(codes, position), side)
    return tuple(found)


def _orientation(orientation: Sequence[str], along: bool | None, side: str) -> list[str]:
    """Contradictions between PatientOrientation, the kind of view and the side."""
    ways = [value.strip().upper() for value in orientation]
    if len(ways) != 2 or not all(ways) or along is None:
        return []
    ahead, across = ("AP", "LR" if along else "HF")
    fits = (ways[0][0] in ahead and ways[1][0] in across) or (ways[1][0] in ahead and ways[0][0] in across)
    if not fits:
        return [ORIENTATION_AND_VIEW]
    second = next((way[1:2] for way in ways if way[0] in "HF"), "")
    if side in ("L", "R") and second in ("L", "R"):
        down = next(way[0] for way in ways if way[0] in "HF")
        # Downwards an oblique view runs towards the middle of the body, upwards away from it.
        inner = OPPOSITE[side]
        if second != (inner if down == "F" else side):
            return [OTHER_BREAST]
    return []
