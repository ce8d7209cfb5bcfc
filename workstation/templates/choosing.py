"""Which template fits an examination, and why, in words."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from workstation.templates.model import Binding, Template


@dataclass(frozen=True, slots=True)
class Exam:
    """What is known of the examination. `words` are the order's and the study's, `age` whole years."""

    words: str = ""
    codes: tuple[str, ...] = ()
    modalities: tuple[str, ...] = ()
    body_parts: tuple[str, ...] = ()
    sex: str = ""
    age: int | None = None


@dataclass(frozen=True, slots=True)
class Proposal:
    """`reasons` say why it fits, `against` why it does not: English source sentences."""

    template: Template
    score: int = 0
    reasons: tuple[str, ...] = ()
    against: tuple[str, ...] = ()

    @property
    def fits(self) -> bool:
        return bool(self.reasons) and not self.against


def proposals(templates: Iterable[Template], exam: Exam) -> tuple[Proposal, ...]:
    """Best first; those that do not fit last, in the order of their titles."""
    made = [proposal(template, exam) for template in templates]
    return tuple(sorted(made, key=lambda p: (bool(p.against), -p.score, p.template.title.casefold())))


def best(templates: Iterable[Template], exam: Exam) -> Proposal | None:
    """The one that fits best, if one fits by more than its modality."""
    first = next(iter(proposals(templates, exam)), None)
    return first if first is not None and first.fits and first.score >= ENOUGH else None


ENOUGH = 20
"""A score from which on a template is proposed: a word, a code or a body part, not the modality alone."""


def proposal(template: Template, exam: Exam) -> Proposal:
    binding = template.binding
    score, reasons = 0, []
    codes = [c for c in binding.codes if c in exam.codes]
    if codes:
        score += 100
        reasons.append(f"the procedure code is {codes[0]}")
    entry = max((e for e in binding.procedures if _says(e, exam.words)), key=lambda e: len(e.split()), default="")
    if entry:
        score += 30 + 10 * len(entry.split())
        reasons.append(f'"{entry.replace("*", "…")}" is in the procedure')
    parts = [p for p in binding.body_parts if p.casefold() in {b.casefold() for b in exam.body_parts}]
    if parts:
        score += 20
        reasons.append(f"the images are of {parts[0]}")
    modalities = [m for m in binding.modalities if m in exam.modalities]
    if modalities:
        # All of them: PET/CT before CT, where both are there.
        score += 5 * len(modalities)
        reasons.append(f"the images are {'/'.join(modalities)}")
    if binding.sex and binding.sex == exam.sex:
        score += 3
        reasons.append("it is for this sex")
    if _is_of_age(binding, exam.age) and (binding.age_from is not None or binding.age_to is not None):
        score += 3
        reasons.append("it is for this age")
    return Proposal(template, score, tuple(reasons), tuple(_against(binding, exam)))


def _against(binding: Binding, exam: Exam) -> Iterable[str]:
    if binding.modalities and exam.modalities and not set(binding.modalities) & set(exam.modalities):
        yield f"it is for {'/'.join(binding.modalities)}"
    if binding.sex and exam.sex in ("F", "M") and exam.sex != binding.sex:
        yield "it is for women" if binding.sex == "F" else "it is for men"
    if exam.age is not None and not _is_of_age(binding, exam.age):
        yield f"it is for ages from {binding.age_from or 0} to {'…' if binding.age_to is None else binding.age_to}"


def _is_of_age(binding: Binding, age: int | None) -> bool:
    if age is None:
        return False
    return (binding.age_from is None or age >= binding.age_from) and (binding.age_to is None or age <= binding.age_to)


def _says(entry: str, words: str) -> bool:
    """All words of the entry stand among the words."""
    return bool(words) and all(pattern.search(words) for pattern in _patterns(entry))


@lru_cache(maxsize=4096)
def _patterns(entry: str) -> tuple[re.Pattern[str], ...]:
    ends = ((re.escape(word.rstrip("*")), r"\w*" if word.endswith("*") else "") for word in entry.split())
    return tuple(re.compile(rf"(?<!\w){stem}{end}(?!\w)", re.IGNORECASE) for stem, end in ends)
