"""A text file that a site or a user may edit: read within bounds, or refused in the words of whoever reads it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from workstation.errors import Refused

MAX_FILE_BYTES = 64 * 1024


def read_site_text(path: Path, refused: Callable[[str, str], Refused]) -> str:
    """UTF-8 text. Raises what `refused(file name, reason)` makes."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise refused(path.name, f"it cannot be read: {error.strerror}") from None
    if len(content) > MAX_FILE_BYTES:
        raise refused(path.name, f"it is larger than {MAX_FILE_BYTES // 1024} KiB")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        raise refused(path.name, "it is not UTF-8 text") from None
