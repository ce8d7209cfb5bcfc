from __future__ import annotations

import pytest
from hanging_studies import ct, four_views, mr, series, study

from hanging_protocols.dates import days_between, interval, prior_label
from hanging_protocols.priors import RankedPrior, relevant
from workstation.domain.patient import Patient, PatientKey
from workstation.domain.study import Study

CHEST = study("now", ct("1", body="CHEST"))


def order(current: Study, *candidates: Study) -> list[str]:
    ranked = relevant(current, candidates)
    again = relevant(current, candidates[::-1])
    assert [(one.study, one.points) for one in ranked] == [(one.study, one.points) for one in again], "their order plays no part"
    assert all(one.reasons for one in ranked)
    return [one.study.study_instance_uid for one in ranked if one.usable]


def only(current: Study, candidate: Study) -> RankedPrior:
    (ranked,) = relevant(current, (candidate,))
    return ranked


def test_the_same_body_part_and_modality_comes_first_then_kindred_then_newer() -> None:
    same_old = study("same old", ct("a", body="CHEST"), date="20200101")
    same_new = study("same new", ct("b", body="CHEST"), date="20250101")
    film = study("film", series("c", "DX", body="CHEST"), date="20250101")
    heart = study("heart", ct("d", body="HEART"), date="20250101")
    assert order(CHEST, film, heart, same_old, same_new) == ["same new", "same old", "film", "heart"]


def test_the_reasons_are_in_words_with_their_points() -> None:
    prior = only(CHEST, study("p", ct("a", body="CHEST"), date="20250110"))
    assert prior.reasons == ("same body part: chest (+10)", "same modality: CT (+5)", "12 months earlier (+2.67)")
    assert prior.points == pytest.approx(17.67, abs=0.01)


def test_words_in_another_language_show_the_same_body_part() -> None:
    assert only(CHEST, study("p", ct("a"), description="DT lungor", date="20250101")).usable


@pytest.mark.parametrize(
    ("candidate", "refusal"),
    [
        (study("p", ct("a", body="CHEST"), date="20250101", patient=Patient(PatientKey("P2", "TEST"))), "another patient"),
        (study("p", ct("a", body="CHEST"), date="20250101", patient=Patient(PatientKey("P1", ""))), "another patient"),
        (study("now", ct("a", body="CHEST")), "it is the study being read"),
        (study("p", ct("a", body="CHEST"), date="20260111"), "it was made after the study being read"),
        (study("p", series("a", "SR", 0, body="CHEST"), date="20250101"), "it has no images"),
        (study("p", mr("a", "T1", body="KNEE"), date="20250101"), "it shows another body part"),
    ],
)
def test_what_can_never_be_a_prior_is_listed_with_the_reason(candidate: Study, refusal: str) -> None:
    ranked = only(CHEST, candidate)
    assert not ranked.usable
    assert refusal in ranked.refusal


def test_a_later_hour_of_the_same_day_is_no_prior_and_an_earlier_one_is() -> None:
    noon = study("now", ct("1", body="CHEST"), study_time="120000")
    assert not only(noon, study("p", ct("a", body="CHEST"), study_time="130000")).usable
    assert only(noon, study("p", ct("a", body="CHEST"), study_time="110000")).usable


def test_the_other_knee_is_no_prior_and_the_same_knee_is() -> None:
    def knee(uid: str, side: str, date: str) -> Study:
        return study(uid, series(uid, "DX", body="KNEE", ImageLaterality=side), date=date)

    now = knee("now", "L", "20260110")
    assert order(now, knee("left", "L", "20200101"), knee("right", "R", "20250101"), knee("both", "B", "20190101")) == [
        "left",
        "both",
    ]
    assert only(now, knee("right", "R", "20250101")).refusal == "it shows the other side of the body"


def test_a_side_written_on_a_chest_says_nothing() -> None:
    now = study("now", series("1", "DX", body="CHEST", ImageLaterality="R"))
    assert only(now, study("p", series("2", "DX", body="CHEST", ImageLaterality="L"), date="20250101")).usable


def test_body_parts_that_are_not_known_leave_the_prior_usable_but_last() -> None:
    vague = study("vague", ct("a"), date="20250101")
    assert order(CHEST, vague, study("p", ct("b", body="CHEST"), date="20100101")) == ["p", "vague"]
    limb = study("now", series("1", "DX", body="EXTREMITY"))
    assert only(limb, study("p", series("2", "DX", body="KNEE"), date="20250101")).usable


def test_what_shows_little_of_the_question_is_listed_and_not_hung() -> None:
    head = study("now", ct("1", body="HEAD"))
    neck = only(head, study("p", ct("a", body="NECK"), date="20260101"))
    assert neck.refusal == "too little of what is asked for is on it"
    assert neck.reasons[0].startswith("neighbouring region: neck (+1.7)")
    assert only(CHEST, study("p", ct("a", body="ABDOMEN"), date="20260101")).usable, "the bases of the lungs are on it"


def test_a_prior_without_date_is_usable_and_says_so() -> None:
    ranked = only(CHEST, study("p", ct("a", body="CHEST"), date=""))
    assert ranked.usable
    assert "the date is not known for both" in ranked.reasons


def test_earlier_mammograms_are_priors_of_later_ones() -> None:
    assert order(four_views("now"), four_views("then", "20240101"), study("ct", ct("x", body="CHEST"), date="20250101")) == [
        "then"
    ]


@pytest.mark.parametrize(
    ("days", "words"),
    [
        (0, "same day"),
        (1, "1 day earlier"),
        (30, "30 days earlier"),
        (90, "3 months earlier"),
        (1100, "3 years earlier"),
        (-3, "3 days later"),
    ],
)
def test_how_long_ago_is_said_in_words(days: int, words: str) -> None:
    assert interval(days) == words


def test_dates_that_are_none_are_unknown() -> None:
    assert days_between("20240101", "2024") is None
    assert days_between("20241301", "20240101") is None
    assert days_between("20240101", "20240131") == 30
    assert prior_label(2, "", "20240101") == "Prior 2, date unknown"
    assert prior_label(1, "20230101", "") == "Prior 1, 2023-01-01"
