"""`doctor [--repair] [--deep]`: examine what is stored on this machine, say what is wrong, and mend it."""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

from workstation.at_rest.vault import is_sealed
from workstation.cache.findings import Finding, Weight
from workstation.cache.names import shown
from workstation.cache.quota import GB
from workstation.database import DatabaseKey
from workstation.database.examining import flaw_of
from workstation.domain.archive import StudyQuery
from workstation.doors.services import CoreServices, OpenCore
from workstation.errors import WorkstationError

if TYPE_CHECKING:
    from workstation.doors import Commands

MADE_AGAIN = "it was put aside and made again"
DATABASE_REMEDIES = {"index": MADE_AGAIN, "orders": "it was put aside and fills again from the RIS", "retrievals": MADE_AGAIN}
MENDED = "set aside, marked, and the index made again"
FETCHED = "set aside and fetched again"
SAME_LINES = 5
"""So many findings of one code are written out; of the rest only how many."""


def register(commands: Commands) -> None:
    parser = commands.add_parser(
        "doctor",
        help="examine what is stored here; mend it",
        description="Compares every stored image with its hash and with the index, checks the databases, the decoded copies, "
        "the key and the disk. Without --repair it only looks (but a damaged index is always put aside and made again).",
    )
    parser.add_argument("--repair", action="store_true", help="mend what can be mended; fetch damaged images again")
    parser.add_argument("--deep", action="store_true", help="test the archives too")
    parser.add_argument("--json", action="store_true", help="write the findings as JSON")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace, open_core: OpenCore) -> int:
    """0 when nothing is left to do, 1 when something is."""
    with closing(open_core()) as core:
        found = findings(core, args.repair, args.deep)
    print(json.dumps([asdict(one) for one in found], indent=1) if args.json else as_text(found))
    left = sum(one.is_left for one in found)
    if left and not args.repair:
        print("doctor: `doctor --repair` mends what has a remedy", file=sys.stderr)
    return 1 if left else 0


def findings(core: CoreServices, repair: bool, deep: bool) -> tuple[Finding, ...]:
    """Everything, in the order in which it was examined."""
    try:
        key = tuple(_key(core))
    except WorkstationError as error:
        return (Finding("key", Weight.WRONG, str(error), "nothing else was examined: without the key it cannot be read"),)
    found = [*key, *_databases(core)]
    found += _cache(core, repair)
    found += _decoded(core, repair)
    found += _plain(core, repair)
    found += _disk(core)
    return (*found, *(_archives(core) if deep else ()))


def as_text(found: tuple[Finding, ...]) -> str:
    """A line for each; many of one kind are counted."""
    lines, seen = [], Counter[str]()
    for one in found:
        seen[one.code] += 1
        if seen[one.code] <= SAME_LINES:
            then = f": {one.done}" if one.done else f"; to do: {one.remedy}" if one.remedy and one.is_left else ""
            lines.append(f"{one.weight.value:5}  {one.code}: {shown(one.words)}{then}")
    lines += [f"       {code}: {count - SAME_LINES} more" for code, count in seen.items() if count > SAME_LINES]
    left = sum(one.is_left for one in found)
    return "\n".join([*lines, f"{left} findings left" if left else "All is well"])


def _key(core: CoreServices) -> Iterator[Finding]:
    from workstation.at_rest.keys import status

    _ = core.vault
    held = status(core.folders, core.settings.at_rest)
    yield Finding(
        "key", Weight.FINE if held.is_sealing else Weight.NOTE, "; ".join(held.words) or "Stored data are not encrypted"
    )


def _databases(core: CoreServices) -> Iterator[Finding]:
    """Before anything opens them: what is opened puts a damaged one aside by itself."""
    data = core.folders.data
    places = {
        "index": core.folders.studies / "index.db",
        "reports": core.folders.reports,
        "orders": core.folders.orders,
        "retrievals": data / "retrievals.db",
        "sending": data / "sending.db",
    }
    for name, path in places.items():
        if not path.is_file():
            if name == "index" and any((path.parent / "objects").glob("*/*")):
                yield Finding(
                    "database-missing", Weight.WRONG, "The index is not there", done="it was made again from the images"
                )
            continue
        flaw = flaw_of(path, DatabaseKey.of(core.vault, name))
        if flaw:
            yield Finding("database-damaged", Weight.WRONG, f"{path.name}: {flaw}", done=DATABASE_REMEDIES.get(name, ""))
        else:
            yield Finding("database", Weight.FINE, f"{path.name} is sound")


