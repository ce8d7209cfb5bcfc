"""Encapsulated video (PS3.5 8.2.5-8.2.8, A.4.5-A.4.11): MPEG-2, H.264 and HEVC through FFmpeg.

All fragments together are one video, and it can only be read from its beginning: a `Video` goes
forward through it and begins anew when an earlier frame is asked for, so frames are to be asked
for in order. Where it begins says which container it is; FFmpeg is left to guess nothing, and
follows no reference. What it would conceal is refused: a frame with an error is no picture.
"""

from __future__ import annotations

import io
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias, cast

import numpy as np
from numpy.typing import NDArray

from rendering.codecs_fragments import Fragment
from rendering.file_bytes import FileBytes
from rendering.transfer_syntaxes import H264, HEVC, MPEG_2, TRANSFER_SYNTAXES
from workstation.errors import Refused

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.frame import VideoFrame

Pixels: TypeAlias = NDArray[Any]

_READ_AHEAD = 256 << 10
_TS_PACKET = 188
# ITU-T H.273 table 4 to the matrices of swscale; 2 is unspecified.
_MATRICES = {1: 1, 4: 4, 5: 5, 6: 5, 7: 7, 9: 9}
_BT601, _BT709 = 5, 1
_UNSPECIFIED = 2
_FULL_RANGE, _LIMITED_RANGE = 2, 1
# Lines from which a video that does not say is BT.709 (SMPTE 274M, 296M), below it BT.601.
_HIGH_DEFINITION = 720
# A frame may be made from one that is shown up to so many frames later (the largest decoded
# picture buffer of H.264 and HEVC), and is trusted only once that one has proved whole.
LOOK_AHEAD = 16
# How many coded pictures tell whether they are fields or frames.
_ENOUGH_PICTURES = 12


@dataclass(frozen=True, slots=True)
class VideoFacts:
    """What the dataset says of the video: the fields of ImageHeader of the same names."""

    transfer_syntax_uid: str
    rows: int
    columns: int
    frames: int
    samples: int
    bits_stored: int
    bits_allocated: int

    @property
    def decoder(self) -> str:
        return TRANSFER_SYNTAXES[self.transfer_syntax_uid].decoder


class Stopped(Exception):
    """Raised by whoever no longer wants the frame that a video is being followed to."""


class VideoBytes:
    """The fragments of a video as one readable file, none of them copied."""

    def __init__(self, data: FileBytes, fragments: Sequence[Fragment]) -> None:
        self._data = data
        self._fragments = fragments
        self._size = sum(fragment.length for fragment in fragments)
        self._at = 0

    def read(self, size: int = -1) -> bytes:
        end = self._size if size < 0 else min(self._size, self._at + size)
        out, start = [], 0
        for fragment in self._fragments:
            if start < end and start + fragment.length > self._at:
                first, last = max(0, self._at - start), min(fragment.length, end - start)
                out.append(bytes(self._data[fragment.offset + first : fragment.offset + last]))
            start += fragment.length
        self._at = max(self._at, end)
        return b"".join(out)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        self._at = max(0, base + offset)
        return self._at

    def tell(self) -> int:
        return self._at


def check_video(data: FileBytes, fragments: Sequence[Fragment], facts: VideoFacts) -> None:
    """That the video is of its transfer syntax and of the size, depth and length the dataset says. Raises Refused."""
    try:
        pictures = _coded_pictures(data, fragments, facts)
        if pictures == 2 * facts.frames and _are_fields(data, fragments, facts):
            return
    except Refused:
        raise
    except MemoryError as error:
        raise Refused("Decoding takes more memory than is allowed") from error
    except Exception as error:  # FFmpeg's errors are of many classes
        raise _damaged() from error
    if pictures < facts.frames:
        raise _missing(facts, pictures)
    if pictures > facts.frames:
        raise Refused("The pixel data hold more frames than the header says", f"{pictures} in place of {facts.frames}")


def _coded_pictures(data: FileBytes, fragments: Sequence[Fragment], facts: VideoFacts) -> int:
    with _opened(data, fragments, facts) as container:
        count = 0
        for packet in container.demux(container.streams.video[0]):
            if packet.is_corrupt:
                raise _damaged()
            count += packet.size > 0
        return count


def _are_fields(data: FileBytes, fragments: Sequence[Fragment], facts: VideoFacts) -> bool:
    """Whether two coded pictures make a frame, by decoding a few."""
    pictures = frames = 0
    with _opened(data, fragments, facts) as container:
        stream = container.streams.video[0]
        for packet in container.demux(stream):
            if pictures == _ENOUGH_PICTURES or not packet.size:
                break
            pictures += 1
            frames += len(stream.codec_context.decode(packet))
        frames += len(stream.codec_context.decode(None))
    return pictures > frames and frames <= pictures // 2 + 1


