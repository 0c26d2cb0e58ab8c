"""How several fixations become one view."""

from functools import partial

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import scanpath as sp

A, B, C = (8.0, 10.0), (50.0, 30.0), (30.0, 5.0)


@pytest.fixture
def picture():
    return torch.rand(1, 40, 60, generator=torch.Generator().manual_seed(0))


@pytest.fixture
def blur(picture):
    return partial(sp.foveated_blur, picture, px_per_deg=4.0, law="linear", strength=2)


def sharpness(view, picture, point):
    """How close a view is to the picture around a point."""
    x, y = (int(value) for value in point)
    here = (slice(None), slice(max(y - 4, 0), y + 5), slice(max(x - 4, 0), x + 5))
    return -(view[here] - picture[here]).abs().mean().item()


def test_nearest_fixation_decides(blur, picture):
    """The view of two fixations is sharp at both, and at each pixel that of the nearer one."""
    view, first, second = blur([A, B], several=True), blur(A), blur(B)
    y, x = torch.meshgrid(torch.arange(40), torch.arange(60), indexing="ij")
    nearer = (x - A[0]) ** 2 + (y - A[1]) ** 2 < (x - B[0]) ** 2 + (y - B[1]) ** 2
    torch.testing.assert_close(view, torch.where(nearer, first, second), rtol=0, atol=1e-6)


@pytest.mark.parametrize("combine", ["min", "softmin"])
def test_order_does_not_matter_to_min_and_softmin(blur, combine):
    views = [blur(points, several=True, combine=combine) for points in ([A, B, C], [C, A, B])]
    torch.testing.assert_close(*views, rtol=0, atol=1e-6)


def test_last_forgets_all_but_one(blur):
    assert torch.equal(blur([A, B], several=True, combine="last"), blur(B))


def test_softmin_approaches_min_and_gives_every_fixation_a_gradient(blur):
    nearest = blur([A, B], several=True)
    soft = [blur([A, B], several=True, combine="softmin", softness_deg=softness) for softness in (4.0, 1.0, 0.05)]
    errors = [(view - nearest).abs().mean().item() for view in soft]
    assert errors == sorted(errors, reverse=True)
    assert errors[-1] < 1e-3
    points = torch.tensor([A, B, C], requires_grad=True)
    blur(points, several=True, combine="softmin").square().sum().backward()
    assert (points.grad.abs().sum(dim=1) > 0).all()


def test_decay_ages_fixations_in_order(blur, picture):
    view = blur([A, B, C], several=True, combine="decay", decay_deg=1.5)
    assert sharpness(view, picture, A) < sharpness(view, picture, B) < sharpness(view, picture, C)
    assert sharpness(view, picture, A) > sharpness(blur(C), picture, A)


def test_decay_adds_degrees_per_later_fixation(blur):
    """A fixation two steps ago counts as if it lay twice decay_deg farther away."""
    alone = blur([A, (1e6, 1e6), (1e6, 1e6)], several=True, combine="decay", decay_deg=1.5)
    law = lambda e: sp.geometry.linear_sigma(e + 3.0)  # noqa: E731
    torch.testing.assert_close(alone, blur(A, law=law), rtol=0, atol=1e-4)


@given(st.lists(st.tuples(st.floats(-20, 80), st.floats(-20, 60)), min_size=1, max_size=4))
@settings(deadline=None, max_examples=20)
def test_every_combination_of_one_place_is_that_place(places):
    picture = torch.rand(1, 16, 24, generator=torch.Generator().manual_seed(0))
    alone = sp.foveated_blur(picture, places[0], px_per_deg=2, law="linear")
    for combine in ("min", "softmin", "last", "decay"):
        repeated = sp.foveated_blur(
            picture, [places[0]] * len(places), px_per_deg=2, law="linear", several=True, combine=combine
        )
        torch.testing.assert_close(repeated, alone, rtol=0, atol=2e-5)


@given(st.lists(st.tuples(st.floats(-20, 80), st.floats(-20, 60)), min_size=2, max_size=4))
@settings(deadline=None, max_examples=20)
def test_another_fixation_never_blurs_what_was_seen(places):
    """Compared where it counts: the level of blur, through a picture whose brightness is its own blur."""
    point = torch.zeros(1, 41, 41)
    point[0, 20, 20] = 1.0  # its peak after the blur falls as the blur grows
    few = sp.foveated_blur(point, places[:-1], px_per_deg=2, law="linear", several=True)
    more = sp.foveated_blur(point, places, px_per_deg=2, law="linear", several=True)
    assert more[0, 20, 20] >= few[0, 20, 20] - 1e-6
