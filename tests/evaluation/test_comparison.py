import json

import numpy as np
import pandas as pd
import pytest

from scanpath import InputError, InputWarning, Scanpath, table_from_scanpaths
from scanpath.evaluation import Pairing, compare_agents, evaluate, picture_scores, write_evaluation
from scanpath.metrics import cluster_labels, fixation_clusters, multimatch, pairwise, scanmatch, tde

SIZE = (800, 600)
PEOPLE = [f"s{i}" for i in range(5)]


def make(number, stimulus, n=6, **who):
    generator = np.random.default_rng(number)
    return Scanpath(generator.random((n, 2)) * SIZE, generator.uniform(80, 500, n), info={"stimulus": stimulus, **who})


@pytest.fixture
def people():
    return [
        make(10 * p + s, f"picture{p}", n=4 + (p + s) % 4, subject=subject)
        for p in range(4)
        for s, subject in enumerate(PEOPLE)
    ]


@pytest.fixture
def models():
    return [make(100 + 10 * p + seed, f"picture{p}", agent="random", seed=seed) for p in range(4) for seed in range(2)]


def row(table, metric="multimatch", part="vector", agent="random"):
    rows = table[(table["metric"] == metric) & (table["part"] == part) & (table["agent"] == agent)]
    assert len(rows) == 1
    return rows.iloc[0]


def on(paths, picture):
    return [path for path in paths if path.info["stimulus"] == picture]


def test_the_score_is_the_mean_over_people_then_paths_then_pictures(people, models):
    by_hand = np.mean(
        [
            np.mean([[multimatch(m, h, screen_px=SIZE).vector for h in on(people, p)] for m in on(models, p)])
            for p in (f"picture{i}" for i in range(4))
        ]
    )
    result = row(evaluate(models, people, ["multimatch"], screen_px=SIZE))
    assert result["value"] == pytest.approx(by_hand)
    assert result["n_pairs"] == 4 * 2 * 5
    assert result["n_pictures"] == 4


def test_the_ceiling_is_each_person_against_the_others_without_themselves(people, models):
    by_hand = np.mean(
        [
            scanmatch(a, b, screen_px=SIZE)
            for p in (f"picture{i}" for i in range(4))
            for a in on(people, p)
            for b in on(people, p)
            if a is not b
        ]
    )
    result = row(evaluate(models, people, ["scanmatch"], screen_px=SIZE), "scanmatch", "value")
    assert result["ceiling"] == pytest.approx(by_hand)
    assert result["ceiling_low"] < result["ceiling"] < result["ceiling_high"]


def test_people_scored_as_a_model_get_exactly_the_ceiling(people):
    result = row(evaluate(people, people, ["multimatch"], screen_px=SIZE), agent="people")
    assert result["value"] == result["ceiling"]
    assert result["n_pairs"] == 4 * 5 * 4


def test_a_copy_of_a_person_is_perfect_only_if_self_is_included(people):
    one = [path for path in people if path.info["subject"] == "s0"]
    kept = Pairing(include_self=True, reduce="best")
    assert row(evaluate(one, people, ["multimatch"], pairing=kept, screen_px=SIZE), agent="people")["value"] == 1.0
    without = evaluate(one, people, ["multimatch"], pairing="best", screen_px=SIZE)
    assert row(without, agent="people")["value"] < 1.0


def test_best_takes_the_most_similar_person_and_the_least_distance(people, models):
    both = ["multimatch", "levenshtein"]
    mean = evaluate(models, people, both, screen_px=SIZE)
    best = evaluate(models, people, both, pairing="best", screen_px=SIZE)
    assert row(best)["value"] > row(mean)["value"]
    assert row(best, "levenshtein", "value")["value"] < row(mean, "levenshtein", "value")["value"]
    assert row(best, "levenshtein", "value")["better"] == "lower"


def test_pairs_count_alike_where_trials_are_unequal(models):
    # s0 looked twice: two of three pairs are theirs, but they are one of two people
    people = [make(1, "picture0", subject="s0", trial="a"), make(2, "picture0", subject="s0", trial="b")]
    people.append(make(3, "picture0", subject="s1"))
    model = on(models, "picture0")[:1]
    scores = [multimatch(model[0], person, screen_px=SIZE).vector for person in people]
    pairs = row(evaluate(model, people, ["multimatch"], pairing="pairwise", screen_px=SIZE))
    alike = row(evaluate(model, people, ["multimatch"], screen_px=SIZE))
    assert pairs["value"] == pytest.approx(np.mean(scores))
    assert alike["value"] == pytest.approx(np.mean([np.mean(scores[:2]), scores[2]]))


