"""A reading seat without rooms: real session, synthetic pictures, jobs that a test lets finish when it likes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import numpy as np
from fake_solid import FakeSolid
from listed_rows import ListedRows
from one_volume import OneVolume

from rendering.picture import FrameIdentity, Letters, Picture, Probe
from workstation.annotations_store import AnnotationStore
from workstation.at_rest.vault import Vault
from workstation.corner_texts import load_corner_texts
from workstation.domain.alignment import Alignment, AlignmentKind
from workstation.domain.annotation import Annotation, Measured, MeasuredValue
from workstation.domain.doubt import Doubt, SpacingSource, Verdict
from workstation.domain.frame_timing import FrameTiming
from workstation.domain.lesion import LesionProposal
from workstation.domain.life import Life
from workstation.domain.order import Order, Priority, ReadStatus, WorklistItem
from workstation.domain.patient import Patient, PatientKey
from workstation.domain.prior import PriorRelevance
from workstation.domain.report import Report, ReportSection, ReportStatus, SectionCode
from workstation.domain.study import Instance, Series, Study
from workstation.domain.viewing import Arrangement, Cell, Layout, Plane, PresetTable, ViewportState, Window, WindowPreset
from workstation.errors import Refused, WorkstationError
from workstation.jobs import PICTURES, Cancel, Job
from workstation.ports import ObjectFound
from workstation.reporting.origins import Traced
from workstation.reporting.spoken import SpokenReport
from workstation.session.desk import ReportDesk
from workstation.session.handles import AREAS, lines
from workstation.session.lists import Lists
from workstation.session.session import Session
from workstation.settings import Folders, Remembered, Settings
from workstation.signals import Signal

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
SLICES = 10


class HeldJobs:
    """Jobs that run at once, but for lanes in `held`: those wait for `release`, in any order."""

    def __init__(self, *held: str) -> None:
        self.held = set(held)
        self.waiting: list[Callable[[], None]] = []

    def run(self, lane: str, work, done=None, failed=None, slot: str = "") -> Job:
        job = Job()

        def finish() -> None:
            try:
                value = work(Cancel())
            except Exception as error:
                if failed is None:
                    raise
                failed(error)
            else:
                if done is not None and not job.cancel():
                    done(value)

        if lane in self.held:
            self.waiting.append(finish)
        else:
            finish()
        return job

    def on_main(self, call: Callable[[], None]) -> None:
        call()

    def is_busy(self, lane: str) -> bool:
        return lane in self.held and bool(self.waiting)

    def release(self, index: int = 0) -> None:
        self.waiting.pop(index)()

    def close(self) -> None:
        self.waiting.clear()


@dataclass
class FakeImages:
    """What widgets read of `SeriesImages`."""

    study: Study
    series: Series
    complete: bool = True
    doubts: tuple[Doubt, ...] = ()
    verdict: Any = field(default_factory=lambda: SimpleNamespace(verdict=Verdict.VOLUME, reasons=(), doubts=()))
    wished: list[int] = field(default_factory=list)

    def prioritise(self, position: int) -> None:
        self.wished.append(position)

    def header(self, position: int) -> Any:
        return SimpleNamespace(rows=10, columns=10)


class FakeViewport(OneVolume):
    """Ten parallel slices 10 mm apart; every pixel is `grey`. One view pixel is 1 mm, the view's corner LPS (0, 0)."""

    def __init__(self, images: FakeImages, grey: int) -> None:
        self.images = images
        self.grey = grey
        self.picture_of: Callable[[Picture], Picture] = lambda picture: picture
        self.asked: list[tuple[ViewportState, int, int, bool]] = []
        self.refusal: Refused | None = None
        self.missing: set[int] = set()
        self.spacing = SpacingSource.PIXEL_SPACING
        self.forbids = ""
        self.solid = FakeSolid()

    def default_state(self, plane: Plane = Plane.STACK) -> ViewportState:
        return ViewportState(
            self.images.study.study_instance_uid, self.images.series.series_instance_uid, plane, focus=(0.0, 0.0, 50.0)
        )

    def picture(
        self, state: ViewportState, width: int, height: int, fast: bool = False, cancelled: Callable[[], bool] = lambda: False
    ) -> Picture:
        self.asked.append((state, width, height, fast))
        identity = FrameIdentity(state.study_uid, state.series_uid, f"{state.series_uid}.{state.position}", 1)
        made = Picture(
            np.full((height, width), self.grey, np.uint8),
            Letters("A", "P", "R", "L"),
            identity=identity if state.plane is Plane.STACK else None,
            window=state.window or Window(40, 400),
            unit="HU",
            mm_per_pixel=1.0,
            spacing_source=SpacingSource.PIXEL_SPACING,
            index=state.position,
            count=SLICES,
            slice_location_mm=10.0 * state.position,
            thickness_mm=5.0,
        )
        return self.picture_of(made)

    def image_of(self, state: ViewportState) -> tuple[str, int] | None:
        return (f"{state.series_uid}.{state.position}", 1) if state.plane is Plane.STACK else None

    def scrolled(self, state: ViewportState, steps: int) -> ViewportState:
        return self.at_index(state, state.position + steps)

    def at_index(self, state: ViewportState, index: int) -> ViewportState:
        return replace(state, position=min(max(index, 0), SLICES - 1))

    def position_of(self, sop_instance_uid: str, frame_number: int) -> int | None:
        places = [f"{self.images.series.series_instance_uid}.{i}" for i in range(SLICES)]
        return places.index(sop_instance_uid) if sop_instance_uid in places else None

    def at_point(self, state: ViewportState, point) -> ViewportState:
        return self.at_index(state, round(point[2] / 10)) if state.plane is Plane.STACK else replace(state, focus=point)

    def slice_count(self, state: ViewportState) -> int:
        return SLICES

    def slice_index(self, state: ViewportState) -> int:
        return state.position

    def window_of(self, state: ViewportState) -> Window:
        return state.window or Window(40, 400)

    def can_show(self, plane: Plane) -> bool:
        return True

    def probe(self, state, width, height, x, y) -> Probe:
        return Probe(-42.0, "HU", int(x), int(y), None, "-42 HU")

    def is_ready(self, state: ViewportState) -> bool:
        return state.position not in self.missing

    def timing(self, state: ViewportState) -> FrameTiming:
        return FrameTiming(20.0, words="frame time")

    def spacing_source(self, state: ViewportState) -> SpacingSource:
        return self.spacing

    def own_windows(self, state: ViewportState) -> tuple[str, ...]:
        return ("Soft", "Lung", "LUT: Bone")

    def auto_window(self, state: ViewportState) -> Window:
        return Window(7, 70)

    def window_in(self, state, width, height, a, b) -> Window:
        if self.refusal is not None:
            raise self.refusal
        return Window(abs(b[0] - a[0]), abs(b[1] - a[1]))

    def loupe_state(self, state, width, height, at, times, side, keep) -> ViewportState:
        """Pan is where the place under the pointer came to lie, in view pixels of the square."""
        return replace(state, zoom=float(times), pan=keep)

    def to_patient(self, state, width, height, x, y):
        z = 10.0 * state.position
        return (x, y, z) if state.plane in (Plane.STACK, Plane.AXIAL) else (x, state.focus[1], y)

    def to_view(self, state, width, height, point):
        if state.plane in (Plane.STACK, Plane.AXIAL):
            return point[0], point[1], point[2] - 10.0 * state.position
        return point[0], point[2], point[1] - state.focus[1]

    def frame_to_view(self, state, width, height, column, row):
        return (column + 0.5, row + 0.5)

    def to_frame(self, state, width, height, x, y):
        return (x - 0.5, y - 0.5) if state.plane is Plane.STACK else None

    def annotation_at(self, state, width, height, points, kind) -> Annotation | None:
        if self.refusal is not None:
            raise self.refusal
        patient = tuple(self.to_patient(state, width, height, *p) for p in points)
        is_stack = state.plane is Plane.STACK
        sop = f"{state.series_uid}.{state.position}" if is_stack else ""
        own = (state.study_uid, state.series_uid, sop, int(is_stack), state.plane)
        frame = tuple((x - 0.5, y - 0.5) for x, y in points) if is_stack else ()
        return Annotation(f"2.25.{uuid4().int}", kind, *own, frame, patient)

    def on_view(self, annotation, state, width, height):
        if (annotation.study_uid, annotation.series_uid) != (state.study_uid, state.series_uid):
            return None
        seen = [self.to_view(state, width, height, p) for p in annotation.patient_points]
        if annotation.plane is Plane.STACK and state.plane is Plane.STACK and not seen:
            if annotation.sop_instance_uid != f"{state.series_uid}.{state.position}":
                return None
            seen = [(c + 0.5, r + 0.5, 0.0) for c, r in annotation.points]
        return tuple((x, y) for x, y, _ in seen) if seen and all(abs(away) <= 2.5 for *_, away in seen) else None

    def outline_on_view(self, annotation, state, width, height):
        seen = self.on_view(annotation, state, width, height)
        return lines(annotation.kind, seen)[0][:-1] if seen else None

    def measure(self, annotation, calibrations=(), unit="") -> Measured:
        """The distance of the first two points, as `Length` in mm."""
        if self.forbids:
            return Measured(refused=self.forbids)
        points = annotation.patient_points
        if len(points) < 2:
            return Measured((MeasuredValue("Value", -42.0, "HU"),))
        histogram = (0.0, 10.0, (1, 5, 2)) if annotation.kind in AREAS else None
        length = MeasuredValue("Length", float(np.hypot(*np.subtract(points[1], points[0])[:2])), "mm")
        return Measured((length,), SpacingSource.PIXEL_SPACING, histogram=histogram)


