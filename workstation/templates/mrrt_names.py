"""Words of MRRT templates of many houses, and what they mean here."""

from __future__ import annotations

from workstation.domain.report import SectionCode as S

# Headings of sections by their words, in the languages of the collections that are about: first match wins.
SECTION_WORDS: tuple[tuple[S, tuple[str, ...]], ...] = (
    (S.RECOMMENDATION, ("recommendation", "rekommendation", "empfehlung", "anbefaling", "suositus", "åtgärd")),
    (
        S.IMPRESSION,
        ("impression", "conclusion", "summary", "beurteilung", "zusammenfassung", "bedömning", "sammanfattning", "konklusion",
         "vurdering", "johtopäätös", "lausunto"),
    ),
    (S.COMPARISON, ("comparison", "previous exam", "prior", "vergleich", "voruntersuchung", "jämförelse", "sammenligning")),
    (
        S.HISTORY,
        ("history", "indication", "clinical", "question", "reason", "anamnes", "indikation", "frage", "klinisch",
         "frågeställning",
         "remiss", "klinisk", "indikasjon", "problemstilling", "kliiniset", "esitiedot"),
    ),
    (S.COMMUNICATION, ("communication", "notification", "meddelande", "kommunikation")),
    (
        S.PROCEDURE,
        ("procedure", "technique", "protocol", "contrast", "technik", "methode", "durchführung", "teknik", "metod", "utförande",
         "untersuchung", "undersökning", "prosedyre", "tekniikka", "tutkimus"),
    ),
    (S.FINDINGS, ("finding", "observation", "result", "befund", "fynd", "utlåtande", "funn", "fund", "löydökset")),
)  # fmt: skip

# Merge fields as other systems name them (letters only, lower case).
MERGE_WORDS = {
    "patientage": "patient.age",
    "age": "patient.age",
    "patientsex": "patient.sex",
    "sex": "patient.sex",
    "patientgender": "patient.sex",
    "procedure": "procedure",
    "proceduredescription": "procedure",
    "studydescription": "procedure",
    "reasonforstudy": "order.reason",
    "reasonforexam": "order.reason",
    "orderreason": "order.reason",
    "clinicalinformation": "order.reason",
    "technique": "technique",
    "contrast": "contrast",
    "contrastagent": "contrast",
    "comparison": "comparison",
    "priorstudies": "comparison",
    "dose": "dose",
    "radiationdose": "dose",
}

MODALITIES = frozenset({"CR", "CT", "DX", "MG", "MR", "NM", "PT", "RF", "US", "XA"})

TYPES = {
    "text": "text", "textarea": "text", "number": "number", "date": "date", "time": "text", "selectionlist": "choice",
    "checkbox": "choices", "radio": "choice", "merge": "merge",
}  # fmt: skip


def section_of(heading: str) -> S | None:
    """None for a heading that names no section of a report."""
    words = heading.casefold()
    return next((code for code, known in SECTION_WORDS if any(word in words for word in known)), None)


def merge_of(name: str) -> str:
    """The merge field of this name; empty when there is none here."""
    return MERGE_WORDS.get("".join(c for c in name.casefold() if c.isalnum()), "")
