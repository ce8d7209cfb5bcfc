"""Sender: objects of ours to archives, one proven step at a time.

The rules, in the order in which they bind:
1. What is about to happen is on disk before it happens: SENDING is committed before a byte leaves.
2. A row in SENDING is unknown, whatever was on the wire. The archive is asked before it is sent again.
3. The archive's "stored" moves a row to STORED, never further. Only its commitment or its own list proves it.
4. The bytes that leave are those that were queued, or nothing leaves.
5. Silence is waited out, longer each time, by everything for that archive; a refusal is for people, not for repeating.
"""

from __future__ import annotations

import hashlib
import logging
import random
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from workstation.archives.directory import ArchiveDirectory
from workstation.archives.sending_files import OutgoingFiles
from workstation.archives.sending_ledger import Outgoing, SendingLedger
from workstation.at_rest.vault import Vault
from workstation.domain.archive import FoundInstance, SendResult, SendState
from workstation.domain.sending import FINISHED_SENDINGS, WAITING_SENDINGS, Sending, SendingEvent, SendingState
from workstation.domain.study import Study
from workstation.errors import Refused, Unavailable, WorkstationError
from workstation.ports import InstanceReader
from workstation.ris.outbox import Backoff
from workstation.stepping import LONGEST_SLEEP, Stepper

logger = logging.getLogger(__name__)

MOST_AT_ONCE = 20
LARGEST_CONTENT = 256 << 20
GLANCE = 0.1
NOT_ALLOWED = "This archive is not set up to take objects (can_store)"
NO_ANSWER = "The archive gave no answer"
SAID_YES = "The archive said yes but does not list it"
SEND_AGAIN = "The archive does not hold it: it will be sent again"


