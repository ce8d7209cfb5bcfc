"""Where an image comes from besides the scanner's own reconstruction: derived, computed by AI, written upon.

AI is recognised by the names that makers give their reconstructions; a name that is not known is
not told. Only what the file says of itself counts.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QCoreApplication

from ui import plain
from ui.kept import Kept
from workstation.domain.study import Instance, Series

# As makers write them into kernels, algorithms, image types and series descriptions, in capitals, without separators.
AI_NAMES = (
    "DEEPLEARNING", "DEEPRESOLVE", "DEEPRECON", "TRUEFIDELITY", "DLIR", "AICE", "PRECISEIMAGE", "AIRRECONDL", "SMARTSPEEDAI",
    "CLEARINFINITY", "SUBTLEMR", "SUBTLEPET", "PRECISIONDL", "ADVANCEDINTELLIGENTCLEARIQ",
)  # fmt: skip
# CodeValue|CodingSchemeDesignator|CodeMeaning
CODE_PARTS = 3
# A short name that may be part of another word counts only as a word of its own.
WORDS_ONLY = frozenset({"AICE", "DLIR"})
_WHERE = (
    "ReconstructionAlgorithm", "ConvolutionKernel", "ImageType", "ScanOptions", "ContributingEquipmentSequence",
    "DerivationDescription", "DerivationCodeSequence",
)  # fmt: skip
# In what somebody wrote of how an image was made, words that mean the same; a kernel may be called anything.
_PROSE = ("ContributingEquipmentSequence", "DerivationDescription", "DerivationCodeSequence")
AI_WORDS = re.compile(
    r"\bAI\b|\bA\.I\.|\bC?NN\b|\bGAN\b|(?i:\b(?:artificial intelligence|(?:deep|machine)[ -]?learning|neural network))"
)

# Images are painted many times in a row.
_OWN: Kept[Mapping[str, Any]] = Kept(64)
_AI_NAMES: Kept[str] = Kept(64)


def ai_name(series: Series, instance: Instance | None) -> str:
    """The maker's name of the AI reconstruction as the file writes it; empty where it says none."""
    return _AI_NAMES.get((series, instance), lambda: _ai_name(series, instance))


def _ai_name(series: Series, instance: Instance | None) -> str:
    for keyword in _PROSE:
        for text in attribute(series, instance, keyword):
            if AI_WORDS.search(text.replace("|", " ")):
                return _shown(text)
    texts = [str(value) for keyword in _WHERE for value in attribute(series, instance, keyword)]
    for text in (*texts, series.series_description):
        words = {_capitals(word) for word in text.replace("_", " ").replace("-", " ").split()}
        whole = _capitals(text)
        if any(name in (words if name in WORDS_ONLY else whole) for name in AI_NAMES):
            return _shown(text)
    return ""


def derivation(series: Series, instance: Instance | None) -> str:
    """DerivationDescription (0008,2111), else the meaning of DerivationCodeSequence (0008,9215); text from outside."""
    said = " ".join(attribute(series, instance, "DerivationDescription"))
    codes = (code.split("|")[-1] for code in attribute(series, instance, "DerivationCodeSequence"))
    return plain.plain(said or ", ".join(code for code in codes if code))


def is_derived(series: Series, instance: Instance | None) -> bool:
    """Value 1 of ImageType (0008,0008), PS3.3 C.7.6.1.1.2: made from the pixels of other images."""
    return tuple(attribute(series, instance, "ImageType"))[:1] == ("DERIVED",)


def is_written_upon(series: Series, instance: Instance | None) -> bool:
    """BurnedInAnnotation (0028,0301): text in the pixels may name a patient, or cover an image."""
    return "YES" in attribute(series, instance, "BurnedInAnnotation")


def badges(series: Series, instance: Instance | None) -> list[str]:
    """What always stands on the image."""
    found = []
    name = ai_name(series, instance)
    if name:
        found.append(QCoreApplication.translate("viewport", "AI reconstruction: {0}").format(name))
    if is_written_upon(series, instance):
        found.append(QCoreApplication.translate("viewport", "Text burned into the image"))
    return found


def attribute(series: Series, instance: Instance | None, keyword: str) -> tuple[str, ...]:
    """Of the image where it says so itself, else of its series."""
    values = _OWN.get((instance,), lambda: _own(instance)).get(keyword)
    return tuple(str(v) for v in (values or series.attributes.get(keyword) or ()))


def _own(instance: Instance | None) -> Mapping[str, Any]:
    own = instance.header.get("attributes") if instance is not None else None
    own = dict(own) if isinstance(own, (list, tuple)) else own
    return own if isinstance(own, dict) else {}


def _shown(text: str) -> str:
    """A code by its meaning, equipment by its parts."""
    parts = [part.strip() for part in text.split("|")]
    return parts[-1] if len(parts) == CODE_PARTS and parts[-1] else " ".join(part for part in parts if part)


def _capitals(text: str) -> str:
    return "".join(c for c in text.upper() if c.isalnum())
