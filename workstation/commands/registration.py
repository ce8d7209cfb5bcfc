"""Commands of alignment between studies: register or reject, by hand, deformable, difference, blink."""

from __future__ import annotations

from workstation.commands.command import IMAGES, Command

REGISTRATION: tuple[Command, ...] = (
    Command(
        "alignment.toggle",
        "Align to the prior, or reject the alignment",
        lambda c: c.session.registering.toggle(),
        ("Ctrl+Shift+R",),
        ("alignment reject",),
        "Hanging",
    ),
    Command(
        "alignment.by_hand",
        "Align by hand: both show one place",
        lambda c: c.session.registering.by_hand(),
        ("Alt+J",),
        ("alignment here",),
        "Hanging",
    ),
    Command(
        "alignment.deform",
        "Deform the prior to the current, or not",
        lambda c: c.session.registering.deform(),
        ("Alt+R",),
        ("alignment deform",),
        "Hanging",
    ),
    Command(
        "alignment.turn",
        "Turn planes of the prior with the current, or not",
        lambda c: c.session.viewing.linking.toggle_turning(),
        (),
        ("planes follow",),
        "Hanging",
    ),
    Command(
        "compare.difference",
        "Difference to the prior",
        lambda c: c.session.comparing.toggle_difference(),
        ("Ctrl+Shift+D",),
        ("difference show",),
        "Hanging",
    ),
    Command(
        "compare.blink",
        "Prior in place of the current, and back",
        lambda c: c.session.comparing.blink(),
        ("F12",),
        ("prior blink",),
        "Hanging",
        IMAGES,
    ),
)
