import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image


def one_sentence(done):
    """The command failed on its input with one line for people and no traceback."""
    assert done.returncode == 2, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    lines = [line for line in done.stderr.splitlines() if line.startswith("scanpath: ")]
    assert len(lines) == 1, done.stderr
    return lines[0]


@pytest.fixture
def photo(tmp_path):
    path = tmp_path / "photo.png"
    values = np.random.default_rng(0).integers(0, 256, (96, 128, 3), dtype=np.uint8)
    Image.fromarray(values).save(path)
    return path


@pytest.fixture
def people(tmp_path):
    rng = np.random.default_rng(1)
    rows = [
        {"stimulus": "photo.png", "subject": f"s{s}", "fixation": i, "x_px": x, "y_px": y, "duration_ms": 200 + 10 * s}
        for s in range(4)
        for i, (x, y) in enumerate(rng.uniform(0, 96, (6, 2)).round(1))
    ]
    path = tmp_path / "people.csv"
    pd.DataFrame(rows).to_csv(path, index=False)
    return path


def test_demo_writes_a_figure_and_a_table(scanpath, tmp_path):
    done = scanpath("demo", "--out", tmp_path / "demo")
    assert done.returncode == 0, done.stderr
    assert "eccnet" in done.stdout
    assert "random" in done.stdout
    with Image.open(tmp_path / "demo" / "scanpaths.png") as figure:
        assert figure.size[0] > 800
    table = pd.read_parquet(tmp_path / "demo" / "fixations.parquet")
    assert set(table["agent"]) == {"eccnet", "ivsn.gupta2021", "random"}


def test_simulate_then_score(scanpath, tmp_path, photo, people):
    out = tmp_path / "run.parquet"
    done = scanpath("simulate", "--agent", "random", "--agent", "center", "--fixations", 6, "--out", out, photo)
    assert done.returncode == 0, done.stderr
    assert len(pd.read_parquet(out)) == 12
    scored = scanpath("score", out, people, "--metrics", "multimatch,scanmatch", "--figure", tmp_path / "scores.png")
    assert scored.returncode == 0, scored.stderr
    assert "scanmatch" in scored.stdout
    assert (tmp_path / "scores.png").stat().st_size > 0


def test_score_names_the_pictures_that_only_people_looked_at(scanpath, tmp_path):
    names = ["a", "b", "c", "d", "E"]
    people = pd.DataFrame([(name, who, n, 4 + 9.0 * n, 5.0 * n) for name in names for who in "st" for n in range(4)])
    people.columns = ["stimulus", "subject", "fixation", "x_px", "y_px"]
    agent = people[people["stimulus"] == "a"].drop(columns="subject").assign(agent="mine").iloc[:4]
    people.to_csv(tmp_path / "people.csv", index=False)
    agent.to_csv(tmp_path / "agent.csv", index=False)
    done = scanpath("score", "agent.csv", "people.csv", "--metrics", "dtw", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "4 of 5 pictures that people looked at were not simulated: 'E', 'b', 'c' and 1 more." in done.stderr


def test_score_as_json_is_json_with_provenance(scanpath, tmp_path, photo, people):
    import json

    out = tmp_path / "run.csv"
    assert scanpath("simulate", "--agent", "random", "--out", out, photo).returncode == 0
    done = scanpath("score", out, people, "--metrics", "scanmatch", "--screen-px", "128x96", "--json")
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert result["scores"][0]["metric"] == "scanmatch"
    assert "within stimulus" in result["scores"][0]["pairing"]
    assert result["provenance"]


def test_figures_can_be_vectors(scanpath, tmp_path, photo):
    command = ["simulate", "--agent", "random", "--figures", tmp_path / "drawn", "--figure-format"]
    assert scanpath(*command, "svg", photo).returncode == 0
    (figure,) = (tmp_path / "drawn").iterdir()
    assert figure.suffix == ".svg"
    wrong = scanpath(*command, "docx", photo)
    assert wrong.returncode == 2
    assert "figure-format" in wrong.stderr.replace("_", "-")


def test_without_out_the_table_goes_to_stdout(scanpath, photo):
    done = scanpath("simulate", "--agent", "random", "--fixations", 3, photo)
    assert done.returncode == 0
    assert done.stdout.splitlines()[0].startswith("dataset,stimulus,subject")
    assert len(done.stdout.splitlines()) == 4


def test_the_same_seed_gives_the_same_bytes(scanpath, photo):
    runs = [scanpath("simulate", "--agent", "random", "--seed", 5, "--jobs", jobs, photo).stdout for jobs in (1, 2)]
    assert runs[0] == runs[1] != ""


def test_a_bad_picture_in_a_folder_is_named_and_skipped(scanpath, tmp_path, photo):
    (tmp_path / "broken.jpg").write_bytes(b"not a picture")
    done = scanpath("simulate", "--agent", "random", "--out", tmp_path / "run.parquet", tmp_path)
    assert done.returncode == 0, done.stderr
    assert "skipped broken.jpg" in done.stderr
    assert set(pd.read_parquet(tmp_path / "run.parquet")["stimulus"]) == {"photo.png"}


def test_figures_are_drawn(scanpath, tmp_path, photo):
    done = scanpath("simulate", "--agent", "random", "--figures", tmp_path / "figures", photo)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "figures" / "photo_random.png").stat().st_size > 1000


