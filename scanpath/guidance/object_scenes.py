"""Pictures with objects, put together for the network that looks at them."""

from collections.abc import Sequence

import torch
from torch import Tensor

from scanpath.gaze.boxes import Box
from scanpath.gaze.objects import object_places
from scanpath.gaze.stimulus import Stimulus
from scanpath.guidance.object_oat import Scenes
from scanpath.guidance.object_positions import spacing_of
from scanpath.guidance.object_transformer import TransformerRecipe
from scanpath.recognition.object_embedding import as_patch, object_patches


def object_scene(
    stimulus: Stimulus,
    objects: Sequence[Box],
    recipe: TransformerRecipe,
    *,
    start_xy: tuple[float, float],
    target: Tensor | None,
    match: Tensor | None = None,
    known: int | None = None,
) -> Scenes:
    """Show one picture to the network.

    Parameters
    ----------
    stimulus
        The picture.
    objects
        N boxes (x, y, width, height) in px.
    recipe
        Tells the size of patches.
    start_xy
        Where the eye begins, in px.
    target
        Picture (C, h, w) of what is looked for; None where only `match` tells of it.
    match
        (N,) how well each object fits the target; None for the network's own.
    known
        Which object the target is, if the network is to be told.
    """
    centers = torch.from_numpy(object_places(objects)).float()
    origin = torch.tensor(stimulus.center_xy)
    unit = spacing_of(centers) if len(objects) > 1 else float(max(objects[0][2:]))
    patches = object_patches(stimulus.rgb, objects, recipe.patch_size, stretch=recipe.stretch)
    wanted = (
        torch.zeros(3, *recipe.patch_size)
        if target is None
        else as_patch(target, recipe.patch_size, stretch=recipe.stretch)
    )
    fits = torch.full((len(objects),), torch.nan) if match is None else match.float()
    return Scenes(
        patches[None],
        ((centers - origin) / unit)[None],
        ((torch.tensor(start_xy) - origin) / unit)[None].float(),
        wanted[None],
        torch.zeros(1, len(objects), dtype=torch.bool),
        fits[None],
        torch.tensor([target is None]),
        torch.tensor([-1 if known is None else known]),
    )


def together(scenes: Sequence[Scenes]) -> Scenes:
    """Put pictures with different numbers of objects into one batch; what is filled up is absent."""
    most = max(one.absent.shape[1] for one in scenes)

    def filled(values: Tensor, n: int, value: float) -> Tensor:
        room = torch.full((1, most - n, *values.shape[2:]), value, dtype=values.dtype)
        return torch.cat([values, room], dim=1)

    of_objects = {"patches": 0.0, "places": 0.0, "absent": True, "match": torch.nan}
    columns = []
    for name in Scenes._fields:
        parts = [getattr(one, name) for one in scenes]
        if name in of_objects:
            parts = [filled(part, part.shape[1], of_objects[name]) for part in parts]
        columns.append(torch.cat(parts))
    return Scenes(*columns)
