"""Where a retina-like sensor samples the field: densely at the fixation, sparsely far from it, alike all around."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from scanpath._core.checks import check_count, check_positive
from scanpath._core.errors import InputError

#: Turn from ring to ring as a share of a cell: no direction has aligned cells.
_TURN = (math.sqrt(5) - 1) / 2
_MOST_RINGS = 4096


@dataclass(frozen=True)
class RetinalLattice:
    """Cells on rings around the fixation, each as wide as it is high, their side growing linearly with eccentricity.

    With a = `foveal_deg` and d = ln(1 + e_max / a) / n, ring i of n lies at r = a (exp(i d) - 1), ring 0 being one cell
    at the fixation. A cell at r is a square of side d (r + a), and a ring has as many as fit around it: neighbors
    across and along the rings are equally far apart, as on the cortex by the magnification 1 / (r + a). A log-polar
    picture instead has equally many on each ring, which crowd in the fovea.

    Each cell holds `side` x `side` samples in an upright grid. With side 1 a cell is a sample; with the side of a
    vision transformer's patches a cell is a patch, which needs no search for neighbors and fits trained networks.

    Parameters
    ----------
    n_rings
        Rings around the cell at the fixation.
    max_deg
        Eccentricity of the outermost ring.
    foveal_deg
        Eccentricity at which cells are twice as wide as at the fixation. Small values give a strong fovea; 0.5 to 3 are
        in use for the cortex of people.
    side
        Samples along the side of a cell.

    Raises
    ------
    InputError
        If a number is not positive, or `foveal_deg` vanishes beside `max_deg`.

    References
    ----------
    Blauch, N. M., Alvarez, G. A. & Konkle, T. (2026). FOVI: A biologically-inspired foveated interface for deep vision
    models. https://doi.org/10.48550/arXiv.2602.03766
    Schwartz, E. L. (1980). https://doi.org/10.1016/0042-6989(80)90090-5

    Examples
    --------
    >>> lattice = RetinalLattice(4, max_deg=10, side=8)
    >>> lattice.cells_of_rings, lattice.n_cells, lattice.n_samples
    ([1, 5, 7, 9, 10], 32, 2048)
    """

    n_rings: int
    max_deg: float
    foveal_deg: float = 1.0
    side: int = 1

    def __post_init__(self) -> None:
        check_count("n_rings", self.n_rings)
        check_positive("max_deg", self.max_deg)
        check_positive("foveal_deg", self.foveal_deg)
        check_count("side", self.side)
        if not math.isfinite(self.max_deg / self.foveal_deg):
            raise InputError(f"foveal_deg must not vanish beside max_deg of {self.max_deg:g}, got {self.foveal_deg:g}.")

    @classmethod
    def within(cls, n_samples: int, *, max_deg: float, foveal_deg: float = 1.0, side: int = 1) -> "RetinalLattice":
        """Return the finest lattice of at most `n_samples` samples.

        Examples
        --------
        >>> RetinalLattice.within(4096, max_deg=10, side=8).n_cells
        47
        """
        check_count("n_samples", n_samples)
        found = None
        for n_rings in range(1, _MOST_RINGS):
            finer = cls(n_rings, max_deg, foveal_deg, side)
            if finer.n_samples > n_samples:
                break
            found = finer
        if found is None:
            least = cls(1, max_deg, foveal_deg, side).n_samples
            raise InputError(f"n_samples must be at least {least} for cells of {side} x {side}, got {n_samples!r}.")
        return found

    @property
    def ring_step(self) -> float:
        """d: side of a cell over its eccentricity plus a."""
        return math.log1p(self.max_deg / self.foveal_deg) / self.n_rings

    @property
    def radii_deg(self) -> list[float]:
        """Eccentricity of each ring, the first being 0."""
        return [self.foveal_deg * math.expm1(ring * self.ring_step) for ring in range(self.n_rings + 1)]

    @property
    def cells_of_rings(self) -> list[int]:
        """How many cells each ring has."""
        sides = ((radius, self.ring_step * (radius + self.foveal_deg)) for radius in self.radii_deg)
        return [max(1, round(2 * math.pi * radius / side)) for radius, side in sides]

    @property
    def n_cells(self) -> int:
        """How many cells there are."""
        return sum(self.cells_of_rings)

    @property
    def n_samples(self) -> int:
        """How many samples there are, a constant whatever the picture's size."""
        return self.n_cells * self.side**2

    @property
    def centers_deg(self) -> Tensor:
        """Middle of each cell relative to the fixation, right and down, (n_cells, 2) float64."""
        centers = []
        for ring, (radius, count) in enumerate(zip(self.radii_deg, self.cells_of_rings)):
            angle = 2 * math.pi * (torch.arange(count, dtype=torch.float64) + ring * _TURN) / count
            centers.append(radius * torch.stack([angle.cos(), -angle.sin()], dim=-1))
        return torch.cat(centers)

    @property
    def cell_deg(self) -> Tensor:
        """Side of each cell, (n_cells,) float64."""
        return self.ring_step * (self.centers_deg.norm(dim=-1) + self.foveal_deg)

    @property
    def places_deg(self) -> Tensor:
        """Place of each sample relative to the fixation, right and down, (n_samples, 2) float64, cell by cell."""
        within = (torch.arange(self.side, dtype=torch.float64) + 0.5) / self.side - 0.5
        down, right = torch.meshgrid(within, within, indexing="ij")
        grid = torch.stack([right, down], dim=-1).reshape(1, -1, 2)
        return (self.centers_deg[:, None] + self.cell_deg[:, None, None] * grid).reshape(-1, 2)

    @property
    def spacing_deg(self) -> Tensor:
        """Distance of neighboring samples within the cell of each sample, (n_samples,) float64."""
        return (self.cell_deg / self.side).repeat_interleave(self.side**2)
