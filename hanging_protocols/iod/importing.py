"""A received hanging protocol object (DICOM JSON) as a protocol of ours, and in words what could not be taken over.

Raises Refused, by the attribute's name, for what the IOD demands and the object has not. What it says and we have no
word for is told item by item: nothing is left out in silence.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from hanging_protocols import schema, write
from hanging_protocols.iod import terms
from hanging_protocols.iod.boxes import MOST_SCREENS, WHOLE, Position, placed, screen_position
from hanging_protocols.iod.cells import cell_of, tell_of_rest
from hanging_protocols.iod.dataset import NOT_READ, Item, cut, refused
from hanging_protocols.iod.rules_in import ANY_IMAGES, WEIGHT, filter_rules, protocol_rules, selector_rule
from hanging_protocols.model import Constraint, HangingProtocol, Level, Partial, Rule, Selector, StageTemplate
from workstation.errors import Refused

MOST_STAGES = 64
MOST_SETS = 64
MOST_PRIORS = 9
ITS_NAME = "the received object"


@dataclass
class _Told:
    """What is told, once each, in order."""

    lines: list[str] = field(default_factory=list)

    def __call__(self, words: str) -> None:
        if words not in self.lines:
            self.lines.append(words)


@dataclass(frozen=True, slots=True)
class _ImageSet:
    rules: tuple[Rule, ...]
    prior: int
    title: str
    kinds: tuple[str, ...]
    """Its modalities, as far as its selectors name them."""


def protocol_in(model: Mapping[str, Any]) -> tuple[HangingProtocol, tuple[str, ...]]:
    """The protocol that the standard part describes; and what it says besides, in words."""
    told = _Told()
    top = Item(model)
    definitions = top.some("HangingProtocolDefinitionSequence")
    sets = _image_sets(top, told)
    rules = _with_modality(protocol_rules(definitions, told), definitions, sets)
    if not rules:
        raise refused("HangingProtocolDefinitionSequence", "names no study that is known here")
    selectors: dict[str, Selector] = {}
    stages = _stages(top, sets, selectors, told)
    title, description = _names(top)
    protocol = HangingProtocol(
        protocol_id=identifier(title),
        title=title,
        rules=rules,
        selectors=selectors,
        stages=stages,
        level=_level(top),
        description=description,
        creator=cut(top.text("HangingProtocolCreator"), 64),
        created=cut(top.text("HangingProtocolCreationDateTime"), 26),
        group=cut(top.text("HangingProtocolUserGroupName"), 64),
    )
    tell_of_rest(top, protocol, told)
    return _checked(protocol), tuple(told.lines)


def _checked(protocol: HangingProtocol) -> HangingProtocol:
    """As a file of it would be read: bounds and cross-references hold, or it is refused in the file's own words."""
    try:
        return replace(schema.parse(write.write(protocol), ITS_NAME, protocol.level), source="")
    except Refused as error:
        raise Refused(NOT_READ, error.detail, "It asks for more than a protocol here may hold") from error


def _names(top: Item) -> tuple[str, str]:
    """A name has 16 characters: where the description goes on from it, that is the title."""
    name, description = cut(top.required("HangingProtocolName"), 64), cut(top.text("HangingProtocolDescription"), 200)
    if description.casefold().startswith(name.casefold()) and len(name) >= 15:
        return description, ""
    return name, "" if description == name else description


def identifier(title: str) -> str:
    """Small letters, digits and hyphens."""
    plain = unicodedata.normalize("NFKD", title.replace("ø", "o").replace("Ø", "o").replace("æ", "ae").replace("Æ", "ae"))
    letters = "".join(letter for letter in plain.casefold() if letter.isascii())
    return re.sub(r"[^a-z0-9]+", "-", letters).strip("-")[:64].strip("-") or "imported"


def _level(top: Item) -> Level:
    said = top.required("HangingProtocolLevel")
    found = next((level for level, word in terms.LEVELS.items() if word == said), None)
    if found is None:
        raise refused("HangingProtocolLevel", f"is {cut(said, 16)}, not one of {', '.join(terms.LEVELS.values())}")
    return found


# ---- image sets --------------------------------------------------------------------------


def _image_sets(top: Item, told: _Told) -> dict[int, _ImageSet]:
    """By image set number."""
    priors = top.whole("NumberOfPriorsReferenced") if "NumberOfPriorsReferenced" in top else 0
    found: dict[int, _ImageSet] = {}
    for item in top.some("ImageSetsSequence")[:MOST_SETS]:
        rules = [selector_rule(one, told) for one in item.some("ImageSetSelectorSequence")]
        wanted = tuple(rule for rule in rules if rule is not None)
        kinds = tuple(value for rule in wanted if rule.attribute == "Modality" for value in rule.values)
        for time in item.some("TimeBasedImageSetsSequence"):
            number = time.whole("ImageSetNumber")
            if number in found:
                raise refused("ImageSetNumber", f"{number} is given twice")
            title = cut(time.text("ImageSetLabel"), 64)
            found[number] = _ImageSet(wanted, _prior(time, priors, title or f"image set {number}", told), title, kinds)
    return found


