"""What a run costs beside the agent's own work: overhead, memory, workers, resuming.

    python benchmarks/speed/simulation.py [--quick] [--json FILE]

Overhead is the process time of a run of a nearly free agent minus that of its episodes alone, per episode, with the
same stimuli, interleaved, medians. Memory is the peak resident size of a fresh process that runs the given number of
pictures (files, read one after another). Efficiency is the wall time with one process over twice that with two, of
runs whose workers are up, interleaved; the machine's load while it was measured is printed, because other
people's work lowers it; efficiency by processor time takes the busiest process for the length of the run; with the
parent, which is a third process where there are two cores, the clock can show the processor time with one process
over that of all three at most. The cost of a shard is that of finishing a run, which reads every shard's footer. The
last lines compute from these constants what very many scanpaths would take; simulation.md has the figures of one run
and the plan that follows from them.
"""

import measure  # first, as it pins the threads before NumPy and its friends look

# isort: split

import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from PIL import Image

N_FIXATIONS = 10
#: Most that a run may add to an episode.
OVERHEAD_MS = 0.5
#: Pictures in a shard of a run that is planned to be very long.
LARGE_SHARD = 4096


def pictures(folder: Path, count: int = 20, size: tuple[int, int] = (320, 240)) -> list[Path]:
    """Write a few picture files; runs of any length go over them again and again under new names."""
    folder.mkdir(parents=True, exist_ok=True)
    generator = np.random.default_rng(0)
    paths = []
    for number in range(count):
        paths.append(folder / f"{number}.png")
        Image.fromarray(generator.integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)).save(paths[-1])
    return paths


def stimuli(files: list[Path], n: int) -> Iterator:
    import scanpath as sp

    return (sp.Stimulus(files[i % len(files)], name=f"{i:08d}.png", px_per_deg=30) for i in range(n))


def overhead(folder: Path, n: int, rounds: int) -> dict:
    """Process time per episode in ms: the agent's own, and what the run adds."""
    import scanpath as sp
    from scanpath._core.random import torch_generator
    from scanpath.agents.agent import run_episode
    from scanpath.simulation import simulate_to_folder

    files, agent = pictures(folder / "pictures"), sp.create_agent("random")

    def own() -> None:
        for stimulus in stimuli(files, n):
            generator = torch_generator(0, agent.name, stimulus.name)
            run_episode(agent, stimulus, n_fixations=N_FIXATIONS, generator=generator)

    def whole() -> None:
        simulate_to_folder(agent, stimuli(files, n), folder / "run", n_fixations=N_FIXATIONS)

    def again() -> None:
        simulate_to_folder(agent, stimuli(files, n), folder / "done", n_fixations=N_FIXATIONS)

    again()
    times: dict[str, list[float]] = {"own": [], "whole": [], "again": []}
    for _ in range(rounds):
        for name, work in (("own", own), ("whole", whole), ("again", again)):
            shutil.rmtree(folder / "run", ignore_errors=True)
            times[name].append(_process_time(work) / n * 1000)
    middle = {name: statistics.median(values) for name, values in times.items()}
    size = sum(path.stat().st_size for path in (folder / "done").glob("*.parquet"))
    return {
        "agent_ms": middle["own"],
        "overhead_ms": middle["whole"] - middle["own"],
        "overhead_s": [(whole - own) / 1e3 for whole, own in zip(times["whole"], times["own"])],
        "resume_ms": middle["again"],
        "resume_s": [value / 1e3 for value in times["again"]],
        "bytes_per_fixation": size / n / N_FIXATIONS,
    }


