"""Which factors lead gaze: weights that people were drawn with are found again, with the bits that are theirs."""

import json

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import scanpath as sp
from scanpath.evaluation.center_bias import CenterBias
from scanpath.guidance.priority_density import cell_grid
from scanpath.plotting import plot_channels
from scanpath.training import fit_channels
from scanpath.training.channels import Choices, _likelihood, describe, jackknife_errors, maximum_likelihood

SIZE = (48, 64)
GRID = cell_grid(SIZE, 32)
#: Of the first map, of the second, which nobody follows, of the middle, and of the history's four terms.
KNOWN = np.array([0.8, 0.0, 0.5, 0.6, -0.3, -0.7, 0.4])


class Blobs:
    """Draws bright spots, named by the picture."""

    def __init__(self, name="blobs", seed=0):
        self.name, self.seed, self.settings = name, seed, {"agent": name}

    def priority(self, stimulus, history_xy):
        generator = torch.Generator().manual_seed(1000 * self.seed + int(stimulus.name))
        return torch.rand(6, 8, generator=generator).pow(2).repeat_interleave(8, 0).repeat_interleave(8, 1)


class Middle(Blobs):
    """Draws the middle."""

    def priority(self, stimulus, history_xy):
        rows, columns = torch.meshgrid(torch.arange(48.0), torch.arange(64.0), indexing="ij")
        return torch.exp(-(((columns - 32) / 12) ** 2 + ((rows - 24) / 9) ** 2) / 2)


MAPS = {"blobs": Blobs(), "other": Blobs("other", 1), "middle": Middle("middle")}


@pytest.fixture(scope="module")
def crowd():
    """24 pictures and eight people who choose cells by known weights, around the middle."""
    generator = np.random.default_rng(0)
    stimuli = [sp.Stimulus(torch.zeros(1, *SIZE), name=str(n), px_per_deg=4) for n in range(24)]
    center = CenterBias({}, {})  # no channel asks for it
    paths = []
    for stimulus in stimuli:
        fixed = describe(MAPS, stimulus, np.zeros((1, 2)), center)
        for person in range(8):
            xy = [(32.0, 24.0)]
            for _ in range(8):
                moving = describe({"history": None}, stimulus, np.array(xy), center)
                logits = np.concatenate([fixed, moving], axis=1) @ KNOWN
                share = np.exp(logits - logits.max())
                row, column = np.unravel_index(generator.choice(share.size, p=share / share.sum()), GRID)
                xy.append(((column + 0.5) * 2 - 0.5, (row + 0.5) * 2 - 0.5))
            paths.append(sp.Scanpath(xy, info={"stimulus": stimulus.name, "subject": f"s{person}", "dataset": "drawn"}))
    return stimuli, paths


@pytest.fixture(scope="module")
def fitted(crowd):
    return fit_channels([*MAPS.values(), "history"], *crowd, fixations_per_picture=64)


def test_weights_that_people_were_drawn_with_are_found_again(fitted):
    weights = fitted.weights.set_index("term")
    for term, known in zip(weights.index, KNOWN):
        error = (weights["high"][term] - weights["low"][term]) / 4
        assert abs(weights["weight"][term] - known) < 3.5 * error, term
        assert error < 0.3
    assert weights["low"]["blobs"] > 0
    assert weights["low"]["other"] < 0 < weights["high"]["other"]


def test_bits_are_those_of_what_leads(fitted):
    bits = fitted.bits.set_index("channel")
    assert abs(bits["lost"]["other"]) < 0.02
    assert bits["lost_low"]["blobs"] > 0.1
    assert bits["lost_low"]["history"] > 0.05
    value, low, high = fitted.total_bits
    assert low < value < high
    assert value > bits["alone"].max()


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 1000))
def test_slope_and_curvature_are_those_of_differences(seed):
    generator = np.random.default_rng(seed)
    choices = [Choices(generator.normal(size=(n, 9, 3)), generator.integers(9, size=n)) for n in (2, 5)]
    weights, step = generator.normal(size=3), 1e-5 * np.eye(3)
    _, slope, curve = _likelihood(choices, weights)
    up, down = ([_likelihood(choices, weights + sign * d) for d in step] for sign in (1, -1))
    np.testing.assert_allclose(slope, [(a[0] - b[0]) / 2e-5 for a, b in zip(up, down)], atol=1e-6)
    np.testing.assert_allclose(-curve, [(a[1] - b[1]) / 2e-5 for a, b in zip(up, down)], atol=1e-5)


