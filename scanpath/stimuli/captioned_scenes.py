"""Captioned scenes: colored, textured shapes on a textured ground, and a sentence about one of them.

The answer to a caption is known by construction, so that a model that looks for what it is told can be tested without
any human label: 7 colors x 6 shapes x 4 textures make 168 combinations, of which 24 are kept out of training.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import product

import numpy as np
import torch

from scanpath._core.checks import check_choice, check_count
from scanpath._core.errors import InputError
from scanpath._core.random import numpy_generator
from scanpath.gaze.stimulus import Stimulus
from scanpath.stimuli.caption_grammar import POSITIONS, describe, position_holds

#: Color names and their (r, g, b).
COLORS = {
    "red": (0.85, 0.12, 0.12),
    "yellow": (0.93, 0.85, 0.15),
    "green": (0.13, 0.65, 0.20),
    "cyan": (0.15, 0.78, 0.85),
    "blue": (0.15, 0.25, 0.85),
    "purple": (0.60, 0.18, 0.75),
    "white": (0.95, 0.95, 0.95),
}
SHAPES = ("circle", "square", "triangle", "cross", "star", "ring")
TEXTURES = ("plain", "striped", "dotted", "checked")

Combination = tuple[str, str, str]
#: All (color, texture, shape), in a fixed order.
COMBINATIONS: tuple[Combination, ...] = tuple(product(COLORS, TEXTURES, SHAPES))


def is_held_out(combination: Combination) -> bool:
    """Say whether a combination is kept out of training.

    Each texture and shape meets all colors but one in training, so that every value and nearly every pair is seen.

    Examples
    --------
    >>> sum(is_held_out(combination) for combination in COMBINATIONS), len(COMBINATIONS)
    (24, 168)
    """
    color, texture, shape = combination
    return (list(COLORS).index(color) + 2 * SHAPES.index(shape) + 3 * TEXTURES.index(texture)) % len(COLORS) == 0


@dataclass(frozen=True)
class SceneObject:
    """One shape in a scene.

    Attributes
    ----------
    combination
        Its color, texture and shape.
    center_px, radius_px
        Center (x, y) and radius of the circle around it.
    angle
        Rotation in radians.
    box
        (x, y, width, height): the tight box of its pixels.
    """

    combination: Combination
    center_px: tuple[float, float]
    radius_px: float
    angle: float
    box: tuple[int, int, int, int] = (0, 0, 1, 1)


@dataclass(frozen=True)
class Scene:
    """A drawn scene: the picture and what is where; the caption is about ``objects[0]``.

    Attributes
    ----------
    image
        (3, size, size) float32 in [0, 1].
    objects
        What was drawn; the first is the target. No two share a combination, except a twin of the target.
    caption, position
        Sentence about the target, and the position phrase in it, or None.
    twin
        Whether ``objects[1]`` looks like the target, so that only the position phrase tells them apart.
    """

    image: np.ndarray
    objects: tuple[SceneObject, ...]
    caption: str
    position: str | None
    twin: bool


def captioned_scenes(
    n: int, seed: int = 0, *, size_px: int = 128, combinations: str = "all", twin_share: float = 0.2
) -> list[Stimulus]:
    """Draw scenes of 4 to 6 objects, each with a caption of one of them and the box to find.

    Parameters
    ----------
    n
        Number of scenes. Scene i does not depend on n.
    seed
        Names the scenes.
    size_px
        Side of the square pictures; objects scale with it.
    combinations
        Which attribute combinations appear: "trained" (those that the package's small CLIP was trained on),
        "held_out" (the target is of a combination kept out of training), or "all".
    twin_share
        Share of scenes that hold a second object like the target, so that the position phrase of the caption decides.

    Returns
    -------
    list of Stimulus
        With ``caption`` and ``target_box``. ``info`` has further captions to compare with: ``absent_caption`` (of an
        object that is not there, but may share a color, texture or shape with the target), ``foreign_caption`` (of
        one that shares none), ``other_caption`` (of another object that is there), ``twin_caption`` (of the target's
        twin, or None), and whether the target's combination is ``held_out``.

    Raises
    ------
    InputError
        If a number is out of range or `combinations` is unknown.

    Examples
    --------
    >>> scene = captioned_scenes(1, seed=3)[0]
    >>> scene.caption, scene.size
    ('the plain circle that is green', (128, 128))
    """
    check_count("n", n, least=0)
    check_choice("combinations", combinations, ("trained", "held_out", "all"))
    return [_stimulus(seed, index, size_px, combinations, twin_share) for index in range(n)]


def draw_scene(
    seed: int, index: int, *, size_px: int = 128, combinations: str = "all", twin_share: float = 0.2
) -> Scene:
    """Draw scene number `index` of a seed; `captioned_scenes` explains the parameters."""
    check_count("size_px", size_px, least=48)
    if not 0 <= twin_share <= 1:
        raise InputError(f"twin_share must lie in [0, 1], got {twin_share!r}.")
    rng = numpy_generator(seed, "captioned scene", combinations, index)
    twin = bool(rng.random() < twin_share)
    bare = _arrange(rng, size_px, _choose(rng, combinations, twin), twin)
    image, boxes = _draw(rng, size_px, bare)
    objects = tuple(
        SceneObject(one.combination, one.center_px, one.radius_px, one.angle, box) for one, box in zip(bare, boxes)
    )
    position = _position(rng, objects, size_px, twin)
    return Scene(image, objects, describe(rng, objects[0].combination, position), position, twin)


def _stimulus(seed: int, index: int, size_px: int, combinations: str, twin_share: float) -> Stimulus:
    scene = draw_scene(seed, index, size_px=size_px, combinations=combinations, twin_share=twin_share)
    rng = numpy_generator(seed, "captions", combinations, index)
    target, others = scene.objects[0], scene.objects[2 if scene.twin else 1 :]
    present = {one.combination for one in scene.objects}
    absent = [one for one in COMBINATIONS if one not in present]
    foreign = [one for one in absent if not set(one) & set(target.combination)]
    twin_caption = None
    if scene.twin:
        where = [name for name in POSITIONS if _only(name, scene.objects[1], target, size_px)]
        twin_caption = describe(rng, target.combination, where[rng.integers(len(where))])
    return Stimulus(
        torch.from_numpy(scene.image),
        name=f"scene-{combinations}-{seed}-{index:04d}",
        caption=scene.caption,
        target_box=target.box,
        info={
            "dataset": "captioned_scenes",
            "task": "caption_search",
            "held_out": is_held_out(target.combination),
            "absent_caption": describe(rng, absent[rng.integers(len(absent))], None),
            "foreign_caption": describe(rng, foreign[rng.integers(len(foreign))], None),
            "other_caption": describe(rng, others[rng.integers(len(others))].combination, None),
            "twin_caption": twin_caption,
        },
    )


def _choose(rng: np.random.Generator, combinations: str, twin: bool) -> list[Combination]:
    """Draw which combinations a scene shows, the target's first."""
    allowed = [one for one in COMBINATIONS if combinations != "trained" or not is_held_out(one)]
    targets = [one for one in allowed if combinations != "held_out" or is_held_out(one)]
    target = targets[rng.integers(len(targets))]
    others = [one for one in allowed if one != target]
    n_others = int(rng.integers(4, 7)) - (2 if twin else 1)
    picked = [others[index] for index in rng.permutation(len(others))[:n_others]]
    return [target, target, *picked] if twin else [target, *picked]


def _arrange(rng: np.random.Generator, size: int, chosen: list[Combination], twin: bool) -> list[SceneObject]:
    """Place objects at random without overlap; a twin lies in another quadrant than the target."""
    while True:
        placed: list[SceneObject] = []
        for combination in chosen:
            spot = _free_spot(rng, size, placed, apart=twin and len(placed) == 1)
            if spot is None:
                break
            placed.append(SceneObject(combination, spot[0], spot[1], float(rng.uniform(-0.25, 0.25))))
        if len(placed) == len(chosen):
            return placed


def _free_spot(
    rng: np.random.Generator, size: int, placed: list[SceneObject], apart: bool
) -> tuple[tuple[float, float], float] | None:
    for _ in range(60):
        radius = float(rng.uniform(0.095, 0.125) * size)
        x, y = (float(value) for value in rng.uniform(radius + 1, size - 2 - radius, 2))
        gaps = [math.dist((x, y), one.center_px) - one.radius_px - radius for one in placed]
        clear = all(gap > 0.03 * size for gap in gaps)
        if clear and not (apart and _phrases((x, y), size) == _phrases(placed[0].center_px, size)):
            return (x, y), radius
    return None


def _phrases(center_px: tuple[float, float], size: int) -> list[str]:
    return [name for name in POSITIONS if position_holds(name, center_px, size)]


def _position(rng: np.random.Generator, objects: tuple[SceneObject, ...], size: int, twin: bool) -> str | None:
    """Draw a true position phrase: one that tells the target from its twin, or, without a twin, sometimes one."""
    target = objects[0]
    names = _phrases(target.center_px, size)
    if twin:
        names = [name for name in names if _only(name, target, objects[1], size)]
    elif rng.random() < 0.7:
        return None
    return names[rng.integers(len(names))]


def _only(name: str, one: SceneObject, other: SceneObject, size: int) -> bool:
    return position_holds(name, one.center_px, size) and not position_holds(name, other.center_px, size)


def _draw(
    rng: np.random.Generator, size: int, objects: list[SceneObject]
) -> tuple[np.ndarray, list[tuple[int, int, int, int]]]:
    image = _ground(rng, size)
    boxes = []
    for one in objects:
        (x, y), reach = one.center_px, math.ceil(one.radius_px) + 1
        left, top = round(x) - reach, round(y) - reach
        window = (slice(max(top, 0), top + 2 * reach + 1), slice(max(left, 0), left + 2 * reach + 1))
        rows, columns = (grid[window] for grid in np.mgrid[:size, :size])
        inside, light = _supersampled(one, rows, columns, phase=float(rng.random()))
        paint = np.array(COLORS[one.combination[0]], dtype=np.float32)[:, None, None] * light
        image[(slice(None), *window)] = image[(slice(None), *window)] * (1 - inside) + paint
        solid = np.nonzero(inside >= 0.5)
        first_row, first_column = int(rows[0, 0] + solid[0].min()), int(columns[0, 0] + solid[1].min())
        boxes.append((first_column, first_row, int(np.ptp(solid[1])) + 1, int(np.ptp(solid[0])) + 1))
    return np.clip(image, 0, 1), boxes


def _ground(rng: np.random.Generator, size: int) -> np.ndarray:
    """Draw gray, slightly tinted ground with smooth blotches and fine grain."""
    level = rng.uniform(0.32, 0.6)
    tint = rng.uniform(-0.06, 0.06, (3, 1, 1))
    coarse = torch.from_numpy(rng.standard_normal((1, 1, 9, 9)).astype(np.float32))
    blotches = torch.nn.functional.interpolate(coarse, (size, size), mode="bilinear", align_corners=True)[0].numpy()
    grain = rng.standard_normal((1, size, size))
    return (level + tint + 0.05 * blotches + rng.uniform(0.02, 0.07) * grain).astype(np.float32)


def _supersampled(
    one: SceneObject, rows: np.ndarray, columns: np.ndarray, phase: float, factor: int = 3
) -> tuple[np.ndarray, np.ndarray]:
    """Return each pixel's share inside the object, and the light of its texture times that share."""
    offsets = (np.arange(factor) + 0.5) / factor - 0.5
    dy, dx = np.meshgrid(offsets, offsets, indexing="ij")
    x = columns[..., None] + dx.ravel() - one.center_px[0]
    y = rows[..., None] + dy.ravel() - one.center_px[1]
    cos, sin = math.cos(one.angle), math.sin(one.angle)
    u, v = (cos * x + sin * y) / one.radius_px, (cos * y - sin * x) / one.radius_px
    _, texture, shape = one.combination
    inside = _INSIDE[shape](u, v)
    light = np.where(_DARK[texture](u, v, phase), 0.3, 1.0) * inside
    return inside.mean(-1).astype(np.float32), light.mean(-1).astype(np.float32)


def _star(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    # a five-pointed star in polar form: straight edges between radius 1 at the points and 0.45 at the notches
    angle = np.abs((np.arctan2(u, -v) + math.pi / 5) % (2 * math.pi / 5) - math.pi / 5)
    notch_x, notch_y = 0.45 * math.cos(math.pi / 5), 0.45 * math.sin(math.pi / 5)
    radius = np.hypot(u, v)
    return radius * (np.sin(angle) * (1 - notch_x) + np.cos(angle) * notch_y) <= notch_y


#: Shape -> test of points in units of the radius, y down.
_INSIDE: dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    "circle": lambda u, v: u * u + v * v <= 0.9,
    "square": lambda u, v: np.maximum(np.abs(u), np.abs(v)) <= 0.75,
    "triangle": lambda u, v: (v <= 0.6) & (np.abs(u) <= (v + 1) * 0.6),
    "cross": lambda u, v: (np.minimum(np.abs(u), np.abs(v)) <= 0.3) & (np.maximum(np.abs(u), np.abs(v)) <= 0.95),
    "star": _star,
    "ring": lambda u, v: (u * u + v * v <= 1) & (u * u + v * v >= 0.25),
}
#: Texture -> where the surface is dark; `phase` in [0, 1) shifts the pattern.
_DARK: dict[str, Callable[[np.ndarray, np.ndarray, float], np.ndarray]] = {
    "plain": lambda u, v, phase: np.zeros_like(u, dtype=bool),
    "striped": lambda u, v, phase: (2.2 * v + phase) % 1 < 0.5,
    "dotted": lambda u, v, phase: ((1.9 * u + phase) % 1 - 0.5) ** 2 + ((1.9 * v + phase) % 1 - 0.5) ** 2 < 0.09,
    "checked": lambda u, v, phase: ((1.8 * u + phase) % 1 < 0.5) ^ ((1.8 * v + phase) % 1 < 0.5),
}
