"""One body of four balls (see `fiducials`), scanned at several times: other spacings and fields of view, shifted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

import numpy as np
from fiducials import CENTRE, OFFSETS, values_at
from made_series import Acquisition, SeriesMaker

from rendering.images import SeriesImages
from rendering.viewport import Viewport
from workstation.domain.alignment import Alignment, AlignmentKind
from workstation.domain.geometry import Vec3, cross
from workstation.domain.patient import Patient, PatientKey
from workstation.domain.study import Series, Study
from workstation.domain.viewing import Cell, Plane, ViewportState, Window
from workstation.session.alignments import Alignments
from workstation.session.linking import Where
from workstation.session.prior_views import PriorViews
from workstation.session.viewing import Viewing

GREY = Window(500.0, 1000.0)
SIZE = (300, 300)
AXIAL = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0))
CORONAL = ((1.0, 0.0, 0.0), (0.0, 0.0, -1.0))


@dataclass(frozen=True)
class Scanned:
    """`shift` is where the body lies in the scanner (mm), `off` how far the field of view lies beside it; `spacing` in plane."""

    uid: str
    date: str
    spacing: float = 1.0
    gap: float = 3.0
    half: float = 44.0
    shift: Vec3 = (0.0, 0.0, 0.0)
    off: Vec3 = (0.0, 0.0, 0.0)
    frame: str = ""
    modality: str = "CT"
    slices: int = 0
    directions: tuple[Vec3, Vec3] = AXIAL
    balls_in: Plane = Plane.AXIAL
    backwards: bool = False

    @property
    def series_uid(self) -> str:
        return f"{self.uid}.1"

    @lru_cache(maxsize=8)  # noqa: B019 - it is frozen, and made for each test anew
    def viewport(self) -> Viewport:
        row, column = (np.array(way) for way in self.directions)
        normal = np.array(cross(*self.directions)) * (-1.0 if self.backwards else 1.0)
        count = self.slices or 2 * round(self.half / self.gap) + 1
        across = 2 * round(self.half / self.spacing) + 1
        middle = CENTRE + np.array(self.shift) + np.array(self.off)
        origin = middle - normal * self.gap * (count // 2) - (row + column) * self.spacing * (across // 2)
        ways = [tuple(float(v) for v in way) for way in (normal * self.gap, origin)]
        grid = Acquisition(*self.directions, ways[0], ways[1], self.spacing, self.spacing, self.gap, (count, across, across))
        down = (0.0, 0.0, -1.0) if self.balls_in is Plane.CORONAL else (0.0, 1.0, 0.0)
        places = {
            n: CENTRE + np.array(self.shift) + u * np.array([1.0, 0, 0]) + v * np.array(down) for n, (u, v) in OFFSETS.items()
        }
        k, r, c = np.meshgrid(np.arange(count), np.arange(across), np.arange(across), indexing="ij")
        points = np.array(origin) + k[..., None] * normal * self.gap + (r[..., None] * column + c[..., None] * row) * self.spacing
        values = values_at(points.astype(np.float32), places)
        maker = SeriesMaker()
        header = {"study_uid": self.uid, "series_uid": self.series_uid, "modality": self.modality}
        maker.header = replace(maker.header, **header, frame_of_reference_uid=self.frame or f"{self.uid}.9")
        for index in range(count):
            maker.add(values[index].astype("i2"), grid.plane(index), uid=f"{self.series_uid}.{index + 1}")
        made = replace(maker.series(), series_instance_uid=self.series_uid, modality=self.modality)
        series: Series = replace(made, frame_of_reference_uid=self.frame or f"{self.uid}.9", body_part_examined="CHEST")
        study = Study(self.uid, Patient(PatientKey("P1")), study_date=self.date, series=(series,))
        images = SeriesImages(study, series, maker.worker)  # type: ignore[arg-type]
        images.load()
        return Viewport(images)

    def aligned_to(self, current: Scanned) -> Alignment:
        """As the body lies, without a rotation."""
        x, y, z = (a - b for a, b in zip(self.shift, current.shift, strict=True))
        matrix = (1.0, 0.0, 0.0, x, 0.0, 1.0, 0.0, y, 0.0, 0.0, 1.0, z)
        return Alignment(current.series_uid, self.series_uid, AlignmentKind.RIGID, matrix, 0.5)


@dataclass
class Pair:
    """A current study and priors at hand, hung side by side: the first prior beside it."""

    current: Scanned
    priors: Sequence[Scanned]
    known: Alignments = field(default_factory=Alignments)

    def __post_init__(self) -> None:
        self.viewports = {(one.uid, one.series_uid): one.viewport() for one in (self.current, *self.priors)}
        self.studies = [viewport.images.study for viewport in self.viewports.values()]
        self.known.open_case(self.studies)
        self.viewing = Viewing(lambda study, series: self.viewports.get((study, series)))
        modality = {one.uid: one.modality for one in (self.current, *self.priors)}
        self.viewing.linking.where = lambda study, _: Where("", modality[study])
        self.views = PriorViews(self.viewing, self.viewport, self.known.between, self._mapped)

    def viewport(self, study_uid: str, series_uid: str) -> Viewport | None:
        return self.viewports.get((study_uid, series_uid))

    def _mapped(self, fixed: str, moving: str, point: Vec3) -> Vec3 | None:
        found = self.known.between(fixed, moving)
        return found.apply(point) if found is not None else None

    def hang(self, plane: Plane = Plane.STACK, **changes: Any) -> None:
        """Both in this plane, as a protocol does; `changes` are made to the current images before the prior is opened."""
        from workstation.domain.viewing import Arrangement, Layout

        cells = [
            Cell(
                0,
                n,
                ViewportState(one.uid, one.series_uid, plane, window=GREY),
                is_prior=n > 0,
                link_group="all",
                selector="all",
                prior=n,
            )
            for n, one in enumerate((self.current, self.priors[0]))
        ]
        self.viewing.show(Arrangement("p", "P", 0, 1, "Stage", Layout(1, 2), tuple(cells), ()))
        middle = self.middle_of(self.current, plane)
        self.viewing.change(0, **{**middle, **changes})
        self.views.open()

    def middle_of(self, one: Scanned, plane: Plane) -> dict[str, Any]:
        """Where the balls are."""
        viewport = self.viewports[one.uid, one.series_uid]
        point = tuple(float(v) for v in CENTRE + np.array(one.shift))
        state = viewport.at_point(viewport.default_state(plane), point)
        return {"position": state.position, "focus": state.focus}

    def step_to(self, one: Scanned) -> None:
        cell = self.viewing.cells[1]
        self.views.step(1, replace(cell, state=ViewportState(one.uid, one.series_uid, window=GREY)))

    def state(self, index: int) -> ViewportState:
        state = self.viewing.state(index)
        assert state is not None
        return state

    def picture(self, index: int, size: tuple[int, int] = SIZE) -> Any:
        state = self.state(index)
        made = self.viewports[state.study_uid, state.series_uid].picture(state, *size)
        assert made.error is None, made.error
        return made
