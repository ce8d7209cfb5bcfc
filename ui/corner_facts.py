"""What the corners of one viewport are about."""

from __future__ import annotations

from dataclasses import dataclass, field

from rendering.picture import Picture
from ui.kept import Kept
from workstation.corner_texts import CornerText
from workstation.domain.patient import PatientKey
from workstation.domain.study import Instance, Series, Study
from workstation.domain.viewing import ViewportState, WindowPreset
from workstation.session.cine import CineFacts

# Asked for many times in each painting, of series of thousands of images.
_BY_UID: Kept[dict[str, Instance]] = Kept(16)


@dataclass(frozen=True, slots=True)
class CornerFacts:
    """What the corners are about. `current_date` is the StudyDate of the study being read, `current_key` its patient.

    `layout` says which facts stand where (None: the built-in full text); `cine` is what plays here,
    `pixel_source` where the size of the screen's pixels is from, for true size. Of a prior `which` is its number among
    how many, `prior_note` what of it is not as the current images are; of the study being read `newer_date` is the
    StudyDate of a newer one that shows the same. `rejected` is why the image is not to be looked at.
    """

    study: Study
    series: Series
    state: ViewportState
    picture: Picture
    is_prior: bool = False
    current_date: str = ""
    not_the_reports: bool = False
    active: bool = False
    presets: tuple[WindowPreset, ...] = field(default=())
    loaded: tuple[int, int] = (0, 0)
    current_key: PatientKey | None = None
    layout: CornerText | None = None
    cine: CineFacts | None = None
    pixel_source: str = ""
    which: tuple[int, int] | None = None
    prior_note: str = ""
    newer_date: str = ""
    rejected: str = ""

    @property
    def instance(self) -> Instance | None:
        """The image shown, where it is one."""
        if self.picture.identity is None:
            return None
        instances = self.series.instances
        by_uid = _BY_UID.get((instances,), lambda: {i.sop_instance_uid: i for i in reversed(instances)})
        return by_uid.get(self.picture.identity.sop_instance_uid)