def test_pictures_that_differ_in_their_ending_have_a_figure_each(scanpath, tmp_path, photo):
    Image.open(photo).save(tmp_path / "photo.bmp")
    done = scanpath("simulate", "--agent", "random", "--figures", tmp_path / "figures", photo, tmp_path / "photo.bmp")
    assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in (tmp_path / "figures").iterdir()) == [
        "photo.bmp_random.png",
        "photo.png_random.png",
    ]


def test_a_folder_of_which_nothing_can_be_looked_at_is_an_error_and_keeps_the_older_table(scanpath, tmp_path, photo):
    out = tmp_path / "run.parquet"
    out.write_text("older")
    done = scanpath("simulate", "--agent", "eccnet", "--backbone", "steerable", "--out", out, tmp_path)
    assert "None of the pictures could be looked at" in one_sentence(done)
    assert "skipped photo.png: eccnet looks for a target" in done.stderr
    assert out.read_text() == "older"


def test_a_backbone_goes_to_the_agents_that_have_one(scanpath, tmp_path, photo):
    agents = ["--agent", "eccnet", "--agent", "random", "--backbone", "steerable"]
    done = scanpath("simulate", *agents, "--fixations", 2, "--target-box", "30,20,16,16", photo)
    assert done.returncode == 0, done.stderr


def test_a_table_is_not_written_over_a_folder(scanpath, tmp_path, photo):
    (tmp_path / "run.parquet").mkdir()
    done = scanpath("simulate", "--agent", "random", "--out", tmp_path / "run.parquet", photo)
    assert "run.parquet is a folder" in one_sentence(done)


