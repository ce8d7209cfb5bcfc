"""QIDO-RS (PS3.18 10.6): questions spelt by hand, answers read until there are no more.

Spelt by hand because archives there are (Orthanc's plugin up to 1.7) that do not decode percent signs:
what ASCII lets through goes raw. Where a value has other letters and nothing was found, the
question is asked again with `*` in their place and the answers are compared here: an archive that
cannot read a Nordic letter never makes an empty list.
"""

from __future__ import annotations

import re
import string
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from urllib.parse import quote

from workstation.archives.gateway.dicom_json import Attributes, NotDicomJson, is_uid, parsed
from workstation.archives.gateway.dicomweb_wire import Answer, Line
from workstation.archives.gateway.dicomweb_words import HttpRefusal, not_dicomweb, refusal
from workstation.archives.gateway.http_limits import HttpLimits
from workstation.domain.archive import FoundInstance, FoundSeries, FoundStudy, StudyQuery
from workstation.domain.patient import Patient, PatientKey
from workstation.errors import Refused, Unavailable

JSON_TYPES = ("application/dicom+json", "application/json")
ACCEPT_JSON = {"Accept": "application/dicom+json, application/json;q=0.5"}

# What may stand in a request target as it is (RFC 3986 query), less what forms give a meaning (& + = %).
_RAW = string.ascii_letters + string.digits + "-._~!$'()*,;:@/?^"

_STUDY = (
    "00080020 00080030 00080050 00080061 00080080 00081030 00100010 00100020 00100021 00100030 00100040"
    " 00180015 00201206 00201208"
)
_SERIES = "00080060 0008103E 00180015 0020000E 00200011 00201209"
_INSTANCE = "00080016 00080018 00083002 0020000E 00200013"

Parameters = tuple[tuple[str, str], ...]


class Query:
    """Questions over one line to the archive with this name."""

    def __init__(self, archive: str, line: Line, limits: HttpLimits) -> None:
        self._archive = archive
        self._line = line
        self._limits = limits

    def studies(self, query: StudyQuery, cancelled: Callable[[], bool]) -> tuple[FoundStudy, ...]:
        """As many as `query.limit`. Archives know one modality a question, so several are asked one by one."""
        found: dict[str, FoundStudy] = {}
        for modality in query.modalities or ("",):
            if not cancelled():
                one = replace(query, modalities=(modality,) if modality else ())
                found |= {study.study_instance_uid: study for study in self._of_one_modality(one)}
        return tuple(found.values())[: query.limit]

    def series(self, study: str) -> tuple[FoundSeries, ...]:
        target = f"studies/{_checked_uid(study)}/series"
        rows = self._all(target, _fields(_SERIES), "0020000E", self._limits.rows)
        return tuple(_series(row) for row in rows)

    def instances(self, study: str, series: str = "") -> tuple[FoundInstance, ...]:
        """The whole list: asked on until nothing more comes, because it is what completeness is measured by."""
        target = f"studies/{_checked_uid(study)}"
        target += f"/series/{_checked_uid(series)}/instances" if series else "/instances"
        rows = self._all(target, _fields(_INSTANCE), "00080018", self._limits.rows)
        return tuple(_instance(row, series) for row in rows)

    def _of_one_modality(self, query: StudyQuery) -> list[FoundStudy]:
        parameters = study_parameters(query)
        plain = all(_is_plain(value) for _, value in parameters)
        try:
            rows = self._all("studies", parameters + _fields(_STUDY), "0020000D", query.limit)
        except HttpRefusal as error:
            if plain or error.status not in (400, 404, 500):
                raise
            rows = []
        found = [self._study(row) for row in rows]
        if not found and not plain:
            found = self._widened(query)
        return [study for study in found if not query.issuer or study.patient.key.issuer in ("", query.issuer)]

    def _widened(self, query: StudyQuery) -> list[FoundStudy]:
        """Asked with `*` for what the archive may not have read, compared here."""
        wide = tuple((name, widened(name, value)) for name, value in study_parameters(query))
        most = self._limits.widened_rows
        rows = self._all("studies", tuple(p for p in wide if p[1].strip("*")) + _fields(_STUDY), "0020000D", most)
        found = [study for study in map(self._study, rows) if _fits(study, query)]
        if not found and len(rows) >= most:
            raise Refused(
                "Too many studies to look through",
                "The archive does not search for these letters, and without them it finds too many",
                "Add a date, an ID or more letters",
            )
        return found[: query.limit]

    def _all(self, target: str, parameters: Parameters, uid: str, most: int) -> list[Attributes]:
        """Page by page. An archive that ignores `offset` says the same again and is asked no more."""
        rows: dict[str, Attributes] = {}
        while len(rows) < most:
            page = self._page(target, (*parameters, ("limit", str(min(self._limits.page, most))), ("offset", str(len(rows)))))
            new = {row.uid(uid): row for row in page if row.uid(uid) not in rows}
            if "" in new:
                raise Unavailable(
                    "The archive's answer cannot be used", "It lists something without a UID", "Ask who runs the archive"
                )
            if not new:
                break
            rows |= new
        return list(rows.values())[:most]

    def _page(self, target: str, parameters: Parameters) -> tuple[Attributes, ...]:
        text = "&".join(f"{name}={spelt(value)}" for name, value in parameters)
        with self._line.ask("GET", f"{target}?{text}", ACCEPT_JSON) as answer:
            return datasets(answer, self._limits)

    def _study(self, row: Attributes) -> FoundStudy:
        patient = Patient(
            PatientKey(row.text("00100020"), row.text("00100021")),
            row.text("00100010"),
            row.text("00100030"),
            row.text("00100040"),
        )
        return FoundStudy(
            self._archive,
            row.uid("0020000D"),
            patient,
            row.text("00080050"),
            row.text("00080020"),
            row.text("00080030"),
            row.text("00081030"),
            tuple(text for text in row.texts("00080061") if text),
            tuple(text for text in row.texts("00180015") if text),
            row.number("00201206"),
            row.number("00201208"),
            row.text("00080080"),
        )


