"""Every signed version in the order in which they were signed, for those who follow what is signed."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from workstation.domain.report import Report
from workstation.reporting.database import ReportDatabase


class SignedVersions:
    """`versions_of` gives all signed versions of a report."""

    def __init__(self, database: ReportDatabase, versions_of: Callable[[str], tuple[Report, ...]]) -> None:
        self._database = database
        self._versions_of = versions_of

    def after(self, number: int, most: int = -1) -> Iterator[tuple[int, Report]]:
        """(number, version) of all that were signed after the one with this number; numbers only grow."""
        sql = "SELECT rowid AS number, report_uuid, version FROM report_version WHERE rowid > ? ORDER BY rowid LIMIT ?"
        for row in self._database.rows(sql, number, most):
            signed = next((one for one in self._versions_of(row["report_uuid"]) if one.version == row["version"]), None)
            if signed is not None:
                yield row["number"], signed
