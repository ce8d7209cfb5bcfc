"""A store in a folder of its own."""

from __future__ import annotations

import pytest

from workstation.reporting.store import ReportStore


@pytest.fixture
def store(tmp_path):
    store = ReportStore(tmp_path / "reports.sqlite3")
    yield store
    store.close()
