"""People's searches as sequences of objects, and which of them are left out of a fit."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from scanpath._core.errors import InputError
from scanpath._core.random import numpy_generator
from scanpath.gaze.objects import best_match, fixated_objects
from scanpath.gaze.scanpath import Scanpath
from scanpath.gaze.stimulus import Stimulus
from scanpath.guidance.object_oat import Scenes
from scanpath.guidance.object_scenes import object_scene
from scanpath.guidance.object_transformer import TransformerRecipe


@dataclass(frozen=True)
class ObjectSearch:
    """One scanpath over the objects of one picture.

    Parameters
    ----------
    scene
        The picture, as the network sees it.
    objects
        What was fixated, without the first fixation, which begins the scanpath.
    ended
        Whether the person ended it, rather than a time limit.
    target
        Which object is looked for, if it is one.
    layout, wanted
        Names of the layout and of the target object.
    """

    scene: Scenes
    objects: tuple[int, ...]
    ended: bool
    target: int | None
    layout: str
    wanted: str

    def choices(self, end: int) -> list[int]:
        """Return what was chosen, one after the other, with the number `end` for the end."""
        return [*self.objects, end] if self.ended else list(self.objects)


class SearchParts(NamedTuple):
    """Scanpaths to learn from, to choose the number of passes by, and to score on."""

    learned: list[ObjectSearch]
    validation: list[ObjectSearch]
    layouts: list[ObjectSearch]
    targets: list[ObjectSearch]

    def checksum(self) -> str:
        """Return what tells these scanpaths from others."""
        digest = hashlib.sha256()
        for part in self:
            for one in part:
                digest.update(repr((one.layout, one.wanted, one.objects, one.ended)).encode())
            digest.update(b"|")
        return digest.hexdigest()


def object_searches(
    paths: Mapping[str, Sequence[Scanpath]],
    stimuli: Sequence[Stimulus],
    recipe: TransformerRecipe,
    time_limit: int | None,
) -> list[ObjectSearch]:
    """Return people's scanpaths as sequences of objects.

    Parameters
    ----------
    paths
        Scanpaths by the name of the picture.
    stimuli
        The pictures.
    recipe
        Tells the size of patches.
    time_limit
        Fixations at which scanpaths were cut.

    Raises
    ------
    InputError
        If a picture has a single object, or a scanpath is longer than the limit.
    """
    found = []
    for stimulus in stimuli:
        if stimulus.name not in paths:
            continue
        objects = stimulus.require_objects("OAT")
        if len(objects) < 2:
            raise InputError(f"OAT chooses among objects, and {stimulus.name!r} has one; give at least two.")
        target = None if stimulus.target_box is None else best_match(stimulus.target_box, objects)
        labels = stimulus.object_labels
        wanted = stimulus.name if labels is None or target is None else labels[target]
        shown = stimulus.require_target("OAT")
        scenes: dict[tuple[float, float], Scenes] = {}  # most people begin at the same place
        for path in paths[stimulus.name]:
            start = (float(path.xy[0, 0]), float(path.xy[0, 1]))
            if start not in scenes:
                scenes[start] = object_scene(stimulus, objects, recipe, start_xy=start, target=shown)
            if time_limit is not None and len(path) > time_limit:
                raise InputError(
                    f"Scanpaths are said to be cut at {time_limit} fixations, and one on {stimulus.name!r} has "
                    f"{len(path)}; give time_limit as it was, the first fixation included."
                )
            ended = time_limit is None or len(path) < time_limit
            sequence = tuple(fixated_objects(path.xy[1:], objects))
            layout = str(stimulus.info.get("layout", stimulus.name))
            found.append(ObjectSearch(scenes[start], sequence, ended, target, layout, wanted))
    return found


def split_searches(searches: Sequence[ObjectSearch], left_out: float, seed: int) -> SearchParts:
    """Leave out layouts and target objects, so that nothing of them is learned.

    Parameters
    ----------
    searches
        All scanpaths.
    left_out
        Share of layouts for scores, of layouts for the number of passes, and of target objects for scores; at least
        one each, none at 0.
    seed
        Of what is left out.

    Raises
    ------
    InputError
        If nothing is left to learn from.
    """
    layouts = sorted({one.layout for one in searches})
    wanted = sorted({one.wanted for one in searches})
    n_layouts, n_targets = (max(1, round(left_out * len(names))) if left_out else 0 for names in (layouts, wanted))
    if len(layouts) <= 2 * n_layouts:
        raise InputError(
            f"OAT is fitted to at least 3 layouts, as one is left out for scores and one for the number of passes; "
            f"people searched {len(layouts)}. With left_out=0 nothing is left out, and nothing is known of others."
        )
    order = numpy_generator(seed, "layouts").permutation(layouts).tolist()
    test, validation = set(order[:n_layouts]), set(order[n_layouts : 2 * n_layouts])
    # where each layout has a target of its own, other layouts say it all
    own = len(wanted) >= len(layouts) or len(wanted) <= n_targets
    unseen = set() if own else set(numpy_generator(seed, "targets").permutation(wanted)[:n_targets].tolist())
    parts = SearchParts([], [], [], [])
    for one in searches:
        if one.wanted in unseen:
            parts.targets.append(one)
        elif one.layout in test:
            parts.layouts.append(one)
        else:
            (parts.validation if one.layout in validation else parts.learned).append(one)
    if not parts.learned:
        raise InputError("All scanpaths are left out; lower left_out, or give more layouts and target objects.")
    return parts
