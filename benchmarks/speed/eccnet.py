"""How much work eccNET's search saves: ratios of one run, one thread, against running the whole square each time.

    python benchmarks/speed/eccnet.py [--fixations 10] [--displays lighting curvature ...] [--out eccnet.json]

The straightforward way is ours too: the square around each fixation runs through VGG16 (random weights, which cost
the same as trained ones) with the same kernels. "patchwise" computes what the picture reaches and keeps it; its
priority maps are compared with the straightforward ones at every fixation, and it must choose the same places.
"fixed_grid" is an approximation of our own and chooses its own. All three are led along the straightforward way's
fixations, one after the other at every step, so that each meets the same repeats. Features of the empty square, made
once per size, are not counted; their time is printed. Times are sums over the fixations of process time, pinned to
one thread. ``eccnet.json`` beside this file is one such run, on a machine that others used at the same time.
"""

# ruff: noqa: E402  threads are pinned before NumPy and its friends look

import os

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ[variable] = "1"

import argparse
import importlib.metadata
import json
import platform
import time
from collections.abc import Callable

import numpy as np
import torch
from skimage import data
from skimage.transform import resize

import scanpath as sp

WAYS = ("whole", "patchwise", "fixed_grid")
TARGETS = {"grid": {"patchwise": 3.5, "fixed_grid": 8}, "natural": {"patchwise": 5, "fixed_grid": 8}}


def photograph(which: Callable[[], np.ndarray], top: int, left: int) -> sp.Stimulus:
    """Make a picture of 368 x 448 px, as in the study's natural sets at half size, with a piece of it as the target."""
    picture = np.ascontiguousarray(resize(which() / 255.0, (368, 448), order=1).transpose(2, 0, 1), dtype=np.float32)
    return sp.Stimulus(picture.clip(0, 1), name=which.__name__, target_box=(left, top, 32, 32), px_per_deg=30)


DISPLAYS: dict[str, tuple[str, Callable[[], sp.Stimulus]]] = {
    "lighting": ("grid", lambda: sp.stimuli.asymmetry_display("left_right", 12, seed=1)),
    "curvature": ("grid", lambda: sp.stimuli.asymmetry_display("line_in_curves", 16, seed=1)),
    "orientation": ("grid", lambda: sp.stimuli.asymmetry_display("hetero_t20", 8, seed=1)),
    "coffee": ("natural", lambda: photograph(data.coffee, 60, 330)),
    "astronaut": ("natural", lambda: photograph(data.astronaut, 300, 40)),
}


def walk(stimulus: sp.Stimulus, n_fixations: int) -> dict:
    """Follow the straightforward way's fixations with all three; found targets do not end the walk."""
    network = sp.create_backbone("vgg16", weights={"seed": 20261122})
    agents = {way: sp.create_agent("eccnet", backbone=network, features=way) for way in WAYS}
    preparing, times = {}, dict.fromkeys(WAYS, 0.0)
    for way, agent in agents.items():
        start = time.process_time()
        agent.prepared(stimulus)
        preparing[way] = time.process_time() - start
    height, width = stimulus.size
    history, same, largest = [(float(width // 2), float(height // 2))], True, 0.0
    for _ in range(n_fixations):
        maps = {}
        for way, agent in agents.items():
            start = time.process_time()
            maps[way] = agent.priority(stimulus, history)
            times[way] += time.process_time() - start
        index = int(maps["whole"].argmax())
        same &= index == int(maps["patchwise"].argmax())
        largest = max(largest, float((maps["whole"] - maps["patchwise"]).abs().max()))
        history.append((float(index % width), float(index // width)))
        if not float(maps["whole"].max()) > 0:
            break
    made = len(history) - 1
    return {
        "fixations": made,
        "seconds_per_fixation": {way: value / made for way, value in times.items()},
        "preparing_s": preparing,
        "ratio": {way: times["whole"] / times[way] for way in WAYS[1:]},
        "same_fixations": same,
        "largest_difference": largest,
    }


def machine() -> dict:
    """Facts without which a time means little."""
    with open("/proc/cpuinfo") as file:
        model = next((line.split(":")[1].strip() for line in file if line.startswith("model name")), "unknown")
    return {
        "processor": model,
        "cores": os.cpu_count(),
        "load": os.getloadavg(),
        "python": platform.python_version(),
        "threads": torch.get_num_threads(),
        "versions": {package: importlib.metadata.version(package) for package in ("numpy", "numba", "torch")},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fixations", type=int, default=10)
    parser.add_argument("--displays", nargs="+", choices=DISPLAYS, default=list(DISPLAYS))
    parser.add_argument("--out", help="write the numbers as JSON")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    result: dict = {"machine": machine(), "displays": {}}
    print(json.dumps(result["machine"]))
    for name in arguments.displays:
        kind, make = DISPLAYS[name]
        found = result["displays"][name] = walk(make(), arguments.fixations)
        seconds = found["seconds_per_fixation"]
        print(
            f"\n{name} ({kind}), {found['fixations']} fixations, s per fixation: "
            + ", ".join(f"{way} {seconds[way]:.3f}" for way in WAYS)
            + f"; empty square {found['preparing_s']['patchwise']:.1f} s once"
        )
        for way, target in TARGETS[kind].items():
            ratio = found["ratio"][way]
            print(f"  whole / {way:11s}{ratio:6.2f}  target >= {target}{'  MISSED' if ratio < target else ''}")
        print(f"  patchwise chose the same places: {found['same_fixations']}; largest difference of the maps "
              f"{found['largest_difference']:.1e}")  # fmt: skip
    if arguments.out:
        with open(arguments.out, "w") as file:
            json.dump(result, file, indent=1)


if __name__ == "__main__":
    main()
