"""From one series on screen to a selector that finds its like: what it is, then whatever tells it from its neighbours.

Codes and attributes first, text last. A rule that fails means "not this kind" (required) only where the reader's
choice cannot mean anything else: the view of a mammogram, the weighting of an MR. The rest are wishes with
weights, so that a study that has no lung kernel still hangs its chest.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from hanging_protocols.facts import PROJECTION_MODALITIES, ImageSet
from hanging_protocols.matching import passing
from hanging_protocols.model import Constraint, Order, Rule, Selector
from hanging_protocols.selection import candidates
from hanging_protocols.study_facts import StudyFacts
from hanging_protocols.words import tokens

FOR_READING = "for_reading"
JUNK = ("localizer", "dose_report", "secondary_capture", "mip")
_JUNK_OF_PROJECTIONS = ("for_processing", "secondary_capture")
_PLANES = ("axial", "coronal", "sagittal", "oblique")
_WEIGHTINGS = ("t1", "t2", "t2_star", "pd", "flair", "stir", "adc", "dwi", "swi", "bold", "perfusion", "tof", "field_map")
_KERNELS = ("lung_kernel", "bone_kernel", "soft_kernel")
_SIDES = ("right", "left", "both_sides")
_VIEWS = ("cc", "xcc", "mlo", "ml", "lm", "frontal", "lateral", "oblique", "axial", "pa", "ap")
_EXTRA = ("magnification", "spot_compression", "implant_displaced")
_KINDS_OF_MAMMOGRAM = ("tomosynthesis", "synthetic_2d", "mammogram_2d")
_CORRECTIONS = ("pet_ac", "pet_nac")

# Elements that may tell two series of a study apart, codes and defined terms before numbers before text.
_CODES = ("ViewCodeSequence", "ViewModifierCodeSequence", "AnatomicRegionSequence", "PerformedProtocolCodeSequence")
_TERMS = (
    "SOPClassUID", "AcquisitionContrast", "MRAcquisitionType", "ScanningSequence", "SequenceVariant", "ScanOptions",
    "CorrectedImage", "Units", "PresentationIntentType", "ViewPosition", "ConvolutionKernel", "ImageType", "PatientPosition",
    "DerivationCodeSequence",
)  # fmt: skip
_NUMBERS = ("DiffusionBValue", "EchoTime", "InversionTime", "RepetitionTime", "FlipAngle", "SliceThickness", "KVP")
_TEXTS = ("SeriesDescription", "ProtocolName")
MOST_LETTERS, MOST_DIGITS = 24, 3
_ORDERS = (Order.THINNEST, Order.THICKEST, Order.MOST_IMAGES)


def selector_for(facts: StudyFacts, target: ImageSet, name: str, title: str) -> tuple[Selector, str]:
    """A selector whose first choice in this study is `target`, and a doubt in words (empty: none)."""
    rules = _base_rules(facts, target)
    selector = Selector(name, title, _with_discriminating(rules, facts, target))
    for rival in _rivals(selector, facts, target):
        # One rule may tell several apart.
        if rival in _rivals(selector, facts, target):
            selector = _tightened(selector, facts, target, rival)
    if not _before(selector, facts, target):
        return selector, ""
    return _by_order(selector, facts, target)


# ---- what it is ----------------------------------------------------------------------


def _base_rules(facts: StudyFacts, target: ImageSet) -> tuple[Rule, ...]:
    roles = [role.value for role in facts.roles(target)]
    modality = target.series.modality
    if FOR_READING in roles and modality:
        return (_is("Modality", modality, 10, required=True), _role(FOR_READING, 0, required=True), *_kind(modality, roles))
    junk = _JUNK_OF_PROJECTIONS if modality in PROJECTION_MODALITIES else JUNK
    rules = [_is("Modality", modality, 10, required=True)] if modality else [_known("images")]
    rules += [_role(role, 5, required=True) for role in junk if role in roles]
    absent = tuple(role for role in junk if role not in roles)
    if absent:
        rules.append(_none_of(absent, 0, required=True))
    return (*rules, *_kind(modality, roles))


def _kind(modality: str, roles: list[str]) -> Iterator[Rule]:
    return _BY_MODALITY.get(modality, _of_others)(roles)


def _of_ct(roles: list[str]) -> Iterator[Rule]:
    yield from (_role(role, 4) for role in _PLANES if role in roles)
    yield _role("reformat", 2) if "reformat" in roles else _none_of(("reformat",), 2)
    yield from (_role(role, 3) for role in _KERNELS if role in roles)
    yield from (_role(role, 2) for role in ("post_contrast", "virtual_monoenergetic") if role in roles)


def _of_mr(roles: list[str]) -> Iterator[Rule]:
    weighting = next((role for role in _WEIGHTINGS if role in roles), "")
    if weighting:
        yield _role(weighting, 10, required=True)
    if weighting == "dwi":
        yield _role("high_b", 5) if "high_b" in roles else _none_of(("high_b",), 5)
    if weighting == "t1":
        yield _role("post_contrast", 6) if "post_contrast" in roles else _none_of(("post_contrast",), 6)
    yield from (_role(role, 6) for role in _PLANES if role in roles)
    yield from (_role(role, 2) for role in ("reformat", "3d") if role in roles)


def _of_mammogram(roles: list[str]) -> Iterator[Rule]:
    for group in (_SIDES, _VIEWS):
        yield from (_role(role, 10, required=True) for role in roles if role in group)
    if "tomosynthesis" in roles:
        yield _role("tomosynthesis", 10, required=True)
    else:
        yield _none_of(("tomosynthesis",), 0, required=True)
        kinds = [role for role in _KINDS_OF_MAMMOGRAM if role in roles]
        yield from (_role(role, 3) for role in kinds)
    yield from (_role(role, 5, required=True) for role in _EXTRA if role in roles)
    plain = tuple(role for role in _EXTRA if role not in roles)
    if plain:
        yield _none_of(plain, 3)


def _of_radiograph(roles: list[str]) -> Iterator[Rule]:
    views = [role for role in _VIEWS if role in roles]
    leading = "frontal" if "frontal" in views else views[0] if views else ""
    if leading:
        yield _role(leading, 10, required=True)
    yield from (_role(role, 2) for role in views if role != leading)
    yield from (_role(role, 5) for role in _SIDES if role in roles)


def _of_pet(roles: list[str]) -> Iterator[Rule]:
    yield from (_role(role, 5, required=True) for role in _CORRECTIONS if role in roles)
    yield from (_role(role, 2) for role in _PLANES if role in roles)


def _of_others(roles: list[str]) -> Iterator[Rule]:
    yield from (_role(role, 2) for role in roles if role not in JUNK and role != FOR_READING)


_BY_MODALITY = {
    "CT": _of_ct, "MR": _of_mr, "MG": _of_mammogram, "PT": _of_pet, "CR": _of_radiograph, "DX": _of_radiograph,
    "RG": _of_radiograph, "IO": _of_radiograph, "PX": _of_radiograph,
}  # fmt: skip

# Of these the reader means just this one where the study has another beside it; of the others rather this one.
_DISCRIMINATING = {"MR": _PLANES, "CT": ("coronal", "sagittal", "ct_of_petct"), "CR": _SIDES, "DX": _SIDES}


def _with_discriminating(rules: tuple[Rule, ...], facts: StudyFacts, target: ImageSet) -> tuple[Rule, ...]:
    """Rules that are required because the study holds another series that is alike but for this."""
    kinds = _DISCRIMINATING.get(target.series.modality, ())
    plain = Selector("", "", tuple(rule for rule in rules if rule.required))
    alike = [one.image_set for one in candidates(plain, facts) if one.image_set != target]

    def decides(rule: Rule) -> bool:
        wanted = rule.constraint is Constraint.EQUALS and rule.attribute == "role" and rule.values[0] in kinds
        return wanted and any(passing(rule, facts.of_image_set(one, "role")) is None for one in alike)

    return tuple(replace(rule, required=True) if decides(rule) else rule for rule in rules)


# ---- what tells it from others -------------------------------------------------------


def _rivals(selector: Selector, facts: StudyFacts, target: ImageSet) -> list[ImageSet]:
    """Those that score as the target does: in another study they may come before it. It passes every rule."""
    found = candidates(selector, facts)
    best = next((one.score.points for one in found if one.image_set == target), 0.0)
    return [one.image_set for one in found if one.image_set != target and one.score.points >= best]


def _before(selector: Selector, facts: StudyFacts, target: ImageSet) -> bool:
    return candidates(selector, facts)[0].image_set != target


def _tightened(selector: Selector, facts: StudyFacts, target: ImageSet, rival: ImageSet) -> Selector:
    """With one further fact that the target has and the rival has not, where there is one.

    What is only a number or a word is asked for where nothing else decides.
    """
    found = candidates(selector, facts)
    comes_first = next((one.image_set for one in found if one.image_set in (target, rival)), target) == rival
    for rule in (*_general(facts, target, rival), *(_special(facts, target, rival) if comes_first else ())):
        ours = passing(rule, facts.of_image_set(target, rule.attribute))
        if ours is not None and passing(rule, facts.of_image_set(rival, rule.attribute)) is None:
            return replace(selector, rules=(*selector.rules, rule))
    return selector


def _general(facts: StudyFacts, target: ImageSet, rival: ImageSet) -> Iterator[Rule]:
    """Rules by what the two are for, where they lie, and codes."""
    ours = [role.value for role in facts.roles(target)]
    theirs = [role.value for role in facts.roles(rival)]
    yield from (_role(role, 3) for role in ours if role not in theirs)
    yield from (_none_of((role,), 3) for role in theirs if role not in ours)
    for attribute in ("laterality", "anatomy"):
        yield from (_is(attribute, fact.value, 3) for fact in facts.of_image_set(target, attribute))
    for attribute in _CODES:
        yield from (_is(attribute, "|".join(value.split("|")[:2]), 3) for value in target.elements(attribute))


def _special(facts: StudyFacts, target: ImageSet, rival: ImageSet) -> Iterator[Rule]:
    """Defined terms, numbers, words, and at last what only the rival says."""
    for attribute in _TERMS:
        yield from (_is(attribute, value, 3) for value in target.elements(attribute))
    for attribute in _NUMBERS:
        yield from _range(attribute, target, rival)
    yield from _words(facts, target, rival)
    for attribute in (*_CODES, *_TERMS):
        yield from (_other_than(attribute, value) for value in rival.elements(attribute))


def _range(attribute: str, target: ImageSet, rival: ImageSet) -> Iterator[Rule]:
    """All on the target's side of the middle between the two."""
    ours, theirs = target.number(attribute), rival.number(attribute)
    if ours is None or theirs is None or ours == theirs:
        return
    middle = (ours + theirs) / 2
    low, high = (middle, float("inf")) if ours > theirs else (float("-inf"), middle)
    yield Rule(attribute, Constraint.RANGE, (), low, high, 3.0)


