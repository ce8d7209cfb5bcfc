"""Which reports changed since somebody looked: by the numbers of the append-only tables that tell of every change."""

from __future__ import annotations

import json

from workstation.reporting.database import ReportDatabase

_CHANGED = (
    "SELECT report_uuid, id FROM journal WHERE id > ?",
    "SELECT o.report_uuid, e.id FROM delivery_event e JOIN outbox o ON o.id = e.delivery_id WHERE e.id > ?",
    "SELECT report_uuid, id FROM settlement WHERE id > ?",
    "SELECT report_uuid, id FROM report_life WHERE id > ?",
    "SELECT report_uuid, id FROM report_joint WHERE id > ?",
)


class ReportChanges:
    """Thread-safe through its database."""

    def __init__(self, database: ReportDatabase) -> None:
        self._database = database

    def since(self, mark: str) -> tuple[str, frozenset[str] | None]:
        """The mark to give next time, and the changed reports; None: everything may have changed."""
        last = [self._last(table) for table in ("journal", "delivery_event", "settlement", "report_life", "report_joint")]
        before = json.loads(mark) if mark else []
        if len(before) != len(last) or any(then > now for then, now in zip(before, last, strict=True)):
            return json.dumps(last), None
        changed = frozenset(
            str(row["report_uuid"])
            for sql, then, now in zip(_CHANGED, before, last, strict=True)
            if now > then
            for row in self._database.rows(sql, then)
        )
        return json.dumps(last), changed

    def known(self) -> tuple[str, ...]:
        """Every report's `report_uuid`."""
        return tuple(str(row["report_uuid"]) for row in self._database.rows("SELECT report_uuid FROM report ORDER BY rowid"))

    def _last(self, table: str) -> int:
        row = self._database.row(f"SELECT coalesce(max(id), 0) AS last FROM {table}")
        return int(row["last"]) if row else 0
