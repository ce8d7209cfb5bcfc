"""What each series behind a path is, in plain data: the `inspect` command without its clothes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from rendering.header import ImageHeader
from rendering.objects.facts import kind_of
from rendering.objects.summary import row_of
from rendering.pixels import SuvFactor, suv_factor
from rendering.shared_frames import SharedFrames
from rendering.volume import SeriesVerdict, headers_of, judge_headers
from rendering.worker import DecodeJob, ImageWorker
from workstation.cache.found import reason_of
from workstation.cache.reading import studies_in
from workstation.domain.doubt import SpacingSource, Verdict
from workstation.domain.study import Instance, Series, Study
from workstation.errors import Refused

# Decoded frames are only looked at for whether they are there: a few at a time are held.
DECODED_BYTES = 64 << 20

SHOWN, WITHOUT_PIXELS, REFUSED = "shown", "no pixels", "refused"


@dataclass(frozen=True, slots=True)
class Inspection:
    """`series` and `files` are JSON-able rows; `readable` is whether any file was DICOM."""

    series: list[dict[str, Any]]
    files: list[dict[str, str]]

    @property
    def readable(self) -> bool:
        return bool(self.series)


def inspect_path(path: Path, worker: ImageWorker, decode: bool = True) -> Inspection:
    """Every series and every file behind `path`; with `decode` every frame is tried as well."""
    series_rows: list[dict[str, Any]] = []
    files: list[dict[str, str]] = []
    with studies_in([path], worker) as found:
        files.extend(_file(file, REFUSED, reason) for file, reason in found.refused)
        for study, series in _all_series(found.studies):
            headers = headers_of(series)
            broken = _undecodable(series, headers, worker) if decode else {}
            objects = _objects(series, worker)
            series_rows.append(_series_row(study, series, headers, broken) | {"objects": objects})
            files.extend(_instance_row(i, h, broken, path) for i, h in zip(series.instances, headers, strict=True))
    return Inspection(series_rows, sorted(files, key=lambda row: row["path"]))


def _all_series(studies: Sequence[Study]) -> Iterator[tuple[Study, Series]]:
    for study in studies:
        for series in study.series:
            yield study, series


def _objects(series: Series, worker: ImageWorker) -> list[dict[str, Any]]:
    """What presentation states, reports, segmentations and the like of the series hold, or why that is not known."""
    rows = []
    for instance in series.instances:
        if kind_of(instance.sop_class_uid) is None:
            continue
        try:
            rows.append(row_of(worker.read_object(Path(instance.path))))
        except Refused as refused:
            rows.append({"sop_instance_uid": instance.sop_instance_uid, "holds": f"not understood: {reason_of(refused)}"})
    return rows


def _file(path: str, status: str, reason: str) -> dict[str, str]:
    return {"path": path, "status": status, "reason": reason}


def _instance_row(instance: Instance, header: ImageHeader, broken: dict[str, str], root: Path) -> dict[str, str]:
    place = Path(instance.path)
    # What came out of an archive lies in a folder that is gone by now: its name says enough.
    shown = str(place) if root.is_dir() or place == root else f"{root}:{place.name}"
    if header.no_pixels:
        return _file(shown, WITHOUT_PIXELS, header.no_pixels)
    reason = broken.get(instance.sop_instance_uid, "")
    return _file(shown, REFUSED if reason else SHOWN, reason)


def _undecodable(series: Series, headers: Sequence[ImageHeader], worker: ImageWorker) -> dict[str, str]:
    """SOP Instance UID to the first reason why a frame of it cannot be shown."""
    wanted = [(i, h, frame) for i, h in zip(series.instances, headers, strict=True) if h.has_pixels for frame in range(h.frames)]
    broken: dict[str, str] = {}
    for _, alike in groupby(wanted, key=lambda w: (w[1].frame_shape, w[1].dtype)):
        group = list(alike)
        one = SharedFrames.for_header(group[0][1], 0)
        step = max(1, DECODED_BYTES // max(1, one.frame_bytes))
        for start in range(0, len(group), step):
            _try(group[start : start + step], worker, broken)
    return broken


def _try(batch: Sequence[tuple[Instance, ImageHeader, int]], worker: ImageWorker, broken: dict[str, str]) -> None:
    jobs = [DecodeJob(i.path, h, frame, slot, i.sha256) for slot, (i, h, frame) in enumerate(batch)]
    frames = SharedFrames.for_header(batch[0][1], len(batch))

    def note(slot: int, refused: Refused | None) -> None:
        if refused is not None:
            broken.setdefault(batch[slot][0].sop_instance_uid, reason_of(refused))

    try:
        worker.decode(jobs, frames, note)
    finally:
        frames.close()


def _series_row(study: Study, series: Series, headers: Sequence[ImageHeader], broken: dict[str, str]) -> dict[str, Any]:
    verdict = judge_headers(series, headers)
    kind, reasons = _with_broken(verdict, series, broken)
    shown = [headers[ref.instance] for ref in verdict.order]
    first = shown[0] if shown else None
    facts = first.frame(verdict.order[0].frame) if first else None
    suv = suv_factor(first) if first is not None and first.pet is not None else ()
    return {
        "study_uid": study.study_instance_uid,
        "series_uid": series.series_instance_uid,
        "modality": series.modality,
        "description": series.series_description,
        "verdict": kind.value,
        "reasons": list(reasons),
        "frames": len(verdict.order),
        "dimensions": [one.label for one in verdict.dimensions] if len(verdict.dimensions) > 1 else [],
        "rows": first.rows if first else 0,
        "columns": first.columns if first else 0,
        "spacing_mm": _spacing(verdict, headers),
        "spacing_source": (facts.spacing_source if facts else SpacingSource.NONE).value,
        "photometric": first.photometric if first else "",
        "unit": facts.transform.unit if facts else "",
        "windows": [_window(w) for w in facts.windows] if facts else [],
        "voi_luts": [table.explanation for table in facts.voi_tables] if facts else [],
        "suv_factor": suv.factor if isinstance(suv, SuvFactor) else None,
        "suv_reasons": [] if isinstance(suv, SuvFactor) else list(suv),
        "warnings": _warnings(verdict, headers),
        "transfer_syntaxes": sorted({i.transfer_syntax_uid for i in series.instances}),
    }


def _with_broken(verdict: SeriesVerdict, series: Series, broken: dict[str, str]) -> tuple[Verdict, tuple[str, ...]]:
    """The verdict once it is known which images cannot be decoded: a hole ends a volume."""
    if not broken:
        return verdict.verdict, verdict.reasons
    reasons = tuple(dict.fromkeys(broken.values()))
    with_pixels = [i for i in series.instances if i.has_pixels]
    if len(broken) == len(with_pixels):
        return Verdict.REFUSED, reasons
    missing = f"{len(broken)} of {len(with_pixels)} images cannot be decoded."
    return (Verdict.STACK if verdict.verdict is Verdict.VOLUME else verdict.verdict), (*verdict.reasons, missing, *reasons)


def _spacing(verdict: SeriesVerdict, headers: Sequence[ImageHeader]) -> list[float | None]:
    """[slice, row, column] mm; None where unknown or where the frames differ."""
    if verdict.geometry is not None:
        column, row, between = verdict.geometry.spacing
        return [round(between, 6), row, column]
    found = {headers[ref.instance].frame(ref.frame).spacing for ref in verdict.order}
    only = found.pop() if len(found) == 1 else None
    return [None, *(only or (None, None))]


def _window(window: Any) -> dict[str, Any]:
    return {
        "center": window.center,
        "width": window.width,
        "function": window.function.value,
        "explanation": window.explanation,
    }


def _warnings(verdict: SeriesVerdict, headers: Sequence[ImageHeader]) -> list[str]:
    said = [doubt.text for doubt in verdict.doubts]
    said += [warning for header in headers for warning in header.warnings]
    return list(dict.fromkeys(said))
