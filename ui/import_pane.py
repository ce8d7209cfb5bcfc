"""Import at the foot of the worklist: progress with a way to stop, then what came in and what was refused."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QElapsedTimer, QSize, Qt
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QProgressBar,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
)

from ui import theme
from ui.list_table import quiet_heads
from ui.plain import core_text, plain, tooltip
from workstation.cache.intake import ImportResult
from workstation.jobs import FILES, Cancel

if TYPE_CHECKING:
    from ui.seat import Seat

# Each file tells how far it is; the screen needs to hear it ten times a second.
TELL_MS = 100
SHOWN_ROWS = 500


class ImportPane(QFrame):
    """Hidden until something is imported. One import at a time; further ones wait their turn."""

    def __init__(self, core: Seat) -> None:
        super().__init__()
        self.setObjectName("importPane")
        self._core = core
        self._running = False
        self._stopped = False
        self._waiting: list[Sequence[Path]] = []
        self._title = QLabel()
        self._title.setTextFormat(Qt.TextFormat.PlainText)
        self._title.setProperty("role", "heading")
        self._detail = QLabel()
        self._detail.setTextFormat(Qt.TextFormat.PlainText)
        self._detail.setProperty("role", "muted")
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setFixedHeight(8)
        self._stop = QPushButton(self.tr("Stop"))
        self._stop.clicked.connect(self.stop)
        self._close = QPushButton(self.tr("Close"))
        self._close.clicked.connect(self.hide)
        self.table = QTableWidget(0, 2)
        self._build()
        self.hide()

    def _build(self) -> None:
        self.table.setHorizontalHeaderLabels([self.tr("File"), self.tr("Why it was refused")])
        self.table.verticalHeader().hide()
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setShowGrid(False)
        self.table.setWordWrap(False)
        self.table.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.table.setAccessibleName(self.tr("Refused files"))
        self.table.horizontalHeader().setSectionResizeMode(0, QHeaderView.ResizeMode.Interactive)
        self.table.horizontalHeader().setStretchLastSection(True)
        quiet_heads(self.table)
        self.table.setColumnWidth(0, 520)
        self.table.setMinimumHeight(110)
        row = QHBoxLayout()
        row.addWidget(self._title)
        row.addSpacing(theme.GAP)
        row.addWidget(self._detail, 1)
        row.addWidget(self._stop)
        row.addWidget(self._close)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 8, 12, 10)
        column.setSpacing(theme.GAP)
        column.addLayout(row)
        column.addWidget(self._bar)
        column.addWidget(self.table)

    def sizeHint(self) -> QSize:
        return QSize(600, 96 if self.table.isHidden() else 240)

    @property
    def is_running(self) -> bool:
        return self._running

    def start(self, paths: Sequence[Path]) -> None:
        """Import files and folders into the cache."""
        if self._running:
            self._waiting.append(paths)
            return
        self._show_running()
        clock = QElapsedTimer()
        clock.start()
        told = [-TELL_MS]

        def progress(done: int, total: int, phrase: str) -> None:
            if clock.elapsed() - told[0] >= TELL_MS:
                told[0] = clock.elapsed()
                self._core.jobs.on_main(lambda: self._progress(done, total, phrase))

        def work(cancel: Cancel) -> ImportResult:
            return self._core.cache.add(paths, progress, lambda: cancel() or self._stopped)

        self._running, self._stopped = True, False
        self._core.jobs.run(FILES, work, self._finished, self._failed)

    def stop(self) -> None:
        """Ask the import to end; what came in stays."""
        self._stopped = True
        self._waiting.clear()
        self._stop.setEnabled(False)
        self._title.setText(self.tr("Stopping…"))

    def _show_running(self) -> None:
        self._title.setText(self.tr("Importing…"))
        self._detail.setText("")
        self._bar.setRange(0, 0)
        self._bar.show()
        self._stop.setEnabled(True)
        self._stop.show()
        self._close.hide()
        self.table.hide()
        self.show()

    def _progress(self, done: int, total: int, phrase: str) -> None:
        if not self._running:
            return
        self._bar.setRange(0, total)
        self._bar.setValue(done)
        count = self.tr("{0} of {1}").format(done, total) if total else str(done)
        self._detail.setText(f"{plain(core_text(phrase))}   {count}")

    def _finished(self, result: ImportResult) -> None:
        self._ended()
        self._title.setText(self.tr("Stopped") if self._stopped else self.tr("Imported"))
        self._detail.setText(result_words(result))
        self._show_refused(result)
        self._core.session.refresh_worklist()
        if result.stopped is not None:
            self._core.session.report_problem(result.stopped)
        self._next()

    def _failed(self, error: Exception) -> None:
        self._ended()
        self._title.setText(self.tr("Not imported"))
        self._core.session.report_problem(error)
        self._core.session.refresh_worklist()
        self._next()

    def _ended(self) -> None:
        self._running = False
        self._bar.hide()
        self._stop.hide()
        self._close.show()

    def _next(self) -> None:
        if self._waiting:
            self.start(self._waiting.pop(0))

    def _show_refused(self, result: ImportResult) -> None:
        self.table.setVisible(bool(result.refused))
        shown = result.refused[:SHOWN_ROWS]
        self.table.setRowCount(len(shown))
        for row, (file, reason) in enumerate(shown):
            for column, text in enumerate((plain(file), plain(core_text(reason)))):
                item = QTableWidgetItem(text)
                item.setToolTip(tooltip(text))
                self.table.setItem(row, column, item)
        if len(result.refused) > SHOWN_ROWS:
            more = self.tr("… and {0} more").format(len(result.refused) - SHOWN_ROWS)
            self.table.setRowCount(SHOWN_ROWS + 1)
            self.table.setItem(SHOWN_ROWS, 0, QTableWidgetItem(more))
        self.updateGeometry()


def result_words(result: ImportResult) -> str:
    """`312 images in 2 studies, 4 already here, 1 refused`."""
    counted = [
        (result.imported, "1 file", "{0} files"),
        (len(result.studies), "1 study", "{0} studies"),
        (result.duplicates, "1 already here", "{0} already here"),
        (len(result.refused), "1 refused", "{0} refused"),
    ]
    parts = [core_text(one) if n == 1 else core_text(many).format(n) for n, one, many in counted if n]
    return " · ".join(parts) if parts else core_text("Nothing to import was found")
