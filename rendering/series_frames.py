"""SeriesFrames: all that is known of a series' frames without their pixels."""

from __future__ import annotations

from bisect import bisect_right

from rendering.decoded_file import StoredSeries
from rendering.frame_layout import FrameLayout
from rendering.header import FrameFacts, ImageHeader
from rendering.judged_series import JudgedSeries, judged
from rendering.picture import FrameIdentity
from rendering.volume import SeriesVerdict
from rendering.worker import DecodeJob
from workstation.domain.dimension import Dimension
from workstation.domain.study import Instance, Series, Study
from workstation.domain.value_unit import ValueUnit
from workstation.errors import Refused


class SeriesFrames:
    """The frames of one series in reading order. A position is a frame's place in it (`verdict.order`)."""

    def __init__(self, study: Study, series: Series, known: JudgedSeries | None = None) -> None:
        """`known` is of this very series: see `rendering.judged_series`."""
        self.study = study
        self.series = series
        self._known = known or judged(study, series)
        self._headers = self._known.headers
        self.verdict: SeriesVerdict = self._known.verdict
        self.frame_count = len(self.verdict.order)
        self._positions: dict[tuple[str, int], int] | None = None
        self._starts = [one.start for one in self.verdict.dimensions]
        self.mapped_units: tuple[ValueUnit, ...] = ()
        """Units that Real World Value Mapping objects give the values (rendering.objects.value_maps)."""

    @property
    def layout(self) -> FrameLayout:
        return self._known.layout

    @property
    def stored(self) -> StoredSeries | None:
        """What the series is called in the decoded store; None when it cannot be kept there."""
        return self._known.stored

    def instance(self, position: int) -> Instance:
        return self.series.instances[self.verdict.order[position].instance]

    def header(self, position: int) -> ImageHeader:
        return self._headers[self.verdict.order[position].instance]

    def frame(self, position: int) -> int:
        """The 0-based frame within its instance."""
        return self.verdict.order[position].frame

    def dimension_index(self, position: int) -> int:
        """Which of `verdict.dimensions` holds the frame."""
        return max(0, bisect_right(self._starts, position) - 1)

    def dimension_at(self, position: int) -> Dimension:
        return self.verdict.dimensions[self.dimension_index(position)]

    def facts(self, position: int) -> FrameFacts:
        return self.header(position).frame(self.frame(position))

    def identity(self, position: int) -> FrameIdentity:
        header = self.header(position)
        return FrameIdentity(header.study_uid, header.series_uid, header.sop_instance_uid, self.frame(position) + 1)

    def position_of(self, sop_instance_uid: str, frame_number: int) -> int | None:
        """Where an image (frames count from 1) is in the reading order."""
        if self._positions is None:
            numbered = ((self.instance(p).sop_instance_uid, self.frame(p) + 1) for p in range(self.frame_count))
            self._positions = {key: position for position, key in enumerate(numbered)}
        return self._positions.get((sop_instance_uid, frame_number))

    def job(self, position: int, slot: int) -> DecodeJob:
        """What has the worker decode one frame into a slot."""
        instance = self.instance(position)
        # VTK reads a volume's slots as they are: the worker takes foreign bits out of them.
        clean = self._known.has_one_line and self.dimension_at(position).geometry is not None
        return DecodeJob(instance.path, self.header(position), self.frame(position), slot, instance.sha256, clean)


def stranger() -> Refused:
    return Refused("This image belongs to another patient or study", "Its own header says so")
