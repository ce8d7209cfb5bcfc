"""Softcopy presentation states (PS3.3 A.33.1-3): modules to facts. Runs in the worker process only."""

from __future__ import annotations

from collections.abc import Iterator

from rendering.header import LookupTable
from rendering.objects.colour import rgb_of_cielab
from rendering.objects.presentation_facts import DisplayedArea, Graphic, GraphicLayer, GraphicText, Presentation
from rendering.objects.private import EXACT_CREATOR, EXACT_CREATOR_TAG, EXACT_VIEW
from rendering.objects.read_blend import is_blend, with_blend
from rendering.objects.read_looks import read_modality, read_window
from rendering.objects.read_mask import read_filters, read_presented_masks
from rendering.objects.read_planar import is_planar, with_plane
from rendering.objects.reading import Budget, from_corner, pairs, referenced_images
from rendering.objects.references import ImageReference
from rendering.parse_elements import Elements
from rendering.parse_extras import read_shutter
from rendering.parse_tables import lookup_table, palette

GRAPHIC_KINDS = {"POINT": 1, "POLYLINE": 2, "INTERPOLATED": 2, "CIRCLE": 2, "ELLIPSE": 4}
"""Graphic types of C.10.5 with the fewest points of each."""
UNITS = ("PIXEL", "DISPLAY", "MATRIX")
QUARTERS = (0, 90, 180, 270)
MODES = ("SCALE TO FIT", "TRUE SIZE", "MAGNIFY")


REFUSED = {
    "11.7": "It is for planes through several volumes",
    "11.9": "It is for a 3D view",
    "11.10": "It is for a 3D view of segments",
    "11.11": "It is for a 3D view of several volumes",
    "11.12": "Its rescale values change within an image",
}
"""SOP class stems (PS3.4 B.5) of states that would make a wrong picture if only a part of them was followed."""
OVERLAY_GROUPS = range(0x6000, 0x6020, 2)
OVERLAY_ACTIVATION = 0x1001
SRGB = (b"sRGB", "sRGB".encode("utf-16-be"))


def read_presentation(elements: Elements, budget: Budget, sop_class_uid: str = "") -> Presentation:
    graphics: list[Graphic] = []
    texts: list[GraphicText] = []
    for item in budget.items(elements, "GraphicAnnotationSequence"):
        _annotation(item, budget, graphics, texts)
    refused = next((words for stem, words in REFUSED.items() if sop_class_uid.endswith(f".1.1.{stem}")), "")
    masks, unfollowed = read_presented_masks(elements, budget)
    refused = refused or unfollowed
    if "FrameDisplayShutterSequence" in elements:
        budget.say("Shutters of the state that differ from image to image are not followed")
    profile = elements.raw("ICCProfile")
    if profile and elements.text("ColorSpace") != "SRGB" and not any(name in profile for name in SRGB):
        budget.say("The state's own colour profile is not followed: colours are shown as sRGB")
    shape, lut = elements.text("PresentationLUTShape"), elements.item("PresentationLUTSequence")
    level = elements.integer("ShutterPresentationValue")
    made = Presentation(
        _rotation(elements, budget),
        elements.text("ImageHorizontalFlip") == "Y",
        shape == "INVERSE",
        None if lut is None else _presentation_table(lut, budget),
        read_modality(elements),
        read_shutter(elements),
        level,
        tuple(read_window(item, budget) for item in budget.items(elements, "SoftcopyVOILUTSequence")),
        tuple(_areas(elements, budget)),
        tuple(graphics),
        tuple(texts),
        tuple(_layers(elements, budget)),
        palette(elements, False, False) if "RedPaletteColorLookupTableDescriptor" in elements else None,
        refused,
        tuple(group for group in OVERLAY_GROUPS if elements.text((group << 16) + OVERLAY_ACTIVATION)),
        masks,
        tuple(read_filters(elements, budget)),
    )
    if refused:
        return made
    if is_planar(sop_class_uid):
        return with_plane(made, elements, budget)
    return with_blend(made, elements, budget, sop_class_uid) if is_blend(sop_class_uid) else made


def _rotation(elements: Elements, budget: Budget) -> int:
    found = elements.integer("ImageRotation") or 0
    if found not in QUARTERS:
        budget.say("The rotation of the presentation state is no quarter turn: not used")
        return 0
    return found