class FakeRegistrar:
    """Answers what a test puts into `found`: how two series (UIDs) lie to each other, or why not."""

    algorithm = "fake"

    def __init__(self) -> None:
        self.found: dict[tuple[str, str], Alignment | str] = {}
        self.asked: list[tuple[str, str]] = []
        self.moves = 0

    def refusal(self, fixed, moving) -> str:
        return "" if (fixed[1], moving[1]) in self.found else "nobody registers here"

    def rigid(self, fixed, moving):
        self.asked.append((fixed[1], moving[1]))
        return lambda cancelled, progress: self._answer(fixed, moving)

    def deformable(self, fixed, moving, rigid):
        self.asked.append((fixed[1], moving[1]))
        return lambda cancelled, progress: replace(rigid, kind=AlignmentKind.DEFORMABLE, warp="bent", residual_mm=0.4)

    def _answer(self, fixed, moving) -> Alignment:
        answer = self.found[fixed[1], moving[1]]
        if isinstance(answer, str):
            raise Refused("Not aligned", answer)
        return answer

    def displaced(self, warp, point):
        return (0.0, 0.0, 2.0) if warp == "bent" else None

    def reader_moved(self) -> None:
        self.moves += 1

    def forget(self) -> None: ...


class FakeLibrary:
    """Series of the open case by their grey."""

    def __init__(self) -> None:
        self.changed: Signal[str] = Signal()
        self.loaded: dict[str, tuple[int, int]] = {}
        self.shelf: dict[tuple[str, str], FakeViewport] = {}
        self.greys: dict[str, int] = {}
        self.objects: dict[str, tuple[ObjectFound, ...]] = {}
        self.reports: dict[str, tuple] = {}
        self.registrar = FakeRegistrar()
        self.lesion = LesionProposal((0.0, 0.0, 0.0), (), "")
        self.lesions_asked: list[tuple] = []

    def viewport(self, study_uid: str, series_uid: str) -> FakeViewport | None:
        return self.shelf.get((study_uid, series_uid))

    viewer = viewport

    def open_case(self, studies, first) -> None:
        self.shelf = {
            (study.study_instance_uid, series.series_instance_uid): FakeViewport(
                FakeImages(study, series), self.greys.get(study.study_instance_uid, 90)
            )
            for study in studies
            for series in study.series
        }

    def close_case(self) -> None:
        self.shelf = {}

    def propose_lesion(self, drawn, shown, other, expected) -> LesionProposal:
        self.lesions_asked.append((drawn, shown, other, expected))
        return self.lesion

    def objects_of(self, study, cancelled):
        return self.objects.get(study.study_instance_uid, ())

    def reports_of(self, study, cancelled):
        return self.reports.get(study.study_instance_uid, ())

    def progress(self, series_uid: str) -> tuple[int, int]:
        return self.loaded.get(series_uid, (SLICES, SLICES) if any(k[1] == series_uid for k in self.shelf) else (0, 0))