def test_a_seed_that_no_table_holds_is_wrong_use(scanpath, photo):
    done = scanpath("simulate", "--agent", "random", "--seed", 2**63, photo)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["simulate", "--agent", "ecnet", "PHOTO"], "Did you mean eccnet"),
        (["simulate", "--agent", "random", "--jobs", "0", "PHOTO"], "--jobs must be"),
        (["simulate", "--agent", "random", "--backbone", "steerable", "PHOTO"], "random has none"),
        (["simulate", "--agent", "random", "--weights", "none.pth", "PHOTO"], "random has none"),
        (["simulate", "--backbone", "steerable", "--set", "levels=3", "PHOTO"], "levels must be some of 3, 4 and 5"),
        (
            ["simulate", "--backbone", "steerable", "--set", "device=moon", "PHOTO"],
            "The device 'moon' cannot be used here",
        ),
        (["simulate", "--agent", "random", "--set", "found_rule=box", "PHOTO"], "found_rule must be"),
        (["simulate", "--agent", "random", "none.png"], "no picture at none.png"),
        (["simulate", "--agent", "random", "--agent", "random", "PHOTO"], "--agent random is given twice"),
        (["simulate", "--agent", "random"], "Give pictures"),
        (["simulate", "--agent", "random", "--out", "run.txt", "PHOTO"], "must end in .parquet or .csv"),
        (
            ["simulate", "--agent", "random", "--fixations", "0", "PHOTO"],
            "--fixations must be a whole number of at least 1, got 0.",
        ),
        (["simulate", "--agent", "random", "--px-per-deg", "-3", "PHOTO"], "--px-per-deg must be"),
        (["simulate", "--agent", "random", "--target-box", "1,2,3", "PHOTO"], "x,y,width,height"),
        (["simulate", "--agent", "random", "--target-box", "0,0,900,9", "PHOTO"], "does not lie inside"),
        (["simulate", "--agent", "random", "--set", "spred=2", "PHOTO"], "No setting of agent 'random'"),
        (
            ["simulate", "--agent", "eccnet", "--backbone", "steerable", "PHOTO"],
            "give --target PICTURE or --target-box.",
        ),
        (["simulate", "--agent", "random", "--dataset", "interiorz"], "Did you mean interiors"),
        (["simulate", "--agent", "random", "--dataset", "interiors", "--root", "/nowhere"], "/nowhere"),
        (["simulate", "--agent", "random", "--fixations", "x", "PHOTO"], "--fixations must be a whole number"),
        (["simulate", "--agent", "random", "--figure-format", "bmp", "PHOTO"], "No --figure-format is named 'bmp'"),
        (["simulate", "--agent", "oat", "PHOTO"], "give --objects FILE"),
        (["simulate", "--agent", "nevaclip", "PHOTO"], "give --caption TEXT."),
        (["simulate", "--agnt", "random", "PHOTO"], "--agent"),
        (["simulat", "PHOTO"], "Did you mean 'simulate'"),
        (["foveate", "PHOTO", "seen.png", "--at", "1,2", "--px-per-deg", "6", "--strength", "0"], "--strength must be"),
        (["convert", "PEOPLE", "o.csv", "--columns", "X"], "--columns must be pairs such as 'their name=x_px', got"),
        (["convert", "PHOTO", "o.csv"], "name it with --from, one of"),
        (["convert", "PEOPLE", "o.xyz"], "name it with --to."),
        (["fit", "viewer", "--people", "PEOPLE"], "(scanpath fit viewer --help lists what there is)"),
        (["doctor", "x"], "scanpath doctor --help"),
        (["score", "none.parquet", "PEOPLE"], "no table at none.parquet"),
        (["score", "PEOPLE", "PEOPLE", "--metrics", "multimach"], "Did you mean multimatch"),
        (["score", "PEOPLE", "PEOPLE", "--metrics", ""], "--metrics is empty"),
        (["score", "PEOPLE"], "Give the people's table"),
        (["score", "PHOTO", "PEOPLE"], "give a .parquet or .csv"),
        (["score", "PEOPLE", "PEOPLE", "--metrics", "scanmatch"], "give --screen-px WIDTHxHEIGHT."),
        (["score", "PEOPLE", "PEOPLE", "--screen-px", "wide"], "WIDTHxHEIGHT"),
    ],
    ids=lambda value: " ".join(value)[:60] if isinstance(value, list) else None,
)
def test_bad_input_is_one_sentence_and_leaves_nothing(scanpath, tmp_path, photo, people, arguments, message):
    before = sorted(path.name for path in tmp_path.iterdir())
    names = {"PHOTO": photo.name, "PEOPLE": people.name}
    done = scanpath(*(names.get(argument, argument) for argument in arguments), cwd=tmp_path)
    assert message in one_sentence(done)
    assert sorted(path.name for path in tmp_path.iterdir()) == before


def test_a_table_without_a_column_is_named(scanpath, tmp_path, people):
    table = pd.read_csv(people).drop(columns="x_px")
    table.to_csv(tmp_path / "cut.csv", index=False)
    assert "cut.csv has no column 'x_px'" in one_sentence(scanpath("score", tmp_path / "cut.csv", people))


def test_nan_fixations_are_refused(scanpath, tmp_path, people):
    table = pd.read_csv(people)
    table.loc[3, "x_px"] = np.nan
    table.to_csv(tmp_path / "nan.csv", index=False)
    assert "x_px is missing in 1 row(s), first in row 3" in one_sentence(
        scanpath("score", tmp_path / "nan.csv", people)
    )


@pytest.mark.parametrize("command", ["agents", "metrics", "doctor", "--version", "--help"])
def test_listings_work(scanpath, command):
    done = scanpath(command)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()


