import copy
import pickle
import subprocess
import sys
import warnings

import numpy as np
import pytest
import torch

from scanpath import InputError, Scanpath
from scanpath._core.errors import MissingDependencyError
from scanpath.evaluation import as_torchmetric, torchmetrics
from scanpath.metrics import METRICS, multimatch, nss, scanmatch

SIZE = (100, 80)


@pytest.fixture
def library():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # on import it may warn of its own optional companions
        return pytest.importorskip("torchmetrics")


def paths(seed, n=6):
    generator = np.random.default_rng(seed)
    return [
        Scanpath(generator.random((5, 2)) * (SIZE[0] - 1, SIZE[1] - 1), generator.uniform(100, 300, 5))
        for _ in range(n)
    ]


def test_the_mean_over_batches_is_the_mean_over_pairs(library):
    first, second = paths(0), paths(1)
    score = as_torchmetric("multimatch", screen_px=SIZE)
    score.update(first[:2], second[:2])
    score.update(first[2:], second[2:])
    expected = np.mean([multimatch(a, b, screen_px=SIZE) for a, b in zip(first, second)], axis=0)
    assert score.compute().numpy() == pytest.approx(expected, rel=1e-6)
    assert score.higher_is_better


def test_metrics_with_one_part_give_a_scalar_and_tensors_are_taken(library):
    first, second = paths(0), paths(1)
    score = as_torchmetric("scanmatch", screen_px=SIZE)
    score.update([torch.tensor(p.xy) for p in first], [torch.tensor(p.xy) for p in second])
    expected = np.mean([scanmatch(a, b, screen_px=SIZE) for a, b in zip(first, second)])
    assert score.compute().item() == pytest.approx(expected, rel=1e-6)


def test_maps_are_scored_too_and_what_is_undefined_is_counted(library):
    maps = [np.random.default_rng(i).random((8, 10)) for i in range(3)]
    xy = [[(1, 1)], [(9, 7), (0, 0)], [(50, 1)]]
    score = as_torchmetric("nss")
    score.update([torch.tensor(each) for each in maps], xy)
    assert score.compute().item() == pytest.approx(np.mean([nss(maps[0], xy[0]), nss(maps[1], xy[1])]), rel=1e-6)
    assert score.undefined.tolist() == [1]
    assert score.count.tolist() == [2]


def test_an_impossible_fixation_counts_as_the_worst_value_and_is_not_left_out(library):
    with np.errstate(divide="ignore"):
        density = np.log([[0.5, 0.5, 0.0]])
    score = as_torchmetric("log_likelihood")
    score.update([density, density], [[(0, 0)], [(2, 0)]])
    assert score.compute().item() == -np.inf
    assert (score.count.tolist(), score.undefined.tolist()) == ([2], [0])


def test_the_state_is_sums_whatever_the_number_of_pairs_and_can_be_reset(library):
    score = as_torchmetric("scanmatch", screen_px=SIZE)
    for seed in range(5):
        score.update(paths(seed), paths(seed + 1))
    assert sum(state.numel() for state in score.metric_state.values()) == 3
    score.reset()
    assert score.count.item() == 0
    with pytest.warns(UserWarning, match="before"):
        assert torch.isnan(score.compute())


# what torchmetrics tests of each of its own metrics

BATCHES = [(paths(seed), paths(seed + 10)) for seed in range(3)]


def updated(metric, batches):
    for first, second in batches:
        metric.update(first, second)
    return metric


@pytest.fixture(params=["multimatch", "scanmatch", "levenshtein"])
def fresh(request, library):
    """Return a function that makes the metric anew."""
    return lambda **more: as_torchmetric(request.param, screen_px=SIZE, **more)


def equal(first, second):
    return torch.equal(first.compute(), second.compute())


def test_a_step_gives_the_value_of_its_batch_and_counts_for_the_whole(fresh):
    stepped = fresh()
    for batch in BATCHES:
        assert torch.equal(stepped(*batch), updated(fresh(), [batch]).compute())
    assert equal(stepped, updated(fresh(), BATCHES))


@pytest.mark.parametrize("made_again", [lambda m: pickle.loads(pickle.dumps(m)), lambda m: m.clone(), copy.deepcopy])  # noqa: S301
def test_a_copy_goes_on_from_where_it_was_made(fresh, made_again):
    one = updated(fresh(), BATCHES[:1])
    other = made_again(one)
    assert type(other) is type(one)
    assert equal(one, other)
    assert equal(updated(other, BATCHES[1:]), updated(fresh(), BATCHES))
    assert equal(one, updated(fresh(), BATCHES[:1]))


