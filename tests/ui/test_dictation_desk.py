"""Speech goes to the report it was spoken for, whatever is open when its words come (F01, F62, F77, F78)."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from report_seat import ReportSeat, Silence, SpokenDictation

from dictation import models
from dictation.audio import Level
from dictation.models import EngineModel, EngineSpec
from dictation.sound_check import Sound
from ui.microphone import MicrophoneBack, MicrophoneGone
from ui.report.dictation_bar import DictationBar
from ui.report.dictation_desk import DictationDesk
from ui.report.panel import ReportPanel
from ui.report.spoken_places import SpokenPlaces, key_of, target_of
from workstation.domain.dictation import DictationState
from workstation.domain.report import ReportAction, SectionCode
from workstation.errors import Refused, Unavailable
from workstation.session.case import Notice
from workstation.session.desk import DictationTarget

pytestmark = pytest.mark.qt
FINDINGS, IMPRESSION = SectionCode.FINDINGS, SectionCode.IMPRESSION


@pytest.fixture
def seat(tmp_path, qapp):
    made = ReportSeat(tmp_path)
    made.add_case(1)
    made.add_case(2)
    yield made
    made.reports.close()


@pytest.fixture(autouse=True)
def a_model(monkeypatch, tmp_path):
    """A speech model is installed, as far as anybody asks."""
    spec = EngineSpec("some", "en", EngineModel("whisper", tmp_path, "en", "some"))
    monkeypatch.setattr(models, "available", lambda *_, **__: (spec,))


@pytest.fixture
def no_model(monkeypatch, a_model):
    monkeypatch.setattr(models, "available", lambda *_, **__: ())


class Room:
    """A report panel with a dictation into which the test speaks."""

    def __init__(self, seat: ReportSeat, qtbot) -> None:
        self.seat = seat
        self.dictations: list[SpokenDictation] = []
        self.sources: list[Silence] = []
        self.notices: list[Notice] = []
        seat.session.notice.connect(self.notices.append)
        self.desk = DictationDesk(seat.session, seat.jobs, seat.folders.dictation_audio, self._source, make=self._make)
        self.bar = DictationBar(self.desk)
        self.panel = ReportPanel(seat.session, self.bar, lambda _: None)
        qtbot.addWidget(self.panel)
        self.panel.show()

    def _make(self, *args) -> SpokenDictation:
        self.dictations.append(SpokenDictation(*args))
        return self.dictations[-1]

    def _source(self, tell) -> Silence:
        self.tell = tell
        self.sources.append(Silence())
        return self.sources[-1]

    @property
    def voice(self) -> SpokenDictation:
        return self.dictations[-1]

    def open(self, index: int) -> str:
        self.seat.session.open(self.seat.items[index])
        report = self.seat.session.desk.report
        assert report is not None
        return report.report_uuid

    def disk(self, uuid: str, section: SectionCode = FINDINGS) -> str:
        return self.seat.reports.report(uuid).text(section)


@pytest.fixture
def room(seat, qtbot):
    made = Room(seat, qtbot)
    yield made
    made.desk.close()


# ---- to the right report -------------------------------------------------------------------


def test_words_land_in_the_report_they_were_spoken_for_after_another_was_opened(room):
    first = room.open(0)
    room.desk.start()
    room.voice.speak("s1")
    second = room.open(1)
    assert not room.sources[0].is_on
    assert room.bar.draft == "Writing into the report before this one…"
    room.voice.write("s1", "An 8 mm nodule.")
    assert room.disk(first) == "An 8 mm nodule."
    assert room.disk(second) == ""
    assert room.panel.editor(FINDINGS).toPlainText() == ""
    assert room.voice.settled == ["s1"]


def test_speaking_again_in_the_second_report_does_not_move_the_words_of_the_first(room):
    first = room.open(0)
    room.desk.start()
    room.voice.speak("s1")
    second = room.open(1)
    room.desk.start()
    room.voice.speak("s2")
    room.voice.write("s1", "For the first.")
    room.voice.write("s2", "For the second.")
    assert (room.disk(first), room.disk(second)) == ("For the first.", "For the second.")
    assert len(room.dictations) == 1  # the model stays loaded


def test_words_stay_in_the_section_in_which_they_were_spoken(room):
    uuid = room.open(0)
    room.desk.start()
    room.voice.speak("s1")
    room.panel.step_section(1)
    room.panel.editor(IMPRESSION).entered.emit(IMPRESSION.value)
    room.voice.speak("s2")
    room.voice.write("s1", "Nodule.")
    room.voice.write("s2", "Follow up.")
    assert (room.disk(uuid), room.disk(uuid, IMPRESSION)) == ("Nodule.", "Follow up.")


def test_typing_and_dictating_into_one_section_loses_neither(room, seat):
    uuid = room.open(0)
    room.desk.start()
    editor = room.panel.editor(FINDINGS)
    editor.setFocus()
    QTest.keyClicks(editor, "Typed")
    room.voice.speak("s1")
    room.voice.write("s1", "and spoken.")
    assert room.disk(uuid) == "Typed and spoken."
    QTest.keyClicks(editor, " More")
    room.voice.speak("s2")
    room.voice.write("s2", "words.")
    assert room.disk(uuid) == editor.toPlainText()
    assert {"Typed", "spoken.", "More", "words."} <= set(editor.toPlainText().split())


def test_a_signed_report_is_no_longer_dictated_into(room, seat):
    uuid = room.open(0)
    seat.reports.write_section(uuid, FINDINGS, "Normal.")
    room.desk.start()
    study = seat.items[0].study_instance_uid
    from workstation.session.tool import ShownImage

    seat.session.desk.sign(ReportAction.SIGN_FINAL, "Dr A", frozenset({ShownImage(study, "")}), seat.items[0].patient.key, study)
    assert not room.sources[0].is_on
    assert not room.desk.is_listening


# ---- what can go wrong -----------------------------------------------------------------------


def test_words_that_the_disk_refuses_are_shown_kept_in_order_and_saved_later(room, seat, qtbot):
    room.desk.words.retry.setInterval(20)
    uuid = room.open(0)
    room.desk.start()
    seat.reports.is_full = True
    for number, word in enumerate(("First.", "Second."), start=1):
        room.voice.speak(f"s{number}")
        room.voice.write(f"s{number}", word)
    assert room.bar.draft == "First. Second."
    assert room.panel.editor(FINDINGS).toPlainText() == ""
    assert any("The disk is full" in notice.text for notice in room.notices)
    assert room.voice.settled == []
    assert seat.session.desk.awaits_words(uuid)
    seat.reports.is_full = False
    qtbot.waitUntil(lambda: room.disk(uuid) == "First. Second.")
    assert room.voice.settled == ["s1", "s2"]
    assert room.bar.draft == ""
    assert not seat.session.desk.awaits_words(uuid)


def test_words_that_will_never_be_taken_leave_their_sound_and_the_way_free(room, seat, monkeypatch):
    uuid = room.open(0)
    room.desk.start()
    real = seat.reports.append_segment

    def refuses(report, section, segment, *where):
        if segment.segment_id == "s1":
            raise Refused("No such report")
        return real(report, section, segment, *where)

    monkeypatch.setattr(seat.reports, "append_segment", refuses)
    for segment_id in ("s1", "s2"):
        room.voice.speak(segment_id)
        room.voice.write(segment_id, "Words.")
    assert room.disk(uuid) == "Words."
    assert (seat.folders.dictation_audio / "s1.wav").is_file()
    assert not seat.session.desk.awaits_words(uuid)


def test_silence_does_not_hold_up_the_signature(room, seat):
    uuid = room.open(0)
    room.desk.start()
    room.voice.speak("s1")
    assert seat.session.desk.awaits_words(uuid)
    room.voice.on_silence("s1", False)
    assert not seat.session.desk.awaits_words(uuid)
    assert room.bar.hint == ""


def test_somebody_heard_clearly_without_words_is_said_beside_the_button_only(room):
    room.open(0)
    room.desk.start()
    room.voice.speak("s1")
    room.voice.on_silence("s1", True)
    assert room.bar.hint.startswith("Heard something, but no words")
    assert room.notices == []


def test_the_microphone_hears_the_last_word_out(room):
    room.open(0)
    room.desk.start()
    room.voice.is_slow_to_end = True
    room.desk.toggle()
    assert not room.desk.is_listening
    assert room.sources[0].is_on
    room.voice.speak("s1")
    room.voice.on_state(DictationState.SPEECH)
    assert room.sources[0].is_on
    room.voice.on_state(DictationState.RECOGNISING)
    assert not room.sources[0].is_on


def test_a_pipeline_that_never_says_that_the_last_word_is_over_does_not_keep_the_microphone_on(room, qtbot):
    room.open(0)
    room.desk.start()
    room.voice.is_slow_to_end = True
    room.desk._tail.setInterval(20)
    room.desk.stop()
    assert room.sources[0].is_on
    qtbot.waitUntil(lambda: not room.sources[0].is_on)


def test_dictating_on_within_the_last_word_opens_one_microphone_only(room):
    room.open(0)
    room.desk.start()
    room.voice.is_slow_to_end = True
    room.desk.stop()
    room.desk.start()
    assert [source.is_on for source in room.sources] == [False, True]
    room.voice.on_state(DictationState.LISTENING)
    assert room.desk.is_listening


def test_speech_that_was_not_recognised_is_said_kept_and_tried_again(room, seat):
    uuid = room.open(0)
    room.desk.start()
    room.voice.speak("s1")
    room.voice.write("s1", "", problem="the engine ended three times")
    assert any("recorded, not written" in notice.text and notice.error for notice in room.notices)
    assert (seat.folders.dictation_audio / "s1.wav").is_file()
    room.desk.stop()
    room.desk.start()
    assert room.voice.recovered == [("s1", f"{uuid}/{FINDINGS.value}")]
    room.voice.write("s1", "At last.")
    assert room.disk(uuid) == "At last."


def test_a_microphone_that_goes_away_is_said_over_the_images(room):
    room.open(0)
    room.desk.start()
    room.tell(MicrophoneGone("The microphone has gone", "It was unplugged", "Connect it"))
    assert any("The microphone has gone" in notice.text for notice in room.notices)
    room.voice.on_state(DictationState.LISTENING)  # the sentence before it is over
    assert room.bar.hint.startswith("The microphone has gone")
    assert room.bar._button.text() == "No sound"
    assert room.desk.is_listening
    room.tell(MicrophoneBack("The microphone is back", "Hand listens"))
    assert room.bar._button.text() == "Listening"
    assert any("The microphone is back" in notice.text for notice in room.notices)


def test_a_dead_microphone_does_not_look_as_if_it_listened(room):
    """F77: never silently deaf."""
    room.open(0)
    room.desk.start()
    room.voice.on_sound(Sound.DEAD)
    assert room.bar._button.text() == "No sound"
    room.voice.on_sound(Sound.GOOD)
    assert room.bar._button.text() == "Listening"
    room.voice.on_level(Level(0.1, 1.0))
    assert room.bar._meter.shows_clipping
    for _ in range(20):
        room.voice.on_level(Level(0.1, 0.3))
    assert not room.bar._meter.shows_clipping


def test_without_a_microphone_the_reason_is_shown_and_the_button_is_up(room):
    def none_there(_):
        raise Unavailable("No microphone is connected", "", "Connect one; typing works all the same")

    room.open(0)
    room.desk.use_source(none_there)
    room.bar._button.click()
    assert room.bar.hint == "No microphone is connected. Connect one; typing works all the same"
    assert not room.desk.is_listening
    assert not room.bar._button.isChecked()


def test_a_machine_without_any_sound_system_still_types(room, monkeypatch):
    import sys

    from ui.microphone import Microphone

    monkeypatch.setitem(sys.modules, "PySide6.QtMultimedia", None)
    room.open(0)
    room.desk.use_source(Microphone)
    room.desk.start()
    assert room.bar.hint.startswith("No sound system")


def test_without_a_model_it_says_what_to_do_and_records_all_the_same(seat, qtbot, no_model):
    room = Room(seat, qtbot)
    assert room.bar.hint.startswith("Dictation has no speech model")
    assert "VOSK_MODEL_PATH" in room.bar.hint
    room.open(0)
    room.desk.start()
    assert room.desk.is_listening
    room.voice.speak("s1")
    room.voice.write("s1", "", problem="no speech model")
    assert SpokenPlaces(seat.folders.dictation_audio).target("s1") is not None


def test_a_model_that_is_installed_later_is_used_at_the_next_start(seat, qtbot, monkeypatch, tmp_path):
    monkeypatch.setattr(models, "available", lambda *_, **__: ())
    room = Room(seat, qtbot)
    room.open(0)
    room.desk.start()
    room.desk.stop()
    spec = EngineSpec("some", "en", EngineModel("whisper", tmp_path, "en", "some"))
    monkeypatch.setattr(models, "available", lambda *_, **__: (spec,))
    room.desk.start()
    assert [made.is_closed for made in room.dictations] == [True, False]


def test_without_an_open_report_nothing_is_recorded(room):
    room.desk.start()
    assert room.dictations == []
    assert room.bar.hint.startswith("Nothing to dictate into")


def test_pressing_the_key_twice_quickly_leaves_the_microphone_off(room):
    room.open(0)
    room.desk.toggle()
    room.desk.toggle()
    room.voice.on_state(DictationState.STARTING)  # a late word of the first press
    assert not room.desk.is_listening
    assert [source.is_on for source in room.sources] == [False]


def test_the_draft_and_the_level_are_shown_while_one_speaks(room, qtbot):
    room.open(0)
    room.desk.start()
    room.voice.on_state(DictationState.SPEECH)
    room.voice.on_level(Level(0.5, 0.9))
    room.voice.on_draft("there is a nodule")
    assert room.bar._button.text() == "Hearing you"
    assert room.bar.draft == "there is a nodule"
    assert room.bar._meter._level == 0.5
    height = room.bar.height()
    room.voice.on_draft("there is a nodule in the right upper lobe " * 9)
    qtbot.wait(10)
    assert room.bar.height() == height  # nothing jumps while one speaks


# ---- after a crash -------------------------------------------------------------------------


def test_speech_left_over_by_a_crash_is_written_into_its_own_report(seat, qtbot):
    before = Room(seat, qtbot)
    first = before.open(0)
    before.desk.start()
    before.voice.speak("s1")  # and then the program was killed
    seat.session.close_case()
    room = Room(seat, qtbot)
    second = room.open(1)
    room.desk.recover()
    assert room.voice.recovered == [("s1", f"{first}/{FINDINGS.value}")]
    assert any("Speech from before" in notice.text for notice in room.notices)
    room.voice.write("s1", "Not lost.")
    assert (room.disk(first), room.disk(second)) == ("Not lost.", "")
    assert not list(seat.folders.dictation_audio.iterdir())


def test_left_over_speech_without_a_model_is_kept_and_said(seat, qtbot, no_model):
    folder = seat.folders.dictation_audio
    (folder / "s1.wav").write_bytes(bytes(44 + 3200))
    SpokenPlaces(folder).note("s1", f"some-report/{FINDINGS.value}")
    room = Room(seat, qtbot)
    room.desk.recover()
    assert room.dictations == []
    assert any("kept as sound" in notice.text for notice in room.notices)
    assert (folder / "s1.wav").is_file()


def test_nothing_left_over_says_nothing_and_loads_no_model(room, seat):
    SpokenPlaces(seat.folders.dictation_audio).note("gone", f"some-report/{FINDINGS.value}")
    room.desk.recover()
    assert room.dictations == []
    assert room.notices == []
    assert not list(seat.folders.dictation_audio.iterdir())


@pytest.mark.parametrize("text", ["", "nothing", "/59776-5", "uuid/", "uuid/12345-6", "a/b/59776-5"])
def test_only_a_known_section_of_a_report_is_a_place(text):
    target = target_of(text)
    assert target is None or key_of(target) == text
    if text != "a/b/59776-5":
        assert target is None


def test_a_place_survives_the_disk(tmp_path):
    places = SpokenPlaces(tmp_path)
    target = DictationTarget("uuid", IMPRESSION)
    places.note("s1", key_of(target))
    assert places.target("s1") == target
    places.forget("s1")
    assert places.target("s1") is None
    (tmp_path / "s2.place").write_bytes(b"\xff\xfe")
    assert places.target("s2") is None


def test_f4_starts_and_stops(room, seat):
    room.open(0)
    room.bar._button.setFocus()
    QTest.keyClick(room.bar._button, Qt.Key.Key_Space)
    assert room.desk.is_listening
    QTest.keyClick(room.bar._button, Qt.Key.Key_Space)
    assert not room.desk.is_listening
