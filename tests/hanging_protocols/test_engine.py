from __future__ import annotations

from dataclasses import replace

import pytest
from hanging_studies import AXIAL, CORONAL, PATIENT, ct, four_views, image, mr, series, study
from hypothesis import given, settings
from hypothesis import strategies as st

from hanging_protocols import library
from hanging_protocols.engine import OTHER_SERIES, ProtocolHanger
from hanging_protocols.facts import image_sets
from hanging_protocols.model import (
    CellTemplate,
    Constraint,
    HangingProtocol,
    Level,
    Order,
    Partial,
    Rule,
    Scope,
    Selector,
    StageTemplate,
)
from hanging_protocols.plain import PLAIN_ID
from workstation.domain.patient import Patient, PatientKey
from workstation.domain.study import Instance, Study
from workstation.domain.viewing import Arrangement, Plane
from workstation.ports import Hanger

PROTOCOLS = library.load()
ANYTHING = Selector("any", "Any", (Rule("Modality", Constraint.NOT_NULL),))
IS_CT = Rule("Modality", Constraint.EQUALS, ("CT",), weight=10, required=True)


def protocol(
    name: str, *rules: Rule, level: Level = Level.MANUFACTURER, stages: tuple[StageTemplate, ...] = ()
) -> HangingProtocol:
    stage = StageTemplate("one", "One", 1, 1, (CellTemplate(0, 0, "any"),))
    return HangingProtocol(name, name.upper(), rules or (IS_CT,), {"any": ANYTHING}, stages or (stage,), level, f"{name}.toml")


def uids(arrangement: Arrangement) -> list[str]:
    return [cell.state.series_uid if cell.state else "" for cell in arrangement.cells]


def every_stage(hanger: ProtocolHanger, current: Study, priors: tuple[Study, ...] = ()) -> list[Arrangement]:
    first = hanger.hang(current, priors)
    return [hanger.hang(current, priors, stage) for stage in range(first.stage_count)]


def test_the_engine_is_the_hanger_that_the_core_asks_for(hanger: ProtocolHanger) -> None:
    plugged: Hanger = hanger
    assert plugged.hang(study("s", ct("1")), ()).protocol == "ct"


# ---- ranking -----------------------------------------------------------------------------------


def test_the_protocol_with_most_points_wins_and_says_why() -> None:
    chest = Rule("anatomy", Constraint.EQUALS, ("chest",), weight=5)
    ranked = ProtocolHanger((protocol("a"), protocol("b", IS_CT, chest))).rank(study("s", ct("1", body="CHEST")))
    assert [one.protocol.protocol_id for one in ranked] == ["b", "a"]
    assert ranked[0].reasons == ("Modality is CT (+10)", "body part is chest: BodyPartExamined is CHEST (+5)")


@pytest.mark.parametrize(
    ("rival", "winner", "why"),
    [
        (protocol("b", replace(IS_CT, weight=5), replace(IS_CT, weight=5)), "b", "it has more required rules (2 against 1)"),
        (protocol("z", level=Level.SITE), "z", "it is of a higher level (site against manufacturer)"),
        (protocol("b"), "a", "its id comes first in the alphabet"),
    ],
)
def test_a_tie_is_broken_by_a_declared_rule_and_said(rival: HangingProtocol, winner: str, why: str) -> None:
    for order in ((protocol("a"), rival), (rival, protocol("a"))):
        ranked = ProtocolHanger(order).rank(study("s", ct("1")))
        assert ranked[0].protocol.protocol_id == winner
        assert ranked[0].reasons[-1].startswith("As many points as")
        hung = [ProtocolHanger(order).hang(study("s", ct("1")), (), protocol_id=chosen) for chosen in ("", winner)]
        assert [one.tied_with for one in hung] == [ranked[1].protocol.title, ""], "a protocol that was chosen ties with none"
        assert why in ranked[0].reasons[-1]


def test_a_protocol_that_fails_a_required_rule_is_never_chosen_and_says_so() -> None:
    hanger = ProtocolHanger((protocol("a"),))
    current = study("s", mr("1", "T1"))
    assert hanger.rank(current)[0].points == 0
    assert hanger.rank(current)[0].reasons == ("required: Modality is not CT, but MR",)
    assert hanger.hang(current, ()).protocol == PLAIN_ID


