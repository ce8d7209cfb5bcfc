"""Which study a text speaks of, in five languages; what may be two days counts only where one study fits."""

from __future__ import annotations

from datetime import date

import pytest

from workstation.domain.mention import Dated, mentioned_in, mentions

TODAY = "20260110"
MARCH = Dated("march", "20240312", frozenset({"CT"}), "ACC-2024-77")
SUMMER = Dated("summer", "20250601", frozenset({"MR"}), "A0099123")
PET = Dated("pet", "20240312", frozenset({"CT", "PT"}))
STUDIES = (MARCH, SUMMER)


@pytest.mark.parametrize(
    "text",
    [
        "Jämfört med DT 2024-03-12 ses ingen förändring",
        "Jfr DT thorax 240312",
        "jämfört med undersökning 12/3 2024",
        "DT 12/3-24",
        "cf. CT of 12 March 2024",
        "compared with CT from March 12, 2024.",
        "Comparison: CT chest 12th of March 2024",
        "Previous CT 2024/03/12",
        "Sammenlignet med CT 12.03.2024",
        "Sml. CT fra 12.3.24",
        "Sammenlignet med CT 12. mars 2024",
        "Der sammenlignes med CT-skanning 12. marts 2024",
        "Sammenholdt med CT 12-03-2024",
        "Verrattu TT-tutkimukseen 12.3.2024",
        "Vertailussa TT 12. maaliskuuta 2024",
        "Vertailu: TT maaliskuussa 2024",
        "CT thorax mars 2024",
        "jämfört med DT 20240312",
        "CT 03/2024",
        "CT from 2024",
        "See ACC-2024-77.",
        "acc-2024-77",
    ],
)
def test_the_study_of_march_is_meant(text: str) -> None:
    assert list(mentioned_in(text, STUDIES, TODAY)) == ["march"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "MR 2024-03-12",
        "in 2024 he fell",
        "2024 mg paracetamol",
        "blood pressure 120/80 and 12/3",
        "grade 3/12",
        "1.2.3 and 12.3 cm",
        "phone 240312",
        "2024-13-45",
        "99/99/2024",
        "Lumbar disc 03/04",
        "ACC-2024-777",
        "2.25.20240312",
        "født 12.03.1950",
    ],
)
def test_nothing_is_meant(text: str) -> None:
    assert mentioned_in(text, STUDIES, TODAY) == {}


def test_a_day_that_may_be_two_counts_only_where_one_study_fits() -> None:
    april, march = Dated("april", "20240403", frozenset({"CT"})), Dated("march", "20240304", frozenset({"CT"}))
    for text in ("compared with CT 03/04/2024", "CT 3/4/24"):
        assert mentioned_in(text, (april, march), TODAY) == {}
        assert list(mentioned_in(text, (april,), TODAY)) == ["april"]
        assert list(mentioned_in(text, (march,), TODAY)) == ["march"]
    assert list(mentioned_in("CT 03.04.2024", (april, march), TODAY)) == ["april"], "with points the day comes first"


def test_a_day_without_year_is_the_last_such_day() -> None:
    last, before = Dated("last", "20251224", frozenset({"CT"})), Dated("before", "20241224", frozenset({"CT"}))
    assert list(mentioned_in("jämfört med DT 24/12", (last, before), TODAY)) == ["last"]
    assert list(mentioned_in("sammenlignet med CT 24.12.", (last, before), TODAY)) == ["last"]


def test_a_month_or_year_means_nothing_where_two_studies_fit() -> None:
    other = Dated("other", "20240320", frozenset({"CT"}))
    assert mentioned_in("CT mars 2024", (MARCH, other), TODAY) == {}
    assert mentioned_in("CT 2024", (MARCH, other), TODAY) == {}
    assert list(mentioned_in("CT 2024-03-20", (MARCH, other), TODAY)) == ["other"]


def test_all_of_a_named_day_is_meant_unless_the_machine_is_named() -> None:
    assert set(mentioned_in("compared with 2024-03-12", (MARCH, PET, SUMMER), TODAY)) == {"march", "pet"}
    assert set(mentioned_in("compared with PET-CT 2024-03-12", (MARCH, PET), TODAY)) == {"pet"}


def test_the_words_are_those_of_the_text_with_the_machine() -> None:
    assert mentioned_in("Jämfört med DT buk 2024-03-12.", STUDIES, TODAY) == {"march": "DT 2024-03-12"}
    assert mentioned_in("MR 1.6.2025 and CT 12.3.2024", STUDIES, TODAY) == {"march": "CT 12.3.2024", "summer": "MR 1.6.2025"}


def test_a_text_of_any_length_is_read_at_once() -> None:
    text = "CT 12/3 " * 100_000
    assert mentioned_in(text, STUDIES, TODAY) == {}
    assert len(list(mentions("DT 2024-03-12 " * 100, date(2026, 1, 10)))) == 100