def drawn_choices(n_pictures=12):
    generator = np.random.default_rng(2)
    known, choices = np.array([1.0, -0.5]), []
    for _ in range(n_pictures):
        terms = generator.normal(size=(15, 20, 2))
        share = np.exp(terms @ known)
        cells = [generator.choice(20, p=one / one.sum()) for one in share]
        choices.append(Choices(terms, np.array(cells)))
    return choices


def test_intervals_are_those_of_fits_that_leave_out_each_picture():
    choices = drawn_choices()
    weights = maximum_likelihood(choices)
    left = np.stack([maximum_likelihood(choices[:k] + choices[k + 1 :]) for k in range(len(choices))])
    n = len(choices)
    exact = np.sqrt((n - 1) / n * ((left - left.mean(0)) ** 2).sum(0))
    np.testing.assert_allclose(jackknife_errors(choices, weights), exact, rtol=0.02)


def test_a_term_that_is_the_same_everywhere_has_no_weight_and_does_no_harm():
    choices = drawn_choices(4)
    flat = [Choices(np.concatenate([one.terms, np.ones((15, 20, 1))], axis=2), one.cell) for one in choices]
    weights = maximum_likelihood(flat)
    np.testing.assert_allclose(weights[:2], maximum_likelihood(choices), atol=1e-5)
    assert weights[2] == pytest.approx(0, abs=1e-5)


def test_order_of_pictures_and_people_makes_no_difference(crowd):
    stimuli, paths = crowd
    some = [path for path in paths if int(path.info["stimulus"]) < 5]
    one = fit_channels(["center", "history"], stimuli[:5], some, fixations_per_picture=10)
    two = fit_channels(["center", "history"], stimuli[4::-1], some[::-1], fixations_per_picture=10)
    np.testing.assert_allclose(one.weights["weight"], two.weights["weight"], rtol=1e-6)
    np.testing.assert_allclose(one.bits["lost"], two.bits["lost"], atol=1e-8)


def test_what_is_saved_says_what_it_was_fitted_to(fitted, tmp_path):
    fitted.save(tmp_path)
    text = json.loads((tmp_path / "channels.json").read_text())
    assert text["people"]["data"] == ["drawn"]
    assert text["people"]["n_subjects"] == 8
    assert len(text["people"]["pictures"]) == 24
    assert [row["term"] for row in text["weights"]] == fitted.weights["term"].tolist()
    assert text["total_bits"]["value"] == fitted.total_bits[0]
    assert [one.get_text() for one in plot_channels(fitted.bits).get_yticklabels()][-1] in {*MAPS, "history"}


def test_what_cannot_be_fitted_is_said(crowd):
    stimuli, paths = crowd
    bare = [sp.Stimulus(torch.zeros(1, *SIZE), name=one.name) for one in stimuli]
    nobody = [sp.Scanpath(path.xy, info={"stimulus": path.info["stimulus"], "agent": "a"}) for path in paths]
    for channels, pictures, people, message in (
        (["centre"], stimuli, paths, "No channel is named 'centre'.*center"),
        (["random"], stimuli, paths, "'random' draws no map"),
        (["center", "history", "center"], stimuli, paths, "'center' is given twice"),
        ([], stimuli, paths, "There is no channel"),
        (["center"], stimuli, nobody, "need 'subject'"),
        (["center"], bare, paths, "'0' has no px_per_deg"),
        (["center"], stimuli, paths[:8], "5 folds need as many pictures .* got 1; give"),
        (["center"], stimuli[1:], paths, r"no picture named '0' \(1 missing\)"),
    ):
        with pytest.raises(sp.InputError, match=message):
            fit_channels(channels, pictures, people)