def test_a_rule_may_ask_the_prior() -> None:
    asks = Rule("Modality", Constraint.EQUALS, ("CT",), weight=5, required=True, scope=Scope.PRIOR)
    hanger = ProtocolHanger((protocol("a", asks),))
    current, prior = study("s", ct("1", body="CHEST")), study("p", ct("2", body="CHEST"), date="20250101")
    assert hanger.hang(current, ()).protocol == PLAIN_ID
    assert hanger.hang(current, (prior,)).reasons[0] == "the prior's Modality is CT (+5)"


def test_a_reader_can_ask_for_a_protocol_by_name(hanger: ProtocolHanger) -> None:
    current = study("s", ct("1", body="CHEST"))
    assert hanger.hang(current, ()).protocol == "ct-chest"
    assert hanger.hang(current, (), protocol_id="ct").protocol == "ct"
    assert hanger.hang(current, (), protocol_id="mr").protocol == PLAIN_ID


# ---- stages and cells --------------------------------------------------------------------------


def test_a_stage_without_enough_cells_is_left_out_with_the_reason() -> None:
    pair = StageTemplate("two", "Two", 1, 2, (CellTemplate(0, 0, "any"), CellTemplate(0, 1, "any", nth=2)), min_cells=2)
    single = StageTemplate("one", "One", 1, 1, (CellTemplate(0, 0, "any"),))
    hanger = ProtocolHanger((protocol("a", stages=(pair, single)),))
    alone = hanger.hang(study("s", ct("1")), ())
    assert (alone.stage_title, alone.stage_count) == ("One", 1)
    assert 'Stage "Two" is left out: 1 of the 2 cells it needs can be filled' in alone.reasons
    assert hanger.hang(study("s", ct("1"), ct("2")), ()).stage_title == "Two"


def test_an_empty_cell_keeps_its_place_and_says_why() -> None:
    chest = Selector("chest", "Chest", (Rule("anatomy", Constraint.EQUALS, ("chest",), required=True),))
    stage = StageTemplate("two", "Two", 1, 2, (CellTemplate(0, 0, "any"), CellTemplate(0, 1, "chest")))
    one = replace(protocol("a", stages=(stage,)), selectors={"any": ANYTHING, "chest": chest})
    hung = ProtocolHanger((one,)).hang(study("s", ct("1", body="HEAD")), ())
    assert (hung.layout.rows, hung.layout.columns) == (1, 2)
    assert hung.cells[1].state is None
    assert hung.cells[1].reason == "there is no series of this kind: body part is chest"
    adapted = replace(one, stages=(replace(stage, partial=Partial.ADAPT),))
    assert ProtocolHanger((adapted,)).hang(study("s", ct("1", body="HEAD")), ()).layout.columns == 1


def test_a_cell_that_would_show_the_same_again_is_left_empty() -> None:
    stage = StageTemplate("two", "Two", 1, 2, (CellTemplate(0, 0, "any", plane=Plane.CORONAL), CellTemplate(0, 1, "any")))
    hung = ProtocolHanger((protocol("a", stages=(stage,)),)).hang(study("s", ct("1", count=5)), ())
    assert hung.cells[0].state is not None
    assert hung.cells[0].state.plane is Plane.STACK
    assert hung.cells[1].reason == "it would show what row 1, column 1 shows already"
    assert "Any: series 1: shown as it was acquired: 5 slices are too few for other planes" in hung.reasons


@pytest.mark.parametrize(("count", "plane"), [(19, Plane.STACK), (20, Plane.CORONAL)])
def test_planes_are_asked_for_only_of_a_plausible_volume(count: int, plane: Plane) -> None:
    stage = StageTemplate("one", "One", 1, 1, (CellTemplate(0, 0, "any", plane=Plane.CORONAL),))
    hung = ProtocolHanger((protocol("a", stages=(stage,)),)).hang(study("s", ct("1", count=count)), ())
    assert hung.cells[0].state
    assert hung.cells[0].state.plane is plane


