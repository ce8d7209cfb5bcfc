"""An image that somebody marked as one to look at (PS3.3 A.35.4, PS3.16 TID 2010)."""

from __future__ import annotations

from dataclasses import dataclass, field

from workstation.domain.annotation import Source

TITLES: dict[str, str] = {
    "113000": "Of Interest",
    "113002": "For Referring Provider",
    "113003": "For Surgery",
    "113004": "For Teaching",
    "113005": "For Conference",
    "113006": "For Therapy",
    "113007": "For Patient",
    "113008": "For Peer Review",
    "113009": "For Research",
    "113018": "For Printing",
    "113020": "For Report Attachment",
    "128203": "For Tumor Board",
}
"""Code value (scheme DCM) to meaning of what a reader may mark for (CID 7010). Rejections are the archive's business."""
OF_INTEREST = "113000"


@dataclass(frozen=True, slots=True)
class KeyImage:
    """One frame (1-based) that was marked, for what (a code value of `TITLES`), and by whom.

    Of others `title` is their own words and `frame_number` 0 stands for every frame of the image.
    """

    study_uid: str
    series_uid: str
    sop_instance_uid: str
    frame_number: int = 1
    title: str = OF_INTEREST
    source: Source = field(default_factory=Source)

    @property
    def place(self) -> tuple[str, str, int]:
        """What it marks: study, image, frame."""
        return self.study_uid, self.sop_instance_uid, self.frame_number

    @property
    def title_words(self) -> str:
        return TITLES.get(self.title, self.title)

    def is_on(self, study_uid: str, sop_instance_uid: str, frame_number: int) -> bool:
        same = (self.study_uid, self.sop_instance_uid) == (study_uid, sop_instance_uid)
        return same and self.frame_number in (0, frame_number)
