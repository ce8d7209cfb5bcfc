"""Critical results at the seat: those that are open, whatever case is on screen; telling one writes the report's lines."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from workstation.colleague.facts import CaseFacts, Remark
from workstation.domain.critical import CriticalLevel, CriticalResult, Told, communication_words
from workstation.domain.report import Report, SectionCode
from workstation.errors import Refused
from workstation.reporting.store import ReportStore
from workstation.session.case import Notice
from workstation.session.desk import ReportDesk
from workstation.signals import Signal

RULE = "critical"
"""The colleague's rule that finds a word which must be told at once."""


class Criticals:
    """Main thread. `signer` gives who sits here, `tell_banner` the banner."""

    def __init__(self, desk: ReportDesk, signer: Callable[[], str], tell_banner: Callable[[Notice], object]) -> None:
        self._desk = desk
        self._signer = signer
        self._tell_banner = tell_banner
        self.open: tuple[CriticalResult, ...] = ()
        """Of every report, the most pressing first."""
        self.of_report: tuple[CriticalResult, ...] = ()
        """Of the report on the desk, told ones too."""
        self.changed: Signal[tuple[CriticalResult, ...]] = Signal()
        self.told: Signal[CriticalResult] = Signal()
        """Somebody was told, and it is on disk."""
        desk.opened.connect(lambda _: self.load())

    def load(self) -> None:
        """Read what is open. Also right after the start: an open one outlives the program."""
        report = self._desk.report
        uuid = report.report_uuid if report else ""

        def work(store: ReportStore) -> tuple[tuple[CriticalResult, ...], tuple[CriticalResult, ...]]:
            return store.critical.open(), store.critical.of_report(uuid)

        self._desk.ask(work, self._loaded, "criticals")

    def begin(self, level: CriticalLevel, finding: str) -> None:
        """Note one on the report on the desk: its time runs from now on. Raises `Refused`."""
        signer = self._named()
        report = self._required()
        self._check(finding)
        self._desk.act(lambda store, uuid: store.critical.begin(uuid, level, finding, signer), self._reload, report.report_uuid)

    def begin_and_tell(self, level: CriticalLevel, finding: str, told: Told) -> None:
        """Both in one go: it was told before it was noted. Raises `Refused`."""
        report = self._required()
        self._check(finding)
        made: list[CriticalResult] = []

        def work(store: ReportStore, uuid: str) -> None:
            noted = store.critical.begin(uuid, level, finding, told.by)
            made.append(store.critical.tell(noted.critical_uuid, told))

        self._desk.act(work, lambda _: self._told(made[0]), report.report_uuid)

    def tell(self, critical: CriticalResult, told: Told) -> None:
        """It was told: kept, and written into the report if that is on the desk."""
        made: list[CriticalResult] = []

        def work(store: ReportStore, _: str) -> None:
            made.append(store.critical.tell(critical.critical_uuid, told))

        self._desk.act(work, lambda _: self._told(made[0]), critical.report_uuid)

    def drop(self, critical: CriticalResult, reason: str) -> None:
        """It is not critical after all."""
        signer = self._named()
        self._desk.act(
            lambda store, _: store.critical.drop(critical.critical_uuid, reason, signer), self._reload, critical.report_uuid
        )

    def command_for(self, remarks: tuple[Remark, ...]) -> str:
        """What to offer beside remarks on a text."""
        return "report.critical" if any(remark.rule == RULE for remark in remarks) else ""

    def facts(self, facts: CaseFacts) -> CaseFacts:
        """With what is known of the communication of critical results."""
        return replace(facts, is_told=any(c.told is not None for c in self.of_report))

    # ---- inside ----------------------------------------------------------------------

    def _required(self) -> Report:
        report = self._desk.report
        if report is None:
            raise Refused("No report", "A critical result belongs to a report, and none is open", "Open the case first")
        return report

    def _named(self) -> str:
        if not self._signer():
            raise Refused("Not kept", "Nobody is named as the reader", "Set `signer` in settings.toml")
        return self._signer()

    def _check(self, finding: str) -> None:
        if not finding.strip():
            raise Refused("Not noted", "It is not said what is critical", "Write what was found")

    def _told(self, critical: CriticalResult) -> None:
        self.told.emit(critical)
        report = self._desk.report
        if report is not None and report.report_uuid == critical.report_uuid:
            self._write(report, communication_words(critical, report.language))
        self.load()

    def _write(self, report: Report, words: str) -> None:
        """Into the Communication section; into the addendum that is being written; else the reader is told what to do."""
        section = SectionCode.ADDENDUM if self._desk.is_appending else SectionCode.COMMUNICATION
        if self._desk.may_write(section):
            self._desk.add(section, words)
        else:
            words = "Kept. The report is signed: write an addendum to put it there too"
            self._tell_banner(Notice(words, of_case=True, command="report.addendum"))

    def _reload(self, _: Report) -> None:
        self.load()

    def _loaded(self, found: tuple[tuple[CriticalResult, ...], tuple[CriticalResult, ...]]) -> None:
        self.open, self.of_report = found
        self.changed.emit(self.open)