def _presentation_table(item: Elements, budget: Budget) -> LookupTable | None:
    table = lookup_table(item, False, item.text("LUTExplanation"))
    if table is None:
        budget.say("The presentation LUT is malformed: not used")
    return table


def _areas(elements: Elements, budget: Budget) -> Iterator[DisplayedArea]:
    for item in budget.items(elements, "DisplayedAreaSelectionSequence"):
        top, bottom = item.numbers("DisplayedAreaTopLeftHandCorner"), item.numbers("DisplayedAreaBottomRightHandCorner")
        mode = item.text("PresentationSizeMode")
        if len(top) != 2 or len(bottom) != 2 or mode not in MODES:
            budget.say("A displayed area is malformed: not used")
            continue
        spacing, aspect = item.floats("PresentationPixelSpacing"), item.floats("PresentationPixelAspectRatio")
        yield DisplayedArea(
            (int(top[0]), int(top[1])),
            (int(bottom[0]), int(bottom[1])),
            mode,
            (spacing[0], spacing[1]) if len(spacing) == 2 and min(spacing) > 0 else None,
            (aspect[0], aspect[1]) if len(aspect) == 2 and min(aspect) > 0 else None,
            item.real("PresentationPixelMagnificationRatio"),
            referenced_images(item, budget),
            item.floats(EXACT_VIEW) if item.text(EXACT_CREATOR_TAG) == EXACT_CREATOR else (),
        )


def _layers(elements: Elements, budget: Budget) -> Iterator[GraphicLayer]:
    for item in budget.items(elements, "GraphicLayerSequence"):
        lab = item.numbers("GraphicLayerRecommendedDisplayCIELabValue")
        yield GraphicLayer(
            budget.text(item.text("GraphicLayer")),
            item.integer("GraphicLayerOrder") or 0,
            rgb_of_cielab((int(lab[0]), int(lab[1]), int(lab[2]))) if len(lab) == 3 else None,
            budget.text(item.text("GraphicLayerDescription")),
        )


def _annotation(item: Elements, budget: Budget, graphics: list[Graphic], texts: list[GraphicText]) -> None:
    images, layer = referenced_images(item, budget), item.text("GraphicLayer")
    if "CompoundGraphicSequence" in item:
        # C.10.5: each compound graphic comes with plain ones that say the same, which are read.
        budget.say("Compound graphics are shown by their plain form")
    for one in budget.items(item, "GraphicObjectSequence"):
        kind, units = one.text("GraphicType"), one.text("GraphicAnnotationUnits")
        points = pairs(one.floats("GraphicData"))
        budget.points(len(points))
        if kind not in GRAPHIC_KINDS or units not in UNITS or len(points) < GRAPHIC_KINDS[kind]:
            budget.say("A graphic of the presentation state is malformed: not shown")
            continue
        graphics.append(
            Graphic(
                kind,
                "DISPLAY" if units == "DISPLAY" else "PIXEL",
                points if units == "DISPLAY" else from_corner(points),
                one.text("GraphicFilled") == "Y",
                layer,
                budget.text(one.text("TrackingID")),
                one.uid("TrackingUID"),
                images,
            )
        )
    texts.extend(_text(one, budget, layer, images) for one in budget.items(item, "TextObjectSequence"))


def _text(one: Elements, budget: Budget, layer: str, images: tuple[ImageReference, ...]) -> GraphicText:
    anchor, units = pairs(one.floats("AnchorPoint")), one.text("AnchorPointAnnotationUnits")
    top, bottom = one.floats("BoundingBoxTopLeftHandCorner"), one.floats("BoundingBoxBottomRightHandCorner")
    box_units = one.text("BoundingBoxAnnotationUnits")
    box = None
    if len(top) == 2 and len(bottom) == 2 and box_units in UNITS:
        shift = 0.0 if box_units == "DISPLAY" else 0.5
        box = (top[0] - shift, top[1] - shift, bottom[0] - shift, bottom[1] - shift)
    if anchor and units not in UNITS:
        anchor = ()
    if anchor and units != "DISPLAY":
        anchor = from_corner(anchor)
    return GraphicText(
        budget.text(one.long_text("UnformattedTextValue")),
        anchor[0] if anchor else None,
        units,
        box,
        box_units,
        layer,
        budget.text(one.text("TrackingID")),
        one.uid("TrackingUID"),
        images,
    )