class FakeHanger:
    """Current series in a row, then the priors', the one that the reader chose first."""

    def __init__(self) -> None:
        self.plane = Plane.STACK

    def choices(self, current: Study, priors, context=None):
        return ()

    def relevance(self, current: Study, candidates, context=None) -> tuple[PriorRelevance, ...]:
        """The newest first; what is later is none."""
        newest = sorted(candidates, key=lambda one: one.study_date, reverse=True)
        later = {one.study_instance_uid for one in newest if one.study_date > current.study_date}
        return tuple(
            PriorRelevance(
                uid, 1.0, ("newest first",), "it was made after the study being read" if uid in later else "", uid in later
            )
            for uid in (one.study_instance_uid for one in newest)
        )

    def counterpart(self, current: Study, shown: ViewportState, other: Study) -> tuple[ViewportState | None, str]:
        return ViewportState(other.study_instance_uid, other.series[0].series_instance_uid), "its first series"

    def hang(self, current: Study, priors, stage: int = 0, protocol_id: str = "", context=None) -> Arrangement:
        chosen = context.first_prior if context is not None else ""
        priors = sorted(priors, key=lambda prior: prior.study_instance_uid != chosen)
        hung = [(study, series) for study in (current, *priors) for series in study.series][:4]
        cells = tuple(
            Cell(
                0,
                column,
                ViewportState(study.study_instance_uid, series.series_instance_uid, self.plane),
                is_prior=study is not current,
                link_group="all",
                prior=priors.index(study) + 1 if study is not current else 0,
            )
            for column, (study, series) in enumerate(hung)
        )
        layout = Layout(1, len(cells))
        return Arrangement("plain", "Plain", stage, 2, f"Stage {stage + 1}", layout, cells, ("Nothing fits better",))


