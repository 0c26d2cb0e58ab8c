"""A flat display seen from a fixed distance: the link between pixels, centimeters and degrees."""

import math
from dataclasses import dataclass, fields

from scanpath._core.checks import check_count, check_positive
from scanpath._core.errors import InputError


@dataclass(frozen=True, kw_only=True, slots=True)
class Screen:
    """A flat display seen from a fixed distance, the eye in front of its center.

    Parameters
    ----------
    width_px, height_px
        Resolution in pixels.
    width_cm, height_cm
        Size of the lit area in centimeters.
    distance_cm
        From the eye to the center of the screen, in centimeters.

    Examples
    --------
    >>> screen = Screen(width_px=1280, height_px=1024, width_cm=38.0, height_cm=30.0, distance_cm=65.0)
    >>> round(screen.px_per_deg, 2)
    38.21
    """

    width_px: int
    height_px: int
    width_cm: float
    height_cm: float
    distance_cm: float

    def __post_init__(self) -> None:
        check_count("Screen.width_px", self.width_px)
        check_count("Screen.height_px", self.height_px)
        for field in fields(self):
            check_positive(f"Screen.{field.name}", getattr(self, field.name))

    @property
    def cm_per_px(self) -> tuple[float, float]:
        """Size of one pixel in cm, (horizontal, vertical)."""
        return self.width_cm / self.width_px, self.height_cm / self.height_px

    @property
    def px_per_deg(self) -> float:
        """Pixels in the one degree around the screen's center, horizontally."""
        return 2 * self.distance_cm * math.tan(math.radians(0.5)) / self.cm_per_px[0]

    @property
    def size_deg(self) -> tuple[float, float]:
        """Visual angle of the whole screen, (width, height), with the exact tangent."""
        width = 2 * math.degrees(math.atan(self.width_cm / (2 * self.distance_cm)))
        height = 2 * math.degrees(math.atan(self.height_cm / (2 * self.distance_cm)))
        return width, height

    @classmethod
    def from_px_per_deg(
        cls, px_per_deg: float, *, width_px: int, height_px: int, distance_cm: float = 57.0
    ) -> "Screen":
        """Make the screen of square pixels that has `px_per_deg` at its center.

        At 57 cm, 1 cm is about 1 degree; any other distance gives the same angles, as the screen grows with it.
        """
        distance_cm = check_positive("distance_cm", distance_cm)
        cm_per_px = 2 * distance_cm * math.tan(math.radians(0.5)) / check_positive("px_per_deg", px_per_deg)
        return cls(
            width_px=width_px,
            height_px=height_px,
            width_cm=check_positive("width_px", width_px) * cm_per_px,
            height_cm=check_positive("height_px", height_px) * cm_per_px,
            distance_cm=distance_cm,
        )


def resolve_px_per_deg(px_per_deg: float | None, screen: Screen | None) -> float:
    """Return the one scale that was given; both or none is a mistake worth a sentence."""
    if screen is None and px_per_deg is not None:
        return check_positive("px_per_deg", px_per_deg)
    if screen is None or px_per_deg is not None:
        raise InputError("Give either px_per_deg=... or screen=Screen(...), not both and not neither.")
    if not isinstance(screen, Screen):
        raise InputError(f"screen must be a Screen, as in Screen(width_px=...), got {type(screen).__name__}.")
    return screen.px_per_deg
