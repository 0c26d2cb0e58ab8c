import os
import platform
import subprocess
import sys

import pytest

CODE = """
import resource
import numpy as np
from scanpath._core.memory import keep_freed_memory
if {lesson}:
    keep_freed_memory()
def faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt
def maps():
    return [np.ones(1 << 18) for _ in range(8)]
maps()
before = faults()
for _ in range(10):
    maps()
print(faults() - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other C libraries keep freed memory by other rules")
def test_freed_maps_are_used_again():
    def page_faults(lesson):
        # a variable such as the one that Dask sets for its workers fixes what glibc would learn
        free = {name: value for name, value in os.environ.items() if not name.startswith("MALLOC_")}
        command = [sys.executable, "-c", CODE.format(lesson=lesson)]
        return int(subprocess.run(command, env=free, capture_output=True, text=True, check=True).stdout)

    # ten rounds of eight maps of 2 MiB are 40960 pages of 4 KiB, all of them new where freed memory is given back
    assert page_faults(True) < page_faults(False) / 10
