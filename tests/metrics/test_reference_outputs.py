"""Scanpath metrics against outputs of other programs: multimatch-gaze, ScanMatch, tslearn, POT, and others.

A synthetic part of the outputs lies in tests/reference; the whole, with recorded scanpaths, outside the repository.
"""

import json
from pathlib import Path

import numpy as np
import pytest

from scanpath import UndefinedError, metrics

HERE = json.loads((Path(__file__).parents[1] / "reference" / "scanpath_pairs.json").read_text())["cases"]
SIMPLIFY = metrics.Simplify(direction_deg=45.0, duration_ms=300.0, amplitude_px=100.0)


def in_ms(rows):
    path = np.array(rows, dtype=float)
    path[:, 2] *= 1000
    return path


def ours(case):
    """Each program's number as we compute it, by the name it has in the file."""
    a, b, screen = in_ms(case["a"]), in_ms(case["b"]), case.get("screen_px", case.get("screensize"))
    calls = {
        "multimatch_gaze.docomparison": lambda: metrics.multimatch(a, b, screen),
        "multimatch_gaze.docomparison_grouped": lambda: metrics.multimatch(a, b, screen, simplify=SIMPLIFY),
        "ScanMatch_12x8_thr3.5_gap0": lambda: metrics.scanmatch(a, b, screen, pixel="floor"),
        "ScanMatch_12x8_thr3.5_gap0_temp50ms": lambda: metrics.scanmatch(a, b, screen, bin_ms=50, pixel="floor"),
        "ScanMatch_12x8_thr3.5_gap-1": lambda: metrics.scanmatch(a, b, screen, gap=-1, pixel="floor"),
        # its cells are W // 5 px wide, ours W / 5: some labels differ, no distance does
        "chenxy99.string_edit_distance": lambda: metrics.levenshtein(a, b, screen, bins=(5, 5), pixel="floor"),
        "FixaTons.scaled_TDE": lambda: metrics.scaled_tde(b, a, screen),
        "tslearn.dtw": lambda: metrics.dtw(a, b, convention="root"),
        "similaritymeasures.dtw": lambda: metrics.dtw(a, b),
        "similaritymeasures.frechet_dist": lambda: metrics.frechet(a, b),
        "frechetdist.frdist": lambda: metrics.frechet(a, b),
        "scipy.directed_hausdorff": lambda: metrics.hausdorff(a, b),
        "POT.emd2_uniform": lambda: metrics.emd(a, b),
        "POT.emd2_duration": lambda: metrics.emd(a, b, weights="duration"),
    }
    for window in (1, 2, 3):
        calls[f"FixaTons.TDE_k{window}_Mean"] = lambda k=window: metrics.tde(b, a, window=k)
        calls[f"FixaTons.TDE_k{window}_Hausdorff"] = lambda k=window: metrics.tde(b, a, window=k, reduce="max")
    return calls


def check(case):
    compared = 0
    for name, call in ours(case).items():
        expected = case["expected"].get(name, {}).get("value")
        if isinstance(expected, dict):
            expected = expected.get("score", expected.get("distance"))
        if expected is None or (isinstance(expected, list) and expected[0] is None):
            continue  # the program gave nothing; see the test of what is undefined
        if name == "scipy.directed_hausdorff":
            expected = expected[2]
        assert np.array(call()) == pytest.approx(np.array(expected), rel=1e-9, abs=1e-9), f"{case['id']}: {name}"
        compared += 1
    return compared


@pytest.mark.parametrize("case", HERE, ids=[case["id"] for case in HERE])
def test_synthetic_pairs_agree_with_other_programs(case):
    assert check(case) >= 12


def test_all_pairs_agree_with_other_programs(shared):
    cases = json.loads((shared / "goldens/metrics/scanpath_pairs.json").read_text())["cases"]
    assert sum(check(case) for case in cases) > 400


def test_two_fixations_are_too_few_where_multimatch_gaze_gives_nan():
    case = next(case for case in HERE if len(case["a"]) == 2)
    with pytest.raises(UndefinedError, match="too few fixations") as raised:
        metrics.multimatch(in_ms(case["a"]), in_ms(case["b"]), case["screen_px"])
    assert raised.value.reason == "too_short"


@pytest.mark.parametrize("program", ["chenxy99.string_edit_distance", "FixaTons.string_edit_distance"])
def test_edit_distances_agree_on_the_programs_own_strings(shared, program):
    ours = metrics.levenshtein if program.startswith("chen") else metrics.damerau  # nltk with transpositions
    for case in json.loads((shared / "goldens/metrics/scanpath_pairs.json").read_text())["cases"]:
        value = case["expected"][program]["value"]
        assert ours(value["a"], value["b"]) == value["distance"]


