"""Numbers that make densities of maps: found again where they are known, right on pictures left out, kept in a file."""

import json
import math
import re

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import scanpath as sp
from scanpath.agents import CalibratedAgent, Calibration
from scanpath.guidance.priority_density import PriorityDensity
from scanpath.training import cross_calibrate
from scanpath.training.priority_likelihood import Seen, _blurred, _centers, _loss

CENTER = tuple(tuple(math.exp(-((x - 3.5) ** 2 + (y - 2.5) ** 2) / 8) for x in range(8)) for y in range(6))
KNOWN = PriorityDensity(2.0, 0.5, 0.7, 0.1, CENTER)


class Blobs:
    """Draws a few bright spots, named by the picture."""

    name = "blobs"

    def __init__(self):
        self.settings = {"agent": "blobs"}

    def priority(self, stimulus, history_xy):
        generator = torch.Generator().manual_seed(int(stimulus.name))
        return torch.rand(1, 1, 6, 8, generator=generator)[0, 0].pow(2).repeat_interleave(8, 0).repeat_interleave(8, 1)


def pictures(n, size=(48, 64)):
    return [sp.Stimulus(torch.zeros(1, *size), name=str(i), px_per_deg=size[0] / 6) for i in range(n)]


@pytest.fixture(scope="module")
def crowd():
    """30 pictures and people who look by known numbers."""
    stimuli = pictures(30)
    known = Calibration({"agent": "blobs"}, KNOWN, {}, (0, 0, 0), {})
    table = sp.simulate(CalibratedAgent(agent=Blobs(), calibration=known), stimuli, n_fixations=11, seed=range(6))
    table["subject"] = table.pop("seed").astype(str)
    return stimuli, table.drop(columns="agent")


@pytest.fixture(scope="module")
def calibrated(crowd):
    return sp.calibrate(Blobs(), *crowd)


def test_numbers_that_people_were_drawn_with_are_found_again(calibrated):
    found = calibrated.calibration
    # not the center weight: the center bias that is fitted is the density of all fixations, which the maps shape too
    for name in ("power", "blur_deg", "uniform_share"):
        low, high = found.intervals[name]
        assert low <= getattr(KNOWN, name) <= high, name
    assert found.density.power == pytest.approx(KNOWN.power, rel=0.2)
    assert found.density.blur_deg == pytest.approx(KNOWN.blur_deg, rel=0.2)


def test_bits_on_pictures_left_out_are_those_of_the_known_numbers(crowd, calibrated):
    stimuli, people = crowd[0][:8], crowd[1][crowd[1]["stimulus"].isin(map(str, range(8)))]
    known = CalibratedAgent(agent=Blobs(), calibration=Calibration({}, KNOWN, {}, (0, 0, 0), {}))
    with pytest.warns(sp.InputWarning, match="fitted to 8 of these 8 pictures"):
        scores = [sp.evaluation.predict_fixations(one, stimuli, people) for one in (known, calibrated)]
    best, ours = (score["gain_over_uniform"].mean() for score in scores)
    assert best > 0.2
    assert ours == pytest.approx(best, abs=0.05)
    value, low, high = calibrated.calibration.held_out_bits
    assert low < value < high
    assert scores[1]["information_gain"].mean() == pytest.approx(value, abs=0.15)


def test_calibration_mends_a_map_that_is_far_too_sharp(crowd):
    class Sharp(Blobs):
        name = "sharp"

        def priority(self, stimulus, history_xy):
            return super().priority(stimulus, history_xy) ** 12

    stimuli, people = crowd[0][:10], crowd[1][crowd[1]["stimulus"].isin(map(str, range(10)))]
    score = sp.evaluation.predict_fixations
    assert score(Sharp(), stimuli, people)["information_gain"].mean() < -2
    assert sp.calibrate(Sharp(), stimuli, people).calibration.held_out_bits[0] > 0.1


def test_a_map_that_excludes_where_people_look_is_no_worse_than_the_center_bias(crowd):
    class Forgetful(Blobs):
        """Nothing is left of the map near the present fixation, where people often look again."""

        name = "forgetful"

        def priority(self, stimulus, history_xy):
            rows, columns = torch.meshgrid(torch.arange(48), torch.arange(64), indexing="ij")
            x, y = history_xy[-1]
            near = (columns - x) ** 2 + (rows - y) ** 2 < 12**2
            return torch.where(near, 0.0, super().priority(stimulus, history_xy) ** 8)

    stimuli, people = crowd[0][:10], crowd[1][crowd[1]["stimulus"].isin(map(str, range(10)))]
    found = sp.calibrate(Forgetful(), stimuli, people).calibration
    assert found.held_out_bits[0] > -0.05
    assert found.density.uniform_share < 0.5


