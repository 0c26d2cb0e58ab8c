"""How resolution falls off with eccentricity: acuity, blur, cortical magnification and crowding.

All functions take eccentricities in degrees as a number, an array or a tensor and return the same kind, so that they
can be plotted, tabulated and differentiated.
"""

import math
from collections.abc import Callable
from typing import overload

import numpy as np
from torch import Tensor

from scanpath._core.arrays import Array
from scanpath._core.checks import check_choice, check_positive
from scanpath._core.errors import InputError, unknown_name
from scanpath.geometry.quantities import Quantity, check_quantity

#: Geisler & Perry (1998): contrast threshold at frequency 0, decay of sensitivity, half-resolution eccentricity.
CONTRAST_THRESHOLD = 1 / 64
SPATIAL_DECAY_DEG = 0.106
HALF_RESOLUTION_DEG = 2.3
#: A Gaussian of this standard deviation passes half the amplitude at 1 cycle per unit: sqrt(ln 2 / 2) / pi.
HALF_AMPLITUDE = math.sqrt(math.log(2) / 2) / math.pi
#: Rovamo & Virsu (1979): M = M0 / (1 + a e + b e^3) with M0 = 7.99 mm/deg; (a, b) of each visual-field meridian.
ROVAMO_VIRSU = {
    "nasal": (0.33, 0.00007),
    "superior": (0.42, 0.00012),
    "temporal": (0.29, 0.000012),
    "inferior": (0.42, 0.000055),
}
#: M = scale / (e + e2): scale in mm and e2 in deg.
INVERSE_LINEAR = {"horton_hoyt": (17.3, 0.75), "dougherty": (29.2, 3.67)}


@overload
def contrast_threshold(
    frequency_cpd: Array,
    eccentricity_deg: Array | float,
    *,
    threshold: float = CONTRAST_THRESHOLD,
    decay_deg: float = SPATIAL_DECAY_DEG,
    half_deg: float = HALF_RESOLUTION_DEG,
) -> Array: ...
@overload
def contrast_threshold(
    frequency_cpd: float,
    eccentricity_deg: Quantity,
    *,
    threshold: float = CONTRAST_THRESHOLD,
    decay_deg: float = SPATIAL_DECAY_DEG,
    half_deg: float = HALF_RESOLUTION_DEG,
) -> Quantity: ...
def contrast_threshold(
    frequency_cpd: float | np.ndarray | Tensor,
    eccentricity_deg: float | np.ndarray | Tensor,
    *,
    threshold: float = CONTRAST_THRESHOLD,
    decay_deg: float = SPATIAL_DECAY_DEG,
    half_deg: float = HALF_RESOLUTION_DEG,
) -> float | np.ndarray | Tensor:
    """Contrast at which a grating is just seen; above 1 it is invisible.

    CT(f, e) = CT0 exp(alpha f (e + e2) / e2).

    Parameters
    ----------
    frequency_cpd
        Spatial frequency in cycles per degree.
    eccentricity_deg
        Distance from the fixation in degrees.
    threshold, decay_deg, half_deg
        CT0, alpha and e2 of the formula.

    References
    ----------
    Geisler, W. S., & Perry, J. S. (1998). A real-time foveated multiresolution system for low-bandwidth video
    communication. Proc. SPIE 3299. https://doi.org/10.1117/12.320120

    Examples
    --------
    >>> round(contrast_threshold(4.0, 5.0), 6)
    0.060016
    """
    frequency, e = check_quantity("frequency_cpd", frequency_cpd), check_quantity("eccentricity_deg", eccentricity_deg)
    _check_constants(threshold, decay_deg, half_deg)
    return threshold * math.e ** (decay_deg * frequency * (e + half_deg) / half_deg)


