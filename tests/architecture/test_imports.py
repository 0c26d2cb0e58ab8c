import ast
import subprocess
import sys
from pathlib import Path

import pytest

import scanpath

PACKAGE = Path(scanpath.__file__).parent
SOURCES = sorted(PACKAGE.rglob("*.py"))


def run(code):
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=True)
    return done.stdout.strip()


def test_importing_the_package_loads_nothing_heavy():
    heavy = [
        "torch",
        "torchvision",
        "numpy",
        "pandas",
        "matplotlib",
        "scipy",
        "numba",
        "skimage",
        "typer",
        "open_clip",
        "pyarrow",
    ]
    loaded = run(f"import sys, scanpath; print([name for name in {heavy} if name in sys.modules])")
    assert loaded == "[]"


def test_importing_the_package_is_quick():
    # the best of three, so that a busy machine does not fail the test
    code = "import time; start = time.perf_counter(); import scanpath; print(time.perf_counter() - start)"
    assert min(float(run(code)) for _ in range(3)) < 0.25


def test_the_command_line_shows_help_without_torch():
    code = (
        "import sys; from scanpath.cli import main; sys.argv = ['scanpath', '--help']\n"
        "try: main()\nexcept SystemExit: pass\nprint('torch' in sys.modules)"
    )
    assert run(code).endswith("False")


def test_metrics_need_no_torch():
    assert run("import sys; import scanpath.metrics as m; m.multimatch; print('torch' in sys.modules)") == "False"


@pytest.mark.parametrize("name", sorted(scanpath.__all__))
def test_every_public_name_exists_and_is_documented(name):
    thing = getattr(scanpath, name)
    assert (thing.__doc__ or "").strip(), f"scanpath.{name} has no docstring"


def test_no_global_seeds():
    """A library may seed the global generator only inside a fork that puts the old state back."""
    forbidden = ("torch.manual_seed", "np.random.seed", "numpy.random.seed", "random.seed")
    for path in SOURCES:
        tree = ast.parse(path.read_text())
        forks = [
            node
            for node in ast.walk(tree)
            if isinstance(node, ast.With) and any("fork_rng" in ast.unparse(item) for item in node.items)
        ]
        forked = {id(call) for fork in forks for call in ast.walk(fork)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in forbidden:
                assert id(node) in forked, f"{path}:{node.lineno}"


def test_no_pickle_eval_or_shell():
    for path in SOURCES:
        tree = ast.parse(path.read_text())
        for node in ast.walk(tree):
            if isinstance(node, ast.Import | ast.ImportFrom):
                names = [alias.name for alias in node.names] + [getattr(node, "module", None) or ""]
                if path.name != "workers.py":  # which sends agents to its own worker processes, as joblib does
                    assert not {"pickle", "dill", "cloudpickle", "shelve"} & set(names), path
            if isinstance(node, ast.Call):
                name = ast.unparse(node.func)
                assert name not in ("eval", "exec", "os.system"), path
                if name == "torch.load":
                    safe = [word for word in node.keywords if word.arg == "weights_only"]
                    assert safe, f"{path}: torch.load without weights_only=True"
                    assert ast.unparse(safe[0].value) == "True", path
                assert not any(word.arg == "shell" for word in node.keywords), path


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_sizes_stay_readable(path):
    text = path.read_text()
    assert len(text.splitlines()) <= 500, f"{path} holds a second idea: over 500 lines"
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0]
            documented = isinstance(first, ast.Expr) and isinstance(getattr(first, "value", None), ast.Constant)
            start = node.body[1].lineno if documented and len(node.body) > 1 else first.lineno
            assert node.end_lineno - start < 50, f"{path}: {node.name} is over 50 lines"


def test_no_dumping_grounds():
    names = {path.stem for path in SOURCES} | {path.name for path in PACKAGE.rglob("*") if path.is_dir()}
    assert not names & {"utils", "helpers", "common", "misc", "tools"}


def test_the_datasets_folder_shadows_no_package():
    folder = PACKAGE.parent / "datasets"
    if not folder.is_dir():
        pytest.skip("installed without the repository")
    assert not list(folder.glob("*.py"))
