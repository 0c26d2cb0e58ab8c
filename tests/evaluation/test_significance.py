import numpy as np
import pandas as pd
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from scanpath import InputError, UndefinedError
from scanpath.evaluation import (
    compare_agents,
    describe_comparison,
    effect_size,
    evaluate,
    evaluate_agents,
    holm,
    paired_permutation_test,
    picture_scores,
)
from scanpath.gaze.scanpath import Scanpath


@given(st.integers(2, 9), st.integers(0, 2**31))
def test_few_pairs_get_the_exact_p_value_of_scipy(n, seed):
    first, second = np.random.default_rng(seed).random((2, n))
    expected = scipy.stats.permutation_test(
        (first, second), lambda a, b: np.mean(a - b), permutation_type="samples", n_resamples=np.inf
    )
    assert paired_permutation_test(first, second) == pytest.approx(expected.pvalue)


def test_many_pairs_get_a_p_value_near_that_of_the_t_test():
    generator = np.random.default_rng(0)
    first = generator.normal(size=60)
    second = first + generator.normal(0.2, 0.7, size=60)
    p = paired_permutation_test(first, second, permutations=20000, seed=1)
    assert p == pytest.approx(scipy.stats.ttest_rel(first, second).pvalue, abs=0.01)


def test_p_is_never_zero_and_depends_on_the_seed_alone():
    first, second = np.arange(40.0) + 5, np.arange(40.0)
    assert paired_permutation_test(first, second, permutations=999, seed=1) == 1 / 1000
    noisy = np.random.default_rng(3).normal(size=40)
    draws = [paired_permutation_test(noisy, 0 * noisy, permutations=500, seed=seed) for seed in (1, 1, 2)]
    assert draws[0] == draws[1] != draws[2]


def test_no_difference_is_no_evidence():
    assert paired_permutation_test(np.ones(5), np.ones(5)) == 1.0


def test_pairs_with_nan_are_left_out():
    first, second = np.array([1.0, 2.0, np.nan, 4.0]), np.array([0.0, 0.0, 0.0, np.nan])
    assert paired_permutation_test(first, second) == paired_permutation_test(first[:2], second[:2])


def test_holm_by_hand():
    # sorted .005 .01 .03 .04 times 4 3 2 1 = .02 .03 .06 .04, then never falling
    assert holm(np.array([0.01, 0.04, np.nan, 0.03, 0.005])) == pytest.approx(
        [0.03, 0.06, np.nan, 0.06, 0.02], nan_ok=True
    )


@given(st.lists(st.floats(0, 1), min_size=1, max_size=20))
def test_holm_never_lowers_a_p_value_and_lies_below_bonferroni(p_values):
    raw = np.array(p_values)
    adjusted = holm(raw)
    assert (adjusted >= raw).all()
    assert (adjusted <= np.minimum(raw * len(raw), 1) + 1e-15).all()


def test_the_effect_size_is_the_standardized_difference_or_undefined():
    assert effect_size(np.array([1.0, 2.0, 3.0]), np.zeros(3)) == pytest.approx(2.0)
    with pytest.raises(UndefinedError, match="differ"):
        effect_size(np.array([1.1, 2.1]), np.array([1.0, 2.0]))


def test_too_few_pairs_are_said():
    with pytest.raises(UndefinedError, match="at least two pairs"):
        paired_permutation_test(np.array([1.0, np.nan]), np.array([0.0, 0.0]))
    with pytest.raises(InputError, match="one length"):
        paired_permutation_test(np.ones(3), np.ones(4))


def scores(**agents):
    rows = [
        {"agent": agent, "metric": "m", "part": "p", "picture": f"{i}", "value": value}
        for agent, values in agents.items()
        for i, value in enumerate(values)
    ]
    return pd.DataFrame(rows)


