"""What hangs in one place and how: a form of the cell's fields, each with words for its choices."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from PySide6.QtCore import QCoreApplication, Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QFormLayout, QHBoxLayout, QLineEdit, QWidget

from hanging_protocols.model import Anchor, CellTemplate, Flip, Selector, Size, Sort
from ui.plain import plain
from workstation.domain.viewing import Plane
from workstation.session.fusing import MAPS

NOTHING = ""
MOST_PRIORS, MOST_NTH, ROTATIONS = 9, 64, (0, 90, 180, 270)


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a cell: its widget, how it shows a value, and how it reads one (a text is what is wrong)."""

    name: str
    widget: QWidget
    show: Callable[[Any], None]
    read: Callable[[], Any]


class CellForm(QWidget):
    """`changed` is emitted with every change by hand; `problem` says what cannot be meant."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.problem = ""
        self._showing = False
        self._cell: CellTemplate | None = None
        self.selector = _combo([])
        self.fusion = _combo([])
        self.windows, self.fusion_windows = _combo([]), _combo([])
        for combo in (self.windows, self.fusion_windows):
            combo.setEditable(True)
        self.look = QLineEdit()
        self.fields = self._fields()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(14)
        for names in _COLUMNS:
            form = QFormLayout()
            form.setVerticalSpacing(4)
            for name in names:
                field = self.fields[name]
                words = _tr(_LABELS[name])
                field.widget.setAccessibleName(words.replace("&", ""))
                field.widget.setObjectName(f"cell {name}")
                form.addRow(words, field.widget)
            row.addLayout(form, 1)

    # ---- what stands in it -----------------------------------------------------------

    def offer(self, selectors: Mapping[str, Selector], windows: Sequence[str]) -> None:
        """The protocol's selectors, and presets by name."""
        self._showing = True
        named = [(NOTHING, self.tr("– nothing –")), *((name, plain(one.title)) for name, one in selectors.items())]
        for combo in (self.selector, self.fusion):
            _refill(combo, named)
        for combo in (self.windows, self.fusion_windows):
            text = combo.currentText()
            if [combo.itemText(row) for row in range(1, combo.count())] != list(windows):
                combo.clear()
                combo.addItems(["", *windows])
                combo.setCurrentText(text)
        self._showing = False

    def show_cell(self, cell: CellTemplate | None) -> None:
        if cell == self._cell and cell is not None:
            return
        self._cell = cell
        self._showing = True
        shown = cell or CellTemplate(0, 0, NOTHING)
        for name, field in self.fields.items():
            field.show(_window_text(shown) if name == "window" else getattr(shown, name))
        self._enable()
        self.problem = ""
        self._showing = False

    def cell(self) -> CellTemplate | None:
        """What the form means; None for nothing. Only to be asked while `problem` is empty."""
        return self._cell

    def _read(self) -> None:
        if self._showing:
            return
        values: dict[str, Any] = {}
        self.problem = ""
        for name, field in self.fields.items():
            value = field.read()
            if isinstance(value, _Wrong):
                self.problem = f"{_tr(_LABELS[name]).replace('&', '')}: {value.words}"
                self.changed.emit()
                return
            values[name] = value
        if not values["selector"]:
            self._cell = None
        else:
            window = values.pop("window")
            values |= (
                {"window": "", "center_width": window} if isinstance(window, tuple) else {"window": window, "center_width": None}
            )
            if not values["fusion"]:
                values |= _NOTHING_OVER
            self._cell = replace(self._cell or CellTemplate(0, 0, values["selector"]), **values)
        self._enable()
        self.changed.emit()

    def _enable(self) -> None:
        """What lies over nothing has no colours; the rest waits for a series."""
        cell = self._cell
        for name, field in self.fields.items():
            field.widget.setEnabled(name == "selector" or (cell is not None and bool(cell.fusion or name not in _NOTHING_OVER)))

    # ---- the fields ------------------------------------------------------------------

    def _fields(self) -> dict[str, Field]:
        found = [
            self._choice("selector", self.selector),
            self._whole("prior", 0, MOST_PRIORS, self.tr("this study")),
            self._whole("nth", 1, MOST_NTH),
            self._choice("plane", _combo(_PLANES), Plane),
            self._window_field(),
            self._number("slab_mm"),
            self._choice("slab_mode", _combo([("MEAN", "mean"), ("MIP", "MIP"), ("MIN", "MinIP")])),
            self._choice("sizing", _combo(_SIZES), Size),
            self._choice("anchor", _combo(_ANCHORS), Anchor),
            self._choice("sort", _combo(_SORTS), Sort),
            self._flag("descending"),
            self._choice("flip", _combo(_FLIPS), Flip),
            self._choice("rotation", _combo([(degrees, f"{degrees}°") for degrees in ROTATIONS]), int),
            self._flag("inverted"),
            self._choice("fusion", self.fusion),
            self._preset_field(),
            self._choice("colour_map", _combo([(name, name) for name in MAPS])),
            self._share("opacity"),
            self._orientation_field(),
            self._text("look", self.look),
            self._text("link_group"),
            self._text("label"),
        ]
        return {field.name: field for field in found}

    def _choice(self, name: str, combo: QComboBox, kind: Callable[[Any], Any] = str) -> Field:
        """Qt keeps the plain value of what is chosen; `kind` makes it one of ours again."""
        combo.currentIndexChanged.connect(lambda _: self._read())

        def show(value: Any) -> None:
            if name == "colour_map" and combo.findData(value) < 0:
                combo.addItem(plain(value), value)  # a site's own name: looking at it may not change it
            combo.setCurrentIndex(max(combo.findData(value), 0))

        return Field(name, combo, show, lambda: kind(combo.currentData()))

    def _whole(self, name: str, low: int, high: int, lowest: str = "") -> Field:
        numbers = [(number, lowest if lowest and number == low else str(number)) for number in range(low, high + 1)]
        return self._choice(name, _combo(numbers), int)

    def _flag(self, name: str) -> Field:
        box = QCheckBox()
        box.toggled.connect(lambda _: self._read())
        return Field(name, box, box.setChecked, box.isChecked)

    def _text(self, name: str, line: QLineEdit | None = None) -> Field:
        line = line or QLineEdit()
        line.setMaxLength(100)
        line.textEdited.connect(lambda _: self._read())
        return Field(name, line, line.setText, line.text)

    def _number(self, name: str) -> Field:
        line = QLineEdit()
        line.textEdited.connect(lambda _: self._read())
        return Field(name, line, lambda value: line.setText(f"{value:g}"), lambda: _number(line.text()))

    def _share(self, name: str) -> Field:
        line = QLineEdit()
        line.textEdited.connect(lambda _: self._read())
        return Field(name, line, lambda value: line.setText(f"{value * 100.0:.12g}"), lambda: _percent(line.text()))

    def _preset_field(self) -> Field:
        combo = self.fusion_windows
        combo.editTextChanged.connect(lambda _: self._read())
        combo.setToolTip(self.tr("A preset's name of what is laid over; empty is its own window"))
        return Field("fusion_window", combo, combo.setCurrentText, lambda: combo.currentText().strip())

    def _orientation_field(self) -> Field:
        """Qt keeps a text; the sides are two letters of PatientOrientation."""
        combo = _combo([("", "as taken"), *((" ".join(pair), f"{pair[0]} \\ {pair[1]}") for pair in ORIENTATIONS)])
        combo.setToolTip(self.tr("To which side rows, then columns point: L R left right, A P front back, H F head feet"))
        combo.currentIndexChanged.connect(lambda _: self._read())

        def show(value: tuple[str, str]) -> None:
            combo.setCurrentIndex(max(combo.findData(" ".join(value).strip()), 0))

        def read() -> tuple[str, str]:
            row, _, column = combo.currentData().partition(" ")
            return (row, column)

        return Field("patient_orientation", combo, show, read)

    def _window_field(self) -> Field:
        self.windows.editTextChanged.connect(lambda _: self._read())
        self.windows.setToolTip(self.tr("A preset's name, or center / width in figures; empty is the image's own"))
        return Field("window", self.windows, self.windows.setCurrentText, lambda: _window(self.windows.currentText()))


