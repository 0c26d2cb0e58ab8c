"""Foveated blur against the exact per-pixel Gaussian, the programs it repeats, and its own definitions."""

import math
from functools import partial

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter
from skimage import data
from torch.autograd import gradcheck

import scanpath as sp
from scanpath.foveation.laws import SvisLaw
from scanpath.geometry.magnification import geisler_perry_sigma, linear_sigma

DECIBELS = {"fast": 46, "standard": 58, "precise": 64}
LAWS = ("geisler_perry", "linear", "watson", "svis", "image_foveation")


def photograph(name, side=256):
    """The middle of a photograph, gray, float64 in [0, 1]."""
    picture = getattr(data, name)() / 255.0
    picture = picture.mean(axis=2) if picture.ndim == 3 else picture
    top, left = ((n - side) // 2 for n in picture.shape)
    return picture[top : top + side, left : left + side]


def exactly_blurred(picture, sigma, ys, xs):
    """Each chosen pixel convolved with its own sampled Gaussian, the picture mirrored at its edges."""
    margin = math.ceil(5 * sigma.max()) + 1
    padded = np.pad(picture, margin, mode="symmetric")
    values = []
    for y, x in zip(ys, xs):
        reach = math.ceil(5 * sigma[y, x]) + 1
        offsets = np.arange(-reach, reach + 1)
        weights = np.exp(-0.5 * (offsets / max(sigma[y, x], 1e-6)) ** 2)
        weights /= weights.sum()
        part = padded[y + margin - reach : y + margin + reach + 1, x + margin - reach : x + margin + reach + 1]
        values.append(weights @ part @ weights)
    return np.array(values)


def decibels(a, b):
    return -10 * math.log10(np.mean((np.asarray(a) - np.asarray(b)) ** 2))


def eccentricity(size, fixation, px_per_deg):
    y, x = np.mgrid[: size[0], : size[1]]
    return np.hypot(x - fixation[0], y - fixation[1]) / px_per_deg


@pytest.mark.parametrize("quality", sorted(DECIBELS))
@pytest.mark.parametrize(
    ("law", "px_per_deg"),
    [
        ("geisler_perry", 60.0),
        ("linear", 10.0),
        (lambda e: 0.04 * torch.clamp(e - 2, min=0, max=30), 10.0),
        (lambda e: 0.02 + 0 * e, 100.0),
    ],
)
@pytest.mark.parametrize("name", ["astronaut", "grass"])
def test_close_to_the_exact_gaussian_at_every_pixel(name, law, px_per_deg, quality):
    picture, fixation = photograph(name), (90.3, 140.8)
    functions = {"geisler_perry": geisler_perry_sigma, "linear": linear_sigma}
    e = torch.from_numpy(eccentricity(picture.shape, fixation, px_per_deg))
    sigma = px_per_deg * functions.get(law, law)(e).numpy()
    ys, xs = np.random.default_rng(0).integers(0, 256, (2, 3000))
    wanted = exactly_blurred(picture, sigma, ys, xs)
    view = sp.foveated_blur(picture[None].astype(np.float32), fixation, px_per_deg=px_per_deg, law=law, quality=quality)
    assert decibels(view[0][ys, xs], wanted) >= DECIBELS[quality]


@pytest.mark.parametrize("quality", sorted(DECIBELS))
def test_an_even_map_is_a_gaussian_filter(quality):
    picture = photograph("astronaut")
    for sigma in (0.7, 1.5, 3.3, 6.0, 11.0):
        wanted = gaussian_filter(picture, sigma, mode="reflect", truncate=6)
        view = sp.variable_blur(picture[None].astype(np.float32), np.full((256, 256), sigma), quality=quality)
        assert decibels(view[0], wanted) >= DECIBELS[quality]


@pytest.mark.parametrize("picture", ["astronaut", "chelsea", "coffee"])
@pytest.mark.parametrize("fixations", ["one", "two", "five"])
def test_image_foveation_repeats_the_program(shared, picture, fixations):
    # outputs of Image_Foveation_Python at b782a09d with OpenCV 5.0.0, 8 bit: truncation alone costs 53 dB
    peer = np.load(shared / "goldens/peers/image_foveation/image_foveation.npz")
    image = torch.from_numpy(peer[f"{picture}_in"]).permute(2, 0, 1) / 255
    points = peer[f"{picture}_fix_{fixations}"]
    view = sp.foveated_blur(image, points, px_per_deg=7.5, law="image_foveation", several=True)
    wanted = torch.from_numpy(peer[f"{picture}_out_{fixations}"]).permute(2, 0, 1) / 255
    assert decibels(view, wanted) > 52
    assert (view - wanted).abs().max() * 255 <= 2.3
    if fixations == "one":
        floats = torch.from_numpy(peer[f"{picture}_out_one_floatinput"]).permute(2, 0, 1)
        assert ((view * 255).floor() - floats).abs().max() <= 1
        e = eccentricity(image.shape[-2:], points[0], 7.5)
        assert torch.equal(view[:, e < 2.7], image[:, e < 2.7])


@pytest.mark.parametrize("fixations", ["one", "two", "five"])
def test_image_foveation_repeats_the_part_kept_here(image_foveation_original, fixations):
    peer = image_foveation_original
    image, points = torch.from_numpy(peer["astronaut_in"]).permute(2, 0, 1) / 255, peer[f"astronaut_fix_{fixations}"]
    view = sp.foveated_blur(image, points, px_per_deg=7.5, law="image_foveation", several=True)[:, ::4, ::4] * 255
    wanted = torch.from_numpy(peer[f"astronaut_out_{fixations}"]).permute(2, 0, 1)
    assert decibels(view / 255, wanted / 255) > 52
    assert (view - wanted).abs().max() <= 2.3
    if fixations == "one":
        floats = torch.from_numpy(peer["astronaut_out_one_floatinput"]).permute(2, 0, 1)
        assert (view.floor() - floats).abs().max() <= 1


def test_image_foveation_repeats_the_program_at_odd_sizes(shared):
    peer = np.load(shared / "goldens/peers/image_foveation/image_foveation_oddsize.npz")
    image = torch.from_numpy(peer["image"]).permute(2, 0, 1) / 255
    view = sp.foveated_blur(image, peer["fix"], px_per_deg=7.5, law="image_foveation", several=True)
    wanted = torch.from_numpy(peer["out"]).permute(2, 0, 1) / 255
    assert decibels(view, wanted) > 50
    assert (view - wanted).abs().max() * 255 <= 2.3


def test_svis_weights():
    # of Perry and Geisler's formula with e2 = 2.3 deg: finer level and its share
    e = torch.tensor([0, 1, 2.3, 5, 10, 20, 40], dtype=torch.float64)
    law = SvisLaw(1.0, 1.0)
    coordinate = law.coordinate(law.plan((1000, 1000), e), e)
    level = torch.tensor([0, 0, 0, 1, 2, 3, 4])
    share = torch.tensor([1, 0.52843, 0, 0.39227, 0.61728, 0.73789, 0.80436], dtype=torch.float64)
    torch.testing.assert_close(coordinate, level + 1 - share, rtol=0, atol=1e-5)


@pytest.mark.parametrize("e", [1.0, 3.0, 6.0])
def test_svis_halves_the_amplitude_at_the_resolution_it_wants(e):
    """With the transfer function of the full-resolution level, which the display has, counted in."""
    frequency = 2.3 / (2.3 + e) * 0.248 * math.sqrt(2 * math.log(2))
    x = torch.arange(2001, dtype=torch.float64)
    grating = torch.cos(2 * math.pi * frequency * (x - 1000)).expand(1, 1, -1)
    px_per_deg = 900.0 / e  # so that the eccentricity hardly changes within the kernels at x = 1900
    view = sp.foveated_blur(grating, (1000, 0), px_per_deg=px_per_deg, law="svis")[0, 0]
    near = slice(1880, 1921)
    waves = torch.stack([grating[0, 0, near], torch.sin(2 * math.pi * frequency * (x[near] - 1000))])
    amplitude = torch.linalg.lstsq(waves.T, view[near, None]).solution.norm()
    display = math.exp(-(frequency**2) / (2 * 0.248**2))
    assert float(amplitude) * display == pytest.approx(0.5, abs=0.02)


def points(*shape):
    generator = torch.Generator().manual_seed(len(shape))
    return (torch.rand(*shape, 2, generator=generator, dtype=torch.float64) * 9 - 1).requires_grad_()


def small_image(*shape):
    generator = torch.Generator().manual_seed(1)
    return torch.rand(*shape, generator=generator, dtype=torch.float64).requires_grad_()


@pytest.mark.parametrize("law", [*LAWS, lambda e: 0.3 * e + 0.1])
def test_gradients_of_image_and_fixation(law):
    blur = partial(sp.foveated_blur, px_per_deg=1.1, law=law, strength=3.0)
    assert gradcheck(blur, (small_image(2, 1, 6, 7), points(2)), fast_mode=True)


@pytest.mark.parametrize("combine", ["min", "softmin", "last", "decay"])
def test_gradients_of_several_fixations(combine):
    blur = partial(sp.foveated_blur, px_per_deg=1.1, law="linear", strength=3.0, combine=combine)
    assert gradcheck(blur, (small_image(2, 1, 6, 7), points(2, 3)), fast_mode=True)


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("combine", ["min", "softmin", "decay"])
def test_gradients_of_the_fixation_alone(law, combine):
    """Where the image needs none, compiled loops take the derivative."""
    image = small_image(2, 2, 9, 11).detach()
    blur = partial(sp.foveated_blur, image, px_per_deg=1.1, law=law, strength=3.0, combine=combine)
    assert gradcheck(blur, (points(2, 3),))
    single = points(2, 3).detach().float().requires_grad_()
    slopes = []
    for kernel in ("auto", "reference"):
        view = sp.foveated_blur(image.float(), single, px_per_deg=1.1, law=law, combine=combine, kernel=kernel)
        slopes += torch.autograd.grad(view.square().sum(), single)
    torch.testing.assert_close(*slopes, rtol=1e-4, atol=1e-4)


def test_gradients_on_pixel_centers():
    """Fixations on whole pixels are the common case; the distance has a corner there, but the blur's slope is 0."""
    blur = partial(sp.foveated_blur, px_per_deg=1.1, law="linear", strength=3.0)
    point = torch.tensor([3.0, 2.0], dtype=torch.float64, requires_grad=True)
    assert gradcheck(blur, (small_image(1, 5, 6), point))


def test_gradients_of_maps():
    maps = small_image(7, 8)
    blur = lambda image, point, law: sp.foveated_blur(image, point, px_per_deg=1.1, law=law)  # noqa: E731
    assert gradcheck(blur, (small_image(1, 6, 7), points(2), maps), fast_mode=True)
    sigma = (2 * small_image(6, 7)).detach().requires_grad_()
    assert gradcheck(sp.variable_blur, (small_image(1, 6, 7), sigma), fast_mode=True)


def test_a_law_can_be_learned():
    """Gradients reach a law's own parameters, through the layer that holds it."""

    class Law(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.slope = torch.nn.Parameter(torch.tensor(0.06, dtype=torch.float64))

        def forward(self, eccentricity_deg):
            return self.slope * eccentricity_deg

    image = small_image(1, 24, 24).detach()
    layer = sp.FoveatedBlur(px_per_deg=2, law=Law())

    def detail():
        return layer(image, torch.tensor([12.0, 12.0])).var()

    detail().backward()
    (slope,) = (parameter.grad for parameter in layer.parameters())
    around = []
    for change in (1e-5, -1e-5):  # with gradients on, so that both sides are the same differentiable kernel
        layer.law.slope.data += change
        around.append(detail().detach())
        layer.law.slope.data -= change
    assert slope < 0
    torch.testing.assert_close(slope, (around[0] - around[1]) / 2e-5, rtol=1e-4, atol=0)


@pytest.mark.parametrize("law", LAWS)
@given(
    height=st.integers(1, 40),
    width=st.integers(1, 40),
    x=st.floats(-300, 300),
    y=st.floats(-300, 300),
    seed=st.integers(0, 100),
)
@settings(deadline=None, max_examples=15)
def test_views_stay_within_the_range_and_follow_mirrors(law, height, width, x, y, seed):
    """Every pixel is a weighted mean of the picture, and no direction is special."""
    image = torch.rand(2, height, width, generator=torch.Generator().manual_seed(seed))
    blur = partial(sp.foveated_blur, px_per_deg=2.0, law=law)
    view = blur(image, (x, y))
    assert view.shape == image.shape
    assert (view <= image.amax((1, 2), keepdim=True) + 1e-5).all()
    assert (view >= image.amin((1, 2), keepdim=True) - 1e-5).all()
    if law != "image_foveation" or not (height % 32 or width % 32):  # the program shifts odd sizes
        if not width % 16:  # half a sample at the right edge is interpolated
            torch.testing.assert_close(blur(image.flip(2), (width - 1 - x, y)).flip(2), view, rtol=0, atol=1e-4)
        torch.testing.assert_close(blur(image.mT, (y, x)).mT, view, rtol=0, atol=1e-5)


@pytest.mark.parametrize("law", LAWS)
def test_gray_stays_gray(law):
    image = torch.full((3, 37, 53), 0.37)
    view = sp.foveated_blur(image, (5, 60), px_per_deg=3, law=law)
    torch.testing.assert_close(view, image, rtol=0, atol=1e-6)


@pytest.mark.parametrize("law", LAWS)
def test_more_strength_leaves_less_detail(law):
    image = torch.from_numpy(photograph("camera", 128)[None].astype(np.float32))
    detail = [
        sp.foveated_blur(image, (64, 64), px_per_deg=10, law=law, strength=strength).diff(dim=2).std().item()
        for strength in (0.5, 1.0, 2.0, 4.0)
    ]
    assert detail == sorted(detail, reverse=True)


def test_strength_multiplies_the_blur():
    image = torch.rand(1, 64, 64, generator=torch.Generator().manual_seed(0))
    strong = sp.foveated_blur(image, (10, 20), px_per_deg=5, law="linear", strength=3)
    same = sp.foveated_blur(image, (10, 20), px_per_deg=5, law=lambda e: 3 * linear_sigma(e))
    torch.testing.assert_close(strong, same, rtol=0, atol=1e-6)


def test_px_per_deg_scales_picture_and_blur_together():
    """Twice the pixels per degree: half the eccentricity, and degrees of blur are twice as many pixels."""
    sigma = 12 * linear_sigma(eccentricity((64, 64), (10, 20), 12.0))
    image = torch.rand(1, 64, 64, generator=torch.Generator().manual_seed(0))
    view = sp.foveated_blur(image, (10, 20), px_per_deg=12, law="linear")
    torch.testing.assert_close(view, sp.variable_blur(image, torch.from_numpy(sigma)), rtol=0, atol=2e-4)


def test_shapes_of_images_and_fixations():
    generator = torch.Generator().manual_seed(0)
    one, two = torch.rand(3, 20, 24, generator=generator), torch.rand(2, 3, 20, 24, generator=generator)
    a, b, c = (3.0, 4.0), (20.0, 10.0), (11.0, 2.0)
    blur = partial(sp.foveated_blur, px_per_deg=2.0, law="linear")
    assert blur(one, a).shape == one.shape
    assert torch.equal(blur(one, [a, b]), torch.stack([blur(one, a), blur(one, b)]))
    assert torch.equal(blur(two, [a, b]), torch.stack([blur(two[0], a), blur(two[1], b)]))
    assert torch.equal(blur(two, a), torch.stack([blur(two[0], a), blur(two[1], a)]))
    assert torch.equal(blur(two[:1], [a, b]), blur(two[0], [a, b]))
    together = blur(one, [a, b], several=True)
    assert together.shape == one.shape
    assert torch.equal(blur(one, [[a, b], [b, c]]), torch.stack([together, blur(one, [b, c], several=True)]))
    assert torch.equal(blur(two, [a, b], several=True)[0], blur(two[0], [a, b], several=True))


@pytest.mark.parametrize("channels", [1, 2, 4, 7])
def test_channels_do_not_mix(channels):
    image = torch.rand(channels, 30, 20, generator=torch.Generator().manual_seed(0))
    view = sp.foveated_blur(image, (5, 5), px_per_deg=2, law="linear")
    for channel in range(channels):
        alone = sp.foveated_blur(image[channel : channel + 1], (5, 5), px_per_deg=2, law="linear")
        assert torch.equal(view[channel], alone[0])


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_dtypes_are_kept(dtype):
    image = torch.rand(1, 30, 20, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    wanted = sp.foveated_blur(image, (5, 5), px_per_deg=2, law="linear")
    view = sp.foveated_blur(image.to(dtype), (5, 5), px_per_deg=2, law="linear")
    assert view.dtype == dtype
    tolerance = {torch.float16: 1e-3, torch.bfloat16: 8e-3, torch.float32: 1e-5, torch.float64: 0}[dtype]
    torch.testing.assert_close(view.double(), wanted, rtol=0, atol=tolerance)


@pytest.mark.parametrize("law", LAWS)
def test_kernels_agree_from_end_to_end(law):
    image = torch.from_numpy(photograph("coffee", 96)[None].astype(np.float32))
    blur = partial(sp.foveated_blur, image, [(90, 3), (30.4, 60.1)], px_per_deg=4, law=law, strength=2, several=True)
    for combine in ("min", "softmin", "last", "decay"):
        views = [blur(combine=combine, kernel=kernel) for kernel in ("cpu", "reference")]
        torch.testing.assert_close(*views, rtol=0, atol=5e-5)


def test_arrays_of_another_byte_order():
    picture = np.random.default_rng(0).random((3, 12, 10))
    view = sp.foveated_blur(picture.astype(">f4"), (2, 3), px_per_deg=1, law="linear")
    np.testing.assert_array_equal(
        view, sp.foveated_blur(picture.astype(np.float32), (2, 3), px_per_deg=1, law="linear")
    )


def test_maps_pair_with_images_one_to_one():
    with pytest.raises(sp.InputError, match="2 images need one map"):
        sp.variable_blur(torch.zeros(2, 1, 8, 8), torch.zeros(3, 8, 8))


def test_arrays_come_back_as_arrays_and_are_not_changed():
    image = np.random.default_rng(0).random((3, 20, 30), dtype=np.float32)
    before, out = image.copy(), np.empty_like(image)
    view = sp.foveated_blur(image, np.array([3, 4]), px_per_deg=2, law="linear")
    assert isinstance(view, np.ndarray)
    assert sp.foveated_blur(image, (3, 4), px_per_deg=2, law="linear", out=out) is out
    np.testing.assert_array_equal(out, view)
    np.testing.assert_array_equal(image, before)
    strided = np.ascontiguousarray(image.transpose(1, 2, 0)).transpose(2, 0, 1)
    np.testing.assert_array_equal(sp.foveated_blur(strided, (3, 4), px_per_deg=2, law="linear"), view)
    image.flags.writeable = False
    np.testing.assert_array_equal(sp.foveated_blur(image[:, ::-1], (3, 15), px_per_deg=2, law="linear")[:, ::-1], view)


def test_scotoma_and_reverse_foveation():
    image = torch.rand(1, 60, 80, generator=torch.Generator().manual_seed(0))
    scotoma = sp.foveated_blur(image, (40, 30), px_per_deg=5, law=lambda e: torch.where(e < 2, 1.0, 0.0))
    e = torch.from_numpy(eccentricity((60, 80), (40, 30), 5.0))
    assert torch.equal(scotoma[:, e > 2.1], image[:, e > 2.1])
    assert scotoma[:, e < 1.5].std() < 0.1
    reverse = sp.foveated_blur(image, (40, 30), px_per_deg=5, law=lambda e: (4 - e).clamp(min=0))
    assert torch.equal(reverse[:, e > 4.1], image[:, e > 4.1])


def test_a_map_moves_with_the_eye():
    image = torch.rand(1, 60, 80, generator=torch.Generator().manual_seed(0))
    field = torch.zeros(21, 31)
    field[:, 16:] = 0.5  # blind on the right
    view = sp.foveated_blur(image, (40, 30), px_per_deg=5, law=field)
    assert torch.equal(view[..., :41], image[..., :41])
    whole = torch.zeros(60, 80)
    whole[:, 41:] = 2.5
    torch.testing.assert_close(view, sp.variable_blur(image, whole), rtol=0, atol=1e-5)
    both = sp.foveated_blur(image, [(40, 30), (60, 30)], px_per_deg=5, law=field, several=True)
    assert torch.equal(both[..., :61], image[..., :61])
    last = sp.foveated_blur(image, [(60, 30), (40, 30)], px_per_deg=5, law=field, several=True, combine="last")
    assert torch.equal(last, view)


def test_fixations_far_outside_blur_everything():
    image = torch.from_numpy(photograph("camera", 64)[None].astype(np.float32))
    view = sp.foveated_blur(image, (1e5, -1e5), px_per_deg=10, law="linear")
    torch.testing.assert_close(view, image.mean().expand_as(view), rtol=0, atol=2e-3)


IMAGE = torch.zeros(1, 8, 8)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"law": "geisler"}, "geisler_perry"),
        ({"quality": "standart"}, "standard"),
        ({"combine": "mean"}, "min"),
        ({"kernel": "gpus"}, "gpu"),
        ({"px_per_deg": 0}, "px_per_deg"),
        ({"px_per_deg": -3.0}, "px_per_deg"),
        ({"px_per_deg": math.nan}, "px_per_deg"),
        ({"strength": 0}, "strength"),
        ({"softness_deg": -1, "combine": "softmin"}, "softness_deg"),
        ({"fixation": (math.nan, 0)}, "finite"),
        ({"fixation": (0, 0, 0)}, r"\(\.\.\., 2\)"),
        ({"fixation": torch.zeros(0, 2)}, "at least one"),
        ({"fixation": (0, 0), "several": True}, "several"),
        ({"fixation": torch.zeros(3, 2), "image": torch.zeros(2, 1, 8, 8)}, "several=True"),
        ({"image": torch.zeros(8, 8)}, "shape"),
        ({"image": torch.zeros(1, 0, 8)}, "shape"),
        ({"image": torch.zeros(1, 8, 8, dtype=torch.int16)}, "divide by 255"),
        ({"law": lambda e: -e}, "at least 0"),
        ({"law": lambda e: e / 0}, "finite"),
        ({"law": lambda e: e[:3]}, "one sigma_deg per eccentricity"),
        ({"law": torch.full((3, 3), -1.0)}, "at least 0"),
        ({"law": torch.zeros(3)}, r"\(h, w\)"),
        ({"law": torch.zeros(3, 3), "combine": "decay"}, "last"),
        ({"law": lambda e: "0.1"}, "tensor or a number"),
        ({"image": np.zeros((20, 30, 3))}, r"looks like \(H, W, C\)"),
        ({"image": torch.zeros(2, 20, 30, 4)}, "channels come first"),
        ({"image": np.array([[["a"]]])}, "hold numbers"),
        ({"image": "picture.png"}, "read_image"),
        ({"out": torch.zeros(1, 8, 9)}, r"out must have shape \(1, 8, 8\)"),
        ({"out": torch.zeros(1, 1, 8, 8)}, r"got \(1, 1, 8, 8\)"),
        ({"out": torch.zeros(1, 8, 8, dtype=torch.float64)}, "float64"),
        ({"out": torch.zeros(1, 16, 8)[:, ::2]}, "contiguous"),
        ({"out": torch.zeros(1, 8, 8, requires_grad=True)}, "gradients"),
        ({"out": [0]}, "tensor or an array"),
    ],
)
def test_bad_input_is_one_sentence(change, words):
    arguments = {"image": IMAGE, "fixation": (1, 2), "px_per_deg": 2.0, **change}
    with pytest.raises(sp.InputError, match=words) as caught:
        sp.foveated_blur(**arguments)
    assert "\n" not in str(caught.value)
    if not {"image", "fixation", "out", "kernel"} & set(change):
        settings = {name: value for name, value in arguments.items() if name not in ("image", "fixation")}
        with pytest.raises(sp.InputError, match=words):
            sp.FoveatedBlur(**settings)


