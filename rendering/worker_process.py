"""The worker process itself: reads requests, parses and decodes, answers. See rendering.worker.

Started as its own program, never forked. Its standard output is the answer pipe and is taken
away from everybody else at once, for native libraries print to it.
"""

from __future__ import annotations

import os
import sys
import threading
import warnings
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from mmap import mmap
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pydicom.config
from numpy.typing import NDArray

from rendering.codecs_video import Stopped
from rendering.decode import SourceFile, decode_into, open_source
from rendering.decode_direct import is_direct, read_frame
from rendering.file_bytes import MAPPED_FROM, read_file
from rendering.header import ImageHeader
from rendering.header_json import encode
from rendering.objects.read import read_context_file, read_object_file
from rendering.objects.read_hanging_protocol import read_hanging_protocol_file
from rendering.parse import media_files, parse_file
from rendering.pixels import clear_foreign_bits
from rendering.shared_frames import Attachment, BlockAddress
from rendering.worker_limits import ProcessLimits
from rendering.worker_pipe import Message, read_message, write_message
from workstation.errors import Refused

# Multi-frame files come back in several requests; the last few stay open.
KEPT_SOURCES = 4


class Worker:
    """One request at a time; `cancel` may arrive while one is being served."""

    def __init__(self, answers: BinaryIO, memory: int, seconds: float, file_bytes: int, threads: int) -> None:
        self._answers = answers
        self._file_bytes = file_bytes
        self._lock = threading.Lock()
        self._opening = threading.Lock()
        self._cancelled = threading.Event()
        self._sources: OrderedDict[tuple[Any, ...], SourceFile] = OrderedDict()
        self._threads = threads
        self._pool = ThreadPoolExecutor(threads, "decode")
        self._serving = ThreadPoolExecutor(1, "serve")
        self._limits = ProcessLimits(memory, seconds, threads + 1)
        self._attachment = Attachment(self._limits.mapped)

    def run(self, requests: BinaryIO) -> None:
        """Serves until the parent has gone."""
        self._answer({"ready": True})
        while (request := read_message(requests)) is not None:
            if request["do"] == "cancel":
                self._cancelled.set()
                continue
            self._cancelled.clear()
            self._serving.submit(self._serve, request)

    def _answer(self, message: Message) -> None:
        with self._lock:
            write_message(self._answers, message)

    def _serve(self, request: Message) -> None:
        try:
            getattr(self, f"_{request['do']}")(request)
        except Refused as reason:
            self._answer({"refused": refusal(reason)})
        except MemoryError:
            self._answer({"refused": refusal(Refused("Reading the file takes more memory than is allowed"))})
        except Exception as error:  # a defect of ours must not look like a hang
            self._answer({"refused": refusal(Refused("The file cannot be read", type(error).__name__))})
        self._answer({"finished": True})

    def _parse(self, request: Message) -> None:
        for path, key, sha256 in zip(request["paths"], request["keys"], request["hashes"], strict=True):
            if self._cancelled.is_set():
                return
            self._limits.job_begins()
            try:
                self._answer(encode(parse_file(Path(path), self._file_bytes, bytes.fromhex(key), sha256)))
            except Refused as reason:
                self._answer({"refused": refusal(reason)})
            except MemoryError:
                self._answer({"refused": refusal(Refused("Reading the file takes more memory than is allowed"))})
            except Exception as error:  # one file's surprise is that file's alone
                self._answer({"refused": refusal(Refused("The file cannot be read", type(error).__name__))})

    def _media(self, request: Message) -> None:
        self._answer({"files": media_files(Path(request["path"]), self._file_bytes, bytes.fromhex(request["key"]))})

    def _object(self, request: Message) -> None:
        self._limits.job_begins()
        self._answer({"object": encode(read_object_file(Path(request["path"]), self._file_bytes, bytes.fromhex(request["key"])))})

    def _context(self, request: Message) -> None:
        self._limits.job_begins()
        found = read_context_file(Path(request["path"]), self._file_bytes, bytes.fromhex(request["key"]))
        self._answer({"context": encode(found)})

    def _hanging_protocol(self, request: Message) -> None:
        self._limits.job_begins()
        path, key = Path(request["path"]), bytes.fromhex(request["key"])
        self._answer({"model": read_hanging_protocol_file(path, self._file_bytes, key)})

    def _decode(self, request: Message) -> None:
        address = BlockAddress(request["block"], request["size"])
        kinds = [ImageHeader("", "", "", "", **kind) for kind in request["kinds"]]
        array = np.frombuffer(self._attachment.buffer(address), request["dtype"], request["values"]).reshape(request["shape"])
        files = iter(list(enumerate(request["files"])))  # a list's iterator may be shared by threads
        helpers = min(self._threads, len(request["files"])) - 1
        futures = [self._pool.submit(self._decode_files, files, kinds, array) for _ in range(helpers)]
        self._decode_files(files, kinds, array)
        for future in futures:
            future.result()

    def _decode_files(self, files: Iterator[tuple[int, Message]], kinds: Sequence[ImageHeader], array: NDArray[Any]) -> None:
        """One thread's share. What a file ends with and that the next begins go in one answer."""
        last: Message = {}
        for index, file in files:
            if self._cancelled.is_set():
                break
            self._answer({**last, "begin": index})
            self._limits.job_begins()
            last = {**self._decode_file(index, file, kinds[file["kind"]], array), "end": index}
        if last:
            self._answer(last)

    def _decode_file(self, index: int, file: Message, kind: ImageHeader, array: NDArray[Any]) -> Message:
        """Answers for all frames but the last one that was done, whose answer is returned."""
        offset, length, offsets, lengths = file["place"]
        header = replace(
            kind, pixel_offset=offset, pixel_length=length, extended_offsets=tuple(offsets), extended_lengths=tuple(lengths)
        )
        frames = file["frames"]
        try:
            if is_direct(header) and frames[0][1] == 0 and self._read_directly(file, header, array[frames[0][2]]):
                return {"done": frames[0][0]}
            source = self._source(file, header)
        except Exception as error:  # one file's surprise is that file's alone
            reason = error if isinstance(error, Refused) else Refused("The file cannot be read", type(error).__name__)
            for job, _, _ in frames[:-1]:
                self._answer({"done": job, "refused": refusal(reason)})
            return {"done": frames[-1][0], "refused": refusal(reason)}
        last: Message = {}
        for job, frame, slot in frames:
            if last:
                self._answer(last)
                if self._cancelled.is_set():
                    return {}
                self._limits.job_begins()
            try:
                last = {"done": job, "refused": _decoded(source, frame, array[slot], file["clean"], lambda: self._passed(index))}
            except Stopped:
                return {}
        if header.frames == 1:
            self._forget(source)
        return last

    def _passed(self, index: int) -> None:
        """A frame of a video lies behind on the way to one that is wanted: the file is slow, not stuck."""
        if self._cancelled.is_set():
            raise Stopped
        self._limits.job_begins()
        self._answer({"begin": index})

    def _read_directly(self, file: Message, header: ImageHeader, slot: NDArray[Any]) -> bool:
        found = read_frame(Path(file["path"]), self._file_bytes, header, file["sha256"], slot, bytes.fromhex(file["key"]))
        if found and file["clean"]:
            clear_foreign_bits(slot, header)
        return found

    def _source(self, file: Message, header: ImageHeader) -> SourceFile:
        size, changed = _size_and_time(Path(file["path"]))
        if header.frames == 1:
            return self._opened(file, size, header)
        key = (file["path"], file["sha256"], size, changed, header)
        # One thread opens a multi-frame file, the others find it open.
        with self._opening:
            if key in self._sources:
                self._sources.move_to_end(key)
                return self._sources[key]
            source = self._sources[key] = self._opened(file, size, header)
            while len(self._sources) > KEPT_SOURCES:
                self._forget(self._sources.popitem(last=False)[1])
            return source

    def _opened(self, file: Message, size: int, header: ImageHeader) -> SourceFile:
        if size >= MAPPED_FROM and not file["key"]:
            self._limits.mapped(size)
        try:
            return open_source(
                read_file(Path(file["path"]), self._file_bytes, bytes.fromhex(file["key"])), header, file["sha256"]
            )
        except MemoryError as error:
            raise Refused("Reading the file takes more memory than is allowed") from error

    def _forget(self, source: SourceFile) -> None:
        if isinstance(source.buffer, mmap):
            self._limits.mapped(-len(source.buffer))


