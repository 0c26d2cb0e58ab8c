import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy import stats

import scanpath as sp

STORED = np.load(Path(__file__).parents[1] / "reference" / "portilla_simoncelli.npz")
CASES = [(3, 4, 7), (2, 6, 5), (3, 2, 4), (1, 4, 3)]


def vector(table):
    return torch.cat([values.flatten() for values in table.values()])


@pytest.mark.parametrize(("n_scales", "n_orientations", "width"), CASES)
def test_without_windows_portilla_simoncelli_equals_stored_outputs_of_plenoptic(n_scales, n_orientations, width):
    expected = STORED[f"scales{n_scales}_orientations{n_orientations}_width{width}"]
    settings = {"n_scales": n_scales, "n_orientations": n_orientations, "spatial_corr_width": width}
    table = sp.pooled_statistics(STORED["image"][None], statistics="portilla_simoncelli", **settings)
    ours = np.concatenate([values.ravel() for values in table.values()])
    assert ours.shape == expected.shape
    np.testing.assert_allclose(ours, expected, rtol=1e-5, atol=2e-5)


@pytest.mark.parametrize(("size", "n_scales", "n_orientations", "width"), [((128, 96), 4, 4, 6), ((64, 64), 3, 4, 7)])
def test_without_windows_portilla_simoncelli_equals_plenoptic(size, n_scales, n_orientations, width):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        plenoptic = pytest.importorskip("plenoptic")
        model = plenoptic.models.PortillaSimoncelli(size, n_scales, n_orientations, width)
    image = photograph("camera", size)
    expected = model(image[None])[0, 0]
    table = sp.pooled_statistics(
        image,
        statistics="portilla_simoncelli",
        n_scales=n_scales,
        n_orientations=n_orientations,
        spatial_corr_width=width,
    )
    torch.testing.assert_close(vector(table), expected, rtol=1e-5, atol=3e-5)


@pytest.mark.parametrize(("size", "n_scales"), [((40, 56), 3), ((48, 48), 4), ((24, 40), 2), ((64, 64), 3)])
def test_the_coarsest_scale_is_the_picture_filtered_at_full_resolution(size, n_scales):
    # also where the coarsest samples have odd sides: 5 x 7, 3 x 3, 6 x 10, 8 x 8
    image = np.random.default_rng(0).random(size)
    radius = np.hypot(*np.meshgrid(2 * np.fft.fftfreq(size[0]), 2 * np.fft.fftfreq(size[1]), indexing="ij"))
    octave = np.log2(np.maximum(radius, 1e-12) * 2.0 ** np.arange(n_scales + 1)[:, None, None]) + 1
    low_pass = np.prod(np.cos(np.pi / 2 * octave.clip(0, 1)) ** 2, axis=0)
    rest = 4.0**n_scales * np.fft.ifft2(np.fft.fft2(image) * low_pass).real
    samples = rest[:: 2**n_scales, :: 2**n_scales]
    settings = {"statistics": "portilla_simoncelli", "n_scales": n_scales, "spatial_corr_width": 3}
    table = {name: values[-1].item() for name, values in sp.pooled_statistics(image[None], **settings).items()}
    assert table["std_reconstructed"] == pytest.approx(rest.std(), rel=1e-6)
    assert table["skew_reconstructed"] == pytest.approx(stats.skew(samples, axis=None), rel=1e-6)
    assert table["kurtosis_reconstructed"] == pytest.approx(stats.kurtosis(samples, axis=None, fisher=False), rel=1e-6)


def photograph(name, size):
    from skimage import data, transform

    image = getattr(data, name)()
    image = image if image.ndim == 2 else image.mean(-1)
    return torch.from_numpy(transform.resize(image / 255.0, size, anti_aliasing=True).astype("f4"))[None]


@pytest.mark.parametrize("statistics", ["luminance", "energy", "portilla_simoncelli"])
def test_a_shift_by_whole_samples_leaves_whole_picture_statistics(statistics):
    image = photograph("camera", (64, 64))
    settings = {"statistics": statistics, "n_scales": 2}
    moved = sp.pooled_statistics(torch.roll(image, (16, 8), (-2, -1)), **settings)
    for name, values in sp.pooled_statistics(image, **settings).items():
        torch.testing.assert_close(moved[name], values, rtol=1e-3, atol=1e-4, msg=name)


