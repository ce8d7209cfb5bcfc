"""TOML to HangingProtocol, checked key by key: a mistake is refused by file, line and key.

Files come from a site or a user and are data only. Sizes are bounded so that a bad or hostile
file costs nothing, and an unknown key is an error rather than a rule that silently never fires.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable

from hanging_protocols import toml_lines
from hanging_protocols.facts import KNOWN_ATTRIBUTES
from hanging_protocols.model import (
    CellTemplate,
    Constraint,
    HangingProtocol,
    Level,
    Order,
    Partial,
    Rule,
    Scope,
    Selector,
    StageTemplate,
)
from hanging_protocols.toml_table import MAX_ITEMS, Table, Wrong, meant, not_one_of
from workstation.domain.viewing import Plane
from workstation.errors import Refused

MAX_FILE_BYTES = 256 * 1024
MAX_PRIORS = 9
SLAB_MODES = ("MEAN", "MIP", "MIN")
SIDES = frozenset("LRAPHF")


def parse(text: str, name: str, level: Level = Level.MANUFACTURER) -> HangingProtocol:
    """The protocol that `text` (of the file called `name`) describes.

    Raises Refused with the file's name, the line and the key of the first mistake.
    """
    if len(text.encode()) > MAX_FILE_BYTES:
        raise _refused(name, f"it is larger than {MAX_FILE_BYTES // 1024} KiB")
    try:
        return _protocol(Table(tomllib.loads(text), ()), level, name)
    except tomllib.TOMLDecodeError as error:
        raise _refused(name, f"it is not TOML: {error}") from None
    except RecursionError:
        raise _refused(name, "it is nested too deeply") from None
    except Wrong as wrong:
        where = toml_lines.words(wrong.path)
        line = toml_lines.line_of(text, wrong.path)
        raise _refused(name, f"line {line}, {where}: {wrong.reason}" if where else wrong.reason) from None


def _refused(name: str, reason: str) -> Refused:
    return Refused(
        f"The hanging protocol {name} is not used", reason, "Correct the file; the other protocols stay in use meanwhile"
    )


def _protocol(table: Table, level: Level, source: str) -> HangingProtocol:
    protocol = HangingProtocol(
        protocol_id=_identifier(table, "id"),
        title=table.text("title"),
        rules=tuple(_rule(rule) for rule in table.tables("rules", at_least=1)),
        selectors=_selectors(table.table("selectors")),
        stages=tuple(_stage(stage) for stage in table.tables("stages", at_least=1)),
        level=level,
        source=source,
    )
    table.done()
    if not any(rule.weight for rule in protocol.rules):
        raise table.wrong("rules", "one rule at least needs a weight above 0, or the protocol is never chosen")
    for index, stage in enumerate(protocol.stages):
        for place, cell in enumerate(stage.cells):
            if cell.selector not in protocol.selectors:
                path = ("stages", index, "cells", place, "selector")
                raise Wrong(path, not_one_of(cell.selector, list(protocol.selectors)))
    return protocol


def _selectors(table: Table) -> dict[str, Selector]:
    if len(table.data) > MAX_ITEMS:
        raise table.wrong("", f"at most {MAX_ITEMS} selectors")
    return {name: _selector(name, table.table(name)) for name in table.data}


def _selector(name: str, table: Table) -> Selector:
    selector = Selector(
        name=name,
        title=table.text("title", name),
        rules=tuple(_rule(rule) for rule in table.tables("rules", at_least=1)),
        order=table.one_of("order", Order, Order.MOST_IMAGES),
    )
    table.done()
    return selector


def _rule(table: Table) -> Rule:
    attribute = table.text("attribute")
    if attribute not in KNOWN_ATTRIBUTES:
        raise table.wrong("attribute", f"'{attribute}' is not an attribute that is known{meant(attribute, KNOWN_ATTRIBUTES)}")
    named = [constraint for constraint in Constraint if table.has(constraint.value)]
    if len(named) != 1:
        raise table.wrong("", f"needs exactly one of {', '.join(Constraint)}")
    low, high = 0.0, 0.0
    values: tuple[str, ...] = ()
    if named[0] is Constraint.RANGE:
        low, high = table.numbers("range", 2)
    else:
        values = _CONSTRAINT_VALUES[named[0]](table, named[0].value)
    weight = table.number("weight", 1.0)
    if not 0.0 <= weight <= 1000.0:
        raise table.wrong("weight", "must be from 0 to 1000")
    scope = table.one_of("on", Scope, Scope.CURRENT)
    rule = Rule(attribute, named[0], values, low, high, weight, table.flag("required"), scope)
    table.done()
    return rule


def _true(table: Table, key: str) -> tuple[str, ...]:
    if not table.flag(key):
        raise table.wrong(key, "can only be true")
    return ()


def _one_text(table: Table, key: str) -> tuple[str, ...]:
    return (table.text(key),)


def _some_texts(table: Table, key: str) -> tuple[str, ...]:
    return table.texts(key) if isinstance(table.data[key], list) else _one_text(table, key)


def _only_texts(table: Table, key: str) -> tuple[str, ...]:
    return table.texts(key)


_CONSTRAINT_VALUES: dict[Constraint, Callable[[Table, str], tuple[str, ...]]] = {
    Constraint.EQUALS: _one_text,
    Constraint.CONTAINS: _some_texts,
    Constraint.STARTS_WITH: _some_texts,
    Constraint.ONE_OF: _only_texts,
    Constraint.NONE_OF: _only_texts,
    Constraint.NOT_NULL: _true,
}


def _stage(table: Table) -> StageTemplate:
    rows, columns = table.whole("rows", 1, 4, 1), table.whole("columns", 1, 4, 1)
    cells = tuple(_cell(cell, rows, columns) for cell in table.tables("cells", at_least=1))
    places = [(cell.row, cell.column) for cell in cells]
    for index, place in enumerate(places):
        if place in places[:index]:
            raise Wrong((*table.path, "cells", index, "at"), "another cell is at the same place")
    stage = StageTemplate(
        stage_id=_identifier(table, "id"),
        title=table.text("title"),
        rows=rows,
        columns=columns,
        cells=cells,
        min_cells=table.whole("min_cells", 1, len(cells), 1),
        min_prior_cells=table.whole("min_prior_cells", 0, len(cells), 0),
        only_new=table.flag("only_new"),
        partial=table.one_of("partial", Partial, Partial.KEEP),
    )
    table.done()
    return stage


def _cell(table: Table, rows: int, columns: int) -> CellTemplate:
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
        slab_mm=table.number("slab_mm", 0.0),
        slab_mode=_slab_mode(table),
        patient_orientation=_patient_orientation(table),
    )
    table.done()
    return cell


def _plane(table: Table) -> Plane:
    plane = table.one_of("plane", Plane, Plane.STACK)
    if plane is Plane.OBLIQUE:
        raise table.wrong("plane", "an oblique plane needs directions, which a protocol cannot give")
    if plane is Plane.THREE_D:
        raise table.wrong("plane", "a 3D view cannot be hung by a protocol")
    return plane


def _slab_mode(table: Table) -> str:
    mode = table.text("slab_mode", "MEAN")
    if mode not in SLAB_MODES:
        raise table.wrong("slab_mode", not_one_of(mode, list(SLAB_MODES)))
    return mode


def _patient_orientation(table: Table) -> tuple[str, str]:
    if not table.has("patient_orientation"):
        return ("", "")
    values = table.texts("patient_orientation")
    if len(values) != 2 or not SIDES.issuperset(values):
        raise table.wrong("patient_orientation", "must be two of L, R, A, P, H, F: where rows point, where columns point")
    return (values[0], values[1])


def _identifier(table: Table, key: str) -> str:
    value = table.text(key)
    if not value or not all(letter.islower() or letter.isdigit() or letter == "-" for letter in value) or not value.isascii():
        raise table.wrong(key, "must be of small letters, digits and hyphens")
    return value
