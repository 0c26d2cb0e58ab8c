"""Where people look on a picture: a density of fixations as colors and as contours that hold known shares of it."""

from collections.abc import Iterable, Sequence
from typing import cast

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.patheffects import withStroke

from scanpath._core.checks import check_choice, check_positive
from scanpath._core.errors import InputError
from scanpath.gaze.scanpath import ScanpathLike, as_scanpath
from scanpath.gaze.stimulus import Stimulus
from scanpath.metrics import fixation_density
from scanpath.plotting.figures import in_style
from scanpath.plotting.pictures import draw_picture, picture_axes, set_view

#: Shares of all fixations that the contours hold.
SHARES = (0.25, 0.5, 0.75, 0.9)
STYLES = ("both", "colors", "contours")
#: Width of the kernel where the picture has no scale, as a share of its longer side.
_USUAL_WIDTH = 1 / 33
_COLORS = "inferno"


@in_style
def plot_heatmap(
    fixations: ScanpathLike | Iterable[ScanpathLike],
    stimulus: Stimulus,
    *,
    ax: Axes | None = None,
    sigma_deg: float = 1.0,
    sigma_px: float | None = None,
    weight: str = "fixations",
    style: str = "both",
    shares: Sequence[float] = SHARES,
    title: str | None = None,
) -> Axes:
    """Draw where fixations fall on a picture, as colors and as contours that hold a known share of them.

    The density is a Gaussian on each fixation. A contour marked 50 % is the border of the smallest area that holds half
    of it.

    Parameters
    ----------
    fixations
        One scanpath or many.
    stimulus
        The picture.
    ax
        Axes to draw on; by default those of a new figure with the picture's aspect and a color bar.
    sigma_deg
        Standard deviation of the Gaussians, in degrees of visual angle. One degree is about what the fovea holds and
        what eye trackers err by.
    sigma_px
        The same in px; needed where the picture has no scale, for which 1/33 of its longer side is taken.
    weight
        ``"fixations"``: each counts as one; ``"duration"``: each as long as it lasts.
    style
        ``"colors"``, ``"contours"`` or ``"both"``.
    shares
        Shares of all fixations that the contours hold.
    title
        Heading.

    Raises
    ------
    InputError
        If there is no fixation, or durations are asked for and missing.

    Examples
    --------
    >>> picture = Stimulus(np.zeros((60, 80)))
    >>> ax = plot_heatmap([[(10, 10), (50, 30)], [(12, 14)]], picture, sigma_px=5, title="two people")
    >>> ax.get_title()
    'two people'
    """
    check_choice("weight", weight, ("fixations", "duration"))
    scale = stimulus.px_per_deg
    if sigma_px is None:
        sigma_px = check_positive("sigma_deg", sigma_deg) * scale if scale else _USUAL_WIDTH * max(stimulus.size)
    xy, weights = _pooled(fixations, weight)
    density = _weighted_density(xy, weights, stimulus.size, check_positive("sigma_px", sigma_px))
    unit, area = ("deg²", scale**2) if scale else ("10,000 px", 1e4)
    what = "fixations" if weight == "fixations" else "time"
    label = f"% of {what} in {unit}"
    return _draw_density(density, stimulus, ax, style, shares, title, 100 * area, label, len(xy))


@in_style
def plot_density(
    density: np.ndarray,
    stimulus: Stimulus,
    *,
    ax: Axes | None = None,
    style: str = "both",
    shares: Sequence[float] = SHARES,
    title: str | None = None,
) -> Axes:
    """Draw a density over a picture, such as `agent.log_density(...).exp()`, as `plot_heatmap` draws fixations.

    Parameters
    ----------
    density
        (H, W), not negative; it is scaled to sum 1.
    stimulus, ax, style, shares, title
        As for `plot_heatmap`.

    Raises
    ------
    InputError
        If the density has another size than the picture, is negative, or is 0 everywhere.

    Examples
    --------
    >>> picture = Stimulus(np.zeros((60, 80)))
    >>> ax = plot_density(np.ones((60, 80)), picture, style="colors")
    """
    values = np.asarray(density, dtype=np.float64)
    if values.shape != tuple(stimulus.size):
        raise InputError(f"The density must have the picture's size {tuple(stimulus.size)}, got {values.shape}.")
    if not (np.isfinite(values).all() and values.min() >= 0 and values.sum() > 0):
        raise InputError("A density must be finite, nowhere negative and somewhere positive; exponentiate logarithms.")
    scale = stimulus.px_per_deg
    unit, area = ("deg²", scale**2) if scale else ("10,000 px", 1e4)
    label = f"% probability in {unit}"
    return _draw_density(values / values.sum(), stimulus, ax, style, shares, title, 100 * area, label, None)


