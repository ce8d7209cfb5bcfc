"""A hanging protocol of ours as the IOD's modules (PS3.3 C.23.1 to C.23.3), in DICOM JSON.

A stage is a presentation group, a cell a display set with one image box, a selector an image set, a link a
scrolling group. What the IOD has no word for goes into the private block (`kept`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from hanging_protocols.iod import terms
from hanging_protocols.iod.attributes import HANGING_PROTOCOL_STORAGE, name_of
from hanging_protocols.iod.boxes import Place, position_of, screen_position
from hanging_protocols.iod.dataset import Model, cut, dataset
from hanging_protocols.iod.rules_out import definitions, filters, modalities_of, selector_item, selectors
from hanging_protocols.model import CellTemplate, HangingProtocol, Partial, Selector, Size, Sort, StageTemplate
from workstation.domain.viewing import Plane
from workstation.errors import Refused

PRODUCT = "Lyskasse"
# A nominal screen (C.23.2: no absolute size matching); only where there are several, to say which box lies on which.
NOMINAL_ROWS, NOMINAL_COLUMNS, NOMINAL_BITS = 1600, 1200, 8

_MODALITY = "00080060"
_DATE_TIME = re.compile(r"\d{4}(\d\d(\d\d(\d\d(\d\d(\d\d(\.\d{1,6})?)?)?)?)?)?([+-]\d{4})?")


def public_model(protocol: HangingProtocol, created: str) -> Model:
    """Everything but the private block. `created` (DT) is taken where the protocol does not say when it was made.

    Raises Refused for a protocol that names neither modality nor body part: the IOD cannot be without.
    """
    defined = definitions(protocol)
    if not defined:
        attribute = name_of("HangingProtocolDefinitionSequence")
        raise Refused(
            f"The hanging protocol {protocol.protocol_id} cannot be written as DICOM",
            f"{attribute} needs a modality or a body part, and no required rule of the protocol names one",
            "Add a required rule on Modality or anatomy",
        )
    sets = _ImageSets(protocol)
    display_sets, scrolling, navigation = _displays(protocol, sets)
    return dataset(
        SOPClassUID=HANGING_PROTOCOL_STORAGE,
        HangingProtocolName=cut(protocol.title, 16) or protocol.protocol_id[:16],
        HangingProtocolDescription=cut(protocol.description or protocol.title, 64) or protocol.protocol_id[:64],
        HangingProtocolLevel=terms.LEVELS[protocol.level],
        HangingProtocolCreator=cut(protocol.creator, 64) or PRODUCT,
        HangingProtocolCreationDateTime=protocol.created if _DATE_TIME.fullmatch(protocol.created) else created,
        HangingProtocolDefinitionSequence=defined,
        NumberOfPriorsReferenced=protocol.priors,
        ImageSetsSequence=sets.items(),
        HangingProtocolUserIdentificationCodeSequence=[],
        HangingProtocolUserGroupName=cut(protocol.group, 64) or None,
        **_environment(protocol),
        DisplaySetsSequence=display_sets,
        PartialDataDisplayHandling=_partial(protocol),
        SynchronizedScrollingSequence=scrolling or None,
        NavigationIndicatorSequence=navigation or None,
    )


def _environment(protocol: HangingProtocol) -> dict[str, object]:
    count = _screens(protocol)
    nominal = [
        dataset(
            NumberOfVerticalPixels=NOMINAL_ROWS,
            NumberOfHorizontalPixels=NOMINAL_COLUMNS,
            DisplayEnvironmentSpatialPosition=screen_position(screen, count),
            ScreenMinimumGrayscaleBitDepth=NOMINAL_BITS,
        )
        for screen in range(count)
    ]
    return {"NumberOfScreens": count, "NominalScreenDefinitionSequence": nominal if count > 1 else []}


def _screens(protocol: HangingProtocol) -> int:
    return max(len(stage.grids) for stage in protocol.stages)


def _partial(protocol: HangingProtocol) -> object:
    """Of the whole protocol; empty ("not defined") where its stages differ."""
    said = {stage.partial for stage in protocol.stages}
    return terms.PARTIAL[next(iter(said), Partial.KEEP)] if len(said) == 1 else []


@dataclass(frozen=True, slots=True)
class _SetKey:
    selector: str
    fusion: str


class _ImageSets:
    """The image sets that the cells use, numbered over the whole protocol."""

    def __init__(self, protocol: HangingProtocol) -> None:
        self._protocol = protocol
        self._priors: dict[_SetKey, set[int]] = {}
        for stage in protocol.stages:
            for cell in stage.cells:
                self._priors.setdefault(_SetKey(cell.selector, cell.fusion), set()).add(cell.prior)
        pairs = [(key, prior) for key, priors in self._priors.items() for prior in sorted(priors)]
        self._numbers = {pair: number for number, pair in enumerate(pairs, 1)}

    def number(self, cell: CellTemplate) -> int:
        return self._numbers[_SetKey(cell.selector, cell.fusion), cell.prior]

    def items(self) -> list[Model]:
        return [
            dataset(
                ImageSetSelectorSequence=self._selectors(key),
                TimeBasedImageSetsSequence=[self._time(key, prior) for prior in sorted(priors)],
            )
            for key, priors in self._priors.items()
        ]

    def _selectors(self, key: _SetKey) -> list[Model]:
        protocol = self._protocol
        found = selectors(protocol.selectors[key.selector].rules)
        if key.fusion:
            found = _both(found, selectors(protocol.selectors[key.fusion].rules))
        if all(_tag(item) != _MODALITY for item in found):
            modality = selector_item("Modality", modalities_of(protocol), terms.NO_MATCH)
            found = [modality, *found] if modality is not None else found
        return found or self._any(protocol)

    @staticmethod
    def _any(protocol: HangingProtocol) -> list[Model]:
        """One item there must be: where no rule can be said, what the whole protocol is for."""
        regions = [code for item in definitions(protocol) for code in item["00082218"]["Value"]]
        coded = ["|".join(code[tag]["Value"][0] for tag in ("00080100", "00080102", "00080104")) for code in regions]
        item = selector_item("AnatomicRegionSequence", coded, terms.MATCH)
        return [item] if item is not None else []

    def _time(self, key: _SetKey, prior: int) -> Model:
        number = self._numbers[key, prior]
        label = cut(self._label(key), 64) or None
        if not prior:
            return dataset(
                ImageSetNumber=number,
                ImageSetSelectorCategory=terms.RELATIVE_TIME,
                RelativeTime=[0, 0],
                RelativeTimeUnits="DAYS",
                ImageSetLabel=label,
            )
        return dataset(
            ImageSetNumber=number,
            ImageSetSelectorCategory=terms.ABSTRACT_PRIOR,
            AbstractPriorValue=[prior, prior],
            ImageSetLabel=label,
        )

    def _label(self, key: _SetKey) -> str:
        titles = [self._protocol.selectors[name].title for name in (key.selector, key.fusion) if name]
        return " + ".join(titles)


def _both(one: list[Model], other: list[Model]) -> list[Model]:
    """A set that two kinds of images belong to: only elements that both ask for, with the values of both."""
    asked = {_tag(item): item for item in other}
    found = []
    for item in one:
        partner = asked.get(_tag(item))
        if partner is None:
            continue
        merged = dict(item)
        for tag, held in item.items():
            if tag.startswith("0072") and tag != "00720026" and held.get("Value") != partner.get(tag, {}).get("Value"):
                values = [*held.get("Value", []), *partner.get(tag, {}).get("Value", [])]
                merged[tag] = {**held, "Value": [value for index, value in enumerate(values) if value not in values[:index]]}
        found.append(merged)
    return found


def _tag(item: Model) -> str:
    return str(item["00720026"]["Value"][0])


# ---- display sets ----------------------------------------------------------------------


def _displays(protocol: HangingProtocol, sets: _ImageSets) -> tuple[list[Model], list[Model], list[Model]]:
    """Display sets, scrolling groups, navigation indicators."""
    display_sets: list[Model] = []
    scrolling: list[Model] = []
    navigation: list[Model] = []
    for group, stage in enumerate(protocol.stages, 1):
        links: dict[str, list[tuple[int, CellTemplate]]] = {}
        for cell in stage.cells:
            number = len(display_sets) + 1
            display_sets.append(_display_set(number, group, stage, cell, protocol, sets))
            if cell.link_group:
                links.setdefault(cell.link_group, []).append((number, cell))
        for linked in links.values():
            if len(linked) > 1:
                scrolling.append(dataset(DisplaySetScrollingGroup=[number for number, _ in linked]))
                navigation += _navigation(linked)
    return display_sets, scrolling, navigation


def _navigation(linked: list[tuple[int, CellTemplate]]) -> Iterator[Model]:
    """Linked planes of several directions show each other's lines."""
    cuts = [(number, cell.plane) for number, cell in linked if cell.plane in terms.DIRECTIONS]
    for number, plane in cuts:
        others = [other for other, theirs in cuts if theirs is not plane]
        if others:
            yield dataset(NavigationDisplaySet=number, ReferenceDisplaySets=others)


