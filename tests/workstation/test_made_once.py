"""A part that several threads ask for at once is made by one of them."""

from __future__ import annotations

import threading

import pytest

from workstation.core import Core
from workstation.made_once import made_once

SECONDS = 60.0


class Seat:
    def __init__(self) -> None:
        self.making, self.go_on = threading.Event(), threading.Event()
        self.made = 0
        self.fails = False

    @made_once
    def part(self) -> object:
        """Made slowly."""
        self.making.set()
        assert self.go_on.wait(SECONDS)
        self.made += 1
        if self.fails:
            raise ValueError("not yet")
        return object()


def test_two_threads_that_ask_at_once_get_the_same_part() -> None:
    seat, got = Seat(), list[object]()
    threads = [threading.Thread(target=lambda: got.append(seat.part)) for _ in range(2)]
    threads[0].start()
    assert seat.making.wait(SECONDS)
    threads[1].start()
    threads[1].join(0.1)
    assert not got
    seat.go_on.set()
    for thread in threads:
        thread.join(SECONDS)
    assert seat.made == 1
    assert got == [seat.part] * 2


def test_a_part_that_could_not_be_made_is_asked_for_again() -> None:
    seat = Seat()
    seat.go_on.set()
    seat.fails = True
    with pytest.raises(ValueError, match="not yet"):
        _ = seat.part
    assert "part" not in vars(seat)
    seat.fails = False
    assert seat.part is seat.part
    assert seat.made == 2


def test_each_owner_has_its_own_and_neither_waits_for_the_other() -> None:
    slow, quick = Seat(), Seat()
    quick.go_on.set()
    thread = threading.Thread(target=lambda: slow.part)
    thread.start()
    assert slow.making.wait(SECONDS)
    assert quick.part is not None
    slow.go_on.set()
    thread.join(SECONDS)
    assert slow.part is not quick.part
    assert Seat.part.__doc__ == "Made slowly."


def test_all_parts_of_the_core_are_made_once() -> None:
    """Which thread asks first is chance: the hanger by the warming up or by the first case, stores by any lane."""
    for name in ("jobs", "vault", "cache", "reports", "orders", "annotations", "hanger", "library", "session", "ris"):
        assert isinstance(vars(Core)[name], made_once)
