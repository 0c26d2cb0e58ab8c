"""Which of people's fixations a fit of a few numbers is made to, picture by picture, and what it notes of them."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from scanpath._core.checks import check_count
from scanpath._core.errors import InputError
from scanpath._core.random import numpy_generator
from scanpath.evaluation.inputs import paths_by_picture
from scanpath.gaze.pixels import on_picture
from scanpath.gaze.scanpath import Scanpath
from scanpath.gaze.stimulus import Stimulus


class Step(NamedTuple):
    """One fixation in px, (2,), and those before it, (n, 2)."""

    history_xy: np.ndarray
    xy: np.ndarray


def looked_at(
    paths: Sequence[Scanpath], stimuli: Sequence[Stimulus], folds: int, who: str
) -> list[tuple[Stimulus, list[Scanpath]]]:
    """Return each picture on which somebody made a second fixation with its scanpaths, in the order of their names.

    Parameters
    ----------
    paths
        Scanpaths that say what was looked at.
    stimuli
        The pictures, found by their names.
    folds
        Parts that the pictures will be cut into.
    who
        What needs the pictures' scale, for the message of one that has none.

    Raises
    ------
    InputError
        If a picture is missing or has no scale, or there are fewer pictures than folds.
    """
    check_count("folds", folds, least=2)
    found = [
        (stimulus, some)
        for stimulus, some in paths_by_picture(paths, stimuli, "people")
        if any(on_picture(path.xy[1:], stimulus.size[::-1]).any() for path in some)
    ]
    if len(found) < folds:
        raise InputError(
            f"{folds} folds need as many pictures on which someone made a second fixation, got {len(found)}; give "
            "more pictures or fewer folds."
        )
    for stimulus, _ in found:  # refuse before any map is drawn
        stimulus.require_px_per_deg(who)
    return found


def drawn_steps(stimulus: Stimulus, paths: Sequence[Scanpath], most: int, seed: int) -> list[Step]:
    """Draw some fixations on a picture, at most so many; first ones, and those beside it, are history alone."""
    size_px = stimulus.size[::-1]
    steps = [(path, n) for path in paths for n in range(1, len(path)) if on_picture(path.xy[n], size_px)]
    # whose they are decides which are drawn, not the order of the rows
    steps.sort(key=lambda step: (str(step[0].info.get("subject")), str(step[0].info.get("trial")), step[1]))
    order = numpy_generator(seed, "fixations", stimulus.name).permutation(len(steps))
    chosen = [steps[place] for place in np.sort(order[: check_count("fixations_per_picture", most)])]
    return [Step(path.xy[:n], path.xy[n]) for path, n in chosen]


def fit_facts(
    paths: Sequence[Scanpath], pictures: Sequence[str], n_fixations: int, folds: int, seed: int
) -> dict[str, Any]:
    """Return what a fit notes of people: ``data, pictures, n_subjects, n_fixations, folds, seed``."""
    subjects, data = (
        sorted({str(path.info[key]) for path in paths if path.info.get(key) is not None})
        for key in ("subject", "dataset")
    )
    return {
        "data": data,
        "pictures": list(pictures),
        "n_subjects": len(subjects) or None,
        "n_fixations": n_fixations,
        "folds": folds,
        "seed": seed,
    }
