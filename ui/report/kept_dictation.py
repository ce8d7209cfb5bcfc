"""The pipeline of each language: made when first needed, kept so that its model is loaded once, heard on the main thread."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from ui.report.spoken_places import SpokenPlaces, target_of
from workstation.at_rest.vault import Vault
from workstation.domain.dictation import DictationContext
from workstation.errors import Unavailable
from workstation.jobs import Jobs

if TYPE_CHECKING:
    from dictation.models import EngineSpec
    from dictation.pipeline import Dictation

MakeDictation = Callable[["EngineSpec | None", Path, DictationContext], "Dictation"]


def make_dictation(spec: EngineSpec | None, folder: Path, context: DictationContext, vault: Vault | None = None) -> Dictation:
    """The real pipeline; loaded when it is first needed. What it records is sealed as `vault` says."""
    from dictation.pipeline import Dictation

    return Dictation(spec, folder, context, vault=vault)


class KeptDictation(QObject):
    """What the pipeline says in its own thread arrives here as signals on the main thread."""

    opened = Signal(str, object)
    """Somebody speaks: segment id and `DictationTarget`, noted on disk before."""
    silent = Signal(str, bool)
    heard = Signal(object)
    state = Signal(object)
    draft = Signal(str)
    level = Signal(object)
    sound = Signal(object)
    problem = Signal(object)
    made = Signal()
    """There is a new `pipeline`, which nothing was told yet."""

    def __init__(
        self, jobs: Jobs, folder: Path, places: SpokenPlaces, make: MakeDictation | None, vault: Vault, engine: str = ""
    ) -> None:
        super().__init__()
        self._jobs = jobs
        self._folder = folder
        self._places = places
        self._make = make or partial(make_dictation, vault=vault)
        self._engine = engine
        self.pipeline: Dictation | None = None
        """That of the language which was asked for last."""
        self.has_engine = False
        self.unavailable: Unavailable | None = None
        self._made: dict[str, tuple[Dictation, bool]] = {}

    def spec(self, language: str) -> EngineSpec | None:
        """What recognises `language`; None with the reason in `unavailable`."""
        from dictation.models import recommended

        try:
            spec = recommended(language, self._engine)
        except Unavailable as error:
            self.unavailable = error
            return None
        self.unavailable = None
        return spec

    def ready(self, context: DictationContext) -> Dictation:
        """The pipeline, made now if there is none, or none with a model although there is one by now."""
        known, self.has_engine = self._made.get(context.language, (None, False))
        if known is not None and known is not self.pipeline:
            if self.pipeline is not None:
                self.pipeline.stop()
            self.pipeline = known
        if known is not None and self.has_engine:
            return known
        spec = self.spec(context.language)
        if known is not None:
            if spec is None:
                return known
            known.close()  # there is a model now
        elif self.pipeline is not None:
            self.pipeline.stop()  # what was said in the other language is still written
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        made = self.pipeline = self._make(spec, self._folder, context)
        self.has_engine = spec is not None
        self._made[context.language] = (made, self.has_engine)
        self._listen_to(made)
        self.made.emit()
        return made

    def ask_unknown(self, words: Sequence[str], answer: Callable[[frozenset[str]], None]) -> None:
        """Which words the loaded model can never hear; no answer where none is loaded."""
        if self.pipeline is not None:
            self.pipeline.ask_unknown(tuple(words), lambda unknown: self._jobs.on_main(lambda: answer(unknown)))

    def close(self) -> None:
        made, self._made, self.pipeline = self._made, {}, None
        for dictation, _ in made.values():
            dictation.close()

    def _listen_to(self, dictation: Dictation) -> None:
        def on_main(call: Callable[[], None]) -> None:
            self._jobs.on_main(lambda: call() if any(dictation is made for made, _ in self._made.values()) else None)

        def shown(call: Callable[[], None]) -> None:
            on_main(lambda: call() if dictation is self.pipeline else None)

        def on_open(segment_id: str, key: str) -> None:  # in the pipeline's thread: on disk before anything is heard
            target = target_of(key)
            if target is None:
                return
            try:
                self._places.note(segment_id, key)
            except OSError as error:
                problem = Unavailable("Speech is recognised but cannot be recorded", error.strerror or "", "Check the disk")
                on_main(lambda: self.problem.emit(problem))
            on_main(lambda: self.opened.emit(segment_id, target))

        dictation.on_open = on_open
        dictation.on_silence = lambda segment_id, is_clear: on_main(lambda: self.silent.emit(segment_id, is_clear))
        dictation.on_segment = lambda segment: on_main(lambda: self.heard.emit(segment))
        dictation.on_state = lambda state: shown(lambda: self.state.emit(state))
        dictation.on_draft = lambda text: shown(lambda: self.draft.emit(text))
        dictation.on_level = lambda level: shown(lambda: self.level.emit(level))
        dictation.on_sound = lambda sound: on_main(lambda: self.sound.emit(sound))
        dictation.on_problem = lambda error: on_main(lambda: self.problem.emit(error))
