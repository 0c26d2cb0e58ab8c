"""How fast pooling windows and what is built on them are: ratios of one run, one thread.

    python benchmarks/speed/pooling_windows.py [--rounds 7] [--side 512] [--json FILE]

Pooling is compared with an einsum over dense maps of rings and wedges, which is what the reference implementation of
these windows does, and with torch's `index_add_` over the same taps. Every contestant gets its windows ready-made.
Rounds are interleaved; times are medians of process time of a process pinned to one thread. Texture and metamers have
no peer that installs; their times are given, of textures also with a cold start of the geometry and of a batch on two
threads, of metamers with the error they leave, in standard deviations over windows. `copy` is a copy of the maps.
"""

import measure  # first, as it pins the threads before NumPy and its friends look

# isort: split

import time
from collections.abc import Callable

import torch

import scanpath as sp
from scanpath.foveation import texture_steerable, window_tables
from scanpath.kernels.window_pooling import sum_to_cells_reference

TARGET = 15.0
#: How much faster a batch of textures is on two cores than on one.
BATCH_TARGET = 1.8
#: Of the pictures that metamers are made of and of the noise that they start from.
METAMER_SEEDS = (0, 1, 2)
#: Milliseconds on one core that a texture may take once its windows are known, by side.
TEXTURE_MS = {256: 60, 1024: 1500}


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


def pooling(side: int, rounds: int) -> list[measure.Figure]:
    """Ratios by window shape and number of maps; sums must agree."""
    figures = []
    for shape in ("cosine", "gaussian"):
        windows = sp.PoolingWindows((side, side), (0.4 * side, 0.5 * side), px_per_deg=side / 26, window=shape)
        for n_maps in (1, 4, 16) if shape == "cosine" else (1, 4):
            maps = torch.rand(n_maps, side, side, generator=torch.Generator().manual_seed(0))
            work = contestants(windows, maps)
            torch.testing.assert_close(work["ours"](), work["einsum"](), rtol=1e-5, atol=1e-2)
            times = measure.interleaved(work, rounds)
            ms, about = measure.median_ms(times), f"{side} px, {shape}, maps {n_maps}: "
            print(about + ", ".join(f"{name} {value:.1f} ms" for name, value in ms.items()))
            figures.append(measure.ratio(about + "einsum / ours", times["einsum"], times["ours"], at_least=TARGET))
            if shape == "cosine":
                figures.append(measure.ratio(about + "index_add / ours", times["index_add"], times["ours"]))
    return figures


def texture(side: int, rounds: int) -> list[measure.Figure]:
    """Milliseconds of a texture with nothing prepared, and with windows and filters from the call before."""
    picture = torch.rand(3, side, side, generator=torch.Generator().manual_seed(0))
    figures = []
    for source in ("cascade", "noise"):

        def call(source: str = source) -> None:
            sp.foveated_texture(picture, (0.4 * side, 0.5 * side), px_per_deg=side / 26, source=source)

        def cold() -> None:
            texture_steerable._layout.cache_clear()
            texture_steerable._displacements.cache_clear()
            window_tables.cached_tables.cache_clear()
            call()

        for name, seconds in measure.interleaved({"cold": cold, "cached": call}, rounds).items():
            goal = TEXTURE_MS.get(side) if source == "cascade" and name == "cached" else None
            figures.append(measure.milliseconds(f"texture {side} px, {source}, {name}", seconds, at_most=goal))
    return figures


def batch(side: int, rounds: int) -> list[measure.Figure]:
    """Compare a batch of textures on one thread and on two: wall time, which only idle cores show, and all CPU time."""
    pictures = torch.rand(8, 3, side, side, generator=torch.Generator().manual_seed(0))

    def on(threads: int) -> None:
        torch.set_num_threads(threads)
        sp.foveated_texture(pictures, (0.4 * side, 0.5 * side), px_per_deg=side / 26)
        torch.set_num_threads(1)

    work = {"one": lambda: on(1), "two": lambda: on(2)}
    wall = measure.interleaved(work, rounds, clock=time.perf_counter)
    cpu = measure.interleaved(work, rounds)
    about = f"8 textures {side} px, one thread / two, "
    return [
        measure.ratio(about + "wall time", wall["one"], wall["two"], at_least=BATCH_TARGET),
        measure.ratio(about + "CPU time", cpu["one"], cpu["two"]),
    ]


def natural_noise(channels: int, side: int, seed: int) -> torch.Tensor:
    """Noise in [0, 1] whose amplitude falls with frequency as that of natural pictures does."""
    noise = torch.randn(channels, side, side, generator=torch.Generator().manual_seed(seed))
    frequency = torch.hypot(torch.fft.fftfreq(side)[:, None], torch.fft.rfftfreq(side)).clamp_min(1 / side)
    picture = torch.fft.irfft2(torch.fft.rfft2(noise) / frequency, s=(side, side))
    return (0.5 + 0.15 * picture / picture.std()).clamp(0, 1)


def metamers(steps: int) -> list[measure.Figure]:
    """Milliseconds of a synthesis at 256 px and the error that it leaves, over pictures and seeds."""
    figures = []
    for channels in (1, 3):
        seconds, errors = [], []
        for seed in METAMER_SEEDS:
            picture = natural_noise(channels, 256, seed)
            start = time.process_time()
            metamer = sp.synthesize_metamer(
                picture, (125, 100), steps=steps, seed=seed, px_per_deg=256 / 26, report=True
            )
            seconds.append(time.process_time() - start)
            errors.append(metamer.report.error)
        about = f"metamer 256 px, {channels} channel(s), {steps} evaluations"
        error, noise = measure.median_and_noise(errors)
        figures.append(measure.milliseconds(about, seconds))
        figures.append(measure.Figure(f"{about}, error", error, "SD", noise, lower_is_better=True))
    return figures


def main() -> None:
    parser = measure.parser(__doc__, rounds=7, side=512, steps=300)
    parser.add_argument("--texture-sides", nargs="+", type=int, default=sorted(TEXTURE_MS))
    options = parser.parse_args()
    torch.set_num_threads(1)
    figures = pooling(options.side, options.rounds)
    for side in options.texture_sides:
        figures += texture(side, min(3, options.rounds))
    figures += batch(256, options.rounds)
    if options.steps:
        figures += metamers(options.steps)
    measure.report(__file__, figures, options.json)


if __name__ == "__main__":
    main()
