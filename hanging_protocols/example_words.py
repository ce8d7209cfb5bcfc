"""Titles for what was learned: short, in the words of roles, nothing from outside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hanging_protocols.facts import ImageSet
from hanging_protocols.model import CellTemplate, Selector
from hanging_protocols.role_words import role_title
from hanging_protocols.study_facts import StudyFacts
from workstation.domain.viewing import Plane

_SIDES = {"right": "R", "left": "L", "both_sides": "both sides"}
_SILENT = frozenset({"mammogram_2d", "thin", "thick", "for_reading", "for_processing", "cine", "frontal"})
_WORDS_MOST = 3
_TITLES_MOST = 3


def selector_title(facts: StudyFacts, target: ImageSet) -> str:
    """What a series is, as a reader says it: `R CC`, `Lung kernel axial`, `FLAIR sagittal`; else its modality."""
    roles = [role.value for role in facts.roles(target)]
    side = [_SIDES[role] for role in roles if role in _SIDES]
    order = sorted((role for role in roles if role not in _SIDES and role not in _SILENT), key=_last)
    words = [role_title(role) for role in order]
    if not words and "frontal" in roles:
        words = ["frontal"]
    title = " ".join((*side, *words[:_WORDS_MOST])) or target.series.modality or "Series"
    return title[:1].upper() + title[1:]


def stage_title(cells: Sequence[CellTemplate], selectors: Mapping[str, Selector]) -> str:
    """`Lung kernel and soft kernel`, `Current and prior`, `R CC, L CC, R MLO and L MLO`."""
    titles = list(dict.fromkeys(selectors[cell.selector].title for cell in cells))
    if any(cell.prior for cell in cells) and any(not cell.prior for cell in cells):
        return "Current and prior" if len(titles) != 1 else f"{titles[0]}, current and prior"
    planes = {cell.plane for cell in cells} - {Plane.STACK}
    if len(titles) == 1 and len(planes) > 1:
        return f"{titles[0]}, {len(planes)} planes"
    if not titles or len(titles) > _TITLES_MOST:
        return f"{len(cells)} series"
    return titles[0] if len(titles) == 1 else f"{', '.join(titles[:-1])} and {titles[-1]}"


def slug_of(title: str) -> str:
    """A selector's name: the words of its title with hyphens."""
    kept = "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in title.casefold())
    return "-".join(part for part in kept.split("-") if part) or "series"


def _last(role: str) -> bool:
    """Planes come last, as they are said."""
    return role in ("axial", "coronal", "sagittal", "oblique")
