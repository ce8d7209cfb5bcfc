"""Templates and phrases by name: the one that fits best stands first, with why; what it would write is shown below."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QColor, QKeyEvent, QShowEvent
from PySide6.QtWidgets import QDialog, QLabel, QLineEdit, QListWidget, QListWidgetItem, QPlainTextEdit, QVBoxLayout, QWidget

from ui import theme
from ui.plain import core_text, plain
from workstation.commands.finding import fit_text
from workstation.domain.report import SECTION_TITLES
from workstation.errors import WorkstationError
from workstation.session.session import Session
from workstation.templates.choosing import Proposal
from workstation.templates.model import Kind, Template

ROLE = Qt.ItemDataRole.UserRole
PAGE = 8


class TemplatePicker(QDialog):
    """Type, choose with the arrows, Return puts it into the report. Esc or a click outside closes."""

    def __init__(self, session: Session, kinds: tuple[Kind, ...], parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setObjectName("palette")
        self._session = session
        self._proposals = session.templating.proposals(*kinds)
        is_phrases = Kind.MACRO in kinds
        self.field = QLineEdit()
        self.field.setPlaceholderText(self.tr("Which phrase?") if is_phrases else self.tr("Which template?"))
        self.field.setAccessibleName(self.tr("Find by name"))
        self.list = QListWidget()
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setAccessibleName(self.tr("Templates"))
        self.why = QLabel()
        self.why.setTextFormat(Qt.TextFormat.PlainText)
        self.why.setWordWrap(True)
        self.why.setProperty("role", "muted")
        self.preview = QPlainTextEdit()
        self.preview.setReadOnly(True)
        self.preview.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.preview.setAccessibleName(self.tr("What it writes"))
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 8, 8, 8)
        column.setSpacing(8)
        for widget, stretch in ((self.field, 0), (self.list, 3), (self.why, 0), (self.preview, 3)):
            column.addWidget(widget, stretch)
        self.field.textChanged.connect(self._seek)
        self.field.installEventFilter(self)
        self.list.itemClicked.connect(self._put)
        self.list.currentItemChanged.connect(lambda item, _: self._tell(item))
        self._seek("")

    def names(self) -> list[str]:
        """What is listed now."""
        return [self.list.item(row).data(ROLE).template.template_id for row in range(self.list.count())]

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        window = self.parentWidget() or self
        width = min(620, window.width() - 40)
        self.resize(width, min(640, window.height() - 100))
        corner = window.mapToGlobal(window.rect().topLeft())
        self.move(corner.x() + (window.width() - width) // 2, corner.y() + 72)
        self.field.setFocus()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.field and event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            steps = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1, Qt.Key.Key_PageDown: PAGE, Qt.Key.Key_PageUp: -PAGE}
            key = Qt.Key(event.key())
            if key in steps and self.list.count():
                self.list.setCurrentRow(min(max(self.list.currentRow() + steps[key], 0), self.list.count() - 1))
                return True
            if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self._put(self.list.currentItem())
                return True
        return super().eventFilter(watched, event)

    def _seek(self, text: str) -> None:
        sought = text.strip()
        found = [(_fit(sought, p.template), i, p) for i, p in enumerate(self._proposals)]
        kept = sorted(((s, i, p) for s, i, p in found if s is not None), key=lambda f: (-f[0], f[1]))
        self.list.clear()
        for _, _, proposal in kept:
            short = f"   {proposal.template.short}" if proposal.template.short else ""
            item = QListWidgetItem(f"{plain(proposal.template.title)}{short}")
            item.setData(ROLE, proposal)
            if proposal.against:
                item.setForeground(QColor(theme.FAINT))
            self.list.addItem(item)
        self.list.setCurrentRow(0)
        self._tell(self.list.currentItem())

    def _tell(self, item: QListWidgetItem | None) -> None:
        proposal: Proposal | None = item.data(ROLE) if item is not None else None
        self.why.setText(_why(proposal) if proposal is not None else self.tr("No template has such a name"))
        self.preview.setPlainText(self._words(proposal.template) if proposal is not None else "")

    def _words(self, template: Template) -> str:
        parts = []
        for code, filled in self._session.templating.fill(template).items():
            parts.append(f"{core_text(SECTION_TITLES[code])}\n{filled.text}" if code else filled.text)
        return "\n\n".join(parts)

    def _put(self, item: QListWidgetItem | None) -> None:
        self.close()
        if item is None:
            return
        try:
            self._session.templating.insert_template(item.data(ROLE).template)
        except WorkstationError as error:
            self._session.report_problem(error)


def _fit(sought: str, template: Template) -> int | None:
    """How well a name or a short name fits what was typed; None when it does not."""
    if not sought:
        return 0
    return max(fit_text(sought, template.title), fit_text(sought, template.short) if template.short else 0) or None


def _why(proposal: Proposal) -> str:
    reasons = proposal.against or proposal.reasons
    words = "; ".join(core_text(reason) for reason in reasons)
    return plain(words[:1].upper() + words[1:]) if words else ""
