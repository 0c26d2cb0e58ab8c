"""A pyramid's views are those of the one-shot blur, whatever it has kept."""

import math

import numpy as np
import pytest
import torch

import scanpath as sp


def image(*shape, seed=0):
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("law", ["geisler_perry", "linear", "svis", "image_foveation", lambda e: 0.1 * e, "map"])
@pytest.mark.parametrize("quality", ["fast", "standard"])
def test_views_equal_the_blur(law, quality):
    law = 0.3 * image(9, 11, seed=1) if isinstance(law, str) and law == "map" else law
    picture = image(3, 50, 70)
    pyramid = sp.BlurPyramid(picture, px_per_deg=5, law=law, quality=quality, strength=1.5)
    for fixation in [(0, 0), (69, 49), (33.3, 12.7), (-400, 900), (20, 20)]:
        wanted = sp.foveated_blur(picture, fixation, px_per_deg=5, law=law, quality=quality, strength=1.5)
        torch.testing.assert_close(pyramid.at(fixation), wanted, rtol=0, atol=1e-5)


@pytest.mark.parametrize("combine", ["min", "softmin", "last", "decay"])
def test_several_fixations_and_batches(combine):
    pictures, points = image(2, 1, 40, 30), image(2, 3, 2, seed=2) * 40
    settings = {"combine": combine, "softness_deg": 2.0, "decay_deg": 0.5}
    pyramid = sp.BlurPyramid(pictures, px_per_deg=3, law="linear")
    wanted = sp.foveated_blur(pictures, points, px_per_deg=3, law="linear", **settings)
    torch.testing.assert_close(pyramid.at(points, **settings), wanted, rtol=0, atol=1e-5)
    together = pyramid.at(points[0], several=True, **settings)
    torch.testing.assert_close(together[0], wanted[0], rtol=0, atol=1e-5)


def test_out_is_filled_and_returned():
    picture = image(2, 40, 30)
    pyramid = sp.BlurPyramid(picture, px_per_deg=3, law="linear")
    out = torch.empty_like(picture)
    assert pyramid.at((3, 4), out=out) is out
    assert torch.equal(out, pyramid.at((3, 4)))
    with pytest.raises(sp.InputError, match="out must"):
        pyramid.at((3, 4), out=torch.empty(2, 40, 31))


def test_arrays_in_arrays_out():
    picture = image(2, 40, 30).numpy()
    pyramid = sp.BlurPyramid(picture, px_per_deg=3, law="linear")
    view, out = pyramid.at(np.array([3.0, 4.0])), np.empty_like(picture)
    assert isinstance(view, np.ndarray)
    np.testing.assert_array_equal(pyramid.at((3, 4), out=out), view)


@pytest.mark.parametrize("law", ["linear", "image_foveation"])
def test_the_next_frame(law):
    first, second = image(1, 40, 32), image(1, 40, 32, seed=9)
    pyramid = sp.BlurPyramid(first, px_per_deg=3, law=law)
    pyramid.at((1, 2))
    pyramid.reload(second)
    torch.testing.assert_close(pyramid.at((1, 2)), sp.BlurPyramid(second, px_per_deg=3, law=law).at((1, 2)))
    if law == "linear":
        with pytest.raises(sp.InputError, match="new pyramid"):
            pyramid.reload(image(1, 40, 33))
    assert pyramid.at((1, 2), out=torch.empty(1, 40, 32)).shape == (1, 40, 32)  # what was refused changed nothing


def test_gradients_pass_through_a_pyramid():
    picture = image(1, 24, 20)
    point = torch.tensor([7.3, 9.1], requires_grad=True)
    view = sp.BlurPyramid(picture, px_per_deg=2, law="linear").at(point)
    (slope,) = torch.autograd.grad(view.square().sum(), point)
    wanted = sp.foveated_blur(picture, point, px_per_deg=2, law="linear").square().sum()
    torch.testing.assert_close(slope, *torch.autograd.grad(wanted, point))
    leaf = picture.clone().requires_grad_()
    sp.BlurPyramid(leaf, px_per_deg=2, law="linear").at((3, 4)).sum().backward()
    assert leaf.grad is not None


def test_a_gradient_after_a_reload_is_refused():
    point = torch.tensor([7.3, 9.1], requires_grad=True)
    pyramid = sp.BlurPyramid(image(1, 24, 20), px_per_deg=2, law="linear")
    view = pyramid.at(point)
    pyramid.reload(image(1, 24, 20, seed=1))
    with pytest.raises(sp.InputError, match="reloaded"):
        view.sum().backward()


@pytest.mark.parametrize(
    ("settings", "words"),
    [({"law": "lineer"}, "linear"), ({"quality": "precisely"}, "precise"), ({"px_per_deg": 0}, "px_per_deg")],
)
def test_mistakes_show_when_it_is_made(settings, words):
    with pytest.raises(sp.InputError, match=words):
        sp.BlurPyramid(image(1, 8, 8), **{"px_per_deg": 2, **settings})


def test_mistakes_in_a_view():
    pyramid = sp.BlurPyramid(image(1, 8, 8), px_per_deg=2)
    with pytest.raises(sp.InputError, match="finite"):
        pyramid.at((math.nan, 1))
    with pytest.raises(sp.InputError, match="min"):
        pyramid.at((1, 1), combine="max")
