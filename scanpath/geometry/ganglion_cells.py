"""Midget ganglion cells of the human retina: how densely the visual field is sampled."""

import math
from typing import Any

from scanpath._core.checks import check_choice
from scanpath._core.errors import InputError
from scanpath.geometry.quantities import Quantity, check_quantity

#: Cones per deg^2 at the center of the fovea.
PEAK_CONES = 14804.6
#: Two midget cells, one ON and one OFF, serve each foveal cone. Here their share of all ganglion cells has halved.
FRACTION_HALF_DEG = 41.03
#: Weight a, r2 and re in deg of the density on each visual-field meridian; the order is that of the polar angle.
MERIDIANS = {
    "temporal": (0.9851, 1.058, 22.14),
    "superior": (0.9935, 1.035, 16.35),
    "nasal": (0.9729, 1.084, 7.633),
    "inferior": (0.996, 0.9932, 12.13),
}


def midget_density(
    eccentricity_deg: Quantity, *, meridian: str | None = None, polar_deg: Quantity | float | None = None
) -> Quantity:
    """Receptive fields of midget ganglion cells per square degree, ON and OFF together.

    d(e) = 2 c0 / (1 + e / 41.03) [a (1 + e / r2)^-2 + (1 - a) exp(-e / re)] on each meridian, with c0 the density of
    cones at the center; linear in the polar angle between meridians.

    Parameters
    ----------
    eccentricity_deg
        Distance from the fixation in degrees: a number, an array or a tensor.
    meridian
        Of the visual field: "temporal", "superior", "nasal" or "inferior"; their mean if neither this nor `polar_deg`
        is given.
    polar_deg
        Direction in the visual field in degrees, 0 temporal, 90 superior, 180 nasal, 270 inferior: the angle on the
        screen, counter-clockwise from the right, for the right eye.

    References
    ----------
    Watson, A. B. (2014). A formula for human retinal ganglion cell receptive field density as a function of visual
    field location. Journal of Vision 14(7):15. https://doi.org/10.1167/14.7.15

    Examples
    --------
    >>> round(midget_density(5.0, meridian="temporal"), 2)
    1106.77
    """
    e = check_quantity("eccentricity_deg", eccentricity_deg)
    if meridian is not None and polar_deg is not None:
        raise InputError("Give meridian=... or polar_deg=..., one of the two.")
    if meridian is not None:
        return _on_meridian(e, check_choice("meridian", meridian, tuple(MERIDIANS)))
    total: Any = 0.0
    if polar_deg is None:
        total = sum(_on_meridian(e, name) for name in MERIDIANS)
        return total / len(MERIDIANS)
    turn: Any = (polar_deg % 360) / 90
    for index, name in enumerate(MERIDIANS):
        distance = abs((turn - index + 2) % 4 - 2)  # quarter turns, the short way round
        total = total + (1 - distance + abs(1 - distance)) / 2 * _on_meridian(e, name)
    return total


def midget_spacing(
    eccentricity_deg: Quantity, *, meridian: str | None = None, polar_deg: Quantity | float | None = None
) -> Quantity:
    """Distance in degrees between neighbors in one hexagonal mosaic, ON or OFF, of midget receptive fields.

    Examples
    --------
    >>> round(60 * midget_spacing(5.0, meridian="temporal"), 3)  # minutes of arc
    2.741
    """
    density: Any = midget_density(eccentricity_deg, meridian=meridian, polar_deg=polar_deg) / 2
    return (2 / (math.sqrt(3) * density)) ** 0.5


def midget_nyquist(
    eccentricity_deg: Quantity, *, meridian: str | None = None, polar_deg: Quantity | float | None = None
) -> Quantity:
    """Highest frequency in cycles per degree that one mosaic of midget cells can carry, 1 / (sqrt(3) spacing).

    Examples
    --------
    >>> round(midget_nyquist(10.0, meridian="temporal"), 2)
    7.97
    """
    spacing: Any = midget_spacing(eccentricity_deg, meridian=meridian, polar_deg=polar_deg)
    return 1 / (math.sqrt(3) * spacing)


def _on_meridian(eccentricity_deg: Any, meridian: str) -> Any:
    weight, r2, re = MERIDIANS[meridian]
    profile = weight * (1 + eccentricity_deg / r2) ** -2 + (1 - weight) * math.e ** (-eccentricity_deg / re)
    return 2 * PEAK_CONES / (1 + eccentricity_deg / FRACTION_HALF_DEG) * profile
