"""What is known of a study is worked out once, and let go with its case."""

from __future__ import annotations

import gc
from collections.abc import Iterator

from hanging_studies import ct, study

from hanging_protocols.engine import ProtocolHanger
from hanging_protocols.study_facts import StudyFacts, begin_case, facts_of
from workstation.domain.hanging import HangingContext
from workstation.domain.study import Study


def alive(*studies: Study) -> Iterator[bool]:
    gc.collect()
    known = [one.study for one in gc.get_objects() if isinstance(one, StudyFacts)]
    return (any(one is kept for kept in known) for one in studies)


def test_the_same_study_with_the_same_order_is_worked_out_once() -> None:
    one, twin = study("s", ct("1")), study("s", ct("1"))
    begin_case(one)
    assert facts_of(one) is facts_of(one)
    assert facts_of(one) is not facts_of(twin), "an equal study that was read anew may hold more"
    asked = HangingContext(procedure="DT hjärna")
    assert facts_of(one, asked) is not facts_of(one)
    assert facts_of(one, asked) is facts_of(one, HangingContext(procedure="DT hjärna", first_prior="p"))


def test_studies_are_let_go_two_cases_later(hanger: ProtocolHanger) -> None:
    first, prior, second, third = (study(uid, ct(uid), date=f"2025010{n}") for n, uid in enumerate("abcd", 1))
    hanger.hang(second, (first,))
    hanger.hang(third, (prior,))
    assert [*alive(first, second, third)] == [True, True, True]
    begin_case(prior)
    assert [*alive(first, second, third)] == [False, False, True]
