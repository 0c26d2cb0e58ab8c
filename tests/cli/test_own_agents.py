"""Agents that somebody else wrote: by the place they are imported from, and from installed packages."""

import importlib
import os
import subprocess
import sys
from textwrap import dedent

import pandas as pd
import pytest
import torch
from PIL import Image

import scanpath as sp


@pytest.fixture
def stimulus():
    return sp.Stimulus(torch.zeros(1, 40, 60), name="blank", px_per_deg=10)


@pytest.fixture
def laboratory(tmp_path, monkeypatch):
    """A folder with agents of one's own, importable while the test runs."""
    (tmp_path / "our_models.py").write_text(
        dedent(
            """
            import pathlib

            import torch
            import scanpath as sp

            class Corner(sp.Agent):
                \"\"\"Goes to a corner.\"\"\"
                name = "corner"

                def __init__(self, *, inset_px: int = 0):
                    super().__init__()
                    self.inset_px = inset_px

                def next_fixation(self, stimulus, history, generator):
                    return self.inset_px, self.inset_px

            class Mean(torch.nn.Module):
                def forward(self, image):
                    return image.mean(1, keepdim=True)

            def mean(size_px: int = 16):
                return sp.as_agent(Mean(), "mean", size=(size_px, size_px))

            class Stopped(sp.Agent):
                \"\"\"Is stopped by Ctrl-C at a picture as long as there is a file.\"\"\"
                name = "stopped"

                def next_fixation(self, stimulus, history, generator):
                    if stimulus.name == "2.png" and pathlib.Path("stop").exists():
                        raise KeyboardInterrupt
                    return tuple(stimulus.rgb.mean((1, 2))[:2].tolist())

            def unfinished():
                raise KeyError("network")

            def nothing():
                return "no agent"

            ready = Corner()
            """
        )
    )
    (tmp_path / "broken_models.py").write_text("import no_such_library\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield tmp_path
    sys.modules.pop("our_models", None)


def test_an_agent_is_built_from_where_it_is_written(laboratory, stimulus):
    table = sp.simulate(sp.create_agent("our_models:Corner", inset_px=3), stimulus, n_fixations=2)
    assert table["x_px"].tolist() == [30.0, 3.0]
    assert set(table["agent"]) == {"corner"}
    assert sp.create_agent("our_models:mean", size_px=8).settings == {"agent": "our_models:mean", "size_px": 8}


@pytest.fixture
def pictures(laboratory):
    for number in range(4):
        pixels = torch.rand(32, 40, generator=torch.Generator().manual_seed(number)) * 255
        Image.fromarray(pixels.to(torch.uint8).numpy()).save(laboratory / f"{number}.png")
    return [f"{number}.png" for number in range(4)]


def test_the_command_line_takes_it_and_so_does_its_calibration(laboratory, pictures, scanpath):
    agents = ("--agent", "our_models:mean", "--agent", "center")
    found = scanpath("simulate", *agents, "--out", "looks.csv", *pictures, cwd=laboratory)
    assert found.returncode == 0, found.stderr
    table = sp.read_table(laboratory / "looks.csv")
    assert set(table["agent"]) == {"mean", "center"}
    looks = table[table["agent"] == "center"].drop(columns="agent")
    people = [looks.assign(subject=f"s{n}", x_px=(looks["x_px"] + 5 * n) % 40) for n in range(2)]
    sp.write_table(pd.concat(people, ignore_index=True), laboratory / "people.csv")
    fitted = scanpath(
        *("fit", "calibration", "--agent", "our_models:mean", "--people", "people.csv", "--pictures", "."),
        *("--px-per-deg", "10", "--out", "mean.json", "--folds", "2"),
        cwd=laboratory,
    )
    assert fitted.returncode == 0, fitted.stderr
    looked = scanpath(
        "simulate", "--agent", "mean.json", "--fixations", "2", "--px-per-deg", "10", "0.png", cwd=laboratory
    )
    assert looked.returncode == 0, looked.stderr
    study = ("study", "next-fixation", "--data", "people.csv", "--root", ".", "--px-per-deg", "10", "--out", "scores")
    scored = scanpath(*study, "--agents", "our_models:mean,center", cwd=laboratory)
    assert scored.returncode == 0, scored.stderr
    scores = pd.read_csv(laboratory / "scores" / "scores.csv")
    assert {"mean", "center", "center bias"} <= set(scores["agent"])
    assert set(scores["data"]) == {"people"}
    twice = scanpath(*study, "--agents", "our_models:mean,mean.json", cwd=laboratory)
    assert (twice.returncode, twice.stderr.count("\n")) == (2, 1)
    assert "Two of the agents are called 'mean'" in twice.stderr
    lost = scanpath("study", "next-fixation", "--data", "people.csv", cwd=laboratory)
    assert "is a table; give --root FOLDER with its pictures, and --px-per-deg" in lost.stderr
    (laboratory / "our_models.py").unlink()
    sys.modules.pop("our_models")
    importlib.invalidate_caches()
    gone = scanpath("simulate", "--agent", "mean.json", "--px-per-deg", "10", "0.png", cwd=laboratory)
    assert gone.returncode == 2
    assert "mean.json was fitted to the maps of our_models:mean, which is not part of it: There is no" in gone.stderr


def test_ctrl_c_says_whether_the_run_goes_on_and_it_ends_as_an_uninterrupted_one(laboratory, pictures, scanpath):
    agents = ("--agent", "our_models:Stopped", "--agent", "random")
    command = ("simulate", *agents, "--fixations", "3", "--shard-size", "1")
    assert scanpath(*command, "--out", "whole", *pictures, cwd=laboratory).returncode == 0
    (laboratory / "stop").touch()
    lost = scanpath(*command, "--out", "table.csv", *pictures, cwd=laboratory)
    assert (lost.returncode, (laboratory / "table.csv").exists()) == (130, False)
    assert "stopped; nothing was written; a run with --out FOLDER" in lost.stderr
    stopped = scanpath(*command, "--out", "run", *pictures, cwd=laboratory)
    assert stopped.returncode == 130
    assert "stopped; the same command goes on from here" in stopped.stderr
    assert 0 < len(list((laboratory / "run").glob("*.parquet"))) < 8
    (laboratory / "stop").unlink()
    assert scanpath(*command, "--out", "run", *pictures, cwd=laboratory).returncode == 0
    for shard in (laboratory / "whole").glob("*.parquet"):
        assert (laboratory / "run" / shard.name).read_bytes() == shard.read_bytes()


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("no_such_module:Agent", "There is no module 'no_such_module' to import 'no_such_module:Agent' from"),
        ("our_models:Cornr", "The module our_models has no 'Cornr'"),
        ("our_models:Mean", "our_models:Mean is the class Mean, which is no agent; .*as_agent"),
        ("our_models:ready", "an agent that was built already"),
        ("our_models:", "named package.module:name, got 'our_models:'"),
        ("our_models:Corner.inset", "named package.module:name"),
        ("our_models:unfinished", "our_models:unfinished cannot be built: KeyError: 'network'"),
        ("our_models:nothing", "our_models:nothing must return an agent, got str"),
        ("broken_models:Agent", "broken_models imports no_such_library, which is not installed"),
    ],
)
def test_what_cannot_be_an_agent_is_refused_in_one_sentence(laboratory, name, said):
    with pytest.raises(sp.InputError, match=said):
        sp.create_agent(name)


def test_an_installed_package_adds_agents_by_entry_points(laboratory):
    info = laboratory / "our_models-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: our-models\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        "[scanpath.agents]\ncorner = our_models:Corner\nviewer = our_models:Corner\nbroken = broken_models:Agent\n"
    )
    # a process of its own, as packages are looked for once
    program = (
        "import scanpath as sp; from scanpath.agents.catalog import agent_card; print(sp.create_agent('corner').name, "
        "'viewer' in sp.list_agents('view*'), agent_card('corner').claim, agent_card('broken').claim)"
    )
    path = os.pathsep.join([str(laboratory), *sys.path])
    found = subprocess.run(
        [sys.executable, "-c", program], env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True
    )
    assert found.stdout.startswith(
        "corner True Goes to a corner. The agent 'broken' of the installed package our-models"
    )
    assert "'viewer' has a name that is taken" in found.stderr
