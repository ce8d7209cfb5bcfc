"""Commands of 3D views: looks by name, the box, what is hidden, opacity, turning."""

from __future__ import annotations

from workstation.commands.command import IMAGES, Command, Context, Mode
from workstation.domain.viewing import Plane
from workstation.session.solid import SolidMode

POINTING = frozenset({Mode.POINTING})


def _list(context: Context) -> None:
    """The list is of 3D looks: the active viewport becomes 3D where it can."""
    viewing = context.session.viewing
    if viewing.solid.state() is None:
        viewing.set_plane(Plane.THREE_D)
    viewing.solid.looks()
    context.shell.show_solid_looks()


def next_face(context: Context, steps: int) -> None:
    """Tab: the next face of the box while it is shown, else the next viewport."""
    solid = context.session.viewing.solid
    if solid.takes_arrows and solid.mode is SolidMode.CROP:
        solid.next_face(steps)
    else:
        context.session.viewing.step_active(steps)


SOLID: tuple[Command, ...] = (
    Command("solid.looks", "Looks of 3D by name…", _list, ("Alt+P",), ("looks list",), "Volume", IMAGES),
    Command(
        "solid.crop",
        "Box around what is shown in 3D",
        lambda c: c.session.viewing.solid.toggle_mode(SolidMode.CROP),
        ("Alt+X",),
        ("box show",),
        "Volume",
        IMAGES,
    ),
    Command(
        "solid.crop_reset",
        "The whole volume without a box",
        lambda c: c.session.viewing.solid.reset_crop(),
        ("Alt+Shift+X",),
        ("box remove",),
        "Volume",
        IMAGES,
    ),
    Command(
        "solid.hide",
        "Hide the table, bone, or both",
        lambda c: c.session.viewing.solid.next_removal(),
        ("Alt+B",),
        ("bone hide",),
        "Volume",
        IMAGES,
    ),
    Command(
        "solid.opacity",
        "Opacity in 3D",
        lambda c: c.session.viewing.solid.toggle_mode(SolidMode.OPACITY),
        ("Alt+O",),
        ("opacity change",),
        "Volume",
        IMAGES,
    ),
    Command(
        "solid.turn",
        "Turn the patient round",
        lambda c: c.session.viewing.solid.turn.toggle(),
        ("Alt+C",),
        ("patient turn",),
        "Volume",
        IMAGES,
    ),
    Command("solid.next_face", "Next face of the box", lambda c: next_face(c, 1), ("Tab",), (), "", POINTING),
    Command("solid.previous_face", "Previous face of the box", lambda c: next_face(c, -1), ("Shift+Tab",), (), "", POINTING),
)
