"""The report as plain text, and back: labels, then sections under their headings.

This is `presentedForm` (text/plain) of the FHIR DiagnosticReport: what a receiving system
shows, what is compared after reading back, and what sections are recovered from.
"""

from __future__ import annotations

import re

from workstation.domain.report import SECTION_TITLES, Report, ReportSection
from workstation.reporting.text import clean_line

_HEADINGS = {title.upper(): code for code, title in SECTION_TITLES.items()}
_LOOKS_LIKE_HEADING = re.compile(rf" *(?:{'|'.join(map(re.escape, _HEADINGS))})$")


def plain_text(report: Report) -> str:
    """The whole signed report. Every version reads differently: version and time are in it."""
    labels = (
        ("Procedure", report.procedure),
        ("Accession number", report.accession_number),
        ("Status", report.status.value),
        ("Version", str(report.version)),
        ("Signed by", report.signed_by),
        ("Signed at", report.signed_at.isoformat(timespec="milliseconds") if report.signed_at else ""),
    )
    head = "\n".join(["Radiology report", *(f"{label}: {clean_line(value)}" for label, value in labels)])
    body = "\n\n".join(f"{SECTION_TITLES[s.code].upper()}\n{_quoted(s.text)}" for s in filled_sections(report.sections))
    return f"{head}\n\n{body}\n"


def sections_of(text: str) -> tuple[ReportSection, ...]:
    """The sections of `plain_text`, exactly. Text that is not laid out so gives no sections."""
    lines = text.split("\n")
    starts = [i for i, line in enumerate(lines) if line in _HEADINGS]
    # Each block ends one empty line before the next heading, or at the final line end.
    ends = [start - 1 for start in starts[1:]] + [len(lines) - 1]
    return tuple(
        ReportSection(_HEADINGS[lines[start]], "\n".join(_unquoted(line) for line in lines[start + 1 : end]))
        for start, end in zip(starts, ends, strict=False)
    )


def filled_sections(sections: tuple[ReportSection, ...]) -> tuple[ReportSection, ...]:
    return tuple(s for s in sections if s.text.strip())


def _quoted(text: str) -> str:
    """A dictated line that reads like a heading gets a space before it, so that none is taken for one."""
    return "\n".join(f" {line}" if _LOOKS_LIKE_HEADING.match(line) else line for line in text.split("\n"))


def _unquoted(line: str) -> str:
    return line[1:] if line.startswith(" ") and _LOOKS_LIKE_HEADING.match(line) else line
