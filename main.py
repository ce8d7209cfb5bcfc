"""Lyskasse: `python main.py COMMAND`. Reads arguments, puts the rooms together, opens a door."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import TYPE_CHECKING

from workstation.errors import WorkstationError

if TYPE_CHECKING:
    from ui.seat import Seat
    from workstation.jobs import Jobs
    from workstation.ports import Hanger, ProtocolExchange
    from workstation.report_documents import DocumentWriter
    from workstation.settings import Folders

# Each room's doors; a room's heavy imports wait until one of its doors is opened.
DOORS = ("workstation.doors", "rendering.doors", "dictation.doors", "ui.doors")


def open_core(make_jobs: Callable[[], Jobs] | None = None, ris_url: str = "", folders: Folders | None = None) -> Seat:
    """The core with the image and hanging rooms plugged in; parts start when first used."""
    from rendering.library import ImageLibrary
    from rendering.worker import ImageWorker
    from workstation.core import Core
    from workstation.domain.viewing import PresetTable
    from workstation.doors.key import ask_in_terminal
    from workstation.jobs import Jobs, MainQueue
    from workstation.settings import Folders

    def make_hanger(folders: Folders, presets: PresetTable, tell: Callable[[WorkstationError], object]) -> Hanger:
        from hanging_protocols import prior_rules
        from hanging_protocols.live import LibraryHanger, folders_of

        places = folders_of(folders.config, core.settings.site_protocols, core.settings.group_protocols)
        hanger = LibraryHanger(places, presets, tell, folders.data / "protocol_copies", folders.config / "hanging_choices.json")
        hanger.prior_rules = prior_rules.of_site(core.settings.site_priors, folders.config, tell)
        return hanger

    def make_exchange() -> ProtocolExchange:
        from hanging_protocols.iod.exchange import IodExchange
        from hanging_protocols.live import LibraryHanger
        from rendering.objects.write_hanging_protocol import write_hanging_protocol

        assert isinstance(core.hanger, LibraryHanger)
        return IodExchange(core.hanger, core.reader.read_hanging_protocol, write_hanging_protocol)

    def make_writer() -> DocumentWriter:
        from rendering.objects.report_documents import ReportDocumentWriter

        return ReportDocumentWriter(core.reader, core.cache, core.vault)

    core = Core(
        folders or Folders.default(),
        make_jobs or (lambda: Jobs(MainQueue().post)),
        lambda key_of: ImageWorker(key_of=key_of),
        make_hanger,
        lambda reader, jobs, settings, folder, vault: ImageLibrary(reader, jobs, settings.image_memory_mb << 20, folder, vault),
        ris_url,
    )
    core.reporting.make_writer = make_writer
    core.make_exchange = make_exchange
    if sys.stdin is not None and sys.stdin.isatty():
        core.ask_passphrase = ask_in_terminal
    return core


def parser() -> argparse.ArgumentParser:
    """The command line: one sub-command for each door."""
    top = argparse.ArgumentParser(
        prog="python main.py",
        description="Lyskasse, a radiology reading workstation: images, voice and report in one program.",
        epilog="Exit status: 0 done, 1 refused or failed with the reason on standard error, 2 wrong usage.",
    )
    commands = top.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for room in DOORS:
        import_module(room).register(commands)
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command. Returns the exit status."""
    chosen = parser().parse_args(arguments)
    opened: list[Seat] = []

    def open_seat(make_jobs: Callable[[], Jobs] | None = None, ris_url: str = "", folders: Folders | None = None) -> Seat:
        opened.append(open_core(make_jobs, ris_url, folders))
        return opened[-1]

    try:
        return int(chosen.run(chosen, open_seat))
    except WorkstationError as error:
        print(f"{chosen.command}: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"{chosen.command}: stopped", file=sys.stderr)
        return 1
    finally:
        for notice in dict.fromkeys(notice for core in opened for notice in core.notices):
            print(f"{chosen.command}: {notice}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
