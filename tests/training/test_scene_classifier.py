"""Training of scene classifiers: stopped and resumed, paired over conditions, with the published recipe."""

import numpy as np
import pytest
import torch

import scanpath as sp
from scanpath.recognition.small_networks import SCENE_NETWORKS, last_features, scene_network
from scanpath.training.scene_classifier import RECIPES, SceneRecipe, ask, normalized, train_classifier

RECIPE = SceneRecipe(epochs=3, learning_rate=0.02, batch_size=8)


class Stripes:
    """Upright and level stripes with noise."""

    def __init__(self, n=24):
        generator = torch.Generator().manual_seed(0)
        wave = 80 * torch.sin(torch.arange(32) * 1.5)
        upright = wave.expand(3, 32, 32)
        pictures = [128 + (upright if i % 2 else upright.transpose(1, 2)) for i in range(n)]
        noise = 20 * torch.randn((n, 3, 32, 32), generator=generator)
        self.levels = (torch.stack(pictures) + noise).clamp(0, 255).byte()
        self.labels = np.arange(n) % 2

    def __len__(self):
        return len(self.levels)

    def batch(self, numbers):
        return self.levels[list(numbers)]


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def train(name="small-resnet", **settings):
    pictures = Stripes()
    return train_classifier(name, pictures, pictures.labels, RECIPE, n_classes=2, seed=1, **settings)


def test_a_stopped_training_ends_with_the_same_weights(tmp_path):
    def stop(done):
        if done:
            raise KeyboardInterrupt

    whole = train().state_dict()
    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            train(checkpoint=tmp_path / "c.pt", progress=stop)
    resumed = train(checkpoint=tmp_path / "c.pt").state_dict()
    assert all(torch.equal(whole[name], resumed[name]) for name in whole)


def test_a_checkpoint_of_another_training_is_refused(tmp_path):
    train(checkpoint=tmp_path / "c.pt", facts={"condition": "texture"})
    with pytest.raises(sp.InputError, match="another condition"):
        train(checkpoint=tmp_path / "c.pt", facts={"condition": "reference"})


def test_stripes_are_learned():
    pictures = Stripes()
    recipe = SceneRecipe(epochs=12, learning_rate=0.05, batch_size=8)
    network = train_classifier("small-resnet", pictures, pictures.labels, recipe, n_classes=2, seed=1)
    classes, features = ask(network, pictures.levels)
    assert (classes == pictures.labels).mean() > 0.9
    assert features.shape == (24, 64)


def test_training_leaves_the_global_generator_alone():
    torch.random.get_rng_state()
    before = torch.random.get_rng_state()
    train("small-alexnet")
    assert torch.equal(before, torch.random.get_rng_state())


def test_the_published_recipes():
    assert [RECIPES["alexnet"].rate(epoch) for epoch in (0, 29, 30, 60, 119)] == [0.01, 0.01, 0.005, 0.0025, 0.0025]
    rates = [RECIPES["resnet18"].rate(epoch) for epoch in (0, 15, 16, 32, 79)]
    assert rates == [0.05, 0.05, 0.0125, 0.003125, 0.003125]


@pytest.mark.parametrize("name", ["small-alexnet", "small-resnet", "resnet18"])
def test_the_last_features_make_the_scores(name):
    network = scene_network(name, 5, seed=0).eval()
    with torch.inference_mode():
        features, scores = last_features(network, torch.rand(2, 3, 64, 64))
        last = [layer for layer in network.modules() if isinstance(layer, torch.nn.Linear)][-1]
        assert torch.equal(last(features), scores)
    assert name in SCENE_NETWORKS


def test_normalized_pictures_are_those_of_torchvision():
    from torchvision.transforms import v2

    levels = Stripes(2).levels
    wanted = v2.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])(levels.float() / 255)
    torch.testing.assert_close(normalized(levels), wanted)


def test_labels_must_fit():
    pictures = Stripes()
    with pytest.raises(sp.InputError, match="one label each"):
        train_classifier("small-resnet", pictures, pictures.labels[1:], RECIPE, n_classes=2, seed=0)
