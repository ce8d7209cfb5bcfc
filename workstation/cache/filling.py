"""Filling an empty index: by the same rules as one file at a time, with far fewer questions to the database.

What studies and series say is gathered in memory and written at the end; instances are written
in portions, for there may be a million of them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from workstation.cache.index import StudyIndex
from workstation.cache.rows import instance_row, series_row, study_row
from workstation.domain.ai_result import AI_RESULT, merged
from workstation.domain.patient import PatientKey
from workstation.domain.study import Instance, ParsedInstance, Series, Study

PORTION = 500


@dataclass(slots=True)
class _Told:
    """A study and who speaks for it; `issuer` is the one that any of its files named."""

    leading: str
    study: Study
    issuer: str


class Filling:
    """Implements `admission.Known`. Inside `StudyIndex.changing`, after `clear`; nothing is whole before `finish`."""

    def __init__(self, index: StudyIndex) -> None:
        self._index = index
        self._studies: dict[str, _Told] = {}
        self._series: dict[tuple[str, str], tuple[str, Series]] = {}
        self._portion: dict[tuple[str, str, str], dict[str, Any]] = {}
        index.defer_references()

    def patient_of(self, study_uid: str) -> PatientKey | None:
        told = self._studies.get(study_uid)
        return PatientKey(told.study.patient.key.patient_id, told.issuer) if told else None

    def hash_of(self, study_uid: str, series_uid: str, sop_instance_uid: str) -> str | None:
        waiting = self._portion.get((study_uid, series_uid, sop_instance_uid))
        return waiting["sha256"] if waiting else self._index.hash_of(study_uid, series_uid, sop_instance_uid)

    def insert(self, parsed: ParsedInstance, stored: Instance, leading: str) -> None:
        """As `StudyIndex.insert`."""
        study, series = parsed.study, parsed.series
        study_uid, series_uid = study.study_instance_uid, series.series_instance_uid
        told = self._studies.get(study_uid)
        if told is None:
            self._studies[study_uid] = _Told(leading, replace(study, series=()), study.patient.key.issuer)
        else:
            told.issuer = study.patient.key.issuer or told.issuer
            if leading <= told.leading:
                told.leading, told.study = leading, replace(study, series=())
        held = self._series.get((study_uid, series_uid))
        if held is None or leading < held[0]:
            attributes = merged(series.attributes, held[1].attributes if held is not None else {})
            self._series[study_uid, series_uid] = (leading, replace(series, attributes=attributes, instances=()))
        elif AI_RESULT in series.attributes:
            attributes = merged(held[1].attributes, series.attributes)
            self._series[study_uid, series_uid] = (held[0], replace(held[1], attributes=attributes))
        self._portion[study_uid, series_uid, stored.sop_instance_uid] = instance_row(study_uid, series_uid, stored)
        if len(self._portion) >= PORTION:
            self._write_portion()

    def finish(self) -> None:
        self._write_portion()
        studies = [(told, PatientKey(told.study.patient.key.patient_id, told.issuer)) for told in self._studies.values()]
        self._index.put_many("patient", [{"patient_id": k.patient_id, "issuer": k.issuer} for k in {k for _, k in studies}])
        whole = (replace(told.study, patient=replace(told.study.patient, key=key)) for told, key in studies)
        self._index.put_many("study", [study_row(s, t.leading) for s, (t, _) in zip(whole, studies, strict=True)])
        self._index.put_many("series", [series_row(uid, one, leading) for (uid, _), (leading, one) in self._series.items()])

    def _write_portion(self) -> None:
        self._index.put_many("instance", list(self._portion.values()))
        self._portion.clear()
