"""SceneWalk's scanpaths laid out for the loops: every Gaussian and every decay of all steps at once."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from scanpath._core.arrays import to_tensor
from scanpath._core.errors import InputError
from scanpath.guidance.scenewalk_parameters import Configuration, Parameter, complete_parameters, read_configuration
from scanpath.guidance.scenewalk_paths import Paths
from scanpath.kernels.activation_reference import Blend, Walk

#: Both maps begin at the machine's epsilon, that of the 80-bit numbers that the published program computes with.
START_VALUE = 1.0842021724855044e-19
#: No standard deviation is below this, in cells.
LEAST_SD_CELLS = 0.1
#: Where less than this would be left for the main phase there is no pre-saccadic one, in s.
LEAST_MAIN_S = 0.01


class Model(NamedTuple):
    """SceneWalk on one picture: its density, (1, H, W) or one a scanpath, its parts, and tensors () for parameters."""

    density: Tensor
    parts: Configuration
    values: dict[str, Tensor]


def model_on(density: Tensor | np.ndarray, configuration: str, parameters: Mapping[str, Parameter] | None) -> Model:
    """Check a density and put the model together; see `scenewalk_log_likelihood` for what is given."""
    parts = read_configuration(configuration)
    seen = to_tensor(density)
    if not isinstance(seen, Tensor) or seen.ndim not in (2, 3) or 0 in seen.shape:
        raise InputError(f"density must be (H, W) or (B, H, W), got {getattr(seen, 'shape', type(seen).__name__)}.")
    seen = seen if seen.is_floating_point() else seen.to(torch.float64)
    seen = seen if seen.ndim == 3 else seen[None]
    low, total = seen.detach().min(), seen.detach().sum((-2, -1))
    if not (torch.isfinite(total).all() and low >= 0 and (total > 0).all()):
        raise InputError("density must be finite, nowhere negative and somewhere above 0; check the map.")
    given = complete_parameters(parameters)
    plain = torch.tensor([value for value in given.values() if not isinstance(value, Tensor)], dtype=seen.dtype)
    rest = iter(plain.to(seen.device).unbind())
    values = {name: value.to(seen) if isinstance(value, Tensor) else next(rest) for name, value in given.items()}
    return Model(seen, parts, values)


def blend_of(model: Model) -> Blend:
    """Return how the maps become a density."""
    value = model.values
    return Blend(
        model.parts.divisive,
        value["attention_exponent"],
        value["inhibition_exponent"],
        value["inhibition_strength"],
        value["uniform_share"],
        model.parts.oculomotor,
        value["oculomotor_weight"],
    )


def lay_out(model: Model, paths: Paths, *, n_steps: int, whole_cells: bool = True) -> Walk:
    """Lay out the first `n_steps` fixations of scanpaths, each with the next as its target if there is one.

    Parameters
    ----------
    model, paths
        What looks, and where.
    n_steps
        How many fixations; without the last one, whose next is not known, or with it.
    whole_cells
        Whether attention's place after a saccade is floored to a cell, as in the published program. Otherwise it
        lies half a cell, what flooring takes on average, before the exact place, and moves smoothly with its parameter.
    """
    if len(model.density) not in (1, len(paths.cells)):
        raise InputError(
            f"density holds {len(model.density)} maps for {len(paths.cells)} scanpaths; give one for each."
        )
    dtype = model.density.dtype
    cells = paths.cells[:, :n_steps].to(dtype)
    target = torch.full_like(paths.cells[:, :n_steps], -1)
    after = paths.cells[:, 1 : n_steps + 1].flip(-1)
    target[:, : after.shape[1]] = torch.where(paths.known[:, 1 : n_steps + 1, None], after, -1)
    places, sds, duration, read = _phases(model, paths, cells, target, whole_cells)
    attention = [_of_density(model.density, *_gaussian(model, paths, *one)) for one in zip(places, sds)]
    keep = torch.exp(-_rates(model, duration, read) * duration)
    back_row, back_column, keep_back = _return(model, paths, cells, duration, keep)
    inhibition = _gaussian(model, paths, cells, model.values["inhibition_sd_deg"])
    oculomotor_row, oculomotor_column = _oculomotor(model, cells)
    return Walk(
        start=_start(model, paths),
        start_inhibition=torch.tensor(START_VALUE, dtype=dtype, device=cells.device),
        attention_row=torch.stack([row for row, _ in attention]),
        attention_column=torch.stack([column for _, column in attention]),
        attention_keep=keep,
        attention_keep_back=keep_back,
        back_row=back_row,
        back_column=back_column,
        inhibition_row=inhibition[0] / inhibition[0].sum(-1, keepdim=True),
        inhibition_column=inhibition[1] / inhibition[1].sum(-1, keepdim=True),
        inhibition_keep=torch.exp(-model.values["inhibition_rate"] * duration),
        oculomotor_row=oculomotor_row,
        oculomotor_column=oculomotor_column,
        target=target,
        read=torch.tensor(read),
    )


def _phases(
    model: Model, paths: Paths, cells: Tensor, target: Tensor, whole_cells: bool
) -> tuple[list[Tensor], list[Tensor], Tensor, int]:
    """Centers (B, K, 2), standard deviations and lengths (P, B, K) of attention's phases, and which is the main one."""
    value, rest = model.values, paths.duration_s[:, : cells.shape[1]].to(cells.dtype)
    places, sds, lengths = [], [], []
    if model.parts.post:
        after_saccade = torch.arange(cells.shape[1], device=cells.device) > 0
        post = torch.where(after_saccade, torch.minimum(rest, value["post_s"]), 0.0)
        places, sds, lengths = [_onward(model, paths, cells.shape[1], whole_cells)], [value["shift_sd_deg"]], [post]
        rest = rest - post
    places, sds = [*places, cells], [*sds, value["attention_sd_deg"]]
    read = len(lengths)
    if not model.parts.pre:
        return places, sds, torch.stack([*lengths, rest]), read
    # the maps are read before attention moves to the next place, which is where the answer is
    enough = rest - value["pre_s"] >= LEAST_MAIN_S
    pre = torch.where(enough, value["pre_s"], 0.0)
    places, sds = [*places, target.flip(-1).clamp_min(0).to(cells.dtype)], [*sds, value["attention_sd_deg"]]
    return places, sds, torch.stack([*lengths, rest - pre, pre]), read


