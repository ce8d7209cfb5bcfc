"""Spoken form to written form: "three point five centimeters" -> "3.5 cm". Pure functions and data.

Takes a recogniser's words in small letters as well as text that already has digits, units,
capitals and punctuation (Whisper). What a number is written as never depends on what would be
plausible, only on what was said; the spoken form is kept beside it.
"""

from dictation.formatter.endings import Ending
from dictation.formatter.written import Formatter, Span, Written

__all__ = ["Ending", "Formatter", "Span", "Written"]
