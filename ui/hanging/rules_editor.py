"""Rules as rows: what is asked, how, for what, how much it counts, and whether it must be so."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QGridLayout, QLabel, QLineEdit, QPushButton, QScrollArea, QVBoxLayout, QWidget

from hanging_protocols.model import Constraint, Rule, Scope
from ui.hanging import rule_words
from ui.plain import core_text, plain


class RuleRow:
    """The widgets of one rule; `rule` is the last one that they meant without a mistake."""

    def __init__(self, rule: Rule, with_scope: bool, changed: Callable[[], None], tr: Callable[[str], str]) -> None:
        self.rule = rule
        self._changed = changed
        self.attribute, self.constraint, self.value = QComboBox(), QComboBox(), QComboBox()
        self.weight, self.required, self.scope = QLineEdit(), QCheckBox(), QComboBox()
        self.remove = QPushButton(tr("Remove"))
        self.problem = QLabel()
        for name, words in rule_words.attributes():
            self.attribute.addItem(words, name)
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
        self._show()
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

    def _show(self) -> None:
        rule = self.rule
        if self.attribute.findData(rule.attribute) < 0:
            self.attribute.addItem(rule.attribute, rule.attribute)
        self.attribute.setCurrentIndex(self.attribute.findData(rule.attribute))
        self.constraint.setCurrentIndex(self.constraint.findData(rule.constraint))
        self.value.setCurrentText(rule_words.value_text(rule))
        self.weight.setText(f"{rule.weight:g}")
        self.required.setChecked(rule.required)
        self.scope.setCurrentIndex(self.scope.findData(rule.scope))
        self.value.setEnabled(rule.constraint is not Constraint.NOT_NULL)

    def _read(self) -> None:
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
        self._body = QWidget()
        self._scroll = QScrollArea()
        self._scroll.setWidgetResizable(True)
        self._scroll.setWidget(self._body)
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

    def show_rules(self, rules: Sequence[Rule]) -> None:
        if tuple(rules) == self.rules and self.rows:
            return
        # The old rows and their layout go together.
        body = QWidget()
        self.rows = [RuleRow(rule, self._with_scope, self._row_changed, self.tr) for rule in rules]
        grid = QGridLayout(body)
        grid.setContentsMargins(0, 0, 8, 0)
        grid.setVerticalSpacing(4)
        heads = (self.tr("What is asked"), self.tr("How"), self.tr("For what"), self.tr("Weight"), self.tr("Must"), "")
        for column, words in enumerate(heads):
            head = QLabel(words)
            head.setProperty("role", "muted")
            grid.addWidget(head, 0, column)
        for number, row in enumerate(self.rows):
            for column, widget in enumerate(row.widgets):
                grid.addWidget(widget, 1 + 2 * number, column)
            grid.addWidget(row.problem, 2 + 2 * number, 2, 1, 4)
            row.problem.hide()
            row.offer(self.choices(row.rule.attribute))
            row.attribute.activated.connect(lambda _, r=row: r.offer(self.choices(r.attribute.currentData())))
            row.remove.clicked.connect(lambda _=False, r=row: self._remove(r))
        grid.setRowStretch(2 * len(self.rows) + 1, 1)
        grid.setColumnStretch(2, 1)
        self._body = body
        self._scroll.setWidget(body)

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
