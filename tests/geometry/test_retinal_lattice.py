"""The retinal lattice: as far apart along rings as across, linear in eccentricity, and as many samples as it says."""

import math

import pytest
import torch
from scipy.spatial import cKDTree

from scanpath import InputError
from scanpath.geometry import RetinalLattice


def test_cells_are_as_far_apart_along_rings_as_across():
    lattice = RetinalLattice(40, max_deg=20, foveal_deg=0.7)
    radii, counts = lattice.radii_deg, lattice.cells_of_rings
    for ring in range(6, 40):
        across = (radii[ring + 1] - radii[ring - 1]) / 2
        along = 2 * math.pi * radii[ring] / counts[ring]
        assert along == pytest.approx(across, rel=0.03)
        assert along == pytest.approx(lattice.ring_step * (radii[ring] + 0.7), rel=0.03)


def test_nearest_neighbors_lie_about_a_cell_away_at_every_eccentricity():
    """Isotropy without the lattice's own numbers: distances between neighbors over what linear growth says."""
    lattice = RetinalLattice(30, max_deg=15, foveal_deg=1.0)
    places = lattice.places_deg.numpy()
    nearest = torch.from_numpy(cKDTree(places).query(places, k=2)[0][:, 1])
    share = nearest / (lattice.ring_step * (lattice.places_deg.norm(dim=-1) + 1.0))
    assert float(share.min()) > 0.6
    assert float(share.max()) < 1.15


def test_density_is_that_of_the_magnification():
    """Cells within r are as many as the area of the cortex, the integral of 2 pi r / (d (r + a))^2."""
    lattice = RetinalLattice(30, max_deg=15, foveal_deg=1.0)
    for radius in (1.0, 4.0, 12.0):
        found = int((lattice.centers_deg.norm(dim=-1) < radius).sum())
        wanted = 2 * math.pi * (math.log1p(radius) - radius / (1 + radius)) / lattice.ring_step**2
        assert found == pytest.approx(wanted, rel=0.08, abs=8)


def test_cells_hold_upright_grids_that_fill_them():
    lattice = RetinalLattice(5, max_deg=12, side=4)
    cells = lattice.places_deg.reshape(lattice.n_cells, 4, 4, 2)
    torch.testing.assert_close(cells.mean(dim=(1, 2)), lattice.centers_deg)
    assert bool((cells.diff(dim=2)[..., 0] > 0).all())  # right along a row
    assert bool((cells.diff(dim=1)[..., 1] > 0).all())  # down along a column
    spacing = lattice.spacing_deg.reshape(lattice.n_cells, 16)[:, 0]
    torch.testing.assert_close(cells[:, 0, 1, 0] - cells[:, 0, 0, 0], spacing)
    torch.testing.assert_close(4 * spacing, lattice.cell_deg)


def test_the_lattice_within_a_number_of_samples_is_the_finest():
    lattice = RetinalLattice.within(3000, max_deg=12, side=8)
    assert lattice.n_samples == len(lattice.places_deg) == len(lattice.spacing_deg) <= 3000
    assert RetinalLattice(lattice.n_rings + 1, max_deg=12, side=8).n_samples > 3000


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"n_rings": 0}, "n_rings"),
        ({"max_deg": -1}, "max_deg"),
        ({"foveal_deg": 0}, "foveal_deg"),
        ({"foveal_deg": 1e-320}, "foveal_deg"),
        ({"side": 0}, "side"),
    ],
)
def test_numbers_that_make_no_lattice_are_refused(settings, words):
    with pytest.raises(InputError, match=words):
        RetinalLattice(**{"n_rings": 3, "max_deg": 5, **settings})
    for few in (64, "640"):
        with pytest.raises(InputError, match="at least"):
            RetinalLattice.within(few, max_deg=5, side=8)
