"""How a dragged series travels from the strip to a viewport: two UIDs, inside this program only."""

from __future__ import annotations

from PySide6.QtCore import QByteArray, QMimeData

SERIES_MIME = "application/x-lyskasse-series"


def series_mime(study_uid: str, series_uid: str) -> QMimeData:
    data = QMimeData()
    data.setData(SERIES_MIME, QByteArray(f"{study_uid}\n{series_uid}".encode()))
    return data


def dragged_series(data: QMimeData) -> tuple[str, str] | None:
    """(study UID, series UID), or None when something else is dragged."""
    if not data.hasFormat(SERIES_MIME):
        return None
    study_uid, _, series_uid = bytes(data.data(SERIES_MIME).data()).decode(errors="replace").partition("\n")
    return study_uid, series_uid
