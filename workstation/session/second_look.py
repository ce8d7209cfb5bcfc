"""The colleague's look at a report when it is to be signed.

Remarks are shown once; signing again signs the same text over them, unless the site's policy forbids it.
A text that was changed is looked at anew.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from workstation.colleague.facts import CaseFacts, MeasuredFact, PriorFact, Remark, ReportText, Severity, Side
from workstation.domain.annotation import Annotation, Verdict
from workstation.domain.dates import as_date
from workstation.domain.report import Report
from workstation.domain.study import Series, Study
from workstation.errors import WorkstationError
from workstation.reporting.signing import NotSigned
from workstation.session.templating import Untouched
from workstation.session.tool import ShownImage
from workstation.signals import Signal

if TYPE_CHECKING:
    from workstation.colleague.language import Language

logger = logging.getLogger(__name__)

# Laterality (0020,0060) and ImageLaterality (0020,0062).
_SIDES = {"L": Side.LEFT, "R": Side.RIGHT}
# Series that nobody reads: localizers, dose and other reports, presentation objects.
_NOT_READ = frozenset({"SR", "PR", "KO", "SEG", "RTSTRUCT", "REG", "DOC", "OT"})


class Remarked(NotSigned):
    """A signature that was refused because of remarks."""

    def __init__(self, remarks: Sequence[Remark]) -> None:
        self.remarks = tuple(remarks)
        stops = any(r.severity is Severity.BLOCK for r in remarks)
        count = f"{len(remarks)} remarks" if len(remarks) > 1 else "One remark"
        hint = "Mend what stops it, then sign" if stops else "Look at them below the report; sign again to sign it as it is"
        super().__init__(f"{count} on the text", hint)


class SecondLook:
    """`changed` tells the remarks that stand below the report on the desk. Main thread, but for what `checker` gives."""

    def __init__(self, site: Path | None = None) -> None:
        """`site` holds word lists and `policy.toml` of the site. What is unusable there is said by `notice` and left out."""
        self._site = site
        self._known: tuple[Mapping[str, Language], Mapping[str, Severity]] | None = None
        self._shown: dict[str, frozenset[tuple[str, str, str]]] = {}
        self.notice = ""
        self.remarks: tuple[Remark, ...] = ()
        self.changed: Signal[tuple[Remark, ...]] = Signal()

    def checker(
        self,
        facts: CaseFacts,
        untouched: Callable[[Report], Untouched] = lambda _: (),
        unseen: Callable[[Report], Untouched] = lambda _: (),
    ) -> Callable[[Report], None]:
        """To be called with the text as it lies on disk, on any thread. Raises Remarked.

        `untouched` tells which parts of that text are defaults of a template that nobody touched (F72), `unseen` which were
        dictated and nobody looked at.
        """
        shown = dict(self._shown)

        def check(report: Report) -> None:
            remarks = self.look(report, replace(facts, untouched=untouched(report), unseen_words=unseen(report)))
            stops = [r for r in remarks if r.severity is Severity.BLOCK]
            new = {_key(r) for r in remarks} - shown.get(report.report_uuid, frozenset())
            if stops or new:
                raise Remarked(remarks)

        return check

    def look(self, report: Report, facts: CaseFacts) -> tuple[Remark, ...]:
        """All remarks on a text. Any thread."""
        # The rules come with the first signature: a worklist is shown without them.
        from workstation.colleague.colleague import look
        from workstation.colleague.rules_spoken import spoken

        languages, policy = self._words()
        text = ReportText({s.code: s.text for s in report.sections})
        return (*look(text, facts, languages, policy), *spoken(text, facts.unseen_words, policy))

    def show(self, report_uuid: str, remarks: Sequence[Remark]) -> None:
        """The reader sees these now, what stops first: signing the same text again passes over them."""
        self._shown[report_uuid] = frozenset(_key(r) for r in remarks)
        self._set(tuple(sorted(remarks, key=lambda r: r.severity is not Severity.BLOCK)))

    def told(self) -> str:
        """What is wrong with the site's files, once."""
        notice, self.notice = self.notice, ""
        return notice

    def clear(self) -> None:
        """Another report is on the desk, or it was signed."""
        self._shown.clear()
        self._set(())

    def _set(self, remarks: tuple[Remark, ...]) -> None:
        if remarks != self.remarks:
            self.remarks = remarks
            self.changed.emit(remarks)

    def _words(self) -> tuple[Mapping[str, Language], Mapping[str, Severity]]:
        if self._known is None:
            from workstation.colleague.language import load_languages
            from workstation.colleague.policy import load_policy

            try:
                self._known = load_languages(self._site), load_policy(self._site)
            except WorkstationError as error:
                # A site's broken file must not stop reports, and not go unnoticed either.
                logger.warning("checking reports: %s", error.title)
                self.notice = str(error)
                self._known = load_languages(), load_policy()
        return self._known


def accepts_all(_: Report) -> None:
    """Nobody looks."""


def facts_of(
    study: Study,
    priors: Sequence[Study],
    drawings: Sequence[Annotation],
    shown: frozenset[ShownImage],
    procedure: str,
    reason: str,
) -> CaseFacts:
    """What is known of the open case."""
    read = [s for s in study.series if s.image_count and s.modality not in _NOT_READ and not _is_localizer(s)]
    uids = {s.sop_instance_uid for s in shown if s.study_uid == study.study_instance_uid}
    return CaseFacts(
        sex=study.patient.sex if study.patient.sex in ("M", "F") else "",
        age=_age(study),
        modalities=frozenset(s.modality for s in read),
        procedure=procedure or study.study_description,
        reason=reason,
        body_parts=tuple(dict.fromkeys(s.body_part_examined for s in read if s.body_part_examined)),
        sides=frozenset(side for s in read for side in _sides(s)),
        contrast=_contrast(read),
        study_day=as_date(study.study_date),
        priors=tuple(PriorFact(as_date(p.study_date), "/".join(p.modalities), p.study_description) for p in priors),
        measured=_measured(study, drawings),
        # A cut through a volume names no image: it shows its series, but not which one.
        unseen_series=0 if "" in uids else sum(not any(i.sop_instance_uid in uids for i in s.instances) for s in read),
    )


def _age(study: Study) -> float | None:
    born, then = as_date(study.patient.birth_date), as_date(study.study_date)
    return None if born is None or then is None or born > then else (then - born).days / 365.25


def _sides(series: Series) -> list[Side]:
    values = [*series.attributes.get("Laterality", ()), *series.attributes.get("ImageLaterality", ())]
    return [_SIDES[v] for v in values if v in _SIDES]


def _contrast(series: Sequence[Series]) -> bool | None:
    """True where an agent is named (0018,0010). That none is named proves nothing: it is often left out."""
    named = any(s.attributes.get("ContrastBolusAgent") or s.attributes.get("ContrastBolusAgentSequence") for s in series)
    return True if named else None


def _is_localizer(series: Series) -> bool:
    return "LOCALIZER" in series.attributes.get("ImageType", ())


def _measured(study: Study, drawings: Sequence[Annotation]) -> tuple[MeasuredFact, ...]:
    own = (a for a in drawings if a.study_uid == study.study_instance_uid and a.verdict is Verdict.ACCEPTED)
    return tuple(MeasuredFact(v.name, v.value, v.unit) for a in own for v in a.measured.values if v.unit.startswith("mm"))


def _key(remark: Remark) -> tuple[str, str, str]:
    return remark.rule, remark.section.value, remark.words
