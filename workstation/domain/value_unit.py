"""The units that the values of one series can be told in."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ValueUnit:
    """Told value = modality value * `factor`. `basis` says where the factor is from, in words.

    `name` is as shown: `SUVbw`, `SUVlbm (James)`, or a unit of the modality transform (`BQML`).
    """

    name: str
    factor: float
    basis: str = ""


@dataclass(frozen=True, slots=True)
class ValueUnits:
    """`offered` has the series' own unit first. `refused` are the names of others, each with why not."""

    offered: tuple[ValueUnit, ...] = ()
    refused: tuple[tuple[str, str], ...] = ()
