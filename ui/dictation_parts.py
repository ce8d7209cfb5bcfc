"""Puts dictation together for one window: microphone, pipeline, keys to talk."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ui.microphone import chosen_microphone
from ui.report.dictation_desk import DictationDesk

if TYPE_CHECKING:
    from ui.seat import Seat


def dictation_desk(core: Seat) -> DictationDesk:
    return DictationDesk(
        core.session,
        core.jobs,
        core.folders.dictation_audio,
        chosen_microphone(core.remembered),
        core.settings.dictation_engine,
        vault=core.vault,
        keep_sound_days=core.settings.keep_sound_days,
        ready_seconds=core.settings.dictation_ready_seconds,
    )
