"""Fusion in the reading flow: what is laid over what, in which colours, how strongly, in which SUV.

A fusion belongs to a viewport's state, so that the CT alone can stand beside the CT with its PET; what turns a
viewport to another plane keeps it. Nothing here decides that two series lie in one space: an `Alignment` does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from workstation.domain.alignment import Alignment, AlignmentKind
from workstation.domain.annotation import Verdict
from workstation.domain.geometry import Vec3
from workstation.domain.study import Series, Study
from workstation.domain.viewing import Cell, Fusion, Layout, Plane, ViewportState, VoiFunction, Window
from workstation.errors import Refused, WorkstationError
from workstation.signals import Signal

if TYPE_CHECKING:
    from workstation.ports import SeriesViewer
    from workstation.session.viewing import Viewing

MAPS = ("hot", "even", "rainbow", "grey")
"""The colour maps of resources/colour_maps.toml that lie over an image, in the order they are gone through."""
BLENDS = (0.25, 0.5, 0.75, 1.0)
LAID_OVER = ("PT", "NM")
UNDER = ("CT", "MR")
# Units (0054,1001) in which a PET can be brought to SUV.
QUANTITATIVE = ("BQML", "GML", "CNTS", "CM2ML")
# What one step makes of the upper end of a laid-over window.
SCALE_STEP = 1.25
# Dragging over this many pixels takes the opacity from none to all, and doubles the scale.
DRAG_PIXELS = 300.0
PET_WINDOW = Window(3.5, 7.0, VoiFunction.LINEAR_EXACT)


@dataclass(frozen=True, slots=True)
class Grip:
    """What a drag began with."""

    window: Window | None
    opacity: float


class Fusing:
    """Acts on the active viewport and on those that show its series. Raises Refused, in words, where it cannot."""

    def __init__(self, viewing: Viewing, viewer_of: Callable[[str, str], SeriesViewer | None]) -> None:
        self._viewing = viewing
        self._viewer_of = viewer_of
        self.studies: Callable[[], Sequence[Study]] = tuple
        """The open ones; the session plugs them in."""
        self.alignment: Callable[[str, str], Alignment | None] = lambda _fixed, _moving: None
        self.said: Signal[str] = Signal()
        """One line for the reader: an English source string, with text from outside in part."""
        self.unit = ""
        """The unit that values are told in, of every series that offers it; "" is each series' own."""

    def forget(self) -> None:
        """Another case."""
        self.unit = ""

    def filled_in(self, state: ViewportState) -> ViewportState:
        """The unit of values is the reader's choice for every image; a 3D view has nothing laid over."""
        fusion = None if state.plane is Plane.THREE_D else state.fusion
        if state.value_unit == self.unit and state.fusion is fusion:
            return state
        return replace(state, value_unit=self.unit, fusion=fusion)

    # ---- laying over -----------------------------------------------------------------

    def toggle(self) -> None:
        """Lay the PET over the active CT or MR in all its planes, or take away what lies there."""
        state = self._state()
        if any(shown.fusion is not None for _, shown in self._of_series(state)):
            for index, shown in self._of_series(state):
                self._viewing.put(index, replace(shown, fusion=None))
            return
        if self._modality(state) in LAID_OVER:
            self._lay_under(state)
            return
        self.lay_over(state, self.fusion_for(state))

    def need(self, study_uid: str, series_uid: str) -> None:
        """A series is laid over images from now on: it is to be loaded."""
        self._viewer_of(study_uid, series_uid)

    def lay_over(self, state: ViewportState, fusion: Fusion) -> None:
        """On every viewport that shows the series of `state`, but 3D."""
        self.need(fusion.study_uid, fusion.series_uid)
        for index, shown in self._of_series(state):
            self._viewing.put(index, replace(shown, fusion=fusion))

    def fusion_for(self, state: ViewportState) -> Fusion:
        """What is laid over a series: its PET, corrected for attenuation before not corrected. Raises Refused."""
        reasons = []
        for study, series in self._candidates(state):
            viewer = self._viewer_of(study.study_instance_uid, series.series_instance_uid)
            if viewer is None or not viewer.can_show(Plane.AXIAL):
                reasons.append(f"{_named(series)} is no volume")
                continue
            found = self.alignment(state.series_uid, series.series_instance_uid)
            if found is None or found.verdict is Verdict.REJECTED:
                reasons.append(f"{_named(series)} has no common frame of reference and is not registered")
                continue
            return _fusion(study, series, found)
        if not reasons:
            raise Refused("Nothing to lay over", "No PET series of this patient is open", "")
        raise Refused("Nothing is laid over", "; ".join(dict.fromkeys(reasons)), "Register the two series first")

    def next_map(self) -> None:
        """The next colours, in every viewport that has something laid over."""
        fusion = self._fusion()
        at = MAPS.index(fusion.colour_map) if fusion.colour_map in MAPS and not fusion.palette else -1
        self._change(colour_map=MAPS[(at + 1) % len(MAPS)], palette=b"")

    def next_blend(self) -> None:
        """Stronger, and after the strongest the weakest."""
        fusion = self._fusion()
        self._change(opacity=next((share for share in BLENDS if share > fusion.opacity + 1e-6), BLENDS[0]))

    def blend(self, opacity: float) -> None:
        self._fusion()
        self._change(opacity=min(max(opacity, 0.0), 1.0))

    def grip(self) -> Grip:
        """The laid-over window and opacity as they are, for a drag."""
        return Grip(self.window(), self._fusion().opacity)

    def drag(self, start: Grip, right: float, down: float) -> None:
        """Of so many pixels since `start`: right lays over stronger, up makes the scale shorter."""
        values: dict[str, object] = {"opacity": min(max(start.opacity + right / DRAG_PIXELS, 0.0), 1.0)}
        if start.window is not None:
            values["window"] = stretched(start.window, 2.0 ** (down / DRAG_PIXELS))
        self._change(**values)

    def scale_by(self, factor: float) -> None:
        """Stretch or shrink the laid-over window from its lower end."""
        window = self.window()
        if window is not None:
            self.set_window(stretched(window, factor))

    def set_window(self, window: Window | None) -> None:
        """Of what is laid over, in its own unit; None its first one."""
        self._fusion()
        self._change(window=window)

    def window(self, index: int | None = None) -> Window | None:
        """The window of what is laid over, in its own unit; None where nothing is, or it is not there yet."""
        index = self._viewing.active if index is None else index
        state, viewer = self._viewing.state(index), self._viewing.viewer(index)
        if state is None or viewer is None or state.fusion is None:
            return None
        try:
            return viewer.fused_window(state)
        except WorkstationError:
            return None

    # ---- SUV -------------------------------------------------------------------------

    def next_unit(self) -> None:
        """Tell values in the next SUV, or in Bq/ml; greys stay."""
        viewer = self._quantitative()
        units = viewer.value_units()
        names = [unit.name for unit in units.offered]
        if len(names) < 2:
            why = "; ".join(f"{name}: {reason}" for name, reason in units.refused[:1])
            raise Refused("No other unit", why or "This series is told in one unit only")
        here = names.index(self.unit) if self.unit in names else 0
        chosen = units.offered[(here + 1) % len(names)]
        self.unit = "" if chosen.name == names[0] else chosen.name
        for index, cell in enumerate(self._viewing.cells):
            if cell.state is not None:
                self._viewing.put(index, cell.state)
        words = f"Values in {chosen.name}: {chosen.basis}" if chosen.basis else f"Values in {chosen.name}"
        left_out = "; ".join(f"{name} is not offered: {reason}" for name, reason in units.refused)
        self.said.emit(f"{words}. {left_out}" if left_out and chosen.name == names[0] else words)

    # ---- where it is hottest -----------------------------------------------------------

    def go_to(self, point: Vec3, study_uid: str, series_uid: str) -> None:
        """Take every viewport of the same space, or of one registered with it, to an LPS point of a series."""
        for index, cell in enumerate(self._viewing.cells):
            state, viewer = cell.state, self._viewing.viewer(index)
            if state is None or viewer is None or state.plane is Plane.THREE_D:
                continue
            there = point
            if (state.study_uid, state.series_uid) != (study_uid, series_uid):
                found = self.alignment(series_uid, state.series_uid)
                if found is None or found.verdict is Verdict.REJECTED:
                    continue
                there = found.apply(point)
            self._viewing.put(index, viewer.at_point(state, there))

    # ---- PET/CT side by side ------------------------------------------------------------

    def arrange(self) -> None:
        """CT, PET, both fused, and the PET's MIP. Raises Refused without such a pair."""
        under, over = self._pair()
        base, pet = self._fresh(*under, Plane.AXIAL), self._fresh(*over, Plane.AXIAL)
        fusion = self.fusion_for(base)
        if fusion.series_uid != over[1].series_instance_uid:
            pet = self._fresh(
                *next(pair for pair in self._all() if pair[1].series_instance_uid == fusion.series_uid), Plane.AXIAL
            )
        if base.focus is not None:
            found = self.alignment(base.series_uid, pet.series_uid)
            pet = replace(pet, focus=found.apply(base.focus) if found is not None else pet.focus)
        viewer = self._viewer_of(pet.study_uid, pet.series_uid)
        window = PET_WINDOW if viewer is not None and _is_suv(viewer) else None
        states = (base, replace(pet, inverted=True, window=window), replace(base, fusion=fusion), self._mip_state(pet))
        titles = ("CT" if self._modality(base) == "CT" else "MR", "PET", "Fused", "PET MIP")
        cells = [
            Cell(at // 2, at % 2, state, label=title, is_prior=self._is_prior(state))
            for at, (state, title) in enumerate(zip(states, titles, strict=True))
        ]
        self._viewing.place(Layout(2, 2), cells)

    def show_mip(self) -> None:
        """The PET's MIP in the active place; beside the others where there is an empty place, or by more of them."""
        state = self._state()
        pet = state if self._modality(state) in LAID_OVER else self._pet_state(state)
        mip = self._mip_state(pet)
        here = self._viewing.places(self._viewing.screen)
        cells = [self._viewing.cells[index] for index in here]
        empty = next((i for i, cell in enumerate(cells) if cell.state is None), None)
        made = Cell(0, 0, mip, label="PET MIP", is_prior=self._is_prior(mip))
        if empty is None and len(cells) > 2:
            empty = len(cells) - 1
        if empty is not None:
            layout = self._viewing.layout_here
            kept = [replace(made, row=c.row, column=c.column) if i == empty else c for i, c in enumerate(cells)]
        else:
            layout = Layout(1, len(cells) + 1)
            kept = [*(replace(c, row=0, column=i) for i, c in enumerate(cells)), replace(made, column=len(cells))]
        active = self._viewing.active
        self._viewing.place(layout, kept)
        self._viewing.activate(active)

    # ---- inside ----------------------------------------------------------------------

    def _state(self) -> ViewportState:
        state = self._viewing.state()
        if state is None:
            raise Refused("Nothing to fuse", "No images hang in the active viewport")
        return state

    def _fusion(self) -> Fusion:
        found = self._state().fusion or next((c.state.fusion for c in self._viewing.cells if c.state and c.state.fusion), None)
        if found is None:
            raise Refused("Nothing is laid over", "No PET lies over these images", "Shift+T lays it over")
        return found

    def _change(self, **values: object) -> None:
        for index, cell in enumerate(self._viewing.cells):
            if cell.state is not None and cell.state.fusion is not None:
                self._viewing.put(index, replace(cell.state, fusion=replace(cell.state.fusion, **values)))  # type: ignore[arg-type]

    def _lay_under(self, pet: ViewportState) -> None:
        """The active image is the PET itself: what hangs of CT or MR beside it gets it."""
        found = {
            (cell.state.study_uid, cell.state.series_uid): cell.state
            for cell in self._viewing.cells
            if cell.state is not None and self._modality(cell.state) in UNDER
        }
        for state in found.values():
            fused = any(shown.fusion is not None for _, shown in self._of_series(state))
            if fused:
                for index, shown in self._of_series(state):
                    self._viewing.put(index, replace(shown, fusion=None))
            else:
                self.lay_over(state, self.fusion_for(state))
        if not found:
            raise Refused("Nothing to lay it over", "No CT or MR is on screen", "Use “PET/CT side by side”, or hang the CT")

    def _of_series(self, state: ViewportState) -> list[tuple[int, ViewportState]]:
        return [
            (index, cell.state)
            for index, cell in enumerate(self._viewing.cells)
            if cell.state is not None
            and (cell.state.study_uid, cell.state.series_uid) == (state.study_uid, state.series_uid)
            and cell.state.plane is not Plane.THREE_D
        ]

    def _all(self) -> Iterator[tuple[Study, Series]]:
        for study in self.studies():
            for series in study.series:
                if series.image_count:
                    yield study, series

    def _candidates(self, state: ViewportState) -> list[tuple[Study, Series]]:
        """PET and nuclear series: of the same study first, then those that can be told in SUV, then the largest."""
        found = [
            pair for pair in self._all() if pair[1].modality in LAID_OVER and pair[1].series_instance_uid != state.series_uid
        ]
        return sorted(found, key=lambda p: (p[0].study_instance_uid != state.study_uid, *rank(p[1])))

    def _pair(self) -> tuple[tuple[Study, Series], tuple[Study, Series]]:
        """The CT or MR, and the PET, that are shown side by side: the active one's if it is one of them."""
        state = self._viewing.state()
        shown = state.series_uid if state is not None else ""
        study_uid = state.study_uid if state is not None else ""

        def order(pair: tuple[Study, Series]) -> tuple[bool, bool]:
            return pair[1].series_instance_uid != shown, pair[0].study_instance_uid != study_uid

        under = sorted((p for p in self._all() if p[1].modality in UNDER), key=lambda p: (*order(p), -p[1].image_count))
        over = sorted((p for p in self._all() if p[1].modality in LAID_OVER), key=lambda p: (*order(p), *rank(p[1])))
        for pet in over:
            for base in under:
                found = self.alignment(base[1].series_instance_uid, pet[1].series_instance_uid)
                viewer = self._viewer_of(base[0].study_instance_uid, base[1].series_instance_uid)
                if found is not None and found.verdict is not Verdict.REJECTED and viewer and viewer.can_show(Plane.AXIAL):
                    return base, pet
        raise Refused("No PET/CT to show", "No CT or MR of this case lies in the space of a PET")

    def _pet_state(self, state: ViewportState) -> ViewportState:
        for study, series in self._candidates(state):
            viewer = self._viewer_of(study.study_instance_uid, series.series_instance_uid)
            if viewer is not None and viewer.can_show(Plane.THREE_D):
                return viewer.default_state(Plane.AXIAL)
        raise Refused("No MIP to show", "No PET volume of this patient is open")

    def _mip_state(self, pet: ViewportState) -> ViewportState:
        viewer = self._viewer_of(pet.study_uid, pet.series_uid)
        if viewer is None or not viewer.can_show(Plane.THREE_D):
            raise Refused("No MIP to show", "The PET is no volume")
        return viewer.mip_state()

    def _fresh(self, study: Study, series: Series, plane: Plane) -> ViewportState:
        viewer = self._viewer_of(study.study_instance_uid, series.series_instance_uid)
        if viewer is None or not viewer.can_show(plane):
            raise Refused("No PET/CT to show", f"{_named(series)} is no volume")
        return viewer.default_state(plane)

    def _quantitative(self) -> SeriesViewer:
        """The viewer of what is laid over, else of the active series, else of a PET on screen."""
        active = self._viewing.state()
        states = [s for s in (active, *(c.state for c in self._viewing.cells)) if s is not None]
        fused = [s.fusion for s in states if s.fusion is not None]
        keys = [(f.study_uid, f.series_uid) for f in fused] if active is not None and active.fusion is not None else []
        keys += [(s.study_uid, s.series_uid) for s in states if self._modality(s) == "PT"]
        keys += [(f.study_uid, f.series_uid) for f in fused]
        for key in keys:
            viewer = self._viewer_of(*key)
            if viewer is not None:
                return viewer
        raise Refused("No SUV here", "No PET is on screen")

    def _modality(self, state: ViewportState) -> str:
        return next((series.modality for _, series in self._all() if series.series_instance_uid == state.series_uid), "")

    def _is_prior(self, state: ViewportState) -> bool:
        studies = self.studies()
        return bool(studies) and state.study_uid != studies[0].study_instance_uid


def rank(series: Series) -> tuple[int, int, int]:
    """Which PET comes first: one that is told in SUV and corrected for attenuation, then the one of most images."""
    units = (series.attributes.get("Units") or ("",))[0]
    method = (series.attributes.get("AttenuationCorrectionMethod") or ("",))[0].strip().upper()
    corrected = "ATTN" in series.attributes.get("CorrectedImage", ()) and method != "NONE"
    return (LAID_OVER.index(series.modality) * 2 + (units not in QUANTITATIVE), not corrected, -series.image_count)


def stretched(window: Window, factor: float) -> Window:
    """With the same lower end and a width `factor` times as large."""
    low = window.center - window.width / 2.0
    width = max(window.width * factor, 1e-3)
    return replace(window, center=low + width / 2.0, width=width)


def _fusion(study: Study, series: Series, found: Alignment) -> Fusion:
    same = found.kind is AlignmentKind.SAME_FRAME
    return Fusion(
        study.study_instance_uid,
        series.series_instance_uid,
        transform=None if same else found.matrix,
        warp=found.warp,
        words="" if same else alignment_words(found),
    )


def alignment_words(found: Alignment) -> str:
    """`fused, registered, residual 1.2 mm`."""
    how = "aligned by hand" if found.kind is AlignmentKind.BY_HAND else "registered"
    left = f", residual {found.residual_mm:.1f} mm" if found.residual_mm is not None else ", residual not measured"
    return f"fused, {how}{left}"


def _named(series: Series) -> str:
    number = f" {series.series_number}" if series.series_number is not None else ""
    return f"{series.modality} series{number}"


def _is_suv(viewer: SeriesViewer) -> bool:
    offered = viewer.value_units().offered
    return bool(offered) and offered[0].name.startswith("SUV")
