"""Data classes that are made quickly do what those of the standard library do, to the last word."""

from __future__ import annotations

import copy
import dataclasses
import math
import pickle
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from workstation import quick_dataclasses

NAN = math.nan


def frozen() -> type:
    @dataclass(frozen=True, slots=True)
    class Point:
        x: float
        y: float = 2.0
        note: str = field(default="a", compare=False)
        secret: str = field(default="s", repr=False)
        label: str = field(default="l", hash=False)

    return Point


def open_to_change() -> type:
    @dataclass
    class Point:
        x: float
        y: float = 2.0

    return Point


def of_one() -> type:
    @dataclass(frozen=True)
    class One:
        x: Any

    return One


def of_none() -> type:
    @dataclass(frozen=True, slots=True)
    class Nothing:
        pass

    return Nothing


def ordered() -> type:
    @dataclass(frozen=True, order=True)
    class Ordered:
        x: float
        y: float = 2.0

    return Ordered


def inherited() -> type:
    @dataclass(frozen=True)
    class Base:
        x: float

    @dataclass(frozen=True)
    class Derived(Base):
        y: float = 2.0

    return Derived


def looser() -> type:
    @dataclass(frozen=True)
    class Base:
        x: float
        y: float = 2.0

    class Looser(Base):
        """No data class: it may have attributes of its own."""

    return Looser


def with_methods_of_its_own() -> type:
    @dataclass(frozen=True)
    class Own:
        x: float

        def __repr__(self) -> str:
            return "own"

        def __hash__(self) -> int:
            return 7

        def __eq__(self, other: object) -> bool:
            return False

    return Own


def by_identity() -> type:
    @dataclass(eq=False)
    class Thing:
        x: float

    return Thing


def hashed_though_open() -> type:
    @dataclass(unsafe_hash=True)
    class Thing:
        x: float
        y: float = 2.0

    return Thing


MAKERS = (
    frozen,
    open_to_change,
    of_one,
    of_none,
    ordered,
    inherited,
    looser,
    with_methods_of_its_own,
    by_identity,
    hashed_though_open,
)


@pytest.fixture
def quick() -> Iterator[None]:
    before = dict(vars(dataclasses))
    with quick_dataclasses.quickened() as is_known:
        assert is_known is (sys.version_info[:2] == (3, 11))
        yield
    assert dict(vars(dataclasses)) == before


def tried(call: Callable[[], Any]) -> Any:
    """What comes out, or which error with which words."""
    try:
        return call()
    except Exception as error:
        return type(error), str(error)


def behaviour(kind: type) -> list[Any]:
    """Everything that can be seen of a data class from outside, where identities do not count."""
    values = [()] if not dataclasses.fields(kind) else [(1.0,), (1,), (2.0,), (NAN,)]
    made = [kind(*value) for value in values]
    made += [copy.copy(one) for one in made]
    if len(dataclasses.fields(kind)) > 2:
        made += [kind(1.0, note="b"), kind(1.0, secret="t"), kind(1.0, label="m"), kind(1.0, y=3.0)]
    has_hash = kind.__hash__ not in (None, object.__hash__)
    seen: list[Any] = [repr(one).replace(kind.__qualname__, "Class") for one in made]
    seen += [one == other for one in made for other in (*made, None, 1.0, (1.0, 2.0))]
    seen += [one.__eq__(object()) is NotImplemented for one in made]
    seen += [tried(lambda one=one: hash(one)) for one in made] if has_hash else [kind.__hash__ is None]
    seen += [tried(lambda: sorted(map(repr, sorted(made[:3]))))[:1]]
    for name in ("x", "other", "__class__"):
        seen.append(tried(lambda name=name: setattr(kind(*values[0]), name, 5)))
        seen.append(tried(lambda name=name: delattr(kind(*values[0]), name)))
    for name in ("__repr__", "__eq__", "__hash__", "__setattr__", "__delattr__", "__init__"):
        method = getattr(kind, name, None)
        seen.append((name, name in vars(kind), getattr(method, "__qualname__", ""), getattr(method, "__name__", "")))
    return seen


@pytest.mark.parametrize("make", MAKERS, ids=lambda make: make.__name__)
def test_a_class_made_quickly_behaves_as_any_other(make: Callable[[], type], request: pytest.FixtureRequest) -> None:
    expected = behaviour(make())
    request.getfixturevalue("quick")
    assert behaviour(make()) == expected


@pytest.mark.usefixtures("quick")
def test_what_holds_itself_is_written_once() -> None:
    @dataclass
    class Node:
        inner: Any = None

    node = Node()
    node.inner = [node]
    assert repr(node).endswith("Node(inner=[...])")


@dataclass(frozen=True, slots=True)
class Kept:
    x: int
    y: str = "b"


def test_what_was_packed_before_is_unpacked_and_replaced_as_ever(quick: None) -> None:
    packed = pickle.dumps(Kept(1))
    assert pickle.loads(packed) == Kept(1)
    made = dataclass(frozen=True, slots=True)(type("Kept", (), {"__annotations__": {"x": int}, "__module__": __name__}))
    assert dataclasses.replace(made(1), x=2) == made(2)
    assert dataclasses.asdict(made(3)) == {"x": 3}


@pytest.mark.skipif(sys.version_info[:2] != (3, 11), reason="only of Python 3.11 is it known how it makes them")
@pytest.mark.usefixtures("quick")
def test_it_is_really_another_way() -> None:
    kind = frozen()
    assert {vars(kind)[name].__module__ for name in ("__eq__", "__hash__", "__setattr__")} == {quick_dataclasses.__name__}
    assert vars(kind)["__init__"].__module__ == __name__


@pytest.mark.parametrize("name", quick_dataclasses.REPLACED)
def test_a_python_that_makes_them_otherwise_is_left_alone(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dataclasses, name, lambda cls, fields, text, more: None)
    before = dict(vars(dataclasses))
    with quick_dataclasses.quickened() as is_known:
        assert not is_known
        assert dict(vars(dataclasses)) == before


def test_another_version_of_python_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 12, 0, "final", 0))
    before = dict(vars(dataclasses))
    with quick_dataclasses.quickened() as is_known:
        assert not is_known
        assert dict(vars(dataclasses)) == before
