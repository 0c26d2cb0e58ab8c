"""A better gold standard: the other people's fixations, smoothed, with the center bias and a uniform density."""

from collections.abc import Mapping

import numpy as np

from scanpath._core.errors import InputError
from scanpath.gaze.pixels import first_edge, on_picture
from scanpath.metrics import DensityFit, LeaveOneOut
from scanpath.metrics.baselines import WIDTHS, mass_inside
from scanpath.metrics.maps import pixel_index

#: Rounds of expectation and maximization; later ones move the likelihood by less than 1e-4 nats a fixation.
ROUNDS = 100
#: Fixations that are counted for each part beside those seen, so that no weight is 0.
PRIOR_COUNT = 0.01


class GoldMixture:
    """What the other people tell of where one person looks: p = a kernel + b center + c uniform.

    Few fixations make a kernel density miss what nobody else happened to look at; the center bias fills that with what
    people do on any picture. The width of the kernel and the weights are those of a picture under which each of its
    people is predicted best from the others, so that on the whole nothing is lost beside the kernel alone. Nobody's
    density holds their own fixations; the three numbers know them as one person's among all, as the width of a
    gold standard does.

    Parameters
    ----------
    looked
        For each person, (n, 2) fixations in px on this picture.
    center
        (H, W) density of the fixations on other pictures, positive, sum 1.
    pixel
        See `scanpath.metrics.fixation_density`.

    Attributes
    ----------
    bandwidth_px
        Width of the kernel.
    weights
        Of kernel, center and uniform; sum 1.

    Raises
    ------
    InputError
        If fewer than two people looked at the picture.

    Examples
    --------
    >>> looked = {"s1": [(1, 1), (1, 2)], "s2": [(1, 1), (2, 1)], "s3": [(8, 1)]}
    >>> mixture = GoldMixture(looked, np.full((4, 10), 1 / 40))
    >>> density = mixture.density("s1")
    >>> round(float(density.sum()), 9), bool(density[1, 1] > density[3, 5])
    (1.0, True)
    """

    def __init__(self, looked: Mapping[str, np.ndarray], center: np.ndarray, *, pixel: str = "nearest") -> None:
        self._center = center
        people = {who: np.asarray(xy, dtype=np.float64).reshape(-1, 2) for who, xy in looked.items() if len(xy)}
        if len(people) < 2:
            raise InputError(f"A gold mixture needs two people who looked at the picture, got {len(people)}.")
        self.bandwidth_px, self.weights = _fitted(people, center, pixel)
        fit = DensityFit(self.bandwidth_px, 0.0, np.nan)
        self._kernel = LeaveOneOut(people, (center.shape[0], center.shape[1]), fit=fit, pixel=pixel)

    def density(self, person: str) -> np.ndarray:
        """Density (H, W) of where a person looks, from all the others."""
        kernel, center, uniform = self.weights
        return kernel * self._kernel.density(person) + center * self._center + uniform / self._center.size


def _fitted(
    people: Mapping[str, np.ndarray], center: np.ndarray, pixel: str
) -> tuple[float, tuple[float, float, float]]:
    """Return the width in px and the weights under which everyone is likeliest, predicted from the others."""
    points = np.concatenate(list(people.values()))
    who = np.repeat(np.arange(len(people)), [len(xy) for xy in people.values()])
    seen = on_picture(points, center.shape[::-1], pixel)
    size = center.shape[0], center.shape[1]
    widths = np.array(WIDTHS) * float(np.hypot(*size))
    kernels = _from_others(points - first_edge(pixel), who, widths, size)[:, seen]
    fixed = np.stack([center[pixel_index(points[seen], size, pixel)], np.full(int(seen.sum()), 1 / center.size)])
    parts = np.stack([kernels, *np.broadcast_to(fixed[:, None], (2, *kernels.shape))], axis=1)
    weights = np.tile([0.6, 0.3, 0.1], (len(widths), 1))
    for _ in range(ROUNDS):
        share = weights[:, :, None] * parts
        share /= share.sum(1, keepdims=True)
        weights = share.sum(2) + PRIOR_COUNT
        weights /= weights.sum(1, keepdims=True)
    best = int(np.argmax(np.log(np.einsum("wk,wkn->wn", weights, parts)).sum(1)))
    a, b, c = (float(value) for value in weights[best])
    return float(widths[best]), (a, b, c)


def _from_others(points: np.ndarray, who: np.ndarray, widths: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Density of each fixation, (widths, fixations), under kernels at those of the other people; per px squared."""
    squared = ((points[:, None] - points[None]) ** 2).sum(-1)
    other = (who[:, None] != who[None]).astype(np.float64)
    found = np.empty((len(widths), len(points)))
    for number, width in enumerate(widths):
        kernel = np.exp(squared / (-2 * width**2)) * other / (2 * np.pi * width**2)
        found[number] = kernel.sum(1) / np.maximum(other @ mass_inside(points, width, size), np.finfo(float).tiny)
    return found
