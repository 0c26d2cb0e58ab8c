import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from torchvision import tv_tensors

from scanpath import InputError
from scanpath.training.regimes import (
    REGIMES,
    Fisheye,
    LineOverlay,
    Rotate90,
    fisheye,
    overlay_lines,
    regime_transform,
    rotate90,
)

sizes = st.integers(1, 160)


def test_rotation_is_numpys_and_four_make_a_whole():
    image = torch.rand(3, 5, 9)
    np.testing.assert_array_equal(rotate90(image), np.rot90(image.numpy(), axes=(1, 2)))
    turned = image
    for _ in range(4):
        turned = rotate90(turned)
    assert torch.equal(turned, image)


@given(sizes, sizes)
def test_lines_stand_where_the_study_drew_them(height, width):
    """Rows i to i + 4 for i in range(45, height - 5, 50), columns likewise (the study's script for its pictures)."""
    expected = np.ones((1, height, width), dtype=np.float32)
    for i in range(45, height - 5, 50):
        expected[:, i : i + 5, :] = 0
    for i in range(45, width - 5, 50):
        expected[:, :, i : i + 5] = 0
    given = torch.ones(1, height, width)
    np.testing.assert_array_equal(overlay_lines(given), expected)
    assert given.all()


def sampled_radii(side, ratio):
    """Distances from the center that a fisheye of a picture of its own coordinates samples, along a row."""
    x = (torch.arange(side, dtype=torch.float64) - (side - 1) / 2).expand(side, side)
    middle = side // 2
    return fisheye(x[None], density_ratio=ratio)[0, middle, middle:].numpy()


@pytest.mark.parametrize("ratio", [2.0, 10.0, 50.0])
def test_fisheye_spacing_follows_the_density(ratio):
    """Density per area k^(-r/R) means samples apart by k^(r/2R) times the central distance."""
    side = 801
    r = sampled_radii(side, ratio)[:-2]
    steps = np.diff(r)
    centers = (r[1:] + r[:-1]) / 2
    expected = ratio ** (centers / side)  # r / 2R with R = side / 2
    np.testing.assert_allclose(steps / steps[0], expected / expected[0], rtol=1e-3)
    assert r[0] == pytest.approx(0, abs=1e-9)
    assert r[-1] > 0.98 * r.max()
    assert abs(r[-1] - side / 2) < 8


def test_fisheye_agrees_with_the_recursion_of_the_study_s_program():
    """retinawarp (2018) builds distances step by step from the local density, scaled to end at the border."""
    side, ratio = 1000, 10.0
    half = side // 2
    a = np.log(ratio) / half

    def recursion(unit):
        r = [0.0]
        for _ in range(1, half):
            r.append(r[-1] + unit * np.exp(a * r[-1] / 2))
        return np.array(r)

    low, high = 0.1, 1.0
    for _ in range(60):
        unit = (low + high) / 2
        low, high = (unit, high) if recursion(unit)[-1] < half else (low, unit)
    ours = sampled_radii(side, ratio)[: half - 1]
    theirs = recursion(unit)[: half - 1] + unit / 2  # its first sample is the center itself, ours half a pixel beside
    np.testing.assert_allclose(ours[:450], theirs[:450], atol=1.5)


def test_fisheye_keeps_the_center_enlarges_it_and_leaves_corners_black():
    image = torch.zeros(1, 1001, 1001)
    image[0, 495:506, 495:506] = 1
    warped = fisheye(image)
    assert warped[0, 500, 500] == 1
    # each side grows by (ln 10 / 2) / (1 - 10^-1/2) = 1.684 in the limit of a small square
    assert warped.sum() == pytest.approx(121 * 1.684**2, rel=0.03)
    assert fisheye(torch.ones(1, 100, 100))[0, 0, 0] == 0


@given(sizes, sizes)
def test_fisheye_is_symmetric_and_stays_in_range(height, width):
    image = torch.rand(2, height, width, generator=torch.Generator().manual_seed(0))
    warped = fisheye(image)
    assert warped.shape == image.shape
    assert 0 <= warped.min() <= warped.max() <= 1 + 1e-6
    torch.testing.assert_close(fisheye(image.flip(-1)).flip(-1), warped, atol=1e-4, rtol=0)
    torch.testing.assert_close(fisheye(image.mT).mT, warped, atol=1e-4, rtol=0)


@pytest.mark.parametrize("transform", [Rotate90(), Fisheye(), LineOverlay()])
def test_transforms_take_what_torchvision_takes(transform):
    values = torch.randint(0, 256, (3, 60, 80), dtype=torch.uint8, generator=torch.Generator().manual_seed(1))
    plain = transform(values)
    wrapped, label = transform(tv_tensors.Image(values), 3)
    assert isinstance(wrapped, tv_tensors.Image)
    assert label == 3
    assert torch.equal(wrapped.as_subclass(torch.Tensor), plain)
    pillow = transform(Image.fromarray(values.permute(1, 2, 0).numpy()))
    np.testing.assert_array_equal(np.asarray(pillow), plain.permute(1, 2, 0).numpy())
    assert plain.dtype == torch.uint8
    boxes = tv_tensors.BoundingBoxes(torch.tensor([[0, 0, 5, 5]]), format="XYXY", canvas_size=(60, 80))
    with pytest.raises(InputError, match="BoundingBoxes"):
        transform(tv_tensors.Image(values), boxes)


@pytest.mark.parametrize("regime", REGIMES)
@pytest.mark.parametrize("size", [(40, 400), (33, 32), (5, 9)])
def test_regimes_give_crops_of_one_size_from_any_picture(regime, size):
    image = torch.rand(3, *size)
    for train in (True, False):
        crop = regime_transform(regime, train=train, resize_px=36, crop_px=32)(image)
        assert crop.shape == (3, 32, 32)
    validation = regime_transform(regime, train=False, resize_px=36, crop_px=32)
    assert torch.equal(validation(image), validation(image))


def test_the_rotated_regime_is_the_plain_one_turned():
    image = torch.rand(3, 50, 70)
    plain, rotated = (regime_transform(name, train=False, resize_px=36, crop_px=32) for name in ("plain", "rotated"))
    assert torch.equal(rotated(image), rotate90(plain(image)))


def test_training_crops_vary_and_follow_torchs_seed():
    image, crop = torch.rand(3, 50, 90), regime_transform("plain", train=True, resize_px=36, crop_px=24)
    seen = []
    for seed in (0, 0, 1):
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            seen.append(crop(image))
    assert torch.equal(seen[0], seen[1])
    assert not torch.equal(seen[0], seen[2])


def test_wrong_use_is_said():
    with pytest.raises(InputError, match="above 1"):
        fisheye(torch.ones(1, 4, 4), density_ratio=1)
    with pytest.raises(InputError, match="rotated"):
        regime_transform("rotate", train=True)
    with pytest.raises(InputError, match="does not fit"):
        regime_transform("plain", train=True, resize_px=200)
