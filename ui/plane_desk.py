"""What planes ask of the window: the field for a slab's thickness, and the dialog that makes a series of a plane."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt

from ui.plane_export_dialog import PlaneExportDialog
from ui.slab_entry import SlabEntry
from workstation.domain.plane_series import PlaneBatch
from workstation.errors import Refused
from workstation.jobs import FILES, Cancel
from workstation.session.case import Notice

if TYPE_CHECKING:
    from ui.seat import Seat
    from ui.viewport_grid import ViewportGrid


class PlaneDesk(QObject):
    """Listens for the grid."""

    def __init__(self, grid: ViewportGrid, core: Seat) -> None:
        super().__init__(grid)
        self._grid = grid
        self._core = core
        self._viewing = core.session.viewing
        self.dialog: PlaneExportDialog | None = None
        self._viewing.planes.number_wanted.connect(self._ask_thickness)
        self._viewing.planes.export_wanted.connect(self._ask_export)
        core.session.case_changed.connect(self._case_changed)

    def _ask_thickness(self, index: int) -> None:
        if index < len(self._grid.widgets):
            SlabEntry(self._viewing, index, self._grid.widgets[index], self._grid.viewports.here.setFocus)

    def _ask_export(self, index: int) -> None:
        state = self._viewing.state(index)
        if state is None:
            return
        if self.dialog is not None:
            self.dialog.reject()
        targets = [archive for archive in self._core.archives.archives if archive.can_store]
        slice_mm, window = self._viewing.planes.slice_mm(index), self._grid.viewports.here.window()
        self.dialog = PlaneExportDialog(self._viewing, state, slice_mm, targets, window)
        self.dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.dialog.chosen.connect(self.export)
        self.dialog.destroyed.connect(self._forget)
        self.dialog.show()
        # Beside the images: its lines are to be seen in them.
        corner = window.frameGeometry().bottomRight()
        self.dialog.move(corner.x() - self.dialog.width() - 24, corner.y() - self.dialog.height() - 64)

    def _forget(self) -> None:
        self.dialog = None

    def _case_changed(self, _: object) -> None:
        if self.dialog is not None:
            self.dialog.reject()

    def export(self, batch: PlaneBatch, archive: str) -> None:
        """Makes the series in a job, keeps it here, and queues it to `archive` where one is named."""
        core, session, state = self._core, self._core.session, batch.state
        studies = session.case.studies if session.case is not None else ()
        study = next((s for s in studies if s.study_instance_uid == state.study_uid), None)
        series = next((s for s in study.series if s.series_instance_uid == state.series_uid), None) if study else None
        viewport = core.library.viewport(state.study_uid, state.series_uid)
        if series is None or viewport is None:
            session.report_problem(Refused("No series was made", "The images of this plane are not open any more"))
            return

        def work(cancel: Cancel) -> int:
            # The DICOM library that writes them is long to import.
            from rendering.objects.delivery import keep, outgoing
            from rendering.objects.write_plan import Author
            from rendering.objects.write_planes import write_planes
            from rendering.plane_export import exported

            planes = exported(viewport.images, batch, cancel)
            source = next(Path(i.path) for i in series.instances if i.has_pixels)
            author = Author(core.settings.signer or "Reader", datetime.now().astimezone())
            window = viewport.window_of(state)
            context = core.reader.object_context(source)
            written = write_planes(context, author, planes, series.attributes, window, batch.description)
            keep(written, core.cache, core.vault)
            if archive:
                core.sender.enqueue(archive, outgoing(written))
            return len(written)

        def done(count: int) -> None:
            planes = "1 plane was" if count == 1 else f"{count} planes were"
            if archive:
                core.start_sending()
                session.notice.emit(Notice(f"{planes} made a series and are on their way to the archive", command="case.take_in"))
            else:
                session.notice.emit(Notice(f"{planes} made a series, kept on this computer", command="case.take_in"))

        session.notice.emit(Notice("The series of planes is being made"))
        core.jobs.run(FILES, work, done, session.report_problem)
