import numpy as np
import pytest

from scanpath.datasets import load_dataset


@pytest.fixture(scope="module")
def data(shared):
    return load_dataset("osie", root=shared / "data")


def test_every_person_looked_at_every_picture(data):
    assert len(data.trials) == 60 * 15
    assert not data.trials.duplicated(["stimulus", "subject"]).any()


def test_onsets_are_missing_not_zero(data):
    assert data.fixations["onset_ms"].isna().all()
    assert data.fixations["duration_ms"].notna().all()


def test_the_card_tells_the_truth_about_durations_and_first_fixations(data):
    totals = data.fixations.groupby(["stimulus", "subject"])["duration_ms"].sum()
    assert 1900 < totals.median() < 2200
    first = data.fixations.query("fixation == 0")
    distance = np.hypot(first["x_px"] - 399.5, first["y_px"] - 299.5)
    assert distance.mean() == pytest.approx(120, abs=8)


def test_the_scale_is_that_of_the_card_unless_given(data, shared):
    assert data.stimuli[0].px_per_deg == 24
    assert load_dataset("osie", root=shared / "data", px_per_deg=23.7).stimuli[0].px_per_deg == 23.7
