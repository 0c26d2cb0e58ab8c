import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import scanpath as sp
from scanpath import InputError
from scanpath.datasets import load_dataset
from scanpath.studies.natural_search import (
    degree_histogram,
    mean_prefix_score,
    natural_performance,
    prefix_scanmatch,
    run_natural_search,
    saccade_sizes,
    scanpath_similarity,
    target_distances,
)


@pytest.fixture(scope="module")
def data(shared):
    return load_dataset("visual_search_asymmetry", root=shared / "data")


points = st.tuples(st.floats(0, 1279), st.floats(0, 1023))


@settings(max_examples=40, deadline=None)
@example(first=[(0.0, 0.0)], second=[(0.0, 127.5)])  # in the first cell of a program that cuts coordinates
@given(first=st.lists(points, min_size=1, max_size=12), second=st.lists(points, min_size=1, max_size=12))
def test_prefix_scores_are_scanmatch_scores_of_the_prefixes(first, second):
    scores = prefix_scanmatch([first], [second])[0]
    assert len(scores) == min(len(first), len(second))
    expected = [
        sp.metrics.scanmatch(first[:k], second[:k], screen_px=(1280, 1024), pixel="floor")
        for k in range(1, len(scores) + 1)
    ]
    np.testing.assert_allclose(scores, expected, rtol=1e-12)


def test_shorter_scanpaths_leave_nan_and_empty_ones_nothing_but_nan():
    path = [(10, 10), (500, 500), (900, 900)]
    scores = prefix_scanmatch([path, path[:1], []], [path, path, path])
    np.testing.assert_array_equal(np.isnan(scores), [[0, 0, 0], [0, 1, 1], [1, 1, 1]])
    np.testing.assert_allclose(scores[0], 1)
    assert mean_prefix_score(scores) == 1
    assert np.isnan(mean_prefix_score(prefix_scanmatch([[]], [path])))


def test_fixations_off_the_screen_count_in_the_nearest_cell():
    inside, outside = [(0, 0), (1279, 1023)], [(-400, -20), (2200, 1500)]
    np.testing.assert_allclose(prefix_scanmatch([inside], [outside]), 1)


def test_means_go_over_pictures_first_and_then_over_prefixes():
    scores = np.array([[1.0, 0.5], [0.0, np.nan], [0.5, np.nan]])
    assert mean_prefix_score(scores) == pytest.approx((0.5 + 0.5) / 2)


def test_similarity_of_object_arrays_is_the_published_one(data):
    for axes in ("corrected", "published"):
        table = scanpath_similarity(data, axes=axes).query("dataset == 'ObjArr'").set_index("who")
        assert table["similarity"].round(4).to_dict() == {"people": 0.4411, "eccNET": 0.4118, "IVSN": 0.4042}
        np.testing.assert_allclose(table["similarity"], table["published"], atol=5e-6)
        np.testing.assert_allclose(table["sem"], table["published_sem"], atol=5e-6)
        assert table["n_scores"].to_dict() == {"people": 105, "eccNET": 15, "IVSN": 15}


def test_exchanged_axes_give_the_published_similarity_of_the_other_sets(data):
    table = scanpath_similarity(data, axes="published").query("dataset != 'ObjArr'")
    # what remains is how the published program rounds at borders of cells
    np.testing.assert_allclose(table["similarity"], table["published"], atol=1.6e-3)
    exact = table.set_index(["dataset", "who"])["similarity"]
    assert exact["Waldo", "people"] == pytest.approx(0.35196, abs=5e-5)
    assert exact["Waldo", "IVSN"] == pytest.approx(0.28712, abs=5e-5)


def test_corrected_axes_lower_the_similarity_of_the_other_sets(data):
    """Regression values of this implementation; an independent recomputation gave the same four digits."""
    table = scanpath_similarity(data).set_index(["dataset", "who"])["similarity"].round(4).to_dict()
    expected = {
        ("NaturalDesign", "people"): 0.3769, ("NaturalDesign", "eccNET"): 0.2954, ("NaturalDesign", "IVSN"): 0.2961,
        ("Waldo", "people"): 0.3322, ("Waldo", "eccNET"): 0.2928, ("Waldo", "IVSN"): 0.2664,
    }  # fmt: skip
    assert {key: table[key] for key in expected} == expected


def test_cumulative_performance_is_the_published_curve(data):
    ours = natural_performance(data).replace({"who": {"people": "human"}})
    merged = ours.merge(
        data.published_cumulative_performance,
        left_on=["dataset", "who", "fixation"],
        right_on=["dataset", "agent", "fixation_index"],
        suffixes=("", "_published"),
        validate="1:1",
    )
    assert len(merged) == len(ours)
    np.testing.assert_allclose(merged["share"], merged["cumulative_performance"], atol=1e-6)
    last = ours.groupby(["dataset", "who"])["share"].last().round(3)
    assert last["ObjArr", "human"] == 0.932
    assert last["NaturalDesign", "eccNET"] == 0.971
    assert last["Waldo", "IVSN"] == 0.836


def test_saccades_leave_out_the_first_and_count_the_rest(data):
    sizes = saccade_sizes(data)
    n = (
        (data.trials["n_fixations"] - 2)
        .clip(lower=0)
        .groupby([data.trials["dataset"], data.trials["agent"].fillna("people")])
        .sum()
    )
    assert sizes.groupby(["dataset", "who"]).size().to_dict() == n.to_dict()


def test_object_array_saccades_have_the_distances_of_six_slots_on_a_circle(data):
    """Neighbors are one radius (300 px) apart, then sqrt(3) and 2 radii; 0 is a slot looked at twice in a row."""
    sizes = saccade_sizes(data).query("dataset == 'ObjArr'")["size_deg"] * 31.2
    rings = np.array([0, 300, 300 * np.sqrt(3), 600])
    assert np.abs(sizes.to_numpy()[:, None] - rings).min(axis=1).max() < 2


def test_models_come_closer_to_the_target_at_the_end(data):
    median = target_distances(data).groupby(["dataset", "who", "steps_before_end"])["distance_deg"].median()
    for dataset in ("ObjArr", "NaturalDesign", "Waldo"):
        for who in ("people", "eccNET", "IVSN"):
            assert median[dataset, who, 0] < median[dataset, who, 1]
    assert (median[:, "eccNET", 0] < 2).all()


def test_histograms_count_everything_below_the_limit():
    table = pd.DataFrame({"who": ["a", "a", "a", "b"], "size_deg": [0.2, 0.7, 50.0, 1.0]})
    histogram = degree_histogram(table, "size_deg", 2)
    assert histogram["deg"].tolist() == [0, 0.5, 1, 1.5] * 2
    assert histogram["count"].tolist() == [1, 1, 0, 0, 0, 0, 1, 0]
    assert histogram["share"].tolist() == [0.5, 0.5, 0, 0, 0, 0, 1, 0]
    assert histogram["median_deg"].tolist() == [0.7] * 4 + [1.0] * 4


def test_the_study_writes_its_four_tables(shared, tmp_path):
    steps = []
    result = run_natural_search(root=shared / "data", out=tmp_path / "out", progress=steps.append)
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        "performance.csv", "saccades.csv", "distances.csv", "similarity.csv"
    }  # fmt: skip
    written = pd.read_csv(tmp_path / "out" / "similarity.csv")
    np.testing.assert_allclose(written["similarity"], result.similarity["similarity"])
    assert len(written) == 18
    assert len(steps) == 4


def test_unknown_axes_are_one_sentence(data):
    with pytest.raises(InputError, match="axes"):
        scanpath_similarity(data, axes="swapped")
