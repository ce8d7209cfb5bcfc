"""What must be known of the side of a mammogram and of mirrored images: badges on the image."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

from ui import plain
from ui.corner_facts import CornerFacts
from ui.image_origin import attribute
from workstation.domain import breast_side
from workstation.domain.viewing import Plane

# Their markers of the side may be burnt into the pixels.
_PROJECTIONS = frozenset({"MG", "CR", "DX", "RG"})


def badges(facts: CornerFacts) -> list[str]:
    """Contradictions in what the file says of its side, and that it is shown mirrored."""
    found = []
    if facts.series.modality == "MG":
        found += [plain.core_text(words) for words in breast_side.conflicts(_elements(facts))]
    state = facts.state
    is_mirrored = state.flipped_horizontally is not state.flipped_vertically
    if is_mirrored and state.plane is Plane.STACK and facts.series.modality in _PROJECTIONS:
        found.append(QCoreApplication.translate("viewport", "Mirrored: so is text in the image"))
    return found


def _elements(facts: CornerFacts) -> dict[str, tuple[str, ...]]:
    own = {keyword: attribute(facts.series, facts.instance, keyword) for keyword in breast_side.ELEMENTS}
    return {**own, "SeriesDescription": (facts.series.series_description,)}