class FakeStore:
    """A report store in memory: one draft for each accession."""

    def __init__(self) -> None:
        self.links = SimpleNamespace(of_report=lambda _: (), begin_segment=lambda _: None, mark_seen=lambda *_: None)
        self.life = SimpleNamespace(of=lambda _: Life())
        self.critical = SimpleNamespace(open=lambda: (), of_report=lambda _: ())
        self.spoken = SimpleNamespace(report=lambda _: SpokenReport({code: Traced() for code in SectionCode}, {}, frozenset()))
        self.reports: dict[str, Report] = {}
        self.sent: tuple = ()

    def open_draft(self, item: WorklistItem) -> Report:
        number = item.accession_number
        made = Report(
            f"report-{number}",
            number,
            item.study_instance_uid,
            item.patient.key.patient_id,
            "",
            "",
            "",
            item.procedure,
            ReportStatus.DRAFT,
            0,
            tuple(ReportSection(code) for code in SectionCode),
        )
        return self.reports.setdefault(made.report_uuid, made)

    def write_section(self, report_uuid: str, section: SectionCode, text: str, links=()) -> Report:
        report = self.reports[report_uuid]
        sections = tuple(replace(s, text=text) if s.code is section else s for s in report.sections)
        self.reports[report_uuid] = replace(report, sections=sections)
        return self.reports[report_uuid]

    def report(self, report_uuid: str) -> Report:
        return self.reports[report_uuid]

    def report_of(self, accession_number: str, study_uid: str) -> Report | None:
        return self.reports.get(f"report-{accession_number}")

    def drafts(self) -> tuple[Report, ...]:
        return ()

    def is_left_to_ris(self, report_uuid: str) -> bool:
        return False

    def delivery_of(self, report_uuid: str) -> None:
        return None

    def history(self, report_uuid: str) -> tuple:
        return ()

    def deliveries(self, open_only: bool = False) -> tuple:
        return self.sent


