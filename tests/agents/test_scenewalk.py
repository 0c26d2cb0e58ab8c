"""SceneWalk as an agent: its density is that of its likelihood, and its scanpaths are draws from it."""

import json

import numpy as np
import pytest
import torch

import scanpath as sp
from scanpath.agents.scene_density import SceneDensity
from scanpath.evaluation import predict_fixations
from scanpath.guidance.scenewalk_parameters import CONFIGURATIONS

FIT = {"format": "scanpath scenewalk 1", "configuration": "divisive", "density": "center", "parameters": {"gamma": 2.0}}


def spots(stimulus):
    """A map with two blobs, for pictures of any size."""
    height, width = stimulus.size
    y, x = torch.meshgrid(torch.linspace(0, 1, height), torch.linspace(0, 1, width), indexing="ij")
    return sum(torch.exp(-((x - a) ** 2 + (y - b) ** 2) / 0.02) for a, b in [(0.3, 0.4), (0.8, 0.6)])


def blank(height=128, width=128, name="blank", px_per_deg=8.0):
    return sp.Stimulus(torch.zeros(1, height, width), name=name, px_per_deg=px_per_deg)


@pytest.mark.parametrize("configuration", CONFIGURATIONS)
def test_the_density_of_pixels_is_that_of_the_likelihood(configuration):
    picture = blank()  # a pixel is a cell
    xy = np.array([[20.0, 40.0], [100.0, 90.0], [64.0, 30.0]])
    duration_ms = np.array([180.0, 320.0, 240.0])
    agent = sp.create_agent("scenewalk", density=spots, configuration=configuration)
    log_density = agent.log_density(picture, xy[:2], duration_ms[:2])
    bits = sp.scenewalk_log_likelihood(
        spots(picture).double(),
        *((xy.T + 0.5) / 8),
        duration_ms / 1000,
        range_deg=((0, 16), (0, 16)),
        configuration=configuration,
    )
    assert float(log_density[30, 64]) / np.log(2) == pytest.approx(float(bits[1]), abs=1e-9)
    assert torch.logsumexp(log_density.flatten(), 0) == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("size", [(90, 120), (400, 300), (37, 500)])
def test_the_density_has_sum_one_at_any_size(size):
    agent = sp.create_agent("scenewalk", density="center")
    density = agent.priority(blank(*size), [(5.0, 5.0)], [200.0])
    assert density.shape == size
    assert density.sum() == pytest.approx(1)


def test_scanpaths_are_draws_from_the_density():
    picture, agent = blank(32, 32, px_per_deg=2.0), sp.create_agent("scenewalk", density=spots)
    table = sp.simulate(agent, picture, n_fixations=2, seed=range(400))
    second = table.loc[table["fixation"] == 1, ["x_px", "y_px"]].to_numpy()
    duration_ms = table.loc[table["fixation"] == 0, "duration_ms"]
    density = agent.priority(picture, [(16.0, 16.0)], [250.0])
    left = float(density[:, :16].sum())
    assert abs((second[:, 0] < 16).mean() - left) < 4 * np.sqrt(left * (1 - left) / 400)
    assert duration_ms.mean() == pytest.approx(250, abs=4 * 25 / 20)
    assert duration_ms.std() == pytest.approx(25, rel=0.2)


def test_the_onsets_are_the_durations_before():
    table = sp.simulate(sp.create_agent("scenewalk", density="center"), blank(), n_fixations=4)
    np.testing.assert_allclose(np.diff(table["onset_ms"]), table["duration_ms"][:-1])


def test_longer_fixations_draw_the_density_further_along():
    agent = sp.create_agent("scenewalk", density=spots)
    short, usual, long = (agent.log_density(blank(), [(20.0, 20.0)], times) for times in ([50.0], None, [250.0]))
    assert torch.equal(usual, long)
    assert not torch.equal(short, long)


def test_people_are_predicted_from_their_durations():
    picture = blank(64, 64, name="a"), blank(64, 64, name="b")
    people = sp.simulate(sp.create_agent("scenewalk", density=spots), picture, n_fixations=8, seed=1)
    people["subject"] = "s1"
    agent = sp.create_agent("scenewalk", density=spots)
    scores = predict_fixations(agent, picture, people)
    flat = predict_fixations(agent, picture, people.assign(duration_ms=20.0))
    assert scores["gain_over_uniform"].mean() > flat["gain_over_uniform"].mean()


def test_peoples_density_leaves_one_out():
    xy = {"s1": [(5, 5), (20, 20), (22, 22)], "s2": [(5, 5), (50, 50), (52, 48)]}
    people = sp.table_from_scanpaths(sp.Scanpath(at, info={"stimulus": "a", "subject": who}) for who, at in xy.items())
    density = SceneDensity("people", people)
    of_both, of_second = density.on(blank(64, 64, "a")), density.on(blank(64, 64, "a"), without="s1")
    assert of_second[40, 40] < of_both[40, 40]  # the map has two cells a pixel: (20, 20) px is one person's alone
    assert of_second[100, 100] > of_both[100, 100]
    assert of_both.sum() == pytest.approx(1)


def test_a_fitted_file_says_what_is_not_given(tmp_path):
    file = tmp_path / "fit.json"
    file.write_text(json.dumps(FIT))
    agent = sp.create_agent("scenewalk", weights=file, parameters={"uniform_share": 0.5})
    assert agent.configuration == "divisive"
    assert agent.density.source == "center"
    assert (agent.parameters["inhibition_exponent"], agent.parameters["uniform_share"]) == (2.0, 0.5)


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"density": "people"}, "needs people="),
        ({"density": "scenewalks"}, "No agent is named"),
        ({"density": "levy_"}, "Did you mean levy"),
        ({"density": 3}, "must be an agent's name"),
        ({"configuration": "additive"}, "No part of SceneWalk"),
        ({"parameters": {"speed": 1}}, "No parameter of SceneWalk"),
        ({"duration_shape": 0}, "duration_shape must be a positive number"),
    ],
)
def test_settings_that_cannot_be_used(settings, sentence):
    with pytest.raises(sp.InputError, match=sentence):
        sp.create_agent("scenewalk", **settings)


def test_a_file_of_another_kind_is_refused(tmp_path):
    for text in ('{"format": "else"}', "no json", "[1]"):
        file = tmp_path / "fit.json"
        file.write_text(text)
        with pytest.raises(sp.InputError, match="holds no parameters of SceneWalk"):
            sp.create_agent("scenewalk", weights=file)


def test_a_picture_without_scale_and_wrong_durations_are_refused():
    agent = sp.create_agent("scenewalk", density="center")
    with pytest.raises(sp.InputError, match=r"SceneWalk works in degrees .* 'x' has no px_per_deg"):
        agent.log_density(sp.Stimulus(torch.zeros(1, 9, 9), name="x"), [(1, 1)])
    with pytest.raises(sp.InputError, match="one number for each of 2 fixations"):
        agent.log_density(blank(), [(1, 1), (2, 2)], [200.0])
    with pytest.raises(sp.InputError, match="is empty"):
        agent.log_density(blank(), np.zeros((0, 2)))


def test_people_beside_the_picture_count_at_its_border():
    agent = sp.create_agent("scenewalk", density="center")
    assert torch.equal(agent.log_density(blank(), [(-40.0, 300.0)]), agent.log_density(blank(), [(0.0, 127.0)]))
