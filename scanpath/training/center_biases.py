"""Where people look on all pictures but one, for each of many pictures, as log densities in shares of the picture."""

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from scanpath._core.random import numpy_generator
from scanpath.metrics import DensityFit, LeaveOneOut, fit_density, fixation_density
from scanpath.training.gaze_moments import PictureGaze

#: Rows and columns of the map.
ROWS, COLUMNS = 45, 60
#: Fixations that the width is chosen from, and the least share that is spread evenly.
_SAMPLE, _LEAST_UNIFORM = 3000, 1e-3
_SIDE = 1000


class CenterBiases:
    """The center bias of a set of pictures; first fixations, which an experiment may impose, are no part of it.

    Parameters
    ----------
    gaze
        What people did on each picture.
    seed
        Of the sample that the width is chosen from.
    """

    def __init__(self, gaze: Mapping[str, PictureGaze], *, seed: int = 0) -> None:
        later = {name: one.after_first() for name, one in gaze.items()}
        shares = {name: (one.next_deg / one.next_deg.new_tensor(one.size_deg)).numpy() for name, one in later.items()}
        self._fit = _fitted(shares, seed)
        self._points = {name: one * (COLUMNS, ROWS) for name, one in shares.items()}
        self._others = LeaveOneOut(self._points, (ROWS, COLUMNS), fit=self._fit, pixel="floor")

    def without(self, name: str) -> Tensor:
        """Return the log density (rows, columns) of fixations on all pictures but one, for shares of the picture."""
        return _log(self._others.density(name))

    def overall(self) -> Tensor:
        """Return the log density of fixations on all pictures."""
        points, fit = np.concatenate(list(self._points.values())), self._fit
        width, share = fit.bandwidth_px, fit.uniform_share
        return _log(fixation_density(points, (ROWS, COLUMNS), bandwidth_px=width, uniform_share=share, pixel="floor"))


def _fitted(shares: Mapping[str, np.ndarray], seed: int) -> DensityFit:
    points = np.concatenate(list(shares.values()))
    groups = np.repeat(list(shares), [len(one) for one in shares.values()])
    kept = numpy_generator(seed, "center bias").permutation(len(points))[:_SAMPLE]
    if len(set(groups[kept])) < 2:
        kept = np.arange(len(points))
    fit = fit_density(_SIDE * points[kept], size=(_SIDE, _SIDE), groups=list(groups[kept]), pixel="floor")
    width = fit.bandwidth_px / _SIDE * max(ROWS, COLUMNS)
    return DensityFit(width, max(fit.uniform_share, _LEAST_UNIFORM), fit.log_likelihood)


def _log(density: np.ndarray) -> Tensor:
    return torch.from_numpy(np.log(density * density.size)).float()
