"""The window's commands for scripts: `snapshot`, `tour`, `demo` (and `open`, the window itself)."""

from __future__ import annotations

import argparse
import gc
import json
import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from workstation.domain.viewing import Plane, Window

if TYPE_CHECKING:
    from ui.seat import Seat

    Commands = argparse._SubParsersAction[argparse.ArgumentParser]
    OpenCore = Callable[..., Seat]

VIEWS = ("stack", "axial", "coronal", "sagittal")


def register(commands: Commands) -> None:
    """Add this room's commands. Each sets `run(args, open_core) -> exit status`."""
    _register_snapshot(commands)
    tour = commands.add_parser(
        "tour",
        help="drive the real window through the whole job",
        description="Drives the window by keys and mouse: import, worklist, open with prior, hang, scroll, planes, window, "
        "measure, dictate from a recording, sign, deliver, confirm. Writes OUT/tour.json and a screenshot of each step.",
    )
    tour.add_argument("out", metavar="OUT", type=Path, help="folder for tour.json and the screenshots")
    tour.add_argument("--data", metavar="PATH", type=Path, help="read this study instead of the demonstration's chest CT")
    tour.add_argument(
        "--keys-only",
        metavar="CASES",
        type=int,
        nargs="?",
        const=10,
        help="read so many cases (10) one after the other without a mouse, and write OUT/journey.json: keys and seconds of each",
    )
    tour.add_argument("--json", action="store_true", help="write tour.json to standard output too")
    tour.set_defaults(run=run_tour)
    demo = commands.add_parser(
        "demo",
        help="open the workstation on demonstration studies",
        description="Opens the window on our own phantoms with a FHIR RIS on loopback. Without a display it runs on a "
        "virtual one, takes pictures and says where they are.",
    )
    demo.add_argument(
        "--pictures", metavar="FOLDER", type=Path, default=Path("out/demo"), help="where pictures go without a display"
    )
    demo.add_argument("--json", action="store_true", help="say what was done as JSON")
    demo.set_defaults(run=run_demo)
    opened = commands.add_parser("open", help="open the workstation on your own cache", description="Opens the window.")
    opened.add_argument("--json", action="store_true", help="report the end as JSON")
    opened.set_defaults(run=run_open)


def _register_snapshot(commands: Commands) -> None:
    parser = commands.add_parser(
        "snapshot",
        help="pictures of a series as on screen",
        description="Writes OUT/view.png (with overlays) and OUT/bare.png (without) and says what was seen. Nothing is imported.",
    )
    # LPS points are often negative: "-12.5,3,40" is a value here and not an option.
    parser._negative_number_matcher = re.compile(r"^-[\d.][\d.,eE+-]*$")
    parser.add_argument("path", metavar="PATH", type=Path, help="file, folder, DICOMDIR or zip")
    parser.add_argument("out", metavar="OUT", type=Path, help="folder for the pictures")
    parser.add_argument("--series", metavar="UID", default="", help="which series (the one with most images by default)")
    parser.add_argument("--view", choices=VIEWS, default="stack", help="as acquired, or a plane of a verified volume")
    parser.add_argument("--at", metavar="X,Y,Z", type=_numbers(3), help="LPS point in mm that the slice goes through")
    parser.add_argument("--frame", metavar="N", type=int, help="image number from 1, in the order shown")
    parser.add_argument("--window", metavar="C,W", type=_numbers(2), help="window center and width")
    parser.add_argument("--size", metavar="WxH", type=_size, default=(1024, 1024), help="size of the pictures (1024x1024)")
    parser.add_argument("--probe", metavar="X,Y,Z", type=_numbers(3), action="append", default=[], help="value at an LPS point")
    parser.add_argument(
        "--pixel", metavar="COL,ROW", type=_numbers(2), action="append", default=[], help="value of a pixel, from 0"
    )
    parser.add_argument("--json", action="store_true", help="write what was seen as JSON")
    parser.set_defaults(run=run_snapshot)