def _size_and_time(path: Path) -> tuple[int, int]:
    try:
        found = path.stat()
    except OSError:
        return 0, 0
    return found.st_size, found.st_mtime_ns


def _decoded(source: SourceFile, frame: int, slot: NDArray[Any], clean: bool, passed: Callable[[], None]) -> list[str] | None:
    try:
        decode_into(source, frame, slot, passed)
        if clean:
            clear_foreign_bits(slot, source.header)
    except Stopped:
        raise
    except Refused as reason:
        return refusal(reason)
    except MemoryError:
        return refusal(Refused("Decoding takes more memory than is allowed"))
    except Exception as error:  # one frame's surprise is that frame's alone
        return refusal(Refused("The frame cannot be decoded", type(error).__name__))
    return None


def refusal(reason: Refused) -> list[str]:
    """A Refused as it travels."""
    return [reason.title, reason.detail, reason.hint]


def main(arguments: list[str]) -> None:
    """`memory seconds file_bytes threads`, requests on standard input, answers on standard output."""
    memory, seconds, file_bytes, threads = arguments
    answers = os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    warnings.simplefilter("ignore")
    pydicom.config.settings.reading_validation_mode = pydicom.config.IGNORE
    worker = Worker(answers, int(memory), float(seconds), int(file_bytes), int(threads))
    worker.run(sys.stdin.buffer)
    # The parent has gone: nothing of what is under way is wanted by anybody.
    os._exit(0)
