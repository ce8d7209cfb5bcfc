"""One display set as a cell of ours (PS3.3 C.23.3), and what of it has no place here, in words."""

from __future__ import annotations

from collections.abc import Callable

from hanging_protocols.iod import terms
from hanging_protocols.iod.attributes import spelt
from hanging_protocols.iod.boxes import Place
from hanging_protocols.iod.dataset import Item, cut, refused
from hanging_protocols.iod.rules_out import plane_of
from hanging_protocols.model import Anchor, CellTemplate, HangingProtocol, Size, Sort
from workstation.domain.viewing import Plane

Tell = Callable[[str], None]

MOST_SLAB_MM = 500.0
_SIDES = frozenset("LRAPHF")
# Of ReformattingOperationType 3D_RENDERING: the look by name, "" for the first that fits.
_LOOKS = {terms.MIP: "MIP", terms.VOLUME: "", terms.SURFACE: ""}


def cell_of(
    item: Item, box: Item, place: Place, selectors: tuple[str, str], prior: int, link: str, name: str, tell: Tell
) -> CellTemplate:
    """`selectors`: what hangs there and what is laid over it, "" for nothing."""
    plane, slab_mm, look = _reformatting(item, name, tell)
    sort, descending = _sorting(item, name, tell)
    fusion = selectors[1] if plane is not Plane.THREE_D else ""
    _tell_of_box(box, name, tell)
    _tell_of_flags(item, name, tell)
    return CellTemplate(
        row=place.row,
        column=place.column,
        selector=selectors[0],
        prior=prior,
        plane=plane,
        window=_window(item, name, tell),
        link_group=link,
        label=cut(item.text("DisplaySetLabel"), 64),
        inverted=_flag(item, "ShowGrayscaleInverted"),
        slab_mm=slab_mm,
        patient_orientation=_orientation(item, name, tell),
        screen=place.screen,
        sizing=Size.TRUE_SIZE if _flag(item, "ShowImageTrueSizeFlag") else Size.FIT,
        anchor=_anchor(item, name, tell),
        sort=sort,
        descending=descending,
        fusion=fusion,
        colour_map=_colours(item, name, tell) if fusion else "hot",
        look=look,
    )


def _reformatting(item: Item, name: str, tell: Tell) -> tuple[Plane, float, str]:
    """Plane, thickness of the slab in mm, 3D look."""
    kind = item.text("ReformattingOperationType")
    if not kind:
        return Plane.STACK, 0.0, ""
    if kind not in (terms.MPR, terms.SLAB, terms.THREE_D):
        tell(f"{name}: the reformatting {cut(kind, 16)} is not known here; the images are shown as they are")
        return Plane.STACK, 0.0, ""
    if kind == terms.THREE_D:
        return Plane.THREE_D, 0.0, _look(item, name, tell)
    return _plane(item, kind, name, tell), _thickness(item, name, tell), ""


def _plane(item: Item, kind: str, name: str, tell: Tell) -> Plane:
    said = item.text("ReformattingOperationInitialViewDirection")
    found = plane_of(said)
    if found is not None:
        return found
    if kind == terms.SLAB and not said:
        return Plane.STACK
    if not said:
        raise refused("ReformattingOperationInitialViewDirection", "is missing")
    tell(f"{name}: the direction {cut(said, 16)} is not said by a protocol here; it begins axial")
    return Plane.AXIAL


def _thickness(item: Item, name: str, tell: Tell) -> float:
    thickness = item.number("ReformattingThickness")
    if thickness is None:
        raise refused("ReformattingThickness", "is missing")
    if not 0.0 <= thickness <= MOST_SLAB_MM:
        tell(f"{name}: a thickness of {thickness:g} mm is not possible here; the cut is thin")
        return 0.0
    interval = item.number("ReformattingInterval")
    if interval is not None and interval not in (0.0, thickness):
        tell(f"{name}: cuts every {interval:g} mm; here one scrolls freely")
    return thickness


def _look(item: Item, name: str, tell: Tell) -> str:
    kind = item.text("ThreeDRenderingType")
    if not kind:
        raise refused("ThreeDRenderingType", "is missing")
    if kind not in _LOOKS or kind == terms.SURFACE:
        tell(f"{name}: {cut(kind, 16)} rendering is shown as a volume")
    return _LOOKS.get(kind, "")


