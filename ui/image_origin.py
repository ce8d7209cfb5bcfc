"""Where an image comes from besides the scanner's own reconstruction: derived, computed by AI, written upon.

AI is recognised by the names that makers give their reconstructions; a name that is not known is
not told. Only what the file says of itself counts.
"""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

from workstation.domain.study import Instance, Series

# As makers write them into kernels, algorithms, image types and series descriptions, in capitals, without separators.
AI_NAMES = (
    "DEEPLEARNING", "DEEPRESOLVE", "DEEPRECON", "TRUEFIDELITY", "DLIR", "AICE", "PRECISEIMAGE", "AIRRECONDL", "SMARTSPEEDAI",
    "CLEARINFINITY", "SUBTLEMR", "SUBTLEPET", "PRECISIONDL", "ADVANCEDINTELLIGENTCLEARIQ",
)  # fmt: skip
# A short name that may be part of another word counts only as a word of its own.
WORDS_ONLY = frozenset({"AICE", "DLIR"})
_WHERE = ("ReconstructionAlgorithm", "ConvolutionKernel", "ImageType", "ScanOptions")


def ai_name(series: Series, instance: Instance | None) -> str:
    """The maker's name of the AI reconstruction as the file writes it; empty where it says none."""
    texts = [str(value) for keyword in _WHERE for value in attribute(series, instance, keyword)]
    for text in (*texts, series.series_description):
        words = {_capitals(word) for word in text.replace("_", " ").replace("-", " ").split()}
        whole = _capitals(text)
        if any(name in (words if name in WORDS_ONLY else whole) for name in AI_NAMES):
            return text
    return ""


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
    own = instance.header.get("attributes") if instance is not None else None
    values = own.get(keyword) if isinstance(own, dict) else None
    return tuple(str(v) for v in (values or series.attributes.get(keyword) or ()))


def _capitals(text: str) -> str:
    return "".join(c for c in text.upper() if c.isalnum())
