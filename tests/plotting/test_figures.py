import itertools

import matplotlib
import numpy as np
import pandas as pd
import pytest
import torch
from matplotlib.text import Text

import scanpath as sp
from scanpath.plotting import (
    new_axes,
    plot_differences,
    plot_performance,
    plot_scanpath,
    plot_scanpaths,
    plot_scores,
    save_figure,
)


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


def test_longer_fixations_are_larger_and_small_ones_are_drawn_last():
    ax = plot_scanpath(sp.Scanpath([(0, 0), (5, 5), (9, 0)], duration_ms=[110, 400, np.nan]))
    assert ax.collections[0].get_offsets().tolist() == [[5, 5], [9, 0], [0, 0]]
    areas = ax.collections[0].get_sizes()
    assert areas[0] / areas[2] == pytest.approx(400 / 110)
    assert areas[2] < areas[1] < areas[0]


def drawn_labels(ax):
    """What is written over the axes, with its rectangle in the figure, after the figure was drawn."""
    renderer = ax.figure.canvas.get_renderer()
    ax.figure.draw(renderer)
    return {text.get_text(): Text.get_window_extent(text, renderer) for text in ax.texts}


@pytest.mark.parametrize("spread", [3, 12, 60])
def test_numbers_of_crowded_fixations_do_not_cover_each_other(spread):
    path = np.random.default_rng(spread).normal((60, 40), spread, (12, 2))
    ax = plot_scanpath(path, sp.Stimulus(torch.rand(1, 90, 120)))
    boxes = list(drawn_labels(ax).values())
    assert len(boxes) == 12
    shrunk = [box.padded(-2) for box in boxes]
    assert not any(a.overlaps(b) for a, b in itertools.combinations(shrunk, 2))


