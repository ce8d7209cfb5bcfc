"""Commands of lesions over time."""

from __future__ import annotations

from workstation.commands.command import IMAGES, Command

LESIONS: tuple[Command, ...] = (
    Command(
        "lesion.carry",
        "Find the lesion in the other study",
        lambda c: c.session.lesions.carry(),
        ("Ctrl+Shift+P",),
        ("lesion carry",),
        "Drawings",
        IMAGES,
    ),
    Command(
        "lesion.next",
        "Next lesion, in all studies",
        lambda c: c.session.lesions.step(1),
        ("Alt+N",),
        ("lesion next",),
        "Drawings",
        IMAGES,
    ),
    Command(
        "lesion.table", "Lesions over time", lambda c: c.shell.show_lesions(), ("Ctrl+Shift+V",), ("lesions table",), "Drawings"
    ),
)
