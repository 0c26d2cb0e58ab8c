"""From a picture's features and the last fixations to a map of where the eye goes next, by few learned numbers.

After the idea of DeepGaze III (Kümmerer, Bethge & Wallis 2022, doi:10.1167/jov.22.5.7): features of a network that was
trained for something else are combined pixel by pixel, blurred, joined with where the eye has been, and with the
center bias, to the log density of the next fixation. All lengths are in degrees.
"""

import math
from dataclasses import dataclass, replace
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from scanpath._core.checks import check_count
from scanpath._core.errors import InputError
from scanpath.recognition.feature_cells import FeatureGrid, Whitening

#: Share of the density that is spread evenly, so that no place is impossible on pictures unlike those learned from.
UNIFORM_SHARE = 1e-3
#: Lengths that history is told in: the scale of offsets, and widths of what fades around old fixations.
OFFSET_DEG = 8.0
RETURN_DEG = (1.0, 3.0)
#: Typical duration and its spread, of logarithms: what durations are measured by.
LOG_MS, LOG_MS_SPREAD = 5.2, 0.6
_NARROW, _WIDE = 1.0, 3.0
#: Widths that the likeness to a target is blurred by, and how it is told at each: standardized, and by its rank.
CUE_DEG = (0.4, 1.0, 2.0)
N_CUE_CHANNELS = 2 * len(CUE_DEG)
_REACH = 12  # of the blur, in cells


@dataclass(frozen=True)
class ReadoutRecipe:
    """How large a readout is, and what it knows.

    Parameters
    ----------
    widths
        Units of the two layers that combine features, place by place.
    n_maps
        Maps of the picture that they lead to, each with its own blur.
    n_kinds
        Further maps that say what is at a place; their products with those of the present fixation tell how like it
        another place is.
    n_lags
        How many of the last fixations are told one by one; older ones only add to a trace of where the eye has been.
    history_widths
        Units of the two layers that combine what is known of the history, place by place.
    joint_widths
        Units of the two layers that join picture and history.
    history, blur, center_bias
        False leaves that part out, to see what it gives; without the center bias it is not known either where on the
        picture a place is.
    cue
        Whether it is told how like a target each place is, for people who search.
    """

    widths: tuple[int, int] = (64, 32)
    n_maps: int = 16
    n_kinds: int = 12
    n_lags: int = 4
    history_widths: tuple[int, int] = (64, 16)
    joint_widths: tuple[int, int] = (48, 24)
    history: bool = True
    blur: bool = True
    center_bias: bool = True
    cue: bool = False

    def __post_init__(self) -> None:
        for name in ("n_maps", "n_lags"):
            check_count(name, getattr(self, name))
        check_count("n_kinds", self.n_kinds, least=0)
        for name in ("widths", "history_widths", "joint_widths"):
            for width in getattr(self, name):
                check_count(name, width)


class Moments(NamedTuple):
    """Some moments of looking at one picture, each just before a saccade.

    Attributes
    ----------
    xy_deg
        (N, T, 2) the fixations so far, newest first, from the picture's top left corner; NaN where there are no more,
        and throughout before the first one.
    duration_ms
        (N, T) how long they lasted; NaN where that is not known.
    """

    xy_deg: Tensor
    duration_ms: Tensor

    @property
    def n_fixations(self) -> Tensor:
        """How many fixations there are so far, (N,)."""
        return torch.isfinite(self.xy_deg[..., 0]).sum(1)

    def at_least(self, n_lags: int) -> "Moments":
        """Return the moments with places for so many fixations, empty where there were none."""
        more = max(0, n_lags - self.xy_deg.shape[1])
        xy_deg = F.pad(self.xy_deg, (0, 0, 0, more), value=math.nan)
        return Moments(xy_deg, F.pad(self.duration_ms, (0, more), value=math.nan))


class Scene(NamedTuple):
    """What is known of one picture before anybody looks.

    Attributes
    ----------
    maps
        (maps + kinds, rows, columns) of the readout.
    log_center
        (rows, columns) log density of fixations on other pictures, per square degree, on the same cells.
    grid
        The cells, in degrees.
    size_deg
        Width and height of the picture.
    cue
        (channels, rows, columns) how like the target each cell is, as `likeness_channels` tells it; None
        where nothing is looked for.
    """

    maps: Tensor
    log_center: Tensor
    grid: FeatureGrid
    size_deg: tuple[float, float]
    cue: Tensor | None = None


