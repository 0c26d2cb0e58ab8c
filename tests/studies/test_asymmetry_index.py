import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanpath import InputError
from scanpath.datasets import load_dataset
from scanpath.stimuli import ASYMMETRY_TASKS
from scanpath.studies.asymmetry_index import (
    asymmetry_index,
    asymmetry_table,
    human_reaction_times,
    mean_reaction_times,
    reaction_time_ms,
    search_slope,
    trials_from_fixations,
)


def published_trials(data):
    """Saccades per trial of the published models, as `asymmetry_table` takes them.

    Of ``chance`` and ``pixelMatch`` each block of a set size holds one trial of another one: a fault of the source
    that is part of the published numbers.
    """
    raw = data.asymmetry_trials
    return pd.DataFrame(
        {
            "agent": raw["model"],
            "task": raw["experiment"],
            "condition": raw["condition"],
            "set_size": raw["set_size"],
            "trial": raw["trial_in_set_size"],
            "n_saccades": raw["n_fix"].astype("Int64").mask(raw["found"] == 0),
        }
    )


@pytest.fixture(scope="module")
def data(shared):
    return load_dataset("visual_search_asymmetry", root=shared / "data")


@pytest.fixture(scope="module")
def published(data):
    return asymmetry_table(published_trials(data), n_bootstrap=200)


def test_the_published_mean_indices_come_out(published):
    """Printed by the authors' notebook (repository of the study, 2021); the other models' files changed afterwards."""
    mean = published[published["task"] == "mean"].set_index("agent")["index"]
    for agent, printed in {"eccNET": 0.513, "IVSN": 0.316, "eccNET_Rot90": -0.405, "pixelMatch": -0.178}.items():
        assert mean[agent] == pytest.approx(printed, abs=1e-3)
    assert published["human_index"][published["task"] == "mean"].iloc[0] == pytest.approx(0.564, abs=1e-3)


def test_every_published_slope_and_index_comes_out(data, published):
    ours = published[published["task"] != "mean"].set_index(["agent", "task"])
    theirs = data.asymmetry_index.set_index(["model", "experiment"]).loc[ours.index]
    names = {
        "slope_hard": "model_slope_hard",
        "slope_easy": "model_slope_easy",
        "index": "model_asymmetry_index",
        "human_slope_hard": "human_slope_hard",
        "human_slope_easy": "human_slope_easy",
        "human_index": "human_asymmetry_index",
    }
    assert len(ours) == 12 * 6
    for mine, published_name in names.items():
        np.testing.assert_allclose(ours[mine], theirs[published_name], atol=2e-5, err_msg=mine)
    assert (ours["hard"] == theirs["hard_condition"]).all()
    assert (ours["easy"] == theirs["easy_condition"]).all()


def test_every_published_reaction_time_comes_out(data):
    ours = mean_reaction_times(published_trials(data)).set_index(["agent", "condition", "set_size"])
    theirs = data.asymmetry_summary.set_index(["model", "condition", "set_size"]).loc[ours.index]
    for mine, name in {"rt_ms": "model_rt_ms", "sem_ms": "model_rt_sem_ms", "human_rt_ms": "human_rt_ms"}.items():
        np.testing.assert_allclose(ours[mine], theirs[name], atol=1.5e-2, err_msg=mine)
    assert (ours["n_not_found"] == theirs["n_not_found"]).all()


def test_shipped_human_times_are_those_of_the_published_table(data):
    keys = ["condition", "set_size"]
    ours = human_reaction_times().set_index(keys)["rt_ms"].sort_index()
    theirs = data.asymmetry_human_rt.set_index(keys)["human_rt_ms"].sort_index()
    pd.testing.assert_series_equal(ours, theirs, check_names=False, atol=1e-3)


def test_human_times_cover_all_tasks_and_hard_means_slower_search():
    table = human_reaction_times()
    for task in ASYMMETRY_TASKS.values():
        slopes = []
        for condition in task.conditions:
            rows = table[table["condition"] == condition]
            assert tuple(rows["set_size"]) == task.set_sizes
            slopes.append(search_slope(rows["set_size"], rows["rt_ms"]))
        assert slopes[0] > slopes[1] > 0


@pytest.mark.parametrize(
    ("condition", "line"), [("cross", (541, 96)), ("non_cross", (510, 45)), ("Ls", (474, 33)), ("Ts", (499, 14))]
)
def test_lines_quoted_in_the_paper_are_in_the_table(condition, line):
    rows = human_reaction_times().query("condition == @condition")
    np.testing.assert_allclose(rows["rt_ms"], line[0] + line[1] * rows["set_size"])


@given(
    intercept=st.floats(-1e3, 1e3),
    slope=st.floats(-1e3, 1e3),
    sizes=st.lists(st.integers(1, 60), min_size=2, max_size=6, unique=True),
)
def test_slopes_of_lines_are_exact(intercept, slope, sizes):
    line = intercept + slope * np.asarray(sizes)
    np.testing.assert_allclose(search_slope(sizes, line), slope, atol=1e-6)
    np.testing.assert_allclose(search_slope(sizes, line), np.polyfit(sizes, line, 1)[0], atol=1e-6)


