"""Commands of earlier studies: the next older or newer prior, the list of what is known."""

from __future__ import annotations

from workstation.commands.command import IMAGES, Command

PRIORS: tuple[Command, ...] = (
    Command(
        "prior.older",
        "Next older prior",
        lambda c: c.session.priors.steps.older(),
        ("Shift+N",),
        ("prior older",),
        "Hanging",
        IMAGES,
    ),
    Command(
        "prior.newer",
        "Next newer prior",
        lambda c: c.session.priors.steps.newer(),
        ("Shift+V",),
        ("prior newer",),
        "Hanging",
        IMAGES,
    ),
    Command(
        "prior.list",
        "Earlier studies…",
        lambda c: c.shell.show_dialog("earlier studies"),
        ("Ctrl+F5", "Ctrl+Shift+F5"),
        ("studies earlier",),
        "Hanging",
    ),
    Command(
        "prior.hang_fetched",
        "Hang the earlier study that came",
        lambda c: c.session.priors.known.hang_fetched(),
        (),
        (),
        "Hanging",
    ),
)