def cutoff_frequency(
    eccentricity_deg: Quantity,
    *,
    threshold: float = CONTRAST_THRESHOLD,
    decay_deg: float = SPATIAL_DECAY_DEG,
    half_deg: float = HALF_RESOLUTION_DEG,
) -> Quantity:
    """Highest visible frequency in cycles per degree, where `contrast_threshold` reaches 1.

    Examples
    --------
    >>> import numpy as np
    >>> cutoff_frequency(np.array([0.0, 2.3])).round(4)
    array([39.2347, 19.6174])
    """
    e = check_quantity("eccentricity_deg", eccentricity_deg)
    _check_constants(threshold, decay_deg, half_deg)
    return half_deg * math.log(1 / threshold) / (decay_deg * (e + half_deg))


def cutoff_eccentricity(
    frequency_cpd: Quantity,
    *,
    threshold: float = CONTRAST_THRESHOLD,
    decay_deg: float = SPATIAL_DECAY_DEG,
    half_deg: float = HALF_RESOLUTION_DEG,
) -> Quantity:
    """Eccentricity in degrees beyond which a frequency is invisible; negative if it always is.

    A display of p pixels per degree needs no blur within ``cutoff_eccentricity(p / 2)``.

    Examples
    --------
    >>> round(cutoff_eccentricity(15.0), 4)
    3.716
    """
    frequency = check_quantity("frequency_cpd", frequency_cpd, positive=True)
    _check_constants(threshold, decay_deg, half_deg)
    return half_deg * math.log(1 / threshold) / (decay_deg * frequency) - half_deg


def geisler_perry_sigma(eccentricity_deg: Quantity) -> Quantity:
    """Blur in degrees that halves the amplitude at the cutoff frequency: just about invisible at the right distance.

    Examples
    --------
    >>> import numpy as np
    >>> (30 * geisler_perry_sigma(np.array([0.0, 10.0, 40.0]))).round(3)  # px at 30 px per degree
    array([0.143, 0.766, 2.635])
    """
    return HALF_AMPLITUDE / cutoff_frequency(eccentricity_deg)


def linear_sigma(
    eccentricity_deg: Quantity, *, slope: float = 0.04, fovea_deg: float = 1.0, base_deg: float = 0.0
) -> Quantity:
    """Blur in degrees that grows in proportion to the distance from the edge of the fovea.

    Parameters
    ----------
    eccentricity_deg
        Distance from the fixation in degrees.
    slope
        Degrees of standard deviation per degree.
    fovea_deg
        Radius within which the blur is `base_deg`.
    base_deg
        Standard deviation in the fovea.

    Examples
    --------
    >>> import numpy as np
    >>> linear_sigma(np.array([0.5, 11.0]))
    array([0. , 0.4])
    """
    beyond = check_quantity("eccentricity_deg", eccentricity_deg) - fovea_deg
    return base_deg + slope * (beyond + abs(beyond)) / 2


def svis_resolution(eccentricity_deg: Quantity, *, half_deg: float = HALF_RESOLUTION_DEG) -> Quantity:
    """Resolution relative to the fovea, e2 / (e + e2), as in the Space Variant Imaging System.

    References
    ----------
    Perry, J. S., & Geisler, W. S. (2002). Gaze-contingent real-time simulation of arbitrary visual fields.
    Proc. SPIE 4662. https://doi.org/10.1117/12.469554

    Examples
    --------
    >>> round(svis_resolution(1.0), 5)
    0.69697
    """
    check_quantity("half_deg", half_deg, positive=True)
    return half_deg / (check_quantity("eccentricity_deg", eccentricity_deg) + half_deg)


