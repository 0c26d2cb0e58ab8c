"""d' maps and cells against recorded runs of the published searchers and against geometry."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import scanpath as sp
from scanpath.guidance import CellGrid, gaussian_detectability, published_noise, relative_visibility, response_mean

RUNS = ["geisler_corrected_190x250", "geisler_cumulative_192x192", "correlation_corrected_190x250",
        "correlation_cumulative_192x192", "ssim_corrected_192x192"]  # fmt: skip


@pytest.fixture(params=RUNS)
def run(request, shared):
    return dict(np.load(shared / f"goldens/bayes/{request.param}.npz"))


def grid_of(run) -> CellGrid:
    height, width = (int(side) for side in run["size"])
    return CellGrid((height, width), 32)


def test_visibility_is_that_of_the_published_programs(run):
    cells = run["prior"].size
    visibility = gaussian_detectability(grid_of(run), alignment="published")
    np.testing.assert_allclose(visibility, run["visibility"].reshape(cells, cells), rtol=0, atol=1e-12)
    relative = relative_visibility(visibility)
    np.testing.assert_allclose(relative, run["visibility01"].reshape(cells, cells), rtol=0, atol=1e-12)
    np.testing.assert_allclose(published_noise(relative), run["sigma"].reshape(cells, cells), rtol=0, atol=1e-12)


def test_responses_are_those_of_the_published_programs(run):
    cells, grid = run["prior"].size, grid_of(run)
    fixated = run["fixations"][:-1] @ [grid.shape[1], 1]
    target = np.full(grid.shape, -0.5)
    top, left, bottom, right = run["box_cells"]
    target[top : bottom + 1, left : right + 1] = 0.5
    relative = relative_visibility(gaussian_detectability(grid, alignment="published")).T[fixated]
    mean = torch.from_numpy(target).reshape(1, cells)
    tolerance = 1e-12
    if run["similarity_map"].size:
        best = grid.maxima(torch.from_numpy(run["similarity_map"])).reshape(1, cells)
        mean = response_mean(mean, (best - best.min()) / (best.max() - best.min()) - 0.5, relative)
        if run["similarity_map"].dtype == np.float32:
            tolerance = 1e-7  # the map was rounded when it was stored
    responses = mean + published_noise(relative) * torch.from_numpy(run["noise"]).reshape(-1, cells)
    np.testing.assert_allclose(responses, run["response"].reshape(-1, cells), rtol=0, atol=tolerance)


def test_the_prior_of_the_published_programs_is_a_mixture_with_the_uniform(run):
    mean = grid_of(run).means(torch.from_numpy(run["saliency"]))
    share = 1 / float(run["max_saccades"])
    prior = (1 - share) * mean / mean.sum() + share / mean.numel()
    np.testing.assert_allclose(prior, run["prior"] / run["prior"].sum(), rtol=1e-6)


sizes = st.tuples(st.integers(1, 200), st.integers(1, 200))


@given(size=sizes, cell_px=st.integers(4, 64))
def test_cells_cover_the_picture(size, cell_px):
    grid = CellGrid(size, cell_px)
    ys, xs = np.mgrid[: size[0], : size[1]]
    cells = grid.cells_of(np.column_stack([xs.ravel(), ys.ravel()])).reshape(size)
    labels = torch.arange(grid.shape[0] * grid.shape[1], dtype=torch.float64).reshape(grid.shape)
    assert np.array_equal(cells, grid.spread(labels).numpy())
    for cell in range(labels.numel()):
        assert grid.cells_of(np.array([grid.place(cell)])) == cell


@given(size=sizes, cell_px=st.integers(4, 64), seed=st.integers(0, 99))
def test_cells_average_and_share_without_loss(size, cell_px, seed):
    grid, values = CellGrid(size, cell_px), torch.rand(size, generator=torch.Generator().manual_seed(seed))
    mass = grid.means(values)
    assert float(grid.share(mass).sum()) == pytest.approx(float(mass.sum()))
    assert torch.all(grid.maxima(values) >= mass)


def test_detectability_peaks_at_the_fixated_cell_and_is_symmetric():
    visibility = gaussian_detectability(CellGrid((160, 190), 32))
    assert torch.equal(visibility.argmax(0), torch.arange(len(visibility)))
    torch.testing.assert_close(visibility, visibility.T)
    torch.testing.assert_close(visibility.amax(0), torch.full((len(visibility),), 3.0, dtype=torch.float64))


def test_what_is_seen_is_stated_in_cells():
    small, large = CellGrid((96, 128), 16), CellGrid((192, 256), 32)
    torch.testing.assert_close(gaussian_detectability(small), gaussian_detectability(large))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: CellGrid((4000, 6000), 32), "at most 4096; give cell_px="),
        (lambda: CellGrid((40, 60), 0), "cell_px must be a whole number"),
        (lambda: gaussian_detectability(CellGrid((64, 64), 32), peak=-1), "peak must be a positive"),
        (lambda: gaussian_detectability(CellGrid((64, 64), 32), alignment="left"), "alignment"),
        (lambda: CellGrid((64, 64), 32).means(torch.zeros(3, 3)), "shape"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(sp.InputError, match=message):
        call()
