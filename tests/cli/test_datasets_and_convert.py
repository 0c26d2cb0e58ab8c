import json
import shlex

import pandas as pd
import pytest
import typer

from scanpath.cli import app as application
from scanpath.cli import convert, datasets
from scanpath.cli.advice import as_options
from scanpath.cli.convert import paths_and_settings
from scanpath.datasets.formats.format import FORMATS
from scanpath.gaze.table import read_table


@pytest.fixture(autouse=True, scope="module")
def registered():
    """The two groups are there also where the application does not register them itself."""
    names = {command.name for command in application.app.registered_commands}
    groups = {group.name for group in application.app.registered_groups}
    if "convert" not in names:
        convert.register(application.app)
    if "datasets" not in groups:
        datasets.register(application.app)


def test_a_report_is_converted_and_its_changes_are_told(scanpath, tmp_path):
    fixation = "\t".join(f"CURRENT_FIX_{name}" for name in ("INDEX", "X", "Y", "DURATION"))
    head = f"RECORDING_SESSION_LABEL\tTRIAL_INDEX\t{fixation}\timg\n"
    (tmp_path / "fix.txt").write_text(head + "s1\t1\t1\t200,5\t100\t250\ta.png\ns1\t1\t2\t.\t.\t90\ta.png\n")
    refused = scanpath("convert", tmp_path / "fix.txt", tmp_path / "out.parquet", "--stimulus-column", "img")
    assert refused.returncode == 2
    assert "--picture-at" in refused.stderr
    done = scanpath(
        "convert", tmp_path / "fix.txt", tmp_path / "out.parquet", "--stimulus-column=img", "--picture-at", "100,50"
    )
    assert done.returncode == 0, done.stderr
    assert "dropped: fixations without a position" in done.stdout
    assert pd.read_parquet(tmp_path / "out.parquet")["x_px"].tolist() == [100.5]


def test_settings_of_the_formats_are_listed(scanpath, tmp_path):
    (tmp_path / "a.json").write_text(json.dumps([{"X": [1], "Y": [1]}]))
    done = scanpath("convert", tmp_path / "a.json", tmp_path / "a.bids", "--to", "bids", "--settings")
    lines = done.stdout.splitlines()
    place = next(line for line in lines[lines.index("write bids:") :] if "--picture-at" in line)
    assert place.split(maxsplit=1)[1].endswith(".")


def test_every_setting_of_every_format_says_what_it_means():
    unsaid = [
        (name, setting)
        for name, form in FORMATS.items()
        for way in ("read", "write")
        for setting, meaning in form.meanings(way).items()
        if not meaning
    ]
    assert not unsaid


def test_advice_names_options_that_then_read_the_file(scanpath, tmp_path):
    trial = {"name": "a.jpg", "subject": 1, "task": "cup", "X": [10, 20], "Y": [30, 40], "T": [0.2, 0.3]}
    (tmp_path / "a.json").write_text(json.dumps([trial]))
    said = scanpath("convert", tmp_path / "a.json", tmp_path / "out.csv").stderr
    assert "scanpath convert IN OUT --time-unit s." in said
    done = scanpath("convert", tmp_path / "a.json", tmp_path / "out.csv", "--time-unit", "s")
    assert done.stderr == ""
    assert pd.read_csv(tmp_path / "out.csv")["duration_ms"].tolist() == [200, 300]


@pytest.mark.parametrize(
    ("python", "options", "settings"),
    [
        ("missing=[-99.5]", "--missing -99.5", {"missing": -99.5}),
        ("decimal=','", "--decimal ,", {"decimal": ","}),
        ("columns={'Gaze X': 'x_px', 'Dur': 'duration_ms'}", "--columns 'Gaze X=x_px,Dur=duration_ms'",
         {"columns": {"Gaze X": "x_px", "Dur": "duration_ms"}}),
        ("columns={'their name': 'stimulus'}", "--columns 'their name=stimulus'",
         {"columns": {"their name": "stimulus"}}),
        ("time_unit={'onset_ms': 'us', 'duration_ms': 'ms'}", "--time-unit onset_ms=us,duration_ms=ms",
         {"time_unit": {"onset_ms": "us", "duration_ms": "ms"}}),
        ("screen_px=(1280, 720), y_up=True", "--screen-px 1280,720 --y-up true",
         {"screen_px": [1280, 720], "y_up": True}),
        ("end_message='^image .* off'", "--end-message '^image .* off'", {"end_message": "^image .* off"}),
    ],
)  # fmt: skip
def test_settings_in_advice_are_options_that_are_read_as_they_were_meant(python, options, settings):
    said = as_options(f"read it with read_fixations(path, {python}).", converting=False)
    assert said == f"read it with scanpath convert IN OUT {options}."
    assert paths_and_settings(shlex.split(options)) == ([], settings)


def test_only_settings_of_readers_become_options():
    text = "stride=2 is 'a=b'; give named='end' or frame='px', ..."
    assert as_options(text, converting=False) == text
    assert as_options(text, converting=True) == "stride=2 is 'a=b'; give --named end or --frame px, ..."


def test_unknown_settings_are_refused_with_the_near_ones(scanpath, tmp_path):
    (tmp_path / "a.csv").write_text("stimulus,subject,fixation,x_px,y_px\na,s,0,1,1\n")
    done = scanpath("convert", tmp_path / "a.csv", tmp_path / "a.hdf5", "--time-units", "s")
    assert done.returncode == 2
    assert "Did you mean time_unit" in done.stderr


def test_data_sets_are_listed_and_shown(scanpath):
    assert "coco_search18" in scanpath("datasets", "list").stdout
    shown = scanpath("datasets", "show", "waldo").stdout
    assert "known fault:" in shown
    assert scanpath("datasets", "show", "wldo").returncode == 2


