"""What may be said to the workstation: the editing commands, and those of the command table that have phrases.

A whole utterance between two pauses, or nothing. With the command key also what sounds most like
a phrase. What signs, closes, discards or goes on to another case has no phrase, in any language.
Phrases of the table are English in the table itself ("image next", also said "next image"), and in
resources/vocabulary/commands/<language>.toml for the other languages.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

from dictation.commands import CommandName, SpokenCommand, command_of, what_can_i_say
from dictation.engines.alignment import atoms, known_tables
from dictation.formatter.language import Language
from dictation.retrieval import alike
from workstation.commands.command import Command
from workstation.domain.report import SectionCode
from workstation.errors import Refused, Unavailable

LIKE_ENOUGH = 0.8
CLEARLY_BETTER = 0.08
"""Than the next phrase: of two that sound alike neither is taken."""

ENGLISH = "en"
PARTS = ("say", "never", "sections")


@dataclass(frozen=True, slots=True)
class TableCommand:
    """A command of the table by its id."""

    id: str


@dataclass(frozen=True, slots=True)
class NeverByVoice:
    """What was said is known, and done by its key only."""

    id: str


Understood = SpokenCommand | TableCommand | NeverByVoice


class SpokenTable:
    """What can be said in one language. Raises Unavailable for a language without tables."""

    def __init__(self, commands: Iterable[Command], code: str = ENGLISH) -> None:
        self.code = code
        self._tables = known_tables(code)
        self._phrases = phrases_of(commands, code)
        self._editing = what_can_i_say(code)
        self._by_words: dict[str, Understood] = {}
        for command_id, phrases in _read(code)["never"].items():
            self._know(phrases, NeverByVoice(command_id))
        for command_id, phrases in self._phrases.items():
            self._know(phrases, TableCommand(command_id))
            if code == ENGLISH:
                self._know(map(_natural, phrases), TableCommand(command_id))

    def find(self, spoken: str) -> Understood | None:
        """The command that the whole utterance is."""
        known = command_of(spoken, self.code)
        return known if known is not None else self._by_words.get(_words(spoken, self._tables))

    def nearest(self, spoken: str) -> Understood | None:
        """The command, or the one that it sounds most like: for what was said with the command key alone."""
        known = self.find(spoken)
        if known is not None:
            return known
        said = _words(spoken, self._tables)
        scored = sorted(((alike(said, phrase), phrase) for phrase in self._all()), reverse=True)
        if not scored or scored[0][0] < LIKE_ENOUGH:
            return None
        best = self.find(scored[0][1])
        others = (score for score, phrase in scored[1:] if self.find(phrase) != best)
        return best if scored[0][0] - next(others, 0.0) >= CLEARLY_BETTER else None

    def section_of(self, heading: str) -> SectionCode | None:
        """The section of a report that a heading names; None for "Liver"."""
        found = next((name for name, said in _read(self.code)["sections"].items() if heading in said), None)
        return SectionCode[found.upper()] if found is not None else None

    @property
    def editing(self) -> Mapping[CommandName, tuple[str, ...]]:
        return self._editing

    @property
    def phrases(self) -> Mapping[str, tuple[str, ...]]:
        """The table's phrases by command id, as they are best said."""
        if self.code != ENGLISH:
            return self._phrases
        return {key: tuple(dict.fromkeys(map(_natural, said))) for key, said in self._phrases.items()}

    def _know(self, phrases: Iterable[str], what: Understood) -> None:
        for phrase in phrases:
            self._by_words.setdefault(_words(phrase, self._tables), what)

    def _all(self) -> Iterator[str]:
        yield from self._by_words
        yield from (phrase for phrases in self._editing.values() for phrase in phrases)


def may_be_said(command: Command) -> bool:
    """Whether voice alone may do it at all."""
    return not command.confirm_by_key and bool(command.say)


def phrases_of(commands: Iterable[Command], code: str) -> dict[str, tuple[str, ...]]:
    """By command id. A language's file cannot give a phrase to what the table does not let voice do."""
    table = {command.id: command for command in commands if may_be_said(command)}
    read = {key: said for key, said in _read(code)["say"].items() if key in table}
    if code != ENGLISH:
        return read
    return {key: (*command.say, *read.get(key, ())) for key, command in table.items()}


@lru_cache
def _read(code: str) -> dict[str, dict[str, tuple[str, ...]]]:
    source = files("resources") / "vocabulary" / "commands" / f"{code}.toml"
    if not code.isalpha() or not source.is_file():
        raise Unavailable("No command can be said in this language", f"{code!r}", "Use the keys (F1)")
    try:
        read = tomllib.loads(source.read_text("utf-8"))
        return {part: {key: tuple(said) for key, said in read[part].items()} for part in PARTS}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, KeyError, AttributeError) as error:
        raise Refused("The file of spoken commands cannot be read", f"{source.name}: {error}", "Correct the file") from error


def _words(text: str, tables: Language | None) -> str:
    """Words as they are compared: small letters, numbers as digits, no marks."""
    bare = re.sub(r"[^\w\s]+", " ", text.lower())
    return " ".join(atom.text for atom in atoms(bare.split(), tables))


def _natural(phrase: str) -> str:
    """ "image next" -> "next image": the table says the noun first, people do not."""
    *noun, said = phrase.split()
    return " ".join((said, *noun)) if said in _SAID_FIRST else phrase


_SAID_FIRST = frozenset(
    re.findall(
        r"\w+",
        "next previous first last show list refresh find import pause automatic default true invert flip rotate sharpen smooth"
        " interpolate start stop sweep play fit reset toggle mark leave carry copy save change move accept reject link hide turn"
        " deform maximise write axial coronal sagittal oblique straight thicker thinner full",
    )
)
