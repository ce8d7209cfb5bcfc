"""Definitions, selectors and filters of a received object as rules of ours; what has no rule is told in words.

Words from the object are repeated as they are: it is about protocols, and no patient stands in it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from hanging_protocols.iod import terms
from hanging_protocols.iod.attributes import NUMERIC, SELECTABLE, VALUE_OF_VR, is_code_part, name_of, selectable, spelt
from hanging_protocols.iod.dataset import Item, cut, refused
from hanging_protocols.iod.rules_out import plane_of
from hanging_protocols.model import Constraint, Rule
from hanging_protocols.words import vocabulary

Tell = Callable[[str], None]

WEIGHT = 10.0
MOST_RULE_VALUES = 64
ANY_IMAGES = Rule("images", Constraint.RANGE, low=1.0, high=math.inf)


def protocol_rules(definitions: Sequence[Item], tell: Tell) -> tuple[Rule, ...]:
    """Which studies. Several items are alternatives, each of its own kind of study."""
    modalities = [item.text("Modality") for item in definitions if item.text("Modality")]
    regions = [code for item in definitions for code in item.codes("AnatomicRegionSequence")]
    rules: list[Rule] = []
    if modalities and all(item.text("Modality") for item in definitions):
        rules.append(_wanted("Modality", modalities))
    elif modalities:
        tell("Some of the studies it is for are named by their body part alone: the modality is not asked for")
    known = [_region(code, tell) for code in regions]
    names = [name for name in known if name]
    if names and all("AnatomicRegionSequence" in item for item in definitions):
        rules.append(_wanted("anatomy", names))
    if len(modalities) > 1 and len(set(modalities)) > 1:
        tell(f"It is for {' or '.join(dict.fromkeys(modalities))}: a study with either of them fits")
    rules += _sides(definitions, tell)
    rules += _procedures(definitions, tell)
    return tuple(rules)


def _wanted(attribute: str, values: Iterable[str]) -> Rule:
    found = tuple(dict.fromkeys(cut(value, 200) for value in values))[:MOST_RULE_VALUES]
    constraint = Constraint.EQUALS if len(found) == 1 else Constraint.ONE_OF
    return Rule(attribute, constraint, found, weight=WEIGHT, required=True)


def _region(code: tuple[str, str], tell: Tell) -> str:
    value, meaning = code
    known = vocabulary("anatomy").by_code(value)
    if not known:
        tell(f"The body part {meaning or value} ({value.replace('|', ', ')}) is not known here: it is not asked for")
        return ""
    return known[0]


def _sides(definitions: Sequence[Item], tell: Tell) -> list[Rule]:
    said = {item.text("Laterality") for item in definitions}
    if len(said) != 1:
        return []
    side = said.pop()
    if side in ("R", "L", "B"):
        return [_wanted("laterality", [side])]
    if side not in ("", "U"):
        tell(f"The side {cut(side, 16)} is not known here: it is not asked for")
    return []


def _procedures(definitions: Sequence[Item], tell: Tell) -> list[Rule]:
    if any(item.codes("ReasonForRequestedProcedureCodeSequence") for item in definitions):
        tell("The reason for the examination is not asked for")
    codes = [code for item in definitions for code, _ in item.codes("ProcedureCodeSequence")]
    if codes and not all(item.codes("ProcedureCodeSequence") for item in definitions):
        tell("Some of the studies it is for are named without a procedure: the procedure is not asked for")
        return []
    return [_wanted("ProcedureCodeSequence", codes)] if codes else []


# ---- selectors and filters ---------------------------------------------------------------


def selector_rule(item: Item, tell: Tell) -> Rule | None:
    """One item of the ImageSetSelectorSequence; None where nothing here asks so, which is told."""
    flag = item.required("ImageSetSelectorUsageFlag")
    if flag not in (terms.MATCH, terms.NO_MATCH):
        raise refused("ImageSetSelectorUsageFlag", f"is {cut(flag, 16)}, not MATCH or NO_MATCH")
    item.required("SelectorAttribute")
    rule = _rule_of(item, tell)
    if rule is None or flag == terms.NO_MATCH:
        return rule
    # An image that lacks the element belongs to the set too, and a required rule would turn it away.
    tell(f"Images without {rule.attribute} fit as well: it is taken as a wish, not as a must")
    return replace(rule, required=False)


def _rule_of(item: Item, tell: Tell) -> Rule | None:
    keyword, prefix = _asked(item, tell)
    if not keyword:
        return None
    values = _values(item, keyword)
    if not values:
        raise refused("SelectorAttribute", f"asks for {keyword} without a value")
    if prefix:
        starts = tuple(f"{value}|" for value in values)
        return Rule(keyword, Constraint.STARTS_WITH, starts, weight=WEIGHT, required=True)
    _tell_of_place(item, keyword, tell)
    return _wanted(keyword, values)


def _asked(item: Item, tell: Tell) -> tuple[str, bool]:
    """The keyword of the element that is asked for; and whether it is the code value of that sequence."""
    tag = item.text("SelectorAttribute")
    pointers = item.values("SelectorSequencePointer")
    if item.text("SelectorAttributePrivateCreator") or int(tag[:4] or "0", 16) % 2:
        tell(f"Images are chosen by the private element {spelt(tag)}: it is not asked for")
        return "", False
    if pointers:
        keyword = selectable(str(pointers[-1]))
        is_code = is_code_part(tag) and tag.upper() == "00080100" and keyword and SELECTABLE[keyword][1] == "SQ"
        if not is_code or len(pointers) > 1:
            path = " in ".join([name_of(tag), *(name_of(str(one)) for one in reversed(pointers))])
            tell(f"Images are chosen by {path}: it is not asked for")
            return "", False
        return keyword, True
    keyword = selectable(tag)
    if not keyword:
        tell(f"Images are chosen by {spelt(tag)}: it is not asked for here")
    return keyword, False


def _values(item: Item, keyword: str) -> tuple[str, ...]:
    vr = item.required("SelectorAttributeVR")
    if vr not in VALUE_OF_VR:
        raise refused("SelectorAttributeVR", f"is {cut(vr, 8)}, which has no values here")
    if vr == "SQ":
        return tuple(code for code, _ in item.codes(VALUE_OF_VR[vr]))
    found = item.values(VALUE_OF_VR[vr])
    return tuple(_number_text(value) if vr in NUMERIC else cut(str(value), 200) for value in found)[:MOST_RULE_VALUES]


def _number_text(value: float) -> str:
    return str(int(value)) if float(value).is_integer() else repr(float(value))


def _tell_of_place(item: Item, keyword: str, tell: Tell) -> None:
    place = item.whole("SelectorValueNumber") if "SelectorValueNumber" in item else 0
    if place > 1:
        tell(f"Value {place} of {keyword} is asked for: here any of its values counts")


def filter_rules(item: Item, tell: Tell) -> tuple[Rule, ...]:
    """One item of the FilterOperationsSequence."""
    category = item.text("FilterByCategory")
    if category:
        return _by_category(item, category, tell)
    item.required("SelectorAttribute")
    presence = item.text("FilterByAttributePresence")
    if presence:
        return _by_presence(item, presence, tell)
    operator = item.required("FilterByOperator")
    keyword, prefix = _asked(item, tell)
    if not keyword:
        return ()
    values = _values(item, keyword)
    if not values:
        raise refused("SelectorAttribute", f"filters by {keyword} without a value")
    _tell_of_place(item, keyword, tell)
    return _by_operator(item, operator, keyword, values, prefix, tell)


def _by_category(item: Item, category: str, tell: Tell) -> tuple[Rule, ...]:
    operator, said = item.text("FilterByOperator"), item.values("SelectorCSValue")
    planes = [plane_of(str(value)) for value in said]
    if category != terms.IMAGE_PLANE or operator not in (terms.MEMBER_OF, terms.NOT_MEMBER_OF) or not all(planes) or not planes:
        tell(
            f"The filter by {cut(category, 16)} {' '.join(cut(str(value), 16) for value in said)} is left out".replace("  ", " ")
        )
        return ()
    names = tuple(plane.value for plane in planes if plane is not None)
    if operator == terms.NOT_MEMBER_OF:
        return (Rule("role", Constraint.NONE_OF, names, weight=0.0, required=True),)
    return (_wanted("role", names),)


def _by_presence(item: Item, presence: str, tell: Tell) -> tuple[Rule, ...]:
    keyword, _ = _asked(item, tell)
    if not keyword:
        return ()
    if presence == terms.PRESENT:
        return (Rule(keyword, Constraint.NOT_NULL, weight=WEIGHT, required=True),)
    tell(f"Images must lack {keyword}: no rule here asks that, it is left out")
    return ()


def _by_operator(item: Item, operator: str, keyword: str, values: tuple[str, ...], prefix: bool, tell: Tell) -> tuple[Rule, ...]:
    if operator == terms.MEMBER_OF and prefix:
        return (Rule(keyword, Constraint.STARTS_WITH, tuple(f"{value}|" for value in values), weight=WEIGHT, required=True),)
    if operator == terms.MEMBER_OF:
        return (_or_absent(item, _wanted(keyword, values), tell),)
    if operator == terms.NOT_MEMBER_OF and not prefix:
        return (Rule(keyword, Constraint.NONE_OF, values, weight=0.0, required=True),)
    bounds = _bounds(operator, values)
    if bounds is None:
        tell(f"The filter {cut(operator, 20)} on {keyword} is left out: no rule here says it")
        return ()
    return (_or_absent(item, Rule(keyword, Constraint.RANGE, low=bounds[0], high=bounds[1], weight=WEIGHT, required=True), tell),)


def _or_absent(item: Item, rule: Rule, tell: Tell) -> Rule:
    """Without the flag an image that lacks the element stays (C.23.3.1)."""
    if item.text("ImageSetSelectorUsageFlag") == terms.NO_MATCH:
        return rule
    tell(f"Images without {rule.attribute} fit as well: the filter is taken as a wish, not as a must")
    return replace(rule, required=False)


def _bounds(operator: str, values: tuple[str, ...]) -> tuple[float, float] | None:
    try:
        numbers = [float(value) for value in values]
    except ValueError:
        return None
    if not all(math.isfinite(number) for number in numbers):
        return None
    if operator == terms.RANGE_INCL and len(numbers) == 2 and numbers[0] <= numbers[1]:
        return numbers[0], numbers[1]
    if operator == terms.AT_LEAST and len(numbers) == 1:
        return numbers[0], math.inf
    if operator == terms.AT_MOST and len(numbers) == 1:
        return -math.inf, numbers[0]
    return None
