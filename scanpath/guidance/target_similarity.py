"""How alike each place of a picture is to the target: correlation and structural similarity of their pixels."""

import numpy as np
import torch
from skimage.feature import match_template
from torch import Tensor

from scanpath._core.arrays import Array, as_given, to_tensor
from scanpath._core.checks import check_count, check_image
from scanpath._core.errors import InputError
from scanpath.kernels.patch_similarity import WINDOW, patch_similarity

#: Weights of red, green and blue in gray.
LUMINANCE = (0.2125, 0.7154, 0.0721)


def target_correlation(image: Array, target: Tensor | np.ndarray) -> Array:
    """Correlate the target's pixels with the picture's around each place, both freed of their mean and contrast.

    Parameters
    ----------
    image
        (C, H, W) in [0, 1], gray or color; the picture goes on as black beyond its borders.
    target
        (C, h, w), not larger than the picture. Of color, the three correlations are averaged with the weights of gray.

    Returns
    -------
    Tensor
        (H, W) float64 from -1 to 1; 0 where the picture has no contrast.

    Examples
    --------
    >>> picture = torch.rand(1, 40, 60, generator=torch.Generator().manual_seed(0))
    >>> likeness = target_correlation(picture, picture[:, 10:20, 30:40])
    >>> divmod(int(likeness.argmax()), 60)
    (15, 35)
    """
    picture, patch = _checked(image, target)
    weights = LUMINANCE if len(picture) == 3 else (1.0,)
    likeness = sum(
        weight * match_template(one, other, pad_input=True)
        for weight, one, other in zip(weights, picture.numpy(), patch.numpy(), strict=True)
    )
    return as_given(image, torch.from_numpy(np.asarray(likeness)))


def target_ssim(image: Array, target: Tensor | np.ndarray, *, step_px: int = 1) -> Array:
    """Measure the structural similarity (SSIM) of the target and the equally large part around each place.

    Windows have 7 x 7 px of equal weight, in gray. At borders, what is left of the part is compared with that part of
    the target.

    Parameters
    ----------
    image, target
        As for `target_correlation`; the target has at least 7 px a side.
    step_px
        Only every so many pixels are measured, and the others take the value of the nearest before them. The time goes
        with 1 / step^2: a 72-px target in a picture of 1024 x 768 px takes about a second at 4.

    Returns
    -------
    Tensor
        (H, W) float64, at most 1.

    References
    ----------
    Wang, Bovik, Sheikh, Simoncelli (2004), Image quality assessment: from error visibility to structural similarity,
    IEEE TIP 13(4), doi:10.1109/TIP.2003.819861.

    Examples
    --------
    >>> picture = torch.rand(1, 40, 60, generator=torch.Generator().manual_seed(0))
    >>> likeness = target_ssim(picture, picture[:, 10:20, 30:40])
    >>> divmod(int(likeness.argmax()), 60), round(float(likeness.max()), 6)
    ((15, 35), 1.0)
    """
    check_count("step_px", step_px)
    picture, patch = (_gray(one).numpy() for one in _checked(image, target))
    if min(patch.shape) < WINDOW:
        raise InputError(
            f"SSIM compares windows of {WINDOW} px, and the target has {patch.shape[1]} x {patch.shape[0]} px; "
            "use target_correlation."
        )
    likeness = torch.from_numpy(patch_similarity(np.ascontiguousarray(picture), np.ascontiguousarray(patch), step_px))
    height, width = picture.shape
    whole = likeness.repeat_interleave(step_px, 0).repeat_interleave(step_px, 1)[:height, :width]
    return as_given(image, whole)


def response_mean(target: Tensor, likeness: Tensor, relative: Tensor) -> Tensor:
    """Return the mean template response of cells in the published similarity searchers.

    The target's truth counts more where the eye is, likeness to it more elsewhere: half of
    target (v + 0.5) + likeness (1.5 - v).

    Parameters
    ----------
    target
        0.5 where the target is, -0.5 elsewhere.
    likeness
        Similarity from -0.5 to 0.5.
    relative
        v, visibility from 0 to 1.

    Examples
    --------
    >>> response_mean(torch.tensor(0.5), torch.tensor(-0.5), torch.tensor([0.0, 0.5, 1.0]))
    tensor([-0.2500,  0.0000,  0.2500])
    """
    return (target * (relative + 0.5) + likeness * (1.5 - relative)) / 2


def _checked(image: Tensor | np.ndarray, target: Tensor | np.ndarray) -> tuple[Tensor, Tensor]:
    """Return both in float64 with equally many channels: gray if either is."""
    picture, patch = (
        check_image(to_tensor(one), name=name).detach().cpu().double()
        for one, name in ((image, "image"), (target, "target"))
    )
    if picture.ndim != 3 or patch.ndim != 3:
        raise InputError(f"image and target must be (C, H, W), got {tuple(picture.shape)} and {tuple(patch.shape)}.")
    if not {len(picture), len(patch)} <= {1, 3}:
        raise InputError(f"image and target must be gray or color, got {len(picture)} and {len(patch)} channels.")
    if patch.shape[1] > picture.shape[1] or patch.shape[2] > picture.shape[2]:
        raise InputError(
            f"The target, {patch.shape[2]} x {patch.shape[1]} px, does not fit into the picture of "
            f"{picture.shape[2]} x {picture.shape[1]} px; cut or resize it first."
        )
    if len(picture) != len(patch):
        return _gray(picture)[None], _gray(patch)[None]
    return picture, patch


def _gray(image: Tensor) -> Tensor:
    """(H, W)."""
    return image[0] if len(image) == 1 else torch.einsum("chw,c->hw", image, image.new_tensor(LUMINANCE))
