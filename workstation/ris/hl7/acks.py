"""What an HL7 acknowledgement says of our report (v2.5.1 2.9.2, tables 0008, 0357, 0516).

`AA` is no proof that a report was stored: an engine may accept a message, ignore its content, and say so in
an ERR of severity W.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from workstation.domain.hl7 import BadMessage, Message, read_message
from workstation.ris.ris import Answer, AnswerKind

_YES = frozenset({"AA", "CA"})
_REJECTED = frozenset({"AR", "CR"})
_ERRORS = frozenset({"AE", "CE"})
_BAD_CONTENT = frozenset({"100", "101", "102", "103", "200", "201", "202", "203", "204", "205", "206"})
"""Table 0357: of the message itself, which will not get better. 207 says nothing of the kind."""
_NOT_STORED = re.compile(r"\b(ignored|not stored|not saved|not updated|discarded|dropped|superseded|too late|late)\b", re.I)
_NEWER = re.compile(
    r"\b(newer|more recent|later) (version|report|result)|\balready (been )?(amended|corrected|addended|replaced|finali[sz]ed)\b"
    r"|\b(version conflict|stale|outdated|superseded|has changed since)\b",
    re.I,
)
"""Said with a refusal: the RIS holds what is newer than this. Nothing is to be repeated; both are to be compared."""
_DUPLICATE = re.compile(r"\bduplicate\b", re.I)
_LATER = re.compile(
    r"safe to resend|resend later|try again|retry|unreachable|unavailable|not available|timed? ?out|deadline|busy|queue|is down"
    r"|internal error|overload|maintenance",
    re.I,
)
MOST_REJECTIONS = 5
"""So often is a rejection without a reason taken for the receiver's own trouble."""


@dataclass(frozen=True, slots=True)
class _Err:
    code: str
    severity: str
    text: str


def answer_in(content: bytes, control_id: str, earlier_rejections: int = 0) -> Answer | None:
    """The answer to our message, or None when this is about another one (F33)."""
    try:
        message = read_message(content)
    except BadMessage:
        return None
    said = message.first("MSA")
    if said is None or said.value(2) != control_id:
        return None
    errors = [_err(message, number) for number, each in enumerate(message.segments) if each.name == "ERR"]
    words = _words(errors, said.value(3))
    code = said.value(1).upper()
    if code in _YES:
        return _accepted(errors, words)
    if code in _ERRORS | _REJECTED and _NEWER.search(words):
        return Answer(AnswerKind.CONFLICT, f"The RIS holds a newer report: {words}")
    if code in _ERRORS:
        return Answer(AnswerKind.UNKNOWN, words) if _is_for_later(errors, words) else Answer(AnswerKind.REFUSED, words)
    if code in _REJECTED:
        return _rejected(errors, words, earlier_rejections)
    return Answer(AnswerKind.UNKNOWN, "The RIS answered with a code that HL7 does not know")


def _accepted(errors: list[_Err], words: str) -> Answer:
    if any(error.severity in ("E", "F") for error in errors):
        return Answer(AnswerKind.REFUSED, f"The RIS said yes and named an error: {words}")
    # One that says "duplicate" holds it from the time before.
    ignored = [e for e in errors if e.severity == "W" and _NOT_STORED.search(e.text) and not _DUPLICATE.search(e.text)]
    if ignored:
        return Answer(AnswerKind.CONFLICT, f"The RIS said yes but did not store it: {_short(ignored[0].text)}")
    return Answer(AnswerKind.ACKNOWLEDGED)


def _rejected(errors: list[_Err], words: str, earlier: int) -> Answer:
    if _is_for_later(errors, words):
        return Answer(AnswerKind.UNKNOWN, words)
    if any(error.code in _BAD_CONTENT for error in errors) or earlier >= MOST_REJECTIONS:
        return Answer(AnswerKind.REFUSED, words)
    return Answer(AnswerKind.UNKNOWN, words)


def _is_for_later(errors: list[_Err], words: str) -> bool:
    return not any(error.code in _BAD_CONTENT for error in errors) and bool(_LATER.search(words))


def _err(message: Message, number: int) -> _Err:
    segment = message.segments[number]
    if segment.raw(3) or segment.raw(4):
        text = " ".join(filter(None, (segment.text(8), segment.text(7)))) or segment.value(3, 2)
        return _Err(segment.value(3), segment.value(4).upper() or "E", text)
    # Before v2.5: ERR-1 is segment^sequence^field^code&text.
    return _Err(segment.value(1, 4), "E", segment.value(1, 4, 2))


def _words(errors: list[_Err], text: str) -> str:
    said = [error.text for error in errors if error.text] or [text]
    return _short("; ".join(filter(None, said))) or "The RIS gave no reason"


def _short(text: str) -> str:
    """For the reader's eyes, never for a log: the RIS may quote the patient."""
    return " ".join(text.split())[:300]
