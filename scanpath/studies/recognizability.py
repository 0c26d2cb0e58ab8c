"""How recognizable a known target stays with eccentricity: through texture, and through blur as it is and exaggerated.

Small networks learn to name drawn items that are looked at. Then each item is seen from farther and farther away, and
two things are measured: how often the network names it, and where its embedding lies between the prototype of its
class, the other classes and empty ground, as one number that needs no chance level. Items are always drawn with the
same number of pixels; a larger item has fewer pixels per degree, so that one network serves all sizes.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from scanpath import __version__
from scanpath._core.checks import check_count, check_positive
from scanpath._core.errors import InputError
from scanpath._core.files import write_text
from scanpath._core.random import derive_seed, numpy_generator
from scanpath.foveation.blur import foveated_blur
from scanpath.foveation.texture import foveated_texture
from scanpath.metrics.ranks import twice_below
from scanpath.recognition.recognizability import class_prototypes, recognizability_index, unrecognizable_center
from scanpath.stimuli.item_pictures import ItemPictures, item_pictures
from scanpath.stimuli.items import SHAPES
from scanpath.studies.kept_tables import keep_table, kept_table

ECCENTRICITIES_DEG = (0.0, 2.0, 4.0, 8.0, 12.0, 16.0, 24.0)
#: Side of an item, of the picture that is foveated, and of its middle, which the network sees, in px.
ITEM_PX, PICTURE_PX, SEEN_PX = 28, 96, 48
CHANCE = 1 / len(SHAPES)
#: Accuracy half way between chance and no error.
HALF_WAY = (1 + CHANCE) / 2
SCALING, FOVEA_DEG = 0.4, 1.82
_FEATURES, _BATCH, _RATE = 64, 64, 3e-3


@dataclass(frozen=True)
class Recognizability:
    """What the networks could name, and how recognizable it was.

    Attributes
    ----------
    items
        One row a seed, size, view, eccentricity and item: its class, whether it was named rightly, and its index.
    """

    items: pd.DataFrame = field(repr=False)

    def curves(self) -> pd.DataFrame:
        """Average over items and seeds: ``view, size_deg, eccentricity_deg``, accuracy and index, and their extremes.

        The columns ``..._least`` and ``..._most`` are those of single seeds.
        """
        keys = ["view", "size_deg", "eccentricity_deg"]
        by_seed = self.items.groupby([*keys, "seed"], sort=False)[["right", "index"]].mean().reset_index()
        grouped = by_seed.rename(columns={"right": "accuracy"}).groupby(keys, sort=False)
        measures = ["accuracy", "index"]
        least, most = grouped.min()[measures].add_suffix("_least"), grouped.max()[measures].add_suffix("_most")
        return pd.concat([grouped[measures].mean(), least, most], axis=1).reset_index()

    def summary(self) -> pd.DataFrame:
        """Return for each view and size the threshold, and how well the index tells right from wrong.

        ``threshold_deg`` is the eccentricity at which accuracy first falls half way to chance, between two measured
        ones by a straight line; the first one where accuracy is lower already there, and NaN where it never is.
        ``auc`` is the share of pairs of a rightly and a wrongly named item, at all eccentricities, in which the index
        of the first is higher; NaN where all are named rightly.
        """
        rows = []
        for (view, size_deg), curve in self.curves().groupby(["view", "size_deg"], sort=False):
            shown = self.items[(self.items["view"] == view) & (self.items["size_deg"] == size_deg)]
            threshold = falls_below(curve["eccentricity_deg"].to_numpy(), curve["accuracy"].to_numpy(), HALF_WAY)
            auc = pair_share(shown["index"].to_numpy(), shown["right"].to_numpy(dtype=bool))
            rows.append({"view": view, "size_deg": size_deg, "threshold_deg": threshold, "auc": auc})
        return pd.DataFrame(rows)

    def save(self, out: Path) -> None:
        """Write ``items.csv``, ``curves.csv`` and ``summary.csv``."""
        tables = {"items": self.items, "curves": self.curves(), "summary": self.summary()}
        for name, table in tables.items():
            write_text(out / f"{name}.csv", table.to_csv(index=False, lineterminator="\n"))


def run_recognizability(
    *,
    sizes_deg: Sequence[float] = (1.0, 2.0, 4.0),
    eccentricities_deg: Sequence[float] = ECCENTRICITIES_DEG,
    strength: float = 8.0,
    n_items: int = 64,
    n_training: int = 2000,
    epochs: int = 10,
    n_seeds: int = 3,
    seed: int = 0,
    out: Path | None = None,
    progress: Callable[[int], None] | None = None,
) -> Recognizability:
    """Train networks on drawn items that are looked at, and show them others from farther and farther away.

    Parameters
    ----------
    sizes_deg
        Sizes of the items, each counted once; one of `ITEM_PX` px, so a size has `ITEM_PX` / size pixels per degree.
    eccentricities_deg
        From the fixation to the middle of the picture, in a direction drawn for each item.
    strength
        Of the exaggerated blur, as in `foveated_blur`.
    n_items
        Shown at each eccentricity, the same ones at all.
    n_training, epochs
        Items that a network learns from, one of each shape or more, and how often it sees each.
    n_seeds, seed
        Networks, each with items of its own.
    out
        Folder, or None. What each network made of each size is kept in ``out/parts``, and a stopped study goes on.
    progress
        Called with 1 after each network and size.

    Raises
    ------
    InputError
        If a number is not positive, there are fewer items to learn from than shapes, an eccentricity is negative,
        nothing is to be shown, or `out` has parts of a study with other settings.

    Examples
    --------
    >>> found = run_recognizability(sizes_deg=[2], eccentricities_deg=[0], n_items=8, n_training=8, epochs=1, n_seeds=1)
    >>> found.curves()["view"].tolist()
    ['texture', 'blur', 'blur x 8']
    """
    sizes = list(dict.fromkeys(check_positive("sizes_deg", size) for size in sizes_deg))
    places = sorted({float(one) for one in eccentricities_deg})
    if not sizes or not places or not all(0 <= one < np.inf for one in places):
        raise InputError(f"Give a size and eccentricities of at least 0 deg, got {list(sizes_deg)} and {places}.")
    shown = _Shown(places, strength, n_items, check_count("n_training", n_training, least=len(SHAPES)), epochs, seed)
    tell, tables = progress or (lambda done: None), []
    for number in range(check_count("n_seeds", n_seeds)):
        observer = None
        for size_deg in sizes:
            file = None if out is None else out / "parts" / f"network-{number}-size-{size_deg:g}.parquet"
            table = None if file is None else kept_table(file, shown.facts(number, size_deg), "answers")
            if table is None:
                observer = shown.observer(number) if observer is None else observer
                table = shown.answers(observer, number, size_deg)
                if file is not None:
                    keep_table(table, file, shown.facts(number, size_deg))
            tables.append(table)
            tell(1)
    return Recognizability(pd.concat(tables, ignore_index=True))


@dataclass(frozen=True)
class _Shown:
    """What every network learns and is shown."""

    places: Sequence[float]
    strength: float
    n_items: int
    n_training: int
    epochs: int
    seed: int

    def __post_init__(self) -> None:
        check_count("n_items", self.n_items), check_positive("strength", self.strength)

    def facts(self, number: int, size_deg: float) -> str:
        """What the answers of a network to items of one size depend on."""
        return json.dumps([__version__, vars(self), number, size_deg], sort_keys=True)

    def observer(self, number: int) -> "Observer":
        """Train a network on items of its own."""
        return Observer.trained(self.n_training, self.epochs, derive_seed(self.seed, "observer", number))

    def answers(self, observer: "Observer", number: int, size_deg: float) -> pd.DataFrame:
        """Show a network items of one size, by each view at each eccentricity."""
        drawn, rows = derive_seed(self.seed, "shown", number), []
        items = item_pictures(self.n_items, seed=drawn, size_px=ITEM_PX, side_px=PICTURE_PX)
        seed, shapes = derive_seed(self.seed, number), [SHAPES[label] for label in items.labels]
        for view, eccentricity, seen in _views(items, size_deg, self.places, self.strength, seed):
            right, index = observer.judge(seen, items.labels)
            facts = {"seed": number, "size_deg": size_deg, "view": view, "eccentricity_deg": eccentricity}
            rows.append(pd.DataFrame({**facts, "shape": shapes, "right": right, "index": index}))
        return pd.concat(rows, ignore_index=True)


@dataclass(frozen=True)
class Observer:
    """A trained network, the prototypes of its classes, and where it puts empty ground."""

    embed: nn.Module
    name: nn.Module
    prototypes: Tensor
    center: Tensor

    @classmethod
    def trained(cls, n_training: int, epochs: int, seed: int) -> "Observer":
        """Train on items that are looked at; the seed names the items, the first weights and the batches."""
        items = item_pictures(n_training, seed=derive_seed(seed, "items"), size_px=ITEM_PX, side_px=2 * ITEM_PX)
        images, labels = _middle(torch.from_numpy(items.images)), torch.from_numpy(items.labels)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(derive_seed(seed, "weights"))
            embed, name = _network(), nn.Linear(_FEATURES, len(SHAPES))
        _train(nn.Sequential(embed, name), images, labels, epochs, seed)
        empty = item_pictures(64, seed=derive_seed(seed, "ground"), size_px=ITEM_PX, side_px=2 * ITEM_PX, empty=True)
        with torch.inference_mode():
            prototypes = class_prototypes(embed(images), labels)
            center = unrecognizable_center(embed(_middle(torch.from_numpy(empty.images))))
        return cls(embed, name, prototypes, center)

    @torch.inference_mode()
    def judge(self, seen: Tensor, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Name the items of pictures (N, 3, H, W): which are right, and how recognizable each was."""
        known, features = torch.from_numpy(labels), self.embed(_middle(seen))
        right = self.name(features).argmax(dim=1) == known
        return right.numpy(), recognizability_index(features, known, self.prototypes, self.center).numpy()


