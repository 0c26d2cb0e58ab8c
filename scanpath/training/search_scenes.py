"""Pictures with their targets, as a viewer's readouts have them: made once and kept in a folder."""

import os
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from scanpath.agents.agent import Agent
from scanpath.agents.searcher import cue_settings, target_likeness
from scanpath.gaze.stimulus import Stimulus
from scanpath.guidance.fixation_readout import Scene
from scanpath.guidance.viewer_model import ViewerModel, center_on
from scanpath.recognition.feature_cells import cell_grid
from scanpath.training.picture_folder import PictureFolder


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
        self.stimuli, self.model, self.cue, self.mirrored = list(stimuli), model, cue, mirrored
        facts = [model.checksum(), cue_settings(cue), mirrored]
        self.folder = PictureFolder(
            folder, self.stimuli, facts, what="maps", depends_on="pictures, another viewer or another cue"
        )

    def fill(self, advance: Callable[[int], None] | None = None) -> None:
        """Compute what is not there yet, and report each picture."""
        for stimulus in self.stimuli:
            kinds = (False, True)[: 1 + self.mirrored]
            if not all(self.folder.file(stimulus.name, mirror).exists() for mirror in kinds):
                likeness = target_likeness(self.cue, stimulus)
                for mirror in kinds:
                    image, seen = (stimulus.rgb.flip(-1), likeness.flip(-1)) if mirror else (stimulus.rgb, likeness)
                    scenes = self.model.scenes(image, stimulus.require_px_per_deg("A fit"), seen)
                    tensors = {f"maps{index}": one.maps for index, one in enumerate(scenes)}
                    assert scenes[0].cue is not None  # as there is a map of likeness
                    self.folder.write(stimulus.name, mirror, tensors | {"cue": scenes[0].cue})
            if advance is not None:
                advance(1)

    def scene(self, name: str, member: int, mirror: bool, log_center: Tensor, size_deg: tuple[float, float]) -> Scene:
        """Return a picture of (width, height) degrees as one readout of the viewer has it, with a center bias."""
        maps, cue = self.folder.read(name, mirror, (f"maps{member}", "cue"))
        width_deg, height_deg = size_deg
        grid = cell_grid((height_deg, width_deg), self.model.recipe.fine.cell_deg)
        with torch.no_grad():
            center = center_on(log_center.flip(-1) if mirror else log_center, grid, size_deg)
        return Scene(maps, center, grid, size_deg, cue)
