"""Roles of moving X-ray: planes of a biplane system, subtraction (PS3.3 C.8.7.1.1.1, ImageType values 3 and 4)."""

from __future__ import annotations

from collections.abc import Iterator

from hanging_protocols.facts import Fact, ImageSet
from hanging_protocols.role_words import roles_in_text

_PLANES = {"BIPLANE A": "plane_a", "BIPLANE B": "plane_b", "SINGLE PLANE": "single_plane"}


def of(image_set: ImageSet) -> Iterator[Fact]:
    types = image_set.elements("ImageType")
    yield from (Fact(role, f"ImageType says {kind}") for kind, role in _PLANES.items() if kind in types)
    if "SUBTRACTION" in types or "DSA" in types:
        yield Fact("dsa", "ImageType says so")
    elif next(roles_in_text(image_set, "subtraction"), None):
        yield Fact("dsa", "its name says so")
