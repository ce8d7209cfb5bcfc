"""How this reader likes images: kept from one day to the next, on this computer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workstation.domain.viewing import Interpolation

if TYPE_CHECKING:
    from workstation.session.viewing import Viewing
    from workstation.settings import Remembered

INTERPOLATION = "image.interpolation"
INVERTED_LOUPE = "image.inverted_loupe"


class RememberedChoices:
    """Brings the choices of last time, and keeps each new one. What a file does not know to be a choice is passed over."""

    def __init__(self, remembered: Remembered, viewing: Viewing) -> None:
        kept = remembered.get(INTERPOLATION)
        if isinstance(kept, str) and kept in list(Interpolation):
            viewing.looking.set_interpolation(Interpolation(kept))
        viewing.looking.interpolation_changed.connect(lambda kind: remembered.set(INTERPOLATION, kind.value))
        viewing.magnifier.opens_inverted = remembered.get(INVERTED_LOUPE) is True
        viewing.magnifier.choice_changed.connect(lambda inverted: remembered.set(INVERTED_LOUPE, inverted))
