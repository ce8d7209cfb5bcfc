"""Commands of planes through a volume: turning, slabs, and making a series of them."""

from __future__ import annotations

from collections.abc import Callable

from workstation.commands.command import IMAGES, Command, Context
from workstation.domain.viewing import Plane

FAST_DEGREES = 10.0


def _turn(degrees: float) -> Callable[[Context], None]:
    return lambda c: c.session.viewing.planes.turn(degrees)


def _tilt(degrees: float) -> Callable[[Context], None]:
    return lambda c: c.session.viewing.planes.tilt(degrees)


PLANES: tuple[Command, ...] = (
    Command(
        "planes.oblique",
        "Oblique planes",
        lambda c: c.session.viewing.planes.show_oblique(),
        ("Alt+7",),
        ("planes oblique",),
        "Hanging",
        IMAGES,
    ),
    Command(
        "planes.straight",
        "Planes straight again",
        lambda c: c.session.viewing.planes.reset(),
        ("Alt+8",),
        ("planes straight",),
        "Hanging",
        IMAGES,
    ),
    Command(
        "plane.oblique",
        "Oblique plane",
        lambda c: c.session.viewing.set_plane(Plane.OBLIQUE),
        ("Alt+9",),
        ("plane oblique",),
        "Hanging",
        IMAGES,
    ),
    Command("planes.turn_right", "Turn the planes right", _turn(1.0), ("Alt+Right",), ("planes right",), "Hanging", IMAGES),
    Command("planes.turn_left", "Turn the planes left", _turn(-1.0), ("Alt+Left",), ("planes left",), "Hanging", IMAGES),
    Command(
        "planes.turn_right10",
        "Turn the planes right by 10°",
        _turn(FAST_DEGREES),
        ("Alt+Shift+Right",),
        (),
        "Hanging",
        IMAGES,
    ),
    Command(
        "planes.turn_left10",
        "Turn the planes left by 10°",
        _turn(-FAST_DEGREES),
        ("Alt+Shift+Left",),
        (),
        "Hanging",
        IMAGES,
    ),
    Command("planes.tilt_up", "Tilt the plane up", _tilt(1.0), ("Alt+PgUp",), ("plane up",), "Hanging", IMAGES),
    Command("planes.tilt_down", "Tilt the plane down", _tilt(-1.0), ("Alt+PgDown",), ("plane down",), "Hanging", IMAGES),
    Command("planes.tilt_up10", "Tilt the plane up by 10°", _tilt(FAST_DEGREES), ("Alt+Shift+PgUp",), (), "Hanging", IMAGES),
    Command(
        "planes.tilt_down10", "Tilt the plane down by 10°", _tilt(-FAST_DEGREES), ("Alt+Shift+PgDown",), (), "Hanging", IMAGES
    ),
    Command(
        "slab.thicker",
        "Thicker slab",
        lambda c: c.session.viewing.planes.thicken(1),
        ("Alt+Up",),
        ("slab thicker",),
        "Image",
        IMAGES,
    ),
    Command(
        "slab.thinner",
        "Thinner slab",
        lambda c: c.session.viewing.planes.thicken(-1),
        ("Alt+Down",),
        ("slab thinner",),
        "Image",
        IMAGES,
    ),
    Command(
        "slab.mode",
        "MIP, MinIP or mean",
        lambda c: c.session.viewing.planes.cycle_slab_mode(),
        ("Alt+M",),
        ("slab mode",),
        "Image",
        IMAGES,
    ),
    Command(
        "slab.number",
        "Slab thickness…",
        lambda c: c.session.viewing.planes.ask_number(),
        ("Alt+T",),
        ("slab thickness",),
        "Image",
        IMAGES,
    ),
    Command(
        "planes.export",
        "Make a series of this plane…",
        lambda c: c.session.viewing.planes.ask_export(),
        ("Alt+E",),
        ("plane export",),
        "Image",
        IMAGES,
    ),
)