def _sorting(item: Item, name: str, tell: Tell) -> tuple[Sort, bool]:
    items = list(item.items("SortingOperationsSequence"))
    if not items:
        return Sort.AS_READ, False
    if len(items) > 1:
        tell(f"{name}: images are sorted by {len(items)} criteria; the first is taken")
    first = items[0]
    direction = first.required("SortingDirection")
    if direction not in (terms.INCREASING, terms.DECREASING):
        raise refused("SortingDirection", f"is {cut(direction, 16)}, not INCREASING or DECREASING")
    category, tag = first.text("SortByCategory"), first.text("SelectorAttribute").upper()
    found = next((sort for sort, word in terms.SORT_CATEGORIES.items() if word == category), None)
    found = found or terms.SORT_ATTRIBUTES.get(tag)
    if found is None:
        tell(f"{name}: sorting by {cut(category, 16) or spelt(tag)} is left out; the reader's order is used")
        return Sort.AS_READ, False
    return found, direction == terms.DECREASING


def _window(item: Item, name: str, tell: Tell) -> str:
    said = item.text("VOIType")
    known = next((preset for preset, word in terms.VOI_TYPES.items() if word == said), "")
    if said and not known:
        near = terms.NEAR_VOI_TYPES.get(said, "")
        tell(f"{name}: the window {cut(said, 16)} is " + (f"taken as {near}" if near else "not known; the image's own is used"))
        return near
    return known


def _orientation(item: Item, name: str, tell: Tell) -> tuple[str, str]:
    values = [str(value).strip() for value in item.values("DisplaySetPatientOrientation")]
    if not any(values):
        return ("", "")
    if len(values) != 2:
        raise refused("DisplaySetPatientOrientation", "needs two values")
    # An oblique direction is told by its main side first (PS3.3 C.7.6.1.1.1).
    main = [value[:1] for value in values]
    if not _SIDES.issuperset(main):
        tell(f"{name}: the orientation {cut('/'.join(values), 16)} is not known here")
        return ("", "")
    if main != values:
        tell(f"{name}: the orientation {cut('/'.join(values), 16)} is taken as {'/'.join(main)}")
    return (main[0], main[1])


def _anchor(item: Item, name: str, tell: Tell) -> Anchor:
    if item.text("DisplaySetVerticalJustification") in ("TOP", "BOTTOM"):
        tell(f"{name}: images do not lie at the top or bottom of their place here")
    said = item.text("DisplaySetHorizontalJustification")
    return next((anchor for anchor, word in terms.ANCHORS.items() if word == said), Anchor.NONE)


def _colours(item: Item, name: str, tell: Tell) -> str:
    said = item.text("PseudoColorType")
    known = next((colours for colours, word in terms.PSEUDO_COLOURS.items() if word == said), "")
    if said and not known:
        tell(f"{name}: the colours {cut(said, 16)} are not known here")
    return known or "hot"


def _flag(item: Item, keyword: str) -> bool:
    said = item.text(keyword)
    if said not in ("", "YES", "NO"):
        raise refused(keyword, f"is {cut(said, 16)}, not YES or NO")
    return said == "YES"


def _tell_of_box(box: Item, name: str, tell: Tell) -> None:
    kind = box.required("ImageBoxLayoutType")
    if kind == terms.TILED:
        across = box.whole("ImageBoxTileHorizontalDimension")
        down = box.whole("ImageBoxTileVerticalDimension")
        if across * down > 1:
            tell(f"{name}: {across} x {down} tiles; here it is one stack to scroll through")
    elif kind == terms.CINE:
        tell(f"{name}: it is to play by itself; here the reader starts it")
    elif kind not in (terms.STACK, terms.SINGLE, terms.PROCESSED):
        tell(f"{name}: the layout {cut(kind, 16)} is not known here; it is shown as a stack")


def _tell_of_flags(item: Item, name: str, tell: Tell) -> None:
    for keyword, what in (
        ("ShowGraphicAnnotationFlag", "drawings"),
        ("ShowPatientDemographicsFlag", "the patient's data"),
        ("ShowAcquisitionTechniquesFlag", "how images were taken"),
    ):
        if item.text(keyword) and not _flag(item, keyword):
            tell(f"{name}: {what} are to be hidden; here the reader decides")
    if item.text("PseudoColorType") and not item.text("BlendingOperationType"):
        colours = cut(item.text("PseudoColorType"), 16)
        tell(f"{name}: images are to be coloured ({colours}); only what is laid over is coloured here")


def tell_of_rest(top: Item, protocol: HangingProtocol, tell: Tell) -> None:
    """Of the whole object."""
    if top.codes("HangingProtocolUserIdentificationCodeSequence"):
        tell("Whom it is for is named by a code: the protocol is the reader's who takes it over")
    linked = {cell.link_group for stage in protocol.stages for cell in stage.cells if cell.plane in terms.DIRECTIONS}
    if list(top.items("NavigationIndicatorSequence")) and not linked - {""}:
        tell("Which views show each other's lines is not said by a protocol here: reference lines are the reader's choice")
    for item in top.items("NominalScreenDefinitionSequence"):
        if item.number("ScreenMinimumColorBitDepth") or (item.number("ScreenMinimumGrayscaleBitDepth") or 0) > 8:
            tell("What screens must be capable of is not asked for")
