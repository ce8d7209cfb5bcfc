"""Signs a report and is killed inside the transaction, or right behind it, before anybody hears of it.

python lead_time_child.py STORE before|after
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from seat import order_for, signed

from workstation.reporting.store import ReportStore


def main(path: str, moment: str) -> None:
    store = ReportStore(Path(path))
    database = store._database
    step = "_count" if moment == "before" else "_keep_changes"

    def killed(*_: object) -> int:
        if database.row("SELECT 1 FROM report_version"):
            os.kill(os.getpid(), signal.SIGKILL)
        return original(*_)

    original = getattr(database, step)
    setattr(database, step, killed)
    signed(store, order_for())


if __name__ == "__main__":
    main(*sys.argv[1:])
