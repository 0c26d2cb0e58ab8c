import numpy as np
import pytest
import scipy.stats

import scanpath as sp
from scanpath.evaluation import evaluate, ranking_under_noise
from scanpath.evaluation.robustness import _moved, _pairs

SIZE = (400, 300)


def look(rng, places, scatter_px, **who):
    return sp.Scanpath(np.clip(places + rng.normal(0, scatter_px, places.shape), 0, 299), info=who)


@pytest.fixture(scope="module")
def sides():
    rng = np.random.default_rng(0)
    people, agents = [], []
    for picture in "abcdef":
        places = rng.uniform(40, 260, (5, 2))
        people += [look(rng, places, 8, stimulus=picture, subject=f"s{k}") for k in range(4)]
        agents += [look(rng, places, 10, stimulus=picture, agent="near")]
        agents += [look(rng, places, 12, stimulus=picture, agent="nearly as near")]
        agents += [look(rng, rng.uniform(0, 299, (5, 2)), 0, stimulus=picture, agent="anywhere")]
    return agents, people


def test_large_differences_outlast_noise_and_small_ones_less(sides):
    table = ranking_under_noise(*sides, ["dtw"], px_per_deg=30, noise_deg=[0.1, 3.0], repeats=12, screen_px=SIZE)
    kept = table.set_index(["noise_deg", "agent", "other"])["kept"]
    assert kept[3.0, "near", "anywhere"] == 1.0
    assert kept[3.0, "near", "nearly as near"] < 1.0
    assert (table["tau"][table["noise_deg"] == 0.1] >= table["tau"][table["noise_deg"] == 3.0].to_numpy()).all()


def test_differences_as_measured_are_those_of_evaluate(sides):
    table = ranking_under_noise(*sides, ["dtw"], px_per_deg=30, noise_deg=[1.0], repeats=2, screen_px=SIZE)
    scores = evaluate(*sides, ["dtw"], screen_px=SIZE).set_index("agent")["value"]
    expected = [scores[a] - scores[b] for a, b in zip(table["agent"], table["other"])]
    assert table["difference"].tolist() == pytest.approx(expected)


def test_tau_is_kendalls():
    rng = np.random.default_rng(5)
    clean, noisy = rng.normal(size=6), rng.normal(size=(8, 6))
    rows = _pairs("abcdef", clean, noisy, "m", "p", 1.0)
    expected = np.mean([scipy.stats.kendalltau(clean, row).statistic for row in noisy])
    assert rows[0]["tau"] == pytest.approx(expected)
    assert len(rows) == 15


def test_noise_has_the_stated_size_and_stays_on_the_picture():
    path = sp.Scanpath(np.tile([(200.0, 150.0), (0.0, 299.0), (-50.0, 20.0)], (4000, 1)), info={"stimulus": "a"})
    moved = _moved(path, np.random.default_rng(0), 15.0, np.array([399, 299])).xy.reshape(4000, 3, 2)
    assert (moved[:, 0] - path.xy[0]).std(axis=0) == pytest.approx([15, 15], rel=0.05)
    assert moved[:, 1, 0].min() == 0
    assert moved[:, 1, 1].max() == 299
    assert moved[:, 2, 0].mean() == pytest.approx(-50, abs=1)  # gaze beside the picture stays beside it


def test_equal_seeds_give_equal_tables_and_scales_may_differ_by_picture(sides):
    settings = {"noise_deg": [2.0], "repeats": 3, "screen_px": SIZE}
    scale = dict.fromkeys("abcdef", 30.0)
    first = ranking_under_noise(*sides, ["dtw"], px_per_deg=scale, **settings)
    assert first.equals(ranking_under_noise(*sides, ["dtw"], px_per_deg=30, **settings))
    assert not first.equals(ranking_under_noise(*sides, ["dtw"], px_per_deg=30, **settings | {"seed": 1}))
    with pytest.raises(sp.InputError, match="no scale for 'f'"):
        ranking_under_noise(*sides, ["dtw"], px_per_deg=dict.fromkeys("abcde", 30.0))


def test_one_agent_has_no_ranking(sides):
    alone = [path for path in sides[0] if path.info["agent"] == "near"]
    with pytest.raises(sp.InputError, match="two agents"):
        ranking_under_noise(alone, sides[1], ["dtw"], px_per_deg=30)
