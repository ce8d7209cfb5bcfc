"""What a case tells the recogniser, so that it expects the words of this examination; and what is asked of dictation."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from workstation.domain.dictation import DictationContext
from workstation.domain.report import Report
from workstation.session.case import Case
from workstation.session.desk import ReportDesk
from workstation.session.template_facts import exam_of
from workstation.session.templating import Templating
from workstation.signals import Signal

if TYPE_CHECKING:
    from workstation.session.session import Session

MOST_PRIOR_LETTERS = 20_000
"""Of the texts of prior reports, the nearest first."""


class Dictating:
    """Main thread. `changed` tells that from the next words on others are expected."""

    def __init__(self, desk: ReportDesk, case: Callable[[], Case | None], templating: Templating) -> None:
        self._desk = desk
        self._case = case
        self._templating = templating
        self._told: object = None
        self.own_terms: Callable[[str], tuple[str, ...]] = lambda _language: ()
        """The user's own words in a language; the window plugs them in."""
        self.changed: Signal[None] = Signal()
        self.command_wanted: Signal[None] = Signal()
        """The command key: what is said next is a command or nothing."""
        self.undo_wanted: Signal[None] = Signal()
        """Take back what the last spoken command did."""
        self.learn_wanted: Signal[bool] = Signal()
        """The offered correction is to be a rule from now on, or never."""
        desk.report_changed.connect(lambda _: self._look())
        templating.changed.connect(lambda _: self._look())

    @property
    def language(self) -> str:
        """That of the report on the desk, as `en`."""
        return self._templating.language

    def context(self) -> DictationContext:
        """The exam, its order, its template and its priors; nothing special without a case."""
        case, language = self._case(), self.language
        if case is None:
            return DictationContext(terms=self.own_terms(language), language=language)
        exam = exam_of(case)
        modalities = exam.modalities or (case.item.modality if case.item is not None else "",)
        return DictationContext(
            modality=modalities[0],
            body_part=" ".join(exam.body_parts).lower(),
            procedure=exam.words,
            terms=self.own_terms(language),
            language=language,
            template=", ".join(self._templating.in_use),
            order=case.reason,
            prior=_text_of(self._desk.prior_reports),
        )

    def own_terms_changed(self) -> None:
        self._told = None
        self._look()

    def _look(self) -> None:
        """Typing changes nothing here: only another report, template or prior does."""
        report = self._desk.report
        priors = tuple((prior.report_uuid, prior.version) for prior in self._desk.prior_reports)
        seen = (report.report_uuid if report is not None else "", self.language, self._templating.in_use, priors)
        if seen != self._told:
            self._told = seen
            self.changed.emit(None)


def context_of(session: Session) -> DictationContext:
    """What is being read now."""
    return session.dictating.context()


def _text_of(reports: tuple[Report, ...]) -> str:
    return "\n".join(section.text for report in reports for section in report.sections if section.text)[:MOST_PRIOR_LETTERS]
