"""A RIS that takes reports and cannot be read: the words say so, and nothing is an alarm."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from ui import theme
from ui.deliveries_dialog import ACCEPTED, cells, state_words
from ui.status_bar import delivery_words
from workstation.domain.delivery import UNPROVABLE, Delivery, DeliveryState

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def accepted(can_be_proved: bool, state: DeliveryState = DeliveryState.ACKNOWLEDGED) -> Delivery:
    day = NOW - timedelta(days=2)
    return Delivery(1, "u", 1, "A-1", state, day, 1, UNPROVABLE, since=day, can_be_proved=can_be_proved)


def test_the_badge_says_what_is_known_and_does_not_grow_older() -> None:
    assert delivery_words((accepted(False),), NOW) == ("All reports accepted; this RIS cannot confirm", theme.TEXT)


def test_what_still_has_to_go_is_counted_as_before() -> None:
    text, _ = delivery_words((accepted(False), accepted(False, DeliveryState.QUEUED)), NOW)
    assert text.startswith("1 report not confirmed")


def test_where_it_could_be_read_back_the_same_is_an_alarm() -> None:
    """F34."""
    text, colour = delivery_words((accepted(True),), NOW)
    assert (text.startswith("Needs attention"), colour) == (True, theme.RED)
    assert "does not hold it" in state_words(accepted(True), NOW)


def test_the_list_has_it_without_an_age_and_without_a_problem() -> None:
    assert cells(accepted(False), NOW)[3:] == ("", ACCEPTED, "")
