"""One decode request to a worker process, and who is to blame when the process dies over it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from rendering.header import FrameFacts, ImageHeader
from rendering.shared_frames import SharedFrames
from rendering.worker_child import Child, ChildDied, ChildSilent
from rendering.worker_pipe import Message
from workstation.errors import Refused

# How often a request looks up from waiting to see whether it is still wanted.
_GLANCE = 0.05


@dataclass(frozen=True, slots=True)
class DecodeJob:
    """Frame `frame` (0-based) of the file at `path` into slot `slot`.

    `sha256` (hex, empty for unchecked) is of the file's bytes: others are refused.
    """

    path: str
    header: ImageHeader
    frame: int
    slot: int
    sha256: str = ""


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
) -> Rest:
    """Runs `jobs`; a death is a Rest, or with `alone` (one file) that file's refusal."""
    files = _by_file(jobs)
    try:
        child.send(_request(files, target))
        _follow(child, files, on_frame, cancelled, seconds)
    except ChildDied as death:
        child.end()
        return _after_death(files, death, on_frame, alone)
    return Rest()


def _by_file(jobs: Sequence[DecodeJob]) -> list[_File]:
    files: dict[tuple[str, int], _File] = {}
    for index, job in enumerate(jobs):
        files.setdefault((job.path, id(job.header)), _File({})).waiting[index] = job
    return list(files.values())


def _request(files: Sequence[_File], target: SharedFrames) -> Message:
    address = target.address
    return {
        "do": "decode",
        "block": address.name,
        "size": address.size,
        "dtype": target.dtype,
        "values": target.array.size,
        "shape": list(target.array.shape),
        "files": [_file_request(file) for file in files],
    }


def _file_request(file: _File) -> Message:
    first = next(iter(file.waiting.values()))
    frames = [[index, job.frame, job.slot] for index, job in file.waiting.items()]
    return {"path": first.path, "sha256": first.sha256, "header": _decoding_part(first.header).to_json(), "frames": frames}


def _decoding_part(header: ImageHeader) -> ImageHeader:
    """The header without what only placing and showing need."""
    return replace(
        header, shared=FrameFacts(), per_frame=(), palette=None, overlays=(), ultrasound_regions=(), pet=None, frame_times=()
    )


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
            return
        _note(answer, files, owners, on_frame)


def _note(
    answer: Message, files: Sequence[_File], owners: dict[int, _File], on_frame: Callable[[int, Refused | None], None]
) -> None:
    if "begin" in answer:
        files[answer["begin"]].heard = time.monotonic()
    elif "end" in answer:
        files[answer["end"]].heard = None
    elif "done" in answer:
        file = owners[answer["done"]]
        file.heard = time.monotonic()
        job = file.waiting.pop(answer["done"])
        on_frame(job.slot, Refused(*answer["refused"]) if answer["refused"] else None)


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
        guilty, reason = (
            begun or list(files),
            Refused("The image cannot be decoded", "It killed the decoder", "Other images are not affected"),
        )
    else:
        guilty, reason = [], Refused("")
    for file in guilty:
        for job in file.waiting.values():
            on_frame(job.slot, reason)
        file.waiting.clear()
    suspects = tuple(list(f.waiting.values()) for f in begun if f.waiting)
    others = tuple(job for f in files if f.heard is None for job in f.waiting.values())
    return Rest(suspects, others)
