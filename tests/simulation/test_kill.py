"""Runs that are killed: by kill -9 at random moments, and continued."""

import multiprocessing
import subprocess
import sys
import textwrap
import time

import numpy as np
import pandas as pd
import pytest
import torch

import scanpath as sp
from scanpath.simulation import simulate_to_folder

N_STIMULI = 160


def stimuli():
    return (sp.Stimulus(torch.full((1, 30, 40), 0.5), name=f"{i:03d}.png") for i in range(N_STIMULI))


def work(folder, jobs=1):
    agents = [sp.create_agent("random"), sp.create_agent("center")]
    simulate_to_folder(agents, stimuli(), folder, n_fixations=6, seeds=[0, 1], shard_size=4, jobs=jobs)


class Forked:
    """A process that has all modules loaded already, so that many can be started and killed."""

    def __init__(self, folder):
        self.process = multiprocessing.get_context("fork").Process(target=work, args=(folder,))
        self.process.start()

    def running(self):
        return self.process.is_alive()

    def kill(self):
        self.process.kill()
        self.process.join()

    def end(self):
        self.process.join(300)
        assert self.process.exitcode == 0


class Started:
    """A fresh interpreter with two worker processes of its own."""

    def __init__(self, folder):
        code = f"""
            import sys
            sys.path.insert(0, {str(__file__).rpartition("/")[0]!r})
            import test_kill
            print("ready", flush=True)
            test_kill.work({str(folder)!r}, jobs=2)
        """
        self.process = subprocess.Popen([sys.executable, "-c", textwrap.dedent(code)], stdout=subprocess.PIPE)
        self.process.stdout.readline()

    def running(self):
        return self.process.poll() is None

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    def end(self):
        assert self.process.wait(300) == 0
        self.process.stdout.close()


def shards(folder):
    return {path.name: path.read_bytes() for path in sorted(folder.glob("part-*.parquet"))}


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize(("way", "times"), [(Forked, 20), pytest.param(Started, 20, marks=pytest.mark.slow)])
def test_kill_9_at_random_moments_loses_and_duplicates_nothing(way, times, tmp_path):
    folder, moments, killed = tmp_path / "run", np.random.default_rng(11), 0
    for _ in range(times):
        process = way(folder)
        have, wait = len(list(folder.glob("part-*.parquet"))), moments.integers(1, 8)
        while process.running() and len(list(folder.glob("part-*.parquet"))) < have + wait:
            time.sleep(0.0005)
        time.sleep(moments.uniform(0, 0.02))
        killed += process.running()
        process.kill()
    last = way(folder)
    last.end()
    assert killed >= times - 2
    work(tmp_path / "undisturbed")
    assert shards(folder) == shards(tmp_path / "undisturbed")
    table = pd.read_parquet(folder)
    assert len(table) == N_STIMULI * 2 * 2 * 6
    assert not table.duplicated(["stimulus", "agent", "seed", "fixation"]).any()
    assert not list(folder.glob(".part-*"))
