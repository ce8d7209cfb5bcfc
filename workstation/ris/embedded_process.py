"""Run as a script: serves the demonstration RIS until standard input closes, then ends at once.

The pipe is the life-line: it closes when the workstation ends, even by SIGKILL.
"""

from __future__ import annotations

import os
import sys
import threading
from importlib.metadata import entry_points


def _end_with_parent() -> None:
    sys.stdin.buffer.read()
    os._exit(0)


def main() -> None:
    threading.Thread(target=_end_with_parent, daemon=True).start()
    sys.argv = ["sekmet", "serve"]
    (server,) = entry_points(group="console_scripts", name="sekmet")
    server.load()()


if __name__ == "__main__":
    main()
