"""The orders that are read together with the report's own: one line in the report's head, there only when there are some."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QPushButton, QSizePolicy

from ui import theme
from ui.plain import plain, tooltip
from workstation.domain.report import JointOrder, Report
from workstation.session.session import Session
from workstation.session.together import COMMAND


def _tr(text: str) -> str:
    return QCoreApplication.translate("report", text)


class JointLine(QPushButton):
    """A press opens the list of orders."""

    def __init__(self, session: Session, run: Callable[[str], None], keys: Callable[[str], str]) -> None:
        super().__init__()
        self.setObjectName("jointLine")
        self.setFlat(True)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setStyleSheet(
            f"QPushButton {{ color: {theme.TEXT}; background: transparent; padding: 1px 0px; text-align: left;"
            f" border: 1px solid transparent; }}"
            f"QPushButton:hover {{ background: {theme.HOVER}; }} QPushButton:focus {{ border: 1px solid {theme.ACCENT}; }}"
        )
        self._keys = keys
        self.clicked.connect(lambda _: run(COMMAND))
        session.desk.report_changed.connect(self._show)
        self._show(session.desk.report)

    def _show(self, report: Report | None) -> None:
        joint = report.joint if report is not None else ()
        self.setVisible(bool(joint))
        words = _tr("Together with {0}").format(", ".join(plain(one.accession_number) for one in joint))
        # A mnemonic in a number would take a key.
        self.setText(words.replace("&", "&&"))
        self.setAccessibleName(words)
        lines = [joint_words(one) for one in joint]
        self.setToolTip(tooltip(_tr("One report and one signature for all of them"), *lines, self._keys(COMMAND)))


def joint_words(one: JointOrder) -> str:
    return " ".join(filter(None, (plain(one.accession_number), plain(one.procedure))))
