"""Gazeformer beside the outputs of the original program, on a network that is seeded alike."""

import json
import zlib
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torchvision.models import resnet50
from torchvision.models._utils import IntermediateLayerGetter
from torchvision.ops import FrozenBatchNorm2d

import scanpath as sp
from scanpath.agents.gazeformer import Gazeformer
from scanpath.guidance.gazeformer import CocoFeatures, GazeformerNetwork

GOLDEN = json.loads((Path(__file__).parents[1] / "reference" / "gazeformer.json").read_text())


def seeded(network):
    """Weights from NumPy's generator, seeded by each tensor's name, as for the original's run."""
    state = {}
    for name, value in network.state_dict().items():
        generator = np.random.default_rng([20261129, zlib.crc32(name.encode())])
        if name.endswith("running_var"):
            numbers = generator.uniform(0.5, 1.5, value.shape)
        elif value.ndim > 1:
            numbers = generator.normal(0, 1, value.shape) * np.sqrt(1 / np.prod(value.shape[1:]))
        else:
            numbers = 1 * name.endswith("weight") + generator.normal(0, 0.1, value.shape)
        state[name] = torch.from_numpy(np.asarray(numbers, dtype=np.float32))
    return state


def test_what_is_foretold_is_the_original_s():
    network = GazeformerNetwork().eval()
    network.load_state_dict(seeded(network))
    generator = np.random.default_rng(11)
    features, words = (
        torch.from_numpy(generator.normal(0, 1, shape).astype(np.float32)) for shape in ((640, 2048), (768,))
    )
    with torch.no_grad():
        planned = network(features, words)
    for name, (mean, spread) in zip("yxt", planned[:3]):
        np.testing.assert_allclose(mean, GOLDEN[f"{name}_mean"], atol=1e-5)
        np.testing.assert_allclose(2 * spread.log(), GOLDEN[f"{name}_logvar"], atol=1e-5)
    np.testing.assert_allclose(planned.log_exists, GOLDEN["log_exists"], atol=1e-5)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A checkpoint that plans four fixations, a detector with random weights, and the words for a car."""
    folder = tmp_path_factory.mktemp("gazeformer")
    network = GazeformerNetwork()
    state = seeded(network)
    state["generator_y_mu.bias"], state["generator_x_mu.bias"] = torch.tensor([80.0]), torch.tensor([400.0])
    state["generator_t_mu.bias"] = torch.tensor([200.0])
    state["token_predictor.weight"], state["token_predictor.bias"] = torch.zeros(2, 512), torch.tensor([5.0, 0.0])
    torch.save({"model": state, "epoch": 3}, folder / "checkpoint.pkg")
    # of a detector's file as torchvision has it, the part that is used, and one weight that is not
    body = {f"backbone.{name}": value for name, value in seeded(CocoFeatures()).items()}
    save_file({**body, "rpn.head.bias": torch.zeros(1)}, folder / "maskrcnn.safetensors")
    save_file({"car": torch.ones(768)}, folder / "words.safetensors")
    return {
        "weights": folder / "checkpoint.pkg",
        "backbone_weights": folder / "maskrcnn.safetensors",
        "embeddings": folder / "words.safetensors",
    }


def test_a_scanpath_starts_at_the_center_and_has_durations(files):
    agent = sp.create_agent("gazeformer", **files)
    stimulus = sp.Stimulus(torch.rand(3, 160, 256, generator=torch.Generator().manual_seed(1)), caption="car")
    table = sp.simulate(agent, stimulus, n_fixations=10, seed=2)
    assert len(table) == 7
    assert (table["x_px"][0], table["y_px"][0]) == (128, 80)
    # biases of the mean: half of 400 and of 80 px of the frame, whose sides are twice the picture's
    assert table["x_px"][1:].between(195, 205).all()
    assert table["y_px"][1:].between(35, 45).all()
    np.testing.assert_allclose(table["onset_ms"], np.r_[0, table["duration_ms"].cumsum()[:-1]])
    assert set(table["ended_by"]) == {"agent"}
    assert table.equals(sp.simulate(agent, stimulus, n_fixations=10, seed=2))


def test_the_backbone_is_the_detector_s(files):
    agent = sp.create_agent("gazeformer", **files)
    assert isinstance(agent, Gazeformer)
    network = resnet50(weights=None, norm_layer=partial(FrozenBatchNorm2d, eps=0.0)).eval()
    body = {name.removeprefix("body."): value for name, value in agent.backbone.state_dict().items()}
    network.load_state_dict(network.state_dict() | body)
    picture = torch.full((3, 64, 96), 0.5)
    mean, std = (torch.tensor(three)[:, None, None] for three in ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)))
    with torch.no_grad():
        expected = IntermediateLayerGetter(network, {"layer4": "out"})(((picture - mean) / std)[None])["out"]
        torch.testing.assert_close(agent.backbone(picture), expected[0].flatten(1).T, rtol=0, atol=0)


def test_what_is_missing_is_said(files, tmp_path):
    agent = sp.create_agent("gazeformer", **files)
    with pytest.raises(sp.InputError, match="has no caption"):
        sp.simulate(agent, sp.Stimulus(torch.zeros(1, 32, 32)))
    with pytest.raises(sp.InputError, match="No target with a vector is named 'cat'"):
        sp.simulate(agent, sp.Stimulus(torch.zeros(1, 32, 32), caption="cat"))
    with pytest.raises(sp.InputError, match=r"words of 'car'|vector of 'car' must have shape \(768,\)"):
        sp.create_agent("gazeformer", **{**files, "embeddings": {"car": torch.ones(3)}})
    with pytest.raises(sp.InputError, match=r"holds weights of another module than CocoFeatures: it lacks"):
        sp.create_agent("gazeformer", **{**files, "backbone_weights": files["embeddings"]})
