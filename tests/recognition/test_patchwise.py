import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from scanpath import create_backbone
from scanpath.recognition import coarse_features as coarse
from scanpath.recognition import empty_ground as module
from scanpath.recognition import ground_map, patchwise
from scanpath.recognition.coarse_features import coarse_features
from scanpath.recognition.empty_ground import empty_ground
from scanpath.recognition.patchwise import FineFeatures
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
            reached = fine.in_square(painted, origin, {label: places[label] for label in labels})
            levels = list(coarse_features(ground, reached))
        expected = backbone(square_around(painted, fixation, half))
        for cells, empty, level in zip(levels, ground.levels, expected, strict=True):
            whole = cells.over(empty, Rectangle(0, empty.side, 0, empty.side))
            assert whole.shape == level.shape
            assert (whole - level).abs().max() <= 1e-5 * level.abs().max()


WALK = [((25, 20), ()), ((25, 20), (1, 2)), ((0, 1), (2,)), ((29, 24), (1, 3))]


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("steerable", {"px_per_deg": 6}),
        ("squeezenet1_1", {"px_per_deg": 6, **SEED}),
        ("squeezenet1_1", {"eccentricity": False, **SEED}),
        ("squeezenet1_1", {"px_per_deg": 6, "pooling": "max", **SEED}),
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


@pytest.mark.parametrize(
    ("name", "side", "small"),
    [("steerable", 300, 128), ("squeezenet1_1", 291, 64), ("vgg16", 214, 64), ("resnet18", 222, 128)],
)
def test_a_small_empty_square_stands_for_a_large_one(name, side, small, monkeypatch):
    backbone = create_backbone(name, px_per_deg=6, **({} if name == "steerable" else SEED))
    monkeypatch.setattr(module, "SMALL_SIDE_PX", small)
    ground = empty_ground(backbone, side, GRAY)
    monkeypatch.setattr(module, "SMALL_SIDE_PX", side)
    monkeypatch.setattr(ground_map, "WORTHWHILE", 2)
    direct = empty_ground(backbone, side, GRAY)
    assert all(len(stage.body.rims) == 1 for stage in direct.stages)
    assert len(ground.stages[0].body.rims) == 4
    for found, expected in zip(ground.stages, direct.stages, strict=True):
        for a, b in ((found.body, expected.body), (found.level, expected.level)):
            assert a.whole.shape == b.whole.shape
            assert (a.whole - b.whole).abs().max() <= 1e-5 * b.whole.abs().max()
    for link, other in zip(ground.fine, direct.fine, strict=True):
        assert (link.side, link.reach) == (other.side, other.reach)
        torch.testing.assert_close(link.ground.value, other.ground.value)


def test_a_square_too_small_to_be_free_of_its_border_is_not_used(monkeypatch):
    backbone = create_backbone("steerable")
    monkeypatch.setattr(module, "SMALL_SIDE_PX", 32)
    seen = []
    real = module._fine_of_square
    monkeypatch.setattr(module, "_fine_of_square", lambda *args: seen.append(args[1]) or real(*args))
    empty_ground(backbone, 400, GRAY)
    assert 64 < seen[-1] < 400


def test_a_large_picture_is_computed_in_strips_and_few_phases_are_kept(squeezenet, monkeypatch):
    ground = empty_ground(squeezenet, 2 * (90 + 28), GRAY)
    image = torch.rand(3, 90, 110, generator=torch.Generator().manual_seed(3))
    origins = ((-100, -100), (-99, -98), (-97, -101), (-100, -100))

    def looks():
        fine = FineFeatures(ground, (90, 110))
        with torch.inference_mode():
            rows = [fine.in_square(image, origin, {}) for origin in origins]
            found = [one.between(one.rectangle.top, one.rectangle.bottom) for one in rows]
        return found, [patch.values.nbytes for patch, _ in fine._kept.values()]

    whole, sizes = looks()
    assert len(sizes) == 3
    most = sum(sizes) - 1
    monkeypatch.setattr(patchwise, "STRIP_PX", 110 * 20)
    monkeypatch.setattr(patchwise, "KEPT_BYTES", most)
    calls = []
    real = patchwise.region
    monkeypatch.setattr(patchwise, "region", lambda *args, **kwargs: calls.append(args) or real(*args, **kwargs))
    strips, sizes = looks()
    assert len(calls) >= 4 * 5
    assert len(sizes) == 2
    assert sum(sizes) <= most
    for a, b in zip(whole, strips, strict=True):
        assert a.rectangle == b.rectangle
        assert (a.values - b.values).abs().max() <= 1e-5 * a.values.abs().max()


def test_a_picture_that_is_just_no_larger_than_a_strip_is_seen_as_any_other(monkeypatch):
    """What the first layers make of it, before any stride, is larger than a strip."""
    monkeypatch.setattr(patchwise, "STRIP_PX", 50 * 50)
    check_walk(create_backbone("steerable", px_per_deg=6), (50, 50), WALK)


def test_a_second_look_from_the_same_phase_computes_no_fine_features_again(squeezenet, monkeypatch):
    calls = []
    real = patchwise.region
    monkeypatch.setattr(patchwise, "region", lambda *args, **kwargs: calls.append(args) or real(*args, **kwargs))
    ground = empty_ground(squeezenet, 256, GRAY)
    fine = FineFeatures(ground, (60, 60))
    image = torch.rand(3, 60, 60)
    with torch.inference_mode():
        first = fine.in_square(image, (-100, -100), {}).between(0, 256)
        count = len(calls)
        assert count > 0
        again = fine.in_square(image, (-108, -96), {}).between(0, 256)
    assert len(calls) == count
    assert torch.equal(first.values, again.values)
    assert again.rectangle == first.rectangle.moved(2, -1)


@pytest.mark.parametrize("name", ["steerable", "squeezenet1_1", "resnet18"])
def test_features_that_are_not_kept_are_made_some_rows_at_a_time_and_are_the_same(name, monkeypatch):
    monkeypatch.setattr(patchwise, "STRIP_PX", 70 * 20)
    monkeypatch.setattr(patchwise, "KEPT_BYTES", 0)
    monkeypatch.setattr(coarse, "BAND_BYTES", 1 << 14)
    backbone = create_backbone(name, px_per_deg=6, **({} if name == "steerable" else SEED))
    check_walk(backbone, (50, 70), [((25, 20), ()), ((0, 49), (1, 2)), ((69, 3), (2,))])
