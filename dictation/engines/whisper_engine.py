"""Whisper (faster-whisper, int8): one closed segment at a time. Engine process only.

Safety (Whisper writes findings out of noise): Silero must hear speech before anything is
decoded; expected terms are given to the second decoding only, when a plain one heard words;
unlikely text is dropped; a biased text that strays too far from the plain one is not taken, nor
are words that only the terms brought in; and where the two disagree on a number, a side, a
negation or an opposite, the word is marked unsure. Punctuation is the plain decoding's.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from dictation import biasing
from dictation.audio import SAMPLE_RATE, FloatSamples, as_floats
from dictation.engines.alignment import known_tables
from dictation.engines.doubt import leaves_out, unsure, without_invented
from dictation.engines.marks import punctuated
from dictation.gate import speech_spans
from dictation.retrieval import like

MAX_NO_SPEECH = 0.6
MIN_LOG_PROBABILITY = -1.0
MOST_EXPECTED_TOKENS = 220
MOST_TOKENS_PER_SECOND = 10
"""Twice what a fast speaker says: a decoder that repeats itself stops here."""

WINDOW_TOKENS = 440
"""What the expected terms and the text may have together: the model's 448 without its own marks."""

MOST_HEARD_TERMS = 10

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
        self.hearings: list[str] = []
        self._context: list[str] = []
        self._known = biasing.lexicon(language)
        self._lexicon = self._known
        self._tables = known_tables(language)
        self._decode(np.zeros(SAMPLE_RATE, np.float32), "", beam=1, words=False)
        speech_spans(np.zeros(SAMPLE_RATE, np.float32))

    def context(self, terms: list[str]) -> None:
        self._context = terms
        self._lexicon = self._known.with_terms(terms)

    def feed(self, pcm: bytes) -> str | None:
        self._heard += pcm
        return None

    def draft(self) -> str:
        speech, _ = _speech_of(as_floats(bytes(self._heard)))
        return self._decode(speech, "", beam=1, words=False)[0] if speech.size else ""

    def finish(self) -> TextAndWords:
        speech, offset = _speech_of(as_floats(bytes(self._heard)))
        self._heard.clear()
        self.hearings = []
        if not speech.size:
            return "", []
        text, words = self._decode_twice(speech)
        return text, [[w, p, round(start + offset, 3), round(end + offset, 3)] for w, p, start, end in words]

    def _decode_twice(self, speech: FloatSamples) -> TextAndWords:
        plain, _ = self._decode(speech, "", beam=1, words=False)
        if not plain:
            return "", []
        terms = self._expected(plain)
        text, words = self._decode(speech, terms, beam=5, words=True)
        self.hearings = [plain, text]
        if not terms or not stays_close(plain, text) or leaves_out(text, plain, self._tables):
            return self._decode(speech, "", beam=5, words=True)
        words = without_invented(words, plain, self._tables)
        words = punctuated(unsure(words, plain, self._tables), plain, self._tables)
        return " ".join(str(word[0]) for word in words), words

    def _expected(self, plain: str) -> str:
        """The prompt: the exam's terms, then those that the plain text sounds like; as many as fit."""
        heard = like(plain, self._lexicon, MOST_HEARD_TERMS)
        context = [term for term in self._context if term not in heard]
        while context and self._tokens(", ".join([*context, *heard])) > MOST_EXPECTED_TOKENS:
            context.pop()
        return ", ".join([*context, *heard])

    def drop(self) -> None:
        self._heard.clear()

    def unknown(self, _words: list[str]) -> list[str]:
        """It spells by pieces of words, so it can write any."""
        return []

    def _decode(self, samples: FloatSamples, terms: str, beam: int, words: bool) -> TextAndWords:
        segments, _ = self._model.transcribe(
            samples,
            language=self._language,
            beam_size=beam,
            hotwords=terms or None,
            word_timestamps=words,
            condition_on_previous_text=False,
            # Segments are shorter than its window; its own time marks can send it round in circles.
            without_timestamps=True,
            max_new_tokens=min(
                int(MOST_TOKENS_PER_SECOND * samples.size / SAMPLE_RATE) + 16, WINDOW_TOKENS - self._tokens(f" {terms}")
            ),
            # With expected terms a loop is answered by the plain text, not by trying again.
            temperature=0.0 if terms else [0.0, 0.4],
        )
        texts, found = [], []
        for segment in segments:
            if segment.no_speech_prob > MAX_NO_SPEECH or segment.avg_logprob < MIN_LOG_PROBABILITY:
                continue
            texts.append(segment.text.strip())
            found += _whole_words(segment.words or ())
        return " ".join(texts), found

    def _tokens(self, text: str) -> int:
        return len(self._model.hf_tokenizer.encode(text, add_special_tokens=False).ids)


def _whole_words(pieces: Iterable[Any]) -> list[list[Any]]:
    """[word, confidence, start, end] from the library's pieces: "3" and ".5" are one word, as sure as its worst piece."""
    words: list[list[Any]] = []
    for piece in pieces:
        text, sure = piece.word.strip(), round(piece.probability, 4)
        if words and not piece.word.startswith(" "):
            word = words[-1]
            words[-1] = [word[0] + text, min(word[1], sure), word[2], piece.end]
        else:
            words.append([text, sure, piece.start, piece.end])
    return words


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
