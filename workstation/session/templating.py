"""Templates for the report on the desk: which fits, putting it in, and which fields are still to be seen to.

What is put in goes into the text behind what is written, never over it, and to the disk like typed text. Where
fields and untouched defaults lie is kept here per report while the program runs; after a restart it is found
again by comparing the text with the templates (`passages.recognised`), so that what was accepted before is then
asked once more.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from workstation.domain.dose import DoseReport
from workstation.domain.report import Report, SectionCode
from workstation.errors import Refused, WorkstationError
from workstation.reporting.journal import change_between
from workstation.session.case import Case
from workstation.session.desk import ReportDesk
from workstation.session.template_facts import exam_of, merge_facts
from workstation.signals import Signal

if TYPE_CHECKING:
    from workstation.templates.body import Filled, Passage
    from workstation.templates.choosing import Exam, Proposal
    from workstation.templates.library import Templates
    from workstation.templates.merge import MergeFacts
    from workstation.templates.model import Kind, Template
    from workstation.templates.passages import Passages

Texts = Mapping[SectionCode | None, "Filled"]
"""By section; None is the place that is written."""

Untouched = tuple[tuple[SectionCode, int, int], ...]


class Templating:
    """Main thread, but for what `untouched_now` gives. `changed` tells that passages of the open report changed."""

    def __init__(self, desk: ReportDesk, case: Callable[[], Case | None], report_problem: Callable[[Exception], object]) -> None:
        self._desk = desk
        self._case = case
        self._report_problem = report_problem
        self._templates: Templates | None = None
        self._passages: dict[tuple[str, SectionCode], Passages] = {}
        self._known: set[str] = set()
        self._in_use: dict[str, tuple[str, ...]] = {}
        self._awaited: list[tuple[str, SectionCode, Filled]] = []
        self.doses: Callable[[], Sequence[DoseReport]] = tuple
        """The dose reports of the open case."""
        self.folder: Path | None = None
        """`templates/` of the configuration folder."""
        self.put: Callable[[Texts], object] = self._through_the_desk
        """Puts texts into the report; an editor plugs itself in here."""
        self.changed: Signal[None] = Signal()
        self.step_wanted: Signal[int] = Signal()
        """To the next or previous field: the window does it."""
        desk.opened.connect(self._opened)
        desk.report_changed.connect(self._stored)

    # ---- which -----------------------------------------------------------------------

    @property
    def templates(self) -> Templates:
        """Read when first asked for; what is wrong with a file is said once."""
        if self._templates is None:
            from workstation.templates.library import load

            self._templates = load(self.folder)
            for problem in self._templates.problems:
                self._report_problem(problem)
        return self._templates

    def read_again(self) -> None:
        """Files were added or changed."""
        self._templates = None

    @property
    def language(self) -> str:
        """That of the report on the desk, as `en`."""
        return self._desk.report.language[:2].lower() if self._desk.report is not None else "en"

    def proposals(self, *kinds: Kind) -> tuple[Proposal, ...]:
        """The templates of these kinds for the open case, best first, each with its reasons."""
        from workstation.templates.choosing import proposals

        return proposals((t for t in self.templates.of(self.language) if t.kind in kinds), self._exam())

    def best(self) -> Proposal | None:
        """The report template to propose; None where none fits by more than its modality."""
        from workstation.templates.choosing import best
        from workstation.templates.model import Kind

        return best((t for t in self.templates.of(self.language) if t.kind is Kind.REPORT), self._exam())

    def by_short_name(self, typed: str) -> Template | None:
        return self.templates.short(typed, self.language)

    def against(self, template: Template) -> tuple[str, ...]:
        """Why a template does not fit the open case; nothing when it does."""
        from workstation.templates.choosing import proposal

        return proposal(template, self._exam()).against

    @property
    def in_use(self) -> tuple[str, ...]:
        """The titles of the templates that were put into the report on the desk since the program began."""
        return self._in_use.get(self._desk.report.report_uuid, ()) if self._desk.report is not None else ()

    def fill(self, template: Template) -> Texts:
        """Its texts for the open case, merge fields filled."""
        from workstation.templates.body import fill
        from workstation.templates.merge import merge_words, merged

        words = merge_words(template.language)
        case = self._case()
        return fill(template, merged(self.facts(case), words) if case is not None else {}, words.fields)

    def facts(self, case: Case) -> MergeFacts:
        """What merge fields are told; the dose is that of all studies that are read together."""
        mine = case.study.study_instance_uid
        uids = self._desk.report.study_uids if self._desk.report is not None else ()
        doses = [replace(one, study_uid=mine) if one.study_uid in uids else one for one in self.doses()]
        return merge_facts(case, doses)

    # ---- putting it in ---------------------------------------------------------------

    def insert(self, template_id: str) -> None:
        """Raises Refused where there is no such template, or nothing that it could be put into."""
        template = self.templates.find(template_id, self.language)
        if template is None:
            raise Refused("No such template", f"There is none of this name in the report's language ({self.language})")
        self.insert_template(template)

    def insert_template(self, template: Template) -> None:
        case, report = self._case(), self._desk.report
        if case is None or report is None or not self._desk.is_open_for_writing:
            raise Refused("Nothing was put into the report", "No report is open for writing")
        if case.study.study_instance_uid not in report.study_uids:
            raise Refused("Nothing was put into the report", "The report on the desk is of another study")
        if template.language != self.language:
            raise Refused("Nothing was put into the report", "The template is in another language than the report")
        self._in_use[report.report_uuid] = tuple(dict.fromkeys((*self.in_use, template.title)))
        self.put(self.fill(template))

    def _through_the_desk(self, texts: Texts) -> None:
        report = self._desk.report
        if report is None:
            return
        for code, filled in texts.items():
            section = code or self._desk.section
            self._awaited.append((report.report_uuid, section, filled))
            self._desk.add(section, filled.text)

    # ---- where fields are ------------------------------------------------------------

    def passages(self, section: SectionCode) -> Passages:
        """Of the report on the desk."""
        from workstation.templates.passages import Passages

        report = self._desk.report
        return self._passages.get((report.report_uuid, section), Passages()) if report is not None else Passages()

    def follow(self, section: SectionCode, text: str) -> None:
        """The text of a section of the report on the desk is this now."""
        report = self._desk.report
        if report is None:
            return
        seen = self.passages(section)
        change = change_between(seen.text, text)
        if change is not None:
            self._set(report.report_uuid, section, seen.changed(text, change.start, change.removed, change.inserted))

    def placed(self, section: SectionCode, filled: Filled, start: int) -> None:
        """A filled text stands at `start` of the section's text, which was followed already."""
        if self._desk.report is not None:
            self._set(self._desk.report.report_uuid, section, self.passages(section).put(filled, start))

    def accept(self, section: SectionCode, passage: Passage) -> None:
        """The reader has looked at this default and lets it stand."""
        if self._desk.report is not None and passage.is_default:
            self._set(self._desk.report.report_uuid, section, self.passages(section).accept(passage))

    def accept_all(self) -> int:
        """Let every default of the open report stand. Tells how many there were."""
        report, count = self._desk.report, 0
        if report is not None:
            for section in SectionCode:
                seen = self.passages(section)
                count += len(seen.defaults)
                if seen.defaults:
                    self._set(report.report_uuid, section, seen.accept_all())
        return count

    def untouched_now(self) -> Callable[[Report], Untouched]:
        """Tells, on any thread, which passages of a text are untouched defaults, as things stand now."""
        kept = dict(self._passages)

        def untouched(report: Report) -> Untouched:
            found = []
            for section in SectionCode:
                seen = kept.get((report.report_uuid, section))
                if seen is None:
                    continue
                change = change_between(seen.text, report.text(section))
                if change is not None:
                    seen = seen.changed(report.text(section), change.start, change.removed, change.inserted)
                found += [(section, p.start, p.end) for p in seen.defaults]
            return tuple(found)

        return untouched

    # ---- inside ----------------------------------------------------------------------

    def _exam(self) -> Exam:
        from workstation.templates.choosing import Exam

        case = self._case()
        return exam_of(case) if case is not None else Exam()

    def _opened(self, report: Report) -> None:
        """A report with words of before: find its defaults again."""
        texts = {code: report.text(code) for code in SectionCode if report.text(code)}
        if not texts or report.report_uuid in self._known:
            return
        self._known.add(report.report_uuid)
        from workstation.templates.passages import recognised

        try:
            candidates = [t for t in self.templates.of(self.language) if t.sections[0][0] is not None]
        except WorkstationError as error:
            self._report_problem(error)
            return
        for code, seen in recognised(texts, candidates).items():
            self._passages[report.report_uuid, code] = seen
        self.changed.emit(None)

    def _stored(self, report: Report | None) -> None:
        """What was put in through the desk is on disk: now it has a place."""
        if report is None:
            return
        for awaited in [a for a in self._awaited if a[0] == report.report_uuid and a[2].text in report.text(a[1])]:
            self._awaited.remove(awaited)
            _, section, filled = awaited
            self.follow(section, report.text(section))
            self.placed(section, filled, report.text(section).rfind(filled.text))

    def _set(self, report_uuid: str, section: SectionCode, passages: Passages) -> None:
        if passages.defaults or passages.known:
            self._known.add(report_uuid)
        self._passages[report_uuid, section] = passages
        self.changed.emit(None)
