"""Notices that float over the lower edge of the page: nothing moves when one comes, and none is a dialog in the way.

Errors stay until dismissed.
"""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QEvent, QObject, QSize, Qt, QTimer, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QToolButton, QWidget

from ui import icons, theme
from ui.key_mentions import as_now
from ui.menus import plain_title
from ui.plain import core_text, plain, tooltip
from ui.runner import Runner
from workstation.session.case import Notice

SHOWN_MS = 7000
WIDEST = 960
EDGE = 14


class Banner(QFrame):
    """Shows the latest notice; an error is not pushed aside by a mere note."""

    declined = Signal(str)
    """The command that was offered with a notice that somebody took away by hand."""

    def __init__(self, page: QWidget, runner: Runner) -> None:
        """Floats over `page`, in the window that holds it. `runner` does what a notice offers."""
        super().__init__(page.parentWidget())
        self._page = page
        self._runner = runner
        self._kept_off: QWidget | None = None
        page.installEventFilter(self)
        self.setObjectName("banner")
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 6, 6, 6)
        self._mark = QLabel()
        self._text = QLabel()
        self._text.setTextFormat(Qt.TextFormat.PlainText)
        self._text.setWordWrap(True)
        self._text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._count = QLabel()
        self._count.setProperty("role", "muted")
        self._close = QToolButton()
        self._close.setProperty("flat", True)
        self._close.setIcon(icons.icon("close"))
        self._close.setToolTip(tooltip(self.tr("Dismiss")))
        self._close.setAccessibleName(self.tr("Dismiss"))
        self._close.clicked.connect(self._refuse)
        self.offer = QPushButton()
        self.offer.setObjectName("bannerOffer")
        self.offer.clicked.connect(self._accept)
        row.addWidget(self._mark)
        row.addWidget(self._text, 1)
        row.addWidget(self.offer)
        row.addWidget(self._count)
        row.addWidget(self._close)
        self._errors: dict[str, Notice] = {}  # by its words on screen; newest last
        self._note = Notice("")
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.dismiss)
        self.hide()

    @property
    def text(self) -> str:
        return self._text.text() if not self.isHidden() else ""

    def show_notice(self, notice: Notice) -> None:
        text = as_now(plain(core_text(notice.text)), self._runner)
        if notice.error:
            self._errors.pop(text, None)
            self._errors[text] = notice
        else:
            self._note = replace(notice, text=text)
        self._show()

    def dismiss(self) -> None:
        """Take the shown line away; the next waiting one follows."""
        if self._errors:
            self._errors.popitem()
        else:
            self._note = Notice("")
        self._show()

    def forget_case(self) -> None:
        """Another case is opened: nothing that was said about the old one may stand over its images."""
        self._errors = {text: notice for text, notice in self._errors.items() if not notice.of_case}
        self._note = Notice("")
        self._show()

    def forget_refusals(self) -> None:
        """What was said against a signature is answered by one."""
        self._errors = {text: notice for text, notice in self._errors.items() if not notice.until_signed}
        self._show()

    def _accept(self) -> None:
        notice = self._shown()
        self.dismiss()
        self._runner.run(notice.command)

    def _refuse(self) -> None:
        """Taken away by hand: what was offered with it is not wanted."""
        offered = self._shown().command
        self.dismiss()
        if offered:
            self.declined.emit(offered)

    def _shown(self) -> Notice:
        return self._errors[next(reversed(self._errors))] if self._errors else self._note

    def _show_offer(self, command_id: str) -> None:
        self.offer.setVisible(bool(command_id))
        if command_id:
            command = self._runner.commands[command_id]
            self.offer.setText(plain_title(command.title))
            self.offer.setToolTip(tooltip(core_text(command.title), self._runner.keys_text(command_id)))

    def _show(self) -> None:
        self._timer.stop()
        if self._errors:
            more = len(self._errors) - 1
            self._paint(next(reversed(self._errors)), "banner-error", self.tr("and {0} more").format(more) if more else "")
        elif self._note.text:
            self._paint(self._note.text, "banner", "")
            self._timer.start(SHOWN_MS)
        else:
            self.hide()

    def _paint(self, text: str, role: str, count: str) -> None:
        self.setProperty("role", role)
        self.style().unpolish(self)
        self.style().polish(self)
        error = role == "banner-error"
        self._mark.setPixmap(icons.pixmap("warning", theme.RED) if error else icons.pixmap("text", theme.ACCENT))
        self._mark.setFixedSize(QSize(22, 22))
        self._mark.setVisible(error)
        self._text.setText(text)
        self._show_offer(self._shown().command)
        self._count.setText(count)
        self._count.setVisible(bool(count))
        self.setAccessibleName(text)
        self._place()
        self.show()
        self.raise_()

    def move_to(self, page: QWidget) -> None:
        """Float over another page, perhaps of another window: where the reader is. What was said goes along."""
        if page is not self._page:
            was_shown = not self.isHidden()
            self._page.removeEventFilter(self)
            self._page = page
            page.installEventFilter(self)
            self.setParent(page.parentWidget())
            self._place()
            self.setVisible(was_shown)
            self.raise_()

    def keep_off(self, widget: QWidget) -> None:
        """Never lie over this one, at the right of the page: what is pressed there stays free."""
        self._kept_off = widget
        widget.installEventFilter(self)

    def _place(self) -> None:
        page = self._page.geometry()
        right, bottom = page.width(), page.height()
        kept_off = self._kept_off
        if kept_off is not None and kept_off.isVisible() and self._page.isAncestorOf(kept_off):
            corner = kept_off.mapTo(self._page, kept_off.rect().topLeft())
            if corner.x() > page.width() / 3:
                right = corner.x()
            else:  # it stands below
                bottom = corner.y()
        width = min(WIDEST, right - 2 * EDGE)
        height = max(self.heightForWidth(width), self.minimumSizeHint().height())
        self.setGeometry(page.x() + (right - width) // 2, page.y() + bottom - 1 - height - EDGE, width, height)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.Resize, QEvent.Type.Move, QEvent.Type.Show, QEvent.Type.Hide):
            self._place()
        return False
