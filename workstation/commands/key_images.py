"""Commands of key images and presentation states."""

from __future__ import annotations

from workstation.commands.command import IMAGES, Command

KEY_IMAGES: tuple[Command, ...] = (
    Command(
        "key_image.toggle",
        "Mark as key image, or no longer",
        lambda c: c.session.key_images.toggle(),
        ("K",),
        ("key image mark",),
        "Drawings",
        IMAGES,
    ),
    Command(
        "key_image.next",
        "Next key image",
        lambda c: c.session.key_images.step(1),
        ("Shift+K",),
        ("key image next",),
        "Drawings",
        IMAGES,
    ),
    Command(
        "key_image.list",
        "List of key images",
        lambda c: c.shell.show_dialog("key images"),
        ("Ctrl+Shift+K",),
        ("key images list",),
        "Drawings",
    ),
)

PRESENTING: tuple[Command, ...] = (
    Command(
        "presentation.list",
        "Presentation states",
        lambda c: c.shell.show_dialog("presentation states"),
        ("Alt+K",),
        ("presentation states list",),
        "Image",
    ),
    Command(
        "presentation.leave",
        "Leave the presentation state",
        lambda c: c.session.presenting.leave(),
        ("Ctrl+Shift+U",),
        ("presentation state leave",),
        "Image",
        IMAGES,
    ),
)
