"""COCO-Search18 and ViSioNS JSON as the benchmarks publish them."""

import json

import pytest

from scanpath._core.errors import InputError, InputWarning
from scanpath.datasets.formats import read_fixations, write_fixations

TRIAL = {
    "name": "000000478726.jpg",
    "subject": 2,
    "task": "bottle",
    "condition": "present",
    "bbox": [1063, 68, 95, 334],
    "X": [848.2, 1072.9, 1119.4],
    "Y": [517.2, 349.7, 254.1],
    "T": [73, 190, 512],
    "length": 3,
    "correct": 1,
    "RT": 1159,
    "split": "train",
}


def write(path, content):
    path.write_text(json.dumps(content))
    return path


def test_coco_search_trials_keep_category_condition_and_box(tmp_path):
    table, _ = read_fixations(write(tmp_path / "fix.json", [TRIAL]))
    assert table["x_px"].tolist() == TRIAL["X"]
    assert table["duration_ms"].tolist() == TRIAL["T"]
    assert table.loc[0, ["task", "condition", "subject", "split", "rt_ms"]].tolist() == [
        "bottle",
        "present",
        "2",
        "train",
        1159,
    ]
    assert table.loc[0, ["target_x_px", "target_w_px"]].tolist() == [1063, 95]


def test_durations_that_outlast_the_positions_are_dropped_and_counted(tmp_path):
    cut = {**TRIAL, "X": TRIAL["X"][:2], "Y": TRIAL["Y"][:2]}
    table, changes = read_fixations(write(tmp_path / "fix.json", [cut, TRIAL]))
    assert len(table) == 5
    assert [str(c) for c in changes if c.kind == "dropped"] == ["dropped: durations beyond the last position (1 row)"]
    with pytest.raises(ValueError, match="3 fixations but only 2 durations"):
        read_fixations(write(tmp_path / "bad.json", [{**TRIAL, "T": [73, 190]}]))


def test_a_person_who_saw_a_picture_twice_has_two_trials(tmp_path):
    table, _ = read_fixations(write(tmp_path / "fix.json", [TRIAL, {**TRIAL, "T": [75, 190, 510]}]))
    assert table["trial"].tolist() == ["0"] * 3 + ["1"] * 3
    with pytest.warns(InputWarning, match=r"a look of '2' at '000000478726.jpg' is there twice, .*\(1 such looks\)"):
        read_fixations(write(tmp_path / "fix.json", [TRIAL, TRIAL]))


PERSON = {
    "subject": "subj01",
    "dataset": "Interiors Dataset",
    "image_height": 768,
    "image_width": 1024,
    "screen_height": 768,
    "screen_width": 1024,
    "receptive_height": 32,
    "receptive_width": 32,
    "target_found": True,
    "target_bbox": [613, 326, 685, 398],
    "X": [512.0, 330.5],
    "Y": [384.0, 640.0],
    "T": [160.0, 220.0, 300.0],
    "target_object": "TBD",
    "max_fixations": 13,
}


def test_visions_people_and_their_boxes(tmp_path):
    folder = tmp_path / "human_scanpaths"
    folder.mkdir()
    write(folder / "subj01_scanpaths.json", {"grayscale_1.jpg": PERSON})
    write(folder / "subj02_scanpaths.json", {"grayscale_1.jpg": {**PERSON, "subject": "subj02"}})
    table, changes = read_fixations(folder)
    assert table["subject"].tolist() == ["subj01"] * 2 + ["subj02"] * 2
    assert table.loc[0, [f"target_{s}_px" for s in "xywh"]].tolist() == [326, 613, 72, 72]
    assert [c.n for c in changes if c.kind == "dropped"] == [2]


def test_a_models_grid_becomes_cell_centers_and_its_size_is_asked_for(tmp_path):
    model = {k: v for k, v in PERSON.items() if k not in ("T", "screen_height", "screen_width")}
    model |= {"image_height": 24, "image_width": 32, "X": [16, 0], "Y": [12, 23], "target_bbox": [19, 10, 20, 11]}
    path = write(tmp_path / "Scanpaths.json", {"grayscale_1.jpg": model})
    with pytest.raises(ValueError, match="give picture_px"):
        read_fixations(path)
    table, changes = read_fixations(path, agent="nnIBS", picture_px=(1024, 768))
    assert table["x_px"].tolist() == [16.5 * 32 - 0.5, 15.5]
    assert table["y_px"].tolist() == [12.5 * 32 - 0.5, 23.5 * 32 - 0.5]
    assert set(table["agent"]) == {"nnIBS"}
    assert any(change.kind == "scale" for change in changes)


