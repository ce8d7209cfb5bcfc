"""The door: write the demonstration studies into a folder."""

from __future__ import annotations

from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

from rendering.phantoms import angiogram, chest_ct, hand, head_mr, mammography, petct, tomosynthesis, ultrasound
from rendering.phantoms.study import TODAY, Examination, Making, PhantomStudy, Size, examinations

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
    "angio": angiogram.make,
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
    known truths on a coarser matrix. `progress` hears a role and the part done, 0 to 1, from two
    threads.
    Raises ValueError for a role that is not known.
    """
    unknown = set(only or ()) - set(ROLES)
    if unknown:
        raise ValueError(f"no such demonstration study: {', '.join(sorted(unknown))}")
    wanted = [e for e in examinations(today) if only is None or e.role in only]

    def make(examination: Examination) -> PhantomStudy:
        role = examination.role

        def report(part: float) -> None:
            if progress is not None:
                progress(role, part)

        return _MAKERS[role](Making(examination, folder / role, seed, size, today), report)

    # numpy lets go of the interpreter while it works, so that two studies use two processors.
    with ThreadPoolExecutor(max_workers=2) as pool:
        return tuple(pool.map(make, wanted))