@settings(max_examples=25, deadline=None)
@given(st.floats(0, 3), st.floats(0, 2), st.floats(0.01, 0.9), st.floats(0.01, 0.99), st.integers(0, 1000))
def test_the_gradient_of_the_likelihood_is_that_of_its_differences(power, weight, uniform, inhibition, seed):
    generator = np.random.default_rng(seed)
    parts = []
    for n in (1, 4):
        attention = generator.random((n, 3, 4)) + 0.1
        for priority in (attention, attention * generator.random((4, 3, 4))):
            one = Seen(attention, priority, generator.integers(12, size=4), np.zeros((4, 2)), 1.0)
            parts.append(_blurred(one, 0.5, np.exp(generator.normal(size=(3, 4)))))
    numbers = np.array([power, weight, uniform, inhibition])
    step = 1e-6 * np.eye(4)
    slopes = [(_loss(numbers + d, parts)[0] - _loss(numbers - d, parts)[0]) / 2e-6 for d in step]
    np.testing.assert_allclose(_loss(numbers, parts)[1], slopes, atol=1e-6)


class Inhibited(sp.PriorityAgent):
    """Draws spots named by the picture, and closes a square around each fixation."""

    def __init__(self):
        super().__init__(name="inhibited", inhibition=sp.SquareInhibition(size_px=8))
        self.settings = {"agent": "inhibited"}

    def attention(self, stimulus, history):
        return Blobs().priority(stimulus, history)[::2, ::2]


def inhibited_density(inhibition):
    return PriorityDensity(2.0, 0.5, 0.7, 0.1, CENTER, inhibition)


def inhibited_agent(inhibition):
    known = Calibration({"agent": "inhibited"}, inhibited_density(inhibition), {}, (0, 0, 0), {})
    return CalibratedAgent(agent=Inhibited(), calibration=known)


@pytest.mark.parametrize("inhibition", [0.0, 0.5, 1.0])
def test_how_much_people_are_inhibited_is_found_again(inhibition):
    stimuli = pictures(16, (24, 32))
    people = sp.simulate(inhibited_agent(inhibition), stimuli, n_fixations=9, seed=range(3))
    people["subject"] = people.pop("seed").astype(str)
    found = sp.calibrate(Inhibited(), stimuli, people.drop(columns="agent"), folds=2).calibration
    assert found.density.inhibition == pytest.approx(inhibition, abs=0.15)
    low, high = found.intervals["inhibition"]
    assert 0 <= low <= inhibition + 0.02
    assert inhibition - 0.02 <= high <= 1
    assert found.density.power == pytest.approx(2, rel=0.3)


def test_without_its_inhibition_an_agent_follows_its_attention_and_with_all_of_it_its_priority():
    (stimulus,), history = pictures(1, (24, 32)), [(10, 10), (20, 15)]
    attention, priority = Inhibited().attention(stimulus, history), Inhibited().priority(stimulus, history)
    assert not torch.equal(attention, priority)
    for inhibition, drawn in ((0.0, attention), (0.5, (attention + priority) / 2), (1.0, priority)):
        expected = KNOWN.log_density(drawn, stimulus.size, px_per_deg=4)
        torch.testing.assert_close(inhibited_agent(inhibition).log_density(stimulus, history), expected)
    # before the first fixation there is nothing to inhibit
    free, kept = (inhibited_agent(inhibition).log_density(stimulus, []) for inhibition in (0.0, 1.0))
    torch.testing.assert_close(free, kept)


def test_a_density_is_of_the_map_that_is_drawn_now_and_of_its_picture():
    class Counting(Blobs):
        """Fills one map again and again."""

        drawn = torch.zeros(48, 64)

        def priority(self, stimulus, history_xy):
            self.drawn[:] = len(history_xy)
            self.drawn[0, int(stimulus.name)] = 9
            return self.drawn

    agent = CalibratedAgent(agent=Counting(), calibration=Calibration({}, KNOWN, {}, (0, 0, 0), {}))
    seen = [(stimulus, [(3, 4)] * n) for stimulus in pictures(2) for n in (1, 1, 2)]
    alone = [CalibratedAgent(agent=Counting(), calibration=agent.calibration).log_density(*one).clone() for one in seen]
    for one, expected in zip(seen, alone):
        torch.testing.assert_close(agent.log_density(*one), expected, rtol=0, atol=0)


def test_inhibition_is_no_number_of_agents_that_have_none(tmp_path, calibrated):
    path = tmp_path / "blobs.json"
    calibrated.calibration.save(path)
    assert "inhibition" not in json.loads(path.read_text())["numbers"]
    assert "inhibition" not in calibrated.calibration.intervals
    # so it is in files of older versions
    assert Calibration.load(path).density.inhibition == 1


