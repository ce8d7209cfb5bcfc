"""CIELab of the DICOM profile connection space to sRGB and back (PS3.3 C.10.7.1.1)."""

from __future__ import annotations

Rgb = tuple[int, int, int]

# The white of the connection space is D50; the matrices are those of sRGB adapted to it (Bradford).
_WHITE = (0.96422, 1.0, 0.82521)
_TO_RGB = ((3.1338561, -1.6168667, -0.4906146), (-0.9787684, 1.9161415, 0.0334540), (0.0719453, -0.2289914, 1.4052427))
LINEAR_TO_XYZ = ((0.4360747, 0.3850649, 0.1430804), (0.2225045, 0.7168786, 0.0606169), (0.0139322, 0.0971045, 0.7141733))
_EPSILON, _KAPPA = 216 / 24389, 24389 / 27


def rgb_of_cielab(values: tuple[int, int, int]) -> Rgb:
    """From the 16-bit values of the file."""
    lightness = values[0] / 65535 * 100
    a, b = (value / 65535 * 255 - 128 for value in values[1:])
    y = (lightness + 16) / 116
    xyz = [_cubed(f) * white for f, white in zip((y + a / 500, y, y - b / 200), _WHITE, strict=True)]
    red, green, blue = (_gamma(sum(m * v for m, v in zip(row, xyz, strict=True))) for row in _TO_RGB)
    return red, green, blue


def cielab_of_rgb(rgb: Rgb) -> tuple[int, int, int]:
    """As 16-bit values for the file."""
    light = [linear(value) for value in rgb]
    x, y, z = (
        _rooted(sum(m * v for m, v in zip(row, light, strict=True)) / white)
        for row, white in zip(LINEAR_TO_XYZ, _WHITE, strict=True)
    )
    lightness, a, b = 116 * y - 16, 500 * (x - y), 200 * (y - z)
    parts = (lightness / 100 * 65535, (a + 128) / 255 * 65535, (b + 128) / 255 * 65535)
    first, second, third = (min(65535, max(0, round(part))) for part in parts)
    return first, second, third


def _cubed(f: float) -> float:
    return f**3 if f**3 > _EPSILON else (116 * f - 16) / _KAPPA


def _rooted(value: float) -> float:
    return value ** (1 / 3) if value > _EPSILON else (_KAPPA * value + 16) / 116


def _gamma(value: float) -> int:
    value = min(1.0, max(0.0, value))
    return round(255 * (12.92 * value if value <= 0.0031308 else 1.055 * value ** (1 / 2.4) - 0.055))


def linear(value: float) -> float:
    """The share of light of an sRGB value of 0 to 255."""
    share = value / 255
    return share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4
