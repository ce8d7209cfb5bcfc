"""What of the dictated words stands out: every number, unit, side and negation in five languages, and unsure words,
at the very letters they were written with."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest
from fake_engine import FakeProcess

from dictation import keeper
from dictation.alternatives import Source, alternatives
from dictation.biasing import lexicon
from dictation.formatter import Formatter
from dictation.models import EngineModel, EngineSpec
from dictation.recognition import Heard, Recognition, SpokenSegment
from dictation.spoken_marks import Why, marks_of, part_at, parts_of
from dictation.what_hurts import Kind, opposites, what_hurts
from workstation.domain.dictation import DictatedSegment, Word

TEXTS = [
    ("en", "No pleural effusion.", ["ne:No"]),
    ("en", "A 3.5 x 2 cm mass in the left upper lobe, BI-RADS 4.", ["nu:3.5 x 2 cm", "si:left", "nu:4"]),
    ("en", "Grade 2 at L4-L5 and T12.", ["nu:2", "nu:L4-L5", "nu:T12"]),
    ("en", "Right-sided, non-displaced, without shift.", ["si:Right-sided", "ne:non-displaced", "ne:without"]),
    ("en", "Less than 50 % stenosis, <5 mm.", ["nu:50 %", "nu:<5 mm"]),
    ("en", "Several millimeters of gray matter, two cysts.", ["un:millimeters", "nu:two"]),
    ("en", "Both kidneys are not enlarged; the bilateral cysts aren't new.", ["si:Both", "ne:not", "si:bilateral", "ne:aren't"]),
    ("en", "The second opinion notes a normal gallbladder.", []),
    ("en", "Seen 12/3-2026, HU 40.", ["nu:12/3-2026", "un:HU", "nu:40"]),
    (
        "sv",
        "Inget i höger njure, vänsterkammaren 12 mm, ej ökad.",
        ["ne:Inget", "si:höger", "si:vänsterkammaren", "nu:12 mm", "ne:ej"],
    ),
    ("sv", "En fem mm stor cysta utan kontrastladdning, båda sidor.", ["nu:fem mm", "ne:utan", "si:båda"]),
    ("nb", "Ikke brudd på høyre side, ei heller 3,5 cm.", ["ne:Ikke", "si:høyre", "ne:ei", "ne:heller", "nu:3,5 cm"]),
    (
        "da",
        "Ingen sten i venstre nyre, dobbeltsidig, uden 4 mm.",
        ["ne:Ingen", "si:venstre", "si:dobbeltsidig", "ne:uden", "nu:4 mm"],
    ),
    ("fi", "Ei murtumaa oikealla, vasemmanpuoleinen 5 mm.", ["ne:Ei", "si:oikealla", "si:vasemmanpuoleinen", "nu:5 mm"]),
    ("fi", "Eikä molemmin puolin, ilman nestettä.", ["ne:Eikä", "si:molemmin", "ne:ilman"]),
    ("is", "Ekki 4 mm.", ["nu:4"]),
]


@pytest.mark.parametrize(("code", "text", "expected"), TEXTS)
def test_numbers_units_sides_and_negations_are_found_at_their_letters(code, text, expected):
    assert [f"{p.kind.value[:2]}:{text[p.start : p.end]}" for p in what_hurts(text, code)] == expected


def test_no_number_in_any_language_is_left_out():
    """Every digit of a text lies in a passage, whatever is around it."""
    rng = random.Random(4)
    for code in ("en", "sv", "nb", "da", "fi"):
        for _ in range(60):
            pieces = [
                rng.choice(["4", "12,5", "x", "-", "(3)", "L5", "mm", "%", ".", "and", "høyre", "no", "10:30", "2/3", "±1"])
                for _ in range(9)
            ]
            text = rng.choice(["", " "]).join(pieces)
            covered = {place for p in what_hurts(text, code) for place in range(p.start, p.end)}
            assert [c for i, c in enumerate(text) if c.isdigit() and i not in covered] == []


def heard(spoken: str, text: str | None = None, code: str = "en", unsure: tuple[int, ...] = ()) -> DictatedSegment:
    words = tuple(Word(w, 0.4 if i in unsure else 0.9, i * 0.5, i * 0.5 + 0.4) for i, w in enumerate(spoken.split()))
    return DictatedSegment("s1", text if text is not None else Formatter(code).written(spoken).text, spoken, words)


def stand_out(segment: DictatedSegment, code: str = "en") -> list[str]:
    return [f"{segment.text[m.start : m.end]}{'?' * m.is_unsure}" for m in marks_of(segment, code)]


def test_a_rewritten_number_has_the_times_of_all_its_words():
    segment = heard("there is a three point five centimeter mass")
    assert segment.text == "There is a 3.5 cm mass"
    part = part_at(parts_of(segment, "en"), 11, 17)
    assert part is not None
    assert (part.first, part.last, part.begins, part.ends) == (3, 6, 1.5, 3.4)


def test_unsure_words_are_marked_at_their_letters_and_a_hurting_word_says_both():
    segment = heard("there is a three point five centimeter mass in the left kidney", unsure=(7, 10))
    assert stand_out(segment) == ["3.5 cm", "mass?", "left?"]
    assert [m.why for m in marks_of(segment, "en")] == [Why.NUMBER, Why.UNSURE, Why.SIDE]


def test_unsure_words_beside_each_other_are_one_mark():
    assert stand_out(heard("the duodenal papilla bulges", unsure=(1, 2))) == ["duodenal papilla?"]


def test_the_bound_can_be_set():
    segment = heard("the papilla bulges", unsure=(1,))
    assert [segment.text[m.start : m.end] for m in marks_of(segment, "en", unsure_below=0.3)] == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("there is a 3.5 cm lump in the left kidney. No stones.", ["3.5 cm", "lump?", "left", "No"]),
        ("There is a 3.5 cm mass in the left kidney. No stones", ["3.5 cm", "mass?", "left", "No"]),
        ("a 3.5 cm mass in the left renal cortex. No stones", ["3.5 cm", "mass?", "left", "No"]),
    ],
)
def test_the_places_are_right_where_the_text_was_written_otherwise_than_the_grammar_does_now(text, expected):
    segment = heard("there is a three point five centimeter mass in the left kidney period no stones", text, unsure=(7,))
    assert stand_out(segment) == expected


def test_a_recogniser_that_writes_digits_itself_is_followed_too():
    segment = heard("There is a 3.5cm mass, 14mm deep.", unsure=(3,))
    assert segment.text == "There is a 3.5 cm mass, 14 mm deep."
    assert stand_out(segment) == ["3.5 cm?", "14 mm"]


def test_words_and_times_that_do_not_fit_the_text_are_laid_side_by_side():
    segment = DictatedSegment("s", "No left stone", "no left stone", (Word("no", 0.9, 0, 0.2), Word("stone.", 0.3, 1.0, 1.4)))
    parts = parts_of(segment, "en")
    assert (parts[0].begins, parts[2].begins, parts[1].begins) == (0, 1.0, None)
    assert stand_out(segment) == ["No", "left", "stone?"]


def test_what_was_said_is_unknown_and_still_every_number_stands_out():
    assert stand_out(DictatedSegment("s", "No 4 mm stone.")) == ["No", "4 mm"]


@pytest.mark.parametrize("seed", range(30))
def test_every_spoken_word_lies_in_the_part_that_was_written_for_it(seed):
    """Any sentence: parts lie in order and apart, spoken words in order, and an ordinary word's part is that word."""
    rng = random.Random(seed)
    plain = ["there", "is", "no", "left", "kidney", "mass", "stable", "cyst", "comma", "period"]
    counted = [
        "three",
        "point",
        "five",
        "centimeters",
        "four",
        "by",
        "millimeters",
        "grade",
        "two",
        "l",
        "percent",
        "ten",
        "fifty",
    ]
    pool = plain + counted
    spoken = " ".join(rng.choices(pool, k=rng.randint(3, 18)))
    segment = heard(spoken)
    parts = parts_of(segment, "en")
    assert all(a.end <= b.start and a.last < b.first for a, b in pairwise(parts))
    said = spoken.split()
    for part in parts:
        words = segment.text[part.start : part.end].strip(".,;: \n")
        if part.first == part.last and said[part.first] in ("kidney", "mass", "left", "cyst", "no", "stable"):
            assert words.lower() == said[part.first]
            assert part.begins == part.first * 0.5
    written = {place for part in parts for place in range(part.start, part.end)}
    assert all(i in written or c.isspace() for i, c in enumerate(segment.text))


