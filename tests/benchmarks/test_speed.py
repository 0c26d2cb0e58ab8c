"""The benchmarks' own arithmetic: what counts as slower, which way is better, what is kept."""

import importlib.util
import json
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


def load(path, monkeypatch):
    """Import a script as it runs by itself, without leaving its folder on the path or threads pinned."""
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
        monkeypatch.setenv(variable, "1")
    monkeypatch.setattr(sys, "path", [str(BENCHMARKS / "speed"), *sys.path])
    spec = importlib.util.spec_from_file_location(f"benchmark_{path.stem}", path)
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, spec.name, module)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def run(monkeypatch):
    return load(BENCHMARKS / "run.py", monkeypatch)


@pytest.mark.parametrize(
    ("value", "noise", "lower_is_better", "is_slower"),
    [
        (8.0, 0.5, False, True),
        (8.0, 1.5, False, False),  # within the noise of both
        (9.7, 0.0, False, False),  # less than five percent
        (12.0, 0.0, False, False),  # faster
        (12.0, 0.5, True, True),
        (8.0, 0.0, True, False),
    ],
)
def test_slower_means_worse_by_more_than_both_noises(run, value, noise, lower_is_better, is_slower):
    old = run.Figure("one", 10.0, noise=0.6, lower_is_better=lower_is_better)
    new = run.Figure("one", value, noise=noise, lower_is_better=lower_is_better)
    assert bool(run.slower([new], [old])) == is_slower
    assert run.slower([new], [run.Figure("another", 10.0)]) == []


def test_runs_join_to_their_median_and_range(run):
    runs = [[run.Figure("one", value, noise=0.1, at_most=3)] for value in (1.0, 2.0, 4.0)]
    (figure,) = run.joined(runs)
    assert (figure.value, figure.noise, figure.at_most) == (2.0, 1.5, 3)
    assert figure.lower_is_better
    assert not figure.missed
    assert run.joined(runs[2:])[0].missed


def test_a_record_keeps_scripts_that_did_not_run(run, tmp_path):
    path = tmp_path / "records" / "kind.json"
    run.write_record(path, {"saliency": [run.Figure("a", 1.23456)]}, {"processor": "x"})
    run.write_record(path, {"metrics": [run.Figure("b", 2.0, "ms", 0.1)]}, {"processor": "x"})
    kept = run.read_record(path)
    assert {name: [figure.value for figure in figures] for name, figures in kept.items()} == {
        "saliency": [1.235],
        "metrics": [2.0],
    }
    assert json.loads(path.read_text())["machine"] == {"processor": "x"}


def test_machines_of_one_kind_share_a_name(run):
    facts = run.machine()
    assert run.kind_of(facts) == run.kind_of({**facts, "load": (9.0, 9.0, 9.0)})
    assert run.kind_of(facts) != run.kind_of({**facts, "cores": 1000})
