import json

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from scanpath import InputError
from scanpath.stimuli import ASYMMETRY_TASKS, asymmetry_display, asymmetry_displays, asymmetry_trials
from scanpath.stimuli.asymmetry_items import draw_item
from scanpath.stimuli.grids import place
from scanpath.stimuli.search_arrays import _choose_items, _scaled_geometry

CONDITIONS = [condition for task in ASYMMETRY_TASKS.values() for condition in task.conditions]
TASK_OF = {condition: task for task in ASYMMETRY_TASKS.values() for condition in task.conditions}


def levels(image):
    return np.rint(image[0].numpy() * 255)


def occupied_cells(display):
    """Cells in which anything differs from the ground."""
    differs = torch.from_numpy(levels(display.image) != display.background)
    return sorted({int(label) for label in display.cells[differs]})


@pytest.mark.parametrize("condition", CONDITIONS)
def test_a_display_has_as_many_items_as_its_set_size_and_none_crosses_its_cell(condition):
    for set_size in TASK_OF[condition].set_sizes:
        cells = occupied_cells(asymmetry_display(condition, set_size, seed=5))
        assert len(cells) == set_size
        assert 0 not in cells


@pytest.mark.parametrize("condition", CONDITIONS)
def test_the_target_is_shown_as_it_stands_in_the_display(condition):
    display = asymmetry_display(condition, TASK_OF[condition].set_sizes[-1], seed=2, trial=7)
    x, y, width, height = (int(side) for side in display.target_box)
    assert torch.equal(display.image[:, y : y + height, x : x + width], display.target)


@pytest.mark.parametrize("condition", CONDITIONS)
def test_a_fixation_is_right_in_the_targets_cell(condition):
    display = asymmetry_display(condition, TASK_OF[condition].set_sizes[1], seed=4)
    x, y = (round(value) for value in display.target_center)
    assert display.target_mask[y, x]
    if TASK_OF[condition].name == "lighting_direction":  # anchored at the item, as published
        rows, columns = torch.where(display.target_mask)
        assert (int(columns.min()), int(rows.min())) == display.target_box[:2]
    else:
        assert torch.equal(display.target_mask, display.cells == display.cells[y, x])


def test_geometry_is_the_published_one():
    sizes = {name: asymmetry_display(task.hard, 3).size[0] for name, task in ASYMMETRY_TASKS.items()}
    assert list(sizes.values()) == [339, 198, 615, 615, 339, 339]
    uncovered = asymmetry_display("top_down", 1)
    assert int((uncovered.cells == 0).sum()) == 198**2 - 196**2
    assert int(uncovered.cells.max()) == 16


def test_trial_numbers_are_the_published_ones():
    trials = asymmetry_trials()
    assert len(trials) == 1272  # rows of each model in the published results
    assert sum(condition == "cross" for condition, _, _ in trials) == 108
    assert len(asymmetry_trials(["curvature"])) == 180
    assert asymmetry_trials(["Ts"], n_trials=2) == [("Ts", n, t) for n in (3, 6, 9) for t in (0, 1)]


@pytest.mark.parametrize(
    ("task", "last"), [("curvature", 7), ("intersection_LT", 26), ("orientation_homo", 14), ("lighting_direction", 17)]
)
def test_jitter_reaches_its_published_limits_and_no_further(task, last):
    grid, canvas_px, jitter_px = _scaled_geometry(ASYMMETRY_TASKS[task], 30)
    generator = np.random.default_rng(1)
    offsets = set()
    for _ in range(400):
        placement = place(grid, 1, (jitter_px, jitter_px), generator)
        left, top = grid.corner(placement.cells[0])
        offsets |= {placement.corners[0][0] - left, placement.corners[0][1] - top}
    assert offsets == set(range(last + 1))
    assert last + canvas_px <= grid.cell_px


