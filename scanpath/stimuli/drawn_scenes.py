"""Drawn scenes of eight classes that differ in layout and in texture: a labeled set of pictures without photographs.

A class is known by where its surfaces lie and by what covers them, and each alone is uncertain: colors, contrast,
clutter and noise say nothing of it, and every few scenes the texture is that of another class. The scenes stand in for
photographs of places in experiments on networks; they say nothing of photographs themselves.
"""

import math
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from PIL import Image

from scanpath._core.checks import check_choice, check_count, check_share
from scanpath._core.files import atomic_folder
from scanpath._core.random import numpy_generator

#: Share of scenes whose texture is that of another class.
BORROWED_SHARE = 0.15
_CLUTTER, _NOISE = 3, 0.01
#: Exponent of the shading's amplitude spectrum, and its standard deviation.
_SHADING_SLOPE, _SHADING = 2.0, 0.18


@dataclass(frozen=True)
class SceneTexture:
    """Filtered noise: its spatial frequency, and its orientation as that of the waves' normal.

    Attributes
    ----------
    cycles
        Center frequency in cycles per picture.
    octaves
        Width of the frequency band, as a standard deviation in octaves.
    angle_deg
        Direction in which the waves follow each other: 0 is left to right, so that stripes stand upright.
    spread_deg
        Standard deviation of that direction; 90 or more has none.
    """

    cycles: float
    octaves: float
    angle_deg: float
    spread_deg: float

    def draw(self, size_px: int, generator: np.random.Generator) -> np.ndarray:
        """Draw the texture, (size_px, size_px), with mean 0 and standard deviation 1."""
        frequencies = np.fft.fftfreq(size_px, 1 / size_px)
        fx, fy = frequencies[None], frequencies[:, None]
        radius = np.hypot(fx, fy)
        radius[0, 0] = 1e-9
        gain = np.exp(-0.5 * (np.log2(radius / self.cycles) / self.octaves) ** 2)
        if self.spread_deg < 90:
            turn = (np.degrees(np.arctan2(fy, fx)) - self.angle_deg + 90) % 180 - 90
            gain = gain * np.exp(-0.5 * (turn / self.spread_deg) ** 2)
        wave = np.fft.ifft2(np.fft.fft2(generator.standard_normal((size_px, size_px))) * gain).real
        return (wave - wave.mean()) / wave.std()


#: Draws the regions of a layout, (size, size) whole numbers from 0, on x and y in shares of the side.
Layout = Callable[[np.ndarray, np.ndarray, np.random.Generator], np.ndarray]


