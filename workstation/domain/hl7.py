"""HL7 v2 messages as bytes (v2.5.1 chapter 2.5 to 2.8): written so that no value can become structure, read strictly.

A value is text; what separates values is made here alone. A tuple is components, a tuple within it
subcomponents, a list repetitions. Every string is escaped, so that a delimiter or a line end in a text
never begins a field or a segment (F86).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone

CHARSETS = {
    # Table 0211, and spellings that are common.
    "ASCII": "ascii",
    "8859/1": "iso8859-1",
    "8859/15": "iso8859-15",
    "UNICODE UTF-8": "utf-8",
    "UTF-8": "utf-8",
    "ISO IR6": "ascii",
    "ISO IR100": "iso8859-1",
}
NULL = '""'
"""A field with these two characters says: delete what you have."""

Component = str | tuple[str, ...]
Value = str | tuple[Component, ...] | list[tuple[Component, ...]]

_BETWEEN = "|^~\\&"
_ESCAPED = {"\\": "\\E\\", "|": "\\F\\", "^": "\\S\\", "&": "\\T\\", "~": "\\R\\", "\n": "\\.br\\"}
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_SEGMENT_NAME = re.compile("[A-Z][A-Z0-9]{2}")
_SEQUENCE = re.compile(r"\\([^\\]*)\\")
_TIME = re.compile(r"(\d{4})(?:(\d\d)(?:(\d\d)(?:(\d\d)(?:(\d\d)(?:(\d\d)(\.\d{1,4})?)?)?)?)?)?([+-]\d{4})?")
MAX_SEGMENTS = 20_000


class BadMessage(ValueError):
    """Not an HL7 v2 message, or not one that may be read. The text quotes nothing of it."""


# ---- writing -------------------------------------------------------------------------------


def escaped(text: str) -> str:
    """Text as a value: delimiters, line ends and control characters as escape sequences (2.7)."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    plain = "".join(_ESCAPED.get(letter, letter) for letter in lines)
    return _CONTROL.sub(lambda match: f"\\X{ord(match[0]):02X}\\", plain)


def segment(name: str, values: Mapping[int, Value]) -> str:
    """One segment; field numbers are those of the standard. Not for MSH."""
    last = max(values, default=0)
    return "|".join([name, *(_field(values.get(number, "")) for number in range(1, last + 1))])


def header(values: Mapping[int, Value]) -> str:
    """MSH: field 3 and later; the first two are the delimiters themselves."""
    return "|".join(["MSH", "^~\\&", *(_field(values.get(number, "")) for number in range(3, max(values) + 1))])


def message(segments: list[str], charset: str) -> bytes:
    """The message without its MLLP frame. Raises `UnicodeEncodeError`: nothing is ever replaced."""
    return "".join(f"{line}\r" for line in segments).encode(CHARSETS[charset])


def hl7_time(moment: datetime, with_milliseconds: bool = False) -> str:
    """TS with its offset: without one each receiver would take its own."""
    offset = moment.strftime("%z")[:5]
    thousandths = f".{moment.microsecond // 1000:03}" if with_milliseconds else ""
    return f"{moment:%Y%m%d%H%M%S}{thousandths}{offset}"


def _field(value: Value) -> str:
    if isinstance(value, list):
        return "~".join(_components(each) for each in value)
    return _components(value)


def _components(value: str | tuple[Component, ...]) -> str:
    if isinstance(value, str):
        return escaped(value)
    return "^".join(_component(each) for each in value).rstrip("^")


def _component(value: Component) -> str:
    return escaped(value) if isinstance(value, str) else "&".join(escaped(each) for each in value).rstrip("&")


# ---- reading -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Segment:
    """`fields[n]` is field n as it came, `fields[0]` the name."""

    fields: tuple[str, ...]
    separators: str = _BETWEEN

    @property
    def name(self) -> str:
        return self.fields[0]

    def raw(self, number: int) -> str:
        return self.fields[number] if number < len(self.fields) else ""

    def is_null(self, number: int) -> bool:
        return self.raw(number) == NULL

    def repetitions(self, number: int) -> tuple[Repetition, ...]:
        raw = self.raw(number)
        if not raw or raw == NULL:
            return ()
        return tuple(Repetition(part, self.separators) for part in _split(raw, self.separators[2]))

    def value(self, number: int, component: int = 1, subcomponent: int = 1) -> str:
        """Of the first repetition, trimmed; "" when absent."""
        found = self.repetitions(number)
        return found[0].value(component, subcomponent) if found else ""

    def text(self, number: int) -> str:
        """A whole field as text; repetitions are lines. An unescaped ^ or & that a sender left in is kept."""
        raw = "" if self.is_null(number) else self.raw(number)
        return "\n".join(unescaped(part, self.separators) for part in _split(raw, self.separators[2]))


@dataclass(frozen=True, slots=True)
class Repetition:
    raw: str
    separators: str = _BETWEEN

    def value(self, component: int = 1, subcomponent: int = 1) -> str:
        part = _nth(_split(self.raw, self.separators[1]), component)
        value = _nth(_split(part, self.separators[4]), subcomponent)
        return "" if value == NULL else unescaped(value, self.separators).strip()


