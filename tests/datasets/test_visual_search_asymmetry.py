import numpy as np
import pytest

from scanpath import InputError
from scanpath.datasets import VisualSearchAsymmetry, load_dataset

COUNTS = {"ObjArr": 300, "NaturalDesign": 240, "Waldo": 67}


@pytest.fixture(scope="module")
def data(shared):
    return load_dataset("visual_search_asymmetry", root=shared / "data")


def test_it_has_no_pictures_and_says_so_when_a_scale_is_given(data, shared):
    assert isinstance(data, VisualSearchAsymmetry)
    assert data.stimuli == []
    with pytest.raises(InputError, match="no pictures"):
        load_dataset("visual_search_asymmetry", root=shared / "data", px_per_deg=30)


def test_people_and_models_are_told_apart(data):
    table = data.fixations
    assert (table["subject"].isna() == table["agent"].notna()).all()
    assert set(table["agent"].dropna()) == {"eccNET", "IVSN"}
    trials = data.trials.groupby(["dataset", data.trials["agent"].fillna("people")]).size()
    for dataset, count in COUNTS.items():
        assert trials[dataset].to_dict() == {"people": 15 * count, "eccNET": count, "IVSN": count}


def test_missing_is_null(data):
    assert data.trials["published_found_index"].min() >= 0
    assert data.fixations["slot"].notna().equals(data.fixations["dataset"] == "ObjArr")
    assert data.targets["slot"].min() >= 1


def test_finds_add_up_to_the_published_cumulative_performance(data):
    """The found indices and the published curves are two files of the source that must agree."""
    agents = data.trials["agent"].fillna("human")
    for (dataset, agent), curve in data.published_cumulative_performance.groupby(["dataset", "agent"]):
        found = data.trials[(data.trials["dataset"] == dataset) & (agents == agent)]["published_found_index"]
        share = [(found <= index).fillna(False).mean() for index in curve["fixation_index"]]
        np.testing.assert_allclose(share, curve["cumulative_performance"], atol=1e-6)


def test_models_end_at_their_targets(data):
    """Coordinates and targets share one frame: a model's last fixation of a find lies by the target."""
    models = data.fixations[data.fixations["agent"].notna()].groupby(["stimulus", "agent"]).tail(1)
    found = data.trials[data.trials["published_found_index"].notna()]
    last = models.merge(found[["stimulus", "agent"]], on=["stimulus", "agent"]).merge(
        data.targets, on="stimulus", suffixes=("", "_target")
    )
    distance = np.hypot(last["x_px"] - last["x_px_target"], last["y_px"] - last["y_px_target"])
    assert distance.median() < 60
    assert (distance < 200).mean() > 0.95


def test_asymmetry_tables_agree_with_each_other(data):
    trials = data.asymmetry_trials.groupby(["model", "condition", "set_size"])["n_fix"].mean()
    summary = data.asymmetry_summary.set_index(["model", "condition", "set_size"])["mean_n_fix"]
    np.testing.assert_allclose(trials.reindex(summary.index), summary, atol=5e-5)
    assert set(data.asymmetry_index["model"]) == set(data.asymmetry_trials["model"])
    assert len(data.asymmetry_human_rt) == 40


def test_asymmetry_fixations_start_at_the_middle(data):
    first = data.asymmetry_fixations.query("fixation == 0")
    assert set(first["x_px"]) <= {169, 307, 99}
    assert (first["x_px"] == first["y_px"]).all()
