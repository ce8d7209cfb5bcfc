"""A screen where there is none: Xvfb for the demonstration, Qt's offscreen platform otherwise."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator

from workstation.child_environment import child_environment

SIZE = "1920x1200x24"


def has_screen() -> bool:
    """Whether a person could see a window (or Qt was told which platform to use)."""
    named = any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"))
    return named or sys.platform in ("win32", "darwin")


@contextlib.contextmanager
def screen() -> Iterator[bool]:
    """Makes sure that Qt finds a screen. Yields whether it is one that nobody sees."""
    if has_screen():
        yield os.environ.get("QT_QPA_PLATFORM") in ("offscreen", "minimal")
        return
    server, number = _xvfb()
    if server is None:
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
        yield True
        return
    os.environ["DISPLAY"] = f":{number}"
    try:
        yield True
    finally:
        _end(server)
        os.environ.pop("DISPLAY", None)


def _xvfb() -> tuple[subprocess.Popen[bytes] | None, str]:
    """A running Xvfb and its display's number; None when there is none or it does not start."""
    program = shutil.which("Xvfb")
    if program is None:
        return None, ""
    read, write = os.pipe()
    server = subprocess.Popen(
        [program, "-displayfd", str(write), "-screen", "0", SIZE, "-nolisten", "tcp"],
        pass_fds=(write,),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=child_environment(),
    )
    os.close(write)
    with os.fdopen(read) as answer:
        number = answer.readline().strip()  # empty when it ended instead
    if number:
        return server, number
    _end(server)
    return None, ""


def _end(server: subprocess.Popen[bytes]) -> None:
    server.terminate()
    try:
        server.wait(10)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()