def shards(folder: Path, size: int, n: int) -> dict[str, float]:
    """What shards of `size` pictures cost: process time per episode and, to finish, per shard; bytes per fixation."""
    import scanpath as sp
    from scanpath.simulation import simulate_to_folder
    from scanpath.simulation.shards import RunFolder

    files, agent, out = pictures(folder / "pictures"), sp.create_agent("random"), folder / f"shards-{size}"

    def run() -> None:
        simulate_to_folder(agent, stimuli(files, n), out, n_fixations=N_FIXATIONS, shard_size=size)

    first, again = _process_time(run), _process_time(run)
    done = sorted(out.glob("*.parquet"))
    identity = json.loads((out / "_run.json").read_text(encoding="utf-8"))["identity"]
    keys = [(number, 0, 0) for number in range(len(done))]
    finish = _process_time(lambda: RunFolder(out, identity).finish(keys, [agent.name], [0]))
    return {
        "run_ms": first / n * 1000,
        "resume_ms": again / n * 1000,
        "finish_ms_per_shard": finish / len(done) * 1000,
        "bytes_per_fixation": sum(path.stat().st_size for path in done) / n / N_FIXATIONS,
    }


def _process_time(work: Callable[[], None]) -> float:
    before = time.process_time()
    work()
    return time.process_time() - before


def peak_memory(folder: Path, n: int) -> float:
    """Peak resident MiB of a fresh process that runs `n` pictures."""
    code = f"import simulation; simulation.run_alone({str(folder)!r}, {n})"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=Path(__file__).parent, capture_output=True, text=True, check=True
    )
    return float(done.stdout)


def run_alone(folder: str, n: int) -> None:
    """Body of the process whose memory is measured."""
    import scanpath as sp
    from scanpath.simulation import simulate_to_folder

    files = sorted((Path(folder) / "pictures").glob("*.png"))
    out = Path(folder) / f"run-{n}"
    simulate_to_folder(sp.create_agent("center"), stimuli(files, n), out, n_fixations=3)
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def efficiency(folder: Path, n: int, rounds: int) -> dict[str, float]:
    """Wall time of an agent that sees through features, with one process and with two."""
    import scanpath as sp
    from scanpath.simulation import simulate_to_folder

    files = pictures(folder / "pictures")
    agent = sp.create_agent("center")

    def run(jobs: int, count: int = n) -> float:
        shutil.rmtree(folder / "run", ignore_errors=True)
        before = time.perf_counter()
        simulate_to_folder(
            agent, stimuli(files, count), folder / "run", n_fixations=N_FIXATIONS, jobs=jobs, shard_size=16
        )
        return time.perf_counter() - before

    start = time.perf_counter()
    run(2, 64)
    up = time.perf_counter() - start
    times: dict[int, list[float]] = {1: [], 2: []}
    cpu: dict[int, list[tuple[float, float]]] = {1: [], 2: []}
    for _ in range(rounds):
        for jobs in (1, 2):
            before = _cpu()
            times[jobs].append(run(jobs))
            cpu[jobs].append(tuple(after - was for after, was in zip(_cpu(), before)))
    one, two = (statistics.median(times[jobs]) for jobs in (1, 2))
    best = min(times[1]) / (2 * min(times[2]))
    alone = statistics.median(main for main, _ in cpu[1])
    # on free cores the run lasts as long as its busiest process: half of the workers' time, or the parent's own
    lasts = statistics.median(max(main, children / 2) for main, children in cpu[2])
    return {
        "one_process_s": one,
        "two_processes_s": two,
        "efficiency": one / (2 * two),
        "best_efficiency": best,
        "efficiency_by_processor_time": alone / (2 * lasts),
        "most_with_parent_on_two_cores": alone / statistics.median(main + children for main, children in cpu[2]),
        "parent_share": statistics.median(main / (main + children) for main, children in cpu[2]),
        "start_of_workers_s": up,
        "load_average": os.getloadavg()[0],
        "cores": os.cpu_count() or 0,
    }


def _cpu() -> tuple[float, float]:
    """Processor seconds of this process and of all its children, also of those that still run (Linux)."""
    tick = os.sysconf("SC_CLK_TCK")
    total = 0.0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == os.getpid():
            total += sum(int(value) for value in fields[11:15]) / tick
    return time.process_time(), total


