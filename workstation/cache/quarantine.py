"""Files that were received but are not shown: why, and what the reader of their study must know."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from enum import StrEnum

from workstation.domain.doubt import Doubt


class QuarantineKind(StrEnum):
    """Why a file was set aside (reliability F47, F49, I6)."""

    OTHER_BYTES = "same UID, other bytes"
    OTHER_PATIENT = "other patient"
    DAMAGED = "damaged in the cache"
    UNREADABLE = "no longer readable"
    LETHAL = "killed its reader"
    UNDECODABLE = "kills its decoder"
    """The file stays where it is, and its image in the study: only its pixels are not touched again."""


REASONS: dict[QuarantineKind, str] = {
    QuarantineKind.OTHER_BYTES: "Set aside: the study already has another file with this SOP Instance UID; the first one is kept",
    QuarantineKind.OTHER_PATIENT: "RED ALERT, set aside: the patient of this file is not the patient of its study",
    QuarantineKind.UNDECODABLE: "Its pixels end the decoder: the image is not shown",
    QuarantineKind.DAMAGED: "Set aside: the bytes in the cache are not those that were stored",
}

# What is shown on the study itself; LETHAL files have no known study.
STUDY_DOUBTS: dict[QuarantineKind, Doubt] = {
    QuarantineKind.OTHER_BYTES: Doubt("second-version", "A second, different version of an image was received and set aside"),
    QuarantineKind.OTHER_PATIENT: Doubt("other-patient", "A file of ANOTHER PATIENT was received in this study and set aside"),
    QuarantineKind.UNDECODABLE: Doubt("lethal-image", "An image that ended the decoder is not shown"),
    QuarantineKind.DAMAGED: Doubt("damaged-file", "A stored image was damaged and set aside"),
}


@dataclass(frozen=True, slots=True)
class QuarantinedFile:
    """One file set aside. `file` is the name it came by, `received` UTC in ISO 8601.

    The UIDs are empty where the file could not be read. The record of it lies beside the file
    as JSON, so that the index can be made again.
    """

    sha256: str
    kind: QuarantineKind
    reason: str
    file: str
    received: str
    study_instance_uid: str = ""
    series_instance_uid: str = ""
    sop_instance_uid: str = ""

    @property
    def is_red_alert(self) -> bool:
        return self.kind is QuarantineKind.OTHER_PATIENT

    def to_json(self) -> str:
        return json.dumps(asdict(self), ensure_ascii=False, sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> QuarantinedFile:
        """Raises ValueError, KeyError or TypeError for a record that is not ours."""
        values = json.loads(text)
        return cls(**{**values, "kind": QuarantineKind(values["kind"])})
