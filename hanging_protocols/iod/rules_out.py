"""Rules as the IOD can say them: its definition of studies, selectors of image sets, filters of display sets.

Only required rules go out. A weight is a wish, and the IOD has none: an image that lacks what was wished would be
turned away by a foreign reader. What is said is never more than the rule says.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence

from hanging_protocols.iod import terms
from hanging_protocols.iod.attributes import NUMERIC, SELECTABLE, VALUE_OF_VR
from hanging_protocols.iod.dataset import Model, code_item, dataset
from hanging_protocols.model import Constraint, HangingProtocol, Rule, Scope
from hanging_protocols.words import vocabulary
from workstation.domain.viewing import Plane

_SAMENESS = frozenset({Constraint.EQUALS, Constraint.ONE_OF})
_CODE_STRING = re.compile(r"[A-Z0-9 _]{1,16}")
_MOST = {"SH": 16, "LO": 64, "PN": 64, "ST": 1024, "TM": 14, "DA": 8}
_PLANES = {plane.value: direction for plane, direction in terms.DIRECTIONS.items()}
_SIDES = {"right": "R", "left": "L"}
_BY_VIEW = frozenset({"cc", "mlo", "xcc", "pa", "ap", "lateral", "oblique"})


def definitions(protocol: HangingProtocol) -> list[Model]:
    """HangingProtocolDefinitionSequence. Empty when neither modality nor region is said.

    One item for each modality; or one for the region, and the image sets say of which modality they are (as the
    example of PS3.17 V.3 does: dciodvfy refuses both in one item, though Table C.23.1-1 allows it).
    """
    modalities = modalities_of(protocol)
    regions = [code for name in _required(protocol.rules, "anatomy") for code in _region(name)]
    sides = _required(protocol.rules, "laterality")
    codes = [code for code in _required(protocol.rules, "ProcedureCodeSequence") if code.count("|")]
    if not modalities and not regions:
        return []
    rest: dict[str, object] = {
        "AnatomicRegionSequence": regions or None,
        "Laterality": (sides[:1] if len(sides) == 1 else []) if regions else None,
        "ProcedureCodeSequence": [code_item(code, "") for code in codes],
        "ReasonForRequestedProcedureCodeSequence": [],
    }
    return [dataset(**rest)] if regions else [dataset(Modality=modality, **rest) for modality in modalities]


def modalities_of(protocol: HangingProtocol) -> list[str]:
    """What a protocol's rules require, else what its selectors do."""
    wanted = [*_required(protocol.rules, "Modality"), *_required(protocol.rules, "ModalitiesInStudy")]
    if not wanted:
        wanted = [value for selector in protocol.selectors.values() for value in _required(selector.rules, "Modality")]
    return [value for value in dict.fromkeys(wanted) if _CODE_STRING.fullmatch(value)]


def selectors(rules: Iterable[Rule]) -> list[Model]:
    """Items of the ImageSetSelectorSequence."""
    said = [_selector(rule) for rule in rules if rule.required and rule.constraint in _SAMENESS]
    return [item for item in said if item is not None]


def selector_item(keyword: str, values: Sequence[str], flag: str) -> Model | None:
    """None where the values do not fit the element's value representation."""
    held = _values(keyword, values)
    if held is None:
        return None
    tag, vr = SELECTABLE[keyword]
    return dataset(
        ImageSetSelectorUsageFlag=flag,
        SelectorAttribute=tag,
        SelectorAttributeVR=vr,
        SelectorValueNumber=1 if vr == "SQ" else 0,
        **{VALUE_OF_VR[vr]: held},
    )


def filters(rules: Iterable[Rule]) -> list[Model]:
    """Items of the FilterOperationsSequence."""
    return [item for rule in rules if rule.required for item in _filters(rule)]


def _required(rules: Iterable[Rule], attribute: str) -> list[str]:
    return [
        value
        for rule in rules
        if rule.required and rule.scope is Scope.CURRENT and rule.attribute == attribute and rule.constraint in _SAMENESS
        for value in rule.values
    ]


def _region(name: str) -> list[Model]:
    term = vocabulary("anatomy").terms.get(name)
    return [code_item(term.codes[0], name.replace("_", " "))] if term is not None and term.codes else []


def _selector(rule: Rule) -> Model | None:
    if rule.attribute == "role":
        return _by_role(rule.values)
    return selector_item(rule.attribute, rule.values, terms.NO_MATCH) if rule.attribute in SELECTABLE else None


