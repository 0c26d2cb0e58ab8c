"""TPP-Gaze's network: how long the next fixation lasts and where it lands, as mixtures (D'Amelio et al. 2025).

Modules are called as in the original program, so that its files of weights fit, name by name.
"""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torchvision.models import densenet201

from scanpath.recognition.backbone import TORCHVISION

#: Pictures are squeezed to this side.
SIDE_PX = 512
#: Normalized durations are (log(duration in s) - MEAN_LOG_S) / STD_LOG_S; both of the original's training data.
MEAN_LOG_S, STD_LOG_S = -1.512609601020813, 0.5891745090484619
#: Length of the vectors of a picture and of a history, and Gaussians of each mixture.
WIDTH, PLACES, DURATIONS = 256, 16, 4
_LOG_SCALES = (-5.0, 3.0)


class Mixture(NamedTuple):
    """Gaussians with independent axes: means (K, D), logarithms of standard deviations (K, D) and of weights (K,)."""

    mean: Tensor
    log_scale: Tensor
    log_weight: Tensor

    def draw(self, generator: torch.Generator) -> Tensor:
        """Draw a point (D,)."""
        which = int(torch.multinomial(self.log_weight.exp(), 1, generator=generator))
        noise = torch.randn(self.mean.shape[1], generator=generator)
        return self.mean[which] + self.log_scale[which].exp() * noise


class Expected(NamedTuple):
    """What is expected of the next fixation: its place, where a picture's sides go from -1 to 1, and duration."""

    place: Mixture
    normalized_log_duration: Mixture


class TppGazeNetwork(nn.Module):
    """The network, untrained.

    Parameters
    ----------
    context
        "rnn" or "transformer": what reads the fixations so far.
    """

    def __init__(self, context: str) -> None:
        super().__init__()
        self.context = RecurrentContext() if context == "rnn" else TransformerContext()
        self.metadata = PictureTower()
        self.inter_time_dist = _Linear(2 * WIDTH, 3 * DURATIONS)
        self.marks_dist = _Linear(2 * WIDTH, 5 * PLACES)

    def look(self, image: Tensor) -> Tensor:
        """Return the vector (WIDTH,) of a picture (3, SIDE_PX, SIDE_PX) in [0, 1]."""
        return self.metadata(TORCHVISION(image)[None])[0, 0]

    def expected(self, picture: Tensor, places: Tensor, durations_s: Tensor) -> Expected:
        """Return what is expected after some fixations.

        Parameters
        ----------
        picture
            What `look` returned.
        places, durations_s
            (n, 2), where the picture's sides go from -1 to 1, and (n,), oldest first.
        """
        history: Tensor = self.context.context_init
        if len(places):
            times = (torch.log(durations_s + 1e-8) - MEAN_LOG_S) / STD_LOG_S
            history = self.context.read(times[None], places[None])[0, -1]
        known = torch.cat([history, picture])
        return Expected(_places(self.marks_dist.linear(known)), _durations(self.inter_time_dist.linear(known)))


class RecurrentContext(nn.Module):
    """Reads fixations with a gated recurrent unit."""

    def __init__(self) -> None:
        super().__init__()
        self.context_init = nn.Parameter(torch.zeros(WIDTH))
        self.rnn = nn.GRU(3, WIDTH, batch_first=True)

    def read(self, times: Tensor, places: Tensor) -> Tensor:
        """Return the vector after each fixation, (1, n, WIDTH)."""
        return self.rnn(torch.cat([times[..., None], places], -1))[0]


class TransformerContext(nn.Module):
    """Reads fixations with four transformer layers and an LSTM on top.

    The original hands (scanpaths, fixations, channels) to layers that expect (fixations, scanpaths, channels), so that
    each fixation attends to the same fixation of the other scanpaths that happen to be drawn beside it, and to none of
    its own. One scanpath by itself, as here, has nothing to attend to but itself, and what links fixations is the LSTM.
    """

    def __init__(self) -> None:
        super().__init__()
        self.context_init = nn.Parameter(torch.zeros(WIDTH))
        self.encoder = _Encoder()

    def read(self, times: Tensor, places: Tensor) -> Tensor:
        """Return the vector after each fixation, (1, n, WIDTH)."""
        return self.encoder(times, places)


