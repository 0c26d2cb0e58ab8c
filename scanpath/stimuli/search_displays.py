"""Search displays with free parameters: feature search, conjunctions, T among L, target present or absent."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from scanpath._core.checks import check_choice, check_count, check_positive
from scanpath._core.errors import InputError
from scanpath._core.random import numpy_generator
from scanpath.gaze.stimulus import Stimulus
from scanpath.stimuli.grids import Grid, check_side, place
from scanpath.stimuli.items import Item


@dataclass(frozen=True)
class Layout:
    """Where the items of a display may lie, and its scale.

    Parameters
    ----------
    rows, columns
        Cells; each holds one item at most.
    cell_deg
        Side of a cell in degrees.
    jitter_deg
        Largest displacement of an item from its cell's center, along each axis, in degrees.
    background
        Gray level of the ground, 0 to 255.
    px_per_deg
        Pixels per degree.
    """

    rows: int = 6
    columns: int = 6
    cell_deg: float = 2.0
    jitter_deg: float = 0.25
    background: float = 128.0
    px_per_deg: float = 30.0

    def __post_init__(self) -> None:
        for name in ("rows", "columns"):
            check_count(name, getattr(self, name))
        for name in ("cell_deg", "px_per_deg"):
            check_positive(name, getattr(self, name))
        if not (math.isfinite(self.jitter_deg) and self.jitter_deg >= 0):
            raise InputError(f"jitter_deg must be at least 0, got {self.jitter_deg!r}.")
        check_side(max(self.grid.size), f"A display of {self.rows} x {self.columns} cells of {self.cell_deg:g} degrees")
        if not 0 <= self.background <= 255:
            raise InputError(f"background must be a gray level from 0 to 255, got {self.background!r}.")

    @property
    def grid(self) -> Grid:
        """The cells in px."""
        cell_px = max(1, round(self.cell_deg * self.px_per_deg))
        return Grid(self.rows, self.columns, cell_px, (self.rows * cell_px, self.columns * cell_px))


def search_display(
    target: Item,
    distractors: Sequence[Item],
    *,
    target_present: bool = True,
    layout: Layout | None = None,
    task: str = "search",
    condition: str | None = None,
    trial: int = 0,
    seed: int = 0,
) -> Stimulus:
    """Draw a display of given items at random places.

    Parameters
    ----------
    target
        What is looked for.
    distractors
        The other items, in any order; places are drawn at random.
    target_present
        False leaves the target out: the stimulus then still carries its picture, but no box and no mask.
    layout
        Grid, jitter, ground and scale.
    task, condition, trial
        Facts of the trial, part of its name. Displays that differ in the condition alone have the same places.
    seed
        Decides the places, together with the task, the number of items and the trial.

    Returns
    -------
    Stimulus
        RGB image, ``target``, ``target_box`` (the target's canvas), ``target_mask`` (the target's cell), ``cells``,
        ``background``, ``px_per_deg`` and ``info``.

    Raises
    ------
    InputError
        If the items do not fit into the cells, or there are none.

    Examples
    --------
    >>> display = search_display(Item("bar", color=(1, 0, 0)), [Item("bar", color=(0, 1, 0))] * 7, seed=1)
    >>> display.size, display.target_box[2:], display.info["set_size"]
    ((360, 360), (31.0, 31.0), 8)
    """
    layout = layout or Layout()
    grid = layout.grid
    items = [*([target] if target_present else []), *distractors]
    if not items:
        raise InputError("A display needs at least one item; give distractors or set target_present=True.")
    generator = numpy_generator(seed, "search_display", task, len(items), int(target_present), trial)
    cells = place(grid, len(items), (1, 1), generator).cells
    image = np.full((3, *grid.size), np.float32(round(layout.background) / 255))
    corners = []
    for item, cell in zip(items, cells):
        corner = _corner(item, cell, layout, grid, generator)
        drawn = item.draw(layout.px_per_deg, layout.background)
        side = drawn.shape[-1]
        image[:, corner[1] : corner[1] + side, corner[0] : corner[0] + side] = drawn
        corners.append((*corner, side, side))
    labels, presence = grid.labels(), "present" if target_present else "absent"
    return Stimulus(
        image,
        name="-".join((task, condition or "display", f"{len(items):02d}", presence, f"{trial:03d}")),
        target=target.draw(layout.px_per_deg, layout.background),
        target_box=corners[0] if target_present else None,
        target_mask=labels == cells[0] + 1 if target_present else None,
        cells=labels,
        background=layout.background,
        px_per_deg=layout.px_per_deg,
        info={
            "dataset": "search_displays",
            "task": task,
            "condition": condition,
            "set_size": len(items),
            "target_present": target_present,
            "trial": str(trial),
        },
    )


def feature_display(
    set_size: int,
    target: Item,
    distractor: Item,
    *,
    target_present: bool = True,
    layout: Layout | None = None,
    condition: str | None = None,
    trial: int = 0,
    seed: int = 0,
) -> Stimulus:
    """Draw one target among equal distractors; if they differ in one feature the target pops out.

    Examples
    --------
    >>> upright, tilted = Item("bar"), Item("bar", orientation_deg=-20)
    >>> feature_display(12, tilted, upright).info["condition"]
    'orientation_deg'
    """
    set_size = check_count("set_size", set_size)
    differs = [name for name in Item.__dataclass_fields__ if getattr(target, name) != getattr(distractor, name)]
    if not differs:
        raise InputError("The target equals the distractor; change its color, orientation, size, shape or stroke.")
    return search_display(
        target,
        [distractor] * (set_size - int(target_present)),
        target_present=target_present,
        layout=layout,
        task="feature",
        condition=condition or "+".join(differs),
        trial=trial,
        seed=seed,
    )


def conjunction_display(
    set_size: int,
    target: Item,
    other: Item,
    *,
    features: tuple[str, str] = ("color", "orientation_deg"),
    target_present: bool = True,
    layout: Layout | None = None,
    condition: str | None = None,
    trial: int = 0,
    seed: int = 0,
) -> Stimulus:
    """Draw a target that differs from each distractor in one of two features, but from no kind in both.

    Half of the distractors have the target's first feature and the second of `other`, half the reverse; of an odd
    number the first kind gets one more.

    Parameters
    ----------
    target
        What is looked for, with both of its features.
    other
        Item that has the other value of both features.
    features
        Names of two parameters of `Item`.

    References
    ----------
    Treisman & Gelade (1980), Cognitive Psychology 12, 97-136. doi:10.1016/0010-0285(80)90005-5

    Examples
    --------
    >>> red_upright, green_flat = Item(color=(1, 0, 0)), Item(color=(0, 1, 0), orientation_deg=90)
    >>> conjunction_display(16, red_upright, green_flat).info["condition"]
    'color+orientation_deg'
    """
    set_size = check_count("set_size", set_size)
    first, second = (check_choice("feature", name, tuple(Item.__dataclass_fields__)) for name in features)
    if first == second or any(getattr(target, name) == getattr(other, name) for name in (first, second)):
        raise InputError(f"Target and other must differ in both features of a conjunction, got {first} and {second}.")
    kinds = [replace(target, **{second: getattr(other, second)}), replace(target, **{first: getattr(other, first)})]
    return search_display(
        target,
        [kinds[number % 2] for number in range(set_size - int(target_present))],
        target_present=target_present,
        layout=layout,
        task="conjunction",
        condition=condition or f"{first}+{second}",
        trial=trial,
        seed=seed,
    )


def t_among_l_display(
    set_size: int,
    *,
    target: Item | None = None,
    distractor: Item | None = None,
    rotations_deg: Sequence[float] = (0, 90, 180, 270),
    target_present: bool = True,
    layout: Layout | None = None,
    condition: str | None = None,
    trial: int = 0,
    seed: int = 0,
) -> Stimulus:
    """Draw a T among L, or any two items, each turned at random: a search that needs attention item by item.

    Moving the upright stroke of the distractors toward the middle (``Item("L", offset=0.2)``) makes it harder.

    Parameters
    ----------
    target, distractor
        ``Item("T")`` and ``Item("L")`` by default.
    rotations_deg
        Turns, in degrees counter-clockwise, of which each item gets one.

    Examples
    --------
    >>> display = t_among_l_display(9, layout=Layout(rows=4, columns=4))
    >>> display.info["set_size"], display.caption
    (9, None)
    """
    set_size = check_count("set_size", set_size)
    if len(rotations_deg) == 0:
        raise InputError("rotations_deg must name at least one turn; (0,) leaves all items upright.")
    target, distractor = target or Item("T"), distractor or Item("L")
    generator = numpy_generator(seed, "t_among_l", set_size, int(target_present), trial)
    items = [target, *[distractor] * (set_size - int(target_present))]
    turns = generator.choice(np.asarray(rotations_deg, dtype=np.float64), size=len(items))
    turned = [replace(item, orientation_deg=item.orientation_deg + turn) for item, turn in zip(items, turns.tolist())]
    return search_display(
        turned[0],
        turned[1:],
        target_present=target_present,
        layout=layout,
        task="t_among_l",
        condition=condition or f"{target.shape}_among_{distractor.shape}",
        trial=trial,
        seed=seed,
    )


def _corner(item: Item, cell: int, layout: Layout, grid: Grid, generator: np.random.Generator) -> tuple[int, int]:
    side = item.canvas_px(layout.px_per_deg)
    room = grid.cell_px - side
    if room < 0:
        raise InputError(
            f"A {item.shape} of {item.size_deg:g} degrees needs {side} px to turn and a cell has {grid.cell_px} px; "
            "make cell_deg larger or size_deg smaller."
        )
    reach = layout.jitter_deg * layout.px_per_deg
    left, top = grid.corner(cell)
    shift = np.clip(room / 2 + generator.uniform(-reach, reach, size=2), 0, room)
    return left + int(np.rint(shift[0])), top + int(np.rint(shift[1]))
