import numpy as np
import pandas as pd
import pytest
import torch

import scanpath as sp
from scanpath.plotting import new_axes, plot_cumulative_performance, plot_scanpath, plot_scores, save_figure


def test_fixations_are_numbered_in_order_and_returns_share_a_label():
    ax = plot_scanpath([(5, 5), (20, 9), (5, 5)])
    assert sorted(text.get_text() for text in ax.texts) == ["1,3", "2"]


def test_y_runs_down_with_and_without_a_picture():
    assert plot_scanpath([(1, 1), (2, 2)]).yaxis_inverted()
    assert plot_scanpath([(1, 1), (2, 2)], sp.Stimulus(torch.rand(1, 9, 9))).yaxis_inverted()


def test_the_target_box_covers_its_pixels():
    stimulus = sp.Stimulus(torch.zeros(1, 40, 60), target_box=(10, 20, 8, 6))
    (box,) = plot_scanpath([(1, 1)], stimulus).patches
    assert (box.get_x(), box.get_y(), box.get_width(), box.get_height()) == (9.5, 19.5, 8, 6)


def test_longer_fixations_are_larger():
    ax = plot_scanpath(sp.Scanpath([(0, 0), (5, 5), (9, 0)], duration_ms=[100, 400, np.nan]))
    small, large, unknown = ax.collections[0].get_sizes()
    assert small < unknown < large


@pytest.mark.parametrize("n", [0, 1])
def test_short_paths_can_be_drawn(n):
    ax = plot_scanpath(sp.Scanpath(np.zeros((n, 2))))
    assert sum(len(points.get_offsets()) for points in ax.collections) == n


def test_people_are_told_apart_from_agents():
    curve = (np.array([0.1, 0.5]), np.array([0.0, 0.4]), np.array([0.2, 0.6]))
    ax = plot_cumulative_performance({"eccnet": curve, "people": curve})
    agent, people = ax.get_lines()
    assert people.get_linestyle() == "--"
    assert agent.get_color() != people.get_color()


def test_more_agents_than_styles_can_be_drawn():
    curves = {f"agent {i}": (np.ones(2), None, None) for i in range(20)}
    assert len(plot_cumulative_performance(curves).get_lines()) == 20


def test_scores_show_each_part_once():
    row = {"low": 0.1, "high": 0.3, "value": 0.2, "ceiling": 0.5, "ceiling_low": 0.4, "ceiling_high": 0.6}
    result = pd.DataFrame(
        [{"agent": agent, "metric": "multimatch", "part": part, **row} for agent in "ab" for part in ("x", "y")]
    )
    figure = plot_scores(result).get_figure()
    assert [ax.get_title() for ax in figure.axes] == ["multimatch: x", "multimatch: y"]


def test_figures_are_written_whole_or_not_at_all(tmp_path):
    ax = new_axes()[0]
    assert save_figure(ax, tmp_path / "new" / "a.png").stat().st_size > 0
    with pytest.raises(sp.InputError, match="must end in"):
        save_figure(ax, tmp_path / "a.docx")
    assert [path.name for path in tmp_path.iterdir()] == ["new"]