def _prior(item: Item, priors: int, name: str, told: _Told) -> int:
    category = item.required("ImageSetSelectorCategory")
    if category == terms.RELATIVE_TIME:
        return _prior_by_time(item, name, told)
    if category != terms.ABSTRACT_PRIOR:
        raise refused("ImageSetSelectorCategory", f"is {cut(category, 16)}, not RELATIVE_TIME or ABSTRACT_PRIOR")
    values = [int(value) for value in item.values("AbstractPriorValue")]
    if not values and item.codes("AbstractPriorCodeSequence"):
        told(f"{name}: which earlier study is named by a code; the most relevant one is taken")
        return 1
    if len(values) != 2 or any(value == 0 or value < terms.OLDEST_PRIOR for value in values):
        raise refused("AbstractPriorValue", "needs two values, above 0 or -1")
    first, last = values
    if first == terms.OLDEST_PRIOR:
        told(f"{name}: the oldest earlier study is asked for; priors are counted from the newest here")
        return max(1, min(priors, MOST_PRIORS))
    if first > MOST_PRIORS:
        told(f"{name}: prior {first} is asked for; {MOST_PRIORS} are the most here")
    elif last != first:
        upto = "the oldest" if last == terms.OLDEST_PRIOR else str(last)
        told(f"{name}: priors {first} to {upto} are asked for; the first of them is taken")
    return min(first, MOST_PRIORS)


def _prior_by_time(item: Item, name: str, told: _Told) -> int:
    times = [int(value) for value in item.values("RelativeTime")]
    unit = item.text("RelativeTimeUnits")
    if len(times) != 2:
        raise refused("RelativeTime", "needs two values")
    if unit and unit not in terms.TIME_UNITS:
        raise refused("RelativeTimeUnits", f"is {cut(unit, 16)}, which is no unit of time")
    if times == [0, 0]:
        return 0
    told(f"{name}: a study of {times[0]} to {times[1]} {unit.lower()} before is asked for; the most relevant prior is taken")
    return 1


def _with_modality(rules: tuple[Rule, ...], definitions: tuple[Item, ...], sets: Mapping[int, _ImageSet]) -> tuple[Rule, ...]:
    """A definition by body part alone is narrowed by the image sets, where each of them names its modality."""
    if any(item.text("Modality") for item in definitions) or not sets or not all(one.kinds for one in sets.values()):
        return rules
    kinds = tuple(dict.fromkeys(kind for one in sets.values() for kind in one.kinds))
    constraint = Constraint.EQUALS if len(kinds) == 1 else Constraint.ONE_OF
    return (Rule("Modality", constraint, kinds, weight=WEIGHT, required=True), *rules)


# ---- stages ------------------------------------------------------------------------------


def _stages(top: Item, sets: Mapping[int, _ImageSet], selectors: dict[str, Selector], told: _Told) -> tuple[StageTemplate, ...]:
    groups: dict[int, list[Item]] = {}
    numbers: set[int] = set()
    for item in top.some("DisplaySetsSequence"):
        number = item.whole("DisplaySetNumber")
        if number in numbers:
            raise refused("DisplaySetNumber", f"{number} is given twice")
        numbers.add(number)
        groups.setdefault(item.whole("DisplaySetPresentationGroup"), []).append(item)
    if len(groups) > MOST_STAGES:
        told(f"It has {len(groups)} presentation groups: the first {MOST_STAGES} are taken")
    screens, links, partial = _screens(top), _links(top, numbers), _partial(top, told)
    return tuple(
        _stage(index, items, sets, selectors, screens, links, partial, told)
        for index, (_, items) in enumerate(sorted(groups.items())[:MOST_STAGES], 1)
    )


def _stage(
    index: int,
    items: list[Item],
    sets: Mapping[int, _ImageSet],
    selectors: dict[str, Selector],
    screens: list[Position],
    links: Mapping[int, str],
    partial: Partial,
    told: _Told,
) -> StageTemplate:
    title = cut(items[0].text("DisplaySetPresentationGroupDescription"), 64) or f"Stage {index}"
    boxes = [_box(item, f"{title}, display set {item.whole('DisplaySetNumber')}", told) for item in items]
    layout = placed([position for _, position in boxes], screens)
    cells = []
    for item, (box, _), place in zip(items, boxes, layout.places, strict=True):
        number = item.whole("DisplaySetNumber")
        name = f"{title}, display set {number}"
        if place is None:
            told(f"{name}: there is no place for it in a grid of at most 4 x 4; it is left out")
            continue
        if place.is_larger:
            told(f"{name}: it is larger than one place of the grid; it gets one")
        wanted = sets.get(item.whole("ImageSetNumber"))
        if wanted is None:
            raise refused("ImageSetNumber", f"{item.whole('ImageSetNumber')} of a display set is that of no image set")
        names = _selectors(item, wanted, selectors, name, told)
        cells.append(cell_of(item, box, place, names, wanted.prior, links.get(number, ""), name, told))
    if not layout.is_even:
        told(f"{title}: its boxes are of several sizes; places of one grid are of one size here")
    if not cells:
        raise refused("DisplaySetsSequence", "has a presentation group without a place on the screen")
    (rows, columns), *more = layout.grids
    return StageTemplate(f"stage-{index}", title, rows, columns, tuple(cells), partial=partial, screens=tuple(more))