def _opened(data: FileBytes, fragments: Sequence[Fragment], facts: VideoFacts) -> InputContainer:
    import av

    source = VideoBytes(data, fragments)
    container = cast(
        "InputContainer",
        av.open(
            source,
            format=_container_format(source, facts.decoder),
            options={"ignore_editlist": "1"},
            metadata_errors="replace",
            buffer_size=_READ_AHEAD,
            io_open=_refuse_references,
        ),
    )
    try:
        _check_stream(container, facts)
    except BaseException:
        container.close()
        raise
    context = container.streams.video[0].codec_context
    # With more threads than one FFmpeg forgets to say which frames it has mended.
    context.thread_count = 1
    context.options = _decoder_options(facts)
    return container


def _decoder_options(facts: VideoFacts) -> dict[str, str]:
    """Errors are told; nothing larger than was announced is made room for."""
    told = {"err_detect": "explode", "max_pixels": str(2 * (facts.rows + 32) * (facts.columns + 32))}
    # H.264: the part of the decoder that notices lost slices.
    return told | {"enable_er": "1"} if facts.decoder == H264 else told


def _refuse_references(_url: str, _flags: int, _options: dict[str, str]) -> Any:
    raise PermissionError("a video may not refer to other files")


def _container_format(source: VideoBytes, decoder: str) -> str:
    """FFmpeg's name of the container or elementary stream, by its first bytes."""
    start = source.read(4 * _TS_PACKET)
    source.seek(0)
    if start[:4] == b"\0\0\1\xba":
        return "mpeg"
    if start[4:8] == b"ftyp":
        return "mov"
    if len(start) > 2 * _TS_PACKET and start[0] == start[_TS_PACKET] == start[2 * _TS_PACKET] == 0x47:
        return "mpegts"
    if decoder == MPEG_2 and start[:4] == b"\0\0\1\xb3":
        return "mpegvideo"
    if decoder in (H264, HEVC) and start.startswith((b"\0\0\1", b"\0\0\0\1")):
        return decoder
    raise Refused("The compressed image is not of its transfer syntax", "It does not begin as a video of this kind")


def _check_stream(container: InputContainer, facts: VideoFacts) -> None:
    streams = container.streams.video
    if len(streams) != 1:
        raise Refused("The compressed image is not of its transfer syntax", f"It holds {len(streams)} video streams")
    context = streams[0].codec_context
    if context.codec.name != facts.decoder:
        raise Refused("The compressed image is not of its transfer syntax", "The video is of another kind")
    if context.pix_fmt is None or context.format is None:
        raise _damaged()
    for word, theirs, ours in (
        ("Rows", context.height, facts.rows),
        ("Columns", context.width, facts.columns),
        ("BitsStored", context.format.components[0].bits, facts.bits_stored),
        ("BitsAllocated", 8 if facts.bits_stored == 8 else 16, facts.bits_allocated),
    ):
        if theirs != ours:
            raise Refused("The compressed image and the dataset disagree", f"{word} is {ours} there and {theirs} here")


