"""One decode request to a worker process, and who is to blame when the process dies over it."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rendering.transfer_syntaxes import VIDEO
from rendering.worker_child import Child, ChildDied, ChildSilent
from rendering.worker_pipe import Message
from workstation.errors import LethalFile, Refused

if TYPE_CHECKING:
    from rendering.header import ImageHeader
    from rendering.shared_frames import SharedFrames

# What of a header decoding needs: the same for most files of a request, and told once,
KIND = (
    "transfer_syntax_uid",
    "modality",
    "rows",
    "columns",
    "frames",
    "samples",
    "photometric",
    "planar",
    "bits_allocated",
    "bits_stored",
    "high_bit",
    "is_signed",
    "float_bits",
    "encapsulated",
)
# and what is each file's own.
_kind = attrgetter(*KIND)
_place = attrgetter("pixel_offset", "pixel_length", "extended_offsets", "extended_lengths")

# How often a request looks up from waiting to see whether it is still wanted.
_GLANCE = 0.05


KeyOf = Callable[[Path], bytes]
"""The key of one sealed file, b"" for a plain one: all that the worker process is told of keys."""


def no_key(_: Path) -> bytes:
    return b""


@dataclass(frozen=True, slots=True)
class DecodeJob:
    """Frame `frame` (0-based) of the file at `path` into slot `slot`.

    `sha256` (hex, empty for unchecked) is of the file's bytes: others are refused. `clean` asks
    for stored values in the slot: bits that are not part of the value are taken out.
    """

    path: str
    header: ImageHeader
    frame: int
    slot: int
    sha256: str = ""
    clean: bool = False


@dataclass(frozen=True, slots=True)
class Rest:
    """What a death left undone: groups of jobs by file that were under way, and all others."""

    suspects: tuple[list[DecodeJob], ...] = ()
    others: tuple[DecodeJob, ...] = ()

    @property
    def unfinished(self) -> bool:
        return bool(self.suspects or self.others)


@dataclass(slots=True)
class _File:
    """The jobs of one file that are not done, and since when nothing was heard of it once begun."""

    waiting: dict[int, DecodeJob]
    heard: float | None = None


def decode_in(
    child: Child,
    jobs: Sequence[DecodeJob],
    target: SharedFrames,
    on_frame: Callable[[int, Refused | None], None],
    cancelled: Callable[[], bool],
    seconds: float,
    alone: bool = False,
    key_of: KeyOf = no_key,
) -> Rest:
    """Runs `jobs`; a death is a Rest, or with `alone` (one file) that file's refusal."""
    files = _by_file(jobs)
    try:
        child.send(_request(files, target, key_of))
        _follow(child, files, on_frame, cancelled, seconds)
    except ChildDied as death:
        child.end()
        death.by_itself = not isinstance(death, ChildSilent) and child.fell_by_itself
        return _after_death(files, death, on_frame, alone)
    return Rest()


def _by_file(jobs: Sequence[DecodeJob]) -> list[_File]:
    """Jobs by file; the frames of one file in as many shares as there are cores, those of a video in order in one."""
    files: dict[tuple[str, int, int], _File] = {}
    seen: Counter[tuple[str, int]] = Counter()
    for index, job in sorted(enumerate(jobs), key=_in_a_video):
        shares = 1 if job.header.transfer_syntax_uid in VIDEO else os.cpu_count() or 1
        file = (job.path, id(job.header))
        files.setdefault((*file, seen[file] % shares), _File({})).waiting[index] = job
        seen[file] += 1
    return list(files.values())


def _in_a_video(numbered: tuple[int, DecodeJob]) -> int:
    """Sorts a video's frames; all other jobs come first, in the order they were asked for."""
    _, job = numbered
    return job.frame if job.header.transfer_syntax_uid in VIDEO else -1


def _request(files: Sequence[_File], target: SharedFrames, key_of: KeyOf) -> Message:
    address = target.address
    kinds: dict[tuple[Any, ...], int] = {}
    described = [_file_request(file, kinds, key_of) for file in files]
    return {
        "do": "decode",
        "block": address.name,
        "size": address.size,
        "dtype": target.dtype,
        "values": target.array.size,
        "shape": list(target.array.shape),
        "kinds": [dict(zip(KIND, kind, strict=True)) for kind in kinds],
        "files": described,
    }


def _file_request(file: _File, kinds: dict[tuple[Any, ...], int], key_of: KeyOf) -> Message:
    first = next(iter(file.waiting.values()))
    return {
        "path": first.path,
        "key": key_of(Path(first.path)).hex(),
        "sha256": first.sha256,
        "clean": first.clean,
        "kind": kinds.setdefault(_kind(first.header), len(kinds)),
        "place": _place(first.header),
        "frames": [[index, job.frame, job.slot] for index, job in file.waiting.items()],
    }


def _follow(
    child: Child,
    files: Sequence[_File],
    on_frame: Callable[[int, Refused | None], None],
    cancelled: Callable[[], bool],
    seconds: float,
) -> None:
    """Reads answers until the request is finished. Raises ChildDied, ChildSilent on a file that hangs."""
    owners = {index: file for file in files for index in file.waiting}
    told = False
    while True:
        if not told and cancelled():
            child.send({"do": "cancel"})
            told = True
        try:
            answer = child.receive(_GLANCE)
        except ChildSilent:
            if any(f.heard is not None and time.monotonic() - f.heard > seconds for f in files):
                raise
            continue
        if "finished" in answer:
            if not told:
                _refuse_the_rest(files, on_frame)
            return
        _note(answer, files, owners, on_frame)


def _refuse_the_rest(files: Sequence[_File], on_frame: Callable[[int, Refused | None], None]) -> None:
    """What a finished request left out: the block was not there, or a defect of ours."""
    for file in files:
        for job in file.waiting.values():
            on_frame(job.slot, Refused("The image cannot be decoded", "The decoder gave no answer"))
        file.waiting.clear()


def _note(
    answer: Message, files: Sequence[_File], owners: dict[int, _File], on_frame: Callable[[int, Refused | None], None]
) -> None:
    """One answer may tell of a frame that is done, its file that ends and the file that begins next."""
    if "done" in answer:
        file = owners[answer["done"]]
        file.heard = time.monotonic()
        job = file.waiting.pop(answer["done"])
        on_frame(job.slot, Refused(*answer["refused"]) if answer.get("refused") else None)
    if "end" in answer:
        files[answer["end"]].heard = None
    if "begin" in answer:
        files[answer["begin"]].heard = time.monotonic()


def _after_death(files: Sequence[_File], death: ChildDied, on_frame: Callable[[int, Refused | None], None], alone: bool) -> Rest:
    begun = [f for f in files if f.heard is not None and f.waiting]
    hung = [f for f in begun if isinstance(death, ChildSilent)]
    if hung:
        begun.sort(key=lambda f: f.heard or 0.0)
        guilty, reason = (
            begun[:1],
            Refused("The image takes too long to decode", "It hung the decoder", "Other images are not affected"),
        )
    elif alone or len(begun) == 1:
        guilty = begun or list(files)
        words = ("The image cannot be decoded", "It killed the decoder", "Other images are not affected")
        reason = LethalFile(*words) if death.by_itself else Refused(*words)
    else:
        guilty, reason = [], Refused("")
    for file in guilty:
        for job in file.waiting.values():
            on_frame(job.slot, reason)
        file.waiting.clear()
    suspects = tuple(list(f.waiting.values()) for f in begun if f.waiting)
    others = tuple(job for f in files if f.heard is None for job in f.waiting.values())
    return Rest(suspects, others)
