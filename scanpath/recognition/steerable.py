"""A front end without training: oriented energy and color opponency at five scales, normalized by contrast."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from scanpath.recognition.backbone import Backbone, Preprocessing, Stage
from scanpath.recognition.eccentricity_pooling import EccentricityPool2d

#: Luminance, red-green and blue-yellow from red, green, blue.
OPPONENT = ((1 / 3, 1 / 3, 1 / 3), (1 / 2, -1 / 2, 0.0), (-1 / 4, -1 / 4, 1 / 2))

#: Contrast at which normalization takes hold, where black to white is 1.
SEMI_SATURATION = 0.1

_SPACING = 0.67  # of the nine taps at which the filters are sampled, in units of their Gaussian


def quadrature_kernels(n_orientations: int = 4) -> Tensor:
    """Second derivatives of a Gaussian and their Hilbert transforms, steered to equally spaced orientations.

    Returns
    -------
    Tensor
        (2 n, 1, 9, 9): n even filters, then n odd ones; each has zero mean and unit sum of absolute values.

    References
    ----------
    Freeman & Adelson (1991). The design and use of steerable filters. IEEE TPAMI 13, 891-906. doi:10.1109/34.93808.
    """
    line = torch.arange(-4, 5, dtype=torch.float64) * _SPACING
    y, x = line[:, None], line[None]
    envelope = torch.exp(-(x**2 + y**2))
    kernels = []
    for odd in (False, True):
        for k in range(n_orientations):
            angle = math.pi * k / n_orientations
            u = math.cos(angle) * x + math.sin(angle) * y
            kernel = ((u**3 - 2.254 * u) if odd else (2 * u**2 - 1)) * envelope
            kernel = kernel - kernel.mean()
            kernels.append(kernel / kernel.abs().sum())
    return torch.stack(kernels)[:, None].to(torch.float32)


class SteerableStage(nn.Module):
    """One scale: energies of the low-passed picture are added to those of finer scales.

    Channels in and out: luminance and two opponent colors, low-passed; then ten responses a scale (energy at four
    orientations, light and dark surround contrast of each opponent channel).
    """

    quadrature: Tensor
    blur: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("quadrature", quadrature_kernels(), persistent=False)
        tent = torch.tensor([1.0, 4.0, 6.0, 4.0, 1.0]) / 16
        self.register_buffer("blur", (tent[:, None] * tent).repeat(3, 1, 1, 1), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """Return the low-passed channels and all responses so far."""
        opponent, finer = x[:, :3], x[:, 3:]
        padded = F.pad(opponent, (4, 4, 4, 4), mode="replicate")
        even, odd = F.conv2d(padded[:, :1], self.quadrature).chunk(2, dim=1)
        energy = torch.sqrt(even**2 + odd**2)
        low = F.conv2d(padded[:, :, 2:-2, 2:-2], self.blur, groups=3)
        contrast = opponent - low
        responses = torch.cat([energy, contrast.clamp_min(0), (-contrast).clamp_min(0)], dim=1)
        # divisive normalization: each response over those of all orientations and channels at its place and scale
        drive = responses.norm(dim=1, keepdim=True)
        return torch.cat([low, finer, responses / (SEMI_SATURATION + drive)], dim=1)


class Opponency(nn.Module):
    """Red, green, blue to luminance and two opponent colors."""

    matrix: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("matrix", torch.tensor(OPPONENT)[:, :, None, None], persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """Mix the channels."""
        return F.conv2d(x, self.matrix)


class Responses(nn.Module):
    """The responses alone, without the low-passed picture, scaled to about unit length at each place."""

    def forward(self, x: Tensor) -> Tensor:
        """Drop the first three channels and normalize the rest."""
        responses = x[:, 3:]
        return responses / (SEMI_SATURATION + responses.norm(dim=1, keepdim=True))


def steerable(*, px_per_deg: float = 30, eccentricity: bool = True, windows: str = "rings") -> Backbone:
    """Build the weight-free backbone; filters peak at wavelengths of about 5, 9, 19, 38 and 75 px.

    Levels are the responses gathered up to 1/4, 1/8 and 1/16 of the picture; pools 3 and 4 between them grow with
    eccentricity. Pools are averages, as there is no trained maximum to keep.
    """
    found = []
    for scale in (1, 2, 4, 8, 16):
        body = SteerableStage() if scale > 1 else nn.Sequential(Opponency(), SteerableStage())
        found.append(Stage(body, EccentricityPool2d("avg"), scale=scale, kind="avg", tap=Responses()))
    return Backbone(
        "steerable",
        found,
        levels=(2, 3, 4),
        preprocessing=Preprocessing(),
        px_per_deg=px_per_deg,
        eccentricity=eccentricity,
        windows=windows,
    )
