"""Metamers: pictures whose pooled statistics agree while their pixels do not."""

import math
from collections.abc import Callable
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from typing import Generic, Literal, NamedTuple, overload

import torch
from numpy.typing import ArrayLike
from torch import Tensor

from scanpath._core.arrays import Array, as_given
from scanpath._core.checks import check_count, check_image
from scanpath._core.memory import keep_freed_memory
from scanpath._core.random import torch_generator
from scanpath.foveation.fixated_images import check_unit_range, fixation_of_each, size_of
from scanpath.foveation.pooled_frame import OPPONENT, WholePicture, opponent_colors
from scanpath.foveation.progress import progress_bar
from scanpath.foveation.statistics import Groups, StatisticsModel, in_full_precision
from scanpath.foveation.windows import PoolingWindows

#: Standard deviation of the noise that synthesis starts from, and corrections of its window means.
START_CONTRAST = 0.05
START_CORRECTIONS = 6
#: Weight of leaving [0, 1], per squared excess, against the mean squared statistics error.
RANGE_WEIGHT = 100.0
#: Means start almost right and matter most to the eye: they must not be traded for fine statistics.
GROUP_WEIGHTS = {"pixel_mean": 20.0, "low_mean": 4.0}
#: Steps are scaled by 1 / (frequency + this), in cycles per pixel, as the amplitudes of natural pictures are.
CORNER_FREQUENCY = 1 / 64
HISTORY = 20
#: Steps along a color that hardly occurs are scaled by this share of the average.
LEAST_COLOR = 0.02
#: A statistic that hardly varies over windows is scaled by this share of the largest variation in its group.
LEAST_SCALE = 1e-3


@dataclass(frozen=True)
class MetamerReport:
    """How far the statistics were off at the start and at the end, after clipping to [0, 1].

    Parameters
    ----------
    start_error, error
        Root mean square over groups; each statistic is divided by its standard deviation over the windows of the
        original. The start is noise whose window means are those of the original.
    group_start_errors, group_errors
        The same for each group.
    evaluations
        How often the statistics and their gradient were computed.
    """

    start_error: float
    error: float
    group_start_errors: dict[str, float]
    group_errors: dict[str, float]
    evaluations: int

    @property
    def improvement(self) -> float:
        """Factor by which the error fell."""
        return self.start_error / self.error


class Metamer(NamedTuple, Generic[Array]):
    """A synthesized picture and how well it matches; one report per picture of a batch."""

    image: Array
    report: MetamerReport | list[MetamerReport]