@pytest.mark.parametrize("statistics", ["energy", "portilla_simoncelli"])
def test_a_window_knows_only_what_is_near_it(statistics):
    """Changing the right end of the picture leaves the statistics of windows at the left."""
    # noise: in no window and no band is there so little that the far ends of the filters matter
    image = torch.rand(1, 128, 128, generator=torch.Generator().manual_seed(0))
    settings = {"statistics": statistics, "px_per_deg": 6.0, "scaling": 0.5, "n_scales": 2}
    changed = image.clone()
    changed[..., 82:98] = 0.5  # far from the left part also around the border: filters are periodic
    windows = sp.PoolingWindows((128, 128), (64, 64), px_per_deg=6.0, min_eccentricity_deg=1.42)
    x = torch.arange(128.0).expand(128, 128)
    left = torch.nonzero((windows.dense()[:, :, 50:].sum((1, 2)) < 1e-3) & (windows.pool(x) < 50))[:, 0]
    before, after = (sp.pooled_statistics(picture, (64, 64), **settings) for picture in (image, changed))
    assert len(left) > 10
    for name, values in before.items():
        both = torch.isfinite(values[:, left])
        scale = values[:, left][both].abs().max()
        assert bool(both.any())
        difference = (after[name] - values)[:, left][both].abs().max()
        assert float(difference) < 0.03 * float(scale), name
    assert not torch.allclose(before[next(iter(before))], after[next(iter(after))])


def test_energy_statistics_are_pooled_moments():
    image = photograph("camera", (64, 64))
    table = sp.pooled_statistics(image, (20, 30), px_per_deg=4.0, n_scales=2)
    windows = sp.PoolingWindows(
        (64, 64), (20, 30), px_per_deg=4.0, min_eccentricity_deg=1.82 * np.exp(-np.arcsinh(0.25))
    )
    mean = windows.pool(image)[0]
    kept = torch.isfinite(table["pixel_mean"][0])
    torch.testing.assert_close(table["pixel_mean"][0][kept], mean[kept])
    dense = windows.dense().double()
    offset = image[0].double() - mean.double()[:, None, None]
    variance = (dense * offset**2).sum((1, 2)) / dense.sum((1, 2))
    torch.testing.assert_close(table["pixel_variance"][0][kept].double(), variance[kept], atol=1e-6, rtol=1e-4)


def test_windows_too_small_for_a_scale_are_nan_and_only_those():
    table = sp.pooled_statistics(photograph("camera", (64, 64)), (31, 31), px_per_deg=4.0, n_scales=3)
    missing = torch.isnan(table["magnitude_mean"].reshape(4, 3, -1)).sum(-1)  # orientation, scale
    assert bool((missing.diff(dim=1) >= 0).all())
    assert int(missing[0, 0]) < int(missing[0, -1]) < table["magnitude_mean"].shape[-1]


@pytest.mark.parametrize("statistics", ["luminance", "energy", "portilla_simoncelli"])
def test_batches_odd_sizes_colors_and_fixations_outside(statistics):
    images = torch.rand(2, 3, 45, 61, generator=torch.Generator().manual_seed(0))
    settings = {"statistics": statistics, "px_per_deg": 3.0, "n_scales": 2, "spatial_corr_width": 3}
    both = sp.pooled_statistics(images, (-20.0, 80.0), **settings)
    one = sp.pooled_statistics(images[1], (-20.0, 80.0), **settings)
    for name, values in both.items():
        torch.testing.assert_close(values[1], one[name], equal_nan=True, msg=name)
        assert bool(torch.isfinite(values).any()), name


@pytest.mark.parametrize("statistics", ["energy", "portilla_simoncelli"])
def test_gradients_are_finite_on_flat_pictures(statistics):
    image = torch.full((1, 64, 64), 0.5, requires_grad=True)
    table = sp.pooled_statistics(image, (20, 30), px_per_deg=4.0, statistics=statistics, n_scales=2)
    sum(torch.nansum(values) for values in table.values()).backward()
    assert bool(torch.isfinite(image.grad).all())


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"statistics": "energie"}, "Did you mean energy"),
        ({"fixation": (3, 4)}, "need px_per_deg"),
        ({"n_scales": 6}, "frame of 6 octaves"),
        ({"image": torch.full((1, 64, 64), torch.nan)}, "finite"),
        (
            {"image": torch.rand(1, 10, 10), "fixation": (5, 5), "px_per_deg": 4, "n_scales": 1},
            "No pooling window covers",
        ),
        ({"statistics": "portilla_simoncelli", "spatial_corr_width": 9}, "does not fit the coarsest scale"),
    ],
)
def test_bad_settings_are_refused_in_one_sentence(settings, words):
    with pytest.raises(sp.InputError, match=words):
        sp.pooled_statistics(**{"image": torch.rand(1, 64, 64), **settings})


def test_half_precision_is_computed_in_single():
    image = torch.rand(1, 64, 64, generator=torch.Generator().manual_seed(0)).half()
    tables = [sp.pooled_statistics(picture, (20, 30), px_per_deg=4.0, n_scales=2) for picture in (image, image.float())]
    for name, values in tables[0].items():
        torch.testing.assert_close(values, tables[1][name], equal_nan=True, rtol=0, atol=0)
