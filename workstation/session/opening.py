"""What a case that opens is made of, and what the reader hears when it cannot be.

A mistake of ours may keep nobody from the images: a case that cannot be hung by a protocol is laid out in order,
one that cannot be opened leaves what is on screen as it was, and says so.
"""

from __future__ import annotations

import contextlib
import logging
import traceback
from math import ceil, sqrt
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from workstation.domain.doubt import Doubt
from workstation.domain.hanging import not_hung
from workstation.domain.order import WorklistItem
from workstation.domain.study import Study
from workstation.domain.viewing import Arrangement, Cell, Layout, ViewportState
from workstation.errors import Refused, WorkstationError
from workstation.session.case import Case, warnings_of

if TYPE_CHECKING:
    from collections.abc import Sequence

# More series than this go to further stages: smaller pictures cannot be told apart.
MOST_ON_A_STAGE = 12
PLAIN = "plain"
PLAIN_TITLE = "Plain layout"

logger = logging.getLogger(__name__)


class Studies(Protocol):
    """`workstation.cache.cache.StudyCache`, as far as an opening asks."""

    def study(self, study_instance_uid: str) -> Study: ...
    def priors_of(self, study: Study) -> Sequence[Study]: ...
    def doubts_of(self, study_instance_uid: str) -> Sequence[Doubt]: ...


def case_of(cache: Studies, generation: int, item: WorklistItem) -> Case:
    """What a row opens. Raises Refused for a study that is not here, and for images of another patient than the row's."""
    study = cache.study(item.study_instance_uid)
    if study.patient.key != item.patient.key:
        raise Refused("Not opened: other patient", "The images belong to another patient than the order", "Call the RIS desk")
    doubts = tuple(doubt.text for doubt in cache.doubts_of(item.study_instance_uid))
    return Case(generation, item, study, priors_here(cache, study), warnings_of(item, doubts))


def priors_here(cache: Studies, study: Study) -> tuple[Study, ...]:
    """The priors whole. One that made room while this case opens is left out: it keeps nobody from the others."""
    found = list[Study]()
    for prior in cache.priors_of(study):
        with contextlib.suppress(Refused):
            found.append(cache.study(prior.study_instance_uid))
    return tuple(found)


def not_opened(error: Exception) -> WorkstationError:
    """What is told when a case did not open: words of its own, or for a mistake of ours its kind, and what to do."""
    if isinstance(error, WorkstationError):
        return error
    note("a case could not be opened", error)
    kind = f"Something unexpected went wrong ({type(error).__name__})"
    return WorkstationError(
        "The case could not be opened", kind, "What is on screen is what was open before. Open it again; restart if that fails"
    )


def every_series(study: Study, stage: int, error: Exception) -> Arrangement:
    """The study's series in order, on as many stages as it takes, with why no protocol hung them."""
    note("a case could not be hung", error)
    shown = [series for series in study.series if series.image_count]
    pages = [shown[at : at + MOST_ON_A_STAGE] for at in range(0, len(shown), MOST_ON_A_STAGE)] or [[]]
    stage = min(stage, len(pages) - 1)
    columns = max(1, ceil(sqrt(len(pages[stage]))))
    layout = Layout(max(1, ceil(len(pages[stage]) / columns)), columns)
    cells = tuple(
        Cell(*divmod(place, columns), ViewportState(study.study_instance_uid, series.series_instance_uid), label=series.modality)
        for place, series in enumerate(pages[stage])
    )
    why = (not_hung(type(error).__name__),)
    return Arrangement(PLAIN, PLAIN_TITLE, stage, len(pages), PLAIN_TITLE, layout, cells, why)


def note(what: str, error: Exception) -> None:
    """A line of the log: the kind of the error and the line of our code, never its text."""
    last = traceback.extract_tb(error.__traceback__)[-1:]
    where = f"{Path(last[0].filename).name}, line {last[0].lineno}" if last else "nowhere"
    logger.error("%s: %s in %s", what, type(error).__name__, where)
