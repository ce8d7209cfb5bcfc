"""What is open, and what is said of it: the case, the lines of the banner, what is known before anybody writes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from workstation.domain.dates import as_date
from workstation.domain.order import WorklistItem
from workstation.domain.report import SectionCode
from workstation.domain.study import Study


@dataclass(frozen=True, slots=True)
class Case:
    """What is open. `generation` grows with each opening: late answers for an older one are dropped."""

    generation: int
    item: WorklistItem | None
    study: Study
    priors: tuple[Study, ...]
    warnings: tuple[str, ...] = ()
    """What must be known before it is read, as English source strings."""

    @property
    def reason(self) -> str:
        """Why the examination was asked for, as the order says; text from outside."""
        return self.item.order.reason if self.item is not None and self.item.order is not None else ""

    @property
    def procedure(self) -> str:
        """What was ordered; text from outside."""
        return self.item.order.procedure if self.item is not None and self.item.order is not None else ""

    @property
    def studies(self) -> tuple[Study, ...]:
        return (self.study, *self.priors)


@dataclass(frozen=True, slots=True)
class Notice:
    """One line for the banner. `error` lines stay until dismissed, those `of_case` until the case is put away,
    those `until_signed` until then or until the report is signed.

    `command` is the id of the command that answers it, offered beside the text.
    """

    text: str
    error: bool = False
    of_case: bool = False
    command: str = ""
    until_signed: bool = False


def known_for(case: Case, section: SectionCode) -> str:
    """What is known for a section before anybody writes it: the order's reason, the nearest prior."""
    if section is SectionCode.HISTORY:
        return case.reason
    if section is SectionCode.COMPARISON:
        earlier = (p for p in case.priors if "" < p.study_date < case.study.study_date)
        return next((_named(prior) for prior in earlier), "")
    return ""


def _named(study: Study) -> str:
    """A prior as a report names it: what, and when."""
    what = study.study_description or "/".join(study.modalities)
    when = as_date(study.study_date)
    return f"{what} {when.isoformat()}" if when else what


def warnings_of(item: WorklistItem, doubts: Sequence[str]) -> tuple[str, ...]:
    """The doubts about the study's files, and what the worklist warns of besides."""
    rest = item.warning.removeprefix("; ".join(doubts)).removeprefix("; ")
    return tuple(dict.fromkeys((*doubts, *((rest,) if rest else ()))))
