"""Which studies must stay on this machine, and why: pure functions of what the program knows now."""

from __future__ import annotations

from collections.abc import Iterable

from workstation.domain.order import ReadStatus, WorklistItem

OPEN = "It is open"
LISTED = "It is to be read"
NOT_DELIVERED = "Its report is not confirmed by the RIS"
WANTED = "A listed study is compared with it"
UNSENT = "Objects of it wait to be sent"

# A report was begun, signed or refused and is not yet proved to be in the RIS.
_READ = (ReadStatus.CONFIRMED, ReadStatus.ELSEWHERE)
UNDELIVERED = frozenset({ReadStatus.DRAFT, ReadStatus.PRELIMINARY, ReadStatus.SIGNED, ReadStatus.PROBLEM})


def pins(
    open_studies: Iterable[str],
    items: Iterable[WorklistItem],
    wanted: Iterable[str] = (),
    unsent: Iterable[str] = (),
) -> dict[str, str]:
    """The reason by Study Instance UID; the weightiest one where there are several.

    A row without an order is only a study that happens to be here: it does not pin itself.
    """
    found = dict.fromkeys(wanted, WANTED)
    rows = [item for item in items if item.study_instance_uid]
    found |= {i.study_instance_uid: LISTED for i in rows if i.order is not None and i.status not in _READ}
    found |= {i.study_instance_uid: NOT_DELIVERED for i in rows if i.status in UNDELIVERED}
    return {**found, **dict.fromkeys(unsent, UNSENT), **dict.fromkeys(open_studies, OPEN)}
