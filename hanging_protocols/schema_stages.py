"""Stages and their cells from TOML, checked key by key (see `schema`)."""

from __future__ import annotations

from hanging_protocols.model import Anchor, CellTemplate, Flip, Partial, Size, Sort, StageTemplate
from hanging_protocols.toml_table import MAX_ITEMS, Table, Wrong, identifier, not_one_of
from workstation.domain.viewing import Plane

MAX_PRIORS = 9
MAX_SCREENS = 4
MAX_ROWS = 4
MAX_SLAB_MM = 500.0
SLAB_MODES = ("MEAN", "MIP", "MIN")
SIDES = frozenset("LRAPHF")
ROTATIONS = (0, 90, 180, 270)
# Wider than any stored value; infinity is no window.
MAX_WINDOW = 1e9


def stage_of(table: Table) -> StageTemplate:
    """Raises Wrong."""
    rows, columns = table.whole("rows", 1, MAX_ROWS, 1), table.whole("columns", 1, MAX_ROWS, 1)
    screens = _screens(table)
    grids = ((rows, columns), *screens)
    cells = tuple(_cell(cell, grids) for cell in table.tables("cells", at_least=1))
    places = [(cell.screen, cell.row, cell.column) for cell in cells]
    for index, place in enumerate(places):
        if place in places[:index]:
            raise Wrong((*table.path, "cells", index, "at"), "another cell is at the same place")
    stage = StageTemplate(
        stage_id=identifier(table, "id"),
        title=table.text("title"),
        rows=rows,
        columns=columns,
        cells=cells,
        min_cells=table.whole("min_cells", 1, len(cells), 1),
        min_prior_cells=table.whole("min_prior_cells", 0, len(cells), 0),
        only_new=table.flag("only_new"),
        partial=table.one_of("partial", Partial, Partial.KEEP),
        screens=screens,
    )
    table.done()
    return stage


def _screens(table: Table) -> tuple[tuple[int, int], ...]:
    """Grids of the screens after the first: `screens = [[1, 2], [2, 2]]`, rows and columns."""
    pairs = table.pairs("screens", MAX_SCREENS - 1)
    allowed = range(1, MAX_ROWS + 1)
    if any(rows not in allowed or columns not in allowed for rows, columns in pairs):
        raise table.wrong("screens", f"rows and columns must be whole numbers from 1 to {MAX_ROWS}")
    return tuple((int(rows), int(columns)) for rows, columns in pairs)


def _cell(table: Table, grids: tuple[tuple[int, int], ...]) -> CellTemplate:
    screen = table.whole("screen", 0, len(grids) - 1, 0)
    rows, columns = grids[screen]
    row, column = table.numbers("at", 2)
    if row not in range(rows) or column not in range(columns):
        raise table.wrong("at", f"must lie in the {rows}x{columns} grid, counted from 0")
    cell = CellTemplate(
        row=int(row),
        column=int(column),
        selector=table.text("selector"),
        prior=table.whole("prior", 0, MAX_PRIORS, 0),
        nth=table.whole("nth", 1, MAX_ITEMS, 1),
        plane=_plane(table),
        window=table.text("window", ""),
        link_group=table.text("link", ""),
        label=table.text("label", ""),
        inverted=table.flag("inverted"),
        slab_mm=table.between("slab_mm", 0.0, MAX_SLAB_MM, 0.0),
        slab_mode=_slab_mode(table),
        patient_orientation=_patient_orientation(table),
        screen=screen,
        sizing=table.one_of("sizing", Size, Size.FIT),
        anchor=table.one_of("anchor", Anchor, Anchor.NONE),
        sort=table.one_of("sort", Sort, Sort.AS_READ),
        descending=table.flag("descending"),
        fusion=table.text("fusion", ""),
        fusion_window=table.text("fusion_window", ""),
        colour_map=table.text("colour_map", "hot"),
        opacity=table.between("opacity", 0.0, 1.0, 0.5),
        look=table.text("look", ""),
        rotation=_rotation(table),
        flip=table.one_of("flip", Flip, Flip.NONE),
        center_width=_center_width(table),
    )
    table.done()
    _check_together(table, cell)
    return cell


def _check_together(table: Table, cell: CellTemplate) -> None:
    """Keys that mean nothing without another are mistakes, not wishes."""
    if cell.look and cell.plane is not Plane.THREE_D:
        raise table.wrong("look", 'needs plane = "3d"')
    if cell.fusion and cell.plane is Plane.THREE_D:
        raise table.wrong("fusion", "nothing is laid over a 3D view")
    if cell.window and cell.center_width:
        raise table.wrong("center_width", "the window is already named by its preset")
    for key in ("fusion_window", "colour_map", "opacity"):
        if table.has(key) and not cell.fusion:
            raise table.wrong(key, "needs fusion, the selector of what is laid over")


def _plane(table: Table) -> Plane:
    plane = table.one_of("plane", Plane, Plane.STACK)
    if plane is Plane.OBLIQUE:
        raise table.wrong("plane", "an oblique plane needs directions, which a protocol cannot give")
    return plane


def _slab_mode(table: Table) -> str:
    mode = table.text("slab_mode", "MEAN")
    if mode not in SLAB_MODES:
        raise table.wrong("slab_mode", not_one_of(mode, list(SLAB_MODES)))
    return mode


def _rotation(table: Table) -> int:
    degrees = table.whole("rotation", 0, 270, 0)
    if degrees not in ROTATIONS:
        raise table.wrong("rotation", "must be 0, 90, 180 or 270")
    return degrees


def _center_width(table: Table) -> tuple[float, float] | None:
    if not table.has("center_width"):
        return None
    center, width = table.numbers("center_width", 2)
    if not abs(center) <= MAX_WINDOW or not 0.0 < width <= MAX_WINDOW:
        raise table.wrong("center_width", "must be a window's center and its width above 0")
    return center, width


def _patient_orientation(table: Table) -> tuple[str, str]:
    if not table.has("patient_orientation"):
        return ("", "")
    values = table.texts("patient_orientation")
    if len(values) != 2 or not SIDES.issuperset(values):
        raise table.wrong("patient_orientation", "must be two of L, R, A, P, H, F: where rows point, where columns point")
    return (values[0], values[1])
