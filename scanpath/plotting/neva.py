"""How NeVA came to look where it did: the path, what the model saw, and the loss."""

import textwrap

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from scanpath.agents.neva import NevaRecord
from scanpath.gaze.stimulus import Stimulus
from scanpath.plotting.figures import COLORS, new_axes
from scanpath.plotting.overlay import plot_scanpath


def plot_neva(record: NevaRecord, stimulus: Stimulus, *, title: str | None = None, columns: int = 5) -> list[Axes]:
    """Draw the path over the picture, the loss of each fixation, and the picture as seen each time.

    Parameters
    ----------
    record
        What `NevaAgent.review` returns of a recorded scanpath; or `NevaAgent.watch`, which adds all points that were
        tried.
    stimulus
        The picture that was looked at; what led the eye is the heading, or its caption, cut after three lines.
    title
        Another heading.
    columns
        Seen pictures in a row.

    Returns
    -------
    list of Axes
        The path's, the loss's, and one for each fixation.

    Examples
    --------
    >>> import scanpath as sp, torch
    >>> picture = sp.Stimulus(torch.rand(3, 40, 60), name="noise")
    >>> agent = sp.create_agent("neva", blur_sigma_px=3, kernel_px=9)
    >>> record = agent.watch(picture, n_fixations=3, generator=torch.Generator())
    >>> len(plot_neva(record, picture))
    5
    """
    n = len(record.seen)
    columns = min(columns, max(n, 2))
    rows = -(-n // columns)
    figure = Figure(figsize=(2.2 * columns + 0.6, 4.2 + 2.2 * rows), layout="constrained")
    FigureCanvasAgg(figure)
    (top,), (bottom,) = figure.subfigures(2, 1, squeeze=False, height_ratios=[4.2, 2.2 * rows])
    path_ax, loss_ax = top.subplots(1, 2)
    plot_scanpath(record.scanpath, stimulus, ax=path_ax)
    path_ax.set_axis_off()
    plot_losses(record, ax=loss_ax)
    seen = list(bottom.subplots(rows, columns, squeeze=False).flat)
    for index, ax in enumerate(seen):
        if index < n:
            plot_seen(record, index, ax=ax)
        else:
            ax.set_axis_off()
    heading = title or record.led_by or stimulus.caption or stimulus.name
    lines = textwrap.wrap(heading, width=round(8.5 * figure.get_figwidth()), max_lines=3, placeholder=" ...")
    figure.suptitle("\n".join(lines), parse_math=False)
    return [path_ax, loss_ax, *seen[:n]]


def plot_losses(record: NevaRecord, *, ax: Axes | None = None) -> Axes:
    """Draw the loss of each fixation; of a search that was watched, the loss at all points that were tried.

    Parameters
    ----------
    record
        What `NevaAgent.review` or `NevaAgent.watch` returns.
    ax
        Axes to draw on; new ones by default.
    """
    ax = ax or new_axes()[0]
    if record.searches:
        return plot_search_losses(record, ax=ax)
    ax.plot(range(1, len(record.losses) + 1), record.losses, "o-", color=COLORS[0])
    ax.set_xticks(range(1, len(record.losses) + 1))
    ax.set_xlabel("fixation")
    ax.set_ylabel("loss")
    return ax


def plot_search_losses(record: NevaRecord, *, ax: Axes | None = None) -> Axes:
    """Draw the loss at every point that was tried, one color a fixation, and the lowest so far in each search.

    Parameters
    ----------
    record
        What `NevaAgent.watch` returns.
    ax
        Axes to draw on; new ones by default.
    """
    ax = ax or new_axes()[0]
    start = 1
    for index, (_, losses) in enumerate(record.searches):
        color, at = COLORS[index % len(COLORS)], np.arange(start, start + len(losses))
        ax.plot(at, losses, "o", markersize=3, color=color, alpha=0.6)
        ax.plot(at, np.minimum.accumulate(losses), "-", color=color, linewidth=1.8)
        ax.annotate(str(index + 1), (at[-1], min(losses)), xytext=(0, -12), textcoords="offset points", ha="center")
        start += len(losses)
    ax.margins(y=0.12)
    ax.set_xlabel("points tried, fixation by fixation")
    ax.set_ylabel("loss (dots), lowest so far (lines)")
    return ax


def plot_seen(record: NevaRecord, index: int, *, ax: Axes | None = None) -> Axes:
    """Draw the picture as the model saw it at fixation number `index`, from 0, with the eye as a cross.

    Parameters
    ----------
    record
        What `NevaAgent.review` or `NevaAgent.watch` returns.
    index
        Which fixation.
    ax
        Axes to draw on; new ones by default.
    """
    ax = ax or new_axes()[0]
    image = record.seen[index].permute(1, 2, 0).clamp(0, 1).numpy()
    ax.imshow(image if image.shape[-1] == 3 else image[..., 0], cmap="gray", vmin=0, vmax=1)
    x, y = record.seen_xy[index].tolist()
    ax.plot(x, y, "+", color="white", markersize=13, markeredgewidth=3.2, clip_on=False)
    ax.plot(x, y, "+", color=COLORS[0], markersize=11, markeredgewidth=1.4, clip_on=False)
    ax.set_title(f"{index + 1}: loss {record.losses[index]:.3g}", fontsize=9)
    ax.set_axis_off()
    return ax
