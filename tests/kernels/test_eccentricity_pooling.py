import os
import subprocess
import sys
import textwrap

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from scanpath._core.errors import InputError
from scanpath.kernels.dispatch import use_kernel
from scanpath.kernels.eccentricity_pooling import pool_windows


def random_bounds(rng, size, out):
    """Any windows inside a map of `size`, none empty."""
    bounds = np.empty((4, *out), dtype=np.int32)
    for axis, length in enumerate(size):
        start = rng.integers(0, length, out)
        bounds[2 * axis] = start
        bounds[2 * axis + 1] = rng.integers(start + 1, length + 1)
    return bounds


def one_by_one(x, bounds, kind):
    """Every window cut out and reduced on its own."""
    out = np.empty((*x.shape[:2], *bounds.shape[1:]))
    for i, j in np.ndindex(bounds.shape[1:]):
        y0, y1, x0, x1 = bounds[:, i, j]
        window = x[:, :, y0:y1, x0:x1].reshape(*x.shape[:2], -1)
        out[:, :, i, j] = window.mean(-1) if kind == "avg" else window.max(-1)
    return out


@pytest.mark.parametrize("kernel", ["reference", "cpu"])
@pytest.mark.parametrize("kind", ["avg", "max"])
@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), height=st.integers(1, 9), width=st.integers(1, 9), channels=st.integers(1, 5))
def test_every_output_is_the_mean_or_maximum_of_its_own_window(kernel, kind, seed, height, width, channels):
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((2, channels, height, width)).astype(np.float32)
    bounds = random_bounds(rng, (height, width), (3, 4))
    pooled = pool_windows(torch.from_numpy(x), bounds, kind, kernel=kernel)
    np.testing.assert_allclose(pooled.numpy(), one_by_one(x.astype(np.float64), bounds, kind), atol=1e-6)


@pytest.mark.parametrize("kind", ["avg", "max"])
def test_memory_layout_and_threads_do_not_change_the_result(kind):
    rng = np.random.default_rng(0)
    x = torch.from_numpy(rng.standard_normal((2, 33, 70, 71)).astype(np.float32))
    bounds = random_bounds(rng, (70, 71), (35, 30))
    first = pool_windows(x, bounds, kind)
    threads = torch.get_num_threads()
    try:
        torch.set_num_threads(3)
        again = pool_windows(x.contiguous(memory_format=torch.channels_last), bounds, kind)
    finally:
        torch.set_num_threads(threads)
    assert torch.equal(first, again)


def test_a_missing_value_spreads_to_the_windows_that_hold_it_and_to_no_other():
    rng = np.random.default_rng(1)
    x = torch.from_numpy(rng.standard_normal((1, 2, 8, 8)).astype(np.float32))
    x[0, 1, 3, 4] = torch.nan
    bounds = random_bounds(rng, (8, 8), (6, 6))
    holds = (bounds[0] <= 3) & (bounds[1] > 3) & (bounds[2] <= 4) & (bounds[3] > 4)
    for kind in ("avg", "max"):
        for kernel in ("reference", "cpu"):
            pooled = pool_windows(x, bounds, kind, kernel=kernel)
            assert not pooled[0, 0].isnan().any()
            np.testing.assert_array_equal(pooled[0, 1].isnan().numpy(), holds)


@pytest.mark.parametrize("kind", ["avg", "max"])
def test_gradients_go_through_the_reference(kind):
    rng = np.random.default_rng(2)
    x = torch.from_numpy(rng.standard_normal((1, 2, 6, 5))).requires_grad_()
    bounds = random_bounds(rng, (6, 5), (3, 3))
    assert torch.autograd.gradcheck(lambda maps: pool_windows(maps, bounds, kind), (x,))


def test_half_precision_and_a_given_target_are_kept():
    rng = np.random.default_rng(3)
    x = torch.from_numpy(rng.standard_normal((1, 4, 9, 9))).to(torch.float16)
    bounds = random_bounds(rng, (9, 9), (4, 4))
    out = torch.empty(1, 4, 4, 4, dtype=torch.float16)
    pooled = pool_windows(x, bounds, "avg", out=out)
    assert pooled is out
    with use_kernel("reference"):
        expected = pool_windows(x.double(), bounds, "avg")
    torch.testing.assert_close(out.double(), expected, atol=2e-3, rtol=0)


TRITON = """
    import numpy as np, torch
    from scanpath.kernels.eccentricity_pooling import pool_windows
    rng = np.random.default_rng(4)
    x = torch.from_numpy(rng.standard_normal((2, 5, 7, 6)).astype(np.float32))
    start = rng.integers(0, [[[7]], [[6]]], (2, 3, 4))
    stop = rng.integers(start + 1, [[[8]], [[7]]])
    bounds = np.stack([start[0], stop[0], start[1], stop[1]]).astype(np.int32)
    for kind in ("avg", "max"):
        pooled = pool_windows(x, bounds, kind, kernel="gpu")
        torch.testing.assert_close(pooled, pool_windows(x, bounds, kind, kernel="reference"), atol=1e-6, rtol=0)
    print("same")
"""


def test_triton_gives_the_same_numbers_when_it_is_interpreted():
    pytest.importorskip("triton")
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(TRITON)],
        env={**os.environ, "TRITON_INTERPRET": "1"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.stdout.strip() == "same", done.stderr[-2000:]


@pytest.mark.gpu
@pytest.mark.parametrize("kind", ["avg", "max"])
def test_triton_gives_the_same_numbers_on_a_device(kind):
    if not torch.cuda.is_available():
        pytest.skip("needs a CUDA device")
    rng = np.random.default_rng(5)
    x = torch.from_numpy(rng.standard_normal((2, 130, 40, 41)).astype(np.float32))
    bounds = random_bounds(rng, (40, 41), (20, 21))
    pooled = pool_windows(x.cuda(), bounds, kind, kernel="gpu").cpu()
    torch.testing.assert_close(pooled, pool_windows(x, bounds, kind, kernel="reference"), atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"kind": "mean"}, "max"),
        ({"bounds": np.array([0, 9, 0, 2])[:, None, None]}, "inside the map of 6 x 7 px"),
        ({"bounds": np.array([-1, 2, 0, 2])[:, None, None]}, "inside the map"),
        ({"bounds": np.array([2, 2, 0, 2])[:, None, None]}, "at least one px"),
        ({"x": torch.zeros(3, 6, 7)}, r"\(B, C, H, W\)"),
        ({"out": torch.zeros(4, 3, 1, 1)}, r"out must have shape \(1, 3, 1, 1\)"),
        ({"out": torch.zeros(1, 3, 1, 1, dtype=torch.float64)}, "float64"),
    ],
)
def test_what_would_be_read_or_written_past_is_refused(change, words):
    bounds = np.array([0, 2, 0, 2], dtype=np.int32)[:, None, None]
    arguments = {"x": torch.zeros(1, 3, 6, 7), "bounds": bounds, "kind": "avg"} | change
    with pytest.raises(InputError, match=words):
        pool_windows(**arguments)