def test_agents_are_listed_with_their_papers(scanpath):
    listed = scanpath("agents", "*net*").stdout
    assert "eccnet: Gupta et al. (2021)" in listed.splitlines()
    assert max(map(len, listed.splitlines())) <= 80


def test_the_doctor_lists_weights_and_nothing_else(scanpath, tmp_path, monkeypatch):
    for name in ("vgg16.safetensors", "resnet18-f37072fd.pth", "README.md"):
        (tmp_path / name).touch()
    monkeypatch.setenv("SCANPATH_WEIGHTS", str(tmp_path))
    listed = scanpath("doctor").stdout
    assert "vgg16.safetensors" in listed
    assert "resnet18-f37072fd.pth" in listed
    assert "README.md" not in listed


def test_real_pictures_from_a_data_set(scanpath, shared, tmp_path):
    out = tmp_path / "run.parquet"
    root = shared / "data" / "interiors"
    done = scanpath("simulate", "--agent", "random", "--dataset", "interiors", "--root", root, "--out", out)
    assert done.returncode == 0, done.stderr
    assert pd.read_parquet(out)["stimulus"].nunique() == 60
    scored = scanpath("score", out, "--dataset", "interiors", "--root", root, "--metrics", "scanmatch", "--jobs", 2)
    assert scored.returncode == 0, scored.stderr
    assert "60" in scored.stdout


@pytest.mark.filterwarnings("always")
@pytest.mark.parametrize("command", ["score", "report"])
def test_what_is_doubtful_in_a_table_is_said_once(scanpath, tmp_path, command):
    rows = [("a.png", name, k, 9.0 * k, 5.0, 0.2) for name in ("s1", "s2") for k in range(4)]
    seconds = pd.DataFrame(rows, columns=["stimulus", "subject", "fixation", "x_px", "y_px", "duration_ms"])
    seconds.to_csv(tmp_path / "people.csv", index=False)
    seconds.assign(duration_ms=250.0, agent="mine").to_csv(tmp_path / "run.csv", index=False)
    people = ["people.csv"] if command == "score" else ["--human", "people.csv"]
    done = scanpath(command, "run.csv", *people, "--metrics", "dtw", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("durations are below") == 1


def test_the_exit_code_reaches_the_shell():
    command = [sys.executable, "-c", "from scanpath.cli import main; main()", "score", "none.csv", "none.csv"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 2
    assert done.stderr == "scanpath: There is no table at none.csv; check the path.\n"
    assert done.stdout == ""


def test_figures_of_pictures_with_a_path_in_their_name_stay_in_their_folder():
    from scanpath.cli.simulate import _stem

    names = ["../a.png", "../../a.png", "b/..", "a b.png", "x/y.jpg"]
    stems = [_stem(name, names) for name in names]
    assert len(set(stems)) == len(names)
    for stem in stems:
        assert (Path("figures") / f"{stem}_agent.png").parent == Path("figures")
    assert stems[3:] == ["a b", "y"]


def test_control_codes_in_names_do_not_reach_the_terminal(scanpath, tmp_path, people):
    line = one_sentence(scanpath("score", tmp_path / "a\x1b[31mb\u202e.csv", people, "--metrics", "dtw"))
    assert line.isprintable()
    assert "[31mb" in line


@pytest.mark.parametrize("floors", ["both", "shuffled,center", "center"])
def test_both_floors_are_scored_where_both_are_asked_for(scanpath, tmp_path, people, floors):
    table = pd.read_csv(people)
    pd.concat([table, table.assign(stimulus="other.png")]).to_csv(people, index=False)
    done = scanpath("score", people, people, "--metrics", "levenshtein", "--screen-px", "96x96", "--floors", floors)
    assert done.returncode == 0, done.stderr
    assert ("floor: shuffled" in done.stdout) == (floors != "center")
    assert "floor: center" in done.stdout


def test_an_agent_that_finds_its_target_is_not_said_to_stop_early(scanpath, photo):
    done = scanpath("simulate", "--agent", "random", "--target-box", "0,0,128,96", photo)
    assert done.stdout.count("photo.png") == 1
    assert "ended" not in done.stderr
