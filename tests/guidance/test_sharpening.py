import json

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from scanpath import InputError
from scanpath.guidance import enlarge, sharpen, sharpening
from scanpath.guidance.sharpening import gaussian_kernel


@settings(max_examples=20, deadline=None)
@given(height=st.integers(1, 12), width=st.integers(1, 12), seed=st.integers(0, 100))
def test_sharpening_adds_center_minus_surround(height, width, seed):
    """Against scipy, whose mirror mode reflects about the edge pixels as well."""
    expected = np.random.default_rng(seed).random((height, width))
    values = torch.from_numpy(expected.copy())
    for _ in range(3):
        center, surround = (
            ndimage.convolve1d(ndimage.convolve1d(expected, kernel, 0, mode="mirror"), kernel, 1, mode="mirror")
            for kernel in (gaussian_kernel(3, 1).numpy(), gaussian_kernel(7, 5).numpy())
        )
        expected = expected + center - surround
    np.testing.assert_allclose(sharpen(values, ((3, 1), (7, 5))).numpy(), expected, atol=1e-12)


def test_sharpening_leaves_a_flat_map_flat_and_its_input_alone():
    flat = torch.full((6, 7), 0.4, dtype=torch.float64)
    torch.testing.assert_close(sharpen(flat), flat)
    assert torch.equal(flat, torch.full((6, 7), 0.4, dtype=torch.float64))


@pytest.mark.parametrize(("size", "sigma"), [(3, 1), (5, 3), (7, 5), (5, 0), (9, 0)])
def test_kernels_are_symmetric_and_add_up_to_one(size, sigma):
    kernel = gaussian_kernel(size, sigma)
    assert torch.equal(kernel, kernel.flip(0))
    assert float(kernel.sum()) == pytest.approx(1)
    assert kernel.argmax() == size // 2


def test_an_even_kernel_is_refused():
    with pytest.raises(InputError, match="odd"):
        gaussian_kernel(4, 1)


def test_enlarging_by_whole_numbers_repeats_cells():
    values = torch.arange(12.0).reshape(3, 4)
    expected = values.repeat_interleave(5, 0).repeat_interleave(2, 1)
    assert torch.equal(enlarge(values, (15, 8)), expected)


@settings(max_examples=30, deadline=None)
@given(n=st.integers(1, 20), extra=st.integers(0, 60))
def test_enlarging_keeps_each_pixels_share_of_the_cells_it_covers(n, extra):
    """A pixel that straddles a border blends two cells by the part of it that lies in the second one."""
    size = n + extra
    values = np.random.default_rng(n).random(n)
    edges = np.arange(n + 1) * size / n
    expected = []
    for pixel in range(size):
        cell = min(int(np.searchsorted(edges, pixel, side="right")) - 1, n - 1)
        over = max(0.0, pixel + 1 - edges[cell + 1]) if cell < n - 1 else 0.0
        after = values[min(cell + 1, n - 1)]
        expected.append(values[cell] * (1 - over) + after * over)
    column = enlarge(torch.from_numpy(values)[:, None], (size, 1))[:, 0]
    np.testing.assert_allclose(column.numpy(), expected, atol=1e-6)


def test_equals_the_original_program_from_its_combined_maps_on(shared):
    folder = shared / "goldens" / "eccnet"
    trials = {trial["id"]: trial for trial in json.loads((folder / "trials.json").read_text())}
    with np.load(folder / "first_maps.npz") as arrays:
        runs = [key.removesuffix("__sharp") for key in arrays if key.endswith("__sharp")]
        assert len(runs) > 30
        for run in runs:
            sharpening = trials[run.split("__")[0]]["dog_size"]
            found = sharpen(torch.from_numpy(arrays[f"{run}__combined"]), sharpening)
            np.testing.assert_allclose(found.numpy(), arrays[f"{run}__sharp"], atol=1e-12)


@pytest.mark.parametrize("together", [1 << 20, 50])
def test_a_part_of_an_enlarged_map_is_that_part(together, monkeypatch):
    monkeypatch.setattr(sharpening, "_TOGETHER_PX", together)
    values = torch.rand(5, 7, generator=torch.Generator().manual_seed(4), dtype=torch.float64)
    whole = enlarge(values, (37, 50))
    assert whole.shape == (37, 50)
    torch.testing.assert_close(
        enlarge(values, (37, 50), rows=slice(3, 30), columns=slice(11, 50)), whole[3:30, 11:], rtol=0, atol=0
    )
