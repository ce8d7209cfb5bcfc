"""Videos become frames of the right colour, or are refused in words; every frame through the real worker process."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import av
import clips
import numpy as np
import psutil
import pytest
from clips import BT601, BT709, COLUMNS, FULL, H264, HEVC, LIMITED, MPEG_2, ROWS
from received import JPEG, save

from rendering.codecs_fragments import Fragment
from rendering.codecs_video import Video, VideoFacts, check_video
from rendering.header import ImageHeader
from rendering.images import SeriesImages
from rendering.pixels import colour
from rendering.shared_frames import SharedFrames
from rendering.transfer_syntaxes import VIDEO
from rendering.worker import DecodeJob, ImageWorker, WorkerLimits
from workstation.errors import Refused

Array = np.ndarray[Any, Any]

COUNT = 14
SHOWN = clips.frames(COUNT)
# Steps of 255: the encoder's quantisation, and rounding to 8 bits of Y, Cb and Cr and back.
CLOSE = 4


@pytest.fixture(scope="module")
def worker() -> Iterator[ImageWorker]:
    with ImageWorker() as running:
        yield running


@pytest.fixture(scope="module")
def streams() -> dict[str, bytes]:
    return {syntax: clips.encoded(SHOWN, syntax) for syntax in (MPEG_2, H264, HEVC)}


def header_of(worker: ImageWorker, path: Path) -> ImageHeader:
    return ImageHeader.from_json(worker.parse(path).instance.header)


def decoded(worker: ImageWorker, path: Path, wanted: Sequence[int] | None = None) -> tuple[ImageHeader, Array]:
    """The header and the wanted frames (all by default) in the order in which they were asked for."""
    header = header_of(worker, path)
    wanted = range(header.frames) if wanted is None else wanted
    frames = SharedFrames.for_header(header, len(wanted))
    reasons: dict[int, Refused | None] = {}
    worker.decode([DecodeJob(str(path), header, f, slot) for slot, f in enumerate(wanted)], frames, reasons.__setitem__)
    refused = next((r for r in reasons.values() if r is not None), None)
    if refused is not None:
        raise refused
    assert set(reasons) == set(range(len(wanted)))
    pixels = frames.array.copy()
    frames.close()
    return header, pixels


def assert_same_colours(found: Array, shown: Array = SHOWN) -> None:
    away = np.abs(clips.centres(found).astype(int) - clips.centres(shown))
    assert away.max() <= CLOSE, f"off by {away.max()}"


@pytest.mark.parametrize("pieces", [1, 3])
@pytest.mark.parametrize("holder", ["elementary", "program", "mpegts"])
@pytest.mark.parametrize("syntax", [MPEG_2, H264, HEVC])
def test_every_frame_has_the_colours_that_were_filmed(
    worker: ImageWorker, tmp_path: Path, streams: dict[str, bytes], syntax: str, holder: str, pieces: int
) -> None:
    container = {"elementary": "", "program": clips.PROGRAM[syntax], "mpegts": "mpegts"}[holder]
    stream = clips.encoded(SHOWN, syntax, container) if container else streams[syntax]
    header, pixels = decoded(worker, save(clips.video(stream, syntax, COUNT, pieces), tmp_path / "a.dcm"))
    assert header.lossy
    assert header.is_colour
    assert_same_colours(pixels)
    assert_same_colours(np.stack([colour(frame, header) for frame in pixels]))


@pytest.mark.parametrize("syntax", sorted(VIDEO))
def test_every_video_syntax_is_read(worker: ImageWorker, tmp_path: Path, streams: dict[str, bytes], syntax: str) -> None:
    number = int(syntax.split(".")[7])
    kind = MPEG_2 if number in (100, 101) else HEVC if number in (107, 108) else H264
    made = clips.video(streams[kind], syntax, COUNT)
    header, pixels = decoded(worker, save(made, tmp_path / "a.dcm"), [0, COUNT - 1])
    assert_same_colours(pixels, SHOWN[[0, COUNT - 1]])
    assert ("Stereo video: the view of one eye is shown" in header.warnings) == (number == 106)


@pytest.mark.parametrize("colour_range", [LIMITED, FULL])
@pytest.mark.parametrize("matrix", [BT601, BT709])
def test_matrix_and_range_are_those_the_stream_says(worker: ImageWorker, tmp_path: Path, matrix: int, colour_range: int) -> None:
    stream = clips.encoded(SHOWN, H264, matrix=matrix, colour_range=colour_range)
    _, pixels = decoded(worker, save(clips.video(stream, H264, COUNT), tmp_path / "a.dcm"))
    assert_same_colours(pixels)


@pytest.mark.parametrize(("rows", "matrix"), [(704, BT601), (736, BT709)])
def test_a_stream_that_does_not_say_is_bt_709_in_high_definition_only(
    worker: ImageWorker, tmp_path: Path, rows: int, matrix: int
) -> None:
    shown = clips.frames(2, rows)
    stream = clips.encoded(shown, H264, matrix=matrix, says_so=False)
    _, pixels = decoded(worker, save(clips.video(stream, H264, 2, Rows=rows), tmp_path / "a.dcm"))
    assert_same_colours(pixels, shown)


def test_ten_bits_stay_ten_bits(worker: ImageWorker, tmp_path: Path) -> None:
    stream = clips.encoded(SHOWN, HEVC, pixel_format="yuv420p10le")
    made = clips.video(stream, JPEG + "108", COUNT, BitsAllocated=16, BitsStored=10, HighBit=9)
    header, pixels = decoded(worker, save(made, tmp_path / "a.dcm"))
    assert pixels.dtype == np.uint16
    assert 1000 < pixels.max() <= 1023
    assert_same_colours(np.stack([colour(frame, header) for frame in pixels]))


def test_a_grey_video_uses_the_whole_range_of_grey(worker: ImageWorker, tmp_path: Path) -> None:
    grey = np.repeat(SHOWN[..., 1:2], 3, axis=-1)
    made = clips.video(clips.encoded(grey, H264), H264, COUNT, SamplesPerPixel=1, PhotometricInterpretation="MONOCHROME2")
    header, pixels = decoded(worker, save(made, tmp_path / "a.dcm"))
    assert header.frame_shape == (ROWS, COLUMNS)
    assert_same_colours(pixels[..., np.newaxis], grey[..., :1])


def test_frames_asked_for_in_any_order_are_the_right_ones(worker: ImageWorker, tmp_path: Path, streams: dict[str, bytes]) -> None:
    path = save(clips.video(streams[H264], H264, COUNT), tmp_path / "a.dcm")
    order = [9, 2, 13, 0, 5, 4, 12]
    for wanted in (order, order[::-1], [13], [0], [7, 6]):
        _, pixels = decoded(worker, path, wanted)
        assert_same_colours(pixels, SHOWN[wanted])


def test_a_batch_in_order_decodes_no_frame_twice(streams: dict[str, bytes]) -> None:
    passed: list[int] = []
    stream = streams[H264]
    video = Video(stream, [Fragment(0, len(stream))], VideoFacts(H264, ROWS, COLUMNS, COUNT, 3, 8, 8))
    for index in range(COUNT):
        video.frame(index, lambda: passed.append(1))
    assert not passed
    video.frame(4, lambda: passed.append(1))
    assert len(passed) == 4


def test_a_series_that_is_a_video_is_loaded_forwards_from_where_one_looks(
    worker: ImageWorker, tmp_path: Path, streams: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Filled outwards from there, as other stacks are, it would be decoded from its beginning for every batch."""
    found = worker.parse(save(clips.video(streams[H264], H264, COUNT), tmp_path / "a.dcm"))
    asked: list[int] = []
    decode = worker.decode

    def noted(jobs: Sequence[DecodeJob], *rest: Any) -> None:
        asked.extend(job.frame for job in jobs)
        decode(jobs, *rest)

    monkeypatch.setattr(worker, "decode", noted)
    images = SeriesImages(found.study, found.series, worker)
    images.load(first=5)
    assert asked == [*range(5, COUNT), *range(5)]
    assert_same_colours(np.stack([images.container(position) for position in range(COUNT)]))
    images.close()


