"""Whether a reader looked at lossy compressed images: a site may forbid to report from them (reliability F56)."""

from __future__ import annotations

from collections.abc import Collection

from workstation.domain.study import Study
from workstation.session.tool import ShownImage

FORBIDDEN = "Lossy compressed images of this study were shown, and this site does not report from them"
WHAT_TO_DO = "Fetch the originals from the archive, or have the site's rule (lossy_primary in settings.toml) changed"


def lossy_was_shown(study: Study, shown: Collection[ShownImage]) -> bool:
    """Whether any shown image of `study` is lossy (0028,2110, or a syntax that loses).

    A cut through a volume names no image: it counts when a series of several lossy images is there.
    """
    seen = {image.sop_instance_uid for image in shown if image.study_uid == study.study_instance_uid}
    for series in study.series:
        lossy = [image.sop_instance_uid for image in series.instances if image.header.get("lossy")]
        if not seen.isdisjoint(lossy) or ("" in seen and len(lossy) > 1):
            return True
    return False
