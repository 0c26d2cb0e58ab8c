"""What `scanpath score` says of several agents."""

import json

import numpy as np
import pandas as pd
import pytest


@pytest.fixture
def tables(tmp_path):
    rng = np.random.default_rng(0)
    pictures = [f"{k}.png" for k in range(8)]
    places = {name: rng.uniform(40, 260, (5, 2)) for name in pictures}

    def rows(column, who, scatter_px, stray=1.0):
        for name in pictures:
            for n, (x, y) in enumerate(places[name] * stray + rng.normal(0, scatter_px, (5, 2))):
                yield {"stimulus": name, column: who, "fixation": n, "x_px": x, "y_px": y}

    people = [row for k in range(4) for row in rows("subject", f"s{k}", 8)]
    agents = [*rows("agent", "near", 10), *rows("agent", "near, too", 10), *rows("agent", "far", 120)]
    pd.DataFrame(people).to_csv(tmp_path / "people.csv", index=False)
    pd.DataFrame(agents).to_csv(tmp_path / "agents.csv", index=False)
    return ["agents.csv", "people.csv"]


def test_two_agents_or_more_are_compared_in_a_table_and_in_words(scanpath, tables, tmp_path):
    done = scanpath("score", *tables, "--metrics", "dtw", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    words = " ".join(done.stdout.split())
    assert "In dtw (px, lower is better; 8 pictures), no difference was found between near and near, too (" in words
    assert "near was better than far by" in words
    assert "Holm-corrected for 3 comparisons" in words
    assert sum(line.lstrip().startswith(("near", "dtw")) and " - " in line for line in done.stdout.splitlines()) == 3
    assert "noise" not in done.stdout


def test_one_agent_is_not_compared(scanpath, tables, tmp_path):
    table = pd.read_csv(tmp_path / "agents.csv")
    table[table["agent"] == "near"].to_csv(tmp_path / "agents.csv", index=False)
    done = scanpath("score", *tables, "--metrics", "dtw", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "Holm" not in done.stdout
    assert scanpath("score", *tables, "--metrics", "dtw", "--mixed", cwd=tmp_path).returncode == 2


def test_json_holds_differences_sentences_mixed_models_and_noise(scanpath, tables, tmp_path):
    pytest.importorskip("statsmodels")
    more = ["--mixed", "--noise-deg", "0.5,1", "--px-per-deg", 30, "--repeats", 2, "--json"]
    done = scanpath("score", *tables, "--metrics", "dtw", *more, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert {row["other"] for row in result["differences"]} == {"near, too", "far"}
    assert len(result["sentences"]) == 2
    assert [row["n"] for row in result["mixed_model"]] == [32, 32, 32]
    assert {row["noise_deg"] for row in result["noise"]} == {0.5, 1.0}


def test_noise_and_mixed_models_are_printed_at_80_columns(scanpath, tables, tmp_path):
    pytest.importorskip("statsmodels")
    more = ["--mixed", "--noise-deg", "0.5,1", "--px-per-deg", 30, "--repeats", 2]
    done = scanpath("score", *tables, "--metrics", "dtw", *more, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "Mixed model, pictures and people both random" in done.stdout
    assert "% at 0.5 deg" in done.stdout
    assert "all: Kendall's tau" in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--noise-deg", "1"], "give --px-per-deg"),
        (["--noise-deg", "0,1", "--px-per-deg", 30], "positive numbers of degrees"),
        (["--noise-deg", "much", "--px-per-deg", 30], "positive numbers of degrees"),
        (["--noise-deg", "1", "--px-per-deg", 0], "px_per_deg"),
        (["--noise-deg", "1", "--px-per-deg", 30, "--repeats", 0], "repeats"),
    ],
)
def test_wrong_use_is_one_sentence(scanpath, tables, tmp_path, options, said):
    done = scanpath("score", *tables, "--metrics", "dtw", *options, cwd=tmp_path)
    assert done.returncode == 2
    (line,) = done.stderr.strip().splitlines()
    assert said in line.replace("--px-per-deg", "px_per_deg") or said in line
