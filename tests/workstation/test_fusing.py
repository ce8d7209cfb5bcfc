"""Fusion as session state: what is laid over what, and every refusal in words (F63); SUV kinds; PET/CT side by side."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from importlib.resources import files

import pytest
from one_volume import OneVolume

from workstation.domain.alignment import Alignment, AlignmentKind
from workstation.domain.annotation import Verdict
from workstation.domain.patient import Patient, PatientKey
from workstation.domain.study import Instance, Series, Study
from workstation.domain.value_unit import ValueUnit, ValueUnits
from workstation.domain.viewing import Arrangement, Cell, Layout, Plane, ViewportState, VoiFunction, Window
from workstation.errors import Refused
from workstation.session.fusing import MAPS, alignment_words, rank, stretched
from workstation.session.viewing import Viewing

STUDY = "1.1"
SUV = Window(3.5, 7.0, VoiFunction.LINEAR_EXACT)
UNITS = ValueUnits((ValueUnit("SUVbw", 0.5, "decay"), ValueUnit("SUVbsa", 0.1), ValueUnit("BQML", 1.0)), (("SUVibw", "no size"),))


class Volume(OneVolume):
    """A viewer of one series; `is_volume` False is a stack."""

    def __init__(self, uid: str, is_volume: bool = True, units: ValueUnits = UNITS) -> None:
        self.uid, self.is_volume, self.units = uid, is_volume, units

    def default_state(self, plane: Plane = Plane.STACK) -> ViewportState:
        return ViewportState(STUDY, self.uid, plane, focus=None if plane is Plane.STACK else (1.0, 2.0, 3.0))

    def can_show(self, plane: Plane) -> bool:
        return plane is Plane.STACK or self.is_volume

    def at_point(self, state: ViewportState, point: tuple[float, float, float]) -> ViewportState:
        return replace(state, focus=point)

    def value_units(self) -> ValueUnits:
        return self.units

    def fused_window(self, state: ViewportState) -> Window | None:
        return state.fusion.window or SUV if state.fusion else None

    def window_of(self, state: ViewportState) -> Window:
        return state.window or Window(40, 400)

    def to_patient(self, state, width, height, x, y):
        return state.focus

    def mip_state(self) -> ViewportState:
        return ViewportState(STUDY, self.uid, Plane.THREE_D, focus=(1.0, 2.0, 3.0))


def series(uid: str, modality: str, images: int = 10, **attributes: tuple[str, ...]) -> Series:
    made = tuple(Instance(f"{uid}.{i}", "1.2", "1.2", i, 1, 8, 8, "", "", 0) for i in range(images))
    return Series(uid, modality, int(uid[-1]), uid, attributes=attributes, instances=made)


CT = series("9.1", "CT")
AC = series("9.2", "PT", Units=("BQML",), CorrectedImage=("DECY", "ATTN"), AttenuationCorrectionMethod=("CT",))
NAC = series("9.3", "PT", 99, Units=("PROPCNTS",), CorrectedImage=("DECY",))
MR = series("9.4", "MR")


class Desk:
    """A case of these series, those of `apart` in another frame of reference, the CT in one place."""

    def __init__(self, *all_series: Series, apart: tuple[str, ...] = (), stacks: tuple[str, ...] = ()) -> None:
        self.study = Study(STUDY, Patient(PatientKey("P1")), series=all_series)
        self.viewers = {
            s.series_instance_uid: Volume(s.series_instance_uid, s.series_instance_uid not in stacks) for s in all_series
        }
        self.known: dict[tuple[str, str], Alignment] = {}
        self.apart = apart
        self.asked: list[str] = []
        self.viewing = Viewing(self._viewer)  # type: ignore[arg-type]
        self.fusing = self.viewing.fusing
        self.fusing.studies = lambda: (self.study,)
        self.fusing.alignment = self._alignment
        self.said: list[str] = []
        self.fusing.said.connect(self.said.append)

    def _viewer(self, _study: str, uid: str) -> Volume | None:
        self.asked.append(uid)
        return self.viewers.get(uid)

    def _alignment(self, fixed: str, moving: str) -> Alignment | None:
        if {fixed, moving} & set(self.apart) and fixed != moving:
            return self.known.get((fixed, moving))
        return Alignment(fixed, moving, AlignmentKind.SAME_FRAME)

    def hang(self, *hung: tuple[str, Plane]) -> None:
        cells = tuple(Cell(0, i, self.viewers[uid].default_state(plane)) for i, (uid, plane) in enumerate(hung))
        self.viewing.show(Arrangement("p", "t", 0, 1, "s", Layout(1, len(cells)), cells, ()))

    @property
    def fusions(self) -> list[str]:
        return [c.state.fusion.series_uid if c.state and c.state.fusion else "" for c in self.viewing.cells]


def test_the_corrected_pet_is_laid_over_all_planes_of_the_ct_and_taken_away_again() -> None:
    desk = Desk(CT, NAC, AC)
    desk.hang(("9.1", Plane.STACK), ("9.1", Plane.CORONAL), ("9.2", Plane.AXIAL), ("9.1", Plane.THREE_D))
    desk.fusing.toggle()
    assert desk.fusions == ["9.2", "9.2", "", ""]
    assert desk.viewing.state(0).fusion.transform is None  # type: ignore[union-attr]
    desk.fusing.toggle()
    assert desk.fusions == ["", "", "", ""]


def test_series_without_suv_or_correction_come_last() -> None:
    tomo = series("9.5", "NM", 300)
    described = replace(AC, attributes={**AC.attributes, "AttenuationCorrectionMethod": ("NONE",)})
    assert sorted([NAC, tomo, described, AC], key=rank) == [AC, described, NAC, tomo]


def test_from_the_pet_the_ct_beside_it_gets_it() -> None:
    desk = Desk(CT, AC)
    desk.hang(("9.2", Plane.AXIAL), ("9.1", Plane.AXIAL))
    desk.fusing.toggle()
    assert desk.fusions == ["", "9.2"]
    alone = Desk(AC)
    alone.hang(("9.2", Plane.AXIAL))
    with pytest.raises(Refused, match="No CT or MR"):
        alone.fusing.toggle()


def test_what_does_not_lie_in_the_same_space_is_refused_until_it_is_registered() -> None:
    """A registration is taken with its residual; one that was rejected is none."""
    desk = Desk(MR, AC, apart=("9.2",))
    desk.hang(("9.4", Plane.AXIAL))
    with pytest.raises(Refused, match="no common frame of reference"):
        desk.fusing.toggle()
    assert desk.fusions == [""]
    matrix = (1.0, 0.0, 0.0, 5.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0)
    found = Alignment("9.4", "9.2", AlignmentKind.RIGID, matrix, 1.23)
    desk.known["9.4", "9.2"] = replace(found, verdict=Verdict.REJECTED)
    with pytest.raises(Refused):
        desk.fusing.toggle()
    desk.known["9.4", "9.2"] = found
    desk.fusing.toggle()
    fusion = desk.viewing.state().fusion  # type: ignore[union-attr]
    assert fusion is not None
    assert fusion.transform == matrix
    assert fusion.words == alignment_words(found) == "fused, registered, residual 1.2 mm"


def test_a_pet_that_is_no_volume_or_is_not_there_is_refused_in_words() -> None:
    stack = Desk(CT, AC, stacks=("9.2",))
    stack.hang(("9.1", Plane.AXIAL))
    with pytest.raises(Refused, match="no volume"):
        stack.fusing.toggle()
    none = Desk(CT, MR)
    none.hang(("9.1", Plane.AXIAL))
    with pytest.raises(Refused, match="No PET"):
        none.fusing.toggle()
    empty = Desk(CT)
    with pytest.raises(Refused):
        empty.fusing.toggle()


def test_another_plane_a_reset_and_another_layout_keep_what_is_laid_over_but_3d_has_nothing() -> None:
    desk = Desk(CT, AC)
    desk.hang(("9.1", Plane.AXIAL))
    desk.fusing.toggle()
    desk.viewing.set_plane(Plane.CORONAL)
    assert desk.fusions == ["9.2"]
    desk.viewing.reset()
    assert desk.fusions == ["9.2"]
    desk.viewing.show_three_planes()
    assert desk.fusions == ["9.2"] * 4
    desk.viewing.put(0, replace(desk.viewing.state(0), plane=Plane.THREE_D))  # type: ignore[type-var]
    assert desk.fusions[0] == ""


def test_maps_blends_and_scale_are_gone_through_by_keys() -> None:
    desk = Desk(CT, AC)
    desk.hang(("9.1", Plane.AXIAL), ("9.1", Plane.CORONAL))
    with pytest.raises(Refused, match="Shift\\+T"):
        desk.fusing.next_map()
    desk.fusing.toggle()
    seen = []
    for _ in MAPS:
        desk.fusing.next_map()
        seen.append(desk.viewing.state(1).fusion.colour_map)  # type: ignore[union-attr]
    assert sorted(seen) == sorted(MAPS)
    blends = []
    for _ in range(4):
        desk.fusing.next_blend()
        blends.append(desk.viewing.state(0).fusion.opacity)  # type: ignore[union-attr]
    assert blends == [0.75, 1.0, 0.25, 0.5]
    desk.fusing.scale_by(2.0)
    window = desk.viewing.state(1).fusion.window  # type: ignore[union-attr]
    assert (window.center - window.width / 2, window.center + window.width / 2) == (0.0, 14.0)


def test_the_maps_of_the_keys_are_those_of_the_file() -> None:
    text = files("resources").joinpath("colour_maps.toml").read_text(encoding="utf-8")
    named = {one["name"] for one in tomllib.loads(text)["map"] if one["use"] == "overlay"}
    assert set(MAPS) <= named


def test_a_drag_blends_and_scales_from_where_it_began() -> None:
    desk = Desk(CT, AC)
    desk.hang(("9.1", Plane.AXIAL))
    desk.fusing.toggle()
    grip = desk.fusing.grip()
    desk.fusing.drag(grip, 60.0, 300.0)
    desk.fusing.drag(grip, 75.0, -300.0)
    fusion = desk.viewing.state().fusion  # type: ignore[union-attr]
    assert fusion is not None
    assert fusion.opacity == pytest.approx(0.75)
    assert fusion.window == stretched(SUV, 0.5)
    desk.fusing.drag(grip, -1000.0, 0.0)
    assert desk.viewing.state().fusion.opacity == 0.0  # type: ignore[union-attr]


def test_suv_kinds_are_gone_through_for_every_viewport_and_what_is_missing_is_said() -> None:
    desk = Desk(CT, AC)
    desk.hang(("9.1", Plane.AXIAL), ("9.2", Plane.AXIAL))
    told = []
    for _ in range(3):
        desk.fusing.next_unit()
        told.append(tuple(c.state.value_unit for c in desk.viewing.cells if c.state))
    assert told == [("SUVbsa",) * 2, ("BQML",) * 2, ("",) * 2]
    assert desk.said[0] == "Values in SUVbsa"
    assert desk.said[-1] == "Values in SUVbw: decay. SUVibw is not offered: no size"
    desk.viewing.clear()
    assert desk.fusing.unit == ""


def test_without_a_pet_or_another_unit_that_is_said() -> None:
    desk = Desk(CT)
    desk.hang(("9.1", Plane.AXIAL))
    with pytest.raises(Refused, match="No PET"):
        desk.fusing.next_unit()
    counts = Desk(CT, AC)
    counts.viewers["9.2"].units = ValueUnits((ValueUnit("CNTS", 1.0),), (("SUVbw", "Units is CNTS"),))
    counts.hang(("9.2", Plane.AXIAL))
    with pytest.raises(Refused, match="Units is CNTS"):
        counts.fusing.next_unit()


def test_pet_ct_side_by_side() -> None:
    desk = Desk(NAC, CT, AC)
    desk.hang(("9.3", Plane.STACK))
    desk.fusing.arrange()
    states = [cell.state for cell in desk.viewing.cells]
    assert desk.viewing.layout == Layout(2, 2)
    assert [s.series_uid for s in states if s] == ["9.1", "9.2", "9.1", "9.2"]
    assert [s.plane for s in states if s] == [Plane.AXIAL, Plane.AXIAL, Plane.AXIAL, Plane.THREE_D]
    assert desk.fusions == ["", "", "9.2", ""]
    assert states[1].inverted  # type: ignore[union-attr]
    assert states[1].window == SUV  # type: ignore[union-attr]
    apart = Desk(CT, AC, apart=("9.2",))
    apart.hang(("9.1", Plane.AXIAL))
    with pytest.raises(Refused, match="space of a PET"):
        apart.fusing.arrange()


def test_the_mip_takes_an_empty_place_or_a_new_one() -> None:
    desk = Desk(CT, AC)
    desk.hang(("9.1", Plane.AXIAL))
    desk.fusing.show_mip()
    assert desk.viewing.layout == Layout(1, 2)
    assert [c.state.plane for c in desk.viewing.cells if c.state] == [Plane.AXIAL, Plane.THREE_D]
    assert desk.viewing.active == 0


def test_a_place_in_one_series_takes_all_others_there_through_their_alignment() -> None:
    desk = Desk(CT, AC, MR, apart=("9.4",))
    desk.known["9.2", "9.4"] = Alignment("9.2", "9.4", AlignmentKind.RIGID, (1.0, 0, 0, 10.0, 0, 1.0, 0, 0, 0, 0, 1.0, 0))
    desk.hang(("9.1", Plane.AXIAL), ("9.4", Plane.CORONAL), ("9.2", Plane.THREE_D), ("9.2", Plane.SAGITTAL))
    desk.fusing.go_to((7.0, 8.0, 9.0), STUDY, "9.2")
    focuses = [cell.state.focus for cell in desk.viewing.cells if cell.state]
    assert focuses == [(7.0, 8.0, 9.0), (17.0, 8.0, 9.0), (1.0, 2.0, 3.0), (7.0, 8.0, 9.0)]
    del desk.known["9.2", "9.4"]
    desk.fusing.go_to((0.0, 0.0, 0.0), STUDY, "9.2")
    assert desk.viewing.state(1).focus == (17.0, 8.0, 9.0)  # type: ignore[union-attr]
