"""eccNET: target-cued search by a network whose receptive fields grow with eccentricity (Gupta et al. 2021).

At every fixation the picture is seen anew: a square around the fixation runs through the network, its features at
three levels are correlated with the target's, and the next fixation is the maximum of the combined, sharpened map
over the places not yet looked at. The model never learns to search.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike
from scipy import ndimage
from torch import Tensor

from scanpath._core.checks import check_choice, check_positive
from scanpath._core.errors import InputError
from scanpath.agents.agent import PriorityAgent
from scanpath.agents.episode import Episode
from scanpath.agents.field_of_view import FieldOfView, FieldsOfView, cues_together, seen_target
from scanpath.agents.history import History
from scanpath.agents.inhibition import CellOrSquareInhibition, visited_cells
from scanpath.agents.target_found import FoundRule, study_window
from scanpath.gaze.pixels import pixel_of
from scanpath.gaze.stimulus import Stimulus
from scanpath.guidance.sharpening import check_sharpening, sharpen
from scanpath.guidance.target_cue import WEIGHTINGS, combine_levels
from scanpath.recognition.backbone import Backbone
from scanpath.recognition.backbones import create_backbone
from scanpath.recognition.rectangles import Rectangle
from scanpath.recognition.weights import Weights

#: Taps and sigma of center and surround, as for the lighting displays and all natural pictures of the study.
SHARPENING = ((3, 0.0), (5, 1.0))

#: The paper's levels, at 1/4, 1/8 and 1/16 of the picture.
LEVELS = (3, 4, 5)


@dataclass(frozen=True)
class Scene:
    """What depends on the picture and its target alone."""

    field: FieldOfView
    image: Tensor  # (3, H, W)
    gray: float  # of the ground, in [0, 1]
    slots: dict[int, Rectangle]  # where each of the display's slots is


class EccNet(PriorityAgent):
    """Looks where the picture's features, seen from the present fixation, are most like the target's.

    Parameters
    ----------
    name
        What tables call the agent.
    backbone
        A name from `list_backbones()`; the paper's is "vgg16". "steerable" needs no weights.
    weights
        The network's weights: "imagenet", a file, or ``{"seed": n}``; see `create_backbone`.
    preprocessing
        What the weights expect, where it is not the usual one; see `create_backbone`.
    eccentricity
        False leaves all windows as they are in the fovea.
    windows
        "rings" as published, or "smooth", which needs ``features="fixed_grid"`` or "whole".
    pooling
        "avg" or "max"; default average with eccentricity and maximum without, as in the study.
    levels
        Which of the paper's levels are compared with the target: 3, 4 and 5, at 1/4, 1/8 and 1/16 of the picture.
    level_weighting
        "maximum" weights a level by the maximum of its raw map, "equal" weights all alike; default, as in the study,
        maximum on displays with slots and equal on other pictures.
    sharpening
        Taps and sigma (in px of the 1/16 map) of center and surround. The study sets them by experiment: orientation
        and curvature ((3, 1), (5, 3)), intersection ((5, 3), (7, 5)), all others the default.
    margin_px
        Width of the ground around the picture that is seen with it; what is seen at once is a square of side twice
        (picture height + margin).
    inhibition_px
        Side of the square closed around a fixation, on pictures without slots.
    recognition_px
        Side of the window around a fixation that must touch the target to find it; default 10 on displays with slots
        and 64 on other pictures.
    px_per_deg
        Scale of pictures that do not state their own.
    features
        "patchwise" computes only what differs from an empty ground and reuses it from fixation to fixation; "whole"
        runs the whole square through the network each time, for the same numbers but for rounding, several pictures
        at once, which suits a GPU; "fixed_grid" is an approximation of our own that may fixate elsewhere, see
        `FixedGridField`.
    found_rule
        When the search ends, instead of the window.
    device
        Where the network runs.

    References
    ----------
    Gupta, Zhang, Wu, Wolfe & Kreiman (2021). Visual search asymmetry: deep nets and humans share similar inherent
    biases. NeurIPS 34. arXiv:2106.02953.

    Examples
    --------
    >>> picture = torch.zeros(1, 96, 96)
    >>> picture[0, 20:36, 60:76] = torch.eye(16)
    >>> stimulus = Stimulus(picture, name="square", target_box=(60, 20, 16, 16))
    >>> priority = EccNet(backbone="steerable").priority(stimulus, [(48, 48)])
    >>> priority.shape
    torch.Size([96, 96])
    """

    def __init__(
        self,
        *,
        name: str = "eccnet",
        backbone: str | Backbone = "vgg16",
        weights: Weights | None = None,
        preprocessing: str | None = None,
        eccentricity: bool = True,
        windows: str = "rings",
        pooling: str | None = None,
        levels: Sequence[int] = LEVELS,
        level_weighting: str | None = None,
        sharpening: tuple[tuple[int, float], tuple[int, float]] = SHARPENING,
        margin_px: int = 64,
        inhibition_px: int = 64,
        recognition_px: int | None = None,
        px_per_deg: float = 30,
        features: str = "patchwise",
        found_rule: FoundRule | None = None,
        device: str = "cpu",
    ) -> None:
        check_positive("inhibition_px", inhibition_px)
        rule = study_window(recognition_px)
        super().__init__(name=name, inhibition=CellOrSquareInhibition(inhibition_px), found_rule=found_rule or rule)
        if level_weighting is not None:
            check_choice("level_weighting", level_weighting, WEIGHTINGS)
        if not isinstance(levels, Sequence) or not levels or not set(levels) <= set(LEVELS):
            raise InputError(f"levels must be some of 3, 4 and 5, such as (3, 4, 5), got {levels!r}.")
        self.backbone = network(
            backbone,
            eccentricity=eccentricity,
            windows=windows,
            device=device,
            weights=weights,
            preprocessing=preprocessing,
            pooling=pooling,
        )
        self.levels = [LEVELS.index(level) for level in levels]
        self.level_weighting = level_weighting
        self.sharpening = check_sharpening(sharpening)
        self.px_per_deg = check_positive("px_per_deg", px_per_deg)
        self.fields = FieldsOfView(features, margin_px=margin_px)
        self.in_step = features == "whole"

    def facts(self) -> dict[str, object]:
        """Return what fixations depend on beside the settings: rules set since, and the network."""
        return {"backbone": self.backbone.facts(), **super().facts()}

    def prepare(self, stimulus: Stimulus) -> Scene:
        """Run the target through the network at its own size; a target of up to 8 degrees lies inside the fovea."""
        backbone = self.backbone.at_scale(stimulus.px_per_deg or self.px_per_deg)
        gray = (stimulus.background or 0) / 255
        target = seen_target(stimulus, self.name).to(backbone.device)
        features = backbone.target_features(target[None])
        return Scene(
            self.fields.of(backbone, stimulus, {level: features[level][0] for level in self.levels}, gray),
            stimulus.rgb.to(backbone.device),
            gray,
            {} if stimulus.cells is None else slots(stimulus.cells),
        )

    def attention(self, stimulus: Stimulus, history: History) -> Tensor:
        """Return the likeness to the target as seen from the last fixation, (H, W) float64, from 0 up.

        It stays where the network runs; `priority` is on the CPU.
        """
        scene = self.prepared(stimulus)
        # inhibition of return, in the picture itself: slots that were looked at are empty from now on
        image, changed = inhibited(scene, stimulus, history)
        # recognition: features at three levels, pooled the more coarsely the farther from the fixation
        fixation = pixel_inside(history[-1], stimulus.size)
        # top-down cue: every level is correlated with the whole of the target's features at that level
        return self.guidance(scene, stimulus, scene.field.cues(image, fixation, changed), fixation)

    def priority(self, stimulus: Stimulus, history_xy: Tensor | ArrayLike) -> Tensor:
        """Return the (H, W) map the next fixation is picked from, on the CPU; see `PriorityAgent.priority`."""
        return super().priority(stimulus, history_xy).cpu()

    def next_fixation(self, stimulus: Stimulus, history: History, generator: torch.Generator) -> tuple[float, float]:
        """Pick the next fixation where the map is, so that nothing but its place comes to the host."""
        return self.selection.select(self._open(self.attention(stimulus, history), stimulus, history), generator)

    def guidance(self, scene: Scene, stimulus: Stimulus, cues: list[Tensor], fixation: tuple[int, int]) -> Tensor:
        """Return the likeness to the target, given one map (h, w) a level."""
        # a = sum over levels of w_l (m_l - min m_l) / (max m_l - min m_l), with w_l ~ max m_l or equal
        weighting = self.level_weighting or ("equal" if stimulus.cells is None else "maximum")
        combined = combine_levels(cues, weighting)
        # center-surround competition, three times: a <- a + G_center * a - G_surround * a
        sharp = sharpen(combined, self.sharpening)
        # the winner among pixels is left to the selection, what is closed to the inhibition
        return scene.field.in_picture(sharp, fixation)

    def attention_together(self, episodes: Sequence[Episode]) -> list[Tensor]:
        """Run the squares of several pictures through the network together."""
        for one in episodes:
            one.kept = one.kept or self.prepare(one.stimulus)
        images = [inhibited(one.kept, one.stimulus, one.xy)[0] for one in episodes]
        fixations = [pixel_inside(one.xy[-1], one.stimulus.size) for one in episodes]
        cues = cues_together([one.kept.field for one in episodes], images, fixations)
        return [
            self.guidance(one.kept, one.stimulus, maps, fixation)
            for one, maps, fixation in zip(episodes, cues, fixations)
        ]


def pixel_inside(xy: tuple[float, float], size: tuple[int, int]) -> tuple[int, int]:
    """Return the picture's pixel (x, y) nearest to a fixation."""
    column, row = np.clip(pixel_of(np.asarray(xy)), 0, (size[1] - 1, size[0] - 1))
    return int(column), int(row)


