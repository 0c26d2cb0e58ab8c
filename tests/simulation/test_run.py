"""Runs in folders: the same bytes whatever happens on the way."""

import inspect
import json
import os
import signal
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from safetensors.torch import save_file

import scanpath as sp
from scanpath import InputError
from scanpath.agents.random import RandomAgent
from scanpath.agents.target_found import InBox
from scanpath.recognition.conversion import network
from scanpath.recognition.weights import seeded_weights
from scanpath.simulation import simulate_to_folder


def stimuli(n=10, **info):
    return (
        sp.Stimulus(torch.full((1, 30, 40), 0.5), name=f"{i:03d}.png", info={"dataset": "toy", **info})
        for i in range(n)
    )


def two_agents():
    return [sp.create_agent("random"), sp.create_agent("center")]


def shards(folder):
    return {path.name: path.read_bytes() for path in sorted(Path(folder).glob("part-*.parquet"))}


SETTINGS = {"n_fixations": 4, "seeds": [0, 7], "shard_size": 4}


@pytest.fixture(scope="module")
def reference(tmp_path_factory):
    folder = tmp_path_factory.mktemp("reference") / "run"
    simulate_to_folder(two_agents(), stimuli(), folder, **SETTINGS)
    return shards(folder)


@pytest.mark.parametrize("how", [{"batch_size": 1}, {"batch_size": 3}, {"jobs": 2}, {"jobs": 2, "batch_size": 5}])
def test_bytes_do_not_depend_on_batches_and_workers(how, reference, tmp_path):
    simulate_to_folder(two_agents(), stimuli(), tmp_path / "run", **SETTINGS, **how)
    assert shards(tmp_path / "run") == reference


def test_pandas_reads_the_folder_as_one_tidy_table_in_order(reference, tmp_path):
    run = simulate_to_folder(two_agents(), stimuli(), tmp_path / "run", **SETTINGS)
    table = pd.read_parquet(run.path)
    assert len(table) == run.n_fixations == 10 * 2 * 2 * 4
    assert run.n_scanpaths == 40
    assert table.groupby(["stimulus", "agent", "seed"]).size().eq(4).all()
    assert sp.read_table(run.path)["stimulus"].tolist() == table["stimulus"].tolist()
    first = table[(table["agent"] == "random") & (table["seed"] == 7)].reset_index(drop=True)
    alone = sp.simulate(two_agents()[0], list(stimuli()), n_fixations=4, seed=7)
    np.testing.assert_array_equal(first[["x_px", "y_px"]], alone[["x_px", "y_px"]])


def test_simulate_with_a_folder_returns_what_it_wrote(tmp_path):
    table = sp.simulate(two_agents(), list(stimuli(3)), n_fixations=4, seed=5, out=tmp_path / "run")
    pd.testing.assert_frame_equal(table, sp.read_table(tmp_path / "run"))
    expected = sp.simulate(two_agents(), list(stimuli(3)), n_fixations=4, seed=5)
    pd.testing.assert_frame_equal(table, expected)


def test_a_stopped_run_is_continued_and_not_repeated(reference, tmp_path):
    def until_the_plug_is_pulled():
        for number, stimulus in enumerate(stimuli()):
            if number == 9:
                raise KeyboardInterrupt
            yield stimulus

    with pytest.raises(KeyboardInterrupt):
        simulate_to_folder(two_agents(), until_the_plug_is_pulled(), tmp_path / "run", **SETTINGS)
    assert 0 < len(shards(tmp_path / "run")) < len(reference)
    done = []
    run = simulate_to_folder(two_agents(), stimuli(), tmp_path / "run", **SETTINGS, progress=done.append)
    assert run.n_resumed == 32
    assert sum(done) == run.n_scanpaths == 40
    assert shards(tmp_path / "run") == reference


