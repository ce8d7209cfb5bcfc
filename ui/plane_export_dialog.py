"""Which planes are made a series: how many, how far apart, how thick, where to. Lines in the other views show them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtCore import QLocale, Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QDoubleSpinBox,
    QFormLayout,
    QLabel,
    QLineEdit,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from ui.plain import core_text, plain
from workstation.domain.archive import Archive
from workstation.domain.crosshair import directions_of
from workstation.domain.geometry import add, cross, scale
from workstation.domain.plane_series import MOST_PLANES, PlaneBatch
from workstation.domain.slab import MODE_WORDS
from workstation.domain.viewing import ViewportState
from workstation.errors import Refused
from workstation.session.planes import THICKEST
from workstation.session.viewing import Viewing

# More lines than this hide what they lie on: of a larger batch as many are drawn, evenly.
MOST_LINES = 25


class PlaneExportDialog(QDialog):
    """Return makes the series. `chosen` carries the batch and the archive's name ("" keeps it on this computer)."""

    chosen = Signal(object, str)

    def __init__(
        self, viewing: Viewing, state: ViewportState, slice_mm: float, archives: Sequence[Archive], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setObjectName("planeExportDialog")
        self.setWindowTitle(self.tr("Make a series of this plane"))
        self._viewing = viewing
        self._state = state
        self._archives = archives
        self.number = QSpinBox()
        self.number.setRange(1, MOST_PLANES)
        self.step = _millimetres(0.05, 500.0, state.slab_mm or max(slice_mm, 0.05))
        self.shift = _millimetres(-THICKEST, THICKEST, 0.0)
        self.slab = _millimetres(0.0, THICKEST, state.slab_mm)
        self.slab.setSpecialValueText(self.tr("thin"))
        self.mode = QComboBox()
        for mode, words in MODE_WORDS.items():
            self.mode.addItem(core_text(words), mode)
        self.mode.setCurrentIndex(max(self.mode.findData(state.slab_mode), 0))
        self.description = QLineEdit()
        self.description.setMaxLength(64)
        self.description.setPlaceholderText(self.tr("as the plane is called"))
        self.target = QComboBox()
        self.target.addItem(self.tr("This computer only"), "")
        for archive in archives:
            self.target.addItem(plain(archive.title or archive.name), archive.name)
        self.target.setCurrentIndex(1 if archives else 0)
        self.range = QLabel()
        self.range.setTextFormat(Qt.TextFormat.PlainText)
        self.range.setProperty("role", "muted")
        form = QFormLayout()
        for words, field in (
            (self.tr("&Number of planes"), self.number),
            (self.tr("&Step between them"), self.step),
            (self.tr("&Middle moved on by"), self.shift),
            (self.tr("S&lab"), self.slab),
            (self.tr("&Projection"), self.mode),
            (self.tr("&Description"), self.description),
            (self.tr("&Keep in"), self.target),
        ):
            form.addRow(words, field)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.make = buttons.addButton(self.tr("Make the series"), QDialogButtonBox.ButtonRole.AcceptRole)
        self.make.setDefault(True)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 16)
        column.setSpacing(10)
        column.addLayout(form)
        column.addWidget(self.range)
        column.addWidget(buttons)
        for field in (self.number, self.step, self.shift, self.slab):
            field.valueChanged.connect(self._preview)
        self.finished.connect(lambda _: self._clear())
        self._preview()
        self.number.setFocus()
        self.number.selectAll()

    def batch(self) -> PlaneBatch:
        state = replace(self._state, slab_mm=self.slab.value(), slab_mode=str(self.mode.currentData()))
        return PlaneBatch(state, self.number.value(), self.step.value(), -self.shift.value(), self.description.text())

    def accept(self) -> None:
        if self.result():
            return
        batch, target = self.batch(), str(self.target.currentData())
        super().accept()
        self.chosen.emit(batch, target)

    def _preview(self, _: object = None) -> None:
        """Lines where the planes will cut the others, and the range in words."""
        try:
            batch = self.batch()
        except Refused as refused:
            self.range.setText(core_text(refused.title))
            return
        offsets = batch.offsets
        low, high = offsets[0], offsets[-1]
        words = self.tr("{0} planes over {1} mm, from {2} to {3} mm of the one shown")
        ends = (f"{place:+g}".replace("-", "\N{MINUS SIGN}") for place in (low, high))
        self.range.setText(words.format(len(offsets), f"{high - low:g}", *ends))
        directions = directions_of(batch.state)
        if directions is None or batch.state.focus is None:
            return
        forward = self._forward(directions)
        every = max(1, len(offsets) // MOST_LINES)
        points = tuple(add(batch.state.focus, scale(forward, away)) for away in (*offsets[::every], offsets[-1]))
        self._show(((batch.state.study_uid, batch.state.series_uid), points, cross(*directions)))

    def _forward(self, directions: tuple[tuple[float, float, float], tuple[float, float, float]]) -> tuple[float, float, float]:
        """The reading direction, as the viewer scrolls."""
        viewer, focus = self._viewing.viewer(self._viewing.active), self._state.focus
        normal = cross(*directions)
        if viewer is None or focus is None:
            return normal
        on = viewer.scrolled(self._state, 1).focus
        back = viewer.scrolled(self._state, -1).focus
        if on is None or back is None:
            return normal
        ahead = sum(n * (a - b) for n, a, b in zip(normal, on, back, strict=True))
        return normal if ahead >= 0 else scale(normal, -1.0)

    def _clear(self) -> None:
        self._show(None)

    def _show(self, preview: object) -> None:
        self._viewing.planes.preview = preview  # type: ignore[assignment]  # built just above, or None
        self._viewing.overlays_changed.emit(self._viewing.overlays)


def _millimetres(least: float, most: float, value: float) -> QDoubleSpinBox:
    field = QDoubleSpinBox()
    field.setLocale(QLocale.c())
    field.setDecimals(2)
    field.setRange(least, most)
    field.setSingleStep(0.5)
    field.setSuffix(" mm")
    field.setValue(value)
    return field
