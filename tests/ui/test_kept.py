"""What is kept by objects is never given for others (F63)."""

from __future__ import annotations

from ui.kept import Kept


def test_a_result_is_that_of_the_very_objects_and_of_no_equal_ones() -> None:
    kept: Kept[int] = Kept(4)
    made = [0]

    def make() -> int:
        made[0] += 1
        return made[0]

    one, other = [1], [1]
    assert [kept.get(made_of, make) for made_of in ((one,), (other,), (one,), (one, other))] == [1, 2, 1, 3]


def test_objects_live_as_long_as_their_results_and_those_used_longest_ago_go_first() -> None:
    """A number of an object that is gone may be another's: then its result would be given for that one."""
    kept: Kept[int] = Kept(3)
    first = [0]
    kept.get((first,), lambda: 0)
    for number in range(1, 200):
        assert kept.get(([number],), lambda number=number: number) == number
        assert kept.get((first,), lambda: -1) == 0
    assert kept.get(([0],), lambda: -2) == -2
