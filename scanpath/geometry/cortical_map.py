"""Where on the flattened visual cortex a point of the visual field lands, and back."""

import math

import numpy as np
import torch
from torch import Tensor

from scanpath._core.arrays import Array, as_given, to_tensor
from scanpath._core.checks import check_choice, check_positive
from scanpath._core.errors import InputError

#: Constants of the wedge-dipole map: mm, deg, deg, and the angular compression of V1, V2, V3.
K_MM, A_DEG, B_DEG = 15.0, 0.69, 80.0
WEDGE = {"v1": 1.0, "v2": 0.333, "v3": 0.25}


def log_map(field_deg: Array, *, k_mm: float = K_MM, a_deg: float = A_DEG) -> Array:
    """Schwartz's complex logarithm: cortex w = k ln(z + a) of the visual field z.

    Parameters
    ----------
    field_deg
        (..., 2) degrees from the fixation: right (toward the periphery of the hemifield) and up; right of 0.
    k_mm, a_deg
        Scale in mm, and the eccentricity below which the map is nearly linear.

    Returns
    -------
    Tensor
        (..., 2) mm: away from the fovea, and along the polar angle.

    References
    ----------
    Schwartz, E. L. (1980). Computational anatomy and functional architecture of striate cortex.
    https://doi.org/10.1016/0042-6989(80)90090-5

    Examples
    --------
    >>> log_map(torch.tensor([[0.31, 0.0]]))
    tensor([[0., 0.]])
    """
    check_positive("k_mm", k_mm)
    check_positive("a_deg", a_deg)
    return _pairs(field_deg, k_mm * torch.log(_complex("field_deg", field_deg, right_half=True) + a_deg))


def inverse_log_map(cortex_mm: Array, *, k_mm: float = K_MM, a_deg: float = A_DEG) -> Array:
    """Visual field of a place on the cortex under `log_map`: z = exp(w / k) - a.

    Examples
    --------
    >>> inverse_log_map(log_map(torch.tensor([[3.0, 4.0]])))
    tensor([[3.0000, 4.0000]])
    """
    check_positive("k_mm", k_mm)
    check_positive("a_deg", a_deg)
    return _pairs(cortex_mm, torch.exp(_complex("cortex_mm", cortex_mm) / k_mm) - a_deg)


def dipole_map(
    field_deg: Array, *, area: str = "v1", k_mm: float = K_MM, a_deg: float = A_DEG, b_deg: float = B_DEG
) -> Array:
    """Wedge-dipole map of V1, V2 and V3: w = k [ln((z + a) / (z + b)) - ln(a / b)], with z sheared by area.

    The angle is compressed to a wedge in each area; V2 and V3 are folded around V1, each in two quarter-fields that
    touch their neighbor along a shared meridian. The fixation lands at 0 in V1.

    Parameters
    ----------
    field_deg
        (..., 2) degrees from the fixation: right (toward the periphery of the hemifield) and up; right of 0.
    area
        "v1", "v2" or "v3".
    k_mm, a_deg, b_deg
        Scale in mm; where magnification levels off in the fovea and in the far periphery.

    Returns
    -------
    Tensor
        (..., 2) mm.

    References
    ----------
    Polimeni, J. R., Balasubramanian, M., & Schwartz, E. L. (2006). Multi-area visuotopic map complexes in macaque
    striate and extra-striate cortex. https://doi.org/10.1016/j.visres.2006.03.006

    Examples
    --------
    >>> dipole_map(torch.tensor([[1.0, 0.0], [20.0, 0.0]]))[:, 0]
    tensor([13.2..., 47.6...])
    """
    z = _complex("field_deg", field_deg, right_half=True)
    _check_dipole(area, k_mm, a_deg, b_deg)
    z = torch.polar(z.abs(), _shear(z.angle(), area))
    if area == "v2":
        z = -z.conj()
    return _pairs(field_deg, k_mm * (torch.log((z + a_deg) / (z + b_deg)) - _log_ratio(a_deg, b_deg)))


def inverse_dipole_map(
    cortex_mm: Array, *, area: str = "v1", k_mm: float = K_MM, a_deg: float = A_DEG, b_deg: float = B_DEG
) -> Array:
    """Visual field of a place on the cortex under `dipole_map`.

    Examples
    --------
    >>> inverse_dipole_map(dipole_map(torch.tensor([[3.0, 4.0]]), area="v2"), area="v2")
    tensor([[3.0000, 4.0000]])
    """
    _check_dipole(area, k_mm, a_deg, b_deg)
    ratio = torch.exp(_complex("cortex_mm", cortex_mm) / k_mm + _log_ratio(a_deg, b_deg))  # (z + a) / (z + b)
    z = (b_deg * ratio - a_deg) / (1 - ratio)
    if area == "v2":
        z = -z.conj()
    return _pairs(cortex_mm, torch.polar(z.abs(), _unshear(z.angle(), area)))


def _shear(angle: Tensor, area: str) -> Tensor:
    """Compress the polar angle, and turn the quarter-fields of V2 and V3 to their places."""
    wedge, side = WEDGE[area], torch.where(angle < 0, -1.0, 1.0).to(angle.dtype)
    return wedge * angle + side * _turn(area)


def _unshear(angle: Tensor, area: str) -> Tensor:
    wedge, side = WEDGE[area], torch.where(angle < 0, -1.0, 1.0).to(angle.dtype)
    return (angle - side * _turn(area)) / wedge


def _turn(area: str) -> float:
    half = {name: torch.pi / 2 * (1 - wedge) for name, wedge in WEDGE.items()}
    return {"v1": 0.0, "v2": half["v1"] + half["v2"], "v3": torch.pi - half["v1"] - half["v2"]}[area]


def _log_ratio(a_deg: float, b_deg: float) -> float:
    return math.log(a_deg / b_deg)


def _check_dipole(area: str, k_mm: float, a_deg: float, b_deg: float) -> None:
    check_choice("area", area, tuple(WEDGE))
    check_positive("k_mm", k_mm)
    if check_positive("a_deg", a_deg) >= check_positive("b_deg", b_deg):
        raise InputError(f"a_deg must be smaller than b_deg, got {a_deg} and {b_deg}.")


def _complex(name: str, given: Tensor | np.ndarray, *, right_half: bool = False) -> Tensor:
    pairs = torch.as_tensor(to_tensor(given))
    if pairs.ndim < 1 or pairs.shape[-1] != 2 or not pairs.is_floating_point():
        raise InputError(f"{name} must be floating point of shape (..., 2), got {pairs.dtype} {tuple(pairs.shape)}.")
    if right_half and bool((pairs[..., 0] < 0).any()):
        raise InputError(
            f"{name} has points left of the fixation; each hemisphere maps one half of the field, "
            "so mirror them (negate the first coordinate) and map them to the other hemisphere."
        )
    return torch.complex(pairs[..., 0], pairs[..., 1])


def _pairs(given: Array, values: Tensor) -> Array:
    return as_given(given, torch.view_as_real(values))
