"""3 x 3 convolutions on CPUs with 2.25 times fewer products than a sum over the taps has."""

import torch
import torch.nn.functional as F
from torch import Tensor

from scanpath.kernels.dispatch import choose_kernel

#: Turns three taps of a kernel into the four that tiles of two outputs are multiplied with.
_TAPS = torch.tensor([[1.0, 0.0, 0.0], [0.5, 0.5, 0.5], [0.5, -0.5, 0.5], [0.0, 0.0, 1.0]], dtype=torch.float64)


def tiled_kernels(weight: Tensor) -> Tensor:
    """Return kernels (K, C, 3, 3) as `convolve_3x3` takes them for tiles, (16, C, K): 16 / 9 of their memory."""
    both = torch.kron(_TAPS, _TAPS)
    flat = weight.detach().flatten(2).double() @ both.T
    return flat.permute(2, 1, 0).float().contiguous()


def convolve_3x3(x: Tensor, weight: Tensor, bias: Tensor | None, tiled: Tensor, *, kernel: str = "auto") -> Tensor:
    """Convolve maps with 3 x 3 kernels at stride 1, giving the outputs alone that see no further than the maps.

    On a CPU two by two outputs at a time come from sixteen products in place of 36 (Winograd's minimal filtering, as
    Lavin and Gray 2016 brought it to networks), which are products of matrices over many such tiles. Numbers are those
    of torch but for rounding, which is no larger: more is added and subtracted, but sums are shorter.

    Parameters
    ----------
    x
        (B, C, h, w) maps of at least 3 x 3; channels-last memory is used as it is.
    weight, bias
        (K, C, 3, 3) kernels and (K,), or None.
    tiled
        ``tiled_kernels(weight)``, to be kept by who calls often.
    kernel
        "auto", "reference" (torch) or "cpu"; on a GPU torch's own convolution runs.

    Returns
    -------
    Tensor
        (B, K, h - 2, w - 2).

    References
    ----------
    Lavin & Gray (2016). Fast algorithms for convolutional neural networks. CVPR. doi:10.1109/CVPR.2016.435.
    """
    if choose_kernel(kernel, x, weight) != "cpu":
        return F.conv2d(x, weight, bias)
    from scanpath.kernels.convolution_cpu import convolve_tiles

    return convolve_tiles(x, tiled, weight.new_zeros(len(weight)) if bias is None else bias)
