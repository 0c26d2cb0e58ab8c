"""Options and fixtures that all tests share."""

import os
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import settings
from skimage import data, transform

if "PYTEST_XDIST_WORKER" in os.environ:  # several processes with a thread a core each would hinder one another
    torch.set_num_threads(1)

# the first call of a compiled loop, or a busy machine, is no failing test
settings.register_profile("without deadline", deadline=None)
settings.load_profile("without deadline")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--runslow", action="store_true", help="also run tests that take more than ten seconds")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--runslow"):
        return
    skip = pytest.mark.skip(reason="slow; run with --runslow")
    for item in items:
        if "slow" in item.keywords:
            item.add_marker(skip)


@pytest.fixture(scope="session")
def share_of_trials(request: pytest.FixtureRequest) -> float:
    """How much of a long series of random trials is run: all of it with --runslow, else a fifth."""
    return 1.0 if request.config.getoption("--runslow") else 0.2


REFERENCE = Path(__file__).parent / "reference"


def astronaut(height: int, width: int) -> np.ndarray:
    """The middle of scikit-image's astronaut, (height, width, 3) uint8, as other programs were given it."""
    whole = data.astronaut()
    cut = (len(whole) - round(whole.shape[1] * height / width)) // 2
    small = transform.resize(whole[cut : len(whole) - cut], (height, width), anti_aliasing=True)
    return (255 * small).round().astype(np.uint8)


def shared_folder() -> Path:
    """Folder of reference data: $SCANPATH_SHARED, or `shared` beside the checkout."""
    return Path(os.environ.get("SCANPATH_SHARED", Path(__file__).parents[2] / "shared"))


WITHOUT_SHARED = "reference data not found"


@pytest.fixture(scope="session")
def shared() -> Path:
    """Folder of reference data; tests skip where it is absent."""
    folder = shared_folder()
    if not (folder / "goldens").is_dir():
        pytest.skip(f"{WITHOUT_SHARED} at {folder}")
    return folder


def pytest_terminal_summary(terminalreporter) -> None:
    """Say in one line how much was not compared with other programs and with people."""
    skipped = sum(WITHOUT_SHARED in str(report.longrepr) for report in terminalreporter.getreports("skipped"))
    if skipped:
        terminalreporter.write_line(
            f"{skipped} tests were skipped for want of reference data at {shared_folder()}; "
            "set SCANPATH_SHARED to their folder. tests/reference holds a small part, which was compared.",
            yellow=True,
        )


@pytest.fixture(scope="session", params=["reference", "neva_a_astronaut64", "neva_b_chelsea224"])
def neva_original(request: pytest.FixtureRequest) -> dict[str, np.ndarray]:
    """Runs of NevaClip at 0d295080 (NeVA at 736f4329 moves alike) with a tiny network; torch 2.15.0 on a CPU."""
    if request.param == "reference":
        return {"image_u8": astronaut(64, 64), **np.load(REFERENCE / "neva.npz")}
    return dict(np.load(request.getfixturevalue("shared") / f"goldens/peers/neva/{request.param}.npz"))


@pytest.fixture(scope="session")
def image_foveation_original() -> dict[str, np.ndarray]:
    """What Image_Foveation_Python at b782a09d with OpenCV 5.0.0 shows of a picture: every fourth row and column."""
    return {"astronaut_in": astronaut(192, 256), **np.load(REFERENCE / "image_foveation.npz")}