class Video:
    """A video as frames in the order in which they are shown. Thread-safe."""

    def __init__(self, data: FileBytes, fragments: Sequence[Fragment], facts: VideoFacts) -> None:
        self._data = data
        self._fragments = fragments
        self._facts = facts
        self._lock = threading.Lock()
        self._container: InputContainer | None = None
        self._frames: Iterator[VideoFrame] = iter(())
        self._ahead: deque[VideoFrame] = deque()
        self._next = self._read = 0
        self._failed: Refused | None = None

    def frame(self, index: int, passed: Callable[[], None] = lambda: None) -> Pixels:
        """Frame `index` (0-based): RGB or grey. Raises Refused.

        `passed` is called after each frame on the way to it, and may raise Stopped.
        """
        with self._lock:
            if self._failed is not None and index >= self._next:
                raise self._failed
            try:
                if index < self._next or self._container is None:
                    self._begin()
                return self._forward_to(index, passed)
            except Stopped:
                raise
            except Refused as refused:
                self._failed = refused
                raise
            except MemoryError as error:
                self._container = None
                raise Refused("Decoding takes more memory than is allowed") from error
            except Exception as error:  # FFmpeg's errors are of many classes
                self._failed = self._broken()
                raise self._failed from error

    def _begin(self) -> None:
        if self._container is not None:
            self._container.close()
        self._failed, self._container = None, None
        self._next = self._read = 0
        self._ahead.clear()
        self._container = _opened(self._data, self._fragments, self._facts)
        self._frames = self._container.decode(self._container.streams.video[0])

    def _forward_to(self, index: int, passed: Callable[[], None]) -> Pixels:
        while True:
            while self._read - self._next <= LOOK_AHEAD and self._read_one():
                pass
            if not self._ahead:
                raise _missing(self._facts, self._next)
            frame = self._ahead.popleft()
            self._next += 1
            if self._next > index:
                return _pixels(frame, self._facts)
            passed()

    def _read_one(self) -> bool:
        """One more frame into `_ahead`; False at the end of the video."""
        if self._read == self._facts.frames:
            return False
        frame = next(self._frames, None)
        if frame is None:
            raise _missing(self._facts, self._read)
        self._check(frame)
        self._ahead.append(frame)
        self._read += 1
        if self._read == self._facts.frames and next(self._frames, None) is not None:
            raise Refused("The pixel data hold more frames than the header says")
        return True

    def _check(self, frame: VideoFrame) -> None:
        if frame.is_corrupt:
            raise self._broken()
        if (frame.height, frame.width) != (self._facts.rows, self._facts.columns):
            raise Refused("The compressed image and the dataset disagree", "The size changes within the video")
        if frame.format.components[0].bits != self._facts.bits_stored:
            raise Refused("The compressed image and the dataset disagree", "The depth changes within the video")

    def _broken(self) -> Refused:
        return Refused("The video is damaged", f"Its frames from {self._next + 1} on cannot be trusted")


def _pixels(frame: VideoFrame, facts: VideoFacts) -> Pixels:
    return _grey(frame, facts) if facts.samples == 1 else _rgb(frame, facts)


def _is_full_range(frame: VideoFrame) -> bool:
    return frame.color_range == _FULL_RANGE or frame.format.name.startswith("yuvj") or frame.format.is_rgb


def _grey(frame: VideoFrame, facts: VideoFacts) -> Pixels:
    """Luma, stretched from its limited range (ITU-R BT.601: 16 to 235 of 8 bits) to all of BitsStored."""
    if frame.format.is_rgb:
        raise Refused("SamplesPerPixel and PhotometricInterpretation disagree", "The video is in RGB")
    kind = np.dtype("u1" if facts.bits_stored == 8 else "<u2")
    plane = frame.planes[0]
    lines = np.frombuffer(memoryview(plane), kind).reshape(plane.height, plane.line_size // kind.itemsize)
    luma: Pixels = lines[: facts.rows, : facts.columns]
    if _is_full_range(frame):
        return luma
    unit, top = 1 << (facts.bits_stored - 8), (1 << facts.bits_stored) - 1
    steps = np.rint((np.arange(top + 1) - 16 * unit) * (top / (219 * unit)))
    return np.asarray(np.clip(steps, 0, top).astype(kind)[luma])


def _rgb(frame: VideoFrame, facts: VideoFacts) -> Pixels:
    from av.video.reformatter import Interpolation

    matrix = _matrix(int(frame.colorspace), facts.rows)
    fine = Interpolation.BILINEAR | Interpolation.ACCURATE_RND
    if facts.bits_stored == 8:
        # With 16 bits of output swscale gives wrong colours by this.
        fine |= Interpolation.FULL_CHR_H_INT
    shown = frame.reformat(
        format="rgb24" if facts.bits_stored == 8 else "rgb48le",
        src_colorspace=matrix,
        dst_colorspace=matrix,
        src_color_range=_FULL_RANGE if _is_full_range(frame) else _LIMITED_RANGE,
        dst_color_range=_FULL_RANGE,
        interpolation=fine,
        threads=1,
    )
    pixels: Pixels = shown.to_ndarray()
    return pixels if facts.bits_stored == 8 else pixels >> (16 - facts.bits_stored)


def _matrix(colour_space: int, rows: int) -> int:
    if colour_space == _UNSPECIFIED:
        return _BT709 if rows >= _HIGH_DEFINITION else _BT601
    if colour_space not in _MATRICES:
        raise Refused("The colours of the video are not supported", f"Matrix coefficients {colour_space}")
    return _MATRICES[colour_space]


def _missing(facts: VideoFacts, found: int) -> Refused:
    return Refused("Frames are missing", f"{facts.frames} are announced and the video holds {found}")


def _damaged() -> Refused:
    return Refused("The video is damaged", "It cannot be read as what it says it is")
