"""Who reads the open examination, and whether the RIS holds another version: one line, always in its place."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QCoreApplication, Qt, QTimer
from PySide6.QtGui import QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QSizePolicy, QStyle, QStyleOptionButton, QStylePainter, QWidget

from ui import icons, theme
from ui.plain import core_text, plain, tooltip
from workstation.domain.claim import Claim, ClaimState
from workstation.session.session import Session

LOOK_MS = 15_000


def _tr(text: str) -> str:
    return QCoreApplication.translate("report", text)


class ClaimLine(QWidget):
    """Two buttons that say what they know: the left claims or releases, the right one compares."""

    def __init__(self, session: Session, run: Callable[[str], None], keys: Callable[[str], str]) -> None:
        super().__init__()
        self.setObjectName("claimLine")
        self._session = session
        self._keys = keys
        self.claim = _flat("claimBadge", lambda: run("report.claim"))
        self.claim.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.conflict = _flat("conflictBadge", lambda: run("report.conflict"))
        self.conflict.setText(_tr("Compare…"))
        self.conflict.setIcon(icons.icon("warning", theme.RED))
        self.conflict.setStyleSheet(_badge(theme.RED))
        self.conflict.setToolTip(tooltip(_tr("Compare with the RIS's version"), keys("report.conflict")))
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        row.addWidget(self.claim, 1)
        row.addWidget(self.conflict)
        session.claiming.changed.connect(self._show_claim)
        session.settling.changed.connect(self._show_conflict)
        session.desk.report_changed.connect(self._show)
        self._clock = QTimer(self)
        self._clock.setInterval(LOOK_MS)
        self._clock.timeout.connect(self._look)
        self._clock.start()
        self._show(None)

    def _look(self) -> None:
        """Who loses a claim, or whose report somebody else finishes, hears of it while reading."""
        self._session.claiming.follow()
        self._session.settling.look()

    def _show(self, _: object) -> None:
        self._show_claim(None)
        self._show_conflict(None)

    def _show_claim(self, _: object) -> None:
        claiming = self._session.claiming
        self.setVisible(claiming.source is not None and self._session.desk.report is not None)
        words, colour = claim_words(claiming.claim)
        # A mnemonic in somebody's name would take a key.
        self.claim.setText(words.replace("&", "&&"))
        self.claim.setAccessibleName(words)
        self.claim.setStyleSheet(_badge(colour))
        reason = claiming.claim.reason if claiming.claim is not None else ""
        self.claim.setToolTip(tooltip(words, plain(core_text(reason)), _tr("Claim or release"), self._keys("report.claim")))

    def _show_conflict(self, _: object) -> None:
        self.conflict.setVisible(self._session.settling.standing is not None)


def claim_words(claim: Claim | None) -> tuple[str, str]:
    """What is known, in a few words, and their colour. Names are text from outside."""
    if claim is None:
        return _tr("Asking who reads this…"), theme.MUTED
    if claim.state is ClaimState.OURS:
        return _tr("Claimed: you read this"), theme.MUTED
    if claim.state is ClaimState.OTHERS:
        since = claim.since.astimezone().strftime("%H:%M") if claim.since is not None else ""
        words = _tr("Read by {0}").format(plain(claim.owner) or _tr("another reader"))
        return " ".join(p for p in (words, _tr("since {0}").format(since) if since else "") if p), theme.AMBER
    if claim.state is ClaimState.FREE:
        return _tr("Not claimed: you can look, not write"), theme.AMBER
    if claim.state is ClaimState.DONE:
        return _tr("Task closed in the RIS"), theme.MUTED
    return _tr("Nobody else can be told that you read this"), theme.MUTED


class _Shortening(QPushButton):
    """Words that do not fit end in an ellipsis; all of them stay in `text` and the tool tip."""

    def paintEvent(self, event: QPaintEvent) -> None:
        option = QStyleOptionButton()
        self.initStyleOption(option)
        room = self.style().subElementRect(QStyle.SubElement.SE_PushButtonContents, option, self).width()
        option.text = self.fontMetrics().elidedText(option.text, Qt.TextElideMode.ElideRight, room)
        QStylePainter(self).drawControl(QStyle.ControlElement.CE_PushButton, option)


def _flat(name: str, act: Callable[[], None]) -> QPushButton:
    button = _Shortening()
    button.setObjectName(name)
    button.setFlat(True)
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    button.clicked.connect(lambda _: act())
    return button


def _badge(colour: str) -> str:
    return (
        f"QPushButton {{ color: {colour}; background: transparent; padding: 1px 4px; text-align: left;"
        f" border: 1px solid transparent; }}"
        f"QPushButton:hover {{ background: {theme.HOVER}; }} QPushButton:focus {{ border: 1px solid {theme.ACCENT}; }}"
    )
