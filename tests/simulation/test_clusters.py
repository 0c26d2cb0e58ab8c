"""The same run on joblib's cluster backends, on schedulers and workers that the tests start."""

import os
import signal
import threading
import time

import joblib
import pandas as pd
import pytest
import torch

import scanpath as sp
from scanpath.simulation import simulate_to_folder

SETTINGS = {"n_fixations": 4, "seeds": [0, 7], "shard_size": 2}
pytestmark = pytest.mark.filterwarnings("ignore")


def stimuli(n=24):
    return (sp.Stimulus(torch.full((1, 30, 40), 0.5), name=f"{i:03d}.png") for i in range(n))


def two_agents():
    return [sp.create_agent("random"), sp.create_agent("center")]


def shards(folder):
    return {path.name: path.read_bytes() for path in sorted(folder.glob("part-*.parquet"))}


@pytest.fixture(scope="module")
def serial(tmp_path_factory):
    folder = tmp_path_factory.mktemp("serial") / "run"
    simulate_to_folder(two_agents(), stimuli(), folder, **SETTINGS)
    return folder


@pytest.fixture(scope="module")
def cluster():
    distributed = pytest.importorskip("distributed")
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, protocol="tcp://"
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        yield client


def test_a_dask_cluster_gives_the_serial_runs_bytes(cluster, serial, tmp_path):
    assert len(cluster.scheduler_info()["workers"]) == 2
    with joblib.parallel_config(backend="dask"):
        run = simulate_to_folder(two_agents(), stimuli(), tmp_path / "run", jobs=-1, **SETTINGS)
    assert run.n_resumed == 0
    assert shards(run.path) == shards(serial)


def test_simulate_on_dask_returns_the_serial_table(cluster):
    with joblib.parallel_config(backend="dask"):
        table = sp.simulate(two_agents(), list(stimuli()), n_fixations=4, jobs=-1)
    pd.testing.assert_frame_equal(table, sp.simulate(two_agents(), list(stimuli()), n_fixations=4))


@pytest.mark.slow
def test_a_dask_worker_that_is_killed_loses_nothing(cluster, serial, tmp_path):
    pids = list(cluster.run(os.getpid).values())

    def kill_one():
        while not list((tmp_path / "run").glob("part-*.parquet")):
            time.sleep(0.001)
        os.kill(pids[0], signal.SIGKILL)

    killer = threading.Thread(target=kill_one)
    killer.start()
    with joblib.parallel_config(backend="dask"):
        run = simulate_to_folder(two_agents(), stimuli(), tmp_path / "run", jobs=-1, **SETTINGS)
    killer.join()
    assert run.failures == {}
    assert shards(run.path) == shards(serial)


@pytest.mark.slow
def test_ray_gives_the_serial_runs_bytes(serial, tmp_path, monkeypatch):
    ray = pytest.importorskip("ray")
    # Ray's workers lower their priority, and on some systems with it that of the whole session that runs the tests
    monkeypatch.setenv("RAY_worker_niceness", "0")
    from ray.util.joblib import register_ray

    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
    try:
        register_ray()
        with joblib.parallel_config(backend="ray"):
            run = simulate_to_folder(two_agents(), stimuli(), tmp_path / "run", jobs=2, **SETTINGS)
        assert shards(run.path) == shards(serial)
    finally:
        ray.shutdown()
