"""Known pairs of a current study and its earlier ones, in the order a radiologist would look at them.

Written on 23 November 2026 before the ranking was tuned: 30 of 34 rows came out so at first sight (the one of lesions that
were smallest was added later).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from hanging_studies import image, series, study

from workstation.domain.hanging import HangingContext
from workstation.domain.study import Study

NOW = "20260110"


@dataclass(frozen=True)
class Row:
    """`ordered` are the UIDs, the best first; `kept_back` those that are never hung by themselves."""

    name: str
    current: Study
    priors: tuple[Study, ...]
    kept_back: tuple[str, ...] = ()
    context: HangingContext = field(default_factory=HangingContext)

    @property
    def ordered(self) -> list[str]:
        return [prior.study_instance_uid for prior in self.priors if prior.study_instance_uid not in self.kept_back]


def s(
    uid: str, modalities: str, what: str, date: str = NOW, body: str = "", side: str = "", code: str = "", time: str = ""
) -> Study:
    """A study with a series of each modality (`CT/PT`)."""
    fields: dict[str, Any] = {"ImageLaterality": side} if side in ("L", "R", "B") else {}
    parts = tuple(
        series(f"{uid}.{n}", one, images=(image(f"{uid}.{n}.1"),), body=body, **fields)
        for n, one in enumerate(modalities.split("/"), 1)
    )
    codes = (code,) if code else ()
    return study(uid, *parts, description=what, date=date, procedure_codes=codes, study_time=time)


def row(name: str, current: Study, *priors: Study, never: tuple[str, ...] = (), **context: Any) -> Row:
    return Row(name, current, priors, never, HangingContext(**context))


COLON = "Kontroll av metastaserande koloncancer"
TABLE: tuple[Row, ...] = (
    row(
        "chest CT",
        s("now", "CT", "CT thorax", body="CHEST"),
        s("half a year", "CT", "CT thorax", "20250710", "CHEST"),
        s("three years", "CT", "CT thorax", "20230110", "CHEST"),
        s("film", "DX", "Chest PA", "20251210", "CHEST"),
        s("knee", "MR", "MR knee", "20251210", "KNEE"),
        s("head", "CT", "CT head", "20251210", "HEAD"),
        never=("knee", "head"),
    ),
    row(
        "a larger examination shows the chest too",
        s("now", "CT", "CT thorax", body="CHEST"),
        s("trunk", "CT", "CT thorax-buk", "20251010", "CHESTABDPELVIS"),
        s("old", "CT", "CT thorax", "20200110", "CHEST"),
        s("film", "DX", "Lungröntgen", "20251210", "CHEST"),
    ),
    row(
        "abdominal CT",
        s("now", "CT", "CT buk", body="ABDOMEN"),
        s("trunk", "CT", "CT thorax och buk", "20250610", "CHESTABDOMEN"),
        s("liver", "MR", "MR lever", "20250610", "LIVER"),
        s("sound", "US", "UL buk", "20250610", "ABDOMEN"),
        s("head", "CT", "CT huvud", "20251210", "HEAD"),
        never=("head",),
    ),
    row(
        "an old abdomen goes before a new chest",
        s("now", "CT", "CT abdomen", body="ABDOMEN"),
        s("old", "CT", "CT abdomen", "20200110", "ABDOMEN"),
        s("chest", "CT", "CT chest", "20251210", "CHEST"),
    ),
    row(
        "brain MR",
        s("now", "MR", "MR hjerne", body="BRAIN"),
        s("before", "MR", "MR hjerne", "20240610", "BRAIN"),
        s("ct", "CT", "CT caput", "20251201", "HEAD"),
        s("back", "MR", "MR lumbalcolumna", "20251201", "LSPINE"),
        s("knee", "MR", "MR kne", "20251201", "KNEE"),
        never=("back", "knee"),
    ),
    row(
        "lumbar spine MR",
        s("now", "MR", "MR lumbar spine", body="LSPINE"),
        s("before", "MR", "MR lumbar spine", "20240110", "LSPINE"),
        s("ct", "CT", "CT lumbar spine", "20250110", "LSPINE"),
        s("film", "DX", "Lumbar spine", "20250110", "LSPINE"),
        s("neck", "MR", "MR cervical spine", "20251210", "CSPINE"),
        s("brain", "MR", "MR brain", "20251210", "BRAIN"),
        never=("brain",),
    ),
    row(
        "a left knee",
        s("now", "DX", "Knä vänster", body="KNEE", side="L"),
        s("before", "DX", "Knä vänster", "20230110", "KNEE", "L"),
        s("mr", "MR", "MR knä vänster", "20250110", "KNEE", "L"),
        s("right", "DX", "Knä höger", "20251210", "KNEE", "R"),
        s("ankle", "DX", "Fotled vänster", "20251210", "ANKLE", "L"),
        never=("right", "ankle"),
    ),
    row(
        "screening",
        s("now", "MG", "Mammography screening", body="BREAST", side="B"),
        s("two", "MG", "Mammography screening", "20240110", "BREAST", "B"),
        s("four", "MG", "Mammography screening", "20220110", "BREAST", "B"),
        s("sound", "US", "US breast left", "20250601", "BREAST", "L"),
        s("chest", "DX", "Chest PA", "20251201", "CHEST"),
        never=("chest",),
    ),
    row(
        "PET/CT",
        s("now", "CT/PT", "PET-CT FDG helkropp", body="WHOLEBODY"),
        s("summer", "CT/PT", "PET-CT FDG helkropp", "20250610", "WHOLEBODY"),
        s("older", "CT/PT", "PET-CT FDG helkropp", "20240110", "WHOLEBODY"),
        s("ct", "CT", "CT thorax-buk", "20251110", "CHESTABDPELVIS"),
    ),
    row(
        "follow-up of cancer: the one before, then the first of all",
        s("now", "CT", "CT thorax-buk", body="CHESTABDPELVIS"),
        s("last", "CT", "CT thorax-buk", "20251010", "CHESTABDPELVIS"),
        s("first", "CT", "CT thorax-buk", "20240510", "CHESTABDPELVIS"),
        s("between", "CT", "CT thorax-buk", "20250410", "CHESTABDPELVIS"),
        s("film", "DX", "Lungröntgen", "20251210", "CHEST"),
        reason=COLON,
    ),
    row(
        "follow-up of lesions: the one before, then where they were smallest",
        s("now", "CT", "CT thorax-buk", body="CHESTABDPELVIS"),
        s("last", "CT", "CT thorax-buk", "20251010", "CHESTABDPELVIS"),
        s("nadir", "CT", "CT thorax-buk", "20241010", "CHESTABDPELVIS"),
        s("between", "CT", "CT thorax-buk", "20250410", "CHESTABDPELVIS"),
        s("old", "CT", "CT thorax-buk", "20230510", "CHESTABDPELVIS"),
        smallest_lesions="nadir",
    ),
    row(
        "without cancer the newer goes first",
        s("now", "CT", "CT thorax-buk", body="CHESTABDPELVIS"),
        s("last", "CT", "CT thorax-buk", "20251010", "CHESTABDPELVIS"),
        s("between", "CT", "CT thorax-buk", "20250410", "CHESTABDPELVIS"),
        s("first", "CT", "CT thorax-buk", "20240510", "CHESTABDPELVIS"),
        reason="Buksmärta",
    ),
    row(
        "the order names one",
        s("now", "CT", "CT thorax", body="CHEST"),
        s("named", "CT", "CT thorax", "20240312", "CHEST"),
        s("newer", "CT", "CT thorax", "20251010", "CHEST"),
        s("film", "DX", "Chest", "20251210", "CHEST"),
        mentioned={"named": "DT 2024-03-12"},
    ),
    row(
        "that an earlier report names one says little",
        s("now", "CT", "CT thorax", body="CHEST"),
        s("newer", "CT", "CT thorax", "20251010", "CHEST"),
        s("named", "CT", "CT thorax", "20240312", "CHEST"),
        mentioned_before={"named": "DT 2024-03-12"},
    ),
    row(
        "a named study of another kind goes before what is of the same kind but another place",
        s("now", "CT", "CT abdomen", body="ABDOMEN"),
        s("named", "US", "US abdomen", "20250110", "ABDOMEN"),
        s("chest", "CT", "CT chest", "20251010", "CHEST"),
        mentioned={"named": "US 10.1.2025"},
    ),
    row(
        "two regions are asked for",
        s("now", "CT", "CT thorax-abdomen", body="CHESTABDOMEN"),
        s("both", "CT", "CT thorax-abdomen", "20240610", "CHESTABDOMEN"),
        s("half", "CT", "CT thorax", "20251210", "CHEST"),
        s("film", "DX", "Chest", "20251210", "CHEST"),
    ),
    row(
        "the thoracic spine is in a chest CT",
        s("now", "CT", "CT thoracic spine", body="TSPINE"),
        s("mr", "MR", "MR thoracic spine", "20240110", "TSPINE"),
        s("chest", "CT", "CT chest", "20250110", "CHEST"),
        s("hand", "DX", "Hand right", "20251210", "HAND", "R"),
        never=("hand",),
    ),
    row(
        "a shoulder",
        s("now", "MR", "MR skulder venstre", body="SHOULDER", side="L"),
        s("before", "MR", "MR skulder venstre", "20230110", "SHOULDER", "L"),
        s("film", "DX", "Skulder venstre", "20250110", "SHOULDER", "L"),
        s("other", "MR", "MR skulder høyre", "20251210", "SHOULDER", "R"),
        s("elbow", "DX", "Albue venstre", "20251210", "ELBOW", "L"),
        never=("other", "elbow"),
    ),
    row(
        "ultrasound of the abdomen",
        s("now", "US", "UL abdomen", body="ABDOMEN"),
        s("sound", "US", "UL abdomen", "20240110", "ABDOMEN"),
        s("ct", "CT", "CT abdomen", "20251010", "ABDOMEN"),
        s("knee", "US", "UL knæ", "20251010", "KNEE"),
        never=("knee",),
    ),
    row(
        "a chest radiograph",
        s("now", "DX", "Thorax", body="CHEST"),
        s("cr", "CR", "Thorax på avdeling", "20251225", "CHEST"),
        s("dx", "DX", "Thorax", "20251101", "CHEST"),
        s("old", "DX", "Thorax", "20250110", "CHEST"),
        s("ct", "CT", "CT thorax", "20251201", "CHEST"),
    ),
    row(
        "a head CT: a recent MR goes before a CT of ten years ago",
        s("now", "CT", "CT head", body="HEAD"),
        s("days", "CT", "CT head", "20251230", "HEAD"),
        s("mr", "MR", "MR brain", "20251110", "BRAIN"),
        s("old", "CT", "CT head", "20140110", "HEAD"),
    ),
    row(
        "vessels of the neck",
        s("now", "CT", "CT angio hals", body="NECK"),
        s("cta", "CT", "CT angio hals", "20240110", "NECK"),
        s("mra", "MR", "MR angio hals", "20250110", "NECK"),
        s("sound", "US", "US carotis", "20250110", "CAROTID"),
        s("belly", "CT", "CT buk", "20251210", "ABDOMEN"),
        never=("belly",),
    ),
    row(
        "nobody says what is shown",
        s("now", "CT", ""),
        s("ct", "CT", "", "20250110"),
        s("mr", "MR", "", "20250110"),
    ),
    row(
        "a hip is on a film of the pelvis",
        s("now", "DX", "Höft vänster", body="HIP", side="L"),
        s("hip", "DX", "Höft vänster", "20240110", "HIP", "L"),
        s("pelvis", "DX", "Bäcken", "20250110", "PELVIS"),
        s("ct", "CT", "CT bäcken", "20250110", "PELVIS"),
        s("other", "DX", "Höft höger", "20251210", "HIP", "R"),
        never=("other",),
    ),
    row(
        "coronary angiography",
        s("now", "XA", "Coronary angiography", body="HEART"),
        s("xa", "XA", "Coronary angiography", "20240110", "HEART"),
        s("ct", "CT", "CT coronary", "20250110", "HEART"),
        s("foot", "XA", "Angio foot", "20251210", "FOOT"),
        never=("foot",),
    ),
    row(
        "bone scan",
        s("now", "NM", "Skelettscintigrafi helkropp", body="WHOLEBODY"),
        s("nm", "NM", "Skelettscintigrafi helkropp", "20240110", "WHOLEBODY"),
        s("pet", "CT/PT", "PET-CT helkropp", "20250110", "WHOLEBODY"),
        s("film", "DX", "Hand", "20251210", "HAND"),
    ),
    row(
        "prostate",
        s("now", "MR", "MR prostata", body="PROSTATE"),
        s("mr", "MR", "MR prostata", "20240110", "PROSTATE"),
        s("sound", "US", "UL prostata", "20250110", "PROSTATE"),
        s("ct", "CT", "CT bäcken", "20250110", "PELVIS"),
        s("chest", "CT", "CT thorax", "20251210", "CHEST"),
        never=("chest",),
    ),
    row(
        "the same examination by its code",
        s("now", "MR", "MR brain", body="BRAIN", code="MRMS|99SITE|MR brain MS"),
        s("same", "MR", "MR brain", "20240110", "BRAIN", code="MRMS|99SITE|MR brain MS"),
        s("other", "MR", "MR brain", "20240601", "BRAIN", code="MRPIT|99SITE|MR brain pituitary"),
    ),
    row(
        "in Finnish",
        s("now", "CT", "Keuhkojen TT"),
        s("same", "CT", "Keuhkojen TT", "20240110"),
        s("film", "DX", "Keuhkokuva", "20250110"),
        s("head", "CT", "Pään TT", "20251210"),
        never=("head",),
    ),
    row(
        "in Danish and Norwegian",
        s("now", "CT", "CT af thorax"),
        s("norwegian", "CT", "CT Toraks", "20250110"),
        s("danish", "CT", "CT af thorax", "20230110"),
        s("knee", "DX", "Røntgen af knæ", "20251210"),
        never=("knee",),
    ),
    row(
        "a mammogram of the left",
        s("now", "MG", "Mammografi vänster", body="BREAST", side="L"),
        s("left", "MG", "Mammografi vänster", "20250110", "BREAST", "L"),
        s("both", "MG", "Mammografi", "20230110", "BREAST", "B"),
        s("right", "MG", "Mammografi höger", "20251210", "BREAST", "R"),
        never=("right",),
    ),
    row(
        "earlier the same day",
        s("now", "CT", "CT abdomen", body="ABDOMEN", time="120000"),
        s("morning", "CT", "CT abdomen", NOW, "ABDOMEN", time="090000"),
        s("yesterday", "CT", "CT abdomen", "20260109", "ABDOMEN"),
        s("evening", "CT", "CT abdomen", NOW, "ABDOMEN", time="180000"),
        never=("evening",),
    ),
    row(
        "the heart",
        s("now", "MR", "MR heart", body="HEART"),
        s("mr", "MR", "MR heart", "20230110", "HEART"),
        s("ct", "CT", "CT heart", "20250110", "HEART"),
        s("chest", "CT", "CT chest", "20250110", "CHEST"),
    ),
    row(
        "the urinary tract",
        s("now", "CT", "CT urinvägar", body="KIDNEY"),
        s("same", "CT", "CT urinvägar", "20250610", "KIDNEY"),
        s("belly", "CT", "CT buk", "20250610", "ABDOMEN"),
        s("sound", "US", "UL njurar", "20250610", "KIDNEY"),
    ),
    row(
        "PET/CT is worth more than a film of the chest",
        s("now", "CT", "CT thorax", body="CHEST"),
        s("pet", "CT/PT", "PET-CT", "20251010", "WHOLEBODY"),
        s("film", "DX", "Thorax", "20251010", "CHEST"),
    ),
)

PAIRS = sum(len(row.priors) for row in TABLE)
