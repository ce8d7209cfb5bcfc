"""Dialogs that commands ask the window for by name. Each is made, and its module imported, when it is asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QWidget

if TYPE_CHECKING:
    from ui.main_window import MainWindow
    from ui.seat import Seat


def dialog(name: str, core: Seat, parent: QWidget) -> QWidget:
    """KeyError for a name that is none."""
    return _DIALOGS[name](core, parent)


def _curve(core: Seat, parent: QWidget) -> QWidget:
    from ui.curve_panel import CurvePanel

    return CurvePanel(core, parent)


def _drawings(core: Seat, parent: QWidget) -> QWidget:
    from ui.drawings_dialog import DrawingsDialog

    return DrawingsDialog(core.session, parent)


def _earlier_studies(core: Seat, parent: QWidget) -> QWidget:
    from ui.priors.earlier_dialog import EarlierStudiesDialog

    return EarlierStudiesDialog(core.session, parent)


def _findings(core: Seat, parent: QWidget) -> QWidget:
    from ui.findings_dialog import FindingsDialog

    return FindingsDialog(core.session, parent)


def _key_images(core: Seat, parent: QWidget) -> QWidget:
    from ui.key_images_dialog import KeyImagesDialog
    from ui.key_mentions import as_now

    return KeyImagesDialog(core, parent, partial(as_now, runner=_window(parent).runner))


def _presentation_states(core: Seat, parent: QWidget) -> QWidget:
    from ui.key_mentions import as_now
    from ui.presentations_dialog import PresentationsDialog

    return PresentationsDialog(core.session, partial(as_now, runner=_window(parent).runner), parent)


def _templates(core: Seat, parent: QWidget) -> QWidget:
    from ui.template_picker import TemplatePicker
    from workstation.templates.model import Kind

    return TemplatePicker(core.session, (Kind.REPORT, Kind.MODULE), parent)


def _phrases(core: Seat, parent: QWidget) -> QWidget:
    from ui.template_picker import TemplatePicker
    from workstation.templates.model import Kind

    return TemplatePicker(core.session, (Kind.MACRO,), parent)


def _my_words(core: Seat, parent: QWidget) -> QWidget:
    from ui.report.words_dialog import WordsDialog

    learning, language = _window(parent).speech.learning, core.session.dictating.language
    dialog = WordsDialog(learning.own.of(language), language, _window(parent).report_panel.dictation.desk, parent)
    dialog.changed.connect(learning.own_changed)
    return dialog


def _what_can_i_say(core: Seat, parent: QWidget) -> QWidget:
    from ui.report.say_dialog import SayDialog

    return SayDialog(_window(parent).runner, core.session.dictating.language, parent)


def _lead_times(core: Seat, parent: QWidget) -> QWidget:
    from ui.lead_times_dialog import LeadTimesDialog

    return LeadTimesDialog(core, parent)


def _protocol_exchange(core: Seat, parent: QWidget) -> QWidget:
    from ui.protocol_exchange import ProtocolExchangeDialog

    return ProtocolExchangeDialog(core, parent)


def _window(parent: QWidget) -> MainWindow:
    from ui.main_window import MainWindow

    assert isinstance(parent, MainWindow)
    return parent


def _critical_result(core: Seat, parent: QWidget) -> QWidget:
    from ui.report.critical_dialog import CriticalDialog

    return CriticalDialog(core.session, parent)


def _reason(core: Seat, parent: QWidget) -> QWidget:
    from ui.report.reason_dialog import ReasonDialog

    return ReasonDialog(core.session, parent)


def _versions(core: Seat, parent: QWidget) -> QWidget:
    from ui.report.history_dialog import HistoryDialog

    return HistoryDialog(core, parent)


def _print_report(core: Seat, parent: QWidget) -> QWidget:
    from ui.report.printing_dialog import PrintDialog

    return PrintDialog(core, parent)


def _report_search(core: Seat, parent: QWidget) -> QWidget:
    from ui.report.earlier_search import SearchDialog

    return SearchDialog(core.session, parent)


def _take_over(core: Seat, parent: QWidget) -> QWidget:
    from ui.report.take_over_dialog import TakeOverDialog

    return TakeOverDialog(core.session, parent)


def _conflict(core: Seat, parent: QWidget) -> QWidget:
    from ui.conflict_dialog import ConflictDialog

    report = core.session.desk.report
    return ConflictDialog(core, report.report_uuid if report is not None else "", parent)


def _microphone(core: Seat, parent: QWidget) -> QWidget:
    from ui.sound_dialog import SoundDialog

    return SoundDialog(_window(parent).report_panel.dictation.desk, core.remembered, core.settings, parent)


def _read_together(core: Seat, parent: QWidget) -> QWidget:
    from ui.report.joint_dialog import JointDialog

    return JointDialog(core.session, parent)


def _screens(core: Seat, parent: QWidget) -> QWidget:
    from ui.screens.dialog import ScreensDialog

    return ScreensDialog(_window(parent).screens, parent)


def _speech_models(core: Seat, parent: QWidget) -> QWidget:
    from ui.models_dialog import ModelsDialog

    return ModelsDialog(core.jobs, core.folders.models, parent)


def _hang_like_this(core: Seat, parent: QWidget) -> QWidget:
    from ui.hanging.hand import lesson_of
    from ui.hanging.like_this import LikeThisDialog

    return LikeThisDialog(core, lesson_of(core), parent)


def _choose_protocol(core: Seat, parent: QWidget) -> QWidget:
    from ui.hanging.chooser import ProtocolChooser

    return ProtocolChooser(core, parent)


def _hanging_protocols(core: Seat, parent: QWidget) -> QWidget:
    from ui.hanging.editor import ProtocolEditor

    return ProtocolEditor(core, parent)


def _keys(core: Seat, parent: QWidget) -> QWidget:
    from ui.key_editor import KeyEditor

    return KeyEditor(_window(parent).keys, _window(parent).runner, parent)


def _hand_microphone(core: Seat, parent: QWidget) -> QWidget:
    from ui.hand_dialog import HandDialog

    window = _window(parent)
    return HandDialog(window.speech.hand, window.keys, window.runner, parent)


def _mouse(core: Seat, parent: QWidget) -> QWidget:
    from ui.mouse_dialog import MouseDialog

    return MouseDialog(_window(parent).keys, _window(parent).runner, parent)


def _key_sheet(core: Seat, parent: QWidget) -> QWidget:
    from ui.key_sheet_dialog import KeySheetDialog

    return KeySheetDialog(_window(parent).keys, _window(parent).runner, parent)


_DIALOGS: Mapping[str, Callable[[Seat, QWidget], QWidget]] = {
    "choose protocol": _choose_protocol,
    "conflict": _conflict,
    "critical result": _critical_result,
    "curve": _curve,
    "drawings": _drawings,
    "earlier studies": _earlier_studies,
    "findings": _findings,
    "hang like this": _hang_like_this,
    "hanging protocols": _hanging_protocols,
    "key images": _key_images,
    "key sheet": _key_sheet,
    "keys": _keys,
    "lead times": _lead_times,
    "microphone": _microphone,
    "hand microphone": _hand_microphone,
    "mouse": _mouse,
    "my words": _my_words,
    "phrases": _phrases,
    "presentation states": _presentation_states,
    "print report": _print_report,
    "protocol exchange": _protocol_exchange,
    "read together": _read_together,
    "report search": _report_search,
    "reason": _reason,
    "take over": _take_over,
    "screens": _screens,
    "speech models": _speech_models,
    "templates": _templates,
    "versions": _versions,
    "what can I say": _what_can_i_say,
}
