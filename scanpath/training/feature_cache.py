"""Features of pictures on cells, computed once and kept in a folder, so that a fit that was stopped goes on."""

import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from scanpath._core.errors import InputError
from scanpath._core.files import atomic_path, write_text
from scanpath._core.random import derive_seed, torch_generator
from scanpath.gaze.stimulus import Stimulus
from scanpath.recognition.feature_cells import CellRecipe, Whitening, fit_whitening, read_cells, view_sizes
from scanpath.recognition.layers import LayeredNetwork
from scanpath.training.gaze_moments import scale_of

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
        self.folder, self.stimuli, self.network, self.recipes = Path(folder), list(stimuli), network, recipes
        self.mirrored, self.seed = mirrored, seed
        self._claim()
        self.whitening = self._whitening()

    def _claim(self) -> None:
        pictures = [[one.name, *one.size, scale_of(one)] for one in self.stimuli]
        facts = [self.network.name, self.network.checksum(), repr(self.recipes), self.mirrored, self.seed, pictures]
        text = json.dumps(facts)
        claim = self.folder / "what.json"
        if claim.exists() and claim.read_text(encoding="utf-8") != text:
            raise InputError(
                f"The features in {self.folder} are of other pictures or another network; delete the folder or give "
                "another one."
            )
        self.folder.mkdir(parents=True, exist_ok=True)
        write_text(claim, text)

    def _whitening(self) -> tuple[Whitening, Whitening]:
        path = self.folder / "whitening.safetensors"
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
        scale = scale_of(stimulus)
        cells = read_cells(self.network, stimulus.rgb, scale, recipe).flatten(1)
        generator = torch_generator(self.seed, "whitening", stimulus.name)
        return cells[:, torch.randint(cells.shape[1], (_CELLS,), generator=generator)]

    def fill(self, advance: Callable[[int], None] | None = None) -> None:
        """Compute what is not there yet, and report each picture."""
        for stimulus in self.stimuli:
            for mirror in (False, True)[: 1 + self.mirrored]:
                path = self._path(stimulus.name, mirror)
                if not path.exists():
                    with atomic_path(path) as temporary:
                        save_file(self._compute(stimulus, mirror)._asdict(), temporary)
            if advance is not None:
                advance(1)

    def _compute(self, stimulus: Stimulus, mirror: bool) -> Cells:
        image = stimulus.rgb.flip(-1) if mirror else stimulus.rgb
        scale = scale_of(stimulus)
        fine, coarse = (
            whitening(read_cells(self.network, image, scale, recipe)).clamp(-_HALF_LIMIT, _HALF_LIMIT).half()
            for whitening, recipe in zip(self.whitening, self.recipes)
        )
        return Cells(fine.contiguous(), coarse.contiguous())

    def cells(self, name: str, mirror: bool = False) -> Cells:
        """Return the features of a picture by its name."""
        path = self._path(name, mirror)
        try:
            parts = load_file(path)
        except (SafetensorError, OSError) as error:
            raise InputError(f"The features in {path} are damaged or gone; delete the file and fit again.") from error
        return Cells(parts["fine"].float(), parts["coarse"].float())

    def _path(self, name: str, mirror: bool) -> Path:
        # names may hold characters that no file name can
        return self.folder / f"{derive_seed(0, name):016x}{'-mirrored' if mirror else ''}.safetensors"
