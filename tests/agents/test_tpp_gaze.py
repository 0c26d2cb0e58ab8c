"""TPP-Gaze beside the outputs of the original program, on networks that are seeded alike."""

import json
import zlib
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

import scanpath as sp
from scanpath.guidance.tpp_gaze import MEAN_LOG_S, STD_LOG_S, TppGazeNetwork

#: Single precision rounds otherwise on another processor: 1.2e-5 in a logarithm of 1.7 was seen.
ROUNDING = {"rtol": 1e-5, "atol": 1e-5}
GOLDEN = json.loads((Path(__file__).parents[1] / "reference" / "tpp_gaze.json").read_text())


def seeded(network):
    """Weights from NumPy's generator, seeded by each tensor's name, as for the original's run."""
    state = {}
    for name, value in network.state_dict().items():
        generator = np.random.default_rng([20261129, zlib.crc32(name.encode())])
        if not value.is_floating_point():
            state[name] = value
            continue
        if name.endswith("running_var"):
            numbers = generator.uniform(0.5, 1.5, value.shape)
        elif name.endswith("running_mean"):
            numbers = generator.normal(0, 0.1, value.shape)
        elif value.ndim > 1:
            numbers = generator.normal(0, 1, value.shape) * np.sqrt(1 / max(1, np.prod(value.shape[1:])))
        else:
            numbers = 1 * name.endswith("weight") + generator.normal(0, 0.1, value.shape)
        state[name] = torch.from_numpy(np.asarray(numbers, dtype=np.float32))
    return state


@pytest.fixture(scope="module", params=["rnn", "transformer"])
def kind(request):
    return request.param


@pytest.fixture(scope="module")
def weights(kind, tmp_path_factory):
    path = tmp_path_factory.mktemp("tpp_gaze") / f"model_{kind}.safetensors"
    save_file(seeded(TppGazeNetwork(kind)), path)
    return path


@pytest.fixture(scope="module")
def stimulus():
    pixels = np.random.default_rng(7).integers(0, 255, (60, 80, 3), dtype=np.uint8)
    return sp.Stimulus(torch.from_numpy(pixels).permute(2, 0, 1) / 255, name="noise")


@pytest.mark.parametrize(("scale_power", "key"), [(1.0, "log_density"), (2.0, "sharpened_log_density")])
def test_densities_are_the_original_s(kind, weights, stimulus, scale_power, key):
    agent = sp.create_agent("tpp_gaze", weights=weights, scale_power=scale_power)
    np.testing.assert_allclose(agent.prepared(stimulus)[:8], GOLDEN[kind]["picture"], atol=1e-5)
    columns, rows = np.transpose(GOLDEN["at_px"])
    for case in GOLDEN[kind]["cases"]:
        history = GOLDEN["history_px"][: case["n"]], 1000 * np.array(GOLDEN["history_s"][: case["n"]])
        log_density = agent.log_density(stimulus, *history)
        assert float(log_density.logsumexp((0, 1))) == pytest.approx(0, abs=1e-9)
        # both are densities but for a constant: over the picture, and over the plane
        found = log_density[rows, columns].numpy()
        np.testing.assert_allclose(found - found[0], np.array(case[key]) - case[key][0], **ROUNDING)
        np.testing.assert_allclose(agent.expected(stimulus, *history).place.mean, case["mean"], **ROUNDING)


def test_durations_are_the_original_s(kind, weights, stimulus):
    agent = sp.create_agent("tpp_gaze", weights=weights)
    for case in GOLDEN[kind]["cases"]:
        history = GOLDEN["history_px"][: case["n"]], 1000 * np.array(GOLDEN["history_s"][: case["n"]])
        mixture = agent.expected(stimulus, *history).normalized_log_duration
        seconds = np.array(GOLDEN["at_s"])
        x = (np.log(seconds) - MEAN_LOG_S) / STD_LOG_S
        mean, scale = mixture.mean[:, 0].numpy(), mixture.log_scale[:, 0].exp().numpy()
        each = np.exp(-0.5 * ((x[:, None] - mean) / scale) ** 2) / (scale * np.sqrt(2 * np.pi))
        density = each @ mixture.log_weight.exp().numpy() / (STD_LOG_S * seconds)
        np.testing.assert_allclose(np.log(density), case["duration_log_density"], **ROUNDING)


def test_scanpaths_have_durations_and_end_in_time(weights, stimulus):
    agent = sp.create_agent("tpp_gaze", weights=weights, seconds=1.5)
    table = sp.simulate(agent, stimulus, n_fixations=100, seed=4)
    assert 1 <= len(table) < 100
    assert table["duration_ms"].sum() <= 1500
    assert set(table["ended_by"]) == {"agent"}
    again = sp.simulate(agent, stimulus, n_fixations=100, seed=4)
    assert table.equals(again)


def test_a_duration_that_is_not_known_counts_as_the_usual_one(weights, stimulus):
    agent = sp.create_agent("tpp_gaze", weights=weights)
    usual = 1000 * np.exp(MEAN_LOG_S)
    known, unknown = (agent.log_density(stimulus, [(9, 9), (30, 40)], [200, last]) for last in (usual, np.nan))
    torch.testing.assert_close(known, unknown, rtol=0, atol=1e-6)
    with pytest.raises(sp.InputError, match="one number for each of 1 fixations"):
        agent.log_density(stimulus, [(9, 9)], [200, 300])


def test_weights_of_something_else_are_refused(weights, tmp_path):
    save_file({"features.weight": torch.zeros(3)}, tmp_path / "other.safetensors")
    with pytest.raises(sp.InputError, match=r"other\.safetensors holds no weights of TPP-Gaze"):
        sp.create_agent("tpp_gaze", weights=tmp_path / "other.safetensors")
    save_file({"context.rnn.weight_ih_l0": torch.zeros(3)}, tmp_path / "part.safetensors")
    with pytest.raises(sp.InputError, match=r"part\.safetensors holds weights of another module.*it lacks"):
        sp.create_agent("tpp_gaze", weights=tmp_path / "part.safetensors")
    with pytest.raises(sp.InputError, match="needs weights"):
        sp.create_agent("tpp_gaze")


def test_a_history_of_columns_is_read_by_name(weights):
    agent = sp.create_agent("tpp_gaze", weights=weights)
    stimulus = sp.Stimulus(torch.rand(3, 40, 60, generator=torch.Generator().manual_seed(0)), name="noise")
    by_name = agent.log_density(stimulus, {"y_px": [30.0, 5.0], "x_px": [10.0, 50.0]}, [200, 250])
    torch.testing.assert_close(by_name, agent.log_density(stimulus, [(10, 30), (50, 5)], [200, 250]), rtol=0, atol=0)
