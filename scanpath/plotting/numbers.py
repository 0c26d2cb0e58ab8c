"""Numbers beside fixations that do not cover each other: each is moved to free room, and tied by a line if far."""

from collections.abc import Sequence

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backend_bases import RendererBase
from matplotlib.patheffects import withStroke
from matplotlib.text import Annotation

#: Places that are tried around a fixation: directions, and distances from its edge in points.
_DIRECTIONS = np.deg2rad(np.arange(16) * 22.5)
_DISTANCES = (1.0, 4.0, 8.0, 13.0, 19.0, 26.0, 34.0)
_ROUNDS = 3
#: From this distance on, in points, a line ties a number to its fixation.
_TIED = 6.0
#: What it costs to cover numbers, fixations, saccades and the border, for each; and to be a point away.
_COVERED = {"numbers": 40.0, "fixations": 12.0, "saccades": 2.0, "border": 60.0, "distance": 0.12}


def draw_numbers(ax: Axes, xy: np.ndarray, areas: np.ndarray, *, every: int = 1) -> list[Annotation]:
    """Number fixations from 1 in their order, beside their markers; those at one place share a label ("3,7").

    Where the labels stand is found anew whenever the figure is drawn, so that it holds for any size.

    Parameters
    ----------
    xy
        (n, 2) fixations in px.
    areas
        (n,) areas of the markers in points squared, as for `Axes.scatter`.
    every
        Label the first, the last and each of this number.
    """
    places: dict[tuple[float, float], list[int]] = {}
    for number, (x, y) in enumerate(xy, start=1):
        places.setdefault((float(x), float(y)), []).append(number)
    chosen = {
        place: [n for n in numbers if n in (1, len(xy)) or n % every == 0 or every == 1]
        for place, numbers in places.items()
    }
    labels = [_label(ax, place, numbers) for place, numbers in chosen.items() if numbers]
    if labels:
        owners = np.array([numbers[0] - 1 for numbers in chosen.values() if numbers])
        ax.add_artist(_Places(labels, owners, xy, areas))
    return labels


def _label(ax: Axes, place: tuple[float, float], numbers: Sequence[int]) -> Annotation:
    label = ax.annotate(
        ",".join(map(str, numbers)),
        place,
        xytext=(0, 0),
        textcoords="offset points",
        ha="center",
        va="center",
        fontsize=7.5,
        weight="bold",
        color="black",
        path_effects=[withStroke(linewidth=2, foreground="white")],
        arrowprops={"arrowstyle": "-", "color": "black", "linewidth": 0.7, "shrinkA": 0, "shrinkB": 0},
        annotation_clip=False,
        zorder=5,
    )
    label.set_in_layout(False)
    return label


class _Places(Artist):
    """Draws nothing itself: before the labels are drawn, it moves them to where they can be read."""

    def __init__(self, labels: Sequence[Annotation], owners: np.ndarray, xy: np.ndarray, areas: np.ndarray) -> None:
        super().__init__()
        self.labels, self.owners, self.xy, self.areas = labels, owners, xy, areas
        self.set_in_layout(False)
        self.set_zorder(0)

    def draw(self, renderer: RendererBase) -> None:
        """Find the places for the size that is drawn."""
        if self.axes is None:
            return
        points = 72.0 / self.axes.figure.dpi
        centers = self.axes.transData.transform(self.xy) * points
        radii = np.sqrt(self.areas / np.pi) + 0.8
        boxes = [label.get_window_extent(renderer) for label in self.labels]
        halves = np.array([(box.width, box.height) for box in boxes]) * points / 2
        frame = np.array(self.axes.get_window_extent().get_points()) * points
        # Annotation's extent holds its line, too; text alone is what takes room
        halves = np.minimum(halves, [[2.6 * len(label.get_text()) + 0.5, 4.0] for label in self.labels])
        offsets = free_places(centers, radii, self.owners, halves, frame)
        for label, offset, owner in zip(self.labels, offsets, self.owners):
            label.set_position(tuple(offset))
            arrow = label.arrow_patch
            if arrow is not None:
                arrow.set_visible(bool(np.hypot(*offset) - radii[owner] > _TIED + 5.0))


def free_places(
    centers: np.ndarray, radii: np.ndarray, owners: np.ndarray, halves: np.ndarray, frame: np.ndarray
) -> np.ndarray:
    """Find an offset from its fixation for each label, so that it covers as little as possible.

    Parameters
    ----------
    centers, radii
        (n, 2) and (n,) of the fixations' markers, in points.
    owners
        (m,) which fixation each label belongs to.
    halves
        (m, 2) half width and height of each label.
    frame
        (2, 2) lower left and upper right corner of the axes.

    Returns
    -------
    numpy.ndarray
        (m, 2) from the fixation to the label's middle, in points.
    """
    directions = np.stack([np.cos(_DIRECTIONS), np.sin(_DIRECTIONS)], axis=1)
    steps = np.array(_DISTANCES)
    offsets = np.zeros((len(owners), 2))
    placed = np.zeros(len(owners), dtype=bool)
    for _ in range(_ROUNDS):
        for m, owner in enumerate(owners):
            reach = directions * halves[m]
            tried = (directions[None] * (radii[owner] + steps)[:, None, None] + reach[None]).reshape(-1, 2)
            cost = _COVERED["distance"] * np.repeat(steps, len(directions))
            # above and to the right is where a reader looks first
            cost += 0.05 * np.tile(1 - directions @ np.array([0.6, 0.8]), len(steps))
            middles = centers[owner] + tried
            others = placed & (np.arange(len(owners)) != m)
            cost += _COVERED["numbers"] * _overlaps(
                middles, halves[m], centers[owners[others]] + offsets[others], halves[others]
            )
            cost += _COVERED["fixations"] * _near(middles, halves[m], centers, radii)
            cost += _COVERED["saccades"] * _crossed(middles, halves[m], centers)
            outside = (middles - halves[m] < frame[0] - 4) | (middles + halves[m] > frame[1] + 4)
            cost += _COVERED["border"] * outside.any(axis=1)
            offsets[m], placed[m] = tried[int(np.argmin(cost))], True
    return offsets


def _overlaps(middles: np.ndarray, half: np.ndarray, others: np.ndarray, halves: np.ndarray) -> np.ndarray:
    """How many of the other labels a label at each of the middles covers."""
    apart = np.abs(middles[:, None] - others[None]) - (half + halves)[None]
    return (apart < 0.5).all(axis=2).sum(axis=1)


def _near(middles: np.ndarray, half: np.ndarray, centers: np.ndarray, radii: np.ndarray) -> np.ndarray:
    """How many markers a label covers, those deep inside more."""
    apart = np.maximum(np.abs(middles[:, None] - centers[None]) - half, 0)
    return np.clip(1 - (np.hypot(apart[..., 0], apart[..., 1]) - radii) / 1.0, 0, 2).sum(axis=1)


def _crossed(middles: np.ndarray, half: np.ndarray, centers: np.ndarray) -> np.ndarray:
    """How many saccades run through a label."""
    if len(centers) < 2:
        return np.zeros(len(middles))
    start, way = centers[:-1], np.diff(centers, axis=0)
    length = np.maximum((way**2).sum(axis=1), 1e-9)
    share = np.clip(((middles[:, None] - start) * way).sum(axis=2) / length, 0, 1)
    nearest = start + share[..., None] * way
    return (np.abs(middles[:, None] - nearest) < half).all(axis=2).sum(axis=1)
