"""One place for colours, sizes and the style sheet of the window.

Made for a dark room: neutral greys (equal red, green and blue, so that no tint competes with
the image), pure black behind images, one calm accent. Amber is kept for doubt, red for
errors and refusals, lilac for priors; each is always beside a word that says the same. What the
reader drew is yellow, what others found is green and dashed.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from string import Template

from PySide6.QtGui import QColor, QFont, QFontDatabase, QPalette
from PySide6.QtWidgets import QApplication

IMAGE = "#000000"
GROUND = "#0d0d0d"
PANEL = "#151515"
RAISED = "#212121"
HOVER = "#2b2b2b"
LINE = "#333333"
EDGE = "#6e6e6e"
TEXT = "#dcdcdc"
MUTED = "#a3a3a3"
FAINT = "#8c8c8c"
ACCENT = "#62b4d6"
ACCENT_GROUND = "#173846"
AMBER = "#f0b54a"
AMBER_GROUND = "#33270b"
RED = "#ff8a80"
RED_GROUND = "#3a1613"
GREEN = "#86c995"
PRIOR = "#c8a8ff"
DRAWN = "#ffe46b"
FOREIGN = "#7fe3c8"
PRIOR_GROUND = "#2c2140"

POINT_SIZE = 11
GAP = 8

# Text on ground, as the style sheet and the painters combine them. WCAG 2.2, 1.4.3 asks for 4.5:1.
TEXT_PAIRS: tuple[tuple[str, str], ...] = (
    *((text, ground) for text in (TEXT, MUTED) for ground in (IMAGE, GROUND, PANEL, RAISED, HOVER)),
    *((FAINT, ground) for ground in (IMAGE, GROUND, PANEL, RAISED)),
    *((mark, ground) for mark in (ACCENT, AMBER, RED, GREEN, PRIOR) for ground in (IMAGE, GROUND, PANEL, RAISED)),
    (DRAWN, IMAGE),
    (FOREIGN, IMAGE),
    (TEXT, ACCENT_GROUND),
    (MUTED, ACCENT_GROUND),
    (ACCENT, ACCENT_GROUND),
    (AMBER, ACCENT_GROUND),
    (RED, ACCENT_GROUND),
    (GREEN, ACCENT_GROUND),
    (PRIOR, ACCENT_GROUND),
    (AMBER, AMBER_GROUND),
    (TEXT, AMBER_GROUND),
    (RED, RED_GROUND),
    (TEXT, RED_GROUND),
    (PRIOR, PRIOR_GROUND),
)
# Lines that must be seen to use the program (focus, active viewport): 3:1 (WCAG 2.2, 1.4.11).
MARK_PAIRS: tuple[tuple[str, str], ...] = tuple(
    (mark, g) for mark in (ACCENT, EDGE, PRIOR) for g in (IMAGE, GROUND, PANEL, RAISED)
)

# Faces that hold Nordic letters and tell 1, l, I and 0, O apart, best first.
FACES = ("Inter", "Noto Sans", "Segoe UI", "Cantarell", "Ubuntu", "DejaVu Sans", "Helvetica Neue", "Arial")


def contrast(first: str, second: str) -> float:
    """The contrast ratio of two colours, 1 to 21 (WCAG 2.2, relative luminance)."""
    light, dark = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    parts = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def text_font(points: float = POINT_SIZE, bold: bool = False) -> QFont:
    """The window's face at a size of at least `POINT_SIZE`."""
    font = QFont(QApplication.font())
    font.setPointSizeF(max(points, POINT_SIZE))
    font.setBold(bold)
    return font


def apply(app: QApplication) -> None:
    """Dress the whole program."""
    app.setStyle("Fusion")
    known = set(QFontDatabase.families())
    face = next((f for f in FACES if f in known), app.font().family())
    font = QFont(face)
    font.setPointSizeF(POINT_SIZE)
    app.setFont(font)
    app.setPalette(_palette())
    app.setStyleSheet(style_sheet())


@contextmanager
def dressed_at_the_end(app: QApplication) -> Iterator[None]:
    """Widgets made meanwhile are dressed together: one that is put into another would be dressed anew, with all in it."""
    sheet = app.styleSheet()
    app.setStyleSheet("")
    try:
        yield
    finally:
        app.setStyleSheet(sheet)


def _palette() -> QPalette:
    palette = QPalette()
    role = QPalette.ColorRole
    for name, colour in (
        (role.Window, PANEL),
        (role.WindowText, TEXT),
        (role.Base, GROUND),
        (role.AlternateBase, PANEL),
        (role.Text, TEXT),
        (role.PlaceholderText, FAINT),
        (role.Button, RAISED),
        (role.ButtonText, TEXT),
        (role.BrightText, TEXT),
        (role.ToolTipBase, RAISED),
        (role.ToolTipText, TEXT),
        (role.Highlight, ACCENT_GROUND),
        (role.HighlightedText, TEXT),
        (role.Link, ACCENT),
        (role.Light, HOVER),
        (role.Mid, LINE),
        (role.Dark, GROUND),
        (role.Shadow, IMAGE),
    ):
        palette.setColor(name, QColor(colour))
    for name in (role.Text, role.WindowText, role.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, name, QColor(FAINT))
    return palette