def test_scouts_and_ultrasound_are_never_cut_in_planes() -> None:
    stage = StageTemplate("one", "One", 1, 1, (CellTemplate(0, 0, "any", plane=Plane.AXIAL),))
    rule = Rule("Modality", Constraint.NOT_NULL)
    hanger = ProtocolHanger((protocol("a", rule, stages=(stage,)),))
    for part in (ct("1", ImageType=("ORIGINAL", "PRIMARY", "LOCALIZER")), series("1", "US", frames=90)):
        cell = hanger.hang(study("s", part), ()).cells[0]
        assert cell.state
        assert cell.state.plane is Plane.STACK


@pytest.mark.parametrize(
    ("order", "first"),
    [(Order.MOST_IMAGES, "many"), (Order.THINNEST, "thin"), (Order.THICKEST, "many"), (Order.SERIES_NUMBER, "thin")],
)
def test_a_selector_says_what_decides_between_equals(order: Order, first: str) -> None:
    one = replace(protocol("a"), selectors={"any": replace(ANYTHING, order=order)})
    parts = (ct("many", 200, number=9, SliceThickness="5"), ct("thin", 50, number=2, SliceThickness="1"))
    for given_order in (parts, parts[::-1]):
        assert uids(ProtocolHanger((one,)).hang(study("s", *given_order), ()))[0] == first


def test_a_series_of_several_views_is_hung_view_by_view(hanger: ProtocolHanger) -> None:
    views = [("R", "CC"), ("L", "CC"), ("R", "MLO"), ("L", "MLO")]
    images = [image(f"i{n}", 9 - n, ImageLaterality=(side,), ViewPosition=(view,)) for n, (side, view) in enumerate(views)]
    hung = hanger.hang(study("s", series("all", "MG", images=images, body="BREAST")), ())
    assert hung.protocol == "mammography"
    assert [cell.state.position if cell.state else None for cell in hung.cells] == [3, 2, 1, 0]
    assert hung.stage_count == 3


@pytest.mark.parametrize(
    ("orientation", "flips"),
    [(("L", "F"), (False, False)), (("R", "F"), (True, False)), (("R", "H"), (True, True)), (("F", "L"), (False, False))],
)
def test_a_radiograph_is_mirrored_so_that_the_patients_left_is_on_the_right(
    hanger: ProtocolHanger, orientation: tuple[str, str], flips: tuple[bool, bool]
) -> None:
    part = series("1", "DX", body="CHEST", ViewPosition="PA", PatientOrientation=orientation)
    state = hanger.hang(study("s", part), ()).cells[0].state
    assert state
    assert (state.flipped_horizontally, state.flipped_vertically) == flips


def test_a_radiograph_in_an_unknown_direction_is_left_as_it_is_and_that_is_said(hanger: ProtocolHanger) -> None:
    hung = hanger.hang(study("s", series("1", "DX", body="CHEST", ViewPosition="PA")), ())
    assert any("PatientOrientation is not known" in reason for reason in hung.reasons)


def test_a_window_goes_by_preset_name_and_pet_only_where_suv_can_be(hanger: ProtocolHanger) -> None:
    suv = {"weight": 91.0, "total_dose": 5e8, "half_life": 6586.0}
    for facts, units, width in ((suv, "BQML", 7.0), ({}, "GML", 7.0), (suv, "PROPCNTS", None), ({}, "BQML", None)):
        pet = series("pt", "PT", 100, pet=facts, Units=units, CorrectedImage=("DECY", "ATTN"))
        cells = hanger.hang(study("s", ct("ct"), pet), ()).cells
        state = next(cell.state for cell in cells if cell.state and cell.state.series_uid == "pt")
        assert (state.window.width if state.window else None) == width
        assert state.inverted


def test_a_window_that_is_no_preset_is_the_images_own_and_that_is_said() -> None:
    stage = StageTemplate("one", "One", 1, 1, (CellTemplate(0, 0, "any", window="Nothing"),))
    hung = ProtocolHanger((protocol("a", stages=(stage,)),)).hang(study("s", ct("1")), ())
    assert hung.cells[0].state
    assert hung.cells[0].state.window is None
    assert 'Any: series 1: its own window, because CT has no preset "Nothing"' in hung.reasons


# ---- priors in cells ---------------------------------------------------------------------------


