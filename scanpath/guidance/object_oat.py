"""OAT for objects at any place: closed-form places, a target that must be found, and one feature that helps to."""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from scanpath._core.errors import InputError
from scanpath.guidance.object_positions import position_code
from scanpath.guidance.object_transformer import PointingTransformer, TransformerRecipe
from scanpath.recognition.object_embedding import ObjectEmbedding

#: What the match of an object is multiplied by, so that it is as large as other features.
_MATCH_GAIN = 4.0


class Scenes(NamedTuple):
    """B pictures of up to N objects each, as the network is shown them.

    Attributes
    ----------
    patches
        (B, N, 3, h, w) what is there, in [0, 1].
    places
        (B, N, 2) where, from the center of the picture, in units of the objects' spacing.
    start
        (B, 2) where the eye begins, likewise.
    target
        (B, 3, h, w) what is looked for.
    absent
        (B, N) true where a picture has fewer objects.
    match
        (B, N) how well each object fits the target, 1 for the same and 0 for no relation; NaN in rows where the
        network is to tell from how they look.
    unseen
        (B,) true where the target is known by its match alone, as one that is described by words.
    known
        (B,) which object the target is, where the network is told; -1 where it must find it.
    """

    patches: Tensor
    places: Tensor
    start: Tensor
    target: Tensor
    absent: Tensor
    match: Tensor
    unseen: Tensor
    known: Tensor

    def part(self, rows: Tensor) -> "Scenes":
        """Return some of the pictures."""
        return Scenes(*(values[rows] for values in self))


class Seen(NamedTuple):
    """What the network made of pictures before anything was fixated.

    Attributes
    ----------
    memory
        (B, N + 1, d) objects in their context, the target last.
    tokens
        (B, N, d) objects by themselves.
    begin
        (B, 1, d) where the eye begins.
    absent
        (B, N + 1) what is no object.
    match
        (B, N) how well each object fits the target.
    """

    memory: Tensor
    tokens: Tensor
    begin: Tensor
    absent: Tensor
    match: Tensor