def style_sheet() -> str:
    """The style sheet with the colours above put in."""
    names = {k: v for k, v in globals().items() if k.isupper() and isinstance(v, str)}
    drawn = {name: str(files("resources") / "icons" / f"{name.lower()}.svg").replace("\\", "/") for name in ("DOWN", "CHECK")}
    return _SHEET.substitute(names, **drawn)


_SHEET = Template("""
QWidget { color: $TEXT; }
QMainWindow, QDialog { background: $PANEL; }
QToolTip { background: $RAISED; color: $TEXT; border: 1px solid $EDGE; padding: 4px 6px; }

QMenuBar { background: $PANEL; border-bottom: 1px solid $LINE; padding: 0 4px; }
QMenuBar::item { padding: 4px 10px; background: transparent; border-radius: 4px; }
QMenuBar::item:selected, QMenuBar::item:pressed { background: $HOVER; }
QMenu { background: $RAISED; border: 1px solid $EDGE; padding: 4px; }
QMenu::item { padding: 5px 28px 5px 22px; border-radius: 4px; }
QMenu::item:selected { background: $ACCENT_GROUND; }
QMenu::item:disabled { color: $FAINT; }
QMenu::separator { height: 1px; background: $LINE; margin: 4px 8px; }

QStatusBar { background: $PANEL; border-top: 1px solid $LINE; }
QStatusBar::item { border: none; }

QPushButton, QToolButton, QComboBox {
    background: $RAISED; border: 1px solid $LINE; border-radius: 5px; padding: 5px 12px; min-height: 18px;
}
QToolButton { padding: 4px 6px; }
QPushButton:hover, QToolButton:hover, QComboBox:hover { background: $HOVER; }
QPushButton:pressed, QToolButton:pressed { background: $ACCENT_GROUND; }
QPushButton:focus, QToolButton:focus, QComboBox:focus { border: 1px solid $ACCENT; }
QPushButton:disabled, QToolButton:disabled { color: $FAINT; background: $PANEL; }
QPushButton:default { border: 1px solid $ACCENT; }
QToolButton:checked { background: $ACCENT_GROUND; border: 1px solid $ACCENT; }
QToolButton[flat="true"] { background: transparent; border: 1px solid transparent; }
QToolButton[flat="true"]:hover { background: $HOVER; }
QToolButton[flat="true"]:checked { background: $ACCENT_GROUND; border: 1px solid $ACCENT; }
QToolButton[switch="true"]:checked { background: $HOVER; border: 1px solid transparent; }
QToolButton[flat="true"]:focus { border: 1px solid $ACCENT; }
QToolButton::menu-indicator { image: none; width: 0; }

QLineEdit, QTextEdit, QPlainTextEdit, QSpinBox {
    background: $GROUND; border: 1px solid $EDGE; border-radius: 5px; padding: 5px 7px;
    selection-background-color: $ACCENT_GROUND; selection-color: $TEXT;
}
QCheckBox::indicator { width: 14px; height: 14px; border: 1px solid $EDGE; border-radius: 3px; background: $GROUND; }
QCheckBox::indicator:checked { image: url($CHECK); }
QCheckBox:focus, QCheckBox::indicator:focus { color: $ACCENT; border-color: $ACCENT; }
QComboBox::drop-down { border: none; width: 22px; }
QComboBox::down-arrow { image: url($DOWN); width: 10px; height: 6px; }
QLineEdit QToolButton { background: transparent; border: none; padding: 0; min-height: 0; }
QLineEdit:focus, QTextEdit:focus, QPlainTextEdit:focus, QSpinBox:focus { border: 1px solid $ACCENT; }
QLineEdit:disabled, QTextEdit:disabled, QPlainTextEdit:disabled { border: 1px solid $LINE; color: $MUTED; }

QAbstractItemView {
    background: $GROUND; alternate-background-color: $PANEL; border: 1px solid $LINE; outline: none;
    selection-background-color: $ACCENT_GROUND;
}
QAbstractItemView:focus { border: 1px solid $ACCENT; }
QTableView { gridline-color: transparent; }
QTableView::item { padding: 4px 8px; border: none; }
QHeaderView { background: $PANEL; border: none; }
QHeaderView::section {
    background: $PANEL; color: $MUTED; border: none; border-bottom: 1px solid $LINE; padding: 6px 8px 6px 11px;
}
QHeaderView::section:hover { background: $HOVER; color: $TEXT; }
QTableCornerButton::section { background: $PANEL; border: none; }

QScrollBar:vertical { background: transparent; width: 12px; margin: 0; }
QScrollBar:horizontal { background: transparent; height: 12px; margin: 0; }
QScrollBar::handle { background: $EDGE; border-radius: 4px; margin: 2px; }
QScrollBar::handle:vertical { min-height: 28px; }
QScrollBar::handle:horizontal { min-width: 28px; }
QScrollBar::handle:hover { background: $MUTED; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }

QSplitter::handle { background: $IMAGE; }
QSplitter::handle:hover { background: $ACCENT_GROUND; }
QProgressBar { background: $GROUND; border: 1px solid $LINE; border-radius: 4px; text-align: center; min-height: 8px; }
QProgressBar::chunk { background: $ACCENT; border-radius: 3px; }
QTabBar::tab { background: transparent; padding: 6px 12px; border-bottom: 2px solid transparent; color: $MUTED; }
QTabBar::tab:selected { color: $TEXT; border-bottom: 2px solid $ACCENT; }
QTabWidget::pane { border: none; border-top: 1px solid $LINE; }
QCheckBox:focus, QRadioButton:focus { color: $ACCENT; }

QDialogButtonBox { dialogbuttonbox-buttons-have-icons: 0; }
QLabel[role="muted"] { color: $MUTED; }
QLabel[role="title"] { font-size: 15pt; font-weight: 600; }
QLabel[role="heading"] { font-weight: 600; }
QLabel[role="amber"] { color: $AMBER; }
QLabel[role="red"] { color: $RED; }
QLabel[role="green"] { color: $GREEN; }
QLabel[role="prior"] { color: $PRIOR; }
QLabel#reportTitle { font-size: 13pt; font-weight: 600; }
QFrame#reportState { background: $RAISED; border: none; border-left: 3px solid $EDGE; border-radius: 3px; }
QFrame#reportState[kind="waiting"] { background: $AMBER_GROUND; border-left: 3px solid $AMBER; }
QFrame#reportState[kind="confirmed"] { border-left: 3px solid $GREEN; }
QFrame#reportState[kind="trouble"] { background: $RED_GROUND; border-left: 3px solid $RED; }
QFrame#reportState[kind="draft"] QLabel { color: $MUTED; }
QFrame#reportState[kind="waiting"] QLabel { color: $AMBER; }
QFrame#reportState[kind="confirmed"] QLabel { color: $GREEN; }
QFrame#reportState[kind="trouble"] QLabel { color: $RED; }
QLabel#reportHint { color: $MUTED; }
QLabel#dictationHint { color: $AMBER; }
QLabel#sectionTitle { color: $MUTED; font-weight: 600; }
QLabel#sectionTitle[target="true"] { color: $ACCENT; }
QLabel#sectionMark { color: $FAINT; }
QLabel#sectionMark[saving="true"] { color: $MUTED; }
QLabel#sectionMark[unsaved="true"] { color: $RED; }
QLabel#draft { color: $MUTED; font-style: italic; }
QPlainTextEdit#sectionContext, QPlainTextEdit#priorReports {
    background: $PANEL; color: $MUTED; border: none; border-left: 2px solid $LINE; border-radius: 0; padding: 1px 6px;
}
QPlainTextEdit#priorReports { background: $RAISED; border-left: 2px solid $PRIOR; }
QToolButton#unseenWords { color: $AMBER; padding: 1px 6px; min-height: 0; }
QToolButton#takeOver, QToolButton#showPriorReports { color: $ACCENT; padding: 1px 6px; min-height: 0; }
QPlainTextEdit[target="true"] { border: 1px solid $ACCENT; }
QPushButton#primary:enabled { border: 1px solid $ACCENT; background: $ACCENT_GROUND; }
QPushButton#dictate:checked { background: $RED_GROUND; border: 1px solid $RED; color: $TEXT; }
QScrollArea { border: none; background: transparent; }
QFrame[role="banner"] { background: $ACCENT_GROUND; border: 1px solid $ACCENT; border-radius: 6px; }
QFrame[role="banner-error"] { background: $RED_GROUND; border: 1px solid $RED; border-radius: 6px; }
QFrame[role="bar"] { background: $PANEL; border: none; border-bottom: 1px solid $LINE; }
QFrame[role="popup"] { background: $RAISED; border: 1px solid $EDGE; }
QToolButton#chip { padding: 2px 9px; min-height: 16px; border-radius: 10px; color: $MUTED; }
QToolButton#chip[isSet="true"] { color: $TEXT; background: $ACCENT_GROUND; border: 1px solid $ACCENT; }
QListWidget#worklistRail { background: $PANEL; border: none; border-right: 1px solid $LINE; padding: 6px 2px; }
QListWidget#worklistRail:focus { border: none; border-right: 1px solid $ACCENT; }
QListWidget#worklistRail::item { border-radius: 4px; }
QListWidget#worklistRail::item:selected { background: $ACCENT_GROUND; }
QListWidget#worklistRail::item:hover:!selected { background: $HOVER; }
QPushButton#newRows { background: $ACCENT_GROUND; border: 1px solid $ACCENT; border-radius: 12px; padding: 3px 14px; }
QDialog#palette { border: 1px solid $EDGE; }
QFrame[role="separator"] { background: $LINE; border: none; }
""")
