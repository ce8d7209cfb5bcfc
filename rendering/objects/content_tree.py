"""The content tree of a structured report (PS3.3 C.17.3): its items, and what one of them says. In the worker only."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from rendering.objects import concepts
from rendering.objects.concepts import is_any
from rendering.objects.facts import FindingValue
from rendering.objects.reading import DEEPEST, Budget, code_in, reference
from rendering.objects.references import Code, ImageReference
from rendering.parse_elements import Elements
from workstation.errors import Refused


@dataclass(frozen=True, slots=True)
class Node:
    """One content item (PS3.3 C.17.3)."""

    relation: str
    kind: str
    name: Code
    elements: Elements
    children: tuple[Node, ...]

    def below(self) -> Iterator[Node]:
        """This node's descendants, in order."""
        for child in self.children:
            yield child
            yield from child.below()


def read_tree(elements: Elements, budget: Budget, depth: int = 0) -> Node:
    """The item and all below it. Raises Refused for a tree that is too deep or too large."""
    if depth > DEEPEST:
        raise Refused("The report nests its contents too deeply", f"{DEEPEST} steps are allowed")
    return Node(
        elements.text("RelationshipType"),
        elements.text("ValueType"),
        code_in(elements, "ConceptNameCodeSequence") or Code(),
        elements,
        tuple(read_tree(item, budget, depth + 1) for item in budget.items(elements, "ContentSequence")),
    )


def coded(children: tuple[Node, ...], concept: set[tuple[str, str]]) -> Code | None:
    found = (code_in(node.elements, "ConceptCodeSequence") for node in children if is_any(node.name, concept))
    return next((code for code in found if code is not None), None)


def number_in(node: Node) -> FindingValue | None:
    """None for a number that is not there. A more exact form (0040,A161) is taken where there is one."""
    item = node.elements.item("MeasuredValueSequence")
    if item is None:
        return None
    value = item.real("FloatingPointValue")
    value = item.real("NumericValue") if value is None else value
    if value is None:
        return None
    unit = code_in(item, "MeasurementUnitsCodeSequence") or Code()
    derivation = coded(node.children, concepts.DERIVATION)
    return FindingValue(node.name, value, unit, derivation, coded(node.children, concepts.METHOD))


def image_in(node: Node, series: dict[str, ImageReference]) -> ImageReference | None:
    item = node.elements.item("ReferencedSOPSequence")
    found = None if item is None else reference(item)
    if found is None or found.sop_instance_uid not in series:
        return found
    listed = series[found.sop_instance_uid]
    return replace(found, series_uid=listed.series_uid, study_uid=listed.study_uid)
