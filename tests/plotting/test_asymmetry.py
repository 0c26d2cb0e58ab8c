import numpy as np
import pandas as pd
import pytest

from scanpath import InputError
from scanpath.plotting.asymmetry import plot_asymmetry, plot_asymmetry_index, plot_search_slopes
from scanpath.stimuli import ASYMMETRY_TASKS


@pytest.fixture
def times():
    rows = []
    for task in ASYMMETRY_TASKS.values():
        for rise, condition in zip((30, 10), task.conditions):
            rows += [
                {"agent": agent, "task": task.name, "condition": condition, "set_size": size, "sem_ms": 5.0}
                | {"rt_ms": 400.0 + 2 * rise * size, "human_rt_ms": 500.0 + rise * size}
                for agent in ("a", "b")
                for size in task.set_sizes
            ]
    return pd.DataFrame(rows)


@pytest.fixture
def index():
    names = [*ASYMMETRY_TASKS, "mean"]
    rows = [
        {"agent": agent, "task": task, "index": value, "index_low": value - 0.1, "index_high": value + 0.05}
        | {"human_index": 0.5}
        for agent, value in (("a", 0.3), ("b", -0.4))
        for task in names
    ]
    return pd.DataFrame(rows)


def test_the_condition_that_people_find_harder_has_the_warm_color_whatever_the_order(times):
    colors = []
    for table in (times, times.iloc[::-1]):
        ax = plot_search_slopes(table, agent="a", task="curvature")
        handles, labels = ax.get_legend_handles_labels()
        colors.append(dict(zip(labels, (handle.lines[0].get_color() for handle in handles))))
    assert colors[0] == colors[1] == {"line_in_curves": "#D55E00", "curve_in_lines": "#0072B2"}


def test_people_are_dashed_and_both_show_their_times(times):
    ax = plot_search_slopes(times, agent="a", task="intersection_LT")
    dashed = [line for line in ax.get_lines() if line.get_linestyle() == "--"]
    drawn = sorted(float(line.get_ydata()[-1]) for line in dashed)
    assert drawn == [500 + 10 * 9, 500 + 30 * 9]
    assert list(ax.get_xticks()) == [3, 6, 9]


def test_bars_stand_for_people_and_each_agent(index):
    ax = plot_asymmetry_index(index)
    bars = [patch for container in ax.containers for patch in getattr(container, "patches", [])]
    heights = np.array([bar.get_height() for bar in bars]).reshape(3, 7)
    np.testing.assert_allclose(heights, np.array([[0.5], [0.3], [-0.4]]) * np.ones(7))
    centers = [bar.get_x() + bar.get_width() / 2 for bar in bars]
    assert len({round(center, 6) for center in centers}) == 21  # none hides another


def test_the_figure_has_a_panel_a_task_and_the_bars(times, index):
    figure = plot_asymmetry(times, index, agent="b").get_figure()
    assert [ax.get_title() for ax in figure.axes] == [*(name.replace("_", " ") for name in ASYMMETRY_TASKS), ""]


def test_intervals_may_be_missing_or_leave_out_the_estimate(index):
    for changed in (index.drop(columns=["index_low", "index_high"]), index.assign(index_low=index["index"] + 0.1)):
        assert len(plot_asymmetry_index(changed).patches) == 3 * 7  # people and two agents


def test_missing_rows_are_named(times, index):
    with pytest.raises(InputError, match="'c'"):
        plot_search_slopes(times, agent="c", task="curvature")
    with pytest.raises(InputError, match="'c'"):
        plot_asymmetry_index(index, agents=["c"])