def falls_below(places: np.ndarray, values: np.ndarray, least: float) -> float:
    """Where a curve first falls below a value, on the line between two points; NaN where it does not.

    Where it begins below, that is its first place.

    Examples
    --------
    >>> falls_below(np.array([0.0, 4.0, 8.0]), np.array([1.0, 0.8, 0.4]), 0.6)
    6.0
    """
    under = np.flatnonzero(values < least)
    if not len(under) or under[0] == 0:
        return float(places[0]) if len(under) else float("nan")
    last, first = under[0] - 1, under[0]
    share = (values[last] - least) / (values[last] - values[first])
    return round(float(places[last] + share * (places[first] - places[last])), 9)


def pair_share(values: np.ndarray, positive: np.ndarray) -> float:
    """Share of pairs of a positive and a negative in which the first is higher, ties half; NaN where one is missing.

    Examples
    --------
    >>> pair_share(np.array([0.9, 0.4, 0.6]), np.array([True, True, False]))
    0.5
    """
    higher, lower = values[positive], values[~positive]
    if not len(higher) or not len(lower):
        return float("nan")
    return float(twice_below(lower, higher).mean() / (2 * len(lower)))


def _views(
    items: ItemPictures, size_deg: float, places: Sequence[float], strength: float, seed: int
) -> Iterator[tuple[str, float, Tensor]]:
    """Show all items by each view and eccentricity; the direction to the fixation is drawn for each item."""
    px_per_deg, pictures = ITEM_PX / size_deg, torch.from_numpy(items.images)
    angle = numpy_generator(seed, "directions").uniform(0, 2 * np.pi, len(pictures))
    toward = torch.from_numpy(np.stack([np.cos(angle), np.sin(angle)], axis=1)).float()
    for eccentricity in places:
        points = (PICTURE_PX - 1) / 2 + eccentricity * px_per_deg * toward
        yield "texture", eccentricity, _textures(pictures, points, px_per_deg, seed)
        yield "blur", eccentricity, foveated_blur(pictures, points, px_per_deg=px_per_deg)
        exaggerated = foveated_blur(pictures, points, px_per_deg=px_per_deg, strength=strength)
        yield f"blur x {strength:g}", eccentricity, exaggerated


