"""Which earlier studies a text speaks of: "Jämfört med DT 2024-03-12", "cf. MR of 12/03/2024", an accession number.

English, Swedish, Norwegian, Danish and Finnish ways to write a date. What may be two days (03/04) counts only where one
study fits. The text is from outside; it is read, never followed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from workstation.domain.dates import as_date

MOST_LETTERS = 200_000
MOST_DATES = 1000
# How far before a date the machine is named that made the images.
NEAR = 40
# So far from a number its month and its machine are looked for.
AROUND = 60
LONGEST_WORDS = 48
LEAST_ACCESSION = 5
OLDEST_YEAR = 1970

MONTHS: Mapping[str, int] = {
    name: number
    for number, names in enumerate(
        (
            "jan januar januari january tammikuu tammi",
            "feb februar februari february helmikuu helmi",
            "mar mars marts march maaliskuu maalis",
            "apr april huhtikuu huhti",
            "may mai maj toukokuu touko",
            "jun juni june kesäkuu kesä",
            "jul juli july heinäkuu heinä",
            "aug august augusti elokuu elo",
            "sep sept september syyskuu syys",
            "oct okt october oktober lokakuu loka",
            "nov november marraskuu marras",
            "dec des december desember joulukuu joulu",
        ),
        1,
    )
    for name in names.split()
}
# Finnish months are declined: maaliskuuta, maaliskuussa, maaliskuun.
_MONTH = r"(?P<month>" + "|".join(sorted(MONTHS, key=len, reverse=True)) + r")(?:ta|ssa|n|lla)?\b\.?"
_YEAR = r"(?P<year>(?:19|20)\d\d)"
_FORMS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (kind, re.compile(form, re.IGNORECASE))
    for kind, form in (
        ("ymd", rf"(?<![\d.,/-]){_YEAR}[-./](?P<m>\d\d?)[-./](?P<d>\d\d?)(?![\d-])"),
        ("ymd", rf"(?<![\w.,/-]){_YEAR}(?P<m>\d\d)(?P<d>\d\d)(?!\w)"),
        ("dmy", r"(?<![\d.,/-])(?P<d>\d\d?)\.\s?(?P<m>\d\d?)\.\s?(?P<year>(?:19|20)?\d\d)(?![\d.])"),
        ("dmy", r"(?<![\d.,/-])(?P<d>\d\d?)-(?P<m>\d\d?)-(?P<year>(?:19|20)\d\d)(?![\d-])"),
        ("dmy", r"(?<![\d.,/-])(?P<d>\d\d?)/(?P<m>\d\d?)(?:\s|\s?-\s?)(?P<year>(?:19|20)\d\d|\d\d(?=\D|$))(?![\d/-])"),
        ("any", r"(?<![\d.,/-])(?P<d>\d\d?)/(?P<m>\d\d?)/(?P<year>(?:19|20)?\d\d)(?![\d/])"),
        ("dmy", rf"(?<![\d.,/-])(?P<d>\d\d?)(?:\.|st|nd|rd|th|:?e)?\s(?:of\s|den\s)?{_MONTH},?\s{_YEAR}"),
        ("dmy", rf"\b{_MONTH}\s(?P<d>\d\d?)(?:st|nd|rd|th)?,?\s{_YEAR}"),
        ("yymmdd", r"(?<![\w.,/-])(?P<year>\d\d)(?P<m>\d\d)(?P<d>\d\d)(?!\w)"),
        ("month", rf"\b{_MONTH},?\s(?:of\s)?{_YEAR}"),
        ("month", rf"(?<![\d.,/-])(?P<m>\d\d?)/{_YEAR}(?!\d)"),
        ("month", rf"(?<![\d.,/-]){_YEAR}-(?P<m>\d\d)(?![\d-])"),
        ("day", r"(?<![\d.,/-])(?P<d>\d\d?)/(?P<m>\d\d?)(?![\d/-])"),
        ("day", r"(?<![\d.,/-])(?P<d>\d\d?)\.(?P<m>\d\d?)\.(?!\d)"),
        ("year", rf"(?<![\d.,/-]){_YEAR}(?![\d.,/-]*\d)"),
    )
)

_MACHINES: tuple[tuple[frozenset[str], tuple[str, ...]], ...] = (
    (frozenset({"PT"}), ("pet",)),
    (
        frozenset({"CT"}),
        ("ct", "dt", "tt", "cta", "ctpa", "datortomografi", "skiktröntgen", "tietokonetomografia"),
    ),
    (frozenset({"MR"}), ("mr", "mri", "mrt", "mrcp", "mk", "magnetkamera", "magneettikuvaus", "magneetti", "magnetresonans")),
    (frozenset({"US"}), ("us", "ul", "uä", "ultraljud", "ultralyd", "ultraääni", "ultrasound", "sono", "sonography", "eko")),
    (frozenset({"MG"}), ("mammografi", "mammography", "mammogram", "mammo", "mammografia", "tomosyntes", "tomosynthesis")),
    (
        frozenset({"CR", "DX", "RG"}),
        (
            "rtg",
            "röntgen",
            "lungröntgen",
            "røntgen",
            "thoraxröntgen",
            "radiograph",
            "cxr",
            "slätröntgen",
            "natiivi",
            "keuhkokuva",
        ),
    ),
    (frozenset({"NM"}), ("scint", "skint", "scintigrafi", "scintigraphy", "skintigrafi", "isotooppi", "gammakuvaus")),
    (frozenset({"XA"}), ("angiografi", "angiography", "angiografia", "flebografi")),
)
# Beginnings of words that say that something is compared with.
_CUES = (
    "jämför", "jfr", "sammenlign", "sml", "cf", "compar", "previous", "prior", "earlier", "tidigare", "tidligere", "föregående",
    "forrige", "sidste", "siste", "senaste", "verrat", "vertail", "aiemp", "edelli", "since", "sedan", "siden", "fra", "från",
    "from",
)  # fmt: skip
_NUMBER = re.compile(r"\d+")
_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)?")
_TOKEN = re.compile(r"[\w./-]+")


@dataclass(frozen=True, slots=True)
class Mentioned:
    """A day, month or year that a text names. `days` are what it may mean; of a `span` every day from the first to the second.

    `modalities` are those of the machine that is named with it, empty where none is.
    """

    words: str
    days: tuple[date, ...] = ()
    span: tuple[date, date] | None = None
    modalities: frozenset[str] = frozenset()

    def means(self, day: date) -> bool:
        return day in self.days or (self.span is not None and self.span[0] <= day <= self.span[1])


@dataclass(frozen=True, slots=True)
class Dated:
    """What of a study is looked for in a text. `day` is `YYYYMMDD`."""

    uid: str
    day: str
    modalities: frozenset[str]
    accession_number: str = ""


def mentioned_in(text: str, studies: Sequence[Dated], today: str) -> dict[str, str]:
    """Of these studies (by UID) the words that speak of them. `today` (`YYYYMMDD`) is the day of the text: days without
    a year are those before it."""
    text = text[:MOST_LETTERS]
    found: dict[str, str] = {}
    numbers: dict[str, list[str]] = {}
    for study in studies:
        number = study.accession_number.strip().casefold()
        if len(number) >= LEAST_ACCESSION and any(map(str.isdigit, number)):
            numbers.setdefault(number, []).append(study.uid)
    for token in {one.strip(".,;:()") for one in _TOKEN.findall(text)} if numbers else ():
        for uid in numbers.get(token.casefold(), ()):
            found[uid] = token[:LONGEST_WORDS]
    for one in mentions(text, as_date(today)):
        fitting = [study for study in studies if _fits(one, study)]
        # What is named to the day means all of that day; what is not means one study or none.
        if len(fitting) == 1 or (len(one.days) == 1 and one.span is None):
            for study in fitting:
                found.setdefault(study.uid, one.words)
    return found


def mentions(text: str, today: date | None) -> Iterator[Mentioned]:
    """Every date of the text, in the order in which it names them; a place in the text is read in one way only."""
    text = _around_numbers(text)
    taken = bytearray(len(text))
    found: list[tuple[int, Mentioned]] = []
    for kind, form in _FORMS:
        for match in form.finditer(text):
            start, end = match.span()
            if any(taken[start:end]):
                continue
            if len(found) >= MOST_DATES:
                break
            one = _read(kind, match, text, today)
            if one is not None:
                taken[start:end] = bytes([1]) * (end - start)
                found.append((start, one))
    return iter([one for _, one in sorted(found, key=lambda pair: pair[0])])


def _around_numbers(text: str) -> str:
    """The text without what stands far from any number: most of a report, and nothing that names a day."""
    spans: list[list[int]] = []
    for match in _NUMBER.finditer(text):
        start, end = max(0, match.start() - AROUND), match.end() + AROUND
        if spans and start <= spans[-1][1]:
            spans[-1][1] = end
        else:
            spans.append([start, end])
    return "\n. ".join(text[start:end] for start, end in spans)


def _read(kind: str, match: re.Match[str], text: str, today: date | None) -> Mentioned | None:
    before = text[max(0, match.start() - NEAR) : match.start()]
    # Another date ends what is said of this one.
    before = re.split(r"[;.!?\n]\s|\d{2,}", before)[-1]
    words = [word.casefold() for word in _WORD.findall(before)]
    machine = _machine(words)
    says = " ".join((machine[0], match.group().strip())).strip()[:LONGEST_WORDS]
    groups = match.groupdict()
    month = MONTHS[groups["month"].casefold()] if groups.get("month") else int(groups.get("m") or 0)
    if kind in ("month", "year"):
        span = _span(int(groups["year"]), month)
        is_said = bool(machine[1]) or (kind == "month" and _has_cue(words))
        return Mentioned(says, span=span, modalities=machine[1]) if span is not None and is_said else None
    if kind in ("day", "yymmdd") and not machine[1] and not _has_cue(words):
        return None
    days = _days(kind, groups, month, today)
    return Mentioned(says, days, modalities=machine[1]) if days else None


def _days(kind: str, groups: Mapping[str, str | None], month: int, today: date | None) -> tuple[date, ...]:
    day = int(groups["d"] or 0)
    pairs = [(day, month)]
    if kind in ("any", "day") and day != month:
        pairs.append((month, day))
    found = []
    for d, m in pairs:
        years = _years(groups.get("year"), today)
        made = (_day(year, m, d) for year in years)
        # Without a year it is the last such day.
        found += [one for one in made if one is not None and (today is None or one <= today)][:1]
    return tuple(dict.fromkeys(found))


def _years(text: str | None, today: date | None) -> tuple[int, ...]:
    if text is None:
        return (today.year, today.year - 1) if today is not None else ()
    year = int(text)
    return (year if year >= 100 else 2000 + year,)


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day) if year >= OLDEST_YEAR else None
    except ValueError:
        return None


def _span(year: int, month: int) -> tuple[date, date] | None:
    if year < OLDEST_YEAR or month > 12:
        return None
    if not month:
        return date(year, 1, 1), date(year, 12, 31)
    following = date(year + month // 12, month % 12 + 1, 1)
    return date(year, month, 1), date.fromordinal(following.toordinal() - 1)


def _machine(words: Sequence[str]) -> tuple[str, frozenset[str]]:
    """The word and the modalities of the machine that is named last."""
    for word in reversed(words):
        parts = {word, *word.split("-")}
        for modalities, names in _MACHINES:
            if parts & set(names):
                return word.upper() if len(word) <= 4 else word, modalities
    return "", frozenset()


def _has_cue(words: Iterable[str]) -> bool:
    return any(word.startswith(cue) for word in words for cue in _CUES)


def _fits(one: Mentioned, study: Dated) -> bool:
    day = as_date(study.day)
    return day is not None and one.means(day) and (not one.modalities or bool(one.modalities & study.modalities))
