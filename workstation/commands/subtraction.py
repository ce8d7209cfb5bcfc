"""Commands of X-ray runs that are seen less their mask (DSA)."""

from __future__ import annotations

from collections.abc import Callable

from workstation.commands.command import IMAGES, Command, Context
from workstation.session.case import Notice
from workstation.session.subtracting import Subtracting

MOVING = "Arrow keys move the mask (Shift far, Ctrl finely), dragging does, too. Backspace takes a step back, Return or Esc ends"


def _act(act: Callable[[Subtracting], object]) -> Callable[[Context], None]:
    def run(context: Context) -> None:
        act(context.session.viewing.subtracting)

    return run


def _move(context: Context) -> None:
    subtracting = context.session.viewing.subtracting
    subtracting.take()
    if subtracting.is_by_keys:
        context.session.notice.emit(Notice(MOVING))


SUBTRACTION: tuple[Command, ...] = (
    Command(
        "subtraction.toggle",
        "Subtract the mask, or show the images as they are",
        _act(Subtracting.toggle),
        ("Alt+Shift+D",),
        ("mask subtract",),
        "Image",
        IMAGES,
    ),
    Command(
        "subtraction.mask_here",
        "This image as the mask",
        _act(Subtracting.here_as_mask),
        ("Alt+Shift+M",),
        ("mask here",),
        "Image",
        IMAGES,
    ),
    Command(
        "subtraction.mask_add",
        "This image into the mask's mean, or out of it",
        _act(Subtracting.here_in_mask),
        (),
        ("mask add",),
        "Image",
        IMAGES,
    ),
    Command("subtraction.mask_next", "Mask one image later", _act(lambda s: s.step_mask(1)), (), ("mask next",), "Image", IMAGES),
    Command(
        "subtraction.mask_previous",
        "Mask one image earlier",
        _act(lambda s: s.step_mask(-1)),
        (),
        ("mask previous",),
        "Image",
        IMAGES,
    ),
    Command(
        "subtraction.interval", "Subtract the image before", _act(Subtracting.interval), (), ("mask interval",), "Image", IMAGES
    ),
    Command(
        "subtraction.move",
        "Move the mask with the arrow keys",
        _move,
        ("Alt+Shift+S",),
        ("mask move",),
        "Image",
        IMAGES,
    ),
    Command("subtraction.unmoved", "Mask where it was taken", _act(Subtracting.unshift), (), ("mask unmoved",), "Image", IMAGES),
    Command(
        "subtraction.landmarks",
        "More or less of the mask visible (landmarks)",
        _act(Subtracting.step_landmarks),
        (),
        ("mask landmarks",),
        "Image",
        IMAGES,
    ),
    Command(
        "subtraction.as_filed", "Subtract as the file says", _act(Subtracting.as_filed), (), ("mask filed",), "Image", IMAGES
    ),
    Command("subtraction.undo", "Take the change of the mask back", _act(Subtracting.undo), (), ("mask undo",), "Image", IMAGES),
)