def test_a_number_stays_near_its_fixation_and_a_line_ties_it_where_it_is_not():
    ax = plot_scanpath([(50, 50)] + [(50 + k % 3, 50 + k // 3) for k in range(9)], sp.Stimulus(torch.rand(1, 100, 100)))
    drawn_labels(ax)
    lone = plot_scanpath([(50, 50)], sp.Stimulus(torch.rand(1, 100, 100)))
    drawn_labels(lone)
    assert not lone.texts[0].arrow_patch.get_visible()
    assert any(text.arrow_patch.get_visible() for text in ax.texts)


def test_long_paths_are_numbered_by_fives_with_both_ends():
    ax = plot_scanpath(np.random.default_rng(0).uniform(0, 90, (43, 2)))
    assert [int(text.get_text()) for text in ax.texts] == [1, *range(5, 43, 5), 43]


@pytest.mark.parametrize("size", [(100, 100), (60, 120), (200, 80)])
def test_a_figure_of_its_own_has_the_pictures_aspect(size):
    ax = plot_scanpath([(0, 0), (40, 30)], sp.Stimulus(torch.rand(1, *size)), title="a heading")
    drawn_labels(ax)
    frame = ax.get_window_extent()
    assert frame.height / frame.width == pytest.approx(size[0] / size[1], rel=0.01)
    margin = ax.figure.bbox.width - frame.width
    assert margin < 0.35 * ax.figure.dpi or frame.width < 2.6 * ax.figure.dpi


def test_markers_on_the_border_are_whole_and_gaze_beside_the_picture_is_shown():
    ax = plot_scanpath([(0, 0), (40, 30)], sp.Stimulus(torch.rand(1, 50, 50)))
    assert not any(points.get_clip_on() for points in ax.collections)
    beside = plot_scanpath([(-20, 10), (70, 30)], sp.Stimulus(torch.rand(1, 50, 50)))
    assert beside.get_xlim() == (-20, 70)


def test_first_and_last_are_told_apart_and_explained():
    ax = plot_scanpath(sp.Scanpath([(0, 0), (5, 5), (9, 0)], duration_ms=[200, 300, 500]), color="#0072B2")
    faces = {
        tuple(xy): tuple(face[:3])
        for xy, face in zip(*(ax.collections[0].get_offsets().tolist(), ax.collections[0].get_facecolors()))
    }
    assert faces[0, 0] == (1, 1, 1)
    assert faces[9, 0] == (0, 0, 0)
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["first", "last", "200 ms", "500 ms"]
    given = new_axes()[0]
    assert plot_scanpath([(1, 1)], ax=given).get_legend() is None


def test_axes_without_a_picture_say_their_unit():
    ax = plot_scanpath([(1, 1), (2, 5)])
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("x, px", "y, px")


def test_many_people_share_a_color_and_are_counted():
    paths = [sp.Scanpath([(1, 1), (5, k)], info={"subject": f"s{k}"}) for k in range(9)]
    ax = plot_scanpaths(paths, sp.Stimulus(torch.rand(1, 20, 20)))
    assert ax.get_legend().get_texts()[0].get_text() == "9 observers"
    assert len({line.get_color() for line in ax.get_lines()}) == 1
    few = plot_scanpaths(paths[:3])
    assert len({line.get_color() for line in few.get_lines()}) == 3
    with pytest.raises(sp.InputError, match="at least one scanpath"):
        plot_scanpaths([])


@pytest.mark.parametrize("n", [0, 1])
def test_short_paths_can_be_drawn(n):
    ax = plot_scanpath(sp.Scanpath(np.zeros((n, 2))))
    assert sum(len(points.get_offsets()) for points in ax.collections) == n


def test_people_are_told_apart_from_agents():
    curve = (np.array([0.1, 0.5]), np.array([0.0, 0.4]), np.array([0.2, 0.6]))
    ax = plot_performance({"eccnet": curve, "people": curve})
    agent, people = ax.get_lines()
    assert people.get_linestyle() == "--"
    assert agent.get_color() != people.get_color()


def test_more_agents_than_styles_can_be_drawn():
    curves = {f"agent {i}": (np.ones(2), None, None) for i in range(20)}
    assert len(plot_performance(curves).get_lines()) == 20


def test_scores_show_each_part_once():
    row = {"low": 0.1, "high": 0.3, "value": 0.2, "ceiling": 0.5, "ceiling_low": 0.4, "ceiling_high": 0.6}
    result = pd.DataFrame(
        [{"agent": agent, "metric": "multimatch", "part": part, **row} for agent in "ab" for part in ("x", "y")]
    )
    figure = plot_scores(result).get_figure()
    assert [ax.get_title() for ax in figure.axes] == ["multimatch: x", "multimatch: y"]


def test_scores_are_drawn_on_the_axes_given_and_say_unit_and_direction():
    row = {"low": 0.1, "high": 0.3, "value": 0.2, "ceiling": 0.5, "ceiling_low": 0.4, "ceiling_high": 0.6}
    rows = [{"agent": "a", "metric": "dtw", "part": part, "better": "lower", **row} for part in ("value", "more")]
    ax = new_axes()[0]
    assert plot_scores(pd.DataFrame(rows[:1]), ax=ax) is ax
    assert ax.get_xlabel() == "px, lower is better"
    with pytest.raises(sp.InputError, match="one metric part can be drawn, got 2"):
        plot_scores(pd.DataFrame(rows), ax=ax)


def test_differences_that_are_not_significant_are_hollow():
    row = {"metric": "dtw", "part": "value", "agent": "a", "difference": 1.0, "low": 0.5, "high": 1.5}
    ax = plot_differences(pd.DataFrame([row | {"other": "b", "p_holm": 0.01}, row | {"other": "c", "p_holm": 0.2}]))
    faces = [line.get_markerfacecolor() for line in ax.get_lines() if line.get_marker() == "o"]
    assert faces[0] != "white"
    assert faces[1] == "white"
    assert [label.get_text()[0] + label.get_text()[-1] for label in ax.get_yticklabels()] == ["ab", "ac"]


def test_performance_takes_the_table_of_search_performance():
    path = [sp.Scanpath([(9, 9), (1, 1)], info={"stimulus": "p", "agent": "a"})]
    table = sp.evaluation.search_performance(path, {"p": (0, 0, 4, 4)}, n_fixations=3)
    (line,) = plot_performance(table).get_lines()
    assert line.get_xydata().tolist() == [[1, 0], [2, 1], [3, 1]]


def test_the_old_name_of_the_performance_plot_warns_and_works():
    import scanpath.plotting as plotting

    with pytest.warns(DeprecationWarning, match="is called scanpath.plotting.plot_performance"):
        assert plotting.plot_cumulative_performance is plot_performance


@pytest.mark.parametrize("ending", ["svg", "pdf"])
def test_vector_figures_keep_text_as_text_and_are_equal_files(tmp_path, ending):
    paths = [save_figure(plot_scanpath([(1, 1), (5, 5)], title="heading"), tmp_path / f"{k}.{ending}") for k in "ab"]
    first, second = (path.read_bytes() for path in paths)
    assert first == second
    assert b">heading</text>" in first if ending == "svg" else b"/Type /Font" in first


def test_a_plot_leaves_the_callers_settings_alone():
    before = dict(matplotlib.rcParams)
    plot_scanpath([(1, 1), (5, 5)], title="heading")
    assert dict(matplotlib.rcParams) == before
    with matplotlib.rc_context({"axes.titlesize": 17}):
        given = new_axes()[0]
        assert plot_scanpath([(1, 1)], ax=given, title="theirs").title.get_fontsize() == 17


def test_figures_are_written_whole_or_not_at_all(tmp_path):
    ax = new_axes()[0]
    assert save_figure(ax, tmp_path / "new" / "a.png").stat().st_size > 0
    with pytest.raises(sp.InputError, match="must end in"):
        save_figure(ax, tmp_path / "a.docx")
    assert [path.name for path in tmp_path.iterdir()] == ["new"]
