"""Where the report stands, in words and a colour: draft, signed, waiting, confirmed, in trouble."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QSize, Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QWidget

from ui import icons, theme
from ui.plain import core_text, plain, tooltip
from workstation.domain.delivery import Delivery, DeliveryState, is_unprovable
from workstation.domain.report import Report, ReportAction, ReportStatus, Revision

TROUBLE = (DeliveryState.CONFLICT, DeliveryState.HELD, DeliveryState.REJECTED)
_LOOKS = {
    "draft": ("text", theme.MUTED),
    "waiting": ("waiting", theme.AMBER),
    "confirmed": ("check", theme.GREEN),
    "trouble": ("warning", theme.RED),
}


def _tr(text: str) -> str:
    return QCoreApplication.translate("report", text)


def state_words(
    report: Report, delivery: Delivery | None, is_unsaved: bool = False, differs: bool = False
) -> tuple[str, str, str]:
    """(kind, what it is, what that means). Kinds: draft, waiting, confirmed, trouble."""
    if is_unsaved:
        return "trouble", _tr("Not saved"), _tr("the disk does not take the text. It is kept here and tried again")
    if differs:
        what = _revision_words(report.revision) if report.revision is not None else _signed_words(report)
        return "trouble", what, _tr("the RIS holds another version")
    if report.revision is not None:
        stands = _tr("not signed. Version {0} stands as it was signed").format(report.version)
        return "draft", _revision_words(report.revision), stands
    if report.status is ReportStatus.DRAFT:
        return "draft", _tr("Draft"), _tr("not signed")
    signed = _signed_words(report)
    if delivery is None or delivery.report_uuid != report.report_uuid:
        return "waiting", signed, _tr("waiting for the RIS")
    return _kind(delivery), signed, _delivery_words(delivery)


def _signed_words(report: Report) -> str:
    words = status_words(report.status)
    return f"{words} {report.version}" if report.version > 1 else words


def status_words(status: ReportStatus) -> str:
    return {
        ReportStatus.DRAFT: _tr("Draft"),
        ReportStatus.PRELIMINARY: _tr("Preliminary"),
        ReportStatus.FINAL: _tr("Final"),
        ReportStatus.AMENDED: _tr("Amended"),
        ReportStatus.CORRECTED: _tr("Corrected"),
        ReportStatus.APPENDED: _tr("With addendum"),
    }[status]


def _revision_words(revision: Revision) -> str:
    words = {
        ReportAction.APPEND: _tr("Addendum"),
        ReportAction.CORRECT: _tr("Correction"),
        ReportAction.AMEND: _tr("Amendment"),
    }[revision.action]
    return f"{words} ({plain(revision.reason)})" if revision.reason else words


def _kind(delivery: Delivery) -> str:
    if delivery.state is DeliveryState.CONFIRMED:
        return "confirmed"
    return "trouble" if delivery.state in TROUBLE else "waiting"


def _delivery_words(delivery: Delivery) -> str:
    words = {
        DeliveryState.QUEUED: _tr("signed, waiting for the RIS"),
        DeliveryState.SENDING: _tr("sent, answer unknown: the RIS is being asked"),
        DeliveryState.ACKNOWLEDGED: _tr("accepted by the RIS, not yet confirmed"),
        DeliveryState.CONFIRMED: _tr("confirmed: the RIS holds the same"),
        DeliveryState.CONFLICT: _tr("conflict: the RIS holds something else"),
        DeliveryState.HELD: _tr("held back: who it is about must be checked"),
        DeliveryState.REJECTED: _tr("refused by the RIS"),
        DeliveryState.SUPERSEDED: _tr("replaced by a newer version"),
        DeliveryState.WITHDRAWN: _tr("taken back before it was sent"),
        DeliveryState.DISCARDED: _tr("put away: the version of the RIS stands"),
    }[delivery.state]
    if is_unprovable(delivery):
        words = _tr("accepted by the RIS, which offers no way to prove it")
    reason = plain(core_text(delivery.last_error))
    return f"{words}. {reason}" if reason and delivery.state in TROUBLE else words


class StateLine(QFrame):
    """One box over the sections; the colour always says what the words say."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("reportState")
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 5, 8, 5)
        row.setSpacing(8)
        self._mark = QLabel()
        self._mark.setFixedSize(QSize(18, 18))
        self._words = QLabel()
        self._words.setTextFormat(Qt.TextFormat.PlainText)
        self._words.setWordWrap(True)
        row.addWidget(self._mark, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self._words, 1)
        self.hide()

    @property
    def text(self) -> str:
        return self._words.text() if not self.isHidden() else ""

    def show_state(self, report: Report | None, delivery: Delivery | None, is_unsaved: bool, differs: bool = False) -> None:
        """`differs`: the RIS holds a version that is not the one this builds on."""
        self.setVisible(report is not None)
        if report is None:
            return
        kind, what, meaning = state_words(report, delivery, is_unsaved, differs)
        name, colour = _LOOKS[kind]
        self._mark.setPixmap(icons.pixmap(name, colour, 18))
        self._words.setText(f"{what}, {meaning}")
        self.setAccessibleName(self._words.text())
        signer = _tr("Signed by {0}").format(plain(report.signed_by)) if report.signed_by else ""
        when = report.signed_at.astimezone().strftime("%Y-%m-%d %H:%M") if report.signed_at else ""
        tries = _tr("{0} tries").format(delivery.tries) if delivery is not None and delivery.tries > 1 else ""
        why = plain(core_text(delivery.last_error)) if delivery is not None else ""
        self.setToolTip(tooltip(self._words.text(), " ".join(p for p in (signer, when) if p), tries, why))
        self.setProperty("kind", kind)
        for widget in (self, self._words):
            widget.style().unpolish(widget)
            widget.style().polish(widget)