def test_interlaced_pictures_are_whole_frames(worker: ImageWorker, tmp_path: Path) -> None:
    still = np.repeat(SHOWN[:1], COUNT, axis=0)
    for syntax in (MPEG_2, H264):
        stream = clips.encoded(still, syntax, flags="+ildct+ilme")
        _, pixels = decoded(worker, save(clips.video(stream, syntax, COUNT), tmp_path / "a.dcm"))
        assert_same_colours(pixels, still)


def test_the_time_between_frames_is_the_datasets(worker: ImageWorker, tmp_path: Path, streams: dict[str, bytes]) -> None:
    asked = {"FrameTime": "33.3", "CineRate": 20, "RecommendedDisplayFrameRate": 25, "PreferredPlaybackSequencing": 1}
    header = header_of(worker, save(clips.video(streams[H264], H264, COUNT, **asked), tmp_path / "a.dcm"))
    assert header.frame_time == pytest.approx(33.3)
    assert (header.cine_rate, header.display_rate, header.plays_back_and_forth) == (20.0, 25.0, True)


# What is not what it says


def refusal(worker: ImageWorker, made: Any, folder: Path) -> str:
    with pytest.raises(Refused) as raised:
        decoded(worker, save(made, folder / "a.dcm"))
    return str(raised.value)


