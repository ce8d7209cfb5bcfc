"""The environment of every process that the program starts: all of its own but the secrets.

What a process is given it may leak: in a core file, to a library, to whoever may read /proc. A
child needs no passphrase and no password; what it needs comes through its standard input.
"""

from __future__ import annotations

import os

SECRETS = ("LYSKASSE_PASSPHRASE", "LYSKASSE_SECRET_")
"""Beginnings of the names that never go on."""


def child_environment(**more: str) -> dict[str, str]:
    """For `subprocess.Popen(env=…)`; `more` is set on top."""
    return {name: value for name, value in os.environ.items() if not name.upper().startswith(SECRETS)} | more