@pytest.mark.parametrize(
    ("sigma", "words"),
    [
        (torch.zeros(8, 9), "shape"),
        (torch.full((8, 8), math.nan), "finite"),
        (torch.full((8, 8), -1.0), "at least 0"),
        ("1.0", "hold numbers"),
        (torch.zeros(3, 8, 8), None),
    ],
)
def test_bad_maps_are_one_sentence(sigma, words):
    if words is None:
        assert sp.variable_blur(IMAGE, sigma).shape == (3, 1, 8, 8)
        return
    with pytest.raises(sp.InputError, match=words):
        sp.variable_blur(IMAGE, sigma)


def test_memory_of_the_picture_is_not_written_into():
    shared = torch.rand(2, 3, 24, 20, generator=torch.Generator().manual_seed(0))
    for image, out in ((shared[0], shared[0]), (shared[0, :, :-1], shared.flatten()[480 : 480 + 3 * 23 * 20])):
        with pytest.raises(sp.InputError, match="share memory"):
            sp.foveated_blur(image, (1, 2), px_per_deg=2, law="linear", out=out.reshape(image.shape))
        with pytest.raises(sp.InputError, match="share memory"):
            sp.variable_blur(image, torch.ones(image.shape[-2:]), out=out.reshape(image.shape))
    wanted = sp.foveated_blur(shared[0].clone(), (1, 2), px_per_deg=2, law="linear")
    sp.foveated_blur(shared[0], (1, 2), px_per_deg=2, law="linear", out=shared[1])  # neighbors in one block are fine
    assert torch.equal(shared[1], wanted)


