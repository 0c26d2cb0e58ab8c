import pytest
import torch
from skimage import color

import scanpath as sp
from scanpath.foveation.views import VIEWS, View, light_to_srgb, srgb_to_light

PICTURE = torch.rand(3, 64, 72, generator=torch.Generator().manual_seed(0))
AT = (30.0, 20.0)


@pytest.mark.parametrize(
    ("kind", "settings", "direct"),
    [
        ("blur", {"strength": 3}, lambda: sp.foveated_blur(PICTURE, AT, px_per_deg=6, strength=3)),
        ("texture", {}, lambda: sp.foveated_texture(PICTURE, AT, px_per_deg=6, seed=5)),
        (
            "noise_texture",
            {"scaling": 0.5},
            lambda: sp.foveated_texture(PICTURE, AT, px_per_deg=6, seed=5, source="noise", scaling=0.5),
        ),
        (
            "metamer",
            {"statistics": "luminance", "steps": 3},
            lambda: sp.synthesize_metamer(PICTURE, AT, "luminance", steps=3, px_per_deg=6, seed=5),
        ),
        ("logpolar", {}, lambda: sp.log_polar(PICTURE, AT, shape=(36, 72), px_per_deg=6, outside="zero")),
    ],
)
def test_a_view_is_the_function_of_its_name(kind, settings, direct):
    seen, _ = View.of(kind, px_per_deg=6, **settings).see(PICTURE, [AT], seed=5)
    torch.testing.assert_close(seen, direct())


def test_the_srgb_curve_is_that_of_scikit_image():
    values = torch.linspace(0, 1, 300, dtype=torch.float64)
    rgb = values[:, None, None].expand(-1, 1, 3).numpy()
    # skimage's XYZ of gray has Y = linear light
    torch.testing.assert_close(
        srgb_to_light(values), torch.from_numpy(color.rgb2xyz(rgb)[:, 0, 1].copy()), atol=1e-5, rtol=0
    )
    torch.testing.assert_close(light_to_srgb(srgb_to_light(values)), values, atol=1e-6, rtol=0)


@pytest.mark.parametrize("kind", [kind for kind in VIEWS if kind != "neurofovea"])
def test_every_kind_says_what_it_does(kind):
    view = View.of(kind, px_per_deg=30)
    assert "{" not in view.words()
    assert "None" not in view.words()
    assert set(VIEWS[kind]) <= set(view.facts())