def share_levels(density: np.ndarray, shares: Sequence[float]) -> np.ndarray:
    """Heights at which contours of a density hold the given shares of it, the smallest possible areas.

    Examples
    --------
    >>> share_levels(np.array([[0.5, 0.3, 0.2]]), [0.5, 0.8])
    array([0.5, 0.3])
    """
    for share in shares:
        if not 0 < share < 1:
            raise InputError(f"Shares must lie between 0 and 1, got {share}.")
    sorted_values = np.sort(density, axis=None)[::-1]
    mass = np.cumsum(sorted_values) / sorted_values.sum()
    return sorted_values[np.minimum(np.searchsorted(mass, np.asarray(shares) - 1e-12), len(mass) - 1)]


def _pooled(fixations: ScanpathLike | Iterable[ScanpathLike], weight: str) -> tuple[np.ndarray, np.ndarray]:
    """All fixations with their weights."""
    try:
        paths = [as_scanpath(cast(ScanpathLike, fixations))]  # many are told from one by trying
    except (InputError, TypeError, ValueError):
        paths = [as_scanpath(path) for path in cast(Iterable[ScanpathLike], fixations)]
    xy = np.concatenate([path.xy for path in paths]) if paths else np.zeros((0, 2))
    if not len(xy):
        raise InputError("A heat map needs at least one fixation, got none.")
    if weight == "fixations":
        return xy, np.ones(len(xy))
    durations = np.concatenate(
        [np.full(len(path), np.nan) if path.duration_ms is None else path.duration_ms for path in paths]
    )
    if np.isnan(durations).any():
        missing = int(np.isnan(durations).sum())
        raise InputError(f"weight='duration' needs all durations; {missing} of {len(xy)} fixations have none.")
    return xy, durations


def _weighted_density(xy: np.ndarray, weights: np.ndarray, size: tuple[int, int], sigma_px: float) -> np.ndarray:
    """Gaussians on the fixations, in proportion to their weights, scaled to sum 1 on the picture."""
    if (weights == weights[0]).all():
        return fixation_density(xy, size, bandwidth_px=sigma_px)
    rows, columns = (np.arange(side)[None] for side in size)
    across = np.exp(-0.5 * ((columns - xy[:, :1]) / sigma_px) ** 2)
    down = np.exp(-0.5 * ((rows - xy[:, 1:]) / sigma_px) ** 2) * weights[:, None]
    density = down.T @ across
    return density / density.sum()


def _draw_density(
    density: np.ndarray,
    stimulus: Stimulus,
    ax: Axes | None,
    style: str,
    shares: Sequence[float],
    title: str | None,
    factor: float,
    label: str,
    n: int | None,
) -> Axes:
    check_choice("style", style, STYLES)
    own = ax is None
    colored = style != "contours"
    if ax is None:
        ax = picture_axes(stimulus.size, title=title, inches_beside=0.75 if colored else 0.0)
    elif title is not None:
        ax.set_title(title)
    draw_picture(ax, stimulus, strength=0.8)
    most = float(density.max())
    if colored:
        _draw_colors(ax, density / most)
    if style != "colors":
        _draw_contours(ax, density, shares, "white" if colored else "black")
    set_view(ax, stimulus, np.zeros((0, 2)))
    if own and colored:
        words = label if n is None else f"{label} (n = {n})"
        _draw_bar(ax, most * factor, words)
    return ax


def _draw_colors(ax: Axes, relative: np.ndarray) -> None:
    colors = colormaps[_COLORS](0.15 + 0.85 * relative)
    colors[..., 3] = 0.85 * np.clip(relative / 0.5, 0, 1) ** 0.7  # where nobody looks, the picture stays
    ax.imshow(colors)


def _draw_contours(ax: Axes, density: np.ndarray, shares: Sequence[float], ink: str) -> None:
    levels = share_levels(density, shares)
    named: dict[float, str] = {}
    for level, share in sorted(zip(levels.tolist(), shares)):
        named.setdefault(level, f"{100 * share:.0f} %")
    if density.max() <= density.min():
        return
    ground = "black" if ink == "white" else "white"
    lines = ax.contour(density, levels=sorted(named), colors=ink, linewidths=1.1)
    lines.set_path_effects([withStroke(linewidth=2.4, foreground=ground, alpha=0.6)])
    for text in ax.clabel(lines, fmt=named, fontsize=7):
        text.set_path_effects([withStroke(linewidth=1.8, foreground=ground)])


def _draw_bar(ax: Axes, most: float, label: str) -> None:
    figure = ax.get_figure(root=True)
    if figure is None:
        return
    place = ax.get_position()
    width = figure.get_size_inches()[0]
    beside = figure.add_axes((place.x1 + 0.1 / width, place.y0, 0.14 / width, place.height))
    bar = figure.colorbar(ScalarMappable(Normalize(0, most), _COLORS), cax=beside)
    bar.set_label(label)
    bar.outline.set_visible(False)
