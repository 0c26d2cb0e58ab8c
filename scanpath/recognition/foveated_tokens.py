"""Tokens of a retinal lattice for vision transformers: one cell is one patch, wherever it lies, however large."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from scanpath._core.checks import check_count
from scanpath._core.errors import InputError
from scanpath._core.optional import require
from scanpath.geometry.retinal_lattice import RetinalLattice


def cell_patches(samples: Tensor, lattice: RetinalLattice) -> Tensor:
    """Return samples (B, C, n_samples) as patches (B, n_cells, C, side, side).

    Raises
    ------
    InputError
        If there are not as many samples as the lattice has.

    Examples
    --------
    >>> cell_patches(torch.rand(2, 3, 2048), RetinalLattice(4, max_deg=10, side=8)).shape
    torch.Size([2, 32, 3, 8, 8])
    """
    if samples.ndim != 3 or samples.shape[-1] != lattice.n_samples:
        raise InputError(
            f"samples must have shape (B, C, {lattice.n_samples}), as retinal_samples returns them for a batch; "
            f"got {tuple(samples.shape)}."
        )
    return samples.unflatten(-1, (lattice.n_cells, lattice.side, lattice.side)).movedim(2, 1)


class FoveatedTransformer(nn.Module):
    """A vision transformer on the cells of a retinal lattice, in plain torch, to be trained from scratch.

    Each cell is embedded by one linear layer, the same for all cells, so that what is small at the fixation and what is
    large beside it share their filters. Positions are learned, one a cell.

    Parameters
    ----------
    lattice
        Of the samples.
    n_outputs
        Length of what it returns.
    width, depth, heads
        Length of the tokens, number of blocks, and attention heads in each.
    channels
        Of the pictures.

    Examples
    --------
    >>> lattice = RetinalLattice(4, max_deg=10, side=8)
    >>> FoveatedTransformer(lattice, 10)(torch.rand(2, 3, lattice.n_samples)).shape
    torch.Size([2, 10])
    """

    def __init__(
        self,
        lattice: RetinalLattice,
        n_outputs: int,
        *,
        width: int = 64,
        depth: int = 3,
        heads: int = 4,
        channels: int = 3,
    ) -> None:
        super().__init__()
        self.lattice = lattice
        check_count("n_outputs", n_outputs), check_count("depth", depth), check_count("channels", channels)
        if check_count("width", width) % check_count("heads", heads):
            raise InputError(f"width must be a multiple of heads, got {width} and {heads}.")
        self.embed = nn.Linear(channels * lattice.side**2, width)
        self.summary = nn.Parameter(torch.zeros(1, 1, width))
        self.positions = nn.Parameter(0.02 * torch.randn(1, lattice.n_cells + 1, width))
        block = nn.TransformerEncoderLayer(
            width, heads, 4 * width, dropout=0.0, activation="gelu", batch_first=True, norm_first=True
        )
        self.blocks = nn.TransformerEncoder(block, depth, enable_nested_tensor=False)
        self.norm, self.head = nn.LayerNorm(width), nn.Linear(width, n_outputs)

    def forward(self, samples: Tensor) -> Tensor:
        """Return (B, n_outputs) of samples (B, C, n_samples)."""
        tokens = self.embed(cell_patches(samples, self.lattice).flatten(2))
        tokens = torch.cat([self.summary.expand(len(tokens), -1, -1), tokens], dim=1) + self.positions
        return self.head(self.norm(self.blocks(tokens)[:, 0]))


class FoveatedTimm(nn.Module):
    """A vision transformer of timm that looks through a retinal lattice instead of a grid, its weights unchanged.

    A cell is embedded as a patch is. Its position is that of the grid at the place where the cell lies, as if the grid
    covered the square around the outermost ring. Cells larger than patches are new to a network that was trained on
    grids: fine-tune it, at least the first blocks.

    Parameters
    ----------
    name
        A timm model whose class is VisionTransformer with learned absolute positions, such as "vit_tiny_patch16_224".
    lattice
        Its `side` is that of the model's patches.
    settings
        Further settings of `timm.create_model`, such as ``pretrained=True`` or ``num_classes``.

    Raises
    ------
    InputError
        If the model is of another kind or has patches of another side.
    MissingDependencyError
        If timm is not installed.

    Examples
    --------
    >>> lattice = RetinalLattice(4, max_deg=10, side=16)
    >>> vit = FoveatedTimm("vit_tiny_patch16_224", lattice, num_classes=5)  # doctest: +SKIP
    >>> vit(torch.rand(2, 3, lattice.n_samples)).shape  # doctest: +SKIP
    torch.Size([2, 5])
    """

    at: Tensor

    def __init__(self, name: str, lattice: RetinalLattice, **settings: Any) -> None:
        super().__init__()
        timm = require("timm", purpose="FoveatedTimm")
        model = timm.create_model(name, **settings)
        if not isinstance(model, timm.models.vision_transformer.VisionTransformer) or model.pos_embed is None:
            raise InputError(f"{name} is no vision transformer of timm with learned absolute positions.")
        patch = tuple(model.patch_embed.patch_size)
        if patch != (lattice.side, lattice.side):
            raise InputError(f"{name} has patches of {patch[0]} x {patch[1]}; give a lattice with side={patch[0]}.")
        self.model: Any = model
        self.lattice = lattice
        at = (lattice.centers_deg / (lattice.max_deg + float(lattice.cell_deg[-1]) / 2)).float()
        self.register_buffer("at", at, persistent=False)

    def forward(self, samples: Tensor) -> Tensor:
        """Return what the model's head makes of samples (B, C, n_samples), normalized as the model wants it."""
        model, patches = self.model, cell_patches(samples, self.lattice)
        tokens = model.patch_embed.proj(patches.flatten(0, 1)).flatten(1).unflatten(0, patches.shape[:2])
        prefix = [one.expand(len(tokens), -1, -1) for one in (model.cls_token, model.reg_token) if one is not None]
        known, here = self._positions()
        if model.no_embed_class:
            tokens = torch.cat([*prefix, tokens + here], dim=1)
        else:
            tokens = torch.cat([*prefix, tokens], dim=1) + torch.cat([known, here], dim=1)
        tokens = model.norm_pre(model.pos_drop(tokens))
        for block in model.blocks:
            tokens = block(tokens)
        return model.forward_head(model.norm(tokens))

    def _positions(self) -> tuple[Tensor, Tensor]:
        """Embeddings of the prefix tokens' positions, and those of the grid where the cells lie."""
        embedding = self.model.pos_embed
        first = 0 if self.model.no_embed_class else self.model.num_prefix_tokens
        rows, columns = self.model.patch_embed.grid_size
        grid = embedding[:, first:].unflatten(1, (rows, columns)).permute(0, 3, 1, 2)
        here = F.grid_sample(grid, self.at[None, None].to(grid), padding_mode="border", align_corners=False)
        return embedding[:, :first], here[:, :, 0].mT
