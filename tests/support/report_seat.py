"""A seat with a real report store, whose disk can be made to refuse, and a dictation that a test speaks into."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from window_seat import HeldJobs, WindowSeat

from workstation.domain.dictation import DictatedSegment, DictationContext, DictationState
from workstation.domain.order import WorklistItem
from workstation.domain.report import SectionCode
from workstation.errors import Unavailable
from workstation.reporting.store import ReportStore


class RefusingStore(ReportStore):
    """A real store on a disk that is full while `is_full`."""

    is_full = False

    def write_section(self, *args: Any, **options: Any) -> Any:
        self._check()
        return super().write_section(*args, **options)

    def append_segment(self, *args: Any, **options: Any) -> Any:
        self._check()
        return super().append_segment(*args, **options)

    def _check(self) -> None:
        if self.is_full:
            raise Unavailable("The report cannot be saved", "The disk is full", "Free space")


class ReportSeat(WindowSeat):
    """Orders that a report can be signed for."""

    reports: RefusingStore

    def __init__(self, home: Path, jobs: HeldJobs | None = None) -> None:
        store = home / "reports.db"
        super().__init__(home, jobs, RefusingStore(store))

    def add_case(self, number: int, *args: Any, reason: str = "", **options: Any) -> WorklistItem:
        super().add_case(number, *args, **options)
        item = self.items[-1]
        assert item.order is not None
        order = replace(
            item.order, study_instance_uid=item.study_instance_uid, ris_patient_reference=f"Patient/{number}", reason=reason
        )
        self.items[-1] = replace(item, order=order)
        self.session.refresh_worklist()
        return self.items[-1]

    def text(self, section: SectionCode = SectionCode.FINDINGS) -> str:
        """What the report on the desk says, as the disk holds it."""
        report = self.session.desk.report
        assert report is not None
        return self.reports.report(report.report_uuid).text(section)


class SpokenDictation:
    """Stands in for `dictation.pipeline.Dictation`: the test opens segments and gives their words when it likes."""

    made: list[SpokenDictation]

    def __init__(self, spec: object, folder: Path, context: DictationContext) -> None:
        self.folder = folder
        self.key = ""
        self.settled: list[str] = []
        self.recovered: list[tuple[str, str]] = []
        self.is_closed = False
        self.is_slow_to_end = False
        self.sources: list[Any] = []
        self.befores: list[str] = []
        self.expected: list[DictationContext] = []
        self.is_command: Callable[[str], bool] = lambda _: False
        self.for_command = False
        self.asked: list[tuple[tuple[str, ...], Callable[[frozenset[str]], None]]] = []
        self.corrected: Callable[[str], str] = lambda text: text
        self.on_open: Callable[[str, str], None] = lambda *_: None
        self.on_silence: Callable[[str, bool], None] = lambda *_: None
        self.on_segment: Callable[[DictatedSegment], None] = lambda _: None
        self.on_state: Callable[[DictationState], None] = lambda _: None
        self.on_draft: Callable[[str], None] = lambda _: None
        self.on_level: Callable[[Any], None] = lambda _: None
        self.on_sound: Callable[[Any], None] = lambda _: None
        self.on_problem: Callable[[Any], None] = lambda _: None

    def start(self, source: Any) -> None:
        source.start(lambda _: None)
        self.sources.append(source)
        self.on_state(DictationState.LISTENING)

    def stop(self) -> None:
        if self.sources:
            self.sources.pop().stop()
            self.on_state(DictationState.RECOGNISING)

    def close(self) -> None:
        self.is_closed = True

    def press(self) -> None:
        self.on_state(DictationState.LISTENING)

    def expect(self, context: DictationContext) -> None:
        self.expected.append(context)

    def know_commands(self, is_command: Callable[[str], bool]) -> None:
        self.is_command = is_command

    def listen_for_command(self, on: bool) -> None:
        self.for_command = on

    def ask_unknown(self, words: tuple[str, ...], answer: Callable[[frozenset[str]], None]) -> None:
        self.asked.append((words, answer))

    def release(self) -> None:
        """The last word is said out at once, unless a test takes its time."""
        if not self.is_slow_to_end:
            self.on_state(DictationState.RECOGNISING)

    def place(self, before: str, key: str = "", document: str = "") -> None:
        self.key = key
        self.befores.append(before)

    def settle(self, segment_id: str) -> None:
        self.settled.append(segment_id)
        (self.folder / f"{segment_id}.wav").unlink(missing_ok=True)

    def recover(self, pending: Any, key: str = "") -> None:
        self.recovered.append((pending.segment_id, key))

    # ---- what the test does ----------------------------------------------------------

    def speak(self, segment_id: str) -> None:
        """Somebody begins to speak."""
        (self.folder / f"{segment_id}.wav").write_bytes(bytes(44 + 3200))
        self.on_open(segment_id, self.key)

    def write(self, segment_id: str, text: str, problem: str = "", is_late: bool = False) -> None:
        """The recogniser gives the words."""
        path = str(self.folder / f"{segment_id}.wav")
        for_command, self.for_command = self.for_command, False
        self.on_segment(
            DictatedSegment(segment_id, text, text, audio_path=path, problem=problem, for_command=for_command, is_late=is_late)
        )


class Silence:
    """A microphone that hears nothing and knows whether it is on."""

    def __init__(self, *_: object) -> None:
        self.is_on = False

    def start(self, on_chunk: Callable[[bytes], None]) -> None:
        self.is_on = True

    def stop(self) -> None:
        self.is_on = False
