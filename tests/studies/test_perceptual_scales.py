"""The study of perceptual scales: closed forms, measured predictions, and answers in the published layout."""

import numpy as np
import pandas as pd
import pytest

import scanpath as sp
from scanpath.metrics import simulate_answers
from scanpath.metrics.perceptual_scale import (
    area_score,
    density_distances,
    gaussian_distances,
    scale_from_information,
    scale_from_steps,
)
from scanpath.stimuli import triads
from scanpath.stimuli.gaussian_textures import information, path_levels
from scanpath.studies.perceptual_scales import predict_scales, read_people, score_people

#: Minus log-likelihoods of the published answers, computed by another program: prediction, straight line, fitted.
PUBLISHED = {"exp_sf": (1071.0, 1142.3, 1016.9), "exp_sf_bdw": (1307.0, 1204.7, 1041.6)}
PUBLISHED["exp_ori_bdw"] = (1313.5, 1295.5, 1247.5)
RMS = {"exp_sf": 0.039, "exp_sf_bdw": 0.110, "exp_ori_bdw": 0.083}


@pytest.fixture(scope="module")
def predictions():
    return predict_scales(size_px=64, px_per_deg=16, n_pictures=1)


def write_answers(folder, scale, *, seed):
    """Five observers in the published layout, who see by a scale."""
    for observer in range(1, 6):
        generator = np.random.default_rng(seed + observer)
        numbers = np.concatenate([generator.permutation(81) for _ in range(5)])
        answers = simulate_answers(scale, triads(13)[numbers], noise=0.2, seed=seed + observer)
        table = pd.DataFrame({"rt": 500.0, "triplet_idx": numbers, "rdm_lr_idx": "[0,2]", "mlds_resp": answers == 0})
        folder.mkdir(parents=True, exist_ok=True)
        table.to_csv(folder / f"data_{observer}_mlds.csv", index=False)


def test_the_scale_of_frequency_is_the_logarithm():
    levels = path_levels("frequency")
    scale = scale_from_information(lambda z: information("frequency", z), levels)
    np.testing.assert_allclose(scale, np.log(levels / 0.5) / np.log(7), atol=1e-6)


def test_distances_of_gaussians_integrate_their_information():
    """Along a curve of (mean, deviation), information is mean'^2 / s^2 + 2 s'^2 / s^2 for each channel."""
    t = np.linspace(0, 1, 2001)
    means, deviations = np.stack([t**2, 0 * t], 1), np.stack([1 + t, np.exp(t)], 1)
    root = np.sqrt((4 * t**2 + 2) / (1 + t) ** 2 + 2)
    assert gaussian_distances(means, deviations).sum() == pytest.approx(np.trapezoid(root, t), rel=1e-5)


def test_distances_of_densities_integrate_their_information():
    t = np.linspace(0.1, 0.9, 2001)
    densities = np.stack([t, 1 - t], 1)
    root = np.sqrt(1 / t + 1 / (1 - t))
    assert density_distances(densities).sum() == pytest.approx(np.trapezoid(root, t), rel=1e-5)


def test_the_area_score_has_the_faults_that_are_named():
    scale = np.linspace(0, 1, 13) ** 0.5
    assert area_score(scale, scale) == pytest.approx(1)
    assert area_score(np.linspace(0, 1, 13), scale) == pytest.approx(0)
    assert area_score(np.linspace(0, 1, 13) ** 0.3, scale) > 1


def test_every_prediction_stands_beside_the_straight_line(predictions):
    for _, path in predictions.groupby("path"):
        names = set(path["prediction"])
        assert names == {"straight line", "closed form", "power spectrum", "steerable statistics"}
        for _, rows in path.groupby("prediction"):
            assert rows["scale"].iloc[0] == 0
            assert rows["scale"].iloc[-1] == pytest.approx(1)
            assert (rows["scale"].diff().dropna() >= 0).all()


def test_spectra_of_large_pictures_give_the_closed_form():
    table = predict_scales(size_px=512, px_per_deg=16, n_pictures=1)
    rows = table[table["path"] == "frequency"].pivot(index="level", columns="prediction", values="scale")
    assert (rows["power spectrum"] - rows["closed form"]).abs().max() < 0.02


def test_answers_in_the_published_layout_are_read_and_scored(tmp_path, predictions):
    levels = path_levels("frequency")
    write_answers(tmp_path / "preds_analysis/data/exp_sf", np.log(levels / 0.5) / np.log(7), seed=1)
    write_answers(tmp_path / "preds_analysis/data/exp_sf_bdw", np.linspace(0, 1, 13), seed=2)
    people = read_people(tmp_path)
    assert {name: len(answers) for name, (_, answers) in people.items()} == {"exp_sf": 2025, "exp_sf_bdw": 2025}
    scores, fitted = score_people(people, predictions, draws=50)
    cost = scores.pivot(index="condition", columns="scale", values="minus_log_likelihood")
    assert cost.loc["exp_sf", "closed form"] < cost.loc["exp_sf", "straight line"]
    assert cost.loc["exp_sf_bdw", "closed form"] > cost.loc["exp_sf_bdw", "straight line"]
    assert (cost["fitted"] <= cost.min(axis=1) + 1e-9).all()
    assert len(fitted) == 26


def test_published_answers_give_the_published_rows(shared, predictions):
    folder = shared / "datasets" / "perceptual_metric"
    if not folder.is_dir():
        pytest.skip(f"reference data not found at {folder}")
    scores, _ = score_people(read_people(folder), predictions, draws=50)
    for condition, wanted in PUBLISHED.items():
        rows = scores[scores["condition"] == condition].set_index("scale")
        found = rows.loc[["closed form", "straight line", "fitted"], "minus_log_likelihood"]
        np.testing.assert_allclose(found, wanted, atol=1)
        assert rows.loc["closed form", "rms"] == pytest.approx(RMS[condition], abs=0.005)


@pytest.mark.parametrize(
    ("table", "words"),
    [
        (pd.DataFrame({"triplet_idx": [0], "answer": [True]}), "lacks mlds_resp"),
        (pd.DataFrame({"triplet_idx": [81], "mlds_resp": [True]}), "from 0 to 80"),
        (pd.DataFrame({"triplet_idx": [0], "mlds_resp": ["maybe"]}), "True or False"),
    ],
)
def test_files_that_are_not_as_published_are_named(tmp_path, table, words):
    (tmp_path / "exp_sf").mkdir()
    table.to_csv(tmp_path / "exp_sf" / "data_1_mlds_sf.csv", index=False)
    with pytest.raises(sp.InputError, match=words):
        read_people(tmp_path)


def test_a_folder_without_conditions_is_refused(tmp_path):
    with pytest.raises(sp.InputError, match="perceptual_metric"):
        read_people(tmp_path)


def test_levels_that_are_all_the_same_have_no_scale():
    with pytest.raises(sp.InputError, match="the same"):
        scale_from_steps([0.0, 0.0])
