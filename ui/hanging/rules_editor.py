"""Rules as rows: what is asked, how, for what, how much it counts, and whether it must be so."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QStandardItem, QStandardItemModel
from PySide6.QtWidgets import QCheckBox, QComboBox, QGridLayout, QLabel, QLineEdit, QPushButton, QScrollArea, QVBoxLayout, QWidget

from hanging_protocols.model import Constraint, Rule, Scope
from ui.hanging import rule_words
from ui.plain import core_text, plain

# Below all rules that a protocol may have, each with a line for its mistake.
LAST_ROW = 200


class RuleRow:
    """The widgets of one rule; `rule` is the last one that they meant without a mistake."""

    def __init__(
        self, rule: Rule, attributes: QStandardItemModel, with_scope: bool, changed: Callable[[], None], tr: Callable[[str], str]
    ) -> None:
        self.rule = rule
        self._changed = changed
        self._with_scope = with_scope
        self._showing = False
        self.attribute, self.constraint, self.value = QComboBox(), QComboBox(), QComboBox()
        self.weight, self.required, self.scope = QLineEdit(), QCheckBox(), QComboBox()
        self.remove = QPushButton(tr("Remove"))
        self.problem = QLabel()
        self.attribute.setModel(attributes)
        for constraint, words in rule_words.constraints():
            self.constraint.addItem(words, constraint)
        for scope, words in ((Scope.CURRENT, tr("this study")), (Scope.PRIOR, tr("the prior"))):
            self.scope.addItem(words, scope)
        self.value.setEditable(True)
        self.value.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.value.setMinimumWidth(220)
        self.weight.setFixedWidth(64)
        self.weight.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.scope.setVisible(with_scope)
        self.problem.setProperty("role", "red")
        self.problem.setTextFormat(Qt.TextFormat.PlainText)
        self.remove.setAutoDefault(False)
        for widget, words in (
            (self.attribute, tr("What is asked")), (self.constraint, tr("How")), (self.value, tr("For what")),
            (self.weight, tr("Weight")), (self.required, tr("Must be so")), (self.scope, tr("Asked of")),
            (self.remove, tr("Remove this rule")),
        ):  # fmt: skip
            widget.setAccessibleName(words)
        self.show(rule)
        self.attribute.activated.connect(lambda _: self._read())
        self.constraint.activated.connect(lambda _: self._read())
        self.scope.activated.connect(lambda _: self._read())
        self.value.editTextChanged.connect(lambda _: self._read())
        self.weight.textEdited.connect(lambda _: self._read())
        self.required.toggled.connect(lambda _: self._read())

    @property
    def widgets(self) -> tuple[QWidget, ...]:
        return (self.attribute, self.constraint, self.value, self.weight, self.required, self.scope, self.remove)

    def offer(self, choices: Sequence[str]) -> None:
        """Values to choose from; what is written stays."""
        text = self.value.currentText()
        self.value.blockSignals(True)
        self.value.clear()
        self.value.addItems([plain(choice) for choice in choices])
        self.value.setCurrentText(text)
        self.value.blockSignals(False)

    def show(self, rule: Rule) -> None:
        """Another rule in the same widgets: making them takes longer than somebody going through a list waits."""
        self.rule = rule
        self._showing = True
        if self.attribute.findData(rule.attribute) < 0:
            self.attribute.addItem(rule.attribute, rule.attribute)
        self.attribute.setCurrentIndex(self.attribute.findData(rule.attribute))
        self.constraint.setCurrentIndex(self.constraint.findData(rule.constraint))
        self.value.setCurrentText(rule_words.value_text(rule))
        self.weight.setText(f"{rule.weight:.12g}")
        self.required.setChecked(rule.required)
        self.scope.setCurrentIndex(self.scope.findData(rule.scope))
        self.value.setEnabled(rule.constraint is not Constraint.NOT_NULL)
        self.problem.setText("")
        self._showing = False

    def set_visible(self, visible: bool) -> None:
        for widget in self.widgets:
            widget.setVisible(visible and (widget is not self.scope or self._with_scope))
        self.problem.setVisible(visible and bool(self.problem.text()))

    def _read(self) -> None:
        if self._showing:
            return
        constraint = Constraint(self.constraint.currentData())
        self.value.setEnabled(constraint is not Constraint.NOT_NULL)
        meant = rule_words.values_of(constraint, self.value.currentText())
        weight = _weight(self.weight.text())
        problem = meant if isinstance(meant, str) else weight if isinstance(weight, str) else ""
        self.problem.setText(core_text(problem))
        self.problem.setVisible(bool(problem))
        if isinstance(meant, str) or isinstance(weight, str):
            self._changed()
            return
        values, low, high = meant
        self.rule = replace(
            self.rule,
            attribute=self.attribute.currentData(),
            constraint=constraint,
            values=values,
            low=low,
            high=high,
            weight=weight,
            required=self.required.isChecked(),
            scope=Scope(self.scope.currentData()),
        )
        self._changed()


class RulesEditor(QWidget):
    """Rows that scroll. `changed` is emitted when what the rows mean changed."""

    changed = Signal()

    def __init__(self, with_scope: bool, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._with_scope = with_scope
        self.choices: Callable[[str], Sequence[str]] = lambda _: ()
        self.rows: list[RuleRow] = []
        self._spare: list[RuleRow] = []
        self._attributes = QStandardItemModel(self)
        for name, words in rule_words.attributes():
            item = QStandardItem(words)
            item.setData(name, Qt.ItemDataRole.UserRole)
            self._attributes.appendRow(item)
        body = QWidget()
        self._grid = QGridLayout(body)
        self._grid.setContentsMargins(0, 0, 8, 0)
        self._grid.setVerticalSpacing(4)
        self._grid.setColumnStretch(2, 1)
        heads = (self.tr("What is asked"), self.tr("How"), self.tr("For what"), self.tr("Weight"), self.tr("Must"))
        for place, words in enumerate(heads):
            head = QLabel(words)
            head.setProperty("role", "muted")
            self._grid.addWidget(head, 0, place)
        self._grid.setRowStretch(LAST_ROW, 1)
        self._scroll = QScrollArea()
        self._scroll.setWidgetResizable(True)
        self._scroll.setWidget(body)
        self.add = QPushButton(self.tr("Add a &rule"))
        self.add.setAutoDefault(False)
        self.add.clicked.connect(self._add)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._scroll, 1)
        column.addWidget(self.add, 0, Qt.AlignmentFlag.AlignLeft)

    @property
    def rules(self) -> tuple[Rule, ...]:
        return tuple(row.rule for row in self.rows)

    @property
    def problem(self) -> str:
        """The first mistake in words, with its row; empty when there is none."""
        wrong = ((n, row.problem.text()) for n, row in enumerate(self.rows, start=1) if row.problem.text())
        return next((self.tr("rule {0}: {1}").format(number, words) for number, words in wrong), "")

    def begin(self) -> None:
        """Another protocol: no mistake of the one before."""
        for row in self.rows:
            row.show(row.rule)

    def show_rules(self, rules: Sequence[Rule]) -> None:
        if tuple(rules) == self.rules and self.rows:
            return
        for row in self.rows[len(rules) :]:
            row.set_visible(False)
        self._spare = [*self._spare, *self.rows[len(rules) :]]
        self.rows = self.rows[: len(rules)]
        for number, rule in enumerate(rules):
            if number == len(self.rows):
                self.rows.append(self._spare.pop() if self._spare else self._made(rule))
            row = self.rows[number]
            if row.rule != rule or row.problem.text():
                row.show(rule)
            row.offer(self.choices(rule.attribute))
            for column, widget in enumerate(row.widgets):
                self._grid.addWidget(widget, 1 + 2 * number, column)
            self._grid.addWidget(row.problem, 2 + 2 * number, 2, 1, 4)
            row.set_visible(True)

    def _made(self, rule: Rule) -> RuleRow:
        row = RuleRow(rule, self._attributes, self._with_scope, self._row_changed, self.tr)
        row.attribute.activated.connect(lambda _: row.offer(self.choices(row.attribute.currentData())))
        row.remove.clicked.connect(lambda: self._remove(row))
        return row

    def _row_changed(self) -> None:
        self.changed.emit()

    def _add(self) -> None:
        values = tuple(self.choices("Modality"))[:1] or ("CT",)
        self.show_rules((*self.rules, Rule("Modality", Constraint.EQUALS, values)))
        self.rows[-1].attribute.setFocus()
        self.changed.emit()

    def _remove(self, row: RuleRow) -> None:
        place = self.rows.index(row)
        if len(self.rows) > 1:
            self.show_rules([one.rule for one in self.rows if one is not row])
            self.rows[min(place, len(self.rows) - 1)].remove.setFocus()
            self.changed.emit()


def _weight(text: str) -> float | str:
    try:
        value = float(text.strip().replace(",", "."))
    except ValueError:
        return rule_words.NO_NUMBER
    return value if 0.0 <= value <= 1000.0 else rule_words.NO_NUMBER