@pytest.mark.parametrize("content", ["[", '{"a": 1}', "[]", '["x"]', "[" * 100_000])
def test_other_json_is_refused_in_one_sentence(content, tmp_path):
    (tmp_path / "x.json").write_text(content)
    with pytest.raises(ValueError, match=r"x\.json"):
        read_fixations(tmp_path / "x.json")


EARLY = {
    "subject": "03",
    "image": "img111.jpg",
    "dataset": "VisualSearchZeroShot Natural Design Dataset",
    "image_height": 1024,
    "image_width": 1280,
    "screen_height": 1024,
    "screen_width": 1280,
    "window_height": 200,
    "window_width": 200,
    "target_found": "False",
    "target_bbox": [544, 507, 618, 561],
    "X": [632, 100],
    "Y": [596, 200],
    "T": [354, 120],
    "split": "valid",
    "target_object": "TBD",
    "max_fixations": 80,
}


def test_the_benchmarks_early_lists_of_trials_are_read_with_found_as_a_word(tmp_path):
    found = EARLY | {"image": "img196.jpg", "target_found": "True"}
    table, _ = read_fixations(write(tmp_path / "human_scanpaths.json", [EARLY, found]))
    assert table["stimulus"].tolist() == ["img111.jpg"] * 2 + ["img196.jpg"] * 2
    assert table["target_found"].tolist() == [False, False, True, True]
    assert table["duration_ms"].tolist() == [354, 120] * 2
    assert table.loc[0, ["target_x_px", "target_y_px", "target_w_px", "target_h_px"]].tolist() == [507, 544, 54, 74]
    with pytest.raises(ValueError, match="must be true or false, got 'maybe'"):
        read_fixations(write(tmp_path / "bad.json", [EARLY | {"target_found": "maybe"}]))


@pytest.mark.parametrize("trial", [TRIAL, EARLY])
@pytest.mark.parametrize("wrong", ["a", ["a"], [[1, 2]], {"x": 1}, None, 3])
def test_positions_that_are_no_list_of_numbers_are_refused_in_one_sentence(trial, wrong, tmp_path):
    with pytest.raises(ValueError, match="needs a list of numbers as X"):
        read_fixations(write(tmp_path / "bad.json", [{**trial, "X": wrong}]))


def test_json_has_no_nan_and_is_not_deep_without_end(tmp_path):
    path = tmp_path / "bad.json"
    path.write_text(json.dumps([TRIAL | {"X": [float("nan"), 1, 2]}]))
    with pytest.raises(ValueError, match="NaN is no JSON; missing values are null"):
        read_fixations(path)
    path.write_text("[" * 200_000)
    with pytest.raises(ValueError, match="not readable JSON"):
        read_fixations(path)


PREDICTION = {"X": [256.0, 0.0], "Y": [160.0, -0.5], "name": "1.jpg", "task": "cup", "condition": "present"}


def test_a_models_predictions_are_its_own_and_scaled_to_the_pictures(tmp_path):
    path = tmp_path / "predictions.json"
    path.write_text(json.dumps([PREDICTION, PREDICTION | {"bbox": [10, 20, 30, 40]}]))
    with pytest.raises(ValueError, match="trial 0 has no subject; if these are a model's predictions, give agent="):
        read_fixations(path)
    with pytest.warns(InputWarning, match=r"within 512 x 320 px.*size_px=\(512, 320\)"):
        read_fixations(path, agent="HAT")
    table, changes = read_fixations(path, agent="HAT", size_px=(512, 320))
    # the middle of the picture and its upper border stay what they are
    assert table["x_px"].tolist()[:1] == pytest.approx([256.5 * 1680 / 512 - 0.5])
    assert table["y_px"].tolist()[:2] == pytest.approx([160.5 * 1050 / 320 - 0.5, -0.5])
    assert table["agent"].unique().tolist() == ["HAT"]
    assert table["trial"].tolist() == ["0", "0", "1", "1"]
    assert table["target_w_px"].iloc[-1] == pytest.approx(30 * 1680 / 512)
    assert any(change.kind == "scale" for change in changes)


