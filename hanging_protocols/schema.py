"""TOML to HangingProtocol, checked key by key: a mistake is refused by file, line and key.

Files come from a site or a user and are data only. Sizes are bounded so that a bad or hostile
file costs nothing, and an unknown key is an error rather than a rule that silently never fires.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable

from hanging_protocols import toml_lines
from hanging_protocols.facts import KNOWN_ATTRIBUTES
from hanging_protocols.model import Constraint, HangingProtocol, Level, Order, Rule, Scope, Selector
from hanging_protocols.schema_stages import stage_of
from hanging_protocols.toml_table import MAX_ITEMS, Table, Wrong, identifier, meant, not_one_of
from workstation.errors import Refused

MAX_FILE_BYTES = 256 * 1024
MAX_DESCRIPTION = 1000


def parse(text: str, name: str, level: Level = Level.MANUFACTURER) -> HangingProtocol:
    """The protocol that `text` (of the file called `name`) describes.

    Raises Refused with the file's name, the line and the key of the first mistake.
    """
    if len(text.encode()) > MAX_FILE_BYTES:
        raise _refused(name, f"it is larger than {MAX_FILE_BYTES // 1024} KiB")
    try:
        return _protocol(Table(tomllib.loads(text), ()), level, name)
    except ValueError as error:  # TOMLDecodeError, or a number that Python itself refuses to read
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
        protocol_id=identifier(table, "id"),
        title=table.text("title"),
        rules=tuple(_rule(rule) for rule in table.tables("rules", at_least=1)),
        selectors=_selectors(table.table("selectors")),
        stages=tuple(stage_of(stage) for stage in table.tables("stages", at_least=1)),
        level=level,
        source=source,
        description=table.text("description", "", most=MAX_DESCRIPTION),
        creator=table.text("creator", ""),
        created=table.text("created", ""),
        group=table.text("group", ""),
    )
    table.done()
    if not any(rule.weight for rule in protocol.rules):
        raise table.wrong("rules", "one rule at least needs a weight above 0, or the protocol is never chosen")
    _check_stages(protocol)
    return protocol


def _check_stages(protocol: HangingProtocol) -> None:
    """Every selector that a cell names is there, and no two stages have one id."""
    seen: set[str] = set()
    for index, stage in enumerate(protocol.stages):
        if stage.stage_id in seen:
            raise Wrong(("stages", index, "id"), "another stage has the same id")
        seen.add(stage.stage_id)
        for place, cell in enumerate(stage.cells):
            for key, name in (("selector", cell.selector), ("fusion", cell.fusion)):
                if name not in protocol.selectors and (name or key == "selector"):
                    raise Wrong(("stages", index, "cells", place, key), not_one_of(name, list(protocol.selectors)))


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
