"""Looks for patient data in plain on the disk, as somebody with a stolen disk would (reliability F89)."""

from __future__ import annotations

import mmap
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

# The mark of a DICOM file that lies in plain (PS3.10 7.1).
DICM = b"DICM"


@dataclass(frozen=True)
class Hit:
    """`needle` was found in `file`, in plain, at `offset`."""

    file: Path
    needle: str
    offset: int


def spellings(text: str) -> tuple[bytes, ...]:
    """`text` as databases, files and text toolkits write it."""
    return tuple({text.encode(code) for code in ("utf-8", "utf-16-le", "utf-16-be", "latin-1", "utf-32-le")})


def plaintext_below(folder: Path, needles: Iterable[str], skip: Iterable[str] = ()) -> list[Hit]:
    """Every place below `folder` where one of `needles` or `DICM` stands in plain.

    In contents and in names, databases' WAL and journal files included. `skip` are names of files left out.
    """
    wanted = [(needle, spelling) for needle in needles for spelling in spellings(needle)] + [("DICM", DICM)]
    left_out = set(skip)
    hits: list[Hit] = []
    for path in sorted(folder.rglob("*")):
        if path.name in left_out:
            continue
        name = str(path.relative_to(folder))
        hits += [Hit(path, needle, -1) for needle, _ in wanted if needle in name]
        if path.is_file() and not path.is_symlink():
            hits += _in_file(path, wanted)
    return hits


def _in_file(path: Path, wanted: list[tuple[str, bytes]]) -> list[Hit]:
    try:
        if not path.stat().st_size:
            return []
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            found = ((needle, data.find(spelling)) for needle, spelling in wanted)
            return [Hit(path, needle, at) for needle, at in found if at >= 0]
    except FileNotFoundError:
        return []  # gone since it was listed: looked for while the program runs
