"""sqlite-utils without numpy, which it imports where it finds it, only to know numpy's types by name.

The core has no arrays. On a laptop that import is a tenth of the time until the worklist is there.
"""

from __future__ import annotations

import sys

_is_hidden = "numpy" not in sys.modules
if _is_hidden:
    sys.modules["numpy"] = None  # type: ignore[assignment]
try:
    from sqlite_utils import Database
finally:
    if _is_hidden:
        del sys.modules["numpy"]

__all__ = ["Database"]
