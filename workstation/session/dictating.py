"""What a case tells the recogniser, so that it expects the words of this examination."""

from __future__ import annotations

from workstation.domain.dictation import DictationContext
from workstation.session.session import Session

NOT_IMAGES = ("SR", "PR", "KO", "OT", "SEG")


def context_of(session: Session) -> DictationContext:
    """The exam of the open case; nothing special without one."""
    case = session.case
    if case is None:
        return DictationContext()
    study = case.study
    part = next((s.body_part_examined for s in study.series if s.body_part_examined), "")
    modality = next((m for m in study.modalities if m not in NOT_IMAGES), "")
    procedure = case.item.procedure if case.item else study.study_description
    return DictationContext(modality, part.lower(), procedure)
