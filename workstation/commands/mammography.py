"""Commands for reading mammograms: part by part, one scale, the loupe against the grain."""

from __future__ import annotations

from workstation.commands.command import IMAGES, Command

MAMMOGRAPHY: tuple[Command, ...] = (
    Command(
        "image.next_part",
        "Next part at full resolution",
        lambda c: c.session.viewing.quadrants.step(1),
        ("Shift+Q",),
        ("part next",),
        "Image",
        IMAGES,
    ),
    Command(
        "image.previous_part",
        "Previous part",
        lambda c: c.session.viewing.quadrants.step(-1),
        ("Shift+Z",),
        ("part previous",),
        "Image",
        IMAGES,
    ),
    Command(
        "image.same_scale",
        "Same scale for all images",
        lambda c: c.session.viewing.anchoring.toggle(),
        ("Ctrl+7",),
        ("scale same",),
        "Image",
        IMAGES,
    ),
    Command(
        "image.inverted_loupe",
        "Inverted magnifier",
        lambda c: c.session.viewing.magnifier.toggle_inverted(),
        ("Ctrl+5",),
        ("magnifier inverted",),
        "Image",
        IMAGES,
    ),
)
