"""What a received object becomes: exactly ours where we wrote it and nobody changed it, else what its standard part says.

Where somebody changed an object of ours, each of three parts counts by itself: what it is called, which studies it is
for, what hangs where. Of a part that was changed the standard's words stand, and what only we could say of it is lost
and told; the others stay as they were, weights and roles too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from hanging_protocols import schema, write
from hanging_protocols.iod.attributes import ATTRIBUTES, name_of
from hanging_protocols.iod.dataset import Model, canonical, public_part
from hanging_protocols.iod.exporting import public_model
from hanging_protocols.iod.importing import ITS_NAME, protocol_in
from hanging_protocols.iod.kept import kept_in, with_block
from hanging_protocols.model import HangingProtocol
from workstation.errors import Refused

_DEFINITION = frozenset(ATTRIBUTES[keyword][0] for keyword in ("HangingProtocolDefinitionSequence",))
_ARRANGEMENT = frozenset(
    ATTRIBUTES[keyword][0]
    for keyword in (
        "ImageSetsSequence",
        "NumberOfPriorsReferenced",
        "NumberOfScreens",
        "NominalScreenDefinitionSequence",
        "DisplaySetsSequence",
        "PartialDataDisplayHandling",
        "SynchronizedScrollingSequence",
        "NavigationIndicatorSequence",
    )
)
_TITLE = frozenset(ATTRIBUTES[keyword][0] for keyword in ("HangingProtocolName", "HangingProtocolDescription"))
_FIELDS = {
    ATTRIBUTES["HangingProtocolLevel"][0]: "level",
    ATTRIBUTES["HangingProtocolCreator"][0]: "creator",
    ATTRIBUTES["HangingProtocolCreationDateTime"][0]: "created",
    ATTRIBUTES["HangingProtocolUserGroupName"][0]: "group",
}


@dataclass(frozen=True, slots=True)
class TakenOver:
    """`words` say what could not be taken over, item by item. `is_ours`: written by this program, and unchanged."""

    protocol: HangingProtocol
    words: tuple[str, ...]
    is_ours: bool


def object_of(protocol: HangingProtocol, made: datetime) -> Model:
    """The whole object in DICOM JSON, our block with it. `made` carries an offset. Raises Refused."""
    created = made.strftime("%Y%m%d%H%M%S%z")
    return with_block(public_model(protocol, created), write.write(protocol))


def taken_over(model: Mapping[str, Any]) -> TakenOver:
    """Raises Refused, by the attribute's name."""
    theirs, words = protocol_in(model)
    kept = kept_in(model)
    if kept is None:
        return TakenOver(theirs, words, is_ours=False)
    try:
        ours = replace(schema.parse(kept.toml, ITS_NAME, theirs.level), source="")
    except Refused as error:
        told = f"What this program kept in the object is not sound ({error.detail}): only the standard part is taken"
        return TakenOver(theirs, (told, *words), is_ours=False)
    if kept.is_current:
        return TakenOver(ours, (), is_ours=True)
    return _changed(ours, theirs, words, model)


def _changed(ours: HangingProtocol, theirs: HangingProtocol, words: tuple[str, ...], model: Mapping[str, Any]) -> TakenOver:
    changed = _differing(public_part(public_model(ours, theirs.created)), public_part(model))
    told = ["The object was changed after this program wrote it: what its standard part says stands"]
    if changed:
        told.append(f"Changed: {', '.join(name_of(tag) for tag in sorted(changed))}")
    result = replace(ours, **{name: getattr(theirs, name) for tag, name in _FIELDS.items() if tag in changed})
    if changed & _TITLE:
        result = replace(result, title=theirs.title, description=theirs.description)
    if changed & _DEFINITION:
        result = replace(result, rules=theirs.rules)
        told.append("Which studies it is for: weights and rules that the standard cannot say are lost")
    if changed & _ARRANGEMENT:
        result = replace(result, selectors=theirs.selectors, stages=theirs.stages)
        told.append("What hangs where: weights, roles and all that the standard cannot say are lost")
    is_whole = not changed & (_DEFINITION | _ARRANGEMENT)
    return TakenOver(result, tuple(told) if is_whole else (*told, *words), is_ours=False)


def _differing(written: Model, received: Model) -> set[str]:
    return {
        tag
        for tag in written.keys() | received.keys()
        if canonical({tag: written.get(tag, {})}) != canonical({tag: received.get(tag, {})})
    }
