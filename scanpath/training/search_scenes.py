"""Pictures with their targets, as a viewer's readouts have them: made once and kept in a folder."""

import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from scanpath._core.errors import InputError
from scanpath._core.files import atomic_path, write_text
from scanpath._core.random import derive_seed
from scanpath.agents.agent import Agent
from scanpath.agents.searcher import cue_settings, target_likeness
from scanpath.gaze.stimulus import Stimulus
from scanpath.guidance.fixation_readout import Scene
from scanpath.guidance.viewer_model import ViewerModel, center_on
from scanpath.recognition.feature_cells import cell_grid
from scanpath.training.gaze_moments import scale_of


class SearchScenes:
    """A folder with what readouts make of a set of pictures, and how like its target each place of these is.

    Parameters
    ----------
    folder
        Where; made if it is not there.
    stimuli
        The pictures with their targets, each with a scale.
    model
        The viewer whose readouts look, as they are.
    cue
        The agent that draws the target's map.
    mirrored
        Whether the pictures' mirror images are kept too.

    Raises
    ------
    InputError
        If the folder belongs to other pictures, another viewer or another cue.
    """

    def __init__(
        self,
        folder: str | os.PathLike[str],
        stimuli: Sequence[Stimulus],
        model: ViewerModel,
        cue: Agent,
        *,
        mirrored: bool = True,
    ) -> None:
        self.folder, self.stimuli, self.model, self.cue = Path(folder), list(stimuli), model, cue
        self.mirrored = mirrored
        self._claim()

    def _claim(self) -> None:
        pictures = [[one.name, *one.size, scale_of(one)] for one in self.stimuli]
        text = json.dumps([self.model.checksum(), cue_settings(self.cue), self.mirrored, pictures])
        claim = self.folder / "what.json"
        if claim.exists() and claim.read_text(encoding="utf-8") != text:
            raise InputError(
                f"The maps in {self.folder} are of other pictures, another viewer or another cue; delete the folder or "
                "give another one."
            )
        self.folder.mkdir(parents=True, exist_ok=True)
        write_text(claim, text)

    def fill(self, advance: Callable[[int], None] | None = None) -> None:
        """Compute what is not there yet, and report each picture."""
        for stimulus in self.stimuli:
            kinds = (False, True)[: 1 + self.mirrored]
            if not all(self._path(stimulus.name, mirror).exists() for mirror in kinds):
                likeness = target_likeness(self.cue, stimulus)
                for mirror in kinds:
                    image, seen = (stimulus.rgb.flip(-1), likeness.flip(-1)) if mirror else (stimulus.rgb, likeness)
                    scenes = self.model.scenes(image, scale_of(stimulus), seen)
                    tensors = {f"maps{index}": one.maps for index, one in enumerate(scenes)}
                    assert scenes[0].cue is not None  # as there is a map of likeness
                    with atomic_path(self._path(stimulus.name, mirror)) as temporary:
                        save_file(tensors | {"cue": scenes[0].cue}, temporary)
            if advance is not None:
                advance(1)

    def scene(self, name: str, member: int, mirror: bool, log_center: Tensor, size_deg: tuple[float, float]) -> Scene:
        """Return a picture of (width, height) degrees as one readout of the viewer has it, with a center bias."""
        path = self._path(name, mirror)
        try:
            with safe_open(path, "pt") as file:
                maps, cue = file.get_tensor(f"maps{member}"), file.get_tensor("cue")
        except (SafetensorError, OSError) as error:
            raise InputError(f"The maps in {path} are damaged or gone; delete the file and fit again.") from error
        width_deg, height_deg = size_deg
        grid = cell_grid((height_deg, width_deg), self.model.recipe.fine.cell_deg)
        with torch.no_grad():
            center = center_on(log_center.flip(-1) if mirror else log_center, grid, size_deg)
        return Scene(maps, center, grid, size_deg, cue)

    def _path(self, name: str, mirror: bool) -> Path:
        # names may hold characters that no file name can
        return self.folder / f"{derive_seed(0, name):016x}{'-mirrored' if mirror else ''}.safetensors"
