"""A retina in front of a vision transformer: pixels used against accuracy, beside full pictures and small ones.

A picture holds an item at the fixation, which only fine sampling tells, and a large disc far from it, whose direction
only a wide view tells. The same transformer is trained from scratch on: all pixels; a retinal lattice of at most an
eighth as many samples; and the picture made small, of more pixels than the lattice has samples. Pictures and their
order are the same for all.

    python benchmarks/science/retina_front_end.py [--quick] [--out FILE.json]
"""

import argparse
import json
import math
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from scanpath._core.random import derive_seed, numpy_generator
from scanpath.foveation import retinal_samples
from scanpath.geometry import RetinalLattice
from scanpath.recognition import FoveatedTransformer
from scanpath.stimuli.item_pictures import item_pictures
from scanpath.stimuli.items import SHAPES

SIZE_PX, ITEM_PX, PX_PER_DEG = 128, 12, 8.0
#: Side of the patches of full pictures, and of the cells of the lattice and of the patches of small pictures.
FULL_PATCH, PATCH = 16, 8
DIRECTIONS, DISC_PX, FAR_PX = 8, 18, 42
#: What the large disc adds to red, green and blue.
_DISC_CHANGE = np.array([0.2, 0.0, -0.2])
SMALL_PX = 48
LATTICE = RetinalLattice.within(SIZE_PX**2 // 8, max_deg=SIZE_PX / 2 / PX_PER_DEG, foveal_deg=1.5, side=PATCH)
MIDDLE = (SIZE_PX - 1) / 2
NETWORK = {"width": 48, "depth": 2, "heads": 4}


def draw(count: int, seed: int) -> tuple[Tensor, Tensor, Tensor]:
    """Draw pictures (count, 3, SIZE_PX, SIZE_PX), which item is fixated, and in which direction the disc lies."""
    drawn = item_pictures(count, size_px=ITEM_PX, side_px=SIZE_PX, most_turn_deg=40, seed=derive_seed(seed, "items"))
    images, y_x = drawn.images, np.mgrid[:SIZE_PX, :SIZE_PX].astype(np.float32)
    directions = np.empty(count, dtype=np.int64)
    for number, image in enumerate(images):
        generator = numpy_generator(seed, "surround", number)
        directions[number] = generator.integers(DIRECTIONS)
        angle = 2 * math.pi * (directions[number] + generator.uniform(-0.25, 0.25)) / DIRECTIONS
        _put_disc(image, y_x, angle, DISC_PX, _DISC_CHANGE, generator)
        for _ in range(12):
            change = 0.3 * generator.choice([-1, 1], 3)
            _put_disc(image, y_x, generator.uniform(0, 2 * math.pi), generator.uniform(3, 8), change, generator)
        image += generator.normal(0, 0.02, image.shape).astype(np.float32)
    return torch.from_numpy(images.clip(0, 1)), torch.from_numpy(drawn.labels), torch.from_numpy(directions)


def _put_disc(
    image: np.ndarray, y_x: np.ndarray, angle: float, radius: float, change: np.ndarray, generator: np.random.Generator
) -> None:
    """Add a color to a disc far from the middle, in a direction counter-clockwise from the right."""
    far = FAR_PX + generator.uniform(-6, 6)
    x, y = MIDDLE + far * math.cos(angle), MIDDLE - far * math.sin(angle)
    inside = np.hypot(y_x[1] - x, y_x[0] - y) < radius
    image += (inside[None] * change[:, None, None]).astype(np.float32)


class Grid(nn.Module):
    """The same transformer on the patches of a square picture; its lattice stands for their number alone."""

    def __init__(self, side_px: int, patch: int) -> None:
        super().__init__()
        self.patch = patch
        cells = (side_px // patch) ** 2
        self.transformer = FoveatedTransformer(Cells(cells, patch), len(SHAPES) + DIRECTIONS, **NETWORK)

    def forward(self, images: Tensor) -> Tensor:
        """Return the scores of items and directions."""
        patches = F.unfold(images, self.patch, stride=self.patch)  # (B, C * patch^2, n)
        return self.transformer(patches.unflatten(1, (images.shape[1], -1)).transpose(2, 3).flatten(2))


class Cells:
    """How many patches there are, and of what side: all that the transformer asks of a lattice."""

    def __init__(self, n_cells: int, side: int) -> None:
        self.n_cells, self.side, self.n_samples = n_cells, side, n_cells * side**2


def small(images: Tensor) -> Tensor:
    """Average the whole picture down."""
    return F.interpolate(images, (SMALL_PX, SMALL_PX), mode="area")


def retina(images: Tensor) -> Tensor:
    """Sample at the middle."""
    return retinal_samples(images, (MIDDLE, MIDDLE), LATTICE, px_per_deg=PX_PER_DEG)


#: Name -> what is put in front, the network, and pixels used.
FRONT_ENDS: dict[str, tuple[Callable[[Tensor], Tensor], Callable[[], nn.Module], int]] = {
    "all pixels": (lambda images: images, lambda: Grid(SIZE_PX, FULL_PATCH), SIZE_PX**2),
    "retina": (retina, lambda: FoveatedTransformer(LATTICE, len(SHAPES) + DIRECTIONS, **NETWORK), LATTICE.n_samples),
    "small picture": (small, lambda: Grid(SMALL_PX, PATCH), SMALL_PX**2),
}


def train(network: nn.Module, seen: Tensor, labels: Tensor, epochs: int, seed: int) -> float:
    """Train on what a front end gives and return the seconds it took; labels are (N, 2)."""
    steps = epochs * -(-len(seen) // 64)
    optimizer = torch.optim.AdamW(network.parameters(), lr=2e-3, weight_decay=0.05)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 2e-3, total_steps=steps)
    start = time.process_time()
    network.train()
    for epoch in range(epochs):
        order = torch.from_numpy(numpy_generator(seed, "order", epoch).permutation(len(seen)))
        for batch in order.split(64):
            scores = network(seen[batch] - 0.5)
            loss = F.cross_entropy(scores[:, : len(SHAPES)], labels[batch, 0])
            loss = loss + F.cross_entropy(scores[:, len(SHAPES) :], labels[batch, 1])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    return time.process_time() - start


@torch.inference_mode()
def score(network: nn.Module, seen: Tensor, labels: Tensor) -> tuple[float, float, float, float]:
    """Return the shares of right items, right directions and both, and the ms a picture takes."""
    network.eval()
    start = time.process_time()
    scores = torch.cat([network(part - 0.5) for part in seen.split(64)])
    ms = (time.process_time() - start) / len(seen) * 1000
    item = scores[:, : len(SHAPES)].argmax(1) == labels[:, 0]
    direction = scores[:, len(SHAPES) :].argmax(1) == labels[:, 1]
    return (*(float(one.float().mean()) for one in (item, direction, item & direction)), ms)


def run(name: str, seed: int, drawn: list[tuple[Tensor, Tensor, Tensor]], epochs: int) -> dict[str, float | str]:
    """Train and score one front end with one seed on the pictures drawn for training and for the test."""
    front, build, pixels = FRONT_ENDS[name]
    parts, front_ms = [], 0.0
    for images, items, directions in drawn:
        start = time.process_time()
        seen = torch.cat([front(batch) for batch in images.split(64)])
        front_ms = (time.process_time() - start) / len(images) * 1000
        parts.append((seen, torch.stack([items, directions], dim=1)))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(derive_seed(seed, "weights"))
        network = build()
    seconds = train(network, *parts[0], epochs, seed)
    item, direction, both, ms = score(network, *parts[1])
    facts = {"front end": name, "seed": seed, "pixels": pixels, "front_ms": front_ms, "network_ms": ms}
    return {**facts, "training_s": seconds, "item": item, "direction": direction, "both": both}


def main() -> None:
    """Run all front ends and seeds, print the table, and write every run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="few pictures, one seed: only to see that it runs")
    parser.add_argument("--out", type=Path, default=Path(__file__).with_suffix(".json"))
    parser.add_argument("--only", choices=list(FRONT_ENDS), nargs="+", default=list(FRONT_ENDS))
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--pictures", type=int, default=2000)
    parser.add_argument("--epochs", type=int, default=12)
    options = parser.parse_args()
    torch.set_num_threads(1)
    n_seeds, sizes, epochs = options.seeds, (options.pictures, 600), options.epochs
    if options.quick:
        n_seeds, sizes, epochs = 1, (128, 64), 1
    rows = []
    for seed in range(n_seeds):
        drawn = [draw(count, derive_seed(seed, part)) for part, count in zip(("training", "test"), sizes)]
        for name in options.only:
            rows.append(run(name, seed, drawn, epochs))
            print(rows[-1], flush=True)
            options.out.write_text(json.dumps(rows, indent=1) + "\n")
    print("\n| front end | pixels | item | direction | both, and seeds | front end, ms | network, ms |")
    print("|---|---|---|---|---|---|---|")
    for name in options.only:
        mine = [row for row in rows if row["front end"] == name]
        mean = {key: statistics.fmean(row[key] for row in mine) for key in mine[0] if key != "front end"}
        spread = f"{min(row['both'] for row in mine):.3f} to {max(row['both'] for row in mine):.3f}"
        print(
            f"| {name} | {mean['pixels']:.0f} | {mean['item']:.3f} | {mean['direction']:.3f} | "
            f"{mean['both']:.3f}, {spread} | {mean['front_ms']:.2f} | {mean['network_ms']:.2f} |"
        )


if __name__ == "__main__":
    main()
