"""Speech models: which are here, which language each serves, what each cannot do; import, check, remove.

Everything is done in a lane of its own and can be stopped. Nothing is fetched from anywhere.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QDialog,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QProgressBar,
    QPushButton,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from dictation import model_store, models
from dictation.model_archive import Stopped
from dictation.model_doors import serving
from dictation.model_store import Imported
from dictation.models import ANY_LANGUAGE, EngineModel
from ui.list_table import ListTable
from ui.plain import core_text, plain
from ui.while_there import while_there
from workstation.errors import WorkstationError
from workstation.jobs import MODELS, Cancel, Jobs

STEPS = 1000


class ModelsDialog(QDialog):
    """`folder` is where the reader's own models lie; all others are read only."""

    def __init__(self, jobs: Jobs, folder: Path, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("modelsDialog")
        self.setWindowTitle(self.tr("Speech models"))
        self._jobs = jobs
        self._folder = folder
        self._found: tuple[EngineModel, ...] = ()
        self._job: Cancel | None = None
        """Stops the work under way."""
        headers = [self.tr("Model"), self.tr("Kind"), self.tr("Language"), self.tr("Whose")]
        self.table = ListTable(headers, self.tr("Speech models"), 0)
        self.languages, self.said = QLabel(), QLabel()
        self.language = QLineEdit()
        self.bar = QProgressBar()
        self.bring_file = QPushButton(self.tr("Import a file…"))
        self.bring_folder = QPushButton(self.tr("Import a folder…"))
        self.check, self.remove = QPushButton(self.tr("Check")), QPushButton(self.tr("Remove"))
        self.stop = QPushButton(self.tr("Stop"))
        self._build()
        self.table.itemSelectionChanged.connect(self._chosen)
        self.refresh()
        self.resize(760, 520)
        self.table.setFocus(Qt.FocusReason.OtherFocusReason)

    def _build(self) -> None:
        for label in (self.languages, self.said):
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setWordWrap(True)
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.languages.setProperty("role", "muted")
        self.said.setMinimumHeight(6 * self.fontMetrics().lineSpacing())  # so that nothing jumps when words come
        self.said.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.language.setPlaceholderText(self.tr("Language, such as sv"))
        self.language.setAccessibleName(self.tr("Language of the model to import"))
        self.language.setMinimumWidth(220)
        self.bar.setRange(0, STEPS)
        self.bar.setTextVisible(False)
        row = QHBoxLayout()
        for widget in (self.bring_file, self.bring_folder, self.language):
            row.addWidget(widget)
        row.addStretch(1)
        row.addWidget(self.check)
        row.addWidget(self.remove)
        progress = QHBoxLayout()
        progress.addWidget(self.bar, 1)
        progress.addWidget(self.stop)
        column = QVBoxLayout(self)
        column.setContentsMargins(18, 14, 18, 14)
        column.addWidget(self.table, 1)
        column.addWidget(self.languages)
        column.addLayout(row)
        column.addLayout(progress)
        column.addWidget(self.said)
        actions: tuple[tuple[QPushButton, Callable[[], object]], ...] = (
            (self.bring_file, self._choose_file), (self.bring_folder, self._choose_folder), (self.check, self._check),
            (self.remove, self._remove), (self.stop, self._stop),
        )  # fmt: skip
        for button, act in actions:
            button.setAutoDefault(False)
            button.clicked.connect(lambda _, act=act: act())

    # ---- showing -----------------------------------------------------------------------

    def refresh(self) -> None:
        self._found = models.installed()
        self.table.setRowCount(len(self._found))
        for row, model in enumerate(self._found):
            own = self.tr("Yours") if model_store.is_own(model, self._folder) else self.tr("Installed by the site")
            language = self.tr("many") if model.language == ANY_LANGUAGE else model.language
            for column, text in enumerate((model.name, model.kind, language, own)):
                self.table.setItem(row, column, QTableWidgetItem(plain(text)))
        if self._found and self.table.currentRow() < 0:
            self.table.selectRow(0)
        served = [f"{language}: {plain(name) or self.tr('typing only')}" for language, name in serving().items()]
        self.languages.setText(self.tr("Reports in") + "  " + "   ".join(served))
        self._show_busy()

    def _show_busy(self) -> None:
        busy, model = self._job is not None, self._model()
        for button in (self.bring_file, self.bring_folder):
            button.setEnabled(not busy)
        self.check.setEnabled(not busy and model is not None)
        self.remove.setEnabled(not busy and model is not None and model_store.is_own(model, self._folder))
        self.stop.setEnabled(busy)
        if not busy:
            self.bar.setValue(0)

    def _chosen(self) -> None:
        model = self._model()
        if model is not None and self._job is None:
            self.said.setText("\n".join((str(model.path), *(core_text(limit) + "." for limit in model_store.limits(model)))))
        self._show_busy()

    def _model(self) -> EngineModel | None:
        row = self.table.currentRow()
        return self._found[row] if 0 <= row < len(self._found) else None

    # ---- what is done ------------------------------------------------------------------

    def bring(self, source: Path) -> None:
        """Import what lies there."""
        language = self.language.text().strip().lower()
        self._run(lambda tell, cancel: model_store.add(source, self._folder, language, tell, cancel), self._imported)

    def _choose_file(self) -> None:
        name, _ = QFileDialog.getOpenFileName(self, self.tr("Import a speech model"), "", self.tr("Models (*.zip *.whl)"))
        if name:
            self.bring(Path(name))

    def _choose_folder(self) -> None:
        name = QFileDialog.getExistingDirectory(self, self.tr("Import a speech model"))
        if name:
            self.bring(Path(name))

    def _check(self) -> None:
        model = self._model()
        if model is not None:
            self._run(lambda tell, cancel: model_store.check(model, tell, cancel), self._checked)

    def _remove(self) -> None:
        model = self._model()
        if model is None:
            return
        try:
            model_store.remove(model, self._folder)
        except (WorkstationError, OSError) as error:
            words = str(error)
        else:
            words = self.tr("Removed: {0}").format(plain(model.name))
        self.refresh()
        self.said.setText(words)

    def _stop(self) -> None:
        if self._job is not None:
            self._job.set()
            self.said.setText(self.tr("Stopped: nothing was imported"))
            self._job = None
        self._show_busy()

    def _run(self, work: Callable[[Callable[[float, str], None], Cancel], Imported], done: Callable[[Imported], None]) -> None:
        mine = Cancel()
        shown = -1

        def tell(part: float, what: str) -> None:
            nonlocal shown
            if int(part * 100) != shown:  # from the lane's thread: a hundred times, not thousands
                shown = int(part * 100)
                self._jobs.on_main(lambda: self._show_progress(part, what) if mine is self._job else None)

        def wrapped(cancel: Cancel) -> Imported | None:
            try:
                return work(tell, cancel)
            except Stopped:
                return None

        self.said.setText(self.tr("Reading…"))
        self._job = mine
        self._show_busy()
        self._jobs.run(
            MODELS,
            lambda _: wrapped(mine),
            while_there(self, lambda result: self._ended(done, result) if mine is self._job else None),
            while_there(self, lambda error: self._failed(error) if mine is self._job else None),
        )

    def _show_progress(self, part: float, what: str) -> None:
        self.bar.setValue(int(part * STEPS))
        self.said.setText(core_text(what) + "…")

    def _ended(self, done: Callable[[Imported], None], result: Imported | None) -> None:
        self._job = None
        self.refresh()
        if result is not None:
            done(result)

    def _failed(self, error: Exception) -> None:
        self._job = None
        self._show_busy()
        self.said.setText(str(error))

    def _imported(self, result: Imported) -> None:
        self.language.clear()
        self.said.setText(self.tr("Imported. It is used from the next start of the program on.") + "\n" + self._facts(result))

    def _checked(self, result: Imported) -> None:
        works = self.tr("It works.") if result.trial.works else self.tr("It does not work: {0}").format(result.trial.problem)
        self.said.setText(works + "\n" + self._facts(result))

    def _facts(self, result: Imported) -> str:
        known = self.tr("known as {0}").format(result.known) if result.known else self.tr("not in our list: compare it")
        lines = [f"SHA-256 {result.sha256} ({known})"]
        if result.archive_sha256:
            lines.append(self.tr("SHA-256 of the archive {0}").format(result.archive_sha256))
        trial = result.trial
        if trial.works:
            lines.append(
                self.tr("Heard “{0}” in {1} s, {2} MB").format(plain(trial.heard), f"{trial.seconds:.1f}", trial.memory_mb)
            )
        return "\n".join(lines)

    def done(self, result: int) -> None:
        """However it is closed: Esc brings no close event."""
        if self._job is not None:
            self._job.set()
            self._job = None
        super().done(result)
