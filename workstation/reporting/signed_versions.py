"""What was signed and what was withdrawn since the last time, for those who follow it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from workstation.domain.report import Report
from workstation.reporting.database import ReportDatabase


class SignedVersions:
    """`versions_of` gives the signed versions of a report that stand, oldest first. Numbers only grow."""

    def __init__(self, database: ReportDatabase, versions_of: Callable[[str], tuple[Report, ...]]) -> None:
        self._database = database
        self._versions_of = versions_of

    def signed_after(self, number: int) -> Iterator[tuple[int, str, tuple[Report, ...]]]:
        """(number, report UUID, all its versions that stand) for each signature after the one with this number."""
        yield from self._after("SELECT rowid AS number, report_uuid FROM report_version WHERE rowid > ? ORDER BY rowid", number)

    def withdrawn_after(self, number: int) -> Iterator[tuple[int, str, tuple[Report, ...]]]:
        """The same for each signature that was withdrawn; the numbers are others."""
        sql = "SELECT id AS number, report_uuid FROM report_life WHERE event = 'withdrawn' AND id > ? ORDER BY id"
        yield from self._after(sql, number)

    def version(self, report_uuid: str, version: int) -> Report | None:
        """One version; None when it does not stand."""
        return next((one for one in self._versions_of(report_uuid) if one.version == version), None)

    def _after(self, sql: str, number: int) -> Iterator[tuple[int, str, tuple[Report, ...]]]:
        for row in self._database.rows(sql, number):
            yield row["number"], row["report_uuid"], self._versions_of(row["report_uuid"])