@given(value=st.floats(0, 1e4), sizes=st.lists(st.integers(1, 60), min_size=2, max_size=6, unique=True))
def test_flat_lines_have_slope_zero_to_the_last_bit(value, sizes):
    assert search_slope(sizes, np.full(len(sizes), value)) == 0


@given(hard=st.floats(-500, 500), easy=st.floats(-500, 500), scale=st.floats(0.1, 10))
def test_the_index_is_bounded_antisymmetric_and_free_of_scale(hard, easy, scale):
    index = asymmetry_index(hard, easy)
    assert -1 <= index <= 1
    assert asymmetry_index(easy, hard) == -index
    assert asymmetry_index(scale * hard, scale * easy) == pytest.approx(float(index), abs=1e-9)


def small_trials(rng, n=12):
    rows = []
    for task in ASYMMETRY_TASKS.values():
        for condition, rise in zip(task.conditions, (0.4, 0.2)):
            for size in task.set_sizes:
                counts = rng.poisson(1 + rise * size, n)
                rows += [("a", condition, size, float(count)) for count in counts]
    return pd.DataFrame(rows, columns=["agent", "condition", "set_size", "n_saccades"])


def test_intervals_hold_the_estimate_and_do_not_depend_on_other_agents_or_on_order():
    rng = np.random.default_rng(0)
    one = small_trials(rng)
    other = small_trials(rng).assign(agent="b")
    table = asymmetry_table(one, n_bootstrap=300, seed=3)
    for name in ("slope_hard", "slope_easy", "index"):
        assert (table[f"{name}_low"].dropna() <= table[name][table[f"{name}_low"].notna()]).all()
        assert (table[f"{name}_high"].dropna() >= table[name][table[f"{name}_high"].notna()]).all()
    both = asymmetry_table(pd.concat([other, one.sort_values("condition", kind="stable")]), n_bootstrap=300, seed=3)
    pd.testing.assert_frame_equal(both[both["agent"] == "a"].reset_index(drop=True), table)


def test_bootstrap_intervals_have_the_width_that_theory_gives():
    rng = np.random.default_rng(1)
    trials = small_trials(rng, n=400).query("condition in ['Ls', 'Ts']")
    row = asymmetry_table(trials, n_bootstrap=4000).iloc[0]
    sem = np.array(
        [group.std(ddof=0) / 20 for _, group in trials.query("condition == 'Ls'").groupby("set_size")["n_saccades"]]
    )
    error = 252.359 * np.sqrt(sum((weight * s) ** 2 for weight, s in zip((-3, 0, 3), sem))) / 18
    assert (row["slope_hard_high"] - row["slope_hard_low"]) / (2 * 1.96 * error) == pytest.approx(1, abs=0.06)


def test_a_target_not_found_counts_as_the_largest_set_size():
    trials = pd.DataFrame({"agent": "a", "condition": "Ls", "set_size": 3, "n_saccades": [1, None]})
    row = mean_reaction_times(trials).iloc[0]
    assert row["mean_saccades"] == 5
    assert row["n_not_found"] == 1
    assert row["rt_ms"] == pytest.approx(reaction_time_ms(5))


def test_saccades_are_counted_from_the_fixations_of_agents():
    facts = {"condition": "Ls", "set_size": 3, "agent": "a", "seed": 0}
    rows = [
        *({"stimulus": "one", "fixation": i, "target_found": True, **facts} for i in range(4)),
        *({"stimulus": "two", "fixation": i, "target_found": False, **facts} for i in range(6)),
        {"stimulus": "one", "fixation": 1, "target_found": True, **facts, "seed": 1},
    ]
    trials = trials_from_fixations(pd.DataFrame(rows))
    assert trials["n_saccades"].tolist() == [3, pd.NA, 1]
    assert trials["task"].unique().tolist() == ["intersection_LT"]


def test_wrong_tables_are_one_sentence():
    with pytest.raises(InputError, match="lacks n_saccades"):
        mean_reaction_times(pd.DataFrame({"agent": [], "condition": [], "set_size": []}))
    with pytest.raises(InputError, match="lacks target_found"):
        trials_from_fixations(pd.DataFrame({"agent": [], "condition": [], "set_size": [], "stimulus": []}))
    trials = pd.DataFrame({"agent": "a", "condition": ["Ls"], "set_size": 3, "n_saccades": [1.0]})
    with pytest.raises(InputError, match="both conditions"):
        asymmetry_table(trials)
    with pytest.raises(InputError, match="Did you mean"):
        mean_reaction_times(trials.assign(condition="LS"))
    with pytest.raises(InputError, match="negative"):
        mean_reaction_times(trials.assign(n_saccades=-1))
    with pytest.raises(InputError, match="two different"):
        search_slope([3, 3], [1, 2])
    with pytest.raises(InputError, match="confidence"):
        asymmetry_table(trials, confidence=95)
