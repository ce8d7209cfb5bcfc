"""What the reader changes of how a case hangs: dropped series follow, habits are noticed, trials leave no trace."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import pytest

from workstation.domain.hanging import NOTHING_KNOWN
from workstation.domain.patient import Patient, PatientKey
from workstation.domain.study import Instance, Series, Study
from workstation.domain.viewing import Arrangement, Cell, Layout, Plane, ViewportState, Window
from workstation.errors import Refused
from workstation.session.hangings import Hangings
from workstation.session.hangings_habits import MOST_OFFERS, OFFER, STORED, Habits
from workstation.session.viewing import Viewing

IMAGE = Instance("1.2", "1.2.3", "1.2.840.10008.1.2.1", 1, 10, 4, 4, "", "", 0)
LUNG = Window(-600, 1500)


def a_study(uid: str, *series: str, modality: str = "CT") -> Study:
    made = tuple(Series(f"{uid} {name}", modality, series_description=name, instances=(IMAGE,)) for name in series)
    return Study(uid, Patient(PatientKey("X-1")), series=made)


NOW, BEFORE = a_study("now", "soft", "lung", "bone"), a_study("before", "soft", "lung")
STAGES = (
    ("One", (("lung", 0, LUNG, Plane.STACK), ("soft", 0, None, Plane.STACK))),
    ("Two", (("lung", 0, LUNG, Plane.CORONAL), ("lung", 1, LUNG, Plane.CORONAL))),
    ("Three", (("soft", 1, None, Plane.STACK), ("lung", 0, None, Plane.STACK))),
)


class Hanger:
    """Three stages of selectors named after the series that they find."""

    def hang(self, current, priors, stage=0, protocol_id="", context=NOTHING_KNOWN) -> Arrangement:
        title, wanted = STAGES[stage]
        studies = (current, *priors)
        cells = tuple(
            Cell(
                0,
                column,
                ViewportState(uid := studies[prior].study_instance_uid, f"{uid} {name}", plane, window=window),
                label=name,
                is_prior=prior > 0,
                selector=name,
                prior=prior,
            )
            for column, (name, prior, window, plane) in enumerate(wanted)
        )
        return Arrangement(protocol_id or "chest", "Chest", stage, len(STAGES), title, Layout(1, 2), cells, (), stage_id=title)


@pytest.fixture
def seat() -> SimpleNamespace:
    case = SimpleNamespace(study=NOW, priors=(BEFORE,), studies=(NOW, BEFORE), item=None, generation=1)
    viewing = Viewing(lambda *_: None)
    hangings = Hangings(Hanger(), viewing, lambda: case)  # type: ignore[arg-type, return-value]
    viewing.show(hangings.first(case))  # type: ignore[arg-type]
    hangings.opened()
    return SimpleNamespace(case=case, viewing=viewing, hangings=hangings)


def shown(seat: SimpleNamespace) -> list[str]:
    return [cell.state.series_uid for cell in seat.viewing.cells]


def test_a_stage_that_moved_is_hung_again_and_not_the_one_in_its_place(seat, monkeypatch) -> None:
    seat.hangings.stage(1)
    monkeypatch.setattr(sys.modules[__name__], "STAGES", STAGES[1:])
    seat.hangings.again()
    assert (seat.viewing.arrangement.stage, seat.viewing.arrangement.stage_id) == (0, "Two")


# ---- dropped series --------------------------------------------------------------------


def test_a_dropped_series_stands_wherever_its_selector_hangs_in_further_stages(seat) -> None:
    seat.hangings.put(0, NOW, NOW.series[2])
    assert shown(seat) == ["now bone", "now soft"]
    seat.hangings.stage(1)
    assert shown(seat) == ["now bone", "before lung"], "in this study, not in the prior"
    first = seat.viewing.cells[0].state
    assert (first.plane, first.window) == (Plane.CORONAL, LUNG), "in the plane and window that the stage asks for"
    seat.hangings.stage(1)
    assert shown(seat) == ["before soft", "now bone"]
    seat.hangings.stage(1)
    assert shown(seat) == ["now bone", "now soft"]


def test_the_series_that_was_asked_for_put_back_is_no_drag_any_more(seat) -> None:
    seat.hangings.put(0, NOW, NOW.series[2])
    seat.hangings.stage(1)
    seat.hangings.put(0, NOW, NOW.series[1])
    seat.hangings.stage(1)
    assert shown(seat) == ["before soft", "now lung"]


def test_what_is_dropped_follows_again_after_it_followed(seat) -> None:
    seat.hangings.put(0, NOW, NOW.series[2])
    seat.hangings.stage(1)
    seat.hangings.put(0, NOW, NOW.series[0])
    seat.hangings.stage(1)
    assert shown(seat) == ["before soft", "now soft"]


def test_another_case_and_another_protocol_know_nothing_of_it(seat) -> None:
    seat.hangings.put(0, NOW, NOW.series[2])
    seat.hangings.use("other")
    assert shown(seat) == ["now lung", "now soft"]
    seat.hangings.use("")
    assert shown(seat) == ["now bone", "now soft"]
    seat.hangings.opened()
    seat.hangings.use("")
    assert shown(seat) == ["now lung", "now soft"]


def test_a_series_of_another_modality_does_not_take_the_window_with_it(seat) -> None:
    pet = a_study("pet", "uptake", modality="PT")
    seat.case.studies = (NOW, BEFORE, pet)
    seat.hangings.put(0, pet, pet.series[0])
    seat.hangings.stage(1)
    cell = seat.viewing.cells[0]
    assert (cell.state.series_uid, cell.state.window, cell.is_prior) == ("pet uptake", None, True)


# ---- trying out ------------------------------------------------------------------------


def test_what_is_tried_out_leaves_no_trace(seat) -> None:
    seat.viewing.change(0, zoom=3.0, position=4)
    before = list(seat.viewing.cells)
    for stage in (1, 2):
        seat.hangings.try_out(Hanger().hang(NOW, (BEFORE,), stage, "draft"))
        assert seat.hangings.is_trying
    seat.hangings.end_trial()
    assert seat.viewing.cells == before
    assert seat.viewing.arrangement.protocol == "chest"
    assert not seat.hangings.is_trying


def test_what_is_adopted_moves_no_image(seat) -> None:
    seat.viewing.change(0, zoom=3.0)
    seat.hangings.adopt(Hanger().hang(NOW, (BEFORE,), 0, "mine"))
    assert seat.viewing.state(0).zoom == 3.0
    assert seat.viewing.arrangement.protocol == "mine"


def test_there_is_nothing_to_take_back_twice(seat) -> None:
    done: list[str] = []
    seat.hangings.take_back = lambda: done.append("taken back")
    seat.hangings.undo_saved()
    with pytest.raises(Refused, match="Nothing was saved"):
        seat.hangings.undo_saved()
    assert done == ["taken back"]


# ---- habits ----------------------------------------------------------------------------


class Desk:
    """A reader who opens cases and arranges them; what is kept lies in a dictionary."""

    def __init__(self, kept: dict | None = None) -> None:
        self.kept = {} if kept is None else kept
        self.case: SimpleNamespace | None = None
        self.said: list[str] = []
        self.habits = Habits(lambda: self.case)  # type: ignore[arg-type, return-value]
        self.habits.kept = SimpleNamespace(get=self.kept.get, set=self.kept.__setitem__)
        self.habits.say = lambda notice: self.said.append(notice.command)

    def read(self, study: str, mark: str) -> list[str]:
        """Open, rearrange, rest twice, and go on; what was offered meanwhile."""
        self.habits.left()
        self.case, self.said = SimpleNamespace(study=SimpleNamespace(study_instance_uid=study)), []
        self.habits.mark = lambda: mark
        self.habits.look()
        self.habits.look()
        return self.said


def test_the_third_case_that_is_arranged_the_same_way_is_offered_once_and_while_it_is_on_screen() -> None:
    desk = Desk()
    assert [desk.read(f"1.{n}", "a") for n in range(3)] == [[], [], [OFFER]]


def test_what_is_as_it_was_hung_or_differs_is_never_offered() -> None:
    desk = Desk()
    assert [desk.read(f"1.{n}", mark) for n, mark in enumerate(["", "a", "", "b", "c", "", "b", "a", ""])] == [[]] * 9


def test_the_same_study_opened_again_counts_once() -> None:
    desk = Desk()
    assert [desk.read("1.1", "a") for _ in range(5)] == [[]] * 5


def test_habits_are_remembered_across_sessions_without_anything_of_a_patient() -> None:
    kept: dict = {}
    for number in (1, 2):
        desk = Desk(kept)
        assert desk.read(f"1.2.826.{number}", "a") == []
        desk.habits.left()
    assert kept == {STORED: {"a": [2, 0, 0]}}
    assert Desk(kept).read("1.2.826.3", "a") == [OFFER]


def test_what_was_declined_is_never_offered_again() -> None:
    kept: dict = {}
    desk = Desk(kept)
    for n in range(3):
        desk.read(f"1.{n}", "a")
    assert desk.habits.decline()
    assert [desk.read(f"2.{n}", "a") for n in range(3)] == [[]] * 3
    assert Desk(kept).read("3.1", "a") == []
    assert desk.read("4.1", "b") == []


def test_an_offer_that_nobody_takes_ends_by_itself() -> None:
    desk = Desk()
    offers = [desk.read(f"1.{n}", "a") for n in range(12)]
    assert sum(map(len, offers)) == MOST_OFFERS


def test_a_file_of_habits_that_is_damaged_is_passed_over() -> None:
    desk = Desk({STORED: {"a": "often", "b": [1], "c": [2, 0, 0], "d": ["x", None, 0]}})
    assert [desk.read("1.1", mark) for mark in "abcd"] == [[], [], [OFFER], []]