def _textures(pictures: Tensor, points: Tensor, px_per_deg: float, seed: int) -> Tensor:
    """Make each picture's texture with a field of its own, or one warp would be the same for all."""
    seen = []
    for number, (picture, point) in enumerate(zip(pictures, points)):
        corner = (PICTURE_PX - 1) / 2
        farthest = torch.dist((point - corner).abs() + corner, torch.zeros(2)) / px_per_deg
        if farthest < 1.25 * FOVEA_DEG:  # no window has room in a picture that hardly leaves the fovea
            seen.append(picture)
            continue
        own = derive_seed(seed, "texture", number)
        textured = foveated_texture(
            picture, point, px_per_deg=px_per_deg, scaling=SCALING, fovea_deg=FOVEA_DEG, seed=own
        )
        seen.append(textured)
    return torch.stack(seen)


def _middle(pictures: Tensor) -> Tensor:
    first = (pictures.shape[-1] - SEEN_PX) // 2
    return pictures[..., first : first + SEEN_PX, first : first + SEEN_PX]


def _network() -> nn.Sequential:
    """Three convolutions with pools, and a layer of features."""
    layers: list[nn.Module] = []
    for into, out in ((3, 16), (16, 32), (32, 64)):
        layers += [nn.Conv2d(into, out, 3, padding=1, bias=False), nn.BatchNorm2d(out), nn.ReLU(), nn.MaxPool2d(2)]
    side = SEEN_PX // 8
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(64 * side**2, _FEATURES))


def _train(network: nn.Module, images: Tensor, labels: Tensor, epochs: int, seed: int) -> None:
    optimizer = torch.optim.AdamW(network.parameters(), lr=_RATE, weight_decay=1e-3)
    steps = check_count("epochs", epochs) * -(-len(images) // _BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, _RATE, total_steps=steps)
    network.train()
    for epoch in range(epochs):
        order = torch.from_numpy(numpy_generator(seed, "order", epoch).permutation(len(images)))
        for batch in order.split(_BATCH):
            loss = F.cross_entropy(network(images[batch]), labels[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    network.eval().requires_grad_(False)