def test_unordered_averages_both_directions_of_a_directed_metric(people, models):
    there = picture_scores(models, people, ["tde"])["value"]
    both = picture_scores(models, people, ["tde"], pairing=Pairing(ordered=False))["value"]
    back = [tde(person, model) for model in on(models, "picture0") for person in on(people, "picture0")]
    assert both[0] == pytest.approx((there[0] + np.mean(back)) / 2)
    assert both[0] != there[0]


def test_undefined_pairs_are_counted_with_their_reason_and_left_out(people, models):
    short = make(7, "picture0", n=2, agent="random", seed=9)
    plain = row(evaluate(models, people, ["multimatch"], screen_px=SIZE))
    mixed = row(evaluate([*models, short], people, ["multimatch"], screen_px=SIZE))
    assert mixed["value"] == plain["value"]
    assert mixed["n_undefined"] == 5
    assert mixed["undefined"] == "too_short: 5"


def test_a_wholly_undefined_score_is_nan_and_has_no_pictures(people):
    short = [make(7, "picture0", n=2, agent="short")]
    result = row(evaluate(short, people, ["multimatch"], screen_px=SIZE), agent="short")
    assert np.isnan(result["value"])
    assert result["n_pictures"] == 0
    assert result["ceiling"] > 0


def test_only_found_trials_are_compared_when_asked(people, models):
    def flagged(paths, found):
        return [Scanpath(p.xy, p.duration_ms, info={**p.info, "target_found": found(p)}) for p in paths]

    some = flagged(people, lambda path: path.info["subject"] in ("s0", "s1"))
    result = row(evaluate(flagged(models, lambda path: True), some, ["multimatch"], pairing="visions", screen_px=SIZE))
    few = [path for path in people if path.info["subject"] in ("s0", "s1")]
    expected = row(evaluate(models, few, ["multimatch"], pairing="pairwise", screen_px=SIZE))
    assert (result["value"], result["ceiling"]) == (expected["value"], expected["ceiling"])
    assert result["n_pairs"] == 4 * 2 * 2


@pytest.mark.parametrize("missing", [None, float("nan"), pd.NA, False])
def test_a_trial_that_does_not_tell_whether_it_found_its_target_did_not(people, models, missing):
    untold = [Scanpath(p.xy, p.duration_ms, info={**p.info, "target_found": missing}) for p in models]
    told = [Scanpath(p.xy, p.duration_ms, info={**p.info, "target_found": True}) for p in people]
    assert evaluate(untold, told, ["dtw"], pairing="visions")["n_pairs"].tolist() == [0]


def test_tables_and_lists_in_any_order_give_the_same_rows(people, models):
    listed = evaluate(models, people, ["multimatch"], screen_px=SIZE)
    shuffled = table_from_scanpaths(people).sample(frac=1, random_state=1)
    tables = evaluate(table_from_scanpaths(models), shuffled, ["multimatch"], screen_px=SIZE, jobs=2)
    pd.testing.assert_frame_equal(listed, tables, check_exact=False, rtol=1e-12)


def test_sizes_come_from_one_pair_a_mapping_or_the_table(people, models):
    expected = row(evaluate(models, people, ["multimatch"], screen_px=SIZE))["value"]
    sizes = {f"picture{i}": SIZE for i in range(4)}
    table = table_from_scanpaths(models)
    table.attrs["scanpath"] = {"size_px": {name: list(size) for name, size in sizes.items()}}
    assert row(evaluate(models, people, ["multimatch"], screen_px=sizes))["value"] == expected
    assert row(evaluate(table, people, ["multimatch"]))["value"] == expected
    halved = {**sizes, "picture0": (400, 300)}
    assert row(evaluate(models, people, ["multimatch"], screen_px=halved))["value"] != expected


