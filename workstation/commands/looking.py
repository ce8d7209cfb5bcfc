"""Commands of how images are looked at: cine, magnifier, filters, sizes, windows of the file, links."""

from __future__ import annotations

from collections.abc import Callable

from workstation.commands.command import IMAGES, Command, Context
from workstation.session.linking import LinkBy
from workstation.session.viewing import ZOOM_STEP


def _link(by: LinkBy) -> Callable[[Context], None]:
    return lambda c: c.session.viewing.linking.toggle(by)


def zoom_in(context: Context) -> None:
    """`+`: faster while cine runs, else larger."""
    _faster(context, 1)


def zoom_out(context: Context) -> None:
    """`-`: slower while cine runs, else smaller."""
    _faster(context, -1)


def _faster(context: Context, steps: int) -> None:
    viewing = context.session.viewing
    if viewing.solid.turn.is_running:
        viewing.solid.turn.change_rate(steps)
    elif viewing.dimensions.playing.is_running:
        viewing.dimensions.playing.change_rate(steps)
    else:
        viewing.zoom_by(ZOOM_STEP**steps)


def invert(context: Context) -> None:
    """The magnifier while it is on, else the image."""
    viewing = context.session.viewing
    state = viewing.state()
    if viewing.magnifier.is_on:
        viewing.magnifier.invert()
    elif state is not None:
        viewing.change(inverted=not state.inverted)


def default_window(context: Context) -> None:
    viewing = context.session.viewing
    if viewing.magnifier.is_on:
        viewing.magnifier.set_window(None)
    else:
        viewing.set_window(None)


def _pick_region(context: Context) -> None:
    looking = context.session.viewing.looking
    looking.pick_region(not looking.picks_region)


CINE: tuple[Command, ...] = (
    Command(
        "cine.toggle", "Start or stop cine", lambda c: c.session.viewing.cine.toggle(), ("C",), ("cine start",), "Image", IMAGES
    ),
    Command(
        "cine.sweep",
        "Cine back and forth, or round",
        lambda c: c.session.viewing.dimensions.playing.toggle_sweep(),
        ("Shift+C",),
        ("cine sweep",),
        "Image",
        IMAGES,
    ),
    Command(
        "cine.faster",
        "Cine faster",
        lambda c: c.session.viewing.dimensions.playing.change_rate(1),
        (),
        ("cine faster",),
        "Image",
        IMAGES,
    ),
    Command(
        "cine.slower",
        "Cine slower",
        lambda c: c.session.viewing.dimensions.playing.change_rate(-1),
        (),
        ("cine slower",),
        "Image",
        IMAGES,
    ),
)

SIZES: tuple[Command, ...] = (
    Command(
        "image.one_to_one",
        "Pixel for pixel (1:1)",
        lambda c: c.session.viewing.looking.pixel_for_pixel(),
        ("O",),
        ("image pixels",),
        "Image",
        IMAGES,
    ),
    Command("image.anatomy", "Anatomy fills the view", lambda c: c.session.viewing.anatomy.toggle(), (), (), "Image", IMAGES),
    Command("image.true_size", "True size", lambda c: c.shell.show_true_size(), ("Shift+O",), ("size true",), "Image", IMAGES),
    Command("image.calibrate_screen", "Measure this screen…", lambda c: c.shell.calibrate_screen(), (), (), "Image"),
    Command(
        "image.magnifier",
        "Magnifier",
        lambda c: c.session.viewing.magnifier.toggle(),
        ("M",),
        ("magnifier show",),
        "Image",
        IMAGES,
    ),
    Command(
        "image.sharpen", "Sharpen", lambda c: c.session.viewing.looking.sharpen(1), ("U",), ("image sharpen",), "Image", IMAGES
    ),
    Command(
        "image.smooth",
        "Smooth",
        lambda c: c.session.viewing.looking.sharpen(-1),
        ("Shift+U",),
        ("image smooth",),
        "Image",
        IMAGES,
    ),
    Command(
        "image.filter_off",
        "No filter",
        lambda c: c.session.viewing.looking.filter_off(),
        ("Ctrl+U",),
        ("filter off",),
        "Image",
        IMAGES,
    ),
    Command(
        "image.interpolation",
        "Fill in linearly, cubically, not at all",
        lambda c: c.session.viewing.looking.next_interpolation(),
        ("Shift+I",),
        ("pixels interpolate",),
        "Image",
        IMAGES,
    ),
)

WINDOWS: tuple[Command, ...] = (
    Command(
        "window.auto",
        "Window from the image",
        lambda c: c.session.viewing.looking.auto_window(),
        ("0",),
        ("window automatic",),
        "Window",
        IMAGES,
    ),
    Command("window.region", "Window from a box", _pick_region, ("Shift+W",), ("window region",), "Window", IMAGES),
    Command(
        "window.own_next",
        "Next window of the file",
        lambda c: c.session.viewing.looking.step_own_window(1),
        ("Y",),
        ("window next",),
        "Window",
        IMAGES,
    ),
    Command(
        "window.own_previous",
        "Previous window of the file",
        lambda c: c.session.viewing.looking.step_own_window(-1),
        ("Shift+Y",),
        ("window previous",),
        "Window",
        IMAGES,
    ),
)

LINKS: tuple[Command, ...] = (
    Command(
        "viewport.link_index", "Link by image number", _link(LinkBy.INDEX), ("Shift+L",), ("numbers link",), "Hanging", IMAGES
    ),
    Command("viewport.link_zoom", "Link zoom and pan", _link(LinkBy.ZOOM), ("Ctrl+L",), ("zoom link",), "Hanging", IMAGES),
    Command(
        "viewport.link_window", "Link windows", _link(LinkBy.WINDOW), ("Ctrl+Shift+L",), ("windows link",), "Hanging", IMAGES
    ),
    Command(
        "viewport.references",
        "Reference lines",
        lambda c: c.session.viewing.linking.toggle_references(),
        ("Ctrl+G",),
        ("lines show",),
        "Hanging",
        IMAGES,
    ),
    Command(
        "viewport.cursor",
        "3D cursor",
        lambda c: c.session.viewing.linking.toggle_cursor(),
        ("Shift+X",),
        ("cursor show",),
        "Hanging",
        IMAGES,
    ),
    Command(
        "image.text_level",
        "More or less text in the corners",
        lambda c: c.session.viewing.looking.step_text(),
        ("Shift+G",),
        ("text less",),
        "Image",
        IMAGES,
    ),
)