def _by_role(names: Sequence[str]) -> Model | None:
    if all(name in _SIDES for name in names):
        return selector_item("ImageLaterality", [_SIDES[name] for name in names], terms.NO_MATCH)
    if all(name in _BY_VIEW for name in names):
        views = vocabulary("view").terms
        coded = [f"{code}|{name.upper()}" for name in names for code in views[name].codes]
        return selector_item("ViewCodeSequence", coded, terms.NO_MATCH) if coded else None
    return None


def _filters(rule: Rule) -> list[Model]:
    if rule.attribute == "role":
        return _role_filters(rule)
    if rule.attribute not in SELECTABLE:
        return []
    tag, vr = SELECTABLE[rule.attribute]
    if rule.constraint is Constraint.NOT_NULL:
        return [dataset(FilterByAttributePresence=terms.PRESENT, SelectorAttribute=tag)]
    if rule.constraint is Constraint.NONE_OF:
        return _operation(rule.attribute, rule.values, terms.NOT_MEMBER_OF, terms.MATCH)
    if rule.constraint is Constraint.RANGE and vr in NUMERIC:
        return _range(rule)
    return []


def _range(rule: Rule) -> list[Model]:
    """Text in the element's own representation: `repr` of a bound is read back as the same number."""
    low, high = math.isfinite(rule.low), math.isfinite(rule.high)
    bounds = [f"{bound!r}" for bound, is_set in ((rule.low, low), (rule.high, high)) if is_set]
    if not bounds:
        return [dataset(FilterByAttributePresence=terms.PRESENT, SelectorAttribute=SELECTABLE[rule.attribute][0])]
    operator = terms.RANGE_INCL if low and high else terms.AT_LEAST if low else terms.AT_MOST
    return _operation(rule.attribute, bounds, operator, terms.NO_MATCH)


def _role_filters(rule: Rule) -> list[Model]:
    if rule.constraint in _SAMENESS and all(name in _PLANES for name in rule.values):
        planes = [_PLANES[name] for name in rule.values]
        return [
            dataset(
                FilterByCategory=terms.IMAGE_PLANE,
                SelectorAttributeVR="CS",
                SelectorCSValue=planes,
                FilterByOperator=terms.MEMBER_OF,
                ImageSetSelectorUsageFlag=terms.NO_MATCH,
            )
        ]
    return []


def _operation(keyword: str, values: Sequence[str], operator: str, flag: str) -> list[Model]:
    held = _values(keyword, values)
    if held is None:
        return []
    tag, vr = SELECTABLE[keyword]
    return [
        dataset(
            SelectorAttribute=tag,
            SelectorAttributeVR=vr,
            **{VALUE_OF_VR[vr]: held},
            SelectorValueNumber=1 if vr == "SQ" else 0,
            FilterByOperator=operator,
            ImageSetSelectorUsageFlag=flag,
        )
    ]


def _values(keyword: str, values: Sequence[str]) -> list[object] | None:
    """As the element's value representation holds them, None where one does not fit."""
    vr = SELECTABLE[keyword][1]
    if vr == "SQ":
        return [code_item(value, "") for value in values] if values and all(_is_code(value) for value in values) else None
    if vr in NUMERIC:
        return _numbers(vr, values)
    if vr == "CS":
        folded = [value.upper() for value in values]
        return list(folded) if folded and all(_CODE_STRING.fullmatch(value) for value in folded) else None
    most = _MOST.get(vr, 0)
    fits = [value for value in values if 0 < len(value.strip()) <= most and value == value.strip() and "\\" not in value]
    one_only = vr == "ST" and len(values) > 1
    return list(fits) if fits and len(fits) == len(values) and not one_only and "\n" not in "".join(fits) else None


def _is_code(value: str) -> bool:
    parts = value.split("|")
    return len(parts) in (2, 3) and all(part.strip() and "\\" not in part for part in parts[:2]) and len(parts[1]) <= 16


def _numbers(vr: str, values: Sequence[str]) -> list[object] | None:
    try:
        numbers = [float(value) for value in values]
    except ValueError:
        return None
    if not numbers or not all(math.isfinite(number) for number in numbers):
        return None
    if vr in ("FD", "FL"):
        return list(numbers)
    whole = all(number.is_integer() and abs(number) < 2**31 for number in numbers)
    if vr == "DS":
        # A decimal string has 16 characters (PS3.5 6.2): what does not fit is not said, rather than said otherwise.
        return list(numbers) if all(len(repr(number)) <= 16 for number in numbers) else None
    unsigned = all(0 <= number < 2**16 for number in numbers)
    return [int(number) for number in numbers] if whole and (vr == "IS" or unsigned) else None


def plane_of(direction: str) -> Plane | None:
    return next((plane for plane, said in terms.DIRECTIONS.items() if said == direction), None)
