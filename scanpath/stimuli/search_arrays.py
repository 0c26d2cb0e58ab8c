"""The six search asymmetry tasks: displays in which a target A among B is found faster than B among A.

Each task has two conditions that exchange the roles of target and distractor. Displays follow Gupta et al. (2021): a
grid of cells, items in random different cells with a jitter inside them, and a mask of the target's cell.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from scanpath._core.checks import check_count, check_positive
from scanpath._core.errors import InputError, unknown_name
from scanpath._core.random import numpy_generator
from scanpath.gaze.stimulus import Stimulus
from scanpath.stimuli.asymmetry_items import DESIGN_PX_PER_DEG, draw_item
from scanpath.stimuli.grids import Grid, Placement, check_side, place

_TILTS = (-80, -60, -40, 20, 40, 60, 80)  # degrees counter-clockwise, the heterogeneous distractors


@dataclass(frozen=True)
class AsymmetryTask:
    """One pair of search conditions and the geometry they share; px are at 30 px per degree.

    Attributes
    ----------
    name, number
        Name, and the number of the experiment in the paper.
    hard, easy
        Conditions, named after the target, by which of the two people find slower.
    set_sizes
        Numbers of items.
    n_trials
        Displays per condition and set size.
    grid
        Cells along each side.
    image_px, canvas_px
        Sides of the display and of an item's canvas.
    jitter_px
        Number of offsets of a canvas from its cell's corner, along each axis.
    background
        Gray level 0 to 255.
    """

    name: str
    number: int
    hard: str
    easy: str
    set_sizes: tuple[int, ...]
    n_trials: int
    grid: int
    image_px: int
    canvas_px: int
    jitter_px: int
    background: int

    @property
    def conditions(self) -> tuple[str, str]:
        """Both conditions, the hard one first."""
        return self.hard, self.easy


#: The six tasks by name, each with its hard and its easy condition.
ASYMMETRY_TASKS: dict[str, AsymmetryTask] = {
    task.name: task
    for task in (
        AsymmetryTask("curvature", 1, "line_in_curves", "curve_in_lines", (8, 16, 32), 30, 6, 339, 48, 8, 0),
        AsymmetryTask("lighting_direction", 2, "left_right", "top_down", (1, 6, 12), 30, 4, 198, 31, 18, 27),
        AsymmetryTask("intersection_cross", 3, "cross", "non_cross", (3, 6, 9), 36, 3, 615, 177, 27, 255),
        AsymmetryTask("intersection_LT", 4, "Ls", "Ts", (3, 6, 9), 36, 3, 615, 177, 27, 255),
        AsymmetryTask("orientation_homo", 5, "homo_t0", "homo_t20", (1, 4, 8, 12), 30, 4, 339, 69, 15, 255),
        AsymmetryTask("orientation_hetero", 6, "hetero_t20", "hetero_t0", (1, 4, 8, 12), 30, 4, 339, 69, 15, 255),
    )
}
_TASK_OF = {condition: task for task in ASYMMETRY_TASKS.values() for condition in task.conditions}

# Condition -> (target's kind, distractors' kind); bars are told apart by their tilt instead.
_KINDS = {
    "curve_in_lines": ("curve", "line"),
    "line_in_curves": ("line", "curve"),
    "top_down": ("top_bright", "top_dark"),
    "left_right": ("left_bright", "left_dark"),
    "cross": ("cross", "non_cross"),
    "non_cross": ("non_cross", "cross"),
    "Ls": ("L", "T"),
    "Ts": ("T", "L"),
}
_BARS = {
    "homo_t0": (0, (-20,)),
    "homo_t20": (-20, (0,)),
    "hetero_t0": (0, (*_TILTS, -20)),
    "hetero_t20": (-20, (*_TILTS, 0)),
}


def asymmetry_display(
    condition: str, set_size: int, *, trial: int = 0, seed: int = 0, px_per_deg: float = DESIGN_PX_PER_DEG
) -> Stimulus:
    """Draw one display of a search asymmetry task.

    The seed, condition, set size and trial decide what is where; the scale only decides how finely it is drawn.

    Parameters
    ----------
    condition
        Named after the target: ``curve_in_lines``, ``line_in_curves``, ``top_down``, ``left_right``, ``cross``,
        ``non_cross``, ``Ls``, ``Ts``, ``homo_t0``, ``homo_t20``, ``hetero_t0`` or ``hetero_t20``.
    set_size
        Number of items, the target included; the published ones are in `ASYMMETRY_TASKS`, others work up to the
        number of cells.
    trial
        Which display of its kind, from 0.
    px_per_deg
        Scale; sizes in px are rounded down.

    Returns
    -------
    Stimulus
        Gray image, the target as it is in the display, ``target_box`` (its canvas), ``target_mask`` (where a fixation
        counts as found: the target's cell, but in the lighting task a cell-sized square from the item's top-left
        corner, as published), ``cells``, ``background``, ``px_per_deg``, and the facts of the trial in ``info``.

    Raises
    ------
    InputError
        If the condition is unknown, the items do not fit, or the scale is too small to draw them.

    References
    ----------
    Gupta, Zhang, Wu, Wolfe & Kreiman (2021), NeurIPS 34. doi:10.48550/arXiv.2106.02953

    Examples
    --------
    >>> display = asymmetry_display("curve_in_lines", 16, seed=1)
    >>> display.size, display.target.shape, int(display.cells.max())
    ((339, 339), torch.Size([1, 48, 48]), 36)
    """
    task = _task_of(condition)
    set_size, trial = check_count("set_size", set_size), check_count("trial", trial, least=0)
    grid, canvas_px, jitter_px = _scaled_geometry(task, px_per_deg)
    generator = numpy_generator(seed, "asymmetry", condition, set_size, trial)
    placement = place(grid, set_size, (jitter_px, jitter_px), generator)
    target = int(generator.integers(set_size))
    items = _choose_items(condition, set_size, target, generator)

    image = np.full(grid.size, float(task.background))
    for (kind, version), (left, top) in zip(items, placement.corners):
        image[top : top + canvas_px, left : left + canvas_px] = draw_item(kind, version, canvas_px)
    left, top = placement.corners[target]
    return Stimulus(
        _gray(image),
        name=f"{condition}-{set_size:02d}-{trial:03d}",
        target=_gray(draw_item(*items[target], canvas_px)),
        target_box=(left, top, canvas_px, canvas_px),
        target_mask=_found_area(task, grid, placement, target),
        cells=grid.labels(),
        background=task.background,
        px_per_deg=px_per_deg,
        info={
            "dataset": "search_asymmetry",
            "task": task.name,
            "condition": condition,
            "set_size": set_size,
            "trial": str(trial),
        },
    )


def asymmetry_displays(
    tasks: Sequence[str] | None = None,
    *,
    n_trials: int | None = None,
    seed: int = 0,
    px_per_deg: float = DESIGN_PX_PER_DEG,
) -> Iterator[Stimulus]:
    """Draw the displays of whole tasks one after the other, by condition, set size and trial.

    Parameters
    ----------
    tasks
        Names of tasks or of single conditions; all six tasks by default.
    n_trials
        Displays per condition and set size; the published 30 or 36 by default. Fewer are the first ones of more.

    Examples
    --------
    >>> [display.name for display in asymmetry_displays(["top_down"], n_trials=1)]
    ['top_down-01-000', 'top_down-06-000', 'top_down-12-000']
    """
    for condition, set_size, trial in asymmetry_trials(tasks, n_trials=n_trials):
        yield asymmetry_display(condition, set_size, trial=trial, seed=seed, px_per_deg=px_per_deg)


def asymmetry_trials(tasks: Sequence[str] | None = None, *, n_trials: int | None = None) -> list[tuple[str, int, int]]:
    """List (condition, set size, trial) of every display that `asymmetry_displays` draws.

    Examples
    --------
    >>> len(asymmetry_trials())
    1272
    """
    if n_trials is not None:
        check_count("n_trials", n_trials)
    return [
        (condition, set_size, trial)
        for condition in _conditions(tasks)
        for set_size in _TASK_OF[condition].set_sizes
        for trial in range(_TASK_OF[condition].n_trials if n_trials is None else n_trials)
    ]


def _conditions(tasks: Sequence[str] | None) -> list[str]:
    if isinstance(tasks, str):
        tasks = [tasks]
    chosen: list[str] = []
    for name in ASYMMETRY_TASKS if tasks is None else tasks:
        if name not in ASYMMETRY_TASKS and name not in _TASK_OF:
            raise unknown_name("asymmetry task or condition", name, [*ASYMMETRY_TASKS, *_TASK_OF])
        chosen += ASYMMETRY_TASKS[name].conditions if name in ASYMMETRY_TASKS else [name]
    return list(dict.fromkeys(chosen))


def _task_of(condition: str) -> AsymmetryTask:
    if condition not in _TASK_OF:
        raise unknown_name("asymmetry condition", condition, _TASK_OF)
    return _TASK_OF[condition]


def _scaled_geometry(task: AsymmetryTask, px_per_deg: float) -> tuple[Grid, int, int]:
    scale = check_positive("px_per_deg", px_per_deg) / DESIGN_PX_PER_DEG
    # the published sizes in px are floors themselves; a hair above keeps exact multiples exact
    image_px, canvas_px, jitter_px = (
        math.floor(side * scale + 1e-9) for side in (task.image_px, task.canvas_px, task.jitter_px)
    )
    cell_px = image_px // task.grid
    if canvas_px < 4:
        raise InputError(
            f"At {px_per_deg:g} px per degree an item of {task.name!r} would be {canvas_px} px wide; "
            f"px_per_deg must be at least {4 * DESIGN_PX_PER_DEG / task.canvas_px:.3g}."
        )
    check_side(image_px, f"A display of {task.name!r} at {px_per_deg:g} px per degree")
    grid = Grid(task.grid, task.grid, cell_px, (image_px, image_px))
    return grid, canvas_px, max(1, min(jitter_px, cell_px - canvas_px + 1))


def _choose_items(condition: str, set_size: int, target: int, generator: np.random.Generator) -> list[tuple[str, int]]:
    """Kind and version of each item, in the order of placement."""
    if condition in _BARS:
        target_tilt, tilts = _BARS[condition]
        others = iter(_rounds(tilts, set_size - 1, generator))
        return [("bar", target_tilt if item == target else next(others)) for item in range(set_size)]
    task = _task_of(condition)
    kinds = [_KINDS[condition][0 if item == target else 1] for item in range(set_size)]
    if task.name == "curvature":  # rotations take turns
        versions = [item % 4 for item in range(set_size)]
    elif task.name == "lighting_direction":
        versions = [0] * set_size
    else:
        versions = [int(version) for version in generator.integers(4, size=set_size)]
    return list(zip(kinds, versions))


def _rounds(tilts: Sequence[int], n: int, generator: np.random.Generator) -> list[int]:
    """Draw n tilts without repeating one before all have been used, in random order."""
    rounds = [generator.permutation(tilts) for _ in range(math.ceil(n / len(tilts)))]
    drawn = np.concatenate([*rounds, np.empty(0, dtype=np.int64)])[:n]
    return [int(tilt) for tilt in generator.permutation(drawn)]


def _found_area(task: AsymmetryTask, grid: Grid, placement: Placement, target: int) -> np.ndarray:
    at_item = task.name == "lighting_direction"
    left, top = placement.corners[target] if at_item else grid.corner(placement.cells[target])
    mask = np.zeros(grid.size, dtype=bool)
    mask[top : top + grid.cell_px, left : left + grid.cell_px] = True
    return mask


def _gray(levels: np.ndarray) -> np.ndarray:
    # whole gray levels, so that a display written as an 8-bit file is the display itself
    return (np.rint(levels) / 255).astype(np.float32)
