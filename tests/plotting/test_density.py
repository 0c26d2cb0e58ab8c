import numpy as np
import pytest
import torch

import scanpath as sp
from scanpath.plotting import new_axes, plot_density, plot_heatmap
from scanpath.plotting.density import _weighted_density, share_levels

PICTURE = sp.Stimulus(torch.rand(3, 60, 80), px_per_deg=10)


def test_a_contour_holds_its_share_of_a_gaussian():
    # of a round Gaussian, the disc of radius r holds 1 - exp(-r^2 / 2 sigma^2)
    y, x = np.mgrid[:201, :201] - 100.0
    sigma, shares = 15.0, np.array([0.25, 0.5, 0.9])
    density = np.exp(-(x**2 + y**2) / (2 * sigma**2))
    radii = sigma * np.sqrt(-2 * np.log(1 - shares))
    levels = share_levels(density, shares)
    assert np.sqrt(-2 * np.log(levels)) * sigma == pytest.approx(radii, rel=0.01)


def test_durations_weigh_as_repeated_fixations_do():
    xy = np.array([(20.0, 10.0), (60.0, 40.0)])
    weighted = _weighted_density(xy, np.array([1.0, 3.0]), (60, 80), 6.0)
    repeated = _weighted_density(xy[[0, 1, 1, 1]], np.ones(4), (60, 80), 6.0)
    np.testing.assert_allclose(weighted, repeated, atol=1e-12)


def test_colors_peak_where_people_look_and_the_bar_says_the_unit():
    ax = plot_heatmap([[(20, 10)], [(20, 10), (22, 11)]], PICTURE, title="two")
    lightness = ax.get_images()[1].get_array()[..., :3].sum(axis=2)
    row, column = np.unravel_index(np.argmax(lightness), (60, 80))
    assert abs(row - 10.3) < 1
    assert abs(column - 20.7) < 1
    bar = ax.figure.axes[1]
    assert bar.get_ylabel() == "% of fixations in deg² (n = 3)"
    plain = plot_heatmap([(20, 10)], sp.Stimulus(torch.rand(1, 60, 80)), sigma_px=5)
    assert "10,000 px" in plain.figure.axes[1].get_ylabel()


@pytest.mark.parametrize(("style", "images", "contours"), [("colors", 2, 0), ("contours", 1, 1), ("both", 2, 1)])
def test_styles_on_the_axes_given(style, images, contours):
    ax = new_axes()[0]
    assert plot_heatmap([(20, 10), (40, 30)], PICTURE, ax=ax, style=style) is ax
    assert (len(ax.get_images()), len(ax.collections)) == (images, contours)
    assert ax.figure.axes == [ax]


def test_a_density_of_an_agent_can_be_drawn_and_a_flat_one_has_no_contours():
    agent = sp.create_agent("center")
    assert plot_density(agent.priority(PICTURE, [(40, 30)]).clamp(min=0).numpy() + 1e-9, PICTURE)
    assert len(plot_density(np.ones((60, 80)), PICTURE, style="contours").collections) == 0


def test_what_cannot_be_drawn_is_refused():
    with pytest.raises(sp.InputError, match="at least one fixation"):
        plot_heatmap([], PICTURE)
    with pytest.raises(sp.InputError, match="1 of 2 fixations have none"):
        plot_heatmap(sp.Scanpath([(1, 1), (2, 2)], duration_ms=[100, np.nan]), PICTURE, weight="duration")
    with pytest.raises(sp.InputError, match="the picture's size"):
        plot_density(np.ones((3, 3)), PICTURE)
    with pytest.raises(sp.InputError, match="nowhere negative"):
        plot_density(np.log(np.full((60, 80), 0.1)), PICTURE)
    with pytest.raises(sp.InputError, match="between 0 and 1"):
        plot_heatmap([(1, 1)], PICTURE, shares=[50])
