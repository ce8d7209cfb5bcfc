"""A HangingProtocol as TOML, laid out as the built-in files are: `schema.parse` of it gives the protocol back.

What has its default is not written, so that a file shows what somebody meant. One cell or rule a line.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from enum import StrEnum
from textwrap import wrap

from hanging_protocols.model import CellTemplate, Constraint, HangingProtocol, Order, Rule, Scope, Selector, StageTemplate

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_COMMENT_WIDTH = 110
_ONE_TEXT = frozenset({Constraint.EQUALS, Constraint.CONTAINS, Constraint.STARTS_WITH})

# A cell's keys in the order they are written, each with its field; those of its defaults are left out.
CELL_KEYS: tuple[tuple[str, str], ...] = (
    ("screen", "screen"), ("prior", "prior"), ("nth", "nth"), ("plane", "plane"), ("look", "look"), ("window", "window"),
    ("center_width", "center_width"), ("inverted", "inverted"), ("slab_mm", "slab_mm"), ("slab_mode", "slab_mode"),
    ("sizing", "sizing"), ("anchor", "anchor"), ("patient_orientation", "patient_orientation"), ("rotation", "rotation"),
    ("flip", "flip"), ("sort", "sort"), ("descending", "descending"), ("fusion", "fusion"), ("fusion_window", "fusion_window"),
    ("colour_map", "colour_map"), ("opacity", "opacity"), ("label", "label"), ("link", "link_group"),
)  # fmt: skip
_PLAIN_CELL = CellTemplate(0, 0, "")
_PLAIN_STAGE = StageTemplate("", "", 1, 1, ())
_STAGE_KEYS = ("screens", "min_cells", "min_prior_cells", "only_new", "partial")
_TEXTS = ("description", "creator", "created", "group")

Value = str | bool | int | float | tuple[object, ...] | None


def write(protocol: HangingProtocol, comment: str = "") -> str:
    """The file's text. `comment` stands above it, for people."""
    lines = [f"# {line}" for part in comment.splitlines() for line in wrap(part, _COMMENT_WIDTH)]
    lines += [_pair("id", protocol.protocol_id), _pair("title", protocol.title)]
    lines += [_pair(name, getattr(protocol, name)) for name in _TEXTS if getattr(protocol, name)]
    lines += _rules(protocol.rules)
    for selector in protocol.selectors.values():
        lines += ["", *_selector(selector)]
    for stage in protocol.stages:
        lines += ["", *_stage(stage)]
    return "\n".join(lines) + "\n"


def _selector(selector: Selector) -> list[str]:
    lines = [f"[selectors.{_key(selector.name)}]"]
    if selector.title != selector.name:
        lines.append(_pair("title", selector.title))
    if selector.order is not Order.MOST_IMAGES:
        lines.append(_pair("order", selector.order))
    return [*lines, *_rules(selector.rules)]


def _stage(stage: StageTemplate) -> list[str]:
    lines = ["[[stages]]", _pair("id", stage.stage_id), _pair("title", stage.title)]
    lines += [_pair("rows", stage.rows), _pair("columns", stage.columns)]
    lines += [_pair(name, getattr(stage, name)) for name in _STAGE_KEYS if getattr(stage, name) != getattr(_PLAIN_STAGE, name)]
    return [*lines, "cells = [", *(f"    {_cell(cell)}," for cell in stage.cells), "]"]


def _cell(cell: CellTemplate) -> str:
    pairs: dict[str, Value] = {"at": (cell.row, cell.column), "selector": cell.selector}
    for key, name in CELL_KEYS:
        value = getattr(cell, name)
        if value != getattr(_PLAIN_CELL, name):
            pairs[key] = value
    return _inline(pairs)


def _rules(rules: Iterable[Rule]) -> list[str]:
    return ["rules = [", *(f"    {_inline(_rule(rule))}," for rule in rules), "]"]


def _rule(rule: Rule) -> Mapping[str, Value]:
    pairs: dict[str, Value] = {"attribute": rule.attribute, rule.constraint.value: _wanted(rule)}
    if rule.weight != 1.0:
        pairs["weight"] = rule.weight
    if rule.required:
        pairs["required"] = True
    if rule.scope is not Scope.CURRENT:
        pairs["on"] = rule.scope
    return pairs


def _wanted(rule: Rule) -> Value:
    if rule.constraint is Constraint.NOT_NULL:
        return True
    if rule.constraint is Constraint.RANGE:
        return (rule.low, rule.high)
    return rule.values[0] if rule.constraint in _ONE_TEXT and len(rule.values) == 1 else rule.values


def _inline(pairs: Mapping[str, Value]) -> str:
    return "{ " + ", ".join(_pair(key, value) for key, value in pairs.items()) + " }"


def _pair(key: str, value: object) -> str:
    return f"{_key(key)} = {_value(value)}"


def _key(name: str) -> str:
    return name if _BARE_KEY.fullmatch(name) else _text(name)


def _value(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, StrEnum):
        return _text(value.value)
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, float):
        return repr(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, tuple | list):
        return "[" + ", ".join(_value(one) for one in value) + "]"
    return str(value)


def _text(text: str) -> str:
    """A basic string; JSON escapes as TOML does, but for the one control character above the blanks."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007F")
