"""A PACS that speaks DIMSE (PS3.7, PS3.4 annexes A, B, C, J), inside the archive process."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from workstation.archives.gateway import dimse_check, dimse_find, dimse_send, dimse_worklist
from workstation.archives.gateway.dimse_association import NATIVE, associated, check, patience
from workstation.archives.gateway.dimse_link import DimseLink
from workstation.archives.gateway.dimse_receive import Intake
from workstation.archives.gateway.dimse_retrieve import retrieve
from workstation.domain.archive import (
    Archive,
    FoundInstance,
    FoundSeries,
    FoundStudy,
    ReceivedFile,
    RetrieveMethod,
    SendResult,
    StudyQuery,
    TestStep,
)
from workstation.domain.scheduled_step import ScheduledStep
from workstation.errors import Refused

_FIND = [(dimse_find.STUDY_ROOT_FIND, NATIVE)]


def _never() -> bool:
    return False


class DimseConnection:
    """Implements `ArchiveConnection`; each call has an association of its own.

    `on_note` hears what the archive said and what was turned away, in words without patient data.
    """

    def __init__(self, archive: Archive, secret: str = "", incoming_key: bytes = b"") -> None:
        """Raises Refused for a set-up that cannot work."""
        check(archive)
        if archive.retrieve is RetrieveMethod.C_MOVE and not archive.listen_port:
            raise Refused("C-MOVE needs a port to send to", "", "Give the archive a listen_port, or use C-GET")
        self._archive = archive
        self._incoming_key = incoming_key
        self.on_note: Callable[[str], None] = lambda _: None

    def test(self) -> tuple[TestStep, ...]:
        return dimse_check.steps(self._archive)

    def find_studies(self, query: StudyQuery, cancelled: Callable[[], bool] = _never) -> tuple[FoundStudy, ...]:
        with associated(self._archive, _FIND) as association:
            return dimse_find.studies(association, self._archive, query, cancelled)

    def find_series(self, study_instance_uid: str) -> tuple[FoundSeries, ...]:
        with associated(self._archive, _FIND) as association:
            return dimse_find.series(association, study_instance_uid)

    def find_instances(self, study_instance_uid: str, series_instance_uid: str = "") -> tuple[FoundInstance, ...]:
        with associated(self._archive, _FIND) as association:
            if series_instance_uid:
                return dimse_find.instances(association, study_instance_uid, series_instance_uid)
            every = dimse_find.series(association, study_instance_uid)
            return tuple(
                instance
                for item in every
                for instance in dimse_find.instances(association, study_instance_uid, item.series_instance_uid)
            )

    def scheduled_steps(self, cancelled: Callable[[], bool] = _never) -> tuple[ScheduledStep, ...]:
        return dimse_worklist.steps(self._archive, cancelled)

    def retrieve(
        self,
        study_instance_uid: str,
        wanted: Sequence[FoundInstance],
        into: Path,
        on_file: Callable[[ReceivedFile], None],
        on_bytes: Callable[[int], None] = lambda _: None,
        cancelled: Callable[[], bool] = _never,
        kilobits: int = 0,
    ) -> None:
        link = DimseLink(patience(self._archive), on_bytes, kilobits)
        uids = frozenset(instance.sop_instance_uid for instance in wanted)
        intake = Intake(into, self._incoming_key, study_instance_uid, uids, on_file, link, self.on_note)
        retrieve(self._archive, study_instance_uid, wanted, intake, link, cancelled, self.on_note)

    def send(self, files: Sequence[Path], cancelled: Callable[[], bool] = _never) -> tuple[SendResult, ...]:
        return dimse_send.send(self._archive, files, self._incoming_key, cancelled)

    def prove(self, objects: Sequence[FoundInstance], study_instance_uid: str) -> tuple[SendResult, ...]:
        committed = dimse_send.committed(self._archive, objects)
        if committed is not None:
            return committed
        return dimse_send.proven(objects, self.find_instances(study_instance_uid))

    def close(self) -> None:
        """Nothing is kept open between calls."""