def _sea(x: np.ndarray, y: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """A level horizon, and an island on it."""
    horizon, left = generator.uniform(0.35, 0.6), generator.uniform(0, 0.8)
    island = (x > left) & (x < left + 0.2) & (y > horizon - 0.08) & (y <= horizon)
    return np.where(y > horizon, 1, np.where(island, 2, 0))


def _field(x: np.ndarray, y: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """A gently rolling horizon, and a path that comes nearer."""
    horizon = generator.uniform(0.35, 0.6) + 0.06 * np.sin(2 * math.pi * (x * generator.uniform(0.5, 1) + y[0, 0]))
    start, end = generator.uniform(0.3, 0.7, 2)
    depth = (y - horizon).clip(0)
    path = np.abs(x - start - (end - start) * depth / 0.5) < 0.02 + 0.2 * depth
    return np.where(y > horizon, np.where(path, 2, 1), 0)


def _mountains(x: np.ndarray, y: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Two chains of peaks, one before the other."""
    regions = np.zeros(np.broadcast_shapes(x.shape, y.shape), dtype=int)
    for number, height in enumerate((0.3, 0.55), start=1):
        peaks = generator.uniform(0, 1, 3)
        slopes = generator.uniform(0.8, 1.6, 3)
        ridge = np.min([height + generator.uniform(-0.1, 0.1) + s * np.abs(x - p) for p, s in zip(peaks, slopes)], 0)
        regions = np.where(y > ridge, number, regions)
    return regions


def _skyline(x: np.ndarray, y: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Houses of different heights, side by side."""
    edges = np.cumsum(generator.uniform(0.1, 0.25, 10)) - 0.1
    tops = generator.uniform(0.2, 0.65, 11)
    house = np.searchsorted(edges, x)
    return np.where(y > tops[house], 1 + house % 3, 0)


def _forest(x: np.ndarray, y: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Trunks from top to bottom on a ground."""
    regions = np.where(y > generator.uniform(0.65, 0.8), 1, 0) + 0 * x.astype(int)
    for _ in range(generator.integers(4, 8)):
        center, half, lean = generator.uniform(0, 1), generator.uniform(0.02, 0.07), generator.uniform(-0.1, 0.1)
        regions = np.where(np.abs(x - center - lean * (y - 0.5)) < half, 2, regions)
    return regions


def _corridor(x: np.ndarray, y: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Four surfaces that meet in a vanishing point, and a small door there."""
    across, down = x - generator.uniform(0.35, 0.65), y - generator.uniform(0.35, 0.65)
    door = (np.abs(across) < 0.08) & (np.abs(down) < 0.1)
    sides = np.where(np.abs(across) > np.abs(down), np.where(across > 0, 0, 2), np.where(down > 0, 1, 3))
    return np.where(door, 4, sides)


def _room(x: np.ndarray, y: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """A back wall with a window, a side wall and a floor."""
    corner, floor = generator.uniform(0.2, 0.35), generator.uniform(0.6, 0.75)
    wide, high = generator.uniform(0.15, 0.3, 2)
    left, top = generator.uniform(corner + 0.05, 0.65), generator.uniform(0.1, 0.3)
    window = (x > left) & (x < left + wide) & (y > top) & (y < top + high)
    inside = np.where(window, 3, np.where(y > floor, 1, 0))
    regions = np.where(x < corner, np.where(y > floor + (corner - x), 1, 2), inside)
    return regions if generator.random() < 0.5 else regions[:, ::-1]


def _canyon(x: np.ndarray, y: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Two walls that leave a gap between them, narrower toward the ground."""
    middle, wide, narrow = generator.uniform(0.35, 0.65), generator.uniform(0.2, 0.35), generator.uniform(0.0, 0.05)
    half = narrow + (wide - narrow) * (1 - y).clip(0, 1)
    return np.where(x < middle - half, 1, np.where(x > middle + half, 2, 0))


@dataclass(frozen=True)
class _SceneClass:
    layout: Layout
    texture: SceneTexture


#: Name of a class -> its layout and texture.
_CLASSES: Mapping[str, _SceneClass] = {
    "canyon": _SceneClass(_canyon, SceneTexture(9, 0.35, 75, 12)),
    "corridor": _SceneClass(_corridor, SceneTexture(16, 0.3, 45, 12)),
    "field": _SceneClass(_field, SceneTexture(18, 0.4, 0, 14)),
    "forest": _SceneClass(_forest, SceneTexture(9, 0.4, 0, 10)),
    "mountains": _SceneClass(_mountains, SceneTexture(9, 0.8, 0, 90)),
    "room": _SceneClass(_room, SceneTexture(20, 0.4, 0, 90)),
    "sea": _SceneClass(_sea, SceneTexture(17, 0.4, 90, 10)),
    "skyline": _SceneClass(_skyline, SceneTexture(14, 0.25, 135, 10)),
}
#: Names of the classes of drawn scenes.
SCENE_CLASSES = tuple(_CLASSES)


def drawn_scene(
    name: str, *, size_px: int = 64, seed: int = 0, number: int = 0, borrowed_share: float = BORROWED_SHARE
) -> np.ndarray:
    """Draw a scene of a class.

    Parameters
    ----------
    name
        One of `SCENE_CLASSES`.
    size_px
        Side of the square picture. A larger one shows the same kind of scene; textures keep their cycles per picture.
    seed, number
        Name the scene among others of its class.
    borrowed_share
        Probability that the texture is that of another class.

    Returns
    -------
    numpy.ndarray
        (3, size_px, size_px) float32 in [0, 1].

    Examples
    --------
    >>> picture = drawn_scene("sea", size_px=48, number=3)
    >>> picture.shape, bool((picture == drawn_scene("sea", size_px=48, number=3)).all())
    ((3, 48, 48), True)
    """
    check_choice("scene class", name, SCENE_CLASSES)
    check_share("borrowed_share", borrowed_share)
    generator = numpy_generator(seed, "drawn scene", name, number)
    side = check_count("size_px", size_px, least=16)
    x, y = (np.arange(side)[None] + 0.5) / side, (np.arange(side)[:, None] + 0.5) / side
    regions = np.broadcast_to(_CLASSES[name].layout(x, y, generator), (side, side))
    others = [one for one in SCENE_CLASSES if one != name]
    covered = str(generator.choice(others)) if generator.random() < borrowed_share else name
    texture = _CLASSES[covered].texture.draw(side, generator)
    # region 0 is the ground or the sky, whose texture is faint
    tones = generator.uniform(0.1, 0.9, (int(regions.max()) + 1, 3))
    strength = generator.uniform(0.06, 0.14, len(tones))
    strength[0] *= 0.4
    picture = tones[regions] + (strength[regions] * texture + _SHADING * _shading(side, generator))[..., None]
    picture = _with_clutter(picture, x, y, generator)
    picture = 0.5 + generator.uniform(0.6, 1.0) * (picture - 0.5) + generator.normal(0, _NOISE, picture.shape)
    return np.ascontiguousarray(picture.clip(0, 1).transpose(2, 0, 1), dtype=np.float32)


def _shading(size_px: int, generator: np.random.Generator) -> np.ndarray:
    """Draw light and shade whose amplitude falls with frequency, mean 0 and standard deviation 1."""
    frequencies = np.fft.fftfreq(size_px, 1 / size_px)
    radius = np.hypot(frequencies[None], frequencies[:, None])
    gain = np.where(radius > 0, radius.clip(1) ** -_SHADING_SLOPE, 0.0)
    wave = np.fft.ifft2(np.fft.fft2(generator.standard_normal((size_px, size_px))) * gain).real
    return wave / wave.std()


def _with_clutter(picture: np.ndarray, x: np.ndarray, y: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Lay disks and bars of random colors over a picture; they come in all classes alike."""
    for _ in range(generator.integers(1, _CLUTTER + 1)):
        left, top = generator.uniform(0, 1, 2)
        half_width, half_height = generator.uniform(0.02, 0.12, 2)
        across, down = (x - left) / half_width, (y - top) / half_height
        inside = np.hypot(across, down) < 1 if generator.random() < 0.5 else np.maximum(abs(across), abs(down)) < 1
        picture = np.where(inside[..., None], generator.uniform(0.1, 0.9, 3), picture)
    return picture


def write_drawn_scenes(out_dir: str | os.PathLike[str], *, per_class: int, size_px: int = 64, seed: int = 0) -> None:
    """Write drawn scenes as PNG files to a new folder, one subfolder a class.

    Parameters
    ----------
    out_dir
        Folder that does not exist yet or is empty.
    per_class
        Scenes of each class.
    size_px, seed
        As for `drawn_scene`.

    Raises
    ------
    InputError
        If the folder is there and not empty.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_drawn_scenes(f"{folder}/scenes", per_class=1, size_px=32)
    ...     len(list(Path(folder).rglob("*.png")))
    8
    """
    count = check_count("per_class", per_class)
    with atomic_folder(out_dir) as folder:
        for name in SCENE_CLASSES:
            (folder / name).mkdir()
            for number in range(count):
                levels = np.round(255 * drawn_scene(name, size_px=size_px, seed=seed, number=number))
                Image.fromarray(levels.astype(np.uint8).transpose(1, 2, 0)).save(folder / name / f"{number:05d}.png")
