"""Between the window and the protocols: what is on screen as a protocol, saving it and taking it back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hanging_protocols.diff import is_rearranged, mark_of
from hanging_protocols.example import Learned, OnScreen, learn
from hanging_protocols.example_join import stage_in_force
from hanging_protocols.live import LibraryHanger
from hanging_protocols.model import HangingProtocol, Level
from workstation.domain.hanging import HangingContext
from workstation.errors import Refused
from workstation.session.case import Case, Notice
from workstation.session.linking import LinkBy

if TYPE_CHECKING:
    from ui.seat import Seat


@dataclass(frozen=True, slots=True)
class Lesson:
    """What is on screen, learned. `origin` is the protocol in force, `number` its stage that is shown."""

    case: Case
    learned: Learned
    origin: HangingProtocol | None
    number: int | None


def library_of(core: Seat) -> LibraryHanger:
    """The protocols of this program. Raises Refused where it was put together without any."""
    if not isinstance(core.hanger, LibraryHanger):
        raise Refused("There are no hanging protocols here", "This program was put together without them")
    return core.hanger


def context_of(core: Seat, case: Case) -> HangingContext:
    return core.session.hangings.context_of(case)


def lesson_of(core: Seat) -> Lesson:
    """What hangs now as a stage of a protocol. Raises Refused where nothing of it can be asked for."""
    case, viewing = core.session.case, core.session.viewing
    if case is None:
        raise Refused("There is nothing to hang like", "No case is open", "Open a case from the worklist")
    hanger = library_of(core)
    arrangement = viewing.arrangement
    origin = hanger.library.get(arrangement.protocol) if arrangement is not None else None
    shown_stage = arrangement.stage_id if arrangement is not None else ""
    shown = OnScreen(tuple(viewing.cells), viewing.layouts, LinkBy.POSITION in viewing.linking.by)
    scene = hanger.scene(case.study, case.priors, context_of(core, case))
    learned = learn(scene, shown, origin, shown_stage)
    if not learned.stage.cells:
        raise Refused("This cannot be hung by a protocol", "; ".join(learned.notes), "Hang images of this study")
    return Lesson(case, learned, origin, stage_in_force(origin, shown_stage) if origin is not None else None)


def save(core: Seat, protocol: HangingProtocol, level: Level, stage_id: str = "") -> None:
    """Write it, have it in force, and offer to take it back. With `stage_id` the screen is that stage from now on."""
    hanger, session = library_of(core), core.session
    before = session.viewing.arrangement, session.hangings.protocol_id
    done = hanger.save(protocol, level, comment_of(protocol))
    case = session.case
    if case is not None and stage_id:
        _adopt(core, case, hanger, protocol, stage_id)

    def undo() -> None:
        hanger.take_back(done)
        if session.case is not None and case is not None and session.case.generation == case.generation and before[0] is not None:
            session.hangings.protocol_id = before[1]
            session.hangings.adopt(before[0])
        session.notice.emit(Notice("Taken back: protocols are as they were before it was saved"))

    session.hangings.take_back = undo
    session.notice.emit(Notice(f"“{protocol.title}” is saved and in force", command="hanging.undo"))


def comment_of(protocol: HangingProtocol) -> str:
    stages = ", then ".join(stage.title for stage in protocol.stages)
    return f"{protocol.title}: {stages}."


def _adopt(core: Seat, case: Case, hanger: LibraryHanger, protocol: HangingProtocol, stage_id: str) -> None:
    """The stage that was saved is the one that is shown; if the engine would choose otherwise, it is said."""
    hangings, context = core.session.hangings, context_of(core, case)
    chosen = hanger.hang(case.study, case.priors, 0, "", context)
    hangings.protocol_id = "" if chosen.protocol == protocol.protocol_id else protocol.protocol_id
    for number in range(chosen.stage_count if not hangings.protocol_id else len(protocol.stages)):
        arrangement = hanger.hang(case.study, case.priors, number, protocol.protocol_id, context)
        if arrangement.stage_id == stage_id and arrangement.protocol == protocol.protocol_id:
            hangings.adopt(arrangement)
            return


def mark_now(core: Seat) -> str:
    """The mark of what is on screen; empty when it hangs as its protocol says, or is only tried out."""
    session = core.session
    hung, viewing = session.viewing.arrangement, session.viewing
    if hung is None or session.hangings.is_trying or not isinstance(core.hanger, LibraryHanger):
        return ""
    grids = tuple((layout.rows, layout.columns) for layout in viewing.layouts)
    if not is_rearranged(hung, tuple(viewing.cells), grids):
        return ""
    try:
        return mark_of(lesson_of(core).learned, hung.protocol, hung.stage_id)
    except Refused:
        return ""