def test_a_pickle_opens_in_another_process(fresh, tmp_path):
    (tmp_path / "metric").write_bytes(pickle.dumps(updated(fresh(), BATCHES)))
    code = "import pickle, sys; print(pickle.load(open(sys.argv[1], 'rb')).compute().tolist())"
    done = subprocess.run(
        [sys.executable, "-c", code, tmp_path / "metric"], capture_output=True, text=True, timeout=300
    )
    assert done.stdout.strip() == str(updated(fresh(), BATCHES).compute().tolist()), done.stderr


def test_two_metrics_merge_into_the_mean_over_all_pairs(fresh):
    parts = [updated(fresh(), BATCHES[:1]), updated(fresh(), BATCHES[1:])]
    parts[0].compute()  # is not remembered
    parts[0].merge_state(parts[1])
    assert parts[0].compute().numpy() == pytest.approx(updated(fresh(), BATCHES).compute().numpy(), rel=1e-6)
    empty = fresh()
    empty.merge_state(parts[0].metric_state)
    assert equal(empty, parts[0])


@pytest.mark.parametrize("other", [("damerau", {}), ("levenshtein", {"bins": (3, 3)})])
def test_another_metric_is_not_merged(library, other):
    name, settings = other
    one, other = as_torchmetric("levenshtein", screen_px=SIZE), as_torchmetric(name, screen_px=SIZE, **settings)
    with pytest.raises(InputError, match="same metric and settings"):
        one.merge_state(other)


def test_the_state_is_saved_where_that_is_asked_for(fresh):
    one = updated(fresh(), BATCHES)
    assert one.state_dict() == {}
    one.persistent(True)
    other = fresh()
    other.persistent(True)
    other.load_state_dict(one.state_dict())
    with pytest.warns(UserWarning, match="before"):  # nothing was updated since
        assert equal(one, other)


def test_processes_add_their_sums(fresh):
    # two processes with the same sums: what a gather brings is the state twice
    options = {"dist_sync_fn": lambda state, group: [state, state], "distributed_available_fn": lambda: True}
    one = updated(fresh(**options), BATCHES)
    assert torch.allclose(one.compute(), updated(fresh(), BATCHES).compute())
    one.sync(dist_sync_fn=options["dist_sync_fn"], distributed_available=lambda: True)
    assert one.count.tolist() == [2 * n for n in updated(fresh(), BATCHES).count.tolist()]
    one.unsync()
    assert one.count.tolist() == updated(fresh(), BATCHES).count.tolist()


def test_a_collection_keeps_metrics_apart_that_agree_at_first(library):
    swapped, apart = [["abc"], ["abc"]], [["abc"], ["acb"]]
    pair = library.MetricCollection({name: as_torchmetric(name) for name in ("levenshtein", "damerau")})
    pair.update(*swapped)
    pair.update(*apart)
    assert {name: value.item() for name, value in pair.compute().items()} == {"levenshtein": 1.0, "damerau": 0.5}


@pytest.mark.parametrize("steps", [None, 3])
def test_a_plot_shows_each_part_between_the_bounds(fresh, steps):
    from matplotlib import pyplot

    one = updated(fresh(), BATCHES)
    figure, axes = one.plot(None if steps is None else [one.compute()] * steps)
    parts = METRICS[one.metric_name].parts
    assert len(axes.lines) == len(parts)
    assert axes.get_ylabel().startswith(one.metric_name)
    if len(parts) > 1:
        assert [text.get_text() for text in axes.get_legend().get_texts()] == list(parts)
    pyplot.close(figure)


def test_each_has_a_hash_of_its_own_and_says_what_it_is(fresh):
    one, other = fresh(), fresh()
    assert hash(one) != hash(other)
    assert repr(one) == f"ScanpathMetric({one.metric_name!r})"
    with pytest.raises(RuntimeError, match="const"):
        one.is_differentiable = True


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: as_torchmetric("scanmach"), "scanmatch"),
        (lambda: as_torchmetric("scanmatch"), "screen_px"),
        (lambda: as_torchmetric("scanpath_ratio"), "scanpath_ratio takes a search"),
        (lambda: as_torchmetric("conditional_nss"), "'nss' instead"),
    ],
)
def test_metrics_that_cannot_be_wrapped_are_said(call, message):
    with pytest.raises(InputError, match=message):
        call()


def test_unequal_lists_are_refused(library):
    with pytest.raises(InputError, match="pairs"):
        as_torchmetric("scanmatch", screen_px=SIZE).update(paths(0), paths(1)[:2])


def test_a_missing_library_is_named(monkeypatch):
    torchmetrics._metric_class.cache_clear()
    monkeypatch.setitem(sys.modules, "torchmetrics", None)
    with pytest.raises(MissingDependencyError, match="pip install torchmetrics"):
        as_torchmetric("scanmatch", screen_px=SIZE)
