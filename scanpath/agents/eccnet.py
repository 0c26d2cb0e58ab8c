"""eccNET: target-cued search by a network whose receptive fields grow with eccentricity (Gupta et al. 2021).

At every fixation the picture is seen anew: a square around the fixation runs through the network, its features at
three levels are correlated with the target's, and the next fixation is the maximum of the combined, sharpened map
over the places not yet looked at. The model never learns to search.
"""

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from scanpath._core.checks import check_choice, check_count, check_positive
from scanpath._core.errors import InputError
from scanpath.agents.agent import History, PriorityAgent
from scanpath.agents.inhibition import CellOrSquareInhibition, visited_cells
from scanpath.agents.target_found import FoundRule, WindowOverlap
from scanpath.gaze.stimulus import Stimulus
from scanpath.guidance.sharpening import enlarge, sharpen
from scanpath.guidance.target_cue import WEIGHTINGS, combine_levels, cue_map
from scanpath.recognition.backbone import Backbone
from scanpath.recognition.backbones import create_backbone

#: Taps and sigma of center and surround, as for the lighting displays and all natural pictures of the study.
SHARPENING = ((3, 0.0), (5, 1.0))

#: Side of the largest square that is run through a network at once.
MOST_SEEN_PX = 4608

#: The paper's levels, at 1/4, 1/8 and 1/16 of the picture.
LEVELS = (3, 4, 5)


@dataclass(frozen=True)
class Scene:
    """What depends on the picture and its target alone."""

    backbone: Backbone
    image: Tensor  # (3, H, W)
    background: float  # in [0, 1]
    targets: list[Tensor]  # one (C, h, w) a level
    half: int  # half side of what is seen at once, in px


class EccNet(PriorityAgent):
    """Looks where the picture's features, seen from the present fixation, are most like the target's.

    See `eccnet` for the parameters.
    """

    def __init__(
        self,
        *,
        name: str,
        backbone: Backbone,
        levels: Sequence[int],
        level_weighting: str | None,
        sharpening: tuple[tuple[int, float], tuple[int, float]],
        margin_px: int,
        inhibition_px: int,
        px_per_deg: float,
        found_rule: FoundRule,
    ) -> None:
        super().__init__(name=name, inhibition=CellOrSquareInhibition(inhibition_px), found_rule=found_rule)
        if level_weighting is not None:
            check_choice("level_weighting", level_weighting, WEIGHTINGS)
        self.backbone = backbone
        if not levels or not set(levels) <= set(LEVELS):
            raise InputError(f"levels must be some of 3, 4 and 5, got {levels!r}.")
        self.levels = [LEVELS.index(level) for level in levels]
        self.level_weighting = level_weighting
        self.sharpening = sharpening
        self.margin_px = check_count("margin_px", margin_px, least=0)
        self.px_per_deg = check_positive("px_per_deg", px_per_deg)

    def prepare(self, stimulus: Stimulus) -> Scene:
        """Run the target through the network; it is small enough to lie inside the fovea."""
        half = stimulus.size[0] + self.margin_px
        if 2 * half > MOST_SEEN_PX:
            height = MOST_SEEN_PX // 2 - self.margin_px
            raise InputError(
                f"{self.name} sees a square of twice the picture's height and margin at once, {2 * half} px for "
                f"{stimulus.name!r}, and stops at {MOST_SEEN_PX} px, where it takes several GB; shrink the picture "
                f"to at most {height} px high, with its target, its boxes and px_per_deg."
            )
        backbone = self.backbone.at_scale(stimulus.px_per_deg or self.px_per_deg)
        target = stimulus.require_target(self.name).expand(3, -1, -1)
        features = backbone.target_features(target[None])
        return Scene(
            backbone,
            stimulus.rgb,
            (stimulus.background or 0) / 255,
            [features[level][0] for level in self.levels],
            half,
        )

    def attention(self, stimulus: Stimulus, history: History) -> Tensor:
        """Return the likeness to the target as seen from the last fixation, (H, W) float64, from 0 up."""
        scene = self.prepared(stimulus)
        fixation = pixel_inside(history[-1], stimulus.size)
        features = scene.backbone(seen(self.painted(stimulus, history), fixation, scene)[None])
        maps = [cue_map(features[level][0], target) for level, target in zip(self.levels, scene.targets)]
        weighting = self.level_weighting or ("equal" if stimulus.cells is None else "maximum")
        sharp = sharpen(combine_levels(maps, weighting), self.sharpening)
        return in_picture(enlarge(sharp, (2 * scene.half, 2 * scene.half)), fixation, stimulus.size, self.margin_px)

    def painted(self, stimulus: Stimulus, history: History) -> Tensor:
        """Return the picture with the slots that were looked at filled with background."""
        scene = self.prepared(stimulus)
        if stimulus.cells is None:
            return scene.image
        gone = torch.isin(stimulus.cells, visited_cells(stimulus.cells, history[1:]))
        return torch.where(gone, scene.background, scene.image)


