"""Whisper (faster-whisper, int8): one closed segment at a time. Engine process only.

Safety (Whisper writes findings out of noise): Silero must hear speech before anything is
decoded; expected terms are given to the second decoding only, when a plain one heard words;
unlikely text is dropped; of a biased text nothing is taken that changes a number, a side, a
negation or an opposite, or leaves out a word, and no words that only the terms brought in; where
the two disagree on such, the word is marked unsure. What is still doubtful is weighed against the
terms that it sounds like. Punctuation is the plain decoding's.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from dictation import biasing
from dictation.audio import SAMPLE_RATE, as_floats
from dictation.engines.alignment import known_tables
from dictation.engines.doubt import unsure, without_invented
from dictation.engines.marks import punctuated
from dictation.engines.merging import Vocabulary, merged, parts, repaired, spliced, without_afterthought, without_tail
from dictation.engines.weighing import Weigher, weighed
from dictation.gate import speech_spans
from dictation.lexicon import radiology_lexicon
from dictation.retrieval import like
from dictation.samples import FloatSamples
from dictation.what_hurts import what_hurts

MAX_NO_SPEECH = 0.6
MIN_LOG_PROBABILITY = -1.0
MOST_EXPECTED_TOKENS = 220
MOST_TOKENS_PER_SECOND = 10
"""Twice what a fast speaker says: a decoder that repeats itself stops here."""

WINDOW_TOKENS = 440
"""What the expected terms and the text may have together: the model's 448 without its own marks."""

MOST_HEARD_TERMS = 10

COMMON_PIECES = 2
DOUBTED = 0.5
CERTAIN = 0.75
"""Everyday words that are all as sure as this are heard once: expecting terms could only harm them."""

FRAMES_PER_SECOND = 50
"""Of what the model makes of sound."""

SILENCE_WEIGHED = 1.0
LEAST_PROBABLE = 1e-9

WINDOW_SAMPLES = 30 * SAMPLE_RATE
MARGIN_SAMPLES = SAMPLE_RATE // 5

TextAndWords = tuple[str, list[list[Any]]]


