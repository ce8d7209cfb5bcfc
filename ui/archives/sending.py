"""What "Send to archive" does: asks where to, and queues every object of the study."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QWidget

from ui.archives.send_dialog import SendDialog
from workstation.archives.sending import outgoing_of
from workstation.domain.order import WorklistItem
from workstation.domain.sending import Sending
from workstation.errors import Refused
from workstation.jobs import DATABASE, Cancel
from workstation.session.case import Notice

if TYPE_CHECKING:
    from ui.seat import Seat


def send(core: Seat, item: WorklistItem | None, parent: QWidget) -> SendDialog | None:
    """The question where to. None, with the reason told, when there is nothing to send or nowhere to send it."""
    targets = [archive for archive in core.archives.archives if archive.can_store]
    if item is None or not item.image_count:
        hint = "Choose a row with images, or open a case"
        core.session.report_problem(Refused("Nothing to send", "No study with images is chosen", hint))
        return None
    if not targets:
        words = "No archive takes objects from here. Check “Our own objects may be sent here” for one"
        core.session.notice.emit(Notice(words, error=True, command="archives.set_up"))
        return None
    dialog = SendDialog(item, targets, parent)
    dialog.chosen.connect(lambda archive: _queue(core, item.study_instance_uid, archive))
    return dialog


def _queue(core: Seat, study_instance_uid: str, archive: str) -> None:
    def work(_: Cancel) -> tuple[Sending, ...]:
        return core.sender.enqueue(archive, outgoing_of(core.cache.study(study_instance_uid)))

    def done(queued: tuple[Sending, ...]) -> None:
        core.start_sending()
        waiting = sum(not sending.is_proven for sending in queued)
        words = f"{waiting} objects are on their way" if waiting else "The archive is proven to hold this study already"
        core.session.notice.emit(Notice(words))

    core.jobs.run(DATABASE, work, done, core.session.report_problem)
