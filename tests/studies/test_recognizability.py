"""The study of recognizability: what eccentricity does through texture and blur, on networks trained here."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import mannwhitneyu

from scanpath import InputError
from scanpath.plotting import plot_recognizability
from scanpath.studies.recognizability import (
    CHANCE,
    HALF_WAY,
    Observer,
    Recognizability,
    falls_below,
    pair_share,
    run_recognizability,
)


@pytest.fixture(scope="module")
def seen():
    """One network and few items of 2 deg."""
    settings = {"n_items": 16, "n_training": 480, "epochs": 8, "n_seeds": 1, "seed": 11}
    return run_recognizability(sizes_deg=[2.0], eccentricities_deg=[0.0, 6.0, 16.0], **settings)


def test_texture_takes_recognizability_away_and_the_default_blur_does_not(seen):
    curves = seen.curves().set_index(["view", "eccentricity_deg"])
    texture = curves.loc["texture"]
    assert texture["accuracy"].iloc[0] > 0.7
    assert (np.diff(texture["index"]) < 0).all()
    assert texture["accuracy"].iloc[-1] < HALF_WAY
    blur = curves.loc["blur", "accuracy"]
    assert blur.min() >= blur.max() - 0.1
    assert curves.loc[("blur x 8", 16.0), "index"] < 0.5 * curves.loc[("blur x 8", 0.0), "index"]


def test_at_the_fixation_the_default_blur_changes_no_answer(seen):
    at = seen.items[seen.items["eccentricity_deg"] == 0].pivot(columns="view", values="right")
    assert at["blur"].dropna().mean() == at["texture"].dropna().mean()


def test_the_same_seed_gives_the_same_items_whatever_else_is_shown():
    settings = {"sizes_deg": [2.0], "n_items": 8, "n_training": 64, "epochs": 1, "n_seeds": 1, "seed": 11}
    both, one = (run_recognizability(eccentricities_deg=places, **settings).items for places in ([2.0, 6.0], [6.0]))
    pd.testing.assert_frame_equal(one, both[both["eccentricity_deg"] == 6.0].reset_index(drop=True))


def test_a_stopped_study_goes_on_and_another_one_is_refused(tmp_path, monkeypatch):
    settings = {"eccentricities_deg": [4.0], "n_items": 8, "n_training": 16, "epochs": 1, "n_seeds": 2, "seed": 5}
    whole = run_recognizability(sizes_deg=[2.0, 1.0], **settings)

    def stop(_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_recognizability(sizes_deg=[2.0, 1.0], **settings, out=tmp_path, progress=stop)
    assert len(list(tmp_path.rglob("*.parquet"))) == 1
    resumed = run_recognizability(sizes_deg=[2.0, 1.0], **settings, out=tmp_path)
    monkeypatch.setattr(Observer, "trained", None)  # nothing is left to be trained
    again = run_recognizability(sizes_deg=[2.0, 1.0], **settings, out=tmp_path)
    for one in (resumed, again):
        pd.testing.assert_frame_equal(one.items, whole.items)
    with pytest.raises(InputError, match="other settings"):
        run_recognizability(sizes_deg=[2.0], **{**settings, "epochs": 2}, out=tmp_path)


def test_a_size_or_eccentricity_given_twice_counts_once():
    settings = {"n_items": 8, "n_training": 8, "epochs": 1, "n_seeds": 1}
    once, twice = (
        run_recognizability(sizes_deg=[2.0] * times, eccentricities_deg=[4.0] * times, **settings) for times in (1, 2)
    )
    pd.testing.assert_frame_equal(once.items, twice.items)


def test_every_size_is_drawn_in_a_way_of_its_own():
    row = {"view": "blur", "eccentricity_deg": 0.0}
    row |= {name + end: 1.0 for name in ("accuracy", "index") for end in ("", "_least", "_most")}
    axes = plot_recognizability(pd.DataFrame([{**row, "size_deg": float(size)} for size in range(1, 7)]))
    curves = [line for line in axes[1].get_lines() if len(line.get_xdata())]
    assert len({(line.get_linestyle(), line.get_marker()) for line in curves}) == 6


@pytest.mark.slow
@pytest.mark.parametrize("seed", [101, 202])
def test_on_fresh_seeds_the_index_tells_right_from_wrong(seed):
    found = run_recognizability(sizes_deg=[2.0], n_seeds=1, seed=seed)
    summary = found.summary().set_index("view")
    assert summary.loc["texture", "auc"] >= 0.85
    assert 3 < summary.loc["texture", "threshold_deg"] < 9
    index = found.curves().set_index("view").loc["texture", "index"]
    assert (np.diff(index) < 0).all()


def test_the_share_of_pairs_is_the_rank_statistic():
    generator = np.random.default_rng(0)
    values, positive = generator.integers(0, 9, 60).astype(float), generator.random(60) < 0.4
    wanted = mannwhitneyu(values[positive], values[~positive]).statistic / (positive.sum() * (~positive).sum())
    assert pair_share(values, positive) == pytest.approx(wanted)
    assert np.isnan(pair_share(values, np.ones(60, dtype=bool)))


def test_thresholds_lie_on_the_line_between_two_eccentricities():
    places = np.array([0.0, 4.0, 8.0, 16.0])
    assert falls_below(places, np.array([1.0, 0.9, 0.5, 0.9]), 0.7) == pytest.approx(6.0)
    assert np.isnan(falls_below(places, np.array([1.0, 0.9, 0.8, 0.9]), 0.7))
    assert falls_below(places, np.array([CHANCE, 0.9, 0.8, 0.9]), 0.7) == 0


def test_views_without_an_error_have_no_auc():
    facts = {"seed": 0, "size_deg": 2.0, "view": "blur", "eccentricity_deg": [0.0, 4.0], "shape": "bar"}
    row = Recognizability(pd.DataFrame({**facts, "right": True, "index": 1.0})).summary().iloc[0]
    assert np.isnan(row["auc"])
    assert np.isnan(row["threshold_deg"])


def test_nothing_to_show_is_refused():
    for settings in ({"sizes_deg": []}, {"eccentricities_deg": []}, {"eccentricities_deg": [-1.0]}):
        with pytest.raises(InputError, match="at least 0 deg"):
            run_recognizability(**settings)
