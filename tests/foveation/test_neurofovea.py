import math

import pytest
import torch
from skimage import data, transform

import scanpath as sp
from scanpath.foveation.neurofovea import Decoder, Vgg19Encoder, _transfer, load_decoder, load_encoder
from scanpath.foveation.texture_steerable import strength
from scanpath.foveation.windows import windows_beyond_fovea


@pytest.fixture(scope="module")
def photograph():
    image = transform.resize(data.astronaut(), (96, 128), anti_aliasing=True)
    return torch.from_numpy(image.transpose(2, 0, 1).astype("f4").copy())


WINDOWS = {"px_per_deg": 9.85, "scaling": 0.5, "window": "cosine"}
CENTERED = windows_beyond_fovea((256, 256), torch.tensor([127.5, 127.5]), fovea_deg=1.82, **WINDOWS)
NETWORKS = {"encoder": "vgg19", "weights": {"seed": 0}, "decoder": {"seed": 0}}


def test_the_share_of_texture_is_the_published_logistic_of_the_radius():
    radius = torch.linspace(0, 5, 21, dtype=torch.float64)
    logistic = -1 + 2 / (1 + torch.exp(-1.281 * radius))  # as written in the published program
    torch.testing.assert_close(strength(radius), logistic, atol=1e-6, rtol=0)


def test_encoder_equals_torchvision_up_to_relu4_1(tmp_path):
    from torchvision.models.vgg import cfgs, make_layers

    features = make_layers(cfgs["E"], batch_norm=False)[:21].requires_grad_(False)
    torch.save({f"features.{name}": value for name, value in features.state_dict().items()}, tmp_path / "vgg19.pth")
    image = torch.rand(1, 3, 32, 40)
    mean, std = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    expected = features((image - mean[:, None, None]) / std[:, None, None])
    torch.testing.assert_close(load_encoder(tmp_path / "vgg19.pth")(image), expected, atol=1e-5, rtol=1e-5)


def test_decoder_mirrors_the_encoder():
    features = Vgg19Encoder()(torch.rand(2, 3, 32, 48))
    assert features.shape == (2, 512, 4, 6)
    decoder = Decoder()
    assert decoder(features).shape == (2, 3, 32, 48)
    assert sum(isinstance(layer, torch.nn.Conv2d) for layer in decoder.layers) == 9


def test_transferring_a_texture_to_itself_changes_nothing():
    features = torch.rand(5, 32, 32, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(_transfer(features, features, CENTERED), features, atol=1e-4, rtol=0)


def test_far_windows_get_the_moments_of_the_picture_and_the_structure_of_the_noise():
    generator = torch.Generator().manual_seed(0)
    far = windows_beyond_fovea((256, 256), torch.tensor([-900.0, 127.5]), fovea_deg=2, **WINDOWS)
    content = 3 + 2 * torch.rand(8, 32, 32, generator=generator)
    noise = torch.randn(8, 32, 32, generator=generator)
    mixed = _transfer(content, noise, far)
    torch.testing.assert_close(mixed.mean((1, 2)), content.mean((1, 2)), atol=0.02, rtol=0)
    torch.testing.assert_close(mixed.std((1, 2)), content.std((1, 2)), atol=0.03, rtol=0)
    pair = torch.stack([mixed[0].flatten(), noise[0].flatten()])
    assert float(torch.corrcoef(pair)[0, 1]) > 0.9


def test_features_in_the_fovea_are_not_touched():
    generator = torch.Generator().manual_seed(0)
    content, noise = torch.rand(4, 32, 32, generator=generator), torch.randn(4, 32, 32, generator=generator)
    change = (_transfer(content, noise, CENTERED) - content).abs().amax(0)
    # the coordinates of features: this toy map has no margin, and the first feature lies 28.5 px before the picture
    x = torch.arange(32) * 8 - 28.5 - 127.5
    eccentricity = torch.hypot(x, x[:, None]) / 9.85
    assert float(change[eccentricity < 1.2].max()) == 0
    assert float(change[eccentricity > 5].min()) > 0


def test_pictures_of_any_size_keep_their_shape_and_fovea(photograph):
    image = photograph[:, :93, :121]
    texture = sp.foveated_texture(image, (60, 40), px_per_deg=5.0, **NETWORKS)
    assert texture.shape == image.shape
    assert not texture.requires_grad
    fovea = sp.eccentricity_map((93, 121), (60, 40), px_per_deg=5.0) < 1.3
    assert torch.equal(texture[:, fovea], image[:, fovea])
    decoded = sp.foveated_texture(image, (60, 40), px_per_deg=5.0, keep_fovea=False, **NETWORKS)
    assert not torch.allclose(decoded[:, fovea], image[:, fovea], atol=0.05)


def test_seeds_decide_the_noise(photograph):
    settings = {"px_per_deg": 3.0, "fovea_deg": 1.0, **NETWORKS}
    first = sp.foveated_texture(photograph, (60, 40), seed=1, **settings)
    assert torch.equal(first, sp.foveated_texture(photograph, (60, 40), seed=1, **settings))
    assert not torch.allclose(first, sp.foveated_texture(photograph, (60, 40), seed=2, **settings))


def test_gradients_reach_the_picture(photograph):
    image = photograph[:, :48, :48].clone().requires_grad_()
    sp.foveated_texture(image, (20, 20), px_per_deg=3.0, **NETWORKS).sum().backward()
    assert math.isfinite(float(image.grad.abs().sum()))


def test_wrong_weights_are_named(tmp_path):
    torch.save({"features.0.weight": torch.zeros(3)}, tmp_path / "other.pth")
    (tmp_path / "text.pth").write_text("not weights")
    with pytest.raises(sp.InputError, match="does not hold the weights of torchvision's VGG-19"):
        load_encoder(tmp_path / "other.pth")
    with pytest.raises(sp.InputError, match="cannot be read as weights"):
        load_decoder(tmp_path / "text.pth")
    with pytest.raises(sp.InputError, match="There is no weights file"):
        load_decoder(tmp_path / "absent.safetensors")
    with pytest.raises(sp.InputError, match="seed"):
        load_decoder({"sead": 1})


def test_gray_pictures_are_refused():
    with pytest.raises(sp.InputError, match="3 channels"):
        sp.foveated_texture(torch.rand(1, 64, 64), (30, 20), px_per_deg=4.0, **NETWORKS)
