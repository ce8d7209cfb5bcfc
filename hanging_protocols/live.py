"""The protocols in force while the program runs: read, saved, taken back, and read again when a folder changed.

A folder of the site is looked at when another case is hung, and never waited for longer than a reader notices.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from threading import RLock

from hanging_protocols import library, library_files, schema
from hanging_protocols.engine import ProtocolHanger, Ranked
from hanging_protocols.hanging import Scene
from hanging_protocols.kinds import StudyKind, kind_of
from hanging_protocols.library import LEVEL_WORDS, Library
from hanging_protocols.library_files import Asking, Written
from hanging_protocols.model import HangingProtocol, Level
from hanging_protocols.write import write
from workstation.domain.hanging import NOTHING_KNOWN, HangingContext
from workstation.domain.study import Study
from workstation.domain.viewing import Arrangement, PresetTable
from workstation.errors import Refused, Unavailable, WorkstationError

# How long a case that opens waits for a look at the folders; a slower answer counts for the next one.
LOOK_SECONDS = 0.05
SAVE_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Place:
    """A level that protocols may be saved at, or `why_not` in words."""

    level: Level
    folder: Path
    why_not: str = ""


class LibraryHanger(ProtocolHanger):
    """Implements workstation.ports.Hanger on the folders of a site, a group and a reader.

    `copies` is where the last good copies of shared folders lie, `chosen` the file of the protocols that the
    reader chose for a kind of study. `tell` is given what is refused, each once.
    """

    def __init__(
        self,
        folders: Mapping[Level, Path],
        presets: PresetTable,
        tell: Callable[[WorkstationError], object],
        copies: Path,
        chosen: Path,
    ) -> None:
        super().__init__((), presets)
        self.folders = dict(folders)
        self._tell, self._copies, self._chosen_path = tell, copies, chosen
        self._told: set[str] = set()
        self._read, self._glance = Asking(), Asking(LOOK_SECONDS)
        # Cases open in two threads, and the window saves in a third: one of them reads the folders.
        self._reading = RLock()
        self._stamps: tuple[object, ...] = ()
        self._last_study = ""
        self._chosen = _read_chosen(chosen)
        self.library = Library(())
        self.reload()

    # ---- as the core asks it ---------------------------------------------------------

    def hang(
        self,
        current: Study,
        priors: Sequence[Study],
        stage: int = 0,
        protocol_id: str = "",
        context: HangingContext = NOTHING_KNOWN,
    ) -> Arrangement:
        if current.study_instance_uid != self._last_study:
            self._last_study = current.study_instance_uid
            self.refresh()
        chosen = "" if protocol_id else self.chosen_for(current, context)
        if chosen:
            kind = self.kind(current, context).words
            hung = super().hang(current, priors, stage, chosen, context)
            if hung.protocol == chosen:
                return replace(hung, reasons=(f"Chosen by you for {kind}", *hung.reasons))
        return super().hang(current, priors, stage, protocol_id, context)

    # ---- what there is ---------------------------------------------------------------

    def reload(self) -> None:
        """Read every folder again; say what is refused now and was not before. Any thread."""
        with self._reading:
            self._read_folders()

    def _read_folders(self) -> None:
        self._stamps = self._glance(self._look, self._stamps)
        found = library.read(self.folders.items(), self._copies, self._read)
        # Whoever saves waits shorter than who starts the program.
        self._read.seconds = min(self._read.seconds, SAVE_SECONDS)
        self.library, self.protocols = found, found.protocols
        problems: list[WorkstationError] = [error for _, error in found.refused]
        problems += [Unavailable(notice) for notice in found.notices]
        for problem in problems:
            if str(problem) not in self._told:
                self._tell(problem)
        self._told = {str(problem) for problem in problems}

    def refresh(self) -> bool:
        """Read the folders again if a file of them changed.

        False when nothing did, they do not answer at once, or another thread is reading them: a case that opens
        waits for none of these.
        """
        if not self._reading.acquire(blocking=False):
            return False
        try:
            stamps = self._glance(self._look, self._stamps)
            if stamps == self._stamps:
                return False
            self._read_folders()
            return True
        finally:
            self._reading.release()

    def scene(self, current: Study, priors: Sequence[Study], context: HangingContext = NOTHING_KNOWN) -> Scene:
        """What there is to hang, as the engine sees it."""
        return self._scene(*self._known(current, priors, context), context)

    def ranked(self, current: Study, priors: Sequence[Study], context: HangingContext = NOTHING_KNOWN) -> tuple[Ranked, ...]:
        """Every protocol, the best first, one that was chosen for this kind of study before all."""
        found = self.rank(current, priors, context)
        chosen = self.chosen_for(current, context)
        return tuple(sorted(found, key=lambda one: one.protocol.protocol_id != chosen))

    def places(self) -> tuple[Place, ...]:
        """The levels above the built-in one that have a folder. The reader's own is made; a share is not."""
        self._make_own()
        return tuple(Place(level, folder, library_files.why_not_writable(folder)) for level, folder in self.folders.items())

    def try_out(
        self,
        draft: HangingProtocol,
        current: Study,
        priors: Sequence[Study],
        stage: int = 0,
        context: HangingContext = NOTHING_KNOWN,
    ) -> Arrangement:
        """What a protocol that is not saved would hang, whether it fits the study or not."""
        return ProtocolHanger((draft,), self.presets).hang(current, priors, stage, draft.protocol_id, context)

    def best_below(self, level: Level, current: Study, priors: Sequence[Study], context: HangingContext = NOTHING_KNOWN) -> float:
        """The points of the best protocol for this study beneath a level: what one of that level has to come before."""
        ranked = self.rank(current, priors, context)
        return max((one.points for one in ranked if one.protocol.level < level), default=0.0)

    def chosen_first(self, draft: HangingProtocol, current: Study, priors: Sequence[Study], context: HangingContext) -> Ranked:
        """The protocol that would be chosen if `draft` were saved."""
        others = [one for one in self.protocols if one.protocol_id != draft.protocol_id]
        return ProtocolHanger((*others, draft), self.presets).rank(current, priors, context)[0]

    # ---- what is changed -------------------------------------------------------------

    def save(self, protocol: HangingProtocol, level: Level, comment: str = "") -> Written:
        """Write it to the level's folder; it is in force at once. Raises Refused (by key) or Unavailable."""
        self._make_own()
        path = self.path_for(protocol.protocol_id, level)
        text = write(replace(protocol, level=level), comment)
        schema.parse(text, path.name, level)
        done = library_files.write(path, text.encode())
        self.reload()
        return done

    def remove(self, protocol_id: str, level: Level) -> Written:
        """Take a protocol's file away; what it replaced is in force again. Raises Refused, Unavailable."""
        kept = self.library.at(protocol_id, level)
        if kept is None:
            raise Refused("There is no such file", f"No protocol of this id is {LEVEL_WORDS[level]}")
        done = library_files.remove(kept.path)
        self.reload()
        return done

    def take_back(self, done: Written) -> None:
        """Undo a `save` or a `remove`."""
        library_files.take_back(done)
        self.reload()

    def path_for(self, protocol_id: str, level: Level) -> Path:
        """Its file: the one that gave it at this level, or one named after it that no other protocol has."""
        folder = self.folders.get(level)
        if folder is None:
            raise Refused("There is no folder for this level", f"Set {level.name.lower()}_protocols in settings.toml")
        kept = self.library.at(protocol_id, level)
        if kept is not None:
            return kept.path
        taken = {one.path.name for one in self.library.found if one.protocol.level is level}
        taken |= {path.name for path in self.library.refused_paths if path.parent == folder}
        stem = protocol_id.replace("-", "_")
        names = (stem, *(f"{stem}_{number}" for number in range(2, 1000)))
        return next(folder / f"{name}.toml" for name in names if f"{name}.toml" not in taken)

    def unused_id(self, wish: str) -> str:
        """`wish` made an id that no protocol has."""
        taken = {one.protocol_id for one in self.protocols} | {one.protocol.protocol_id for one in self.library.found}
        return unused(slug(wish), taken)

    # ---- a protocol for a kind of study ----------------------------------------------

    def kind(self, study: Study, context: HangingContext = NOTHING_KNOWN) -> StudyKind:
        """Of which kind a study is, by its images and its order."""
        return kind_of(self.scene(study, (), context).current)

    def chosen_for(self, study: Study, context: HangingContext = NOTHING_KNOWN) -> str:
        """The protocol that the reader chose for studies of this kind; empty for none, or one that is gone."""
        chosen = self._chosen.get(self.kind(study, context).key, "") if self._chosen else ""
        return chosen if self.library.get(chosen) is not None else ""

    def choose_for(self, study: Study, protocol_id: str, context: HangingContext = NOTHING_KNOWN) -> str:
        """Hang studies of this kind by that protocol from now on (empty: by the best one). Gives the kind in words."""
        kind = self.kind(study, context)
        chosen = {key: value for key, value in self._chosen.items() if key != kind.key}
        if protocol_id:
            chosen[kind.key] = protocol_id
        library_files.write(self._chosen_path, json.dumps(chosen, indent=1, sort_keys=True).encode())
        self._chosen = chosen
        return kind.words

    # ---- inside ----------------------------------------------------------------------

    def _make_own(self) -> None:
        """What stands in its way is said by whoever writes there."""
        with contextlib.suppress(OSError):
            self.folders[Level.USER].mkdir(mode=0o700, parents=True, exist_ok=True)

    def _look(self) -> tuple[object, ...]:
        return tuple(_stamp(folder) for folder in self.folders.values())


def folders_of(config: Path, site: str, group: str) -> dict[Level, Path]:
    """The folders above the built-in protocols; those of a site and a group where the settings name them."""
    shared = {Level.GROUP: group, Level.SITE: site}
    return {Level.USER: config / "hanging_protocols"} | {level: Path(folder) for level, folder in shared.items() if folder}


def unused(wish: str, taken: Iterable[str]) -> str:
    """`wish`, or with a number behind it, as none of `taken` is."""
    taken = set(taken)
    names = (wish, *(f"{wish}-{number}" for number in range(2, 1000)))
    return next(name for name in names if name not in taken)


def slug(text: str) -> str:
    """Small letters, digits and hyphens of a title, as ids are written; never empty."""
    kept = "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in text.casefold())
    return "-".join(part for part in kept.split("-") if part)[:60] or "protocol"


def _stamp(folder: Path) -> object:
    try:
        return library_files.stamp(folder)
    except FileNotFoundError:
        return ()
    except OSError as error:
        return error.strerror


def _read_chosen(path: Path) -> dict[str, str]:
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    pairs = stored.items() if isinstance(stored, dict) else ()
    return {key: value for key, value in pairs if isinstance(key, str) and isinstance(value, str)}
