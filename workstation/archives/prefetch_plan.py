"""What to fetch, in which order, from which archive, and why: pure functions of what is known now.

The worklist says for whom and in which order, the archives what there is, the cache what is here
already. Nothing is asked or fetched in this module.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from workstation.archives.prefetch_policy import PrefetchPolicy
from workstation.archives.prefetch_relevance import Relevance, Shown, judge
from workstation.cache.admission import same_patient
from workstation.domain.archive import Archive, FoundStudy
from workstation.domain.order import ReadStatus, WorklistItem
from workstation.domain.patient import Patient, PatientKey
from workstation.domain.study import Study

HERE = "it is here"
TO_BE_READ = frozenset({ReadStatus.UNREAD, ReadStatus.DRAFT, ReadStatus.PRELIMINARY})


class Role(StrEnum):
    CURRENT = "study to be read"
    PRIOR = "prior"


@dataclass(frozen=True, slots=True)
class Held:
    """How much of a study is here: instances, and whether they were proven to be all."""

    study: Study
    instances: int
    is_proven: bool = False


@dataclass(frozen=True, slots=True)
class PlannedStudy:
    """One study to fetch. `why` and `reasons` are English source strings without patient data."""

    found: FoundStudy
    archive: str
    role: Role
    row: int
    why: str
    points: float = 0.0
    reasons: tuple[str, ...] = ()

    @property
    def study_instance_uid(self) -> str:
        return self.found.study_instance_uid


@dataclass(frozen=True, slots=True)
class PassedOver:
    """A study that an archive holds and that is not fetched, and why."""

    found: FoundStudy
    why: str


@dataclass(frozen=True, slots=True)
class Plan:
    """`studies` in the order in which they are fetched; `rows` are the worklist rows that are prepared."""

    rows: tuple[WorklistItem, ...] = ()
    studies: tuple[PlannedStudy, ...] = ()
    passed_over: tuple[PassedOver, ...] = ()

    @property
    def wanted(self) -> frozenset[str]:
        """What the rows need, fetched or here already: it stays on the disk before anything else."""
        here = (one.found.study_instance_uid for one in self.passed_over if one.why == HERE)
        return frozenset((*(one.study_instance_uid for one in self.studies), *here))

    def explain(self) -> tuple[str, ...]:
        """The plan in words, a line each: no names, no descriptions."""
        lines = [f"{len(self.rows)} rows of the worklist, {len(self.studies)} studies to fetch"]
        for number, one in enumerate(self.studies, start=1):
            lines.append(f"{number}. {_called(one.found)} from {one.archive}: {one.why} of row {one.row}")
            lines += [f"     {reason}" for reason in one.reasons]
        lines += [f"not fetched: {_called(one.found)} in {one.found.archive}: {one.why}" for one in self.passed_over]
        return tuple(lines)


def rows_to_prepare(items: Sequence[WorklistItem], policy: PrefetchPolicy, now: datetime) -> tuple[WorklistItem, ...]:
    """The rows of the worklist that the policy covers, in its order (most urgent first, then by due time)."""
    latest = now + timedelta(hours=policy.horizon(now))
    chosen = [i for i in items if i.status in TO_BE_READ and (i.due is None or i.due <= latest) and _is_own(i, policy)]
    return tuple(chosen[: policy.most_rows])


def patients_of(rows: Iterable[WorklistItem]) -> tuple[Patient, ...]:
    """Whose studies the archives are asked for, in the order of the rows."""
    first: dict[PatientKey, Patient] = {}
    for row in rows:
        if row.patient.key.patient_id:
            first.setdefault(row.patient.key, row.patient)
    return tuple(first.values())


def make_plan(
    items: Sequence[WorklistItem],
    found: Iterable[FoundStudy],
    held: Mapping[str, Held],
    archives: Sequence[Archive],
    policy: PrefetchPolicy,
    now: datetime,
) -> Plan:
    """`found` is what all archives hold of the rows' patients, `held` what is here, by Study Instance UID.

    A study is in the plan once, for the first row that wants it, from the first archive in the
    order: local before remote, then the policy's own order, then that of the site.
    """
    rows = rows_to_prepare(items, policy, now)
    sources = _by_study(found, archives, policy)
    planned: dict[str, PlannedStudy] = {}
    passed: dict[str, PassedOver] = {}
    for number, row in enumerate(rows, start=1):
        for one, why in _wanted(number, row, sources, held, policy, now):
            uid = one.study_instance_uid
            if why:
                passed.setdefault(uid, PassedOver(one.found, why))
            elif uid not in planned:
                planned[uid] = one
    return Plan(rows, tuple(planned.values()), tuple(one for uid, one in passed.items() if uid not in planned))


def _wanted(
    number: int,
    row: WorklistItem,
    sources: Mapping[str, FoundStudy],
    held: Mapping[str, Held],
    policy: PrefetchPolicy,
    now: datetime,
) -> list[tuple[PlannedStudy, str]]:
    """The row's own study, then its priors, best first; each with why it is not fetched (empty when it is)."""
    own = [one for one in sources.values() if _is_of_row(one, row)]
    wanted = [(_planned(one, Role.CURRENT, number, 0.0, ()), _here(one, held)) for one in own]
    rules = policy.priors_for(row.modality or "/".join(own[0].modalities if own else ()))
    here = held.get(row.study_instance_uid)
    current = Shown.of_item(row, here.study if here else None, own[0] if own else None, policy.words)
    judged = [
        (judge(current, Shown.of_found(one, policy.words), policy, rules, now.date()), one)
        for one in sources.values()
        if one not in own and one.study_instance_uid != row.study_instance_uid and _is_of(one, row.patient)
    ]
    for place, (relevance, one) in enumerate(sorted(judged, key=_best_first)):
        why = relevance.refusal or ("" if place < rules.most else f"there are {rules.most} more relevant priors")
        planned = _planned(one, Role.PRIOR, number, relevance.points, relevance.reasons)
        wanted.append((planned, why or _here(one, held)))
    return wanted