def test_missing_sizes_are_asked_for(people, models):
    with pytest.raises(InputError, match=r"multimatch need.*screen_px=\(width, height\)"):
        evaluate(models, people, ["multimatch"])
    with pytest.raises(InputError, match="no size for 'picture1'"):
        evaluate(models, people, ["multimatch"], screen_px={"picture0": SIZE})
    with pytest.raises(InputError, match="positive"):
        evaluate(models, people, ["multimatch"], screen_px=(800, 0))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"metrics": ["multimach"]}, "multimatch"),
        ({"metrics": []}, "at least one metric"),
        ({"metrics": ["nss"]}, "map and fixations.*evaluate_maps"),
        ({"metrics": {"scanmatch": {"bin": 5}}}, "bins"),
        ({"floors": ["shufled"]}, "shuffled"),
        ({"pairing": "besst"}, "best"),
        ({"resampled": "subjects"}, "resampling"),
        ({"simulated": []}, "no scanpath"),
        ({"simulated": 3}, "table or a list"),
        ({"simulated": [np.zeros((3, 2))]}, "Scanpath objects"),
        ({"simulated": [make(0, "elsewhere", agent="a")]}, "No picture"),
        ({"human": [make(0, f"picture{n}") for n in range(4)]}, "neither 'subject' nor 'agent'"),
        ({"draws": 0}, "draws"),
    ],
)
def test_what_cannot_be_scored_is_said_in_a_sentence(people, models, change, message):
    call = {"simulated": models, "human": people, "metrics": ["multimatch"], "screen_px": SIZE, **change}
    with pytest.raises(InputError, match=message):
        evaluate(**call)


def test_floors_lie_below_people_who_look_at_the_same_places():
    generator = np.random.default_rng(0)
    people = []
    for picture in range(8):
        spots = generator.random((6, 2)) * SIZE
        people += [
            Scanpath(spots + generator.normal(0, 15, (6, 2)), info={"stimulus": f"p{picture}", "subject": f"s{s}"})
            for s in range(4)
        ]
    table = evaluate(people, people, ["scanmatch"], screen_px=SIZE, floors=["shuffled", "center"])
    assert list(table["agent"]) == ["people", "floor: shuffled", "floor: center"]
    assert (table["high"][1:] < table["ceiling_low"][0]).all()


def test_floors_need_a_second_picture_and_depend_on_the_seed_alone(people, models):
    first = [path for path in people if path.info["stimulus"] == "picture0"]
    with pytest.warns(InputWarning, match="3 of 4 simulated pictures"), pytest.raises(InputError, match="two pict"):
        evaluate(models, first, ["multimatch"], screen_px=SIZE, floors=["shuffled"])
    runs = [
        evaluate(models, people, ["multimatch"], screen_px=SIZE, floors=["shuffled", "center"], seed=seed)
        for seed in (1, 1, 2)
    ]
    pd.testing.assert_frame_equal(runs[0], runs[1])
    floors = [run["value"][run["agent"].str.startswith("floor")].to_numpy() for run in runs]
    assert not np.allclose(floors[0], floors[2])
    assert row(runs[0])["value"] == row(runs[2])["value"]


def test_resampling_people_too_widens_the_interval(people, models):
    def width(table):
        result = row(table)
        return result["high"] - result["low"], result["ceiling_high"] - result["ceiling_low"]

    alone = width(evaluate(models, people, ["multimatch"], screen_px=SIZE))
    both = width(evaluate(models, people, ["multimatch"], screen_px=SIZE, resampled="pictures+people"))
    assert both[0] > alone[0]
    assert both[1] > alone[1]


def test_picture_scores_average_to_the_evaluation_and_can_be_compared(people, models):
    others = [make(300 + i, f"picture{i}", agent="other") for i in range(4)]
    scores = picture_scores([*models, *others], people, ["multimatch"], screen_px=SIZE)
    table = evaluate([*models, *others], people, ["multimatch"], screen_px=SIZE)
    means = scores.groupby(["agent", "part"])[["value", "ceiling"]].mean()
    for agent in ("random", "other"):
        assert means.loc[(agent, "length"), "value"] == pytest.approx(row(table, part="length", agent=agent)["value"])
        assert means.loc[(agent, "length"), "ceiling"] == pytest.approx(
            row(table, part="length", agent=agent)["ceiling"]
        )
    assert len(compare_agents(scores)) == 5


