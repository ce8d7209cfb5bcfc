"""Marks of computer-aided detection in mammograms (PS3.3 A.35.5, PS3.16 TID 4000 to 4021) as findings.

A finding's outline or centre lies in an image of the report's image library, which it names by its place in the tree
(ReferencedContentItemIdentifier, PS3.3 C.17.3.2.5). What the report does not want to be shown is not. In the worker only.
"""

from __future__ import annotations

from collections.abc import Iterator

from rendering.objects import concepts
from rendering.objects.concepts import is_any
from rendering.objects.content_tree import Node, coded, image_in, number_in
from rendering.objects.facts import Finding, Region
from rendering.objects.reading import Budget, from_corner, pairs
from rendering.objects.references import ImageReference

SINGLE_IMAGE_FINDING = {("111059", "DCM")}
CENTER, OUTLINE = {("111010", "DCM")}, {("111041", "DCM")}
RENDERING_INTENT = {("111056", "DCM")}
NOT_FOR_PRESENTATION = {("111152", "DCM")}


def cad_findings(root: Node, budget: Budget, series: dict[str, ImageReference]) -> Iterator[Finding]:
    """Every single image finding that is to be shown; none of a report that is not of detection."""
    algorithm = _said(root, concepts.ALGORITHM_NAME), _said(root, concepts.ALGORITHM_VERSION)
    for node in root.below():
        if node.kind != "CODE" or not is_any(node.name, SINGLE_IMAGE_FINDING):
            continue
        if is_any(coded(node.children, RENDERING_INTENT), NOT_FOR_PRESENTATION):
            continue
        outlines = [child for child in node.children if child.kind == "SCOORD" and is_any(child.name, OUTLINE)]
        centers = [child for child in node.children if child.kind == "SCOORD" and is_any(child.name, CENTER)]
        regions = [found for child in outlines or centers if (found := _region(root, child, budget, series)) is not None]
        if not regions:
            continue
        numbers = (number_in(child) for child in node.children if child.kind == "NUM")
        yield Finding(
            finding=coded((node,), SINGLE_IMAGE_FINDING),
            values=tuple(number for number in numbers if number is not None),
            regions=tuple(regions),
            algorithm_name=budget.text(_said(node, concepts.ALGORITHM_NAME) or algorithm[0] or "CAD"),
            algorithm_version=budget.text(_said(node, concepts.ALGORITHM_VERSION) or algorithm[1]),
        )


def _said(node: Node, concept: set[tuple[str, str]]) -> str:
    found = (one.elements.long_text("TextValue") for one in node.below() if one.kind == "TEXT" and is_any(one.name, concept))
    return next(found, "")


def _region(root: Node, node: Node, budget: Budget, series: dict[str, ImageReference]) -> Region | None:
    numbers = node.elements.floats("GraphicData")
    budget.points(len(numbers) // 2)
    named = (_named(root, child) for child in node.children)
    image = next((found for one in named if one is not None and (found := image_in(one, series)) is not None), None)
    if image is None:
        budget.say("A mark of computer-aided detection names no image: not shown")
        return None
    return Region(node.elements.text("GraphicType"), from_corner(pairs(numbers)), image)


def _named(root: Node, node: Node) -> Node | None:
    """The item itself, or the one that it stands for: numbers of children from 1, the root first."""
    if node.kind:
        return node
    places = [int(number) for number in node.elements.numbers("ReferencedContentItemIdentifier")]
    found = root
    for place in places[1:]:
        if not 1 <= place <= len(found.children):
            return None
        found = found.children[place - 1]
    return found if places[:1] == [1] else None
