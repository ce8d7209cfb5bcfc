"""Whisper (faster-whisper, int8): one closed segment at a time. Engine process only.

Safety (Whisper writes findings out of noise): Silero must hear speech before anything is
decoded; expected terms are given to the second decoding only, when a plain one heard words;
unlikely text is dropped; and a biased text that strays too far from the plain one is not taken.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np

from dictation.audio import SAMPLE_RATE, FloatSamples, as_floats
from dictation.gate import speech_spans

MAX_NO_SPEECH = 0.6
MIN_LOG_PROBABILITY = -1.0
MOST_EXPECTED_TOKENS = 220
MOST_TOKENS_PER_SECOND = 10
"""Twice what a fast speaker says: a decoder that repeats itself stops here."""

MARGIN_SAMPLES = SAMPLE_RATE // 5

TextAndWords = tuple[str, list[list[Any]]]


class WhisperRecogniser:
    def __init__(self, model: Path, language: str, threads: int) -> None:
        os.environ["HF_HUB_OFFLINE"] = "1"
        if not (model / "tokenizer.json").is_file():
            raise FileNotFoundError("the model has no tokenizer.json, which would be looked for on the network")
        from faster_whisper import WhisperModel

        class RememberingModel(WhisperModel):  # type: ignore[misc]  # no types in the library
            """Encodes a segment once, though it is decoded twice: encoding is most of the work."""

            _last: tuple[bytes, Any] | None = None

            def encode(self, features: Any) -> Any:
                key = features.tobytes()
                if self._last is None or self._last[0] != key:
                    self._last = (key, super().encode(features))
                return self._last[1]

        self._model = RememberingModel(
            str(model), device="cpu", compute_type="int8", cpu_threads=threads, num_workers=1, local_files_only=True
        )
        self._language = language if self._model.model.is_multilingual else None
        self._heard = bytearray()
        self._terms = ""
        self._decode(np.zeros(SAMPLE_RATE, np.float32), "", beam=1, words=False)
        speech_spans(np.zeros(SAMPLE_RATE, np.float32))

    def context(self, terms: list[str]) -> None:
        """As many of the terms, most important first, as the prompt may hold."""
        chosen: list[str] = []
        for term in terms:
            if self._tokens(", ".join([*chosen, term])) > MOST_EXPECTED_TOKENS:
                break
            chosen.append(term)
        self._terms = ", ".join(chosen)

    def feed(self, pcm: bytes) -> str | None:
        self._heard += pcm
        return None

    def draft(self) -> str:
        speech, _ = _speech_of(as_floats(bytes(self._heard)))
        return self._decode(speech, "", beam=1, words=False)[0] if speech.size else ""

    def finish(self) -> TextAndWords:
        speech, offset = _speech_of(as_floats(bytes(self._heard)))
        self._heard.clear()
        if not speech.size:
            return "", []
        plain = self._decode(speech, "", beam=1 if self._terms else 5, words=not self._terms)
        if self._terms and plain[0]:
            biased = self._decode(speech, self._terms, beam=5, words=True)
            plain = biased if stays_close(plain[0], biased[0]) else self._decode(speech, "", beam=5, words=True)
        text, words = plain
        return text, [[w, p, round(start + offset, 3), round(end + offset, 3)] for w, p, start, end in words]

    def drop(self) -> None:
        self._heard.clear()

    def _decode(self, samples: FloatSamples, terms: str, beam: int, words: bool) -> TextAndWords:
        segments, _ = self._model.transcribe(
            samples,
            language=self._language,
            beam_size=beam,
            hotwords=terms or None,
            word_timestamps=words,
            condition_on_previous_text=False,
            max_new_tokens=int(MOST_TOKENS_PER_SECOND * samples.size / SAMPLE_RATE) + 16,
            # With expected terms a loop is answered by the plain text, not by trying again.
            temperature=0.0 if terms else [0.0, 0.4],
        )
        texts, found = [], []
        for segment in segments:
            if segment.no_speech_prob > MAX_NO_SPEECH or segment.avg_logprob < MIN_LOG_PROBABILITY:
                continue
            texts.append(segment.text.strip())
            found += [[w.word.strip(), round(w.probability, 4), w.start, w.end] for w in segment.words or ()]
        return " ".join(texts), found

    def _tokens(self, text: str) -> int:
        return len(self._model.hf_tokenizer.encode(text, add_special_tokens=False).ids)


def stays_close(plain: str, biased: str) -> bool:
    """Whether a text decoded with expected terms is still about as long as the one without."""
    before, after = len(plain.split()), len(biased.split())
    return after > 0 and abs(before - after) <= max(3, 0.35 * before)


def _speech_of(samples: FloatSamples) -> tuple[FloatSamples, float]:
    """From the first to the last sound of speech with a little around it, and where that begins (s)."""
    spans = speech_spans(samples)
    if not spans:
        return samples[:0], 0.0
    first = max(0, int(spans[0][0] * SAMPLE_RATE) - MARGIN_SAMPLES)
    last = int(spans[-1][1] * SAMPLE_RATE) + MARGIN_SAMPLES
    return samples[first:last], first / SAMPLE_RATE
