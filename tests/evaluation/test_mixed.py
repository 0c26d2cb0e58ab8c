"""A mixed model of a balanced table has a closed form: the analysis of variance of pictures by people."""

import sys

import numpy as np
import pandas as pd
import pytest
import scipy.stats

import scanpath as sp
from scanpath.evaluation import evaluate_agents, mixed_model

pytest.importorskip("statsmodels")


def table(difference, baseline=0.0):
    """Scores of two agents that differ by the given (pictures, people) values."""
    pictures, people = difference.shape
    rows = [
        {"agent": agent, "metric": "m", "part": "p", "picture": f"i{i}", "person": f"s{j}", "value": value[i, j]}
        for agent, value in (("a", baseline + difference), ("b", baseline + 0 * difference))
        for i in range(pictures)
        for j in range(people)
    ]
    return pd.DataFrame(rows)


def analysis_of_variance(d):
    """Mean, standard error, degrees of freedom and SDs of pictures, people and residuals, by mean squares."""
    n, m = d.shape
    pictures, people = m * d.mean(axis=1).var(ddof=1), n * d.mean(axis=0).var(ddof=1)
    rest = ((d - d.mean(axis=1, keepdims=True) - d.mean(axis=0) + d.mean()) ** 2).sum() / ((n - 1) * (m - 1))
    se = np.sqrt((pictures + people - rest) / (n * m))
    spread = pictures**2 / (n - 1) + people**2 / (m - 1) + rest**2 / ((n - 1) * (m - 1))
    df = (pictures + people - rest) ** 2 / spread
    return d.mean(), se, df, np.sqrt([(pictures - rest) / m, (people - rest) / n, rest])


@pytest.mark.parametrize("scale", [1.0, 1000.0])
def test_a_balanced_table_gives_the_analysis_of_variance(scale):
    rng = np.random.default_rng(3)
    d = scale * (0.8 + rng.normal(0, 1, (14, 1)) + rng.normal(0, 0.7, (1, 9)) + rng.normal(0, 1, (14, 9)))
    row = mixed_model(table(d, baseline=scale * rng.normal(0, 5, d.shape))).iloc[0]
    mean, se, df, sd = analysis_of_variance(d)
    assert row["difference"] == pytest.approx(mean)
    assert row["se"] == pytest.approx(se, rel=1e-3)
    assert row["df"] == pytest.approx(df, rel=1e-2)
    assert list(row[["sd_pictures", "sd_people", "sd_residual"]]) == pytest.approx(list(sd), rel=5e-3)
    assert row["p"] == pytest.approx(2 * scipy.stats.t.sf(abs(mean / se), df), rel=0.05)
    assert row["low"] < mean < row["high"]


def test_intervals_hold_the_true_difference_as_often_as_they_say():
    rng = np.random.default_rng(1)
    held = 0
    for _ in range(60):
        d = 0.3 + rng.normal(0, 1, (10, 1)) + rng.normal(0, 1, (1, 8)) + rng.normal(0, 1, (10, 8))
        row = mixed_model(table(d), confidence=0.8).iloc[0]
        held += row["low"] <= 0.3 <= row["high"]
    assert 0.8 * 60 - 11 < held <= 0.8 * 60 + 11  # 3.5 standard errors


def test_missing_people_are_left_out_and_all_pairs_are_corrected_for():
    d = np.random.default_rng(0).normal(1, 1, (6, 5))
    scores = table(d)
    third = scores[scores["agent"] == "b"].assign(agent="c", value=lambda t: t["value"] + 0.5)
    result = mixed_model(pd.concat([scores, third.iloc[:-3]]))
    assert list(zip(result["agent"], result["other"], result["n"])) == [("a", "b", 30), ("a", "c", 27), ("b", "c", 27)]
    assert result["p_holm"].iloc[0] == pytest.approx(min(2 * result["p"].iloc[:2].min(), 1))
    assert np.isnan(result["se"].iloc[2])  # one constant difference has no spread


def test_scores_by_person_come_from_the_one_pass():
    rng = np.random.default_rng(0)

    def look(picture, n, **who):
        return sp.Scanpath(rng.uniform(0, 90, (n, 2)), info={"stimulus": picture, **who})

    people = [look(p, 4, subject=s) for p in "xyz" for s in ("s1", "s2", "s3")]
    agents = [look(p, 4, agent=a, seed=k) for p in "xyz" for a in ("a", "b") for k in (0, 1)]
    evaluation = evaluate_agents(agents, people, ["dtw"])
    scores = evaluation.people
    assert len(scores) == 2 * 3 * 3
    one = scores[(scores["agent"] == "a") & (scores["picture"] == "y") & (scores["person"] == "s2")]["value"].item()
    mine = [path for path in agents if path.info["agent"] == "a" and path.info["stimulus"] == "y"]
    assert one == pytest.approx(np.mean([sp.metrics.dtw(path, people[4]) for path in mine]))
    assert mixed_model(scores)["n"].item() == 9


def test_what_is_missing_is_said(monkeypatch):
    scores = table(np.ones((2, 2)))
    with pytest.raises(sp.InputError, match="column 'person' is missing"):
        mixed_model(scores.drop(columns="person"))
    with pytest.raises(sp.InputError, match="two agents"):
        mixed_model(scores[scores["agent"] == "a"])
    monkeypatch.setitem(sys.modules, "statsmodels.regression.mixed_linear_model", None)
    with pytest.raises(ImportError, match=r"A mixed model needs .*pip install 'scanpath\[mixed\]'"):
        mixed_model(scores)
