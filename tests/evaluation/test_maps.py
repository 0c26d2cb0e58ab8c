import numpy as np
import pytest

from scanpath import InputError, Scanpath
from scanpath.evaluation import evaluate_maps
from scanpath.metrics import (
    METRICS,
    DensityFit,
    auc,
    correlation,
    fixation_density,
    gold_standard,
    map_emd,
    nss,
    other_fixations,
    shuffled_auc,
)

SIZE = (24, 32)
FIT = DensityFit(bandwidth_px=2.0, uniform_share=0.05, log_likelihood=0.0)
ALL = (
    "auc",
    "auc_judd",
    "auc_borji",
    "nss",
    "shuffled_auc",
    "information_gain",
    "correlation",
    "similarity",
    "kl_divergence",
)


@pytest.fixture
def people():
    generator = np.random.default_rng(0)
    paths = []
    for picture in "abc":
        spots = generator.random((3, 2)) * (26, 18) + 3
        for person in range(4):
            xy = spots[generator.integers(3, size=6)] + generator.normal(0, 0.8, (6, 2))
            paths.append(Scanpath(np.clip(xy, 0, (31, 23)), info={"stimulus": picture, "subject": f"s{person}"}))
    return paths


@pytest.fixture
def maps():
    generator = np.random.default_rng(1)
    return {"noise": {picture: generator.random(SIZE) + 0.01 for picture in "abc"}}


def pooled(people, picture):
    return np.concatenate([path.xy for path in people if path.info["stimulus"] == picture])


def row(table, agent, metric):
    return table[(table["agent"] == agent) & (table["metric"] == metric)].iloc[0]


def test_each_picture_counts_once(people, maps):
    table = evaluate_maps(maps, people, ["auc", "nss", "shuffled_auc", "correlation"], fit=FIT)
    looked = [pooled(people, picture) for picture in "abc"]
    mine = maps["noise"]
    expected = {
        "auc": [auc(mine[p], xy) for p, xy in zip("abc", looked)],
        "nss": [nss(mine[p], xy) for p, xy in zip("abc", looked)],
        "shuffled_auc": [
            shuffled_auc(mine[p], xy, other_fixations(looked, SIZE, i)) for i, (p, xy) in enumerate(zip("abc", looked))
        ],
        "correlation": [
            correlation(mine[p], fixation_density(xy, SIZE, bandwidth_px=2.0, uniform_share=0.05))
            for p, xy in zip("abc", looked)
        ],
    }
    for metric, values in expected.items():
        result = row(table, "noise", metric)
        assert result["value"] == pytest.approx(np.mean(values))
        assert result["low"] <= result["value"] <= result["high"]
        assert result["n_pictures"] == 3
        assert result["n_fixations"] == 72


def test_the_ceiling_scores_each_person_on_the_others(people, maps):
    table = evaluate_maps(maps, people, ["nss"], fit=FIT)
    scores = []
    for picture in "abc":
        looked = {p.info["subject"]: p.xy for p in people if p.info["stimulus"] == picture}
        scores.append(
            np.mean([nss(gold_standard(looked, SIZE, leave_out=who, fit=FIT), xy) for who, xy in looked.items()])
        )
    assert row(table, "noise", "nss")["ceiling"] == pytest.approx(np.mean(scores))


def test_people_agree_more_than_the_center_bias_knows_and_noise_knows_nothing(people, maps):
    table = evaluate_maps(maps, people, ALL)
    for metric in ("auc", "nss", "information_gain"):
        center, noise = row(table, "floor: center", metric), row(table, "noise", metric)
        assert center["ceiling"] > center["value"]
        assert noise["ceiling"] > noise["value"]
    assert row(table, "floor: center", "information_gain")["value"] == pytest.approx(0, abs=1e-9)
    assert abs(row(table, "noise", "auc")["value"] - 0.5) < 0.12
    assert row(table, "noise", "kl_divergence")["better"] == "lower"
    assert np.isnan(row(table, "noise", "correlation")["ceiling"])


def test_fixations_off_the_map_are_left_out_and_counted(people, maps):
    stray = Scanpath([(40, 3), (-1, 3), (5, 5)], info={"stimulus": "a", "subject": "s9"})
    table = evaluate_maps(maps, [*people, stray], ["auc"], fit=FIT)
    assert row(table, "noise", "auc")["n_off_map"] == 2
    assert row(table, "noise", "auc")["n_fixations"] == 73


