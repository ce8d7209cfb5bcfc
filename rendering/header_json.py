"""Frozen dataclasses to JSON-able data and back, by their annotations.

Tuples become lists, bytes base64 text, mappings and nested dataclasses dicts; fields at their
default are left out. One decoder is built for each annotation and kept: a series has hundreds of headers.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from dataclasses import MISSING, field, fields, is_dataclass, make_dataclass
from enum import Enum
from functools import cache, partial
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

Decoder = Callable[[Any], Any]


def encode(value: Any) -> Any:
    """JSON-able data for a dataclass, or for a value of one of its fields."""
    # Lists and dicts can only be data that has been through here before (Instance.header).
    if value is None or (isinstance(value, str | int | float | list | dict) and not isinstance(value, Enum)):
        return value
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, tuple):
        return [encode(item) for item in value]
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    fields_now = ((name, getattr(value, name), default) for name, default in _defaults(value.__class__))
    return {name: encode(item) for name, item, default in fields_now if item is not default and item != default}


def decode(cls: Any, data: Any) -> Any:
    """An instance of the dataclass `cls` from what `encode` made."""
    return _decoder(cls)(data)


@cache
def _defaults(cls: type) -> tuple[tuple[str, Any], ...]:
    return tuple((f.name, f.default) for f in fields(cls))


@cache
def _decoder(hint: Any) -> Decoder:
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        inner = _decoder(next(a for a in arguments if a is not NoneType))
        return lambda data: None if data is None else inner(data)
    if origin is tuple:
        return _tuple_decoder(arguments)
    if origin is Mapping:
        item = _decoder(arguments[1])
        return _as_is if item is _as_is else lambda data: {key: item(value) for key, value in data.items()}
    if hint is bytes:
        return base64.b64decode
    if hint is float:
        return float
    if is_dataclass(hint):
        return _dataclass_decoder(hint)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return hint
    return _as_is


def _as_is(data: Any) -> Any:
    return data


def _tuple_decoder(arguments: tuple[Any, ...]) -> Decoder:
    if len(arguments) == 2 and arguments[1] is Ellipsis:
        item = _decoder(arguments[0])
        return tuple if item is _as_is else lambda data: tuple(map(item, data))
    items = tuple(_decoder(a) for a in arguments)
    if all(item is float for item in items):
        return partial(_floats, len(items))
    return lambda data: tuple(f(d) for f, d in zip(items, data, strict=True))


def _floats(count: int, data: Any) -> Any:
    if len(data) != count:
        raise ValueError(f"{len(data)} numbers instead of {count}")
    return tuple(map(float, data))


def _dataclass_decoder(cls: Any) -> Decoder:
    hints = get_type_hints(cls)
    decoders = {f.name: _decoder(hints[f.name]) for f in fields(cls)}
    changing = tuple((name, decoder) for name, decoder in decoders.items() if decoder is not _as_is)
    needed = tuple(f.name for f in fields(cls) if f.default is MISSING)
    make = _maker(cls)

    def build(data: Any) -> Any:
        values = dict(data)
        for name, decoder in changing:
            if name in values:
                values[name] = decoder(values[name])
        return make(**values)

    def build_with_empty(data: Any) -> Any:
        for name in needed:
            if name not in data:
                raise KeyError(name)
        return build(data)

    return build_with_empty if needed else build


def _maker(cls: Any) -> Callable[..., Any]:
    """What makes a `cls` from its fields.

    A frozen dataclass sets each field in a roundabout way, which takes most of the time of
    reading a series' headers. A twin that is not frozen takes the fields, then becomes a `cls`.
    """
    own = fields(cls)
    if hasattr(cls, "__post_init__") or any(f.default_factory is not MISSING or not f.init for f in own):
        return cls  # type: ignore[no-any-return]  # any class makes itself
    described = [(f.name, object, field(default=f.default)) if f.default is not MISSING else (f.name, object) for f in own]
    twin = make_dataclass(cls.__name__, described, slots="__slots__" in cls.__dict__)

    def make(**values: Any) -> Any:
        made: Any = twin(**values)
        made.__class__ = cls
        return made

    return make
