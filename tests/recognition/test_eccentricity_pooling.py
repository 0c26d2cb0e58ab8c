import json
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from scanpath import EccentricityPool2d, InputError, eccentricity_pool
from scanpath.recognition import RingLaw
from scanpath.recognition.eccentricity_pooling import ring_index

REFERENCE = Path(__file__).parents[1] / "reference" / "eccnet"
LAWS = {
    3: RingLaw(slope=3.5 * 0.02, px_per_deg=8),
    4: RingLaw(slope=8 * 0.02, px_per_deg=4),
    5: RingLaw(slope=16 * 0.02, px_per_deg=2),
}


def check_case(case, x, expected):
    layer = EccentricityPool2d(
        kind=case["pool_type"],
        min_window=case["rf_min"],
        stride=case["stride"],
        slope=case["ecc_slope"],
        px_per_deg=case["deg2px"],
        fovea_deg=case["fovea_size"],
        ring_deg=case["rf_quant"],
    )
    pooled = layer(np.ascontiguousarray(x.transpose(0, 3, 1, 2)))
    assert isinstance(pooled, np.ndarray)
    atol = 1e-6 if case["pool_type"] == "avg" else 0
    np.testing.assert_allclose(pooled.transpose(0, 2, 3, 1), expected, atol=atol, rtol=0)
    n = expected.shape[1]
    assert [window for _, window in layer.law.rings(n)] == case["windows"]
    assert [2 * radius for radius, _ in layer.law.rings(n)] == case["ecc_border_input_px"]


@pytest.mark.parametrize("index", range(6))
def test_equals_the_original_layer_on_the_shipped_cases(index):
    case = json.loads((REFERENCE / "pooling.json").read_text())[index]
    x = np.random.default_rng(case["seed"]).standard_normal(case["shape"]).astype(np.float32)
    with np.load(REFERENCE / "pooling.npz") as outputs:
        check_case(case, x, outputs[case["id"]])