def test_an_undefined_picture_is_left_out_with_its_reason(people, maps):
    maps["noise"]["b"] = np.ones(SIZE)
    result = row(evaluate_maps(maps, people, ["nss"], fit=FIT), "noise", "nss")
    assert result["n_pictures"] == 2
    assert result["undefined"] == "constant: 1"


def test_one_picture_has_no_center_bias(people, maps):
    first = [path for path in people if path.info["stimulus"] == "a"]
    table = evaluate_maps(maps, first, ["auc", "information_gain", "shuffled_auc"])
    assert set(table["agent"]) == {"noise"}
    assert row(table, "noise", "information_gain")["undefined"] == "no_other_picture: 1"
    assert row(table, "noise", "shuffled_auc")["undefined"] == "no_other_picture: 1"
    assert row(table, "noise", "auc")["n_pictures"] == 1


def test_models_are_scored_alike_whatever_their_order(people, maps):
    both = {"first": maps["noise"], "second": {p: np.exp(m) for p, m in maps["noise"].items()}}
    table = evaluate_maps(both, people, ["auc"], fit=FIT)
    assert row(table, "first", "auc")["value"] == row(table, "second", "auc")["value"]  # AUC sees order alone


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"maps": {}}, "at least one model"),
        ({"maps": {"m": {"z": np.ones(SIZE)}}}, "No map belongs"),
        ({"maps": {"m": {p: np.eye(24) for p in "abc"}, "k": {"a": np.eye(24)}}}, "k has no map for 'b'"),
        ({"maps": {"m": {p: np.eye(24) for p in "abc"}, "k": {p: np.eye(25) for p in "abc"}}}, "differ in size"),
        ({"metrics": ["ncc"]}, "nss"),
    ],
)
def test_unusable_maps_are_said(people, maps, change, message):
    with pytest.raises(InputError, match=message):
        evaluate_maps(**{"maps": maps, "human": people, "metrics": ["auc"], "fit": FIT, **change})


def test_every_metric_of_one_map_can_be_used(people, maps):
    names = [name for name in METRICS if METRICS[name].takes in ("map and fixations", "maps")]
    usable = [name for name in names if not name.startswith("conditional_")]
    table = evaluate_maps(maps, people, usable, fit=FIT)
    assert set(table["metric"]) == set(usable)
    assert table["value"].notna().all()
    gained, known = row(table, "noise", "log_likelihood"), row(table, "floor: center", "log_likelihood")
    assert row(table, "noise", "information_gain")["value"] == pytest.approx(
        (gained["value"] - known["value"]) / np.log(2)
    )
    gold = {p: fixation_density(pooled(people, p), SIZE, bandwidth_px=2.0, uniform_share=0.05) for p in "abc"}
    moved = np.mean([map_emd(maps["noise"][p], gold[p]) for p in "abc"])
    assert row(table, "noise", "map_emd")["value"] == pytest.approx(moved)
    assert np.isnan(row(table, "noise", "map_emd")["ceiling"])
    assert np.isfinite(row(table, "noise", "fixation_kl_divergence")["ceiling"])


@pytest.mark.parametrize(
    ("name", "message"),
    [("conditional_nss", "use 'nss'"), ("dtw", "scored by evaluate"), ("tfp_auc", "takes search, not a map")],
)
def test_what_is_no_metric_of_one_map_is_refused(people, maps, name, message):
    with pytest.raises(InputError, match=message):
        evaluate_maps(maps, people, [name], fit=FIT)


@pytest.mark.parametrize("metric", ["information_gain", "kl_divergence", "similarity", "correlation"])
def test_log_densities_are_refused(metric):
    density = np.random.default_rng(0).random((8, 16))
    logs = np.log(density / density.sum())
    people = [
        Scanpath([(2, 3), (9, 4)], info={"stimulus": name, "subject": who}) for name in "ab" for who in ("s", "t")
    ]
    with pytest.raises(InputError, match="log of a density"):
        evaluate_maps({"logs": dict.fromkeys("ab", logs)}, people, [metric])
