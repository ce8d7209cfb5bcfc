"""A few latest results by the very objects they were made of: these are large, and to compare them would cost more."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Kept(Generic[T]):
    """Keeps the objects alive too: an object's number is its own only while it lives. For one thread."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._found: OrderedDict[tuple[int, ...], tuple[tuple[object, ...], T]] = OrderedDict()

    def get(self, made_of: tuple[object, ...], make: Callable[[], T]) -> T:
        """Only for objects that never change."""
        key = tuple(map(id, made_of))
        found = self._found.get(key)
        if found is None:
            found = self._found[key] = made_of, make()
            if len(self._found) > self._size:
                self._found.popitem(last=False)
        else:
            self._found.move_to_end(key)
        return found[1]
