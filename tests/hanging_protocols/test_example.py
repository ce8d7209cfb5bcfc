"""Learned on one patient, hung on another: the same places hold the same kinds of series."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hanging_studies import CORONAL, SAGITTAL, ct, four_views, mr, series, study

from hanging_protocols import schema
from hanging_protocols.engine import OTHER_SERIES, ProtocolHanger
from hanging_protocols.example import Learned, OnScreen, learn
from hanging_protocols.example_join import as_new_stage, instead_of, of_its_own, stage_in_force, without_unused
from hanging_protocols.example_studies import proposals
from hanging_protocols.hanging import Scene
from hanging_protocols.model import HangingProtocol, Level, Size
from hanging_protocols.study_facts import StudyFacts, facts_of
from hanging_protocols.write import write
from workstation.domain.hanging import NOTHING_KNOWN, HangingContext
from workstation.domain.study import Series, Study
from workstation.domain.viewing import Arrangement, Cell, Fusion, Layout, Plane, Sizing, SolidLook, ViewportState, Window
from workstation.presets import load_presets

PRIOR = "20250110"


def chest(uid: str, date: str = "20260110", *more: Series, thin: float = 1.0) -> Study:
    """A scout, soft and lung kernel, thin and thick, and a coronal reformat; every study in another order."""
    parts = [
        ct(f"{uid} scout", 2, number=1, ImageType=("ORIGINAL", "PRIMARY", "LOCALIZER")),
        ct(f"{uid} soft", 80, number=3, ConvolutionKernel="Br40d", SliceThickness="5"),
        ct(f"{uid} soft thin", 300, number=2, ConvolutionKernel="Br40d", SliceThickness=str(thin)),
        ct(f"{uid} lung", 310, number=4, ConvolutionKernel="Br64d", SliceThickness=str(thin)),
        ct(f"{uid} cor", 90, number=5, ImageOrientationPatient=CORONAL, ImageType=("DERIVED", "SECONDARY", "REFORMATTED")),
        *more,
    ]
    return study(uid, *(parts if uid < "m" else reversed(parts)), description="CT thorax", date=date)


def brain(uid: str, date: str = "20260110") -> Study:
    parts = [
        mr(f"{uid} t1", "T1", number=2), mr(f"{uid} t1 sag", "T1", SAGITTAL, number=9), mr(f"{uid} t2", "T2", number=3),
        mr(f"{uid} flair", "FLUID_ATTENUATED", number=4),
        mr(f"{uid} dwi", "DIFFUSION", number=5, DiffusionBValue="1000"),
        mr(f"{uid} b0", "DIFFUSION", number=6, count=48, DiffusionBValue="0"),
        mr(f"{uid} adc", "DIFFUSION", number=7, ImageType=("DERIVED", "PRIMARY", "DIFFUSION", "ADC")),
        mr(f"{uid} t1c", "T1", count=160, number=8, MRAcquisitionType="3D", ContrastBolusAgent="DOTAREM"),
    ]  # fmt: skip
    return study(uid, *(parts if uid < "m" else reversed(parts)), description="MR hjärna", date=date)


def at(row: int, column: int, of: Study, series_uid: str, **state: object) -> Cell:
    shown = ViewportState(of.study_instance_uid, series_uid)
    return Cell(row, column, replace(shown, **state))  # type: ignore[arg-type]


def scene(current: Study, *priors: Study, context: HangingContext = NOTHING_KNOWN) -> Scene:
    return Scene(StudyFacts(current), tuple(StudyFacts(one) for one in priors), load_presets(), context)


def learned(current: Study, cells: Sequence[Cell], *priors: Study, layout: Layout | None = None) -> Learned:
    rows, columns = max(c.row for c in cells) + 1, max(c.column for c in cells) + 1
    return learn(scene(current, *priors), OnScreen(tuple(cells), (layout or Layout(rows, columns),), linked=True))


def own(lesson: Learned, current: Study, which: int = 0) -> HangingProtocol:
    """The learned stage as a protocol of its own, through its file."""
    made = of_its_own(lesson, proposals(StudyFacts(current), NOTHING_KNOWN)[which], "mine", "Mine")
    return schema.parse(write(made), "mine.toml", Level.USER)


def hung(protocol: HangingProtocol, current: Study, *priors: Study) -> Arrangement:
    return ProtocolHanger((protocol,), load_presets()).hang(current, priors)


def series_of(arrangement: Arrangement) -> list[str]:
    return [cell.state.series_uid if cell.state else "" for cell in arrangement.cells]


# ---- learn on one, hang another --------------------------------------------------------


def test_a_chest_ct_hung_by_hand_hangs_so_on_another_patient() -> None:
    a, z = chest("a"), chest("z", thin=0.75)
    lesson = learned(
        a,
        [
            at(0, 0, a, "a lung", window=Window(-600, 1500)),
            at(0, 1, a, "a soft", window=Window(50, 350)),
            at(1, 0, a, "a cor"),
            at(1, 1, a, "a soft thin", plane=Plane.SAGITTAL, slab_mm=8.0, slab_mode="MIP"),
        ],
    )
    assert lesson.notes == ()
    again, other = hung(own(lesson, a), a), hung(own(lesson, a), z)
    assert series_of(again) == ["a lung", "a soft", "a cor", "a soft thin"]
    assert series_of(other) == ["z lung", "z soft", "z cor", "z soft thin"]
    first, second, _, last = (cell.state for cell in other.cells)
    assert [(s.window.center, s.window.width) for s in (first, second) if s and s.window] == [(-600, 1500), (50, 350)]
    assert (last.plane, last.slab_mm, last.slab_mode) == (Plane.SAGITTAL, 8.0, "MIP")  # type: ignore[union-attr]


def test_windows_are_kept_by_their_presets_names_and_odd_ones_in_figures() -> None:
    a = chest("a")
    lesson = learned(a, [at(0, 0, a, "a lung", window=Window(-600, 1500)), at(0, 1, a, "a soft", window=Window(33, 222))])
    assert [(c.window, c.center_width) for c in lesson.stage.cells] == [("Lung", None), ("", (33.0, 222.0))]


def test_a_brain_mr_hung_by_hand_hangs_so_on_another_patient() -> None:
    a, z = brain("a"), brain("z")
    names = ["flair", "t1 sag", "t1c", "adc", "dwi", "b0"]
    lesson = learned(a, [at(n // 3, n % 3, a, f"a {name}") for n, name in enumerate(names)])
    assert lesson.notes == ()
    assert series_of(hung(own(lesson, a), a)) == [f"a {name}" for name in names]
    assert series_of(hung(own(lesson, a), z)) == [f"z {name}" for name in names]


def test_a_weighting_that_the_other_study_lacks_stays_an_empty_place() -> None:
    a, z = brain("a"), brain("z")
    z = replace(z, series=tuple(s for s in z.series if "flair" not in s.series_instance_uid))
    lesson = learned(a, [at(0, 0, a, "a flair"), at(0, 1, a, "a t2")])
    assert series_of(hung(own(lesson, a), z)) == ["", "z t2"]


def test_mammograms_with_their_priors_hang_by_view_and_side() -> None:
    now, then = four_views("now"), four_views("then", PRIOR)
    views = ["LMLO", "RMLO", "LCC", "RCC"]
    cells = [at(0, n, now, f"now.{view}", flipped_horizontally=True) for n, view in enumerate(views)]
    cells += [replace(at(1, n, then, f"then.{view}", flipped_horizontally=True), is_prior=True) for n, view in enumerate(views)]
    lesson = learned(now, cells, then)
    assert lesson.notes == ()
    assert len(lesson.selectors) == 4, "a prior is looked for as its view is"
    protocol = own(lesson, now)
    other, before = four_views("other"), four_views("before", PRIOR)
    assert series_of(hung(protocol, other, before)) == [f"{s}.{v}" for s in ("other", "before") for v in views]
    assert [c.patient_orientation for c in lesson.stage.cells[:2]] == [("P", "R"), ("A", "L")]
    mirrored = replace(
        other,
        series=tuple(
            replace(
                s,
                attributes={
                    **s.attributes,
                    "PatientOrientation": tuple(
                        "AP"["AP".index(v) ^ 1] if v in "AP" else v for v in s.attributes["PatientOrientation"]
                    ),
                },
            )
            for s in other.series
        ),
    )
    assert {c.state.flipped_horizontally for c in hung(protocol, mirrored, before).cells[:4] if c.state} == {False}


def test_without_a_prior_a_stage_that_was_learned_with_one_is_left_out() -> None:
    now, then = chest("a"), chest("b", PRIOR)
    lesson = learned(now, [at(0, 0, now, "a lung"), replace(at(0, 1, then, "b lung"), is_prior=True)], then)
    assert [c.link_group for c in lesson.stage.cells] == ["scroll", "scroll"]
    protocol = own(lesson, now)
    assert series_of(hung(protocol, chest("z"), chest("y", PRIOR))) == ["z lung", "y lung"]
    assert hung(protocol, chest("z")).protocol == "plain"


def test_that_a_prior_follows_the_current_plane_is_said_where_it_was_hung_otherwise() -> None:
    now, then = chest("a"), chest("b", PRIOR)
    cells = [at(0, 0, now, "a soft thin", plane=Plane.SAGITTAL), at(0, 1, then, "b soft thin", plane=Plane.CORONAL)]
    assert learned(now, cells, then).notes == (
        "Row 1, column 2: its plane will be that of the current images of its kind, as with every prior",
    )
    assert learned(now, [cells[0], at(0, 1, then, "b soft thin", plane=Plane.SAGITTAL)], then).notes == ()


def test_the_second_of_two_priors_stays_the_second() -> None:
    now, then, long_ago = chest("a"), chest("b", PRIOR), chest("c", "20230110")
    cells = [at(0, 0, now, "a soft"), at(0, 1, then, "b soft"), at(0, 2, long_ago, "c soft")]
    lesson = learned(now, cells, then, long_ago)
    assert [c.prior for c in lesson.stage.cells] == [0, 1, 2]
    assert series_of(hung(own(lesson, now), now, then, long_ago)) == ["a soft", "b soft", "c soft"]


# ---- what tells series apart -----------------------------------------------------------


@pytest.mark.parametrize(
    ("ours", "theirs", "attribute"),
    [
        ({"SliceThickness": "5"}, {"SliceThickness": "1"}, "role"),
        ({"SliceThickness": "5"}, {"SliceThickness": "3"}, "SliceThickness"),
        ({"ConvolutionKernel": "Qr36"}, {"ConvolutionKernel": "Br40d"}, "ConvolutionKernel"),
        ({"KVP": "80"}, {"KVP": "140"}, "KVP"),
        (
            {"PerformedProtocolCodeSequence": "1|99X|Late"},
            {"PerformedProtocolCodeSequence": "2|99X|Early"},
            "PerformedProtocolCodeSequence",
        ),
        ({"description": "Blue"}, {"description": "Green"}, "SeriesDescription"),
        ({"description": "Series 1"}, {"description": "Series 10"}, "SeriesDescription"),
    ],
)
def test_two_series_are_told_apart_by_what_they_differ_in(ours: dict, theirs: dict, attribute: str) -> None:
    def made(uid: str) -> Study:
        return study(uid, ct(f"{uid} x", 50, number=2, **ours), ct(f"{uid} y", 60, number=1, **theirs), description="CT abdomen")

    lesson = learned(made("a"), [at(0, 0, made("a"), "a x")])
    assert lesson.notes == ()
    (selector,) = lesson.selectors.values()
    assert selector.rules[-1].attribute == attribute
    assert series_of(hung(own(lesson, made("a")), made("z"))) == ["z x"]


def test_series_that_nothing_tells_apart_are_told_by_their_order_and_that_is_said() -> None:
    twins = study("s", ct("one", 50, number=1), ct("two", 50, number=2), description="CT abdomen")
    lesson = learned(twins, [at(0, 0, twins, "two"), at(0, 1, twins, "one")])
    assert lesson.notes == (
        "Row 1, column 1: only its place among series that are alike tells it from them; "
        "on another scanner it may be another one",
    )
    assert series_of(hung(own(lesson, twins), twins)) == ["two", "one"]


def test_words_of_the_patients_name_never_tell_series_apart() -> None:
    from workstation.domain.patient import Patient, PatientKey

    patient = Patient(PatientKey("191212121212", "TEST"), "Invented^Maja")
    one = study(
        "s", ct("one", 50, number=2, description="MAJA 191212121212 late"), ct("two", 60, number=1, description="early"),
        description="CT Maja Invented", patient=patient,
    )  # fmt: skip
    lesson = learned(one, [at(0, 0, one, "one")])
    text = write(own(lesson, one)).casefold()
    assert "maja" not in text
    assert "191212" not in text
    assert "late" in text
    assert [p.words for p in proposals(StudyFacts(one), NOTHING_KNOWN)] == ["every CT"]


def test_the_same_screen_teaches_the_same_whatever_the_order_of_series_and_cells() -> None:
    a = brain("a")
    cells = [at(n // 2, n % 2, a, f"a {name}") for n, name in enumerate(["flair", "t2", "t1c", "adc"])]
    turned = replace(a, series=tuple(reversed(a.series)))
    assert learned(a, cells) == learned(turned, list(reversed(cells)))


# ---- all that a viewport shows ---------------------------------------------------------


def test_everything_that_a_cell_can_say_is_taken_from_the_screen() -> None:
    frame = {"frame": "1.2.3.4"}
    pt = series("pt", "PT", 120, ImageOrientationPatient=("1", "0", "0", "0", "1", "0"), CorrectedImage="ATTN", **frame)
    whole = study("s", ct("ct", 120, **frame), pt, description="PET/CT whole body")
    laid = Fusion("s", "pt", colour_map="rainbow", opacity=0.7)
    lesson = learned(
        whole,
        [
            at(0, 0, whole, "ct", plane=Plane.CORONAL, fusion=laid),
            at(0, 1, whole, "pt", inverted=True, rotation=90, flipped_vertically=True, sizing=Sizing.PIXELS),
            at(0, 2, whole, "ct", plane=Plane.THREE_D, solid=SolidLook("Bone")),
            at(0, 3, whole, "ct", anchor="left", sizing=Sizing.SAME_SCALE),
        ],
    )
    assert lesson.notes == ()
    fused, turned, solid, sized = lesson.stage.cells
    assert (lesson.selectors[fused.fusion].title, fused.colour_map, fused.opacity) == (
        lesson.selectors[turned.selector].title,
        "rainbow",
        0.7,
    )
    assert (turned.inverted, turned.rotation, turned.flip, turned.sizing) == (True, 90, "vertical", Size.PIXELS)
    assert (solid.plane, solid.look) == (Plane.THREE_D, "Bone")
    assert (sized.anchor, sized.sizing) == ("left", Size.SAME_SCALE)
    again = hung(own(lesson, whole), whole)
    assert [c.state.plane for c in again.cells if c.state] == [Plane.CORONAL, Plane.STACK, Plane.THREE_D, Plane.STACK]
    assert again.cells[0].state is not None
    assert again.cells[0].state.fusion == laid


def test_what_cannot_be_kept_is_said_by_its_place() -> None:
    a, stranger = chest("a"), study("x", ct("x 1"), description="CT knee")
    cells = [at(0, 0, a, "a soft", plane=Plane.OBLIQUE), at(0, 1, stranger, "x 1"), at(1, 0, a, "a lung")]
    lesson = learned(a, cells)
    assert lesson.notes == (
        "Row 1, column 1: an oblique plane cannot be kept: it hangs axial",
        "Row 1, column 2: left out: this study is not one that a protocol takes as a prior",
    )
    assert len(lesson.stage.cells) == 2


def test_several_screens_are_kept() -> None:
    a = chest("a")
    cells = (at(0, 0, a, "a lung"), replace(at(1, 0, a, "a soft"), screen=1))
    lesson = learn(scene(a), OnScreen(cells, (Layout(1, 1), Layout(2, 1))))
    assert (lesson.stage.grids, [c.screen for c in lesson.stage.cells]) == (((1, 1), (2, 1)), [0, 1])


# ---- where it goes ---------------------------------------------------------------------


def test_what_nobody_changed_keeps_the_selector_and_wishes_it_was_hung_by(hanger: ProtocolHanger) -> None:
    a = chest("a")
    arrangement = hanger.hang(a, ())
    origin = next(p for p in hanger.protocols if p.protocol_id == arrangement.protocol)
    assert arrangement.protocol == "ct-chest"
    swapped = [replace(cell, column=1 - cell.column) for cell in arrangement.cells]
    lesson = learn(scene(a), OnScreen(tuple(swapped), (arrangement.layout,)), origin, arrangement.stage_id)
    assert lesson.notes == ()
    assert {name: origin.selectors[name] for name in lesson.selectors} == lesson.selectors
    number = stage_in_force(origin, arrangement.stage_id)
    assert number is not None
    replaced = instead_of(origin, lesson, "Mine", number)
    added = as_new_stage(origin, lesson, "Mine", number)
    assert [s.title for s in replaced.stages][number] == "Mine"
    assert len(replaced.stages) == len(origin.stages)
    assert [s.title for s in added.stages] == [
        *(s.title for s in origin.stages[:number]),
        "Mine",
        *(s.title for s in origin.stages[number:]),
    ]
    for made in (replaced, added):
        assert schema.parse(write(made), made.source, made.level) == made
    z = chest("z")
    ours = ProtocolHanger((*(p for p in hanger.protocols if p is not origin), added), load_presets()).hang(z, ())
    assert series_of(ours) == [uid.replace("a ", "z ") for uid in reversed(series_of(arrangement))]


def test_of_two_stages_with_one_title_the_one_that_hangs_is_learned_from(hanger: ProtocolHanger) -> None:
    a, origin = chest("a"), next(p for p in hanger.protocols if p.protocol_id == "ct-chest")
    alike = replace(origin, stages=tuple(replace(stage, title="Same") for stage in origin.stages))
    count = ProtocolHanger((alike,), load_presets()).hang(a, ()).stage_count
    for place in range(count):
        hung = ProtocolHanger((alike,), load_presets()).hang(a, (), place)
        number = stage_in_force(alike, hung.stage_id)
        if not hung.stage_id:
            assert (hung.stage_title, number) == (OTHER_SERIES, None)
            continue
        assert number is not None
        lesson = learn(scene(a), OnScreen(hung.cells, (hung.layout,)), alike, hung.stage_id)
        assert instead_of(alike, lesson, "Mine", number).stages[number].stage_id == hung.stage_id
        assert [cell.selector for cell in lesson.stage.cells] == [cell.selector for cell in hung.cells if cell.state]


@pytest.mark.parametrize("sizing", [Sizing.ANATOMY, Sizing.FIT])
def test_zoom_to_anatomy_is_learned_and_so_is_that_somebody_left_it(hanger: ProtocolHanger, sizing: Sizing) -> None:
    hand = study("h", series("h pa", "DX", 1, body="HAND"))
    hung = hanger.hang(hand, ())
    origin = next(p for p in hanger.protocols if p.protocol_id == hung.protocol)
    (cell,) = hung.cells
    assert cell.state is not None
    assert cell.state.sizing is Sizing.ANATOMY
    seen = replace(cell, state=replace(cell.state, sizing=sizing))
    lesson = learn(scene(hand), OnScreen((seen,), (hung.layout,)), origin, hung.stage_id)
    assert [one.sizing.value for one in lesson.stage.cells] == [sizing.value]


def test_selectors_that_no_stage_needs_any_more_are_left_out(hanger: ProtocolHanger) -> None:
    chest_protocol = next(p for p in hanger.protocols if p.protocol_id == "ct-chest")
    only = replace(chest_protocol, stages=chest_protocol.stages[:1])
    assert set(without_unused(only).selectors) == {c.selector for c in chest_protocol.stages[0].cells}


# ---- for which studies -----------------------------------------------------------------


def test_studies_are_proposed_in_words_the_likeliest_first() -> None:
    chest_study = replace(chest("a"), procedure_codes=("77477000|SCT|CT of chest",))
    assert [p.words for p in proposals(StudyFacts(chest_study), NOTHING_KNOWN)] == [
        "CT chest", "this procedure: CT of chest (code 77477000)", "studies called “CT thorax”", "every CT",
    ]  # fmt: skip
    assert proposals(StudyFacts(four_views("m")), NOTHING_KNOWN)[0].words == "Mammography"


def test_what_is_learned_is_chosen_before_what_hung_this_study_and_the_narrower_before_the_wider(hanger: ProtocolHanger) -> None:
    a = replace(chest("a"), procedure_codes=("77477000|SCT|CT of chest",))
    lesson = learned(a, [at(0, 0, a, "a lung")])
    found = proposals(StudyFacts(a), NOTHING_KNOWN, hanger.rank(a)[0].points)
    made = [of_its_own(lesson, one, f"mine-{n}", one.words) for n, one in enumerate(found)]
    ours = ProtocolHanger((*hanger.protocols, *made), load_presets())
    ranked = ours.rank(a)
    order = [one.protocol.title for one in ranked[: len(made)]]
    assert order == ["this procedure: CT of chest (code 77477000)", "studies called “CT thorax”", "CT chest", "every CT"]
    assert ranked[len(made)].protocol.level is Level.MANUFACTURER


@pytest.mark.parametrize(
    ("description", "expected"), [("CT lungartärer", "ct-pulmonary-arteries"), ("CT thorax buk", "ct-trunk")]
)
def test_a_built_in_protocol_for_a_narrower_kind_goes_on_before_what_was_learned(
    hanger: ProtocolHanger, description: str, expected: str
) -> None:
    """Whoever arranges a plain chest means no emboli and no abdomens."""
    a = chest("a")
    lesson = learned(a, [at(0, 0, a, "a lung")])
    own = of_its_own(lesson, proposals(StudyFacts(a), NOTHING_KNOWN, hanger.rank(a)[0].points)[0], "mine", "CT chest")
    ours = ProtocolHanger((*hanger.protocols, own), load_presets())
    assert ours.rank(chest("z"))[0].protocol.protocol_id == "mine"
    other = replace(chest("y"), study_description=description)
    assert ours.rank(other)[0].protocol.protocol_id == expected


def test_what_the_order_says_is_proposed_too() -> None:
    a = chest("a")
    order = HangingContext(procedure="CT lungartärer", procedure_code="8842|LOCAL")
    found = proposals(facts_of(a, order), order)
    assert found[0].words == "CT chest, pulmonary embolism"
    assert "this ordered procedure (code 8842)" in [one.words for one in found]