@overload
def synthesize_metamer(
    image: Array,
    fixation: ArrayLike,
    statistics: str = "energy",
    scaling: float = 0.5,
    steps: int = 300,
    seed: int = 0,
    *,
    px_per_deg: float,
    window: str = "cosine",
    fovea_deg: float = 1.82,
    n_scales: int = 4,
    n_orientations: int = 4,
    progress: bool = False,
    report: Literal[False] = False,
) -> Array: ...
@overload
def synthesize_metamer(
    image: Array,
    fixation: ArrayLike,
    statistics: str = "energy",
    scaling: float = 0.5,
    steps: int = 300,
    seed: int = 0,
    *,
    px_per_deg: float,
    window: str = "cosine",
    fovea_deg: float = 1.82,
    n_scales: int = 4,
    n_orientations: int = 4,
    progress: bool = False,
    report: Literal[True],
) -> Metamer[Array]: ...
def synthesize_metamer(
    image: Array,
    fixation: ArrayLike,
    statistics: str = "energy",
    scaling: float = 0.5,
    steps: int = 300,
    seed: int = 0,
    *,
    px_per_deg: float,
    window: str = "cosine",
    fovea_deg: float = 1.82,
    n_scales: int = 4,
    n_orientations: int = 4,
    progress: bool = False,
    report: bool = False,
) -> Array | Metamer[Array]:
    """Change the periphery of a picture at random without changing its pooled statistics.

    Starting from noise with the right mean in every window, pixels follow the gradient of the statistics error
    (limited-memory BFGS along opponent colors, scaled by the spectrum of natural pictures) [1]_. The fovea keeps the
    original's pixels. Two seeds give two pictures that a model with these statistics can hardly tell apart; whether
    a person can depends on `scaling`.

    Parameters
    ----------
    image
        (C, H, W) or (B, C, H, W) in [0, 1].
    fixation
        x and y in px, shape (2,), or (B, 2); also outside the picture.
    statistics
        "luminance", "energy" or "portilla_simoncelli", see `pooled_statistics`.
    scaling
        Width of the windows over their eccentricity.
    steps
        Evaluations of the statistics and their gradient, at most.
    seed
        Of the noise; pictures of a batch start from the same noise, so that results do not depend on the batch.
    px_per_deg
        Pixels per degree of visual angle.
    window, fovea_deg, n_scales, n_orientations
        As in `pooled_statistics`.
    progress
        Show a bar with the error on standard error.
    report
        Return a `Metamer` (image, report) instead of the image.

    Returns
    -------
    Tensor or Metamer
        Picture of the shape of `image`, clipped to [0, 1].

    Raises
    ------
    InputError
        If a name is unknown, a number is not positive, or the picture is too small for the filters or the windows.

    References
    ----------
    .. [1] Freeman, J. & Simoncelli, E. P. (2011). Metamers of the ventral stream. Nature Neuroscience 14,
       1195-1201. https://doi.org/10.1038/nn.2889

    Examples
    --------
    >>> picture = torch.rand(1, 64, 64, generator=torch.Generator().manual_seed(0))
    >>> result = synthesize_metamer(picture, (31.5, 31.5), "luminance", steps=5, px_per_deg=4.0, report=True)
    >>> result.image.shape, result.report.evaluations, result.report.improvement > 1
    (torch.Size([1, 64, 64]), 5, True)
    """
    given = check_unit_range(check_image(image))
    check_count("steps", steps)
    keep_freed_memory()
    pictures = given if given.ndim == 4 else given[None]
    found, reports = [], []
    for picture, point in zip(pictures, fixation_of_each(pictures, fixation)):
        model = StatisticsModel(
            size_of(given),
            point,
            px_per_deg=px_per_deg,
            statistics=statistics,
            scaling=scaling,
            window=window,
            fovea_deg=fovea_deg,
            n_scales=n_scales,
            n_orientations=n_orientations,
        )
        result, errors = _synthesize(in_full_precision(picture).detach(), model, steps, seed, progress)
        found.append(result.to(given.dtype))
        reports.append(errors)
    single = given.ndim == 3
    metamer = as_given(image, found[0] if single else torch.stack(found))
    return Metamer(metamer, reports[0] if single else reports) if report else metamer


@torch.no_grad()
def mean_matched_noise(image: Tensor, windows: PoolingWindows | WholePicture, seed: int) -> Tensor:
    """White noise (C, H, W), no more colorful than a picture, with its pooled means and the pixels of its fovea."""
    generator = torch_generator(seed, "metamer")
    noise = torch.randn(image.shape, generator=generator, dtype=torch.float32).to(image)
    noise = START_CONTRAST * torch.einsum("ij,jhw->ihw", color_axes(image), noise)
    wanted, fovea = windows.pool(image), windows.fovea.to(image)
    for _ in range(START_CORRECTIONS):
        noise = fovea * image + (1 - fovea) * noise
        noise = noise + windows.spread(wanted - windows.pool(noise))
    return fovea * image + (1 - fovea) * noise


def statistics_errors(groups: Groups, wanted: Groups) -> dict[str, Tensor]:
    """Mean squared error of each group, every statistic in units of its standard deviation over windows."""
    errors = {}
    for name, parts in wanted.items():
        largest = max(float(_spread_over_windows(goal).max()) for _, goal in parts if goal.numel())
        squares = [
            ((values - goal) / _spread_over_windows(goal).clamp_min(LEAST_SCALE * largest + 1e-9)).square().flatten()
            for (_, values), (_, goal) in zip(groups[name], parts)
        ]
        errors[name] = torch.cat(squares).mean()
    return errors


def _spread_over_windows(values: Tensor) -> Tensor:
    """Standard deviation (n, 1); of a single window its magnitude."""
    return values.std(-1, keepdim=True) if values.shape[-1] > 1 else values.abs()


