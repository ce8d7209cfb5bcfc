"""JudgedSeries: all that follows from the headers of a series, worked out once and kept for the next opening.

Reading a thousand headers takes longer than opening a thousand stored frames. So the background
does it when a series arrives, and a series that is opened again is not judged again.
"""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

from rendering.decoded_file import StoredSeries
from rendering.frame_layout import FrameLayout
from rendering.header import ImageHeader
from rendering.transfer_syntaxes import TRANSFER_SYNTAXES
from rendering.volume import SeriesVerdict, headers_of, judge_headers
from workstation.domain.study import Series, Study

# Part of every stored series' key, as is the decoder's name. Raise it whenever the same file could
# now decode to other values: another version of a decoder, a fault put right.
DECODER_VERSION = 1

# Frames whose headers are kept, of all series together: some 3 kB each.
MOST_FRAMES = 20_000


@dataclass(frozen=True, slots=True)
class JudgedSeries:
    """`layout` has one block for each kind of frame; a volume has one kind and its slots in slice order.

    `has_one_line`: one slope and intercept turn every container of the series into its value.
    `strangers` are positions whose own header names another study, series, patient or SOP instance (I9).
    `stored` is what the series is called in the decoded store; None when it cannot be kept there.
    """

    headers: tuple[ImageHeader, ...]
    verdict: SeriesVerdict
    layout: FrameLayout
    has_one_line: bool
    strangers: tuple[int, ...]
    stored: StoredSeries | None


def judged(study: Study, series: Series) -> JudgedSeries:
    """Never raises for what a file says."""
    headers = headers_of(series)
    verdict = judge_headers(series, headers)
    in_order = [headers[ref.instance] for ref in verdict.order]
    kinds = {id(header): (header.frame_shape, header.dtype) for header in headers}
    layout = FrameLayout.of([kinds[id(header)] for header in in_order])
    one_line = _has_one_line(verdict, headers, in_order)
    strangers = _strangers(study, series, verdict, in_order)
    stored = None if strangers else _stored(study, series, verdict, in_order, layout, one_line)
    return JudgedSeries(headers, verdict, layout, one_line, strangers, stored)


def _has_one_line(verdict: SeriesVerdict, headers: Sequence[ImageHeader], in_order: Sequence[ImageHeader]) -> bool:
    volumes = [one for one in verdict.dimensions if one.geometry is not None]
    for one in volumes:
        transforms = {headers[ref.instance].frame(ref.frame).transform for ref in verdict.order[one.start : one.end]}
        if len(transforms) != 1 or next(iter(transforms)).table is not None:
            return False
    shown = {id(header): header for one in volumes for header in in_order[one.start : one.end]}.values()
    return (
        bool(volumes)
        and all(h.float_bits or h.high_bit == h.bits_stored - 1 for h in shown)
        and not any(o.embedded_bit is not None for h in shown for o in h.overlays)
    )


def _strangers(study: Study, series: Series, verdict: SeriesVerdict, in_order: Sequence[ImageHeader]) -> tuple[int, ...]:
    patient = study.patient.key
    expected = (study.study_instance_uid, series.series_instance_uid, patient.patient_id, patient.issuer)
    found: list[int] = []
    for position, (ref, header) in enumerate(zip(verdict.order, in_order, strict=True)):
        own = (header.study_uid, header.series_uid, header.patient_id, header.patient_issuer)
        if own != expected or header.sop_instance_uid != series.instances[ref.instance].sop_instance_uid:
            found.append(position)
    return tuple(found)


def _stored(
    study: Study,
    series: Series,
    verdict: SeriesVerdict,
    in_order: Sequence[ImageHeader],
    layout: FrameLayout,
    one_line: bool,
) -> StoredSeries | None:
    """A file without a checksum may change under its name: then None."""
    if not in_order or not all(instance.sha256 for instance in series.instances):
        return None
    is_clean = verdict.geometry is not None and one_line
    lines = [f"{DECODER_VERSION} {is_clean} {layout.blocks}"]
    for ref, header, slot in zip(verdict.order, in_order, layout.slots, strict=True):
        syntax = TRANSFER_SYNTAXES.get(header.transfer_syntax_uid)
        decoder = "" if syntax is None else syntax.decoder
        lines.append(f"{series.instances[ref.instance].sha256} {ref.frame} {slot.block} {decoder}")
    key = hashlib.sha256("\n".join(lines).encode()).hexdigest()
    frames = tuple((header.sop_instance_uid, ref.frame) for ref, header in zip(verdict.order, in_order, strict=True))
    return StoredSeries(key, study.study_instance_uid, series.series_instance_uid, layout, frames)


class JudgedSeriesCache:
    """The series judged last. Thread-safe. Only imported files are kept: their checksums say that they are the same."""

    def __init__(self, most_frames: int = MOST_FRAMES) -> None:
        self._most = most_frames
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[str, str], tuple[object, JudgedSeries]] = OrderedDict()

    def get(self, study: Study, series: Series) -> JudgedSeries:
        key, now = (study.study_instance_uid, series.series_instance_uid), _content(study, series)
        with self._lock:
            found = self._kept.get(key)
            if found is not None and found[0] == now:
                self._kept.move_to_end(key)
                return found[1]
        made = judged(study, series)
        if made.stored is not None:
            self._keep(key, now, made)
        return made

    def _keep(self, key: tuple[str, str], now: object, made: JudgedSeries) -> None:
        with self._lock:
            self._kept[key] = (now, made)
            while len(self._kept) > 1 and sum(len(kept.verdict.order) for _, kept in self._kept.values()) > self._most:
                self._kept.popitem(last=False)


def _content(study: Study, series: Series) -> object:
    """Whatever the judgement follows from; a header is made from the bytes that have this checksum."""
    instances = tuple((i.sop_instance_uid, i.sha256, i.instance_number) for i in series.instances)
    return study.patient.key, series.modality, instances
