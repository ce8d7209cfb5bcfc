"""Scores, classes and grades: how they are written, and what they can be."""

from __future__ import annotations

import re

_FILLING = (
    "category class classification grade score stage type sign index of is kategori klass grad typ stadium grupp poäng enligt"
)
_BEFORE = rf"\s*(?:-|:|=)?\s*(?:(?:{_FILLING.replace(' ', '|')})\s*)*"

ROMAN = {"I": 1, "II": 2, "III": 3, "IV": 4, "V": 5, "VI": 6, "VII": 7, "VIII": 8, "IX": 9, "X": 10, "XI": 11, "XII": 12}

# The name, as a pattern, and what it goes from and to: numbers (also in Roman figures) or letters.
_NUMBERED = (
    ("BI-RADS", r"BI-?RADS", 0, 6),
    ("PI-RADS", r"PI-?RADS(?:\s*v?\d\.\d)?", 1, 5),
    ("LI-RADS", r"LI-?RADS(?:\s*LR-)?", 1, 5),
    ("TI-RADS", r"TI-?RADS(?:\s*TR)?", 1, 5),
    ("O-RADS", r"O-?RADS", 0, 5),
    ("CAD-RADS", r"CAD-?RADS", 0, 5),
    ("Lung-RADS", r"Lung-?RADS", 0, 4),
    ("Bosniak", r"Bosniak", 1, 4),
    ("Deauville", r"Deauville", 1, 5),
    ("Fazekas", r"Fazekas", 0, 3),
    ("Kellgren-Lawrence", r"(?:Kellgren[- ]Lawrence|KL(?=\s*(?:grade|grad)))", 0, 4),
    ("Ahlbäck", r"Ahlb[äa]ck", 1, 5),
    ("ASPECTS", r"ASPECTS", 0, 10),
    ("Fisher", r"Fisher", 0, 4),
    ("Scheltens", r"(?:Scheltens|MTA)", 0, 4),
    ("Koedam", r"Koedam", 0, 3),
    ("Pfirrmann", r"Pfirrmann", 1, 5),
    ("Modic", r"Modic", 0, 3),
    ("Meyerding", r"Meyerding", 1, 5),
    ("Garden", r"Garden", 1, 4),
    ("Schatzker", r"Schatzker", 1, 6),
    ("Salter-Harris", r"Salter[- ]Harris", 1, 9),
    ("Outerbridge", r"Outerbridge", 0, 4),
    ("Goutallier", r"Goutallier", 0, 4),
    ("Risser", r"Risser", 0, 5),
    ("Hinchey", r"Hinchey", 0, 4),
    ("AAST", r"AAST", 1, 5),
    ("Rutherford", r"Rutherford", 0, 6),
    ("Spetzler-Martin", r"Spetzler[- ]Martin", 1, 6),
    ("Koos", r"Koos", 1, 4),
    ("Knosp", r"Knosp", 0, 4),
    ("Mirels", r"Mirels", 4, 12),
)
_LETTERED = (
    ("Weber", r"Weber", "ABC"),
    ("Stanford", r"Stanford", "AB"),
    ("Child-Pugh", r"Child[- ]Pugh", "ABC"),
)

NUMBERED = tuple(
    (name, re.compile(rf"\b{written}{_BEFORE}(\d{{1,2}}|[IVX]{{1,4}})(?![\w/]|[.,]\d)", re.IGNORECASE), least, most)
    for name, written, least, most in _NUMBERED
)
LETTERED = tuple(
    (name, re.compile(rf"\b(?i:{written})(?i:{_BEFORE})([A-Z])\b(?!-)"), letters) for name, written, letters in _LETTERED
)
ANY = re.compile("|".join(rf"\b(?:{written})" for _, written, *_ in (*_NUMBERED, *_LETTERED)), re.IGNORECASE)
"""A name of one of them."""


def number_of(said: str) -> int:
    """Of a number in either kind of figures; 0 for what is neither."""
    return int(said) if said.isdigit() else ROMAN.get(said.upper(), 0)
