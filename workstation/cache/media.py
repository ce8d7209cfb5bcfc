"""The files that a DICOMDIR names (PS3.10 8, PS3.3 F.3), never outside its own folder.

A File ID is text from outside: each component is checked, found by listing folders (so that
`ct1;1` or another letter case on the medium is found too) and never joined into a path unseen.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from workstation.cache.found import Found, RefusedFile, SourceFile
from workstation.cache.names import shown

DICOMDIR = "DICOMDIR"
# PS3.10 8.2: a File ID has at most eight components.
MOST_COMPONENTS = 8
# ISO 9660 version suffix, and the dot that some drivers keep for a name without extension.
VERSION_SUFFIX = re.compile(r"\.?(;\d+)?$")
UNSAFE = re.compile(r"[/\\:\x00-\x1f]")

OUTSIDE = "The DICOMDIR names a file outside its own folder"
MISSING = "Named in the DICOMDIR, but not on the medium"
LINK = "A link that leads out of the medium"


def is_dicomdir(name: str) -> bool:
    return _plain(name) == DICOMDIR.casefold()


def referenced_file(dicomdir: Path, components: Sequence[str]) -> Found:
    """The file with this ReferencedFileID (0004,1500), or why there is none to read."""
    name = f"{shown(dicomdir)} > {shown('/'.join(components))}"
    if not components or len(components) > MOST_COMPONENTS or not all(map(_is_component, components)):
        return RefusedFile(name, OUTSIDE, is_attack=True)
    root = dicomdir.parent.resolve()
    place = root
    for component in components:
        entry = _entry(place, component)
        if entry is None:
            return RefusedFile(name, MISSING)
        place = entry
        if not place.resolve().is_relative_to(root):
            return RefusedFile(name, LINK, is_attack=True)
    if not place.is_file():
        return RefusedFile(name, MISSING)
    return SourceFile(place, shown(place))


def _is_component(component: str) -> bool:
    return component.strip(" .") != "" and not UNSAFE.search(component)


def _entry(folder: Path, component: str) -> Path | None:
    """The entry of that name; an exact one wins over one that differs in case or version."""
    try:
        names = sorted(entry.name for entry in folder.iterdir())
    except OSError:
        return None
    if component in names:
        return folder / component
    return next((folder / name for name in names if _plain(name) == _plain(component)), None)


def _plain(name: str) -> str:
    return VERSION_SUFFIX.sub("", name.strip()).casefold()
