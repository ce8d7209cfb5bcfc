"""What templates are told of the open case: for choosing one, and for what merge fields say."""

from __future__ import annotations

from collections.abc import Sequence

from workstation.domain.dates import as_date
from workstation.domain.dose import DoseReport, summed
from workstation.domain.study import Series, Study
from workstation.session.case import Case
from workstation.templates.choosing import Exam
from workstation.templates.merge import MergeFacts

# Objects beside the images: they say nothing of what was examined.
_BESIDE = frozenset({"SR", "PR", "KO", "SEG", "RTSTRUCT", "REG", "DOC", "OT"})


def exam_of(case: Case) -> Exam:
    study, read = case.study, _read(case.study)
    days = _age_days(study)
    order = case.item.order if case.item is not None else None
    codes = (order.procedure_code if order is not None else "", *(c.split("|")[0] for c in study.procedure_codes))
    procedure = case.item.procedure if case.item is not None else ""
    return Exam(
        words=" ".join(dict.fromkeys(w for w in (case.procedure, procedure, study.study_description) if w)),
        codes=tuple(dict.fromkeys(c for c in codes if c)),
        modalities=tuple(dict.fromkeys(s.modality for s in read if s.modality)),
        body_parts=tuple(dict.fromkeys(s.body_part_examined for s in read if s.body_part_examined)),
        sex=study.patient.sex,
        age=None if days is None else int(days / 365.25),
    )


def merge_facts(case: Case, doses: Sequence[DoseReport] = ()) -> MergeFacts:
    """`doses` are those of all open studies: only this study's count."""
    study, read = case.study, _read(case.study)
    then = as_date(study.study_date)
    earlier = [(p, as_date(p.study_date)) for p in case.priors]
    before = sorted(((p, day) for p, day in earlier if day and (then is None or day < then)), key=lambda p: p[1], reverse=True)
    procedure = case.procedure or (case.item.procedure if case.item is not None else "") or study.study_description
    return MergeFacts(
        modality="MR" if any(s.modality == "MR" for s in read) else next((s.modality for s in read), ""),
        age_days=_age_days(study),
        sex=study.patient.sex,
        procedure=procedure,
        reason=case.reason,
        slices_mm=_numbers(read, "SliceThickness"),
        kilovolts=_numbers(read, "KVP"),
        sequences=tuple(s.series_description for s in read if s.series_description),
        agents=tuple(agent for s in read for agent in s.attributes.get("ContrastBolusAgent", ())),
        dose=summed([one for one in doses if one.study_uid == study.study_instance_uid]),
        contrast_ml=_numbers(read, "ContrastBolusVolume"),
        contrast_mg_ml=_numbers(read, "ContrastBolusIngredientConcentration"),
        priors=tuple((p.study_description or "/".join(p.modalities), day) for p, day in before),
    )


def _read(study: Study) -> list[Series]:
    """The series with images that were made of the patient."""
    return [
        s
        for s in study.series
        if s.image_count and s.modality not in _BESIDE and "LOCALIZER" not in s.attributes.get("ImageType", ())
    ]


def _age_days(study: Study) -> int | None:
    born, then = as_date(study.patient.birth_date), as_date(study.study_date)
    return None if born is None or then is None or born > then else (then - born).days


def _numbers(series: Sequence[Series], keyword: str) -> tuple[float, ...]:
    """The values of an element, as far as they are numbers above zero."""
    found = []
    for text in (value for s in series for value in s.attributes.get(keyword, ())):
        try:
            number = float(text)
        except ValueError:
            continue
        if 0 < number < 1e6:
            found.append(number)
    return tuple(found)