def test_json_traces_every_number(people, models, tmp_path):
    short = make(7, "picture0", n=2, agent="short")
    table = evaluate([*models, short], people, ["multimatch"], screen_px=SIZE, seed=5, pairing="best")
    text = write_evaluation(table, tmp_path / "scores.json")
    stored = json.loads((tmp_path / "scores.json").read_text())
    assert stored == json.loads(text)
    facts = stored["provenance"]
    assert Pairing(**facts["pairing"]) == Pairing(reduce="best")
    assert facts["bootstrap"]["seed"] == 5
    assert facts["versions"]["numpy"] == np.__version__
    nothing = [score for score in stored["scores"] if score["agent"] == "short"]
    assert {score["value"] for score in nothing} == {None}


def test_the_data_hash_follows_the_data_and_not_their_order(people, models):
    def hashed(simulated):
        table = evaluate(simulated, people, ["multimatch"], screen_px=SIZE, draws=10)
        return table.attrs["scanpath"]["data_sha256"]["simulated"]

    moved = Scanpath(models[0].xy + 1e-9, models[0].duration_ms, info=models[0].info)
    assert hashed(models) == hashed(models[::-1]) != hashed([moved, *models[1:]])


def test_metrics_on_labels_compare_the_clusters_of_peoples_fixations(people, models):
    settings = {"sequence_score": {"bandwidth_px": 120.0}, "fixation_edit_distance": {"bandwidth_px": 120.0}}
    table = evaluate(models, people, settings, draws=10)
    values, ceilings = [], []
    for picture in sorted({path.info["stimulus"] for path in people}):
        crowds = fixation_clusters(on(people, picture), 120.0)
        labels = [cluster_labels(path, crowds) for path in on(people, picture)]
        simulated = [cluster_labels(path, crowds) for path in on(models, picture)]
        values.append(pairwise("sequence_score", simulated, labels).mean())
        among = pairwise("sequence_score", labels)[:, :, 0]
        ceilings.append(among[~np.eye(len(labels), dtype=bool)].mean())
    result = row(table, "sequence_score", "value")
    assert (result["value"], result["ceiling"]) == pytest.approx((np.mean(values), np.mean(ceilings)))
    assert row(table, "fixation_edit_distance", "value")["better"] == "lower"
    assert table.attrs["scanpath"]["metrics"]["sequence_score"] == {"bandwidth_px": "120.0"}
    for metrics in (["sequence_score"], {"dtw": {"bandwidth_px": 120.0}}):
        with pytest.raises(InputError, match="bandwidth_px"):
            evaluate(models, people, metrics)


def test_a_picture_where_nobody_fixated_has_no_labels(models):
    nobody = [Scanpath(np.zeros((0, 2)), info={"stimulus": f"picture{p}", "subject": "s0"}) for p in range(4)]
    table = evaluate(models, nobody, {"sequence_score": {"bandwidth_px": 50}}, draws=10)
    assert row(table, "sequence_score", "value")["undefined"] == "empty: 8"


@pytest.mark.parametrize(("sizes", "stored"), [(SIZE, list(SIZE)), (None, None)])
def test_sizes_are_stored_with_the_numbers(people, models, sizes, stored):
    metrics = ["scanmatch"] if sizes else ["dtw"]
    assert evaluate(models, people, metrics, screen_px=sizes, draws=10).attrs["scanpath"]["screen_px"] == stored
    varied = {f"picture{p}": (800 + p, 600) for p in range(4)}
    facts = evaluate(models, people, ["scanmatch"], screen_px=varied, draws=10).attrs["scanpath"]
    assert facts["screen_px"]["picture3"] == [803, 600]


def test_progress_sees_every_step(people, models):
    seen = []

    def watch(steps):
        for step in steps:
            seen.append(step)
            yield step

    evaluate(models, people, ["multimatch", "scanmatch"], screen_px=SIZE, draws=10, progress=watch)
    assert len(seen) == 2 * 4


def test_sides_that_were_exchanged_are_told_of():
    people = [Scanpath([(1, 1), (5, 5)], info={"stimulus": "a", "subject": who}) for who in "xy"]
    agents = [Scanpath([(1, 1), (5, 5)], info={"stimulus": "a", "agent": who}) for who in "xy"]
    with pytest.warns(InputWarning, match="in the wrong order, exchange them"):
        evaluate(people, agents, ["dtw"], screen_px=(10, 10))
