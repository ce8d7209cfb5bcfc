"""Which series of the viewports are compared with each other: a prior with the current one it hangs beside."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from workstation.domain.study import Series
from workstation.domain.viewing import Cell, Plane, ViewportState
from workstation.ports import SeriesKey

if TYPE_CHECKING:
    from workstation.session.alignments import Alignments
    from workstation.session.viewing import Viewing


class Pair(NamedTuple):
    fixed: SeriesKey
    moving: SeriesKey


def hung_pairs(viewing: Viewing, series_of: Callable[[SeriesKey], Series | None], known: Alignments) -> list[Pair]:
    """A pair for each space of a prior on screen: with the current volume of the same body part it most resembles."""
    pairs: list[Pair] = []
    for index, cell in enumerate(viewing.cells):
        if cell.state is None or not cell.is_prior or not _is_volume(viewing, index):
            continue
        other = partner(viewing, index, known, lambda s, mine=cell.state: _comparable(series_of, mine, s))  # type: ignore[misc]  # mypy infers no lambda with a default
        if other is None:
            continue
        pair = Pair((other.study_uid, other.series_uid), (cell.state.study_uid, cell.state.series_uid))
        if not any(
            known.share_space(p.moving[1], pair.moving[1]) and known.share_space(p.fixed[1], pair.fixed[1]) for p in pairs
        ):
            pairs.append(pair)
    return pairs


def partner(
    viewing: Viewing, index: int, known: Alignments, fits: Callable[[ViewportState], bool] = lambda _: True
) -> ViewportState | None:
    """The viewport that one is compared with: a volume of another space and the other side (current, prior).

    Of one link group before others, then the one shown in the same plane, then the nearest in the row.
    """
    cell = viewing.cells[index]
    state = cell.state
    if state is None:
        return None

    def order(place: int, other: Cell) -> tuple[bool, bool, bool, int]:
        shown = other.state
        same_group = bool(cell.link_group) and other.link_group == cell.link_group
        same_plane = shown is not None and shown.plane is state.plane
        return other.is_prior is cell.is_prior, not same_group, not same_plane, abs(place - index)

    others = [
        (place, other)
        for place, other in enumerate(viewing.cells)
        if place != index
        and other.state is not None
        and not known.share_space(other.state.series_uid, state.series_uid)
        and _is_volume(viewing, place)
        and fits(other.state)
    ]
    best = min(others, key=lambda found: order(*found), default=None)
    return best[1].state if best is not None else None


def _is_volume(viewing: Viewing, index: int) -> bool:
    viewer = viewing.viewer(index)
    return viewer is not None and viewer.can_show(Plane.AXIAL)


def _comparable(series_of: Callable[[SeriesKey], Series | None], mine: ViewportState, theirs: ViewportState) -> bool:
    """Of the same body part, as far as both say; without that of the same modality."""
    one, other = series_of((mine.study_uid, mine.series_uid)), series_of((theirs.study_uid, theirs.series_uid))
    if one is None or other is None or mine.study_uid == theirs.study_uid:
        return False
    parts = one.body_part_examined.strip().casefold(), other.body_part_examined.strip().casefold()
    return parts[0] == parts[1] if all(parts) else one.modality == other.modality