def _display_set(
    number: int, group: int, stage: StageTemplate, cell: CellTemplate, protocol: HangingProtocol, sets: _ImageSets
) -> Model:
    is_3d, place = cell.plane is Plane.THREE_D, Place(cell.screen, cell.row, cell.column)
    box = dataset(
        ImageBoxNumber=1,
        DisplayEnvironmentSpatialPosition=position_of(place, stage.grids, _screens(protocol)),
        ImageBoxLayoutType=terms.PROCESSED if is_3d else terms.STACK,
    )
    return dataset(
        DisplaySetNumber=number,
        DisplaySetLabel=cut(cell.label, 64) or None,
        DisplaySetPresentationGroup=group,
        DisplaySetPresentationGroupDescription=cut(stage.title, 64) or None,
        ImageSetNumber=sets.number(cell),
        ImageBoxesSequence=[box],
        FilterOperationsSequence=_filters(protocol.selectors[cell.selector], cell),
        SortingOperationsSequence=_sorting(cell),
        BlendingOperationType="COLOR" if cell.fusion else None,
        **_reformatting(cell),
        DisplaySetPatientOrientation=list(cell.patient_orientation) if all(cell.patient_orientation) else None,
        DisplaySetHorizontalJustification=terms.ANCHORS.get(cell.anchor),
        VOIType=terms.VOI_TYPES.get(cell.window),
        PseudoColorType=terms.PSEUDO_COLOURS.get(cell.colour_map) if cell.fusion else None,
        ShowGrayscaleInverted="YES" if cell.inverted else None,
        ShowImageTrueSizeFlag="YES" if cell.sizing is Size.TRUE_SIZE else None,
    )


