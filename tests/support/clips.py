"""Videos of flat patches whose colours are known, encoded when a test runs."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import av
import numpy as np
from av.video.reformatter import Interpolation
from received import JPEG, dataset, encapsulated

ROWS, COLUMNS = 96, 128
# Columns and rows of one patch: whole blocks of every encoder here.
PATCH = 32
PALETTE = np.array(
    [(200, 60, 20), (10, 180, 60), (30, 50, 220), (255, 255, 255), (0, 0, 0), (128, 128, 128), (230, 220, 40), (90, 20, 140)],
    np.uint8,
)
BT601, BT709 = 5, 1
LIMITED, FULL = 1, 2

MPEG_2, H264, HEVC = JPEG + "100", JPEG + "102", JPEG + "107"
ENCODERS = {MPEG_2: "mpeg2video", H264: "libx264", HEVC: "libx265"}
ELEMENTARY = {MPEG_2: "mpeg2video", H264: "h264", HEVC: "hevc"}
PROGRAM = {MPEG_2: "vob", H264: "mp4", HEVC: "mp4"}


def frames(count: int, rows: int = ROWS, columns: int = COLUMNS) -> np.ndarray[Any, Any]:
    """`count` RGB frames: a grid of the palette's colours that moves on by one patch a frame."""
    down, across = np.arange(rows) // PATCH, np.arange(columns) // PATCH
    places = down[:, np.newaxis] * (columns // PATCH) + across
    return np.stack([PALETTE[(places + i) % len(PALETTE)] for i in range(count)])


def centres(pictures: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """The pixel in the middle of each patch: edges are where an encoder may smear."""
    return pictures[..., PATCH // 2 :: PATCH, PATCH // 2 :: PATCH, :]


def encoded(
    pictures: np.ndarray[Any, Any],
    syntax: str,
    container: str = "",
    matrix: int = BT601,
    colour_range: int = LIMITED,
    says_so: bool = True,
    pixel_format: str = "yuv420p",
    **options: str,
) -> bytes:
    """A video of RGB frames; `says_so` writes matrix and range into the stream."""
    out = io.BytesIO()
    made = av.open(out, "w", format=container or ELEMENTARY[syntax])
    more = {"x265-params": "log-level=none"} if syntax == HEVC else {}
    stream: Any = made.add_stream(ENCODERS[syntax], rate=25, options={"g": "6", "bf": "2", **more, **options})
    stream.height, stream.width = pictures.shape[1:3]
    stream.pix_fmt = pixel_format
    stream.codec_context.bit_rate = 6_000_000
    if says_so:
        stream.codec_context.colorspace, stream.codec_context.color_range = matrix, colour_range
    for number, picture in enumerate(pictures):
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24").reformat(
            format=pixel_format,
            dst_colorspace=matrix,
            src_color_range=FULL,
            dst_color_range=colour_range,
            interpolation=Interpolation.AREA | Interpolation.ACCURATE_RND,
        )
        frame.pts = number
        made.mux(stream.encode(frame))
    made.mux(stream.encode(None))
    made.close()
    return out.getvalue()


def video(stream: bytes, syntax: str, count: int, pieces: int = 1, **elements: Any) -> Any:
    """A multi-frame dataset around the stream, which is cut into `pieces` fragments."""
    shown = np.empty((count, ROWS, COLUMNS, 3), np.uint8)
    described = {
        "PhotometricInterpretation": "YBR_PARTIAL_420", "LossyImageCompression": "01", "Modality": "ES", "NumberOfFrames": count,
    }  # fmt: skip
    return dataset(shown, syntax, PixelData=fragmented(stream, pieces), **{**described, **elements})


def fragmented(stream: bytes, pieces: int) -> bytes:
    size = -(-len(stream) // pieces) + 1 & ~1
    parts: Sequence[bytes] = [stream[i : i + size] for i in range(0, len(stream), size)]
    return encapsulated(parts, has_bot=False)