def test_equals_the_original_layer_on_all_cases(shared):
    folder = shared / "goldens" / "eccnet"
    cases = json.loads((folder / "pooling.json").read_text())
    with np.load(folder / "pooling.npz") as arrays:
        for case in cases:
            check_case(case, arrays[f"{case['id']}_x"], arrays[f"{case['id']}_y"])
            n = case["out_shape"][1]
            law = RingLaw(
                case["rf_min"],
                case["stride"],
                case["ecc_slope"],
                case["deg2px"],
                case["fovea_size"],
                case["rf_quant"],
            )
            rings = ring_index(law, (n, n), center=(n // 2, n // 2), n_out=n)
            np.testing.assert_array_equal(rings, arrays[f"{case['id']}_ring"])


def test_published_windows_of_the_layers():
    """Ring tables of the model at 806 px, as (radius in output px, window)."""
    assert LAWS[5].rings(26) == [
        (4, 2), (5, 3), (6, 3), (7, 4), (8, 5), (9, 5), (10, 6), (11, 6), (12, 7), (13, 8),
    ]  # fmt: skip
    assert [window for _, window in LAWS[3].rings(101)] == [2, 3, 3, 4, 4, 5, 5, 6, 6, 7]
    assert LAWS[4].rings(51)[-2:] == [(24, 7), (26, 8)]


@pytest.mark.parametrize(
    ("side", "windows"), [(524, (5, 5, 5)), (1216, (10, 12, 12)), (1358, (12, 14, 14)), (1600, (14, 15, 15))]
)
def test_published_last_windows_at_other_sizes(side, windows):
    for depth, window in zip((3, 4, 5), windows):
        n_out = side
        for _ in range(depth):
            n_out = -(-n_out // 2)
        assert LAWS[depth].rings(n_out)[-1][1] == window


def naive(x, law, kind):
    """Pool the whole map once per ring, with zero or no padding by hand, and keep each ring's part."""
    n = x.shape[-1]
    n_out = -(-n // law.stride)
    rings = law.rings(n_out)
    rows = np.arange(n_out)
    distance2 = (rows[:, None] - n_out // 2) ** 2 + (rows[None] - n_out // 2) ** 2
    out = torch.full((*x.shape[:2], n_out, n_out), torch.nan)
    inner = -1
    for index, (radius, window) in enumerate(rings):
        missing = max((n_out - 1) * law.stride + window - n, 0)
        before, after = missing // 2, missing - missing // 2
        if kind == "avg":
            total = F.avg_pool2d(F.pad(x, (before, after, before, after)), window, law.stride)
            share = F.avg_pool2d(F.pad(torch.ones_like(x), (before, after, before, after)), window, law.stride)
            pooled = total / share
        else:
            padded = F.pad(x, (before, after, before, after), value=-torch.inf)
            pooled = F.max_pool2d(padded, window, law.stride)
        outer = np.inf if index == len(rings) - 1 else radius**2
        part = torch.from_numpy((distance2 >= inner) & (distance2 < outer))
        out[:, :, part] = pooled[:, :, :n_out, :n_out][:, :, part]
        inner = radius**2
    return out


@settings(max_examples=25, deadline=None)
@given(
    side=st.integers(4, 40),
    slope=st.floats(0, 0.6),
    px_per_deg=st.integers(1, 4),
    min_window=st.integers(2, 3),
    kind=st.sampled_from(["avg", "max"]),
)
def test_equals_pooling_the_whole_map_once_per_ring(side, slope, px_per_deg, min_window, kind):
    law = RingLaw(min_window=min_window, slope=slope, px_per_deg=px_per_deg, fovea_deg=2)
    x = torch.randn(1, 2, side, side, generator=torch.Generator().manual_seed(side))
    torch.testing.assert_close(eccentricity_pool(x, law, kind=kind), naive(x, law, kind), atol=1e-6, rtol=1e-6)


@pytest.mark.parametrize("kind", ["avg", "max"])
def test_without_growth_it_is_ordinary_pooling(kind):
    x = torch.randn(2, 3, 20, 20, generator=torch.Generator().manual_seed(0))
    ordinary = F.avg_pool2d(x, 2) if kind == "avg" else F.max_pool2d(x, 2)
    torch.testing.assert_close(eccentricity_pool(x, RingLaw(slope=0), kind=kind), ordinary)


def test_small_maps_lie_inside_the_fovea():
    """Targets of the study, up to 177 px, never see a window grow."""
    for depth, law in LAWS.items():
        assert [window for _, window in law.rings(-(-177 // 2**depth))] == [2]


@settings(max_examples=25, deadline=None)
@given(dx=st.integers(-5, 5), dy=st.integers(-5, 5))
def test_rings_move_with_the_fixation(dx, dy):
    """Where two fields overlap, moving picture and fixation together by whole cells moves the result."""
    law, field = RingLaw(slope=0.3, px_per_deg=1, fovea_deg=2), 40
    big = torch.randn(1, 1, 80, 90, generator=torch.Generator().manual_seed(1))
    whole = eccentricity_pool(big, law, fixation=(44 + 2 * dx, 40 + 2 * dy), field_px=field)
    top, left = 10 + 2 * dy, 14 + 2 * dx
    cut = big[..., top : top + 60, left : left + 60]
    part = eccentricity_pool(cut, law, fixation=(30, 30), field_px=field)
    inner = slice(8, 22)  # windows there do not touch the cut's border
    torch.testing.assert_close(
        part[..., inner, inner], whole[..., top // 2 + 8 : top // 2 + 22, left // 2 + 8 : left // 2 + 22]
    )


def test_a_map_that_is_not_square_is_filled_up_with_zeros():
    x = torch.rand(1, 1, 6, 9, generator=torch.Generator().manual_seed(2)) + 1
    square = F.pad(x, (0, 0, 1, 2))
    torch.testing.assert_close(eccentricity_pool(x), eccentricity_pool(square))


def test_works_without_batch_and_leaves_its_input_alone():
    x = torch.randn(3, 30, 30, generator=torch.Generator().manual_seed(3))
    before = x.clone()
    pooled = EccentricityPool2d(slope=0.3, px_per_deg=1)(x)
    assert pooled.shape == (3, 15, 15)
    assert torch.equal(x, before)
    torch.testing.assert_close(pooled, EccentricityPool2d(slope=0.3, px_per_deg=1)(x[None])[0])


def test_gradients_reach_the_input():
    x = torch.randn(1, 1, 12, 12, dtype=torch.float64, requires_grad=True)
    law = RingLaw(slope=0.5, px_per_deg=1, fovea_deg=1)
    assert torch.autograd.gradcheck(lambda maps: eccentricity_pool(maps, law), (x,))


@pytest.mark.parametrize(
    ("settings", "word"),
    [
        ({"kind": "mean"}, "kind"),
        ({"px_per_deg": 0}, "px_per_deg"),
        ({"slope": float("nan")}, "slope"),
        ({"slope": "steep"}, "slope"),
        ({"min_window": 0}, "min_window"),
        ({"stride": 1.5}, "stride"),
    ],
)
def test_bad_settings_are_named(settings, word):
    with pytest.raises(InputError, match=word):
        EccentricityPool2d(**settings)


@pytest.mark.parametrize("x", [np.zeros((4, 4)), np.zeros((1, 4, 4), dtype=np.uint8), np.zeros((1, 0, 4))])
def test_bad_maps_are_refused(x):
    with pytest.raises(InputError):
        eccentricity_pool(x)


def test_a_fixation_that_is_not_a_place_is_refused():
    with pytest.raises(InputError, match="fixation"):
        eccentricity_pool(torch.zeros(1, 8, 8), fixation=(float("nan"), 2))
    with pytest.raises(InputError, match="one pair"):
        eccentricity_pool(torch.zeros(1, 8, 8), fixation=((1, 2), (3, 4)))
    with pytest.raises(InputError, match="field_px"):
        eccentricity_pool(torch.zeros(1, 8, 8), fixation=(1, 2), field_px=-3)
