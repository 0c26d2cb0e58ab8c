"""MIT1003: 15 people look freely at 1003 photographs for three seconds each (Judd et al. 2009).

The published archive holds raw samples; the fixations are those that pysaliency extracts with the authors' program
and stores as ``stimuli.hdf5`` and ``fixations.hdf5``, or any tidy table ``fixations.parquet`` or ``fixations.csv``.
"""

from pathlib import Path

import pandas as pd

from scanpath._core.errors import InputError, MissingFileError
from scanpath.datasets.dataset import Dataset, DatasetFolder
from scanpath.gaze.stimulus import Stimulus
from scanpath.gaze.table import check_table, read_table

PICTURES = "ALLSTIMULI"
LINK = "http://people.csail.mit.edu/tjudd/WherePeopleLook/ALLSTIMULI.zip"
MD5 = "0d7df8b954ecba69b6796e77b9afe4b6"
_TASK = "free_viewing"


def load(folder: DatasetFolder, px_per_deg: float | None) -> Dataset:
    """Read pictures and fixations; a person's look at a picture is one trial."""
    pictures = find_picture_folder(folder.path)
    fixations = _fixations(pictures.parent)
    known = {path.name: path for path in sorted(pictures.glob("*.jpeg"))}
    strange = sorted(set(fixations["stimulus"]) - set(known))
    if strange:
        raise InputError(
            f"The fixations are on {len(strange)} picture(s) that {pictures} lacks, such as {strange[0]!r}."
        )
    info, scale = {"dataset": "mit1003", "task": _TASK}, px_per_deg or folder.card.px_per_deg
    stimuli = [Stimulus(path, px_per_deg=scale, info=dict(info)) for path in known.values()]
    keys = ["dataset", "stimulus", "subject", "trial", "task"]
    trials = fixations.groupby(keys, sort=False, dropna=False).size().rename("n_fixations").reset_index()
    return Dataset(folder.card, pictures.parent, stimuli, fixations, trials)


def find_picture_folder(folder: Path) -> Path:
    """Return the folder of the pictures, beside or below `folder`, or say where they come from."""
    parents = (folder, folder / "mit1003", folder / "MIT1003", folder.parent / "mit1003", folder.parent / "MIT1003")
    for parent in parents:
        if (parent / PICTURES).is_dir():
            return parent / PICTURES
    raise MissingFileError(
        f"There is no folder {PICTURES} with the pictures of MIT1003 in {folder} or in a folder mit1003 beside it; "
        f"unpack {LINK} (MD5 {MD5}) there."
    )


def _fixations(folder: Path) -> pd.DataFrame:
    from scanpath.datasets.formats.convert import read_fixations

    for name in ("fixations.parquet", "fixations.csv"):
        if (folder / name).is_file():
            table = read_table(folder / name)
            break
    else:
        if not (folder / "fixations.hdf5").is_file():
            raise MissingFileError(
                f"There are no fixations of MIT1003 in {folder}; put pysaliency's stimuli.hdf5 and fixations.hdf5 "
                "(pysaliency.get_mit1003 makes them) or a tidy fixations.parquet there."
            )
        table, _ = read_fixations(folder / "fixations.hdf5", stimuli=folder / "stimuli.hdf5", time_unit="s")
    table["stimulus"] = table["stimulus"].map(lambda name: Path(str(name)).name)
    return check_table(table.assign(dataset="mit1003", task=_TASK))
