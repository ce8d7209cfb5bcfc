"""The worklist by its specification: the three stores joined whole, each time it is asked."""

from __future__ import annotations

from workstation.domain.order import ReadStatus, WorklistItem
from workstation.worklist import CRITICAL_UNTOLD, OrderSource, ReportSource, StudySource, join, read_status, reading_order


class JoinedWorklist:
    """What it says is what the stores hold now."""

    def __init__(self, cache: StudySource, reports: ReportSource, orders: OrderSource) -> None:
        self._cache = cache
        self._reports = reports
        self._orders = orders

    def items(self) -> tuple[WorklistItem, ...]:
        """Every order and every study, most urgent first."""
        untold = self._reports.untold_studies()
        drafts = frozenset(report.report_uuid for report in self._reports.drafts())

        def status(accession_number: str, study_uid: str) -> ReadStatus:
            report = self._reports.report_of(accession_number, study_uid)
            if report is None:
                return ReadStatus.UNREAD
            uuid = report.report_uuid
            left = uuid not in drafts and self._reports.is_left_to_ris(uuid)
            return ReadStatus.ELSEWHERE if left else read_status(report, self._reports.delivery_of(uuid), uuid in drafts)

        def warning(study_uid: str) -> str:
            doubts = [doubt.text for doubt in self._cache.doubts_of(study_uid)]
            return "; ".join([*doubts, CRITICAL_UNTOLD] if study_uid in untold else doubts)

        counts, survivor = self._cache.image_counts(), self._orders.survivor
        joined = join(self._orders.orders(), self._cache.studies(), counts, status, warning, survivor)
        return reading_order(joined)
