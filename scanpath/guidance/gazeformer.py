"""Gazeformer's network: a whole search scanpath at once, for a target given in words (Mondal et al. 2023).

Modules are called as in the original program, so that its files of weights fit, name by name.
"""

import math
from collections import OrderedDict
from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torchvision.models import resnet50
from torchvision.ops import FrozenBatchNorm2d

from scanpath.recognition.backbone import TORCHVISION

#: Rows and columns of the map of features, and side of a cell in px of the frame that fixations are in.
CELLS, CELL_PX = (20, 32), 16
#: (height, width) of that frame, and of the picture that the backbone is shown.
FRAME_PX, SHOWN_PX = (320, 512), (640, 1024)
#: Fixations at most, the first one included; width of the network, heads, layers; lengths of a feature and of words.
LONGEST, WIDTH, HEADS, LAYERS, FEATURES, WORDS = 7, 512, 8, 6, 2048, 768


class Planned(NamedTuple):
    """What is foretold of each of `LONGEST` fixations, (n,) each: Gaussians of place and duration, and whether it is.

    Attributes
    ----------
    y, x, duration
        Means and standard deviations, each a pair; px of `FRAME_PX`, and ms.
    log_exists
        Logarithm of the probability that the scanpath goes on to it.
    """

    y: tuple[Tensor, Tensor]
    x: tuple[Tensor, Tensor]
    duration: tuple[Tensor, Tensor]
    log_exists: Tensor


