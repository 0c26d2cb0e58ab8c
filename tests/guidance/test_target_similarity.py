"""Likeness to the target against scikit-image, place by place, and recorded maps."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage.metrics import structural_similarity

import scanpath as sp
from scanpath.guidance import target_correlation, target_ssim


@pytest.mark.parametrize("run", ["correlation_corrected_190x250", "correlation_cumulative_192x192"])
def test_correlation_is_that_of_the_published_programs(run, shared):
    recorded = np.load(shared / f"goldens/bayes/{run}.npz")
    top, left, bottom, right = recorded["box"]
    picture = recorded["image"][None] / 255.0
    likeness = target_correlation(picture, picture[:, top:bottom, left:right])
    np.testing.assert_allclose(likeness, recorded["similarity_map"], rtol=0, atol=1e-10)


def test_ssim_is_that_of_the_published_programs(shared):
    recorded = np.load(shared / "goldens/bayes/ssim_corrected_192x192.npz")
    top, left, bottom, right = recorded["box"]
    picture = recorded["image"][None] / 255.0
    likeness = target_ssim(picture, picture[:, top:bottom, left:right])
    np.testing.assert_allclose(likeness, recorded["similarity_map"], rtol=0, atol=1e-6)


@settings(max_examples=15)
@given(seed=st.integers(0, 9999), size=st.tuples(st.integers(7, 16), st.integers(7, 16)))
def test_ssim_is_that_of_scikit_image_on_the_parts_in_the_picture(seed, size):
    generator = np.random.default_rng(seed)
    picture, target = generator.random((24, 30)), generator.random(size)
    likeness = target_ssim(picture[None], target[None])
    for y, x in generator.integers(0, (24, 30), (12, 2)):
        top, left = y - size[0] // 2, x - size[1] // 2
        rows, columns = slice(max(top, 0), min(top + size[0], 24)), slice(max(left, 0), min(left + size[1], 30))
        part = picture[rows, columns]
        other = target[rows.start - top : rows.stop - top, columns.start - left : columns.stop - left]
        right = structural_similarity(part, other, data_range=1) if min(part.shape) >= 7 else 0
        assert likeness[y, x] == pytest.approx(right, abs=1e-10)


def test_coarse_steps_hold_the_values_of_the_fine_map():
    picture = torch.rand(1, 25, 33, generator=torch.Generator().manual_seed(0))
    fine, coarse = (target_ssim(picture, picture[:, 3:12, 5:16], step_px=step) for step in (1, 4))
    assert coarse.shape == fine.shape
    assert torch.equal(coarse[::4, ::4], fine[::4, ::4])


def test_color_is_averaged_with_the_weights_of_gray():
    picture = torch.rand(3, 30, 40, generator=torch.Generator().manual_seed(1))
    target = picture[:, 5:15, 8:20]
    each = [target_correlation(picture[c : c + 1], target[c : c + 1]) for c in range(3)]
    torch.testing.assert_close(
        target_correlation(picture, target), 0.2125 * each[0] + 0.7154 * each[1] + 0.0721 * each[2]
    )


@pytest.mark.parametrize("likeness", [target_correlation, target_ssim])
def test_a_picture_without_contrast_is_like_nothing_in_particular(likeness):
    drawn = likeness(np.full((1, 20, 20), 0.5), np.full((1, 8, 8), 0.5))
    assert np.isfinite(drawn).all()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: target_ssim(np.zeros((1, 30, 30)), np.zeros((1, 5, 9))), "windows of 7 px"),
        (lambda: target_ssim(np.zeros((1, 30, 30)), np.zeros((1, 9, 9)), step_px=0), "step_px"),
        (lambda: target_correlation(np.zeros((1, 30, 30)), np.zeros((1, 31, 9))), "does not fit"),
        (lambda: target_correlation(np.zeros((2, 30, 30)), np.zeros((1, 9, 9))), "gray or color"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(sp.InputError, match=message):
        call()
