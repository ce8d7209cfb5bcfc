"""A lesion that was measured on a view of one series, looked for in the planes of a view of another."""

from __future__ import annotations

from rendering.images import NotYet, SeriesImages
from rendering.lesion_proposal import PlaneGrid, drawn_lesion, propose
from rendering.viewport_dimensions import dimension_index, dimension_of_drawing
from rendering.viewport_values import ValueScale
from rendering.viewport_views import cut_of, is_plane
from workstation.domain.annotation import Annotation
from workstation.domain.geometry import Vec3, cross, dot, unit
from workstation.domain.lesion import LesionProposal
from workstation.domain.viewing import ViewportState


def search(
    drawn: Annotation,
    before: SeriesImages,
    shown: ViewportState,
    now: SeriesImages,
    other: ViewportState,
    expected: Vec3,
) -> LesionProposal:
    """What is found near `expected` (LPS mm of `now`), measured in planes like those of `other`. May take half a second."""
    lesion = drawn_lesion(drawn)
    if lesion is None:
        return LesionProposal(expected, (), "This kind of drawing has no size to look for")
    if before.verdict.geometry is None or now.verdict.geometry is None:
        return LesionProposal(expected, (), "No size is proposed where the images are no volume")
    try:
        volumes = before.volume(dimension_of_drawing(before, drawn) or 0), now.volume(dimension_index(now, other))
    except NotYet:
        return LesionProposal(expected, (), "The images were still loading: measure it by hand, or carry it again")
    if any(volume.partial for volume in volumes):
        return LesionProposal(expected, (), "The images were still loading: measure it by hand, or carry it again")
    in_hounsfield = all(ValueScale(images).unit(0) == "HU" for images in (before, now))
    return propose(lesion, volumes[0], _planes(before, shown), volumes[1], _planes(now, other), expected, in_hounsfield)


def _planes(images: SeriesImages, state: ViewportState) -> PlaneGrid:
    """The parallel planes that are scrolled through in a view."""
    if is_plane(state):
        cut = cut_of(images, state)
        return PlaneGrid(cut.origin, cut.right, cut.down, cut.step)
    geometry = images.verdict.geometry
    if geometry is None:
        raise ValueError("a series that is no volume has no parallel planes")
    right = unit(geometry.axis(0))
    normal = unit(cross(right, geometry.axis(1)))
    down = cross(normal, right)
    return PlaneGrid(geometry.origin, right, down, abs(dot(geometry.axis(2), normal)))
