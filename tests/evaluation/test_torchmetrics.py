import warnings

import numpy as np
import pytest
import torch

from scanpath import InputError, Scanpath
from scanpath._core.errors import MissingDependencyError
from scanpath.evaluation import as_torchmetric
from scanpath.metrics import multimatch, nss, scanmatch

SIZE = (100, 80)


@pytest.fixture
def library():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # on import it may warn of its own optional companions
        return pytest.importorskip("torchmetrics")


def paths(seed, n=6):
    generator = np.random.default_rng(seed)
    return [Scanpath(generator.random((5, 2)) * SIZE, generator.uniform(100, 300, 5)) for _ in range(n)]


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


def test_states_of_two_processes_add_up(library):
    first, second = paths(0), paths(1)
    parts = [as_torchmetric("scanmatch", screen_px=SIZE) for _ in range(2)]
    parts[0].update(first[:4], second[:4])
    parts[1].update(first[4:], second[4:])
    whole = as_torchmetric("scanmatch", screen_px=SIZE)
    whole.update(first, second)
    total = sum(part.total for part in parts) / sum(part.count for part in parts)
    assert whole.compute().item() == pytest.approx(total.item(), rel=1e-6)


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
    import sys

    monkeypatch.setitem(sys.modules, "torchmetrics", None)
    with pytest.raises(MissingDependencyError, match="pip install torchmetrics"):
        as_torchmetric("scanmatch", screen_px=SIZE)
