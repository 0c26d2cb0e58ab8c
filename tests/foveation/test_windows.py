import math
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import scanpath as sp
from scanpath.foveation.window_tables import cached_tables
from scanpath.foveation.windows import PoolingWindows

STORED = np.load(Path(__file__).parents[1] / "reference" / "pooling_windows.npz")


def centered(size, **settings):
    return PoolingWindows(size, ((size[1] - 1) / 2, (size[0] - 1) / 2), **settings)


def reference_input(scaling, size, window):
    seed = int(scaling * 100) + size[0] + (window == "gaussian")
    return np.random.default_rng(seed).random((1, 2, *size)).astype("f4")


def pooled_like_the_reference(windows, maps, norm_factor):
    """Sums times the reference's norm factor of each ring, with zeros for rings that it keeps outside the picture."""
    sums = windows.pool(maps, normalize=False).reshape(*maps.shape[:2], windows.n_eccentricity, windows.n_angle)
    padded = np.zeros((*maps.shape[:2], len(norm_factor), windows.n_angle))
    padded[:, :, : windows.n_eccentricity] = sums
    return (padded * norm_factor[:, None]).reshape(*maps.shape[:2], -1)


@pytest.mark.parametrize("window", ["cosine", "gaussian"])
def test_agrees_with_stored_outputs_of_pooling_windows(window):
    get = lambda name: STORED[f"{window}_{name}"]  # noqa: E731
    size, scaling = tuple(get("resolution")), float(get("scaling"))
    windows = centered(size, px_per_deg=float(get("deg_to_pix")), scaling=scaling, window=window)
    np.testing.assert_allclose(windows.angle[:, :, size[1] // 3], get("angle_row0"), atol=2e-5)
    np.testing.assert_allclose(windows.eccentricity[:, size[0] // 2], get("ecc_midrow"), atol=2e-5)
    pooled = pooled_like_the_reference(windows, reference_input(scaling, size, window), get("norm_factor"))
    np.testing.assert_allclose(pooled, get("pooled"), atol=2e-5 * get("pooled").max())


def test_agrees_with_all_outputs_of_pooling_windows(shared):
    files = sorted((shared / "goldens" / "peers" / "pooling_windows").glob("*.npz"))
    assert files
    for file in files:
        golden = np.load(file)
        window = "gaussian" if "gaussian" in file.name else "cosine"
        size, scaling, stride = tuple(golden["resolution"]), float(golden["scaling"]), int(golden["stride"])
        windows = centered(size, px_per_deg=float(golden["deg_to_pix"]), scaling=scaling, window=window)
        assert (windows.n_eccentricity, windows.n_angle) == (golden["n_ecc"], golden["n_angle"]), file.name
        np.testing.assert_allclose(windows.angle[:, ::stride, ::stride], golden["angle_strided"], atol=2e-5)
        np.testing.assert_allclose(windows.eccentricity[:, ::stride, ::stride], golden["ecc_strided"], atol=2e-5)
        pooled = pooled_like_the_reference(windows, reference_input(scaling, size, window), golden["norm_factor"])
        np.testing.assert_allclose(pooled, golden["pooled"], atol=2e-5 * golden["pooled"].max(), err_msg=file.name)


places = st.tuples(st.floats(-80, 160), st.floats(-80, 160))


@settings(max_examples=15, deadline=None)
@given(fixation=places, scaling=st.floats(0.2, 1.0), window=st.sampled_from(["cosine", "gaussian"]))
def test_windows_add_up_to_one_beyond_the_innermost_ring(fixation, scaling, window):
    size = (41, 57)
    windows = PoolingWindows(size, fixation, px_per_deg=4.0, scaling=scaling, window=window)
    total = windows.dense().sum(0)
    reach = 0.75 if window == "cosine" else 5.0
    eccentricity = sp.eccentricity_map(size, fixation, px_per_deg=4.0)
    beyond = eccentricity > 0.5 * math.exp((1 + reach) * windows.geometry.ring_spacing)
    assert bool(((total - 1).abs() < 2e-5)[beyond].all())
    torch.testing.assert_close(windows.fovea, (1 - total).clamp(0, 1), atol=2e-5, rtol=0)


@settings(max_examples=10, deadline=None)
@given(fixation=places, scaling=st.floats(0.25, 1.0), window=st.sampled_from(["cosine", "gaussian"]))
def test_pooled_moments_equal_those_over_dense_windows(fixation, scaling, window):
    generator = torch.Generator().manual_seed(0)
    maps = torch.rand(1, 2, 41, 57, generator=generator)
    windows = PoolingWindows((41, 57), fixation, px_per_deg=4.0, scaling=scaling, window=window)

    def dense_mean(values):
        double = values.double(), windows.angle.double(), windows.eccentricity.double()
        total = torch.einsum("bchw,ahw,ehw->bcea", *double).flatten(-2)
        return total / torch.einsum("ahw,ehw->ea", *double[1:]).flatten()

    kept = windows.weight_sum > 1
    mean = windows.pool(maps)
    torch.testing.assert_close(mean[..., kept].double(), dense_mean(maps)[..., kept], atol=1e-5, rtol=0)
    product = maps[:, :1] * maps[:, 1:]
    covariance = windows.pool(product) - mean[:, :1] * mean[:, 1:]
    expected = dense_mean(product) - dense_mean(maps)[:, :1] * dense_mean(maps)[:, 1:]
    torch.testing.assert_close(covariance[..., kept].double(), expected[..., kept], atol=1e-5, rtol=0)


@pytest.mark.parametrize("scaling", [0.25, 0.5])
@pytest.mark.parametrize("window", ["cosine", "gaussian"])
def test_radial_width_at_half_height_is_scaling_times_eccentricity(window, scaling):
    row = PoolingWindows((1, 4000), (0, 0), px_per_deg=100, scaling=scaling, window=window)
    rings = row.eccentricity[:, 0].double()
    for ring in range(2, row.n_eccentricity):
        profile = rings[ring] / (1.0 if window == "cosine" else 1 / math.sqrt(2 * math.pi))
        above = torch.nonzero(profile >= 0.5)[:, 0]
        if len(above) == 0 or above[-1] == 3999:
            continue  # cut by the border
        width_deg = (len(above)) / 100
        assert width_deg == pytest.approx(scaling * float(row.center_deg[ring]), rel=0.02, abs=0.02)


def test_windows_are_twice_as_long_as_wide():
    windows = PoolingWindows((64, 64), (31, 31), px_per_deg=4, scaling=0.5)
    for window in ("cosine", "gaussian"):
        windows = PoolingWindows((64, 64), (31, 31), px_per_deg=4, scaling=0.5, window=window)
        half = 1.0 if window == "cosine" else 2 * math.sqrt(2 * math.log(2))
        assert 0.5 / (half * 2 * math.pi / windows.n_angle) == pytest.approx(2.0, rel=0.03)


def test_equivalent_radius_is_that_of_the_area_at_half_height():
    windows = PoolingWindows((600, 600), (299.5, 299.5), px_per_deg=20, scaling=0.5)
    ring = 4
    one = windows.eccentricity[ring] * windows.angle[3] >= 0.5  # not quite a sector: corners are rounded
    sector = (windows.eccentricity[ring] >= 0.5) & (windows.angle[3] >= 0.5)
    radius = windows.radius_deg[ring * windows.n_angle + 3]
    assert float(radius) == pytest.approx(math.sqrt(float(sector.sum()) / math.pi) / 20, rel=0.02)
    assert one.sum() < sector.sum()


@pytest.mark.parametrize("window", ["cosine", "gaussian"])
def test_spreading_is_the_transpose_of_summing(window):
    windows = PoolingWindows((30, 44), (50, 3), px_per_deg=3, window=window)
    generator = torch.Generator().manual_seed(1)
    maps = torch.randn(30, 44, dtype=torch.float64, generator=generator)
    values = torch.randn(windows.n_windows, dtype=torch.float64, generator=generator)
    left = (windows.pool(maps, normalize=False) * values).sum()
    torch.testing.assert_close(left, (windows.spread(values) * maps).sum(), rtol=1e-9, atol=1e-9)


def test_a_constant_is_its_own_mean_in_every_window_that_is_there():
    windows = PoolingWindows((30, 44), (-200, 12), px_per_deg=5)
    mean = windows.pool(torch.full((30, 44), 0.7))
    there = windows.weight_sum >= 1e-3
    torch.testing.assert_close(mean[there], torch.full_like(mean[there], 0.7))
    assert bool((mean[~there] == 0).all())
    assert 0 < int(there.sum()) < windows.n_windows


def test_only_the_offset_to_the_fixation_counts():
    picture = torch.rand(60, 70, generator=torch.Generator().manual_seed(2))
    whole = PoolingWindows((60, 70), (40.25, 33.5), px_per_deg=3)
    masked = torch.zeros(60, 70)
    masked[12:52, 20:65] = picture[12:52, 20:65]
    cut = PoolingWindows((40, 45), (20.25, 21.5), px_per_deg=3)
    total = cut.pool(picture[12:52, 20:65].contiguous(), normalize=False)
    torch.testing.assert_close(whole.pool(masked, normalize=False)[: len(total)], total, atol=1e-4, rtol=1e-5)


@pytest.mark.parametrize("window", ["cosine", "gaussian"])
def test_coarse_sampling_takes_every_nth_value_of_the_windows(window):
    fine = PoolingWindows((40, 48), (11.3, 8.9), px_per_deg=4, window=window)
    coarse = PoolingWindows((9, 12), (11.3, 8.9), px_per_deg=4, window=window, step_px=4, origin_px=(2, 3))
    shared = coarse.n_windows
    torch.testing.assert_close(coarse.dense(), fine.dense()[:shared, 3:36:4, 2:47:4], atol=1e-6, rtol=0)


@pytest.mark.parametrize("window", ["cosine", "gaussian"])
def test_gradients_reach_maps_and_fixation(window):
    maps = torch.rand(2, 7, 8, dtype=torch.float64, generator=torch.Generator().manual_seed(0), requires_grad=True)
    fixation = torch.tensor([3.13, 2.71], dtype=torch.float64, requires_grad=True)

    def pooled(maps, fixation):
        windows = PoolingWindows((7, 8), fixation, px_per_deg=2, scaling=0.9, window=window)
        return windows.pool(maps)[..., windows.weight_sum.detach() > 0.5]

    assert torch.autograd.gradcheck(pooled, (maps, fixation), eps=1e-7, atol=1e-5, fast_mode=True)


def test_the_fixated_pixel_has_a_finite_gradient():
    fixation = torch.tensor([5.0, 4.0], dtype=torch.float64, requires_grad=True)
    windows = PoolingWindows((12, 14), fixation, px_per_deg=2, scaling=0.9)
    windows.pool(torch.rand(12, 14, dtype=torch.float64)).sum().backward()
    assert bool(torch.isfinite(fixation.grad).all())


def test_equal_geometries_share_their_tables():
    PoolingWindows((30, 40), (3.5, 7), px_per_deg=4)
    made = cached_tables.cache_info().misses
    PoolingWindows([30, 40], np.array([3.5, 7]), px_per_deg=4.0)
    assert cached_tables.cache_info().misses == made
    PoolingWindows((30, 40), (3.5, 7.5), px_per_deg=4)
    assert cached_tables.cache_info().misses == made + 1


def test_a_pixel_has_few_taps():
    for window, n_taps in (("cosine", 4), ("gaussian", 16)):
        geometry = PoolingWindows((30, 40), (3, 7), px_per_deg=4, window=window).geometry
        assert cached_tables(geometry).taps.index.shape[1] == n_taps


def test_arrays_give_arrays():
    windows = PoolingWindows((30, 40), (3, 7), px_per_deg=4)
    maps = np.random.default_rng(0).random((2, 30, 40))
    pooled = windows.pool(maps)
    assert isinstance(pooled, np.ndarray)
    np.testing.assert_allclose(pooled, windows.pool(torch.from_numpy(maps)))
    assert isinstance(windows.spread(pooled), np.ndarray)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"px_per_deg": 0}, "px_per_deg must be a positive number"),
        ({"scaling": -1}, "scaling must be a positive number"),
        ({"scaling": 90}, "scaling must leave three windows"),
        ({"window": "cosin"}, "Did you mean cosine"),
        ({"fixation": (math.nan, 3)}, "must be finite"),
        ({"fixation": ((1, 2), (3, 4))}, "one point"),
        ({"size": (4, 5), "fixation": (2, 2), "px_per_deg": 40}, "No pooling window fits"),
        ({"size": (0, 5)}, "size must be"),
        ({"origin_px": 3}, "origin_px must be two numbers"),
        ({"origin_px": (math.nan, 0)}, "origin_px must be finite"),
        ({"scaling": 1e-4}, "rings of 125664 windows"),
    ],
)
def test_bad_settings_are_refused_in_one_sentence(settings, words):
    arguments = {"size": (30, 40), "fixation": (3, 7), "px_per_deg": 4} | settings
    with pytest.raises(sp.InputError, match=words):
        PoolingWindows(arguments.pop("size"), arguments.pop("fixation"), **arguments)


def test_maps_of_another_shape_or_type_are_refused():
    windows = PoolingWindows((30, 40), (3, 7), px_per_deg=4)
    with pytest.raises(sp.InputError, match=r"must end in the windows' size \(30, 40\)"):
        windows.pool(torch.rand(40, 30))
    with pytest.raises(sp.InputError, match="floating"):
        windows.pool(torch.zeros(30, 40, dtype=torch.int64))
    with pytest.raises(sp.InputError, match="one per window"):
        windows.spread(torch.zeros(3))
    with pytest.raises(sp.InputError, match="floating"):
        windows.spread(torch.zeros(windows.n_windows, dtype=torch.int64))
