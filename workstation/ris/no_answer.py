"""What every exchange with the RIS may end in. Apart from `wire`, so that who only speaks of it brings no HTTP client."""

from __future__ import annotations

from workstation.errors import Unavailable


class NoAnswer(Unavailable):
    """Nothing came back that says what the server did. It may have done it."""
