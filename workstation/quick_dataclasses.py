"""Data classes made in half the time, for a start that makes some hundreds of them before the first window.

Python 3.11 writes the text of six methods for each and compiles it: a sixth of the start. Here those that differ in their
fields' names alone (`__repr__`, `__eq__`, `__hash__` and those that refuse a change) are functions that know the names.
They do the same; `__init__` and whatever else stays as it is, and so does every other version of Python.
"""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from operator import attrgetter
from typing import Any

Field = dataclasses.Field[Any]
Values = Callable[[Any], tuple[Any, ...]]

# The functions of `dataclasses` that are taken the place of, and the names of what they are given.
REPLACED = {
    "_repr_fn": ("fields", "globals"),
    "_cmp_fn": ("name", "op", "self_tuple", "other_tuple", "globals"),
    "_hash_fn": ("fields", "globals"),
    "_frozen_get_del_attr": ("cls", "fields", "globals"),
}


@contextmanager
def quickened() -> Iterator[bool]:
    """Until its end data classes are made so. False, and nothing is changed, where Python makes them in another way."""
    known = vars(dataclasses)
    if sys.version_info[:2] != (3, 11) or not all(map(_is_known, REPLACED, REPLACED.values())):
        yield False
        return
    before = {name: known[name] for name in REPLACED}
    ours = {"_repr_fn": _repr, "_cmp_fn": _compare_with(before["_cmp_fn"]), "_hash_fn": _hash, "_frozen_get_del_attr": _refusals}
    known.update(ours)
    try:
        yield True
    finally:
        known.update(before)


def _is_known(name: str, arguments: Sequence[str]) -> bool:
    code = getattr(vars(dataclasses).get(name), "__code__", None)
    return code is not None and code.co_varnames[: code.co_argcount] == arguments


def _values(names: Sequence[str]) -> Values:
    if not names:
        return lambda _: ()
    get = attrgetter(*names)
    return get if len(names) > 1 else lambda one: (get(one),)


def _repr(fields: Iterable[Field], _globals: object) -> Callable[[Any], str]:
    names = [field.name for field in fields]

    def __repr__(self: Any) -> str:  # noqa: N807
        return f"{self.__class__.__qualname__}({', '.join([f'{name}={getattr(self, name)!r}' for name in names])})"

    repeated: Callable[[Callable[[Any], str]], Callable[[Any], str]] = vars(dataclasses)["_recursive_repr"]
    return repeated(__repr__)


def _compare_with(written: Callable[..., Any]) -> Callable[..., Any]:
    def compare(name: str, op: str, self_tuple: str, other_tuple: str, **rest: object) -> Any:
        if op != "==":
            return written(name, op, self_tuple, other_tuple, **rest)
        values = _values([part.removeprefix("self.") for part in self_tuple.strip("()").split(",") if part])

        def __eq__(self: Any, other: Any) -> Any:  # noqa: N807
            if other.__class__ is self.__class__:
                return values(self) == values(other)
            return NotImplemented

        return __eq__

    return compare


def _hash(fields: Iterable[Field], _globals: object) -> Callable[[Any], int]:
    values = _values([field.name for field in fields])

    def __hash__(self: Any) -> int:  # noqa: N807
        return hash(values(self))

    return __hash__


def _refusals(cls: Any, fields: Iterable[Field], _globals: object) -> tuple[Callable[..., None], Callable[..., None]]:
    names = frozenset(field.name for field in fields)

    def __setattr__(self: Any, name: str, value: Any) -> None:  # noqa: N807
        if type(self) is cls or name in names:
            raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")
        super(cls, self).__setattr__(name, value)

    def __delattr__(self: Any, name: str) -> None:  # noqa: N807
        if type(self) is cls or name in names:
            raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")
        super(cls, self).__delattr__(name)

    return __setattr__, __delattr__
