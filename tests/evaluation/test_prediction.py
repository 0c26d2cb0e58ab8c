import numpy as np
import pytest
import torch

from scanpath import InputError, Scanpath, Stimulus, table_from_scanpaths
from scanpath.evaluation import predict_fixations, summarize_predictions
from scanpath.metrics import conditional_auc, conditional_nss, nss

SIZE = (30, 40)
ALL = ("uniform", "center bias", "gold standard")


class Remembers:
    """Looks back: its map peaks where the eye is now; keeps what it was asked."""

    name = "back"

    def __init__(self, spread=3.0, size=SIZE):
        self.asked, self.spread, self.size = [], spread, size

    def priority(self, stimulus, history_xy):
        self.asked.append((stimulus.name, np.array(history_xy)))
        x, y = history_xy[-1] * np.array(self.size[::-1]) / np.array(stimulus.size[::-1])
        rows, columns = np.indices(self.size)
        return torch.tensor(np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / (2 * self.spread**2)) + 1e-3)


def pictures(n=4, size=SIZE):
    return [Stimulus(np.zeros((1, *size), np.float32), name=f"p{i}") for i in range(n)]


@pytest.fixture
def people():
    """Six people who agree on three spots of each picture, and start in its center."""
    generator = np.random.default_rng(0)
    paths = []
    for picture in range(4):
        spots = generator.random((3, 2)) * (34, 24) + 3
        for person in range(6):
            xy = spots[generator.integers(3, size=7)] + generator.normal(0, 0.8, (7, 2))
            xy = np.clip(np.concatenate([[(20, 15)], xy]), 0, (39, 29))
            paths.append(Scanpath(xy, info={"stimulus": f"p{picture}", "subject": f"s{person}"}))
    return paths


def value(summary, agent, metric):
    return summary[(summary["agent"] == agent) & (summary["metric"] == metric)].iloc[0]["value"]


def test_each_fixation_is_predicted_from_those_before_it_alone(people):
    agent = Remembers()
    table = predict_fixations(agent, pictures(), people[:1] + people[6:7])
    path = people[0]
    asked = [history for name, history in agent.asked if name == "p0"]
    assert [len(history) for history in asked] == list(range(1, len(path)))
    assert all(np.array_equal(history, path.xy[: len(history)]) for history in asked)
    rows = table[table["stimulus"] == "p0"]
    maps = [Remembers().priority(pictures()[0], path.xy[:n]).numpy() for n in range(1, len(path))]
    assert rows["auc"].to_numpy() == pytest.approx(conditional_auc(maps, path.xy[1:]))
    assert rows["nss"].to_numpy() == pytest.approx([nss(m, xy) for m, xy in zip(maps, path.xy[1:])])
    assert rows["fixation"].tolist() == list(range(1, len(path)))


def test_marks_stand_in_their_known_order(people):
    summary = summarize_predictions(predict_fixations(None, pictures(), people, marks=ALL))
    for metric in ("auc", "information_gain", "gain_over_uniform"):
        uniform, center, gold = (value(summary, mark, metric) for mark in ALL)
        assert max(uniform, center) < gold
    assert value(summary, "uniform", "auc") == 0.5
    assert value(summary, "uniform", "gain_over_uniform") == pytest.approx(0, abs=1e-9)
    assert value(summary, "center bias", "information_gain") == pytest.approx(0, abs=1e-9)
    assert value(summary, "gold standard", "auc") > 0.9


def test_gains_over_two_baselines_differ_by_what_the_center_bias_knows(people):
    table = predict_fixations(Remembers(), pictures(), people, marks=("center bias",))
    mine, center = (table[table["agent"] == name].reset_index() for name in ("back", "center bias"))
    gap = mine["gain_over_uniform"] - mine["information_gain"]
    assert gap.to_numpy() == pytest.approx(center["gain_over_uniform"].to_numpy(), abs=1e-6)