class WindowSeat:
    """Stands in for `workstation.core.Core`; `case(n)` are studies with an order each."""

    def __init__(self, home: Path, jobs: HeldJobs | None = None, reports: Any = None) -> None:
        self.folders = Folders(home / "data", home / "config", home / "cache")
        self.folders.make()
        self.settings = Settings(signer="Dr Test")
        self.settings_problem: WorkstationError | None = None
        self.ris_url = ""
        self.ris = None
        self.vault = Vault.plain()
        self.jobs = jobs or HeldJobs()
        self.remembered = Remembered(self.folders.config / "remembered.json")
        self.presets = PresetTable({"CT": (WindowPreset("1", "Lung", Window(-600, 1500)),)})
        self.corner_texts = load_corner_texts()
        self.library = FakeLibrary()
        self.hanger = FakeHanger()
        self.reports = reports or FakeStore()
        self.delivery_changed: Signal[Any] = Signal()
        self.ris_changed: Signal[str] = Signal()
        self.prefetch_changed: Signal[Any] = Signal()
        self.sending_changed: Signal[None] = Signal()
        self.may_be_sending = False
        self.archives: Any = SimpleNamespace(archives=())
        self.studies: dict[str, Study] = {}
        self.priors: dict[str, tuple[Study, ...]] = {}
        self.items: list[WorklistItem] = []
        self.cache = SimpleNamespace(
            study=lambda uid: self.studies[uid],
            priors_of=lambda study: self.priors.get(study.study_instance_uid, ()),
            doubts_of=lambda _: (),
            notices=(),
        )
        self.worklist = ListedRows(self.folders.worklist, lambda: self.items)
        desk = ReportDesk(self.reports, self.jobs)
        self.annotations = AnnotationStore(self.folders.annotations)
        self.session = Session(self.jobs, self.cache, self.worklist, desk, self.hanger, self.library, self.annotations)
        self.session.signer = "Dr Test"
        site, problem = self.folders.config / "worklists.toml", self.session.report_problem
        self.session.lists = Lists(self.jobs, self.session.listing, self.worklist, self.remembered, site, problem)

    def start_deliveries(self) -> None: ...

    def poll_orders(self) -> None: ...

    def start_archives(self) -> None: ...

    def look_for_late_images(self) -> None: ...

    def add_case(self, number: int, grey: int = 90, name: str = "", series: int = 1, prior: bool = False, **item) -> WorklistItem:
        """A study 1.<number> with `series` CT series of ten images, with an order; perhaps with a prior."""
        patient = Patient(PatientKey(f"ID-{number}"), name or f"TEST^CASE{number}", "19500102", "F")
        study = a_study(f"1.{number}", patient, "20261120", series)
        self.studies[study.study_instance_uid] = study
        self.library.greys[study.study_instance_uid] = grey
        if prior:
            earlier = a_study(f"2.{number}", patient, "20260218", 1)
            self.studies[earlier.study_instance_uid] = earlier
            self.priors[study.study_instance_uid] = (earlier,)
            self.library.greys[earlier.study_instance_uid] = grey
        order = Order(f"order-{number}", f"A{number}", patient, "CT chest", due=NOW + timedelta(minutes=30 * number))
        made = WorklistItem(
            f"A{number}", study.study_instance_uid, patient, "CT chest", "CT", Priority.ROUTINE, order.due, ReadStatus.UNREAD,
            SLICES * series, study.study_date, order,
        )  # fmt: skip
        made = replace(made, **item)
        self.items.append(made)
        self.session.refresh_worklist()
        return made


def a_study(uid: str, patient: Patient, date: str, series: int) -> Study:
    def one(number: int) -> Series:
        own = f"{uid}.{number}"
        images = tuple(Instance(f"{own}.{i}", "1.2", "1.2.840.10008.1.2.1", i + 1, 1, 10, 10, "", "", 0) for i in range(SLICES))
        return Series(own, "CT", number, f"Series {number}", "CHEST", "1.99", {}, images)

    return Study(uid, patient, f"A{uid}", date, "101500", "CT chest", series=tuple(one(n + 1) for n in range(series)))


def hold_pictures() -> HeldJobs:
    return HeldJobs(PICTURES)
