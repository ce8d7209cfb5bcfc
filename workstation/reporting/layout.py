"""The report as plain text, and back: labels, then sections under their headings.

This is `presentedForm` (text/plain) of the FHIR DiagnosticReport: what a receiving system
shows, what is compared after reading back, and what sections are recovered from.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from workstation.domain.report import SECTION_TITLES, Report, ReportSection, SectionCode
from workstation.reporting.text import clean_line

_HEADINGS = {title.upper(): code for code, title in SECTION_TITLES.items() if code is not SectionCode.ADDENDUM}
_WITH_ADDENDA = {title.upper(): code for code, title in SECTION_TITLES.items()}
# Stands among the labels of a report that has addenda, and only then: in another, a line that
# reads ADDENDUM is a line like any other, as it was before addenda had a heading.
_ADDENDA = "Addenda: "


def plain_text(report: Report) -> str:
    """The whole signed report. Every version reads differently: version and time are in it."""
    sections = written_sections(report)
    addenda = sum(s.code is SectionCode.ADDENDUM for s in sections)
    labels = (
        ("Procedure", report.procedure),
        ("Accession number", report.accession_number),
        *(
            (("Read together with", "; ".join(f"{one.accession_number} {one.procedure}" for one in report.joint)),)
            if report.joint
            else ()
        ),
        ("Status", report.status.value),
        ("Version", str(report.version)),
        ("Signed by", report.signed_by),
        ("Signed at", report.signed_at.isoformat(timespec="milliseconds") if report.signed_at else ""),
        *((("Earlier signed by", "; ".join(map(clean_line, report.earlier_signers))),) if report.earlier_signers else ()),
        *((("Reason for the change", report.reason),) if report.reason else ()),
    )
    lines = ["Radiology report", *(f"{label}: {clean_line(value)}" for label, value in labels)]
    head = "\n".join([*lines, f"{_ADDENDA}{addenda}"] if addenda else lines)
    quoted = _quoting(_WITH_ADDENDA if addenda else _HEADINGS)
    body = "\n\n".join(f"{SECTION_TITLES[s.code].upper()}\n{quoted(s.text)}" for s in sections)
    return f"{head}\n\n{body}\n"


def written_sections(report: Report) -> tuple[ReportSection, ...]:
    """The sections that hold words, then each addendum under its time and author."""
    addenda = (
        ReportSection(SectionCode.ADDENDUM, f"{a.at.isoformat(timespec='milliseconds')}, {clean_line(a.signed_by)}\n{a.text}")
        for a in report.addenda
    )
    return (*filled_sections(report.sections), *addenda)


def sections_of(text: str) -> tuple[ReportSection, ...]:
    """The sections of `plain_text`, exactly. Text that is not laid out so gives no sections."""
    lines = text.split("\n")
    labels = lines[: lines.index("")] if "" in lines else []
    headings = _WITH_ADDENDA if any(line.startswith(_ADDENDA) for line in labels) else _HEADINGS
    unquoted = _unquoting(headings)
    starts = [i for i, line in enumerate(lines) if line in headings]
    # Each block ends one empty line before the next heading, or at the final line end.
    ends = [start - 1 for start in starts[1:]] + [len(lines) - 1]
    return tuple(
        ReportSection(headings[lines[start]], "\n".join(unquoted(line) for line in lines[start + 1 : end]))
        for start, end in zip(starts, ends, strict=False)
    )


def filled_sections(sections: tuple[ReportSection, ...]) -> tuple[ReportSection, ...]:
    return tuple(s for s in sections if s.text.strip())


def _looks_like(headings: Mapping[str, SectionCode]) -> re.Pattern[str]:
    return re.compile(rf" *(?:{'|'.join(map(re.escape, headings))})$")


def _quoting(headings: Mapping[str, SectionCode]) -> Callable[[str], str]:
    """A dictated line that reads like a heading gets a space before it, so that none is taken for one."""
    looks = _looks_like(headings)
    return lambda text: "\n".join(f" {line}" if looks.match(line) else line for line in text.split("\n"))


def _unquoting(headings: Mapping[str, SectionCode]) -> Callable[[str], str]:
    looks = _looks_like(headings)
    return lambda line: line[1:] if line.startswith(" ") and looks.match(line) else line
