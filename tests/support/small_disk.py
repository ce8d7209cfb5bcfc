"""A real disk of a few MiB, to be filled, and to be made read-only: a tmpfs of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

MOUNT = "/usr/bin/mount"
UMOUNT = "/usr/bin/umount"
OWN_NAMESPACE = ("/usr/bin/unshare", "--user", "--map-root-user", "--mount")
INSIDE = "LYSKASSE_TESTS_IN_OWN_NAMESPACE"
DEFAULT = "size=8m"


class NotPermitted(Exception):
    """This machine lets the tests mount nothing (they run without root)."""


@contextmanager
def mounted(place: Path, options: str) -> Iterator[Path]:
    """A file system of its own at `place`; `options` as of tmpfs. Raises NotPermitted."""
    place.mkdir()
    command = [MOUNT, "-t", "tmpfs", "-o", f"{options},mode=700", "tests", str(place)]
    done = subprocess.run(command, check=False, capture_output=True) if Path(MOUNT).exists() else None
    if done is None or done.returncode:
        raise NotPermitted(done.stderr.decode() if done is not None else "there is no mount")
    try:
        yield place
    finally:
        subprocess.run([UMOUNT, "-l", str(place)], check=True)


@contextmanager
def small_disk_for(request: pytest.FixtureRequest, place: Path) -> Iterator[Path]:
    """The fixture `small_disk`. Where mounting is refused, the one test runs once more as root of a namespace
    of its own, which most systems grant to everybody; it is skipped only where that is refused too."""
    options = getattr(request, "param", DEFAULT)
    try:
        with mounted(place, options) as disk:
            yield disk
        return
    except NotPermitted as error:
        reason = str(error).strip()
    if INSIDE in os.environ or not _has_namespaces():
        pytest.skip(f"a disk of its own can be mounted neither here nor in a namespace of its own: {reason}")
    again = [*OWN_NAMESPACE, sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", request.node.nodeid]
    done = subprocess.run(
        again, cwd=request.config.rootpath, env={**os.environ, INSIDE: "1"}, capture_output=True, text=True, check=False
    )
    if done.returncode or "1 passed" not in done.stdout:
        pytest.fail(f"in a namespace of its own:\n{done.stdout}{done.stderr}", pytrace=False)
    request.node.runtest = lambda: None  # it ran there, and passed
    yield place


def _has_namespaces() -> bool:
    program = Path(OWN_NAMESPACE[0])
    return program.exists() and subprocess.run([*OWN_NAMESPACE, "true"], check=False, capture_output=True).returncode == 0


def fill(disk: Path, leave: int = 0) -> Path:
    """A file that takes all room but `leave` bytes; removed, the room is there again."""
    filler = disk / "filler"
    facts = os.statvfs(disk)
    with filler.open("wb") as file:
        left = facts.f_bavail * facts.f_frsize - leave
        while left > 0:
            left -= file.write(bytes(min(left, 1 << 20)))
    return filler


def make_read_only(disk: Path, read_only: bool = True) -> None:
    """Remount: every write then fails with EROFS."""
    mode = "ro" if read_only else "rw"
    subprocess.run([MOUNT, "-o", f"remount,{mode}", str(disk)], check=True, capture_output=True)