class GazeformerNetwork(nn.Module):
    """The network, untrained."""

    def __init__(self) -> None:
        super().__init__()
        self.transformer = _Transformer()
        self.querypos_embed = nn.Embedding(LONGEST, WIDTH)
        self.token_predictor = nn.Linear(WIDTH, 2)
        for name in ("y", "x", "t"):
            self.add_module(f"generator_{name}_mu", nn.Linear(WIDTH, 1))
            self.add_module(f"generator_{name}_logvar", nn.Linear(WIDTH, 1))
        self.firstfix_linear = nn.Linear(WIDTH, WIDTH)

    def forward(self, features: Tensor, words: Tensor) -> Planned:
        """Plan a scanpath that starts at the center.

        Parameters
        ----------
        features
            (CELLS[0] * CELLS[1], FEATURES), row by row.
        words
            (WORDS,) vector of the words for the target.
        """
        queries = torch.zeros(LONGEST, WIDTH)
        queries[0] = self.firstfix_linear(_waves(FRAME_PX)[FRAME_PX[0] // 2, FRAME_PX[1] // 2])
        out = self.transformer(features, queries, words, self.querypos_embed.weight)
        exists = self.token_predictor(out).log_softmax(-1)[:, 0]
        y, x, t = (self._gaussian(name, out) for name in ("y", "x", "t"))
        return Planned(y, x, t, exists)

    def _gaussian(self, name: str, out: Tensor) -> tuple[Tensor, Tensor]:
        mean, log_variance = (self.get_submodule(f"generator_{name}_{part}")(out)[:, 0] for part in ("mu", "logvar"))
        return mean, (0.5 * log_variance).exp()


class CocoFeatures(nn.Module):
    """The ResNet-50 of torchvision's Mask R-CNN, as trained on COCO, without what detects."""

    def __init__(self) -> None:
        super().__init__()
        # norms divide by the plain deviation, as torchvision sets it for the weights of COCO
        network = resnet50(weights=None, norm_layer=partial(FrozenBatchNorm2d, eps=0.0))
        self.body = nn.Sequential(OrderedDict(list(network.named_children())[:-2]))

    def forward(self, image: Tensor) -> Tensor:
        """Return the features, row by row, of a picture (3, *SHOWN_PX) in [0, 1]."""
        return self.body(TORCHVISION(image)[None])[0].flatten(1).T


class _Transformer(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.encoder = _EncoderSide()
        self.decoder = _DecoderSide()

    def forward(self, features: Tensor, queries: Tensor, words: Tensor, positions: Tensor) -> Tensor:
        seen, said = self.encoder(features, words)
        return self.decoder(queries, seen, said, positions)


class _EncoderSide(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.encoder = _Stack([_EncoderLayer() for _ in range(LAYERS)])
        self.input_proj = nn.Linear(FEATURES, WIDTH)
        self.img_transform = nn.Linear(WIDTH, WIDTH)
        self.text_transform = nn.Linear(WORDS, WIDTH)

    def forward(self, features: Tensor, words: Tensor) -> tuple[Tensor, Tensor]:
        x, places = self.input_proj(features), _waves(CELLS).flatten(0, 1)
        for layer in self.encoder.layers:
            x = layer(x, places)
        return self.img_transform(self.encoder.norm(x)), self.text_transform(words)


class _DecoderSide(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.decoder = _Stack([_DecoderLayer() for _ in range(LAYERS)])
        self.linear = nn.Linear(2 * WIDTH, WIDTH)

    def forward(self, x: Tensor, seen: Tensor, said: Tensor, positions: Tensor) -> Tensor:
        memory = F.relu(self.linear(torch.cat([seen, said.expand_as(seen)], -1)))
        places = _waves(CELLS).flatten(0, 1)
        for layer in self.decoder.layers:
            x = layer(x, memory, positions, places)
        return self.decoder.norm(x)


class _Stack(nn.Module):
    def __init__(self, layers: Sequence[nn.Module]) -> None:
        super().__init__()
        self.layers = nn.ModuleList(layers)
        self.norm = nn.LayerNorm(WIDTH)


class _Layer(nn.Module):
    """What both kinds of layers have; norms come after sums."""

    def __init__(self, n_norms: int) -> None:
        super().__init__()
        self.self_attn = nn.MultiheadAttention(WIDTH, HEADS)
        self.linear1, self.linear2 = nn.Linear(WIDTH, WIDTH), nn.Linear(WIDTH, WIDTH)
        for place in range(1, n_norms + 1):
            self.add_module(f"norm{place}", nn.LayerNorm(WIDTH))

    def normed(self, place: int, x: Tensor) -> Tensor:
        normed: Tensor = self.get_submodule(f"norm{place}")(x)
        return normed

    def spread(self, x: Tensor) -> Tensor:
        return self.linear2(F.relu(self.linear1(x)))


class _EncoderLayer(_Layer):
    def __init__(self) -> None:
        super().__init__(n_norms=2)

    def forward(self, x: Tensor, places: Tensor) -> Tensor:
        asked = x + places
        x = self.normed(1, x + self.self_attn(asked, asked, x)[0])
        return self.normed(2, x + self.spread(x))


class _DecoderLayer(_Layer):
    def __init__(self) -> None:
        super().__init__(n_norms=3)
        self.multihead_attn = nn.MultiheadAttention(WIDTH, HEADS)

    def forward(self, x: Tensor, memory: Tensor, positions: Tensor, places: Tensor) -> Tensor:
        asked = x + positions
        x = self.normed(1, x + self.self_attn(asked, asked, asked)[0])
        x = self.normed(2, x + self.multihead_attn(x + positions, memory + places, memory)[0])
        return self.normed(3, x + self.spread(x))


def _waves(size: tuple[int, int]) -> Tensor:
    """Return (height, width, WIDTH): sines and cosines of the row in the first half, of the column in the second."""
    each = WIDTH // 2
    rate = torch.exp(torch.arange(0, each, 2) * (-math.log(10000) / each))
    axes = []
    for side in size:
        angle = (torch.arange(side)[:, None] / (side - 1 + 1e-6) * 2 * math.pi) * rate
        axes.append(torch.stack([angle.sin(), angle.cos()], -1).flatten(1))
    rows, columns = axes
    height, width = size
    return torch.cat([rows[:, None].expand(-1, width, -1), columns[None].expand(height, -1, -1)], -1)