def _words(facts: StudyFacts, target: ImageSet, rival: ImageSet) -> Iterator[Rule]:
    """Single words of what the series is called, then all of it; never one that may be the patient's."""
    name = facts.study.patient.name
    private = {*tokens(name.replace("^", " ")), *tokens(facts.study.patient.key.patient_id)}
    for attribute in _TEXTS:
        theirs = tokens(rival.first(attribute))
        for word in tokens(target.first(attribute)):
            if word not in theirs and word not in private and 1 < len(word) <= MOST_LETTERS and not word.isdigit():
                yield Rule(attribute, Constraint.CONTAINS, (word,), weight=3.0)
    for attribute in _TEXTS:
        words = tokens(target.first(attribute))
        # A long number may be anybody's.
        if words and private.isdisjoint(words) and not any(word.isdigit() and len(word) > MOST_DIGITS for word in words):
            yield _is(attribute, target.first(attribute), 3)


def _by_order(selector: Selector, facts: StudyFacts, target: ImageSet) -> tuple[Selector, str]:
    """No fact tells it from its rivals: by thickness or number of images, else by its place among them."""
    for order in _ORDERS:
        found = replace(selector, order=order)
        if not _before(found, facts, target):
            return found, ""
    by_number = replace(selector, order=Order.SERIES_NUMBER)
    doubt = "only its place among series that are alike tells it from them"
    return by_number, doubt


def place_of(selector: Selector, facts: StudyFacts, target: ImageSet) -> int:
    """Which of the selector's choices the target is (1 is the first); 0 when it is none."""
    for number, one in enumerate(candidates(selector, facts), start=1):
        if one.image_set == target:
            return number
    return 0


# ---- rules ---------------------------------------------------------------------------


def _role(name: str, weight: float, required: bool = False) -> Rule:
    return _is("role", name, weight, required)


def _is(attribute: str, value: str, weight: float, required: bool = False) -> Rule:
    return Rule(attribute, Constraint.EQUALS, (value,), weight=float(weight), required=required)


def _none_of(names: Iterable[str], weight: float, required: bool = False) -> Rule:
    return Rule("role", Constraint.NONE_OF, tuple(names), weight=float(weight), required=required)


def _other_than(attribute: str, value: str) -> Rule:
    plain = "|".join(value.split("|")[:2]) if attribute in _CODES or attribute.endswith("CodeSequence") else value
    return Rule(attribute, Constraint.NONE_OF, (plain,), weight=3.0)


def _known(attribute: str) -> Rule:
    return Rule(attribute, Constraint.NOT_NULL, weight=1.0)