@dataclass(frozen=True, slots=True)
class Message:
    segments: tuple[Segment, ...]
    charset: str = field(default="UNICODE UTF-8")

    @property
    def header(self) -> Segment:
        return self.segments[0]

    @property
    def control_id(self) -> str:
        return self.header.value(10)

    @property
    def kind(self) -> str:
        """`ORU^R01`."""
        return f"{self.header.value(9, 1)}^{self.header.value(9, 2)}".upper()

    def first(self, name: str) -> Segment | None:
        return next(self.all(name), None)

    def all(self, name: str) -> Iterator[Segment]:
        return (each for each in self.segments if each.name == name)


def read_message(content: bytes) -> Message:
    """The message in `content`. Raises `BadMessage`."""
    header_line = content.replace(b"\r\n", b"\r").replace(b"\n", b"\r").split(b"\r", 1)[0]
    separators = _separators(header_line)
    charset = _declared(header_line, separators)
    try:
        text = content.decode(CHARSETS[charset])
    except UnicodeDecodeError:
        raise BadMessage("Its bytes are not in the character set that MSH-18 declares") from None
    # CR ends a segment. A bare LF does so only where there is no CR at all.
    text = text.replace("\r\n", "\r")
    lines = text.split("\r") if "\r" in text else text.split("\n")
    lines = [line for line in lines if line.strip()]
    if len(lines) > MAX_SEGMENTS:
        raise BadMessage("It has too many segments")
    return Message(tuple(_segment(line, separators) for line in lines), charset)


def control_id_of(content: bytes) -> str:
    """MSH-10 of a message that cannot be read further; "" where there is none."""
    line = content[:4096].replace(b"\n", b"\r").split(b"\r", 1)[0]
    try:
        separators = _separators(line)
    except BadMessage:
        return ""
    fields = line.decode("latin-1").split(separators[0])
    found = fields[9] if len(fields) > 9 else ""
    return found[:199] if found.isascii() and found.isprintable() else ""


def unescaped(raw: str, separators: str = _BETWEEN) -> str:
    """A value's text. What is no escape sequence that we know stays as it is: no letter of a report is lost."""
    escape = separators[3]
    if not escape or escape not in raw:
        return raw
    known = {"F": separators[0], "S": separators[1], "R": separators[2], "E": escape, "T": separators[4]}
    known |= {".br": "\n", "H": "", "N": ""}

    def plain(match: re.Match[str]) -> str:
        sequence = match[1]
        if sequence in known:
            return known[sequence]
        if re.fullmatch("X[0-9A-Fa-f]{2}", sequence) and int(sequence[1:], 16) < 0x80:
            return chr(int(sequence[1:], 16))
        return match[0]

    pattern = _SEQUENCE if escape == "\\" else re.compile(f"{re.escape(escape)}([^{re.escape(escape)}]*){re.escape(escape)}")
    return pattern.sub(plain, raw)


def time_in(value: str) -> datetime | None:
    """A TS as an instant. One without an offset says no instant, and reads as None."""
    match = _TIME.fullmatch(value)
    if match is None or match[4] is None or match[8] is None:
        return None
    year, month, day, hour, minute, second, fraction, offset = match.groups()
    away = timedelta(hours=int(offset[1:3]), minutes=int(offset[3:]))
    parts = [int(part or 0) for part in (year, month, day, hour, minute, second)]
    try:
        zone = timezone(-away if offset[0] == "-" else away)
        microseconds = round(float(fraction or 0) * 1_000_000)
        return datetime(parts[0], parts[1], parts[2], parts[3], parts[4], parts[5], microseconds, zone)
    except ValueError:
        return None


def date_in(value: str) -> str:
    """`YYYYMMDD` of a TS of at least a day; "" otherwise."""
    digits = value[:8]
    try:
        datetime.strptime(digits, "%Y%m%d")  # noqa: DTZ007 - a date has no zone
    except ValueError:
        return ""
    return digits if len(digits) == 8 and digits.isdigit() else ""


def _separators(line: bytes) -> str:
    """MSH-1 and MSH-2: field, component, repetition, escape, subcomponent."""
    head = line[:9].decode("latin-1")
    found = head[3:8]
    if not head.startswith("MSH") or len(head) < 9 or head[8] != head[3]:
        raise BadMessage("It does not begin with MSH and five delimiters")
    if len(set(found)) != 5 or any(letter.isalnum() or not "!" <= letter <= "~" for letter in found):
        raise BadMessage("Its delimiters cannot be told apart")
    return found


def _declared(line: bytes, separators: str) -> str:
    """MSH-18. Without one UTF-8 is meant: anything else must be declared."""
    fields = line.decode("latin-1").split(separators[0])
    declared = fields[17].split(separators[2])[0].strip().upper() if len(fields) > 17 else ""
    charset = declared or "UNICODE UTF-8"
    if charset not in CHARSETS:
        raise BadMessage("MSH-18 declares a character set that is not known here")
    return charset


def _segment(line: str, separators: str) -> Segment:
    fields = line.split(separators[0])
    if not _SEGMENT_NAME.fullmatch(fields[0]):
        raise BadMessage("It holds a line that is no segment")
    if fields[0] == "MSH":
        fields.insert(1, separators[0])
    return Segment(tuple(fields), separators)


def _split(raw: str, separator: str) -> list[str]:
    return raw.split(separator)


def _nth(parts: list[str], number: int) -> str:
    return parts[number - 1] if 0 < number <= len(parts) else ""