def test_needleman_wunsch_agrees_with_scanpath_prediction(shared):
    data = json.loads((shared / "goldens/peers/search_metrics/search_metrics.json").read_text())
    for gap, name in ((0.0, "nw_gap0"), (-0.5, "nw_gap_-0.5")):
        scores = [metrics.sequence_score(a, b, gap=gap) for a, b in data["inputs"]["nw_pairs"]]
        assert scores == pytest.approx(data["outputs"][name], abs=1e-6)  # computed there in float32


def test_sequence_scores_agree_with_scanpath_prediction(shared):
    data = json.loads((shared / "goldens/peers/search_metrics/search_metrics.json").read_text())
    means, bests = [], []
    for path in data["inputs"]["model"]:
        name = Path(path["name"]).stem
        clusters = data["inputs"]["clusters"][f"test-{path['condition']}-{path['task']}-{name}"]
        labels = metrics.cluster_labels(np.column_stack([path["X"], path["Y"]]), clusters["centres"])
        people = [string[:6] for string in clusters["strings"] if string]
        best, mean, _ = metrics.plausibility("sequence_score", labels[:6], people)
        means.append(mean)
        bests.append(best)
    assert means == pytest.approx(data["outputs"]["sequence_score_per_scanpath_truncate6"], abs=1e-6)
    assert bests == pytest.approx(data["outputs"]["sequence_score_per_scanpath_max_reduce"], abs=1e-6)


def test_people_against_people_on_osie_reach_the_known_string_embedding_scores(shared):
    import pandas as pd

    table = pd.read_parquet(shared / "data/osie/fixations.parquet")
    means, bests = [], []
    for _, picture in table.groupby("image"):
        people = [rows.sort_values("index")[["x", "y"]].to_numpy(float)[:10] for _, rows in picture.groupby("subject")]
        scores = metrics.pairwise("sbtde", people, screen_px=(800, 600), bins=(4, 4))[:, :, 0]
        np.fill_diagonal(scores, np.nan)
        means.append(np.nanmean(scores, axis=1))
        bests.append(np.nanmax(scores, axis=1))
    # computed independently of this package from the published definition, three digits
    assert np.mean(means) == pytest.approx(0.476, abs=5e-4)
    assert np.mean(bests) == pytest.approx(0.675, abs=5e-4)


def test_multimatch_agrees_with_scanpath_prediction(shared):
    data = json.loads((shared / "goldens/peers/search_metrics/search_metrics.json").read_text())
    people = [path for path in data["inputs"]["human"] if path["subject"] == 1]
    compared = 0
    for model, human, theirs in zip(data["inputs"]["model"], people, data["outputs"]["multimatch_pairs"]):
        a, b = (np.column_stack([path["X"], path["Y"]]) for path in (model, human))
        if min(len(a), len(b)) >= 3:  # it fills up shorter ones with made-up fixations
            assert metrics.multimatch(a, b, data["inputs"]["image_size_wh"])[:4] == pytest.approx(theirs[:4], abs=1e-6)
            compared += 1
    assert compared >= 7


def test_multimatch_agrees_with_visions_on_pairs_of_people(shared):
    data = json.loads((shared / "goldens/peers/visions/visions.json").read_text())
    compared = 0
    for key, theirs in data["outputs"]["multimatch_human_pairs_full_size"].items():
        people, picture = key.split("/")
        trials = [data["inputs"]["humans"][person][picture] for person in people.split("|")]
        if theirs:  # it skips searches that failed or took fewer than three fixations
            count = [len(trial["X"]) for trial in trials]  # times are not cut where it cuts a path at the target
            a, b = (np.column_stack([t["X"], t["Y"], t["T"][:n]]) for t, n in zip(trials, count))
            screen = (trials[0]["image_width"], trials[0]["image_height"])
            assert metrics.multimatch(a, b, screen) == pytest.approx(theirs, rel=1e-9)
            compared += 1
    assert compared > 10


def test_multimatch_agrees_with_visions_on_people_and_a_model_on_its_grid(shared):
    data = json.loads((shared / "goldens/peers/visions/visions.json").read_text())
    compared = 0
    for key, theirs in data["outputs"]["multimatch_human_vs_model_on_model_grid"].items():
        person, picture = key.split("/")
        human, model = data["inputs"]["humans"][person][picture], data["inputs"]["model"][picture]
        if theirs:
            scale = model["image_width"] / human["image_width"], model["image_height"] / human["image_height"]
            a, b = np.column_stack([human["X"], human["Y"]]) * scale, np.column_stack([model["X"], model["Y"]])
            screen = (model["image_width"], model["image_height"])
            assert metrics.multimatch(a, b, screen)[:4] == pytest.approx(theirs[:4], rel=1e-9)
            compared += 1
    assert compared > 10
