"""Selectors: which series goes into a place, by rules; what they find in the open study is said as they are written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QComboBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from hanging_protocols import edit
from hanging_protocols.model import HangingProtocol, Order, Selector
from hanging_protocols.selection import candidates, why_none
from ui.hanging import rule_words
from ui.hanging.draft import Draft
from ui.hanging.draft_page import DraftPage
from ui.hanging.rules_editor import RulesEditor
from ui.plain import core_text, plain

MOST_NAMED = 4


class SeriesPage(DraftPage):
    """A selector at a time."""

    def __init__(self, draft: Draft, parent: QWidget | None = None) -> None:
        super().__init__(draft, parent)
        self._shown = ""
        self.names = QListWidget()
        self.title, self.name = QLineEdit(), QLineEdit()
        self.order = QComboBox()
        self.rules = RulesEditor(with_scope=False)
        self.finds = QLabel()
        self._build()

    def _build(self) -> None:
        self.names.setAccessibleName(self.tr("Kinds of series"))
        self.names.setFixedWidth(184)
        self.names.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.title.setAccessibleName(self.tr("Title of this kind of series"))
        self.title.setMaxLength(100)
        self.name.setAccessibleName(self.tr("Name of this kind of series in the file"))
        self.name.setMaxLength(100)
        for order, words in (
            (Order.MOST_IMAGES, self.tr("the one with most images")), (Order.THINNEST, self.tr("the thinnest")),
            (Order.THICKEST, self.tr("the thickest")), (Order.SERIES_NUMBER, self.tr("the first by series number")),
        ):  # fmt: skip
            self.order.addItem(words, order)
        self.order.setAccessibleName(self.tr("Of several that fit alike"))
        self.finds.setTextFormat(Qt.TextFormat.PlainText)
        self.finds.setWordWrap(True)
        self.finds.setProperty("role", "muted")
        facts = self._draft.facts
        self.rules.choices = lambda attribute: rule_words.choices(facts, attribute, of_series=True)
        form = QFormLayout()
        form.addRow(self.tr("&Title"), self.title)
        form.addRow(self.tr("Na&me"), self.name)
        form.addRow(self.tr("Of &several"), self.order)
        buttons = QHBoxLayout()
        acts: tuple[tuple[str, Callable[[], None]], ...] = ((self.tr("&Copy"), self._copy), (self.tr("&Remove"), self._remove))
        for words, act in acts:
            button = QPushButton(words)
            button.setAutoDefault(False)
            button.clicked.connect(lambda _=False, act=act: act())
            buttons.addWidget(button)
        left = QVBoxLayout()
        left.addWidget(self.names, 1)
        left.addLayout(buttons)
        right = QVBoxLayout()
        right.addLayout(form)
        right.addWidget(self.rules, 1)
        right.addWidget(self.finds)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 8, 0, 0)
        row.setSpacing(14)
        row.addLayout(left)
        row.addLayout(right, 1)
        self.names.currentRowChanged.connect(lambda _: None if self._showing else self._show())
        self.title.textEdited.connect(lambda _: self._read())
        self.name.editingFinished.connect(self._rename)
        self.order.activated.connect(lambda _: self._read())
        self.rules.changed.connect(self._read)

    # ---- showing ---------------------------------------------------------------------

    @property
    def problem(self) -> str:
        return self.rules.problem

    @property
    def selector(self) -> Selector | None:
        protocol = self._draft.protocol
        item = self.names.currentItem()
        return protocol.selectors.get(item.data(Qt.ItemDataRole.UserRole)) if protocol is not None and item is not None else None

    def begin(self) -> None:
        """Another protocol: its first kind of series, and no mistake of the one before."""
        self.rules.begin()
        self.names.setCurrentRow(0)

    def _show_protocol(self, protocol: HangingProtocol) -> None:
        kept = self.names.currentRow()
        titles = [(name, plain(selector.title)) for name, selector in protocol.selectors.items()]
        shown = [self.names.item(row) for row in range(self.names.count())]
        if titles != [(item.data(Qt.ItemDataRole.UserRole), item.text()) for item in shown]:
            self.names.clear()
            for row, (name, title) in enumerate(titles):
                self.names.addItem(title)
                self.names.item(row).setData(Qt.ItemDataRole.UserRole, name)
        self.names.setCurrentRow(min(max(kept, 0), len(titles) - 1))
        self._show()

    def _show(self) -> None:
        selector = self.selector
        if selector is None:
            return
        self._showing = True
        if self.title.text() != selector.title:
            self.title.setText(selector.title)
        if not self.name.hasFocus():
            self.name.setText(selector.name)
        self.order.setCurrentIndex(self.order.findData(selector.order))
        self.rules.show_rules(selector.rules)
        self.finds.setText(plain(self._finds(selector)))
        self._showing = False

    def _finds(self, selector: Selector) -> str:
        """What it finds in the open study, the chosen one first."""
        facts, protocol = self._draft.facts, self._draft.protocol
        if facts is None or protocol is None:
            return self.tr("No case is open that it could be tried on")
        users = edit.users_of(protocol, selector.name)
        used = self.tr(" Used in: {0}.").format(", ".join(users)) if users else self.tr(" No stage uses it.")
        found = [one.image_set.series for one in candidates(selector, facts)]
        if not found:
            return self.tr("Finds nothing: {0}.").format(core_text(why_none(selector, facts))) + used
        names = [f"{s.series_number or ''} {s.series_description}".strip() or s.modality for s in found]
        rest = self.tr(" and {0} more").format(len(names) - MOST_NAMED) if len(names) > MOST_NAMED else ""
        others = self.tr("; then {0}").format(", ".join(names[1:MOST_NAMED])) + rest if names[1:] else ""
        return self.tr("Finds {0}").format(names[0]) + others + "." + used

    # ---- editing ---------------------------------------------------------------------

    def _read(self) -> None:
        selector, protocol = self.selector, self._draft.protocol
        if self._showing or selector is None or protocol is None:
            return
        made = replace(selector, title=self.title.text(), order=Order(self.order.currentData()), rules=self.rules.rules)
        changed = edit.with_selector(protocol, made)
        if changed == protocol:
            self._draft.judged.emit()
        self._draft.set(changed)

    def _rename(self) -> None:
        """The name is what the file's cells ask by: it is another one only when it is written to the end."""
        selector, protocol = self.selector, self._draft.protocol
        if self._showing or selector is None or protocol is None or self.name.text() == selector.name:
            return
        made = edit.rename_selector(protocol, selector.name, self.name.text())
        if made == protocol:
            self.finds.setText(self.tr("Another kind of series has this name"))
            self.name.setText(selector.name)
        self._draft.set(made)

    def _copy(self) -> None:
        selector, protocol = self.selector, self._draft.protocol
        if selector is not None and protocol is not None:
            made, _ = edit.copy_selector(protocol, selector.name)
            self._draft.set(made)
            self.names.setCurrentRow(self.names.count() - 1)

    def _remove(self) -> None:
        selector, protocol = self.selector, self._draft.protocol
        if selector is None or protocol is None:
            return
        made = edit.remove_selector(protocol, selector.name)
        if made == protocol:
            self.finds.setText(self.tr("It is used in: {0}").format(", ".join(edit.users_of(protocol, selector.name))))
        self._draft.set(made)
