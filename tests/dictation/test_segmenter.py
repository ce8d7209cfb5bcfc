"""When a segment opens and closes, in sound whose truth is known."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np

from dictation.audio import BYTES_PER_SECOND, chunks, silence
from dictation.formatter import Ending
from dictation.gate import LoudnessGate
from dictation.segmenter import Closed, Event, Opened, Phase, Segmenter, Sound

Tone = Callable[[float], bytes]


def _hear(segmenter: Segmenter, pcm: bytes) -> list[Event]:
    return [event for chunk in chunks(pcm) for event in segmenter.hear(chunk)]


def _segments(events: list[Event]) -> list[tuple[float, float]]:
    """(start, seconds) of each closed segment."""
    found, start, size = [], 0.0, 0
    for event in events:
        match event:
            case Opened(start=opened):
                start, size = opened, 0
            case Sound(pcm=pcm):
                size += len(pcm)
            case Closed(_, _):
                found.append((start, size / BYTES_PER_SECOND))
    return found


def test_a_pause_closes_a_segment_and_the_next_speech_opens_another(tone: Tone) -> None:
    segmenter = Segmenter()
    segmenter.press()
    events = _hear(segmenter, silence(1) + tone(1) + silence(1) + tone(2) + silence(1))
    first, second = _segments(events)
    assert 0.6 <= first[0] <= 1.0
    assert 1.5 <= first[1] <= 2.1
    assert 2.6 <= second[0] <= 3.0
    assert segmenter.phase is Phase.LISTENING


def test_the_beginning_of_speech_is_kept_from_before_it_was_noticed(tone: Tone) -> None:
    segmenter = Segmenter()
    segmenter.press()
    spoken = tone(1)
    events = _hear(segmenter, silence(1) + spoken + silence(1))
    heard = b"".join(event.pcm for event in events if isinstance(event, Sound))
    assert spoken in heard


def test_nothing_is_taken_before_the_key_is_pressed(tone: Tone) -> None:
    segmenter = Segmenter()
    assert _hear(segmenter, tone(2)) == []
    segmenter.press()
    events = _hear(segmenter, tone(1) + silence(1))
    assert len(_segments(events)) == 1


def test_after_release_the_tail_still_belongs_to_the_segment(tone: Tone) -> None:
    segmenter = Segmenter()
    segmenter.press()
    spoken = tone(3)
    cut = BYTES_PER_SECOND * 2
    events = _hear(segmenter, spoken[:cut])
    segmenter.release()
    events += _hear(segmenter, spoken[cut:])
    (segment,) = _segments(events)
    assert 2.3 <= segment[1] <= 2.5
    assert segmenter.phase is Phase.IDLE


def test_a_short_last_word_that_is_still_on_its_way_at_release_is_heard(tone: Tone) -> None:
    segmenter = Segmenter()
    segmenter.press()
    _hear(segmenter, silence(1))
    segmenter.release()
    word = tone(0.4)
    events = _hear(segmenter, silence(0.16) + word + silence(1))
    heard = b"".join(event.pcm for event in events if isinstance(event, Sound))
    assert word in heard
    assert len(_segments(events)) == 1
    assert segmenter.phase is Phase.IDLE


def test_silence_after_release_ends_listening(tone: Tone) -> None:
    segmenter = Segmenter()
    segmenter.press()
    _hear(segmenter, silence(1))
    segmenter.release()
    assert _hear(segmenter, silence(0.6)) == []
    assert _hear(segmenter, tone(2)) == []


def test_a_closed_segment_says_how_it_ended(tone: Tone) -> None:
    def ending_of(pcm: bytes, release: bool = False) -> Ending:
        segmenter = Segmenter()
        segmenter.press()
        events = _hear(segmenter, silence(0.5) + tone(1))
        if release:
            segmenter.release()
        events += [*_hear(segmenter, pcm), *segmenter.end()]
        return next(event.ending for event in events if isinstance(event, Closed))

    assert ending_of(silence(1)) is Ending.PAUSE
    assert ending_of(silence(1), release=True) is Ending.PAUSE
    assert ending_of(tone(1), release=True) is Ending.BREATH
    assert ending_of(b"") is Ending.BREATH
    assert ending_of(b"".join(tone(1) for _ in range(30))) is Ending.MID_SPEECH


def test_a_voice_is_clear_and_noise_and_a_murmur_just_above_it_are_not(sounds: dict[str, bytes], tone: Tone) -> None:
    noise = np.frombuffer(sounds["soft noise"], "<i2").astype(np.int32) * 2
    murmur = (noise[:16000] * 4).astype("<i2").tobytes()
    room = noise.astype("<i2").tobytes()

    def are_clear(voice: bytes) -> list[bool]:
        segmenter = Segmenter()
        segmenter.press()
        events = [*_hear(segmenter, silence(0.1) + room + voice + room[:64000]), *segmenter.end()]
        return [event.is_clear for event in events if isinstance(event, Closed)]

    assert are_clear(tone(1)) == [False, True]  # it takes the room for speech until it knows it
    assert are_clear(murmur) == [False, False]


def test_pressing_again_within_the_tail_goes_on_with_the_same_segment(tone: Tone) -> None:
    segmenter = Segmenter()
    segmenter.press()
    events = _hear(segmenter, tone(1))
    segmenter.release()
    events += _hear(segmenter, tone(0.16))
    segmenter.press()
    events += _hear(segmenter, tone(1) + silence(1))
    assert len(_segments(events)) == 1


def test_no_segment_is_longer_than_25_seconds_and_no_sound_is_lost_between(tone: Tone) -> None:
    segmenter = Segmenter()
    segmenter.press()
    rng = np.random.default_rng(3)
    words = b"".join(tone(length) + silence(0.1) for length in rng.uniform(0.3, 0.8, 100))
    events = _hear(segmenter, words) + segmenter.end()
    found = _segments(events)
    assert len(found) >= 2
    assert max(seconds for _, seconds in found) <= 25.1
    for (start, seconds), (following, _) in itertools.pairwise(found):
        assert following - (start + seconds) <= 0.11


def test_the_end_of_the_source_closes_what_is_open(tone: Tone) -> None:
    segmenter = Segmenter()
    segmenter.press()
    _hear(segmenter, silence(0.5) + tone(1))
    assert segmenter.end() == [Closed(Ending.BREATH, is_clear=True)]
    assert segmenter.end() == []


def test_clicks_and_silence_open_nothing_and_lasting_noise_becomes_the_floor(sounds: dict[str, bytes]) -> None:
    for name in ("silence", "clicks"):
        segmenter = Segmenter()
        segmenter.press()
        assert _hear(segmenter, sounds[name]) == [], name
    for name in ("soft noise", "loud noise"):
        gate = LoudnessGate()
        for chunk in chunks(sounds[name]):
            gate.hear(chunk)
        assert gate.silent_seconds > 0.6, name


def test_silence_is_counted_while_listening_only(tone: Tone) -> None:
    segmenter = Segmenter()
    _hear(segmenter, silence(3))
    assert segmenter.quiet_seconds == 0
    segmenter.press()
    _hear(segmenter, silence(2))
    assert 1.9 < segmenter.quiet_seconds <= 2.0
    _hear(segmenter, tone(1))
    assert segmenter.quiet_seconds == 0


def test_a_cut_in_the_middle_of_speech_loses_no_sound(tone: Tone) -> None:
    segmenter = Segmenter()
    segmenter.press()
    spoken = tone(2)
    half = BYTES_PER_SECOND - BYTES_PER_SECOND % 2560
    events = [*_hear(segmenter, silence(1) + spoken[:half]), *segmenter.cut(), *_hear(segmenter, spoken[half:] + silence(1))]
    assert len(_segments(events)) == 2
    assert spoken in b"".join(event.pcm for event in events if isinstance(event, Sound))


def test_a_cut_while_nobody_speaks_changes_nothing() -> None:
    segmenter = Segmenter()
    segmenter.press()
    assert segmenter.cut() == []
    assert segmenter.phase is Phase.LISTENING