@dataclass(frozen=True, slots=True)
class _Wrong:
    words: str


def _number(text: str) -> float | _Wrong:
    try:
        value = float(text.strip().replace(",", ".") or 0)
    except ValueError:
        return _Wrong(_tr("a number of millimetres"))
    return value if 0.0 <= value <= 500.0 else _Wrong(_tr("from 0 to 500 mm"))


def _percent(text: str) -> float | _Wrong:
    try:
        value = float(text.strip().replace(",", ".") or 0) / 100.0
    except ValueError:
        return _Wrong(_tr("a number from 0 to 100"))
    return round(value, 6) if 0.0 <= value <= 1.0 else _Wrong(_tr("from 0 to 100 %"))


def _window(text: str) -> str | tuple[float, float] | _Wrong:
    """`Lung`, or `-600 / 1500`."""
    parts = [part.strip().replace(",", ".") for part in text.split("/")]
    if len(parts) != 2:
        return text.strip()
    try:
        center, width = float(parts[0]), float(parts[1])
    except ValueError:
        return text.strip()
    return (center, width) if 0.0 < width <= 1e9 and abs(center) <= 1e9 else _Wrong(_tr("the width is above 0"))


def _window_text(cell: CellTemplate) -> str:
    return cell.window if cell.center_width is None else f"{cell.center_width[0]:g} / {cell.center_width[1]:g}"


