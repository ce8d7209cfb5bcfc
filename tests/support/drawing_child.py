"""Draws until it is killed; says each drawing that was given out as kept on standard output."""

from __future__ import annotations

import sys
from pathlib import Path

from window_seat import WindowSeat

from workstation.session.tool import Tool


def main(home: str) -> None:
    seat = WindowSeat(Path(home))
    seat.add_case(1)
    seat.session.open(seat.items[0])
    annotating = seat.session.annotating
    seat.session.viewing.set_tool(Tool.LENGTH)
    for number in range(10_000):
        annotating.drawing.place(0, (10.0, 10.0 + number % 500))
        annotating.drawing.place(0, (200.0, 10.0 + number % 500))
        print(annotating.all()[-1].uid, flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
