"""Earlier studies in the reading: which there are, who names them, how they open, and the step from one to the next."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workstation.domain.report import Report
from workstation.jobs import Jobs
from workstation.ports import Hanger, ImageShelf
from workstation.session.case import Case
from workstation.session.prior_mentions import PriorMentions
from workstation.session.prior_steps import PriorSteps
from workstation.session.prior_studies import PriorStudies
from workstation.session.prior_views import PriorViews

if TYPE_CHECKING:
    from workstation.session.session import Session


class Priors:
    """The parts, plugged into the session's signals. Used on the main thread."""

    def __init__(self, jobs: Jobs, hanger: Hanger, shelf: ImageShelf, session: Session) -> None:
        self._session = session
        registering = session.registering
        self.views = PriorViews(session.viewing, shelf.viewer, registering.alignment, registering.mapped)
        self.steps = PriorSteps(hanger, session.hangings, session.viewing, self.views, lambda: session.case, session.notice.emit)
        self.mentions = PriorMentions(jobs)
        session.case_changed.connect(self._case_changed)
        self.known = PriorStudies(jobs, hanger, session)
        self.steps.elsewhere = self.known.elsewhere
        session.hangings.mentions = self.mentions.of
        session.hangings.hung.connect(self.views.open)
        registering.changed.connect(self.views.follow)
        session.desk.report_changed.connect(self._written)
        self.mentions.changed.connect(self.known.rank_again)
        session.annotating.changed.connect(self._drawn)

    def _case_changed(self, case: Case | None) -> None:
        if case is None:
            self.mentions.forget()

    def _written(self, report: Report | None) -> None:
        case = self._session.case
        if report is not None and case is not None and report.study_instance_uid == case.study.study_instance_uid:
            self.mentions.written(case, "\n".join(section.text for section in report.sections))

    def _drawn(self, _: str) -> None:
        table = self._session.lesions.table()
        sizes = [total.millimetres for total in table.sums]
        # The last time point may be the study that is read: only an earlier one is a prior.
        self.mentions.measured(table.times[sizes.index(min(sizes))].study_uid if len(sizes) > 1 else "")
