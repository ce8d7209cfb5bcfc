"""What "Save drawings to the archive" does: writes objects of the reader's drawings, keeps them here, queues them."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QWidget

from ui.archives.send_dialog import SendDialog
from workstation.domain.annotation import Annotation
from workstation.domain.study import Study
from workstation.errors import Refused
from workstation.jobs import IMAGES, Cancel
from workstation.session.annotating import READER
from workstation.session.session import Case, Notice

if TYPE_CHECKING:
    from ui.seat import Seat


def save_drawings(core: Seat, parent: QWidget) -> SendDialog | None:
    """The question where to; without an archive that takes objects they are kept here, and that is said."""
    case = core.session.case
    drawings = _own(core, case) if case is not None else ()
    if case is None or not drawings:
        core.session.report_problem(Refused("Nothing to save", "Nothing was drawn here on the study of the open case"))
        return None
    targets = [archive for archive in core.archives.archives if archive.can_store]
    if not targets or case.item is None:
        _save(core, case.study, drawings, "")
        return None
    dialog = SendDialog(case.item, targets, parent)
    dialog.setWindowTitle(dialog.tr("Save drawings to the archive"))
    dialog.chosen.connect(lambda archive: _save(core, case.study, drawings, archive))
    return dialog


def _own(core: Seat, case: Case) -> tuple[Annotation, ...]:
    uid = case.study.study_instance_uid
    return tuple(a for a in core.session.annotating.all() if a.study_uid == uid and a.source.kind == READER)


def _save(core: Seat, study: Study, drawings: tuple[Annotation, ...], archive: str) -> None:
    def work(_: Cancel) -> int:
        # The DICOM library that writes them is long to import.
        from rendering.objects.delivery import keep, outgoing
        from rendering.objects.saving import drawings_as_objects
        from rendering.objects.write_plan import Author

        source = next(Path(i.path) for s in study.series for i in s.instances if i.has_pixels)
        author = Author(core.settings.signer or "Reader", datetime.now().astimezone())
        written = drawings_as_objects(study, drawings, core.reader.object_context(source), author)
        keep(written, core.cache, core.vault)
        if archive:
            core.sender.enqueue(archive, outgoing(written))
        return len(written)

    def done(count: int) -> None:
        if archive:
            core.start_sending()
            core.session.notice.emit(Notice(f"{count} objects with the drawings are on their way"))
        else:
            words = "The drawings were saved as objects on this computer only: no archive takes objects from here"
            core.session.notice.emit(Notice(words, command="archives.set_up"))

    core.jobs.run(IMAGES, work, done, core.session.report_problem)