def slots(cells: Tensor) -> dict[int, Rectangle]:
    """Return the rectangle around each of a display's slots, by label."""
    found = {}
    for index, place in enumerate(ndimage.find_objects(cells.numpy())):
        if place is not None:
            rows, columns = place
            found[index + 1] = Rectangle(rows.start, rows.stop, columns.start, columns.stop)
    return found


def inhibited(scene: Scene, stimulus: Stimulus, history: History) -> tuple[Tensor, dict[int, Rectangle]]:
    """Return the picture with the slots that were looked at painted over, and where they are."""
    if stimulus.cells is None:
        return scene.image, {}
    gone = visited_cells(stimulus.cells, history[1:])
    closed = torch.isin(stimulus.cells, gone).to(scene.image.device, non_blocking=True)
    image = torch.where(closed, scene.gray, scene.image)
    return image, {label: scene.slots[label] for label in gone.tolist()}


def network(backbone: str | Backbone, *, eccentricity: bool, device: str, **settings: Any) -> Backbone:
    """Build a backbone by name, with the settings that are not None; a backbone comes back as it is."""
    if isinstance(backbone, Backbone):
        return backbone
    given = {name: value for name, value in settings.items() if value is not None}
    return create_backbone(backbone, eccentricity=eccentricity, device=device, **given)
