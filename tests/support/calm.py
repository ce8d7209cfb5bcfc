"""Property tests on a busy machine: slow is not wrong."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

calm = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
