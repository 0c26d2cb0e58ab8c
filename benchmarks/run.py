"""Run the speed scripts, and say what became slower since the last recorded run on a machine of this kind.

    python benchmarks/run.py [--only foveation metrics ...] [--repeats 3] [--quick] [--record] [--figure FILE.svg]

Each script of ``benchmarks/speed`` runs in a process of its own, several times. A figure's value is the median of the
runs; its noise is the larger of half their range and what the rounds of one run scatter. Something is slower when it
is worse than the record by more than both noises together and by more than five percent. ``--record`` keeps the run in
``benchmarks/speed/records``, one file for each kind of machine (processor, cores, torch), which later runs are compared
with; ``--figure`` draws all ratios beside their targets. Exit status 1 says that something became slower.
"""

import argparse
import json
import re
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import asdict, replace
from pathlib import Path

SPEED = Path(__file__).parent / "speed"
sys.path.insert(0, str(SPEED))

from measure import Figure, machine, read_figures  # noqa: E402

RECORDS = SPEED / "records"
#: Scripts, and what makes them short.
SCRIPTS: dict[str, list[str]] = {
    "foveation": ["--rounds", "3", "--sizes", "512x512"],
    "saliency": ["--rounds", "3"],
    "metrics": ["--rounds", "2", "--pictures", "20"],
    "pooling_windows": ["--rounds", "2", "--steps", "0", "--texture-sides", "256"],
    "eccentricity_pooling": ["--rounds", "2", "--sides", "512"],
    "scenewalk": ["--rounds", "3"],
    "simulation": ["--quick"],
    "first_call": ["--rounds", "2"],
    "neva": ["--rounds", "1", "--fixations", "2", "--pictures", "4"],
    "eccnet": ["--fixations", "3", "--displays", "lighting"],
}
#: Smaller changes are never called slower.
LEAST_CHANGE = 0.05

Results = dict[str, list[Figure]]


def kind_of(facts: Mapping) -> str:
    """Name the kind of a machine: results are compared within one kind only."""
    text = f"{facts['processor']} {facts['cores']} cores torch {facts['versions']['torch']}"
    return re.sub(r"[^a-z0-9.]+", "-", text.lower()).strip("-")


def run_script(name: str, settings: Iterable[str], repeats: int) -> list[Figure]:
    """Run a script several times and join its figures."""
    runs = []
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "figures.json"
        for number in range(repeats):
            print(f"{name}, run {number + 1} of {repeats}", flush=True)
            command = [sys.executable, str(SPEED / f"{name}.py"), *settings, "--json", str(out)]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:
                raise SystemExit(f"{name} ended with status {done.returncode}:\n{done.stderr[-2000:]}")
            runs.append(read_figures(json.loads(out.read_text(encoding="utf-8"))))
    return joined(runs)


def joined(runs: list[list[Figure]]) -> list[Figure]:
    """Median of each figure over the runs, with the noise between runs or within one, whichever is larger."""
    result = []
    for same in zip(*runs, strict=True):
        values = [figure.value for figure in same]
        noise = max((max(values) - min(values)) / 2, *(figure.noise for figure in same))
        result.append(replace(same[0], value=statistics.median(values), noise=noise))
    return result


def slower(now: list[Figure], before: list[Figure]) -> list[tuple[Figure, Figure]]:
    """Pairs (now, before) of figures that are worse by more than both noises."""
    known = {figure.name: figure for figure in before}
    pairs = [(figure, known[figure.name]) for figure in now if figure.name in known]
    return [(new, old) for new, old in pairs if _worse_by(new, old) > max(new.noise + old.noise, _least(old))]


def _worse_by(new: Figure, old: Figure) -> float:
    return new.value - old.value if new.lower_is_better else old.value - new.value


def _least(old: Figure) -> float:
    return LEAST_CHANGE * abs(old.value)


def read_record(path: Path) -> Results:
    """Return the recorded figures by script; none where there is no record."""
    if not path.exists():
        return {}
    scripts = json.loads(path.read_text(encoding="utf-8"))["scripts"]
    return {name: [Figure(**figure) for figure in figures] for name, figures in scripts.items()}


