"""Stepping through priors on the built-in protocols: which study hangs where, and what of the reader's stays."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hanging_studies import ct, four_views, mr, series, study

from hanging_protocols import schema
from hanging_protocols.engine import ProtocolHanger
from hanging_protocols.model import Level
from workstation.domain.patient import Patient, PatientKey
from workstation.domain.study import Study
from workstation.errors import Refused
from workstation.session.case import Case, Notice
from workstation.session.hangings import Hangings
from workstation.session.prior_steps import PriorSteps
from workstation.session.prior_views import PriorViews
from workstation.session.viewing import Viewing

NOW = study("now", ct("1", body="CHEST", ConvolutionKernel="B70f"), ct("2", body="CHEST", ConvolutionKernel="B30f"))


def chest(uid: str, date: str) -> Study:
    return study(
        uid,
        ct(f"{uid}.1", body="CHEST", ConvolutionKernel="B70f"),
        ct(f"{uid}.2", body="CHEST", ConvolutionKernel="B30f"),
        date=date,
    )


SPRING, AUTUMN, OLD = chest("spring", "20250312"), chest("autumn", "20251012"), chest("old", "20200101")
FILM = study("film", series("f1", "DX", body="CHEST"), date="20251201")
KNEE = study("knee", mr("k1", "T1", body="KNEE"), date="20251101")
LATER = chest("later", "20260301")


class Reading:
    """A case hung by the built-in protocols, without pixels."""

    def __init__(self, hanger: ProtocolHanger, current: Study, *priors: Study) -> None:
        self.viewing = Viewing(lambda _study, _series: None)
        self.case = Case(1, None, current, priors)
        self.hangings = Hangings(hanger, self.viewing, lambda: self.case)
        views = PriorViews(self.viewing, lambda _study, _series: None, lambda _a, _b: None, lambda _a, _b, _p: None)
        self.said: list[Notice] = []
        self.steps = PriorSteps(hanger, self.hangings, self.viewing, views, lambda: self.case, self.said.append)
        self.hangings.hung.connect(views.open)
        self.hangings.opened()
        self.hangings.show(self.hangings.first(self.case))

    def priors(self) -> list[str]:
        return [cell.state.study_uid for cell in self.viewing.cells if cell.is_prior and cell.state]


@pytest.fixture
def chests(hanger: ProtocolHanger) -> Reading:
    return Reading(hanger, NOW, OLD, KNEE, AUTUMN, SPRING)


def test_one_key_goes_to_the_next_older_one_and_one_back(chests: Reading) -> None:
    assert chests.priors() == ["autumn"]
    assert chests.steps.number_of("autumn") == (1, 3)
    chests.steps.older()
    assert chests.priors() == ["spring"]
    chests.steps.older()
    assert chests.priors() == ["old"]
    assert chests.steps.number_of("old") == (3, 3)
    chests.steps.newer()
    assert chests.priors() == ["spring"]
    assert chests.said == [], "the corner says which it is"


def test_at_either_end_it_says_so_and_stays(chests: Reading) -> None:
    with pytest.raises(Refused, match=r"No newer prior here. Prior 1 of 3 is shown"):
        chests.steps.newer()
    chests.steps.older()
    chests.steps.older()
    with pytest.raises(Refused, match=r"No older prior here. Prior 3 of 3 is shown. Ctrl\+F5"):
        chests.steps.older()
    chests.steps.elsewhere = lambda is_older: 2 if is_older else 0
    with pytest.raises(Refused, match=r"No older prior here: 2 in archives. Prior 3 of 3 is shown"):
        chests.steps.older()
    assert chests.priors() == ["old"]


def test_nothing_to_step_to_is_said(hanger: ProtocolHanger) -> None:
    alone = Reading(hanger, NOW, KNEE)
    with pytest.raises(Refused, match="None that can be compared is here"):
        alone.steps.older()


def test_the_current_images_stay_as_the_reader_has_them(chests: Reading) -> None:
    chests.viewing.change(0, zoom=2.5, position=17)
    before = chests.viewing.cells[0]
    chests.steps.older()
    assert chests.viewing.cells[0] == before
    assert chests.viewing.active == 0


def test_the_chosen_prior_stays_in_the_other_stages_and_the_next_case_begins_anew(chests: Reading) -> None:
    chests.steps.older()
    for _ in range(chests.viewing.arrangement.stage_count):
        chests.hangings.stage(1)
        assert set(chests.priors()) <= {"spring"}
    chests.hangings.opened()
    chests.hangings.show(chests.hangings.first(chests.case))
    assert chests.priors() == ["autumn"]


def test_a_stage_without_a_prior_gives_way_to_the_first_that_has_one(chests: Reading) -> None:
    stages = range(chests.viewing.arrangement.stage_count)
    without = next(stage for stage in stages if not any(c.is_prior for c in chests.hangings.made(stage).cells))
    chests.hangings.at(without)
    assert chests.priors() == []
    chests.steps.older()
    assert chests.priors() == ["autumn"]
    assert chests.viewing.arrangement.stage != without
    assert chests.said[-1].text == "Prior 1 of 3, 2025-10-12, 3 months before"


def test_where_no_stage_has_a_prior_it_goes_beside_the_active_viewport() -> None:
    plain = Reading(ProtocolHanger(()), NOW, SPRING, AUTUMN)
    assert plain.priors() == []
    plain.viewing.activate(1)
    plain.steps.older()
    assert [cell.state.series_uid for cell in plain.viewing.cells] == ["2", "autumn.2"]
    plain.steps.older()
    assert [cell.state.series_uid for cell in plain.viewing.cells] == ["2", "spring.2"]


def test_all_views_of_a_mammogram_go_together(hanger: ProtocolHanger) -> None:
    breasts = Reading(hanger, four_views("now"), four_views("two", "20240110"), four_views("four", "20220110"))
    while "two" not in breasts.priors():
        breasts.hangings.stage(1)
    places = [i for i, cell in enumerate(breasts.viewing.cells) if cell.prior == 1]
    shown = [breasts.viewing.cells[i].state.series_uid for i in places]
    breasts.steps.older()
    assert [breasts.viewing.cells[i].state.series_uid for i in places] == [uid.replace("two", "four") for uid in shown]


def test_a_study_of_another_kind_hangs_where_the_reader_asked_for_it(hanger: ProtocolHanger) -> None:
    reading = Reading(hanger, NOW, AUTUMN, FILM)
    reading.steps.show(FILM)
    assert reading.priors() == ["film"]
    assert reading.steps.number_of("film") == (1, 2)
    reading.steps.older()
    assert reading.priors() == ["autumn"]


def test_the_reader_may_hang_what_never_hangs_by_itself(chests: Reading) -> None:
    chests.steps.show(KNEE)
    assert chests.priors() == ["knee"]
    assert chests.steps.number_of("knee") == (1, 4)


def test_a_later_study_and_another_person_s_are_never_hung_as_a_prior(hanger: ProtocolHanger) -> None:
    other = replace(chest("other", "20250101"), patient=Patient(PatientKey("P1", "ELSEWHERE")))
    reading = Reading(hanger, NOW, AUTUMN, LATER, other)
    for forbidden in (LATER, other, chest("foreign", "20250101")):
        with pytest.raises(Refused, match="Not compared"):
            reading.steps.show(forbidden)
        reading.hangings.first_prior = forbidden.study_instance_uid
        assert {c.state.study_uid for c in reading.hangings.made(0).cells if c.is_prior and c.state} == {"autumn"}
        reading.hangings.first_prior = ""
    assert reading.priors() == ["autumn"]


TWO_PRIORS = """
id = "two"
title = "Two priors"
rules = [{ attribute = "Modality", equals = "CT", required = true }]
[selectors.ct]
title = "CT"
rules = [{ attribute = "Modality", equals = "CT", required = true }]
[[stages]]
id = "all"
title = "All"
rows = 1
columns = 3
cells = [
    { at = [0, 0], selector = "ct" },
    { at = [0, 1], selector = "ct", prior = 1 },
    { at = [0, 2], selector = "ct", prior = 2 },
]
"""


def test_of_two_priors_side_by_side_neither_is_shown_twice() -> None:
    protocol = schema.parse(TWO_PRIORS, "two.toml", Level.USER)
    reading = Reading(ProtocolHanger((protocol,)), NOW, AUTUMN, SPRING, OLD)
    assert reading.priors() == ["autumn", "spring"]
    reading.steps.older()
    assert reading.priors() == ["spring", "autumn"]
    reading.steps.older()
    assert reading.priors() == ["old", "autumn"]


TWO_SIDES = """
id = "sides"
title = "Two kernels"
rules = [{ attribute = "Modality", equals = "CT", required = true }]
[selectors.lung]
title = "Lung"
rules = [{ attribute = "role", equals = "lung_kernel", required = true }]
[selectors.soft]
title = "Soft"
rules = [{ attribute = "role", equals = "soft_kernel", required = true }]
[[stages]]
id = "all"
title = "All"
rows = 2
columns = 2
cells = [
    { at = [0, 0], selector = "lung" },
    { at = [0, 1], selector = "soft" },
    { at = [1, 0], selector = "lung", prior = 1 },
    { at = [1, 1], selector = "soft", prior = 1 },
]
"""


def test_a_place_that_the_last_prior_could_not_fill_is_filled_by_the_next(hanger: ProtocolHanger) -> None:
    half = replace(AUTUMN, series=AUTUMN.series[:1])
    reading = Reading(ProtocolHanger((schema.parse(TWO_SIDES, "sides.toml", Level.USER),)), NOW, half, SPRING)
    assert reading.priors() == ["autumn"]
    reading.steps.older()
    assert reading.priors() == ["spring", "spring"]
