"""Relevance propagation and context-aware saliency."""

import pytest
import torch

import scanpath as sp
from scanpath.guidance.salient_relevance import context_aware, relevance_map, salient_relevance


def test_what_differs_from_the_rest_is_salient():
    values = torch.zeros(24, 24)
    values[4::8, 4::8] = 0.5
    values[11:14, 15:18] = 1.0
    saliency = context_aware(values)
    row, column = divmod(int(saliency.argmax()), 24)
    assert abs(row - 12) <= 3
    assert abs(column - 16) <= 3
    assert (context_aware(torch.zeros(16, 16)) == 0).all()


@pytest.fixture
def network():
    pytest.importorskip("captum")
    torch.manual_seed(0)
    return torch.nn.Sequential(
        torch.nn.Conv2d(3, 6, 5, 2),
        torch.nn.ReLU(inplace=True),
        torch.nn.AdaptiveAvgPool2d(4),
        torch.nn.Flatten(),
        torch.nn.Linear(96, 5),
    )


@pytest.mark.filterwarnings("ignore")
def test_relevance_without_biases_is_gradient_times_input(network):
    """For a network of convolutions, averages and ReLU, stabilized only, propagation equals gradient times input."""
    for layer in (network[0], network[4]):
        torch.nn.init.zeros_(layer.bias)
    picture = torch.rand(1, 3, 32, 32, generator=torch.Generator().manual_seed(1)).requires_grad_()
    (gradient,) = torch.autograd.grad(network(picture).max(), picture)
    expected = (gradient * picture)[0].sum(0).clamp_min(0).detach()
    torch.testing.assert_close(relevance_map(picture.detach(), network), expected, rtol=1e-3, atol=1e-4)


@pytest.mark.filterwarnings("ignore")
def test_map_and_agent(network):
    picture = torch.rand(3, 40, 60, generator=torch.Generator().manual_seed(2))
    saliency = salient_relevance(picture, network, side=16)
    assert saliency.shape == (40, 60)
    assert saliency.max() == 1
    assert network[1].inplace  # the caller's network is not changed
    with pytest.raises(sp.InputError, match="classes"):
        salient_relevance(picture, torch.nn.Identity())
    agent = sp.create_agent("salient_relevance", model=network)
    assert len(sp.simulate(agent, [sp.Stimulus(picture, name="noise")], n_fixations=2)) == 2
