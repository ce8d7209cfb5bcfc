"""How long a signature waits before it is sent, so that it can be taken back."""

from __future__ import annotations

from datetime import datetime


def seconds_left(signed_at: datetime, window_seconds: float, now: datetime) -> float:
    """0 once it may be sent. A clock that was set back ends the wait rather than make it long."""
    age = (now - signed_at).total_seconds()
    return window_seconds - age if 0 <= age < window_seconds else 0.0
