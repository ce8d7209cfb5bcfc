"""The state tables, walked whole."""

from __future__ import annotations

from collections import deque

import pytest

from workstation.domain.delivery import DELIVERY_TRANSITIONS, DeliveryEvent, DeliveryState
from workstation.domain.report import REPORT_TRANSITIONS, ReportAction, ReportStatus

# How far each status is; a report never goes down.
RANK = {
    ReportStatus.DRAFT: 0,
    ReportStatus.PRELIMINARY: 1,
    ReportStatus.FINAL: 2,
    ReportStatus.AMENDED: 3,
    ReportStatus.CORRECTED: 3,
    ReportStatus.APPENDED: 3,
}


def reachable(start, transitions):
    seen, queue = {start}, deque([start])
    while queue:
        state = queue.popleft()
        for (source, _), target in transitions.items():
            if source == state and target not in seen:
                seen.add(target)
                queue.append(target)
    return seen


def test_every_report_status_can_be_reached_from_the_draft():
    assert reachable(ReportStatus.DRAFT, REPORT_TRANSITIONS) == set(ReportStatus)


@pytest.mark.parametrize(("source", "target"), [(s, t) for (s, _), t in REPORT_TRANSITIONS.items()])
def test_a_report_never_goes_to_a_lower_status(source, target):
    assert RANK[target] >= RANK[source]


def test_a_final_report_cannot_be_signed_again_only_changed_with_a_mark():
    for action in (ReportAction.SIGN_FINAL, ReportAction.SIGN_PRELIMINARY):
        assert (ReportStatus.FINAL, action) not in REPORT_TRANSITIONS


def test_every_delivery_state_can_be_reached_from_the_queue():
    assert reachable(DeliveryState.QUEUED, DELIVERY_TRANSITIONS) == set(DeliveryState)


def test_only_a_matching_read_back_confirms():
    confirming = {event for (_, event), target in DELIVERY_TRANSITIONS.items() if target is DeliveryState.CONFIRMED}
    assert confirming == {DeliveryEvent.READ_BACK_MATCHES}


def test_nothing_leaves_confirmed_or_withdrawn_and_superseded_waits_again_only_when_the_newer_one_is_withdrawn():
    for state in (DeliveryState.CONFIRMED, DeliveryState.WITHDRAWN):
        assert not [event for (source, event) in DELIVERY_TRANSITIONS if source is state]
    leaving = {event: after for (source, event), after in DELIVERY_TRANSITIONS.items() if source is DeliveryState.SUPERSEDED}
    assert leaving == {DeliveryEvent.NEWER_VERSION_WITHDRAWN: DeliveryState.QUEUED}


def test_an_unknown_outcome_is_never_sent_again_before_it_was_asked_for():
    assert (DeliveryState.SENDING, DeliveryEvent.SEND) not in DELIVERY_TRANSITIONS
    assert (DeliveryState.SENDING, DeliveryEvent.RETRY) not in DELIVERY_TRANSITIONS
    assert DELIVERY_TRANSITIONS[DeliveryState.SENDING, DeliveryEvent.READ_BACK_MISSING] is DeliveryState.QUEUED