def _onward(model: Model, paths: Paths, n_steps: int, whole_cells: bool) -> Tensor:
    """Where attention is after a saccade: further in its direction, in cells that may lie beyond the picture."""
    place = paths.places[:, :n_steps] / paths.cells_per_deg
    saccade = torch.diff(place, dim=1, prepend=place[:, :1])
    amplitude = saccade.norm(dim=-1, keepdim=True)
    direction = torch.where(amplitude > 0, saccade / torch.where(amplitude > 0, amplitude, 1.0), 0.0)
    shifted = (place + model.values["shift_deg"] * direction) * paths.cells_per_deg
    return (torch.floor(shifted) if whole_cells else shifted - 0.5).to(model.density.dtype)


def _rates(model: Model, duration: Tensor, read: int) -> Tensor:
    """Attention's rate in each phase and step, (P, 1, K)."""
    rate = model.values["attention_rate"]
    if not model.parts.center:
        return rate
    first = torch.zeros(len(duration), 1, duration.shape[-1], dtype=torch.bool, device=duration.device)
    first[read, :, 0] = True
    return torch.where(first, model.values["start_rate"], rate)


def _gaussian(model: Model, paths: Paths, place: Tensor, sd_deg: Tensor) -> tuple[Tensor, Tensor]:
    """A Gaussian round places (..., 2) in cells as two vectors, over rows (..., H) and over columns (..., W)."""
    height, width = model.density.shape[-2:]
    sd = (sd_deg * paths.cells_per_deg.to(place)).clamp_min(LEAST_SD_CELLS)

    def over(count: int, axis: int) -> Tensor:
        offset = torch.arange(count, dtype=place.dtype, device=place.device) - place[..., axis, None]
        return torch.exp(-(offset**2) / (2 * sd[axis] ** 2))

    return over(height, 1), over(width, 0)


def _of_density(density: Tensor, row: Tensor, column: Tensor) -> tuple[Tensor, Tensor]:
    """Scale the vectors so that their outer product times the density has sum 1."""
    total = ((column @ density.mT) * row).sum(-1, keepdim=True)
    # a Gaussian beyond all that is seen attracts nothing
    return row / total.clamp_min(torch.finfo(density.dtype).tiny), column


def _start(model: Model, paths: Paths) -> Tensor:
    """Attention before the first fixation, (H, W)."""
    if not model.parts.center:
        return torch.full_like(model.density[0], START_VALUE)
    height, width = model.density.shape[-2:]
    middle = torch.tensor([width // 2, height // 2], dtype=model.density.dtype, device=model.density.device)
    row, _ = _gaussian(model, paths, middle, model.values["start_sd_y_deg"])
    _, column = _gaussian(model, paths, middle, model.values["start_sd_x_deg"])
    return (row / row.sum())[:, None] * (column / column.sum())


def _return(model: Model, paths: Paths, cells: Tensor, duration: Tensor, keep: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Where the eye was before, as two vectors of 0 and 1, and how much attention a phase leaves there."""
    height, width = model.density.shape[-2:]
    if not model.parts.back:
        return cells.new_zeros(*cells.shape[:2], height), cells.new_zeros(*cells.shape[:2], width), keep
    half = model.values["return_size_deg"].detach() / 2 * paths.cells_per_deg.to(cells)

    def near(count: int, axis: int) -> Tensor:
        offset = torch.arange(count, device=cells.device) - cells[:, :-1, axis, None]
        window = (offset.abs() <= half[axis]).to(cells.dtype)
        return torch.cat([torch.zeros_like(cells[:, :1, :1]).expand(-1, -1, count), window], 1)

    return near(height, 1), near(width, 0), torch.exp(-model.values["return_rate"] * duration)


def _oculomotor(model: Model, cells: Tensor) -> tuple[Tensor, Tensor]:
    """(dx^2 dy^2)^chi, at most 1, as two vectors."""
    height, width = model.density.shape[-2:]
    if model.parts.oculomotor == "none":
        return cells.new_zeros(*cells.shape[:2], height), cells.new_zeros(*cells.shape[:2], width)

    def over(count: int, axis: int) -> Tensor:
        squared = (torch.arange(count, device=cells.device) - cells[..., axis, None]) ** 2
        raised = squared ** model.values["oculomotor_exponent"]
        return raised / raised.amax(-1, keepdim=True)

    return over(height, 1), over(width, 0)