def pixel_inside(xy: tuple[float, float], size: tuple[int, int]) -> tuple[int, int]:
    """Return the picture's pixel (x, y) nearest to a fixation."""
    return min(max(round(xy[0]), 0), size[1] - 1), min(max(round(xy[1]), 0), size[0] - 1)


def seen(image: Tensor, fixation: tuple[int, int], scene: Scene) -> Tensor:
    """Return the square around the fixation, (3, 2 half, 2 half), with background beyond the picture."""
    square = image.new_full((3, 2 * scene.half, 2 * scene.half), scene.background)
    rows, in_square_rows = overlap(fixation[1], scene.half, image.shape[-2])
    columns, in_square_columns = overlap(fixation[0], scene.half, image.shape[-1])
    square[:, in_square_rows, in_square_columns] = image[:, rows, columns]
    return square


def in_picture(values: Tensor, fixation: tuple[int, int], size: tuple[int, int], rim: int) -> Tensor:
    """Return a map of the square around the fixation as a map of the picture, from 0 up; 0 in the rim and beyond."""
    values = (values - values.min())[rim:-rim, rim:-rim] if rim else values - values.min()
    found = values.new_zeros(size)
    rows, in_square_rows = overlap(fixation[1], values.shape[0] // 2, size[0])
    columns, in_square_columns = overlap(fixation[0], values.shape[1] // 2, size[1])
    found[rows, columns] = values[in_square_rows, in_square_columns]
    return found


def overlap(center: int, half: int, length: int) -> tuple[slice, slice]:
    """Part of a line of `length` px that lies within `half` px of `center`: its px, and their px in the window."""
    start, stop = max(center - half, 0), min(center + half, length)
    return slice(start, stop), slice(start - center + half, stop - center + half)


def eccnet(
    *,
    name: str = "eccnet",
    backbone: str | Backbone = "vgg16",
    weights: Any = None,
    preprocessing: str | None = None,
    eccentricity: bool = True,
    pooling: str | None = None,
    levels: Sequence[int] = LEVELS,
    level_weighting: str | None = None,
    sharpening: tuple[tuple[int, float], tuple[int, float]] = SHARPENING,
    margin_px: int = 64,
    inhibition_px: int = 64,
    recognition_px: int | None = None,
    px_per_deg: float = 30,
    found_rule: FoundRule | None = None,
    device: str = "cpu",
) -> EccNet:
    """Build eccNET, or with other settings one of its ablations.

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
    >>> priority = eccnet(backbone="steerable").priority(stimulus, [(48, 48)])
    >>> priority.shape
    torch.Size([96, 96])
    """
    net = network(
        backbone,
        eccentricity=eccentricity,
        device=device,
        weights=weights,
        preprocessing=preprocessing,
        pooling=pooling,
    )
    return EccNet(
        name=name,
        backbone=net,
        levels=levels,
        level_weighting=level_weighting,
        sharpening=sharpening,
        margin_px=margin_px,
        inhibition_px=inhibition_px,
        px_per_deg=px_per_deg,
        found_rule=found_rule or WindowOverlap(recognition_px or 64, size_with_cells_px=recognition_px or 10),
    )


#: The coarsest level alone.
eccnet_single_level = functools.partial(eccnet, name="eccnet.single_level", levels=(5,))

#: Plain max pooling, as the network was trained.
eccnet_no_eccentricity = functools.partial(eccnet, name="eccnet.no_eccentricity", eccentricity=False)


def network(backbone: str | Backbone, *, eccentricity: bool, device: str, **settings: Any) -> Backbone:
    """Build a backbone by name, with the settings that are not None; a backbone comes back as it is."""
    if isinstance(backbone, Backbone):
        return backbone
    given = {name: value for name, value in settings.items() if value is not None}
    return create_backbone(backbone, eccentricity=eccentricity, device=device, **given)