def test_gradients_pass_through_given_memory():
    image, out = torch.rand(1, 12, 10, generator=torch.Generator().manual_seed(0)), torch.empty(1, 12, 10)
    point = torch.tensor([3.2, 4.1], requires_grad=True)
    view = partial(sp.foveated_blur, image, point, px_per_deg=1, law="linear")
    slopes = [torch.autograd.grad(result.square().sum(), point)[0] for result in (view(out=out), view())]
    torch.testing.assert_close(*slopes)


def test_a_layer_shows_its_settings_and_moves_its_map():
    layer = sp.FoveatedBlur(px_per_deg=4, law=torch.zeros(3, 3), quality="fast")
    assert "px_per_deg=4" in repr(layer)
    assert layer.to(torch.float64).law.dtype == torch.float64
    assert torch.equal(layer(IMAGE, torch.tensor([1.0, 2.0])), IMAGE)


def byte_pictures(*shape):
    return torch.randint(0, 256, shape, generator=torch.Generator().manual_seed(5), dtype=torch.uint8)


@pytest.mark.parametrize("kernel", ["cpu", "reference"])
@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("size", [(1, 1), (7, 60), (97, 130), (150, 70)])
def test_bytes_are_blurred_as_floats_and_rounded(size, law, kernel):
    picture = byte_pictures(2, 3, *size)
    see = partial(sp.foveated_blur, fixation=(9.0, 4.0), px_per_deg=4, law=law, strength=2, kernel=kernel)
    exact = see(picture.double())
    seen = see(picture)
    assert seen.dtype == torch.uint8
    assert float((seen - exact.clamp(0, 255)).abs().max()) < 0.501
    out = torch.empty_like(picture)
    assert see(picture, out=out) is out
    assert bool((out == seen).all())


