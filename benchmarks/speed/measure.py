"""What the speed scripts share: one thread, rounds in turns, figures with their noise and targets, and one JSON.

Import this module before NumPy and torch: it tells their libraries to use one thread, which they read when they load.
"""

import argparse
import importlib.metadata
import json
import os
import platform
import statistics
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ[variable] = "1"

PACKAGES = (
    "numpy", "numba", "scipy", "torch", "torchvision", "triton", "scikit-image", "opencv-python-headless",
    "multimatch-gaze", "tslearn", "similaritymeasures", "POT", "pysaliency",
)  # fmt: skip
#: Seconds of each round, by what was done in it.
Times = dict[str, list[float]]


@dataclass(frozen=True)
class Figure:
    """One measured number beside its target.

    Parameters
    ----------
    name
        What was measured; the same in every run.
    value
        Median over the rounds.
    unit
        "x" for ratios, or "ms", "dB", ...
    noise
        How far the value may be off: half the distance of the rounds' quartiles over the root of their number.
    at_least, at_most
        Target, if there is one. Which of the two is set says which way is better; `lower_is_better` does for
        figures without a target.
    lower_is_better
        Whether a larger value is worse.
    """

    name: str
    value: float
    unit: str = "x"
    noise: float = 0.0
    at_least: float | None = None
    at_most: float | None = None
    lower_is_better: bool = False

    def __post_init__(self) -> None:
        if self.at_most is not None:
            object.__setattr__(self, "lower_is_better", True)

    @property
    def missed(self) -> bool:
        """Whether there is a target and it is not met."""
        low = self.at_least is not None and self.value < self.at_least
        return low or (self.at_most is not None and self.value > self.at_most)

    @property
    def target(self) -> str:
        """The target in words, empty without one."""
        if self.at_least is None and self.at_most is None:
            return ""
        goal = f">= {self.at_least:g}" if self.at_least is not None else f"<= {self.at_most:g}"
        return f"{goal}{'  MISSED' if self.missed else ''}"

    def line(self, width: int = 62) -> str:
        """Print as one row of a table."""
        return f"  {self.name:{width}s}{self.value:10.3g} {self.unit:3s} +- {self.noise:<8.2g} {self.target}".rstrip()


def interleaved(
    work: Mapping[str, Callable[[], object]],
    rounds: int,
    *,
    warm_up: int = 1,
    clock: Callable[[], float] = time.process_time,
) -> Times:
    """Seconds of each piece of work in each round, taken in turns, after rounds that do not count."""
    times: Times = {name: [] for name in work}
    for number in range(-warm_up, rounds):
        for name, function in work.items():
            start = clock()
            function()
            if number >= 0:
                times[name].append(clock() - start)
    return times


def median_ms(times: Times) -> dict[str, float]:
    """Milliseconds of each piece of work, medians over the rounds."""
    return {name: 1e3 * statistics.median(values) for name, values in times.items()}


def median_and_noise(values: Iterable[float]) -> tuple[float, float]:
    """Median, and half the distance of the quartiles over the root of the number of values."""
    values = list(values)
    if len(values) < 2:
        return values[0], 0.0
    low, _, high = statistics.quantiles(values, n=4, method="inclusive")
    return statistics.median(values), (high - low) / 2 / len(values) ** 0.5


def ratio(name: str, above: list[float], below: list[float], **target: Any) -> Figure:
    """Compare two pieces of work of the same rounds: the ratio of their medians, with the rounds' own spread."""
    _, noise = median_and_noise(a / b for a, b in zip(above, below))
    return Figure(name, statistics.median(above) / statistics.median(below), noise=noise, **target)


def milliseconds(name: str, seconds: list[float], **target: Any) -> Figure:
    """Give a time itself, which depends on the machine."""
    value, noise = median_and_noise(1e3 * second for second in seconds)
    return Figure(name, value, "ms", noise, lower_is_better=True, **target)


def machine() -> dict[str, Any]:
    """Facts without which a time means little."""
    versions = {}
    for package in PACKAGES:
        try:
            versions[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            versions[package] = None
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "load": os.getloadavg(),
        "python": platform.python_version(),
        "threads": 1,
        "versions": versions,
    }


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.exists() else []
    named = (line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.processor() or platform.machine())


def parser(doc: str | None, **rounds: int) -> argparse.ArgumentParser:
    """Make the parser that all scripts begin with: ``--json FILE`` and, where given, ``--rounds``."""
    made = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in rounds.items():
        made.add_argument(f"--{name}", type=int, default=default)
    made.add_argument("--json", type=Path, metavar="FILE", help="write the figures, and all that was measured")
    return made


def report(script: str, figures: list[Figure], path: Path | None, **details: Any) -> None:
    """Print figures that have a target or a noise, and write all of it to `path` if there is one."""
    print()
    for figure in figures:
        print(figure.line())
    if path is not None:
        result = {
            "script": Path(script).stem,
            "machine": machine(),
            "figures": [asdict(figure) for figure in figures],
            "details": details,
        }
        part = path.with_name(path.name + ".part")
        part.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
        part.replace(path)


def read_figures(result: Mapping[str, Any]) -> list[Figure]:
    """Return the figures of a written result."""
    return [Figure(**figure) for figure in result["figures"]]
