import os
import shutil
import stat
import subprocess
import sys

import numpy as np
import pytest

from scanpath.kernels import compiled as module
from scanpath.kernels.sequences import edit_distance_pairs

SCRIPT = """
import sys
sys.path.insert(0, {folder!r})
import numpy as np
from loops import total
print(total(np.arange(4.0)))
"""
LOOPS = """
from scanpath.kernels.compiled import compiled

@compiled
def total(values):
    result = 0.0
    for value in values:
        result += value
    return result
"""


def test_loops_compile_where_nothing_can_be_written(tmp_path):
    folder = tmp_path / "site-packages"
    folder.mkdir()
    (folder / "loops.py").write_text(LOOPS)
    folder.chmod(stat.S_IRUSR | stat.S_IXUSR)
    blocked = tmp_path / "file"
    blocked.write_text("")
    # no cache beside the source, none in the user's folder: numba has no place left
    surroundings = os.environ | {"HOME": str(blocked), "XDG_CACHE_HOME": str(blocked), "PYTHONDONTWRITEBYTECODE": "1"}
    surroundings.pop("NUMBA_CACHE_DIR", None)
    try:
        command = [sys.executable, "-c", SCRIPT.format(folder=str(folder))]
        done = subprocess.run(command, check=True, env=surroundings, timeout=120, capture_output=True, text=True)
    finally:
        folder.chmod(stat.S_IRWXU)
        shutil.rmtree(folder)
    assert done.stdout == "6.0\n"


def test_a_folder_that_cannot_be_cached_in_is_no_error(monkeypatch):
    def njit(**options):
        def decorate(function):
            if options.get("cache"):
                raise RuntimeError("cannot cache function: no locator available")
            return function

        return decorate

    monkeypatch.setattr(module.numba, "njit", njit)
    assert module.compiled(len) is len


def test_loops_release_the_interpreter_and_divide_as_numpy_does():
    assert edit_distance_pairs.targetoptions["nogil"]

    @module.compiled
    def ratio(a, b):
        return a / b

    assert np.isnan(ratio(0.0, 0.0))
    assert ratio(1.0, 0.0) == np.inf


@pytest.mark.parametrize("jobs", [2, 5])
def test_threads_change_no_number(jobs):
    from scanpath.metrics import pairwise

    words = ["".join(np.random.default_rng(seed).choice(list("abc"), 1 + seed % 9)) for seed in range(40)]
    assert np.array_equal(pairwise("levenshtein", words), pairwise("levenshtein", words, jobs=jobs))
