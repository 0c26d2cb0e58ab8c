"""Data sets by name: find their files, check them, read them in place."""

import fnmatch
import os
from collections.abc import Callable
from importlib import resources
from pathlib import Path

import pandas as pd

from scanpath._core.checks import check_positive
from scanpath._core.errors import MissingFileError, unknown_name
from scanpath._core.registry import Registry
from scanpath.datasets.card import DatasetCard, read_card
from scanpath.datasets.dataset import Dataset, DatasetFolder

#: A loader takes the checked folder and a scale that overrides the card's (or None).
Loader = Callable[[DatasetFolder, float | None], Dataset]

LOADERS: Registry[Loader] = Registry(
    "data set",
    {
        "capmit1003": "scanpath.datasets.capmit1003:load",
        "interiors": "scanpath.datasets.interiors:load",
        "mit1003": "scanpath.datasets.mit1003:load",
        "osie": "scanpath.datasets.osie:load",
        "visual_search_asymmetry": "scanpath.datasets.visual_search_asymmetry:load",
    },
)
#: Environment variable that names the folder of data sets.
ROOT_VARIABLE = "SCANPATH_DATA"


def list_datasets(pattern: str = "*") -> list[str]:
    """Names that `load_dataset` knows and that match a shell pattern.

    Examples
    --------
    >>> list_datasets()
    ['capmit1003', 'interiors', 'mit1003', 'osie', 'visual_search_asymmetry']
    """
    return LOADERS.names(pattern)


def list_cards(pattern: str = "*") -> list[str]:
    """Names of the data sets that have a card, also of those that cannot be loaded from here.

    Examples
    --------
    >>> "cat2000" in list_cards(), "cat2000" in list_datasets()
    (True, False)
    """
    cards = resources.files("scanpath.datasets") / "cards"
    names = sorted(entry.name.removesuffix(".toml") for entry in cards.iterdir() if entry.name.endswith(".toml"))
    return fnmatch.filter(names, pattern)


def dataset_card(name: str) -> DatasetCard:
    """Return a data set's card, which is there also where its files are not.

    Examples
    --------
    >>> dataset_card("osie").n_people
    15
    """
    if name not in list_cards():
        raise unknown_name("data set", name, list_cards())
    with resources.as_file(resources.files("scanpath.datasets") / "cards" / f"{name}.toml") as path:
        return read_card(path)


def load_dataset(name: str, *, root: str | os.PathLike[str] | None = None, px_per_deg: float | None = None) -> Dataset:
    """Read people's eye movements and their pictures from a folder on this machine.

    Tables are checked against the card's checksums as they are read; nothing is copied, and pictures are read only
    when they are used.

    Parameters
    ----------
    name
        One of `list_datasets`.
    root
        The set's folder, or a folder that contains it; without it the environment variable ``SCANPATH_DATA`` says
        where data sets are.
    px_per_deg
        Scale of the stimuli. The card's by default; None there means that the source does not say, and agents that
        work in degrees then ask for it.

    Returns
    -------
    Dataset
        With ``.stimuli``, ``.fixations``, ``.trials`` and ``.card``.

    Raises
    ------
    InputError
        If the name is unknown, the files are not found, or a file differs from the published one.
    """
    loader = LOADERS[name]
    scale = None if px_per_deg is None else check_positive("px_per_deg", px_per_deg)
    return loader(find_dataset(name, root=root), scale)


def find_dataset(name: str, *, root: str | os.PathLike[str] | None = None) -> DatasetFolder:
    """Find the folder that holds a data set's files, below `root` or ``SCANPATH_DATA``."""
    card = dataset_card(name)
    given = root if root is not None else os.environ.get(ROOT_VARIABLE)
    if given is None:
        raise MissingFileError(
            f"The files of data set {name!r} are not part of the package; say where they are with root=FOLDER "
            f"or the environment variable {ROOT_VARIABLE}. {card.download_note}"
        )
    base = Path(given).expanduser()
    if not base.is_dir():
        raise MissingFileError(f"There is no folder {base}; give the folder that holds data set {name!r}.")
    below = [base / folder for folder in card.folders]
    candidates = [base, *below] if base.name in card.folders else [*below, base]
    for folder in candidates:
        if all((folder / file).is_file() for file in card.files):
            return DatasetFolder(card, folder)
    raise MissingFileError(_not_found(card, base, candidates))


def verify_dataset(name: str, *, root: str | os.PathLike[str] | None = None) -> pd.DataFrame:
    """Compare every file of a data set with its card.

    Returns
    -------
    pandas.DataFrame
        Columns ``file`` and ``status``: ``ok`` or ``changed``; pictures are one row a pattern.
    """
    folder = find_dataset(name, root=root)
    rows = []
    for file in folder.card.files:
        try:
            folder.content(file)
        except ValueError:
            rows.append((file, "changed"))
        else:
            rows.append((file, "ok"))
    for pictures in folder.card.pictures:
        same = folder.pictures_digest(pictures) == pictures.sha256
        rows.append((pictures.pattern, "ok" if same else "changed"))
    return pd.DataFrame(rows, columns=["file", "status"])


def _not_found(card: DatasetCard, base: Path, candidates: list[Path]) -> str:
    partial = {folder: [file for file in card.files if not (folder / file).is_file()] for folder in candidates}
    folder = min(candidates, key=lambda candidate: len(partial[candidate]))
    if len(partial[folder]) < len(card.files):
        return f"{folder} lacks {', '.join(partial[folder])} of data set {card.name!r}; put the file(s) back."
    return (
        f"There is no data set {card.name!r} in {base}: its files {', '.join(card.files)} were expected there or in "
        f"a folder {' or '.join(card.folders)} below it. {card.download_note}"
    )
