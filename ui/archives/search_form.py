"""What to look for in the archives: one field for each matching key, and the usual spans of dates."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from PySide6.QtCore import QSize, Signal
from PySide6.QtWidgets import QComboBox, QFrame, QGridLayout, QLabel, QLineEdit, QPushButton, QWidget

from ui import icons
from workstation.domain.archive import StudyQuery
from workstation.domain.dates import as_date

MODALITIES = ("CT", "MR", "CR", "DX", "MG", "US", "PT", "NM", "XA", "RF")
# English source strings, and how many days back.
SPANS = (("Any date", None), ("Today", 0), ("Last 7 days", 7), ("Last 30 days", 30), ("Last year", 365), ("Last 5 years", 1826))


class SearchForm(QFrame):
    """Return in any field asks. `searched` carries the query; what cannot be asked is told by `problem`."""

    searched = Signal(object)
    problem = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("archiveSearch")
        self.patient_id = self._field(self.tr("Patient ID"), self.tr("whole, or with *"))
        self.name = self._field(self.tr("Name"), self.tr("family name, or part with *"))
        self.born = self._field(self.tr("Born"), self.tr("YYYY-MM-DD"))
        self.accession = self._field(self.tr("Accession"), "")
        self.description = self._field(self.tr("Description"), self.tr("part of it"))
        self.modality = QComboBox()
        self.modality.setAccessibleName(self.tr("Modality"))
        self.modality.addItem(self.tr("Any"), "")
        for name in MODALITIES:
            self.modality.addItem(name, name)
        self.span = QComboBox()
        self.span.setAccessibleName(self.tr("Study date"))
        for words, days in SPANS:
            self.span.addItem(self.tr(words), days)
        self.ask = QPushButton(icons.icon("search"), self.tr("Search"))
        self.ask.setDefault(True)
        self.ask.clicked.connect(self._ask)
        self._build()

    def _build(self) -> None:
        grid = QGridLayout(self)
        grid.setContentsMargins(16, 4, 16, 10)
        grid.setHorizontalSpacing(10)
        grid.setVerticalSpacing(3)
        places: tuple[tuple[str, QWidget, int], ...] = (
            (self.tr("Patient ID"), self.patient_id, 3),
            (self.tr("Name"), self.name, 4),
            (self.tr("Born"), self.born, 2),
            (self.tr("Accession"), self.accession, 3),
            (self.tr("Description"), self.description, 3),
            (self.tr("Modality"), self.modality, 1),
            (self.tr("Study date"), self.span, 2),
        )
        for column, (words, widget, stretch) in enumerate(places):
            label = QLabel(words)
            label.setProperty("role", "muted")
            label.setBuddy(widget)
            grid.addWidget(label, 0, column)
            grid.addWidget(widget, 1, column)
            grid.setColumnStretch(column, stretch)
        grid.addWidget(self.ask, 1, len(places))

    def _field(self, name: str, hint: str) -> QLineEdit:
        field = QLineEdit()
        field.setAccessibleName(name)
        field.setPlaceholderText(hint)
        field.setMinimumWidth(90)
        field.returnPressed.connect(self._ask)
        return field

    def sizeHint(self) -> QSize:
        return QSize(1200, 74)

    def clear(self) -> bool:
        """Empty every field. False when they were."""
        fields = (self.patient_id, self.name, self.born, self.accession, self.description)
        was = any(field.text() for field in fields) or self.modality.currentIndex() > 0 or self.span.currentIndex() > 0
        for field in fields:
            field.clear()
        self.modality.setCurrentIndex(0)
        self.span.setCurrentIndex(0)
        return was

    def set_patient(self, patient_id: str) -> None:
        """Begin with the patient whose row was chosen."""
        self.clear()
        self.patient_id.setText(patient_id)

    def query(self, today: date | None = None) -> StudyQuery | None:
        """The matching keys; None, with `problem` told, when a field cannot be asked for or all are empty."""
        born = as_date(self.born.text().replace("-", "").strip()) if self.born.text().strip() else None
        if self.born.text().strip() and born is None:
            self.problem.emit(self.tr("The date of birth is not a date. Write it as 1950-01-31"))
            return None
        days = self.span.currentData()
        first = (today or datetime.now().astimezone().date()) - timedelta(days=days) if days is not None else None
        modality = str(self.modality.currentData())
        query = StudyQuery(
            patient_id=self.patient_id.text().strip(),
            patient_name=name_key(self.name.text()),
            birth_date=born.strftime("%Y%m%d") if born else "",
            accession_number=self.accession.text().strip(),
            modalities=(modality,) if modality else (),
            date_from=first.strftime("%Y%m%d") if first else "",
            description=_part(self.description.text()),
        )
        if query == StudyQuery():
            self.problem.emit(self.tr("Fill in at least one field: an archive holds millions of studies"))
            return None
        return query

    def _ask(self) -> None:
        query = self.query()
        if query is not None:
            self.searched.emit(query)


def name_key(text: str) -> str:
    """What a reader types as a PatientName key (PS3.5 6.2.1): `ås, per` and `ås per` become `ås*^per*`."""
    words = text.replace("^", ",").strip()
    if not words:
        return ""
    parts = [part.strip() for part in words.split(",", 1)] if "," in words else words.split(maxsplit=1)
    return "^".join(part if part.endswith("*") else f"{part}*" for part in parts if part)


def _part(text: str) -> str:
    words = text.strip()
    return words if not words or "*" in words else f"*{words}*"
