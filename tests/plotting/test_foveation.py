import numpy as np
import pytest
import torch

from scanpath import InputError
from scanpath.plotting import plot_foveation, save_figure


def test_the_difference_is_drawn_around_gray_at_the_scale_that_is_stated():
    original = torch.full((3, 60, 80), 0.5)
    foveated = original.clone()
    foveated[:, :30] += 10 / 255
    axes = plot_foveation(original, foveated, (40, 30), px_per_deg=10)
    drawn = axes[2].get_images()[0].get_array()
    assert axes[2].get_title().startswith("difference x 8 (gray: none); mean 5.0, largest 10.0")
    np.testing.assert_allclose(drawn[:30], 0.5 + 80 / 255, atol=1e-6)
    np.testing.assert_allclose(drawn[30:], 0.5, atol=1e-6)


def test_rings_lie_where_their_degrees_say():
    gray = torch.full((1, 200, 300), 0.5)
    ax = plot_foveation(gray, gray, (150, 100), px_per_deg=20)[3]
    lines = ax.collections[-1]
    for path, radius in zip(lines.get_paths(), lines.levels):
        distance = np.hypot(*(path.vertices - (150, 100)).T)
        np.testing.assert_allclose(distance, 20 * radius, atol=0.3)
    labels = {text.get_text() for text in ax.texts}
    assert labels == {"1\N{DEGREE SIGN}", "2\N{DEGREE SIGN}"} | {"5\N{DEGREE SIGN}"}


def test_equal_pictures_and_odd_sizes_are_drawn(tmp_path):
    for shape, fixation in (((1, 1, 1), (0, 0)), ((3, 300, 40), (20, 10)), ((1, 40, 300), [(5, 5), (290, 30)])):
        gray = torch.full(shape, 0.25)
        axes = plot_foveation(gray, gray, fixation, px_per_deg=12, title="same")
        assert "mean 0.0, largest 0.0" in axes[2].get_title()
        save_figure(axes[0], tmp_path / "sheet.png", dpi=30)


def test_pictures_of_two_sizes_are_refused():
    with pytest.raises(InputError, match="its original's size"):
        plot_foveation(torch.zeros(1, 8, 8), torch.zeros(1, 8, 9), (1, 1), px_per_deg=2)
