"""Earlier studies of a patient as they stand to the one being read: how much speaks for each, and where it lies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Mentions:
    """Which words speak of which study (by Study Instance UID). All words are text from outside.

    `now` are those of the order and of the report being written, `before` those of earlier reports. `smallest` is the
    study (UID) in which the lesions that are followed were smallest; empty where none are.
    """

    now: Mapping[str, str] = field(default_factory=dict)
    before: Mapping[str, str] = field(default_factory=dict)
    smallest: str = ""


NOT_MENTIONED = Mentions()


@dataclass(frozen=True, slots=True)
class PriorRelevance:
    """How much speaks for comparing with a study. `reasons`, in words with their points, are never empty.

    `refusal`, when not empty, is why it is never hung by itself. `is_later`: it was made after the study being read;
    `is_other_person`: it is another patient's, or may be. `sides` are `L`, `R`, `B` as far as they are known.
    """

    study_instance_uid: str
    points: float
    reasons: tuple[str, ...]
    refusal: str = ""
    is_later: bool = False
    is_other_person: bool = False
    sides: tuple[str, ...] = ()

    @property
    def is_usable(self) -> bool:
        return not self.refusal


class Whereabouts(StrEnum):
    """Where the images of a known study are."""

    HERE = "here"
    PARTLY = "partly here"
    ARCHIVE = "in an archive"
    COMING = "being fetched"


@dataclass(frozen=True, slots=True)
class KnownStudy:
    """Another study of the patient, here or listed by an archive. All text is from outside.

    `received` of `expected` images are here, `expected` None where nobody has counted them. `archives` are those that
    hold it, the one to ask first. `problem` is why it did not come, in words.
    """

    study_instance_uid: str
    day: str
    time: str
    modalities: tuple[str, ...]
    description: str
    relevance: PriorRelevance
    where: Whereabouts
    accession_number: str = ""
    institution: str = ""
    archives: tuple[str, ...] = ()
    received: int = 0
    expected: int | None = None
    problem: str = ""

    @property
    def is_here(self) -> bool:
        """Whether images of it can be hung now."""
        return self.received > 0
