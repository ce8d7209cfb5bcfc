"""What came for the open case after it was opened: late images, late priors (fault F59)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from workstation.domain.study import Instance, Study


@dataclass(frozen=True, slots=True)
class Growth:
    """The studies as they are now, and what they hold that the reader has not been given.

    `images` are frames of the study that is being read, `prior_images` of its priors, `priors` are
    studies of the patient that were not there at all. `read_again` are the open studies as they are now where
    objects about their images came: those change nothing that hangs, and are read at once.
    """

    study: Study
    priors: tuple[Study, ...]
    images: int = 0
    prior_images: int = 0
    new_priors: int = 0
    read_again: tuple[Study, ...] = ()

    @property
    def is_something(self) -> bool:
        return self.images > 0 or self.prior_images > 0 or self.new_priors > 0


def growth_of(study: Study, priors: Sequence[Study], study_now: Study, priors_now: Sequence[Study]) -> Growth:
    """Compares what is open with what is here now, by SOP Instance UID and frame count."""
    before = {prior.study_instance_uid: prior for prior in priors}
    known = [(before[p.study_instance_uid], p) for p in priors_now if p.study_instance_uid in before]
    fresh = [p for p in priors_now if p.study_instance_uid not in before]
    return Growth(
        study_now,
        tuple(priors_now),
        _added(study, study_now),
        sum(_added(old, new) for old, new in known),
        len(fresh),
        _with_objects([(study, study_now), *known]),
    )


def _with_objects(pairs: Sequence[tuple[Study, Study]]) -> tuple[Study, ...]:
    """All of the studies as they are now, if any of them has a new instance without pixels."""
    came = any(not instance.has_pixels for old, new in pairs for instance in _new(old, new))
    return tuple(now for _, now in pairs) if came else ()


def growth_words(growth: Growth) -> str:
    """`12 new images and 1 new prior have come since this case was opened`; an English source string."""
    counted = (
        (growth.images, "1 new image", "{0} new images"),
        (growth.prior_images, "1 new image of a prior", "{0} new images of priors"),
        (growth.new_priors, "1 new prior", "{0} new priors"),
    )
    parts = [one if n == 1 else many.format(n) for n, one, many in counted if n]
    total = growth.images + growth.prior_images + growth.new_priors
    return f"{' and '.join(parts)} {'has' if total == 1 else 'have'} come since this case was opened"


def _added(before: Study, now: Study) -> int:
    """Frames of instances that were not there before."""
    return sum(instance.number_of_frames for instance in _new(before, now) if instance.has_pixels)


def _new(before: Study, now: Study) -> Iterator[Instance]:
    had = {instance.sop_instance_uid for series in before.series for instance in series.instances}
    return (i for series in now.series for i in series.instances if i.sop_instance_uid not in had)