class _Encoder(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.encoder = _Layers()
        self.alpha = nn.Parameter(torch.tensor(-0.1))  # of the program that the original started from; without effect
        self.beta = nn.Parameter(torch.tensor(1.0))
        self.rnn = _Recurrent()

    def forward(self, times: Tensor, places: Tensor) -> Tensor:
        return self.rnn(self.encoder(times, places))


class _Layers(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.marks_linear = nn.Linear(2, WIDTH)
        layers = (nn.TransformerEncoderLayer(WIDTH, nhead=4, dim_feedforward=1024, dropout=0.4) for _ in range(4))
        self.layer_stack = nn.ModuleList(layers)

    def forward(self, times: Tensor, places: Tensor) -> Tensor:
        wave = times[..., None] / torch.tensor([10000.0 ** (2.0 * (i // 2) / WIDTH) for i in range(WIDTH)])
        wave = torch.stack([wave[..., 0::2].sin(), wave[..., 1::2].cos()], -1).flatten(-2)
        x = self.marks_linear(places)
        for layer in self.layer_stack:
            x = layer(x + wave)
        return x


class _Recurrent(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.rnn = nn.LSTM(WIDTH, WIDTH, batch_first=True)
        self.projection = nn.Linear(WIDTH, WIDTH)

    def forward(self, x: Tensor) -> Tensor:
        return self.projection(self.rnn(x)[0])


class PictureTower(nn.Module):
    """Three deep layers of DenseNet-201 with coordinates, reduced to one map, and the map to a vector."""

    def __init__(self) -> None:
        super().__init__()
        self.backbone = _Backbone()
        for place, (into, out) in enumerate(((2051, 8), (8, 16), (16, 1)), start=1):
            self.add_module(f"conv{place}", nn.Conv2d(into, out, 1, bias=False))
            self.add_module(f"image_norm{place}", nn.BatchNorm2d(out))
        self.fc1 = nn.Linear((SIDE_PX // 32) ** 2, WIDTH)

    def forward(self, image: Tensor) -> Tensor:
        """Return the vector (1, 1, WIDTH) of a normalized picture (1, 3, SIDE_PX, SIDE_PX)."""
        x = _with_coordinates(self.backbone(image))
        for place in (1, 2, 3):
            x = F.softplus(self.get_submodule(f"image_norm{place}")(self.get_submodule(f"conv{place}")(x)))
        return F.gelu(self.fc1(x.flatten(2)))


class _Backbone(nn.Module):
    #: Layers of the last block whose outputs are read.
    _READ = ("denselayer32.norm1", "denselayer32.conv1", "denselayer31.conv2")

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.ModuleDict({"features": nn.Sequential(densenet201(weights=None))})

    def forward(self, image: Tensor) -> Tensor:
        network = self.features.get_submodule("features.0.features")
        found: dict[str, Tensor] = {}
        hooks = [
            network.get_submodule(f"denseblock4.{name}").register_forward_hook(_keeping(found, name))
            for name in self._READ
        ]
        try:
            network(image)
        finally:
            for hook in hooks:
                hook.remove()
        return torch.cat([found[name] for name in self._READ], 1)


def _keeping(found: dict[str, Tensor], name: str) -> Callable[[nn.Module, Any, Tensor], None]:
    def keep(_layer: nn.Module, _given: Any, output: Tensor) -> None:
        found[name] = output.clone()  # what follows works in place

    return keep


class _Linear(nn.Module):
    def __init__(self, into: int, out: int) -> None:
        super().__init__()
        self.linear = nn.Linear(into, out)


def _with_coordinates(x: Tensor) -> Tensor:
    """Add row and column, from -1 to 1, and their distance from 0.5, which is where the original has its center."""
    row, column = (torch.linspace(-1, 1, side) for side in x.shape[2:])
    rows, columns = torch.meshgrid(row, column, indexing="ij")
    radius = ((rows - 0.5) ** 2 + (columns - 0.5) ** 2).sqrt()
    return torch.cat([x, torch.stack([rows, columns, radius])[None]], 1)


def _places(raw: Tensor) -> Mixture:
    mean, log_scale, log_weight = raw.split([2 * PLACES, 2 * PLACES, PLACES])
    log_scale = log_scale.clamp(*_LOG_SCALES)
    return Mixture(mean.tanh().reshape(-1, 2), log_scale.reshape(-1, 2), log_weight.log_softmax(-1))


def _durations(raw: Tensor) -> Mixture:
    mean, log_scale, log_weight = raw.split([DURATIONS] * 3)
    return Mixture(mean[:, None], log_scale.clamp(*_LOG_SCALES)[:, None], log_weight.log_softmax(-1))


def duration_s(normalized_log: float) -> float:
    """Return a duration in s from what the mixture is over."""
    return math.exp(normalized_log * STD_LOG_S + MEAN_LOG_S)
