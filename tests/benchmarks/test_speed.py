"""The benchmarks' own arithmetic: what counts as slower, which way is better, what is kept."""

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch

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


def test_every_speed_script_is_run(run):
    files = {path.stem for path in (BENCHMARKS / "speed").glob("*.py")}
    assert set(run.SCRIPTS) == files - {"measure"}


def test_machines_of_one_kind_share_a_name(run):
    facts = run.machine()
    assert run.kind_of(facts) == run.kind_of({**facts, "load": (9.0, 9.0, 9.0)})
    assert run.kind_of(facts) != run.kind_of({**facts, "cores": 1000})


@pytest.fixture
def gpu(monkeypatch):
    return load(BENCHMARKS / "gpu.py", monkeypatch)


def test_without_a_gpu_the_command_skips_with_its_reason(gpu, monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(gpu, "missing_device", lambda: "no CUDA device")
    assert gpu.main(["--json", str(tmp_path / "gpu.json")]) == 0
    assert json.loads(capsys.readouterr().out) == {"skipped": "no CUDA device"}
    assert json.loads((tmp_path / "gpu.json").read_text()) == {"skipped": "no CUDA device"}


def test_parts_of_the_gpu_run_fail_alone_and_stop_when_time_is_spent(gpu, monkeypatch):
    def broken(device):
        raise RuntimeError("out of memory")

    monkeypatch.setattr(gpu, "PARTS", {"broken": broken, "fine": lambda device: device.figures.append(1)})
    device = gpu.Device("cpu", True)
    said = gpu.run(device, ["broken", "fine"], 1)
    assert said["broken"] == "failed: RuntimeError: out of memory"
    assert said["fine"].startswith("done")
    assert device.figures == [1]
    assert gpu.run(device, ["fine"], -1)["fine"].startswith("skipped")
    assert gpu._finish({"parts": said, "checks": []}, None) == 1


def test_a_number_that_differs_from_the_cpus_is_a_failed_check(gpu):
    device = gpu.Device("cpu", True)
    device.compare("one", torch.ones(2), torch.tensor([1.0, 1.5]), 0.1)
    device.compare("not a number", torch.tensor([torch.nan]), torch.ones(1), 0.1)
    device.compare("two", torch.ones(2), torch.ones(2), 0.0)
    assert [check["ok"] for check in device.checks] == [False, False, True]


@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec("triton") is None, reason="triton is not installed")
def test_a_dry_run_goes_through_every_part():
    command = [sys.executable, str(BENCHMARKS / "gpu.py"), "--dry-run-on-cpu"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    result = json.loads(done.stdout.splitlines()[-1])
    assert all(words.startswith("done") for words in result["parts"].values())
    assert len(result["checks"]) > 15
    assert all(check["ok"] for check in result["checks"])
