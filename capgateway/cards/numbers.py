"""Numbers of a card, as every program writes them: a receiver that parses a card and writes it again gets the same bytes.

A whole number is written without a fraction (RFC 8785, JavaScript); Python keeps ``1.0`` apart from ``1``, so it must not be
there. Numbers next to zero are rounded further: below a thousandth, Java writes an exponent, and Python below a ten-thousandth.
"""

from __future__ import annotations

from typing import Any

SMALLEST, DIGITS_BELOW = 0.001, 3
"""A thousandth of a degree is 111 m, of a share nothing."""


def plain(number: float) -> float:
    """The number as it is written in a card."""
    rounded = round(number, DIGITS_BELOW) if abs(number) < SMALLEST else number
    return int(rounded) if rounded == int(rounded) else rounded


def plain_geometry(geometry: dict[str, Any] | None) -> dict[str, Any] | None:
    """A GeoJSON geometry whose coordinates are plain."""
    return geometry and geometry | {"coordinates": _plain_coordinates(geometry["coordinates"])}


def _plain_coordinates(found: Any) -> Any:
    return plain(found) if isinstance(found, (int, float)) else [_plain_coordinates(each) for each in found]
