"""The spoken words of the report on the desk: where they stand, what was looked at, what nobody has looked at yet."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from workstation.domain.report import Report, SectionCode
from workstation.jobs import DATABASE, Jobs
from workstation.reporting.spoken import Looked, SpokenReport
from workstation.session.desk import ReportDesk
from workstation.signals import Signal

UNSURE_BELOW = 0.6

Unseen = tuple[tuple[SectionCode, int, int], ...]
"""(section, start, end): a spoken number, unit, side, negation or unsure word that nobody has looked at."""


@dataclass(slots=True)
class _Shown:
    """What the window shows of one report: its sections' texts, and what of them is not looked at."""

    report_uuid: str = ""
    texts: Mapping[SectionCode, str] = field(default_factory=dict)
    unseen: Unseen = ()


class Spoken:
    """Main thread, but for what `unseen_now` gives. The window says by `show` what stands unseen."""

    def __init__(self, jobs: Jobs, desk: ReportDesk, tell: Callable[[Exception], object]) -> None:
        self._jobs = jobs
        self._desk = desk
        self._tell = tell
        self._shown = _Shown()
        self.unsure_below = UNSURE_BELOW
        """Words that were heard with less confidence are underlined."""
        self.corrected: Signal[tuple[str, str]] = Signal()
        """An alternative was chosen: what stood there, and what stands there now."""
        self.wanted: Signal[str] = Signal()
        """A command about spoken words, by its name in `commands.spoken`: the window does it."""

    def load(self, report_uuid: str, found: Callable[[SpokenReport], object]) -> None:
        """What of a report came by voice, as it is on disk."""
        self._jobs.run(DATABASE, lambda _: self._desk.spoken_words.report(report_uuid), found, self._tell)

    def look_at(self, report_uuid: str, places: Iterable[Looked]) -> None:
        """The reader has seen these: kept, so that they need not be looked at again after a restart."""
        seen = tuple(places)
        if seen:
            self._jobs.run(DATABASE, lambda _: self._desk.spoken_words.look_at(report_uuid, seen), lambda _: None, self._tell)

    def show(self, report_uuid: str, texts: Mapping[SectionCode, str], unseen: Unseen) -> None:
        self._shown = _Shown(report_uuid, dict(texts), unseen)

    @property
    def unseen(self) -> Sequence[tuple[SectionCode, int, int]]:
        return self._shown.unseen

    def unseen_now(self) -> Callable[[Report], Unseen]:
        """Tells, on any thread, what of a text nobody has looked at, as things stand now."""
        shown = self._shown

        def unseen(report: Report) -> Unseen:
            if shown.report_uuid != report.report_uuid:
                return ()
            return tuple(_place_in(report, section, shown.texts[section], start, end) for section, start, end in shown.unseen)

        return unseen


def _place_in(report: Report, section: SectionCode, shown: str, start: int, end: int) -> tuple[SectionCode, int, int]:
    """The place in the text that is signed. Where that is another text the words are looked for; found or not, they count."""
    text, words = report.text(section), shown[start:end]
    if text[start:end] == words:
        return section, start, end
    at = text.find(words)
    return (section, at, at + len(words)) if at >= 0 else (section, 0, 0)
