"""What went wrong with our own disk while an archive sent: not the archive's fault, and not the link's."""

from __future__ import annotations

import errno

from workstation.errors import DiskFull, Unavailable


def is_full(error: OSError) -> bool:
    return error.errno in (errno.ENOSPC, errno.EDQUOT)


def not_written(error: OSError) -> Unavailable:
    """A `DiskFull` where room would help."""
    detail = f"Writing what the archive sends failed: {error.strerror or type(error).__name__}"
    if is_full(error):
        return DiskFull("There is no room for the images", detail, "Free some disk space and try again")
    return Unavailable("The archive's images cannot be stored", detail, "Check the disk and try again")
