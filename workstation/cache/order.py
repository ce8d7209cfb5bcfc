"""The orders in which studies, priors, series and instances are listed."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from datetime import datetime

from workstation.domain.study import Instance, Series, Study


def by_number(instances: Iterable[Instance]) -> tuple[Instance, ...]:
    """InstanceNumber, those without one last, then UID and hash so that the order is always the same."""

    def key(instance: Instance) -> tuple[bool, int, str, str]:
        number = instance.instance_number
        return (number is None, number or 0, instance.sop_instance_uid, instance.sha256)

    return tuple(sorted(instances, key=key))


def by_series_number(series: Iterable[Series]) -> tuple[Series, ...]:
    def key(one: Series) -> tuple[bool, int, str]:
        return (one.series_number is None, one.series_number or 0, one.series_instance_uid)

    return tuple(sorted(series, key=key))


def newest_first(studies: Iterable[Study]) -> tuple[Study, ...]:
    """By date and time, studies without a readable date last."""
    ordered = sorted(studies, key=lambda study: study.study_instance_uid)
    moments = [(study_moment(study), study) for study in ordered]
    dated = sorted(((m, s) for m, s in moments if m is not None), key=lambda pair: pair[0], reverse=True)
    return tuple(s for _, s in dated) + tuple(s for m, s in moments if m is None)


def priors_first(current: Study, others: Iterable[Study]) -> tuple[Study, ...]:
    """Priors of `current` newest first, then undated studies, then later ones newest first.

    A later study is no prior, but a reader of the older one must see that it is there.
    """
    moment = study_moment(current)
    ordered = newest_first(other for other in others if other.study_instance_uid != current.study_instance_uid)

    def group(other: Study) -> int:
        then = study_moment(other)
        if then is None or moment is None:
            return 1 if then is None else 0
        return 0 if then <= moment else 2

    return tuple(sorted(ordered, key=group))


def study_moment(study: Study) -> datetime | None:
    """StudyDate and StudyTime in the archive's local time (PS3.5 6.2 DA, TM); None without a date."""
    date = study.study_date.replace(".", "")
    time = study.study_time.split(".")[0].replace(":", "")[:6].ljust(6, "0")
    for text, form in ((date + time, "%Y%m%d%H%M%S"), (date, "%Y%m%d")):
        with contextlib.suppress(ValueError):
            return datetime.strptime(text, form)  # noqa: DTZ007 - DICOM seldom says which zone
    return None
