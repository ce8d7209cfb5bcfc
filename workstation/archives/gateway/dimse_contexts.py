"""Which presentation contexts we propose for storing (PS3.8 9.3.2.2): as stored, not transcoded.

The acceptor picks one transfer syntax of a context. An archive that shall send what it holds as it is
needs a context for each; 128 fit into an association.
"""

from __future__ import annotations

from collections.abc import Iterable

MOST_CONTEXTS = 128
_JPEG = "1.2.840.10008.1.2.4."

TRANSFER_SYNTAXES: tuple[str, ...] = (
    "1.2.840.10008.1.2.1",
    "1.2.840.10008.1.2",
    *(_JPEG + end for end in ("70", "90", "80", "50", "91", "51", "57", "81", "201", "202", "203")),
    "1.2.840.10008.1.2.5",
    "1.2.840.10008.1.2.1.99",
    "1.2.840.10008.1.2.2",
    *(_JPEG + end for end in ("102", "103", "104", "105", "106", "100", "101", "107", "108", "53", "55", "110", "112")),
    "1.2.840.10008.1.2.8.1",
)
"""The likely ones first: where room is short, the rest share a context."""
_NATIVE = TRANSFER_SYNTAXES[:2]

_STORAGE = "1.2.840.10008.5.1.4.1.1."
COMMON_STORAGE: tuple[str, ...] = tuple(
    _STORAGE + end
    for end in (
        "2", "4", "1.1", "1", "7", "128", "2.1", "4.1", "6.1", "3.1", "1.2", "13.1.3", "20", "12.1", "88.67",
        "88.22", "11.1", "104.1", "66.4", "130", "7.4", "88.59", "88.33", "1.2.1",
    )
)  # fmt: skip
"""What an archive most likely holds, for one that does not say: CT, MR, DX, CR, SC, PET, enhanced CT and
MR, US and its multi-frame, MG, tomosynthesis, NM, XA, dose and other SR, presentation states, PDF, SEG."""

Contexts = list[tuple[str, list[str]]]


def storage_contexts(sop_classes: Iterable[str], room: int) -> Contexts:
    """Contexts for as many of these SOP classes as there is room for, each split as far as room allows."""
    classes = list(dict.fromkeys(uid for uid in sop_classes if uid))[:room]
    if not classes:
        return []
    each = room // len(classes)
    return [(uid, syntaxes) for uid in classes for syntaxes in _split(each)]


def _split(count: int) -> list[list[str]]:
    if count == 1:
        return [list(_NATIVE)]
    if count == 2:
        return [list(_NATIVE), list(TRANSFER_SYNTAXES[2:])]
    alone = TRANSFER_SYNTAXES[: count - 1]
    rest = TRANSFER_SYNTAXES[count - 1 :]
    return [[syntax] for syntax in alone] + ([list(rest)] if rest else [])
