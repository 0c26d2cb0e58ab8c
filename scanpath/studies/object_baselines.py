"""Searches by simple rules, which agents that look at objects are compared with.

All but the random one end on the target as if they were told, which makes them stronger than they could be.
"""

from collections.abc import Sequence

import numpy as np

from scanpath.gaze.boxes import Box
from scanpath.gaze.objects import object_places
from scanpath.studies.object_scores import Search, Trial


def baselines(trial: Trial, generator: np.random.Generator) -> dict[str, Search]:
    """Return searches by simple rules.

    Parameters
    ----------
    trial
        What is searched. Without its ``likeness`` no search is ranked by similarity.
    generator
        Of the random one, which looks at as many objects as one of the people did.
    """
    boxes = trial.stimulus.require_objects("The study")
    places = object_places(boxes)
    center = np.asarray(trial.stimulus.center_xy)
    from_center = np.hypot(*(places - center).T)
    orders = {
        "row scan": np.lexsort((places[:, 0], _lines(boxes))).tolist(),
        "center out": np.argsort(from_center, kind="stable").tolist(),
        "nearest unvisited": _nearest(places, center),
    }
    if trial.likeness is not None:
        orders["similarity ranked"] = np.lexsort((from_center, -trial.likeness)).tolist()
    length = len(trial.people[int(generator.integers(len(trial.people)))].objects)
    found = {"random object": generator.integers(len(places), size=length).tolist()}
    found |= {name: order[: order.index(trial.target) + 1] for name, order in orders.items()}
    return found | {"straight to target": [trial.target]}


def _lines(boxes: Sequence[Box]) -> np.ndarray:
    """Number the line of each box, as in text; one that begins below the middle of a line's first box starts a new one.

    Examples
    --------
    >>> _lines([(0, 0, 9, 9), (20, 3, 9, 9), (0, 12, 9, 9)]).tolist()
    [0, 0, 1]
    """
    order = sorted(range(len(boxes)), key=lambda place: boxes[place][1])
    lines, line, first = np.zeros(len(boxes), dtype=int), 0, order[0]
    for place in order:
        if boxes[place][1] > boxes[first][1] + boxes[first][3] / 2:
            line, first = line + 1, place
        lines[place] = line
    return lines


def _nearest(places: np.ndarray, here: np.ndarray) -> Search:
    left, order = list(range(len(places))), []
    while left:
        nearest = min(left, key=lambda one: float(np.hypot(*(places[one] - here))))
        left.remove(nearest)
        order.append(nearest)
        here = places[nearest]
    return order
