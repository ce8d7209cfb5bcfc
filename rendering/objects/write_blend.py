"""The Presentation State Blending Module of a new state (PS3.3 C.11.14): a series laid over the images that are shown.

Its opacity is one for all of its values (PS3.4 N.2.4.3). Both have to lie in one frame of reference: no registration is written.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pydicom.dataset import Dataset

from rendering.header import ModalityTransform
from rendering.objects.write_levels import write_palette
from rendering.objects.write_plan import Over, Shown
from rendering.objects.writing import by_series, image_item

BLENDING_STATE = "1.2.840.10008.5.1.4.1.1.11.4"


def write_blend(
    ds: Dataset,
    images: Sequence[Shown],
    transform: ModalityTransform,
    over: Over,
    modality: Callable[[Dataset, ModalityTransform], None],
    window: Callable[[Shown], Dataset | None],
) -> None:
    """`modality` and `window` write those of one of the two series into its item."""
    first, second = Dataset(), Dataset()
    first.BlendingPosition, second.BlendingPosition = "UNDERLYING", "SUPERIMPOSED"
    shown = [Shown(header, window=over.window) for header in over.headers]
    for item, those, own in ((first, images, transform), (second, shown, over.transform)):
        item.StudyInstanceUID = those[0].header.study_uid
        item.ReferencedSeriesSequence = list(_series(those))
        modality(item, own)
    windows = [made for one in images if (made := window(one)) is not None]
    if windows:
        first.SoftcopyVOILUTSequence = windows
    own_window = window(shown[0])
    if own_window is not None:
        del own_window.ReferencedImageSequence  # it is for all of them
        second.SoftcopyVOILUTSequence = [own_window]
    ds.BlendingSequence = [first, second]
    ds.RelativeOpacity = over.opacity
    write_palette(ds, over.palette)


def _series(images: Sequence[Shown]) -> Sequence[Dataset]:
    frames = {one.header.sop_instance_uid: one.frames for one in images}
    made = []
    for uid, headers in by_series(tuple(one.header for one in images)).items():
        item = Dataset()
        item.SeriesInstanceUID = uid
        item.ReferencedImageSequence = [image_item(header, frames[header.sop_instance_uid]) for header in headers]
        made.append(item)
    return made
