"""A radiograph with two bright lines 100 mm apart, drawn by the real viewport, and how far apart they are on the screen."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from made_series import SeriesMaker
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QWidget

from rendering.images import SeriesImages
from rendering.viewport import Viewport
from workstation.domain.geometry import FramePlane
from workstation.domain.viewing import Arrangement, Cell, Layout, ViewportState

MM = 100.0
SPACING = 0.5
FIRST = 200


def hang_two_lines(seat: Any, screens: int) -> None:
    """The first series of the first case shows them, once on each screen."""
    study = seat.studies["1.1"]
    uids = study.study_instance_uid, study.series[0].series_instance_uid
    maker = SeriesMaker(header=replace(SeriesMaker().header, study_uid=uids[0], series_uid=uids[1], patient_id="ID-1"))
    pixels = np.zeros((600, 600), np.int16)
    pixels[:, FIRST : FIRST + 2] = pixels[:, FIRST + round(MM / SPACING) : FIRST + round(MM / SPACING) + 2] = 1000
    maker.add(pixels, FramePlane((0.0, 0.0, 0.0), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), SPACING, SPACING))
    series = replace(maker.series(), series_instance_uid=uids[1])
    images = SeriesImages(replace(study, series=(series,)), series, maker.worker)
    images.load()
    shown = Viewport(images)
    seat.library.open_case = lambda studies, first: seat.library.shelf.update({uids: shown})

    def hang(current, priors, stage=0, protocol_id="", context=None):
        state = ViewportState(current.study_instance_uid, current.series[0].series_instance_uid)
        cells = tuple(Cell(0, 0, state, screen=screen) for screen in range(screens))
        more = (Layout(1, 1),) * (screens - 1)
        return Arrangement("lines", "Lines", 0, 1, "", Layout(1, 1), cells, (), more_screens=more)

    seat.hanger.hang = hang


def apart(widget: QWidget) -> float:
    """Device pixels between the middles of the two lines, where nothing else is drawn."""
    image = widget.grab().toImage().convertToFormat(QImage.Format.Format_Grayscale8)
    raw = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())[:, : image.width()]
    row = raw[image.height() // 3].astype(float)
    row[:8] = row[-8:] = 0.0
    lit = np.flatnonzero(row > row.max() / 4)
    groups = np.split(lit, np.flatnonzero(np.diff(lit) > 20) + 1)
    middles = [float((row[g] * g).sum() / row[g].sum()) for g in groups]
    assert len(middles) == 2, f"{len(middles)} lines are seen"
    return middles[1] - middles[0]
