"""Networks that are read at inner layers."""

import pytest
import torch
from torch import nn

from scanpath import InputError
from scanpath.recognition.layers import LayeredNetwork, layers_with, load_layers


def _averaging(*layers: nn.Module) -> nn.Sequential:
    """Convolutions whose weights are all alike, so that a unit's gradient is symmetric around what it looks at."""
    for layer in layers:
        if isinstance(layer, nn.Conv2d):
            nn.init.constant_(layer.weight, 1 / layer.weight[0].numel())
            nn.init.zeros_(layer.bias)
    return nn.Sequential(*layers)


@pytest.mark.parametrize(
    "layers",
    [
        [nn.Conv2d(3, 2, 3, stride=2), nn.AvgPool2d(3, 2), nn.Conv2d(2, 2, 5, padding=1)],
        [nn.Conv2d(3, 2, 7, stride=2, padding=3), nn.AvgPool2d(2), nn.Conv2d(2, 2, 3, stride=2, padding=1)],
        [nn.Conv2d(3, 2, 4, stride=4), nn.Conv2d(2, 2, 1), nn.Conv2d(2, 2, 2, stride=2)],
    ],
)
def test_units_look_at_the_center_of_their_receptive_field(layers):
    network = LayeredNetwork(_averaging(*layers), name="averages", layers=["0", "1", "2"])
    image = torch.zeros(1, 3, 352, 352, requires_grad=True)
    x = image
    for module, layer in zip(network.network, network.layers, strict=True):
        x = module(x)
        unit = x.shape[-1] // 2
        (gradient,) = torch.autograd.grad(x[0, 0, unit, unit], image, retain_graph=True)
        column = gradient.sum((0, 1, 2))
        center = float((column * torch.arange(352)).sum() / column.sum())
        assert center == pytest.approx(layer.first_px + unit * layer.stride_px, abs=1e-3)


def test_maps_are_those_of_the_whole_network():
    network = load_layers("squeezenet1_1", {"seed": 1}, ["features.3", "features.12"])
    image = torch.rand(3, 80, 100, generator=torch.Generator().manual_seed(0))
    maps = network(image)
    with torch.inference_mode():
        x = network.preprocessing(image)[None]
        expected = network.network.features(x)[0]
    torch.testing.assert_close(maps["features.12"], expected)
    assert list(maps) == ["features.3", "features.12"]


def test_weights_in_use_build_the_same_network():
    network = load_layers("mobilenet_v2", {"seed": 2}, ["features.3", "features.10"])
    kept = network.weights_in_use()
    assert not any(name.startswith(("classifier", "features.18")) for name in kept)
    again = layers_with("mobilenet_v2", kept, ["features.3", "features.10"])
    image = torch.rand(3, 64, 64, generator=torch.Generator().manual_seed(0))
    for name, maps in network(image).items():
        torch.testing.assert_close(again(image)[name], maps)


def test_networks_without_named_layers_are_read_once_at_each_scale():
    network = load_layers("resnet18", {"seed": 0})
    assert [layer.stride_px for layer in network.layers] == [4, 8, 16, 32]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("squeezenet1", {"seed": 0}), "squeezenet1_1"),
        (("squeezenet1_1", {"seed": 0}, ["features.99"]), "features.99"),
        (("squeezenet1_1", {"seed": 0}, ["classifier"]), "no maps"),
        (("squeezenet1_1", {"grain": 0}), "seed"),
        (("keras:squeezenet", {"seed": 0}), "timm or open_clip"),
        (("timm:vit_tiny_patch16_224", {"seed": 0}), "any size"),
        (("steerable", {"seed": 0}), "no weights"),
    ],
)
def test_what_cannot_be_read_is_named(arguments, message):
    with pytest.raises(InputError, match=message):
        load_layers(*arguments)


def test_weights_of_another_depth_are_refused():
    shallow = load_layers("squeezenet1_1", {"seed": 0}, ["features.4"]).weights_in_use()
    with pytest.raises(InputError, match=r"features\.6"):
        layers_with("squeezenet1_1", shallow, ["features.7"])
