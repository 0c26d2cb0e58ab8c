"""How fast eccentricity-dependent pooling is: ratios of one run, one thread, against pooling once per ring.

    python benchmarks/speed/eccentricity_pooling.py [--rounds 5] [--sides 512 1024] [--json FILE]

The maps are those of VGG16's third, fourth and fifth blocks for a square picture, of random numbers, float32. The peer
is the published layer as PyTorch would write it: the whole map is pooled with every ring's window, and each result is
kept where its ring lies (padding counted once and reused). Ours gets the map as its networks have it in memory,
channels last, the peer channels first. Windows of each place are found once and not timed on either side. Yardstick:
a copy of the map into existing memory. Rounds are interleaved; times are medians of process time, pinned to one
thread. Targets are those the project set itself; a ratio that misses its target is printed as such.
"""

import measure  # first, as it pins the threads before NumPy and its friends look

# isort: split

from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F

from scanpath.kernels.eccentricity_pooling import pool_windows
from scanpath.recognition import RingLaw
from scanpath.recognition.eccentricity_pooling import plain_pool, ring_bounds, ring_index

#: Channels, picture px per px, and the published law of each layer.
LAYERS = {
    3: (256, 4, RingLaw(slope=3.5 * 0.02, px_per_deg=8)),
    4: (512, 8, RingLaw(slope=8 * 0.02, px_per_deg=4)),
    5: (512, 16, RingLaw(slope=16 * 0.02, px_per_deg=2)),
}
#: Least ratio of all three layers together, by the picture's side and kind.
TARGETS = {(512, "avg"): 25, (512, "max"): 60, (1024, "avg"): 60, (1024, "max"): 100}


class Layer:
    """One pooling layer on a map of random numbers."""

    def __init__(self, depth: int, side: int) -> None:
        channels, scale, self.law = LAYERS[depth]
        n = -(-side // scale)
        self.n_out = -(-n // 2)
        self.center = (self.n_out // 2, self.n_out // 2)
        self.x = torch.rand(1, channels, n, n)
        self.last = self.x.contiguous(memory_format=torch.channels_last)
        self.out = torch.empty_like(self.x)
        self.bounds = ring_bounds(self.law, (n, n), self.center, self.n_out)
        rings = ring_index(self.law, (self.n_out, self.n_out), center=self.center, n_out=self.n_out)
        self.masks = [torch.from_numpy(rings == ring) for ring in range(len(self.law.rings(self.n_out)))]
        self.shares = [self._share(window) for _, window in self.law.rings(self.n_out)]

    def _padding(self, window: int) -> tuple[int, int, int, int]:
        missing = max((self.n_out - 1) * 2 + window - self.x.shape[-1], 0)
        return (missing // 2, missing - missing // 2) * 2

    def _share(self, window: int) -> torch.Tensor:
        ones = F.pad(torch.ones_like(self.x[:, :1]), self._padding(window))
        return F.avg_pool2d(ones, window, 2)[..., : self.n_out, : self.n_out]

    def once_per_ring(self, kind: str) -> torch.Tensor:
        """Pool everything with every window and keep each ring's part."""
        result = torch.zeros(*self.x.shape[:2], self.n_out, self.n_out)
        for (_, window), mask, share in zip(self.law.rings(self.n_out), self.masks, self.shares):
            value = 0.0 if kind == "avg" else -torch.inf
            padded = F.pad(self.x, self._padding(window), value=value)
            pooled = (F.avg_pool2d if kind == "avg" else F.max_pool2d)(padded, window, 2)
            pooled = pooled[..., : self.n_out, : self.n_out]
            result += torch.where(mask, pooled / share if kind == "avg" else pooled, 0)
        return result

    def ours(self, kind: str) -> torch.Tensor:
        """Pool each window once."""
        return pool_windows(self.last, self.bounds, kind)


def race(side: int, rounds: int) -> dict[str, measure.Times]:
    """Time all layers of one picture size; every result of ours is checked against the peer's."""
    found = {}
    for depth in LAYERS:
        layer = Layer(depth, side)
        for kind in ("avg", "max"):
            np.testing.assert_allclose(layer.ours(kind).numpy(), layer.once_per_ring(kind).numpy(), atol=1e-5)
        work: dict[str, Callable] = {
            "copy": lambda layer=layer: layer.out.copy_(layer.x),
            "ordinary 2 x 2": lambda layer=layer: plain_pool(layer.last, "avg"),
        }
        for kind in ("avg", "max"):
            work[f"once per ring, {kind}"] = lambda layer=layer, kind=kind: layer.once_per_ring(kind)
            work[f"ours, {kind}"] = lambda layer=layer, kind=kind: layer.ours(kind)
        found[f"layer {depth}"] = measure.interleaved(work, rounds, warm_up=0)
    names = next(iter(found.values()))
    found["all layers"] = {
        name: [sum(one) for one in zip(*(times[name] for times in found.values()))] for name in names
    }
    return found


def main() -> None:
    parser = measure.parser(__doc__, rounds=5)
    parser.add_argument("--sides", nargs="+", type=int, default=[512, 1024])
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    figures, ms = [], {}
    for side in arguments.sides:
        found = race(side, arguments.rounds)
        ms[side] = {layer: measure.median_ms(times) for layer, times in found.items()}
        for layer, times in found.items():
            for kind in ("avg", "max"):
                goal = TARGETS.get((side, kind)) if layer == "all layers" else None
                about, ours = f"{side} px, {layer}, {kind}", times[f"ours, {kind}"]
                ring = times[f"once per ring, {kind}"]
                figures.append(measure.ratio(f"{about}: once per ring / ours", ring, ours, at_least=goal))
                figures.append(measure.ratio(f"{about}: ours / copy", ours, times["copy"], lower_is_better=True))
    measure.report(__file__, figures, arguments.json, ms=ms)


if __name__ == "__main__":
    main()
