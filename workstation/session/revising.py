"""What becomes of drawings of others when their objects were replaced: a later one changes or takes away what it says."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from workstation.domain.annotation import Annotation
from workstation.session.drawn import Change


def received_changes(known: Mapping[str, Annotation], received: Iterable[Annotation], gone: Collection[str]) -> list[Change]:
    """What is new, and of what is known from objects that are `gone` (SOP Instance UIDs) what changed or went with them.

    What is known already keeps the reader's verdict, unless it lies elsewhere now.
    """
    fresh = {drawn.uid: drawn for drawn in received}
    changes: list[Change] = []
    for before in known.values():
        if before.source.kind == "reader" or before.source.object_uid not in gone:
            continue
        after = fresh.get(before.uid)
        if after is not None and (after.points, after.patient_points) == (before.points, before.patient_points):
            after = replace(after, verdict=before.verdict)
        if after != before:
            changes.append((before, after))
    return changes + [(None, drawn) for drawn in fresh.values() if drawn.uid not in known]
