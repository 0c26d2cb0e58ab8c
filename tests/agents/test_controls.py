"""The controls of the eccNET study: comparing pixels, and chance."""

import numpy as np
import pytest
import torch
from scipy import ndimage, signal

from scanpath import InputError, Stimulus, create_agent, run_episode


def display(**settings):
    """Three discs of different brightness on gray, in a 2 x 2 grid of slots; the last slot is empty."""
    image = torch.full((1, 80, 80), 0.2)
    for value, (top, left) in zip((0.5, 0.9, 0.4), ((10, 12), (12, 55), (55, 10))):
        image[0, top : top + 12, left : left + 12] = value
    cells = torch.arange(4).reshape(2, 2).repeat_interleave(40, 0).repeat_interleave(40, 1) + 1
    return Stimulus(image, cells=cells, background=51, target_box=(55, 12, 12, 12), **settings)


@pytest.mark.parametrize("side", [7, 8])
def test_pixels_are_correlated_as_a_network_layer_would(side):
    rng = np.random.default_rng(0)
    image, target = rng.random((3, 40, 50)).astype(np.float32), rng.random((3, side, side)).astype(np.float32)
    agent = create_agent("pixel_match")
    found = agent.attention(Stimulus(image, target=target), [(0, 0)])
    mean = np.array([103.939, 116.779, 123.68])[:, None, None]
    a, b = (values[::-1].astype(np.float64) * 255 - mean for values in (image, target))
    padded = np.pad(a, ((0, 0), ((side - 1) // 2, side // 2), ((side - 1) // 2, side // 2)))
    raw = sum(signal.correlate2d(x, y, mode="valid") for x, y in zip(padded, b))
    taps = np.exp(-(np.arange(-3, 4) ** 2) / 18)
    taps /= taps.sum()
    smooth = ndimage.convolve1d(ndimage.convolve1d(raw, taps, 0, mode="mirror"), taps, 1, mode="mirror")
    np.testing.assert_allclose(found.numpy(), smooth - smooth.min(), rtol=1e-6, atol=1e-3 * np.ptp(smooth) * 1e-3)


def test_pixel_matching_visits_each_slot_once():
    agent = create_agent("pixel_match", recognition_px=2)
    path = run_episode(agent, display(), n_fixations=5, generator=torch.Generator())
    slots = [(y // 40, x // 40) for x, y in path.xy.tolist()[1:]]
    assert len(slots) == len(set(slots))


def test_the_first_fixation_of_the_controls_may_find_the_target():
    image = torch.rand(1, 40, 40)
    stimulus = Stimulus(image, target_box=(18, 18, 6, 6), cells=torch.ones(40, 40, dtype=torch.int64))
    for name in ("pixel_match", "chance"):
        path = run_episode(create_agent(name), stimulus, n_fixations=3, generator=torch.Generator())
        assert len(path) == 1
        assert path.info["target_found"]


def test_chance_draws_open_slots_and_items_and_no_bare_ground_elsewhere():
    stimulus = display()
    agent = create_agent("chance", patch_px=2)
    history = [(40, 40), (5, 5), (70, 70)]  # slots 1 and 4 were visited
    generator = torch.Generator().manual_seed(0)
    drawn = {tuple(map(int, agent.next_fixation(stimulus, history, generator))) for _ in range(3000)}
    figure = np.zeros((80, 80), dtype=bool)
    for top, left in ((10, 12), (12, 55), (55, 10)):
        figure[top : top + 12, left : left + 12] = True
    near_figure = ndimage.binary_dilation(figure, np.ones((3, 3)))
    for x, y in drawn:
        open_slot = (y // 40, x // 40) in ((0, 1), (1, 0))
        assert open_slot or near_figure[y, x]
    assert any((y // 40, x // 40) == (0, 0) for x, y in drawn)
    assert not any((y // 40, x // 40) == (1, 1) for x, y in drawn)


def test_chance_is_uniform_over_a_picture_without_slots():
    stimulus = Stimulus(torch.zeros(1, 4, 8))
    agent = create_agent("chance")
    generator = torch.Generator().manual_seed(1)
    counts = np.zeros((4, 8))
    for _ in range(3200):
        x, y = agent.next_fixation(stimulus, [(0, 0)], generator)
        counts[int(y), int(x)] += 1
    chi2 = ((counts - 100) ** 2 / 100).sum()
    assert chi2 < 61  # 99.9 % of such counts, 31 degrees of freedom


def test_chance_goes_on_where_nothing_is_allowed():
    """All slots visited and no item anywhere: any pixel is drawn instead of none."""
    blank = Stimulus(torch.zeros(1, 10, 10), cells=torch.ones(10, 10, dtype=torch.int64))
    x, y = create_agent("chance").next_fixation(blank, [(0, 0), (5, 5)], torch.Generator())
    assert 0 <= x < 10
    assert 0 <= y < 10


def test_bad_settings_get_one_sentence():
    with pytest.raises(InputError, match="preprocessing"):
        create_agent("pixel_match", preprocessing="gray")
    with pytest.raises(InputError, match="patch_px"):
        create_agent("chance", patch_px=0)
