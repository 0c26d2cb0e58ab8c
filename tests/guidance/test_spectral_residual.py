"""Spectral residual saliency against OpenCV's."""

import numpy as np
import pytest
import torch

import scanpath as sp
from scanpath.guidance import spectral_residual


@pytest.fixture
def reference(shared):
    """Maps by OpenCV contrib 5.0.0."""
    return np.load(shared / "goldens" / "peers" / "spectral_residual" / "spectral_residual.npz")


def as_image(array):
    array = array[..., None] if array.ndim == 2 else array[..., ::-1]
    return np.ascontiguousarray(array.transpose(2, 0, 1), dtype=np.float32) / 255


@pytest.mark.parametrize("name", ["astronaut", "coffee", "camera"])
@pytest.mark.parametrize("kind", ["bgr", "gray"])
def test_equals_opencv_where_it_does_not_resize(reference, name, kind):
    found = spectral_residual(as_image(reference[f"{name}_{kind}_in64"]))
    expected = reference[f"{name}_{kind}_out64"]
    np.testing.assert_allclose(found, expected, atol=0.01)
    assert np.corrcoef(found.ravel(), expected.ravel())[0, 1] > 0.9999


@pytest.mark.parametrize("name", ["astronaut", "coffee", "camera"])
def test_is_near_opencv_at_full_size(reference, name):
    from skimage import data

    picture = getattr(data, name)()
    height, width = picture.shape[:2]
    found = spectral_residual(as_image(picture[..., ::-1] if picture.ndim == 3 else picture))
    expected = reference[f"{name}_bgr"]
    if found[::2, ::2].shape != expected.shape:
        pytest.skip("the reference picture has another size")
    np.testing.assert_allclose(found[::2, ::2], expected, atol=0.025)
    row, column = divmod(int(found.argmax()), width)
    assert abs(row - reference[f"{name}_bgr_argmax_rc"][0]) <= height / 64
    assert abs(column - reference[f"{name}_bgr_argmax_rc"][1]) <= width / 64


def test_batch_equals_single_and_flat_is_zero():
    pictures = torch.rand(3, 3, 50, 70, generator=torch.Generator().manual_seed(0))
    pictures[1] = 0.3
    maps = spectral_residual(pictures)
    assert torch.equal(maps[0], spectral_residual(pictures[0]))
    assert (maps[1] == 0).all()
    assert maps.shape == (3, 50, 70)
    assert maps.max() <= 1


def test_refuses_what_is_no_picture():
    with pytest.raises(sp.InputError, match="shape"):
        spectral_residual(np.zeros((4, 4), dtype=np.float32))
    with pytest.raises(sp.InputError, match="size"):
        spectral_residual(np.zeros((1, 9, 9), dtype=np.float32), size=2)
