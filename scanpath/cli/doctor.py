"""What works on this machine."""

import importlib.metadata
import os
import platform
from pathlib import Path

OPTIONAL = (
    "captum",
    "h5py",
    "multimatch-gaze",
    "plenoptic",
    "polars",
    "POT",
    "pymovements",
    "statsmodels",
    "torchmetrics",
    "dask",
    "ray",
)
REQUIRED = ("torch", "torchvision", "open_clip_torch", "numpy", "scipy", "scikit-image", "numba", "pandas", "pyarrow")


def doctor() -> None:
    """Show versions, the GPU, the weights and the data sets that are found."""
    from scanpath import __version__
    from scanpath.cli.tables import print_table

    here, away = _data()
    there = {name: _version(name) for name in OPTIONAL}
    rows = [
        ("scanpath", f"{__version__}, Python {platform.python_version()}"),
        ("system", f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores"),
        ("GPU", _gpu()),
        ("libraries", ", ".join(f"{name} {_version(name) or 'MISSING'}" for name in REQUIRED)),
        ("optional", ", ".join(f"{name} {found}" for name, found in there.items() if found) or "none"),
        ("optional, not installed", ", ".join(name for name, found in there.items() if not found) or "none"),
        ("weights", _weights()),
        ("data sets", ", ".join(here) or "none"),
        ("data sets, not found", f"{', '.join(away)}; --root or SCANPATH_DATA says where they are" if away else "none"),
    ]
    print_table(("what", "found"), rows, wrap="found")


def _version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def _gpu() -> str:
    import torch

    if not torch.cuda.is_available():
        return "none; everything runs on the CPU"
    return ", ".join(torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count()))


def _weights() -> str:
    import torch

    from scanpath.recognition.weights import SUFFIXES

    folder = os.environ.get("SCANPATH_WEIGHTS")
    if folder and not Path(folder).is_dir():
        return f"SCANPATH_WEIGHTS={folder} is not a folder"
    places = [Path(folder)] if folder else []
    places.append(Path(torch.hub.get_dir()) / "checkpoints")
    files = [path for place in places if place.is_dir() for path in sorted(place.iterdir())]
    found = [path.name for path in files if path.suffix in SUFFIXES]
    return ", ".join(found) or "none; 'steerable' needs none, others take --weights FILE or SCANPATH_WEIGHTS"


def _data() -> tuple[list[str], list[str]]:
    """Data sets that are found, and those that are not."""
    from scanpath._core.errors import ScanpathError
    from scanpath.datasets import list_datasets, load_dataset

    here, away = [], []
    for name in list_datasets():
        try:
            load_dataset(name)
            here.append(name)
        except (ScanpathError, NotImplementedError):
            away.append(name)
    return here, away
