"""Softcopy Presentation States of ours (PS3.3 A.33.1 to A.33.4, A.33.6): the look of images, and the drawings on them.

A state holds one rotation, flip, inversion, shutter and modality transform for all its images:
images that differ in these go into a state each. Windows are in units of the modality transform.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from pydicom.dataset import Dataset

from rendering.header import ImageHeader, LookupTable, ModalityTransform, Shutter
from rendering.objects.colour import cielab_of_rgb
from rendering.objects.facts import ObjectContext
from rendering.objects.plain_text import many_lines, one_line
from rendering.objects.private import EXACT_CREATOR, EXACT_ELEMENT, EXACT_GROUP
from rendering.objects.shapes import Shape, on_image
from rendering.objects.srgb_profile import srgb_profile
from rendering.objects.write_blend import BLENDING_STATE, write_blend
from rendering.objects.write_levels import PSEUDO_COLOUR_STATE, are_colours, write_levels
from rendering.objects.write_mask import write_mask
from rendering.objects.write_plan import AS_IS, FIRST, Author, Joining, Look, Shown, Written, whole_area
from rendering.objects.write_run import XRAY_STATE, write_run
from rendering.objects.writing import begin, by_series, checked, finish, image_item, table_item
from rendering.parse_values import UNSPECIFIED
from rendering.pixels import is_inverse
from workstation.domain.annotation import Annotation, AnnotationKind
from workstation.domain.viewing import Plane
from workstation.errors import Refused

GRAYSCALE_STATE = "1.2.840.10008.5.1.4.1.1.11.1"
COLOUR_STATE = "1.2.840.10008.5.1.4.1.1.11.2"
LAYER = "DRAWINGS"
OVERLAYS = "OVERLAYS"
# OverlayActivationLayer (60xx,1001).
OVERLAY_ACTIVATION = 0x1001
LAYER_COLOUR = (255, 224, 64)
# What the text beside a drawing is called: its values are not the reader's own words.
VALUES = "Values"
MOST_TEXT = 1024


def write_gsps(
    context: ObjectContext,
    author: Author,
    images: Sequence[Shown],
    annotations: Sequence[Annotation] = (),
    look: Look = AS_IS,
    label: str = "DRAWINGS",
    description: str = "",
    joining: Joining = FIRST,
) -> tuple[Written, ...]:
    """One state, or several where images differ in modality transform, polarity or colour. Raises Refused.

    Colours are those of sRGB: a colour image has no window and no inversion.
    """
    checked(tuple(shown.header for shown in images), context)
    if look.rotation % 90:
        raise Refused("The presentation state cannot be written", "It can only hold quarter turns")
    groups: dict[tuple[ModalityTransform, bool] | None, list[Shown]] = {}
    for shown in images:
        if shown.header.is_colour:
            groups.setdefault(None, []).append(shown)
            continue
        frames = shown.frames or tuple(range(1, shown.header.frames + 1))
        transforms = {shown.header.frame(frame - 1).transform for frame in frames}
        if len(transforms) > 1:
            raise Refused("The presentation state cannot be written", "Frames of one image have different rescale values")
        groups.setdefault((transforms.pop(), is_inverse(shown.header)), []).append(shown)
    description = ", ".join(part for part in (description or "Drawings and looks", joining.words) if part)
    return tuple(
        _one(context, author, group, annotations, look, kind, (label, description), replace(joining, number=number))
        for number, (kind, group) in enumerate(groups.items(), joining.number)
    )


def _one(
    context: ObjectContext,
    author: Author,
    images: Sequence[Shown],
    annotations: Sequence[Annotation],
    look: Look,
    kind: tuple[ModalityTransform, bool] | None,
    names: tuple[str, str],
    joining: Joining,
) -> Written:
    """`kind` is transform and polarity of grey images, None for colour ones."""
    sop_class = COLOUR_STATE if kind is None else _grey_state(look)
    ds = begin(context, author, "PR", sop_class, "Presentation states", joining)
    ds.Laterality = ""
    ds.ContentLabel = _label(names[0])
    ds.ContentDescription = one_line(names[1], 64)
    ds.PresentationCreationDate, ds.PresentationCreationTime = ds.InstanceCreationDate, ds.InstanceCreationTime
    ds.ContentCreatorName = author.person_name
    frames = _frames(images)
    if look.over is None:
        ds.ReferencedSeriesSequence = [_series(uid, headers, frames) for uid, headers in by_series(_headers(images)).items()]
    _shutter(ds, look.shutter)
    _turn(ds, look)
    ds.DisplayedAreaSelectionSequence = [_area(shown, look) for shown in images]
    if kind is None:
        ds.ICCProfile, ds.ColorSpace = srgb_profile(), "SRGB"
    elif look.over is not None:
        write_blend(ds, images, kind[0], look.over, _modality, _window)
    else:
        _greys(ds, images, look, *kind)
    layers, left_out = _draw(ds, images, annotations)
    layers += _overlays(ds, _headers(images))
    if layers:
        ds.GraphicLayerSequence = layers
    return finish(ds, left_out)


def _grey_state(look: Look) -> str:
    if look.over is not None:
        return BLENDING_STATE
    if are_colours(look.levels):
        return PSEUDO_COLOUR_STATE
    return XRAY_STATE if look.run is not None else GRAYSCALE_STATE


def _greys(ds: Dataset, images: Sequence[Shown], look: Look, transform: ModalityTransform, inverse: bool) -> None:
    if look.run is not None:
        write_run(ds, look.run)
    elif look.mask is None:
        _modality(ds, transform)
    else:
        write_mask(ds, look.mask)
        _modality(ds, ModalityTransform(unit=UNSPECIFIED, table=look.mask.to_log))
    windows = [item for shown in images if (item := _window(shown)) is not None]
    if windows:
        ds.SoftcopyVOILUTSequence = windows
    inverted = inverse is not look.inverted
    if look.levels:
        write_levels(ds, look.levels, inverted)
    else:
        ds.PresentationLUTShape = "INVERSE" if inverted else "IDENTITY"


def _headers(images: Sequence[Shown]) -> tuple[ImageHeader, ...]:
    return tuple(shown.header for shown in images)


def _label(text: str) -> str:
    """ContentLabel is a code string: capitals, digits, space and underscore, 16 at most."""
    allowed = "".join(c if c.isascii() and (c.isalnum() or c in " _") else "_" for c in text.upper())
    return allowed[:16].strip() or LAYER


def _frames(images: Sequence[Shown]) -> dict[str, tuple[int, ...]]:
    """The frames of each image that the state is for; none: all of them."""
    found: dict[str, set[int]] = {}
    for shown in images:
        every = range(1, shown.header.frames + 1)
        found.setdefault(shown.header.sop_instance_uid, set()).update(shown.frames or every)
    whole = {shown.header.sop_instance_uid: shown.header.frames for shown in images}
    return {uid: () if len(frames) == whole[uid] else tuple(sorted(frames)) for uid, frames in found.items()}


def _series(uid: str, headers: Sequence[ImageHeader], frames: Mapping[str, tuple[int, ...]]) -> Dataset:
    item = Dataset()
    item.SeriesInstanceUID = uid
    item.ReferencedImageSequence = [image_item(header, frames[header.sop_instance_uid]) for header in headers]
    return item


def _shutter(ds: Dataset, shutter: Shutter | None) -> None:
    """The Display Shutter Module (C.7.6.11), painted black: in a colour state by its colour as well."""
    if shutter is None:
        return
    shapes = []
    if shutter.rectangle is not None:
        shapes.append("RECTANGULAR")
        ds.ShutterLeftVerticalEdge, ds.ShutterRightVerticalEdge = shutter.rectangle[:2]
        ds.ShutterUpperHorizontalEdge, ds.ShutterLowerHorizontalEdge = shutter.rectangle[2:]
    if shutter.circle is not None:
        shapes.append("CIRCULAR")
        ds.CenterOfCircularShutter, ds.RadiusOfCircularShutter = list(shutter.circle[:2]), shutter.circle[2]
    if shutter.polygon:
        shapes.append("POLYGONAL")
        ds.VerticesOfThePolygonalShutter = [value for pair in shutter.polygon for value in pair]
    ds.ShutterShape = shapes
    ds.ShutterPresentationValue = 0
    if ds.SOPClassUID == COLOUR_STATE:
        ds.ShutterPresentationColorCIELabValue = list(cielab_of_rgb((0, 0, 0)))


def _modality(ds: Dataset, transform: ModalityTransform) -> None:
    """The image's own modality transform: a state that leaves it out would take it away (PS3.4 N.2.1.1)."""
    if transform.table is not None:
        item = table_item(transform.table)
        item.ModalityLUTType = _rescale_type(transform)
        ds.ModalityLUTSequence = [item]
    elif not transform.is_identity or transform.unit not in ("stored", UNSPECIFIED):
        ds.RescaleIntercept, ds.RescaleSlope = _decimal(transform.intercept), _decimal(transform.slope)
        ds.RescaleType = _rescale_type(transform)


