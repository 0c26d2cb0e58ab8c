"""A trained OAT as one file: either kind of network, its sizes, and what it was trained on."""

import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from importlib import resources
from typing import Any

from torch import Tensor

from scanpath.guidance.model_file import read_model, same_layout, with_tuples, write_model
from scanpath.guidance.object_oat import ObjectOat
from scanpath.guidance.object_transformer import PointingTransformer, TransformerRecipe
from scanpath.guidance.published_oat import PUBLISHED_RECIPE, PublishedOat, original_state
from scanpath.recognition.weights import tensors_checksum

FORMAT = "scanpath oat 1"
#: What messages call it, and what writes it.
_NAMED = {"what": "OAT", "command": "scanpath fit oat"}
#: Name of the weights that come with the package.
DEMO = "demo"


@dataclass(frozen=True, repr=False)
class OatModel:
    """A network that looks at objects, and what is known of it.

    Parameters
    ----------
    network
        An `ObjectOat`, for objects anywhere, or a `PublishedOat`, for the grid that it was trained on.
    card
        Recordings, pictures, licences, scores.
    """

    network: ObjectOat | PublishedOat
    card: Mapping[str, Any] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"OatModel({self.checksum()})"

    def checksum(self) -> str:
        """Return what tells this model from others."""
        return tensors_checksum(sorted(self.network.state_dict().items()))


def save_oat(model: OatModel, path: str | os.PathLike[str]) -> None:
    """Write a model as one safetensors file."""
    network = model.network
    grid = list(network.grid) if isinstance(network, PublishedOat) else None
    facts = {"recipe": asdict(network.recipe), "card": dict(model.card), "grid": grid}
    write_model(path, FORMAT, network.state_dict(), facts)


def load_oat(weights: str | os.PathLike[str] = DEMO) -> OatModel:
    """Load a trained OAT.

    Parameters
    ----------
    weights
        What `save_oat` or ``scanpath fit oat`` wrote; "demo" for the one that comes with the package, which learned
        from drawn shelves and a rule, and is no model of people.

    Raises
    ------
    InputError
        If the file is missing, damaged, or no OAT.

    Examples
    --------
    >>> load_oat().network.recipe.patch_size
    (24, 24)
    """
    if weights == DEMO:
        with resources.as_file(resources.files("scanpath.guidance") / "data" / "oat_demo.safetensors") as own:
            return load_oat(own)
    tensors, facts = read_model(weights, FORMAT, **_NAMED)
    with same_layout(weights, **_NAMED):
        recipe = TransformerRecipe(**with_tuples(facts["recipe"]))
        network: ObjectOat | PublishedOat
        if facts["grid"] is None:
            network = ObjectOat(recipe)
        else:
            network = PublishedOat(recipe, tuple(facts["grid"]), tensors["table"])
        network.load_state_dict(tensors)
    return OatModel(_still(network), facts.get("card", {}))


def oat_from_original(
    state: Mapping[str, Tensor],
    table: Tensor,
    grid: tuple[int, int],
    recipe: TransformerRecipe = PUBLISHED_RECIPE,
) -> OatModel:
    """Take up parameters of the original program.

    Parameters
    ----------
    state
        Its parameters by its own names, as ``torch.load(..., weights_only=True)`` gives them.
    table
        Its table of position codes.
    grid
        (rows, columns) of objects.
    recipe
        Sizes; those of the paper by default. ``stretch`` is what it did to the pictures of its own data set.

    Returns
    -------
    OatModel
        For `save_oat`, or ``create_agent("oat", weights=model, target_location="given")``.
    """
    network = PublishedOat(recipe, grid, table)
    network.load_state_dict({**original_state(state, n_pointers=recipe.n_pointers), "table": network.table})
    return OatModel(_still(network), {"model": "OAT with parameters of the original program"})


def _still(network: PointingTransformer) -> Any:
    return network.eval().requires_grad_(False)
