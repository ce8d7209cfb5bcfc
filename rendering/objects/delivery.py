"""Objects of ours into the own cache, and to an archive through the sender's queue."""

from __future__ import annotations

from collections.abc import Sequence

from rendering.objects.write_plan import Written
from workstation.archives.sending_ledger import Outgoing
from workstation.at_rest.vault import Purpose, Vault
from workstation.cache.cache import StudyCache
from workstation.domain.archive import FoundInstance
from workstation.errors import Refused


def keep(written: Sequence[Written], cache: StudyCache, vault: Vault) -> None:
    """Stores them as if they had come from an archive. Blocks. Raises Refused when one is not taken."""
    with cache.receiving_folder() as folder:
        paths = []
        for number, one in enumerate(written):
            path = folder / f"own{number}.dcm"
            with vault.create(path, Purpose.INCOMING) as file:
                file.write(one.data)
            paths.append(path)
        cache.add(paths)
    for one in written:
        if (one.series_uid, one.sop_instance_uid) not in cache.held_instances(one.study_uid):
            raise Refused("The object was not kept", "The store did not take it", "Look at the messages of the import")


def outgoing(written: Sequence[Written]) -> tuple[Outgoing, ...]:
    """As `Sender.enqueue` takes them: the queue keeps the very bytes."""
    return tuple(
        Outgoing(
            one.study_uid,
            FoundInstance(one.series_uid, one.sop_instance_uid, one.sop_class_uid),
            one.sha256,
            content=one.data,
        )
        for one in written
    )
