"""`hand-microphones`: which hand microphones and pedals are connected, and whether their buttons may be read."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import Any

from dictation.hand_controls.hidraw import NODES, SYSTEM, missing, nodes, refused, udev_rule


def register(subparsers: Any) -> None:
    """Adds the command; `args.run(args)` is its exit status."""
    parser = subparsers.add_parser(
        "hand-microphones",
        help="connected hand microphones and foot pedals",
        description="Says which hand microphones and foot pedals are connected, and whether their buttons may be read.",
    )
    parser.add_argument("--rule", action="store_true", help="the udev rule that lets who sits at the screen read them")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace, _: object = None, system: Path = SYSTEM, folder: Path = NODES) -> int:
    """1 where one may not be read, or where none can be on this computer."""
    if args.rule:
        print(udev_rule(), end="")
        return 0
    problem = missing(system)
    if problem is not None:
        print(problem, file=sys.stderr)
        return 1
    found = list(nodes(system, folder))
    if not found:
        print("No hand microphone or foot pedal is connected")
    locked = [node for node in found if not os.access(node.path, os.R_OK)]
    for node in found:
        if node not in locked:
            light = "with its light" if node.light(True) and os.access(node.path, os.W_OK) else "without its light"
            print(f"{node.device.name}: read, {light}")
    for node in locked:
        print(refused(node.device), file=sys.stderr)
    return 1 if locked else 0