def test_a_shard_that_was_cut_short_is_made_again(reference, tmp_path):
    simulate_to_folder(two_agents(), stimuli(), tmp_path / "run", **SETTINGS)
    victim = sorted((tmp_path / "run").glob("part-*.parquet"))[3]
    victim.write_bytes(victim.read_bytes()[:200])
    run = simulate_to_folder(two_agents(), stimuli(), tmp_path / "run", **SETTINGS)
    assert run.n_resumed == 36
    assert shards(tmp_path / "run") == reference


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"n_fixations": 5}, "n_fixations = 4, and this one has 5"),
        ({"seeds": [0]}, r"seeds = \[0, 7\]"),
        ({"shard_size": 5}, "shard_size"),
        ({"agents": ["random"]}, "agents"),
        ({"stimuli": {"n": 10, "px": 3}}, "holds other stimuli"),
        ({"stimuli": {"n": 4}}, "more stimuli than this run has"),
    ],
)
def test_a_folder_of_another_run_is_refused(change, says, tmp_path):
    simulate_to_folder(two_agents(), stimuli(), tmp_path / "run", **SETTINGS)
    before = shards(tmp_path / "run")
    change = dict(change)
    agents = [sp.create_agent(name) for name in change.pop("agents", ["random", "center"])]
    pictures = stimuli(**change.pop("stimuli", {}))
    with pytest.raises(InputError, match=says):
        simulate_to_folder(agents, pictures, tmp_path / "run", **{**SETTINGS, **change})
    assert shards(tmp_path / "run") == before


def test_a_rule_or_weights_that_no_setting_names_tell_runs_apart(tmp_path, monkeypatch):
    """Rules set after an agent was built, and networks found through the environment."""
    pictures = [sp.Stimulus(torch.rand(1, 40, 40), name="a", target_box=(3, 3, 9, 9))]
    agent = sp.create_agent("random")
    simulate_to_folder(agent, pictures, tmp_path / "rules", n_fixations=2)
    agent.found_rule = InBox(margin_px=4)
    with pytest.raises(InputError, match=r"rules_and_networks.*margin_px=0.*margin_px=4"):
        simulate_to_folder(agent, pictures, tmp_path / "rules", n_fixations=2)

    model = network("squeezenet1_1")
    for seed in (1, 2):
        (tmp_path / f"{seed}").mkdir()
        save_file(seeded_weights(model, seed), tmp_path / f"{seed}" / "squeezenet1_1.safetensors")

    def look(folder):
        monkeypatch.setenv("SCANPATH_WEIGHTS", str(folder))
        agent = sp.create_agent("eccnet", backbone="squeezenet1_1")
        return simulate_to_folder(agent, pictures, tmp_path / "networks", n_fixations=1)

    look(tmp_path / "1")
    (tmp_path / "1").rename(tmp_path / "moved")
    assert look(tmp_path / "moved").n_resumed == 1  # content counts, not the place
    with pytest.raises(InputError, match="rules_and_networks"):
        look(tmp_path / "2")


def test_a_run_begun_before_rules_and_networks_were_noted_is_continued(tmp_path):
    simulate_to_folder(two_agents(), stimuli(), tmp_path / "run", **SETTINGS)
    manifest = json.loads((tmp_path / "run" / "_run.json").read_text())
    del manifest["identity"]["rules_and_networks"]
    (tmp_path / "run" / "_run.json").write_text(json.dumps(manifest))
    assert simulate_to_folder(two_agents(), stimuli(), tmp_path / "run", **SETTINGS).n_resumed > 0


