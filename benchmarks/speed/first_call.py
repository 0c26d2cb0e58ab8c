"""What a new process waits for: imports, the first foveated picture, the help of the command line.

    python benchmarks/speed/first_call.py [--rounds 5] [--json FILE]

Each time is the wall time of a new process less that of Python alone, in turns; the first picture's is taken inside a
process that has imported torch. Compiled code is found where an earlier process left it, but in the last row, where the
first picture of an installation is also compiled, once.
"""

import measure  # first, as it pins the threads before NumPy and its friends look

# isort: split

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping

IMPORT, FIRST_MS = "import scanpath", 1500
#: Prints the seconds of a first and of a second picture.
PICTURE = """
import time, torch, scanpath
image = torch.rand(3, 512, 512)
for _ in range(2):
    start = time.perf_counter()
    scanpath.foveated_blur(image, (200.0, 300.0), px_per_deg=30)
    print(time.perf_counter() - start)
"""


def wall(*arguments: str) -> float:
    """Seconds of a new Python process."""
    start = time.perf_counter()
    subprocess.run([sys.executable, *arguments], check=True, capture_output=True)
    return time.perf_counter() - start


def first_picture(environment: Mapping[str, str]) -> tuple[float, float]:
    """Seconds of the first and the second picture of a new process."""
    done = subprocess.run(
        [sys.executable, "-c", PICTURE], env={**os.environ, **environment}, check=True, capture_output=True, text=True
    )
    first, second = map(float, done.stdout.split())
    return first, second


def main() -> None:
    parser = measure.parser(__doc__, rounds=5)
    options = parser.parse_args()
    programs = {
        "import torch": ("-c", "import torch"),
        IMPORT: ("-c", IMPORT),
        "scanpath --help": ("-c", "from scanpath.cli import main; main()", "--help"),
    }
    alone: list[float] = []
    times: dict[str, list[float]] = {name: [] for name in programs}
    pictures: list[tuple[float, float]] = []
    for _ in range(options.rounds + 1):
        alone.append(wall("-c", "pass"))
        for name, arguments in programs.items():
            times[name].append(wall(*arguments) - alone[-1])
        pictures.append(first_picture({}))
    figures = [measure.milliseconds(name, values[1:]) for name, values in times.items()]  # the first round fills caches
    firsts, seconds = ([one[place] for one in pictures[1:]] for place in (0, 1))
    figures.append(measure.milliseconds("first foveated_blur of a process", firsts, at_most=FIRST_MS))
    figures.append(measure.milliseconds("second foveated_blur", seconds))
    with tempfile.TemporaryDirectory() as empty:
        compiled, _ = first_picture({"NUMBA_CACHE_DIR": empty})
    figures.append(measure.milliseconds("first foveated_blur of an installation", [compiled]))
    measure.report(__file__, figures, options.json)


if __name__ == "__main__":
    main()
