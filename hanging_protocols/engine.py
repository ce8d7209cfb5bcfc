"""From studies to an arrangement: rank the protocols, apply the best one, say why.

Nothing here depends on the order in which series, priors or protocols are given, and no tie is
broken without saying so.
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from hanging_protocols import plain, prior_facts
from hanging_protocols.comparable import counterpart
from hanging_protocols.facts import Fact, image_sets
from hanging_protocols.hanging import HungStage, Scene, hang_stage
from hanging_protocols.matching import Score, score
from hanging_protocols.model import HangingProtocol, Rule, Scope
from hanging_protocols.prior_facts import of_found
from hanging_protocols.prior_rules import PriorRules, built_in
from hanging_protocols.priors import RankedPrior, rank, rank_priors
from hanging_protocols.screens import fitted
from hanging_protocols.selection import candidates
from hanging_protocols.study_facts import StudyFacts, begin_case, facts_of
from workstation.domain.archive import FoundStudy
from workstation.domain.hanging import NOTHING_KNOWN, HangingContext, ProtocolChoice, not_hung
from workstation.domain.prior import PriorRelevance
from workstation.domain.study import Study
from workstation.domain.viewing import Arrangement, PresetTable, ViewportState
from workstation.domain.without_images import kinds

OTHER_SERIES = "Other series"

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Ranked:
    """A protocol with its score. `points` 0 means that it does not fit; `reasons` say why (not), made when they are asked
    for: of fifty protocols one hangs. `tied` is the title of another one of as many points, `tie` what decided."""

    protocol: HangingProtocol
    score: Score
    tied: str = ""
    tie: str = ""

    @property
    def points(self) -> float:
        return self.score.points

    @property
    def reasons(self) -> tuple[str, ...]:
        why = self.score.failed or self.score.reasons or ("none of its rules passes",)
        return (*why, self.tie) if self.tie else why


class ProtocolHanger:
    """Implements workstation.ports.Hanger on a fixed set of protocols and window presets."""

    def __init__(
        self,
        protocols: Iterable[HangingProtocol],
        presets: PresetTable | None = None,
        prior_rules: PriorRules | None = None,
    ) -> None:
        self.protocols = tuple(protocols)
        self.presets = presets or PresetTable()
        self.prior_rules = prior_rules or built_in()

    def rank(self, current: Study, priors: Sequence[Study] = (), context: HangingContext = NOTHING_KNOWN) -> tuple[Ranked, ...]:
        """Every protocol, the best first.

        Equal points: more required rules, then the higher level, then the id in alphabetical
        order; the winner's reasons say so.
        """
        return self._rank(self._scene(*self._known(current, priors, context), context))

    def choices(
        self, current: Study, priors: Sequence[Study], context: HangingContext = NOTHING_KNOWN
    ) -> tuple[ProtocolChoice, ...]:
        """Every protocol as it stands for this study, the best first."""
        return tuple(
            ProtocolChoice(one.protocol.protocol_id, one.protocol.title, one.points, one.reasons, one.protocol.level.name.lower())
            for one in self.rank(current, priors, context)
        )

    def relevance(
        self, current: Study, candidates: Sequence[Study | FoundStudy], context: HangingContext = NOTHING_KNOWN
    ) -> tuple[PriorRelevance, ...]:
        """How much speaks for each as a prior, here or as an archive lists it, the most relevant first."""
        ours = prior_facts.of_study(facts_of(current, context))
        known = [of_found(one) if isinstance(one, FoundStudy) else prior_facts.of_study(facts_of(one)) for one in candidates]
        return rank(ours, known, context, self.prior_rules)

    def counterpart(self, current: Study, shown: ViewportState, other: Study) -> tuple[ViewportState | None, str]:
        """The images of another study that are most like what is shown of the current one, and why; or why none."""
        return counterpart(current, shown, other)

    def hang(
        self,
        current: Study,
        priors: Sequence[Study],
        stage: int = 0,
        protocol_id: str = "",
        context: HangingContext = NOTHING_KNOWN,
    ) -> Arrangement:
        """One stage (from 0, among those that can be filled) of the best protocol, or of a named one.

        `priors` may hold any study; only comparable priors of the same patient are hung. A
        stage past the last one gives the last one. Never raises for what the studies hold.
        """
        try:
            return self._hang(current, priors, stage, protocol_id, context)
        except Exception as error:  # a mistake in a rule of ours may keep nobody from the images
            last = traceback.extract_tb(error.__traceback__)[-1]
            logger.error("hanging failed: %s in %s, line %s", type(error).__name__, Path(last.filename).name, last.lineno)
            why = not_hung(type(error).__name__)
            pages = plain.pages(image_sets(current), plain.PLAIN_TITLE)
            return _arrangement(plain.PLAIN_ID, plain.PLAIN_TITLE, pages, stage, (why,))

    def _hang(
        self, current: Study, priors: Sequence[Study], stage: int, protocol_id: str, context: HangingContext
    ) -> Arrangement:
        facts, ranked_priors = self._known(current, priors, context)
        scene = self._scene(facts, ranked_priors, context)
        notes = tuple(f"Not used as a prior: {one.refusal}" for one in ranked_priors if one.refusal)
        for ranked in self._candidates(scene, protocol_id):
            usable, skipped = _stages(ranked.protocol, _with_serving_priors(ranked.protocol, scene))
            if usable:
                stages = (*fitted(usable, len(context.screens)), *_rest(scene.current, usable))
                why = (*ranked.reasons, *skipped, *notes)
                hung = _arrangement(ranked.protocol.protocol_id, ranked.protocol.title, stages, stage, why, ranked.points)
                return hung if protocol_id else replace(hung, tied_with=ranked.tied)
            notes += (f'Protocol "{ranked.protocol.title}" is passed over: none of its stages can be filled',)
        why = ("No hanging protocol fits, so every series is laid out in order", *notes)
        pages = plain.pages(scene.current.image_sets, plain.PLAIN_TITLE, kinds(current.series))
        return _arrangement(plain.PLAIN_ID, plain.PLAIN_TITLE, pages, stage, why)

    def _candidates(self, scene: Scene, protocol_id: str) -> Iterator[Ranked]:
        """Those that fit, best first; of a named protocol only that one, whether it fits or not."""
        for ranked in self._rank(scene, in_short=not protocol_id):
            if ranked.protocol.protocol_id == protocol_id or (not protocol_id and ranked.points > 0.0):
                yield ranked

    def _known(
        self, current: Study, priors: Sequence[Study], context: HangingContext = NOTHING_KNOWN
    ) -> tuple[StudyFacts, tuple[RankedPrior, ...]]:
        begin_case(current)
        facts = facts_of(current, context)
        return facts, rank_priors(facts, map(facts_of, priors), context, self.prior_rules)

    def _scene(self, current: StudyFacts, ranked: Sequence[RankedPrior], context: HangingContext) -> Scene:
        return Scene(current, tuple(one.facts for one in ranked if one.usable), self.presets, context)

    def _rank(self, scene: Scene, in_short: bool = False) -> tuple[Ranked, ...]:
        """`in_short`: of what does not fit, not every reason is looked for."""
        ranked = sorted((_score(protocol, scene, in_short) for protocol in self.protocols), key=_standing)
        return (_with_tie(ranked), *ranked[1:]) if ranked else ()


def _score(protocol: HangingProtocol, scene: Scene, in_short: bool = False) -> Ranked:
    prior = scene.study(1)

    def answers(rule: Rule) -> tuple[Fact, ...]:
        if rule.scope is Scope.PRIOR:
            return prior.of_study(rule.attribute) if prior else ()
        return scene.current.of_study(rule.attribute)

    return Ranked(protocol, score(protocol.rules, answers, in_short))


def _standing(ranked: Ranked) -> tuple[float, int, int, str]:
    protocol = ranked.protocol
    return (-ranked.points, -protocol.required_count, -protocol.level, protocol.protocol_id)


def _with_tie(ranked: Sequence[Ranked]) -> Ranked:
    first = ranked[0]
    if len(ranked) < 2 or ranked[1].points != first.points or first.points <= 0.0:
        return first
    second = ranked[1]
    ours, theirs = first.protocol, second.protocol
    if ours.required_count != theirs.required_count:
        why = f"it has more required rules ({ours.required_count} against {theirs.required_count})"
    elif ours.level != theirs.level:
        why = f"it is of a higher level ({ours.level.name.lower()} against {theirs.level.name.lower()})"
    else:
        why = "its id comes first in the alphabet"
    tie = f'As many points as "{theirs.title}" ({first.points:g}); chosen because {why}'
    return replace(first, tied=theirs.title, tie=tie)


def _with_serving_priors(protocol: HangingProtocol, scene: Scene) -> Scene:
    """Only priors in which one of the protocol's prior cells finds something, as many as it shows: 1 is the best of them."""
    names = {cell.selector for stage in protocol.stages for cell in stage.cells if cell.prior}
    selectors = [protocol.selectors[name] for name in sorted(names)]
    serving = (one for one in scene.priors if any(candidates(s, one) for s in selectors))
    return replace(scene, priors=tuple(islice(serving, protocol.priors)))


