"""Features of pictures on cells, computed once and kept in a folder, so that a fit that was stopped goes on."""

import os
from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from scanpath._core.files import atomic_path
from scanpath._core.random import torch_generator
from scanpath.gaze.stimulus import Stimulus
from scanpath.recognition.feature_cells import CellRecipe, Whitening, fit_whitening, read_cells, view_sizes
from scanpath.recognition.layers import LayeredNetwork
from scanpath.training.picture_folder import PictureFolder

#: Cells that are looked at on each picture, and pictures, to find the principal components.
_CELLS, _PICTURES = 200, 200
_HALF_LIMIT = 6e4  # half precision ends at 65504


class Cells(NamedTuple):
    """Whitened features of one picture, (channels, rows, columns) each."""

    fine: Tensor
    coarse: Tensor


class FeatureCache:
    """A folder with the features of a set of pictures.

    Parameters
    ----------
    folder
        Where; made if it is not there.
    stimuli
        The pictures, each with a scale.
    network
        What sees them.
    recipes
        Of the fine and the coarse cells.
    mirrored
        Whether features of the pictures' mirror images are kept too.
    seed
        Of the cells that the principal components are found from.

    Raises
    ------
    InputError
        If the folder belongs to other pictures or another network.
    """

    def __init__(
        self,
        folder: str | os.PathLike[str],
        stimuli: Sequence[Stimulus],
        network: LayeredNetwork,
        recipes: tuple[CellRecipe, CellRecipe],
        *,
        mirrored: bool = True,
        seed: int = 0,
    ) -> None:
        self.stimuli, self.network, self.recipes = list(stimuli), network, recipes
        self.mirrored, self.seed = mirrored, seed
        facts = [network.name, network.checksum(), repr(recipes), mirrored, seed]
        self.folder = PictureFolder(
            folder, self.stimuli, facts, what="features", depends_on="pictures or another network"
        )
        self.whitening = self._whitening()

    def _whitening(self) -> tuple[Whitening, Whitening]:
        path = self.folder.path / "whitening.safetensors"
        if not path.exists():
            order = torch.randperm(len(self.stimuli), generator=torch_generator(self.seed, "whitening"))
            chosen = [self.stimuli[index] for index in order[:_PICTURES].tolist()]
            found = {
                name: fit_whitening((self._some_cells(one, recipe) for one in chosen), view_sizes(self.network, recipe))
                for name, recipe in zip(Cells._fields, self.recipes)
            }
            with atomic_path(path) as temporary:
                parts = {
                    f"{name}.{part}": value for name, one in found.items() for part, value in one._asdict().items()
                }
                save_file(parts, temporary)
        parts = load_file(path)
        fine, coarse = (Whitening(parts[f"{name}.weight"], parts[f"{name}.bias"]) for name in Cells._fields)
        return fine, coarse

    def _some_cells(self, stimulus: Stimulus, recipe: CellRecipe) -> Tensor:
        cells = read_cells(self.network, stimulus.rgb, stimulus.require_px_per_deg("A fit"), recipe).flatten(1)
        generator = torch_generator(self.seed, "whitening", stimulus.name)
        return cells[:, torch.randint(cells.shape[1], (_CELLS,), generator=generator)]

    def fill(self, advance: Callable[[int], None] | None = None) -> None:
        """Compute what is not there yet, and report each picture."""
        for stimulus in self.stimuli:
            for mirror in (False, True)[: 1 + self.mirrored]:
                if not self.folder.file(stimulus.name, mirror).exists():
                    self.folder.write(stimulus.name, mirror, self._compute(stimulus, mirror)._asdict())
            if advance is not None:
                advance(1)

    def _compute(self, stimulus: Stimulus, mirror: bool) -> Cells:
        image = stimulus.rgb.flip(-1) if mirror else stimulus.rgb
        scale = stimulus.require_px_per_deg("A fit")
        fine, coarse = (
            whitening(read_cells(self.network, image, scale, recipe)).clamp(-_HALF_LIMIT, _HALF_LIMIT).half()
            for whitening, recipe in zip(self.whitening, self.recipes)
        )
        return Cells(fine.contiguous(), coarse.contiguous())

    def cells(self, name: str, mirror: bool = False) -> Cells:
        """Return the features of a picture by its name."""
        fine, coarse = self.folder.read(name, mirror, Cells._fields)
        return Cells(fine.float(), coarse.float())
