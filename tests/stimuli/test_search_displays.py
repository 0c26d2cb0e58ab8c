import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from scanpath import InputError
from scanpath.stimuli import Item, Layout, conjunction_display, feature_display, search_display, t_among_l_display
from scanpath.stimuli.items import SHAPES

RED, GREEN = (1.0, 0.0, 0.0), (0.0, 0.8, 0.0)


def count_items(display):
    differs = (display.image * 255 - display.background).abs().amax(dim=0) > 0.6
    return len({int(label) for label in display.cells[differs]})


@settings(max_examples=40, deadline=None)
@given(
    shape=st.sampled_from(SHAPES),
    size_deg=st.floats(0.3, 1.3),
    angle=st.floats(-400, 400),
    px_per_deg=st.floats(12, 60),
    stroke=st.floats(0.1, 0.5),
)
def test_items_stay_inside_their_canvas_at_any_angle(shape, size_deg, angle, px_per_deg, stroke):
    item = Item(shape, size_deg, 1.0, angle, stroke)
    drawn = item.draw(px_per_deg, 0.0)
    side = item.canvas_px(px_per_deg)
    assert drawn.shape == (3, side, side)
    upright = Item(shape, size_deg, 1.0, 0, stroke).draw(px_per_deg, 0.0)
    # turning cuts nothing off; an upright edge is placed to an eighth of a pixel
    assert drawn.sum() == pytest.approx(upright.sum(), rel=0.02, abs=3 * side * 0.25)


def test_items_have_the_colors_and_sizes_that_were_asked_for():
    drawn = Item("square", 2.0, (0.2, 0.4, 0.6)).draw(30, 255)
    np.testing.assert_allclose(drawn[:, 40, 40], [0.2, 0.4, 0.6], atol=1e-6)
    inside = (drawn[0] < 0.9).sum()
    assert inside == pytest.approx(60**2, rel=0.04)
    assert drawn[:, 0, 0].tolist() == [1, 1, 1]


def test_an_l_becomes_a_t_as_its_stroke_moves_to_the_middle():
    turned_t = Item("T", 2, orientation_deg=180).draw(30, 255)
    np.testing.assert_allclose(Item("L", 2, offset=0.5).draw(30, 255), turned_t, atol=0.01)


def test_a_landolt_ring_opens_to_the_right_and_turns_counter_clockwise():
    for angle, (row, column) in {0: (0.5, 0.95), 90: (0.05, 0.5), 180: (0.5, 0.05), 270: (0.95, 0.5)}.items():
        drawn = Item("landolt_c", 2, 1.0, angle).draw(30, 0)[0]
        side = len(drawn) - 1
        assert drawn[round(row * side), round(column * side)] == 0
        assert drawn.max() == 1


@settings(max_examples=25, deadline=None)
@given(set_size=st.integers(1, 20), seed=st.integers(0, 1000), present=st.booleans())
def test_set_size_counts_all_items_with_and_without_a_target(set_size, seed, present):
    layout = Layout(4, 5, px_per_deg=20)
    display = feature_display(
        set_size, Item(color=RED), Item(color=GREEN), layout=layout, seed=seed, target_present=present
    )
    assert count_items(display) == set_size
    assert display.info["set_size"] == set_size
    red = (display.image[0] > 0.9) & (display.image[1] < 0.1)
    assert bool(red.any()) == present
    if present:
        assert bool(display.target_mask[red].all())


def test_an_absent_target_leaves_its_picture_and_no_place():
    display = t_among_l_display(8, target_present=False)
    assert display.target is not None
    assert display.target_box is None
    assert display.target_mask is None
    assert display.info["target_present"] is False


def test_the_target_box_holds_the_target_as_shown():
    for seed in range(5):
        display = t_among_l_display(12, seed=seed)
        x, y, width, height = (int(side) for side in display.target_box)
        assert torch.equal(display.image[:, y : y + height, x : x + width], display.target)


def test_conjunction_distractors_share_exactly_one_feature_with_the_target():
    display = conjunction_display(25, Item(color=RED), Item(color=GREEN, orientation_deg=90), seed=3)
    kinds = {}
    for cell in range(1, 37):
        rows, columns = torch.where((display.cells == cell) & ((display.image[2] * 255 - 128).abs() > 60))
        if len(rows):
            red = bool((display.image[0][display.cells == cell] > 0.9).any())
            upright = bool(rows.max() - rows.min() > columns.max() - columns.min())
            kinds[red, upright] = kinds.get((red, upright), 0) + 1
    assert kinds == {(True, True): 1, (True, False): 12, (False, True): 12}


def test_displays_that_differ_in_the_items_only_have_the_same_places():
    easy = t_among_l_display(10, seed=6, condition="L")
    hard = t_among_l_display(10, distractor=Item("L", offset=0.3), seed=6, condition="offset L")
    assert easy.target_box == hard.target_box
    assert easy.name != hard.name


def test_items_turn_at_random_among_the_given_rotations():
    upright = t_among_l_display(9, rotations_deg=(0,), seed=1)
    np.testing.assert_array_equal(upright.target.numpy(), Item("T").draw(30, 128))
    targets = [t_among_l_display(9, seed=seed).target for seed in range(12)]
    assert len({tensor.numpy().tobytes() for tensor in targets}) == 4


def test_jitter_moves_items_and_never_out_of_their_cells():
    centers = []
    for jitter_deg in (0.0, 0.3, 50.0):
        layout = Layout(3, 3, cell_deg=2, jitter_deg=jitter_deg)
        display = feature_display(9, Item(color=RED), Item(color=GREEN), layout=layout, seed=8)
        assert count_items(display) == 9
        x, y = display.target_center
        centers.append((x % 60 - 29.5, y % 60 - 29.5))
    assert np.abs(centers[0]).max() <= 0.5
    assert 0 < np.abs(centers[1]).max() <= 9.5


def test_wrong_input_is_one_sentence():
    with pytest.raises(InputError, match="Did you mean"):
        Item("bars")
    colors = ((1, 2, 0), (1, 0), float("nan"), -0.1)
    for settings_ in ({"size_deg": 0}, {"stroke": 0.7}, {"offset": -1}, *({"color": color} for color in colors)):
        with pytest.raises(InputError):
            Item(**settings_)
    with pytest.raises(InputError, match="orientation_deg"):
        Item(orientation_deg=float("inf"))
    for settings_ in ({"rows": 0}, {"cell_deg": -1}, {"jitter_deg": float("nan")}, {"background": 300}):
        with pytest.raises(InputError):
            Layout(**settings_)
    with pytest.raises(InputError, match="px wide or high"):
        Layout(px_per_deg=1e6)
    with pytest.raises(InputError, match="cell_deg larger"):
        search_display(Item("square", 3), [])
    with pytest.raises(InputError, match="1 to 36"):
        feature_display(37, Item(color=RED), Item(color=GREEN))
    with pytest.raises(InputError, match="equals the distractor"):
        feature_display(4, Item(), Item())
    with pytest.raises(InputError, match="both features"):
        conjunction_display(4, Item(color=RED), Item(color=GREEN))
    with pytest.raises(InputError, match="at least one item"):
        search_display(Item(), [], target_present=False)
    with pytest.raises(InputError, match="rotations_deg"):
        t_among_l_display(4, rotations_deg=())