def cortical_magnification(
    eccentricity_deg: Quantity, *, law: str = "horton_hoyt", meridian: str | None = None, scale: float = 1.0
) -> Quantity:
    """Millimeters of human V1 per degree of visual field.

    Parameters
    ----------
    eccentricity_deg
        Distance from the fixation in degrees.
    law
        "horton_hoyt", 17.3 / (e + 0.75); "dougherty", 29.2 / (e + 3.67); or "rovamo_virsu", 7.99 / (1 + a e + b e^3)
        with a and b of the meridian.
    meridian
        Of the visual field, for "rovamo_virsu": "nasal", "superior", "temporal" or "inferior".
    scale
        Multiplies the result, for individual brains.

    Raises
    ------
    InputError
        If the law or the meridian is unknown, or a meridian is missing or given where the law has none.

    References
    ----------
    Horton, J. C., & Hoyt, W. F. (1991). https://doi.org/10.1001/archopht.1991.01080060080030
    Dougherty, R. F., et al. (2003). https://doi.org/10.1167/3.10.1
    Rovamo, J., & Virsu, V. (1979). https://doi.org/10.1007/BF00236819

    Examples
    --------
    >>> round(cortical_magnification(0.0), 2), round(cortical_magnification(0.0, law="dougherty"), 3)
    (23.07, 7.956)
    >>> round(cortical_magnification(10.0, law="rovamo_virsu", meridian="temporal"), 3)
    2.042
    """
    check_positive("scale", scale)
    e = check_quantity("eccentricity_deg", eccentricity_deg)
    if law in INVERSE_LINEAR:
        if meridian is not None:
            raise InputError(f"{law} is the same on all meridians; leave meridian out or use law='rovamo_virsu'.")
        millimeters, half = INVERSE_LINEAR[law]
        return scale * millimeters / (e + half)
    if law != "rovamo_virsu":
        raise unknown_name("magnification law", law, (*INVERSE_LINEAR, "rovamo_virsu"))
    if meridian is None:
        raise InputError(
            f"rovamo_virsu differs between meridians; give meridian=..., one of {', '.join(ROVAMO_VIRSU)}."
        )
    linear, cubic = ROVAMO_VIRSU[check_choice("meridian", meridian, tuple(ROVAMO_VIRSU))]
    return scale * 7.99 / (1 + linear * e + cubic * e**3)


def bouma_spacing(eccentricity_deg: Quantity, *, factor: float = 0.5, offset_deg: float = 0.0) -> Quantity:
    """Distance in degrees within which neighbors crowd a target, b (e + e0).

    Bouma's half is a rule of thumb for flankers on the radial axis [1]_. In 50 observers, and with the method's effects
    taken out, b is 0.24 on the right meridian; crowding distances are smaller horizontally than vertically, below
    than above the fixation, and about half as large tangentially [2]_.

    Parameters
    ----------
    eccentricity_deg
        Distance of the target from the fixation in degrees.
    factor
        Bouma's factor b.
    offset_deg
        e0, which gives the fovea a crowding distance too.

    References
    ----------
    .. [1] Bouma, H. (1970). Interaction effects in parafoveal letter recognition. https://doi.org/10.1038/226177a0
    .. [2] Kurzawski, J. W., et al. (2023). The Bouma law accounts for crowding in 50 observers.
       https://doi.org/10.1167/jov.23.8.6

    Examples
    --------
    >>> bouma_spacing(10.0)
    5.0
    """
    check_quantity("factor", factor, positive=True)
    check_quantity("offset_deg", offset_deg)
    return factor * (check_quantity("eccentricity_deg", eccentricity_deg) + offset_deg)


def _check_constants(threshold: float, decay_deg: float, half_deg: float) -> None:
    """Check the constants of the contrast threshold."""
    if check_positive("threshold", threshold) >= 1:
        raise InputError(f"threshold must be a contrast below 1, got {threshold:g}.")
    check_quantity("decay_deg", decay_deg, positive=True)
    check_quantity("half_deg", half_deg, positive=True)


def _watson_sigma(eccentricity_deg: Tensor) -> Tensor:
    from scanpath.geometry.ganglion_cells import midget_nyquist

    return HALF_AMPLITUDE / midget_nyquist(eccentricity_deg)


#: Blur in degrees by eccentricity in degrees.
SIGMA_LAWS: dict[str, Callable[[Tensor], Tensor]] = {
    "geisler_perry": geisler_perry_sigma,
    "linear": linear_sigma,
    "watson": _watson_sigma,
}
