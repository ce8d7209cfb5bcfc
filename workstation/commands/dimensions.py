"""Commands of series that hold several volumes at the same places: phases, b-values, echoes, times."""

from __future__ import annotations

from workstation.commands.command import IMAGES, Command

DIMENSIONS: tuple[Command, ...] = (
    Command(
        "dimension.next",
        "Next phase, b-value or time",
        lambda c: c.session.viewing.dimensions.step(1),
        ("Shift+PgDown",),
        ("phase next",),
        "Image",
        IMAGES,
    ),
    Command(
        "dimension.previous",
        "Previous phase, b-value or time",
        lambda c: c.session.viewing.dimensions.step(-1),
        ("Shift+PgUp",),
        ("phase previous",),
        "Image",
        IMAGES,
    ),
    Command(
        "dimension.play",
        "Play phases, b-values or times",
        lambda c: c.session.viewing.dimensions.toggle_play(),
        ("Ctrl+Shift+C",),
        ("phases play",),
        "Image",
        IMAGES,
    ),
    Command(
        "dimension.curve",
        "Curve of the drawing over time",
        lambda c: c.shell.show_dialog("curve"),
        ("Alt+D",),
        ("curve show",),
        "Image",
        IMAGES,
    ),
)
