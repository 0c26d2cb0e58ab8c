"""The figure of a NeVA search holds what was tried and seen."""

import numpy as np
import pytest
import torch

import scanpath as sp
from scanpath.agents.target_found import Never
from scanpath.plotting import new_axes, save_figure
from scanpath.plotting.neva import plot_neva, plot_search_losses, plot_seen


@pytest.fixture(scope="module")
def watched():
    scene = sp.stimuli.captioned_scenes(1, seed=1)[0]
    agent = sp.create_agent("nevaclip", found_rule=Never())
    return scene, agent.watch(scene, n_fixations=3, generator=torch.Generator().manual_seed(0))


def test_figure_shows_path_losses_and_each_view(watched, tmp_path):
    scene, record = watched
    axes = plot_neva(record, scene)
    assert len(axes) == 5
    figure = axes[0].get_figure(root=True)
    assert scene.caption in figure.get_suptitle().replace("\n", " ")
    assert save_figure(axes[0], tmp_path / "figure.png").stat().st_size > 10_000


def test_a_reviewed_scanpath_has_one_loss_a_fixation(watched):
    scene, record = watched
    reviewed = sp.create_agent("nevaclip").review(scene, record.scanpath)
    axes = plot_neva(reviewed, scene)
    np.testing.assert_allclose(axes[1].lines[0].get_ydata(), reviewed.losses)
    assert len(axes) == 2 + len(record.scanpath)


def test_losses_are_drawn_as_they_were_measured(watched):
    _, record = watched
    ax = plot_search_losses(record, ax=new_axes()[0])
    dots = [line for line in ax.lines if line.get_linestyle() == "None"]
    drawn = np.concatenate([line.get_ydata() for line in dots])
    np.testing.assert_allclose(drawn, np.concatenate([losses for _, losses in record.searches]))
    falling = [line.get_ydata() for line in ax.lines if line.get_linestyle() == "-"]
    assert all((np.diff(line) <= 0).all() for line in falling)


def test_seen_picture_is_the_models_input(watched):
    _, record = watched
    ax = plot_seen(record, 2)
    np.testing.assert_allclose(ax.images[0].get_array(), record.seen[2].permute(1, 2, 0).clamp(0, 1))
    assert ax.get_title().startswith("3: loss")
    # the scene is as large as the model's input, so that the cross is at the fixation itself
    for cross in ax.lines:
        np.testing.assert_allclose(cross.get_xydata()[0], record.scanpath.xy[2], atol=1e-4)


@pytest.mark.parametrize("caption", ["a $5 ring beside a $x_{ sign", "words and " * 150])
def test_no_caption_covers_or_breaks_the_figure(watched, caption):
    scene, record = watched
    axes = plot_neva(record, sp.Stimulus(scene.image, name="odd", caption=caption))
    figure = axes[0].get_figure(root=True)
    figure.canvas.draw()
    (title,) = (text for text in figure.texts if text.get_text() == figure.get_suptitle())
    heading = title.get_window_extent()
    assert heading.x0 >= 0
    assert heading.x1 <= figure.bbox.x1
    assert heading.y0 >= axes[0].get_window_extent().y1 - 1
