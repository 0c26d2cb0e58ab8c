"""The center bias of a set of pictures: for each, where people look on all the others."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from scanpath._core.errors import InputError, UndefinedError
from scanpath._core.random import numpy_generator
from scanpath.gaze.pixels import first_edge
from scanpath.metrics import DensityFit, LeaveOneOut, fit_density

#: Fixations that the width is chosen from; more change it by less than the grid's step.
FIT_SAMPLE = 3000
#: No pixel is less likely than this share of a uniform density makes it.
MIN_SHARE = 1e-3
_SIDE = 1000


class CenterBias:
    """Densities of fixations on all other pictures, on any grid; the width is fitted when it is first needed.

    Fixations are pooled in shares of each picture's width and height.

    Parameters
    ----------
    fixations
        For each picture, (n, 2) fixations in px.
    sizes
        (height, width) of each picture.
    fit
        Width, in shares of the longer side, and uniform share; by default cross-validated over the pictures, on a
        seeded sample of at most 3000 fixations.
    pixel
        See `scanpath.metrics.fixation_density`.
    seed
        Of the sample.
    """

    def __init__(
        self,
        fixations: Mapping[str, np.ndarray],
        sizes: Mapping[str, tuple[int, int]],
        *,
        fit: DensityFit | None = None,
        pixel: str = "nearest",
        seed: int = 0,
    ) -> None:
        self._edge = first_edge(pixel)
        self._shares = {name: (xy - self._edge) / np.array(sizes[name][::-1]) for name, xy in fixations.items()}
        self._fit, self._pixel, self._seed = fit, pixel, seed
        self._others: dict[tuple[int, int], LeaveOneOut] = {}
        self._last: tuple[Any, np.ndarray] | None = None

    def density(self, picture: str, size: tuple[int, int]) -> np.ndarray:
        """Density (H, W) for a picture, from all others; kept until another one is asked for."""
        if self._last is None or self._last[0] != (picture, size):
            if size not in self._others:
                self._others[size] = self._sum(size)
            try:
                self._last = ((picture, size), self._others[size].density(picture))
            except UndefinedError:
                raise _one_picture() from None
        return self._last[1]

    def _sum(self, size: tuple[int, int]) -> LeaveOneOut:
        fit = self._fitted()
        scaled = {name: shares * np.array(size[::-1]) + self._edge for name, shares in self._shares.items()}
        here = DensityFit(fit.bandwidth_px * max(size), max(fit.uniform_share, MIN_SHARE), fit.log_likelihood)
        return LeaveOneOut(scaled, size, fit=here, pixel=self._pixel)

    def _fitted(self) -> DensityFit:
        if self._fit is None:
            points = np.concatenate(list(self._shares.values()))
            groups = np.repeat(list(self._shares), [len(shares) for shares in self._shares.values()])
            kept = numpy_generator(self._seed, "center bias").permutation(len(points))[:FIT_SAMPLE]
            if len(set(groups[kept])) < 2:
                raise _one_picture()
            shares = _SIDE * points[kept]  # from the corner, as "floor" has it
            fit = fit_density(shares, size=(_SIDE, _SIDE), groups=list(groups[kept]), pixel="floor")
            self._fit = DensityFit(fit.bandwidth_px / _SIDE, fit.uniform_share, fit.log_likelihood)
        return self._fit


def _one_picture() -> InputError:
    return InputError(
        "A center bias needs people's fixations on at least two pictures, here is one; give more of them."
    )