def test_a_prior_hangs_with_the_same_plane_and_window_and_its_date(hanger: ProtocolHanger) -> None:
    current, prior = study("s", ct("now", body="CHEST")), study("p", ct("then", body="CHEST"), date="20240110")
    hung = hanger.hang(current, (prior,))
    assert [(cell.is_prior, cell.state.series_uid if cell.state else "") for cell in hung.cells] == [
        (False, "now"),
        (True, "then"),
    ]
    here, there = (cell.state for cell in hung.cells)
    assert here
    assert there
    assert (here.plane, here.window, here.slab_mm) == (there.plane, there.window, there.slab_mm)
    assert hung.cells[1].label == "Lung - Prior 1, 2024-01-10, 2 years earlier"
    assert hung.cells[0].link_group == hung.cells[1].link_group == "scroll"


def test_a_prior_that_has_nothing_for_the_protocol_does_not_take_the_place_of_one_that_has(hanger: ProtocolHanger) -> None:
    current = study("s", ct("now", body="CHEST"))
    older_ct = study("p", ct("then", body="CHEST"), date="20190110")
    newer_film = study("q", series("film", "DX", body="CHEST"), date="20260109")
    assert uids(hanger.hang(current, (newer_film, older_ct))) == ["now", "then"]


def test_another_patients_study_is_never_hung(hanger: ProtocolHanger) -> None:
    other = Patient(PatientKey("P1", "ANOTHER ISSUER"))
    stranger = study("p", ct("theirs", body="CHEST"), date="20250110", patient=other)
    for hung in every_stage(hanger, study("s", ct("now", body="CHEST")), (stranger,)):
        assert "theirs" not in uids(hung)
        assert "Not used as a prior: another patient's study is never a prior" in hung.reasons


# ---- the plain layout and what is left over ----------------------------------------------------


def test_without_any_protocol_every_series_is_laid_out_in_series_order() -> None:
    current = study("s", *(ct(f"{n}", 1, number=n) for n in (3, 1, 2)), series("sr", "SR", 0), series("seg", "SEG", number=0))
    hung = ProtocolHanger(()).hang(current, ())
    assert hung.protocol == PLAIN_ID
    assert uids(hung) == ["1", "2", "3", "seg"]
    assert hung.reasons[0] == "No hanging protocol fits, so every series is laid out in order"


def test_a_study_without_images_hangs_an_empty_place_with_the_reason(hanger: ProtocolHanger) -> None:
    hung = hanger.hang(study("s", series("sr", "SR", 0)), ())
    assert [cell.reason for cell in hung.cells] == ["the study has no images"]
    assert hanger.hang(study("s"), (), stage=5).stage == 0


@pytest.mark.parametrize(
    ("sop_class", "called"),
    [("9.1.1", "ECG"), ("9.4.2", "sound"), ("104.1", "PDF document"), ("104.2", "CDA document"), ("481.5", "radiotherapy plan")],
)
def test_what_is_kept_of_a_study_without_images_is_named(hanger: ProtocolHanger, sop_class: str, called: str) -> None:
    """Nobody may take an ECG or a document for nothing at all."""
    there = Instance("1", f"1.2.840.10008.5.1.4.1.1.{sop_class}", "", 1, 1, 0, 0, "", "", 1, {})
    hung = hanger.hang(study("s", replace(series("doc", "DOC", 0), instances=(there,))), ())
    assert hung.cells[0].reason == f"the study has no images; what it holds is kept, and not shown here: {called}"


def test_series_that_no_stage_shows_follow_in_a_stage_of_their_own(hanger: ProtocolHanger) -> None:
    scout = ct("scout", 2, number=1, ImageType=("ORIGINAL", "PRIMARY", "LOCALIZER"))
    hung = every_stage(hanger, study("s", ct("main", body="CHEST", number=2), scout))
    assert hung[-1].stage_title == OTHER_SERIES
    assert uids(hung[-1]) == ["scout"]


def test_a_stage_past_the_end_is_the_last_one_and_before_the_start_the_first(hanger: ProtocolHanger) -> None:
    current = four_views("s")
    assert hanger.hang(current, (), 99).stage == hanger.hang(current, ()).stage_count - 1
    assert hanger.hang(current, (), -1).stage == 0


# ---- properties --------------------------------------------------------------------------------

