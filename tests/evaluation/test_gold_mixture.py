"""The better gold standard: it knows nothing of who is scored, and predicts at least as well as one kernel."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from scipy.special import ndtr

from scanpath import InputError, Scanpath, Stimulus, load_dataset
from scanpath.evaluation import picture_predictions, predict_fixations, summarize_predictions
from scanpath.evaluation.gold_mixture import PRIOR_COUNT, GoldMixture
from scanpath.metrics.baselines import WIDTHS

SIZE = (30, 40)


def middle(size=SIZE):
    rows, columns = np.indices(size)
    density = np.exp(-(((columns - size[1] / 2) / size[1]) ** 2 + ((rows - size[0] / 2) / size[0]) ** 2) * 12) + 1e-3
    return density / density.sum()


def drawn(density, n, generator):
    rows, columns = np.unravel_index(generator.choice(density.size, n, p=density.ravel()), density.shape)
    return np.column_stack([columns, rows]).astype(float)


def crowd(generator, agree, n_people=6, n=5):
    """People who look at one of two spots with the probability `agree`, else anywhere near the middle."""
    spots = generator.random((2, 2)) * (30, 20) + 5
    people = {}
    for person in range(n_people):
        near = np.clip(spots[generator.integers(2, size=n)] + generator.normal(0, 0.7, (n, 2)), 0, (39, 29))
        people[f"s{person}"] = np.where(generator.random((n, 1)) < agree, near, drawn(middle(), n, generator))
    return people


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000), st.floats(0, 1))
def test_it_is_a_density_whatever_the_order_of_people(seed, agree):
    people = crowd(np.random.default_rng(seed), agree)
    density = GoldMixture(people, middle()).density("s2")
    assert density.sum() == pytest.approx(1)
    assert density.min() > 0
    turned = dict(reversed(people.items()))
    np.testing.assert_allclose(GoldMixture(turned, middle()).density("s2"), density, rtol=1e-9)


def test_a_person_s_own_place_is_not_in_their_density():
    people = crowd(np.random.default_rng(0), 1.0)
    lonely = people | {"odd": np.array([(38.0, 1.0)] * 3)}
    density = GoldMixture(lonely, middle())
    assert density.density("odd")[1, 38] < 1 / 1200
    assert density.density("s0")[1, 38] > 10 * density.density("odd")[1, 38]


def test_numbers_are_the_likeliest():
    """An optimizer that knows nothing of the rounds finds no better weights, at any width."""
    people = crowd(np.random.default_rng(1), 0.6)
    mixture = GoldMixture(people, middle())

    def surprise(weights, width):
        share = np.exp(weights) / np.exp(weights).sum()
        total = 0.0
        for who, xy in people.items():
            others = np.concatenate([other for name, other in people.items() if name != who])
            kernel = np.exp(-((xy[:, None] - others) ** 2).sum(-1) / (2 * width**2)) / (2 * np.pi * width**2)
            inside = ndtr((39.5 - others[:, 0]) / width) - ndtr((-0.5 - others[:, 0]) / width)
            inside *= ndtr((29.5 - others[:, 1]) / width) - ndtr((-0.5 - others[:, 1]) / width)
            columns, rows = np.floor(xy + 0.5).astype(int).T
            parts = np.stack([kernel.sum(1) / inside.sum(), middle()[rows, columns], np.full(len(xy), 1 / 1200)])
            total -= np.log(share @ parts).sum()
        return total - PRIOR_COUNT * np.log(share).sum()

    fits = [minimize(surprise, np.zeros(3), (width,)).fun for width in np.array(WIDTHS) * 50]
    ours = surprise(np.log(mixture.weights), mixture.bandwidth_px)
    assert ours == pytest.approx(fits[int(np.argmin(np.abs(np.array(WIDTHS) * 50 - mixture.bandwidth_px)))], abs=0.01)
    assert ours < min(fits) + 0.5  # the width is chosen without the counts that keep weights from 0


@pytest.mark.parametrize("agree", [0.0, 0.5, 1.0])
def test_it_predicts_better_than_one_kernel(agree):
    """On the whole it is at least as good as the gold standard of one kernel, whether people agree or not."""
    generator = np.random.default_rng(3)
    stimuli = [Stimulus(np.zeros((1, *SIZE), np.float32), name=f"p{i}") for i in range(5)]
    paths = [
        Scanpath(np.concatenate([[(20, 15)], xy]), info={"stimulus": one.name, "subject": who})
        for one in stimuli
        for who, xy in crowd(generator, agree).items()
    ]
    table = predict_fixations(None, stimuli, paths, marks=("center bias", "gold standard", "gold mixture"))
    summary = summarize_predictions(table).set_index(["agent", "metric"])["value"]
    center, kernel, mixture = (
        summary[mark, "gain_over_uniform"] for mark in ("center bias", "gold standard", "gold mixture")
    )
    assert mixture > kernel - 0.002  # counts that keep weights from 0, and places between pixels
    if agree == 0:  # nothing to know but the middle
        assert mixture == pytest.approx(center, abs=0.1)


def test_one_person_is_too_few():
    paths = [Scanpath([(20, 15), (30, 20)], info={"stimulus": name, "subject": "a"}) for name in ("p0", "p1")]
    stimuli = [Stimulus(np.zeros((1, *SIZE), np.float32), name=name) for name in ("p0", "p1")]
    with pytest.raises(InputError, match=r"needs two people .* got 1"):
        predict_fixations(None, stimuli, paths, marks=("gold mixture",))


def test_means_of_pictures_are_those_that_the_summary_averages():
    generator = np.random.default_rng(5)
    stimuli = [Stimulus(np.zeros((1, *SIZE), np.float32), name=f"p{i}") for i in range(3)]
    paths = [
        Scanpath(xy, info={"stimulus": one.name, "subject": who})
        for one in stimuli
        for who, xy in crowd(generator, 0.8, n_people=3).items()
    ]
    table = predict_fixations(None, stimuli, paths, marks=("uniform", "center bias"))
    pictures = picture_predictions(table)
    means = pictures.groupby(["agent", "metric"])["value"].mean()
    for row in summarize_predictions(table).to_dict("records"):
        assert means[row["agent"], row["metric"]] == pytest.approx(row["value"], nan_ok=True)
    assert set(pictures["picture"]) == {"p0", "p1", "p2"}


@pytest.mark.slow
def test_on_photographs_it_predicts_people_better_than_one_kernel(shared):
    data = load_dataset("osie", root=shared / "data")
    stimuli = data.stimuli[:4]
    people = data.fixations[data.fixations["stimulus"].isin([one.name for one in stimuli])]
    table = predict_fixations(None, stimuli, people, marks=("gold standard", "gold mixture"))
    kernel, mixture = table.groupby("agent", sort=False)["gain_over_uniform"].mean()
    assert mixture > kernel > 1
