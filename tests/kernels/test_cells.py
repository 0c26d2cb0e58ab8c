import numpy as np
import pytest

from scanpath.kernels.sequences import fill_cells


@pytest.mark.parametrize("edge", [-0.5, 0.0])
def test_cells_are_those_of_whole_pixels_and_the_nearest_off_the_screen(edge):
    generator = np.random.default_rng(0)
    far = [[1e308, -1e308], [1e19, -1e19], [-0.5, 1023.5]]
    xy = np.concatenate([generator.uniform(-50, 1100, (2000, 2)), generator.integers(-3, 1030, (2000, 2)) + 0.5, far])
    size, count = np.array([1000, 333]), np.array([7, 13])
    cells, off = np.empty(xy.shape, dtype=np.int64), np.zeros(len(xy), dtype=bool)
    fill_cells(xy, edge, tuple(size.tolist()), tuple(count.tolist()), cells, off)
    pixel = np.floor(xy - edge)
    with np.errstate(over="ignore"):
        np.testing.assert_array_equal(cells, np.clip(np.floor(pixel * count / size), 0, count - 1))
    np.testing.assert_array_equal(off, ((pixel < 0) | (pixel >= size)).any(axis=1))
