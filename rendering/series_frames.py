"""SeriesFrames: all that is known of a series' frames without their pixels."""

from __future__ import annotations

import hashlib
from functools import cached_property

from rendering.decoded_file import StoredSeries
from rendering.frame_layout import FrameLayout
from rendering.header import FrameFacts, ImageHeader
from rendering.picture import FrameIdentity
from rendering.transfer_syntaxes import TRANSFER_SYNTAXES
from rendering.volume import SeriesVerdict, headers_of, judge_headers
from rendering.worker import DecodeJob
from workstation.domain.study import Instance, Series, Study
from workstation.errors import Refused

# Part of every stored series' key, as is the decoder's name. Raise it whenever the same file could
# now decode to other values: another version of a decoder, a fault put right.
DECODER_VERSION = 1


class SeriesFrames:
    """The frames of one series in reading order. A position is a frame's place in it (`verdict.order`)."""

    def __init__(self, study: Study, series: Series) -> None:
        self.study = study
        self.series = series
        self._headers = headers_of(series)
        self.verdict: SeriesVerdict = judge_headers(series, self._headers)
        self.frame_count = len(self.verdict.order)

    def instance(self, position: int) -> Instance:
        return self.series.instances[self.verdict.order[position].instance]

    def header(self, position: int) -> ImageHeader:
        return self._headers[self.verdict.order[position].instance]

    def frame(self, position: int) -> int:
        """The 0-based frame within its instance."""
        return self.verdict.order[position].frame

    def facts(self, position: int) -> FrameFacts:
        return self.header(position).frame(self.frame(position))

    def identity(self, position: int) -> FrameIdentity:
        header = self.header(position)
        return FrameIdentity(header.study_uid, header.series_uid, header.sop_instance_uid, self.frame(position) + 1)

    @cached_property
    def layout(self) -> FrameLayout:
        """One block for each kind of frame; a volume has one kind and its slots in slice order."""
        kinds = {id(h): (h.frame_shape, h.dtype) for h in self._headers}
        return FrameLayout.of([kinds[id(self.header(position))] for position in range(self.frame_count)])

    @cached_property
    def has_one_line(self) -> bool:
        """Whether one slope and intercept turn every container of the series into its value."""
        transforms = {self.facts(p).transform for p in range(self.frame_count)}
        headers = {id(h): h for h in map(self.header, range(self.frame_count))}.values()
        return (
            len(transforms) == 1
            and next(iter(transforms)).table is None
            and all(h.float_bits or h.high_bit == h.bits_stored - 1 for h in headers)
            and not any(o.embedded_bit is not None for h in headers for o in h.overlays)
        )

    @cached_property
    def strangers(self) -> tuple[int, ...]:
        """Positions whose own header names another study, series, patient or SOP instance (I9)."""
        patient = self.study.patient.key
        expected = (self.study.study_instance_uid, self.series.series_instance_uid, patient.patient_id, patient.issuer)
        found: list[int] = []
        for position in range(self.frame_count):
            header = self.header(position)
            own = (header.study_uid, header.series_uid, header.patient_id, header.patient_issuer)
            if own != expected or header.sop_instance_uid != self.instance(position).sop_instance_uid:
                found.append(position)
        return tuple(found)

    @property
    def is_clean(self) -> bool:
        """Whether the worker takes foreign bits out: VTK reads a volume's slots as they are."""
        return self.verdict.geometry is not None and self.has_one_line

    @cached_property
    def stored(self) -> StoredSeries | None:
        """What the series is called in the decoded store; None when it cannot be kept there.

        A file without a checksum may change under its name, and a stranger's pixels are kept nowhere.
        """
        if not self.frame_count or self.strangers or not all(i.sha256 for i in self.series.instances):
            return None
        digest = hashlib.sha256(f"{DECODER_VERSION} {self.is_clean}".encode())
        for position in range(self.frame_count):
            shape, dtype = self.layout.kind(position)
            instance, syntax = self.instance(position), TRANSFER_SYNTAXES.get(self.header(position).transfer_syntax_uid)
            decoder = "" if syntax is None else syntax.decoder
            digest.update(f"\n{instance.sha256} {self.frame(position)} {shape} {dtype} {decoder}".encode())
        uids = self.study.study_instance_uid, self.series.series_instance_uid
        frames = tuple((self.header(p).sop_instance_uid, self.frame(p)) for p in range(self.frame_count))
        return StoredSeries(digest.hexdigest(), *uids, self.layout, frames)

    def job(self, position: int, slot: int) -> DecodeJob:
        """What has the worker decode one frame into a slot."""
        instance = self.instance(position)
        return DecodeJob(instance.path, self.header(position), self.frame(position), slot, instance.sha256, self.is_clean)


def stranger() -> Refused:
    return Refused("This image belongs to another patient or study", "Its own header says so")
