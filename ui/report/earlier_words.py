"""Earlier reports in words: their headlines and what must be known of each. Text from outside is shown as it is."""

from __future__ import annotations

from ui.plain import core_text, dicom_date, person_name, plain
from workstation.domain.earlier_report import EarlierReport, ReportOrigin

# English source strings; shown through core_text.
ORIGIN_WORDS = {
    ReportOrigin.SIGNED_HERE: "signed here",
    ReportOrigin.RIS: "in the RIS",
    ReportOrigin.OBJECT: "in the archive",
}
STATUS_WORDS = {
    "partial": "not complete",
    "preliminary": "preliminary",
    "amended": "amended",
    "corrected": "corrected",
    "appended": "with addendum",
    "unknown": "status unknown",
}


def day_of(report: EarlierReport) -> str:
    return dicom_date(report.day) if report.day else plain(report.issued[:10])


def signer_of(report: EarlierReport) -> str:
    return person_name(report.signer) if "^" in report.signer else plain(report.signer)


def standing_of(report: EarlierReport) -> str:
    """What status it has, where it lies, what of it is not text."""
    parts = [core_text(STATUS_WORDS.get(report.status, "")), core_text(ORIGIN_WORDS[report.origin])]
    if report.form:
        parts.append(plain(report.form) if report.text else core_text("only as {0}").format(plain(report.form)))
    return ", ".join(part for part in parts if part)


def text_of(report: EarlierReport) -> str:
    """The report below its headline; where there is no text, why."""
    head = "   ".join(part for part in (day_of(report), plain(report.procedure)) if part)
    return "\n".join((head, _about(report), "", _body(report)))


def below_row(report: EarlierReport) -> str:
    """As `text_of`, for a place where day and examination stand above it."""
    return "\n".join((_about(report), _body(report)))


def body_start(report: EarlierReport) -> int:
    """Where the text begins in `text_of`."""
    return len(text_of(report)) - len(_body(report))


def _about(report: EarlierReport) -> str:
    return ", ".join(part for part in (signer_of(report), standing_of(report)) if part)


def _body(report: EarlierReport) -> str:
    """Line by line as it is; a character that would hide is shown as its code point."""
    return "\n".join(_line(line) for line in report.text.split("\n")) if report.text else not_here(report)


def _line(line: str) -> str:
    # As long as it was, leading blanks too: places in the text are places on the screen.
    return plain(f"|{line}|")[1:-1]


def not_here(report: EarlierReport) -> str:
    return core_text("This report has no text that can be read here: it is a document ({0}).").format(plain(report.form or "PDF"))
