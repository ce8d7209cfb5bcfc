"""`python tests/support/renew_references.py [--renew]`: what differs from the pictures in tests/reference, and by how much.

With `--renew` what differs is written anew. Look at it before you commit it. Exit status 1 when something differs.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent


def run() -> int:
    """One line for each view."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--renew", action="store_true", help="write the pictures that differ")
    chosen = parser.parse_args()
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    sys.path[:0] = [str(HERE), str(HERE.parents[1])]
    from reference_views import VIEWS, Tolerance, compared, keep, kept, studio

    differs = 0
    with tempfile.TemporaryDirectory(prefix="lyskasse-reference-") as home, studio(Path(home)) as made:
        for view in VIEWS:
            picture, reference = made.picture(made.state(view)), kept(view)
            difference = compared(view, picture, reference) if reference is not None else None
            words = difference.words() if difference is not None else "new"
            if difference is not None and difference.holds(Tolerance()):
                print(f"{view.name}: as it was ({words})")
                continue
            differs += 1
            print(f"{view.name}: {'WRITTEN' if chosen.renew else 'DIFFERS'} ({words})")
            if chosen.renew:
                keep(view, picture)
    return 0 if chosen.renew else min(differs, 1)


if __name__ == "__main__":
    sys.exit(run())
