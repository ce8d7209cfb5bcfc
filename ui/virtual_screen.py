"""A screen where there is none: Xvfb for the demonstration, Qt's offscreen platform otherwise."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator

SIZE = "1920x1200x24"


def has_screen() -> bool:
    """Whether a person could see a window (or Qt was told which platform to use)."""
    return any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")) or os.name == "nt"


@contextlib.contextmanager
def screen() -> Iterator[bool]:
    """Makes sure that Qt finds a screen. Yields whether it is one that nobody sees."""
    if has_screen():
        yield os.environ.get("QT_QPA_PLATFORM") in ("offscreen", "minimal")
        return
    xvfb = shutil.which("Xvfb")
    if xvfb is None:
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
        yield True
        return
    read, write = os.pipe()
    server = subprocess.Popen(
        [xvfb, "-displayfd", str(write), "-screen", "0", SIZE, "-nolisten", "tcp"],
        pass_fds=(write,),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(write)
    with os.fdopen(read) as answer:
        number = answer.readline().strip()
    os.environ["DISPLAY"] = f":{number}"
    try:
        yield True
    finally:
        server.terminate()
        server.wait(10)
        os.environ.pop("DISPLAY", None)
