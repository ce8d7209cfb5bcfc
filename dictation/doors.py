"""`transcribe WAV`: the dictation pipeline on a recording, from the command line."""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

from dictation import model_doors, models
from dictation.audio import WavSource
from dictation.hand_controls import doors as hand_doors
from dictation.pipeline import Dictation
from workstation.domain.dictation import DictatedSegment, DictationContext
from workstation.errors import Unavailable, WorkstationError

MOST_WAITING = 240.0
MOST_WAITING_PER_SECOND = 10.0
"""On a busy machine, and so that an engine that hangs is first started again."""


def register(subparsers: Any) -> None:
    """Adds the commands; `args.run(args)` is their exit status."""
    model_doors.register(subparsers)
    hand_doors.register(subparsers)
    parser = subparsers.add_parser(
        "transcribe",
        help="recognise a recording",
        description="Runs a recording through the same dictation as the microphone.",
    )
    parser.add_argument("wav", type=Path, metavar="WAV", help="WAV or FLAC, any rate")
    parser.add_argument("--engine", default="", metavar="E", help="vosk, whisper, or (part of) an engine's name")
    parser.add_argument("--language", default="en", help="ISO 639-1 code (default: en)")
    parser.add_argument("--context", default="", metavar="CT,chest", help="modality and body part: which words to expect")
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace, _: object = None) -> int:
    """The core is not needed: nothing is kept."""
    try:
        result = transcribe(args.wav, args.engine, context_of(args.context, args.language))
    except WorkstationError as error:
        print(error, file=sys.stderr)
        return 1
    print(json.dumps(result, ensure_ascii=False) if args.json else result["text"])
    return 0


def context_of(text: str, language: str = "en") -> DictationContext:
    """ "CT,chest" or "MR,head,some procedure"."""
    modality, body_part, *procedure = [part.strip() for part in f"{text},".split(",")]
    return DictationContext(modality, body_part, " ".join(procedure).strip(), language=language)


def transcribe(recording: Path, engine: str = "", context: DictationContext = DictationContext()) -> dict[str, Any]:  # noqa: B008  # frozen
    """`text`, `words` (times in seconds of the recording), `seconds` it took without loading the
    model, `engine`, `audio_seconds`, `segments`. Raises Refused, Unavailable."""
    spec = models.recommended(context.language, engine)
    source = WavSource(recording, paced=False)
    dictation = Dictation(spec, None, context)
    segments: list[DictatedSegment] = []
    dictation.on_segment = segments.append
    problems: list[WorkstationError] = []
    dictation.on_problem = problems.append
    try:
        load_seconds = _seconds_to_load(dictation)
        started = time.monotonic()
        dictation.start(source)
        if not dictation.wait(MOST_WAITING + MOST_WAITING_PER_SECOND * source.seconds):
            raise Unavailable("The recording was not recognised in time", "", "Try a smaller model")
        seconds = time.monotonic() - started
    finally:
        dictation.close()
    failed = [segment.problem for segment in segments if segment.problem]
    if failed:
        raise problems[-1] if problems else Unavailable("The recording was not recognised", failed[0])
    return {
        "text": _joined(segments),
        "words": [_word(segment, index) for segment in segments for index in range(len(segment.words))],
        "seconds": round(seconds, 3),
        "engine": spec.name,
        "audio_seconds": round(source.seconds, 3),
        "load_seconds": round(load_seconds, 3),
        "segments": [{"start": round(s.start, 3), "spoken": s.spoken, "text": s.text} for s in segments],
    }


def _seconds_to_load(dictation: Dictation) -> float:
    started = time.monotonic()
    dictation.prepare()
    dictation.wait_ready(120)
    return time.monotonic() - started


def _joined(segments: list[DictatedSegment]) -> str:
    text = ""
    for segment in segments:
        text += segment.text if segment.joins or text[-1:] in ("", "\n") else f" {segment.text}"
    return text.strip()


def _word(segment: DictatedSegment, index: int) -> dict[str, Any]:
    word = segment.words[index]
    start, end = segment.start + word.start, segment.start + word.end
    return {"word": word.word, "confidence": word.confidence, "start": round(start, 3), "end": round(end, 3)}
