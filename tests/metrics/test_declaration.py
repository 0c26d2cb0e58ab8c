"""A metric is declared in one place and then works wherever metrics do; each test runs in a fresh interpreter."""

import ast
import inspect
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import scanpath.metrics
from scanpath import UndefinedError
from scanpath.metrics import METRICS, REASONS, dtw, multimatch, tde

DECLARATION = """
from math import inf

import numpy as np

from scanpath.metrics import PathPairs, Scores, plain_metric, scanpath_metric


@scanpath_metric(range=(0, inf), direction="distance", symmetric=True, unit="fixations", reference="none")
def length_difference(pairs: PathPairs, *, at_most: int = 100) -> Scores:
    \"\"\"Count the fixations that one scanpath has more than the other.\"\"\"
    n, m = pairs.lengths
    return Scores(np.minimum(np.abs(n - m), at_most)[:, None].astype(float), pairs.faults()[:, None])


@plain_metric(range=(-inf, inf), direction="similarity", reference="none")
def value_at_first(map, xy):
    \"\"\"Read the map at the first fixation.\"\"\"
    column, row = np.floor(np.asarray(xy)[0]).astype(int)
    return float(np.asarray(map)[row, column])
"""

USE = """
import numpy as np
import scanpath as sp

paths = [[(0, 0), (5, 5)], [(1, 1)], []]
values, reasons = sp.metrics.pairwise("length_difference", paths, return_reasons=True, at_most=1)
assert values[0, 1, 0] == 1 and reasons[0, 2, 0] == "empty"
assert {"length_difference", "value_at_first"} <= set(sp.metrics.list_metrics())
metric = sp.metrics.METRICS["length_difference"]
assert metric.function(paths[0], b=paths[1]) == 1.0 and metric.summary.startswith("Count the fixations")
assert (metric.takes, metric.parts, metric.needs) == ("scanpaths", ("value",), ())

people = [
    sp.Scanpath([(2, 3)] * (1 + n), info={"stimulus": name, "subject": f"s{n}"}) for n in range(3) for name in "ab"
]
table = sp.evaluate(people[:2], people, metrics=["length_difference"], pairing="pairwise")
assert table["value"].notna().all()
maps = {"ramp": {name: np.tile(np.arange(8.0), (8, 1)) for name in "ab"}}
table = sp.evaluation.evaluate_maps(maps, people, ["value_at_first"])
assert table["value"][0] == 2.0 and np.isfinite(table["ceiling"][0])
"""

EXTENDS_THE_FOLDER = "import scanpath.metrics, sys; scanpath.metrics.__path__.append(sys.argv[1])"


def run(code, *arguments, **more):
    return subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, timeout=300, **more)


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "own_metrics.py").write_text(DECLARATION)
    return tmp_path


def test_a_metric_of_ones_own_module_works_everywhere_once_it_is_imported(folder):
    done = run("import sys; sys.path.append(sys.argv[1]); import own_metrics\n" + USE, str(folder))
    assert done.returncode == 0, done.stderr


def test_a_new_file_of_the_folder_is_found_with_no_second_place_touched(folder):
    done = run(f"{EXTENDS_THE_FOLDER}\n{USE}\nassert sp.metrics.value_at_first is not None", str(folder))
    assert done.returncode == 0, done.stderr
    done = run(
        f"{EXTENDS_THE_FOLDER}\nfrom scanpath.cli import main; sys.argv[1:] = ['metrics', 'length*']; main()",
        str(folder),
    )
    assert "length_difference" in done.stdout, done.stderr


def test_a_new_file_of_the_folder_is_found_by_its_name_alone(folder):
    code = f"{EXTENDS_THE_FOLDER}\nassert scanpath.metrics.length_difference([(0, 0), (5, 5)], [(1, 1)]) == 1"
    done = run(code, str(folder))
    assert done.returncode == 0, done.stderr


def test_a_metric_of_ones_own_runs_in_a_training_loop(folder):
    pytest.importorskip("torchmetrics")
    code = """
import sys; sys.path.append(sys.argv[1]); import own_metrics
import scanpath as sp
score = sp.evaluation.as_torchmetric("length_difference")
score.update([[(0, 0), (5, 5)]], [[(1, 1)]])
assert score.compute().item() == 1
"""
    done = run(code, str(folder))
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", ["dtw", "pairwise", "nss"])
def test_a_name_that_is_taken_raises(folder, name):
    (folder / "own_metrics.py").write_text(DECLARATION.replace("length_difference", name))
    done = run("import sys; sys.path.append(sys.argv[1]); import own_metrics", str(folder))
    assert f"ValueError: The metric name '{name}' is taken" in done.stderr


def test_declaring_a_function_anew_replaces_it(folder):
    code = "import sys, importlib; sys.path.append(sys.argv[1]); import own_metrics; importlib.reload(own_metrics)"
    assert run(code, str(folder)).returncode == 0


def test_asking_for_one_metric_imports_its_file_alone():
    code = """
import sys
from scanpath.metrics import METRICS
assert METRICS["dtw"].function is sys.modules["scanpath.metrics"].dtw
assert "scanpath.metrics.curves" in sys.modules and "scanpath.metrics.saliency" not in sys.modules
"""
    done = run(code)
    assert done.returncode == 0, done.stderr


def test_the_public_function_is_a_real_one():
    assert str(inspect.signature(dtw)) == "(a, b, *, convention: str = 'sum', normalize: bool = False) -> float"
    assert list(inspect.signature(tde).parameters) == ["simulated", "human", "window", "reduce"]
    assert inspect.signature(multimatch).return_annotation is scanpath.metrics.MultiMatch
    assert pickle.loads(pickle.dumps(dtw)) is dtw  # noqa: S301
    assert dtw.__doc__.startswith("Sum the distances")
    assert dtw.metric is METRICS["dtw"]
    assert dtw(b=[(0, 3)], a=[(0, 0)]) == dtw([(0, 0)], b=[(0, 3)]) == 3.0
    with pytest.raises(TypeError, match="'b'"):
        dtw([(0, 0)])
    with pytest.raises(TypeError, match="window"):
        dtw([(0, 0)], [(0, 0)], window=3)


def test_every_reason_has_a_sentence():
    """Whatever the package's metrics raise `UndefinedError` with is a word of the vocabulary."""
    for path in Path(scanpath.metrics.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "UndefinedError":
                reason = node.args[1]
                if isinstance(reason, ast.Constant):
                    assert reason.value in REASONS, f"{path}:{node.lineno}"


def test_map_metrics_count_their_reasons_by_name():
    with pytest.raises(UndefinedError) as error:
        scanpath.metrics.nss(np.ones((4, 4)), [(1, 1)])
    assert error.value.reason in REASONS


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("MetricSpec", "scanpath.metrics.metric:Metric"),
        ("visions_score", "scanpath.evaluation.visions:visions_score"),
        ("collapse_fixations", "scanpath.evaluation.visions:collapse_fixations"),
        ("performance_by_limit", "scanpath.evaluation.visions:performance_by_limit"),
    ],
)
def test_names_that_moved_still_work(name, place):
    module, attribute = place.split(":")
    with pytest.warns(DeprecationWarning, match=attribute):
        found = getattr(scanpath.metrics, name)
    assert found is getattr(sys.modules[module], attribute)