def test_comparison_pairs_agents_on_common_pictures_and_corrects_for_all_tests():
    table = compare_agents(scores(a=[1, 2, 3, 4, 5, 6], b=[0, 1, 1, 2, 3, 5], c=[1, 2, 3, 4, 5]))
    assert list(zip(table["agent"], table["other"])) == [("a", "b"), ("a", "c"), ("b", "c")]
    assert list(table["n_pictures"]) == [6, 5, 5]
    first = table.iloc[0]
    assert first["p"] == 2 / 2**6  # all six differences positive
    assert first["p_holm"] == 3 * first["p"]
    assert first["share_larger"] == 1.0
    assert first["low"] <= first["difference"] <= first["high"]
    assert table.iloc[1]["p"] == 1.0
    assert np.isnan(table.iloc[1]["d_z"])


def test_one_agent_cannot_be_compared():
    with pytest.raises(InputError, match="two agents"):
        compare_agents(scores(a=[1, 2]))


def test_a_pair_has_the_p_value_interval_and_effect_that_it_has_alone():
    rng = np.random.default_rng(0)
    values = {name: rng.normal(k / 5, 1, 30) for k, name in enumerate("abc")}
    values["c"][3] = np.nan
    order = np.argsort([f"{k}" for k in range(30)])  # of the pictures' names
    table = compare_agents(scores(**values), seed=3).set_index(["agent", "other"])
    for pair, row in table.iterrows():
        first, second = (values[name][order] for name in pair)
        assert row["p"] == paired_permutation_test(first, second, seed=3)
        assert row["d_z"] == pytest.approx(effect_size(first, second))
        assert row["n_pictures"] == np.isfinite(first - second).sum()


def test_agents_are_compared_with_floors_and_floors_not_with_each_other():
    table = compare_agents(scores(a=[1, 2, 3], **{"floor: shuffled": [0, 1, 1], "floor: center": [1, 1, 0]}))
    assert list(table["other"]) == ["floor: shuffled", "floor: center"]
    assert set(table["agent"]) == {"a"}


def test_sentences_say_direction_size_and_what_was_not_found():
    values = {
        "good": [1.0, 2, 3, 2, 1, 2, 3, 1],
        "bad": [9.0, 8, 9, 7, 9, 8, 9, 8],
        "alike": [1.1, 1.9, 3, 2.1, 1, 2, 2.9, 1],
    }
    lower = scores(**values).assign(metric="dtw", part="value")
    first, how = describe_comparison(compare_agents(lower))
    assert first.startswith("In dtw (px, lower is better; 8 pictures), good was better than bad by 6.5 (95 % interval ")
    assert "; no difference was found between good and alike (" in first
    assert "; bad was worse than alike by 6.5 (" in first
    assert "Holm-corrected for 3 comparisons" in how
    unknown, _ = describe_comparison(compare_agents(scores(**values)))
    assert unknown.startswith("In m p (8 pictures), good was lower than bad by")


def test_sentences_say_what_cannot_be_compared_and_counts_that_differ():
    table = compare_agents(scores(a=[1, 2, 3, 4], b=[np.nan] * 4, c=[2, 3, 5]))
    (sentence, _) = describe_comparison(table)
    assert "a and b could not be compared on 0 pictures" in sentence
    assert "between a and c on 3 pictures" in sentence
    assert describe_comparison(table.iloc[:0]) == []


def test_one_pass_gives_the_tables_of_three():
    rng = np.random.default_rng(0)

    def look(picture, **who):
        return Scanpath(rng.uniform(0, 90, (4, 2)), info={"stimulus": picture, **who})

    people = [look(p, subject=s) for p in "xyz" for s in ("s1", "s2", "s3")]
    agents = [look(p, agent=a) for p in "xyz" for a in ("a", "b")]
    settings = {"screen_px": (90, 90), "floors": ["shuffled"], "seed": 4}
    found = evaluate_agents(agents, people, ["dtw", "scanmatch"], **settings)
    pd.testing.assert_frame_equal(found.scores, evaluate(agents, people, ["dtw", "scanmatch"], **settings))
    pd.testing.assert_frame_equal(found.pictures, picture_scores(agents, people, ["dtw", "scanmatch"], **settings))
    pd.testing.assert_frame_equal(found.differences, compare_agents(found.pictures, seed=4))
    alone = evaluate_agents(agents[::2], people, ["dtw"])
    assert len(alone.differences) == 0
    assert alone.sentences == []