def _stages(protocol: HangingProtocol, scene: Scene) -> tuple[list[HungStage], tuple[str, ...]]:
    """The stages that can be shown, and why the others are left out."""
    usable: list[HungStage] = []
    skipped: list[str] = []
    for template in protocol.stages:
        hung = hang_stage(protocol, template, scene)
        if not hung.skipped and template.only_new and _shown([hung]) <= _shown(usable):
            skipped.append(f'Stage "{hung.title}" is left out: the stages before it show all of it')
        elif hung.skipped:
            skipped.append(hung.skipped)
        else:
            usable.append(hung)
    return usable, tuple(skipped)


def _shown(stages: Iterable[HungStage]) -> frozenset[tuple[str, int]]:
    states = [cell.state for stage in stages for cell in stage.cells if cell.state]
    return frozenset((state.series_uid, state.position) for state in states)


def _rest(current: StudyFacts, stages: Iterable[HungStage]) -> tuple[HungStage, ...]:
    """Further stages for what no stage shows, so that stepping on reaches every series."""
    shown = _shown(stages)
    left = [one for one in current.image_sets if (one.series.series_instance_uid, one.position) not in shown]
    return plain.pages(left, OTHER_SERIES) if left else ()


def _arrangement(
    protocol_id: str, title: str, stages: Sequence[HungStage], stage: int, reasons: tuple[str, ...], points: float = 0.0
) -> Arrangement:
    index = min(max(stage, 0), len(stages) - 1)
    shown = stages[index]
    return Arrangement(
        protocol=protocol_id,
        title=title,
        stage=index,
        stage_count=len(stages),
        stage_title=shown.title,
        layout=shown.layout,
        cells=shown.cells,
        reasons=(*reasons, *shown.reasons),
        score=points,
        more_screens=shown.more_screens,
        stage_id=shown.stage_id,
    )
