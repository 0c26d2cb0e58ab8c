"""The four conditions: matched blurs, rings with few pixels, and where no blur loses as much as the texture."""

from itertools import pairwise

import numpy as np
import pytest
import torch

import scanpath as sp
from scanpath.foveation.conditions import (
    CONDITIONS,
    LEAST_RING_PX,
    FoveationConditions,
    fit_conditions,
    ring_edges_deg,
)
from scanpath.stimuli.drawn_scenes import SCENE_CLASSES, drawn_scene

SIDE = 48
SCALE = SIDE / 26


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def scenes(n, seed):
    drawn = [drawn_scene(SCENE_CLASSES[i % 8], size_px=SIDE, seed=seed, number=i) for i in range(n)]
    return torch.from_numpy(np.stack(drawn))


@pytest.fixture(scope="module")
def fitted():
    return fit_conditions(scenes(24, 50), px_per_deg=SCALE, seeds=range(24))


def test_blurs_lose_as_much_as_texture_on_other_pictures(fitted):
    pictures = scenes(48, 51)
    seen = {name: fitted.apply(pictures, name, seeds=range(100, 148)) for name in CONDITIONS}
    assert torch.equal(seen["reference"], pictures)
    for blur in CONDITIONS[2:]:
        report = sp.verify_match(pictures, seen["texture"], seen[blur])
        assert abs(report.difference) < 0.02
        assert report.distorted.mean() < 0.8


def test_every_picture_has_the_texture_of_its_own_seed(fitted):
    pictures = scenes(2, 52)[[0, 0, 1]]
    seen = fitted.apply(pictures, "texture", seeds=(5, 6, 5))
    assert not torch.equal(seen[0], seen[1])
    alone = fitted.apply(pictures[2:], "texture", seeds=(5,))
    assert torch.equal(seen[2], alone[0])


def test_conditions_are_kept_as_they_are(fitted, tmp_path):
    fitted.save(tmp_path / "c.json")
    assert FoveationConditions.load(tmp_path / "c.json") == fitted
    (tmp_path / "c.json").write_text("{}")
    with pytest.raises(sp.InputError, match="does not hold conditions"):
        FoveationConditions.load(tmp_path / "c.json")


@pytest.mark.parametrize("scaling", [0.1, 0.25, 0.4, 0.55, 1.0])
@pytest.mark.parametrize("size_px", [48, 64, 256])
def test_rings_reach_the_corner_and_hold_enough_pixels(scaling, size_px):
    scale = size_px / 26
    edges = ring_edges_deg(size_px, px_per_deg=scale, scaling=scaling)
    middle = (size_px - 1) / 2
    e = sp.eccentricity_map((size_px, size_px), (middle, middle), px_per_deg=scale)
    assert edges[0] == 1.82
    assert edges[-1] > float(e.max())
    counts = [int(((e >= inner) & (e < outer)).sum()) for inner, outer in pairwise(edges)]
    assert min(counts) >= LEAST_RING_PX


def test_a_ring_that_no_blur_can_match_gets_the_one_that_loses_most_and_says_so():
    """A negative loses more than any blur of the picture."""
    pictures = torch.rand((3, 1, 32, 32), generator=torch.Generator().manual_seed(0))
    match = sp.match_ring_blur(pictures, 1 - pictures, (15.5, 15.5), edges_deg=(2, 8, 23), px_per_deg=1)
    assert set(match.sigma_px) <= {1.0, 2.0, 4.0, 8.0, 16.0, 32.0}
    assert min(match.gap) > 0
    np.testing.assert_allclose(match.gap, np.subtract(match.achieved, match.target))


@pytest.mark.parametrize("scaling", [0.55, 0.7])
def test_coarse_windows_can_be_fitted(scaling):
    found = fit_conditions(scenes(8, 53), px_per_deg=SCALE, scaling=scaling, seeds=range(8), tolerance=5e-3)
    assert len(found.rings.gap) == len(found.rings.sigma_px)
    assert found.sigma_px > 0


def test_bad_input_is_one_sentence(fitted):
    pictures = scenes(2, 54)
    for call, words in [
        (lambda: fitted.apply(pictures, "sepia", seeds=(1, 2)), "condition"),
        (lambda: fitted.apply(pictures, "texture", seeds=(1,)), "one seed each"),
        (lambda: fitted.apply(pictures[..., :40], "texture", seeds=(1, 2)), "These conditions are for"),
        (lambda: fit_conditions(pictures[..., :40], px_per_deg=2, seeds=(1, 2)), "square"),
    ]:
        with pytest.raises(sp.InputError, match=words):
            call()
