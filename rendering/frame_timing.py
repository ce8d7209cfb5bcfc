"""How fast the frames of a series are to be played: by the file's own times, else by the rate that it asks for.

Asked in this order (PS3.3 C.7.6.5 Cine, C.7.6.16.2.2 Frame Content, C.7.6.16.2.7 Cardiac Synchronization):
FrameTimeVector, FrameTime, RecommendedDisplayFrameRate, CineRate, then the moments of frames that lie at
one place: NominalCardiacTriggerDelayTime or TriggerTime, FrameAcquisitionDateTime or AcquisitionTime. Moments more
than a second apart are no film: nobody waits two minutes for the next phase of a contrast series.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from itertools import pairwise
from statistics import median

from rendering.header import FrameFacts
from rendering.series_frames import SeriesFrames
from workstation.domain.frame_timing import FrameTiming

# A film: nothing slower than one image a second, nothing faster than any screen.
SLOWEST, FASTEST = 1.0, 1 / 1000
# Moments count as a film when at least so many of the steps are sound.
SOUND_SHARE = 0.5
SAME_PLACE_MM = 0.01
_CLOCK = re.compile(r"^(?:\d{8})?(\d{2})(\d{2})(\d{2}(?:\.\d+)?)")
_DAY = 86_400.0


def timing_of(frames: SeriesFrames) -> FrameTiming:
    """The timing of all frames in reading order."""
    if not frames.frame_count:
        return FrameTiming()
    header = frames.header(0)
    sweeps = header.plays_back_and_forth
    vector = _by_vectors(frames)
    if vector:
        return _timed(vector, "frame times", sweeps)
    for time, words in ((_milliseconds(header.frame_time), "frame time"), (_inverse(header.display_rate), "recommended rate"),
                        (_inverse(header.cine_rate), "cine rate")):  # fmt: skip
        if time is not None:
            return FrameTiming(1.0 / time, words=words, sweeps=sweeps)
    for moment, words in ((_trigger, "trigger times"), (_clock, "acquisition times")):
        seconds = _by_moments(frames, moment)
        if seconds:
            return _timed(seconds, words, sweeps)
    return FrameTiming(sweeps=sweeps)


def _timed(seconds: Sequence[float], words: str, sweeps: bool) -> FrameTiming:
    rate = len(seconds) / sum(seconds)
    alike = max(seconds) - min(seconds) < 1e-4
    return FrameTiming(rate, () if alike else tuple(seconds), words, sweeps)


def _by_vectors(frames: SeriesFrames) -> tuple[float, ...]:
    """FrameTimeVector (0018,1065) holds ms since the frame before; the last frame stands as long as the usual one."""
    found: list[float | None] = []
    for position in range(frames.frame_count):
        header, frame = frames.header(position), frames.frame(position)
        times = header.frame_times
        if not times:
            return ()
        found.append(_milliseconds(times[frame + 1]) if frame + 1 < len(times) else None)
    return _filled(found)


def _by_moments(frames: SeriesFrames, moment: Callable[[FrameFacts], float | None]) -> tuple[float, ...]:
    if frames.frame_count < 2:
        return ()
    facts = [frames.facts(position) for position in range(frames.frame_count)]
    found: list[float | None] = []
    for here, following in pairwise(facts):
        a, b = moment(here), moment(following)
        step = b - a if a is not None and b is not None and _same_place(here, following) else None
        found.append(step if step is not None and FASTEST <= step <= SLOWEST else None)
    sound = sum(step is not None for step in found)
    return _filled([*found, None]) if sound >= SOUND_SHARE * len(found) else ()


def _filled(steps: Sequence[float | None]) -> tuple[float, ...]:
    """Steps that are not told are as long as the usual one."""
    known = [step for step in steps if step is not None]
    if not known:
        return ()
    usual = median(known)
    return tuple(usual if step is None else step for step in steps)


def _same_place(one: FrameFacts, other: FrameFacts) -> bool:
    if one.plane is None or other.plane is None:
        return one.plane is other.plane
    return math.dist(one.plane.position, other.plane.position) < SAME_PLACE_MM


def _trigger(facts: FrameFacts) -> float | None:
    return None if facts.trigger_time is None else facts.trigger_time / 1000.0


def _clock(facts: FrameFacts) -> float | None:
    """Seconds of the day, from a DT or a TM. A film over midnight loses one step."""
    found = _CLOCK.match(facts.acquisition_time)
    if found is None:
        return None
    seconds = int(found[1]) * 3600 + int(found[2]) * 60 + float(found[3])
    return seconds if seconds <= _DAY else None


def _milliseconds(value: float | None) -> float | None:
    """Seconds of one frame; None for what no frame can last."""
    return value / 1000.0 if value is not None and FASTEST <= value / 1000.0 <= 60.0 else None


def _inverse(rate: float | None) -> float | None:
    return 1.0 / rate if rate is not None and 1 / 60.0 <= rate <= 1 / FASTEST else None