def _synthesize(
    image: Tensor, model: StatisticsModel, steps: int, seed: int, progress: bool
) -> tuple[Tensor, MetamerReport]:
    wanted = {name: parts for name, parts in model.groups(image).items() if any(v.numel() for _, v in parts)}
    windows = model.pooled.windows[0]
    start = mean_matched_noise(image, windows, seed)
    free = (1 - windows.fovea).to(image)
    gain, axes = _spectral_gain(image), color_axes(image)

    def picture(change: Tensor) -> Tensor:
        smooth = torch.fft.irfft2(torch.fft.rfft2(change) * gain, s=image.shape[-2:])
        return start + free * torch.einsum("ij,jhw->ihw", axes, smooth)

    def loss(change: Tensor) -> tuple[Tensor, float]:
        pixels = picture(change)
        errors = statistics_errors(model.groups(pixels), wanted)
        total = sum(GROUP_WEIGHTS.get(name, 1.0) * error for name, error in errors.items()) / len(errors)
        excess = (pixels - pixels.clamp(0, 1)).square().mean()
        rms = math.sqrt(sum(float(error.detach()) for error in errors.values()) / len(errors))
        return total + RANGE_WEIGHT * excess, rms

    with progress_bar("metamer", steps, "error") if progress else nullcontext() as show:
        change, evaluations = _minimize(loss, torch.zeros_like(image), steps, show or (lambda step, error: None))
    result = picture(change).detach().clamp(0, 1)
    return result, _report(model, wanted, start.clamp(0, 1), result, evaluations)


class _OutOfSteps(Exception):
    """The budget of evaluations is spent."""


def _minimize(
    loss: Callable[[Tensor], tuple[Tensor, float]], start: Tensor, steps: int, show: Callable[[int, float], None]
) -> tuple[Tensor, int]:
    """Return the best point that at most `steps` evaluations of limited-memory BFGS met, and their number."""
    point = start.contiguous().clone().requires_grad_()
    best, lowest, evaluations = start, math.inf, 0

    def evaluate() -> Tensor:
        nonlocal best, lowest, evaluations
        if evaluations == steps:
            raise _OutOfSteps
        point.grad = None
        value, error = loss(point)
        value.backward()
        evaluations += 1
        show(evaluations, error)
        if float(value.detach()) < lowest:
            best, lowest = point.detach().clone(), float(value.detach())
        return value.detach()

    optimizer = torch.optim.LBFGS(
        [point],
        max_iter=steps,
        max_eval=steps,
        history_size=HISTORY,
        line_search_fn="strong_wolfe",
        tolerance_grad=0,
        tolerance_change=0,
    )
    with suppress(_OutOfSteps), torch.enable_grad():
        optimizer.step(evaluate)
    return best, evaluations


def color_axes(image: Tensor) -> Tensor:
    """Opponent colors as columns (C, C), as long as the picture varies along them, on average of length one.

    Along them statistics are nearly separate and of one scale, which halves the error after a given number of steps.
    """
    channels = opponent_colors(image.detach())
    deviation = channels.std((-2, -1))
    relative = deviation / deviation.square().mean().sqrt().clamp_min(1e-6)
    axes = torch.tensor(OPPONENT).T.to(image) if len(image) == 3 else torch.eye(len(image)).to(image)
    return axes * relative.clamp_min(LEAST_COLOR)


def _spectral_gain(image: Tensor) -> Tensor:
    """Scale of a step at each frequency of the half spectrum, with unit mean square."""
    height, width = image.shape[-2:]
    fy, fx = torch.fft.fftfreq(height)[:, None], torch.fft.rfftfreq(width)
    gain = 1 / (torch.hypot(fx, fy) + CORNER_FREQUENCY)
    return (gain / gain.square().mean().sqrt()).to(image)


@torch.no_grad()
def _report(model: StatisticsModel, wanted: Groups, start: Tensor, result: Tensor, evaluations: int) -> MetamerReport:
    def measure(pixels: Tensor) -> tuple[float, dict[str, float]]:
        errors = {name: float(error) for name, error in statistics_errors(model.groups(pixels), wanted).items()}
        roots = {name: math.sqrt(error) for name, error in errors.items()}
        return math.sqrt(sum(errors.values()) / len(errors)), roots

    start_error, group_start_errors = measure(start)
    error, group_errors = measure(result)
    return MetamerReport(start_error, error, group_start_errors, group_errors, evaluations)
