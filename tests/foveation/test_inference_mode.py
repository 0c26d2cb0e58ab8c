"""What a first call keeps can be used with gradients later, also if that call was made in inference mode."""

import pytest
import torch

import scanpath as sp
from scanpath.foveation.retina import retinal_samples
from scanpath.geometry import RetinalLattice

#: A size and a fixation that no other test uses: nothing is kept for them yet.
SIZE, POINT = (92, 76), (33.25, 41.75)
AT = {"fixation": POINT, "px_per_deg": 5.0}


def statistics(image, name):
    few = {"n_scales": 2, "spatial_corr_width": 3}
    groups = sp.pooled_statistics(image, **AT, statistics=name, **few)
    return torch.cat([values.flatten() for values in groups.values()]).nan_to_num()


#: Public ways of seeing a picture (3, H, W).
SEEN = {
    "texture": lambda image: sp.foveated_texture(image, **AT),
    "texture of noise": lambda image: sp.foveated_texture(image, **AT, source="noise", window="gaussian"),
    "deep texture": lambda image: sp.foveated_texture(
        image, **AT, encoder="vgg19", weights={"seed": 5}, decoder={"seed": 6}
    ),
    "blur": lambda image: sp.foveated_blur(image, **AT),
    "variable blur": lambda image: sp.variable_blur(image, torch.full(SIZE, 1.75)),
    "energy": lambda image: statistics(image, "energy"),
    "joint statistics": lambda image: statistics(image, "portilla_simoncelli"),
    "cortex": lambda image: sp.cortical_view(image, shape=(16, 24), **AT),
    "log-polar": lambda image: sp.log_polar(image, shape=(16, 24), **AT),
    "retina": lambda image: retinal_samples(
        image, POINT, RetinalLattice(8, max_deg=4, foveal_deg=1.0, side=2), px_per_deg=5.0
    ),
    "neva": lambda image: sp.neva_blur(image, POINT),
    "eccentricity pooling": lambda image: sp.eccentricity_pool(image[None]),
    "smooth eccentricity pooling": lambda image: sp.smooth_eccentricity_pool(image[None]),
}


@pytest.mark.parametrize("seen", SEEN.values(), ids=SEEN)
def test_a_first_call_in_inference_mode_leaves_gradients_possible(seen):
    image = torch.rand(3, *SIZE, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        before = seen(image)
    pixels = image.clone().requires_grad_()
    after = seen(pixels)
    after.square().sum().backward()
    torch.testing.assert_close(after.detach(), before, rtol=1e-4, atol=1e-4)
    assert bool(torch.isfinite(pixels.grad).all())
    assert float(pixels.grad.abs().sum()) > 0


def test_windows_whose_fovea_was_seen_in_inference_mode_pass_gradients():
    with torch.inference_mode():
        windows = sp.PoolingWindows((41, 37), (11.5, 17.5), px_per_deg=4)
        parts = windows.fovea, windows.weight_sum, windows.radius_deg, windows.center_deg, windows.angle
    for part in (*parts, windows.eccentricity):
        scale = torch.tensor(2.0, requires_grad=True)
        (scale * part).sum().backward()
        torch.testing.assert_close(scale.grad, part.sum(dtype=part.dtype).to(scale))
