"""Why a command cannot be done now, known before it is tried: shown beside it in the palette.

Only what is sure is said here. A command that is not named refuses by itself, in its own words.
"""

from __future__ import annotations

from workstation.commands.command import Command, Context, Mode
from workstation.commands.table import preset_for

NO_CASE = "No case is open"
NO_REPORT = "The case has no report: it has no order in the RIS"
NO_DRAWING = "No drawing is chosen"
NO_SOLID = "No 3D view is active"
NOT_FUSED = "Nothing is laid over"
NOT_POINTING = "Only while a tool or a drawing is moved by keys"
NO_PRESET = "No window lies on this digit for these images"
NOT_SIGNED = "No signature waits to be sent"

_CASELESS = frozenset({"mouse.right"})
_OF_CASE = frozenset(
    {"report.focus", "report.next_section", "report.previous_section", "report.dictate", "series.list", "case.close"}
)
_OF_REPORT = frozenset(
    f"report.{name}" for name in ("take_over", "addendum", "correct", "amend", "print", "measurements", "history", "together")
)
_OF_REPORT |= {"report.together_study", "report.together_none", "report.dose"}
_OF_REPORT |= {"report.sign_preliminary", "report.sign_final", "report.sign_next", "template.insert", "template.phrase"}
_OF_REPORT |= {"template.next_field", "template.previous_field"}
_OF_DRAWING = frozenset(
    f"drawing.{name}"
    for name in ("remove", "text", "label", "handle", "copy_to_prior", "report", "histogram", "accept", "reject")
)
_OF_SOLID = frozenset({"solid.crop", "solid.crop_reset", "solid.opacity", "solid.hide", "solid.turn"})
_OF_FUSION = frozenset({"fusion.map", "fusion.blend", "fusion.hotter", "fusion.cooler"})


def why_not(command: Command, context: Context) -> str:
    """English source text; empty when nothing speaks against it."""
    session = context.session
    is_of_images = command.modes <= {Mode.IMAGES, Mode.POINTING} and command.id not in _CASELESS
    if session.case is None:
        return NO_CASE if is_of_images or command.id in _OF_CASE | _OF_REPORT | _OF_DRAWING else ""
    if command.modes == {Mode.POINTING}:
        return "" if session.pointing.take_arrows else NOT_POINTING
    if command.id in _OF_REPORT:
        return "" if session.desk.report is not None else NO_REPORT
    if command.id in _OF_DRAWING:
        annotating = session.annotating
        return "" if annotating.find(annotating.selected) is not None else NO_DRAWING
    return _of_the_viewport(command, context)


def _of_the_viewport(command: Command, context: Context) -> str:
    session = context.session
    state = session.viewing.state()
    if command.id in _OF_SOLID:
        return "" if session.viewing.solid.state() is not None else NO_SOLID
    if command.id in _OF_FUSION:
        return "" if state is not None and state.fusion is not None else NOT_FUSED
    if command.id.startswith("window.preset"):
        return "" if preset_for(context, command.id.removeprefix("window.preset")) is not None else NO_PRESET
    if command.id == "report.withdraw":
        return "" if session.life.waiting() is not None else NOT_SIGNED
    return ""
