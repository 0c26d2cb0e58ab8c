"""How fast SceneWalk's likelihood is beside its equations in plain NumPy: ratios of one run, one thread.

    python benchmarks/speed/scenewalk.py [--rounds 20]

The published program may not be used commercially and is not run here. What is run beside ours computes the basic
subtractive form as the papers state it, one map after another in float64, and gives the same bits. Rounds are
interleaved; times are medians of process time in ms a scanpath, of nine fixations on a map of 128 x 128 cells.
"""

import measure  # first, as it pins the threads before NumPy and its friends look

# isort: split

import numpy as np
import torch

import scanpath as sp
from scanpath.guidance.scenewalk_parameters import DEFAULTS

RANGE, CELLS, START = ((0.0, 25.6), (0.0, 19.2)), 128, 1.0842021724855044e-19


TARGETS = {"batch of 15, float64": 5}


def scanpaths(n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """A density, and places and durations of n scanpaths."""
    draw = np.random.default_rng(seed)
    density = draw.random((CELLS, CELLS)) ** 4
    x, y = (draw.uniform(low, high, (n, 9)) for low, high in RANGE)
    return density, x, y, draw.gamma(100, 0.0025, (n, 9))


def plain(density: np.ndarray, x: np.ndarray, y: np.ndarray, duration: np.ndarray) -> np.ndarray:
    """Bits of one scanpath, from the equations."""
    value, cell = DEFAULTS, np.arange(CELLS)
    scale = np.array([CELLS / (high - low) for low, high in RANGE])
    across, down = np.floor(x * scale[0]), np.floor(y * scale[1])
    rows, columns = np.meshgrid(cell, cell, indexing="ij")

    def bump(k: int, sd_deg: float) -> np.ndarray:
        wide, high = sd_deg * scale
        return np.exp(-((columns - across[k]) ** 2) / (2 * wide**2) - (rows - down[k]) ** 2 / (2 * high**2))

    attention, inhibition, bits = np.full(density.shape, START), np.full(density.shape, START), []
    for k in range(len(x) - 1):
        drawn, closed = bump(k, value["attention_sd_deg"]) * density, bump(k, value["inhibition_sd_deg"])
        drawn, closed = drawn / drawn.sum(), closed / closed.sum()
        attention = drawn + np.exp(-value["attention_rate"] * duration[k]) * (attention - drawn)
        inhibition = closed + np.exp(-value["inhibition_rate"] * duration[k]) * (inhibition - closed)
        raised, lowered = attention ** value["attention_exponent"], inhibition ** value["inhibition_exponent"]
        u = np.maximum(raised / raised.sum() - value["inhibition_strength"] * lowered / lowered.sum(), 0)
        share = (1 - value["uniform_share"]) * u / u.sum() + value["uniform_share"] / u.size
        bits.append(np.log2(share[int(down[k + 1]), int(across[k + 1])]))
    return np.array(bits)


def main() -> None:
    """Race, and print the table."""
    options = measure.parser(__doc__, rounds=20).parse_args()
    torch.set_num_threads(1)
    density, *paths = scanpaths(15)
    single = torch.tensor(density, dtype=torch.float32)
    ways = {
        "plain NumPy": lambda: np.stack([plain(density, *path) for path in zip(*paths)]),
        "batch of 15, float64": lambda: sp.scenewalk_log_likelihood(density, *paths),
        "batch of 15, map in float32": lambda: sp.scenewalk_log_likelihood(single, *paths),
        "one by one": lambda: np.stack([sp.scenewalk_log_likelihood(density, *path) for path in zip(*paths)]),
        "batch of 15, torch": lambda: sp.scenewalk_log_likelihood(density, *paths, kernel="reference"),
    }
    expected = ways["plain NumPy"]()
    apart = {name: float(np.abs(np.asarray(way()) - expected).max()) for name, way in ways.items()}
    times = measure.interleaved(ways, options.rounds, warm_up=0)
    for name, ms in measure.median_ms(times).items():
        print(f"{name:28} {ms / 15:7.3f} ms, apart {apart[name]:.0e} bits")
    figures = [
        measure.ratio(f"plain NumPy / {name}", times["plain NumPy"], times[name], at_least=TARGETS.get(name))
        for name in list(ways)[1:]
    ]
    measure.report(__file__, figures, options.json)


if __name__ == "__main__":
    main()