def _planned(found: FoundStudy, role: Role, row: int, points: float, reasons: tuple[str, ...]) -> PlannedStudy:
    why = f"{role.value} ({points:.3g} points)" if role is Role.PRIOR else role.value
    return PlannedStudy(found, found.archive, role, row, why, points, reasons)


def _is_of_row(found: FoundStudy, row: WorklistItem) -> bool:
    """The row's own study: by its UID, else by accession number, and only of the same patient."""
    if not _is_of(found, row.patient):
        return False
    if row.study_instance_uid:
        return found.study_instance_uid == row.study_instance_uid
    return bool(row.accession_number) and found.accession_number == row.accession_number


def _is_of(found: FoundStudy, patient: Patient) -> bool:
    """The directory has checked the issuer; where one is missing, two birth dates tell people apart."""
    ours, theirs = patient, found.patient
    if not same_patient(ours.key, theirs.key):
        return False
    has_issuers = bool(ours.key.issuer and theirs.key.issuer)
    return has_issuers or ours.birth_date == theirs.birth_date or not (ours.birth_date and theirs.birth_date)


def _here(found: FoundStudy, held: Mapping[str, Held]) -> str:
    """Why the study need not be fetched; empty when it must. What an archive counts is a hint to look again."""
    here = held.get(found.study_instance_uid)
    if here is None:
        return ""
    if found.instance_count is not None and found.instance_count > here.instances:
        return ""
    return HERE if here.is_proven or found.instance_count is not None else ""


def _by_study(found: Iterable[FoundStudy], archives: Sequence[Archive], policy: PrefetchPolicy) -> dict[str, FoundStudy]:
    """Each study once, as the archive that it is fetched from describes it."""
    order = {one.name: rank for rank, one in enumerate(sorted(archives, key=lambda one: _rank(one, policy)))}
    known = [one for one in found if one.archive in order]
    chosen: dict[str, FoundStudy] = {}
    for one in sorted(known, key=lambda one: order[one.archive]):
        chosen.setdefault(one.study_instance_uid, one)
    return chosen


def _rank(archive: Archive, policy: PrefetchPolicy) -> tuple[bool, int]:
    order = policy.archive_order
    return not archive.is_local, order.index(archive.name) if archive.name in order else len(order)


def _is_own(item: WorklistItem, policy: PrefetchPolicy) -> bool:
    modalities = set(item.modality.split("/")) - {""}
    return not policy.modalities or not modalities or bool(modalities & set(policy.modalities))


def _best_first(judged: tuple[Relevance, FoundStudy]) -> tuple[bool, float, tuple[int, ...], str]:
    relevance, found = judged
    return bool(relevance.refusal), -relevance.points, _newest(found), found.study_instance_uid


def _newest(found: FoundStudy) -> tuple[int, ...]:
    """Sorts the newer first."""
    return tuple(-ord(letter) for letter in (found.study_date + found.study_time))


def _called(found: FoundStudy) -> str:
    """A study in words that tell nobody who it is of: modality and month."""
    modalities = "/".join(m for m in found.modalities if m.isalnum() and len(m) <= 16) or "a study"
    day = found.study_date.replace(".", "")
    return f"{modalities} of {day[:4]}-{day[4:6]}" if len(day) == 8 and day.isdigit() else f"{modalities} without date"