def _rescale_type(transform: ModalityTransform) -> str:
    return "US" if transform.unit in ("stored", "unspecified") else one_line(transform.unit, 16)


def _decimal(value: float) -> str:
    """A decimal string (DS, 16 characters) as near to the value as one can be."""
    for digits in range(17, 0, -1):
        text = f"{value:.{digits}g}"
        if len(text) <= 16:
            return text
    return "0"


def _window(shown: Shown) -> Dataset | None:
    window = shown.window
    if window is None:
        return None
    item = Dataset()
    item.ReferencedImageSequence = [image_item(shown.header, shown.frames)]
    if isinstance(window, LookupTable):
        item.VOILUTSequence = [table_item(window)]
        return item
    item.WindowCenter, item.WindowWidth = _decimal(window.center), _decimal(window.width)
    if window.explanation:
        item.WindowCenterWidthExplanation = [one_line(window.explanation, 64)]
    item.VOILUTFunction = window.function.value
    return item


def _turn(ds: Dataset, look: Look) -> None:
    """A vertical flip is half a turn and a horizontal flip (C.10.6 knows only that one)."""
    rotation = look.rotation + (180 if look.flipped_vertically else 0)
    ds.ImageRotation = rotation % 360
    ds.ImageHorizontalFlip = "Y" if look.flipped_horizontally is not look.flipped_vertically else "N"