class FixationReadout(nn.Module):
    """The learned part of a viewer.

    Parameters
    ----------
    n_fine, n_coarse
        Channels of the two feature grids.
    recipe
        Sizes.
    """

    def __init__(self, n_fine: int, n_coarse: int, recipe: ReadoutRecipe | None = None) -> None:
        super().__init__()
        self.recipe = recipe = recipe or ReadoutRecipe()
        first, second = recipe.widths
        kinds = recipe.n_kinds if recipe.history else 0
        self.fine = nn.Linear(n_fine, first, bias=False)
        self.coarse = nn.Linear(n_coarse, first)
        self.second = nn.Linear(first, second)
        self.third = nn.Linear(second, recipe.n_maps + kinds)
        self.log_sigma = nn.Parameter(torch.linspace(math.log(0.5), math.log(4.0), recipe.n_maps))
        joined = recipe.n_maps + (3 if recipe.center_bias else 0)
        if recipe.history:
            into, out = recipe.history_widths
            self.history = nn.Sequential(nn.Linear(n_history_channels(recipe.n_lags), into), nn.ReLU())
            self.history.append(nn.Linear(into, out))
            self.log_rate = nn.Parameter(torch.tensor([math.log(_NARROW), math.log(_WIDE)]))
            joined += out + kinds + recipe.n_maps
        if recipe.cue:  # last, so that what was learned without a target keeps its place
            joined += N_CUE_CHANNELS * (1 + recipe.history)
        self.joint = nn.Sequential(nn.Linear(joined, recipe.joint_widths[0]), nn.ReLU())
        self.joint.append(nn.Linear(*recipe.joint_widths)).append(nn.ReLU())
        self.joint.append(nn.Linear(recipe.joint_widths[1], 1, bias=False))
        self.center_weight = nn.Parameter(torch.tensor(1.0))

    def maps(self, fine: Tensor, coarse: Tensor, fine_grid: FeatureGrid, coarse_grid: FeatureGrid) -> Tensor:
        """Return the picture's maps on the fine cells, from features (channels, rows, columns) on both grids."""
        recipe = self.recipe
        drive = coarse_grid.at(_each_cell(self.coarse, coarse), fine_grid.places())
        drive = drive.permute(2, 0, 1) + _each_cell(self.fine, fine)
        maps = _each_cell(self.third, F.relu(_each_cell(self.second, F.relu(drive))))
        if not recipe.blur:
            return maps
        blurred = blur_each(maps[: recipe.n_maps], self.log_sigma.exp())
        return torch.cat([blurred, maps[recipe.n_maps :]])

    def forward(self, scene: Scene, moments: Moments, places_deg: Tensor) -> Tensor:
        """Return the log density, up to a constant for each moment, (N, n), at places (N, n, 2) in degrees."""
        recipe, n_maps = self.recipe, self.recipe.n_maps
        moments = moments.at_least(recipe.n_lags)
        here = scene.grid.at(torch.cat([scene.maps, scene.log_center[None]]), places_deg)
        center = here[..., -1:]
        parts = [here[..., :n_maps]]
        if recipe.history:
            parts.append(self.history(self._history_channels(moments, places_deg)))
            now = _at_present(scene.grid, scene.maps, moments)
            parts.append(here[..., n_maps:-1] * now[..., n_maps:])
            parts.append(now[..., :n_maps].expand(-1, places_deg.shape[1], -1))
        if recipe.center_bias:
            size = places_deg.new_tensor(scene.size_deg)
            parts += [4 * (places_deg / size - 0.5), center + size.prod().log()]
        if recipe.cue:
            parts += self._cue_channels(scene, moments, places_deg)
        score = self.joint(torch.cat(parts, dim=-1))
        return (score + self.center_weight * center if recipe.center_bias else score)[..., 0]

    def _cue_channels(self, scene: Scene, moments: Moments, places_deg: Tensor) -> list[Tensor]:
        """Return how like the target each place is, and how like it the present fixation is, (N, n, channels) each."""
        if scene.cue is None:
            raise InputError("This readout needs a target; give Scene.cue.")
        found = [scene.grid.at(scene.cue, places_deg)]
        if self.recipe.history:
            now = _at_present(scene.grid, scene.cue, moments)
            found.append(now.expand(-1, places_deg.shape[1], -1))
        return found

    def _history_channels(self, moments: Moments, places_deg: Tensor) -> Tensor:
        """Return what the fixations so far say of each place, (N, n, channels)."""
        n_lags, n = self.recipe.n_lags, places_deg.shape[1]
        known = torch.isfinite(moments.xy_deg[..., 0]).to(places_deg)[:, None]
        offset = places_deg[:, :, None] - torch.nan_to_num(moments.xy_deg)[:, None]
        squared = offset.square().sum(-1)
        last, there = offset[:, :, :n_lags], known[..., :n_lags]
        distance = (squared[..., :n_lags] + 1e-4).sqrt()
        narrow, wide = self.log_rate.exp()
        channels = [last[..., 0] / OFFSET_DEG, last[..., 1] / OFFSET_DEG, distance / OFFSET_DEG]
        channels += [torch.log1p(2 * distance) / 2, torch.exp(-(distance / narrow).square() / 2)]
        channels += [torch.exp(-distance / wide), torch.ones_like(distance)]
        traces = [
            (torch.exp(-squared[..., 1:] / (2 * width**2)) * known[..., 1:]).sum(-1, keepdim=True)
            for width in RETURN_DEG
        ]
        lasted = torch.nan_to_num((moments.duration_ms[:, :n_lags].log() - LOG_MS) / LOG_MS_SPREAD)
        count = moments.n_fixations.to(places_deg)[:, None]
        timed = torch.cat([lasted, count / 8, 1 / count.clamp_min(1)], dim=1)[:, None].expand(-1, n, -1)
        return torch.cat([*(channel * there for channel in channels), timed, *traces], dim=-1)


