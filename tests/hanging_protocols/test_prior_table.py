"""The table of known pairs: what is put first, what is kept back, by images and by what an archive lists of them."""

from __future__ import annotations

import pytest
from prior_table import PAIRS, TABLE, Row

from hanging_protocols.engine import ProtocolHanger
from workstation.domain.archive import FoundStudy
from workstation.domain.study import Study

HANGER = ProtocolHanger(())


def listed(study: Study) -> FoundStudy:
    """What an archive says of it: no series, no codes, no sides but those in words."""
    return FoundStudy(
        "pacs",
        study.study_instance_uid,
        study.patient,
        study_date=study.study_date,
        study_time=study.study_time,
        description=study.study_description,
        modalities=study.modalities,
        body_parts=tuple(dict.fromkeys(one.body_part_examined for one in study.series if one.body_part_examined)),
        instance_count=10,
    )


def test_the_table_is_long_enough() -> None:
    assert PAIRS >= 60
    assert len({row.name for row in TABLE}) == len(TABLE)


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.name)
def test_what_a_radiologist_would_look_at_first_comes_first(row: Row) -> None:
    ranked = HANGER.relevance(row.current, row.priors, row.context)
    assert [one.study_instance_uid for one in ranked if one.is_usable] == row.ordered
    assert {one.study_instance_uid for one in ranked if not one.is_usable} == set(row.kept_back)
    assert all(one.reasons for one in ranked)


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.name)
def test_a_study_that_is_not_here_is_ranked_by_what_its_archive_lists(row: Row) -> None:
    ranked = HANGER.relevance(row.current, [listed(prior) for prior in row.priors], row.context)
    if row.name == "the same examination by its code":
        assert ranked[0].study_instance_uid == "other", "an archive lists no codes: the newer goes first"
        return
    assert [one.study_instance_uid for one in ranked if one.is_usable] == row.ordered
    assert {one.study_instance_uid for one in ranked if not one.is_usable} == set(row.kept_back)
