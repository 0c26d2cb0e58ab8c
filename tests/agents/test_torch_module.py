"""Somebody's own torch modules as agents."""

import pytest
import torch
from torch import nn

import scanpath as sp
from scanpath.agents import ModuleAgent, ModuleDensity


class Bright(nn.Module):
    """Maps are the brightness at half the size, times a weight."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.tensor(2.0))
        self.normalization = nn.BatchNorm2d(1)
        self.calls = 0

    def forward(self, image):
        self.calls += 1
        return self.weight * nn.functional.avg_pool2d(image.mean(1, keepdim=True), 2)


class Near(nn.Module):
    """Logits fall with the squared distance from the last fixation."""

    def forward(self, image, history):
        rows = torch.arange(image.shape[2])[:, None]
        columns = torch.arange(image.shape[3])[None]
        x, y = history[0, -1]
        return -((rows - y) ** 2 + (columns - x) ** 2)[None, None] / 50


@pytest.fixture
def stimulus():
    image = torch.zeros(1, 40, 60)
    image[:, 8:12, 20:24] = 1.0
    image[:, 30:34, 50:54] = 0.5
    return sp.Stimulus(image, name="two lamps", px_per_deg=10)


def test_a_map_of_priority_is_followed_from_maximum_to_maximum(stimulus):
    agent = sp.as_agent(Bright(), inhibition=sp.SquareInhibition(size_px=12))
    table = sp.simulate(agent, stimulus, n_fixations=3)
    assert isinstance(agent, ModuleAgent)
    xy = table[["x_px", "y_px"]].to_numpy()[1:]
    assert ((xy - [[21.5, 9.5], [51.5, 31.5]]) ** 2).sum(1).max() <= 5
    assert set(table["agent"]) == {"Bright"}


def test_a_module_that_does_not_see_the_history_is_called_once_a_picture(stimulus):
    module = Bright()
    sp.simulate(sp.as_agent(module), stimulus, n_fixations=6)
    assert module.calls == 1


def test_logits_become_a_density_that_is_scored_like_the_others(stimulus):
    agent = sp.as_agent(Near(), "near", gives="log_density", sees_history=True)
    assert isinstance(agent, ModuleDensity)
    log_density = agent.log_density(stimulus, [(10, 10), (30, 20)])
    assert log_density.shape == stimulus.size
    assert float(log_density.logsumexp((0, 1))) == pytest.approx(0, abs=1e-6)
    assert divmod(int(log_density.argmax()), 60) == (20, 30)
    stimuli = [stimulus, sp.Stimulus(stimulus.image.flip(2), name="mirrored", px_per_deg=10)]
    people = sp.simulate(agent, stimuli, n_fixations=20, seed=3)
    scores = sp.evaluation.predict_fixations(agent, stimuli, people, marks=("uniform",))
    bits = scores.groupby("agent")["gain_over_uniform"].mean()
    assert bits["near"] > 1 > abs(bits["uniform"])


def test_a_fixation_is_told_in_px_of_the_picture_that_the_module_is_given(stimulus):
    agent = sp.as_agent(Near(), gives="log_density", sees_history=True, size=(20, 30))
    assert isinstance(agent, ModuleDensity)
    row, column = divmod(int(agent.log_density(stimulus, [(40, 10)]).argmax()), 60)
    assert abs(row - 10) <= 1
    assert abs(column - 40) <= 1


def test_pictures_are_normalized_and_resized_as_was_said(stimulus):
    seen = []

    class Keeps(nn.Module):
        def forward(self, image):
            seen.append(image)
            return image[:, :1] * 0

    sp.as_agent(Keeps(), size=(10, 15), mean=(0.5, 0.5, 0.5), std=(0.5, 0.25, 1)).priority(stimulus, [(0, 0)])
    assert seen[0].shape == (1, 3, 10, 15)
    torch.testing.assert_close(seen[0][0, :, -1, 0], torch.tensor([-1.0, -2.0, -0.5]))


def test_the_module_stays_in_the_mode_it_was_in(stimulus):
    module = Bright().train()
    sp.as_agent(module).priority(stimulus, [(0, 0)])
    assert module.training
    assert module.normalization.training


def test_weights_come_back_and_those_of_another_module_are_refused(stimulus, tmp_path):
    module = Bright()
    module.weight.data.fill_(7.0)
    path = sp.as_agent(module).save(tmp_path / "bright.safetensors")
    again = sp.as_agent(Bright(), weights=path)
    torch.testing.assert_close(
        again.priority(stimulus, [(0, 0)]), sp.as_agent(module).priority(stimulus, [(0, 0)]), rtol=0, atol=0
    )
    with pytest.raises(sp.InputError, match=r"weights of another module than Near: it has unknown normalization\.bias"):
        sp.as_agent(Near(), weights=path)
    with pytest.raises(sp.InputError, match=r"written as \.safetensors"):
        again.save(tmp_path / "bright.pt")


def test_a_run_is_told_other_weights_from_these(stimulus, tmp_path):
    module = Bright()
    sp.simulate_to_folder(sp.as_agent(module), [stimulus], tmp_path / "run", n_fixations=2)
    module.weight.data.fill_(1.0)
    with pytest.raises(sp.InputError):
        sp.simulate_to_folder(sp.as_agent(module), [stimulus], tmp_path / "run", n_fixations=2)


class Returns(nn.Module):
    def __init__(self, value):
        super().__init__()
        self.value = value

    def forward(self, image):
        return self.value


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (torch.zeros(1, 2, 4, 4), r"must return a map \(1, 1, h, w\), got a tensor of shape \(1, 2, 4, 4\)"),
        ({"map": torch.zeros(4, 4)}, "got dict"),
        (torch.full((4, 4), torch.nan), "NaN or infinity"),
        (-torch.ones(4, 4), "gives='log_density'"),
    ],
)
def test_what_is_no_map_is_refused_in_one_sentence(stimulus, value, said):
    with pytest.raises(sp.InputError, match=said):
        sp.as_agent(Returns(value)).priority(stimulus, [(0, 0)])


def test_a_module_for_pictures_of_one_size_says_so(stimulus):
    module = nn.Sequential(nn.Flatten(), nn.Linear(3 * 20 * 20, 400), nn.Unflatten(1, (1, 20, 20)), nn.Softplus())
    with pytest.raises(sp.InputError, match=r"Sequential cannot look at a picture \(1, 3, 40, 60\): .*size=\("):
        sp.as_agent(module).priority(stimulus, [(0, 0)])
    assert sp.as_agent(module, size=(20, 20)).priority(stimulus, [(0, 0)]).shape == (40, 60)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"gives": "logits"}, "gives"),
        ({"temperature": 1}, "temperature"),
        ({"gives": "log_density", "inhibition": None}, "inhibition"),
        ({"mean": (0.5,)}, "mean must be three numbers"),
        ({"std": (0, 1, 1)}, "std must be three numbers, one for each channel, above 0"),
        ({"size": 224}, "size must be two whole numbers"),
    ],
)
def test_settings_are_checked_when_the_agent_is_made(settings, said):
    with pytest.raises(sp.InputError, match=said):
        sp.as_agent(Bright(), **settings)
    with pytest.raises(sp.InputError, match="agent of a torch module, got function"):
        sp.as_agent(lambda image: image)  # type: ignore[arg-type]
