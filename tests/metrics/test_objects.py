"""Scanpaths over objects, compared with what the original program says of 24 pairs."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanpath import InputError, InputWarning, UndefinedError
from scanpath.metrics import (
    attention_similarity,
    behavioral_delta,
    behavioral_differences,
    fixation_edit_distance,
    object_behavior,
    object_negative_log_likelihood,
    sequence_score,
)


@pytest.fixture(scope="module")
def original(shared):
    return json.loads((shared / "goldens/oat/metrics.json").read_text())


def test_scores_agree_with_the_original(original):
    for case in original["cases"]:
        pair = case["pred"], case["human"]
        assert object_behavior(case["pred"], case["target"]) == pytest.approx(case["behavior"], abs=1e-6)
        assert sequence_score(*pair) == pytest.approx(case["SS"], abs=1e-6)
        assert fixation_edit_distance(*pair) == case["FED"]


def test_delta_agrees_with_the_original(original):
    model, human = ([object_behavior(c[who], c["target"]) for c in original["cases"]] for who in ("pred", "human"))
    assert behavioral_delta(model, human) == pytest.approx(original["delta"]["delta"], abs=1e-6)
    means = np.mean(model, axis=0), np.mean(human, axis=0)
    assert behavioral_delta(*means) == pytest.approx(behavioral_delta(model, human))


@given(st.lists(st.integers(0, 4), min_size=1, max_size=30))
def test_every_fixation_is_a_first_visit_a_refixation_or_a_revisit(objects):
    behavior = object_behavior(objects, 0)
    counts = np.array(behavior[2:]) * len(objects)
    assert (counts >= 0).all()
    assert counts.sum() == pytest.approx(len(objects))
    seen, expected = [], np.zeros(3)
    for one in objects:
        expected[0 if one not in seen else 1 if one == seen[-1] else 2] += 1
        seen.append(one)
    np.testing.assert_allclose(counts, expected, atol=1e-9)


def test_what_people_never_do_is_left_out_of_delta_and_told_of():
    human, model = [(1, 4, 1, 0, 0)], [(1, 5, 0.8, 0.2, 0)]
    with pytest.warns(InputWarning, match="refixations, revisits are 0"):
        delta = behavioral_delta(model, human)
    assert delta == pytest.approx((0 + 0.25 + 0.2) / 3)
    assert np.isnan(behavioral_differences(model, human).revisits)


def test_likelihood_and_attention_are_means_over_choices():
    probabilities = np.array([[0.2, 0.3, 0.5], [0.1, 0.8, 0.1]])
    assert object_negative_log_likelihood(np.log(probabilities), [2, 0]) == pytest.approx(-np.log([0.5, 0.1]).mean())
    assert attention_similarity(probabilities, [2, 0]) == pytest.approx(0.3)


def test_what_has_no_value_says_why():
    for call in (
        lambda: object_behavior([], 1),
        lambda: behavioral_delta([], [(1, 1, 1, 0, 0)]),
        lambda: attention_similarity(np.zeros((0, 3)), []),
    ):
        with pytest.raises(UndefinedError):
            call()
    with pytest.raises(UndefinedError, match="probability 0"):
        object_negative_log_likelihood([[0.0, -np.inf]], [1])
    for call in (
        lambda: behavioral_delta([(1, 2, 3)], [(1, 1, 1, 0, 0)]),
        lambda: attention_similarity([[0.5, 0.6]], [0]),
        lambda: attention_similarity([[0.5, 0.5]], [2]),
        lambda: object_negative_log_likelihood([[0.0]], [0, 0]),
        lambda: attention_similarity([0.5, 0.5], [0]),
    ):
        with pytest.raises(InputError):
            call()
