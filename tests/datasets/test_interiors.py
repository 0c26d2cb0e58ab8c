import dataclasses
import hashlib

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from scanpath.datasets import dataset_card, interiors, load_dataset
from scanpath.datasets.dataset import DatasetFolder

TRIAL = {
    "image": "a_oliva.jpg", "subject": "s01", "trial_order": 3, "max_saccades": 4, "found": True,
    "target_x": 10, "target_y": 20, "target_w": 8, "target_h": 8, "screen_w": 1280, "screen_h": 960,
    "template": "a_oliva_template.jpg", "n_fixations": 2, "n_inside": 2, "first_on_target": 1,
    "first_on_target_16px": 1, "init_x": 5.0, "init_y": 6.0, "search_rt_s": 0.5, "standard_cap": True,
    "starts_at_init": True,
}  # fmt: skip
FIXATION = {
    "image": "a_oliva.jpg", "subject": "s01", "trial_order": 3, "found": True, "index": 0, "x": 5.0, "y": 6.0,
    "duration_ms": 1200, "onset_ms": 0, "on_target": False, "after_target": False,
}  # fmt: skip


@pytest.fixture
def small(tmp_path):
    """A set of the same form with one picture and two people, one of whom never looked inside the picture."""
    away = {"subject": "s02", "found": False, "n_fixations": 1, "n_inside": 0}
    trials = pd.DataFrame([TRIAL, {**TRIAL, **away, "first_on_target": -1, "first_on_target_16px": -1}])
    hit = {"index": 1, "x": 12.0, "y": 24.0, "duration_ms": 200, "onset_ms": 1250, "on_target": True}
    fixations = pd.DataFrame([FIXATION, {**FIXATION, **hit}])
    for name, size in (("images/a_oliva.jpg", (64, 48)), ("templates/a_oliva_template.jpg", (8, 8))):
        (tmp_path / name).parent.mkdir()
        Image.new("L", size, 128).save(tmp_path / name)
    digests = {}
    for name, table in (("trials.parquet", trials), ("fixations.parquet", fixations)):
        table.to_parquet(tmp_path / name)
        digests[name] = hashlib.sha256((tmp_path / name).read_bytes()).hexdigest()
    card = dataset_card("interiors")
    pictures = tuple(dataclasses.replace(entry, count=1) for entry in card.pictures)
    return DatasetFolder(dataclasses.replace(card, files=digests, pictures=pictures), tmp_path)


def test_a_trial_without_a_fixation_stays_countable(small):
    data = interiors.load(small, None)
    assert len(data.trials) == 2
    assert set(data.fixations["subject"]) == {"s01"}
    away = data.trials.set_index("subject").loc["s02"]
    assert away["n_inside"] == 0
    assert not away["target_found"]


def test_never_is_null(small):
    trials = interiors.load(small, None).trials.set_index("subject")
    assert trials["first_on_target"].isna().to_dict() == {"s01": False, "s02": True}
    assert trials.loc["s01", "first_on_target"] == 1


def test_times_are_milliseconds(small):
    data = interiors.load(small, None)
    assert data.trials["search_rt_ms"].tolist() == [500, 500]
    assert data.fixations["onset_ms"].tolist() == [0, 1250]


def test_the_scale_is_unknown_until_somebody_says_it(small):
    assert interiors.load(small, None).stimuli[0].px_per_deg is None
    assert interiors.load(small, 32.0).stimuli[0].px_per_deg == 32


def test_stimuli_carry_what_was_searched_for(small):
    (stimulus,) = interiors.load(small, None).stimuli
    assert stimulus.target_box == (10, 20, 8, 8)
    assert stimulus.target.shape == (1, 8, 8)
    assert stimulus.info == {"dataset": "interiors", "task": "search"}


@pytest.fixture(scope="module")
def published(shared):
    return load_dataset("interiors", root=shared / "data")


def test_each_template_is_the_picture_inside_its_box(published):
    for stimulus in published.stimuli[::6]:
        x, y, width, height = (int(side) for side in stimulus.target_box)
        picture, template = stimulus.image[0].numpy(), stimulus.target[0].numpy()

        def misfit(dx, dy, picture=picture, template=template, x=x, y=y, width=width, height=height):
            crop = picture[max(y + dy, 0) :, max(x + dx, 0) :][:height, :width]
            rows, columns = crop.shape
            return float(np.abs(crop - template[:rows, :columns]).mean())

        shifts = [(dx, dy) for dx in (-1, 0, 1) for dy in (-1, 0, 1)]
        assert min(shifts, key=lambda shift: misfit(*shift)) == (0, 0), stimulus.name


def test_on_target_is_being_inside_the_box(published):
    table = published.fixations.merge(
        published.trials[["stimulus", "subject", *(f"target_{side}_px" for side in "xywh")]], on=["stimulus", "subject"]
    )
    inside_x = (table["x_px"] >= table["target_x_px"]) & (table["x_px"] < table["target_x_px"] + table["target_w_px"])
    inside_y = (table["y_px"] >= table["target_y_px"]) & (table["y_px"] < table["target_y_px"] + table["target_h_px"])
    assert ((inside_x & inside_y) == table["on_target"]).mean() > 0.999


def test_people_who_found_the_target_end_near_it(published):
    """The corrections of the coordinates: on both screens the last fixation of a find scatters round the target."""
    last = published.fixations.query("target_found").groupby(["stimulus", "subject"]).tail(1)
    table = last.merge(published.trials, on=["stimulus", "subject"], suffixes=("", "_trial"))
    table["dx"] = table["x_px"] - table["target_x_px"] - 35.5
    table["dy"] = table["y_px"] - table["target_y_px"] - 35.5
    median = table.groupby("screen_height_px")[["dx", "dy"]].median()
    assert (median.abs() < 8).all(axis=None)
