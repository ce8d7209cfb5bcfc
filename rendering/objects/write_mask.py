"""The Presentation State Mask Module (PS3.3 C.11.13) of a new grey state, from how frames of an X-ray run are subtracted.

It holds one mask for all frames that the state names, and a Modality LUT that leads to logarithmic intensities where they
are linear (PS3.4 N.2.1.2). What it cannot hold goes into a state of its own kind (`rendering.objects.write_run`).
"""

from __future__ import annotations

from dataclasses import replace

from pydicom.dataset import Dataset

from rendering.header import ImageHeader
from rendering.parse_masks import written_shift
from rendering.pixels.subtraction import table_to_log
from workstation.domain.subtraction import Mask, MaskOperation, Subtraction, subtracted


def mask_of(header: ImageHeader, frame: int, asked: Subtraction | None) -> Mask | None:
    """The one mask of a frame (1-based) as a state can hold it; None where nothing is subtracted."""
    done = subtracted(header.subtraction, header.sop_instance_uid, frame, header.frames, asked)
    if not done.mask_frames or header.subtraction is None:
        return None
    table = table_to_log(header, header.subtraction, done.mask)
    is_interval = done.mask.operation is MaskOperation.INTERVAL
    plain = Mask(to_log=table, contrast_frames=len(done.contrast_frames), shift=done.shift, landmark=done.mask.landmark)
    if is_interval:
        return replace(plain, operation=MaskOperation.INTERVAL, offset=done.mask.offset)
    return replace(plain, frames=done.mask_frames)


def write_mask(ds: Dataset, mask: Mask) -> None:
    item = Dataset()
    item.MaskOperation = mask.operation.value
    if mask.operation is MaskOperation.INTERVAL:
        item.TIDOffset = mask.offset
    else:
        item.MaskFrameNumbers = list(mask.frames)
    item.ContrastFrameAveraging = mask.contrast_frames
    item.MaskSubPixelShift = written_shift(mask.shift)
    ds.MaskSubtractionSequence = [item]
    ds.RecommendedViewingMode = "SUB"