def with_floor(log_density: Tensor, log_uniform: float) -> Tensor:
    """Mix a log density with an even one, the share of which is `UNIFORM_SHARE`."""
    floor = torch.as_tensor(log_uniform + math.log(UNIFORM_SHARE), dtype=log_density.dtype)
    return torch.logaddexp(log_density + math.log1p(-UNIFORM_SHARE), floor)


def without_whitening(readout: FixationReadout, fine: Whitening, coarse: Whitening) -> FixationReadout:
    """Return the readout that does with plain features what this one does with whitened ones."""
    state = dict(readout.state_dict())
    state["coarse.bias"] = state["coarse.bias"] + readout.fine.weight @ fine.bias + readout.coarse.weight @ coarse.bias
    state["fine.weight"] = readout.fine.weight @ fine.weight
    state["coarse.weight"] = readout.coarse.weight @ coarse.weight
    plain = FixationReadout(fine.weight.shape[1], coarse.weight.shape[1], readout.recipe)
    plain.load_state_dict({name: value.detach() for name, value in state.items()})
    return plain


def with_cue(readout: FixationReadout) -> FixationReadout:
    """Return the readout that does what this one does and has room to learn from a target's cue."""
    state = dict(readout.state_dict())
    cued = FixationReadout(
        state["fine.weight"].shape[1], state["coarse.weight"].shape[1], replace(readout.recipe, cue=True)
    )
    known = state["joint.0.weight"]
    missing = cued.state_dict()["joint.0.weight"].shape[1] - known.shape[1]
    cued.load_state_dict(state | {"joint.0.weight": F.pad(known, (0, missing))})
    return cued


def n_history_channels(n_lags: int) -> int:
    """Return how many numbers say what the history means for a place."""
    return 8 * n_lags + 2 + len(RETURN_DEG)


def blur_each(maps: Tensor, sigma: Tensor) -> Tensor:
    """Blur each map (C, rows, columns) by its own Gaussian, sigma (C,) in cells; borders are repeated outward."""
    line = torch.arange(-_REACH, _REACH + 1, dtype=maps.dtype, device=maps.device)
    kernel = torch.exp(-((line / sigma.clamp_min(0.15)[:, None]) ** 2) / 2)
    kernel = kernel / kernel.sum(1, keepdim=True)
    padded = F.pad(maps[None], (_REACH,) * 4, mode="replicate")
    down = F.conv2d(padded, kernel[:, None, :, None], groups=len(sigma))
    return F.conv2d(down, kernel[:, None, None, :], groups=len(sigma))[0]


def _at_present(grid: FeatureGrid, maps: Tensor, moments: Moments) -> Tensor:
    """Return maps (C, rows, columns) at each moment's present fixation, (N, 1, C); 0 where there is none yet."""
    now = torch.nan_to_num(moments.xy_deg[:, :1])
    return grid.at(maps, now) * (moments.n_fixations > 0).to(now)[:, None, None]


def _each_cell(layer: nn.Linear, maps: Tensor) -> Tensor:
    return F.conv2d(maps[None], layer.weight[:, :, None, None], layer.bias)[0]
