"""How much work eccNET's search saves: ratios of one run, one thread, against running the whole square each time.

    python benchmarks/speed/eccnet.py [--fixations 10] [--displays lighting curvature ...] [--json FILE]
    python benchmarks/speed/eccnet.py --memory 9000 2200

The straightforward way is ours too: the square around each fixation runs through VGG16 (random weights, which cost
the same as trained ones), convolutions by torch. "patchwise" computes what the picture reaches and keeps it; its
priority maps are compared with the straightforward ones at every fixation, and it must choose the same places.
"fixed_grid" is an approximation of our own and chooses its own. All three are led along the straightforward way's
fixations, one after the other at every step, so that each meets the same repeats. Features of the empty square, made
once per size, are not counted; their time is printed. Times are sums over the fixations of process time, pinned to
one thread. With `--memory` a picture of that width and height is looked at once instead, and the peak memory of this
process is printed beside what its imports take. ``eccnet.json`` beside this file is one run, on a machine that others
used at the same time.
"""

import measure  # first, as it pins the threads before NumPy and its friends look

# isort: split

import resource
import time
from collections.abc import Callable

import numpy as np
import torch
from skimage import data
from skimage.transform import resize

import scanpath as sp

WAYS = ("whole", "patchwise", "fixed_grid")
TARGETS = {"grid": {"patchwise": 5, "fixed_grid": 8}, "natural": {"patchwise": 7, "fixed_grid": 8}}


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
    preparing, times = {}, {way: [] for way in WAYS}
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
            times[way].append(time.process_time() - start)
        index = int(maps["whole"].argmax())
        same &= index == int(maps["patchwise"].argmax())
        largest = max(largest, float((maps["whole"] - maps["patchwise"]).abs().max()))
        history.append((float(index % width), float(index // width)))
        if not float(maps["whole"].max()) > 0:
            break
    return {
        "fixations": len(history) - 1,
        "seconds_per_fixation": times,
        "preparing_s": preparing,
        "same_fixations": same,
        "largest_difference": largest,
    }


def peak_memory(width: int, height: int) -> list[measure.Figure]:
    """Look once at a picture of noise, which must be the first thing that this process does."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    picture = torch.rand(3, height, width, generator=torch.Generator().manual_seed(1))
    stimulus = sp.Stimulus(picture, name="noise", target_box=(width // 3, height // 3, 64, 64), px_per_deg=30)
    agent = sp.create_agent("eccnet", backbone=sp.create_backbone("vgg16", weights={"seed": 20261122}))
    start = time.process_time()
    agent.priority(stimulus, [(width / 2, height / 2)])
    seconds = time.process_time() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    return [
        measure.Figure(f"{width} x {height} px: peak memory beyond the imports", peak - before, "GB", at_most=2),
        measure.Figure(f"{width} x {height} px: the imports", before, "GB"),
        measure.Figure(f"{width} x {height} px: first look, with the empty square", seconds, "s"),
    ]


def main() -> None:
    parser = measure.parser(__doc__, fixations=10)
    parser.add_argument("--memory", nargs=2, type=int, metavar=("WIDTH", "HEIGHT"))
    parser.add_argument("--displays", nargs="+", choices=DISPLAYS, default=list(DISPLAYS))
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    if arguments.memory:
        measure.report(__file__, peak_memory(*arguments.memory), arguments.json)
        return
    figures, details = [], {}
    for name in arguments.displays:
        kind, make = DISPLAYS[name]
        found = details[name] = walk(make(), arguments.fixations)
        seconds = found["seconds_per_fixation"]
        means = {way: sum(values) / len(values) for way, values in seconds.items()}
        print(
            f"\n{name} ({kind}), {found['fixations']} fixations, s per fixation: "
            + ", ".join(f"{way} {means[way]:.3f}" for way in WAYS)
            + f"; empty square {found['preparing_s']['patchwise']:.1f} s once"
        )
        print(f"  patchwise chose the same places: {found['same_fixations']}; largest difference of the maps "
              f"{found['largest_difference']:.1e}")  # fmt: skip
        for way, target in TARGETS[kind].items():
            _, noise = measure.median_and_noise(a / b for a, b in zip(seconds["whole"], seconds[way]))
            what, value = f"{name} ({kind}): whole / {way}", means["whole"] / means[way]
            figures.append(measure.Figure(what, value, noise=noise, at_least=target))
    measure.report(__file__, figures, arguments.json, displays=details)


if __name__ == "__main__":
    main()
