"""How fast pooling windows and what is built on them are: ratios of one run, one thread.

    python benchmarks/speed/pooling_windows.py [--rounds 7] [--side 512] [--out pooling_windows.json]

Pooling is compared with an einsum over dense maps of rings and wedges, which is what the reference implementation of
these windows does, and with torch's `index_add_` over the same taps. Every contestant gets its windows ready-made.
Rounds are interleaved; times are medians of process time of a process pinned to one thread. Texture and metamers have
no peer that installs; their seconds are given with those of a cold start of the geometry. `copy` is a copy of the maps.
"""

# ruff: noqa: E402  threads are pinned before torch looks

import os

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"

import argparse
import json
import platform
import statistics
import time
from collections.abc import Callable

import torch

import scanpath as sp
from scanpath.foveation import texture_steerable, window_tables
from scanpath.kernels.window_pooling import sum_to_cells_reference

TARGET = 15.0


def contestants(windows: sp.PoolingWindows, maps: torch.Tensor) -> dict[str, Callable[[], torch.Tensor]]:
    """Three ways to the pooled first and second moments of all maps, and a copy of them."""
    rings, wedges, taps = windows.eccentricity, windows.angle, windows._tables.taps

    def moments(pool: Callable[[torch.Tensor], torch.Tensor]) -> torch.Tensor:
        return torch.stack([pool(maps), pool(maps.square())])

    def by_einsum(values: torch.Tensor) -> torch.Tensor:
        return torch.einsum("chw,ahw,ehw->cea", values, wedges, rings).flatten(1)

    return {
        "ours": lambda: moments(lambda values: windows.pool(values, normalize=False)),
        "einsum": lambda: moments(by_einsum),
        "index_add": lambda: moments(lambda values: sum_to_cells_reference(values.flatten(1), taps)),
        "copy": maps.clone,
    }


def median_seconds(work: dict[str, Callable], rounds: int) -> dict[str, float]:
    """Median process time of each, interleaved, after one round to warm up."""
    times: dict[str, list[float]] = {name: [] for name in work}
    for _ in range(rounds + 1):
        for name, task in work.items():
            start = time.process_time()
            task()
            times[name].append(time.process_time() - start)
    return {name: statistics.median(values[1:]) for name, values in times.items()}


def pooling(side: int, rounds: int) -> list[dict]:
    """Rows of the table: window shape, number of maps, times and ratios."""
    rows = []
    for shape in ("cosine", "gaussian"):
        windows = sp.PoolingWindows((side, side), (0.4 * side, 0.5 * side), px_per_deg=side / 26, window=shape)
        for n_maps in (1, 4, 16) if shape == "cosine" else (1, 4):
            maps = torch.rand(n_maps, side, side, generator=torch.Generator().manual_seed(0))
            work = contestants(windows, maps)
            ours, theirs = work["ours"](), work["einsum"]()
            seconds = median_seconds(work, rounds)
            rows.append(
                {
                    "window": shape,
                    "windows": windows.n_windows,
                    "maps": n_maps,
                    "relative_difference": float((ours - theirs).abs().max() / theirs.max()),
                    **{f"{name}_ms": 1e3 * value for name, value in seconds.items()},
                    "times_einsum": seconds["einsum"] / seconds["ours"],
                    "times_index_add": seconds["index_add"] / seconds["ours"] if shape == "cosine" else None,
                }
            )
    return rows


def texture(side: int, rounds: int) -> list[dict]:
    """Seconds of a texture with nothing prepared, and with windows and filters from the call before."""
    picture = torch.rand(3, side, side, generator=torch.Generator().manual_seed(0))
    rows = []
    for source in ("cascade", "noise"):

        def call(source: str = source) -> None:
            sp.foveated_texture(picture, (0.4 * side, 0.5 * side), px_per_deg=side / 26, source=source)

        def cold() -> None:
            texture_steerable._layout.cache_clear()
            window_tables.cached_tables.cache_clear()
            call()

        seconds = median_seconds({"cold": cold, "cached": call}, rounds)
        rows.append({"source": source, **{f"{name}_s": value for name, value in seconds.items()}})
    return rows


def metamers(steps: int) -> list[dict]:
    """Seconds of a synthesis at 256 px."""
    rows = []
    for channels in (1, 3):
        picture = torch.rand(channels, 256, 256, generator=torch.Generator().manual_seed(0))
        start = time.process_time()
        sp.synthesize_metamer(picture, (125, 100), steps=steps, px_per_deg=256 / 26)
        rows.append({"channels": channels, "evaluations": steps, "seconds": time.process_time() - start})
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--side", type=int, default=512)
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--out")
    options = parser.parse_args()
    torch.set_num_threads(1)
    machine = {
        "processor": platform.processor() or platform.machine(),
        "python": platform.python_version(),
        "torch": torch.__version__,
        "threads": 1,
        "load_average": os.getloadavg()[0],
        "side_px": options.side,
    }
    results = {
        "machine": machine,
        "pooling": pooling(options.side, options.rounds),
        "texture": texture(options.side, options.rounds),
        "metamers": metamers(options.steps),
    }
    print(machine)
    print("window    maps     ours   einsum  index_add     copy   x einsum  x index_add  difference  target")
    for row in results["pooling"]:
        versus_add = f"{row['times_index_add']:10.1f}" if row["times_index_add"] else "         -"
        print(
            f"{row['window']:9s} {row['maps']:4d} {row['ours_ms']:8.1f} {row['einsum_ms']:8.1f} "
            f"{row['index_add_ms']:10.1f} {row['copy_ms']:8.1f} {row['times_einsum']:10.1f} {versus_add} "
            f"  {row['relative_difference']:9.1e}  {'met' if row['times_einsum'] >= TARGET else 'MISSED'}"
        )
    for row in results["texture"]:
        print(f"texture {row['source']:8s} cold {row['cold_s']:.2f} s, cached {row['cached_s']:.2f} s")
    for row in results["metamers"]:
        print(f"metamer of {row['channels']} channel(s): {row['evaluations']} evaluations in {row['seconds']:.1f} s")
    if options.out:
        with open(options.out, "w", encoding="utf-8") as file:
            json.dump(results, file, indent=2)


if __name__ == "__main__":
    main()
