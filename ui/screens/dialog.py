"""What each monitor is for: drawn to scale as they stand, with a choice for each, remembered for this set of them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QComboBox, QDialog, QDialogButtonBox, QGridLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from ui import theme
from ui.plain import plain
from ui.screens.identify import Identify
from ui.screens.monitors import Monitor
from ui.screens.roles import MOST_IMAGES, Role, Roles, planned
from ui.screens.screen_desk import ScreenDesk

MAP = QSize(560, 230)
_CENTRE = Qt.AlignmentFlag.AlignCenter


class MonitorMap(QWidget):
    """The monitors to scale, each with its number and what will stand on it."""

    def __init__(self, present: Sequence[Monitor], roles: Roles) -> None:
        super().__init__()
        self._present = present
        self.roles = dict(roles)
        self.setFixedSize(MAP)

    def words(self, monitor: Monitor) -> str:
        """What will stand there, for the roles as they are chosen now."""
        plan = planned(self._present, self.roles)
        main, images = monitor == plan.main, monitor in plan.images
        if main and images:
            return self.tr("worklist, images, report") if len(self._present) > 1 else self.tr("everything")
        return self.tr("worklist, report") if main else self.tr("images") if images else self.tr("not used")

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), QColor(theme.GROUND))
        whole = QRectF()
        for monitor in self._present:
            whole = whole.united(QRectF(monitor.rect))
        scale = min((MAP.width() - 20) / whole.width(), (MAP.height() - 20) / whole.height())
        left = (MAP.width() - whole.width() * scale) / 2
        top = (MAP.height() - whole.height() * scale) / 2
        for count, monitor in enumerate(self._present, start=1):
            at = QRectF(monitor.rect)
            place = QRectF(
                left + (at.x() - whole.x()) * scale, top + (at.y() - whole.y()) * scale, at.width() * scale, at.height() * scale
            )
            self._draw(painter, place.adjusted(2, 2, -2, -2), count, monitor)

    def _draw(self, painter: QPainter, place: QRectF, count: int, monitor: Monitor) -> None:
        words = self.words(monitor)
        used = words != self.tr("not used")
        painter.setPen(QPen(QColor(theme.ACCENT if used else theme.EDGE), 1.5))
        painter.setBrush(QColor(theme.RAISED if used else theme.GROUND))
        painter.drawRoundedRect(place, 3, 3)
        painter.setPen(QColor(theme.TEXT if used else theme.MUTED))
        font = theme.text_font()
        flags = int(_CENTRE) | int(Qt.TextFlag.TextWordWrap)
        painter.setFont(font)
        room = place.adjusted(4, 2, -4, -2)
        needed = painter.boundingRect(room, flags, words).height()
        below = room.adjusted(0, max(room.height() - max(needed, room.height() * 0.42), 0), 0, 0)
        painter.drawText(below, flags, words)
        large = theme.text_font()
        large.setPixelSize(max(12, min(44, round(room.height() / 3), round(room.height() - below.height()))))
        painter.setFont(large)
        painter.drawText(QRectF(room.left(), room.top(), room.width(), room.height() - below.height()), _CENTRE, str(count))


class ScreensDialog(QDialog):
    """Nothing moves until OK is pressed; the numbers are shown on the monitors themselves."""

    def __init__(self, desk: ScreenDesk, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("screensDialog")
        self.setWindowTitle(self.tr("Screens"))
        self._desk = desk
        self._present = desk.present
        self.map = MonitorMap(self._present, desk.roles())
        self.choices: dict[str, QComboBox] = {}
        self.identify = Identify(self)
        self.problem = QLabel()
        self.problem.setWordWrap(True)
        self.problem.setTextFormat(Qt.TextFormat.PlainText)
        self.problem.setMinimumHeight(2 * self.fontMetrics().lineSpacing())
        self._build()
        self._show(self.map.roles)
        if len(self._present) > 1:
            self.identify.show(self._present)

    def _build(self) -> None:
        column = QVBoxLayout(self)
        column.setSpacing(theme.GAP)
        column.addWidget(self.map, 0, Qt.AlignmentFlag.AlignHCenter)
        grid = QGridLayout()
        grid.setColumnStretch(1, 1)
        for row, monitor in enumerate(self._present):
            number, name = QLabel(str(row + 1)), QLabel(self._words(monitor))
            number.setProperty("role", "title")
            name.setTextFormat(Qt.TextFormat.PlainText)
            choice = QComboBox()
            choice.setAccessibleName(self.tr("Screen {0} is for").format(row + 1))
            for role, text in self._names():
                choice.addItem(text, role.value)
            choice.activated.connect(partial(self._chosen, monitor.key))
            choice.setEnabled(len(self._present) > 1)
            self.choices[monitor.key] = choice
            for place, widget in enumerate((number, name, choice)):
                grid.addWidget(widget, row, place)
        column.addLayout(grid)
        column.addWidget(self.problem)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
        identify = QPushButton(self.tr("Show numbers"))
        identify.clicked.connect(lambda: self.identify.show(self._present))
        guessed = QPushButton(self.tr("Propose"))
        guessed.clicked.connect(lambda: self._show(self._desk.proposed()))
        buttons.addButton(identify, QDialogButtonBox.ButtonRole.ActionRole)
        buttons.addButton(guessed, QDialogButtonBox.ButtonRole.ActionRole)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        column.addWidget(buttons)

    def _words(self, monitor: Monitor) -> str:
        """What it says it is, and how many pixels it has; what the site says it is for."""
        name = plain(monitor.model) or plain(monitor.name)
        serial = f" ({plain(monitor.serial)})" if monitor.serial else ""
        scaled = f", {round(monitor.ratio * 100)} %" if monitor.ratio != 1.0 else ""
        words = f"{name}{serial}   {monitor.width} x {monitor.height}{scaled}"
        said = self._desk.said_by_site(monitor)
        return words + ("\n" + self.tr("The site says: {0}").format(dict(self._names())[said]) if said is not None else "")

    def _names(self) -> tuple[tuple[Role, str], ...]:
        return (
            (Role.DIAGNOSTIC, self.tr("Diagnostic: images")),
            (Role.SIDE, self.tr("Side: worklist and report")),
            (Role.UNUSED, self.tr("Not used")),
        )

    def _chosen(self, key: str, _: int) -> None:
        self._show({**self.map.roles, key: Role(str(self.choices[key].currentData()))})

    def _show(self, roles: Roles) -> None:
        self.map.roles = dict(roles)
        for key, choice in self.choices.items():
            choice.setCurrentIndex(choice.findData(roles[key].value))
        self.problem.setText(self._remark(roles))
        self.map.update()

    def _remark(self, roles: Roles) -> str:
        """What the reader may not expect of these roles."""
        count = sum(role is Role.DIAGNOSTIC for role in roles.values())
        if not count:
            return self.tr("No screen is diagnostic: images stand beside the report, marked as not on a diagnostic screen.")
        if count > MOST_IMAGES:
            return self.tr("Images hang on {0} screens at the most: the ones furthest to the left.").format(MOST_IMAGES)
        if len(self._present) > 1 and Role.SIDE not in roles.values():
            return self.tr("No side screen: worklist and report share the first screen with images.")
        return ""

    def accept(self) -> None:
        roles = self.map.roles
        super().accept()
        self._desk.choose(roles)

    def done(self, result: int) -> None:
        self.identify.hide()
        super().done(result)
