"""Each place has its own text in front of it, and each document its own way with stops."""

from __future__ import annotations

from dictation.formatter import Ending
from dictation.places import Places

TEAR = "there is a horizontal tear"


def test_who_dictates_stops_is_given_no_others_in_that_document() -> None:
    places = Places("en")
    for key, document in (("1/findings", "1"), ("1/impression", "1"), ("2/findings", "2")):
        places.place("", key, document)
    assert (
        places.write("no consolidation comma or effusion period", "1/findings", Ending.PAUSE) == "No consolidation, or effusion."
    )
    assert places.write(TEAR, "1/impression", Ending.PAUSE) == "There is a horizontal tear"
    assert places.write(TEAR, "2/findings", Ending.PAUSE) == "There is a horizontal tear."


def test_what_was_written_stands_in_front_of_what_comes_next() -> None:
    places = Places("en")
    places.place("Heart:", "a", "")
    places.place("", "b", "")
    assert places.write("normal in size and", "a", Ending.PAUSE) == "normal in size and"
    assert places.write("No effusion.", "b", Ending.PAUSE) == "No effusion."
    assert places.write("Shape.", "a", Ending.PAUSE) == "shape."
    assert places.draft("The aorta", "a") == "The aorta"
    assert places.draft("The aorta", "nowhere") == "The aorta"
