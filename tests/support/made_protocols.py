"""Hanging protocols of every shape that a file may have, made by Hypothesis."""

from __future__ import annotations

import math
from typing import Any

from hypothesis import strategies as st

from hanging_protocols.model import (
    Anchor,
    CellTemplate,
    Constraint,
    Flip,
    HangingProtocol,
    Level,
    Order,
    Partial,
    Rule,
    Scope,
    Selector,
    Size,
    Sort,
    StageTemplate,
)
from workstation.domain.viewing import Plane

LETTERS = st.sampled_from("abcdefghiklmnopqrstuvwxyzåäöæøÅÄÖ 0123456789-/().,&=^\\\"'")
WORDS = st.text(LETTERS, min_size=1, max_size=40).map(str.strip).filter(bool)
LINE = WORDS.map(lambda words: " ".join(words.split()))
NAME = st.from_regex(r"[a-z][a-z0-9]{0,8}(-[a-z0-9]{1,6})?", fullmatch=True)
CODE = st.sampled_from(["69536005|SCT", "51185008|SCT", "399162004|SCT", "RPID145|RADLEX", "R-10242|SRT", "T-D3000|99LOCAL"])
FINITE = st.floats(-1e4, 1e4, allow_nan=False, allow_infinity=False)
TEXTS = {
    "Modality": st.sampled_from(["CT", "MR", "PT", "MG", "DX", "CR", "US", "NM", "XA"]),
    "BodyPartExamined": st.sampled_from(["CHEST", "HEAD", "KNEE", "TSPINE"]),
    "ImageLaterality": st.sampled_from(["L", "R"]),
    "SeriesDescription": LINE,
    "ConvolutionKernel": LINE,
    "ViewCodeSequence": CODE,
    "AnatomicRegionSequence": CODE,
    "role": st.sampled_from(["axial", "lung_kernel", "right", "left", "cc", "mlo", "localizer", "t1", "pa", "flair"]),
    "anatomy": st.sampled_from(["chest", "head", "knee", "abdomen"]),
    "laterality": st.sampled_from(["L", "R", "B"]),
}
NUMBERS = ("SliceThickness", "EchoTime", "DiffusionBValue", "images", "SeriesNumber", "Rows")
MANY = {Constraint.ONE_OF, Constraint.NONE_OF, Constraint.CONTAINS, Constraint.STARTS_WITH}


@st.composite
def rules(draw: Any) -> Rule:
    weight, required = draw(st.sampled_from([0.0, 0.5, 1.0, 10.0, 1000.0])), draw(st.booleans())
    scope = draw(st.sampled_from(Scope))
    if draw(st.booleans()):
        attribute = draw(st.sampled_from(sorted(TEXTS)))
        constraint = draw(st.sampled_from(sorted(MANY | {Constraint.EQUALS, Constraint.NOT_NULL})))
        most = 4 if constraint in MANY else 1
        values = draw(st.lists(TEXTS[attribute], min_size=1, max_size=most, unique=True))
        held = () if constraint is Constraint.NOT_NULL else tuple(values)
        return Rule(attribute, Constraint(constraint), held, weight=weight, required=required, scope=scope)
    low, high = sorted((draw(FINITE), draw(FINITE)))
    bounds = draw(st.sampled_from([(low, high), (-math.inf, high), (low, math.inf), (-math.inf, math.inf)]))
    return Rule(draw(st.sampled_from(NUMBERS)), Constraint.RANGE, (), *bounds, weight, required, scope)


@st.composite
def selectors(draw: Any, name: str) -> Selector:
    return Selector(name, draw(LINE), tuple(draw(st.lists(rules(), min_size=1, max_size=4))), draw(st.sampled_from(Order)))


@st.composite
def cells(draw: Any, place: tuple[int, int, int], names: list[str]) -> CellTemplate:
    screen, row, column = place
    plane = draw(st.sampled_from([Plane.STACK, Plane.AXIAL, Plane.CORONAL, Plane.SAGITTAL, Plane.THREE_D]))
    fusion = draw(st.sampled_from(["", *names])) if plane is not Plane.THREE_D else ""
    window = draw(st.sampled_from(["", "Lung", "Bone", "Soft tissue", "SUV 7", "Stroke"]))
    figures = draw(st.none() | st.tuples(FINITE, st.floats(0.5, 4000.0))) if not window else None
    return CellTemplate(
        row,
        column,
        draw(st.sampled_from(names)),
        prior=draw(st.integers(0, 3)),
        nth=draw(st.integers(1, 3)),
        plane=plane,
        window=window,
        link_group=draw(st.sampled_from(["", "scroll", "planes"])),
        label=draw(st.just("") | LINE),
        inverted=draw(st.booleans()),
        slab_mm=draw(st.sampled_from([0.0, 0.5, 10.0, 33.3])),
        slab_mode=draw(st.sampled_from(["MEAN", "MIP", "MIN"])),
        patient_orientation=draw(st.sampled_from([("", ""), ("P", "F"), ("A", "R"), ("L", "F")])),
        screen=screen,
        sizing=draw(st.sampled_from(Size)),
        anchor=draw(st.sampled_from(Anchor)),
        sort=draw(st.sampled_from(Sort)),
        descending=draw(st.booleans()),
        fusion=fusion,
        fusion_window=draw(st.sampled_from(["", "SUV 7"])) if fusion else "",
        colour_map=draw(st.sampled_from(["hot", "rainbow"])) if fusion else "hot",
        opacity=draw(st.sampled_from([0.0, 0.25, 0.5, 1.0])) if fusion else 0.5,
        look=draw(st.sampled_from(["", "CT bone", "PET MIP"])) if plane is Plane.THREE_D else "",
        rotation=draw(st.sampled_from([0, 90, 180, 270])),
        flip=draw(st.sampled_from(Flip)),
        center_width=figures,
    )


@st.composite
def stages(draw: Any, number: int, names: list[str]) -> StageTemplate:
    grids = draw(st.lists(st.tuples(st.integers(1, 4), st.integers(1, 4)), min_size=1, max_size=3))
    places = [(s, r, c) for s, (rows, columns) in enumerate(grids) for r in range(rows) for c in range(columns)]
    chosen = draw(st.lists(st.sampled_from(places), min_size=1, max_size=5, unique=True))
    held = tuple(draw(cells(place, names)) for place in chosen)
    (rows, columns), *more = grids
    return StageTemplate(
        f"stage-{number}",
        draw(LINE),
        rows,
        columns,
        held,
        draw(st.integers(1, len(held))),
        draw(st.integers(0, len(held))),
        draw(st.booleans()),
        draw(st.sampled_from(Partial)),
        tuple(more),
    )


@st.composite
def protocols(draw: Any) -> HangingProtocol:
    """One that the IOD can hold at all: it names a modality."""
    names = draw(st.lists(NAME, min_size=1, max_size=3, unique=True))
    modality = Rule("Modality", Constraint.ONE_OF, ("CT", "MR"), weight=10.0, required=True)
    count = draw(st.integers(1, 3))
    return HangingProtocol(
        draw(NAME),
        draw(LINE),
        (modality, *draw(st.lists(rules(), max_size=3))),
        {name: draw(selectors(name)) for name in names},
        tuple(draw(stages(number, names)) for number in range(count)),
        draw(st.sampled_from(Level)),
        description=draw(st.just("") | LINE),
        creator=draw(st.just("") | LINE),
        created=draw(st.sampled_from(["", "20261123", "20261123093000.123456+0100"])),
        group=draw(st.just("") | LINE),
    )
