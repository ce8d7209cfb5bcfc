"""Nobody speaks into a dead, wrong or shouting microphone without being told (F77)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from dictation.audio import BYTES_PER_SECOND, CHUNK_BYTES, chunks, level, silence
from dictation.pipeline import Dictation
from dictation.sound_check import CLIPPED_SECONDS, DEAD_SECONDS, Sound, SoundCheck

Listen = Callable[[Dictation], Any]


def _after(check: SoundCheck, pcm: bytes, quiet: float = 0.0) -> Sound:
    for chunk in chunks(pcm):
        check.hear(level(chunk), len(chunk), quiet)
    return check.sound


def _square(seconds: float, amplitude: int) -> bytes:
    return np.tile(np.repeat(np.array([amplitude, -amplitude], "<i2"), 40), int(seconds * 200)).tobytes()


def test_nothing_but_zeros_is_a_dead_microphone_until_it_sounds_again() -> None:
    check = SoundCheck()
    assert _after(check, silence(DEAD_SECONDS - 0.2)) is Sound.GOOD
    assert _after(check, silence(0.3)) is Sound.DEAD
    assert _after(check, _square(0.1, 1)) is Sound.GOOD  # the faintest noise is a sign of life


def test_a_single_knock_is_not_called_too_loud_and_a_shouting_voice_is_for_a_while() -> None:
    check = SoundCheck()
    assert _after(check, _square(CHUNK_BYTES / BYTES_PER_SECOND, 32767) + _square(1, 3000)) is Sound.GOOD
    assert _after(check, _square(0.5, 32767)) is Sound.CLIPPED
    assert _after(check, _square(CLIPPED_SECONDS - 1, 3000)) is Sound.CLIPPED
    assert _after(check, _square(1.5, 3000)) is Sound.GOOD


@pytest.mark.parametrize("quiet", [10.1, 60.0])
def test_sound_without_speech_is_said_after_ten_seconds(quiet: float) -> None:
    check = SoundCheck()
    assert _after(check, _square(0.5, 30), quiet=9.9) is Sound.GOOD
    assert _after(check, _square(0.5, 30), quiet=quiet) is Sound.QUIET


def test_a_dictation_says_so_while_it_records_and_says_when_it_is_over(listen: Listen, tape: Any) -> None:
    """F77: muted; and who is muted is not told besides that nobody speaks."""
    dictation = Dictation(None)
    heard = listen(dictation)
    states: list[Sound] = []
    dictation.on_sound = states.append
    dictation.start(tape)
    tape.play(silence(15))
    tape.play(_square(1, 32767))
    dictation.stop()
    assert dictation.wait(60)
    titles = [problem.title for problem in heard.problems]
    assert titles.count("The microphone gives no sound at all") == 1
    assert titles.count("Too loud") == 1
    assert "No speech heard" not in titles
    assert states[0] is Sound.DEAD
    assert states[-1] is Sound.CLIPPED
    assert max(heard.levels, key=lambda found: found.peak).is_clipped


def test_a_closed_microphone_that_is_kept_open_for_its_last_moments_is_not_judged(listen: Listen, tape: Any) -> None:
    dictation = Dictation(None)
    heard = listen(dictation)
    dictation.start(tape, listening=False)
    tape.play(silence(15))
    dictation.stop()
    assert dictation.wait(60)
    assert [problem.title for problem in heard.problems] == ["Dictation has no speech model"]