MODALITIES = st.sampled_from(["CT", "MR", "PT", "DX", "MG", "US", "XA", "NM", "OT", "SEG", "SR", ""])
ATTRIBUTES = st.fixed_dictionaries(
    {},
    optional={
        "ImageType": st.sampled_from(
            [("ORIGINAL", "PRIMARY", "LOCALIZER"), ("DERIVED", "SECONDARY", "MIP"), ("ORIGINAL", "PRIMARY")]
        ),
        "ImageOrientationPatient": st.sampled_from([AXIAL, CORONAL, ("a", "b")]),
        "ViewPosition": st.sampled_from(["CC", "MLO", "PA", "LL", ""]),
        "ImageLaterality": st.sampled_from(["R", "L", "x"]),
        "PatientOrientation": st.sampled_from([("P", "L"), ("A", "R"), ("", ""), ("Q",)]),
        "ConvolutionKernel": st.sampled_from(["FC51", "STANDARD", "?"]),
        "AcquisitionContrast": st.sampled_from(["T1", "T2", "DIFFUSION"]),
        "SliceThickness": st.sampled_from(["0.6", "5", "thick"]),
    },
)
PARTS = st.lists(
    st.tuples(
        MODALITIES,
        st.integers(0, 25),
        st.one_of(st.none(), st.integers(-2, 5)),
        st.sampled_from(["CHEST", "BRAIN", "", "KNEE"]),
        ATTRIBUTES,
    ),
    max_size=14,
)


@st.composite
def studies(draw: st.DrawFn) -> Study:
    parts = [
        series(f"series-{n:02}", modality, count, number, body=body, **attributes)
        for n, (modality, count, number, body, attributes) in enumerate(draw(PARTS))
    ]
    return study("s", *parts, description=draw(st.sampled_from(["", "CT thorax", "MR hjerne", "knee left"])))


@settings(deadline=None, max_examples=60)
@given(studies(), st.data())
def test_no_order_of_series_priors_or_protocols_changes_what_hangs(current: Study, data: st.DataObject) -> None:
    protocols = PROTOCOLS
    priors = tuple(replace(study(f"p{n}", *current.series, date=date)) for n, date in enumerate(("20200101", "20250101", "")))
    shuffled = replace(current, series=tuple(data.draw(st.permutations(current.series))))
    once = ProtocolHanger(protocols).hang(current, priors)
    again = ProtocolHanger(data.draw(st.permutations(protocols))).hang(shuffled, data.draw(st.permutations(priors)))
    assert again == once


@settings(deadline=None, max_examples=100)
@given(studies(), st.booleans())
def test_every_image_is_within_reach_of_the_stage_keys_and_every_reason_has_words(current: Study, with_protocols: bool) -> None:
    hanger = ProtocolHanger(PROTOCOLS if with_protocols else ())
    stages = every_stage(hanger, current)
    reached = {(c.state.series_uid, c.state.position) for one in stages for c in one.cells if c.state}
    assert reached == {(one.series.series_instance_uid, one.position) for one in image_sets(current)}
    for arrangement in stages:
        assert arrangement.reasons
        assert all(reason.strip() for reason in arrangement.reasons)
        assert all(cell.state or cell.reason for cell in arrangement.cells)
        assert all(cell.row < arrangement.layout.rows and cell.column < arrangement.layout.columns for cell in arrangement.cells)
        assert len({(cell.row, cell.column) for cell in arrangement.cells}) == len(arrangement.cells)


@settings(deadline=None, max_examples=60)
@given(studies())
def test_what_fails_a_required_rule_is_never_chosen(current: Study) -> None:
    hanger = ProtocolHanger(PROTOCOLS)
    chosen = hanger.hang(current, ()).protocol
    failing = {one.protocol.protocol_id for one in hanger.rank(current) if any(r.startswith("required") for r in one.reasons)}
    assert chosen not in failing
    assert all(one.reasons for one in hanger.rank(current))


def test_nothing_of_the_patient_appears_in_a_reason(hanger: ProtocolHanger) -> None:
    named = Patient(PatientKey("19121212-1212"), "TOLVAN^TOLVANSSON")
    secret = "TOLVANSSON chest"
    current = study("s", ct("1", description=secret, ProtocolName=secret), description=secret, patient=named)
    text = " ".join(reason for one in every_stage(hanger, current) for reason in one.reasons)
    text += " ".join(reason for one in hanger.rank(current) for reason in one.reasons)
    assert "TOLVANSSON" not in text
    assert PATIENT.key.patient_id not in text
