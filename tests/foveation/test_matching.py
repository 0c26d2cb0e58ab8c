"""Similarity against scikit-image, and blurs that are found again."""

import math

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter
from scipy.stats import ttest_rel
from skimage import data
from skimage.metrics import structural_similarity

import scanpath as sp
from scanpath.foveation import ssim_map


@pytest.fixture(autouse=True)
def one_thread():
    """Small convolutions wait for threads longer than they compute."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def photographs(side=128):
    pictures = [getattr(data, name)()[40 : 40 + side, 100 : 100 + side] for name in ("astronaut", "coffee")]
    return torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2) / 255


def test_similarity_is_that_of_scikit_image():
    images = photographs()
    noisy = (images + 0.1 * torch.randn(images.shape, generator=torch.Generator().manual_seed(0))).clamp(0, 1)
    ours = ssim_map(images.double(), noisy.double())[0]
    _, peer = structural_similarity(
        images[0].double().numpy(), noisy[0].double().numpy(), channel_axis=0, data_range=1, full=True,
        gaussian_weights=True, sigma=1.5, use_sample_covariance=False,
    )  # fmt: skip
    inside = (slice(None), slice(6, -6), slice(6, -6))  # edges are mirrored differently
    np.testing.assert_allclose(ours[inside], peer[inside], atol=1e-9)


@pytest.mark.parametrize("sigma", [0.6, 1.5, 4.0])
@pytest.mark.parametrize("metric", ["ssim", "mse"])
def test_a_gaussian_blur_is_found_again(sigma, metric):
    images = photographs()
    blurred = torch.from_numpy(gaussian_filter(images.numpy(), (0, 0, sigma, sigma), mode="reflect"))
    found = sp.match_uniform_blur(images, blurred, metric, tolerance=1e-6 if metric == "mse" else 1e-4)
    assert found == pytest.approx(sigma, rel=0.02)


def test_the_matched_blur_scores_as_the_distortion_does():
    images = photographs()
    noisy = (images + 0.02 * torch.randn(images.shape, generator=torch.Generator().manual_seed(0))).clamp(0, 1)
    sigma = sp.match_uniform_blur(images, noisy)
    blurred = sp.variable_blur(images, torch.full((128, 128), sigma))
    report = sp.verify_match(images, noisy, blurred)
    assert abs(report.difference) <= 1.1e-3
    assert report.distorted.shape == (2,)
    test = ttest_rel(report.blurred, report.distorted)
    assert (report.t, report.p) == pytest.approx((test.statistic, test.pvalue), rel=1e-6)


def test_a_metric_of_ones_own():
    images = photographs()
    blurred = sp.variable_blur(images, torch.full((128, 128), 2.0))
    contrast = lambda reference, other: other.std(dim=(1, 2, 3))  # noqa: E731
    assert sp.match_uniform_blur(images, blurred, contrast, tolerance=1e-5) == pytest.approx(2.0, rel=0.02)


def test_nothing_lost_needs_no_blur():
    images = photographs()
    assert sp.match_uniform_blur(images, images) == 0
    report = sp.verify_match(images, images, images)
    assert report.difference == 0
    assert math.isnan(report.p)


def test_arrays_and_single_images_are_taken():
    image = photographs()[0].numpy().astype(np.float64)
    blurred = gaussian_filter(image, (0, 2.0, 2.0), mode="reflect")
    assert sp.match_uniform_blur(image, blurred, tolerance=1e-4) == pytest.approx(2.0, rel=0.02)


def test_equivalence_needs_more_than_no_difference():
    """Two one-sided tests: a small spread around 0 is equivalent, the same mean with a large spread is not."""
    images = torch.rand(12, 1, 24, 24, generator=torch.Generator().manual_seed(0))
    scores = torch.linspace(-1, 1, 12)
    for spread, equivalent in [(0.001, True), (0.2, False)]:
        lookup = {0.0: torch.zeros(12), 1.0: spread * scores}
        metric = lambda reference, other, lookup=lookup: lookup[float(other.flatten()[0] == 7)]  # noqa: E731
        report = sp.verify_match(images, images * 0, torch.full_like(images, 7.0), metric)
        assert report.p > 0.9
        assert (report.equivalent_p < 0.05) == equivalent


def test_rings_find_a_foveated_blur_again():
    images, fixation = photographs(), (64.0, 64.0)
    edges, wanted = (1.0, 2.0, 4.0, 8.0), (0.8, 1.6, 3.2)

    def law(e):
        sigma = torch.zeros_like(e)
        for inner, value in zip(edges, wanted):
            sigma = torch.where(e >= inner, value / 10, sigma)
        return sigma

    blurred = sp.foveated_blur(images, fixation, px_per_deg=10, law=law)
    match = sp.match_ring_blur(images, blurred, fixation, edges_deg=edges, px_per_deg=10, tolerance=1e-4)
    np.testing.assert_allclose(match.sigma_px, wanted, rtol=0.1)
    np.testing.assert_allclose(match.achieved, match.target, atol=0.015)
    view = match.apply(images, fixation)
    e = sp.eccentricity_map((128, 128), fixation, px_per_deg=10)
    assert torch.equal(view[..., e < 0.9], images[..., e < 0.9])


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda a: sp.match_uniform_blur(a, a[..., :-1]), "one shape"),
        (lambda a: sp.match_uniform_blur(a, a, "psnr"), "ssim"),
        (lambda a: sp.match_uniform_blur(a, a, tolerance=0), "tolerance"),
        (lambda a: sp.match_uniform_blur(a[..., :4, :4], a[..., :4, :4]), "at least 6 px"),
        (lambda a: sp.match_uniform_blur(a, 1 - a), "No blur loses as much"),
        (lambda a: sp.match_ring_blur(a, a, (9, 9), edges_deg=(2, 1), px_per_deg=2), "increasing"),
        (lambda a: sp.match_ring_blur(a, a, (9, 9), edges_deg=(1, 2, 99, 100), px_per_deg=2), "hold a pixel"),
        (lambda a: sp.match_ring_blur(a, a, (9, 9), edges_deg=(-1, 2), px_per_deg=2), "increasing radii"),
        (lambda a: sp.match_ring_blur(a, a, (9, 9), edges_deg="wide", px_per_deg=2), "increasing radii"),
        (lambda a: sp.match_ring_blur(a, a, ((9, 9), (1, 2)), edges_deg=(1, 2), px_per_deg=2), "one point"),
        (lambda a: sp.match_uniform_blur(255 * a, 255 * a), r"\[0, 1\]"),
        (lambda a: ssim_map(a, 255 * a), r"other must lie in \[0, 1\]"),
        (lambda a: sp.verify_match(a, a, a, margin=0), "margin"),
    ],
)
def test_bad_input_is_one_sentence(call, words):
    with pytest.raises(sp.InputError, match=words):
        call(torch.rand(1, 1, 20, 20, generator=torch.Generator().manual_seed(0)))