def test_other_files_and_a_file_in_place_of_the_folder_are_refused(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(InputError, match="not a run's"):
        simulate_to_folder(two_agents(), stimuli(), tmp_path)
    with pytest.raises(InputError, match="is a file"):
        simulate_to_folder(two_agents(), stimuli(), tmp_path / "notes.txt")


def test_names_are_checked_while_streaming(tmp_path):
    with pytest.raises(InputError, match=r"both named '000\.png'"):
        simulate_to_folder(two_agents(), [*stimuli(2), *stimuli(1)], tmp_path / "run")
    with pytest.raises(InputError, match="no stimulus"):
        simulate_to_folder(two_agents(), [], tmp_path / "empty")


def test_facts_that_only_some_stimuli_have_become_null_for_the_others(tmp_path):
    mixed = [*stimuli(4), sp.Stimulus(torch.zeros(1, 9, 9), name="x", info={"room": "attic", "floor": 3})]
    for out, how in (("one", {}), ("two", {"batch_size": 1, "jobs": 2})):
        simulate_to_folder(two_agents(), mixed, tmp_path / out, n_fixations=2, shard_size=2, **how)
    assert shards(tmp_path / "one") == shards(tmp_path / "two")
    table = pd.read_parquet(tmp_path / "one")
    assert table.loc[table["stimulus"] == "x", "room"].eq("attic").all()
    assert table.loc[table["stimulus"] != "x", ["room", "floor"]].isna().all(axis=None)


class Moody(RandomAgent):
    """Fails, or kills its process, on some pictures."""

    name = "moody"

    def __init__(self, dies_on=(), fails_on=(), marks=None):
        super().__init__()
        self.dies_on, self.fails_on, self.marks = set(dies_on), set(fails_on), marks

    def next_fixation(self, stimulus, history, generator):
        if stimulus.name in self.fails_on:
            raise RuntimeError("no  such\nluck")
        if stimulus.name in self.dies_on and (self.marks is None or self._first_time(stimulus.name)):
            os.kill(os.getpid(), signal.SIGKILL)
        return super().next_fixation(stimulus, history, generator)

    def _first_time(self, name):
        mark = Path(self.marks) / name
        if mark.exists():
            return False
        mark.touch()
        return True


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_picture_that_fails_is_recorded_and_does_not_stop_the_run(jobs, tmp_path):
    agent = Moody(fails_on=["003.png", "008.png"])
    how = {"n_fixations": 3, "shard_size": 4, "on_error": "skip"}
    run = simulate_to_folder(agent, stimuli(), tmp_path / "run", jobs=jobs, **how)
    assert run.n_scanpaths == 8
    assert run.failures[("003.png", "moody", 0)] == "RuntimeError: no such luck"
    listed = pd.read_csv(tmp_path / "run" / "_failures.csv")
    assert listed["stimulus"].tolist() == ["003.png", "008.png"]
    assert sp.read_table(run.path)["stimulus"].nunique() == 8
    again = simulate_to_folder(agent, stimuli(), tmp_path / "run", **how)
    assert again.failures == run.failures
    assert again.n_resumed == 8
    cured = simulate_to_folder(Moody(), stimuli(), tmp_path / "run", n_fixations=3, shard_size=4, retry_failures=True)
    assert cured.failures == {}
    assert cured.n_scanpaths == 10
    with pytest.raises(RuntimeError, match="luck"):
        simulate_to_folder(agent, stimuli(), tmp_path / "strict")


def test_a_whole_shard_of_failures_still_is_a_shard(tmp_path):
    names = [stimulus.name for stimulus in stimuli()]
    how = {"n_fixations": 2, "on_error": "skip"}
    run = simulate_to_folder(Moody(fails_on=names[:4]), stimuli(), tmp_path / "run", shard_size=4, **how)
    assert (run.n_scanpaths, len(run.failures)) == (6, 4)
    assert len(pd.read_parquet(run.path)) == 12
    simulate_to_folder(Moody(fails_on=names), stimuli(), tmp_path / "none", **how)
    assert len(sp.read_table(tmp_path / "none")) == 0


def test_a_worker_that_dies_once_is_replaced(tmp_path):
    (tmp_path / "marks").mkdir()
    agent = Moody(dies_on=["005.png"], marks=tmp_path / "marks")
    run = simulate_to_folder(agent, stimuli(), tmp_path / "run", n_fixations=3, shard_size=3, jobs=2)
    assert run.failures == {}
    quiet = simulate_to_folder(Moody(), stimuli(), tmp_path / "quiet", n_fixations=3, shard_size=3)
    assert shards(run.path) == shards(quiet.path)


@pytest.mark.slow
def test_a_picture_that_kills_every_worker_is_found_and_recorded(tmp_path):
    agent = Moody(dies_on=["005.png"])
    run = simulate_to_folder(agent, stimuli(), tmp_path / "run", n_fixations=3, shard_size=3, jobs=2)
    assert list(run.failures) == [("005.png", "moody", 0)]
    assert "worker process died" in run.failures[("005.png", "moody", 0)]
    table = sp.read_table(run.path)
    assert table["stimulus"].nunique() == 9
    quiet = sp.simulate(Moody(), list(stimuli()), n_fixations=3)
    keep = quiet[quiet["stimulus"] != "005.png"].reset_index(drop=True)
    pd.testing.assert_frame_equal(table, keep)


def test_each_worker_has_an_accelerator_of_its_own(tmp_path):
    agent = Watcher()
    run = simulate_to_folder(
        agent, stimuli(24), tmp_path / "run", n_fixations=2, shard_size=1, accelerators=["test-3", "test-5"]
    )
    assert run.n_scanpaths == 24
    seen = run.table().query("fixation == 1")
    assert set(seen["x_px"]) <= {3, 5}
    assert seen.groupby("y_px")["x_px"].nunique().eq(1).all()  # a process keeps its accelerator
    assert seen.groupby("x_px")["y_px"].nunique().eq(1).all()  # and nobody else has it


class Watcher(RandomAgent):
    """Looks at the number of its accelerator and of its process."""

    def __init__(self):
        super().__init__()
        self.name = "watcher"

    def next_fixation(self, stimulus, history, generator):
        time.sleep(0.05)
        return float(os.environ["CUDA_VISIBLE_DEVICES"][-1]), os.getpid() / 1000.0  # a place, so no large number


def test_two_processes_do_not_write_the_same_run(tmp_path):
    def while_another_one_tries():
        with pytest.raises(InputError, match="Another process is writing"):
            simulate_to_folder(two_agents(), stimuli(2), tmp_path / "run", **SETTINGS)
        yield from stimuli()

    simulate_to_folder(two_agents(), while_another_one_tries(), tmp_path / "run", **SETTINGS)


def test_the_manifest_says_what_the_run_is_and_that_it_is_finished(tmp_path):
    run = simulate_to_folder(two_agents(), stimuli(), tmp_path / "run", **SETTINGS)
    manifest = json.loads((run.path / "_run.json").read_text())
    assert manifest["identity"]["seeds"] == [0, 7]
    assert manifest["finished"] == {"n_failures": 0, "n_fixations": 160, "n_scanpaths": 40, "n_shards": 12}
    assert len((run.path / "_log.jsonl").read_text().splitlines()) == 1


@pytest.mark.parametrize("content", ["", "{", "[]", '{"identity": 3}'])
def test_a_damaged_manifest_is_refused_in_one_sentence(content, tmp_path):
    simulate_to_folder(sp.create_agent("random"), stimuli(), tmp_path, n_fixations=2)
    (tmp_path / "_run.json").write_text(content)
    with pytest.raises(InputError, match="is damaged, so what run it is cannot be told"):
        simulate_to_folder(sp.create_agent("random"), stimuli(), tmp_path, n_fixations=2)


def test_a_run_of_a_few_dozen_pictures_has_several_shards_to_lose_and_to_share(tmp_path):
    sp.simulate(sp.create_agent("random"), stimuli(40), n_fixations=2, out=tmp_path / "run")
    assert len(list((tmp_path / "run").glob("part-*.parquet"))) == 3
    sp.simulate(sp.create_agent("random"), stimuli(40), n_fixations=2, out=tmp_path / "large", shard_size=40)
    assert len(list((tmp_path / "large").glob("part-*.parquet"))) == 1


def test_both_ways_to_simulate_have_the_same_defaults():
    parameters = [inspect.signature(function).parameters for function in (sp.simulate, simulate_to_folder)]
    shared = parameters[0].keys() & parameters[1].keys()
    assert shared >= {"n_fixations", "jobs", "batch_size", "shard_size", "on_error"}
    assert [name for name in shared - {"out"} if len({one[name].default for one in parameters}) > 1] == []


def test_a_run_that_stopped_at_a_picture_is_continued(tmp_path):
    with pytest.raises(RuntimeError, match="luck"):
        simulate_to_folder(Moody(fails_on=["005.png"]), stimuli(), tmp_path / "run", n_fixations=2, shard_size=4)
    run = simulate_to_folder(Moody(), stimuli(), tmp_path / "run", n_fixations=2, shard_size=4)
    assert (run.n_scanpaths, run.n_resumed, run.failures) == (10, 4, {})
