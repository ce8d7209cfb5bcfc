"""Studies put together from instances as they come, by the same rules as the cache, without a database."""

from __future__ import annotations

from dataclasses import replace

from workstation.cache.admission import Answer, admission, leading
from workstation.cache.order import by_number, by_series_number, newest_first
from workstation.cache.quarantine import QuarantineKind
from workstation.domain.patient import PatientKey
from workstation.domain.study import Instance, ParsedInstance, Series, Study


class Gathering:
    """Not thread-safe. `add` in any order gives the same studies, but for what is set aside."""

    def __init__(self) -> None:
        self._studies: dict[str, tuple[str, Study]] = {}
        self._series: dict[tuple[str, str], tuple[str, Series]] = {}
        self._instances: dict[tuple[str, str], dict[str, Instance]] = {}
        self._issuers: dict[str, str] = {}

    def add(self, parsed: ParsedInstance) -> Answer | QuarantineKind:
        study, series, instance = parsed.study, parsed.series, parsed.instance
        answer = admission(parsed, instance.sha256, self)
        if answer is not Answer.ADMITTED:
            return answer
        rank = leading(parsed, instance.sha256)
        place = (study.study_instance_uid, series.series_instance_uid)
        self._studies[place[0]] = min(self._studies.get(place[0], (rank, study)), (rank, study), key=_rank)
        self._series[place] = min(self._series.get(place, (rank, series)), (rank, series), key=_rank)
        self._instances.setdefault(place, {})[instance.sop_instance_uid] = instance
        self._issuers[place[0]] = study.patient.key.issuer or self._issuers.get(place[0], "")
        return answer

    def patient_of(self, study_uid: str) -> PatientKey | None:
        if study_uid not in self._studies:
            return None
        return PatientKey(self._studies[study_uid][1].patient.key.patient_id, self._issuers[study_uid])

    def hash_of(self, study_uid: str, series_uid: str, sop_instance_uid: str) -> str | None:
        instance = self._instances.get((study_uid, series_uid), {}).get(sop_instance_uid)
        return instance.sha256 if instance else None

    def studies(self) -> tuple[Study, ...]:
        """Whole studies, newest first."""
        return newest_first(self._whole(uid) for uid in self._studies)

    def _whole(self, study_uid: str) -> Study:
        study = self._studies[study_uid][1]
        series = (
            replace(one, instances=by_number(self._instances[place].values()))
            for place, (_, one) in self._series.items()
            if place[0] == study_uid
        )
        key = PatientKey(study.patient.key.patient_id, self._issuers[study_uid])
        return replace(study, patient=replace(study.patient, key=key), series=by_series_number(series))


def _rank(item: tuple[str, object]) -> str:
    return item[0]
