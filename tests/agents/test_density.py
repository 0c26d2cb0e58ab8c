"""Agents that say how probable each place is: their density, their draws from it, and the histories that they see."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import scanpath as sp
from scanpath.agents import run_episode


class Recorder(sp.DensityAgent):
    """A uniform density that notes the histories it is given, and rests 200, 210, ... ms."""

    name = "recorder"

    def __init__(self, **settings):
        super().__init__(**settings)
        self.seen = []

    def log_density(self, stimulus, history_xy, history_duration_ms=None):
        durations = None if history_duration_ms is None else [float(one) for one in history_duration_ms]
        self.seen.append((len(history_xy), durations))
        return torch.full(stimulus.size, -math.log(stimulus.size[0] * stimulus.size[1]))

    def duration_ms(self, stimulus, history, generator):
        return 190.0 + 10 * len(history)


def blank(height=12, width=16, name="blank"):
    return sp.Stimulus(torch.zeros(1, height, width), name=name)


@given(st.integers(1, 40), st.integers(1, 40), st.floats(0.01, 3))
def test_probabilities_sum_to_one(height, width, spread):
    for agent in (sp.create_agent("random"), sp.create_agent("center", spread=spread)):
        density = agent.log_density(blank(height, width), [(0.0, 0.0)])
        assert density.shape == (height, width)
        assert float(torch.logsumexp(density.flatten(), 0)) == pytest.approx(0, abs=1e-9)


def test_places_are_drawn_as_often_as_the_density_says():
    agent, stimulus = sp.create_agent("center", spread=0.3), blank(4, 5)
    drawn = sp.simulate(agent, stimulus, n_fixations=21, seed=range(200))
    drawn = drawn[drawn["fixation"] > 0]
    seen = np.bincount((drawn["y_px"] * 5 + drawn["x_px"]).astype(int), minlength=20) / len(drawn)
    expected = agent.log_density(stimulus, [(0, 0)]).exp().numpy().ravel()
    assert np.abs(seen - expected).max() < 4 * np.sqrt(expected.max() / len(drawn))


def test_an_agents_own_durations_are_in_its_history_and_in_the_table():
    agent = Recorder()
    table = sp.simulate(agent, blank(), n_fixations=4)
    assert agent.seen == [(1, [200.0]), (2, [200.0, 210.0]), (3, [200.0, 210.0, 220.0])]
    assert table["duration_ms"].tolist() == [200, 210, 220, 230]
    assert table["onset_ms"].tolist() == [0, 200, 410, 630]


@pytest.mark.parametrize("durations", [None, [150.0, 250.0, 350.0]])
def test_people_put_their_durations_into_the_history(durations):
    agent = Recorder()
    path = {"stimulus": "a", "subject": "s"}, {"stimulus": "b", "subject": "s"}
    people = [sp.Scanpath([(2, 2), (5, 6), (9, 3)], durations, info=info) for info in path]
    sp.evaluation.predict_fixations(agent, [blank(name="a"), blank(name="b")], people)
    known = [None, None] if durations is None else [[150.0], [150.0, 250.0]]
    assert agent.seen == list(zip([1, 2], known)) * 2


def test_a_density_is_scored_as_the_same_map_is():
    stimuli = [blank(name="a"), blank(name="b")]
    people = [sp.Scanpath([(2, 2), (8, 6), (9, 3)], info={"stimulus": name, "subject": "s"}) for name in "ab"]

    class Map:
        name = "center"
        priority = staticmethod(sp.create_agent("center").priority)

    scored = [sp.evaluation.predict_fixations(one, stimuli, people) for one in (sp.create_agent("center"), Map())]
    numbers = ["auc", "nss", "information_gain", "gain_over_uniform"]
    np.testing.assert_allclose(scored[0][numbers], scored[1][numbers], rtol=1e-6)


@pytest.mark.parametrize("temperature", [0.0, 0.05])
def test_a_low_temperature_takes_the_most_probable_place(temperature):
    class Corner(Recorder):
        def log_density(self, stimulus, history_xy, history_duration_ms=None):
            weight = torch.ones(stimulus.size)
            weight[2, 3] = 3
            return (weight / weight.sum()).log()

    path = run_episode(Corner(temperature=temperature), blank(), n_fixations=5, generator=torch.Generator())
    assert path.xy[1:].tolist() == [[3, 2]] * 4


def test_what_is_no_density_is_refused():
    class Doubled(Recorder):
        def log_density(self, stimulus, history_xy, history_duration_ms=None):
            return super().log_density(stimulus, history_xy) + math.log(2)

    with pytest.raises(sp.InputError, match=r"sum of 2; subtract torch\.logsumexp"):
        sp.simulate(Doubled(), blank(), n_fixations=2)
    with pytest.raises(sp.InputError, match="temperature must be 0"):
        Recorder(temperature=-1)
