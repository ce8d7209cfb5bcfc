"""What a reader has drawn and a program has found, for figures of images that are not bare.

On every image a length, an ellipse with its values and an arrow with words; over every image a filled segment of the
size of a lung. The corner text is there anyway.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.bench_case import BenchCase
from rendering.images import SeriesImages
from rendering.objects.layers import Layer
from rendering.objects.read_segmentation import cropped
from rendering.objects.references import ImageReference
from workstation.domain.annotation import Annotation, AnnotationKind, Source
from workstation.ports import ObjectFound

if TYPE_CHECKING:
    from ui.seat import Seat

VIEW = 1000
# In shares of the view, on the body of the benchmark's CT.
DRAWN = (
    (AnnotationKind.LENGTH, ((0.30, 0.40), (0.45, 0.52)), ""),
    (AnnotationKind.ELLIPSE, ((0.52, 0.42), (0.62, 0.55)), ""),
    (AnnotationKind.ARROW, ((0.40, 0.60), (0.48, 0.70)), "To be followed"),
)


def lay_over(core: Seat, case: BenchCase) -> None:
    """Draw on every image of the open case's series, and lay a segment over all of them."""
    for drawn in _drawings(core, case):
        core.session.annotating.add(drawn)
    core.session.findings._take([ObjectFound("Invented segmentation", layers=(_segment(case),))])


def _drawings(core: Seat, case: BenchCase) -> list[Annotation]:
    study, series = case.study.study_instance_uid, case.series.series_instance_uid
    viewport = core.library.viewport(study, series)
    assert viewport is not None
    made = []
    for position in range(case.study.image_count):
        state = viewport.at_index(viewport.default_state(), position)
        for kind, shares, words in DRAWN:
            places = [(x * VIEW, y * VIEW) for x, y in shares]
            drawn = viewport.annotation_at(state, VIEW, VIEW, places, kind)
            assert drawn is not None
            made.append(replace(drawn, text=words, measured=viewport.measure(drawn)))
    return made


def _segment(case: BenchCase) -> Layer:
    images: SeriesImages = case.images()
    headers = [images.header(position) for position in range(images.frame_count)]
    rows, columns = headers[0].rows, headers[0].columns
    y, x = np.ogrid[0:rows, 0:columns]
    inside = ((x - 0.5 * columns) / (0.2 * columns)) ** 2 + ((y - 0.5 * rows) / (0.25 * rows)) ** 2 < 1
    masks = tuple(
        mask for h in headers if (mask := cropped(1, inside, h.shared, (ImageReference(h.sop_instance_uid),))) is not None
    )
    uids = frozenset(header.sop_instance_uid for header in headers)
    study, series = case.study.study_instance_uid, frozenset({case.series.series_instance_uid})
    source = Source("program", "Invented segmenter", "1")
    return Layer("bench/1", "Lung", (90, 170, 255), source, study, uids, series, rows=rows, columns=columns, masks=masks)
