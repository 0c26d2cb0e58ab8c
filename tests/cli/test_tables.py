import re

import pandas as pd
import pytest

from scanpath.cli.catalog import metrics
from scanpath.cli.score import _print
from scanpath.cli.tables import print_table
from scanpath.metrics import METRICS, list_metrics


def printed(capsys):
    return [re.sub(r"\x1b\[[0-9;]*m", "", line).rstrip() for line in capsys.readouterr().out.splitlines()]


def test_scores_of_long_names_fit_80_columns_and_break_in_the_agents_alone(monkeypatch, capsys):
    monkeypatch.setenv("FORCE_COLOR", "1")  # as on a terminal
    monkeypatch.setenv("COLUMNS", "80")
    numbers = {"value": 0.81234, "low": -12.3456, "high": 1785.68, "ceiling": 0.8, "n_pictures": 1003}
    about = {"agent": "an agent with a long name", "metric": "multimatch", "part": "direction", "pairing": "any"}
    _print(pd.DataFrame([about | numbers | {"n_undefined": 12}]))
    lines = printed(capsys)
    assert max(map(len, lines)) <= 80
    row = next(line for line in lines if "multimatch.direction" in line)
    assert re.search(r"0\.812 +-12\.3 to 1786 +0\.800 +1003 +12$", row)
    assert "undefined" in lines[0]


def test_a_column_without_undefined_pairs_is_left_out(capsys):
    numbers = {"value": 0.5, "low": 0.4, "high": 0.6, "ceiling": 0.8, "n_pictures": 3, "n_undefined": 0}
    _print(pd.DataFrame([{"agent": "a", "metric": "dtw", "part": "value", "pairing": "any"} | numbers]))
    assert "undefined" not in printed(capsys)[0]


def test_numbers_are_right_aligned_also_where_they_are_written_out(capsys):
    print_table(("name", "n"), [("a", "5"), ("b", "1234")])
    assert printed(capsys) == ["name     n", "a        5", "b     1234"]


def test_names_of_metrics_stay_whole_at_80_columns(monkeypatch, capsys):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "80")
    metrics("*")
    lines = printed(capsys)
    assert max(map(len, lines)) <= 80
    assert {line.split()[0] for line in lines} >= set(list_metrics())
    words = {word.strip(",") for line in lines for word in line.split()}
    assert {need for name in list_metrics() for need in METRICS[name].needs} <= words


@pytest.mark.parametrize("group", [[], ["datasets"], ["stimuli"], ["study"], ["fit"]], ids=str)
def test_no_line_of_a_list_of_commands_is_cut_at_80_columns(scanpath, monkeypatch, group):
    monkeypatch.setenv("COLUMNS", "80")
    lines = scanpath(*group, "--help").stdout.splitlines()
    assert [line for line in lines if line.endswith("...") and "[ARGS]" not in line] == []