def plan(
    cost: dict[str, float], shard: dict[str, float], agent_ms: float, size: int, scanpaths: float = 1e8
) -> dict[str, float]:
    """What `scanpaths` would take: hours on one core and on 1000, and the number and size of shards."""
    per_core = (agent_ms + cost["overhead_ms"]) / 1000 * scanpaths / 3600
    return {
        "scanpaths": scanpaths,
        "agent_ms": agent_ms,
        "core_hours": per_core,
        "hours_on_1000_cores_at_85_percent": per_core / 850,
        "shards": scanpaths / size,
        "disk_GB": scanpaths * N_FIXATIONS * shard["bytes_per_fixation"] / 1e9,
        "hours_to_finish": scanpaths / size * shard["finish_ms_per_shard"] / 1000 / 3600,
        "hours_to_check_on_resuming": scanpaths * shard["resume_ms"] / 1000 / 3600,
    }


def main() -> None:
    parser = measure.parser(__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer pictures and rounds")
    arguments = parser.parse_args()
    rounds, most = (3, 1000) if arguments.quick else (5, 10_000)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        cost = overhead(folder, 640, rounds)
        print(f"agent's own work {cost['agent_ms']:.3f} ms, overhead {cost['overhead_ms']:.3f} ms an episode")
        print(f"resuming what is done {cost['resume_ms']:.3f} ms, {cost['bytes_per_fixation']:.1f} bytes a fixation")
        memory = {n: peak_memory(folder, n) for n in (100, 1000, most) if n <= most}
        print("peak memory: " + ", ".join(f"{n} pictures {size:.0f} MiB" for n, size in memory.items()))
        sizes = {size: shards(folder, size, 2 * LARGE_SHARD) for size in (16, 64, LARGE_SHARD)}
        for size, one in sizes.items():
            print(
                f"shards of {size}: {one['run_ms']:.3f} ms an episode, {one['resume_ms']:.3f} ms to resume, "
                f"{one['finish_ms_per_shard']:.2f} ms a shard to finish, "
                f"{one['bytes_per_fixation']:.1f} bytes a fixation"
            )
        workers = efficiency(folder, 320 if arguments.quick else 640, rounds)
        print(
            f"two processes: efficiency {workers['efficiency']:.2f} by the clock (best rounds "
            f"{workers['best_efficiency']:.2f}), {workers['efficiency_by_processor_time']:.2f} by processor time "
            f"(>= 0.92), at most {workers['most_with_parent_on_two_cores']:.2f} by the clock on two cores; "
            f"parent {workers['parent_share']:.0%}; workers up after {workers['start_of_workers_s']:.1f} s; "
            f"load {workers['load_average']:.1f} on {workers['cores']} cores"
        )
        plans = [plan(cost, sizes[LARGE_SHARD], agent_ms, LARGE_SHARD) for agent_ms in (1.0, 100.0)]
        for one in plans:
            print(
                f"1e8 scanpaths at {one['agent_ms']:g} ms: {one['core_hours']:.0f} core hours, "
                f"{one['hours_on_1000_cores_at_85_percent']:.2f} h on 1000 cores, {one['disk_GB']:.0f} GB in "
                f"{one['shards']:.0f} shards, {one['hours_to_finish']:.2f} h to finish, "
                f"{one['hours_to_check_on_resuming']:.1f} h to check on resuming"
            )
    figures = [
        measure.milliseconds("overhead an episode", cost["overhead_s"], at_most=OVERHEAD_MS),
        measure.milliseconds("resuming an episode that is done", cost["resume_s"]),
        measure.Figure(
            "parallel efficiency of two processes, by processor time",
            workers["efficiency_by_processor_time"],
            at_least=0.92,
        ),
    ]
    parts = {"cost": cost, "memory_MiB": memory, "shards": sizes, "workers": workers, "plans": plans}
    measure.report(__file__, figures, arguments.json, **parts)


if __name__ == "__main__":
    main()
