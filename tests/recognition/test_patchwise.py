import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from scanpath import create_backbone
from scanpath.recognition.patchwise import FineFeatures, coarse_features, empty_ground
from scanpath.recognition.rectangles import Rectangle

GRAY = 0.3
SEED = {"weights": {"seed": 1}}


def square_around(image, fixation, half):
    """Paste the picture into an empty square centered on the fixation (column, row)."""
    height, width = image.shape[-2:]
    canvas = torch.full((3, height + 4 * half, width + 4 * half), GRAY)
    canvas[:, 2 * half : 2 * half + height, 2 * half : 2 * half + width] = image
    top, left = fixation[1] + half, fixation[0] + half
    return canvas[None, :, top : top + 2 * half, left : left + 2 * half]


def check_walk(backbone, size, walk, *, margin=28, seed=0):
    """Features from patches equal those of the whole square at every step of a walk that also changes the picture.

    A step is a fixation and the labels of the places that are painted over by then.
    """
    half = size[0] + margin
    image = torch.rand(3, *size, generator=torch.Generator().manual_seed(seed))
    places = {
        label: Rectangle(
            size[0] * label // 5,
            size[0] * label // 5 + max(1, size[0] // 7),
            size[1] * label // 6,
            size[1] * label // 6 + max(1, size[1] // 5),
        )
        for label in range(1, 4)
    }
    ground = empty_ground(backbone, 2 * half, GRAY)
    fine = FineFeatures(ground, size)
    for fixation, labels in walk:
        painted = image.clone()
        for label in labels:
            places[label].put(painted, GRAY)
        with torch.inference_mode():
            origin = (fixation[1] - half, fixation[0] - half)
            levels = coarse_features(
                ground, fine.in_square(painted, origin, {label: places[label] for label in labels})
            )
        for level, expected in zip(levels, backbone(square_around(painted, fixation, half)), strict=True):
            assert level.shape == expected.shape
            assert (level - expected).abs().max() <= 1e-5 * expected.abs().max()


WALK = [((25, 20), ()), ((25, 20), (1, 2)), ((0, 1), (2,)), ((29, 24), (1, 3))]


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("steerable", {"px_per_deg": 6}),
        ("squeezenet1_1", {"px_per_deg": 6, **SEED}),
        ("squeezenet1_1", {"eccentricity": False, **SEED}),
        ("mobilenet_v2", {"px_per_deg": 6, **SEED}),
        ("resnet18", SEED),
        ("alexnet", SEED),
    ],
)
def test_every_network_gives_the_same_features_from_patches(name, given):
    check_walk(create_backbone(name, **given), (50, 50), WALK)


@pytest.fixture(scope="module")
def squeezenet():
    return create_backbone("squeezenet1_1", px_per_deg=5, **SEED)


@settings(max_examples=8, deadline=None)
@given(
    height=st.integers(9, 60),
    width=st.integers(9, 120),
    steps=st.lists(
        st.tuples(st.floats(0, 1), st.floats(0, 1), st.sets(st.integers(1, 3))), min_size=2, max_size=3
    ),
)  # fmt: skip
def test_any_walk_over_any_picture_gives_the_same_features(squeezenet, height, width, steps):
    """Odd sides, pictures wider than the square, fixations at the border, places painted and restored."""
    walk = [((int(x * (width - 1)), int(y * (height - 1))), tuple(labels)) for x, y, labels in steps]
    check_walk(squeezenet, (height, width), walk)


def test_the_published_network_gives_the_same_features_from_patches():
    check_walk(create_backbone("vgg16", **SEED), (40, 70), [((20, 20), ()), ((69, 0), (1,))])


def test_a_second_look_from_the_same_phase_computes_no_fine_features_again(squeezenet, monkeypatch):
    from scanpath.recognition import patchwise

    calls = []
    real = patchwise.region
    monkeypatch.setattr(patchwise, "region", lambda *args, **kwargs: calls.append(args) or real(*args, **kwargs))
    ground = empty_ground(squeezenet, 256, GRAY)
    fine = FineFeatures(ground, (60, 60))
    image = torch.rand(3, 60, 60)
    with torch.inference_mode():
        first = fine.in_square(image, (-100, -100), {})
        count = len(calls)
        assert count > 0
        again = fine.in_square(image, (-108, -96), {})
    assert len(calls) == count
    assert torch.equal(first.values, again.values)
    assert again.rectangle == first.rectangle.moved(2, -1)