def run_snapshot(args: argparse.Namespace, open_core: OpenCore) -> int:
    """Exit 1 with the reason when an error tile stands in the picture or nothing can be shown."""
    if not os.environ.get("QT_QPA_PLATFORM"):
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
    from contextlib import closing

    from ui import app, snapshot
    from workstation.cache.reading import studies_in

    app.application([])
    wish = snapshot.Wish(
        args.series,
        Plane(args.view),
        args.at,
        args.frame,
        Window(*args.window) if args.window else None,
        args.size[0],
        args.size[1],
        tuple(args.probe),
        tuple((int(column), int(row)) for column, row in args.pixel),
    )
    with closing(open_core()) as core, studies_in([args.path], core.reader) as read:
        for file, reason in read.refused:
            print(f"{file}: {reason}", file=sys.stderr)
        taken = snapshot.take(*snapshot.choose_series(read.studies, wish.series_uid), core.reader, wish, core.presets)
    snapshot.save(taken, args.out)
    _tell(args.json, taken.facts)
    if taken.error is not None:
        print(f"snapshot: {taken.error}", file=sys.stderr)
    return 1 if taken.error is not None else 0


def run_tour(args: argparse.Namespace, open_core: OpenCore) -> int:
    """Exit 0 only when the report was confirmed by reading it back."""
    if args.keys_only is not None:
        return _run_journey(args, open_core)
    from ui.tour import run

    told = run(open_core, args.out, args.data)
    if args.json:
        print(json.dumps(told, indent=1))
    else:
        print(f"{told['state']} {told['ris_report_id']}: {told['keys']} keys, {told['clicks']} clicks")
        print(f"Screenshots and tour.json lie in {args.out}")
    if told["state"] != "CONFIRMED":
        print(f"tour: ended as {told['state']}: {told.get('problem', '')}", file=sys.stderr)
        return 1
    return 0


def _run_journey(args: argparse.Namespace, open_core: OpenCore) -> int:
    from ui.journey import run

    told = run(open_core, args.out, cases=args.keys_only)
    if args.json:
        print(json.dumps(told, indent=1))
    else:
        cost = f"{told.get('keys_per_case')} keys and {told.get('seconds_per_case')} s for each"
        print(f"{told['confirmed']} of {args.keys_only} reports confirmed, {cost}, {told['clicks']} clicks")
        print(f"Screenshots and journey.json lie in {args.out}")
    if told["confirmed"] != args.keys_only:
        print(f"tour: {told.get('problem', '')}", file=sys.stderr)
        return 1
    return 0


def run_demo(args: argparse.Namespace, open_core: OpenCore) -> int:
    from ui.demo import run

    return run(open_core, args.pictures, args.json)


@contextmanager
def quickly_imported() -> Iterator[ModuleType]:
    """`ui.app`, imported in the way that takes least; the collector stays off meanwhile (`ui.rubbish` asks it)."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        # Whatever is imported after PySide6 goes through a hook of its own at each import: this takes a twentieth longer.
        import workstation.core  # noqa: F401
        from ui import app

        # What is there by now need not be looked at before the window is there; `Rubbish.settle` does.
        gc.freeze()
        yield app
    finally:
        if was_on:
            gc.enable()


def run_open(args: argparse.Namespace, open_core: OpenCore) -> int:
    with quickly_imported() as app:
        from ui.doorbell import Doorbell, only_window
        from workstation.jobs import Jobs
        from workstation.settings import Folders

        folder = Folders.default().data
        with only_window(folder):
            status = int(app.run(lambda post: open_core(lambda: Jobs(post)), lambda window: Doorbell(folder, window)))
    if args.json:
        print(json.dumps({"exit_status": status}))
    return status


def _tell(as_json: bool, facts: dict[str, Any]) -> None:
    if as_json:
        print(json.dumps(facts, indent=1))
        return
    for name, value in facts.items():
        print(f"{name}: {value}")


def _numbers(count: int) -> Callable[[str], tuple[float, ...]]:
    def parse(text: str) -> tuple[float, ...]:
        parts = text.split(",")
        if len(parts) != count:
            raise argparse.ArgumentTypeError(f"{count} numbers with commas between them, not {text!r}")
        return tuple(float(part) for part in parts)

    return parse


def _size(text: str) -> tuple[int, int]:
    width, _, height = text.lower().partition("x")
    if not (width.isdigit() and height.isdigit() and 16 <= int(width) <= 8192 and 16 <= int(height) <= 8192):
        raise argparse.ArgumentTypeError(f"WxH between 16x16 and 8192x8192, not {text!r}")
    return int(width), int(height)
