import pytest
import torch
import torchvision
from torch import nn

from scanpath import EccentricityPool2d, InputError
from scanpath.recognition import SmoothEccentricityPool2d, with_eccentric_pools


def pools(model):
    return [layer for layer in model.modules() if isinstance(layer, EccentricityPool2d | SmoothEccentricityPool2d)]


@pytest.fixture(scope="module")
def squeezenet():
    return torchvision.models.squeezenet1_1(weights=None).eval()


def test_pools_grow_with_the_papers_slope_at_their_scale(squeezenet):
    changed = with_eccentric_pools(squeezenet)
    assert [(p.law.slope, p.law.px_per_deg, p.law.min_window) for p in pools(changed)] == [
        (0, 15, 3), (3.5 * 0.02, 8, 3), (8 * 0.02, 4, 3),
    ]  # fmt: skip
    assert changed(torch.rand(1, 3, 160, 160)).shape == (1, 1000)


def test_the_given_network_is_not_changed(squeezenet):
    before = str(squeezenet)
    with_eccentric_pools(squeezenet, windows="smooth")
    assert str(squeezenet) == before


def test_without_growth_an_even_network_computes_what_it_did():
    model = nn.Sequential(
        nn.Conv2d(3, 4, 3, padding=1), nn.MaxPool2d(2), nn.Conv2d(4, 4, 3, padding=1), nn.AvgPool2d(2)
    )
    changed = with_eccentric_pools(model, kind=None)  # both pools are finer than the first that grows
    picture = torch.rand(2, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(changed(picture), model(picture))


def test_replaced_pools_pass_gradients_to_the_layers_before_them():
    model = nn.Sequential(nn.Conv2d(3, 2, 3, padding=1), *[nn.MaxPool2d(2) for _ in range(3)])
    changed = with_eccentric_pools(model, px_per_deg=4, image_px=64)
    changed(torch.rand(1, 3, 64, 64)).square().sum().backward()
    assert changed[0].weight.grad.abs().sum() > 0


def test_training_mode_and_hooks_are_as_before():
    model = nn.Sequential(nn.Conv2d(3, 2, 3), nn.MaxPool2d(2)).train()
    changed = with_eccentric_pools(model)
    assert changed.training
    assert not any(layer._forward_pre_hooks for layer in changed.modules())


def test_a_network_without_pools_is_refused():
    with pytest.raises(InputError, match="no pooling layer"):
        with_eccentric_pools(nn.Conv2d(3, 4, 3))
