"""The archives page: search in all archives at once, fetch what is wanted, read it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QSize, Qt
from PySide6.QtGui import QKeyEvent, QShowEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QStackedLayout,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from ui.archives.missing_dialog import MissingDialog
from ui.archives.results_model import COLUMNS, DATE, DESCRIPTION, ROW_DATA, ResultRow, ResultsModel, counts
from ui.archives.search_form import SearchForm
from ui.archives.transfers_pane import TransfersPane
from ui.column_fit import ColumnFit
from ui.plain import core_text, dicom_date, person_name, plain, tooltip
from ui.runner import Runner, mark_mode
from ui.within_screen import fit
from workstation.archives.directory import Findings, FoundAt
from workstation.commands.command import Mode
from workstation.domain.archive import RetrieveProgress, StudyQuery
from workstation.domain.order import WorklistItem
from workstation.jobs import ARCHIVES, DATABASE, Cancel

if TYPE_CHECKING:
    from ui.seat import Seat

UNCHECKED = "archives.unchecked"
ROW = 34
LEAST_DESCRIPTION = 170
KEPT = tuple(n for n, column in enumerate(COLUMNS) if column.title in ("Born", "Study date", "Modality", "Images", "Here"))


class ArchivePage(QWidget):
    """Return in a field asks, Return on a row fetches it, or reads it when it is here."""

    def __init__(self, core: Seat, runner: Runner) -> None:
        super().__init__()
        self.setObjectName("archivePage")
        mark_mode(self, Mode.WORKLIST)
        self._core = core
        self._runner = runner
        self.form = SearchForm()
        self.model = ResultsModel()
        self.table = QTableView()
        self.transfers = TransfersPane()
        self.fetch_button = QPushButton(self.tr("Fetch"))
        self.read_button = QPushButton(self.tr("Read"))
        self._words = QLabel()
        self._problems = QLabel()
        self._empty = QLabel()
        self._boxes: dict[str, QCheckBox] = {}
        self._box_row = QHBoxLayout()
        self._asking: Cancel | None = None
        self._wanted: WorklistItem | None = None
        self._to_read = ""
        self._build()
        self.form.searched.connect(self.search)
        self.form.problem.connect(self._say_problem)
        self.fetch_button.clicked.connect(self.fetch_chosen)
        self.read_button.clicked.connect(self.read_chosen)
        self.table.doubleClicked.connect(lambda _: self._act())
        self.table.installEventFilter(self)
        self.transfers.open_asked.connect(self.read)
        self.transfers.again_asked.connect(self._fetch_again)
        self.transfers.why_asked.connect(self._show_missing)
        core.retrievals.progressed.connect(self._progressed)
        core.session.worklist_changed.connect(self._worklist_changed)
        self._fill_boxes()

    def sizeHint(self) -> QSize:
        return QSize(1200, 800)

    # ---- building ----------------------------------------------------------------------

    def _build(self) -> None:
        title = QLabel(self.tr("Archives"))
        title.setProperty("role", "title")
        self._words.setTextFormat(Qt.TextFormat.PlainText)
        self._words.setProperty("role", "muted")
        setup = QPushButton(self.tr("Set up…"))
        setup.setToolTip(tooltip(self.tr("Add, change and test archives"), self._runner.keys_text("archives.set_up")))
        setup.clicked.connect(lambda: self._runner.run("archives.set_up"))
        head = QHBoxLayout()
        head.setContentsMargins(16, 12, 16, 6)
        head.setSpacing(12)
        head.addWidget(title)
        head.addWidget(self._words)
        head.addStretch(1)
        head.addLayout(self._box_row)
        head.addWidget(setup)
        self._problems.setTextFormat(Qt.TextFormat.PlainText)
        self._problems.setWordWrap(True)
        self._problems.setProperty("role", "red")
        self._problems.setContentsMargins(16, 0, 16, 6)
        self._problems.hide()
        self._build_table()
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._empty.setTextFormat(Qt.TextFormat.PlainText)
        self._empty.setWordWrap(True)
        self._empty.setProperty("role", "muted")
        body = QWidget()
        self._body = QStackedLayout(body)
        self._body.addWidget(self._empty)
        self._body.addWidget(self.table)
        acts = QHBoxLayout()
        acts.setContentsMargins(16, 8, 16, 8)
        acts.setSpacing(10)
        acts.addStretch(1)
        acts.addWidget(self.fetch_button)
        acts.addWidget(self.read_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(head)
        column.addWidget(self.form)
        column.addWidget(self._problems)
        column.addWidget(body, 1)
        column.addLayout(acts)
        column.addWidget(self.transfers)

    def _build_table(self) -> None:
        table = self.table
        table.setObjectName("archiveTable")
        table.setAccessibleName(self.tr("Studies found"))
        table.setModel(self.model)
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        table.setShowGrid(False)
        table.setAlternatingRowColors(True)
        table.setWordWrap(False)
        table.setTabKeyNavigation(False)
        table.verticalHeader().hide()
        table.verticalHeader().setDefaultSectionSize(ROW)
        header = table.horizontalHeader()
        header.setHighlightSections(False)
        header.setSortIndicator(DATE, Qt.SortOrder.DescendingOrder)
        ColumnFit(table, [column.width for column in COLUMNS], DESCRIPTION, LEAST_DESCRIPTION, KEPT)
        table.setSortingEnabled(True)
        table.selectionModel().selectionChanged.connect(lambda *_: self._show_acts())

    def _fill_boxes(self) -> None:
        """One box for each archive: which are asked. What was unchecked stays so."""
        stored = self._core.remembered.get(UNCHECKED, [])
        unchecked = set(stored) if isinstance(stored, list) else set()
        while (item := self._box_row.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        self._boxes = {}
        for archive in self._core.archives.archives:
            box = QCheckBox(plain(archive.title or archive.name).replace("&", "&&"))
            box.setChecked(archive.name not in unchecked)
            box.toggled.connect(lambda _: self._remember_boxes())
            self._boxes[archive.name] = box
            self._box_row.addWidget(box)
        self._say_problem("\n".join(str(problem) for problem in self._core.archives.problems))
        self._show_empty()

    def _remember_boxes(self) -> None:
        self._core.remembered.set(UNCHECKED, [name for name, box in self._boxes.items() if not box.isChecked()])

    def archives_changed(self) -> None:
        """After the set-up was changed."""
        self._fill_boxes()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._core.archives.warm([name for name, box in self._boxes.items() if box.isChecked()])
        if not self.table.hasFocus():
            self.form.patient_id.setFocus()

    # ---- searching ---------------------------------------------------------------------

    def begin(self, patient_id: str) -> None:
        """Fill in the patient whose row was chosen; what an earlier search found is put away."""
        self.form.set_patient(patient_id)
        self.model.show_rows([])
        self._words.setText("")
        self._say_problem("")
        self._show_empty()

    def seek(self, item: WorklistItem) -> None:
        """Search for the patient of an order; its own study is chosen when it is found."""
        self._wanted = item
        self.form.set_patient(item.patient.key.patient_id)
        query = self.form.query()
        if query is not None:
            self.search(query)

    def _wanted_row(self, rows: Sequence[ResultRow]) -> int:
        """The row of the order that was sought; the first one otherwise."""
        item, self._wanted = self._wanted, None
        if item is None:
            return 0
        of_order = [
            n
            for n, row in enumerate(rows)
            if row.study.study_instance_uid == item.study_instance_uid
            or (item.accession_number and row.study.accession_number == item.accession_number)
        ]
        return of_order[0] if of_order else 0

    def search(self, query: StudyQuery) -> None:
        """Ask the checked archives; an earlier question is given up."""
        names = [name for name, box in self._boxes.items() if box.isChecked()]
        if not names:
            self._say_problem(self.tr("No archive is checked") if self._boxes else self.tr("No archive is set up yet"))
            return
        if self._asking is not None:
            self._asking.set()
        self._words.setText(self.tr("Searching…"))
        self._say_problem("")
        directory, counts_here = self._core.archives, self._core.cache.image_counts
        # A question for everybody keeps the care providers' patients apart; named archives are the reader's choice.
        named: Sequence[str] = () if len(names) == len(self._boxes) else names

        def work(cancel: Cancel) -> tuple[Findings, list[ResultRow]]:
            findings = directory.find_studies(query, named, cancelled=cancel)
            here = counts_here()
            return findings, [self._row(at, here.get(at.study.study_instance_uid, 0)) for at in findings.studies]

        def failed(error: Exception) -> None:
            self._words.setText("")
            self._core.session.report_problem(error)

        self._asking = self._core.jobs.run(ARCHIVES, work, lambda found: self._show(*found), failed, slot="archive search").cancel

    def _row(self, at: FoundAt, here: int) -> ResultRow:
        progress = self._core.retrievals.progress_of(at.study.study_instance_uid)
        titles = tuple(self._title(name) for name in at.archives)
        return ResultRow(at.study, at.archives, titles, here, progress[0] if progress else None)

    def _title(self, name: str) -> str:
        found = next((archive for archive in self._core.archives.archives if archive.name == name), None)
        return (found.title or found.name) if found else name

    def _show(self, findings: Findings, rows: list[ResultRow]) -> None:
        self.model.show_rows(rows)
        self.table.horizontalHeader().setSortIndicator(DATE, Qt.SortOrder.DescendingOrder)
        by_place = ", ".join(f"{plain(place)}: {count}" for place, count in counts(rows).items())
        count = self.tr("1 study") if len(rows) == 1 else self.tr("{0} studies").format(len(rows))
        self._words.setText(count + (f"   ({by_place})" if by_place else ""))
        lines = [f"{self._title(name)}: {core_text(why)}" for name, why in (*findings.failures, *findings.not_asked)]
        if findings.dropped:
            lines.append(self.tr("{0} answers were of other patients than asked for and are not shown").format(findings.dropped))
        self._say_problem("\n".join(lines))
        self._show_empty(searched=True)
        if rows:
            self.table.selectRow(self._wanted_row(self.model.rows))
            self.table.setFocus()

    def _say_problem(self, words: str) -> None:
        self._problems.setText("\n".join(plain(line) for line in words.split("\n")))
        self._problems.setVisible(bool(words))

    def _show_empty(self, searched: bool = False) -> None:
        self._body.setCurrentIndex(1 if self.model.rows else 0)
        if not self._boxes:
            self._empty.setText(self.tr("No archive is set up.\n\nPress “Set up…” to name one and test the connection."))
        elif searched:
            told = self._problems.isVisibleTo(self)
            no = self.tr("Nothing was found in the archives that answered.") if told else self.tr("No study matches.")
            self._empty.setText(no)
        else:
            self._empty.setText(self.tr("Fill in a field and press Return.\n\n* stands for any letters."))
        self._show_acts()

    # ---- fetching and reading ----------------------------------------------------------

    def chosen(self) -> list[ResultRow]:
        return [index.data(ROW_DATA) for index in self.table.selectionModel().selectedRows()]

    def fetch_chosen(self) -> None:
        for row in self.chosen():
            self._fetch(row)

    def _fetch(self, row: ResultRow) -> None:
        study = row.study
        job = self._core.retrievals.fetch_soon(study, row.archives[0])
        what = "  ".join(
            (person_name(study.patient.name), dicom_date(study.study_date), "/".join(study.modalities), study.description)
        )
        self.transfers.begin(study.study_instance_uid, what, job)

    def _fetch_again(self, study_instance_uid: str) -> None:
        for row in self.model.rows:
            if row.study.study_instance_uid == study_instance_uid:
                self._fetch(row)

    def _show_missing(self, progress: RetrieveProgress) -> None:
        retrievals = self._core.retrievals
        uid, archive = progress.study_instance_uid, progress.archive

        def done(refused: tuple[tuple[str, str], ...]) -> None:
            dialog = MissingDialog(progress, refused, self)
            dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            fit(dialog, self.screen())
            dialog.show()

        problem = self._core.session.report_problem
        self._core.jobs.run(DATABASE, lambda _: retrievals.refused_of(uid, archive), done, problem, slot="missing images")

    def read_chosen(self) -> None:
        rows = self.chosen()
        if rows:
            self.read(rows[0].study.study_instance_uid)

    def read(self, study_instance_uid: str) -> None:
        """Open the worklist row of a study that is here; one that has just come is waited for."""
        self._to_read = ""
        self._core.session.listing.find_study(study_instance_uid, lambda item: self._found(study_instance_uid, item))

    def _found(self, study_instance_uid: str, item: WorklistItem | None) -> None:
        if item is not None:
            self._core.session.open(item)
        else:
            self._to_read = study_instance_uid
            self._core.session.refresh_worklist()

    def _worklist_changed(self, _: object) -> None:
        wanted, self._to_read = self._to_read, ""
        if wanted:
            self._core.session.listing.find_study(wanted, self._open_what_came)

    def _open_what_came(self, item: WorklistItem | None) -> None:
        if item is not None:
            self._core.session.open(item)
        else:
            self._say_problem(self.tr("This study is not here yet: fetch it first"))

    def _act(self) -> None:
        rows = self.chosen()
        if len(rows) == 1 and rows[0].progress is not None and rows[0].progress.is_proven:
            self.read_chosen()
        else:
            self.fetch_chosen()

    def _show_acts(self) -> None:
        rows = self.chosen()
        self.fetch_button.setEnabled(bool(rows))
        self.read_button.setEnabled(len(rows) == 1 and rows[0].here > 0)

    def _progressed(self, progress: RetrieveProgress) -> None:
        self.transfers.show_progress(progress)
        self.model.update_row(
            progress.study_instance_uid, lambda row: replace(row, progress=progress, here=max(row.here, progress.received))
        )
        self._show_acts()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is not self.table or event.type() != QEvent.Type.KeyPress or not isinstance(event, QKeyEvent):
            return False
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._act()
            return True
        return False
