"""ColorVideoVDP, another program's measure of visible differences, where it is installed."""

from collections.abc import Callable

import torch

from scanpath._core.arrays import Array
from scanpath._core.checks import check_image, check_positive
from scanpath._core.errors import InputError
from scanpath._core.optional import require
from scanpath.foveation.fixated_images import check_unit_range, size_of


def cvvdp_quality(reference: Array, foveated: Array, *, px_per_deg: float, display: str = "standard_4k") -> float:
    """Quality of a foveated picture as ColorVideoVDP has it, in just-objectionable differences below 10.

    It knows no fixation: each place is taken to be looked at directly. So it bounds what can be seen, and is a
    reference for the fovea and for `visibility` with the fixation everywhere, not for the periphery. It was fitted to
    people's judgments of distorted pictures.

    Parameters
    ----------
    reference, foveated
        (C, H, W) pictures of one size in [0, 1], one channel or RGB, encoded as in files (sRGB).
    px_per_deg
        Pixels per degree of visual angle.
    display
        ColorVideoVDP's name of a display, for its luminance and contrast.

    Returns
    -------
    float
        10 where no difference is seen; 1 less is a difference that three of four people notice.

    Raises
    ------
    MissingDependencyError
        If cvvdp is not installed.
    InputError
        If the pictures do not fit each other.

    References
    ----------
    Mantiuk, R. K., Hanji, P., Ashraf, M., Asano, Y. & Chapiro, A. (2024). ColorVideoVDP: A visual difference predictor
    for image, video and display distortions. ACM Transactions on Graphics 43. https://doi.org/10.1145/3658144

    Examples
    --------
    >>> picture = torch.rand(3, 64, 64)
    >>> try:
    ...     quality = cvvdp_quality(picture, picture, px_per_deg=30)
    ... except ImportError:
    ...     quality = 10.0  # without cvvdp
    >>> round(quality, 1)
    10.0
    """
    given, other = (
        check_unit_range(check_image(image, name=name), name).detach().cpu()
        for name, image in (("reference", reference), ("foveated", foveated))
    )
    if given.ndim != 3 or given.shape != other.shape or given.shape[0] not in (1, 3):
        raise InputError(
            "reference and foveated must both be (C, H, W) with 1 or 3 channels and of one shape, got "
            f"{tuple(given.shape)} and {tuple(other.shape)}."
        )
    scale = check_positive("px_per_deg", px_per_deg)
    quality, _ = _metric(scale, size_of(given), display)(
        *(image.float().clamp(0, 1).expand(3, -1, -1) for image in (other, given)), dim_order="CHW"
    )
    return float(quality)


def _metric(px_per_deg: float, size: tuple[int, int], display: str) -> Callable[..., tuple[torch.Tensor, object]]:
    library = require("pycvvdp", package="cvvdp", purpose="ColorVideoVDP's quality")
    geometry = library.vvdp_display_geometry([size[1], size[0]], ppd=px_per_deg)
    device = torch.device("cpu")
    return library.cvvdp(display_name=display, display_geometry=geometry, quiet=True, device=device).predict
