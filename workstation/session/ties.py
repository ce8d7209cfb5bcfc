"""Links of words that stand in an editor and are not on disk yet: they go there with the text, in one step."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from workstation.domain.report import SectionCode
from workstation.domain.text_link import TextLink
from workstation.reporting.link_places import followed

Place = tuple[str, SectionCode]


class Ties:
    """Any thread: a text that the disk refused gives its links back in a job."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: dict[Place, tuple[str, tuple[TextLink, ...]]] = {}

    def tie(self, report_uuid: str, section: SectionCode, text: str, links: Sequence[TextLink]) -> None:
        """The links of words in a section's text as it stands in the editor; it is written next."""
        with self._lock:
            before = self._at(report_uuid, section, text)
            new = {link.link_id for link in links}
            kept = [link for link in before if link.link_id not in new]
            self._waiting[report_uuid, section] = text, (*kept, *links)

    def taken(self, report_uuid: str, section: SectionCode, text: str) -> tuple[TextLink, ...]:
        """Those to be written with this text, at their places in it; words that are gone are left out."""
        with self._lock:
            links = self._at(report_uuid, section, text)
            self._waiting.pop((report_uuid, section), None)
        return tuple(link for link in links if link.is_in_text)

    @contextmanager
    def kept_if_refused(self, report_uuid: str, section: SectionCode, text: str, links: Sequence[TextLink]) -> Iterator[None]:
        """The disk may refuse the text: then its links wait for the next one."""
        try:
            yield
        except Exception:
            with self._lock:
                later = self._waiting.get((report_uuid, section))
                if links and later is None:
                    self._waiting[report_uuid, section] = text, tuple(links)
                elif links and later is not None:
                    known = {link.link_id for link in later[1]}
                    older = [placed(link, text, later[0]) for link in links if link.link_id not in known]
                    self._waiting[report_uuid, section] = later[0], (*older, *later[1])
            raise

    def _at(self, report_uuid: str, section: SectionCode, text: str) -> tuple[TextLink, ...]:
        said, links = self._waiting.get((report_uuid, section), (text, ()))
        return tuple(placed(link, said, text) for link in links)


def placed(link: TextLink, before: str, text: str) -> TextLink:
    """The link where its words lie once `before` has become `text`."""
    start, end = followed((link.start, link.end), link.words, before, text)
    return link if (start, end) == (link.start, link.end) else replace(link, start=start, end=end)