def test_the_target_is_in_any_cell():
    displays = [asymmetry_display("top_down", 6, trial=trial) for trial in range(120)]
    targets = {tuple(int(side) for side in display.target_box[:2]) for display in displays}
    assert {(x // 49, y // 49) for x, y in targets} == {(x, y) for x in range(4) for y in range(4)}


def test_distractors_of_the_heterogeneous_task_repeat_only_after_all_were_used():
    generator = np.random.default_rng(0)
    for n in (1, 4, 8, 9, 12, 16):
        tilts = [version for _, version in _choose_items("hetero_t0", n, 0, generator)][1:]
        counts = np.bincount([{t: i for i, t in enumerate((-80, -60, -40, -20, 20, 40, 60, 80))}[t] for t in tilts])
        assert counts.sum() == n - 1
        assert counts.max(initial=0) <= -(-(n - 1) // 8)


def test_curvature_rotations_take_turns_and_mirror_images_are_random():
    generator = np.random.default_rng(0)
    versions = [version for _, version in _choose_items("curve_in_lines", 16, 3, generator)]
    assert versions == [0, 1, 2, 3] * 4
    drawn = {tuple(version for _, version in _choose_items("Ls", 9, 0, generator)) for _ in range(20)}
    assert len(drawn) == 20


def test_bars_turn_counter_clockwise_for_positive_angles():
    tilted = draw_item("bar", 20, 69)
    rows, columns = np.where(tilted < 128)
    top, bottom = columns[rows < 20].mean(), columns[rows > 48].mean()
    assert np.degrees(np.arctan2(bottom - top, rows[rows > 48].mean() - rows[rows < 20].mean())) == pytest.approx(
        20, abs=0.5
    )


@pytest.mark.parametrize(
    ("kind", "area"), [("bar", 540), ("line", 216), ("L", 16 * 165 + 17 * 149), ("T", 16 * 165 + 16 * 149)]
)
def test_items_have_their_designed_area_at_any_angle(kind, area):
    ground, ink = {"line": (0, 255)}.get(kind, (255, 0))
    versions = (0, 20, -80, 45) if kind == "bar" else range(4)
    side = {"bar": 69, "line": 48}.get(kind, 177)
    for version in versions:
        covered = ((draw_item(kind, version, side) - ground) / (ink - ground)).sum()
        assert covered == pytest.approx(area, rel=2e-3)


@settings(max_examples=15, deadline=None)
@given(
    condition=st.sampled_from(CONDITIONS),
    px_per_deg=st.floats(6, 60),
    seed=st.integers(0, 2**31),
)
def test_any_scale_gives_the_same_display_larger_or_smaller(condition, px_per_deg, seed):
    set_size = TASK_OF[condition].set_sizes[1]
    reference = asymmetry_display(condition, set_size, seed=seed)
    scaled = asymmetry_display(condition, set_size, seed=seed, px_per_deg=px_per_deg)
    assert occupied_cells(scaled) == occupied_cells(reference)
    assert scaled.size[0] == pytest.approx(reference.size[0] * px_per_deg / 30, abs=1)
    ratio = scaled.target_box[2] / reference.target_box[2]
    assert ratio == pytest.approx(px_per_deg / 30, abs=1 / reference.target_box[2])
    # nothing is drawn thicker or thinner; the lighting task's hard edges are resampled
    ink = [np.abs(levels(display.image) - display.background).sum() for display in (reference, scaled)]
    if TASK_OF[condition].name != "lighting_direction":
        assert ink[1] / ink[0] == pytest.approx(ratio**2, rel=0.05)


def test_seeds_trials_and_conditions_give_different_displays_and_the_same_ones_again():
    def image(**changes):
        return asymmetry_display(**{"condition": "Ls", "set_size": 6, "seed": 1, **changes}).image

    assert torch.equal(image(), image())
    for change in ({"seed": 2}, {"trial": 1}, {"condition": "Ts"}):
        assert not torch.equal(image(), image(**change))


def test_fewer_trials_are_the_first_of_more():
    few = list(asymmetry_displays(["lighting_direction"], n_trials=1, seed=9))
    more = {display.name: display for display in asymmetry_displays(["lighting_direction"], n_trials=2, seed=9)}
    assert len(few) == 6
    assert all(torch.equal(display.image, more[display.name].image) for display in few)


def test_wrong_input_is_one_sentence():
    with pytest.raises(InputError, match="Did you mean"):
        asymmetry_display("curve_in_line", 8)
    with pytest.raises(InputError, match="1130000 px wide"):
        asymmetry_display("curve_in_lines", 8, px_per_deg=100_000)
    with pytest.raises(InputError, match="1 to 9"):
        asymmetry_display("Ls", 10)
    with pytest.raises(InputError, match="px_per_deg"):
        asymmetry_display("Ls", 3, px_per_deg=0.2)
    with pytest.raises(InputError, match="px_per_deg"):
        asymmetry_display("Ls", 3, px_per_deg=float("nan"))
    with pytest.raises(InputError, match="Did you mean curvature"):
        asymmetry_trials(["curvatur"])


def reference_trials(shared):
    folder = shared / "goldens" / "eccnet"
    for trial in json.loads((folder / "trials.json").read_text()):
        if trial.get("cond") in KINDS:
            yield (
                trial,
                {
                    kind: np.asarray(Image.open(folder / "trials" / f"{trial['id']}_{kind}.png")).astype(float)
                    for kind in ("search", "target", "gt")
                },
            )


# Displays of another generator that follows the published geometry (OpenCV drawing): the items must be ours.
KINDS = {
    "top_down": ("top_bright", "top_dark"),
    "left_right": ("left_bright", "left_dark"),
    "curve_in_lines": ("curve", "line"),
    "Ls": ("L", "T"),
}


def best_match(search, item, ground):
    """Place where the item fits best, and its mean absolute misfit there per inked pixel."""
    from scipy.signal import fftconvolve

    size, inked = item.shape[0], np.abs(item - ground).sum() / 255
    misfit = (
        fftconvolve(search**2, np.ones_like(item), "valid")
        - 2 * fftconvolve(search, item[::-1, ::-1], "valid")
        + (item**2).sum()
    )
    row, column = np.unravel_index(misfit.argmin(), misfit.shape)
    found = search[row : row + size, column : column + size]
    return (row, column), np.abs(found - item).sum() / 255 / inked


def test_items_are_those_of_the_reference_displays(shared):
    for trial, pictures in reference_trials(shared):
        target_kind, other_kind = KINDS[trial["cond"]]
        side, ground = trial["tar_shape"][0], trial["bg_value"]
        drawn = [draw_item(target_kind, version, side) for version in range(4)]
        misfit = min(np.abs(pictures["target"] - item).sum() / np.abs(item - ground).sum() for item in drawn)
        assert misfit < (0.15 if trial["exp"] == "curvature" else 1e-9), trial["id"]
        search = pictures["search"].copy()
        candidates = [draw_item(kind, version, side) for kind in (target_kind, other_kind) for version in range(4)]
        for _ in range(trial["set_size"]):  # explain the display item by item, and erase what is explained
            (row, column), misfit = min((best_match(search, item, ground) for item in candidates), key=lambda m: m[1])
            assert misfit < (0.15 if trial["exp"] == "curvature" else 1e-9), trial["id"]
            search[row : row + side, column : column + side] = ground
        assert (search == ground).all(), trial["id"]
