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
    """A pair for each space of a prior on screen: with the current volume of the same body part it most resembles.

    Of a PET/CT it is the CT that is registered: what holds of it holds of the PET.
    """
    best: dict[tuple[str, str], tuple[tuple[bool, bool, int], Pair]] = {}
    volumes = [(i, c) for i, c in enumerate(viewing.cells) if c.state is not None and _is_volume(viewing, i)]
    for index, cell in volumes:
        for place, other in volumes:
            if cell.state is None or other.state is None or not cell.is_prior or other.is_prior:
                continue
            pair = Pair(_key(other.state), _key(cell.state))
            fixed, moving = series_of(pair.fixed), series_of(pair.moving)
            if fixed is None or moving is None or known.share_space(pair.fixed[1], pair.moving[1]):
                continue
            if not _comparable(fixed, moving):
                continue
            rank = fixed.modality != moving.modality, "PT" in (fixed.modality, moving.modality), abs(place - index)
            spaces = known.space(pair.fixed[1]), known.space(pair.moving[1])
            if spaces not in best or rank < best[spaces][0]:
                best[spaces] = rank, pair
    return [pair for _, pair in best.values()]


def partner(viewing: Viewing, index: int, known: Alignments) -> ViewportState | None:
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
    ]
    best = min(others, key=lambda found: order(*found), default=None)
    return best[1].state if best is not None else None


def _is_volume(viewing: Viewing, index: int) -> bool:
    viewer = viewing.viewer(index)
    return viewer is not None and viewer.can_show(Plane.AXIAL)


def _comparable(one: Series, other: Series) -> bool:
    """Of the same body part, as far as both say; without that of the same modality."""
    parts = one.body_part_examined.strip().casefold(), other.body_part_examined.strip().casefold()
    return parts[0] == parts[1] if all(parts) else one.modality == other.modality


def _key(state: ViewportState) -> SeriesKey:
    return state.study_uid, state.series_uid
