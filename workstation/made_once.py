"""A part that is made when it is first asked for, by whichever thread asks, and once.

`functools.cached_property` has no lock from Python 3.12 on: two threads that ask at once make two parts, and one of
them (a store, a hanger) goes on living beside the other.
"""

from __future__ import annotations

import threading
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    # Only by this name do type checkers know that it makes properties.
    from functools import cached_property as made_once
else:

    class made_once(cached_property):  # noqa: N801  # read as a decorator
        """The value then stands in the instance's `__dict__` under the method's name. What raises is asked again later."""

        def __get__(self, owner, kind=None):
            if owner is None:
                return self
            known = owner.__dict__
            # One call of C: all threads get the same lock.
            with known.setdefault(f"{self.attrname} is being made", threading.RLock()):
                if self.attrname not in known:
                    known[self.attrname] = self.func(owner)
                return known[self.attrname]


__all__ = ["made_once"]
