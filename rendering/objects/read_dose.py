"""X-Ray Radiation Dose SR (PS3.3 A.35.8; PS3.16 TID 10001, 10011) to a DoseReport. Runs in the worker process only.

Concepts are found by code and scheme, values taken in the units that they can be in; anything else is left out, and said.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace

from rendering.objects.content_tree import Node
from rendering.objects.reading import Budget, code_in
from rendering.objects.references import Code
from rendering.parse_elements import is_uid
from workstation.domain.dose import TOLERANCE, DoseEvent, DoseReport

TITLE = "113701"
_CT_TOTAL, _CT_EVENT, _CT_DOSE = "113811", "113819", "113829"
_XRAY_TOTAL, _XRAY_EVENT = "113702", "113706"
_SCOPE, _STUDY_SCOPE, _STUDY_UID = "113705", "113014", "110180"
_CONSTANT_ANGLE = "113805"
_EVENT_UID, _PROTOCOL = "113769", "125203"
_PHANTOMS = {"113690": "head", "113691": "body"}
_SIDES = {
    ("80248007", "SCT"): "left", ("73056007", "SCT"): "right", ("63762007", "SCT"): "both",
    ("T-04030", "SRT"): "left", ("T-04020", "SRT"): "right", ("T-04080", "SRT"): "both",
}  # fmt: skip

# What each value may be in (UCUM), as factors to the unit of DoseReport.
_MGY = {"mGy": 1.0, "Gy": 1e3, "uGy": 1e-3, "cGy": 10.0, "dGy": 100.0}
_MGY_CM = {"mGy.cm": 1.0, "Gy.cm": 1e3, "mGycm": 1.0, "mGy*cm": 1.0, "uGy.m": 0.1}
_GY_CM2 = {
    "Gy.m2": 1e4, "Gy.cm2": 1.0, "dGy.cm2": 0.1, "cGy.cm2": 1e-2, "mGy.cm2": 1e-3, "uGy.m2": 1e-2, "mGy.m2": 10.0,
}  # fmt: skip
_GY = {unit: factor / 1e3 for unit, factor in _MGY.items()}
_SECONDS = {"s": 1.0, "ms": 1e-3, "min": 60.0}
# Beyond what any examination has: a slip of a unit.
_MOST = {"CTDIvol": 5e3, "DLP": 1e5, "DAP": 1e5, "RP": 500.0, "time": 1e5, "AGD": 500.0}


def is_dose(title: Code) -> bool:
    return title.scheme == "DCM" and title.value == TITLE


def read_dose(root: Node, budget: Budget) -> DoseReport:
    """What the tree says of radiation; values that cannot be are left out, with words."""
    doubts: list[str] = []
    events = [_ct_event(node, budget, doubts) for node in root.below() if _is(node, _CT_EVENT)]
    events += [_xray_event(node, budget, doubts) for node in root.below() if _is(node, _XRAY_EVENT)]
    ct = next((node for node in root.below() if _is(node, _CT_TOTAL)), None)
    planes = [node for node in root.below() if _is(node, _XRAY_TOTAL)]
    dlp = _value(ct, "113813", _MGY_CM, "DLP", doubts) if ct is not None else None
    dap = _sum(_value(plane, "113722", _GY_CM2, "DAP", doubts) for plane in planes)
    report = DoseReport(
        _study(root),
        tuple(events),
        dlp,
        dap,
        _sum(_value(plane, "113725", _GY, "RP", doubts) for plane in planes),
        _sum(_value(plane, "113730", _SECONDS, "time", doubts) for plane in planes),
        tuple(_glandular(root, doubts)),
    )
    doubts += _disagreements(report)
    return replace(report, doubts=tuple(dict.fromkeys(doubts)))


def _ct_event(node: Node, budget: Budget, doubts: list[str]) -> DoseEvent:
    dose = next((child for child in node.below() if _is(child, _CT_DOSE)), node)
    phantom, kind = _coded(dose, "113835"), _coded(node, "113820")
    return DoseEvent(
        _uid(node, _EVENT_UID),
        budget.text(_words(node, _PROTOCOL)),
        _value(dose, "113830", _MGY, "CTDIvol", doubts),
        _value(dose, "113838", _MGY_CM, "DLP", doubts),
        _PHANTOMS.get(phantom.value, "") if phantom is not None and phantom.scheme == "DCM" else "",
        kind is not None and (kind.value, kind.scheme) == (_CONSTANT_ANGLE, "DCM"),
    )


def _xray_event(node: Node, budget: Budget, doubts: list[str]) -> DoseEvent:
    dap = _value(node, "122130", _GY_CM2, "DAP", doubts)
    return DoseEvent(_uid(node, _EVENT_UID), budget.text(_words(node, _PROTOCOL)), dap_gy_cm2=dap)


def _glandular(root: Node, doubts: list[str]) -> Iterator[tuple[str, float]]:
    """Accumulated average glandular dose (111637) of each breast."""
    for node in root.below():
        if _is(node, "111637") and node.kind == "NUM":
            side = next((code for child in node.children if (code := code_in(child.elements, "ConceptCodeSequence"))), None)
            value = _number(node, _MGY, "AGD", doubts)
            name = _SIDES.get((side.value, side.scheme)) if side is not None else None
            if value is not None and name is not None:
                yield name, value


def _disagreements(report: DoseReport) -> Iterator[str]:
    """The total against the sum of the irradiations."""
    for name, total, parts in (
        ("DLP", report.dlp_mgy_cm, [e.dlp_mgy_cm for e in report.events]),
        ("dose area product", report.dap_gy_cm2, [e.dap_gy_cm2 for e in report.events]),
    ):
        said = [part for part in parts if part is not None]
        if total is not None and said and len(said) == len(parts) and abs(sum(said) - total) > TOLERANCE * max(total, sum(said)):
            yield f"The total {name} of the dose report is not the sum of its irradiations"


def _study(root: Node) -> str:
    """The study that the totals are accumulated over, where they are over a study (113705, 113014)."""
    scope = next((node for node in root.children if _is(node, _SCOPE)), None)
    code = code_in(scope.elements, "ConceptCodeSequence") if scope is not None else None
    if scope is None or code is None or code.value != _STUDY_SCOPE:
        return ""
    return _uid(scope, _STUDY_UID)


def _value(node: Node, code: str, units: Mapping[str, float], name: str, doubts: list[str]) -> float | None:
    found = next((child for child in node.children if child.kind == "NUM" and _is(child, code)), None)
    return None if found is None else _number(found, units, name, doubts)


def _number(node: Node, units: Mapping[str, float], name: str, doubts: list[str]) -> float | None:
    item = node.elements.item("MeasuredValueSequence")
    value = item.real("NumericValue") if item is not None else None
    unit = code_in(item, "MeasurementUnitsCodeSequence") if item is not None else None
    if value is None:
        return None
    factor = units.get(unit.value) if unit is not None and unit.scheme == "UCUM" else None
    if factor is None:
        doubts.append(f"The {name} of the dose report is in a unit that it cannot be in")
        return None
    if not math.isfinite(value) or not 0.0 <= value * factor <= _MOST[name]:
        doubts.append(f"The {name} of the dose report cannot be")
        return None
    return value * factor


def _sum(values: Iterator[float | None]) -> float | None:
    """Over the planes of a biplane system; None where one does not say it."""
    known = list(values)
    said = [value for value in known if value is not None]
    return sum(said) if said and len(said) == len(known) else None


def _is(node: Node, value: str) -> bool:
    return node.name.scheme == "DCM" and node.name.value == value


def _coded(node: Node, value: str) -> Code | None:
    found = (code_in(child.elements, "ConceptCodeSequence") for child in node.below() if _is(child, value))
    return next((code for code in found if code is not None), None)


def _words(node: Node, value: str) -> str:
    return next((child.elements.long_text("TextValue") for child in node.children if _is(child, value)), "")


def _uid(node: Node, value: str) -> str:
    said = next((child.elements.uid("UID") for child in node.children if _is(child, value)), "")
    return said if is_uid(said) else ""