# ---- alternatives --------------------------------------------------------------------------


def offered(spoken: str, words: str, now: str = "", hearings: tuple[str, ...] = (), code: str = "en") -> dict[str, Source]:
    segment = heard(spoken, code=code)
    start = segment.text.index(words)
    part = part_at(parts_of(segment, code), start, start + len(words))
    assert part is not None
    found = alternatives(segment, part, now or words, code, lexicon(code), hearings)
    assert len({a.words for a in found}) == len(found) <= 9
    return {a.words: a.source for a in found}


def test_a_rewrite_is_undone_and_done_again():
    assert offered("a three point five centimeter mass", "3.5 cm") == {"three point five centimeter": Source.SAID}
    back = offered("a three point five centimeter mass", "3.5 cm", now="three point five centimeter")
    assert back["3.5 cm"] is Source.WRITTEN


def test_the_other_engines_hearing_of_just_that_stretch_is_offered():
    found = offered(
        "a fourteen millimeter nodule in the left lobe", "14 mm", hearings=("a forty millimeter nodule in the left lobe",)
    )
    assert found["40 mm"] is Source.HEARD
    assert offered("the left lobe", "left", hearings=("the right lobe",))["right"] is Source.HEARD
    assert Source.HEARD not in offered("the left lobe", "left", hearings=("the left lobe is",)).values()


