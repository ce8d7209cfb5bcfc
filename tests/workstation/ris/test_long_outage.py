"""Three days without RIS and archive, and then others that answer: everything leaves, in order, once."""

from __future__ import annotations

import itertools
import random
from collections import Counter
from pathlib import Path

import pytest
from fake_fhir import outcome, raw
from real_archives import study
from scripted_archive import ScriptedConnection, row_of
from seat import order_for, signed

from rendering.worker import ImageWorker
from workstation.archives.directory import ArchiveDirectory
from workstation.archives.secrets import Secrets
from workstation.archives.sending import Sender
from workstation.archives.sending_ledger import SendingLedger
from workstation.at_rest.vault import Vault
from workstation.domain.archive import Archive, ArchiveKind, SendResult, SendState
from workstation.domain.delivery import DeliveryState
from workstation.domain.sending import SendingState
from workstation.errors import Unavailable
from workstation.ris.outbox import Outbox

OUTAGE = 72 * 3600.0
REPORTS = 30
REFUSED = (7, 21)


def _pass_time(outbox: Outbox | Sender, clock: list[float], end: float) -> None:
    """Steps whenever something is due, until `end` or until nothing waits."""
    while clock[0] < end:
        if outbox.step():
            continue
        due = outbox.seconds_until_due()
        if due is None:
            return
        clock[0] = min(clock[0] + max(due, 0.001), end)


@pytest.mark.parametrize("seed", range(3))
def test_reports_of_three_days_without_a_ris_reach_its_next_version_in_order_and_once(seat, seed):
    """F46, F29: the RIS was upgraded meanwhile and takes two of them no more."""
    clock, draws = [0.0], random.Random(seed)
    orders = [
        seat.server.place(order_for(accession=f"ACC-{n}", study_uid=f"1.2.826.0.{n}", number=str(n))) for n in range(REPORTS)
    ]
    seat.store._database._connection.execute("PRAGMA synchronous=OFF")
    seat.outbox = Outbox(seat.store, seat.ris, monotonic=lambda: clock[0], draw=draws.random)
    asked = itertools.count()

    def out_of_order(request):
        return (outcome(503), raw(502), raw(200, b"<html>Upgrading", {"Content-Type": "text/html"}))[next(asked) % 3]

    seat.network.instead = out_of_order
    deliveries = []
    for n, order in enumerate(orders):
        deliveries.append(signed(seat.store, order, f"Report {n}."))
        _pass_time(seat.outbox, clock, OUTAGE * (n + 1) / REPORTS)
    assert [d.state for d in seat.store.deliveries()] == [DeliveryState.QUEUED] * REPORTS
    # At most one question in a quarter of an hour, with jitter half of it on average.
    assert next(asked) < OUTAGE / 900 * 4

    refused = {deliveries[n].report_uuid for n in REFUSED}

    def next_version(request):
        if request.method == "POST" and any(uuid in request.content.decode() for uuid in refused):
            return outcome(422, "Since version 9 a report needs a category")
        return None

    seat.network.instead = next_version
    _pass_time(seat.outbox, clock, OUTAGE * 2)

    states = [d.state for d in seat.store.deliveries()]
    rejected = [d for d in seat.store.deliveries() if d.state is DeliveryState.REJECTED]
    assert Counter(states) == {DeliveryState.CONFIRMED: REPORTS - 2, DeliveryState.REJECTED: 2}
    assert {d.report_uuid for d in rejected} == refused
    assert all("422" in d.last_error or "category" in d.last_error for d in rejected)
    arrived = [next(i["value"] for i in r["identifier"] if "uuid" in i["value"]) for r in seat.server.history]
    expected = [f"urn:uuid:{d.report_uuid}" for d in deliveries if d.report_uuid not in refused]
    assert sorted(arrived) == sorted(expected), "once each"
    assert arrived == expected, "in the order in which they were signed"
    assert seat.outbox.seconds_until_due() is None


@pytest.mark.parametrize("seed", range(2))
def test_objects_of_three_days_without_an_archive_reach_it_in_order_and_once(tmp_path: Path, seed: int) -> None:
    """F46, for objects: the archive is back as another version, which takes two of them no more."""
    clock, draws = [0.0], random.Random(seed)
    connection = ScriptedConnection([])
    vault = Vault.with_key(bytes(32))
    directory = ArchiveDirectory(tmp_path / "config", Secrets(tmp_path / "config", vault, None, {}), lambda *_: connection)
    directory.add(Archive("scripted", ArchiveKind.DIMSE, host="127.0.0.1", port=104, called_ae="X", can_store=True))
    ledger = SendingLedger(tmp_path / "sending.db")
    sender = Sender(directory, ledger, vault, tmp_path, None, lambda: clock[0], draws.random)
    files = study(tmp_path / "files", images=45)
    uids = [row_of(path).sop_instance_uid for path in files]

    def away(uid: str) -> SendResult:
        raise Unavailable("The archive does not answer")

    connection.on_send, connection.failing = away, Unavailable("The archive does not answer")
    with ImageWorker() as reader:
        for n in range(0, 45, 15):
            sender.enqueue_paths("scripted", files[n : n + 15], reader)
            _pass_time(sender, clock, OUTAGE * (n + 15) / 45)
    tried_away = Counter(connection.sent)
    assert len(sender.open_rows()) == 45
    assert max(tried_away.values()) == 1, "asked, and not sent again, while nobody answers"

    refused = {uids[7], uids[30]}

    def back(uid: str) -> SendResult:
        if uid in refused:
            return SendResult(uid, SendState.REFUSED, "Since version 9 this SOP class is not taken")
        connection.held.add(uid)
        return SendResult(uid, SendState.STORED)

    connection.sent.clear()
    connection.on_send, connection.failing = back, None
    _pass_time(sender, clock, OUTAGE * 2)
    rows = sender.rows()
    assert [row.state for row in rows if row.sop_instance_uid not in refused] == [SendingState.PROVEN] * 43
    held = [row for row in rows if row.sop_instance_uid in refused]
    assert [(row.state, row.reason) for row in held] == [
        (SendingState.REJECTED, "Since version 9 this SOP class is not taken")
    ] * 2
    assert connection.sent == uids, "in order, each once"
    sender.close()
    directory.close()