@pytest.mark.parametrize("kernel", ["cpu", "reference"])
def test_bytes_by_a_map_by_several_fixations_and_from_a_pyramid(kernel):
    picture = byte_pictures(3, 61, 83)
    sigma = torch.linspace(0, 9, 83).expand(61, 83)
    mapped = sp.variable_blur(picture, sigma, kernel=kernel)
    assert float((mapped - sp.variable_blur(picture.double(), sigma)).abs().max()) < 0.501
    fixations = torch.tensor([[[5.0, 9.0], [70.0, 40.0]], [[50.0, 3.0], [0.0, 60.0]]])
    views = sp.foveated_blur(picture, fixations, px_per_deg=4, kernel=kernel)
    assert float((views - sp.foveated_blur(picture.double(), fixations, px_per_deg=4)).abs().max()) < 0.501
    kept = sp.BlurPyramid(picture, px_per_deg=4, kernel=kernel).at(fixations)
    assert kept.dtype == torch.uint8
    assert int((kept.int() - views.int()).abs().max()) <= 1


def test_arrays_of_bytes_come_back_as_such_and_channels_come_first():
    picture = byte_pictures(3, 40, 50).numpy()
    seen = sp.foveated_blur(picture, (5, 5), px_per_deg=4)
    assert isinstance(seen, np.ndarray)
    assert seen.dtype == np.uint8
    with pytest.raises(sp.InputError, match="channels come first"):
        sp.foveated_blur(picture.transpose(1, 2, 0), (5, 5), px_per_deg=4)
