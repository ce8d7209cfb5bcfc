"""Monitors that come and go: logical monitors (RANDR 1.5) of one virtual X screen, which Qt follows as it does real ones.

No window manager runs on it: what a window is asked for is what it gets, and nobody mends what is asked wrongly.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

SIZE = "7000x2600x24"


@dataclass(frozen=True)
class Panel:
    """One monitor: where it stands and how large it is, in device pixels and mm."""

    name: str
    x: int
    width: int
    height: int
    mm: tuple[int, int]
    y: int = 0


# A side screen and two upright ones of five megapixels, as in a reading room.
SIDE = Panel("SIDE", 0, 1920, 1200, (518, 324))
LEFT = Panel("LEFT", 1920, 2048, 2560, (338, 422))
RIGHT = Panel("RIGHT", 3968, 2048, 2560, (338, 422))
# Holds the server's output, so that all others may go; too small for any window.
HOLD = Panel("HOLD", 6900, 60, 60, (10, 10), 2500)
WIDE = Panel("WIDE", 1920, 3840, 2160, (697, 392))
# Finer pixels than the left one.
FINE = Panel("FINE", 3968, 2048, 2560, (270, 337))


def programs() -> bool:
    return shutil.which("Xvfb") is not None and shutil.which("xrandr") is not None


@contextlib.contextmanager
def display(panels: Sequence[Panel]) -> Iterator[str]:
    """An X server of its own with these monitors. Yields its `DISPLAY`."""
    read, write = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(write), "-screen", "0", SIZE, "-nolisten", "tcp", "-noreset"],
        pass_fds=(write,),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(write)
    try:
        with os.fdopen(read) as answer:
            name = f":{answer.readline().strip()}"
        for panel in panels:
            plug(panel, name)
        yield name
    finally:
        server.terminate()
        server.wait(20)


def plug(panel: Panel, display_name: str | None = None) -> None:
    """The first one takes the server's only output, so that the server's own monitor is none any more; it stays."""
    output = "none" if _names(display_name) - {"screen"} else "screen"
    size = f"{panel.width}/{panel.mm[0]}x{panel.height}/{panel.mm[1]}+{panel.x}+{panel.y}"
    _xrandr(["--setmonitor", panel.name, size, output], display_name)


def unplug(panel: Panel) -> None:
    _xrandr(["--delmonitor", panel.name], None)


def _names(display_name: str | None) -> set[str]:
    return {line.split()[1].lstrip("+*") for line in _xrandr(["--listmonitors"], display_name).splitlines()[1:]}


def _xrandr(arguments: list[str], display_name: str | None) -> str:
    environment = os.environ | ({"DISPLAY": display_name} if display_name else {})
    done = subprocess.run(["xrandr", *arguments], env=environment, capture_output=True, text=True, check=True)
    return done.stdout
