"""A dose report that comes after the report was begun: the field that waits for it is offered to be filled.

A draft's text changes when the reader asks for it, as one step of undo; signed text never does. A field that nobody
filled stands there in brackets, and is remarked on before the signature like any other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from workstation.domain.report import Report, SectionCode
from workstation.errors import Refused
from workstation.session.case import Notice
from workstation.session.linked_text import Edit

if TYPE_CHECKING:
    from workstation.session.session import Session

COMMAND = "report.dose"


class LateDose:
    """Main thread."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._said: set[tuple[str, str]] = set()
        self._before: dict[str, str] = {}
        """What the dose reports said when it was last looked at, by report: words that may stand in its text."""
        session.findings.changed.connect(self._look)
        session.desk.opened.connect(self._look)

    def fill(self) -> None:
        """Put what the dose report says where the text waits for it. Raises `Refused`."""
        report, words = self._session.desk.report, self._words()
        if report is None or not self._session.desk.is_open_for_writing or self._session.desk.is_appending:
            raise Refused("Nothing was put into the report", "No report is open for writing")
        if not words:
            why = "No dose report of this study is here, or what it says contradicts itself"
            raise Refused("The dose is not known", why, "It is offered once it comes")
        if not any(self._fill_section(section, words) for section in SectionCode):
            raise Refused("Nothing was put into the report", f"No field for the dose stands empty in it. It is: {words}")
        self._before[report.report_uuid] = words

    # ---- within --------------------------------------------------------------------------

    def _look(self, _: object) -> None:
        session = self._session
        report, words = session.desk.report, self._words()
        if report is None or session.case is None or report.study_instance_uid != session.case.study.study_instance_uid:
            return
        before = self._before.get(report.report_uuid, "")
        if words:
            self._before.setdefault(report.report_uuid, words)
        if not words or (report.report_uuid, words) in self._said or not self._waits(report, words, before):
            return
        self._said.add((report.report_uuid, words))
        if session.desk.is_open_for_writing and not session.desk.is_appending:
            say, command = f"The dose report is here: {words}. Put it into the report?", COMMAND
        else:
            say, command = f"The dose report came after the signature: {words}. The signed text stays as it is", "report.addendum"
        session.notice.emit(Notice(say, of_case=True, command=command))

    def _waits(self, report: Report, words: str, before: str) -> bool:
        texts = [report.text(section) for section in SectionCode]
        return any(self._place(text, words, before) is not None for text in texts)

    def _fill_section(self, section: SectionCode, words: str) -> bool:
        writer, report = self._session.linked.writer, self._session.desk.report
        before = self._before.get(report.report_uuid, "") if report is not None else ""
        edits, text, at = list[Edit](), writer.text(section), 0
        while (found := self._place(text[at:], words, before)) is not None:
            edits.append(Edit(at + found[0], at + found[1], words))
            at += found[1]
        if edits:
            made = text
            for edit in reversed(edits):
                made = made[: edit.start] + edit.words + made[edit.end :]
            writer.write(section, edits, made)
        return bool(edits)

    def _place(self, text: str, words: str, before: str) -> tuple[int, int] | None:
        """The first empty field for the dose, or words that the dose reports said before and no longer say."""
        looked_for = [self._field(), *([before] if before not in ("", words) else [])]
        found = [(text.find(each), text.find(each) + len(each)) for each in looked_for if each in text]
        return min(found, default=None)

    def _words(self) -> str:
        from workstation.templates.merge import merge_words, merged

        templating, case = self._session.templating, self._session.case
        words = merge_words(templating.language)
        return merged(templating.facts(case), words).get("dose", "") if case is not None else ""

    def _field(self) -> str:
        from workstation.templates.merge import merge_words

        return merge_words(self._session.templating.language).fields["dose"].bracketed