def _cache(core: CoreServices, repair: bool) -> list[Finding]:
    found: list[Finding] = [Finding("cache", Weight.NOTE, notice) for notice in core.cache.notices]
    lacking = core.cache.examine(found.append, repair)
    if not repair:
        return found
    fetched = {uid for uid in lacking if _fetched_again(core, uid)}
    core.cache.settle()

    def mended(one: Finding) -> Finding:
        if not one.is_left or not one.remedy:
            return one
        return replace(one, done=FETCHED if one.study_instance_uid in fetched else MENDED)

    return [mended(one) for one in found]


def _fetched_again(core: CoreServices, study_uid: str) -> bool:
    """From the archive that gave it, else from any that holds it."""
    names = [progress.archive for progress in core.retrievals.progress_of(study_uid)]
    if not names:
        held = core.archives.find_studies(StudyQuery(study_instance_uid=study_uid))
        names = [name for at in held.studies for name in at.archives]
    for name in dict.fromkeys(names):
        try:
            if core.retrievals.fetch_uid(study_uid, name).is_proven:
                return True
        except WorkstationError as error:
            print(f"doctor: {name}: {shown(str(error))}", file=sys.stderr)
    return False


def _decoded(core: CoreServices, repair: bool) -> Iterator[Finding]:
    """Copies that can be made again at any time: damaged ones are thrown away as they are looked at."""
    shelf = core.library.decoded
    if shelf is None:
        return
    here = core.cache.sizes()
    entries = shelf.entries()
    orphans = [entry for entry in entries if entry.study_uid not in here]
    yield Finding("decoded", Weight.FINE, f"{len(entries)} decoded series, {sum(e.bytes for e in entries) / GB:.2f} GB")
    if orphans:
        words = f"{len(orphans)} decoded series are of studies that are not here any more"
        for entry in orphans if repair else ():
            shelf.remove(entry.key)
        yield Finding("decoded-orphan", Weight.WRONG, words, "remove them", "removed" if repair else "")


def _plain(core: CoreServices, repair: bool) -> Iterator[Finding]:
    """Files from before encryption was switched on."""
    if not core.vault.is_sealing:
        return
    count = sum(not is_sealed(path) for path in _objects(core.folders.studies))
    if count:
        done = f"{core.cache.seal_existing()} files were encrypted" if repair else ""
        words = f"{count} stored files are not encrypted: they came before encryption was on"
        yield Finding("object-plain", Weight.WRONG, words, "encrypt them", done)


def _objects(studies: Path) -> Iterator[Path]:
    return (path for path in (studies / "objects").glob("*/*.dcm") if path.is_file())


def _disk(core: CoreServices) -> Iterator[Finding]:
    usage = core.quota.usage()
    words = f"{usage.used / GB:.2f} GB of {usage.limit / GB:.1f} GB used, {usage.free / GB:.1f} GB of the disk free"
    if usage.excess:
        yield Finding("disk-full", Weight.WRONG, f"{words}; {usage.excess / GB:.2f} GB too much", "free space on the disk")
    else:
        yield Finding("disk", Weight.FINE, words)


def _archives(core: CoreServices) -> Iterator[Finding]:
    for problem in core.archives.problems:
        yield Finding("archive-settings", Weight.WRONG, str(problem))
    for archive in core.archives.archives:
        wrong = [step for step in core.archives.test(archive.name) if not step.succeeded]
        if wrong:
            yield Finding("archive", Weight.WRONG, f"{archive.name}: {wrong[0].name}: {wrong[0].words}")
        else:
            yield Finding("archive", Weight.FINE, f"{archive.name} answers")
