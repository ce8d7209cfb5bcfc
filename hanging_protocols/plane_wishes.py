"""A cell that wants a plane, on what there is: the volume is cut, or the series that was made in that plane is shown.

Many archives keep thick slices and the reformats that the scanner made of them. Those are better than a cut through
thick slices; and where a series cannot be cut at all, its cell is not called by a plane that it does not show.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from hanging_protocols.facts import ImageSet
from hanging_protocols.model import CellTemplate
from hanging_protocols.planes import why_not_volume
from hanging_protocols.selection import Candidate
from hanging_protocols.study_facts import StudyFacts
from workstation.domain.viewing import Plane

CUTS = (Plane.AXIAL, Plane.CORONAL, Plane.SAGITTAL)


@dataclass(frozen=True, slots=True)
class PlaneWish:
    """What is hung instead of `template` and the chosen image set; `because` where another one was taken."""

    template: CellTemplate
    image_set: ImageSet
    label: str
    because: str = ""
    refusal: str = ""


def of(template: CellTemplate, title: str, chosen: Candidate, found: Sequence[Candidate], facts: StudyFacts) -> PlaneWish:
    """`found` are all candidates of the cell, `title` is their selector's."""
    image_set, plane, label = chosen.image_set, template.plane, template.label or title
    roles = _roles(facts, image_set)
    if plane is Plane.STACK:
        return PlaneWish(template, image_set, label)
    why = why_not_volume(image_set, roles)
    if plane is Plane.THREE_D:
        return PlaneWish(template, image_set, label, refusal=f"it is not shown in 3D: {why}" if why else "")
    if plane.value in roles:
        return PlaneWish(template, image_set, label)
    made = next((one.image_set for one in found if _is_of(plane, roles, _roles(facts, one.image_set))), None)
    if made is not None and (why or "thick" in roles):
        flat = replace(template, plane=Plane.STACK, slab_mm=0.0)
        name = plane.value.capitalize() if template.slab_mm else label
        return PlaneWish(flat, made, name, f"it was made in this plane, while {why or 'the other slices are thick'}")
    return PlaneWish(template, image_set, title if why else label)


# Of these a reformat has the same as what it was made of.
KINDS = (
    frozenset({"soft_kernel", "lung_kernel", "bone_kernel"}),
    frozenset({"arterial", "portal_venous", "delayed", "excretory", "hepatobiliary"}),
    frozenset({"non_contrast", "post_contrast"}),
)


def _is_of(plane: Plane, ours: frozenset[str], theirs: frozenset[str]) -> bool:
    """Whether a series lies in `plane` and is of no other kernel or phase, as far as both say."""
    if plane.value not in theirs:
        return False
    return not any(ours & kind and theirs & kind and (ours & kind).isdisjoint(theirs & kind) for kind in KINDS)


def _roles(facts: StudyFacts, image_set: ImageSet) -> frozenset[str]:
    return frozenset(role.value for role in facts.roles(image_set))
