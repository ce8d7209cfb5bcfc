"""Hanging protocols that others wrote, in the manner of PS3.17 Annex V: taken over, and told in words what is not."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hanging_studies import ct, study

from hanging_protocols.engine import ProtocolHanger
from hanging_protocols.iod.dataset import Model, code_item, dataset
from hanging_protocols.iod.received import TakenOver, taken_over
from hanging_protocols.model import Anchor, Constraint, HangingProtocol, Level, Partial, Rule, Size, Sort
from workstation.domain.hanging import HangingContext, ScreenFacts
from workstation.domain.viewing import Plane
from workstation.errors import Refused
from workstation.presets import load_presets

LEFT_SCREEN, RIGHT_SCREEN = [0.0, 1.0, 0.4, 0.0], [0.4, 1.0, 1.0, 0.0]


def selector(tag: str, vr: str, value: list[Any], flag: str = "NO_MATCH", **more: Any) -> Model:
    keyword = "SelectorCodeSequenceValue" if vr == "SQ" else f"Selector{vr}Value"
    more.setdefault("SelectorValueNumber", 1)
    return dataset(ImageSetSelectorUsageFlag=flag, SelectorAttribute=tag, SelectorAttributeVR=vr, **{keyword: value}, **more)


def current(number: int, label: str = "") -> Model:
    return dataset(
        ImageSetNumber=number,
        ImageSetSelectorCategory="RELATIVE_TIME",
        RelativeTime=[0, 0],
        RelativeTimeUnits="MINUTES",
        ImageSetLabel=label or None,
    )


def prior(number: int, first: int, last: int, label: str = "") -> Model:
    return dataset(
        ImageSetNumber=number,
        ImageSetSelectorCategory="ABSTRACT_PRIOR",
        AbstractPriorValue=[first, last],
        ImageSetLabel=label or None,
    )


def shown(number: int, group: int, image_set: int, place: list[float], kind: str = "STACK", **more: Any) -> Model:
    box = dataset(ImageBoxNumber=1, DisplayEnvironmentSpatialPosition=place, ImageBoxLayoutType=kind, **more.pop("box", {}))
    more = {"FilterOperationsSequence": [], "SortingOperationsSequence": [], **more}
    return dataset(
        DisplaySetNumber=number, DisplaySetPresentationGroup=group, ImageSetNumber=image_set, ImageBoxesSequence=[box], **more
    )


def protocol(sets: list[Model], displays: list[Model], **more: Any) -> Model:
    region = code_item("69536005|SCT", "Head")
    defined = [
        dataset(
            Modality=kind,
            AnatomicRegionSequence=[region],
            Laterality=[],
            ProcedureCodeSequence=[],
            ReasonForRequestedProcedureCodeSequence=[],
        )
        for kind in ("MR", "CT")
    ]
    return dataset(
        **{
            "HangingProtocolName": "SurgeryPlan",
            "HangingProtocolDescription": "MR and CT of the head before an operation",
            "HangingProtocolLevel": "SITE",
            "HangingProtocolCreator": "Jensen^Ida",
            "HangingProtocolCreationDateTime": "20260105101500",
            "HangingProtocolDefinitionSequence": defined,
            "NumberOfPriorsReferenced": 1,
            "ImageSetsSequence": sets,
            "HangingProtocolUserIdentificationCodeSequence": [],
            "HangingProtocolUserGroupName": "Neurosurgery",
            "NumberOfScreens": 2,
            "NominalScreenDefinitionSequence": [screen(LEFT_SCREEN), screen(RIGHT_SCREEN)],
            "DisplaySetsSequence": displays,
            "PartialDataDisplayHandling": "MAINTAIN_LAYOUT",
            **more,
        }
    )


def screen(position: list[float]) -> Model:
    return dataset(
        NumberOfVerticalPixels=1600,
        NumberOfHorizontalPixels=1200,
        DisplayEnvironmentSpatialPosition=position,
        ScreenMinimumGrayscaleBitDepth=8,
    )


def image_set(kind: str, *times: Model) -> Model:
    head = selector("00180015", "CS", ["HEAD"])
    return dataset(ImageSetSelectorSequence=[head, selector("00080060", "CS", [kind])], TimeBasedImageSetsSequence=list(times))


def quadrant(row: int, column: int) -> list[float]:
    """Of the left screen, cut in four."""
    return [0.2 * column, 1 - row / 2, 0.2 * (column + 1), 0.5 - row / 2]


def mpr(direction: str, thickness: float = 5.0) -> dict[str, Any]:
    return {
        "ReformattingOperationType": "MPR",
        "ReformattingThickness": thickness,
        "ReformattingInterval": 5.0,
        "ReformattingOperationInitialViewDirection": direction,
    }


TILES = {"ImageBoxTileHorizontalDimension": 3, "ImageBoxTileVerticalDimension": 4, "ImageBoxScrollDirection": "VERTICAL"}


def surgery_plan() -> Model:
    """Four quadrants of cuts and a volume on the left screen, tiles on the right; then new beside old."""
    three_d = {
        "ReformattingOperationType": "3D_RENDERING",
        "ReformattingOperationInitialViewDirection": "SAGITTAL",
        "ThreeDRenderingType": "MIP",
    }
    axis = [dataset(SortByCategory="ALONG_AXIS", SortingDirection="DECREASING")]
    old_and_new = {"DisplaySetPresentationGroupDescription": "CT new and old"}
    displays = [
        shown(1, 1, 1, quadrant(0, 0), **mpr("SAGITTAL")),
        shown(2, 1, 1, quadrant(0, 1), **mpr("CORONAL", 0.0)),
        shown(3, 1, 1, quadrant(1, 0), **mpr("TRANSVERSE")),
        shown(4, 1, 1, quadrant(1, 1), "PROCESSED", **three_d),
        shown(5, 1, 1, RIGHT_SCREEN, "TILED", box=TILES, SortingOperationsSequence=axis, VOIType="BRAIN"),
        shown(6, 2, 1, [0.0, 1.0, 0.5, 0.0], VOIType="POST_FOSSA", ShowImageTrueSizeFlag="YES", **old_and_new),
        shown(7, 2, 2, [0.5, 1.0, 1.0, 0.0], ShowGrayscaleInverted="YES", ShowPatientDemographicsFlag="NO", **old_and_new),
    ]
    sets = [image_set("CT", current(1, "New CT"), prior(2, 1, 1, "Old CT")), image_set("MR", current(3, "MR"))]
    return protocol(
        sets,
        displays,
        SynchronizedScrollingSequence=[dataset(DisplaySetScrollingGroup=[6, 7])],
        NavigationIndicatorSequence=[dataset(NavigationDisplaySet=5, ReferenceDisplaySets=[1, 2])],
    )


def test_a_surgery_plan_of_another_maker_is_taken_over() -> None:
    taken = taken_over(surgery_plan())
    found = taken.protocol
    assert not taken.is_ours
    assert (found.title, found.level, found.creator, found.group) == ("SurgeryPlan", Level.SITE, "Jensen^Ida", "Neurosurgery")
    assert found.description == "MR and CT of the head before an operation"
    assert Rule("Modality", Constraint.ONE_OF, ("MR", "CT"), weight=10.0, required=True) in found.rules
    assert Rule("anatomy", Constraint.EQUALS, ("head",), weight=10.0, required=True) in found.rules
    plan, comparison = found.stages
    assert plan.grids == ((2, 2), (1, 1))
    assert [cell.plane for cell in plan.cells] == [Plane.SAGITTAL, Plane.CORONAL, Plane.AXIAL, Plane.THREE_D, Plane.STACK]
    assert [(cell.screen, cell.row, cell.column) for cell in plan.cells] == [
        (0, 0, 0), (0, 0, 1), (0, 1, 0), (0, 1, 1), (1, 0, 0),
    ]  # fmt: skip
    assert [cell.slab_mm for cell in plan.cells] == [5.0, 0.0, 5.0, 0.0, 0.0]
    tiled = plan.cells[4]
    assert (tiled.sort, tiled.descending, tiled.window) == (Sort.POSITION, True, "Brain")
    new, old = comparison.cells
    assert comparison.title == "CT new and old"
    assert (new.prior, old.prior, new.link_group, old.link_group) == (0, 1, "scroll-1", "scroll-1")
    assert (new.sizing, old.inverted, plan.partial) == (Size.TRUE_SIZE, True, Partial.KEEP)
    assert found.selectors[new.selector].rules == (
        Rule("BodyPartExamined", Constraint.EQUALS, ("HEAD",), weight=10.0, required=True),
        Rule("Modality", Constraint.EQUALS, ("CT",), weight=10.0, required=True),
    )


def test_what_of_it_has_no_place_here_is_told_item_by_item() -> None:
    told = " | ".join(taken_over(surgery_plan()).words)
    for words in (
        "3 x 4 tiles; here it is one stack",
        "the window POST_FOSSA is taken as Brain",
        "the patient's data are to be hidden",
        "cuts every 5 mm; here one scrolls freely",
        "reference lines are the reader's choice",
        "MR or CT: a study with either of them fits",
    ):
        assert words in told


def one_set(*selectors: Model, times: list[Model] | None = None, **display: Any) -> TakenOver:
    """A protocol of one image set and one display set."""
    sets = [dataset(ImageSetSelectorSequence=list(selectors), TimeBasedImageSetsSequence=times or [current(1)])]
    return taken_over(
        protocol(sets, [shown(1, 1, 1, [0.0, 1.0, 1.0, 0.0], **display)], NumberOfScreens=1, NominalScreenDefinitionSequence=[])
    )


CT = selector("00080060", "CS", ["CT"])


def rules_of(found: HangingProtocol) -> tuple[Rule, ...]:
    return next(iter(found.selectors.values())).rules


def test_an_image_without_the_element_fits_where_the_flag_says_so() -> None:
    """MATCH says what becomes of images that lack the element: they stay (C.23.1.1.3)."""
    taken = one_set(CT, selector("00181210", "SH", ["B70f", "Br64"], "MATCH"))
    kernel = Rule("ConvolutionKernel", Constraint.ONE_OF, ("B70f", "Br64"), weight=10.0, required=False)
    assert kernel in rules_of(taken.protocol)
    assert any("Images without ConvolutionKernel fit as well" in words for words in taken.words)


def test_codes_are_asked_for_whole_or_by_their_value_in_a_sequence() -> None:
    whole = selector("00540220", "SQ", [code_item("399162004|SCT", "cranio-caudal")])
    by_value = selector("00080100", "SH", ["51185008"], SelectorSequencePointer=["00082218"])
    rules = rules_of(one_set(whole, by_value).protocol)
    assert Rule("ViewCodeSequence", Constraint.EQUALS, ("399162004|SCT",), weight=10.0, required=True) in rules
    assert Rule("AnatomicRegionSequence", Constraint.STARTS_WITH, ("51185008|",), weight=10.0, required=True) in rules


@pytest.mark.parametrize(
    ("item", "words"),
    [
        (selector("00189075", "CS", ["DIRECTIONAL"]), "Images are chosen by (0018,9075): it is not asked for here"),
        (selector("00191001", "CS", ["A"], SelectorAttributePrivateCreator="MAKER"), "the private element (0019,1001)"),
        (selector("00180010", "LO", ["X"], SelectorSequencePointer=["00180012"]), "in ContrastBolusAgentSequence (0018,0012)"),
        (selector("00080008", "CS", ["LOCALIZER"], SelectorValueNumber=3), "Value 3 of ImageType is asked for"),
    ],
)
def test_a_selector_that_no_rule_here_says_is_told(item: Model, words: str) -> None:
    taken = one_set(CT, item)
    assert any(words in told for told in taken.words)
    assert Rule("Modality", Constraint.EQUALS, ("CT",), weight=10.0, required=True) in rules_of(taken.protocol)


def filtered(**operation: Any) -> TakenOver:
    return one_set(CT, FilterOperationsSequence=[dataset(**operation)])


def test_filters_become_rules() -> None:
    thin = filtered(SelectorAttribute="00180050", SelectorAttributeVR="DS", SelectorDSValue=[0.5, 1.5], SelectorValueNumber=1,
                    FilterByOperator="RANGE_INCL", ImageSetSelectorUsageFlag="NO_MATCH")  # fmt: skip
    assert Rule("SliceThickness", Constraint.RANGE, low=0.5, high=1.5, weight=10.0, required=True) in rules_of(thin.protocol)
    late = filtered(SelectorAttribute="00180081", SelectorAttributeVR="DS", SelectorDSValue=[80], SelectorValueNumber=1,
                    FilterByOperator="GREATER_OR_EQUAL", ImageSetSelectorUsageFlag="NO_MATCH")  # fmt: skip
    assert Rule("EchoTime", Constraint.RANGE, low=80.0, high=math.inf, weight=10.0, required=True) in rules_of(late.protocol)
    contrast = filtered(SelectorAttribute="00180010", FilterByAttributePresence="PRESENT")
    assert Rule("ContrastBolusAgent", Constraint.NOT_NULL, weight=10.0, required=True) in rules_of(contrast.protocol)
    others = filtered(SelectorAttribute="00080008", SelectorAttributeVR="CS", SelectorCSValue=["LOCALIZER"],
                      SelectorValueNumber=0, FilterByOperator="NOT_MEMBER_OF")  # fmt: skip
    assert Rule("ImageType", Constraint.NONE_OF, ("LOCALIZER",), weight=0.0, required=True) in rules_of(others.protocol)
    plane = filtered(FilterByCategory="IMAGE_PLANE", SelectorAttributeVR="CS", SelectorCSValue=["TRANSVERSE"],
                     FilterByOperator="MEMBER_OF")  # fmt: skip
    assert Rule("role", Constraint.EQUALS, ("axial",), weight=10.0, required=True) in rules_of(plane.protocol)


def test_a_filter_that_no_rule_says_is_told() -> None:
    without = filtered(SelectorAttribute="00180010", FilterByAttributePresence="NOT_PRESENT")
    assert any("must lack ContrastBolusAgent" in words for words in without.words)
    outside = filtered(SelectorAttribute="00180050", SelectorAttributeVR="DS", SelectorDSValue=[1, 2], SelectorValueNumber=1,
                       FilterByOperator="RANGE_EXCL")  # fmt: skip
    assert any("RANGE_EXCL on SliceThickness is left out" in words for words in outside.words)


@pytest.mark.parametrize(
    ("time", "number", "words"),
    [
        (prior(1, 2, 2), 2, ""),
        (prior(1, 1, -1), 1, "priors 1 to the oldest are asked for"),
        (prior(1, 2, 4), 2, "priors 2 to 4 are asked for"),
        (prior(1, -1, -1), 1, "the oldest earlier study is asked for"),
        (
            dataset(ImageSetNumber=1, ImageSetSelectorCategory="RELATIVE_TIME", RelativeTime=[1, 7], RelativeTimeUnits="DAYS"),
            1,
            "1 to 7 days before",
        ),
        (
            dataset(
                ImageSetNumber=1,
                ImageSetSelectorCategory="ABSTRACT_PRIOR",
                AbstractPriorCodeSequence=[code_item("121079|DCM", "Baseline")],
            ),
            1,
            "named by a code",
        ),
    ],
)
def test_which_earlier_study_is_meant(time: Model, number: int, words: str) -> None:
    taken = one_set(CT, times=[time])
    assert taken.protocol.stages[0].cells[0].prior == number
    assert any(words in told for told in taken.words) if words else not any("prior" in told for told in taken.words)


def test_pet_is_laid_over_ct_where_one_set_holds_both() -> None:
    both = selector("00080060", "CS", ["CT", "PT"])
    taken = one_set(both, BlendingOperationType="COLOR", PseudoColorType="HOT_IRON")
    cell = taken.protocol.stages[0].cells[0]
    assert (cell.colour_map, bool(cell.fusion)) == ("hot", True)
    kinds = [next(r.values for r in taken.protocol.selectors[name].rules) for name in (cell.selector, cell.fusion)]
    assert kinds == [("CT",), ("PT",)]
    untold = one_set(CT, BlendingOperationType="COLOR")
    assert untold.protocol.stages[0].cells[0].fusion == ""
    assert any("it is not said which lies on top" in words for words in untold.words)


def test_mammograms_lie_back_to_back() -> None:
    taken = one_set(CT, DisplaySetHorizontalJustification="RIGHT", DisplaySetPatientOrientation=["P", "FL"])
    cell = taken.protocol.stages[0].cells[0]
    assert (cell.anchor, cell.patient_orientation) == (Anchor.RIGHT, ("P", "F"))
    assert any("the orientation P/FL is taken as P/F" in words for words in taken.words)


def test_five_boxes_in_a_row_and_boxes_that_lie_on_each_other_are_told() -> None:
    sets = [image_set("CT", current(1))]
    row = [shown(n + 1, 1, 1, [n / 5, 1.0, (n + 1) / 5, 0.0]) for n in range(5)]
    taken = taken_over(protocol(sets, row, NumberOfScreens=1, NominalScreenDefinitionSequence=[]))
    assert len(taken.protocol.stages[0].cells) == 4
    assert any("display set 5: there is no place for it" in words for words in taken.words)
    twice = [shown(1, 1, 1, LEFT_SCREEN), shown(2, 1, 1, LEFT_SCREEN)]
    assert any("no place" in words for words in taken_over(protocol(sets, twice)).words)


def test_a_study_that_nothing_here_recognises_is_refused_by_name() -> None:
    strange = dataset(
        AnatomicRegionSequence=[code_item("X-1|99NOBODY", "Antenna")],
        Laterality=[],
        ProcedureCodeSequence=[],
        ReasonForRequestedProcedureCodeSequence=[],
    )
    sets = [dataset(ImageSetSelectorSequence=[selector("00180015", "CS", ["HEAD"])], TimeBasedImageSetsSequence=[current(1)])]
    model = protocol(sets, [shown(1, 1, 1, LEFT_SCREEN)], HangingProtocolDefinitionSequence=[strange])
    with pytest.raises(Refused, match=r"HangingProtocolDefinitionSequence \(0072,000C\) names no study"):
        taken_over(model)


def test_what_was_taken_over_hangs_a_study() -> None:
    """The surgery plan on a head CT with an earlier one: cuts on the first screen, then new beside old, linked."""
    hanger = ProtocolHanger((taken_over(surgery_plan()).protocol,), load_presets())
    now = study("now", ct("now.1", body="HEAD"), description="CT head")
    before = study("before", ct("before.1", body="HEAD"), description="CT head", date="20250110")
    two = HangingContext(screens=(ScreenFacts(1200, 1600), ScreenFacts(1800, 1600)))
    first = hanger.hang(now, (before,), context=two)
    assert (first.protocol, first.stage_count) == ("surgeryplan", 2)
    planes = [cell.state.plane for cell in first.cells if cell.state is not None and cell.screen == 0]
    assert planes == [Plane.SAGITTAL, Plane.CORONAL, Plane.AXIAL, Plane.THREE_D]
    second = hanger.hang(now, (before,), 1, context=two)
    assert [(cell.state.study_uid, cell.link_group) for cell in second.cells if cell.state is not None] == [
        ("now", "scroll-1"),
        ("before", "scroll-1"),
    ]
    chest = study("chest", ct("chest.1", body="CHEST"), description="CT chest")
    assert hanger.hang(chest, ()).protocol != "surgeryplan"