@pytest.mark.parametrize("syntax", [MPEG_2, H264, HEVC])
@pytest.mark.parametrize(
    ("elements", "reason"),
    [
        ({"Rows": ROWS + 16}, "Rows is 112 there and 96 here"),
        ({"Columns": COLUMNS - 2}, "Columns is 126 there and 128 here"),
        ({"NumberOfFrames": COUNT + 1}, "15 are announced and the video holds 14"),
        ({"NumberOfFrames": COUNT - 1}, "more frames than the header says"),
        ({"NumberOfFrames": COUNT // 2}, "more frames than the header says"),
        ({"BitsAllocated": 16, "BitsStored": 10, "HighBit": 9}, "BitsStored is 10 there and 8 here"),
        ({"BitsAllocated": 16, "BitsStored": 8, "HighBit": 7}, "BitsAllocated is 16 there and 8 here"),
    ],
)
def test_a_dataset_that_disagrees_with_its_video_is_refused(
    worker: ImageWorker, tmp_path: Path, streams: dict[str, bytes], syntax: str, elements: dict[str, int], reason: str
) -> None:
    assert reason in refusal(worker, clips.video(streams[syntax], syntax, COUNT, **elements), tmp_path)


def test_a_video_of_another_kind_than_its_syntax_is_refused(
    worker: ImageWorker, tmp_path: Path, streams: dict[str, bytes]
) -> None:
    for syntax, other in ((MPEG_2, H264), (H264, MPEG_2)):
        assert refusal(worker, clips.video(streams[other], syntax, COUNT), tmp_path)
    for syntax, other in ((H264, HEVC), (HEVC, H264)):
        stream = clips.encoded(SHOWN, other, "mp4")
        assert "not of its transfer syntax" in refusal(worker, clips.video(stream, syntax, COUNT), tmp_path)


def test_a_picture_that_is_no_video_is_refused(worker: ImageWorker, tmp_path: Path) -> None:
    for rubbish in (
        b"\xff\xd8\xff\xe0" + bytes(900),
        bytes(1000),
        b"#EXTM3U\nfile:///etc/passwd\n" * 9,
        b"ffconcat version 1.0\n" * 9,
    ):
        assert "not of its transfer syntax" in refusal(worker, clips.video(rubbish, H264, COUNT), tmp_path)


@pytest.mark.parametrize("share", [0.95, 0.6, 0.2])
@pytest.mark.parametrize("container", ["", "mp4", "mpegts"])
def test_a_video_cut_short_is_refused(worker: ImageWorker, tmp_path: Path, container: str, share: float) -> None:
    stream = clips.encoded(SHOWN, H264, container)
    assert refusal(worker, clips.video(stream[: int(len(stream) * share)], H264, COUNT), tmp_path)


def test_a_video_with_sound_beside_it_is_shown(worker: ImageWorker, tmp_path: Path) -> None:
    out = io.BytesIO()
    made = av.open(out, "w", format="mpegts")
    stream: Any = made.add_stream("libx264", rate=25)
    stream.height, stream.width, stream.pix_fmt = ROWS, COLUMNS, "yuv420p"
    sound: Any = made.add_stream("mp2", rate=48000)
    silence = av.AudioFrame.from_ndarray(np.zeros((1, 1152 * 2), np.int16), format="s16", layout="stereo")
    silence.sample_rate = 48000
    made.mux(sound.encode(silence))
    for number, picture in enumerate(SHOWN):
        frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
        frame.pts = number
        made.mux(stream.encode(frame))
    made.mux(stream.encode(None))
    made.mux(sound.encode(None))
    made.close()
    header, pixels = decoded(worker, save(clips.video(out.getvalue(), H264, COUNT), tmp_path / "a.dcm"))
    assert header.frames == COUNT
    assert pixels.shape == SHOWN.shape


def test_a_video_that_announces_a_huge_picture_takes_bounded_memory(tmp_path: Path) -> None:
    """A picture of 16 million pixels in a few kilobytes, in a dataset of a small one."""
    wide = clips.encoded(np.zeros((1, 4096, 4096, 3), np.uint8), H264, says_so=False)
    with ImageWorker(WorkerLimits(processes=1)) as fresh:
        assert "disagree" in refusal(fresh, clips.video(wide, H264, 1), tmp_path)
        workers = [child for child in psutil.Process().children() if any("worker_process" in part for part in child.cmdline())]
        child = max(workers, key=lambda one: one.create_time())
        status = Path(f"/proc/{child.pid}/status").read_text()
        peak = next(int(line.split()[1]) << 10 for line in status.splitlines() if line.startswith("VmHWM"))
        assert peak < 400 << 20


@pytest.mark.parametrize("syntax", [MPEG_2, H264, HEVC])
def test_a_part_lost_from_a_video_is_never_painted_over(syntax: str) -> None:
    """Each slice, picture or header left out by turns: every frame that is shown after all is as it was."""
    shown = clips.frames(6, 256)
    stream = clips.encoded(shown, syntax, **({"slices": "4"} if syntax == H264 else {}))
    facts = VideoFacts(syntax, 256, COLUMNS, len(shown), 3, 8, 8)
    truth = all_frames(stream, facts)
    starts = [found.start() for found in re.finditer(b"\0\0\1", stream)]
    refused = 0
    for start, end in zip(starts, [*starts[1:], len(stream)], strict=True):
        left = all_frames(stream[:start] + stream[end:], facts)
        for frame, whole in zip(left, truth, strict=True):
            refused += frame is None
            assert frame is None or np.array_equal(frame, whole)
    assert refused > len(starts)


def all_frames(stream: bytes, facts: VideoFacts) -> list[Array | None]:
    """Every frame, None where it is refused: all of them when the video is refused before it is decoded."""
    pieces = [Fragment(0, len(stream))]
    try:
        check_video(stream, pieces, facts)
    except Refused:
        return [None] * facts.frames
    video = Video(stream, pieces, facts)
    found: list[Array | None] = []
    for index in range(facts.frames):
        try:
            found.append(video.frame(index))
        except Refused:
            found.append(None)
    return found


@pytest.mark.parametrize("syntax", [MPEG_2, H264, HEVC])
def test_no_damage_to_a_video_does_more_than_refuse_it_or_change_colours(
    worker: ImageWorker, tmp_path: Path, streams: dict[str, bytes], syntax: str
) -> None:
    chance = np.random.default_rng(7)
    for _ in range(40):
        damaged = bytearray(streams[syntax])
        for place in chance.integers(0, len(damaged), int(chance.integers(1, 20))):
            damaged[place] = int(chance.integers(256))
        path = save(clips.video(bytes(damaged), syntax, COUNT), tmp_path / "a.dcm")
        reason = damage(worker, path)
        assert "killed" not in reason
        assert "hung" not in reason


def damage(worker: ImageWorker, path: Path) -> str:
    """Why the video is refused; empty when every frame of it came, of the size it must have."""
    try:
        _, pixels = decoded(worker, path)
    except Refused as refused:
        return str(refused)
    assert pixels.shape == SHOWN.shape
    return ""
