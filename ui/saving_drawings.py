"""What "Save to the archive" does: writes the reader's drawings, key images and looks as objects, keeps and queues them."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QWidget

from ui.about import program_version
from ui.archives.send_dialog import SendDialog
from workstation.domain.study import Study
from workstation.errors import Refused, WorkstationError
from workstation.jobs import FILES, Cancel
from workstation.session.annotating import READER
from workstation.session.case import Case, Notice

if TYPE_CHECKING:
    from rendering.objects.saving import Saved, SavedView
    from ui.seat import Seat

PRIORS = "Drawings and key images of priors: they are saved when the prior itself is the open study"
EMPTY = Refused("Nothing to save", "Nothing was drawn or marked here on the study of the open case, and none of its images hangs")


def save_drawings(core: Seat, parent: QWidget) -> SendDialog | None:
    """The question where to; without an archive that takes objects they are kept here, and that is said."""
    case = core.session.case
    if case is None or not _has_something(core, case):
        core.session.report_problem(EMPTY)
        return None
    targets = [archive for archive in core.archives.archives if archive.can_store]
    if not targets or case.item is None:
        _save(core, case, "")
        return None
    dialog = SendDialog(case.item, targets, parent)
    dialog.setWindowTitle(dialog.tr("Save drawings and key images to the archive"))
    dialog.chosen.connect(lambda archive: _save(core, case, archive))
    return dialog


def _has_something(core: Seat, case: Case) -> bool:
    uid = case.study.study_instance_uid
    drawn = any(a.study_uid == uid and a.source.kind == READER for a in core.session.annotating.all())
    hanging = any(cell.state is not None and cell.state.study_uid == uid for cell in core.session.viewing.cells)
    return drawn or hanging or bool(core.session.key_images.list(uid))


def _views(core: Seat, study: Study) -> tuple[SavedView, ...]:
    """How the viewports show the study now, the active one first."""
    from rendering.objects.saving import SavedView

    viewing, drawing = core.session.viewing, core.session.annotating.drawing
    found = []
    for index in dict.fromkeys((viewing.active, *range(len(viewing.cells)))):
        state = viewing.state(index)
        viewport = core.library.viewport(state.study_uid, state.series_uid) if state is not None else None
        if state is not None and viewport is not None and state.study_uid == study.study_instance_uid:
            found.append(SavedView(viewport, state, *drawing.size(index)))
    return tuple(found)


def _save(core: Seat, case: Case, archive: str) -> None:
    study, session = case.study, core.session
    uid = study.study_instance_uid
    own = [drawn for drawn in session.annotating.all() if drawn.source.kind == READER]
    drawings = tuple(drawn for drawn in own if drawn.study_uid == uid)
    of_priors = len(own) > len(drawings) or any(session.key_images.list(prior.study_instance_uid) for prior in case.priors)
    keys, views = session.key_images.list(uid), _views(core, study)
    signer = session.signer or "Reader"

    def work(_: Cancel) -> Saved:
        # The DICOM library that writes them is long to import.
        from rendering.objects.delivery import keep, outgoing
        from rendering.objects.saving import ToSave, case_as_objects, own_objects
        from rendering.objects.write_plan import Author

        marks = core.annotations.marks
        source = next(Path(i.path) for s in study.series for i in s.instances if i.has_pixels)
        author = Author(signer, datetime.now().astimezone(), program_version())
        wanted = ToSave(study, drawings, keys, views, marks.own_of([uid]))
        saved = case_as_objects(wanted, core.reader.object_context(source), author)
        if of_priors:
            saved = replace(saved, left_out=(*saved.left_out, PRIORS))
        if not saved.objects:
            raise Refused("Nothing was saved", "; ".join(saved.left_out))
        own = own_objects(saved, author)
        # Known as our own before anybody can read them.
        marks.put_own(own)
        try:
            keep(saved.objects, core.cache, core.vault)
        except WorkstationError:
            marks.forget_own(own)
            raise
        if archive:
            core.sender.enqueue(archive, outgoing(saved.objects))
        return saved

    def done(saved: Saved) -> None:
        if archive:
            core.start_sending()
        session.notice.emit(_told(saved, archive))

    core.jobs.run(FILES, work, done, session.report_problem)


def _told(saved: Saved, archive: str) -> Notice:
    """What became of it, and what was not saved and why."""
    count = len(saved.objects)
    what = f"{count} {'object' if count == 1 else 'objects'}"
    if archive:
        words = f"{what} with drawings, key images and looks are on their way"
    else:
        words = f"{what} with drawings, key images and looks were saved on this computer only: no archive takes objects from here"
    left_out = "".join(f". Not saved: {one}" for one in saved.left_out)
    return Notice(words + left_out, command="" if archive else "archives.set_up")
