"""A tensor in is a tensor out and an array in an array out: what the types say, and what comes back.

Each line is read twice: pytest runs it, and mypy, which `test_mypy_agrees` calls, checks the type that is asserted.
"""

import subprocess
import sys
from pathlib import Path
from typing import assert_type

import numpy as np
import pytest
import torch
from torch import Tensor

import scanpath as sp
from scanpath import foveation, geometry

ROOT = Path(__file__).parents[2]
TENSOR = torch.rand(3, 64, 64, generator=torch.Generator().manual_seed(0))
ARRAY: np.ndarray = TENSOR.numpy().copy()
MEMORY: np.ndarray = np.zeros((64, 64))
POINT = (31.5, 30.0)


def test_blur():
    assert isinstance(assert_type(sp.foveated_blur(TENSOR, POINT, px_per_deg=8), Tensor), Tensor)
    assert isinstance(assert_type(sp.foveated_blur(ARRAY, np.array(POINT), px_per_deg=8), np.ndarray), np.ndarray)
    assert isinstance(assert_type(sp.variable_blur(TENSOR, torch.ones(64, 64)), Tensor), Tensor)
    assert isinstance(assert_type(sp.variable_blur(image=ARRAY, sigma_px=torch.ones(64, 64)), np.ndarray), np.ndarray)
    assert isinstance(assert_type(sp.BlurPyramid(TENSOR, px_per_deg=8).at(POINT), Tensor), Tensor)
    assert isinstance(assert_type(sp.BlurPyramid(ARRAY, px_per_deg=8).at(POINT), np.ndarray), np.ndarray)
    ring = foveation.match_ring_blur(ARRAY, ARRAY, POINT, edges_deg=(1, 2), px_per_deg=8)
    assert isinstance(assert_type(ring.apply(ARRAY, POINT), np.ndarray), np.ndarray)
    assert isinstance(assert_type(foveation.ssim_map(TENSOR, ARRAY), Tensor), Tensor)
    assert isinstance(assert_type(foveation.match_uniform_blur(TENSOR, ARRAY), float), float)


def test_neva():
    assert isinstance(assert_type(sp.neva_blur(TENSOR, POINT), Tensor), Tensor)
    assert isinstance(assert_type(sp.neva_blur(ARRAY, POINT, memory=torch.zeros(64, 64)), np.ndarray), np.ndarray)
    assert isinstance(assert_type(foveation.neva_mask((64, 64), POINT), Tensor), Tensor)
    assert isinstance(assert_type(foveation.neva_mask((64, 64), np.array(POINT)), np.ndarray), np.ndarray)
    assert isinstance(assert_type(sp.neva_memory(MEMORY, POINT), np.ndarray), np.ndarray)


def test_sampling():
    rings = assert_type(sp.log_polar(TENSOR, POINT, (16, 32), px_per_deg=8), Tensor)
    assert isinstance(rings, Tensor)
    assert isinstance(assert_type(sp.log_polar(ARRAY, POINT, [16, 32], px_per_deg=8), np.ndarray), np.ndarray)
    drawn = assert_type(sp.inverse_log_polar(rings.numpy(), POINT, TENSOR.shape[-2:], px_per_deg=8), np.ndarray)
    assert isinstance(drawn, np.ndarray)
    assert isinstance(assert_type(sp.glimpse(TENSOR, POINT, (8, 8)), Tensor), Tensor)
    assert isinstance(assert_type(sp.glimpse(ARRAY, POINT, (8, 8)), np.ndarray), np.ndarray)
    sheet = assert_type(sp.cortical_view(ARRAY, POINT, (16, 32), px_per_deg=8), np.ndarray)
    assert isinstance(sheet, np.ndarray)
    assert isinstance(
        assert_type(sp.inverse_cortical_view(sheet, POINT, (64, 64), px_per_deg=8), np.ndarray), np.ndarray
    )


def test_windows():
    windows = sp.PoolingWindows((64, 64), POINT, px_per_deg=8)
    pooled = assert_type(windows.pool(ARRAY), np.ndarray)
    assert isinstance(pooled, np.ndarray)
    assert isinstance(assert_type(windows.pool(TENSOR), Tensor), Tensor)
    assert isinstance(assert_type(windows.spread(pooled), np.ndarray), np.ndarray)
    values = assert_type(sp.pooled_statistics(ARRAY, POINT, px_per_deg=4, n_scales=2), dict[str, np.ndarray])
    assert all(isinstance(group, np.ndarray) for group in values.values())
    assert_type(sp.pooled_statistics(TENSOR, n_scales=2), dict[str, Tensor])
    assert isinstance(assert_type(sp.foveated_texture(TENSOR, POINT, px_per_deg=8), Tensor), Tensor)
    assert isinstance(assert_type(sp.foveated_texture(ARRAY, POINT, px_per_deg=8), np.ndarray), np.ndarray)


def test_metamer():
    plain = assert_type(sp.synthesize_metamer(ARRAY, POINT, "luminance", steps=1, px_per_deg=4), np.ndarray)
    assert isinstance(plain, np.ndarray)
    told = sp.synthesize_metamer(ARRAY, POINT, "luminance", steps=1, px_per_deg=4, report=True)
    assert isinstance(assert_type(told, foveation.Metamer[np.ndarray]).image, np.ndarray)


def test_geometry():
    pairs: np.ndarray = np.array([[3.0, 4.0]])
    assert isinstance(assert_type(sp.eccentricity_map((3, 4), POINT, px_per_deg=8), Tensor), Tensor)
    assert isinstance(assert_type(sp.eccentricity_map((3, 4), np.array(POINT), px_per_deg=8), np.ndarray), np.ndarray)
    assert isinstance(assert_type(geometry.log_map(pairs), np.ndarray), np.ndarray)
    assert isinstance(assert_type(geometry.inverse_dipole_map(torch.tensor([[3.0, 4.0]])), Tensor), Tensor)
    assert isinstance(assert_type(geometry.linear_sigma(3), float), float)
    assert isinstance(assert_type(geometry.cortical_magnification(TENSOR), Tensor), Tensor)
    assert isinstance(assert_type(geometry.contrast_threshold(4.0, ARRAY), np.ndarray), np.ndarray)
    assert isinstance(assert_type(geometry.contrast_threshold(TENSOR, 4.0), Tensor), Tensor)
    assert isinstance(assert_type(geometry.midget_density(ARRAY, polar_deg=30.0), np.ndarray), np.ndarray)


@pytest.mark.slow
def test_mypy_agrees():
    pytest.importorskip("mypy")
    command = [sys.executable, "-m", "mypy", "--no-error-summary", "--config-file", "setup.cfg", __file__]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert Path(__file__).name not in result.stdout, result.stdout