def datasets(answer: Answer, limits: HttpLimits) -> tuple[Attributes, ...]:
    """The rows of an answer. Raises `HttpRefusal` for a status that says no, `Unavailable` for what is no DICOM JSON."""
    if answer.status == 204:
        return ()
    if answer.status != 200:
        raise refusal(answer)
    if answer.media_type not in JSON_TYPES:
        raise not_dicomweb(answer)
    try:
        return parsed(answer.body(limits.json_body))
    except NotDicomJson as error:
        raise not_dicomweb(answer) from error


def study_parameters(query: StudyQuery) -> Parameters:
    """The matching keys that are not empty. Raises `Refused` for a date that would be read as something else."""
    dates = query.date_from, query.date_to, query.birth_date
    if any(date and not re.fullmatch(r"[0-9]{8}", date) for date in dates):
        raise Refused("The date cannot be searched for", "It is not of the form YYYYMMDD", "Correct the date")
    when = query.date_from if query.date_from == query.date_to else f"{query.date_from}-{query.date_to}"
    keys = (
        ("PatientID", query.patient_id),
        ("PatientName", query.patient_name),
        ("PatientBirthDate", query.birth_date),
        ("AccessionNumber", query.accession_number),
        ("StudyInstanceUID", query.study_instance_uid),
        ("ModalitiesInStudy", ",".join(query.modalities)),
        ("StudyDate", when if when != "-" else ""),
        ("StudyDescription", query.description),
    )
    return tuple((name, value) for name, value in keys if value)


def spelt(value: str) -> str:
    """For a request target: raw where ASCII may be raw, else percent signs of UTF-8."""
    return quote(unicodedata.normalize("NFC", value), safe=_RAW)


def widened(name: str, value: str) -> str:
    """With `*` for what an archive may not read. A key that knows no wildcards is left out: all is compared here."""
    if _is_plain(value):
        return value
    if name not in ("PatientName", "StudyDescription"):
        return ""
    return re.sub(r"\*+", "*", "".join(letter if _is_plain(letter) else "*" for letter in value))


def _is_plain(value: str) -> bool:
    """Whether every archive reads it rightly. `?` stands for one byte with some, and for one letter with us."""
    return all(letter in _RAW and letter != "?" for letter in value)


def _fits(study: FoundStudy, query: StudyQuery) -> bool:
    """Whether the values that were not asked for as they are fit, in whatever case (PS3.4 C.2.2.2.4)."""
    pairs = (
        (query.patient_name, study.patient.name),
        (query.description, study.description),
        (query.patient_id, study.patient.key.patient_id),
        (query.accession_number, study.accession_number),
    )
    return all(_is_plain(asked) or _matches(asked, has) for asked, has in pairs)


def _matches(pattern: str, text: str) -> bool:
    spelling = "".join(".*" if letter == "*" else "." if letter == "?" else re.escape(letter) for letter in _folded(pattern))
    return re.fullmatch(spelling, _folded(text), re.DOTALL) is not None


def _folded(text: str) -> str:
    return unicodedata.normalize("NFC", text.casefold()).rstrip("^ ")


def _fields(tags: str) -> Parameters:
    return tuple(("includefield", tag) for tag in tags.split())


def _checked_uid(uid: str) -> str:
    if not is_uid(uid):
        raise Refused("This is no UID", "It would not name one study, series or image", "Look for the study again")
    return uid


def _series(row: Attributes) -> FoundSeries:
    return FoundSeries(
        row.uid("0020000E"),
        row.text("00080060"),
        row.number("00200011"),
        row.text("0008103E"),
        row.text("00180015"),
        row.number("00201209"),
    )


def _instance(row: Attributes, series: str) -> FoundInstance:
    return FoundInstance(
        row.uid("0020000E") or series,
        row.uid("00080018"),
        row.uid("00080016"),
        row.number("00200013"),
        row.uid("00083002"),
    )


def instances_by_series(wanted: Sequence[FoundInstance]) -> Iterator[tuple[str, list[FoundInstance]]]:
    """In the order of each series' first instance."""
    groups: dict[str, list[FoundInstance]] = {}
    for instance in wanted:
        groups.setdefault(instance.series_instance_uid, []).append(instance)
    yield from groups.items()