def test_numbers_that_sound_alike_are_offered_without_any_other_hearing():
    assert offered("a fifty millimeter mass", "50 mm")["15 mm"] is Source.OTHER
    assert offered("a sixteen millimeter mass", "16 mm")["60 mm"] is Source.OTHER


def test_terms_that_sound_like_it_come_from_the_lexicon():
    assert "lymphadenopathy" in offered("limb adenopathy", "adenopathy")


def test_the_other_side_is_one_key_away():
    assert offered("the left lobe", "left")["right"] is Source.OTHER
    assert opposites("Vänster", "sv") == ("Höger",)
    assert opposites("vasemman", "fi") == ("oikean",)


def test_kinds_are_told():
    assert {p.kind for p in what_hurts("No left 4 mm in mm.", "en")} == set(Kind)


def test_every_other_hearing_of_a_segment_comes_with_it(tmp_path, monkeypatch):
    """The first engine's, and the better engine's own without expected terms; what is the same is no other."""
    heard: list[DictatedSegment] = []

    class Listener:
        def text_came(self, segment: SpokenSegment, found: Heard) -> None:
            heard.append(segment.dictated(found, found.text))

        def engines_changed(self) -> None: ...

    FakeProcess.started.clear()
    monkeypatch.setattr(keeper, "EngineProcess", FakeProcess)
    spec = EngineSpec(
        "both", "en", EngineModel("whisper", tmp_path, "en", "better"), EngineModel("vosk", tmp_path, "en", "quick")
    )
    recognition = Recognition(spec, "en", (), lambda work: work(), Listener())
    recognition.start()
    segment = SpokenSegment("s1", "")
    recognition.open(segment)
    recognition.finish(segment)
    quick, better = (next(p for p in FakeProcess.started if p.model.name == name) for name in ("quick", "better"))
    quick.say(what="final", segment="s1", text="limb node", words=[])
    better.say(what="final", segment="s1", text="lymph node", words=[], hearings=["limp node", "lymph node"])
    assert [segment.hearings for segment in heard] == [("limp node", "limb node")]
