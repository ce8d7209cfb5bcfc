"""What all readers of objects share: caps, codes, references. Runs in the worker process only."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from rendering.objects.references import Code, ImageReference
from rendering.parse_elements import Elements, is_uid
from workstation.errors import Refused

# Enough for any object that a reader would look at; a bomb stops here.
MOST_ITEMS = 50_000
MOST_POINTS = 500_000
MOST_TEXT = 4_000
MOST_REPORT_TEXT = 200_000
"""Of one value of a report: a whole report may stand in one."""
MOST_TEXT_IN_ALL = 2_000_000
DEEPEST = 40
CUT_OFF = " …"


class Budget:
    """Counts what has been read of one object. Each method raises Refused when it is more than is allowed."""

    def __init__(self) -> None:
        self._items = MOST_ITEMS
        self._points = MOST_POINTS
        self._text = MOST_TEXT_IN_ALL
        self.unread: list[str] = []

    def items(self, elements: Elements, name: str) -> Iterator[Elements]:
        for item in elements.items(name):
            self._items -= 1
            if self._items < 0:
                raise Refused("The object holds more items than is allowed", f"{MOST_ITEMS}")
            yield item

    def points(self, count: int) -> None:
        self._points -= count
        if self._points < 0:
            raise Refused("The object holds more points than is allowed", f"{MOST_POINTS}")

    def text(self, text: str, most: int = MOST_TEXT) -> str:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
        text = text if len(text) <= most else text[:most] + CUT_OFF
        self._text -= len(text)
        if self._text < 0:
            raise Refused("The object holds more text than is allowed", f"{MOST_TEXT_IN_ALL} characters")
        return text

    def say(self, words: str) -> None:
        """Something was not understood. The same words once."""
        if words not in self.unread:
            self.unread.append(words)


def read_code(item: Elements | None) -> Code | None:
    if item is None:
        return None
    value = item.text("CodeValue") or item.text("LongCodeValue") or item.long_text("URNCodeValue")
    found = Code(value[:MOST_TEXT], item.text("CodingSchemeDesignator")[:64], item.text("CodeMeaning")[:MOST_TEXT])
    return found if found.value or found.meaning else None


def code_in(elements: Elements, name: str) -> Code | None:
    """The first code of a code sequence."""
    return read_code(elements.item(name))


def reference(item: Elements, series_uid: str = "", study_uid: str = "") -> ImageReference | None:
    """The Image SOP Instance Reference Macro (PS3.3 10.3)."""
    uid = item.uid("ReferencedSOPInstanceUID")
    if not is_uid(uid):
        return None
    return ImageReference(
        uid,
        item.uid("ReferencedSOPClassUID"),
        series_uid,
        study_uid,
        tuple(int(n) for n in islice(item.numbers("ReferencedFrameNumber"), MOST_ITEMS) if n >= 1),
        tuple(int(n) for n in islice(item.numbers("ReferencedSegmentNumber"), MOST_ITEMS) if n >= 0),
    )


def referenced_images(elements: Elements, budget: Budget) -> tuple[ImageReference, ...]:
    """The ReferencedImageSequence of an item."""
    found = (reference(item) for item in budget.items(elements, "ReferencedImageSequence"))
    return tuple(one for one in found if one is not None)


def series_references(
    elements: Elements, budget: Budget, study_uid: str, name: str = "ReferencedImageSequence"
) -> Iterator[ImageReference]:
    """The instances under ReferencedSeriesSequence (0008,1115)."""
    for series in budget.items(elements, "ReferencedSeriesSequence"):
        series_uid = series.uid("SeriesInstanceUID")
        for item in budget.items(series, name):
            found = reference(item, series_uid, study_uid)
            if found is not None:
                yield found


def evidence(elements: Elements, budget: Budget) -> tuple[ImageReference, ...]:
    """What a report or selection lists as its evidence (PS3.3 C.17.2.2), hierarchical."""
    found: list[ImageReference] = []
    for name in ("CurrentRequestedProcedureEvidenceSequence", "PertinentOtherEvidenceSequence"):
        for study in budget.items(elements, name):
            found.extend(series_references(study, budget, study.uid("StudyInstanceUID"), "ReferencedSOPSequence"))
    return tuple(dict.fromkeys(found))


def predecessors(elements: Elements, budget: Budget) -> tuple[str, ...]:
    """The SOP Instance UIDs of the documents that this one replaces (PS3.3 C.17.2)."""
    found = [
        one.sop_instance_uid
        for study in budget.items(elements, "PredecessorDocumentsSequence")
        for one in series_references(study, budget, study.uid("StudyInstanceUID"), "ReferencedSOPSequence")
    ]
    return tuple(dict.fromkeys(found))


def pairs(values: tuple[float, ...]) -> tuple[tuple[float, float], ...]:
    return tuple(zip(values[0::2], values[1::2], strict=False))


def from_corner(points: tuple[tuple[float, float], ...]) -> tuple[tuple[float, float], ...]:
    """Points that count from the first pixel's corner (PS3.3 C.10.5, C.18.6) as points that count from its centre."""
    return tuple((column - 0.5, row - 0.5) for column, row in points)


def written_name(name: str) -> str:
    """A PN value as people write it: the first component group, in the order of the file."""
    return " ".join(part for part in name.split("=", maxsplit=1)[0].split("^") if part)


def moment(elements: Elements, date: str, time: str) -> str:
    """A date and time as ISO text, empty when they are none; without the zone, which is `zone`'s."""
    day = elements.text(date).replace(".", "")[:8]
    clock = elements.text(time).replace(":", "")[:6]
    if len(day) != 8 or not day.isdigit():
        return ""
    clock = clock if clock.isdigit() and len(clock) in (2, 4, 6) else ""
    parts = [clock[i : i + 2] for i in (0, 2, 4)]
    written = f"{day[:4]}-{day[4:6]}-{day[6:]}"
    return f"{written}T{':'.join(part or '00' for part in parts)}{zone(elements)}"


def zone(elements: Elements) -> str:
    """TimezoneOffsetFromUTC (0008,0201) as `+01:00`, empty when absent."""
    text = elements.text("TimezoneOffsetFromUTC")
    sound = len(text) == 5 and text[0] in "+-" and text[1:].isdigit()
    return f"{text[:3]}:{text[3:]}" if sound else ""