def predicted(tmp_path, **lists):
    return write(tmp_path / "predictions.json", [PREDICTION | lists])


def test_parts_of_the_picture_are_read_as_such_and_never_as_px(tmp_path):
    path = predicted(tmp_path, X=[0.5, 0.0, 1.0], Y=[0.5, 0.0, 1.0])
    for size in ({}, {"size_px": (1, 1)}, {"size_px": (512, 320)}):
        with pytest.raises(InputError, match="give frame='normalized'"):
            read_fixations(path, agent="G", **size)
    table, changes = read_fixations(path, agent="G", frame="normalized")
    assert table["x_px"].tolist() == [839.5, -0.5, 1679.5]
    assert table["y_px"].tolist() == [524.5, -0.5, 1049.5]
    assert any(change.kind == "scale" for change in changes)


def test_cells_of_a_models_grid_are_named_with_the_grids_size(tmp_path):
    path = tmp_path / "cells.json"
    path.write_text(json.dumps([PREDICTION | {"X": [31, 4], "Y": [19, 3]}] * 2))
    with pytest.warns(InputWarning, match=r"give size_px=\(32, 20\)"):
        read_fixations(path, agent="IRL")
    assert read_fixations(path, agent="IRL", size_px=(32, 20))[0]["x_px"][0] == 31.5 * 52.5 - 0.5


@pytest.mark.parametrize(
    "lists",
    [
        {"X": [840, 100, 0, 0], "Y": [525, 20, 0, 0], "T": [200, 200, 0, 0]},
        {"X": [840, 100, 0, 0], "Y": [525, 20, 0, 0], "length": 2},
        {"X": [840, 100, 7, 7], "Y": [525, 20, 8, 8], "length": 2},
        {"X": [840, 100, -1, -1], "Y": [525, 20, -1, -1]},
        {"X": [840, 100, None, None], "Y": [525, 20, None, None]},
    ],
)
def test_what_fills_up_a_prediction_is_no_fixation(lists, tmp_path):
    table, changes = read_fixations(predicted(tmp_path, **lists), agent="G")
    assert table["x_px"].tolist() == [840, 100]
    assert [change.n for change in changes if change.kind == "dropped"][-1] == 2


def test_what_may_fill_up_a_prediction_is_told_of(tmp_path):
    with pytest.warns(InputWarning, match=r"1 scanpath of 'G' end at exactly \(0, 0\)"):
        read_fixations(predicted(tmp_path, X=[840, 0], Y=[525, 0]), agent="G")
    with pytest.warns(InputWarning, match="its length as 1 and has 3 positions"):
        read_fixations(predicted(tmp_path, X=[840, 3, 5], Y=[525, 8, 7], length=1), agent="G")


def test_a_gap_between_positions_is_refused_with_its_place(tmp_path):
    with pytest.raises(InputError, match=r"trial 0 has no number \(null\) in X, first at place 1"):
        read_fixations(predicted(tmp_path, X=[1, None, 300], Y=[1, 2, 3]), agent="G")
    with pytest.raises(InputError, match="code for missing gaze"):
        read_fixations(predicted(tmp_path, X=[-1, 300], Y=[-1, 3]), agent="G", size_px=(512, 320))
    with pytest.warns(InputWarning, match="its length as 2 and has 3 positions"):
        read_fixations(write(tmp_path / "fix.json", [TRIAL | {"length": 2}]))


@pytest.mark.parametrize("subject", ["2", "002", "\u0662"])
def test_a_subject_is_written_as_a_number_only_where_it_is_one_as_it_stands(subject, tmp_path):
    table, _ = read_fixations(write(tmp_path / "fix.json", [TRIAL | {"subject": subject}]))
    write_fixations(table, tmp_path / "back.json", format="coco_search18")
    assert set(read_fixations(tmp_path / "back.json")[0]["subject"]) == {subject}