class Sender:
    """`step` is called from one thread at a time; the rest from any. `close` ends what is open."""

    def __init__(
        self,
        directory: ArchiveDirectory,
        ledger: SendingLedger,
        vault: Vault,
        folder: Path,
        backoff: Backoff | None = None,
        monotonic: Callable[[], float] = time.monotonic,
        draw: Callable[[], float] = random.random,
    ) -> None:
        self._directory = directory
        self._ledger = ledger
        self._vault = vault
        self._files = OutgoingFiles(folder, vault)
        self._backoff = backoff or Backoff()
        self._monotonic = monotonic
        self._draw = draw
        self._failures: dict[int, int] = {}
        self._due: dict[int, float] = {}
        self._silences: dict[str, int] = {}
        self._archive_due: dict[str, float] = {}
        self._stepping = threading.Lock()
        self._stopping = threading.Event()

    def cut(self) -> None:
        """End what is under way: its row stays SENDING, and the archive is asked next time. `close` follows."""
        self._stopping.set()

    def close(self) -> None:
        self.cut()
        with self._stepping:
            self._files.close()
            self._ledger.close()

    # ---- the queue -----------------------------------------------------------------------

    def enqueue(self, archive: str, objects: Iterable[Outgoing]) -> tuple[Sending, ...]:
        """On disk when this returns. Raises Refused for an archive that takes nothing from us."""
        target = self._directory.archive(archive)
        if not target.can_store:
            raise Refused("Nothing was queued", NOT_ALLOWED, "Set can_store for it in archives.toml")
        return self._ledger.enqueue(target.name, objects)

    def enqueue_paths(self, archive: str, paths: Sequence[Path], reader: InstanceReader) -> tuple[Sending, ...]:
        """Files, kept in the queue as they are now. Raises Refused, with nothing queued, for one that cannot be sent."""
        objects: list[Outgoing] = []
        for path, outcome in reader.parse_many(paths):
            if isinstance(outcome, Refused):
                raise Refused("Nothing was queued", f"File {len(objects) + 1}: {outcome}", "Leave this file out")
            if outcome.missing:
                raise Refused("Nothing was queued", f"File {len(objects) + 1} lacks {', '.join(outcome.missing)}", "Leave it out")
            with self._vault.open(path) as file:
                content = file.read(LARGEST_CONTENT + 1)
            if len(content) > LARGEST_CONTENT:
                raise Refused("Nothing was queued", f"File {len(objects) + 1} is larger than 256 MiB", "Leave this file out")
            instance, series = outcome.instance, outcome.series.series_instance_uid
            row = FoundInstance(series, instance.sop_instance_uid, instance.sop_class_uid)
            sha256 = hashlib.sha256(content).hexdigest()
            objects.append(Outgoing(outcome.study.study_instance_uid, row, sha256, content=content))
        return self.enqueue(archive, objects)

    def rows(self) -> tuple[Sending, ...]:
        """Everything that was queued, for a list."""
        return self._ledger.rows()

    def open_rows(self) -> tuple[Sending, ...]:
        """What is not proven to be in its archive."""
        return self._ledger.open_rows()

    def retry(self, sending_id: int) -> Sending:
        """A person decided: a rejected, held or unproven object is sent again."""
        self._due.pop(sending_id, None)
        row = self._ledger.move(sending_id, SendingEvent.RETRY)
        self._archive_due.pop(row.archive, None)
        return row

    def unsent_studies(self) -> frozenset[str]:
        """Studies with objects that no archive is proven to hold: they must stay on this machine."""
        return frozenset(row.study_instance_uid for row in self._ledger.rows() if row.state not in FINISHED_SENDINGS)

    # ---- sending -------------------------------------------------------------------------

    def step(self) -> tuple[Sending, ...]:
        """What is due for one archive moves as far as one sending or one question takes it. Empty: nothing is due."""
        with self._stepping:
            if self._stopping.is_set():
                return ()
            due = [row for row in self._waiting() if self._due_at(row) <= self._monotonic()]
            if not due:
                return ()
            first = due[0]
            is_new = first.state is SendingState.QUEUED
            alike = [r for r in due if r.archive == first.archive and (r.state is SendingState.QUEUED) is is_new]
            return self._send(alike[:MOST_AT_ONCE]) if is_new else self._ask(alike[:MOST_AT_ONCE])

    def seconds_until_due(self) -> float | None:
        """How long until `step` has something to do; None when nothing waits."""
        due = [self._due_at(row) for row in self._waiting()]
        return max(0.0, min(due) - self._monotonic()) if due else None

    def hurry(self) -> None:
        """Forget the waits: the network is back, or a reader asks."""
        self._due = {}
        self._archive_due = {}

    def send_all(self, sending_ids: Sequence[int], seconds: float) -> tuple[Sending, ...]:
        """Step until these are proven, refused or held, or the time is up; what is left stays queued."""
        end = self._monotonic() + seconds
        self.hurry()
        while any(row.state in WAITING_SENDINGS for row in self._ledger.rows(sending_ids)) and self._monotonic() < end:
            if not self.step():
                time.sleep(min(GLANCE, self.seconds_until_due() or GLANCE))
        return self._ledger.rows(sending_ids)

    def _waiting(self) -> list[Sending]:
        return [row for row in self._ledger.rows() if row.state in WAITING_SENDINGS]

    def _due_at(self, row: Sending) -> float:
        return max(self._due.get(row.sending_id, 0.0), self._archive_due.get(row.archive, 0.0))

    def _send(self, rows: Sequence[Sending]) -> tuple[Sending, ...]:
        changed: list[Sending] = []
        with self._files.emptied():
            ready: list[tuple[Sending, Path]] = []
            for row in rows:
                try:
                    path, content = self._ledger.place_of(row.sending_id)
                    if not self._directory.archive(row.archive).can_store:
                        raise Refused(NOT_ALLOWED)
                    ready.append((row, self._files.copy(row.sending_id, path, content, row.sha256)))
                except Refused as error:
                    changed.append(self._ledger.move(row.sending_id, SendingEvent.DOUBT, str(error)))
            if not ready:
                return tuple(changed)
            for row, _ in ready:
                self._ledger.move(row.sending_id, SendingEvent.SEND)
            results, silence = self._offered(ready)
        if silence is not None:
            return (*changed, *self._silent([row for row, _ in ready], silence))
        self._silences.pop(rows[0].archive, None)
        changed += [self._answered(row, results.get(row.sop_instance_uid)) for row, _ in ready]
        return tuple(changed)

    def _offered(self, ready: Sequence[tuple[Sending, Path]]) -> tuple[dict[str, SendResult], WorkstationError | None]:
        """What the archive said of each, or why it said nothing at all."""
        try:
            connection = self._directory.connection(ready[0][0].archive)
            results = connection.send([path for _, path in ready], self._stopping.is_set)
        except WorkstationError as error:
            return {}, error
        if all(result.state is SendState.UNKNOWN for result in results):
            return {}, Unavailable(results[0].reason if results else NO_ANSWER)
        return {result.sop_instance_uid: result for result in results}, None

    def _answered(self, row: Sending, result: SendResult | None) -> Sending:
        if result is None or result.state is SendState.UNKNOWN:
            self._wait(row)
            return self._ledger.note(row.sending_id, (result.reason if result else "") or NO_ANSWER)
        if result.state is SendState.REFUSED:
            return self._moved(row, SendingEvent.ARCHIVE_REFUSES, result.reason)
        moved = self._moved(row, SendingEvent.SAID_STORED, result.reason)
        return self._moved(row, SendingEvent.FOUND_THERE) if result.state is SendState.PROVEN else moved

    def _ask(self, rows: Sequence[Sending]) -> tuple[Sending, ...]:
        """Whether the archive holds what was, or may have been, sent; of one study."""
        study = rows[0].study_instance_uid
        asked = [row for row in rows if row.study_instance_uid == study]
        try:
            connection = self._directory.connection(asked[0].archive)
            results = {r.sop_instance_uid: r for r in connection.prove([row.instance for row in asked], study)}
        except WorkstationError as error:
            return self._silent(asked, error)
        self._silences.pop(asked[0].archive, None)
        return tuple(self._judged(row, results.get(row.sop_instance_uid)) for row in asked)

    def _silent(self, rows: Sequence[Sending], error: WorkstationError) -> tuple[Sending, ...]:
        """No answer: the archive is left in peace, whatever else waits for it."""
        archive, why = rows[0].archive, str(error) or NO_ANSWER
        silences = self._silences[archive] = self._silences.get(archive, 0) + 1
        wait = max(self._backoff.wait(silences, self._draw), error.retry_after or 0.0)
        self._archive_due[archive] = self._monotonic() + wait
        return tuple(row if row.reason == why else self._ledger.note(row.sending_id, why) for row in rows)

    def _judged(self, row: Sending, result: SendResult | None) -> Sending:
        if result is not None and result.state is SendState.PROVEN:
            return self._moved(row, SendingEvent.FOUND_THERE)
        reason = result.reason if result else ""
        words = SAID_YES if row.state is SendingState.STORED else SEND_AGAIN
        moved = self._ledger.move(row.sending_id, SendingEvent.NOT_THERE, f"{words}. {reason}" if reason else words)
        if moved.state is SendingState.STORED or moved.tries > 1:  # what got lost once goes again in its turn
            self._wait(row)
        return moved

    def _moved(self, row: Sending, event: SendingEvent, reason: str = "") -> Sending:
        moved = self._ledger.move(row.sending_id, event, reason)
        logger.info("sending %d: %s -> %s", row.sending_id, event.value, moved.state.value)
        self._due.pop(row.sending_id, None)
        self._failures.pop(row.sending_id, None)
        return moved

    def _wait(self, row: Sending) -> None:
        failures = self._failures[row.sending_id] = self._failures.get(row.sending_id, 0) + 1
        self._due[row.sending_id] = self._monotonic() + self._backoff.wait(failures, self._draw)


def outgoing_of(study: Study) -> tuple[Outgoing, ...]:
    """Every stored object of a study, as it lies in the cache."""
    return tuple(
        Outgoing(
            study.study_instance_uid,
            FoundInstance(series.series_instance_uid, instance.sop_instance_uid, instance.sop_class_uid),
            instance.sha256,
            instance.path,
        )
        for series in study.series
        for instance in series.instances
    )


class SenderRunner(Stepper[Sending]):
    """Steps the sender in a thread of its own. `on_change` and `on_error` are called from that thread."""

    def __init__(
        self,
        sender: Sender,
        on_change: Callable[[Sending], None] = lambda _: None,
        on_error: Callable[[WorkstationError], None] = lambda _: None,
        longest_sleep: float = LONGEST_SLEEP,
    ) -> None:
        super().__init__("sender", sender.step, sender.seconds_until_due, on_change, on_error, longest_sleep)
        self._sender = sender

    def wake(self) -> None:
        """Something was queued, the network came back, or a reader asks: try now."""
        self._sender.hurry()
        super().wake()