def write_record(path: Path, results: Results, facts: Mapping) -> None:
    """Keep a run; scripts that did not run keep what they had."""
    path.parent.mkdir(exist_ok=True)
    every = {**read_record(path), **results}
    scripts = {name: [_rounded(figure) for figure in every[name]] for name in SCRIPTS if name in every}
    part = path.with_suffix(".part")
    part.write_text(json.dumps({"machine": facts, "scripts": scripts}, indent=1) + "\n", encoding="utf-8")
    part.replace(path)


def _rounded(figure: Figure) -> dict:
    values = asdict(figure)
    return values | {name: float(f"{values[name]:.4g}") for name in ("value", "noise")}


def draw(results: Results, path: Path) -> None:
    """Draw every ratio that has a target, on one logarithmic axis: how many times faster, and what was aimed at."""
    import matplotlib

    matplotlib.use("svg")
    matplotlib.rcParams["svg.hashsalt"] = "scanpath"
    from matplotlib import pyplot

    rows = [
        (f"{script}: {figure.name}", figure)
        for script, figures in results.items()
        for figure in figures
        if figure.unit == "x" and figure.at_least is not None
    ]
    figure, axes = pyplot.subplots(figsize=(9, 1 + 0.21 * len(rows)), layout="constrained")
    for place, (_, row) in enumerate(reversed(rows)):
        color = "tab:red" if row.missed else "tab:blue"
        axes.plot([row.at_least, row.value], [place, place], color=color, linewidth=1, alpha=0.5)
        axes.plot(row.at_least, place, "|", color="0.3", markersize=9)
        axes.errorbar(row.value, place, xerr=row.noise, fmt="o", color=color, markersize=4)
    axes.set_yticks(range(len(rows)), [name for name, _ in reversed(rows)], fontsize=7)
    axes.set_xscale("log")
    axes.set_ylim(-1, len(rows))
    axes.grid(axis="x", alpha=0.3)
    axes.set_xlabel("times the other program's speed, one thread (bar: target; red: missed)")
    figure.savefig(path, metadata={"Date": None})
    pyplot.close(figure)


def main() -> int:
    """Run, compare, record."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=SCRIPTS, default=list(SCRIPTS), metavar="SCRIPT")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--quick", action="store_true", help="few rounds of small cases")
    parser.add_argument("--record", action="store_true", help="what later runs are compared with")
    parser.add_argument("--figure", type=Path, metavar="FILE.svg", help="draw the recorded ratios and these")
    options = parser.parse_args()
    if options.repeats < 1:
        parser.error(f"--repeats must be at least 1, got {options.repeats}")
    if options.quick and options.record:
        parser.error("--quick runs other cases; leave it out with --record")
    if options.figure and not options.figure.parent.is_dir():
        parser.error(f"--figure needs a folder that is there, and {options.figure.parent} is not")
    facts = machine()
    path = RECORDS / f"{kind_of(facts)}.json"
    record = read_record(path)
    results = {name: run_script(name, SCRIPTS[name] * options.quick, options.repeats) for name in options.only}
    worse = 0
    for name, figures in results.items():
        print(f"\n{name}")
        for figure in figures:
            print(figure.line())
        for new, old in slower(figures, record.get(name, [])):
            worse += 1
            print(f"  SLOWER: {new.name}: {new.value:.3g} +- {new.noise:.2g}, was {old.value:.3g} +- {old.noise:.2g}")
    missed = sum(figure.missed for figures in results.values() for figure in figures)
    against = f"{worse} slower than the record" if record else f"no record of this kind of machine ({path.stem})"
    print(f"\n{missed} targets missed; {against}; load {', '.join(f'{load:.1f}' for load in facts['load'])}")
    if options.figure:
        draw({**record, **results}, options.figure)
    if options.record:
        write_record(path, results, facts)
    return 1 if worse else 0


if __name__ == "__main__":
    raise SystemExit(main())