def test_what_may_not_be_downloaded_says_how_to_get_it(scanpath, tmp_path):
    done = scanpath("datasets", "fetch", "mcs", "--root", tmp_path)
    assert done.returncode == 2
    assert "fetched by hand" in done.stderr


def test_the_licence_is_shown_and_must_be_accepted(scanpath, tmp_path):
    done = scanpath("datasets", "fetch", "cat2000", "--root", tmp_path)
    assert done.returncode == 2
    assert "licence: unknown" in done.stderr
    assert "--accept-license" in done.stderr


def test_verifying_what_was_never_fetched_fails(scanpath, tmp_path):
    done = scanpath("datasets", "verify", "cat2000", "--root", tmp_path)
    assert done.returncode == 2
    assert "not fetched" in done.stdout


def test_registering_adds_to_any_application():
    app = typer.Typer()
    convert.register(app)
    datasets.register(app)
    assert [command.name for command in app.registered_commands] == ["convert"]


def test_a_report_is_written_and_needs_nothing_but_the_run(scanpath, tmp_path):
    pd.DataFrame({"stimulus": ["a"], "agent": ["x"], "fixation": [0], "x_px": [1.0], "y_px": [2.0]}).to_csv(
        tmp_path / "run.csv", index=False
    )
    done = scanpath("report", tmp_path / "run.csv", "--out", tmp_path / "report.html")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "report.html").read_text().startswith("<!doctype html>")
    refused = scanpath(
        "report", tmp_path / "run.csv", "--out", tmp_path / "r.html", "--dataset", "osie", "--human", "x"
    )
    assert refused.returncode == 2


def test_an_eye_trackers_export_is_recognized_and_asks_for_what_it_does_not_store(scanpath, tmp_path):
    path = tmp_path / "User 0_fixations.csv"
    path.write_text("MEDIA_NAME,FPOGX,FPOGY,FPOGS,FPOGD,FPOGID,FPOGV,\na.png,0.25,0.25,0.01,0.21,1,1,\n")
    given = []
    for asked, *more in (
        ("--subject ", "--subject", "u1"),
        ("--screen-px ", "--screen-px", "1280x720"),
        ("--picture-at ", "--picture-at", "screen"),
    ):
        done = scanpath("convert", path, tmp_path / "out.csv", *given)
        assert done.returncode == 2
        assert asked in done.stderr
        given += more
    done = scanpath("convert", path, tmp_path / "out.csv", *given)
    assert "(gazepoint) ->" in done.stdout
    assert "'FPOGX' to x_px" in done.stdout
    assert "a.png,u1,,0,319.5,179.5,10.0,210.0" in (tmp_path / "out.csv").read_text()


def test_any_table_is_converted_by_what_is_said_of_it(scanpath, tmp_path):
    path = tmp_path / "own.txt"
    path.write_text("Bild;Person;X;Y;Dauer;Art\na.png;s1;10,5;20;0,2;FIXA\na.png;s1;30;40;0,1;SACC\n")
    columns = "Bild=stimulus,Person=subject,X=x_px,Y=y_px,Dauer=duration_ms"
    done = scanpath(
        "convert", path, tmp_path / "out.csv", "--columns", columns, "--time-unit", "s", "--only", "Art=FIXA"
    )
    assert done.returncode == 0, done.stderr
    assert "a.png,s1,,0,10.5,20.0,,200.0,FIXA" in (tmp_path / "out.csv").read_text()


@pytest.mark.parametrize("name", ["1e5", "null", "true", "12x34", "1,2", "[7]", "1.0"])
def test_a_name_is_what_it_is_written_as(scanpath, tmp_path, name):
    (tmp_path / "own.txt").write_text("X;Y\n1;2\n3;4\n")
    done = scanpath(
        "convert", tmp_path / "own.txt", tmp_path / "out.csv",
        "--columns", "X=x_px,Y=y_px", "--subject", name, "--stimulus", name,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    table = read_table(tmp_path / "out.csv")
    assert table[["subject", "stimulus"]].values.tolist() == [[name, name]] * 2


@pytest.mark.parametrize("source", [".", "own.csv"])
def test_a_recording_is_never_overwritten_by_its_own_conversion(scanpath, tmp_path, source):
    recording = "Bild,X,Y\na.png,1,2\n"
    (tmp_path / "own.csv").write_text(recording)
    done = scanpath("convert", source, "./own.csv", "--columns", "Bild=stimulus,X=x_px,Y=y_px", cwd=tmp_path)
    assert done.returncode == 2
    assert "give another name" in done.stderr
    assert (tmp_path / "own.csv").read_text() == recording


def test_several_exports_become_one_table(scanpath, tmp_path):
    for name in ("P1", "P2"):
        (tmp_path / f"{name}.tsv").write_text("Bild\tX\tY\na.png\t10\t20\na.png\t30\t40\n")
    given = ("--columns", "Bild=stimulus,X=x_px,Y=y_px")
    done = scanpath("convert", *given, "P1.tsv", "P2.tsv", "out.csv", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "P1.tsv and 1 more (table) -> out.csv (csv): 4 fixations in 2 scanpaths" in done.stdout
    again = scanpath("convert", *given, "P1.tsv", "P2.tsv", "out.csv", cwd=tmp_path)
    assert again.returncode == 2
    assert "is there already" in again.stderr
    assert "given twice" in scanpath("convert", "P1.tsv", "o.csv", *given, *given, cwd=tmp_path).stderr
    assert "convert IN OUT" in scanpath("convert", "P1.tsv", cwd=tmp_path).stderr