def _filters(selector: Selector, cell: CellTemplate) -> list[Model]:
    """None where another kind of images is laid over: what filters the one would take the other away."""
    return [] if cell.fusion else filters(selector.rules)


def _sorting(cell: CellTemplate) -> list[Model]:
    direction = terms.DECREASING if cell.descending else terms.INCREASING
    if cell.sort in terms.SORT_CATEGORIES:
        return [dataset(SortByCategory=terms.SORT_CATEGORIES[cell.sort], SortingDirection=direction)]
    if cell.sort is Sort.NUMBER:
        return [dataset(SelectorAttribute=terms.INSTANCE_NUMBER, SelectorValueNumber=1, SortingDirection=direction)]
    return []


def _reformatting(cell: CellTemplate) -> dict[str, object]:
    if cell.plane in terms.DIRECTIONS:
        return {
            "ReformattingOperationType": terms.MPR,
            "ReformattingThickness": cell.slab_mm,
            "ReformattingInterval": cell.slab_mm,
            "ReformattingOperationInitialViewDirection": terms.DIRECTIONS[cell.plane],
        }
    if cell.plane is Plane.THREE_D:
        return {
            "ReformattingOperationType": terms.THREE_D,
            "ReformattingOperationInitialViewDirection": "CORONAL",
            "ThreeDRenderingType": terms.MIP if "MIP" in cell.look.upper().split() else terms.VOLUME,
        }
    if cell.slab_mm:
        return {
            "ReformattingOperationType": terms.SLAB,
            "ReformattingThickness": cell.slab_mm,
            "ReformattingInterval": cell.slab_mm,
        }
    return {}
