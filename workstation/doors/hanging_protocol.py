"""`hanging-protocol import FILE`, `hanging-protocol export ID FILE`: protocols as DICOM objects (PS3.3 A.44)."""

from __future__ import annotations

import argparse
import json
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from workstation.cache.names import shown
from workstation.domain.hanging import ReceivedProtocol
from workstation.doors.services import CoreServices, OpenCore
from workstation.errors import Unavailable
from workstation.ports import ProtocolExchange

if TYPE_CHECKING:
    from workstation.doors import Commands


def register(commands: Commands) -> None:
    top = commands.add_parser(
        "hanging-protocol",
        help="hanging protocols as DICOM objects",
        description="Take over a DICOM Hanging Protocol object as a protocol of your own, or write one as such an object.",
    )
    actions = top.add_subparsers(dest="action", metavar="ACTION", required=True)
    taking = actions.add_parser("import", help="take over an object; what of it cannot be said here is told")
    taking.add_argument("file", metavar="FILE", type=Path)
    taking.add_argument("--dry-run", action="store_true", help="only show what it would become")
    taking.add_argument("--json", action="store_true", help="write one JSON object")
    taking.set_defaults(run=take_over)
    giving = actions.add_parser("export", help="write a protocol in force as an object; its id is that of `list`")
    giving.add_argument("id", metavar="ID")
    giving.add_argument("file", metavar="FILE", type=Path)
    giving.set_defaults(run=give)
    listing = actions.add_parser("list", help="the protocols in force")
    listing.set_defaults(run=show)


def take_over(args: argparse.Namespace, open_core: OpenCore) -> int:
    """Shown before it is saved. Raises Refused, by the attribute's name, and Unavailable."""
    with closing(open_core()) as core:
        exchange = exchange_of(core)
        received = exchange.look(args.file)
        print(json.dumps(asdict(received), indent=1, ensure_ascii=False) if args.json else as_text(received))
        if not args.dry_run:
            name = exchange.take_over(received)
            if not args.json:
                print(f"Saved as your own: {shown(name)}")
    return 0


def give(args: argparse.Namespace, open_core: OpenCore) -> int:
    """Raises Refused for a protocol that is not there and for a file that is."""
    with closing(open_core()) as core:
        content = exchange_of(core).export(args.id)
    try:
        with args.file.open("xb") as file:
            file.write(content)
    except OSError as error:
        raise Unavailable("The file is not written", error.strerror or type(error).__name__, "Choose another place") from error
    return 0


def show(args: argparse.Namespace, open_core: OpenCore) -> int:
    with closing(open_core()) as core:
        pairs = exchange_of(core).titles()
    width = max((len(one) for one, _ in pairs), default=0)
    print("\n".join(f"{shown(one).ljust(width)}  {shown(title)}" for one, title in pairs))
    return 0


def exchange_of(core: CoreServices) -> ProtocolExchange:
    if core.make_exchange is None:
        raise Unavailable("Hanging protocols cannot be exchanged here", "No room reads or writes them")
    return core.make_exchange()


def as_text(received: ReceivedProtocol) -> str:
    """Text from outside cannot act on the terminal."""
    lines = [f"{received.title} ({received.protocol_id})"]
    if received.description:
        lines.append(f"  {received.description}")
    if received.creator:
        lines.append(f"  made by {received.creator}")
    lines += [f"  stage {number}: {title}" for number, title in enumerate(received.stages, 1)]
    if received.is_ours:
        lines.append("  written by this program and unchanged: it is taken over whole")
    if received.replaces:
        lines.append(f"  it stands before {received.replaces} from then on, which has the same id")
    lines += [f"  not taken over: {words}" for words in received.words]
    return "\n".join(shown(line) for line in lines)
