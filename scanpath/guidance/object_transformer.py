"""A transformer that points: which of a picture's objects is looked at next, or whether the search ends."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from scanpath._core.checks import check_count
from scanpath._core.errors import InputError


@dataclass(frozen=True)
class TransformerRecipe:
    """Sizes of the network; the defaults are those of the small one that comes with the package.

    Parameters
    ----------
    n_features
        Length of a token; half of it is what an object looks like, half where it is.
    n_heads, n_hidden, n_layers
        Heads of attention, width of the inner layers, and layers of the encoder and of the decoder.
    n_pointers
        Products of objects and gaze that make up a score.
    pointer_size
        Their products are divided by the root of this.
    patch_size, pools
        Of the network that sees objects.
    stretch
        Whether each patch is stretched to the range 0 to 1.
    dropout
        Share of activations that are left out in training.
    """

    n_features: int = 96
    n_heads: int = 4
    n_hidden: int = 96
    n_layers: int = 2
    n_pointers: int = 2
    pointer_size: int = 96
    patch_size: tuple[int, int] = (24, 24)
    pools: tuple[int, int] = (2, 2)
    stretch: bool = False
    dropout: float = 0.1

    def __post_init__(self) -> None:
        for name in ("n_features", "n_heads", "n_hidden", "n_layers", "n_pointers", "pointer_size"):
            check_count(name, getattr(self, name))
        if self.n_features % self.n_heads or self.n_features % 2:
            raise InputError(f"n_features must be even and a multiple of n_heads, got {self.n_features}.")


class Pointer(nn.Module):
    """The product of each object with the state of gaze, after a linear layer for either."""

    def __init__(self, n_features: int, size: int) -> None:
        super().__init__()
        self.objects, self.gaze = nn.Linear(n_features, n_features), nn.Linear(n_features, n_features)
        self.scale = math.sqrt(size)

    def forward(self, memory: Tensor, gaze: Tensor) -> Tensor:
        """Return (B, T, N) from objects (B, N, d) and gaze (B, T, d)."""
        products: Tensor = self.gaze(gaze) @ self.objects(memory).transpose(1, 2)
        return products / self.scale


class PointingTransformer(nn.Module):
    """An encoder of objects, a decoder of the gaze so far, and pointers from the one to the other.

    Layers normalize after their sums; the decoder looks back only, and no part of it is hidden from the objects.

    Parameters
    ----------
    recipe
        Sizes.

    References
    ----------
    Fang, Yu, Zhang, van der Lans & Shi (2024). OAT: Object-level attention transformer for gaze scanpath prediction.
    ECCV. doi:10.1007/978-3-031-73001-6_21
    """

    def __init__(self, recipe: TransformerRecipe) -> None:
        super().__init__()
        self.recipe = recipe
        sizes = (recipe.n_features, recipe.n_heads, recipe.n_hidden, recipe.dropout)
        self.encoder = nn.TransformerEncoder(
            nn.TransformerEncoderLayer(*sizes, batch_first=True), recipe.n_layers, enable_nested_tensor=False
        )
        self.decoder = nn.TransformerDecoder(nn.TransformerDecoderLayer(*sizes, batch_first=True), recipe.n_layers)
        self.pointers = nn.ModuleList(Pointer(recipe.n_features, recipe.pointer_size) for _ in range(recipe.n_pointers))
        self.readout = nn.Linear(recipe.n_pointers, 1) if recipe.n_pointers > 1 else nn.Identity()
        self.dropout = nn.Dropout(recipe.dropout)

    def encode(self, tokens: Tensor, absent: Tensor | None = None) -> Tensor:
        """Return objects in their context, (B, N + 1, d), the target last; `absent` ones (B, N + 1) are no objects."""
        memory: Tensor = self.encoder(tokens, src_key_padding_mask=absent)
        return memory

    def score(self, memory: Tensor, gaze: Tensor, absent: Tensor | None = None) -> Tensor:
        """Score each choice after each part of the gaze.

        Parameters
        ----------
        memory
            (B, N + 1, d) from `encode`.
        gaze
            (B, T, d) tokens of where the eye began and of what it fixated.
        absent
            (B, N + 1) as in `encode`.

        Returns
        -------
        Tensor
            (B, T, N + 2) unnormalized logarithms of probabilities: of each object, of the end, which is to point at
            the target's token, and of the original's idle slot, whose products are 0.
        """
        steps = gaze.shape[1]
        later = torch.ones(steps, steps, dtype=torch.bool, device=gaze.device).triu(1)
        tokens = self.dropout(gaze + order_code(steps, gaze.shape[2]).to(gaze))
        state = self.decoder(tokens, memory, tgt_mask=later, memory_key_padding_mask=absent)
        products = torch.stack([pointer(memory, state) for pointer in self.pointers], dim=-1)
        products = torch.cat([products, products.new_zeros(products[:, :, :1].shape)], dim=2)
        scores: Tensor = self.readout(products)[..., 0]
        return scores


def order_code(n_steps: int, n_features: int) -> Tensor:
    """Return the sines (even features) and cosines (odd ones) that number the steps, (n_steps, n_features).

    Examples
    --------
    >>> order_code(2, 4)[0].tolist()
    [0.0, 1.0, 0.0, 1.0]
    """
    step = torch.arange(n_steps, dtype=torch.float32)[:, None]
    rate = torch.exp(torch.arange(0, n_features, 2, dtype=torch.float32) * (-math.log(10_000.0) / n_features))
    code = torch.zeros(n_steps, n_features)
    code[:, 0::2], code[:, 1::2] = torch.sin(step * rate), torch.cos(step * rate)
    return code
