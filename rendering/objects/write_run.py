"""The masks of a whole X-ray run in a state of its own kind (PS3.3 A.33.6: C.11.19, C.11.21), from how its frames are seen.

A grey state holds one mask. This one holds those of every frame, their shifts, the share of them that stays visible and
the edge enhancement. It takes intensities into a logarithmic space by a table of its own (PS3.4 N.2.5).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pydicom.dataset import Dataset

from rendering.filters import percent_of
from rendering.header import ImageHeader
from rendering.objects.write_mask import mask_of
from rendering.objects.write_plan import Run
from rendering.objects.writing import table_item
from rendering.parse_masks import TO_LOG, written_shift
from workstation.domain.subtraction import UNSHIFTED, Mask, MaskOperation, Shift, Subtraction

XRAY_STATE = "1.2.840.10008.5.1.4.1.1.11.5"
USUAL = 4.0


def run_of(header: ImageHeader, asked: Subtraction | None, sharpening: int = 0) -> Run:
    """How each frame of a run is subtracted; those that are not are left out."""
    each = ((frame, mask_of(header, frame, asked)) for frame in range(1, header.frames + 1))
    frames = tuple((frame, mask) for frame, mask in each if mask is not None)
    return Run(header.sop_instance_uid, frames, header.frames, _rate(header), max(0, sharpening))


def write_run(ds: Dataset, run: Run) -> None:
    by_mask: dict[Mask, list[tuple[int, Shift]]] = {}
    for frame, mask in run.frames:
        by_mask.setdefault(replace(mask, shift=UNSHIFTED, landmark=0.0), []).append((frame, mask.shift))
    ds.MaskSubtractionSequence = [_mask(mask, frames) for mask, frames in by_mask.items()]
    shown = Dataset()
    shown.FrameDisplaySequence = list(_displays(run))
    ds.MultiFramePresentationSequence = [shown]


def _mask(mask: Mask, frames: Sequence[tuple[int, Shift]]) -> Dataset:
    item = Dataset()
    item.MaskOperation = mask.operation.value
    item.ApplicableFrameRange = _ranges([frame for frame, _ in frames])
    if mask.operation is MaskOperation.INTERVAL:
        item.TIDOffset = mask.offset
    else:
        item.MaskFrameNumbers = list(mask.frames)
    item.ContrastFrameAveraging = mask.contrast_frames
    shifted = [_shifted(shift, frames) for shift in dict.fromkeys(shift for _, shift in frames) if shift != UNSHIFTED]
    if shifted:
        item.PixelShiftSequence = shifted
    if mask.to_log is not None:
        table = table_item(mask.to_log)
        table.LUTFunction = TO_LOG
        item.PixelIntensityRelationshipLUTSequence = [table]
    return item


def _shifted(shift: Shift, frames: Sequence[tuple[int, Shift]]) -> Dataset:
    """One shift of the whole mask, and the frames that it is for."""
    region, item = Dataset(), Dataset()
    region.MaskSubPixelShift = written_shift(shift)
    item.PixelShiftFrameRange = _ranges([frame for frame, own in frames if own == shift])
    item.RegionPixelShiftSequence = [region]
    return item


def _displays(run: Run) -> list[Dataset]:
    """Ranges that follow on each other, from the first frame to the last (C.8.19.7)."""
    landmarks = {frame: mask.landmark for frame, mask in run.frames}
    made: list[Dataset] = []
    before: object = ""
    for frame in range(1, run.count + 1):
        here = landmarks.get(frame)
        if here == before and made:
            made[-1].StopTrim = frame
            continue
        item = Dataset()
        item.StartTrim = item.StopTrim = frame
        item.SkipFrameRangeFlag = "DISPLAY"
        item.RecommendedDisplayFrameRateInFloat = run.rate
        item.RecommendedViewingMode = "NAT" if here is None else "SUB"
        item.DisplayFilterPercentage = percent_of(run.sharpening)
        if here is not None:
            item.MaskVisibilityPercentage = here
        made.append(item)
        before = here
    return made


def _rate(header: ImageHeader) -> float:
    """Images a second, as its file has them; a film of nobody's wish runs at `USUAL`."""
    times = [time for time in (header.frame_time, *header.frame_times[1:2]) if time]
    return 1000.0 / times[0] if times else header.display_rate or header.cine_rate or USUAL


def _ranges(frames: Sequence[int]) -> list[int]:
    """First and last of each run of numbers, one after the other."""
    ends: list[int] = []
    for frame in sorted(set(frames)):
        if ends and frame == ends[-1] + 1:
            ends[-1] = frame
        else:
            ends += [frame, frame]
    return ends
