"""Chance as the eccNET study counts it: random places on what may hold an item."""

import torch
import torch.nn.functional as F
from torch import Tensor

from scanpath._core.checks import check_count
from scanpath.agents.agent import Agent
from scanpath.agents.history import History
from scanpath.agents.inhibition import visited_cells
from scanpath.agents.target_found import FoundRule, study_window
from scanpath.gaze.stimulus import Stimulus


class Chance(Agent):
    """Draws pixels uniformly, but none on bare ground in a slot that was visited or outside all slots.

    A pixel is drawn again only while it lies in a visited slot or in none and the patch around it is bare ground, so
    that items already visited may be visited again.

    Parameters
    ----------
    patch_px
        Side of the patch.
    recognition_px, found_rule
        As for `EccNet`; the first fixation may find the target.

    References
    ----------
    Gupta, Zhang, Wu, Wolfe & Kreiman (2021). Visual search asymmetry: deep nets and humans share similar inherent
    biases. NeurIPS 34. arXiv:2106.02953.
    """

    name = "chance"

    def __init__(
        self, *, patch_px: int = 10, recognition_px: int | None = None, found_rule: FoundRule | None = None
    ) -> None:
        rule = study_window(recognition_px, test_first=True)
        super().__init__(found_rule=found_rule or rule)
        self.patch_px = check_count("patch_px", patch_px)

    def prepare(self, stimulus: Stimulus) -> Tensor:
        """Mark (H, W) where the patch around a pixel holds anything but background."""
        gray = (stimulus.background or 0) / 255
        figure = ((stimulus.rgb - gray).abs().amax(0) > 1 / 510).float()
        before = self.patch_px // 2
        around = F.pad(figure, (before, self.patch_px - 1 - before) * 2)
        return F.max_pool2d(around[None], self.patch_px, stride=1)[0] > 0

    def next_fixation(self, stimulus: Stimulus, history: History, generator: torch.Generator) -> tuple[float, float]:
        """Draw a pixel from those that may be looked at; from all if there is none."""
        height, width = stimulus.size
        allowed = torch.ones(stimulus.size, dtype=torch.bool)
        if stimulus.cells is not None:
            closed = (stimulus.cells == 0) | torch.isin(stimulus.cells, visited_cells(stimulus.cells, history[1:]))
            allowed = ~closed | self.prepared(stimulus)
        places = torch.nonzero(allowed.flatten())[:, 0]
        draw = int(torch.randint(max(len(places), 1), (), generator=generator))
        index = int(places[draw]) if len(places) else int(torch.randint(height * width, (), generator=generator))
        return float(index % width), float(index // width)