def _refill(combo: QComboBox, items: Sequence[tuple[str, str]]) -> None:
    """Other items, the chosen one kept; nothing where they are the same, so that nobody loses a place in a list."""
    if [(combo.itemData(row), combo.itemText(row)) for row in range(combo.count())] == list(items):
        return
    kept = combo.currentData()
    combo.clear()
    for name, title in items:
        combo.addItem(title, name)
    combo.setCurrentIndex(max(combo.findData(kept), 0))


def _combo(choices: Sequence[tuple[Any, str]]) -> QComboBox:
    combo = QComboBox()
    combo.setMinimumContentsLength(8)
    combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    for value, words in choices:
        combo.addItem(_tr(words), value)
    return combo


def _tr(text: str) -> str:
    return QCoreApplication.translate("core", text)


_PLANES: Sequence[tuple[Plane, str]] = (
    (Plane.STACK, "as acquired"), (Plane.AXIAL, "axial"), (Plane.CORONAL, "coronal"), (Plane.SAGITTAL, "sagittal"),
    (Plane.THREE_D, "3D"),
)  # fmt: skip
_SIZES = (
    (Size.FIT, "whole image"), (Size.ANATOMY, "the body"), (Size.SAME_SCALE, "one scale"),
    (Size.TRUE_SIZE, "true size"), (Size.PIXELS, "one to one"),
)  # fmt: skip
_ANCHORS = ((Anchor.NONE, "middle"), (Anchor.LEFT, "left edge"), (Anchor.RIGHT, "right edge"))
_SORTS = (
    (Sort.AS_READ, "as usual"), (Sort.POSITION, "position"), (Sort.TIME, "time"), (Sort.NUMBER, "number"),
)  # fmt: skip
_FLIPS = (
    (Flip.NONE, "no"), (Flip.HORIZONTAL, "sideways"), (Flip.VERTICAL, "upside down"), (Flip.BOTH, "both ways"),
)  # fmt: skip
_LABELS = {
    "selector": "&Series", "prior": "&Of prior", "nth": "Which one", "plane": "&Plane", "window": "&Window",
    "slab_mm": "Slab, mm", "slab_mode": "Slab shows", "sizing": "Si&ze", "anchor": "Lies", "sort": "Paged",
    "descending": "Backwards", "patient_orientation": "Sides", "flip": "Mirrored", "rotation": "Turned",
    "inverted": "&Inverted", "fusion": "Laid over", "fusion_window": "Its window",
    "colour_map": "Its colours", "opacity": "Opacity, %",
    "look": "3D look", "link_group": "Moves &with", "label": "La&bel",
}  # fmt: skip
_COLUMNS = (
    ("selector", "prior", "nth", "plane", "slab_mm", "slab_mode", "look"),
    ("window", "inverted", "fusion", "fusion_window", "colour_map", "opacity", "link_group"),
    ("sizing", "anchor", "patient_orientation", "flip", "rotation", "sort", "descending", "label"),
)
_NOTHING_OVER: Mapping[str, Any] = {
    name: getattr(CellTemplate(0, 0, NOTHING), name) for name in ("fusion_window", "colour_map", "opacity")
}
# Rows and columns of PatientOrientation along two axes of the body; the usual ways of projections first.
_AXIS = {"L": 0, "R": 0, "A": 1, "P": 1, "H": 2, "F": 2}
_USUAL = (("L", "F"), ("A", "F"), ("P", "F"), ("R", "F"))
_WAYS = tuple((row, column) for row in "LRAPHF" for column in "LRAPHF" if _AXIS[row] != _AXIS[column])
ORIENTATIONS = (*_USUAL, *(pair for pair in _WAYS if pair not in _USUAL))
