"""The door: write the demonstration studies into a folder."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import date
from pathlib import Path

from rendering.phantoms import chest_ct, hand, head_mr, mammography, petct, tomosynthesis, ultrasound
from rendering.phantoms.study import TODAY, Making, PhantomStudy, Size, examinations

Progress = Callable[[str, float], None]
_MAKERS: dict[str, Callable[[Making, Callable[[float], None]], PhantomStudy]] = {
    "ct-chest": chest_ct.make,
    "ct-chest-prior": chest_ct.make,
    "mr-head": head_mr.make,
    "petct": petct.make,
    "mg": mammography.make,
    "dbt": tomosynthesis.make,
    "us": ultrasound.make,
    "hand": hand.make,
}
ROLES = tuple(_MAKERS)


def write_demonstration(
    folder: Path,
    seed: int = 7,
    only: Collection[str] | None = None,
    size: Size = "full",
    progress: Progress | None = None,
    today: date = TODAY,
) -> tuple[PhantomStudy, ...]:
    """Write the studies with the roles in `only` (all when None) below `folder`, one folder each.

    The same seed, size and day give the same bytes. `size` "small" keeps the geometry and the
    known truths on a coarser matrix. `progress` hears a role and the part done, 0 to 1.
    Raises ValueError for a role that is not known.
    """
    unknown = set(only or ()) - set(ROLES)
    if unknown:
        raise ValueError(f"no such demonstration study: {', '.join(sorted(unknown))}")
    finished = []
    for examination in examinations(today):
        role = examination.role
        if role not in _MAKERS or (only is not None and role not in only):
            continue
        making = Making(examination, folder / role, seed, size, today)

        def report(part: float, role: str = role) -> None:
            if progress is not None:
                progress(role, part)

        finished.append(_MAKERS[role](making, report))
    return tuple(finished)