def test_nobody_is_predicted_from_their_own_fixations(people):
    # one person looks where nobody else does: the gold standard must not know it
    odd = Scanpath([(20, 15), (38, 1), (38, 1), (38, 1)], info={"stimulus": "p0", "subject": "odd"})
    table = predict_fixations(None, pictures(), [*people, odd], marks=("gold standard",))
    lonely = table[table["subject"] == "odd"]["gain_over_uniform"]
    assert (lonely < 0).all()


def test_a_coarser_map_is_scored_on_its_own_grid(people):
    coarse = Remembers(spread=1.0, size=(15, 20))
    table = predict_fixations(coarse, pictures(), people[:6] + people[6:7])
    path = people[0]
    maps = [coarse.priority(pictures()[0], path.xy[:n]).numpy() for n in range(1, len(path))]
    rows = table[(table["stimulus"] == "p0") & (table["subject"] == "s0")]
    assert rows["nss"].to_numpy() == pytest.approx(conditional_nss(maps, (path.xy[1:] + 0.5) / 2 - 0.5))


def test_fixations_off_the_picture_have_no_score_and_a_reason(people):
    path = Scanpath([(20, 15), (45, 10), (10, 10)], info={"stimulus": "p0", "subject": "s9"})
    table = predict_fixations(Remembers(), pictures(), [path, *people])
    rows = table[table["subject"] == "s9"]
    assert rows["undefined"].tolist() == ["off_map", ""]
    assert rows[["auc", "nss", "information_gain"]].isna().to_numpy().tolist() == [[True] * 3, [False] * 3]
    summary = summarize_predictions(table)
    assert set(summary["n_undefined"]) == {1}
    assert set(summary["undefined"]) == {"off_map: 1"}


def test_a_flat_map_is_undefined_for_nss_alone(people):
    summary = summarize_predictions(predict_fixations(None, pictures(), people, marks=("uniform",)))
    undefined = summary.set_index("metric")["undefined"]
    assert undefined["nss"].startswith("constant")
    assert (undefined.drop("nss") == "").all()


def test_pictures_count_alike_however_many_fixations_they_have(people):
    table = predict_fixations(Remembers(), pictures(), people)
    weights = table.groupby(["stimulus", "subject"])["auc"].mean().groupby("stimulus").mean()
    assert value(summarize_predictions(table), "back", "auc") == pytest.approx(weights.mean())
    once = predict_fixations(Remembers(), pictures(), people[:1] + people[6:])
    expected = once.groupby(["stimulus", "subject"])["auc"].mean().groupby("stimulus").mean().mean()
    assert value(summarize_predictions(once), "back", "auc") == pytest.approx(expected)


def test_a_table_gives_what_scanpaths_give_and_long_paths_can_be_cut(people):
    paths = predict_fixations(Remembers(), pictures(), people)
    table = predict_fixations(Remembers(), pictures(), table_from_scanpaths(people))
    assert table["auc"].to_numpy() == pytest.approx(paths["auc"].to_numpy())
    cut = predict_fixations(Remembers(), pictures(), people, most_fixations=3)
    assert cut["fixation"].max() == 2


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"stimuli": pictures(2)}, "no picture named"),
        ({"agent": None}, "nothing to score"),
        ({"marks": ("golden standard",)}, "gold standard"),
        (
            {"human": [Scanpath([(1, 1)], info={"stimulus": f"p{i}", "subject": "s"}) for i in range(2)]},
            "second fixation",
        ),
        ({"human": [Scanpath([(1, 1), (2, 2)], info={"stimulus": "p0", "subject": "s"})]}, "two pictures"),
        ({"most_fixations": 1}, "most_fixations"),
    ],
)
def test_what_cannot_be_predicted_is_said(people, change, message):
    call = {"agent": Remembers(), "stimuli": pictures(), "human": people, **change}
    with pytest.raises(InputError, match=message):
        predict_fixations(**call)