def test_a_saved_calibration_builds_the_same_agent(tmp_path, crowd):
    stimuli, people = crowd
    some = people[people["stimulus"].isin([one.name for one in stimuli[:6]])]
    made = sp.calibrate(sp.create_agent("spectral_residual"), stimuli[:6], some, folds=2)
    path = tmp_path / "mine.json"
    made.calibration.save(path)
    again = sp.create_agent(str(path), temperature=0.5)
    assert again.name == "spectral_residual"
    assert again.settings["calibration"] == "mine.json"
    ours, theirs = (one.log_density(stimuli[0], [(3, 4)]) for one in (made, again))
    torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-12)
    facts = json.loads(path.read_text())["people"]
    assert facts["pictures"] == [one.name for one in stimuli[:6]]
    assert facts["n_subjects"] == 6


def test_a_picture_is_scored_by_numbers_of_other_pictures(crowd, calibrated):
    stimuli, people = crowd
    cross = cross_calibrate(Blobs(), stimuli, people)
    assert cross.calibration == calibrated.calibration
    assert len({id(one) for one in cross.left_out.values()}) == 5
    # without the other pictures of its part, the numbers are those of a plain fit to the rest
    part = [name for name, one in cross.left_out.items() if one is cross.left_out["0"]]
    others = [one for one in stimuli if one.name not in part]
    rest = sp.calibrate(Blobs(), others, people[~people["stimulus"].isin(part)], folds=2)
    assert rest.calibration.density == cross.left_out["0"]
    strange = sp.Stimulus(torch.zeros(1, 48, 64), name="strange", px_per_deg=8)
    with pytest.raises(sp.InputError, match="'strange' had no part"):
        cross.log_density(strange, [(3, 4)])


def test_few_pictures_do_no_great_harm():
    """People follow spots that the map does not know: a center bias that knew them would be trusted far too much."""
    generator = np.random.default_rng(0)
    stimuli, paths = pictures(4), []
    for one in stimuli:
        spots = generator.random((2, 2)) * (60, 44) + 2
        for person in range(5):
            xy = np.clip(spots[generator.integers(2, size=6)] + generator.normal(0, 2, (6, 2)), 0, (63, 47))
            paths.append(sp.Scanpath(xy, info={"stimulus": one.name, "subject": f"s{person}"}))
    fitted = sp.calibrate(Blobs(), stimuli, paths, folds=4).calibration
    assert fitted.held_out_bits[0] > -0.3


def test_a_center_bias_is_that_of_the_places_and_left_out_that_of_the_others():
    generator = np.random.default_rng(1)
    flat = np.ones((1, 2, 2))
    seen = [Seen(flat, flat, np.zeros(40, int), generator.beta(4, 3, (40, 2)), 1.0) for _ in range(6)]
    center, _ = _centers(seen)
    x, y = ((np.array(center) * weight).sum() for weight in np.meshgrid(np.linspace(0, 1, 32), np.linspace(0, 1, 24)))
    assert (x, y) == pytest.approx(np.concatenate([one.shares for one in seen]).mean(0), abs=0.02)
    moved = [*seen[:-1], Seen(flat, flat, seen[-1].cell, np.full((40, 2), 0.01), 1.0)]
    every, without = _centers(moved)
    assert without[-1].sum() == pytest.approx(1)
    assert every[0][0] > 3 * without[-1][0, 0]
    assert without[0][0, 0] > 3 * without[-1][0, 0]


def test_order_of_pictures_and_rows_makes_no_difference(crowd):
    stimuli, people = crowd
    some = people[people["stimulus"].isin([one.name for one in stimuli[:5]])]
    one = sp.calibrate(Blobs(), stimuli[:5], some, fixations_per_picture=20).calibration
    keys = ["stimulus", "subject"]
    turned = some.sort_values([*keys, "fixation"], ascending=[False, False, True], kind="stable")
    two = sp.calibrate(Blobs(), stimuli[4::-1], turned, fixations_per_picture=20).calibration
    assert one == two


def test_what_cannot_be_fitted_is_said(crowd, tmp_path):
    stimuli, people = crowd
    with pytest.raises(sp.InputError, match="Agent 'random' draws no map"):
        sp.calibrate(sp.create_agent("random"), stimuli, people)
    with pytest.raises(sp.InputError, match=r"5 folds need as many pictures .* got 1; give"):
        sp.calibrate(Blobs(), stimuli, people[people["stimulus"] == "0"])
    with pytest.raises(sp.InputError, match=r"no picture named '29' \(1 missing\)"):
        sp.calibrate(Blobs(), stimuli[:-1], people)
    bare = [sp.Stimulus(torch.zeros(1, 48, 64), name=one.name) for one in stimuli]
    with pytest.raises(sp.InputError, match="'0' has no px_per_deg"):
        sp.calibrate(Blobs(), bare, people)
    other = tmp_path / "other.json"
    other.write_text("{}")
    with pytest.raises(sp.InputError, match=re.escape(f"{other} is no calibration")):
        sp.create_agent(str(other))
