"""Vosk (Kaldi): drafts while one speaks, finals with word confidence. Engine process only.

Always an explicit model path: a name or language would go to the network. Never SetGrammar on
a running recogniser, which aborts the process, and never partial words, which delay drafts.
"""

from __future__ import annotations

import json
import sys
import types
from pathlib import Path
from typing import Any

import numpy as np

from dictation.audio import SAMPLE_RATE, as_floats
from dictation.gate import speech_spans


class VoskRecogniser:
    def __init__(self, model: Path) -> None:
        # The package imports its downloader with it; an empty module keeps that out of here.
        sys.modules.setdefault("requests", types.ModuleType("requests"))
        import vosk

        vosk.SetLogLevel(-1)
        self._vosk = vosk
        self._draft = ""
        self.hearings: list[str] = []
        self._model = vosk.Model(str(model))
        self._warm_up()
        self._open()

    def context(self, terms: list[str]) -> None:
        """A Kaldi graph cannot learn words while running."""

    def feed(self, pcm: bytes) -> str | None:
        self._heard += pcm
        if self._recogniser.AcceptWaveform(pcm):
            self._keep(self._recogniser.Result())
        partial = json.loads(self._recogniser.PartialResult())["partial"]
        draft = " ".join([*self._texts, partial]).strip()
        if draft == self._draft:
            return None
        self._draft = draft
        return draft

    def draft(self) -> str:
        return self._draft

    def finish(self) -> tuple[str, list[list[Any]]]:
        self._keep(self._recogniser.FinalResult())
        text, words = " ".join(self._texts), self._words
        heard = speech_spans(as_floats(bytes(self._heard)))
        self._open()
        return (text, words) if heard else ("", [])

    def drop(self) -> None:
        self._open()

    def unknown(self, words: list[str]) -> list[str]:
        return [word for word in words if self._model.vosk_model_find_word(word) < 0]

    def _open(self) -> None:
        """A fresh recogniser for each segment: its word times count from the segment's start."""
        self._recogniser = self._vosk.KaldiRecognizer(self._model, SAMPLE_RATE)
        self._recogniser.SetWords(True)
        self._heard = bytearray()
        self._texts: list[str] = []
        self._words: list[list[Any]] = []
        self._draft = ""

    def _keep(self, result: str) -> None:
        found = json.loads(result)
        if found.get("text"):
            self._texts.append(found["text"])
            self._words += [[w["word"], w["conf"], w["start"], w["end"]] for w in found.get("result", [])]

    def _warm_up(self) -> None:
        """The first utterance after loading is half a second late: let it be this noise."""
        noise = np.random.default_rng(0).normal(0, 300, SAMPLE_RATE).astype("<i2").tobytes()
        recogniser = self._vosk.KaldiRecognizer(self._model, SAMPLE_RATE)
        recogniser.AcceptWaveform(noise)
        recogniser.FinalResult()
        speech_spans(as_floats(noise))