def _area(shown: Shown, look: Look) -> Dataset:
    header = shown.header
    area = shown.area or whole_area(header, look)
    item = Dataset()
    item.ReferencedImageSequence = [image_item(header, shown.frames)]
    item.DisplayedAreaTopLeftHandCorner = list(area.top_left)
    item.DisplayedAreaBottomRightHandCorner = list(area.bottom_right)
    item.PresentationSizeMode = area.mode
    spacing = area.pixel_spacing or _spacing(shown)
    if spacing is not None:
        item.PresentationPixelSpacing = [_decimal(value) for value in spacing]
    else:
        if area.mode == "TRUE SIZE":
            raise Refused("The presentation state cannot be written", "True size needs a known pixel spacing")
        ratio = area.aspect or header.pixel_aspect_ratio or (1.0, 1.0)
        item.PresentationPixelAspectRatio = [str(max(1, round(value))) for value in ratio]
    if area.mode == "MAGNIFY":
        item.PresentationPixelMagnificationRatio = area.magnification or 1.0
    if area.exact:
        item.private_block(EXACT_GROUP, EXACT_CREATOR, create=True).add_new(EXACT_ELEMENT, "FD", list(area.exact))
    return item


def _spacing(shown: Shown) -> tuple[float, float] | None:
    frame = shown.frames[0] if shown.frames else 1
    return shown.header.frame(frame - 1).spacing