def _box(item: Item, name: str, told: _Told) -> tuple[Item, Position]:
    boxes = item.some("ImageBoxesSequence")
    if len(boxes) > 1:
        told(f"{name}: its images flow through {len(boxes)} boxes; the first is taken")
    position = boxes[0].values("DisplayEnvironmentSpatialPosition")
    if len(position) != 4:
        raise refused("DisplayEnvironmentSpatialPosition", "needs four values")
    left, top, right, bottom = (float(value) for value in position)
    if not (-0.01 <= left < right <= 1.01 and -0.01 <= bottom < top <= 1.01):
        raise refused("DisplayEnvironmentSpatialPosition", "needs an upper left and a lower right corner within 0 to 1")
    return boxes[0], (left, top, right, bottom)


def _selectors(item: Item, wanted: _ImageSet, selectors: dict[str, Selector], name: str, told: _Told) -> tuple[str, str]:
    """The selector of a display set, and that of what is laid over it."""
    filters = tuple(rule for one in item.items("FilterOperationsSequence") for rule in filter_rules(one, told))
    if item.text("BlendingOperationType"):
        over = tuple(kind for kind in wanted.kinds if kind in terms.LAID_OVER)
        under = tuple(kind for kind in wanted.kinds if kind not in terms.LAID_OVER)
        if over and under:
            return (
                _selector(_of_kind(wanted.rules, under), filters, f"{'/'.join(under)}", selectors),
                _selector(_of_kind(wanted.rules, over), (), f"{'/'.join(over)}", selectors),
            )
        told(f"{name}: two kinds of images are to be blended, and it is not said which lies on top; nothing is laid over")
    return _selector(wanted.rules, filters, wanted.title, selectors), ""


def _of_kind(rules: tuple[Rule, ...], kinds: tuple[str, ...]) -> tuple[Rule, ...]:
    constraint = Constraint.EQUALS if len(kinds) == 1 else Constraint.ONE_OF
    return tuple(replace(r, constraint=constraint, values=kinds) if r.attribute == "Modality" else r for r in rules)


def _selector(rules: tuple[Rule, ...], filters: tuple[Rule, ...], title: str, selectors: dict[str, Selector]) -> str:
    """The name of the selector with these rules: one for all image sets that ask the same, now or before."""
    wanted = (*rules, *filters) or (ANY_IMAGES,)
    for known in selectors.values():
        if known.rules == wanted:
            return known.name
    name = f"set-{len(selectors) + 1}"
    selectors[name] = Selector(name, title or name, wanted)
    return name


def _screens(top: Item) -> list[Position]:
    """Those that are defined; else as many as are said, side by side."""
    defined: list[Position] = []
    for item in top.items("NominalScreenDefinitionSequence"):
        position = [float(value) for value in item.values("DisplayEnvironmentSpatialPosition")]
        if len(position) != 4:
            raise refused("DisplayEnvironmentSpatialPosition", "needs four values")
        defined.append((position[0], position[1], position[2], position[3]))
    if defined:
        return defined
    count = int(top.number("NumberOfScreens") or 1)
    return [screen_position(index, count) for index in range(count)] if 1 <= count <= MOST_SCREENS else [WHOLE]


def _links(top: Item, numbers: set[int]) -> dict[int, str]:
    found: dict[int, str] = {}
    for index, item in enumerate(top.items("SynchronizedScrollingSequence"), 1):
        group = [int(value) for value in item.values("DisplaySetScrollingGroup")]
        if len(group) < 2 or not numbers.issuperset(group):
            raise refused("DisplaySetScrollingGroup", "needs the numbers of two display sets at least")
        for number in group:
            found.setdefault(number, f"scroll-{index}")
    return found


def _partial(top: Item, told: _Told) -> Partial:
    said = top.text("PartialDataDisplayHandling")
    found = next((partial for partial, word in terms.PARTIAL.items() if word == said), None)
    if found is None and said:
        told(f"What is done when images are missing ({cut(said, 20)}) is not known here: places stay empty")
    return found or Partial.KEEP