class WhisperRecogniser:
    def __init__(self, model: Path, language: str, threads: int) -> None:
        os.environ["HF_HUB_OFFLINE"] = "1"
        if not (model / "tokenizer.json").is_file():
            raise FileNotFoundError("the model has no tokenizer.json, which would be looked for on the network")
        from faster_whisper.transcribe import WhisperModel, get_ctranslate2_storage

        class RememberingModel(WhisperModel):  # type: ignore[misc]  # no types in the library
            """Encodes a segment once, though it is decoded twice: encoding is most of the work."""

            _last: tuple[bytes, Any] | None = None

            def encode(self, features: Any) -> Any:
                key = features.tobytes()
                if self._last is None or self._last[0] != key:
                    self._last = (key, super().encode(features))
                return self._last[1]

            def heard(self, seconds: float) -> Any:
                """So much of the segment encoded last: what comes behind its end is silence, and costs time."""
                assert self._last is not None
                frames = int(seconds * FRAMES_PER_SECOND)
                return get_ctranslate2_storage(np.array(self._last[1])[:, :frames])

        self._model = RememberingModel(
            str(model), device="cpu", compute_type="int8", cpu_threads=threads, num_workers=1, local_files_only=True
        )
        self._model.feature_extractor = _RememberingExtractor(self._model.feature_extractor)
        self._language = language if self._model.model.is_multilingual else None
        self._heard = bytearray()
        self.hearings: list[str] = []
        self._context: list[str] = []
        self._code = language
        self._all_terms = biasing.lexicon(language)
        self._tables = known_tables(language)
        self._pieces: dict[str, int] = {}
        self.context([])
        self._decode(np.zeros(SAMPLE_RATE, np.float32), "", beam=1, words=False)
        speech_spans(np.zeros(SAMPLE_RATE, np.float32))

    def context(self, terms: list[str]) -> None:
        self._context = terms
        self._lexicon = self._all_terms.with_terms(terms)
        all_terms = (*self._lexicon.terms, *(term.text for term in radiology_lexicon(self._code).terms))
        of_terms = {part for term in all_terms for word in term.split() for part in parts(word)}
        self._known = Vocabulary(of_terms, self._is_common, self._tables, lambda word: bool(what_hurts(word, self._code)))
        self._weigher = Weigher(self._lexicon.known, self._known, terms)
        self._single = {term.lower(): term for term in self._lexicon.terms if term.isalpha()}

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
        """Plain, and once or twice more with terms expected where the plain words may be misheard terms."""
        _, plain_words = self._decode(speech, "", beam=5, words=True)
        plain_words = without_afterthought(plain_words, self._known)
        plain = " ".join(str(word[0]) for word in plain_words)
        self.hearings = [plain]
        if not any(self._known.is_of_medicine(str(word[0])) or word[1] < CERTAIN for word in plain_words):
            return plain, plain_words
        heard = self._sounding_like(plain_words)
        words = self._hear_again(speech, self._expected(heard))
        best = without_tail(self._joined(words, plain_words), [h for h in self.hearings if h != plain])
        best = repaired(best, self._known, self._single)
        found = self._weigher.candidates(best)
        if found:
            seconds = speech.size / SAMPLE_RATE + SILENCE_WEIGHED
            best = weighed(best, found, lambda texts, expected: self._weigh(texts, expected, seconds))
        return " ".join(str(word[0]) for word in best), best

    def _sounding_like(self, words: list[list[Any]]) -> tuple[str, ...]:
        """Terms that may have been said: those nearest to a doubtful stretch, then those that share most with any."""
        near = tuple(dict.fromkeys(found.term for found in self._weigher.candidates(words)))
        doubtful = [index for index, word in enumerate(words) if self._is_doubtful(word)]
        others = like(" ".join(str(word[0]) for word in words), self._lexicon, MOST_HEARD_TERMS, doubtful)
        return tuple(dict.fromkeys((*near, *others)))[:MOST_HEARD_TERMS]

    def _hear_again(self, speech: FloatSamples, terms: str) -> list[list[Any]]:
        if not terms:
            return []
        text, words = self._decode(speech, terms, beam=5, words=True)
        self.hearings.append(text)
        return words

    def _joined(self, words: list[list[Any]], plain_words: list[list[Any]]) -> list[list[Any]]:
        """Both hearings in one, punctuated and doubted by the plain one; of one that strays only single terms."""
        plain, text = (" ".join(str(word[0]) for word in heard) for heard in (plain_words, words))
        if not stays_close(plain, text):
            return merged(plain_words, words, self._known)
        found = without_invented(spliced(plain_words, words, self._known), plain, self._tables)
        return punctuated(unsure(found, plain, self._tables), plain, self._tables)

    def _is_doubtful(self, word: list[Any]) -> bool:
        return word[1] < DOUBTED or not self._known.knows(str(word[0]))

    def _expected(self, heard: tuple[str, ...]) -> str:
        """The prompt: the exam's terms, then those that the plain text sounds like; as many as fit."""
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
        # With word times it would look once more behind the last word, and hear "Thank you." there.
        for segment in islice(segments, 1 if samples.size <= WINDOW_SAMPLES else None):
            if segment.no_speech_prob > MAX_NO_SPEECH or segment.avg_logprob < MIN_LOG_PROBABILITY:
                continue
            texts.append(segment.text.strip())
            found += _whole_words(segment.words or ())
        return " ".join(texts), found

    def _weigh(self, texts: Sequence[str], expected: str, seconds: float) -> list[float]:
        """How likely each text is to be what was said in the sound decoded last (natural logarithm)."""
        encoded = self._model.heard(seconds)
        ids = self._model.hf_tokenizer
        before = [ids.token_to_id("<|startofprev|>"), *self._ids(f" {expected}"), ids.token_to_id("<|startoftranscript|>")]
        found = []
        for text in texts:
            tokens = self._ids(f" {text}")
            (result,) = self._model.model.align(encoded, before, [tokens], 2)
            found.append(float(np.log(np.maximum(result.text_token_probs[: len(tokens)], LEAST_PROBABLE)).sum()))
        return found

    def _is_common(self, word: str) -> bool:
        """Everybody's words are a piece or two of the model's own vocabulary; rare and misspelt ones are more."""
        if word not in self._pieces:
            self._pieces[word] = self._tokens(f" {word}")
        return self._pieces[word] <= COMMON_PIECES

    def _tokens(self, text: str) -> int:
        return len(self._ids(text))

    def _ids(self, text: str) -> list[int]:
        found: list[int] = self._model.hf_tokenizer.encode(text, add_special_tokens=False).ids
        return found


class _RememberingExtractor:
    """Works the spectrum of a segment out once, though it is decoded more than once."""

    def __init__(self, extractor: Any) -> None:
        self._extractor = extractor
        self._last: tuple[bytes, Any] | None = None

    def __call__(self, waveform: FloatSamples, *arguments: Any, **options: Any) -> Any:
        key = waveform.tobytes()
        if self._last is None or self._last[0] != key:
            self._last = (key, self._extractor(waveform, *arguments, **options))
        return self._last[1].copy()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._extractor, name)


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