# Drawings


def _overlays(ds: Dataset, headers: Sequence[ImageHeader]) -> list[Dataset]:
    """Has the images' own overlays shown, as they are here: one that a state does not activate is hidden (C.11.7)."""
    shuttered = {header.shutter.overlay_group for header in headers if header.shutter is not None}
    groups = {overlay.group for header in headers for overlay in header.overlays} - shuttered
    for group in sorted(groups):
        ds.add_new((group, OVERLAY_ACTIVATION), "CS", OVERLAYS)
    return [_layer(OVERLAYS, 2, (255, 255, 255), "Overlays of the images")] if groups else []


def _layer(name: str, order: int, colour: tuple[int, int, int], description: str) -> Dataset:
    layer = Dataset()
    layer.GraphicLayer, layer.GraphicLayerOrder = name, order
    layer.GraphicLayerRecommendedDisplayCIELabValue = list(cielab_of_rgb(colour))
    layer.GraphicLayerDescription = description
    return layer


def _draw(ds: Dataset, images: Sequence[Shown], annotations: Sequence[Annotation]) -> tuple[list[Dataset], tuple[str, ...]]:
    """(the layer of the drawings, if there are any; what was left out)."""
    held = {shown.header.sop_instance_uid: shown.header for shown in images}
    items, left_out = [], []
    for annotation in annotations:
        header = held.get(annotation.sop_instance_uid)
        if annotation.plane is not Plane.STACK or not annotation.points:
            left_out.append("A drawing of a cut: a presentation state is of frames only")
        elif header is not None:
            items.append(_drawing(annotation, header))
    if items:
        ds.GraphicAnnotationSequence = items
    layers = [_layer(LAYER, 1, LAYER_COLOUR, "Drawings and measurements")] if items else []
    return layers, tuple(dict.fromkeys(left_out))


def _drawing(annotation: Annotation, header: ImageHeader) -> Dataset:
    facts = header.frame(annotation.frame_number - 1)
    pitch = (1.0, 1.0) if facts.spacing is None else (facts.spacing[1], facts.spacing[0])
    shapes, said = on_image(annotation, pitch)
    item = Dataset()
    item.ReferencedImageSequence = [image_item(header, (annotation.frame_number,))]
    item.GraphicLayer = LAYER
    texts = [(annotation.text, said.text), (_values(annotation), VALUES)]
    written = [_text(text, name, annotation) for text, name in texts if text]
    if written:
        item.TextObjectSequence = written
    item.GraphicObjectSequence = [_graphic(shape, said.text, annotation) for shape in shapes]
    return item


def _values(annotation: Annotation) -> str:
    lines = [f"{value.name} {value.text}" for value in annotation.measured.values]
    if annotation.kind is AnnotationKind.CALIBRATION and annotation.known_mm is not None:
        lines.append(f"Known length {annotation.known_mm:g} mm")
    return "\n".join(lines)


def _graphic(shape: Shape, tracking_id: str, annotation: Annotation) -> Dataset:
    item = Dataset()
    item.GraphicAnnotationUnits = "PIXEL"
    item.GraphicDimensions = 2
    item.NumberOfGraphicPoints = len(shape.points)
    # C.10.5 counts from the corner of the first pixel, we from its centre.
    item.GraphicData = [value + 0.5 for point in shape.points for value in point]
    item.GraphicType = shape.kind
    item.GraphicFilled = "N"
    item.TrackingID, item.TrackingUID = tracking_id, annotation.uid
    return item


def _text(text: str, tracking_id: str, annotation: Annotation) -> Dataset:
    item = Dataset()
    item.UnformattedTextValue = many_lines(text, MOST_TEXT)
    item.AnchorPointAnnotationUnits = "PIXEL"
    item.AnchorPoint = [value + 0.5 for value in annotation.points[-1]]
    item.AnchorPointVisibility = "N"
    item.TrackingID, item.TrackingUID = tracking_id, annotation.uid
    return item
