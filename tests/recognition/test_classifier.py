"""Whole classifiers by their torchvision names."""

import pytest
import torch
from safetensors.torch import save_file
from torchvision.models import squeezenet1_1
from torchvision.transforms.functional import normalize

import scanpath as sp
from scanpath.recognition.classifier import as_classifier, load_classifier


@pytest.fixture
def stored(tmp_path):
    torch.manual_seed(3)
    network = squeezenet1_1().eval()
    file = tmp_path / "squeezenet1_1-mine.safetensors"
    save_file(network.state_dict(), file)
    return network, file


def test_pictures_are_normalized_as_torchvision_does(stored, monkeypatch, tmp_path):
    network, file = stored
    picture = torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    expected = network(normalize(picture, [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]))
    torch.testing.assert_close(load_classifier("squeezenet1_1", file)(picture), expected)
    monkeypatch.setenv("SCANPATH_WEIGHTS", str(tmp_path))
    torch.testing.assert_close(load_classifier("squeezenet1_1")(picture), expected)


def test_random_weights_follow_their_seed():
    picture = torch.rand(1, 3, 64, 64)
    first, again, other = (load_classifier("squeezenet1_1", {"seed": seed})(picture) for seed in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_wrong_names_and_files_are_one_sentence(stored, tmp_path):
    network, file = stored
    with pytest.raises(sp.InputError, match="squeezenet1_1"):
        load_classifier("squeeznet1_1")
    with pytest.raises(sp.InputError, match="whole network resnet18"):
        load_classifier("resnet18", file)
    features = {name: value for name, value in network.state_dict().items() if not name.startswith("classifier")}
    save_file(features, tmp_path / "part.safetensors")
    with pytest.raises(sp.InputError, match="whole network"):
        load_classifier("squeezenet1_1", tmp_path / "part.safetensors")
    with pytest.raises(sp.InputError, match="seed"):
        load_classifier("squeezenet1_1", {"sead": 1})
    with pytest.raises(sp.InputError, match="given by name"):
        as_classifier(network, file)
    with pytest.raises(sp.InputError, match="int"):
        as_classifier(3)


def test_neva_takes_a_network_by_name(stored):
    _, file = stored
    picture = sp.Stimulus(torch.rand(3, 70, 90, generator=torch.Generator().manual_seed(2)), name="noise")
    settings = {"loss": "feature_match", "size": (64, 64), "blur_sigma_px": 3, "kernel_px": 11}
    named = sp.create_agent("neva", model="squeezenet1_1", weights=str(file), **settings)
    given = sp.create_agent("neva", model=load_classifier("squeezenet1_1", file), **settings)
    tables = [sp.simulate(agent, [picture], n_fixations=2) for agent in (named, given)]
    assert tables[0].equals(tables[1])
