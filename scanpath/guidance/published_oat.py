"""OAT as published: objects on a grid of rows and columns, and a target whose place the network is told."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from scanpath._core.errors import InputError
from scanpath.guidance.object_positions import table_code
from scanpath.guidance.object_transformer import PointingTransformer, TransformerRecipe
from scanpath.recognition.object_embedding import ObjectEmbedding

#: How the original program names what is named otherwise here, and what of it no output depends on.
_NAMES = {
    "cnn_embedding.cnn1.0.": "embedding.layers.0.",
    "cnn_embedding.cnn2.0.": "embedding.layers.3.",
    "cnn_embedding.fc.": "embedding.layers.7.",
    "transformer_encoder.": "encoder.",
    "transformer_decoder.": "decoder.",
    "cross_attentions.": "pointers.",
    ".encode_fc.": ".objects.",
    ".decode_fc.": ".gaze.",
}
_IDLE = ("generator.", "LinearEmbedding.")
PUBLISHED_RECIPE = TransformerRecipe(
    n_features=512,
    n_heads=4,
    n_hidden=512,
    n_layers=4,
    n_pointers=2,
    pointer_size=512,
    patch_size=(150, 93),
    pools=(5, 3),
)


class SeenGrid(NamedTuple):
    """Objects in their context, (1, N + 1, d) with the target last, and what each looks like, (N, d / 2)."""

    memory: Tensor
    visual: Tensor


class PublishedOat(PointingTransformer):
    """The original network, with its inputs as they are.

    Objects are numbered by rows. The last token of the encoder repeats the target's own patch with the code of its
    cell, and each fixation on the target is flagged: the network knows where the target is before it has looked. The
    flag reads the same table as rows and columns do. The eye begins in the middle cell, on a patch of ones.

    Parameters
    ----------
    recipe
        Sizes; `PUBLISHED_RECIPE` are the original's.
    grid
        (rows, columns) of objects.
    table
        (R, width) position codes, from `fit_position_table`; R is more than the grid has rows or columns.

    References
    ----------
    Fang, Yu, Zhang, van der Lans & Shi (2024). OAT: Object-level attention transformer for gaze scanpath prediction.
    ECCV. doi:10.1007/978-3-031-73001-6_21
    """

    table: Tensor

    def __init__(self, recipe: TransformerRecipe, grid: tuple[int, int], table: Tensor) -> None:
        super().__init__(recipe)
        self.embedding = ObjectEmbedding(recipe.n_features // 2, recipe.patch_size, recipe.pools)
        self.grid = grid
        if len(table) < max(grid) or 3 * table.shape[1] < recipe.n_features // 2:
            raise InputError(
                f"The table of positions must have at least {max(grid)} rows and {-(-recipe.n_features // 6)} columns "
                f"for a grid of {grid[0]} x {grid[1]} objects, got {tuple(table.shape)}."
            )
        self.register_buffer("table", table.detach().float().clone())

    @property
    def n_objects(self) -> int:
        """How many objects the grid holds."""
        return self.grid[0] * self.grid[1]

    def look(self, patches: Tensor, target: int) -> SeenGrid:
        """Look at objects before any has been fixated.

        Parameters
        ----------
        patches
            (N, 3, h, w) in the order of the grid.
        target
            Which of them is looked for.
        """
        if len(patches) != self.n_objects:
            raise InputError(
                f"This OAT looks at {self.grid[0]} x {self.grid[1]} objects in the order of rows, got {len(patches)}; "
                "give as many, or weights that were fitted to objects at any place."
            )
        visual = self.embedding(patches)
        index = torch.arange(self.n_objects)
        cells = torch.cat([self._cells(index, False), self._cells(torch.tensor([target]), True)])
        tokens = torch.cat([torch.cat([visual, visual[target : target + 1]]), self._code(cells)], dim=1)
        return SeenGrid(self.encode(tokens[None]), visual)

    def gaze(self, visual: Tensor, sequence: Sequence[int], target: int) -> Tensor:
        """Return the tokens (1, 1 + n, d) of the beginning and of the objects fixated so far."""
        height, width = self.recipe.patch_size
        begin = self.embedding(torch.ones(1, 3, height, width))
        seen = torch.tensor(list(sequence), dtype=torch.int64)
        middle = torch.tensor([[self.grid[0] // 2, self.grid[1] // 2, 0]])
        cells = torch.cat([middle, self._cells(seen, seen == target)])
        return torch.cat([torch.cat([begin, visual[seen]]), self._code(cells)], dim=1)[None]

    def _cells(self, index: Tensor, flag: Tensor | bool) -> Tensor:
        columns = self.grid[1]
        flags = torch.as_tensor(flag).to(torch.int64).expand(index.shape)
        return torch.stack([index // columns, index % columns, flags], dim=-1)

    def _code(self, cells: Tensor) -> Tensor:
        return table_code(self.table, cells, self.recipe.n_features // 2)


def original_state(state: Mapping[str, Tensor], *, n_pointers: int) -> dict[str, Tensor]:
    """Rename the parameters of the original program, and leave out those that nothing depends on.

    Parameters
    ----------
    state
        The original's parameters by their names.
    n_pointers
        Its heads of attention over objects; with one, its read-out is passed over.
    """
    renamed = {}
    for name, value in state.items():
        if name.startswith(_IDLE) or (n_pointers == 1 and name.startswith("readout.")):
            continue
        for old, new in _NAMES.items():
            name = name.replace(old, new)
        renamed[name] = value
    return renamed
