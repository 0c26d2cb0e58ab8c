"""Adapters for DeepGaze IIE and III, where the user installs them: densities of (next) fixations.

The library is at github.com/matthias-k/DeepGaze; its models take pictures from 0 to 255 at 35 px per degree and a
center bias, and return log densities.
"""

from collections.abc import Callable, Sequence
from functools import cache

import numpy as np
import torch
from torch import Tensor

from scanpath._core.arrays import Array, as_given, to_tensor
from scanpath._core.checks import check_image, check_xy
from scanpath._core.errors import InputError
from scanpath._core.optional import require

PACKAGE = "git+https://github.com/matthias-k/DeepGaze"


def deepgaze_iie(image: Array, *, center_bias: Tensor | np.ndarray | None = None) -> Array:
    """Return DeepGaze IIE's density of fixations (H, W), which sums to 1.

    Parameters
    ----------
    image
        (3, H, W) in [0, 1].
    center_bias
        Log density (H, W) of fixations whatever the picture; default uniform.

    References
    ----------
    Linardos, Kümmerer, Press, Bethge (2021), DeepGaze IIE, ICCV, arXiv:2105.12441.
    """
    picture, bias = _inputs(image, center_bias)
    with torch.no_grad():
        return as_given(image, _density(_model("DeepGazeIIE")(picture, bias)))


def deepgaze_iii(
    image: Array,
    history_xy: np.ndarray | Sequence[Sequence[float]],
    *,
    center_bias: Tensor | np.ndarray | None = None,
) -> Array:
    """Return DeepGaze III's density of the next fixation (H, W), which sums to 1.

    Parameters
    ----------
    image
        (3, H, W) in [0, 1].
    history_xy
        (n, 2) fixations so far in px; the model reads its last four.
    center_bias
        Log density (H, W) of fixations whatever the picture; default uniform.

    References
    ----------
    Kümmerer, Bethge, Wallis (2022), DeepGaze III, Journal of Vision 22(5):7, doi:10.1167/jov.22.5.7.
    """
    points = check_xy("history_xy", history_xy)
    if len(points) == 0:
        raise InputError("DeepGaze III needs at least one fixation; give history_xy.")
    model = _model("DeepGazeIII")
    included = list(getattr(model, "included_fixations", (-1, -2, -3, -4)))
    # a fixation that was not made yet is NaN, as the library expects
    padded = np.concatenate([np.full((max(0, -min(included) - len(points)), 2), np.nan), points])[included]
    x, y = (torch.tensor(padded[:, axis][None], dtype=torch.float32) for axis in (0, 1))
    picture, bias = _inputs(image, center_bias)
    with torch.no_grad():
        return as_given(image, _density(model(picture, bias, x, y)))


@cache
def _model(name: str) -> Callable[..., Tensor]:
    library = require("deepgaze_pytorch", package=PACKAGE, purpose=name)
    return getattr(library, name)(pretrained=True).eval()


def _inputs(image: Tensor | np.ndarray, center_bias: Tensor | np.ndarray | None) -> tuple[Tensor, Tensor]:
    picture = check_image(image)
    size = picture.shape[-2:]
    bias = torch.zeros(size) if center_bias is None else torch.as_tensor(to_tensor(center_bias), dtype=torch.float32)
    if tuple(bias.shape) != tuple(size):
        raise InputError(f"center_bias must be a log density {tuple(size)}, got {tuple(bias.shape)}.")
    return (255 * picture.expand(3, -1, -1))[None], (bias - bias.logsumexp((0, 1)))[None]


def _density(log_density: Tensor) -> Tensor:
    density = log_density.reshape(log_density.shape[-2:]).double().exp()
    return (density / density.sum()).float()