class ObjectOat(PointingTransformer):
    """A small OAT that is not told where the target is.

    It differs from the published network in its inputs: a place is a closed-form code of a box's center, in units of
    the spacing of objects, so that any boxes do; the target's token tells what it looks like and not where it is; and
    each object carries one number, the cosine between its own embedding and the target's about their mean over the
    picture's objects. Without that number a network of this size does not learn to find the target.

    Parameters
    ----------
    recipe
        Sizes.
    """

    def __init__(self, recipe: TransformerRecipe) -> None:
        super().__init__(recipe)
        if recipe.n_features % 8:
            raise InputError(f"n_features must be a multiple of 8 for codes of places, got {recipe.n_features}.")
        half = recipe.n_features // 2
        self.embedding = ObjectEmbedding(half, recipe.patch_size, recipe.pools)
        self.place_gain = nn.Parameter(torch.tensor(float(half) ** 0.5))
        # what a token is: the target, one that was never seen, the object that it is known to be, where the eye begins
        self.roles = nn.Parameter(0.5 * torch.randn(4, recipe.n_features))
        self.match_direction = nn.Parameter(torch.randn(recipe.n_features) / recipe.n_features**0.5)
        for value in self.parameters():
            if value.ndim >= 2:
                nn.init.xavier_uniform_(value)

    def look(self, scenes: Scenes) -> Seen:
        """Look at pictures before anything has been fixated."""
        visual, wanted = self._embed(scenes)
        match = torch.where(scenes.match.isnan(), likeness(visual, wanted, scenes.absent), scenes.match)
        wanted = wanted * ~scenes.unseen[:, None]
        tokens = self._tokens(visual, scenes.places) + _MATCH_GAIN * match[..., None] * self.match_direction
        told = scenes.known >= 0
        row = torch.arange(len(told))
        is_known = (torch.arange(tokens.shape[1]) == scenes.known[:, None]) & told[:, None]
        tokens = tokens + is_known[..., None] * self.roles[2]
        place = self._places(scenes.places[row, scenes.known.clamp(min=0)]) * told[:, None]
        target = torch.cat([wanted, place], dim=1) + self.roles[0] + scenes.unseen[:, None] * self.roles[1]
        absent = F.pad(scenes.absent, (0, 1))  # the target's token is always there
        memory = self.encode(torch.cat([tokens, target[:, None]], dim=1), absent)
        return Seen(memory, tokens, self.begin(scenes.start), absent, match)

    def begin(self, start: Tensor) -> Tensor:
        """Return the token (B, 1, d) of where the eye begins, (B, 2) as in `Scenes`."""
        place = self._places(start)
        return (torch.cat([torch.zeros_like(place), place], dim=1) + self.roles[3])[:, None]

    def choose(self, seen: Seen, sequences: Tensor) -> Tensor:
        """Return the log probabilities of each choice.

        Parameters
        ----------
        seen
            Pictures, from `look`.
        sequences
            (B, T) objects fixated so far; what follows a shorter sequence may be any object.

        Returns
        -------
        Tensor
            (B, T + 1, N + 1) natural logarithms of the probability of each object, and of the end, before the first
            fixation and after each. Nobody ends before the first.
        """
        fixated = torch.take_along_dim(seen.tokens, sequences[..., None], dim=1)
        scores = self.score(seen.memory, torch.cat([seen.begin, fixated], dim=1), seen.absent)[..., :-1]
        scores = scores.masked_fill(seen.absent[:, None], -torch.inf)
        first = torch.arange(scores.shape[1], device=scores.device)[:, None] == 0
        end = torch.arange(scores.shape[2], device=scores.device) == scores.shape[2] - 1
        return scores.masked_fill(first & end, -torch.inf).log_softmax(-1)

    def _embed(self, scenes: Scenes) -> tuple[Tensor, Tensor]:
        """Vectors of objects (B, N, d / 2) and targets (B, d / 2); what looks the same is seen once."""
        shape = scenes.patches.shape[:2]
        patches = torch.cat([scenes.patches.flatten(0, 1), scenes.target])
        once, same = distinct(patches)
        vectors = self.embedding(once)[same]
        return vectors[: -len(scenes.target)].unflatten(0, shape), vectors[-len(scenes.target) :]

    def _tokens(self, visual: Tensor, places: Tensor) -> Tensor:
        return torch.cat([visual, self._places(places)], dim=-1)

    def _places(self, places: Tensor) -> Tensor:
        return self.place_gain * position_code(places, self.recipe.n_features // 2)


def distinct(patches: Tensor) -> tuple[Tensor, Tensor]:
    """Return the different ones among patches (n, ...), and which of them each patch is, (n,).

    Examples
    --------
    >>> once, same = distinct(torch.tensor([[1.0, 2.0], [3.0, 4.0], [1.0, 2.0]]))
    >>> len(once), bool((once[same] == torch.tensor([[1.0, 2.0], [3.0, 4.0], [1.0, 2.0]])).all())
    (2, True)
    """
    flat = patches.flatten(1)
    direction = torch.linspace(1, 2, flat.shape[1], device=flat.device).sin()
    mark, same = torch.unique(flat @ direction, return_inverse=True)
    first = torch.full((len(mark),), len(flat), device=flat.device)
    first.scatter_reduce_(0, same, torch.arange(len(flat), device=flat.device), "amin")
    if torch.equal(flat[first][same], flat):
        return patches[first], same
    return patches, torch.arange(len(flat), device=flat.device)  # different ones with one mark


def likeness(visual: Tensor, wanted: Tensor, absent: Tensor) -> Tensor:
    """Return the cosine of each object's vector and the target's about the mean of the picture's objects, (B, N).

    Parameters
    ----------
    visual
        (B, N, d) objects.
    wanted
        (B, d) targets.
    absent
        (B, N) true where there is no object.
    """
    there = (~absent)[..., None].to(visual.dtype)
    mean = (visual * there).sum(1, keepdim=True) / there.sum(1, keepdim=True).clamp(min=1)
    return F.cosine_similarity(visual - mean, wanted[:, None] - mean, dim=-1)


def scaled_match(values: Tensor) -> Tensor:
    """Bring another model's match of objects to the scale of ours: 1 for the best, 0 for the median object, (N,).

    Examples
    --------
    >>> scaled_match(torch.tensor([0.25, 0.125, 0.5])).tolist()
    [0.0, -0.5, 1.0]
    """
    middle = values.median()
    reach = values.max() - middle
    return ((values - middle) / reach).clamp(min=-1) if reach > 0 else torch.zeros_like(values)
