"""The smallest usual grid for a number of cells."""

from __future__ import annotations

from workstation.domain.viewing import Layout

# (most cells, rows, columns)
_GRIDS = ((1, 1, 1), (2, 1, 2), (3, 1, 3), (4, 2, 2), (6, 2, 3), (9, 3, 3), (12, 3, 4), (16, 4, 4))


def grid_for(count: int) -> Layout:
    """Side by side first, because screens are wide. Raises ValueError above 16."""
    for most, rows, columns in _GRIDS:
        if count <= most:
            return Layout(rows, columns)
    raise ValueError(f"no grid holds {count} cells")
